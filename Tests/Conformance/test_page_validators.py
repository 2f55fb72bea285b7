"""A page with the loader is another representation than the app's: its validators, ranges, digests and Vary say so, and the
app is asked with its own."""

import json

import pytest

from support import contract
from support.raw import Raw, exchange
from support.upstreams import Scripted

HOST = "shop.localhost"
PAGE = b"<!doctype html><html><head><title>t</title></head><body>b</body></html>"
TAG = f'<script src="{contract.LOADER}" async></script>'.encode()
CHANGED = PAGE.replace(b"<head>", b"<head>" + TAG)
DATE = "Sat, 21 Nov 2026 10:00:00 GMT"
OUR_DATE = 'W/"Sat--21-Nov-2026-10-00-00-GMT-tombolo-d"'

NAVIGATION = ["Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Sec-Fetch-Site: none", "Accept: text/html"]
OLD_BROWSER = ["Accept: text/html,application/xhtml+xml"]
STYLE = ["Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: style", "Accept: text/css"]
FRAME = ["Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe", "Accept: text/html"]
SCRIPTED = ["X-Requested-With: XMLHttpRequest", "Accept: text/html"]


def answer(*fields, status="200 OK", body=PAGE, kind="text/html"):
    length = [] if body is None else [f"Content-Length: {len(body)}"]
    kinds = [f"Content-Type: {kind}"] if kind else []
    return "\r\n".join([f"HTTP/1.1 {status}", *kinds, *fields, *length, "", ""]).encode() + (body or b"")


def fields_of(head):
    """Names in lower case and values of the lines, without what every answer has."""
    lines = [line.decode().partition(": ") for line in head.split(b"\r\n")[1:]]
    return sorted((name.lower(), value) for name, _, value in lines if name.lower() not in ("set-cookie", "x-request-id"))


class Setup:
    def __init__(self, start_tombolo, upstream):
        self.upstream = upstream
        self.tombolo = start_tombolo({HOST: upstream.url})
        # With a session of its own from the start, so that no answer sets a cookie and turns private.
        self.cookie = None
        _, head, _ = self.ask(b"", NAVIGATION)
        line = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"set-cookie: tombolo="))
        self.cookie = line.split(b": ")[1].split(b";")[0]
        upstream.forget()

    def ask(self, reply, request, *fields, method="GET", path="/"):
        """What the client gets for a request to which the app gives this reply."""
        if reply:
            self.upstream.answers, self.upstream.answered = [reply], 0
        cookie = [f"Cookie: {self.cookie.decode()}"] if self.cookie else []
        lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", *request, *fields, *cookie, "Connection: close", "", ""]
        got = exchange(self.tombolo.port, "\r\n".join(lines).encode())
        assert got is not None
        return got

    def asked(self, *names):
        """The fields of these names that reached the app with the last request."""
        _, fields = self.upstream.first_head()
        self.upstream.forget()
        return [(name.lower(), value) for name, value in fields if name.lower() in names]


@pytest.fixture
def setup(start_tombolo):
    with Scripted(answer()) as upstream:
        yield Setup(start_tombolo, upstream)


CONDITIONS = ("if-none-match", "if-modified-since", "if-match", "if-range", "range")
VARY = ("vary", "Sec-Fetch-Dest, X-Requested-With")


@pytest.mark.parametrize("request_fields", [NAVIGATION, OLD_BROWSER], ids=["navigation", "no fetch metadata"])
@pytest.mark.parametrize(
    "given, expected",
    [
        (['ETag: "abc"'], [("etag", 'W/"abc-tombolo-s"')]),
        (['ETag: W/"abc"'], [("etag", 'W/"abc-tombolo-w"')]),
        (['ETag: ""'], [("etag", 'W/"-tombolo-s"')]),
        (['ETag: "abc"', f"Last-Modified: {DATE}"], [("etag", 'W/"abc-tombolo-s"'), ("last-modified", DATE)]),
        ([f"Last-Modified: {DATE}"], [("etag", OUR_DATE), ("last-modified", DATE)]),
        # No tag that could be told apart from ours again: none at all.
        (["ETag: abc"], []),
        (['ETag: "abc'], []),
        ([], []),
        # Ranges and digests are those of the app's page.
        (["Accept-Ranges: bytes", "Content-MD5: x", "Digest: SHA-256=x", "Repr-Digest: x", "Content-Digest: x"], []),
        (["Cache-Control: public, max-age=60"], [("cache-control", "public, max-age=60")]),
        (["Cache-Control: private"], [("cache-control", "private")]),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) and value and isinstance(value[0], str) else "",
)
def test_the_head_fits_the_page(setup, request_fields, given, expected):
    status, head, body = setup.ask(answer(*given), request_fields)
    assert status == 200 and body == CHANGED
    fixed = [("content-type", "text/html"), ("content-length", str(len(CHANGED))), ("connection", "close"), VARY]
    assert fields_of(head) == sorted(fixed + expected)


