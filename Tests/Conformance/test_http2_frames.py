"""HTTP/2's frames, states and fields as h2spec asks about them: each case names the section of RFC 9113 or RFC 7541.

The outcome is what ends the stream or the connection first. Where a section allows more than one outcome, all that it allows
stand here; a comment says why where swift-nio-http2 chooses another than h2spec's first."""

import struct

import pytest
from hyperframe import frame as f

from support.http2 import (
    CANCEL,
    COMPRESSION_ERROR,
    FLOW_CONTROL_ERROR,
    FRAME_SIZE_ERROR,
    PREFACE,
    PROTOCOL_ERROR,
    REFUSED_STREAM,
    STREAM_CLOSED,
    Frames,
    request,
)

HOST = "shop.localhost"
GET = request(HOST)
POST = request(HOST, "/up", "POST")


def frame(kind, flags, stream, payload):
    """Any frame at all, byte for byte."""
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def unknown(stream=0):
    """A frame of a type that nobody knows."""
    return frame(0xBE, 0xFF, stream, b"unknown")


def goaway(code):
    return {("GOAWAY", code)}


def reset(code):
    """A stream error, which a server may treat as a connection error (§5.4)."""
    return {("RST_STREAM", code), ("GOAWAY", code)}


ALIVE, ANSWERED = {("ALIVE", None)}, {("STATUS", 200)}
CASES = []


def case(section, expected, stream=1):
    """Registers a function that sends something to a connection whose settings are exchanged."""

    def register(function):
        CASES.append(pytest.param(function, expected, stream, id=f"{section} {function.__name__}"))
        return function

    return register


def open_post(c, stream=1):
    """A request whose body is still to come."""
    c.send(c.headers(stream, POST, "END_HEADERS"))


def answered(c, stream=1):
    """A stream that is closed because both sides have ended it."""
    c.send(c.headers(stream, GET))
    while True:
        one = c.until((f.HeadersFrame, f.DataFrame), stream)
        if isinstance(one, f.HeadersFrame):
            c.fields(one)
        if "END_STREAM" in one.flags:
            return


# --- §4 frames

@case("4.1", ALIVE)
def unknown_type(c): c.raw(unknown())

@case("4.1", ALIVE)
def undefined_flags(c): c.raw(frame(6, 0x16, 0, b"12345678"))

@case("4.1", ALIVE)
def reserved_bit(c): c.raw(frame(6, 0, 0x80000000, b"12345678"))

@case("4.2", ANSWERED)
def largest_frame(c):
    open_post(c)
    c.send(f.DataFrame(1, b"x" * 16384), f.DataFrame(1, b"", flags=["END_STREAM"]))

@case("4.2", reset(FRAME_SIZE_ERROR))
def data_too_large(c):
    open_post(c)
    c.send(f.DataFrame(1, b"x" * 16385))

@case("4.2", goaway(FRAME_SIZE_ERROR))
def headers_too_large(c): c.raw(frame(1, 0x5, 1, b"\x00" * 16385))

@case("4.3", goaway(COMPRESSION_ERROR))
def broken_field_block(c): c.raw(frame(1, 0x5, 1, b"\x0a\x84\x41\x8a\x90\xb4\x9d\x7a\xa6\x35\x5e\x57\x21"))

@case("4.3", goaway(PROTOCOL_ERROR))
def priority_between_headers_and_continuation(c):
    c.send(c.headers(1, GET, "END_STREAM"), f.PriorityFrame(1, depends_on=0, stream_weight=255))

@case("4.3", goaway(PROTOCOL_ERROR))
def headers_of_another_stream_before_continuation(c):
    c.send(c.headers(1, GET, "END_STREAM"), c.headers(3, GET))


# --- §5.1 stream states

@case("5.1 idle", goaway(PROTOCOL_ERROR))
def data_on_idle(c): c.send(f.DataFrame(1, b"x", flags=["END_STREAM"]))

@case("5.1 idle", goaway(PROTOCOL_ERROR))
def rst_stream_on_idle(c): c.send(f.RstStreamFrame(1, CANCEL))

@case("5.1 idle", goaway(PROTOCOL_ERROR))
def window_update_on_idle(c): c.send(f.WindowUpdateFrame(1, 100))

@case("5.1 idle", goaway(PROTOCOL_ERROR))
def continuation_on_idle(c): c.send(f.ContinuationFrame(1, c.encoder.encode(GET), flags=["END_HEADERS"]))

