"""What is different in an answer through Tombolo, and why. Everything else must be the app's own, byte by byte."""

import copy
import re
import zlib

import brotli

from .alike import Difference, drop, hop, replaced, same, values, without

TAG = re.compile(rb'<script src="/crossdomain/loader\.js" async[^>]*></script>')


def loader(pair):
    """One tag more, and not a byte otherwise; the length goes with it."""
    tag = TAG.search(pair.through.body)
    if not tag or TAG.search(pair.direct.body):
        return False
    body = pair.through.body
    pair.through.body = body[: tag.start()] + body[tag.end() :]
    for side, length in ((pair.direct, len(pair.direct.body)), (pair.through, len(body))):
        stated = side.values("content-length")
        assert stated in ([], [b"%d" % length]), f"a wrong length: {stated} instead of {length}"
        side.lines = without(side.lines, "content-length")
    return True


def coded(coding):
    """A page in a coding: decoded, it has the loader's tag in its head. See Tests/Pages for its tree, which is the same."""

    def explain(pair):
        if pair.through.value("content-encoding") != coding or pair.direct.body == pair.through.body:
            return False
        page, own = (DECODERS[coding](side.body) for side in (pair.through, pair.direct))
        tag = TAG.search(page)
        assert tag and page[tag.end() :].endswith(own[own.index(b"<head") + 6 :]), page[:300]
        pair.through.body = pair.direct.body
        for side in (pair.direct, pair.through):
            side.lines = without(side.lines, "content-length")
        return True

    return explain


def inflated(body, form):
    """One stream and nothing after it: browsers stop after the first."""
    decoder = zlib.decompressobj(form)
    text = decoder.decompress(body)
    assert decoder.eof and not decoder.unused_data
    return text


DECODERS = {
    b"gzip": lambda body: inflated(body, 31),
    b"deflate": lambda body: inflated(body, 15),
    b"br": brotli.decompress,
}


def said(pair):
    if pair.direct.lines.count(b"X-Session-Inject: off") != 1 or values(pair.through, "x-session-inject"):
        return False
    pair.direct.lines.remove(b"X-Session-Inject: off")
    return True


def digests(pair):
    """The digests of the app's bytes are those of no page with the loader, neither in the head nor in the trailers."""
    if not is_page(pair.direct) or values(pair.through, "content-digest") + values(pair.through, "content-md5"):
        return False
    kept = without(pair.direct.lines, "content-digest", "content-md5")
    if kept == pair.direct.lines:
        return False
    pair.direct.lines, pair.direct.trailers = kept, without(pair.direct.trailers, "content-digest")
    return True


def policy(before, after):
    """Every directive stays as it is, but for sources that are added to what the loader needs."""
    was, now = (dict(part.strip().split(b" ", 1) for part in text.split(b";")) for text in (before, after))
    needed = {b"script-src", b"script-src-elem", b"connect-src"}
    kept = all(now.get(name) == sources or name in needed and now[name].startswith(sources) for name, sources in was.items())
    return kept and set(now) - set(was) <= needed


def counted(pair):
    """A page's length is written last, whether or not there was a place for the tag."""
    return (
        is_page(pair.direct)
        and same(pair.direct.value("content-length"), pair.through.value("content-length"))
        and drop(pair, "content-length")
    )


def developers(pair):
    """Django's page about a mistake shows the developer every field of the request, so those that Tombolo adds."""
    shown = "ACCEPT_ENCODING|COOKIE|TRACEPARENT|X_FORWARDED_(FOR|HOST|PROTO)|X_REQUEST_ID|X_SESSION_(ID|NEW)"
    names = f"HTTP_({shown})"
    row = re.compile(rf" *<tr>\s*<td>(?:{names})</td>.*?</tr>\n *\n|^(?:{names}) = [^\n]*\n".encode(), re.DOTALL | re.MULTILINE)
    if not all(
        re.search(rb"<td>HTTP_HOST</td>|^HTTP_HOST = ", side.body, re.MULTILINE) for side in (pair.direct, pair.through)
    ):
        return False
    for side in (pair.direct, pair.through):
        length = len(side.body)
        side.body = row.sub(b"", side.body)
        side.lines = [b"Content-Length: *" if line == b"Content-Length: %d" % length else line for line in side.lines]
    return True


def head_length(pair):
    """The head of a page must be that of the page with the loader, whose length nobody has counted; also in a 304."""
    is_head = pair.direct.status == 304 or is_page(pair.direct)
    if pair.direct.values("content-length") and not pair.through.values("content-length") and is_head:
        pair.direct.lines = without(pair.direct.lines, "content-length")
        return True
    return False


def is_page(answer):
    return answer.value("content-type").startswith(b"text/html")


def marked(before, after):
    return after in (b'W/"' + before.removeprefix(b"W/").strip(b'"') + kind for kind in (b'-tombolo-s"', b'-tombolo-w"'))


def dated(pair):
    """A page with a date only gets a tag made of the date, as the copy with the loader is another than the app's."""
    date = re.sub(rb"[^A-Za-z0-9]", b"-", pair.direct.value("last-modified"))
    line = b'ETag: W/"' + date + b'-tombolo-d"'
    if not date or line not in pair.through.lines or pair.direct.values("etag"):
        return False
    pair.through.lines.remove(line)
    return True


def varies(pair):
    """In lines after the app's own, if it has any."""
    before, after = values(pair.direct, "vary"), values(pair.through, "vary")
    names = [b"Sec-Fetch-Dest", b"X-Requested-With"]
    return after == (before + names if before else [b", ".join(names)]) and drop(pair, "vary")


