"""The html, head and body tags: there or not, twice, in odd spelling, with odd attributes, ended before they begin."""

from itertools import product

REST = "<title>t</title></head><body class=b>x</body></html>"


def _skeletons():
    """Every combination of tags that may be left out, with and without a title, which would open the head by itself."""
    names = ("html", "head", "title", "headend", "body", "bodyend")
    marks = ("<html lang=en>", "<head id=h>", "<title>t</title>", "</head>", "<body class=b>", "x</body></html>")
    for present in product((True, False), repeat=len(names)):
        name = "-".join(name for name, there in zip(names, present) if there) or "nothing"
        yield f"tags-{name}", "<!DOCTYPE html>\n" + "\n".join(mark for mark, there in zip(marks, present) if there)


# The tag that comes first, in the place of <head>.
HEADS = {
    "uppercase": "<HEAD ID=H>",
    "mixed-case": "<hEaD iD=h>",
    "slash": "<head/>",
    "space-slash": "<head />",
    "slash-attribute": "<head/id=h>",
    "slashes": "<head////id=h//>",
    "newline": "<head\n>",
    "form-feed": "<head\fid=h>",
    "prefix": '<head prefix="og: http://ogp.me/ns# fb: http://ogp.me/ns/fb#">',
    "profile": "<head profile='http://gmpg.org/xfn/11'>",
    "many-attributes": "<head " + " ".join(f'data-{n}="{n}"' for n in range(200)) + ">",
    "duplicate-attribute": "<head id=h id=second ID=third>",
    "greater-than-in-double-quotes": '<head data-x="a>b">',
    "greater-than-in-single-quotes": "<head data-x='a>b'>",
    "head-in-value": '<head data-x="<head>">',
    "script-in-value": "<head data-x='<script></script>'>",
    "unquoted-greater-than": "<head data-x=a>b>",
    "missing-value": "<head data-x=>",
    "missing-value-space": "<head data-x= >",
    "unquoted-quote": '<head data-x=a"b>"c>',
    "unquoted-equals": "<head data-x=a=b=c>",
    "unquoted-less-than": "<head data-x=a<b>",
    "unquoted-slash": "<head data-x=/>",
    "unquoted-slash-at-end": "<head data-x=a/>",
    "unquoted-backquote": "<head data-x=`a>b`>",
    "value-after-spaces": '<head data-x \n=\t "a>b">',
    "value-in-next-attribute": "<head data-x =\n'a'data-y=\"b\">",
    "no-space-between-attributes": "<head a=\"1\"b='2'c=3>",
    "quote-in-name": '<head a">">',
    "quote-first-in-name": '<head "a>">',
    "less-than-in-name": "<head a<b>",
    "less-than-before-name": "<head <title>",
    "equals-first": "<head =a>",
    "equals-first-quote": '<head =">x">',
    "equals-twice": "<head a==b>",
    "equals-after-slash": '<head a/=">x">',
    "equals-after-quoted": "<head a='1'='2>3'>",
    "at-and-colon": "<head @click=a :b=c v-on:d.once=e>",
    "bracket-name": '<head [a]="b>c" (d)="e" *ngIf="f">',
    "non-ascii": "<head título='ü>ü'>",
    "references-in-value": "<head data-x='&gt;&#62;&amp'>",
    "uppercase-html-too": "<HTML LANG=EN><HEAD>",
    "long-value": "<head data-x='" + "y" * 5000 + "'>",
    # Not a head
    "header": "<header id=h>",
    "headr": "<headr>",
    "hea": "<hea>",
    "head-colon": "<head:x>",
    "head-dash": "<head-x>",
    "head-quote": "<head'>",
    "head-equals": "<head=x>",
    "head-less-than": "<head<title>",
    "head-non-ascii": "<headé>",
    "space-before-name": "< head>",
    "two-less-thans": "<<head>",
    "longer-than-eight-letters": "<headheadhead>",
}

ALSO_ON_HTML = (
    "slash newline duplicate-attribute greater-than-in-double-quotes greater-than-in-single-quotes unquoted-greater-than "
    "missing-value unquoted-quote unquoted-slash value-after-spaces quote-in-name less-than-before-name equals-first-quote"
).split()