@case("5.1 half-closed (remote)", reset(STREAM_CLOSED))
def data_after_end(c): c.send(c.headers(1, request(HOST, "/events")), f.DataFrame(1, b"x", flags=["END_STREAM"]))

# A stream error as asked for, only that swift-nio-http2 calls it PROTOCOL_ERROR.
@case("5.1 half-closed (remote)", reset(STREAM_CLOSED) | reset(PROTOCOL_ERROR))
def headers_after_end(c): c.send(c.headers(1, request(HOST, "/events")), c.headers(1, GET))

@case("5.1 half-closed (remote)", goaway(STREAM_CLOSED) | goaway(PROTOCOL_ERROR))
def continuation_after_end(c):
    c.send(c.headers(1, request(HOST, "/events")), f.ContinuationFrame(1, c.encoder.encode(GET), flags=["END_HEADERS"]))

# After a reset by the client, frames of it may be ignored for a while (§5.1): they could have crossed one of ours.
@case("5.1 closed", reset(STREAM_CLOSED) | ALIVE)
def data_after_reset(c):
    open_post(c)
    c.send(f.RstStreamFrame(1, CANCEL), f.DataFrame(1, b"x", flags=["END_STREAM"]))

@case("5.1 closed", reset(STREAM_CLOSED) | goaway(PROTOCOL_ERROR) | ALIVE)
def headers_after_reset(c):
    open_post(c)
    c.send(f.RstStreamFrame(1, CANCEL), c.headers(1, GET))

@case("5.1 closed", goaway(STREAM_CLOSED) | goaway(PROTOCOL_ERROR))
def continuation_after_reset(c):
    open_post(c)
    c.send(f.RstStreamFrame(1, CANCEL), f.ContinuationFrame(1, c.encoder.encode(GET), flags=["END_HEADERS"]))

@case("5.1 closed", reset(STREAM_CLOSED))
def data_on_closed(c):
    answered(c)
    c.send(f.DataFrame(1, b"x", flags=["END_STREAM"]))

# §5.1.1: a stream identifier that is not larger than all before is a PROTOCOL_ERROR, and that is what it is as well.
@case("5.1 closed", goaway(STREAM_CLOSED) | goaway(PROTOCOL_ERROR))
def headers_on_closed(c):
    answered(c)
    c.send(c.headers(1, GET))

@case("5.1 closed", goaway(STREAM_CLOSED) | goaway(PROTOCOL_ERROR))
def continuation_on_closed(c):
    answered(c)
    c.send(f.ContinuationFrame(1, c.encoder.encode(GET), flags=["END_HEADERS"]))

@case("5.1.1", goaway(PROTOCOL_ERROR))
def even_stream(c): c.send(c.headers(2, GET))

@case("5.1.1", goaway(PROTOCOL_ERROR))
def smaller_stream(c):
    answered(c, 5)
    c.send(c.headers(3, GET))

@case("5.1.2", reset(REFUSED_STREAM) | reset(PROTOCOL_ERROR), stream=201)
def too_many_streams(c):
    for stream in range(1, 203, 2):
        c.send(c.headers(stream, request(HOST, "/events")))

# Priorities of RFC 7540 are gone (§5.3.2); a stream that depends on itself is refused all the same.
@case("5.3.1", reset(PROTOCOL_ERROR) | ANSWERED)
def headers_depend_on_themselves(c):
    c.send(c.headers(1, GET, "END_HEADERS", "END_STREAM", "PRIORITY", depends_on=1, stream_weight=255))

@case("5.3.1", reset(PROTOCOL_ERROR) | ALIVE)
def priority_depends_on_itself(c): c.send(f.PriorityFrame(1, depends_on=1, stream_weight=255))

@case("5.4.1", goaway(FRAME_SIZE_ERROR))
def goaway_before_closing(c): c.raw(frame(6, 0, 0, b"1234567"))

@case("5.5", ALIVE)
def unknown_extension(c): c.raw(unknown())

@case("5.5", goaway(PROTOCOL_ERROR))
def unknown_extension_before_continuation(c): c.send(c.headers(1, GET, "END_STREAM")).raw(unknown(1))


# --- §6 frame definitions

@case("6.1", goaway(PROTOCOL_ERROR))
def data_on_stream_zero(c): c.raw(frame(0, 1, 0, b"x"))

@case("6.1", goaway(PROTOCOL_ERROR))
def data_with_too_much_padding(c):
    open_post(c)
    c.raw(frame(0, 0x9, 1, b"\x06x\x00\x00\x00\x00"))

