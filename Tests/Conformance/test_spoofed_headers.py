"""Whatever a client says in Tombolo's name, under any spelling that an upstream could fold into it, never arrives."""

import re
import socket
import struct
import threading

import pytest

from support import contract
from support.processes import eventually
from support.raw import Raw, exchange
from support.upstreams import Scripted

FORGED = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def upstream():
    with Scripted() as scripted:
        yield scripted


@pytest.fixture
def tombolo(start_tombolo, upstream):
    return start_tombolo({"shop.localhost": upstream.url})


def folded(name):
    return re.sub("[_.]", "-", name).lower()


def arrived(tombolo, upstream, lines, body=b"", method="GET"):
    """Sends a request with these field lines and returns what reached the upstream, names folded."""
    head = "\r\n".join([f"{method} / HTTP/1.1", "Host: shop.localhost", *lines, "", ""])
    status, *_ = exchange(tombolo.port, head.encode("latin-1") + body)
    assert status == 200
    _, fields = upstream.first_head()
    assert FORGED.encode() not in upstream.bytes()
    return [(folded(name), value) for name, value in fields]


def assert_only_its_own(fields):
    ids = [value for name, value in fields if name == "x-session-id"]
    assert len(ids) == 1 and re.fullmatch("[0-9a-f]{32}", ids[0]) and ids[0] != FORGED, fields
    assert [value for name, value in fields if name in ("x-session-user", "x-session-merged-from")] in ([], [""]), fields


@pytest.mark.parametrize("spelling", contract.SPELLINGS)
def test_every_spelling_of_the_session_id(tombolo, upstream, spelling):
    assert_only_its_own(arrived(tombolo, upstream, [f"{spelling}: {FORGED}"]))


@pytest.mark.parametrize("spelling", contract.SPELLINGS)
@pytest.mark.parametrize(
    "name", [contract.SESSION_USER, contract.SESSION_NEW, contract.MERGED_FROM, contract.ASSERTION]
)
def test_every_spelling_of_the_other_names(tombolo, upstream, name, spelling):
    stem = spelling[: -len("Id")]
    other = stem + name.removeprefix("X-Session-").replace("-", stem[-1])
    if spelling.islower():
        other = other.lower()
    elif spelling.isupper():
        other = other.upper()
    assert_only_its_own(arrived(tombolo, upstream, [f"{other}: {FORGED}"]))


def test_duplicates_and_all_spellings_at_once(tombolo, upstream):
    lines = [f"{spelling}: {FORGED}" for spelling in contract.SPELLINGS for _ in range(3)]
    assert_only_its_own(arrived(tombolo, upstream, lines))


@pytest.mark.parametrize("listed", ["X-Session-Id", "x-session-id, X-Session-User", "close, X-Session-Id"])
def test_connection_cannot_list_tombolos_headers_away(tombolo, upstream, listed):
    assert_only_its_own(arrived(tombolo, upstream, [f"Connection: {listed}", f"X-Session-Id: {FORGED}"]))


@pytest.mark.parametrize("listed", ["Host", "Cookie", "X-Forwarded-For"])
def test_connection_cannot_list_other_headers_of_the_proxy_away(tombolo, upstream, listed):
    fields = arrived(tombolo, upstream, [f"Connection: {listed}"])
    assert "host" in dict(fields) and "x-forwarded-for" in dict(fields)
    assert_only_its_own(fields)


@pytest.mark.parametrize("spelling", contract.SPELLINGS)
def test_trailers(tombolo, upstream, spelling):
    body = f"2\r\nok\r\n0\r\n{spelling}: {FORGED}\r\nX-Session-User: root\r\n\r\n".encode()
    fields = arrived(tombolo, upstream, ["Transfer-Encoding: chunked", "TE: trailers"], body, "POST")
    assert_only_its_own(fields)
    assert b"root" not in upstream.bytes()


def test_forwarded_fields_of_a_stranger_are_not_believed(tombolo, upstream):
    lines = [
        "X-Forwarded-For: 192.0.2.66",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Host: evil.example",
        "X_Forwarded_For: 192.0.2.66",
        "Forwarded: for=192.0.2.66;host=evil.example;proto=https",
    ]
    fields = arrived(tombolo, upstream, lines)
    assert b"192.0.2.66" not in upstream.bytes() and b"evil.example" not in upstream.bytes()
    assert [value for name, value in fields if name == "x-forwarded-for"] == ["127.0.0.1"]
    assert [value for name, value in fields if name == "x-forwarded-proto"] == ["http"]
    assert [value for name, value in fields if name == "x-forwarded-host"] == ["shop.localhost"]


