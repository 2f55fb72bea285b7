"""Which documents the loader stays out of, and why: when in doubt a page passes untouched."""

_UNTOUCHED = {
    "it ends within a tag, comment or doctype before the insertion point": """
        comment-not-closed-before-head comment-not-closed-after-bang cut-in-doctype-open cut-in-doctype-word
        cut-after-doctype-word cut-in-doctype cut-in-comment-open cut-after-comment-open cut-in-comment
        cut-in-comment-end cut-before-comment-greater-than cut-in-html-name cut-after-html-name
        cut-in-html-attribute-name cut-after-equals cut-in-quotes cut-after-quotes cut-in-head-name
        cut-after-head-name cut-after-head-slash cut-bogus-comment cut-end-tag cut-end-tag-of-paragraph
    """,
    "it is empty: nothing in it makes a document": """
        comment-only bom-utf8-only empty whitespace-only-space whitespace-only-crlf whitespace-only-reference
        stray-end-tag-only
    """,
    "a byte order mark of UTF-16 (or half of one) comes first": """
        bom-utf16-le bom-utf16-be bom-utf32-be bom-utf16-be-half
    """,
    "Content-Type declares an encoding in which ASCII bytes need not be ASCII characters, or that shows nothing of the page": """
        charset-utf16le charset-utf16-of-ascii-bytes charset-utf7-shows-ascii charset-replacement charset-hz
    """,
    "NUL before the insertion point: UTF-16, or no text at all": """
        utf16-without-mark-le utf16-without-mark-be nul-first nul-in-doctype nul-after-doctype nul-in-comment
        nul-in-tag-name nul-in-attribute nul-before-head
    """,
    "ESC before the insertion point: ISO-2022-JP may have switched to two-byte characters": """
        iso-2022-jp-in-comment-before-head iso-2022-jp-hides-tag iso-2022-jp-escape-in-utf8
    """,
    "a feed that is labelled HTML: WebKitGTK shows these as what they are (MIME Sniffing §7.3)": """
        xml-feed-as-html xml-feed-atom-as-html xml-feed-rdf-as-html xml-feed-like-custom-element
    """,
    "the head does not open within the first 64 KiB": """
        long-comment-head-ends-after-64-kib long-comment-above-64-kib long-comments-above-64-kib
        long-whitespace-above-64-kib long-attribute-above-64-kib long-reference-above-64-kib
        long-tag-name-above-64-kib
    """,
}

# Left alone as well where no Sec-Fetch-Dest says that a document is loaded: without a doctype, `<html>` or `<head>` before
# the content it could be a fragment that a script has fetched.
_FRAGMENTS = """
        doctype-no-exclamation doctype-entity doctype-after-text doctype-nested-in-entity-declaration
        comment-as-first-child-of-implied-head-and-more whitespace-first-vertical-tab
        whitespace-first-no-break-space whitespace-first-reference-no-break-space whitespace-first-ampersand
        whitespace-first-control-character bom-utf8-then-text bom-utf8-then-title bom-utf8-twice
        bom-utf8-after-space bom-utf8-half bom-utf8-third bom-utf8-with-other-last-byte bom-utf8-as-references
        bom-utf7 end-tag-very-first-br end-tag-very-first-br-uppercase end-tag-very-first-head
        end-tag-very-first-head-uppercase-attribute end-tag-very-first-body end-tag-very-first-html
        end-tag-very-first-html-slash body-first text-first text-first-utf8 text-less-than text-less-than-digit
        text-less-than-equals frameset-first textarea-hides-head title-hides-head style-hides-head
        script-hides-head noscript-hides-head template-hides-head encoding-shift_jis-text-first
        encoding-gbk-text-first encoding-big5-text-first encoding-euc-kr-text-first
        encoding-windows-1251-text-first encoding-utf-8-text-first meta-charset-single-tag-page
        legacy-asp-left-over legacy-asp-with-greater-than legacy-php-left-over legacy-php-warning-first
        xhtml-prefixed xml-other-as-html json-as-html csv-as-html javascript-as-html email-as-html html-end-only
        one-letter one-less-than one-ampersand fragment-div fragment-paragraphs fragment-table-row
        fragment-option fragment-text fragment-comment-and-div fragment-script fragment-template fragment-body
        fragment-title-and-text fragment-with-head-inside fragment-ends-with-html real-1996-no-tags
        real-template-engine-unrendered real-php-notice-before-doctype
"""

# name → reason
UNTOUCHED = {name: reason for reason, names in _UNTOUCHED.items() for name in names.split()}
FRAGMENTS = _FRAGMENTS.split()