@case("6.1", ANSWERED)
def data_with_padding(c):
    open_post(c)
    c.raw(frame(0, 0x9, 1, b"\x04x\x00\x00\x00\x00"))

@case("6.2", goaway(PROTOCOL_ERROR))
def headers_on_stream_zero(c): c.raw(frame(1, 5, 0, c.encoder.encode(GET)))

@case("6.2", goaway(PROTOCOL_ERROR))
def headers_with_too_much_padding(c): c.raw(frame(1, 0xD, 1, b"\xff" + c.encoder.encode(GET)))

@case("6.3", goaway(PROTOCOL_ERROR))
def priority_on_stream_zero(c): c.raw(frame(2, 0, 0, b"\x00\x00\x00\x01\x10"))

@case("6.3", reset(FRAME_SIZE_ERROR))
def priority_of_wrong_size(c):
    open_post(c)
    c.raw(frame(2, 0, 1, b"\x00\x00\x00\x00"))

@case("6.4", goaway(PROTOCOL_ERROR))
def rst_stream_on_stream_zero(c): c.raw(frame(3, 0, 0, b"\x00\x00\x00\x08"))

@case("6.4", goaway(FRAME_SIZE_ERROR))
def rst_stream_of_wrong_size(c):
    open_post(c)
    c.raw(frame(3, 0, 1, b"\x00\x00\x00"))

@case("6.5", goaway(FRAME_SIZE_ERROR))
def settings_ack_with_payload(c): c.raw(frame(4, 1, 0, b"\x00"))

@case("6.5", goaway(PROTOCOL_ERROR))
def settings_on_a_stream(c): c.raw(frame(4, 0, 1, b""))

@case("6.5", goaway(FRAME_SIZE_ERROR))
def settings_of_wrong_size(c): c.raw(frame(4, 0, 0, b"\x00\x03\x00"))

@case("6.5.2", goaway(PROTOCOL_ERROR))
def enable_push_of_two(c): c.raw(frame(4, 0, 0, struct.pack(">HI", 2, 2)))

@case("6.5.2", goaway(FLOW_CONTROL_ERROR))
def initial_window_too_large(c): c.raw(frame(4, 0, 0, struct.pack(">HI", 4, 1 << 31)))

@case("6.5.2", goaway(PROTOCOL_ERROR))
def frame_size_too_small(c): c.raw(frame(4, 0, 0, struct.pack(">HI", 5, 16383)))

@case("6.5.2", goaway(PROTOCOL_ERROR))
def frame_size_too_large(c): c.raw(frame(4, 0, 0, struct.pack(">HI", 5, 1 << 24)))

@case("6.5.2", ALIVE)
def unknown_setting(c): c.raw(frame(4, 0, 0, struct.pack(">HI", 0xFF, 1)))

@case("6.6", goaway(PROTOCOL_ERROR))
def push_promise_from_a_client(c):
    c.send(c.headers(1, GET))
    c.raw(frame(5, 4, 1, b"\x00\x00\x00\x02" + c.encoder.encode(GET)))

@case("6.7", goaway(PROTOCOL_ERROR))
def ping_on_a_stream(c): c.raw(frame(6, 0, 1, b"12345678"))

@case("6.7", goaway(FRAME_SIZE_ERROR))
def ping_of_wrong_size(c): c.raw(frame(6, 0, 0, b"123456"))

@case("6.8", goaway(PROTOCOL_ERROR))
def goaway_on_a_stream(c): c.raw(frame(7, 0, 1, b"\x00" * 8))

@case("6.9", goaway(PROTOCOL_ERROR))
def window_update_of_zero(c): c.raw(frame(8, 0, 0, b"\x00" * 4))

@case("6.9", reset(PROTOCOL_ERROR))
def window_update_of_zero_on_a_stream(c):
    open_post(c)
    c.raw(frame(8, 0, 1, b"\x00" * 4))

@case("6.9", goaway(FRAME_SIZE_ERROR))
def window_update_of_wrong_size(c): c.raw(frame(8, 0, 0, b"\x00\x00\x01"))

@case("6.9.1", goaway(FLOW_CONTROL_ERROR))
def connection_window_overflows(c): c.send(f.WindowUpdateFrame(0, (1 << 31) - 1), f.WindowUpdateFrame(0, (1 << 31) - 1))

