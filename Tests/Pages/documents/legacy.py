"""Old things, and XHTML that is sent as HTML."""

DOCUMENTS = {
    "legacy-isindex": "<html><head><isindex prompt='Search: '><title>t</title></head><body>x",
    "legacy-nextid": "<html><head><nextid n=z1><title>t</title></head><body>x",
    "legacy-manifest": "<!DOCTYPE html><html manifest=/app.appcache><head><title>t</title></head><body>x",
    "legacy-body-attributes": "<html><head></head><body bgcolor=white text=black link=blue vlink=purple>x",
    "legacy-body-attributes-merge": "<html><head></head><body bgcolor=white>x<body bgcolor=black text=red>y",
    "legacy-font-and-center": "<html><head></head><body><center><font face=Arial size=+2>x</font></center>",
    "legacy-marquee-blink": "<html><head></head><body><marquee>x</marquee><blink>y</blink>",
    "legacy-layer": "<html><head></head><body><layer src=a>x</layer><ilayer>y</ilayer>",
    "legacy-xml-data-island": "<html><head><xml id=a><b/></xml></head><body>x",
    "legacy-vml": '<html xmlns:v="urn:schemas-microsoft-com:vml"><head><style>v\\:* {behavior:url(#default#VML)}</style></head><body><v:rect/>',
    "legacy-word-export": (
        '<html xmlns:o="urn:schemas-microsoft-com:office:office"\nxmlns:w="urn:schemas-microsoft-com:office:word"\n'
        'xmlns="http://www.w3.org/TR/REC-html40">\n\n<head>\n<meta name=ProgId content=Word.Document>\n'
        "<!--[if gte mso 9]><xml><o:p/></xml><![endif]-->\n</head>\n<body><p class=MsoNormal>x<o:p></o:p></p>"
    ),
    "legacy-server-side-include": '<!--#include virtual="/head.html" --><html><head><title>t</title></head><body>x',
    "legacy-asp-left-over": '<%@ Language="VBScript" %><html><head><title>t</title></head><body>x',
    "legacy-asp-with-greater-than": '<% if a > b then %><html><head id=h><title>t</title></head><body>x',
    "legacy-php-left-over": "<?php if ($a->b) { ?><html><head id=h><title>t</title></head><body>x",
    "legacy-saved-from": "<!DOCTYPE html>\r\n<!-- saved from url=(0022)http://www.example.com/ -->\r\n<html><head><title>t</title>",
    "legacy-sgml-comment-in-doctype": "<!DOCTYPE html -- comment -- ><html><head><title>t</title>",
    "legacy-shorttag": "<html><head<title>t</title></head><body>x",
    "legacy-null-end-tag": "<html><head><title/t/<body>x",
    "legacy-unclosed-start-tag": "<html\n<head><title>t</title></head><body>x",
    "legacy-php-warning-first": "<br />\n<b>Warning</b>:  x in <b>/a.php</b> on line <b>1</b><br />\n<!DOCTYPE html><html><head><title>t</title>",
    "legacy-bom-after-include": "<!DOCTYPE html>\n\ufeff\n<html><head><title>t</title></head><body>x",
    "xhtml-strict": (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN"\n'
        '    "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\n<html xmlns="http://www.w3.org/1999/xhtml" lang="en">\n'
        "<head>\n<title>t</title>\n<script type=\"text/javascript\">\n//<![CDATA[\n1 < 2\n//]]>\n</script>\n</head>\n<body><br /></body>\n</html>"
    ),
    "xhtml-self-closing-head": '<html xmlns="http://www.w3.org/1999/xhtml"><head/><body>x</body></html>',
    "xhtml-self-closing-html": '<html xmlns="http://www.w3.org/1999/xhtml"/>',
    "xhtml-self-closing-title": "<!DOCTYPE html><html><head><title/></head><body>x</title>y",
    "xhtml-self-closing-script-first": "<!DOCTYPE html><html><head><script src='data:,'/><title>t</title></head><body>x",
    "xhtml-prefixed": '<x:html xmlns:x="http://www.w3.org/1999/xhtml"><x:head><x:title>t</x:title></x:head></x:html>',
    "xhtml-stylesheet-instruction": '<?xml version="1.0"?><?xml-stylesheet href="a"?><!DOCTYPE html><html><head><title>t</title>',
    "xhtml-declaration-with-other-encoding": b'<?xml version="1.0" encoding="windows-1251"?><!DOCTYPE html><html><head><title>\xe4</title>',
    "xhtml-internal-subset": '<!DOCTYPE html [\n<!ENTITY nbsp "&#160;">\n]>\n<html><head><title>t</title></head><body>x',
    "xml-feed-as-html": '<?xml version="1.0"?>\n<rss version="2.0"><channel><title>t</title></channel></rss>',
    "xml-feed-atom-as-html": '<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title></feed>',
    "xml-feed-rdf-as-html": (
        '<?xml version="1.0"?>\n<!-- c -->\n<rdf:RDF xmlns="http://purl.org/rss/1.0/" '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><channel/></rdf:RDF>'
    ),
    "xml-feed-in-html-is-none": "<!DOCTYPE html><html><head><title>t</title></head><body><rss version=2.0></rss>",
    "xml-feed-like-custom-element": "<!DOCTYPE html><feed-list></feed-list>",
    "xml-other-as-html": '<?xml version="1.0"?>\n<note><to>t</to></note>',
    "json-as-html": '{"html": "<html><head></head></html>"}',
    "csv-as-html": "a;b\n1;<head>\n",
    "javascript-as-html": "document.write('<html><head>')",
    "email-as-html": "From: a\r\nSubject: b\r\n\r\n<html><head><title>t</title>",
}
