"""Documents that are empty, fragments, cut anywhere, or too long before their head."""

import random

KIB_64 = 64 * 1024
_dice = random.Random(64)


def _noise(length, letters="abcdefghijklmnopqrstuvwxyz"):
    """Filler that compresses about as text does: repeated letters look like a decompression bomb, and are left alone."""
    return "".join(_dice.choices(letters, k=length))


# A page in pieces: a document is made that ends after each of them.
CUTS = [
    ("in-doctype-open", "<!"), ("in-doctype-word", "DOC"), ("after-doctype-word", "TYPE"), ("in-doctype", " html"),
    ("after-doctype", ">"), ("after-line-end", "\r\n"), ("in-comment-open", "<!-"), ("after-comment-open", "-"),
    ("in-comment", " <head> "), ("in-comment-end", "-"), ("before-comment-greater-than", "-"), ("after-comment", ">"),
    ("after-less-than", "<"), ("in-html-name", "ht"), ("after-html-name", "ml"), ("in-html-attribute-name", " la"),
    ("after-equals", "ng="), ("in-quotes", "'e"), ("after-quotes", "n'"), ("after-html", ">"), ("in-reference-ampersand", "&"),
    ("in-reference-number-sign", "#"), ("in-reference", "3"), ("after-reference-digits", "2"), ("after-reference", ";"),
    ("after-head-less-than", "<"), ("in-head-name", "hea"), ("after-head-name", "d"), ("after-head-slash", " /"),
    ("after-head", ">"), ("in-title-tag", "<titl"), ("after-title-tag", "e>"), ("in-title", "t"), ("in-title-end", "</ti"),
    ("after-title", "tle>"), ("in-meta", "<meta charset="), ("after-meta", "utf-8>"), ("after-head-end", "</head>"),
    ("after-body", "<body>"), ("in-script", "<script>var a = '<"), ("in-text", "/script>'</script>x"),
]  # fmt: skip


def _cut():
    page = ""
    for name, piece in CUTS:
        page += piece
        yield f"cut-{name}", page


DOCUMENTS = (
    dict(_cut())
    | {
        "empty": "",
        "whitespace-only-space": " ",
        "whitespace-only-crlf": "\r\n\r\n",
        "whitespace-only-reference": "&#32;",
        "html-only": "<html>",
        "html-closed-only": "<html></html>",
        "html-end-only": "</html>",
        "doctype-only": "<!DOCTYPE html>",
        "stray-end-tag-only": "</p>",
        "one-letter": "x",
        "one-less-than": "<",
        "one-ampersand": "&",
        "cut-bogus-comment": "<!DOCTYPE html><html><?xml ",
        "cut-end-tag": "<!DOCTYPE html><html></hea",
        "cut-end-tag-of-paragraph": "<!DOCTYPE html><html></p ",
        "cut-reference-named": "<!DOCTYPE html><html>&Ta",
        "cut-reference-hexadecimal": "<!DOCTYPE html><html>&#x2",
        "cut-reference-hexadecimal-line-feed": "<!DOCTYPE html><html>&#xa",
        # Answers to scripts, which have no skeleton
        "fragment-div": "<div class=result>x</div>",
        "fragment-paragraphs": "<p>a</p>\n<p>b</p>",
        "fragment-table-row": "<tr><td>a</td></tr>",
        "fragment-option": "<option value=1>a</option>",
        "fragment-text": "OK",
        "fragment-comment-and-div": "<!-- widget --><div>x</div>",
        "fragment-script": "<script>1</script>",
        "fragment-template": "<template><p>x</p></template>",
        "fragment-body": "<body><p>x</p></body>",
        "fragment-title-and-text": "<title>t</title>x",
        "fragment-with-head-inside": "<div><head></div>",
        "fragment-ends-with-html": "<div>x</div></body></html>",
        # A prologue of just under and over what is looked at
        "long-comment-below-64-kib": "<!DOCTYPE html><!--" + _noise(KIB_64 - 34) + "--><html><head><title>t</title>",
        "long-comment-head-ends-at-64-kib": "<!--" + _noise(KIB_64 - 13) + "--><head><title>t</title>",
        "long-comment-head-ends-after-64-kib": "<!--" + _noise(KIB_64 - 12) + "--><head><title>t</title>",
        "long-comment-above-64-kib": "<!DOCTYPE html><!--" + _noise(KIB_64) + "--><html><head><title>t</title>",
        "long-comments-above-64-kib": "<!DOCTYPE html>" + "".join(f"<!-- <head> {_noise(8)} -->" for _ in range(4000)) + "<html><head><title>t</title>",
        "long-whitespace-below-64-kib": "<!DOCTYPE html>" + _noise(KIB_64 - 40, " \n\t\f") + "<html><head><title>t</title>",
        "long-whitespace-above-64-kib": "<!DOCTYPE html>" + _noise(KIB_64, " \n\t\f") + "<html><head><title>t</title>",
        "long-attribute-below-64-kib": "<!DOCTYPE html><html><head data-x='" + _noise(KIB_64 - 100) + "'><title>t</title>",
        "long-attribute-above-64-kib": "<!DOCTYPE html><html><head data-x='" + _noise(KIB_64) + "'><title>t</title>",
        "long-reference-above-64-kib": "<!DOCTYPE html><html>&#" + "0" * KIB_64 + "32;<head>",
        "long-tag-name-above-64-kib": "<!DOCTYPE html><html>" + "<" + _noise(KIB_64) + ">x",
        "long-body-200-kib": "<!DOCTYPE html><html><head><title>t</title></head><body>" + "<p>All work and no play</p>\n" * 7500,
        "long-body-without-head": "<!DOCTYPE html>\n" + "<p>All work and no play\n" * 3000,
        "long-text-100-kib": "<!DOCTYPE html><html><head><title>t</title></head><body>" + "word " * 20000,
    }
)