@case("6.9.1", reset(FLOW_CONTROL_ERROR))
def stream_window_overflows(c):
    open_post(c)
    c.send(f.WindowUpdateFrame(1, (1 << 31) - 1), f.WindowUpdateFrame(1, (1 << 31) - 1))

@case("6.10", ANSWERED)
def three_continuations(c):
    block = c.encoder.encode(GET)
    c.raw(frame(1, 1, 1, block[:1]) + frame(9, 0, 1, block[1:3]) + frame(9, 0, 1, block[3:5]) + frame(9, 4, 1, block[5:]))

@case("6.10", goaway(PROTOCOL_ERROR))
def data_before_continuation(c): c.send(c.headers(1, POST, ""), f.DataFrame(1, b"x"))

@case("6.10", goaway(PROTOCOL_ERROR))
def continuation_on_stream_zero(c):
    c.send(c.headers(1, GET, "END_STREAM"))
    c.raw(frame(9, 4, 0, b""))

@case("6.10", goaway(PROTOCOL_ERROR))
def continuation_after_end_headers(c):
    open_post(c)
    c.raw(frame(9, 4, 1, b""))

@case("6.10", goaway(PROTOCOL_ERROR))
def continuation_after_data(c):
    open_post(c)
    c.send(f.DataFrame(1, b"x"))
    c.raw(frame(9, 4, 1, b""))


# --- §7 error codes

@case("7", ALIVE)
def goaway_with_an_unknown_code(c): c.raw(frame(7, 0, 0, struct.pack(">II", 0, 0xFF)))

@case("7", ALIVE)
def rst_stream_with_an_unknown_code(c):
    open_post(c)
    c.raw(frame(3, 0, 1, struct.pack(">I", 0xFF)))


# --- §8 messages

@case("8.1", reset(PROTOCOL_ERROR))
def second_headers_that_end_nothing(c):
    open_post(c)
    c.send(c.headers(1, POST, "END_HEADERS"))


def malformed(name, fields, section, flags=("END_HEADERS", "END_STREAM"), expected=None):
    def send(c): c.send(c.headers(1, fields, *flags))

    send.__name__ = name
    case(section, expected or reset(PROTOCOL_ERROR))(send)


def without(name):
    return [pair for pair in GET if pair[0] != name]


malformed("upper_case_name", GET + [("X-TEST", "ok")], "8.2.1")
# swift-nio-http2's HPACK takes an empty name for broken compression, which ends the connection and not the stream alone.
malformed("empty_name", GET + [("", "ok")], "8.2.1", expected=goaway(COMPRESSION_ERROR))
malformed("space_in_name", GET + [("x y", "ok")], "8.2.1")
malformed("colon_in_name", GET + [("x:y", "ok")], "8.2.1")
malformed("crlf_in_value", GET + [("x", "a\r\nevil: b")], "8.2.1")
malformed("nul_in_value", GET + [("x", "a\0b")], "8.2.1")
malformed("space_before_value", GET + [("x", " a")], "8.2.1")
malformed("tab_after_value", GET + [("x", "a\t")], "8.2.1")
for field in ("connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"):
    malformed(f"field_{field}", GET + [(field, "chunked" if field[0] == "t" else "x")], "8.2.2")
malformed("te_gzip", GET + [("te", "trailers, deflate")], "8.2.2")
malformed("te_trailers", GET + [("te", "trailers")], "8.2.2", expected=ANSWERED)
malformed("unknown_pseudo_field", GET[:2] + [(":test", "ok")] + GET[2:], "8.3")
malformed("response_pseudo_field", GET + [(":status", "200")], "8.3")
malformed("pseudo_field_after_field", [GET[0], ("x", "y"), *GET[1:]], "8.3")
malformed("empty_path", without(":path") + [(":path", "")], "8.3.1")
malformed("relative_path", without(":path") + [(":path", "x")], "8.3.1")
malformed("absolute_path", without(":path") + [(":path", "http://evil.example/")], "8.3.1")
malformed("space_in_path", without(":path") + [(":path", "/ HTTP/1.1")], "8.3.1")
malformed("crlf_in_path", without(":path") + [(":path", "/\r\nx: y")], "8.3.1")
malformed("asterisk_of_get", without(":path") + [(":path", "*")], "8.3.1")
malformed("crlf_in_method", without(":method") + [(":method", "GET / HTTP/1.1\r\nx:y\r\n")], "8.3.1")
malformed("space_in_method", without(":method") + [(":method", "GET /admin")], "8.3.1")
malformed("empty_scheme", without(":scheme") + [(":scheme", "")], "8.3.1")
malformed("other_host", GET + [("host", "club.localhost")], "8.3.1")
malformed("two_hosts", GET + [("host", HOST), ("host", HOST)], "8.3.1")
malformed("same_host", GET + [("host", HOST)], "8.3.1", expected=ANSWERED)
malformed("host_alone", without(":authority") + [("host", HOST)], "8.3.1", expected=ANSWERED)
malformed("no_host_at_all", without(":authority"), "8.3.1", expected={("STATUS", 400)})
malformed("user_in_authority", request(f"me@{HOST}"), "8.3.1", expected={("STATUS", 400)})
for name in (":method", ":scheme", ":path"):
    malformed(f"no_{name[1:]}", without(name), "8.3.1")
    malformed(f"two_{name[1:]}", GET + [next(pair for pair in GET if pair[0] == name)], "8.3.1")