@pytest.mark.parametrize(
    "vary, expected",
    [
        ("Accept-Encoding", ["Accept-Encoding", "Sec-Fetch-Dest", "X-Requested-With"]),
        ("accept, sec-fetch-dest", ["accept, sec-fetch-dest", "X-Requested-With"]),
        ("X-Requested-With,Sec-Fetch-Dest", ["X-Requested-With,Sec-Fetch-Dest"]),
        ("*", ["*"]),
    ],
)
def test_vary_only_grows(setup, vary, expected):
    _, head, _ = setup.ask(answer(f"Vary: {vary}"), NAVIGATION)
    assert sorted(value for name, value in fields_of(head) if name == "vary") == sorted(expected)


@pytest.mark.parametrize("request_fields", [FRAME, SCRIPTED], ids=["frame", "script"])
def test_others_get_the_apps_page_and_caches_are_told(setup, request_fields):
    _, head, body = setup.ask(answer('ETag: "abc"', "Accept-Ranges: bytes"), request_fields)
    assert body == PAGE
    fixed = [("content-type", "text/html"), ("content-length", str(len(PAGE))), ("connection", "close"), VARY]
    assert fields_of(head) == sorted([*fixed, ("etag", '"abc"'), ("accept-ranges", "bytes")])


UNTOUCHED = {
    "no transform": answer('ETag: "abc"', "Cache-Control: no-transform", "Accept-Ranges: bytes", "Digest: x=y"),
    "a download": answer('ETag: "abc"', "Content-Disposition: attachment", "Accept-Ranges: bytes"),
    "another type": answer('ETag: "abc"', "Accept-Ranges: bytes", kind="text/plain"),
    "XHTML as XML": answer('ETag: "abc"', kind="application/xhtml+xml"),
    "an unknown coding": answer('ETag: "abc"', "Content-Encoding: compress"),
    "a range": answer('ETag: "abc"', "Content-Range: bytes 0-70/999", status="206 Partial Content"),
    "UTF-16": answer('ETag: "abc"', "Accept-Ranges: bytes", body="\ufeff<html><head>".encode("utf-16-le")),
    "no gzip at all": answer('ETag: "abc"', "Content-Encoding: gzip", "Repr-Digest: x"),
    "an unfinished comment": answer('ETag: "abc"', "Accept-Ranges: bytes", body=b"<!doctype html><!-- never ended"),
    "nothing": answer('ETag: "abc"', "Accept-Ranges: bytes", body=b""),
    "the app says so": answer('ETag: "abc"', "Accept-Ranges: bytes", "X-Session-Inject: off"),
}


@pytest.mark.parametrize("reply", UNTOUCHED.values(), ids=UNTOUCHED)
def test_what_is_left_alone_keeps_its_head(setup, reply):
    given, _, given_body = reply.partition(b"\r\n\r\n")
    status, head, body = setup.ask(reply, NAVIGATION)
    assert body == given_body
    expected = [pair for pair in fields_of(given) if pair[0] != "x-session-inject"]
    assert fields_of(head) == sorted([*expected, ("connection", "close")])


def test_a_fragment_keeps_its_head(setup):
    reply = answer('ETag: "abc"', "Accept-Ranges: bytes", body=b"<p>part of a page</p>")
    _, head, body = setup.ask(reply, OLD_BROWSER)
    assert body == b"<p>part of a page</p>"
    assert ("etag", '"abc"') in fields_of(head) and ("accept-ranges", "bytes") in fields_of(head)


