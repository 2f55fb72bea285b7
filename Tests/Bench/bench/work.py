"""What is asked of the proxies."""

from dataclasses import dataclass, field

from .pages import with_tag


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
    unix: bool = False  # whether the origin is reached by a Unix socket
    upload: int = 0  # bytes of the request's body
    message: int = 0  # bytes of a WebSocket message, if the connection is upgraded

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
RELAYS = ("nginx", "haproxy-tcp", "haproxy", "nginx-lua", "caddy", "apache")
INJECTORS = ("nginx-sub", "nginx", "nginx-lua-inject", "apache-substitute")
CODERS = ("nginx-gunzip-sub-gzip", "nginx-sub-gzip", "nginx", "apache-inflate-substitute-deflate")

WORKS = (
    Work("json-1k", "/1k.json", ("tombolo", *RELAYS), "nginx"),
    Work("json-1k-no-cookie", "/1k.json", ("tombolo", "nginx"), "nginx", session=None),
    Work("json-1k-stored-session", "/1k.json", ("tombolo", "nginx", "nginx-lua"), "nginx", session="stored"),
    Work("json-1k-unix", "/1k.json", ("tombolo", "nginx", "haproxy-tcp", "haproxy"), "nginx", unix=True),
    Work("html-10k", "/10k.html", ("tombolo", *INJECTORS), "nginx-sub", True, DOCUMENT),
    Work("html-100k", "/100k.html", ("tombolo", *INJECTORS), "nginx-sub", True, DOCUMENT),
    Work("gzip-10k", "/10k.html", ("tombolo", *CODERS), "nginx-gunzip-sub-gzip", True, GZIP),
    Work("gzip-100k", "/100k.html", ("tombolo", *CODERS), "nginx-gunzip-sub-gzip", True, GZIP),
    Work("binary-1m", "/1m.bin", ("tombolo", *RELAYS), "nginx"),
    Work("upload-100k", "/upload", ("tombolo", "nginx", "haproxy-tcp", "haproxy", "caddy"), "nginx", upload=102_400),
    Work("websocket-echo", "/socket", ("tombolo", *RELAYS[:3]), "nginx", fields=UPGRADE, message=64),
)

# Those that are counted instruction by instruction, and those that say what a proxy takes up: the plainest.
COUNTED = ("json-1k", "html-10k", "gzip-10k")
PLAIN = WORKS[0]
# What is not read to the end: more than all buffers of the kernel and of a proxy together.
LARGE = Work("binary-64m", "/64m.bin", ("tombolo", "nginx"), "nginx")

# What the instrument shall cover, and Tombolo or the instrument cannot do yet.
MISSING = {
    "TLS": "the instrument measures no TLS yet",
    "HTTP/2": "the instrument measures no HTTP/2 yet",
    "sessions read from the store for every request": (
        "the instrument has no load with many sessions yet; json-1k-stored-session is answered from the cache"
    ),
}
