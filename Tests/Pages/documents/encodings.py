"""Character encodings: declared in the response, in the page, near byte 1024, wrongly, or not at all."""

HEAD = "<!DOCTYPE html><html><head>"

TEXTS = {
    "windows-1252": "Zoë’s café – 5 €",
    "iso-8859-1": "Zoë, Straße",
    "iso-8859-2": "Łódź",
    "iso-8859-15": "5 €",
    "windows-1250": "Łódź – žluťoučký",
    "windows-1251": "Привет – мир",
    "koi8-r": "Привет мир",
    "koi8-u": "Привіт світ",
    "iso-8859-5": "Привет мир",
    "ibm866": "Привет мир",
    "windows-1253": "Καλημέρα",
    "windows-1254": "İstanbul ğ",
    "windows-1255": "שלום",
    "windows-1256": "مرحبا",
    "windows-874": "สวัสดี",
    "tis-620": "สวัสดี",
    "shift_jis": "日本語ソ表ミ能",  # trail bytes 5C (backslash) and others among ASCII
    "euc-jp": "日本語の文章",
    "gbk": "中文網頁傚亅乗",
    "gb18030": "中文\U0001f600ÿ",
    "big5": "中文功許蓋",
    "euc-kr": "한국어",
    "utf-8": "ü ✓ 日本 \U0001f600",
}

CODECS = {"iso-8859-1": "cp1252", "windows-874": "cp874", "euc-kr": "cp949", "big5": "cp950", "shift_jis": "cp932", "ibm866": "cp866"}


def _in_every_encoding():
    for label, text in TEXTS.items():
        codec = CODECS.get(label, label)
        page = f"{HEAD}<title>{text}</title></head><body title='{text}'>{text}"
        yield f"encoding-{label}-in-header", (label, page.encode(codec))
        declared = f"<!DOCTYPE html><!-- {text} --><html title='{text}'><head><meta charset={label}><title>{text}</title>"
        yield f"encoding-{label}-in-meta", declared.encode(codec)
    for label in ("shift_jis", "gbk", "big5", "euc-kr", "windows-1251", "utf-8"):
        text, codec = TEXTS[label], CODECS.get(label, label)
        yield f"encoding-{label}-undeclared", f"{HEAD}<title>{text * 9}</title></head><body>{text * 9}".encode(codec)
        yield f"encoding-{label}-text-first", (label, f"{text}<head id=h>".encode(codec))


def _near_1024():
    """A declaration that the insertion pushes over the 1,024 bytes in which browsers look first, or has behind it."""
    declaration = "<meta charset=windows-1251>"
    for end in (960, 1000, 1023, 1024, 1025, 1060, 2000):
        for name, before, filler in (
            ("comment", "<!DOCTYPE html><html><head>", "<!--{}-->"),
            ("meta-names", "<!DOCTYPE html><html><head>", "<meta name=a content='{}'>"),
            ("comment-before-head", "<!DOCTYPE html>", "<!--{}--><html><head>"),
        ):
            room = end - len(before) - len(filler) + 2 - len(declaration)
            page = before + filler.format("x" * room) + declaration
            assert len(page) == end
            yield f"meta-charset-ends-at-{end}-after-{name}", (page + "<p>Привет").encode("windows-1251")