def test_what_an_upstream_says_to_tombolo_stays_between_them(start_tombolo):
    answer = (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Session-User: ann\r\nX-Session-Inject: off\r\n"
        b"X-Session-Merge-Ack: " + FORGED.encode() + b"\r\n\r\nok"
    )
    with Scripted(answer) as upstream:
        tombolo = start_tombolo({"shop.localhost": upstream.url})
        _, head, _ = exchange(tombolo.port, b"GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n")
        assert b"x-session" not in head.lower()


CLAIMS = [
    *("X-Forwarded-For", "X_Forwarded_For", "x.forwarded.for", "X-Forwarded-Proto", "X-Forwarded-Port"),
    *("X_Forwarded_Host", "Forwarded", "X-Real-IP", "X-Original-URL", "x_rewrite_url"),
]


@pytest.mark.parametrize("name", CLAIMS)
def test_what_a_client_says_of_itself_counts_only_from_a_trusted_address(tombolo, upstream, name):
    fields = arrived(tombolo, upstream, [f"{name}: {FORGED}"])
    assert [value for key, value in fields if key == "x-forwarded-for"] == ["127.0.0.1"]
    assert [value for key, value in fields if key == "x-forwarded-proto"] == ["http"]


def test_a_trusted_proxy_is_believed_and_the_client_stays_first(start_tombolo, upstream):
    tombolo = start_tombolo({"shop.localhost": upstream.url}, extra_listen='trusted_proxies = ["127.0.0.0/8"]')
    claims = ["X-Forwarded-For: 203.0.113.9", "X-Forwarded-For: 198.51.100.7", "X-Forwarded-Proto: https"]
    lines = [*claims, "Accept: text/html"]
    head = "\r\n".join(["GET / HTTP/1.1", "Host: shop.localhost", *lines, "", ""])
    status, answer, *_ = exchange(tombolo.port, head.encode())
    assert status == 200 and b"__Host-tombolo=" in answer
    fields = [(folded(name), value) for name, value in upstream.first_head()[1]]
    assert ("x-forwarded-for", "203.0.113.9, 198.51.100.7, 127.0.0.1") in fields
    assert ("x-forwarded-proto", "https") in fields


def test_a_client_that_is_gone_before_it_is_known_is_not_taken_for_this_machine(tombolo, upstream):
    """Of a connection that was reset before it was accepted the system still has the request, but no address."""
    def burst():
        for _ in range(150):
            with socket.socket() as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.bind(("127.0.0.9", 0))
                client.connect(("127.0.0.1", tombolo.port))
                client.sendall(b"POST / HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 0\r\n\r\n")

    threads = [threading.Thread(target=burst) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert exchange(tombolo.port, b"GET /last HTTP/1.1\r\nHost: shop.localhost\r\n\r\n")[0] == 200
    seen = re.findall(rb"(\w+) (\S+) HTTP/1.1\r\n(?:[^\r]+\r\n)*?X-Forwarded-For: ([^\r]*)", upstream.bytes())
    assert (b"GET", b"/last", b"127.0.0.1") in seen
    assert {address for method, _, address in seen if method == b"POST"} <= {b"127.0.0.9"}


def test_trust_ends_with_the_reload_that_ends_it(start_tombolo, upstream):
    tombolo = start_tombolo({"shop.localhost": upstream.url}, extra_listen='trusted_proxies = ["127.0.0.1"]')
    request = b"GET / HTTP/1.1\r\nHost: shop.localhost\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n"
    with Raw(tombolo.port) as raw:
        assert raw.send(request).answer()[0] == 200
        tombolo.config.write_text(tombolo.config.read_text().replace('trusted_proxies = ["127.0.0.1"]', ""))
        tombolo.reload()
        eventually(lambda: "the configuration is in force" in tombolo.logged(), what="the reload")
        assert raw.send(request).answer()[0] == 200
    assert re.findall(rb"X-Forwarded-For: ([^\r]*)", upstream.bytes()) == [b"192.0.2.1, 127.0.0.1", b"127.0.0.1"]