@pytest.mark.parametrize(
    "request_fields, sent, expected",
    [
        (NAVIGATION, ['If-None-Match: W/"abc-tombolo-s"'], [("if-none-match", '"abc"')]),
        (NAVIGATION, ['If-None-Match: W/"abc-tombolo-w"'], [("if-none-match", 'W/"abc"')]),
        (OLD_BROWSER, ['If-None-Match: W/"abc-tombolo-s"'], [("if-none-match", '"abc"')]),
        (
            NAVIGATION,
            ['If-None-Match: "x", W/"a,b-tombolo-s" ,W/"y"', 'If-None-Match: W/"c-tombolo-w"'],
            [("if-none-match", '"a,b", W/"c"')],
        ),
        # A tag of ours may pass through two of us.
        (NAVIGATION, ['If-None-Match: W/"a-tombolo-w-tombolo-w"'], [("if-none-match", 'W/"a-tombolo-w"')]),
        (
            NAVIGATION,
            ['If-None-Match: W/"abc-tombolo-s"', f"If-Modified-Since: {DATE}"],
            [("if-none-match", '"abc"'), ("if-modified-since", DATE)],
        ),
        (NAVIGATION, [f"If-None-Match: {OUR_DATE}", f"If-Modified-Since: {DATE}"], [("if-modified-since", DATE)]),
        # Copies without the loader: the page is wanted whole.
        (NAVIGATION, [f"If-None-Match: {OUR_DATE}"], []),
        (NAVIGATION, ['If-None-Match: "abc"'], []),
        (NAVIGATION, ["If-None-Match: abc"], []),
        (NAVIGATION, ['If-None-Match: "abc-tombolo-s"'], []),
        (NAVIGATION, ['If-None-Match: W/"abc-tombolo-s-AnOtHer"'], []),
        (NAVIGATION, ['If-None-Match: W/"abc-tombolo-"'], []),
        (NAVIGATION, [f"If-Modified-Since: {DATE}"], []),
        (NAVIGATION, ['If-None-Match: "abc"', f"If-Modified-Since: {DATE}"], []),
        # What is no page goes as it came.
        (NAVIGATION, ["If-None-Match: *"], [("if-none-match", "*")]),
        (STYLE, ['If-None-Match: "abc"'], [("if-none-match", '"abc"')]),
        (STYLE, [f"If-Modified-Since: {DATE}"], [("if-modified-since", DATE)]),
        (["Accept: */*"], ['If-None-Match: "abc"'], [("if-none-match", '"abc"')]),
        (["Accept: */*"], ['If-None-Match: W/"abc-tombolo-s"'], [("if-none-match", '"abc"')]),
        (FRAME, ['If-None-Match: W/"abc-tombolo-s"'], [("if-none-match", 'W/"abc-tombolo-s"')]),
        # What was edited is what the app had sent.
        (STYLE, ['If-Match: W/"abc-tombolo-s", "x"'], [("if-match", '"abc", "x"')]),
        (STYLE, ['If-Match: "x"'], [("if-match", '"x"')]),
        (STYLE, ["If-Match: *"], [("if-match", "*")]),
        # A page is never put together from two representations.
        (NAVIGATION, ["Range: bytes=9-", f"If-Range: {DATE}"], []),
        (NAVIGATION, ["Range: bytes=9-", 'If-Range: W/"abc-tombolo-s"'], []),
        (NAVIGATION, ["Range: bytes=9-", 'If-Range: "abc"'], [("range", "bytes=9-"), ("if-range", '"abc"')]),
        (NAVIGATION, ["Range: bytes=9-"], [("range", "bytes=9-")]),
        (STYLE, ["Range: bytes=9-", f"If-Range: {DATE}"], [("range", "bytes=9-"), ("if-range", DATE)]),
    ],
    ids=lambda value: " ".join(value)[:70] if isinstance(value, list) and value and isinstance(value[0], str) else "",
)
def test_what_the_app_is_asked(setup, request_fields, sent, expected):
    setup.ask(answer(), request_fields, *sent)
    assert sorted(setup.asked(*CONDITIONS)) == sorted(expected)


@pytest.mark.parametrize(
    "held, given, expected",
    [
        (['If-None-Match: W/"abc-tombolo-s"'], 'ETag: "abc"', 'W/"abc-tombolo-s"'),
        (['If-None-Match: W/"abc-tombolo-s"'], 'ETag: W/"abc"', 'W/"abc-tombolo-s"'),
        (['If-None-Match: W/"a-tombolo-s", W/"b-tombolo-w"'], 'ETag: W/"b"', 'W/"b-tombolo-w"'),
        (['If-None-Match: W/"abc-tombolo-s"'], "X-App: 1", 'W/"abc-tombolo-s"'),
        ([f"If-None-Match: {OUR_DATE}", f"If-Modified-Since: {DATE}"], f"Last-Modified: {DATE}", OUR_DATE),
    ],
)
def test_not_modified_is_said_of_our_page(setup, held, given, expected):
    reply = answer(given, "Accept-Ranges: bytes", status="304 Not Modified", body=None, kind=None)
    status, head, body = setup.ask(reply, NAVIGATION, *held)
    fields = fields_of(head)
    assert status == 304 and body == b""
    assert [value for name, value in fields if name == "etag"] == [expected]
    assert VARY in fields and not [name for name, _ in fields if name in ("accept-ranges", "content-length")]


def test_not_modified_for_something_else_is_passed_on(setup):
    reply = answer('ETag: "abc"', "Accept-Ranges: bytes", status="304 Not Modified", body=None, kind=None)
    status, head, _ = setup.ask(reply, STYLE, 'If-None-Match: "abc"')
    assert status == 304
    assert fields_of(head) == [("accept-ranges", "bytes"), ("connection", "close"), ("etag", '"abc"')]


