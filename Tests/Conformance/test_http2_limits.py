"""What an HTTP/2 client may cost: floods, bombs and stalls end the stream or the connection, and nobody else's."""

import socket
import struct
import time
from contextlib import closing

import pytest
from hyperframe import frame as f

from support.http2 import (
    CANCEL,
    COMPRESSION_ERROR,
    ENHANCE_YOUR_CALM,
    PROTOCOL_ERROR,
    Client,
    Frames,
    request,
)
from support.inside import Inside
from support.upstreams import Scripted

HOST = "shop.localhost"
GET = request(HOST)
POST = request(HOST, "/up", "POST")


@pytest.fixture
def inside():
    return Inside()


@pytest.fixture
def front(start_tombolo, echo, inside):
    return start_tombolo({HOST: echo.url}, extra=inside.section + '[timeouts]\nhead = "1s"\nidle = "2s"\n')


@pytest.fixture
def ends(inside):
    """The connection ends with a GOAWAY of that code, and is closed, and this limit and no other is named."""
    def check(c, code, limit):
        goaway = c.until(f.GoAwayFrame)
        assert goaway is not None and goaway.error_code == code
        assert c.until(f.PushPromiseFrame) is None and c.is_closed
        numbers = inside.numbers()
        assert numbers.sum("tombolo_limit_hits_total", limit=limit) == numbers.sum("tombolo_limit_hits_total") == 1
        assert numbers.sum("tombolo_http2_connection_errors_total") == 1
    return check


def push(c, data):
    """Sends as much as the other side takes before it has enough."""
    try:
        c.raw(data)
    except OSError:
        pass


def is_served(front):
    with Frames(front.port) as c:
        c.send(c.headers(1, GET))
        assert c.verdict() == ("STATUS", 200)


def test_rapid_reset(front, ends):
    """CVE-2023-44487: streams that are cancelled as soon as they are opened."""
    with Frames(front.port) as c:
        data = b"".join(
            c.headers(stream, GET).serialize() + f.RstStreamFrame(stream, CANCEL).serialize() for stream in range(1, 601, 2)
        )
        push(c, data)
        ends(c, ENHANCE_YOUR_CALM, "http2_resets")
    is_served(front)


def test_some_resets_are_a_browsers_right(front):
    with Frames(front.port) as c:
        for stream in range(1, 301, 2):
            c.send(c.headers(stream, GET), f.RstStreamFrame(stream, CANCEL))
        c.send(c.headers(301, GET))
        assert c.verdict(301) == ("STATUS", 200)


def test_one_visitor_of_a_trusted_proxy_does_not_end_the_streams_of_all(start_tombolo, echo):
    """A proxy brings many clients on one connection, and one who cancels and cancels is not the others' fault."""
    front = start_tombolo({HOST: echo.url}, extra_listen='trusted_proxies = ["127.0.0.1"]')
    with Frames(front.port) as c:
        for stream in range(1, 1001, 2):
            c.send(c.headers(stream, GET), f.RstStreamFrame(stream, CANCEL))
        c.send(c.headers(1001, GET))
        assert c.verdict(1001) == ("STATUS", 200)


def test_a_stream_is_not_measured_by_the_last_one_in_its_place(start_tombolo):
    """A client that took its time for one answer, which it may, has all of it again for the next."""
    body = b"x" * 2_000_000
    with Scripted(*(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (size, body[:size]) for size in (100_000, len(body)))) as upstream:
        front = start_tombolo({HOST: upstream.url}, extra='[timeouts]\nstall = "1s"\n')
        with Client(front.port, takes=False) as c:
            for size in (100_000, len(body)):
                stream = c.begin()
                answer = c.answers[stream]
                c.wait(lambda: len(answer.body) >= 65_535 or answer.reset is not None)
                # A moment in which the answer waits for the window, and is complete on the upstream's side.
                idle(c, 0.3)
                assert answer.reset is None
                c.h2.increment_flow_control_window(1 << 24, stream)
                c.h2.increment_flow_control_window(1 << 24)
                c.flush()
                assert c.finish(stream).is_complete and len(answer.body) == size
                # Much longer than a stall may last: nobody is to be measured meanwhile.
                if size < len(body):
                    idle(c, 4)