malformed("two_authorities", GET + [(":authority", HOST)], "8.3.1")
malformed("length_without_body", POST + [("content-length", "1")], "8.1.1")
malformed("two_lengths", POST + [("content-length", "1"), ("content-length", "2")], "8.1.1", expected={("STATUS", 400)})
malformed("length_no_number", POST + [("content-length", "+1")], "8.1.1", expected={("STATUS", 400)})
malformed("protocol_without_connect", GET + [(":protocol", "websocket")], "RFC 8441 §4")
malformed("connect", [(":method", "CONNECT"), (":authority", f"{HOST}:80")], "8.5", expected={("STATUS", 405)})
malformed("connect_with_path", [*request(HOST, method="CONNECT")], "8.5")
malformed("unknown_protocol", request(HOST, method="CONNECT") + [(":protocol", "masque")], "RFC 8441 §4",
          ("END_HEADERS",), {("STATUS", 501)})


@case("8.1", reset(PROTOCOL_ERROR))
def pseudo_field_in_trailers(c):
    open_post(c)
    c.send(f.DataFrame(1, b"x"), c.headers(1, [(":method", "GET")]))

@case("8.2.2", reset(PROTOCOL_ERROR))
def connection_field_in_trailers(c):
    open_post(c)
    c.send(f.DataFrame(1, b"x"), c.headers(1, [("transfer-encoding", "chunked")]))

@case("8.1.1", reset(PROTOCOL_ERROR))
def body_shorter_than_length(c):
    c.send(c.headers(1, POST + [("content-length", "2")], "END_HEADERS"), f.DataFrame(1, b"x", flags=["END_STREAM"]))

@case("8.1.1", reset(PROTOCOL_ERROR))
def body_longer_than_length(c):
    c.send(c.headers(1, POST + [("content-length", "1")], "END_HEADERS"), f.DataFrame(1, b"x"), f.DataFrame(1, b"y"))

@case("8.1.1", reset(PROTOCOL_ERROR))
def trailers_before_the_end_of_length(c):
    c.send(c.headers(1, POST + [("content-length", "2")], "END_HEADERS"), f.DataFrame(1, b"x"), c.headers(1, [("a", "b")]))


# --- RFC 7541

def block(name, section, extra, expected=goaway(COMPRESSION_ERROR)):
    def send(c): c.raw(frame(1, 5, 1, c.encoder.encode(GET) + extra))

    send.__name__ = name
    case(section, expected)(send)


block("index_beyond_the_tables", "RFC 7541 2.3.3", b"\xc6")
block("name_index_beyond_the_tables", "RFC 7541 2.3.3", b"\x7f\x0f\x04test")
block("size_update_behind_a_field", "RFC 7541 4.2", b"\x20")
block("padding_of_huffman_too_long", "RFC 7541 5.2", b"\x00\x85\xf2\xb2\x4a\x84\xff\x84\x49\x50\x9f\xff")
block("padding_of_huffman_of_zeros", "RFC 7541 5.2", b"\x00\x85\xf2\xb2\x4a\x84\xff\x83\x49\x50\x90")
block("end_of_string_in_huffman", "RFC 7541 5.2", b"\x00\x85\xf2\xb2\x4a\x87\xff\xff\xff\xfa\x8d\x45\x98\x6b\xd7\x02\x0f\x0f")
block("index_zero", "RFC 7541 6.1", b"\x80")

