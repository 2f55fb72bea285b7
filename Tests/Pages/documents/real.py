"""Pages like those that are out there."""

DOCUMENTS = {
    "real-framework-single-page-app": (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"/><link rel="icon" href="/favicon.ico"/>'
        '<meta name="viewport" content="width=device-width,initial-scale=1"/><script defer="defer" src="data:,1"></script>'
        '<link href="data:text/css," rel="stylesheet"></head><body><noscript>You need to enable JavaScript.</noscript>'
        '<div id="root"></div></body></html>'
    ),
    "real-framework-streamed": (
        '<!DOCTYPE html><html lang="en" class="__variable_a 1"><head><meta charSet="utf-8"/><link rel="preload" as="script" '
        'href="data:,"/></head><body><!--$?--><template id="B:0"></template><p>Loading…</p><!--/$--><script>(self.__f=self.__f||[])'
        '.push([0])</script><div hidden id="S:0"><h1>Ready</h1></div><script>document.getElementById("B:0").replaceWith('
        'document.getElementById("S:0").firstChild)</script></body></html>'
    ),
    "real-hydration-markers": (
        '<!DOCTYPE html>\n<html data-n-head-ssr lang="en" data-n-head="%7B%22lang%22:%7B%22ssr%22:%22en%22%7D%7D">\n  <head >\n'
        '    <title>t</title><meta data-n-head="ssr" charset="utf-8">\n  </head>\n  <body >\n    <div data-server-rendered="true" '
        'id="__nuxt"><!----><div id="__layout"><!--[--><p>x</p><!--]--></div></div>\n  </body>\n</html>\n'
    ),
    "real-blog-with-conditional-classes": (
        '<!DOCTYPE html>\n<!--[if IE 7]>\n<html class="ie ie7" lang="en-US">\n<![endif]-->\n<!--[if !(IE 7) & !(IE 8)]><!-->\n'
        '<html lang="en-US">\n<!--<![endif]-->\n<head>\n<meta charset="UTF-8" />\n<title>A blog</title>\n'
        '<link rel="profile" href="https://gmpg.org/xfn/11" />\n<!--[if lt IE 9]>\n<script src="html5.js"></script>\n<![endif]-->\n'
        "<script>window._s = {\"concatemoji\":\"\\/e.js\"};</script>\n</head>\n<body class=\"home blog\">\n<p>x</p>\n</body>\n</html>"
    ),
    "real-boilerplate": (
        '<!doctype html>\n<html class="no-js" lang="">\n\n<head>\n  <meta charset="utf-8">\n  <title></title>\n'
        '  <meta name="description" content="">\n\n  <meta property="og:title" content="">\n</head>\n\n<body>\n\n  <!-- Add your site here -->\n'
        "  <p>Hello world!</p>\n</body>\n\n</html>\n"
    ),
    "real-1998-by-hand": (
        "<HTML>\n<HEAD>\n<TITLE>Welcome to my Homepage!!!</TITLE>\n</HEAD>\n<BODY BGCOLOR=#FFFFFF TEXT=#000000 BACKGROUND=stars.gif>\n"
        "<CENTER><H1><FONT COLOR=red>Welcome</FONT></H1>\n<IMG SRC=construction.gif ALT=\"\">\n<P>You are visitor <B>000123\n<HR>\n"
        "<TABLE BORDER=1><TR><TD>Best viewed<TD>800x600</TABLE>\n</BODY>\n</HTML>\n"
    ),
    "real-1996-no-tags": "<title>My page</title>\n<h1>My page</h1>\n<ul><li>one<li>two</ul>\n<address>me@example.com</address>\n",
    "real-frontpage": (
        '<html>\r\n\r\n<head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=windows-1252">\r\n'
        '<meta name="GENERATOR" content="Microsoft FrontPage 4.0">\r\n<title>New Page 1</title>\r\n</head>\r\n\r\n<body>\r\n\r\n'
        "<p>caf\xe9</p>\r\n\r\n</body>\r\n\r\n</html>\r\n"
    ).encode("cp1252"),
    "real-mail-template": (
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:o="urn:schemas-microsoft-com:office:office">\n<head>\n'
        "<!--[if gte mso 9]><xml><o:OfficeDocumentSettings><o:AllowPNG/></o:OfficeDocumentSettings></xml><![endif]-->\n"
        '<meta http-equiv="Content-Type" content="text/html; charset=utf-8"/>\n<style type="text/css">#outlook a {padding:0}</style>\n'
        '</head>\n<body style="margin:0">\n<table width="100%" cellpadding="0"><tr><td align="center">\n'
        "<!--[if (gte mso 9)|(IE)]><table width=600><tr><td><![endif]-->x<!--[if (gte mso 9)|(IE)]></td></tr></table><![endif]-->\n"
        "</td></tr></table></body></html>"
    ),
    "real-minified-without-optional-tags": (
        "<!doctype html><html lang=en><meta charset=utf-8><title>t</title><meta content=width=device-width name=viewport>"
        "<link href=data:, rel=icon><p>one<p>two<ul><li>a<li>b</ul><script>!function(){var a=1<2}()</script>"
    ),
    "real-minified-bare": "<!doctype html><title>t</title><p>x",
    "real-error-page-of-a-server": (
        "<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n"
        "<hr><center>server/1.2</center>\r\n</body>\r\n</html>\r\n<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n"
    ),
    "real-directory-listing": (
        '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">\n<html>\n <head>\n  <title>Index of /</title>\n </head>\n <body>\n'
        '<h1>Index of /</h1>\n<pre><img src="data:," alt="Icon "> <a href="?C=N;O=D">Name</a>\n<hr></pre>\n</body></html>\n'
    ),
    "real-amp": '<!doctype html>\n<html ⚡ lang="en">\n  <head>\n    <meta charset="utf-8">\n    <title>t</title>\n  </head>\n  <body>x</body>\n</html>',
    "real-angular-attributes": '<!DOCTYPE html><html ng-app="a" [class.x]="y > 1" (click)="z()"><head><base href="/"><title>t</title></head><body><app-root></app-root>',
    "real-template-engine-unrendered": "{% extends 'base.html' %}\n<!DOCTYPE html><html><head><title>{{ title }}</title></head><body>x",
    "real-php-notice-before-doctype": "\nNotice: Undefined index: a in /var/www/a.php on line 3\n<!DOCTYPE html>\n<html><head><title>t</title></head><body>x",
    "real-debug-toolbar-after-html": "<!DOCTYPE html><html><head><title>t</title></head><body>x</body></html><div id=toolbar><script>1</script></div>",
    "real-analytics-in-head-first": (
        "<!DOCTYPE html><html><head><script async src='data:text/javascript,1'></script><script>window.dataLayer=window.dataLayer||[];"
        "function gtag(){dataLayer.push(arguments)}gtag('js',1)</script><title>t</title></head><body>x"
    ),
    "real-forum-xhtml": (
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" dir="ltr" lang="en-gb" xml:lang="en-gb">\n<head>\n\n'
        '<meta http-equiv="content-type" content="text/html; charset=UTF-8" />\n<title>Index page</title>\n'
        '<script type="text/javascript">\n// <![CDATA[\n\tvar jump_page = "Enter >";\n// ]]>\n</script>\n</head>\n\n<body id="phpbb"><p>x</p></body>\n</html>'
    ),
    "real-generated-documentation": (
        '<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN" "http://www.w3.org/TR/html4/loose.dtd">\n<!-- NewPage -->\n'
        '<html lang="en">\n<head>\n<!-- Generated by a tool (1.8.0) on Mon Jan 01 00:00:00 UTC 2018 -->\n<title>Overview</title>\n'
        '<script type="text/javascript"><!--\n    try { if (location.href.indexOf("is-external=true") == -1) { parent.document.title="Overview"; } }\n'
        "    catch(err) { }\n//-->\n</script>\n</head>\n<body>x</body>\n</html>\n"
    ),
    "real-inline-svg-sprite-first": "<!DOCTYPE html><svg style='display:none'><symbol id=a><path d='M0 0'/></symbol></svg><title>t</title><p>x",
    "real-turbo-frame": "<html><head><meta name=turbo-visit-control content=reload></head><body><turbo-frame id=a>x</turbo-frame></body></html>",
}
