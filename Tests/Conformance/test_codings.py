"""Pages in br and zstd, which paths get the loader, and the codings that upstreams are asked for."""

import brotli
import pytest
import zstandard

from support.raw import Raw
from support.upstreams import Scripted

HOST = "shop.localhost"
TAG = b'<script src="/crossdomain/loader.js" async></script>'
START = b"<!doctype html><html lang=en><head>"
REST = b"<title>shop</title></head><body>" + b"".join(b"<p class=c%d>item %d</p>\n" % (n % 7, n) for n in range(9000))

CODINGS = {
    "br": (lambda page: brotli.compress(page, quality=5), brotli.decompress),
    "zstd": (
        lambda page: zstandard.ZstdCompressor(write_checksum=True).compress(page),
        lambda body: zstandard.ZstdDecompressor(max_window_size=8 << 20).decompressobj().decompress(body),
    ),
}


def page(body, coding, extra=b""):
    length = b"Content-Length: %d\r\n" % len(body)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Encoding: " + coding.encode()
    return head + b"\r\n" + length + extra + b"\r\n" + body


def get(tombolo, path="/", fields="Accept-Encoding: gzip, deflate, br, zstd\r\n", destination="document"):
    text = f"GET {path} HTTP/1.1\r\nHost: {HOST}:{tombolo.port}\r\nAccept: text/html\r\nConnection: close\r\n{fields}"
    if destination:
        text += f"Sec-Fetch-Dest: {destination}\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: none\r\n"
    with Raw(tombolo.port, timeout=30) as raw:
        raw.send((text + "\r\n").encode())
        while raw._more():
            pass
        head, _, body = raw.buffer.partition(b"\r\n\r\n")
    return head, unchunked(body) if b"transfer-encoding: chunked" in head.lower() else body


def unchunked(body):
    parts = []
    while True:
        size, _, body = body.partition(b"\r\n")
        count = int(size, 16)
        if count == 0:
            return b"".join(parts)
        parts.append(body[:count])
        body = body[count + 2 :]


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("size", [0, 10_000, len(REST)])
def test_a_page_is_the_same_but_for_the_tag(start_tombolo, coding, size):
    encode, decode = CODINGS[coding]
    with Scripted(page(encode(START + REST[:size]), coding)) as upstream:
        head, body = get(start_tombolo({HOST: upstream.url}))
    assert f"content-encoding: {coding}".encode() in head.lower()
    assert b"content-length" not in head.lower()
    assert decode(body) == START + TAG + REST[:size]


@pytest.mark.parametrize("coding", CODINGS)
def test_what_is_not_a_page_stays_as_it_is(start_tombolo, coding):
    body = CODINGS[coding][0](START + REST)
    with Scripted(page(body, coding)) as upstream:
        tombolo = start_tombolo({HOST: upstream.url})
        for destination in ("iframe", "empty"):
            assert get(tombolo, destination=destination)[1] == body


@pytest.mark.parametrize("coding", CODINGS)
def test_a_bomb_before_the_head_passes_untouched_in_bounded_memory(start_tombolo, coding):
    bomb = CODINGS[coding][0](b" " * (256 << 20) + START)
    small = CODINGS[coding][0](START + REST)
    with Scripted(page(small, coding), page(bomb, coding)) as upstream:
        tombolo = start_tombolo({HOST: upstream.url})
        get(tombolo)
        before, _ = tombolo.memory()
        head, body = get(tombolo)
        assert body == bomb and f"content-length: {len(bomb)}".encode() in head.lower()
        assert tombolo.memory()[1] - before < 32


@pytest.mark.parametrize("coding", CODINGS)
def test_a_page_that_ends_early_is_not_taken_for_whole(start_tombolo, coding):
    body = CODINGS[coding][0](START + REST)[:-40]
    with Scripted(page(body, coding)) as upstream:
        tombolo = start_tombolo({HOST: upstream.url})
        with Raw(tombolo.port, timeout=30) as raw:
            raw.send(
                f"GET / HTTP/1.1\r\nHost: {HOST}:{tombolo.port}\r\nSec-Fetch-Dest: document\r\n"
                "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Site: none\r\n\r\n".encode()
            )
            assert raw.is_closed() and not raw.buffer.endswith(b"0\r\n\r\n")


ACCEPTED = {
    "gzip, deflate, br, zstd": ["gzip, deflate;q=0.9, br;q=0.8, zstd;q=0.7"],
    "gzip, deflate": ["gzip, deflate;q=0.9"],
    "br;q=1.0, gzip;q=0.8, compress": ["gzip, br;q=0.9"],
    "zstd;q=0.1, br;q=0.2": ["br, zstd;q=0.9"],
    "GZIP ; q=0, br": ["br"],
    "x-gzip": ["gzip"],
    "gzip, identity;q=0": ["gzip, identity;q=0"],
    "compress": ["identity"],
    "": ["identity"],
    "compress, *;q=0": ["compress, *;q=0"],
    "*": ["gzip, zstd;q=0.9, br;q=0.8, deflate;q=0.7"],
}


@pytest.fixture
def plain(start_tombolo):
    with Scripted() as upstream:
        yield start_tombolo({HOST: upstream.url}), upstream


def asked(tombolo, upstream, fields, **options):
    upstream.forget()
    get(tombolo, fields=fields, **options)
    lines = upstream.bytes().strip(b"\0").split(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    pairs = [line.partition(":") for line in lines]
    return [value.strip() for name, _, value in pairs if name.lower() == "accept-encoding"]


def test_what_upstreams_are_asked_for(plain):
    tombolo, upstream = plain
    for sent, expected in ACCEPTED.items():
        assert asked(tombolo, upstream, f"Accept-Encoding: {sent}\r\n") == expected, sent
    assert asked(tombolo, upstream, "") == []
    assert asked(tombolo, upstream, "Accept-Encoding: br\r\nAccept-Encoding: gzip;q=0.1\r\n") == ["gzip, br;q=0.9"]


def test_only_pages_are_asked_for_otherwise(plain):
    tombolo, upstream = plain
    sent = "Accept-Encoding: br, compress, gzip\r\n"
    for destination in ("image", "empty", "iframe"):
        assert asked(tombolo, upstream, sent, destination=destination) == ["br, compress, gzip"]
    ahead = sent + "Sec-Purpose: prefetch\r\n"
    assert asked(tombolo, upstream, ahead) == ["gzip, br;q=0.9"]
    # What is fetched ahead without saying for what is a script's as far as caches can tell.
    assert asked(tombolo, upstream, ahead, destination="empty") == ["br, compress, gzip"]


def test_the_loader_by_path(start_tombolo):
    html = START + b"<title>x</title>"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(html)
    with Scripted(head + html) as upstream:
        tombolo = start_tombolo({HOST: f"{upstream.url} inject=/*,!/embed/*,/embed/help"})
        for path, expected in {
            "/": True,
            "/embed": True,
            "/embed/": False,
            "/embed/map?x=/embed/help": False,
            "/embed/help": True,
            "/embed/help?x": True,
            "/Embed/map": True,
            "/a?/embed/": True,
        }.items():
            assert (TAG in get(tombolo, path)[1]) == expected, path
