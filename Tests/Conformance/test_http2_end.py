"""How HTTP/2 ends: WebSockets on its streams get their close frame at a shutdown, and at its deadline nothing is waited for."""

import signal
import socket
from contextlib import closing

import pytest
from hyperframe import frame as f
from test_http2 import (
    SHOP,
    SWITCH,
    Upstream,
    accept_key,
    assert_ends,
    head_of,
    open_door,  # noqa: F401
)

from support.http2 import request

# A close frame without words (RFC 6455 §5.5.1), as servers send it, and its payload: 1001.
GOODBYE, GOING_AWAY = b"\x88\x02\x03\xe9", b"\x03\xe9"
SHORT = '[timeouts]\ndrain = "1s"\n'


def asked(door, path="/", method="GET"):
    return request(SHOP, path, method, "https" if door.authority else "http")


def opened(door, c, upstream):
    """A WebSocket on stream 1, and the upstream's end of it."""
    fields = asked(door, "/socket", "CONNECT")
    fields.insert(1, (":protocol", "websocket"))
    c.send(c.headers(1, fields + [("sec-websocket-version", "13")], "END_HEADERS"))
    connection = upstream.accept()
    connection.sendall(SWITCH % accept_key(head_of(connection)))
    assert c.verdict(1) == ("STATUS", 200)
    return connection


def told(door, c):
    """Ends the program, and lets the client know that the end has come, and no more."""
    door.tombolo.program.send_signal(signal.SIGTERM)
    assert c.until(f.GoAwayFrame).error_code == 0
    return c.until(f.PingFrame).opaque_data


def body(c, count, stream=1):
    """So many bytes that come on a stream."""
    data = b""
    while len(data) < count:
        frame = c.until(f.DataFrame, stream)
        assert frame is not None, data
        data += frame.data
    return data


def masked(payload):
    """A close frame as clients send it."""
    return bytes((0x88, 0x80 | len(payload))) + b"mask" + bytes(a ^ b for a, b in zip(payload, b"mask"))


def last_words(connection):
    """The payload of the client's close frame, which is all that comes before the end."""
    data = b""
    while part := connection.recv(100):
        data += part
    assert data[:2] == b"\x88\x82" and len(data) == 8, data
    return bytes(a ^ b for a, b in zip(data[6:], data[2:6]))


@pytest.mark.parametrize("begun, rest", [(b"", b""), (b"\x82\x04ab", b"cd")], ids=["idle", "within a message"])
def test_a_shutdown_closes_websockets_with_1001(open_door, begun, rest):  # noqa: F811
    with Upstream() as upstream:
        door = open_door(upstream.url)
        with door.frames() as c, closing(opened(door, c, upstream)) as connection:
            connection.sendall(begun)
            assert body(c, len(begun)) == begun
            c.send(f.PingFrame(0, told(door, c), flags=["ACK"]))
            connection.sendall(rest)
            assert body(c, len(rest + GOODBYE)) == rest + GOODBYE
            # The client's own close frame is what the app gets, and the app's end is the client's.
            c.send(f.DataFrame(1, masked(GOING_AWAY), flags=["END_STREAM"]))
            assert last_words(connection) == GOING_AWAY
            connection.shutdown(socket.SHUT_WR)
            end = c.until(f.DataFrame, 1)
            assert end.data == b"" and "END_STREAM" in end.flags
            assert c.next() is None and c.is_closed
            assert [frame.last_stream_id for frame in c.seen if isinstance(frame, f.GoAwayFrame)] == [0x7FFFFFFF, 1]
        assert door.tombolo.program.process.wait(10) == 0


def test_a_websocket_whose_client_says_nothing_is_cut_at_the_deadline_with_last_words_to_the_app(open_door):  # noqa: F811
    with Upstream() as upstream:
        door = open_door(upstream.url, extra=SHORT)
        with door.frames() as c, closing(opened(door, c, upstream)) as connection:
            told(door, c)
            assert body(c, len(GOODBYE)) == GOODBYE
            assert last_words(connection) == GOING_AWAY
            while (frame := c.next()) is not None:
                assert frame.stream_id == 0, frame
            assert c.is_closed
        assert door.tombolo.program.process.wait(10) == 0


def test_what_is_not_done_at_the_deadline_is_cut_off_and_cannot_be_taken_for_complete(open_door):  # noqa: F811
    """One stream is in the middle of its answer, one has none yet, and the client answers every ping."""
    with Upstream() as upstream:
        door = open_door(upstream.url, extra=SHORT)
        with door.frames() as c:
            c.send(c.headers(1, asked(door)))
            with closing(upstream.accept()) as half:
                head_of(half)
                half.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
                assert c.verdict(1) == ("STATUS", 200)
                c.send(c.headers(3, asked(door)))
                with closing(upstream.accept()) as silent:
                    head_of(silent)
                    c.send(f.PingFrame(0, told(door, c), flags=["ACK"]))
                    while (frame := c.next()) is not None:
                        assert "END_STREAM" not in frame.flags
                        assert not isinstance(frame, f.HeadersFrame)
                    assert c.is_closed
                    for connection in (half, silent):
                        assert_ends(connection)
        assert door.tombolo.program.process.wait(10) == 0
