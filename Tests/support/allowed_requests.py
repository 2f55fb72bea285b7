"""What an app sees differently of a request with Tombolo in between, and why. Everything else must be the same, byte for
byte. What the README promises to apps is under "What your app sees"."""

import re

from .alike import Difference, added, hop, replaced, same

HEX = "[0-9a-f]"


def http_version(pair):
    if not pair.direct.line.endswith("HTTP/1.0") or not pair.through.line.endswith("HTTP/1.1"):
        return False
    pair.direct.line = pair.direct.line[:-1] + "1"
    pair.direct.lines = [re.sub(rb"(?<=^SERVER_PROTOCOL: HTTP/1\.)0$", b"1", line) for line in pair.direct.lines]
    return True


def codings(before, after):
    """What is left is what the client accepts, without what no tag can be put into."""
    offered, asked = ({part.split(b";")[0].strip() for part in text.split(b",")} for text in (before, after))
    return asked <= offered


REQUESTS = [
    Difference("HTTP version", "Tombolo speaks HTTP/1.1 to the app for clients of HTTP/1.0 (RFC 9110 §2.5)", http_version),
    Difference("X-Forwarded-For", "promised: who really asked", added("x-forwarded-for", r"127\.0\.0\.1")),
    Difference("X-Forwarded-Proto", "promised: by which scheme", added("x-forwarded-proto", "http")),
    Difference("X-Forwarded-Host", "promised: for which host", added("x-forwarded-host", r"[a-z.]*\.localhost")),
    Difference("X-Request-Id", "promised: finds a request in the logs of both", added("x-request-id", HEX + "{32}")),
    Difference(
        "traceparent", "promised: begins a trace, as the client has not", added("traceparent", f"00-{HEX}{{32}}-{HEX}{{16}}-00")
    ),
    Difference("X-Session-Id", "promised: the session, which is what Tombolo is for", added("x-session-id", HEX + "{32}")),
    Difference("X-Session-New", "promised: 1 on the first request of a session", added("x-session-new", "1")),
    Difference("Accept-Encoding", "for pages, codings that a tag can be put into", replaced("accept-encoding", codings)),
    Difference("If-None-Match", "asks with the app's own tag, in a line written anew", replaced("if-none-match", same)),
    Difference("Cookie", "without Tombolo's own cookies, in a line written anew", replaced("cookie", same)),
    Difference("Connection", "says whether one connection goes on (RFC 9110 §7.6.1)", hop("connection")),
    Difference("Keep-Alive", "how long one connection may idle", hop("keep-alive")),
    Difference("Transfer-Encoding", "belongs to one connection; Tombolo writes it last", hop("transfer-encoding")),
]
