"""The requests that each of the real apps is asked, by app and by what they are about.

A list is what one visitor does in a row. `{etag}`, `{date}`, `{cookies}` and `{csrf}` are what the answers before have said."""

from .wire import Ask

PATTERN = (b"0123456789abcdef-" * 70000)[: 1 << 20]
BROWSER = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language: de-DE,de;q=0.7",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Sec-Fetch-Dest: document",
    "Sec-Fetch-Mode: navigate",
    "Sec-Fetch-Site: none",
    "Sec-Fetch-User: ?1",
    "Upgrade-Insecure-Requests: 1",
)
SCRIPT = ("Accept: */*", "X-Requested-With: XMLHttpRequest", "Sec-Fetch-Dest: empty", "Sec-Fetch-Mode: cors")
FORM = "Content-Type: application/x-www-form-urlencoded"
JSON = "Content-Type: application/json"
PARTS = "Content-Type: multipart/form-data; boundary=----WebKitFormBoundaryAbC"


def get(target, *fields, method="GET", version="1.1", **more):
    return Ask(f"{method} {target} HTTP/{version}", fields, **more)


def send(method, target, body, *fields, **more):
    return Ask(f"{method} {target} HTTP/1.1", fields, body=body, **more)


def multipart(data):
    lines = [
        b"------WebKitFormBoundaryAbC",
        b'Content-Disposition: form-data; name="title"',
        b"",
        "Übersicht".encode(),
        b"------WebKitFormBoundaryAbC",
        'Content-Disposition: form-data; name="file"; filename="Bild ä.png"'.encode(),
        b"Content-Type: image/png",
        b"",
        data,
        b"------WebKitFormBoundaryAbC--",
        b"",
    ]
    return b"\r\n".join(lines)


