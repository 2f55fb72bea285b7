"""`/crossdomain` is Tombolo's under exactly one spelling; every other spelling is the app's, without privileges."""

import pytest

from support.raw import exchange
from support.upstreams import Scripted

OTHERS = [
    "/Crossdomain",
    "/CROSSDOMAIN/loader.js",
    "/crossdomain%2floader.js",
    "/cross%64omain/loader.js",
    "//crossdomain/loader.js",
    "/./crossdomain/loader.js",
    "/x/../crossdomain/loader.js",
    "/crossdomain;a/loader.js",
    "/crossdomain\\loader.js",
    "/crossdomain%00/loader.js",
    "/crossdomainx",
    "/crossdomain.js",
    "/%2e/crossdomain/loader.js",
]


@pytest.fixture
def upstream():
    with Scripted() as scripted:
        yield scripted


@pytest.fixture
def tombolo(start_tombolo, upstream):
    return start_tombolo({"shop.localhost": upstream.url})


@pytest.mark.parametrize("path", OTHERS)
def test_other_spellings_go_upstream_byte_for_byte_or_are_refused(tombolo, upstream, path):
    status, head, _ = exchange(tombolo.port, f"GET {path} HTTP/1.1\r\nHost: shop.localhost\r\n\r\n".encode())
    assert b"access-control-" not in head.lower()
    if status == 200:
        assert upstream.bytes().startswith(f"GET {path} HTTP/1.1\r\n".encode())
    else:
        assert status in (400, 404) and upstream.bytes() == b""


@pytest.mark.parametrize("path", ["/crossdomain", "/crossdomain/loader.js", "/crossdomain/nothing", "/crossdomain/"])
def test_its_own_paths_never_reach_the_upstream(tombolo, upstream, path):
    status, *_ = exchange(tombolo.port, f"GET {path} HTTP/1.1\r\nHost: shop.localhost\r\n\r\n".encode())
    assert status in (200, 404, 405)
    assert upstream.bytes() == b""


@pytest.mark.parametrize("path", ["/a%0d%0aX-Session-Id:%20b", "/a%20b", "/a%3fb", "/a%23b", "/%e4%00", "/a//b/../c"])
def test_paths_arrive_as_they_were_written(tombolo, upstream, path):
    exchange(tombolo.port, f"GET {path}?q=%0d%0a HTTP/1.1\r\nHost: shop.localhost\r\n\r\n".encode())
    assert upstream.first_head()[0] == f"GET {path}?q=%0d%0a HTTP/1.1"
