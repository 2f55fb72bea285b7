"""Upstreams: the echo as a process of its own, and a scripted one that shows the very bytes that reached it."""

import json
import socket
import sys
import threading
from contextlib import closing, suppress
from pathlib import Path

from .processes import Program, eventually, free_port


class Echo(Program):
    def __init__(self, folder, port=None):
        port = port or free_port()
        script = Path(__file__).with_name("echo.py")
        super().__init__("echo", [sys.executable, script, port], port=port, log=Path(folder) / f"echo-{port}.log")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"


def told(answer):
    """What the echo says that it received, from a JSON or an HTML answer."""
    text = answer.element("echo") if "html" in (answer.header("Content-Type") or "") else answer.text
    assert text, f"not an answer of the echo: {answer.status} {answer.headers} {answer.text[:300]}"
    return json.loads(text)


def received(answer, name):
    """The values of a field as the echo received it, in order."""
    return [value for key, value in told(answer)["headers"] if key.lower() == name.lower()]


def session_id(answer):
    values = received(answer, "X-Session-Id")
    assert len(values) == 1, values
    return values[0]


OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"


class Scripted:
    """Listens, keeps every byte of every connection, and answers each complete request head with the next answer of the
    script (the last one is repeated). An answer of None closes the connection instead."""

    def __init__(self, *answers):
        self.answers = list(answers) or [OK]
        self.connections = []
        self.lock = threading.Lock()
        self.answered = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                kept = bytearray()
                self.connections.append(kept)
            threading.Thread(target=self._serve, args=(connection, kept), daemon=True).start()

    def _serve(self, connection, kept):
        tail = b""
        with closing(connection):
            connection.settimeout(30)
            while True:
                try:
                    part = connection.recv(65536)
                except OSError:
                    return
                if not part:
                    return
                with self.lock:
                    kept.extend(part)
                *heads, tail = (tail + part).split(b"\r\n\r\n")
                for _ in heads:
                    with self.lock:
                        answer = self.answers[min(self.answered, len(self.answers) - 1)]
                        self.answered += 1
                    if answer is None:
                        return
                    with suppress(OSError):
                        connection.sendall(answer)

    def bytes(self):
        with self.lock:
            return b"\0".join(bytes(kept) for kept in self.connections)

    def forget(self):
        """Forgets what was received so far; kept connections go on."""
        with self.lock:
            for kept in self.connections:
                kept.clear()

    def first_head(self, seconds=5):
        """The first request that arrived: start line and (name, value) pairs as sent."""
        eventually(lambda: b"\r\n\r\n" in self.bytes(), seconds, what="a request upstream")
        text = self.bytes()
        start, *lines = text.lstrip(b"\0").split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        return start, [(line.partition(":")[0], line.partition(":")[2].strip()) for line in lines]

    def close(self):
        self.listener.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