NODE = {
    "page": [get("/")],
    "page-browser": [get("/", *BROWSER)],
    "page-by-script": [get("/", *SCRIPT)],
    "page-in-frame": [
        get("/", *BROWSER[:4], "Sec-Fetch-Dest: iframe", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: same-origin")
    ],
    "page-twice": [get("/", *BROWSER), get("/", *BROWSER, "If-None-Match: {etag}", "Cookie: {cookies}")],
    "page-firefox": [
        get("/", *BROWSER),
        get("/", *BROWSER[:4], "Cookie: a=b{; cookies}", "If-None-Match: {etag}", *BROWSER[4:]),
    ],
    "page-head": [get("/", *BROWSER, method="HEAD")],
    "chunked-page": [get("/chunks", *BROWSER)],
    "gzip-page": [get("/page-in/gzip", *BROWSER)],
    "gzip-page-unasked": [get("/page-in/gzip")],
    "deflate-page": [get("/page-in/deflate", *BROWSER)],
    "br-page": [get("/page-in/br", *BROWSER)],
    "br-page-only": [get("/page-in/br", "Accept: text/html", "Accept-Encoding: br")],
    "gzip-text": [get("/text-in/gzip", *SCRIPT, "Accept-Encoding: gzip, br")],
    "br-text": [get("/text-in/br", *BROWSER)],
    "strict-page": [get("/strict", *BROWSER)],
    "strict-page-by-script": [get("/strict", *SCRIPT)],
    "embedded-page": [get("/embedded", *BROWSER)],
    "options": [get("/notes/1", method="OPTIONS")],
    "options-asterisk": [get("*", method="OPTIONS")],
    "json": [send("POST", "/notes", b'{"a": [1, 2, "\xc3\xbc"]}', JSON)],
    "put": [send("PUT", "/notes/1", b"changed", "Content-Type: text/plain"), get("/notes/1")],
    "patch": [send("PATCH", "/notes/1", b'{"op":"add"}', "Content-Type: application/json-patch+json")],
    "delete": [get("/notes/1", method="DELETE")],
    "delete-with-body": [send("DELETE", "/notes/1", b"why not")],
    "get-with-body": [send("GET", "/notes/1", b"a question")],
    "get-with-length-0": [get("/notes/1", "Content-Length: 0")],
    "post-without-body": [get("/notes", "Content-Length: 0", method="POST")],
    "not-allowed": [get("/notes/1", method="PROPFIND")],
    "webdav": [get("/notes/1", "Depth: 1", method="MKCOL")],
    "unknown-method": [get("/notes/1", method="BREW")],
    "odd-fields": [get("/odd")],
    "set-cookies": [get("/cookies"), get("/cookies", "Cookie: {cookies}")],
    "cookies-with-ours": [
        get("/", *BROWSER, 'Cookie: a=1; b="2 2"; c'),
        get("/", *BROWSER, 'Cookie: x=y{; cookies}; z=; =v; bare; q="a b"'),
    ],
    "reason": [get("/reason")],
    "early-hints": [get("/early", *BROWSER)],
    "trailers": [get("/trailers", "TE: trailers", "Connection: TE")],
    "trailers-unasked": [get("/trailers")],
    "closes": [get("/leave")],
    "asked-to-close": [get("/odd", "Connection: close")],
    "asked-to-stay": [get("/odd", "Connection: keep-alive", "Keep-Alive: timeout=9")],
    "http-1.0": [get("/odd", version="1.0")],
    "http-1.0-keep-alive": [get("/odd", "Connection: keep-alive", version="1.0")],
    "http-1.0-chunks": [get("/chunks", version="1.0")],
    "http-1.0-early-hints": [get("/early", version="1.0")],
    "chunked-request": [Ask("POST /up HTTP/1.1", pieces=(b"a", b"bc" * 3000, PATTERN[:70000]))],
    "chunked-request-first": [Ask("PUT /up HTTP/1.1", ("Transfer-Encoding: Chunked", "X-After: 1"), pieces=(b"a", b"b"))],
    "chunked-request-trailers": [
        Ask("POST /up HTTP/1.1", ("Trailer: X-Sum",), pieces=(b"a", b"b"), trailers=("X-Sum: 1", "x-other: 2"))
    ],
    "large-up": [send("POST", "/up", PATTERN * 8)],
    "large-down": [get(f"/down/{8 << 20}")],
    "large-down-head": [get(f"/down/{8 << 20}", method="HEAD")],
    "empty-down": [get("/down/0")],
    "expect": [send("POST", "/up", b"waited for", "Expect: 100-continue", waits=True)],
    "expect-chunked": [Ask("POST /up HTTP/1.1", ("Expect: 100-continue",), pieces=(b"waited ", b"for"), waits=True)],
    "expect-refused": [send("POST", "/refuse", PATTERN, "Expect: 100-continue", waits=True)],
    "expect-something-else": [get("/up", "Expect: a-miracle", "Content-Length: 0", method="POST")],
    "cache-fields": [
        get("/notes/1", "Cache-Control: no-cache", "Pragma: no-cache", "If-Modified-Since: Wed, 21 Oct 2015 07:28:00 GMT")
    ],
    "request-fields": [
        get(
            "/odd",
            "x-lower: 1",
            "X-UPPER: 2",
            "X-Twice: a",
            "X-Other: b",
            "X-Twice: c",
            "X-Empty:",
            "Authorization: Basic YTpi",
            "X-Latin: caf\xe9",
            "X-Long: " + "l" * 7000,
            "Referer: http://elsewhere.example/?q=1",
            "Origin: null",
            "DNT: 1",
            "Max-Forwards: 3",
            "Via: 1.1 cache.example",
            "Cookie: a=b; c=d",
            "X-Blanks:  \t padded \t ",
        )
    ],
    "own-ids": [
        get("/odd", "X-Request-Id: mine-1", "traceparent: 00-" + "ab" * 16 + "-" + "cd" * 8 + "-01", "tracestate: a=1")
    ],
    "early-answer": [send("POST", "/refuse", b"x" * 30000)],
    "upgrade-refused": [get("/", "Connection: Upgrade", "Upgrade: something")],
}
NODE |= {
    f"target {target[:30]}": [get(target)]
    for target in (
        "/a%2Fb%2f%2e%2E/c",
        "//notes//1",
        "/notes;v=1;w/1;x",
        "/?",
        "/notes/1?",
        "/notes/1?a=b&a=c&&=&%",
        "/..",
        "/a/../b/./c",
        "/%",
        "/%zz%00",
        "/caf\xe9/\xfc",
        "/caf%C3%A9?%C3%BC",
        "/a|b\\c^d`e{f}",
        '/"quoted"<tag>',
        "/notes/1?url=http://a.example/?b#c",
        "/:8080",
        "/@",
        "/a?b?c/d",
        "/crossdomainish",
        "/Crossdomain/",
        "/%63rossdomain",
        "/" + "p" * 6000,
    )
}
NODE |= {
    f"status {code}": [get(f"/status/{code}")]
    for code in (200, 204, 205, 206, 226, 304, 400, 401, 404, 405, 410, 418, 421, 429, 451, 500, 502, 503, 599)
}
NODE |= {f"redirect {code}": [get(f"/redirect/{code}", *BROWSER)] for code in (300, 301, 302, 303, 307, 308)}
NODE |= {"redirect post": [send("POST", "/redirect/303", b"a=1", FORM, *BROWSER)]}

FILE = "/static/site.css"
PHP = {
    "page": [get("/", *BROWSER)],
    "page-plainly": [get("/")],
    "page-dated": [get("/dated", *BROWSER), get("/dated", *BROWSER, "If-None-Match: {etag}", "If-Modified-Since: {date}")],
    "head": [get("/", method="HEAD")],
    "form": [send("POST", "/form?q=1&q=2", b"name=J%C3%B6rg+A&list[]=1&list[]=2&empty=&amp;", FORM)],
    "form-cookies": [send("POST", "/form", b"a=1", FORM, "Cookie: b=2; c=%20d; e.f=g")],
    "json": [send("POST", "/form", b'{"a":1}', JSON)],
    "put": [send("PUT", "/form", b"raw \x00\xff bytes", "Content-Type: application/octet-stream")],
    "upload": [send("POST", "/upload", multipart(PATTERN[:50000]), PARTS)],
    "upload-large": [send("POST", "/upload", multipart(PATTERN * 3), PARTS)],
    "upload-chunked": [Ask("POST /upload HTTP/1.1", (PARTS,), pieces=(multipart(b"small")[:90], multipart(b"small")[90:]))],
    "headers": [get("/headers")],
    "session": [get("/session"), get("/session", "Cookie: {cookies}")],
    "exit": [get("/exit")],
    "fatal": [get("/fatal")],
    "flush": [get("/flush")],
    "gzip": [get("/gzip", *BROWSER)],
    "gzip-not-wanted": [get("/gzip")],
    "moved": [get("/moved", *BROWSER)],
    "moved-permanently": [get("/moved?status=301")],
    "missing": [get("/nothing/here?x=%20", *BROWSER)],
    "not-allowed": [get("/static/site.css", method="POST")],
    "status-500": [get("/status?code=500")],
    "status-503-page": [get("/status?code=503", *BROWSER)],
    "directory": [get("/static/", *BROWSER)],
    "directory-redirect": [get("/static", *BROWSER)],
    "bad-percent": [get("/%zz")],
    "traversal": [get("/../../etc/passwd")],
    "double-slash": [get("//form//x")],
    "encoded-slash": [get("/nothing%2Fhere;a=b?")],
    "latin-path": [get("/caf\xe9")],
    "file": [get(FILE, *BROWSER[:4])],
    "file-gzip": [get(FILE, "Accept-Encoding: gzip")],
    "file-head": [get(FILE, method="HEAD")],
    "file-not-modified": [get(FILE), get(FILE, "If-None-Match: {etag}"), get(FILE, "If-Modified-Since: {date}")],
    "file-changed": [get(FILE, 'If-None-Match: "other"')],
    "file-if-match": [get(FILE, 'If-Match: "other"')],
    "file-range": [get(FILE, "Range: bytes=10-19")],
    "file-range-suffix": [get(FILE, "Range: bytes=-5")],
    "file-range-open": [get(FILE, "Range: bytes=0-")],
    "file-range-beyond": [get(FILE, "Range: bytes=99999-")],
    "file-if-range": [
        get(FILE),
        get(FILE, "Range: bytes=0-3", "If-Range: {etag}"),
        get(FILE, "Range: bytes=0-3", 'If-Range: "no"'),
    ],
    "file-page": [get("/static/about.html", *BROWSER)],
    "file-page-not-modified": [
        get("/static/about.html", *BROWSER),
        get("/static/about.html", *BROWSER, "If-None-Match: {etag}", "If-Modified-Since: {date}", "Cookie: {cookies}"),
    ],
    "file-page-plainly": [get("/static/about.html"), get("/static/about.html", "Range: bytes=0-5", "If-Range: {etag}")],
    "file-page-range": [get("/static/about.html", "Range: bytes=3-9")],
    "file-page-head": [get("/static/about.html", *BROWSER, method="HEAD")],
    "absolute-form": [get("http://{host}/form?a=%2F")],
    "absolute-form-other-case": [get("HTTP://{host}/form/..")],
    "http-1.0": [get("/headers", version="1.0")],
    "http-1.0-file": [get(FILE, version="1.0")],
    "expect": [send("POST", "/form", b"a=1", FORM, "Expect: 100-continue", waits=True)],
}
SIGN = b"csrfmiddlewaretoken={csrf}&name=J%C3%B6rg"
LOGIN = b"csrfmiddlewaretoken={csrf}&username=ann&password=apple&next=%2Fadmin%2F"
ORIGIN = "Origin: http://{host}"
DJANGO = {
    "admin": [get("/admin/", *BROWSER)],
    "admin-login": [
        get("/admin/login/?next=/admin/", *BROWSER),
        send("POST", "/admin/login/?next=/admin/", LOGIN, FORM, *BROWSER, ORIGIN, "Cookie: {cookies}"),
        get("/admin/", *BROWSER, "Cookie: {cookies}"),
        get("/admin/auth/user/", *BROWSER, "Cookie: {cookies}"),
        send("POST", "/admin/logout/", b"csrfmiddlewaretoken={csrf}", FORM, *BROWSER, ORIGIN, "Cookie: {cookies}"),
    ],
    "admin-wrong-password": [
        get("/admin/login/", *BROWSER),
        send("POST", "/admin/login/", LOGIN.replace(b"apple", b"pear"), FORM, *BROWSER, ORIGIN, "Cookie: {cookies}"),
    ],
    "form-and-message": [
        get("/guests/", *BROWSER),
        send("POST", "/guests/", SIGN, FORM, *BROWSER, ORIGIN, "Cookie: {cookies}"),
        get("/guests/", *BROWSER, "Cookie: {cookies}"),
        get("/guests/", *BROWSER, "Cookie: {cookies}"),
    ],
    "form-invalid": [
        get("/guests/", *BROWSER),
        send("POST", "/guests/", SIGN.replace(b"J", b"J" * 30), FORM, *BROWSER, ORIGIN, "Cookie: {cookies}"),
    ],
    "csrf-missing": [send("POST", "/guests/", b"name=x", FORM, *BROWSER)],
    "csrf-elsewhere": [
        get("/guests/", *BROWSER),
        send("POST", "/guests/", SIGN, FORM, *BROWSER, "Origin: http://evil.example", "Cookie: {cookies}"),
    ],
    "slash-added": [get("/guests", *BROWSER)],
    "static": [get(FILE, *BROWSER[:4]), get(FILE, "If-Modified-Since: {date}")],
    "static-admin": [get("/static/admin/css/base.css")],
    "static-page": [get("/static/about.html", *BROWSER)],
    "static-missing": [get("/static/none.css")],
    "long-gzip": [get("/long/", *BROWSER)],
    "stream": [get("/stream/")],
    "versioned": [get("/versioned/", *BROWSER), get("/versioned/", *BROWSER, "If-None-Match: {etag}")],
    "versioned-by-script": [get("/versioned/", *SCRIPT), get("/versioned/", *SCRIPT, "If-None-Match: {etag}")],
    "versioned-head": [get("/versioned/", method="HEAD")],
    "if-match": [get("/versioned/", *BROWSER, 'If-Match: "version-6"')],
    "upload": [send("POST", "/upload/", multipart(PATTERN[:100000]), PARTS)],
    "upload-large": [send("POST", "/upload/", multipart(PATTERN * 3), PARTS)],
    "data-put": [send("PUT", "/data/", b'{"a":1}', JSON)],
    "data-patch": [send("PATCH", "/data/", b'{"a":1}', JSON)],
    "data-delete": [get("/data/", method="DELETE")],
    "data-brew": [get("/data/", method="BREW")],
    "cookies": [get("/cookies/"), get("/cookies/", "Cookie: {cookies}")],
    "file": [get("/only-get/")],
    "not-allowed": [send("POST", "/only-get/", b"csrf", FORM, "X-Requested-With: XMLHttpRequest")],
    "options": [get("/only-get/", method="OPTIONS")],
    "debug-404": [get("/nothing/;here?a=%20&b", *BROWSER)],
    "debug-500": [get("/broken/", *BROWSER)],
    "debug-500-plain": [get("/broken/", "Accept: application/json")],
    "latin-path": [get("/caf\xe9/")],
    "encoded": [get("/a%2Fb//c;d?")],
    "http-1.0": [get("/cookies/", version="1.0")],
    "http-1.0-stream": [get("/stream/", version="1.0")],
}

EVENTS = {
    "page": [get("/", *BROWSER)],
    "head": [get("/", method="HEAD")],
    "file": [get("/source"), get("/source", "If-None-Match: {etag}")],
    "range": [get("/source", "Range: bytes=5-14")],
    "ranges": [get("/source", "Range: bytes=10000-20000")],
    "post": [send("POST", "/tell/nobody", b"hello", "Content-Type: text/plain")],
    "chunked": [Ask("POST /tell/nobody HTTP/1.1", pieces=(b"hel", b"lo"))],
    "not-allowed": [get("/tell/nobody")],
    "missing": [get("/nothing%2Fhere?", *BROWSER)],
    "delete": [get("/listeners", method="DELETE")],
    "expect": [send("POST", "/tell/nobody", b"hello", "Expect: 100-continue", waits=True)],
    "http-1.0": [get("/listeners", version="1.0")],
}

FILES = {
    "page": [get("/about.html", *BROWSER)],
    "page-head": [get("/about.html", method="HEAD")],
    "file": [get("/site.css"), get("/site.css", "If-Modified-Since: {date}")],
    "list": [get("/", *BROWSER)],
    "missing": [get("/nothing%2fhere", *BROWSER)],
    "not-allowed": [send("POST", "/site.css", b"a=1", FORM)],
    "http-1.0": [get("/site.css", version="1.0")],
}

HANDSHAKE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
SOCKETS = {
    "handshake": [get("/", *HANDSHAKE)],
    "handshake-browser": [
        get(
            "/",
            "Pragma: no-cache",
            *HANDSHAKE,
            "Origin: http://{host}",
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
            "Sec-WebSocket-Protocol: chat.v1, chat.v2",
            "Cookie: a=b",
            *BROWSER[2:4],
        )
    ],
    "firefox": [get("/", "Connection: keep-alive, Upgrade", *HANDSHAKE[1:])],
    "no-such-protocol": [get("/", *HANDSHAKE, "Sec-WebSocket-Protocol: other")],
    "refused": [get("/private", *HANDSHAKE)],
    "no-upgrade": [get("/")],
    "no-key": [get("/", *HANDSHAKE[:3])],
    "wrong-version": [get("/", *HANDSHAKE[:2], "Sec-WebSocket-Version: 8", HANDSHAKE[3])],
}

SUITES = {"node": NODE, "php": PHP, "django": DJANGO, "files": FILES, "events": EVENTS, "sockets": SOCKETS}