def test_a_client_that_was_told_of_the_end_cannot_put_it_off(front):
    """It has been idle for long enough, answers no ping, and begins a head that never ends."""
    with Frames(front.port) as c:
        assert c.until(f.GoAwayFrame) is not None
        c.raw(struct.pack(">I", 100)[1:] + b"\x01\x05" + struct.pack(">I", 1))
        end = time.monotonic() + 8
        with pytest.raises(OSError):
            while time.monotonic() < end:
                c.raw(b"\0")
                time.sleep(0.2)


def idle(client, seconds):
    """Takes what comes for so long."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        client.socket.settimeout(left)
        try:
            client.receive()
        except TimeoutError:
            return


@pytest.mark.parametrize("mistake", [
    pytest.param(lambda c, n: f.WindowUpdateFrame(n, 0x7FFFFFFF).serialize() * 2, id="window overflow"),
    pytest.param(lambda c, n: struct.pack(">I", 4)[1:] + b"\x08\0" + struct.pack(">II", n, 0), id="window update of zero"),
    pytest.param(lambda c, n: c.headers(n, POST, "END_HEADERS").serialize(), id="second head"),
    pytest.param(lambda c, n: f.DataFrame(n, b"xxx").serialize(), id="longer than its length"),
])
def test_made_you_reset(front, mistake, ends):
    """CVE-2025-8671: streams that the server has to reset for a mistake, while their requests are on their way."""
    with Frames(front.port) as c:
        data = b"".join(
            c.headers(stream, POST + [("content-length", "2")], "END_HEADERS").serialize() + mistake(c, stream)
            for stream in range(1, 801, 2)
        )
        push(c, data)
        ends(c, ENHANCE_YOUR_CALM, "http2_stream_errors")
    is_served(front)


def test_malformed_requests_are_counted_too(front, ends):
    with Frames(front.port) as c:
        push(c, b"".join(c.headers(stream, GET + [("X", "y")]).serialize() for stream in range(1, 801, 2)))
        ends(c, ENHANCE_YOUR_CALM, "http2_stream_errors")


def test_continuation_flood(front, ends):
    """CVE-2024-27316 and its like: a field section that never ends."""
    with Frames(front.port) as c:
        push(c, c.headers(1, GET, "END_STREAM").serialize())
        for _ in range(100):
            push(c, f.ContinuationFrame(1, b"\0\1x\1y" * 10).serialize())
        ends(c, ENHANCE_YOUR_CALM, "http2_continuations")
    is_served(front)


@pytest.mark.parametrize("flood, limit", [
    pytest.param(f.PingFrame(0, b"pingping").serialize(), "http2_control_frames", id="ping"),
    pytest.param(f.SettingsFrame(0).serialize(), "http2_control_frames", id="settings"),
    pytest.param(f.PriorityFrame(1, depends_on=3, stream_weight=1).serialize(), "http2_control_frames", id="priority"),
    pytest.param(f.WindowUpdateFrame(0, 1).serialize() * 50, "http2_idle_frames", id="window update"),
    pytest.param(b"\0\0\0\xbe\0\0\0\0\0" * 50, "http2_idle_frames", id="unknown"),
])
def test_floods(front, flood, limit, ends):
    with Frames(front.port) as c:
        for _ in range(400):
            push(c, flood)
        ends(c, ENHANCE_YOUR_CALM, limit)
    is_served(front)


def test_empty_data_flood(front, ends):
    """CVE-2019-9518."""
    with Frames(front.port) as c:
        c.send(c.headers(1, POST, "END_HEADERS"))
        push(c, f.DataFrame(1, b"").serialize() * 100)
        ends(c, ENHANCE_YOUR_CALM, "http2_empty_data")


def test_hpack_bomb(front, inside):
    """A few bytes that unpack to megabytes: a large field in the table, and then its index over and over."""
    with Frames(front.port) as c:
        large = b"\x40\x01x" + b"\x7f\xa1\x1e" + b"y" * 4000
        block = c.encoder.encode(GET) + large + b"\xbe" * 8000
        c.raw(struct.pack(">I", len(block))[1:] + b"\x01\x05" + struct.pack(">I", 1) + block)
        goaway = c.until(f.GoAwayFrame)
        assert goaway.error_code in (COMPRESSION_ERROR, PROTOCOL_ERROR)
    assert inside.numbers().sum("tombolo_limit_hits_total", limit="http2_head") == 1
    rss, _ = front.memory()
    assert rss < 300
    is_served(front)


@pytest.mark.parametrize("fields, status", [
    pytest.param([("x", "y" * 9000)], 431, id="line"),
    pytest.param([(f"x{number}", "y") for number in range(101)], 431, id="fields"),
    pytest.param([(f"x{number}", "y" * 4000) for number in range(10)], 431, id="bytes"),
])
def test_heads_have_the_limits_of_http1(front, fields, status):
    with Frames(front.port) as c:
        frame = c.headers(1, GET + fields)
        block = frame.data
        c.raw(struct.pack(">I", min(len(block), 16384))[1:] + bytes((1, 1 if len(block) > 16384 else 5)) + struct.pack(">I", 1))
        c.raw(block[:16384])
        rest = block[16384:]
        while rest:
            piece, rest = rest[:16384], rest[16384:]
            c.raw(struct.pack(">I", len(piece))[1:] + bytes((9, 0 if rest else 4)) + struct.pack(">I", 1) + piece)
        assert c.verdict() == ("STATUS", status)
        c.send(c.headers(3, GET))
        assert c.verdict(3) == ("STATUS", 200)


# --- time

@pytest.mark.parametrize("begun", [
    pytest.param(b"", id="nothing"),
    pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM", id="preface"),
])
def test_a_preface_that_does_not_end(front, begun):
    began = time.monotonic()
    with closing(socket.create_connection(("127.0.0.1", front.port), timeout=10)) as connection:
        connection.sendall(begun)
        while connection.recv(4096):
            pass
    assert time.monotonic() - began > 0.9


def test_a_head_that_does_not_end(front, inside):
    """In pieces that keep coming: its time runs from its beginning."""
    with Frames(front.port) as c:
        data = c.headers(1, GET, "END_STREAM").serialize()
        try:
            for byte in data:
                c.raw(bytes((byte,)))
                time.sleep(0.2)
        except OSError:
            pass
        while c.next() is not None:
            pass
        assert c.is_closed
    assert inside.numbers().sum("tombolo_limit_hits_total", limit="http2_head_time") == 1


def test_an_idle_connection_ends_with_goaway(front, inside):
    """Pings do not keep it."""
    with Frames(front.port) as c:
        for _ in range(5):
            c.send(f.PingFrame(0, b"pingping"))
            time.sleep(0.3)
        goaway = c.until(f.GoAwayFrame)
        assert goaway.error_code == 0
        assert c.until(f.PushPromiseFrame) is None and c.is_closed
    assert inside.numbers().sum("tombolo_limit_hits_total", limit="idle_time") == 1


def test_a_body_that_does_not_come(front):
    """The stream gets its 408 and its reset, and the others go on."""
    with Frames(front.port) as c:
        c.send(c.headers(1, POST, "END_HEADERS"))
        assert c.verdict() == ("STATUS", 408)
        assert c.until(f.RstStreamFrame, 1) is not None
        c.send(c.headers(3, GET))
        assert c.verdict(3) == ("STATUS", 200)


def test_many_streams_that_do_nothing(front):
    """A hundred bodies that never come cost a hundred 408, and nothing stays."""
    with Frames(front.port, timeout=15) as c:
        c.send(*(c.headers(stream, POST, "END_HEADERS") for stream in range(1, 201, 2)))
        reset = set()
        while len(reset) < 100:
            frame = c.next()
            assert frame is not None
            if isinstance(frame, f.RstStreamFrame):
                reset.add(frame.stream_id)
