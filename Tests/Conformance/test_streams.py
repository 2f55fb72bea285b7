"""A login and a logout end what was opened before: WebSockets and event streams of the session, on every domain."""

import socket
import time

import pytest

from support.upstreams import received

UPGRADE = "Connection: Upgrade\r\nUpgrade: echo\r\n"


@pytest.fixture
def tombolo(start_tombolo, echo):
    return start_tombolo({"shop.localhost": echo.url, "club.localhost": echo.url})


def opened(tombolo, person, path, fields=""):
    """A raw connection with the person's cookie on which the answer's head has arrived."""
    cookie = person.cookie("shop.localhost")
    connection = socket.create_connection(("127.0.0.1", tombolo.port), timeout=10)
    head = f"GET {path} HTTP/1.1\r\nHost: shop.localhost:{tombolo.port}\r\nCookie: tombolo={cookie}\r\n{fields}\r\n"
    connection.sendall(head.encode())
    text = b""
    while b"\r\n\r\n" not in text:
        text += connection.recv(65536)
    return connection, text


def ends_within(connection, seconds):
    connection.settimeout(0.2)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if not connection.recv(65536):
                return True
        except TimeoutError:
            continue
        except ConnectionError:
            return True
    return False


@pytest.mark.parametrize("statement", ["42", ""], ids=["login", "logout"])
def test_streams_end_with_the_session_they_were_opened_in(tombolo, visitor, statement):
    person, other = visitor(), visitor()
    for each in (person, other):
        each.visit(tombolo.url("shop.localhost"))
        each.visit(tombolo.url("shop.localhost", "/say/X-Session-User/7"))
    assert received(person.visit(tombolo.url("shop.localhost")), "X-Session-User") == ["7"]
    events, head = opened(tombolo, person, "/events")
    assert b"text/event-stream" in head
    tunnel, head = opened(tombolo, person, "/socket", UPGRADE)
    assert head.startswith(b"HTTP/1.1 101")
    tunnel.sendall(b"hello")
    assert tunnel.recv(16) == b"hello"
    bystander, _ = opened(tombolo, other, "/socket", UPGRADE)

    person.visit(tombolo.url("shop.localhost", f"/say/X-Session-User/{statement}"))
    assert ends_within(events, 2)
    assert ends_within(tunnel, 2)
    bystander.sendall(b"still here")
    assert bystander.recv(16) == b"still here"
    for connection in (events, tunnel, bystander):
        connection.close()