def ranges(pair):
    if not is_page(pair.direct) or b"Accept-Ranges: bytes" not in pair.direct.lines:
        return False
    if pair.through.values("accept-ranges"):
        return False
    pair.direct.lines.remove(b"Accept-Ranges: bytes")
    return True


def old_status_line(pair):
    if pair.direct.status_line == pair.through.status_line or not pair.direct.status_line.startswith(b"HTTP/1.0 "):
        return False
    pair.direct.status_line = b"HTTP/1.1 " + pair.direct.status_line[9:]
    return True


def framing(pair):
    """A body that ends with the app's connection is sent in chunks, so that the browser's goes on and knows its end; one of
    a page that ends before anything could be decided has a length."""
    if pair.direct.framing == pair.through.framing:
        return False
    if pair.through.framing == "length":
        length = b"Content-Length: %d" % len(pair.through.body)
        if not is_page(pair.through) or pair.through.lines.count(length) != 1:
            return False
        pair.through.lines.remove(length)
    pair.direct.framing = pair.through.framing
    return True


def own_cookie(pair):
    forms = rb"tombolo=[\w-]+; Path=/; HttpOnly; SameSite=Lax|tombolo-due=1; Path=/; Max-Age=3600; SameSite=Lax"
    lines = [line for line in pair.through.lines if re.fullmatch(rb"Set-Cookie: (%s)" % forms, line)]
    for line in lines:
        pair.through.lines.remove(line)
    return bool(lines)


def private(pair):
    """Only together with a cookie; whatever else the app says of caching stays."""
    if not any(line.startswith(b"Set-Cookie: tombolo") for line in pair.through.lines):
        return False
    before, after = (
        [part.strip() for line in values(side, "cache-control") for part in line.split(b",")]
        for side in (pair.direct, pair.through)
    )
    if after != [b"private"] + [directive for directive in before if directive != b"public"]:
        return False
    return drop(pair, "cache-control")


def interim(pair):
    """A client of HTTP/1.0 gets none, though some apps send it some."""
    if not pair.direct.interim or pair.through.interim or not pair.through.is_old:
        return False
    pair.direct.interim = []
    return True


def whole(pair):
    """A browser cannot continue its copy with the loader by a range of the app's bytes: it gets the page again."""
    start = re.match(rb"bytes (\d+)-", pair.direct.value("content-range"))
    if pair.direct.status != 206 or pair.through.status != 200 or not is_page(pair.through) or not start:
        return False
    if not TAG.sub(b"", pair.through.body)[int(start[1]) :].startswith(pair.direct.body):
        return False
    pair.through = copy.deepcopy(pair.direct)
    return True


BAD_TARGET = b'{"error":"bad_request","message":"The request cannot be understood: badTarget.","fault":"client"}\n'


def bad_target(pair):
    """No URI: an answer of Tombolo's own, and the app sees nothing of it."""
    if pair.through.status != 400 or pair.through.body != BAD_TARGET or not is_no_uri(pair.through.target):
        return False
    pair.through = copy.deepcopy(pair.direct)
    return True


def is_no_uri(target):
    return "#" in target or any(character > "~" for character in target)


ANSWERS = [
    Difference("400", "a target that is no URI has two meanings: Conformance/cases/targets, S6", bad_target),
    Difference("If-Range", "no range of the app's bytes fits a copy with the loader", whole),
    Difference("Connection", "says whether one connection goes on (RFC 9110 §7.6.1)", hop("connection")),
    Difference("Keep-Alive", "how long one connection may idle: Tombolo's and the app's are two", hop("keep-alive")),
    Difference("Transfer-Encoding", "belongs to one connection; Tombolo writes it last", hop("transfer-encoding")),
    Difference("the end of a body", "told by chunks instead of by closing the connection, which goes on", framing),
    Difference("HTTP/1.0 of the app", "the version is that of the sender of this connection (RFC 9110 §2.5)", old_status_line),
    Difference("1xx", "clients of HTTP/1.0 must get none (RFC 9110 §15.2); Node sends them some", interim),
    Difference("Cache-Control", "private, together with a cookie of Tombolo's", private),
    Difference("Set-Cookie", "a page load sets Tombolo's own cookies", own_cookie),
    Difference("gzip page", "the tag before the app's own compressed bytes", coded(b"gzip")),
    Difference("deflate page", "the same", coded(b"deflate")),
    Difference("br page", "decoded, and encoded again with the tag", coded(b"br")),
    Difference("Content-Digest", "says what no page with the loader is", digests),
    Difference("Content-Security-Policy", "lets the loader run and ask", replaced("content-security-policy", policy)),
    Difference("X-Session-Inject", "is said to Tombolo, and not to browsers", said),
    Difference("page", "the loader's tag and its length", loader),
    Difference("Content-Length of a page", "written last, in a line of its own", counted),
    Difference("Django's page about a mistake", "shows the developer what Tombolo adds to requests", developers),
    Difference("HEAD and 304 of a page", "the page's length with the tag is not known without the page", head_length),
    Difference("ETag", "the copy with the loader is another than the app's", replaced("etag", marked)),
    Difference("ETag made of Last-Modified", "the same where the app gives a date only", dated),
    Difference("Vary", "scripts and frames get the page without the loader", varies),
    Difference("Accept-Ranges", "ranges are those of the app's bytes, which a page with the loader has not", ranges),
]
