"""`traceparent` is continued or begun, `X-Request-Id` kept or made: what reaches the app, byte by byte."""

import re

import pytest

from support.raw import exchange
from support.upstreams import OK, Scripted

HOST = "shop.localhost"
ID, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture
def upstream():
    with Scripted(OK) as upstream:
        yield upstream


@pytest.fixture
def sent(start_tombolo, upstream):
    """A function that sends fields and returns what reached the app under a name."""
    tombolo = start_tombolo({HOST: upstream.url})

    def send(*fields):
        upstream.forget()
        lines = "".join(f"{field}\r\n" for field in fields)
        assert exchange(tombolo.port, f"GET / HTTP/1.1\r\nHost: {HOST}\r\n{lines}Connection: close\r\n\r\n".encode("latin-1"))[0] == 200
        _, pairs = upstream.first_head()
        return lambda name: [value for key, value in pairs if key.lower() == name]

    return send


CONTINUED = [
    f"00-{ID}-{PARENT}-01", f"00-{ID}-{PARENT}-00", f"01-{ID}-{PARENT}-01", f"01-{ID}-{PARENT}-01-what-the-future-will-be",
    f"cc-{ID}-{PARENT}-01-",
]
BEGUN = [
    "", "nonsense", f"ff-{ID}-{PARENT}-01", f"00-{ID}-{PARENT}-01-x", f"00-{'0' * 32}-{PARENT}-01", f"00-{ID}-{'0' * 16}-01",
    f"00-{ID.upper()}-{PARENT}-01", f"01-{ID}-{PARENT}-01.x", f"00-{ID}-{PARENT}-1", f"00-{ID}-{PARENT}",
]
FRESH = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-00")


@pytest.mark.parametrize("value", CONTINUED)
def test_a_trace_goes_on_with_its_state(sent, value):
    received = sent(f"traceparent: {value}", "tracestate: a=1,b=2", "tracestate: c=3")
    assert received("traceparent") == [value]
    assert received("tracestate") == ["a=1,b=2", "c=3"]


@pytest.mark.parametrize("value", BEGUN)
def test_what_is_none_begins_anew_without_the_state(sent, value):
    received = sent(f"traceparent: {value}", "tracestate: a=1")
    (begun,) = received("traceparent")
    assert FRESH.fullmatch(begun) and ID not in begun
    assert received("tracestate") == []


def test_two_of_them_are_none(sent):
    received = sent(f"traceparent: {CONTINUED[0]}", f"traceparent: {CONTINUED[0]}", "tracestate: a=1")
    (begun,) = received("traceparent")
    assert FRESH.fullmatch(begun) and ID not in begun
    assert received("tracestate") == []


def test_state_without_a_trace_is_dropped(sent):
    received = sent("tracestate: a=1")
    assert FRESH.fullmatch(received("traceparent")[0]) and received("tracestate") == []


def test_every_request_begins_a_trace_of_its_own(sent):
    assert sent()("traceparent") != sent()("traceparent")


@pytest.mark.parametrize("value", ["abc", "A-b_c.d:e/f+g=@1", "x" * 128])
def test_an_id_that_fits_into_a_log_line_is_kept_whoever_sends_it(sent, value):
    assert sent(f"X-Request-Id: {value}")("x-request-id") == [value]


@pytest.mark.parametrize("fields", [
    [], ["X-Request-Id:"], ["X-Request-Id: a b"], ["X-Request-Id: " + "x" * 129], ['X-Request-Id: a"b'], ["X-Request-Id: \xe9"],
    ["X-Request-Id: a", "X-Request-Id: b"], ["X_Request_Id: a"], ["X-Request-Id: a,b"],
])
def test_any_other_is_made_here(sent, fields):
    received = sent(*fields)
    (made,) = received("x-request-id")
    assert re.fullmatch(r"[0-9a-f]{32}", made)
    assert received("x_request_id") == []
