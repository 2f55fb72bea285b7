"""`Server-Timing` for those who run the site, and for nobody else."""

import re

import pytest

from support.raw import exchange
from support.upstreams import OK, Scripted

HOST = "shop.localhost"
ASK = "X-Tombolo-Timing: 1\r\n"
TRUSTED = 'trusted_proxies = ["127.0.0.1"]'
TIMING = rb"Server-Timing: route;dur=\d+\.\d{3}, session;dur=\d+\.\d{3}, upstream;dur=\d+\.\d{3}"
STORED = b"HTTP/1.1 200 OK\r\nCache-Control: public, max-age=60\r\nETag: \"a\"\r\nContent-Length: 2\r\n\r\nok"


def get(tombolo, fields=""):
    return exchange(tombolo.port, f"GET / HTTP/1.1\r\nHost: {HOST}\r\n{fields}Connection: close\r\n\r\n".encode())


@pytest.fixture
def upstream():
    with Scripted(OK) as upstream:
        yield upstream


def test_a_trusted_address_is_told(start_tombolo, upstream):
    tombolo = start_tombolo({HOST: upstream.url}, extra_listen=TRUSTED)
    _, head, _ = get(tombolo, ASK)
    assert re.search(rb"\r\n" + TIMING + rb", response;dur=\d+\.\d{3}\r\n", head + b"\r\n"), head
    assert b"timing" not in upstream.bytes().lower()


@pytest.mark.parametrize("listen, fields", [
    pytest.param("", ASK, id="a stranger"),
    pytest.param(TRUSTED, "", id="nobody asked"),
    pytest.param(TRUSTED, "X-Tombolo-Timing: 0\r\n", id="asked not to"),
    pytest.param(TRUSTED, ASK + "X-Forwarded-For: 192.0.2.1\r\n", id="a visitor of a trusted proxy"),
    pytest.param(TRUSTED, ASK + "Forwarded: for=192.0.2.1\r\n", id="a visitor of another one"),
    pytest.param(TRUSTED, ASK + "X-Real-IP: 192.0.2.1\r\n", id="a visitor of a third"),
    pytest.param(TRUSTED, ASK + "X-Forwarded-Proto: https\r\n", id="a visitor of one that says only how"),
    pytest.param(TRUSTED, ASK + "X-Forwarded-Host: shop.localhost\r\n", id="a visitor of one that says only where"),
])
def test_nobody_else_is(start_tombolo, upstream, listen, fields):
    tombolo = start_tombolo({HOST: upstream.url}, extra_listen=listen)
    assert b"server-timing" not in get(tombolo, fields)[1].lower()
    assert b"tombolo-timing" not in upstream.bytes().lower()


def test_no_spelling_of_the_question_reaches_the_app(start_tombolo, upstream):
    tombolo = start_tombolo({HOST: upstream.url})
    get(tombolo, "X_Tombolo_Timing: 1\r\nx.tombolo.timing: 1\r\nX-TOMBOLO-TIMING: 1\r\n")
    assert b"timing" not in upstream.bytes().lower()


def test_a_page_with_times_is_stored_nowhere_and_one_without_is_the_apps(start_tombolo, upstream):
    upstream.answers = [STORED]
    tombolo = start_tombolo({HOST: upstream.url}, extra_listen=TRUSTED)
    timed, plain = get(tombolo, ASK)[1], get(tombolo)[1]
    assert b"\r\nCache-Control: no-store" in timed and b"max-age" not in timed
    assert b"\r\nCache-Control: public, max-age=60" in plain and b"no-store" not in plain


def test_a_304_says_nothing_that_would_become_a_part_of_the_page(start_tombolo, upstream):
    upstream.answers = [b"HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n"]
    tombolo = start_tombolo({HOST: upstream.url}, extra_listen=TRUSTED)
    status, head, _ = get(tombolo, ASK + 'If-None-Match: "a"\r\n')
    assert status == 304 and b"timing" not in head.lower() and b"no-store" not in head.lower()


def test_an_app_that_does_not_answer_is_timed(start_tombolo, upstream):
    upstream.answers = [None]
    tombolo = start_tombolo({HOST: upstream.url}, extra_listen=TRUSTED)
    status, head, _ = get(tombolo, ASK)
    assert status == 502 and re.search(rb"\r\n" + TIMING, head), head
