"""Upstreams: the echo as a process of its own, and a scripted one that shows the very bytes that reached it."""

import json
import socket
import ssl
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
    script (the last one is repeated). An answer of None closes the connection instead; with `closes`, every answer does so
    when it has been sent."""

    def __init__(self, *answers, host="127.0.0.1", port=0, path=None, closes=False):
        self.answers = list(answers) or [OK]
        self.closes = closes
        self.connections, self.sockets = [], []
        self.ended = 0
        self.lock = threading.Lock()
        self.answered = 0
        if path:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(str(path))
            self.listener.listen(128)
        else:
            self.listener = socket.create_server((host, port), backlog=128)
        self.path, self.port = path, None if path else self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"unix:{self.path}" if self.path else f"http://127.0.0.1:{self.port}"

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                kept = bytearray()
                self.connections.append(kept)
                self.sockets.append(connection)
            threading.Thread(target=self._serve_until_it_ends, args=(connection, kept), daemon=True).start()

    def _serve_until_it_ends(self, connection, kept):
        try:
            self._serve(connection, kept)
        finally:
            with self.lock:
                self.ended += 1

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
                    if self.closes:
                        return

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
        # Wakes the thread that waits in accept; without it the system goes on listening.
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def end(self):
        """Ends the connections there are, as a program does that ends."""
        with self.lock:
            for connection in self.sockets:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Orderly(ssl.SSLSocket):
    """Ends with close_notify, as Python's own sockets do not."""

    def close(self):
        with suppress(OSError, ValueError):
            self.settimeout(1)
            self.unwrap()
        super().close()


class SecureScripted(Scripted):
    """The same behind TLS. `asked` are the names that clients asked for by SNI, `refused` what handshakes failed of."""

    def __init__(self, pem, *answers, orderly=True, authority=None, **settings):
        self.asked, self.refused, self.shown = [], [], []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(pem)
        self.context.set_alpn_protocols(["h2", "http/1.1"])
        self.context.sni_callback = lambda _socket, name, _context: self.asked.append(name)
        if orderly:
            self.context.sslsocket_class = Orderly
        if authority:
            self.context.load_verify_locations(authority)
            self.context.verify_mode = ssl.CERT_REQUIRED
        super().__init__(*answers, **settings)

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}"

    def _serve(self, connection, kept):
        connection.settimeout(30)
        try:
            secure = self.context.wrap_socket(connection, server_side=True)
        except OSError as error:
            self.refused.append(error)
            connection.close()
            return
        self.shown.append((secure.selected_alpn_protocol(), secure.getpeercert()))
        super()._serve(secure, kept)