STRAY = {
    "p": "</p>",
    "p-uppercase": "</P>",
    "div-with-attribute": "</div x='>'>",
    "title": "</title>",
    "script": "</script>",
    "template": "</template>",
    "select": "</select>",
    "frameset": "</frameset>",
    "empty": "</>",
    "br": "</br>",
    "br-uppercase": "</BR >",
    "brr": "</brr>",
    "head": "</head>",
    "head-uppercase-attribute": "</HEAD x>",
    "body": "</body>",
    "html": "</html>",
    "html-slash": "</html/>",
    "header": "</header>",
    "h": "</h>",
    "colon": "</o:p>",
    "svg": "</svg>",
}

DOCUMENTS = (
    dict(_skeletons())
    | {f"head-{name}": f"<!DOCTYPE html><html>{tag}{REST}" for name, tag in HEADS.items()}
    | {f"html-{name}": f"<!DOCTYPE html>{HEADS[name].replace('head', 'html', 1)}<head id=h>{REST}" for name in ALSO_ON_HTML}
    | {f"end-tag-first-{name}": f"<!DOCTYPE html><html>{tag}<head id=h>{REST}" for name, tag in STRAY.items()}
    | {f"end-tag-very-first-{name}": f"{tag}<!DOCTYPE html><html><head id=h>{REST}" for name, tag in STRAY.items()}
    | {
        "html-twice": "<!DOCTYPE html><html lang=en><html lang=de dir=rtl><head id=h>" + REST,
        "html-twice-around-head": "<!DOCTYPE html><html lang=en><head id=h><html lang=de dir=rtl>" + REST,
        "html-after-head-end": "<!DOCTYPE html><head></head><html lang=en><body>x",
        "html-after-title": "<!DOCTYPE html><title>t</title><html lang=en><head id=h><body>x",
        "html-in-body": "<!DOCTYPE html><p>x<html lang=en>",
        "html-with-xmlns": '<!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en"><head>' + REST,
        "html-with-class-hooks": '<!DOCTYPE html><html class="no-js" data-theme=\'{"a":">"}\'><head>' + REST,
        "html5-is-not-html": "<!DOCTYPE html><html5><head id=h>" + REST,
        "head-twice": "<!DOCTYPE html><html><head id=a><meta name=a><head id=b>" + REST,
        "head-twice-at-once": "<!DOCTYPE html><html><head id=a><head id=b>" + REST,
        "head-twice-closed": "<!DOCTYPE html><html><head id=a></head><head id=b>" + REST,
        "head-in-body": "<!DOCTYPE html><html><body><head id=b>" + REST,
        "head-after-text": "<!DOCTYPE html><html>text<head id=b>" + REST,
        "head-after-paragraph": "<!DOCTYPE html><p>x<head id=b>" + REST,
        "head-without-html": "<!DOCTYPE html><head id=h>" + REST,
        "head-only": "<head>",
        "head-and-text-only": "<head>x",
        "head-empty": "<!DOCTYPE html><html><head></head><body>x</body></html>",
        "head-never-closed": "<!DOCTYPE html><html><head><title>t</title><p>x",
        "head-closed-with-head": "<!DOCTYPE html><html><head><title>t</title><head><p>x",
        "body-first": "<body class=b>x",
        "body-twice": "<!DOCTYPE html><body class=a>x<body class=b id=i>y",
        "body-before-html": "<!DOCTYPE html><body class=a><html lang=en>x",
        "body-then-head": "<!DOCTYPE html><html><body class=a><head><title>t</title></head>x",
        "body-closed-then-more": "<!DOCTYPE html><html><head></head><body>x</body>y<p>z",
        "text-first": "text <b>bold</b>",
        "text-first-utf8": "ü",
        "text-less-than": "< a",
        "text-less-than-digit": "<3",
        "text-less-than-equals": "<=",
        "text-less-than-slash-only": "<!DOCTYPE html></",
        "custom-element-first": "<!DOCTYPE html><my-app><p slot=a>x</p></my-app>",
        "custom-element-in-head": "<!DOCTYPE html><html><head><my-meta></my-meta><title>t</title></head><body>x",
        "unknown-element-first": "<!DOCTYPE html><foo>x</foo>",
        "image-tag-first": "<!DOCTYPE html><image src=data:,>",
    }
)
