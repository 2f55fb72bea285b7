"""Bytes in, bytes out: a client that knows no HTTP but what it takes to see where an answer ends."""

import socket
from contextlib import closing


class Raw:
    def __init__(self, port, timeout=5, address="127.0.0.1"):
        self.socket = socket.create_connection((address, port), timeout=timeout)
        self.buffer = b""

    def send(self, data):
        self.socket.sendall(data)
        return self

    def answer(self):
        """The next whole answer as (status, head, body); None when the connection ends or nothing comes in time."""
        while b"\r\n\r\n" not in self.buffer:
            if not self._more():
                return None
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        fields = {}
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            fields[name.strip().lower()] = value.strip()
        if status < 200 or status in (204, 304):
            return status, head, b""
        if fields.get(b"transfer-encoding", b"").lower() == b"chunked":
            while b"0\r\n\r\n" not in self.buffer and self._more():
                pass
            body, _, self.buffer = self.buffer.partition(b"0\r\n\r\n")
            return status, head, body
        if b"content-length" in fields:
            length = int(fields[b"content-length"])
            while len(self.buffer) < length and self._more():
                pass
            body, self.buffer = self.buffer[:length], self.buffer[length:]
            return status, head, body
        while self._more():
            pass
        body, self.buffer = self.buffer, b""
        return status, head, body

    def is_closed(self):
        """Whether the other side ends the connection within the time-out."""
        while True:
            try:
                if not self.socket.recv(65536):
                    return True
            except TimeoutError:
                return False
            except OSError:
                return True

    def _more(self):
        try:
            part = self.socket.recv(65536)
        except OSError:
            return False
        self.buffer += part
        return bool(part)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Unix(Raw):
    """The same over a Unix socket."""

    def __init__(self, path, timeout=5):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))
        self.buffer = b""


def get(where, host="shop.localhost", address="127.0.0.1"):
    """The status of a request on a connection of its own, to a port, or to the path of a Unix socket."""
    with Raw(where, address=address) if isinstance(where, int) else Unix(where) as raw:
        return raw.send(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()).answer()[0]


def exchange(port, data, timeout=5):
    """Sends the bytes on a connection of their own and returns the first answer, or None."""
    with closing(Raw(port, timeout)) as raw:
        try:
            raw.send(data)
        except OSError:
            pass  # the answer may have come before everything was sent
        return raw.answer()


class Secure(Raw):
    """The same over TLS. `name` is what is asked for by SNI; None asks for nothing."""

    def __init__(self, port, name, context, timeout=5):
        super().__init__(port, timeout)
        try:
            # A socket that ends without close_notify is an error here, as it is for browsers.
            self.socket = context.wrap_socket(self.socket, server_hostname=name, suppress_ragged_eofs=False)
        except BaseException:
            self.socket.close()
            raise