DOCUMENTS = (
    dict(_in_every_encoding())
    | dict(_near_1024())
    | {
        "meta-charset-in-body": "<!DOCTYPE html><p>x<meta charset=windows-1251><p>Привет".encode("windows-1251"),
        "meta-charset-in-script": f"{HEAD}<script>'<meta charset=utf-8>'</script><title>Zoë</title>".encode("cp1252"),
        "meta-charset-in-comment": f"{HEAD}<!-- <meta charset=utf-8> --><title>Zoë</title>".encode("cp1252"),
        "meta-charset-utf16-means-utf8": f"{HEAD}<meta charset=utf-16><title>ü</title>",
        "meta-charset-unknown": f"{HEAD}<meta charset=klingon><title>Zoë</title>".encode("cp1252"),
        "meta-charset-twice": f"{HEAD}<meta charset=windows-1251><meta charset=utf-8><title>Привет</title>".encode("cp1251"),
        "meta-charset-x-user-defined": HEAD.encode() + b"<meta charset=x-user-defined><title>\xe4</title>",
        "meta-charset-utf7": f"{HEAD}<meta charset=utf-7><title>+AOQ-</title>",
        "meta-charset-against-header": ("utf-8", f"{HEAD}<meta charset=windows-1251><title>ü</title>"),
        "meta-charset-http-equiv-late": (f"{HEAD}<title>Zoë</title><meta http-equiv=content-type "
                                         "content='text/html; charset=windows-1252'>").encode("cp1252"),
        "meta-charset-single-tag-page": b"<meta charset=windows-1251>\xcf\xf0\xe8\xe2\xe5\xf2",
        "charset-utf8-invalid-bytes": ("utf-8", b"<!DOCTYPE html><!-- \xff\xc3 --><html title='\xc3'><head><title>\xe4\xc3</title>"),
        "charset-utf8-truncated-before-head": ("utf-8", b"<!DOCTYPE html><html title=\xe2\x82><head id=h><title>t</title>"),
        "charset-utf8-overlong-less-than": ("utf-8", b"<!DOCTYPE html>\xc0\xbchead><head id=h><title>t</title>"),
        "charset-shift-jis-lead-byte-before-greater-than": ("shift_jis", b"<!DOCTYPE html><html><head title=\x81><title>t</title>"),
        "charset-shift-jis-lead-byte-before-quote": ("shift_jis", b"<!DOCTYPE html><html title='\x81'><head id='\x83'><title>t</title>"),
        "charset-shift-jis-lead-byte-before-dashes": ("shift_jis", b"<!DOCTYPE html><!-- \x81--><html><head id=h><title>t</title>"),
        "charset-gbk-lead-byte-before-quote": ("gbk", b"<!DOCTYPE html><html title=\"\x81\"><head id='\xfe'><title>t</title>"),
        "charset-gb18030-half-sequence-before-quote": ("gb18030", b"<!DOCTYPE html><html title='\x81\x30'><head id='\x81\x30\x81'><title>t</title>"),
        "charset-big5-lead-byte-before-greater-than": ("big5", b"<!DOCTYPE html><html><head id=\xa4><title>t</title>"),
        "charset-euc-jp-lead-byte-before-quote": ("euc-jp", b"<!DOCTYPE html><html title='\x8f\xa1'><head id='\xa4'><title>t</title>"),
        "charset-euc-kr-lead-byte-before-less-than": ("euc-kr", b"<!DOCTYPE html>\xb0<head id=h><title>t</title>"),
        "charset-quoted": ('"utf-8"', f"{HEAD}<title>ü</title>"),
        "charset-unknown": ("klingon", f"{HEAD}<title>ü</title>"),
        "charset-utf16le": ("utf-16le", f"{HEAD}<title>ü</title>".encode("utf-16-le")),
        "charset-utf16-of-ascii-bytes": ("utf-16", f"{HEAD}<title>t</title> "),
        "charset-utf7-shows-ascii": ("utf-7", f"{HEAD}<title>+AOQ-</title>"),
        "charset-replacement": ("iso-2022-kr", f"{HEAD}<title>t</title>"),
        "charset-hz": ("hz-gb-2312", f"{HEAD}<title>~{{VPND~}}</title>"),
        "utf16-without-mark-le": f"{HEAD}<title>t</title>".encode("utf-16-le"),
        "utf16-without-mark-be": f"{HEAD}<title>t</title>".encode("utf-16-be"),
        "iso-2022-jp-after-head": ("iso-2022-jp", f"{HEAD}<title>日本語</title></head><body>日本語".encode("iso-2022-jp")),
        "iso-2022-jp-meta-after-head": f"{HEAD}<meta charset=iso-2022-jp><title>日本語</title>".encode("iso-2022-jp"),
        "iso-2022-jp-in-comment-before-head": ("iso-2022-jp", f"<!DOCTYPE html><!-- 日本語 --><html><head>".encode("iso-2022-jp")),
        "iso-2022-jp-hides-tag": ("iso-2022-jp", b"<!DOCTYPE html><!-- \x1b$B--><head>\x1b(B --><head id=h><title>t</title>"),
        "iso-2022-jp-escape-in-utf8": "<!DOCTYPE html><html title='\x1b$B'><head id=h><title>t</title>",
        "nul-first": b"\0<!DOCTYPE html><html><head><title>t</title>",
        "nul-in-doctype": b"<!DOCTYPE h\0tml><html><head><title>t</title>",
        "nul-after-doctype": b"<!DOCTYPE html>\0<html><head id=h><title>t</title>",
        "nul-in-comment": b"<!DOCTYPE html><!-- \0 --><html><head id=h><title>t</title>",
        "nul-in-tag-name": b"<!DOCTYPE html><html><he\0ad><title>t</title>",
        "nul-in-attribute": b"<!DOCTYPE html><html lang='\0'><head id=h><title>t</title>",
        "nul-before-head": b"<!DOCTYPE html><html>\0<head id=h><title>t</title>",
        "nul-after-head": b"<!DOCTYPE html><html><head>\0<title>t\0</title></head><body>\0x",
        "nul-in-body": b"<!DOCTYPE html><html><head><title>t</title></head><body>x\0y",
        "shift-out-before-head": b"<!DOCTYPE html><html>\x0e<head id=h><title>t</title>",
    }
)
