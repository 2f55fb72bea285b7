"""HTTP/2 clients: one that keeps to the rules (PyPI h2), and one that sends whatever frames a test wants (hyperframe, hpack)."""

import socket
import time

import h2.config
import h2.connection
import h2.events
import hpack
from hyperframe import frame as frames

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

# RFC 9113 §7
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR = 0, 1, 2, 3
STREAM_CLOSED, FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL = 5, 6, 7, 8
COMPRESSION_ERROR, ENHANCE_YOUR_CALM = 9, 11


def request(host, path="/", method="GET", scheme="http", **fields):
    """The fields of a request, pseudo-header fields first; a `_` in a name stands for `-`."""
    pseudo = [(":method", method), (":scheme", scheme), (":authority", host), (":path", path)]
    return pseudo + [(name.replace("_", "-"), value) for name, value in fields.items()]


def connect(port, tls=None, name="shop.localhost", timeout=10):
    """A socket on which HTTP/2 may begin; `tls` is an SSLContext, and must then agree on h2."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=timeout)
    if tls is None:
        return connection
    tls.set_alpn_protocols(["h2", "http/1.1"])
    connection = tls.wrap_socket(connection, server_hostname=name)
    assert connection.selected_alpn_protocol() == "h2"
    return connection


class Answer:
    """A response as it arrives."""

    def __init__(self):
        self.status, self.fields, self.body, self.trailers = None, [], bytearray(), []
        self.interim, self.reset, self.is_complete = [], None, False

    def field(self, name):
        values = [value for key, value in self.fields if key == name.encode()]
        assert len(values) <= 1, values
        return values[0].decode() if values else None


class Client:
    """A client that keeps to the rules. `takes` says whether windows are opened again as bytes arrive."""

    def __init__(self, port, tls=None, name="shop.localhost", takes=True, timeout=10):
        self.socket = connect(port, tls, name, timeout)
        self.scheme = "https" if tls else "http"
        self.name, self.takes = name, takes
        config = h2.config.H2Configuration(client_side=True, header_encoding=None, validate_outbound_headers=False)
        self.h2 = h2.connection.H2Connection(config)
        self.h2.initiate_connection()
        self.answers, self.goaway, self.is_closed, self.pings = {}, None, False, []
        self.flush()

    def flush(self):
        if data := self.h2.data_to_send():
            self.socket.sendall(data)

    def begin(self, fields=None, end=True, **wanted):
        """Sends a request's head and returns its stream."""
        stream = self.h2.get_next_available_stream_id()
        wanted.setdefault("scheme", self.scheme)
        self.h2.send_headers(stream, fields or request(wanted.pop("host", self.name), **wanted), end_stream=end)
        self.answers[stream] = Answer()
        self.flush()
        return stream

    def send(self, stream, data, end=False):
        """Sends a body as fast as the windows allow."""
        view = memoryview(data)
        while len(view):
            size = min(len(view), self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if size <= 0:
                self.flush()
                self.receive()
                continue
            self.h2.send_data(stream, bytes(view[:size]))
            view = view[size:]
            self.flush()
        if end:
            self.h2.end_stream(stream)
        self.flush()

    def receive(self):
        """Takes what has arrived; False when the connection is over."""
        data = self.socket.recv(65536)
        if not data:
            self.is_closed = True
            return False
        for event in self.h2.receive_data(data):
            self._take(event)
        self.flush()
        return True

    def _take(self, event):
        answer = self.answers.get(getattr(event, "stream_id", None))
        match event:
            case h2.events.ResponseReceived():
                answer.status = int(dict(event.headers)[b":status"])
                answer.fields = [pair for pair in event.headers if not pair[0].startswith(b":")]
            case h2.events.InformationalResponseReceived(): answer.interim.append(event.headers)
            case h2.events.DataReceived():
                answer.body += event.data
                if self.takes and event.flow_controlled_length:
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.TrailersReceived(): answer.trailers = event.headers
            case h2.events.StreamEnded(): answer.is_complete = True
            case h2.events.StreamReset(): answer.reset = event.error_code
            case h2.events.ConnectionTerminated(): self.goaway = event
            case h2.events.PingAckReceived(): self.pings.append(event.ping_data)

    def wait(self, condition, seconds=10):
        end = time.monotonic() + seconds
        while not condition():
            self.socket.settimeout(max(0.01, end - time.monotonic()))
            assert time.monotonic() < end, "nothing came of it"
            if not self.receive():
                break

    def finish(self, stream):
        """Waits for the end of a stream, and returns what came."""
        answer = self.answers[stream]
        self.wait(lambda: answer.is_complete or answer.reset is not None)
        return answer

    def get(self, **wanted):
        return self.finish(self.begin(**wanted))

    def post(self, body, fields=None, **wanted):
        stream = self.begin(fields, end=False, **wanted)
        self.send(stream, body, end=True)
        return self.finish(stream)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Frames:
    """A client that knows frames and no rules."""

    def __init__(self, port, preface=PREFACE, settings=True, timeout=10, tls=None, name="shop.localhost"):
        self.socket = connect(port, tls, name, timeout)
        self.encoder, self.decoder, self.buffer, self.is_closed = hpack.Encoder(), hpack.Decoder(), b"", False
        self.seen = []
        if preface:
            self.raw(preface)
        if settings:
            self.send(frames.SettingsFrame(0))
            self.until(frames.SettingsFrame)
            self.send(frames.SettingsFrame(0, flags=["ACK"]))

    def raw(self, data):
        self.socket.sendall(data)
        return self

    def send(self, *which):
        return self.raw(b"".join(frame.serialize() for frame in which))

    def headers(self, stream, fields, *flags, **more):
        """A HEADERS frame, not sent; with END_HEADERS unless told otherwise."""
        flags = flags or ("END_HEADERS", "END_STREAM")
        frame = frames.HeadersFrame(stream, self.encoder.encode(fields), flags=[flag for flag in flags if flag], **more)
        return frame

    def next(self):
        """The next frame; None when the connection is over or nothing comes in time."""
        while True:
            if len(self.buffer) >= 9:
                frame, length = frames.Frame.parse_frame_header(memoryview(self.buffer[:9]))
                if len(self.buffer) >= 9 + length:
                    frame.parse_body(memoryview(self.buffer[9 : 9 + length]))
                    self.buffer = self.buffer[9 + length :]
                    self.seen.append(frame)
                    return frame
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                return None
            except OSError:
                data = b""
            if not data:
                self.is_closed = True
                return None
            self.buffer += data

    def until(self, kind, stream=None):
        """The next frame of that kind (of that stream); None if there is none."""
        while (frame := self.next()) is not None:
            if isinstance(frame, kind) and (stream is None or frame.stream_id == stream):
                return frame
        return None

    def fields(self, frame):
        return dict(self.decoder.decode(frame.data))

    def verdict(self, stream=1):
        """How the server takes what was sent: ("GOAWAY", code), ("RST_STREAM", code), ("CLOSED", None), or the ("STATUS", n) of
        an answer on the stream, whichever comes first."""
        while (frame := self.next()) is not None:
            if isinstance(frame, frames.GoAwayFrame):
                return "GOAWAY", frame.error_code
            if isinstance(frame, frames.RstStreamFrame) and frame.stream_id == stream:
                return "RST_STREAM", frame.error_code
            if isinstance(frame, frames.HeadersFrame) and frame.stream_id == stream:
                status = self.fields(frame)[":status"]
                if not status.startswith("1"):
                    return "STATUS", int(status)
        assert self.is_closed, "the server neither answered nor closed"
        return "CLOSED", None

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
