"""A client that keeps every byte of an answer: interim heads, the lines of the head in order, the body, the trailers."""

import socket
import struct
from dataclasses import dataclass, field, replace

CHUNKED = b"transfer-encoding: chunked"


@dataclass
class Ask:
    """A request as it is written; `Host` comes first unless there is to be none.

    `pieces` is the body in chunks; `waits` sends the body after an interim 100, and not at all after a final answer."""

    start: str
    fields: tuple = ()
    body: bytes = b""
    pieces: tuple = ()
    trailers: tuple = ()
    waits: bool = False
    host: bool = True

    @property
    def method(self):
        return self.start.split(" ", 1)[0]

    def filled(self, values):
        """With `{name}` replaced by what an answer before has said; a field that would be empty for that is left out."""

        def fill(text):
            for name, value in values.items():
                text = text.replace("{" + name + "}", value)
            return text

        body = fill(self.body.decode("latin-1")).encode("latin-1") if len(self.body) < 4096 else self.body
        fields = [(text, fill(text)) for text in self.fields]
        kept = tuple(full for text, full in fields if text == full or not full.endswith(": "))
        return replace(self, start=fill(self.start), fields=kept, body=body)

    def head(self, host):
        lines = [self.start]
        if self.host:
            lines.append(f"Host: {host}")
        lines += self.fields
        if self.pieces and CHUNKED.decode() not in [line.lower() for line in lines]:
            lines.append("Transfer-Encoding: chunked")
        elif self.body and not self.pieces:
            lines.append(f"Content-Length: {len(self.body)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def content(self):
        if not self.pieces:
            return self.body
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in self.pieces)
        return chunks + b"0\r\n" + "".join(f"{line}\r\n" for line in self.trailers).encode("latin-1") + b"\r\n"


@dataclass
class Answer:
    """`lines` are those of the head, the status line not among them; `target` and `is_old` (HTTP/1.0) are of the request."""

    status_line: bytes = b""
    lines: list = field(default_factory=list)
    interim: list = field(default_factory=list)
    body: bytes = b""
    trailers: list = field(default_factory=list)
    framing: str = "none"
    target: str = ""
    is_old: bool = False

    @property
    def status(self):
        return int(self.status_line.split(b" ", 2)[1])

    @property
    def closes(self):
        """Whether the connection ends with this answer."""
        return self.framing == "close" or b"close" in self.value("connection").lower()

    def values(self, name):
        return [line.partition(b":")[2].strip() for line in self.lines if is_named(line, name)]

    def value(self, name):
        return next(iter(self.values(name)), b"")


def is_named(line, name):
    return line.partition(b":")[0].lower() == name.lower().encode()


class Wire:
    """One connection. Reading beyond its end is a `ConnectionError`, so that no answer is ever taken for a shorter one."""

    def __init__(self, port, timeout=10):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()

    def exchange(self, ask, host):
        self.send(ask.head(host))
        answer = Answer(target=ask.start.split(" ")[1], is_old=ask.start.endswith("HTTP/1.0"))
        if not ask.waits:
            self.send(ask.content())
        while True:
            head = self.head()
            if int(head[0].split(b" ", 2)[1]) >= 200 or b" 101 " in head[0]:
                break
            answer.interim.append(head)
            if ask.waits and b" 100 " in head[0]:
                self.send(ask.content())
        answer.status_line, *answer.lines = head
        self._body(answer, ask.method)
        return answer

    def send(self, data):
        self.socket.sendall(data)
        return self

    def head(self):
        return bytes(self.until(b"\r\n\r\n")).split(b"\r\n")[:-2]

    def chunk(self):
        """The next chunk of a body; empty for the last one."""
        size = int(bytes(self.until(b"\r\n")).split(b";")[0], 16)
        data = self.exactly(size)
        if size:
            assert self.exactly(2) == b"\r\n"
        return data

    def until(self, end):
        while (at := self.buffer.find(end)) < 0:
            self._more()
        return self._take(at + len(end))

    def exactly(self, count):
        while len(self.buffer) < count:
            self._more()
        return bytes(self._take(count))

    def rest(self):
        """Everything up to the end of the connection."""
        while part := self.socket.recv(65536):
            self.buffer += part
        return bytes(self._take(len(self.buffer)))

    def _body(self, answer, method):
        length = answer.value("content-length")
        if method == "HEAD" or answer.status in (101, 204, 304):
            return
        if CHUNKED in [line.lower() for line in answer.lines]:
            answer.framing = "chunked"
            answer.body = b"".join(iter(self.chunk, b""))
            while line := bytes(self.until(b"\r\n"))[:-2]:
                answer.trailers.append(line)
        elif length:
            answer.framing = "length"
            answer.body = self.exactly(int(length))
        else:
            answer.framing = "close"
            answer.body = self.rest()

    def _take(self, count):
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def _more(self):
        part = self.socket.recv(262144)
        if not part:
            raise ConnectionError(f"the connection ended; what was left: {bytes(self.buffer[:200])!r}")
        self.buffer += part

    def close(self):
        self.socket.close()

    def abort(self):
        """Ends it with a reset, which nobody can take for the end of what this side has to say."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
