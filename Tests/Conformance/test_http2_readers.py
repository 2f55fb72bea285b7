"""HTTP/2 clients that take what they asked for slowly, or not at all: what it costs them, and nobody else."""

import time

import pytest
from hyperframe import frame as f

from support.http2 import CANCEL, INTERNAL_ERROR, Frames, request
from support.inside import Inside
from support.processes import eventually
from support.upstreams import Scripted

HOST = "shop.localhost"
MIB = 1 << 20


@pytest.fixture
def inside():
    return Inside()


def trickle(c):
    """Room for one byte more, on the stream that is too slow."""
    c.send(f.WindowUpdateFrame(1, 1))


@pytest.mark.parametrize("takes", [pytest.param(lambda c: None, id="nothing"), pytest.param(trickle, id="a byte at a time")])
@pytest.mark.parametrize("size, code", [
    pytest.param(100_000, CANCEL, id="complete"), pytest.param(4 * MIB, INTERNAL_ERROR, id="under way"),
])
def test_a_stream_that_is_read_too_slowly_is_reset_once_and_no_other(start_tombolo, inside, size, code, takes):
    """Of an answer that the upstream is done with, and of one that waits for the client."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
    with Scripted(head % size + b"x" * size, head % 2 + b"ok") as upstream:
        front = start_tombolo({HOST: upstream.url}, extra=inside.section + '[timeouts]\nstall = "1s"\n')

        def hits():
            return inside.numbers().sum("tombolo_limit_hits_total", limit="response_rate")

        with Frames(front.port) as c:
            # The connection's own window holds nobody up.
            c.send(f.WindowUpdateFrame(0, MIB))
            c.send(c.headers(1, request(HOST)))
            assert c.verdict(1) == ("STATUS", 200)
            c.socket.settimeout(0.1)
            stream, others, answered = 1, [], 0
            end = time.monotonic() + 15
            resets = []
            while not resets or answered < len(others) or len(others) < 10:
                assert time.monotonic() < end, (resets, answered, others)
                if answered == len(others):
                    # Somebody else, all the while, before and after.
                    stream += 2
                    others.append(stream)
                    c.send(c.headers(stream, request(HOST)))
                takes(c)
                while (frame := c.next()) is not None:
                    assert not isinstance(frame, f.GoAwayFrame)
                    if isinstance(frame, f.RstStreamFrame):
                        resets.append((frame.stream_id, frame.error_code))
                    if frame.stream_id in others and "END_STREAM" in frame.flags:
                        answered += 1
                assert not c.is_closed
            sent = sum(len(frame.data) for frame in c.seen if isinstance(frame, f.DataFrame) and frame.stream_id == 1)
            assert resets == [(1, code)] and 65_535 <= sent < 66_000
            assert eventually(hits) == 1
        # Nor is it counted again with its connection.
        eventually(lambda: inside.numbers().sum("tombolo_connections_active") == 0)
        numbers = inside.numbers()
        assert hits() == 1
        assert numbers.sum("tombolo_http2_stream_errors_total") == numbers.sum("tombolo_http2_connection_errors_total") == 0
        failures = numbers.sum("tombolo_request_failures_total", fault="client", reason="client_too_slow")
        assert failures == numbers.sum("tombolo_request_failures_total") == (code == INTERNAL_ERROR)


def test_what_all_streams_hold_together_is_bounded(start_tombolo, echo, inside):
    """A hundred answers that nobody reads: much less than a hundred times what one may hold, and the first goes on all the same."""
    front = start_tombolo({HOST: echo.url}, extra=inside.section)
    size = 4 * MIB
    with Frames(front.port, timeout=5) as c:
        c.send(*(c.headers(stream, request(HOST, f"/down/{size}")) for stream in range(1, 201, 2)))
        seen = []

        def is_still():
            seen.append(inside.numbers().sum("tombolo_held_bytes"))
            return len(seen) > 8 and len(set(seen[-8:])) == 1

        eventually(is_still, 30, 0.1, "an end of the growth")
        print(f"{max(seen) / MIB:.1f} MiB held at most, {seen[-1] / MIB:.1f} in the end")
        assert inside.numbers().sum("tombolo_upstream_connections", state="active") == 100
        assert MIB < max(seen) < 12 * MIB
        c.send(f.WindowUpdateFrame(0, 4 * size), f.WindowUpdateFrame(1, size))
        while "END_STREAM" not in c.until(f.DataFrame, 1).flags:
            pass
        assert sum(len(frame.data) for frame in c.seen if isinstance(frame, f.DataFrame) and frame.stream_id == 1) == size
    eventually(lambda: inside.numbers().sum("tombolo_held_bytes") == 0, what="that nothing is held any more")
