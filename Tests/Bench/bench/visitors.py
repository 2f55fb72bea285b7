"""Many visitors of Tombolo who have just logged in."""

import re
import socket

from .ask import HOST, WrongAnswer

CONNECTIONS, AT_ONCE = 32, 25
LOGIN = f"GET /login HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()


def log_in(port, count):
    """So many cookies, each of a session with a record. The requests come pipelined: there are a lot of them."""
    connections = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(CONNECTIONS)]
    cookies = []
    try:
        while len(cookies) < count:
            for connection in connections:
                connection.sendall(LOGIN * AT_ONCE)
            for connection in connections:
                cookies += _cookies(connection)
    finally:
        for connection in connections:
            connection.close()
    return cookies[:count]


def _cookies(connection):
    """The session cookies of the answers on their way."""
    told = b""
    while told.count(b"</title>") < AT_ONCE:
        part = connection.recv(65_536)
        if not part:
            raise WrongAnswer("a connection was closed while visitors logged in")
        told += part
    found = re.findall(rb"^set-cookie: (tombolo=[^;]+)", told, re.MULTILINE | re.IGNORECASE)
    if len(found) != AT_ONCE:
        raise WrongAnswer(f"{AT_ONCE} visitors who logged in got {len(found)} session cookies")
    return [cookie.decode() for cookie in found]
