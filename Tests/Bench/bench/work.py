"""What is asked of the proxies."""

from dataclasses import dataclass, field
from enum import Enum

from .pages import with_tag


class Protocol(Enum):
    """What a client speaks to a proxy; the proxy speaks HTTP/1.1 in cleartext to the origin in any case."""

    HTTP1 = "HTTP/1.1"
    HTTPS1 = "HTTP/1.1 over TLS"
    H2C = "HTTP/2"
    H2 = "HTTP/2 over TLS"

    @property
    def tls(self):
        return self in (Protocol.HTTPS1, Protocol.H2)

    @property
    def http2(self):
        return self in (Protocol.H2C, Protocol.H2)

    @property
    def scheme(self):
        return "https" if self.tls else "http"


@dataclass(frozen=True)
class Work:
    """One kind of request, who does it, and whose figure the others are compared with."""

    name: str
    path: str
    contenders: tuple
    baseline: str
    injects: bool = False
    fields: dict = field(default_factory=dict)
    session: str = "record-less"  # of Tombolo's visitor: record-less, stored, or None for a request without a cookie
    visitors: int = 1  # so many have logged in to Tombolo, with records in an SQLite file, and take turns
    unix: bool = False  # whether the origin is reached by a Unix socket
    upload: int = 0  # bytes of the request's body
    message: int = 0  # bytes of a WebSocket message, if the connection is upgraded
    protocol: Protocol = Protocol.HTTP1
    handshakes: bool = False  # whether every request comes on a connection of its own, with a full TLS handshake

    @property
    def open_loop(self):
        """Whether `openloop.c` says its latency (see MISSING). Of messages there is no more than a fixed rate anyway."""
        return self.protocol is Protocol.HTTP1 and not self.upload and not self.message

    def expected(self, bodies, contender):
        """The body that has to arrive, decoded; the origin answers an upload with its length."""
        if self.upload:
            return str(self.upload).encode()
        page = bodies[self.path]
        return with_tag(page) if self.injects and contender.injects else page


DOCUMENT = {"Accept": "text/html", "Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}
GZIP = {**DOCUMENT, "Accept-Encoding": "gzip"}
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
CLOSE = {"Connection": "close"}
RELAYS = ("nginx", "haproxy-tcp", "haproxy", "nginx-lua", "caddy", "apache")
INJECTORS = ("nginx-sub", "nginx", "nginx-lua-inject", "apache-substitute")
CODERS = ("nginx-gunzip-sub-gzip", "nginx-sub-gzip", "nginx", "apache-inflate-substitute-deflate")
# Those that are compared where TLS and HTTP/2 come in.
MODERN = ("tombolo", "nginx", "haproxy", "caddy")
MODERN_INJECTORS = ("tombolo", "nginx-sub", "nginx")
SESSIONS = ("tombolo", "nginx", "nginx-lua")

WORKS = (
    Work("json-1k", "/1k.json", ("tombolo", *RELAYS), "nginx"),
    Work("json-1k-no-cookie", "/1k.json", ("tombolo", "nginx"), "nginx", session=None),
    Work("json-1k-stored-session", "/1k.json", SESSIONS, "nginx", session="stored"),
    # The record cache believes a copy for two seconds: with so few visitors it knows nearly all of them at any time, and
    # with so many, up to 20,000 requests a second, hardly any.
    Work("json-1k-cached-sessions", "/1k.json", SESSIONS, "nginx", session="stored", visitors=200),
    Work("json-1k-uncached-sessions", "/1k.json", SESSIONS, "nginx", session="stored", visitors=40_000),
    Work("json-1k-unix", "/1k.json", ("tombolo", "nginx", "haproxy-tcp", "haproxy"), "nginx", unix=True),
    Work("html-10k", "/10k.html", ("tombolo", *INJECTORS), "nginx-sub", True, DOCUMENT),
    Work("html-100k", "/100k.html", ("tombolo", *INJECTORS), "nginx-sub", True, DOCUMENT),
    Work("gzip-10k", "/10k.html", ("tombolo", *CODERS), "nginx-gunzip-sub-gzip", True, GZIP),
    Work("gzip-100k", "/100k.html", ("tombolo", *CODERS), "nginx-gunzip-sub-gzip", True, GZIP),
    Work("binary-1m", "/1m.bin", ("tombolo", *RELAYS), "nginx"),
    Work("upload-100k", "/upload", ("tombolo", "nginx", "haproxy-tcp", "haproxy", "caddy"), "nginx", upload=102_400),
    Work("websocket-echo", "/socket", ("tombolo", *RELAYS[:3]), "nginx", fields=UPGRADE, message=64),
    Work("tls-json-1k", "/1k.json", MODERN, "nginx", protocol=Protocol.HTTPS1),
    Work("tls-html-10k", "/10k.html", MODERN_INJECTORS, "nginx-sub", True, DOCUMENT, protocol=Protocol.HTTPS1),
    Work("tls-handshake", "/1k.json", MODERN, "nginx", fields=CLOSE, protocol=Protocol.HTTPS1, handshakes=True),
    Work("h2c-json-1k", "/1k.json", MODERN, "nginx", protocol=Protocol.H2C),
    Work("h2c-html-10k", "/10k.html", MODERN_INJECTORS, "nginx-sub", True, DOCUMENT, protocol=Protocol.H2C),
    Work("h2-json-1k", "/1k.json", MODERN, "nginx", protocol=Protocol.H2),
    Work("h2-html-10k", "/10k.html", MODERN_INJECTORS, "nginx-sub", True, DOCUMENT, protocol=Protocol.H2),
)

# Those that are counted instruction by instruction, and those that say what a proxy takes up: the plainest.
COUNTED = ("json-1k", "html-10k", "gzip-10k")
PLAIN = WORKS[0]
# What is not read to the end: more than all buffers of the kernel and of a proxy together.
LARGE = Work("binary-64m", "/64m.bin", ("tombolo", "nginx"), "nginx")

# What the instrument shall cover, and Tombolo or the instrument cannot do yet.
MISSING = {
    "latency with TLS and with HTTP/2": (
        "the open-loop generator speaks neither, and the closed loops of wrk and h2load --rps send no request while a proxy"
        " stalls, so that their percentiles would flatter"
    ),
    "the throughput of two event loops with cores of their own": (
        "it takes a machine with cores for the origin and the load besides; the part scaling says what a second core brings"
        " where all share it"
    ),
    "latency of uploads": "the open-loop generator sends no bodies",
}