def test_head_is_that_of_the_page(setup):
    reply = answer('ETag: "abc"', "Accept-Ranges: bytes", "Cache-Control: max-age=9")
    _, page, _ = setup.ask(reply, NAVIGATION)
    cookie = setup.cookie.decode()
    with Raw(setup.tombolo.port) as raw:
        lines = ["HEAD / HTTP/1.1", f"Host: {HOST}", *NAVIGATION, f"Cookie: {cookie}", "Connection: close", "", ""]
        setup.upstream.answers = [reply.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"]
        raw.send("\r\n".join(lines).encode())
        head = b""
        while part := raw.socket.recv(65536):
            head += part
    assert head.endswith(b"\r\n\r\n")
    # The length is known only once the page is (RFC 9110 §8.6 lets it be left out).
    assert fields_of(head[:-4]) == [pair for pair in fields_of(page) if pair[0] != "content-length"]


def test_head_of_something_else_is_the_apps(setup):
    with Raw(setup.tombolo.port) as raw:
        setup.upstream.answers = [answer('ETag: "abc"', kind="text/css").partition(b"\r\n\r\n")[0] + b"\r\n\r\n"]
        raw.send(f"HEAD / HTTP/1.1\r\nHost: {HOST}\r\nCookie: {setup.cookie.decode()}\r\nConnection: close\r\n\r\n".encode())
        head = b""
        while part := raw.socket.recv(65536):
            head += part
    fields = fields_of(head[:-4])
    assert ("content-length", str(len(PAGE))) in fields and ("etag", '"abc"') in fields


def test_head_of_a_held_copy(setup):
    reply = answer('ETag: "abc"', status="304 Not Modified", body=None, kind=None)
    status, head, _ = setup.ask(reply, ["Accept: */*"], 'If-None-Match: W/"abc-tombolo-s"', method="HEAD")
    assert status == 304 and ("etag", 'W/"abc-tombolo-s"') in fields_of(head)


@pytest.mark.parametrize(
    "fetch, given, expected",
    [
        (["Sec-Fetch-Dest: empty"], ["Vary: Cookie"], ["Cookie", "Sec-Fetch-Dest", "X-Requested-With"]),
        # Without the field nothing of the stored one is replaced; and an image is no page.
        (["Sec-Fetch-Dest: empty"], [], []),
        (["Sec-Fetch-Dest: image"], ["Vary: Cookie"], ["Cookie"]),
    ],
)
def test_not_modified_for_scripts_keeps_caches_telling_them_apart(setup, fetch, given, expected):
    reply = answer('ETag: "abc"', *given, status="304 Not Modified", body=None, kind=None)
    _, head, _ = setup.ask(reply, fetch, 'If-None-Match: "abc"')
    assert sorted(value for name, value in fields_of(head) if name == "vary") == sorted(expected)


def test_the_greatest_length_of_all_ends_nothing_but_its_answer(setup):
    reply = answer(body=b"").replace(b"Content-Length: 0", b"Content-Length: 9223372036854775807") + b"<!doctype html><head>"
    setup.upstream.answers = [reply]
    with Raw(setup.tombolo.port) as raw:
        raw.send(f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
        begun = raw.socket.recv(65536)
    assert b" 200 " in begun and b"Content-Length" not in begun
    assert setup.ask(answer(), NAVIGATION)[0] == 200 and setup.tombolo.is_running


def test_trailers_of_the_apps_page_are_not_those_of_ours(setup):
    head = answer("Trailer: Repr-Digest", body=None).replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n")
    body = b"%x\r\n%s\r\n0\r\nRepr-Digest: sha-256=:eA==:\r\n\r\n" % (len(PAGE), PAGE)
    for fields, has_trailers in ((NAVIGATION, False), (FRAME, True)):
        setup.upstream.answers = [head + body]
        with Raw(setup.tombolo.port) as raw:
            lines = ["GET / HTTP/1.1", f"Host: {HOST}", *fields, "TE: trailers", "Connection: close, TE", "", ""]
            raw.send("\r\n".join(lines).encode())
            got = b""
            while part := raw.socket.recv(65536):
                got += part
        assert (b"sha-256=:eA==:" in got) == has_trailers, got


def test_what_became_of_the_loader_is_counted(setup):
    for reply in (answer(), UNTOUCHED["a download"], UNTOUCHED["a download"], UNTOUCHED["an unfinished comment"]):
        setup.ask(reply, NAVIGATION)
    setup.ask(answer(body=b"{}", kind="application/json"), NAVIGATION)
    setup.tombolo.stop()
    last = json.loads(setup.tombolo.logged().splitlines()[-1])
    assert last["message"] == "done" and last["pages_with_loader"] == "2"  # the first is that of the set-up
    assert last["pages_without_loader"] == "attachment=2 unterminated=1"