@case("RFC 7541 6.3", goaway(COMPRESSION_ERROR))
def size_update_larger_than_allowed(c): c.raw(frame(1, 5, 1, b"\x3f\xe2\x1f" + c.encoder.encode(GET)))


# --- the harness

def outcome(c, expected, stream):
    if ("ALIVE", None) in expected:
        c.send(f.PingFrame(0, b"areyouok"))
        while (frame := c.next()) is not None:
            if isinstance(frame, f.PingFrame) and "ACK" in frame.flags and frame.opaque_data == b"areyouok":
                return "ALIVE", None
            if isinstance(frame, f.GoAwayFrame):
                return "GOAWAY", frame.error_code
        return "CLOSED", None
    return c.verdict(stream)


@pytest.fixture(scope="module")
def front(program, tmp_path_factory):
    """One Tombolo for all of them: no connection may harm another."""
    from support.tombolo import Tombolo
    from support.upstreams import Echo

    folder = tmp_path_factory.mktemp("http2")
    echo = Echo(folder).start()
    with Tombolo(folder / "tombolo", {HOST: echo.url, "club.localhost": echo.url}) as tombolo:
        yield tombolo
    echo.stop()


@pytest.mark.parametrize("send, expected, stream", CASES)
def test_frames(front, send, expected, stream):
    with Frames(front.port) as c:
        send(c)
        assert outcome(c, expected, stream) in expected
        if any(isinstance(one, f.GoAwayFrame) for one in c.seen):
            # §5.4.1: the connection ends with it.
            assert c.until(f.PushPromiseFrame) is None and c.is_closed
    # Whatever one connection did, the next is served.
    with Frames(front.port) as c:
        c.send(c.headers(1, GET))
        assert c.verdict() == ("STATUS", 200)


@pytest.mark.parametrize("preface", [
    pytest.param(b"INVALID CONNECTION PREFACE\r\n\r\n", id="something else"),
    pytest.param(PREFACE[:-2] + b"XX", id="nearly"),
])
def test_preface(front, preface):
    """RFC 9113 §3.4: what does not begin as it must is no HTTP/2."""
    with Frames(front.port, preface=preface, settings=False) as c:
        c.raw(f.SettingsFrame(0).serialize())
        data = b""
        while part := c.socket.recv(65536):
            data += part
        assert b"HTTP/1.1 400" in data or b"HTTP/1.1 505" in data or data[3:4] == b"\x04"


def test_settings_come_first_and_are_answered(front):
    """§3.4, §6.5.3."""
    with Frames(front.port, settings=False) as c:
        first = c.next()
        assert isinstance(first, f.SettingsFrame) and "ACK" not in first.flags
        assert first.settings[f.SettingsFrame.MAX_CONCURRENT_STREAMS] == 100
        assert first.settings[f.SettingsFrame.ENABLE_CONNECT_PROTOCOL] == 1
        c.send(f.SettingsFrame(0, settings={f.SettingsFrame.INITIAL_WINDOW_SIZE: 100}))
        assert "ACK" in c.until(f.SettingsFrame).flags


def test_ping_is_answered_and_an_answer_is_not(front):
    """§6.7."""
    with Frames(front.port) as c:
        c.send(f.PingFrame(0, b"ananswer", flags=["ACK"]), f.PingFrame(0, b"question"))
        answer = c.until(f.PingFrame)
        assert "ACK" in answer.flags and answer.opaque_data == b"question"


def test_windows_of_the_client_are_kept_to(front):
    """§6.9.1, §6.9.2: not a byte more than allowed, and a window that becomes negative counts."""
    with Frames(front.port, settings=False) as c:
        setting = f.SettingsFrame.INITIAL_WINDOW_SIZE
        c.send(f.SettingsFrame(0, settings={setting: 3}))
        c.send(c.headers(1, request(HOST, "/down/100")))
        assert c.until(f.DataFrame, 1).data == b"\0\0\0"
        # Three are out, two are allowed: the window is -1, and takes two more to let one byte through.
        c.send(f.SettingsFrame(0, settings={setting: 2}))
        c.until(f.SettingsFrame)
        c.send(f.WindowUpdateFrame(1, 2))
        data = c.until(f.DataFrame, 1)
        assert len(data.data) == 1 and "END_STREAM" not in data.flags
        c.send(f.SettingsFrame(0, settings={setting: 1000}))
        rest = b""
        while "END_STREAM" not in (data := c.until(f.DataFrame, 1)).flags:
            rest += data.data
        assert len(rest + data.data) == 96
