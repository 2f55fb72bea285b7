"""A lenient reader of HTTP/1 messages, good enough to see what a proxy has sent."""

import re
from dataclasses import dataclass, field


@dataclass
class Message:
    start: str
    fields: list = field(default_factory=list)
    content: bytes = b""
    complete: bool = False

    @property
    def method(self):
        return self.start.split(" ")[0]

    @property
    def target(self):
        return " ".join(self.start.split(" ")[1:-1])

    @property
    def status(self):
        """0 for what is no status line."""
        found = re.match(r"HTTP/\S+ ([0-9]{3})", self.start)
        return int(found[1]) if found else 0

    @property
    def host(self):
        return self.value("host")

    def has(self, name):
        return any(key == name for key, _ in self.fields)

    def value(self, name):
        return next((value for key, value in self.fields if key == name), None)


def requests(data):
    """The requests in what an upstream has received."""
    return read(data, None, is_request=True)


def responses(data, ended, asked=b""):
    """The responses in what a client has received; one that ends with the connection is complete if that has ended.
    `asked` is what the client has sent: an answer to HEAD has no body."""
    bodiless = iter([message.method == "HEAD" for message in requests(asked)])
    return read(data, ended, is_request=False, bodiless=bodiless)


def read(data, ended, is_request, bodiless=iter(())):
    messages = []
    while data:
        head, found, rest = data.partition(b"\r\n\r\n")
        start, *lines = head.decode("latin-1").split("\r\n")
        pairs = [line.partition(":") for line in lines]
        message = Message(start, [(name.lower(), value.strip(" \t")) for name, _, value in pairs])
        messages.append(message)
        if not found:
            break
        if not is_request and message.status >= 200 and next(bodiless, False):
            message.complete, data = True, rest
            continue
        data = body(message, rest, ended, is_request)
    return messages


def body(message, data, ended, is_request):
    """Takes the message's body out of `data`; returns what comes after it."""
    if not is_request and (message.status in (204, 304) or 100 <= message.status < 200 and message.status != 101):
        message.complete = True
        return data
    if not is_request and message.status == 101:
        message.content, message.complete = data, True
        return b""
    if "chunked" in (message.value("transfer-encoding") or "").lower():
        return chunks(message, data)
    length = message.value("content-length")
    if length is not None and re.fullmatch("[0-9]{1,18}", length):
        message.content = data[: int(length)]
        message.complete = len(message.content) == int(length)
        return data[int(length) :]
    if is_request:
        message.complete = True
        return data
    message.content, message.complete = data, ended == "end"
    return b""


def chunks(message, data):
    while True:
        line, found, rest = data.partition(b"\r\n")
        size = re.match(rb"[0-9A-Fa-f]+", line)
        if not found or not size:
            return b""
        size = int(size[0], 16)
        if size == 0:
            return trailers(message, rest)
        message.content += rest[:size]
        if rest[size : size + 2] != b"\r\n":
            return b""
        data = rest[size + 2 :]


def trailers(message, data):
    while True:
        line, found, data = data.partition(b"\r\n")
        if not found:
            return b""
        if not line:
            message.complete = True
            return data
        name, _, value = line.decode("latin-1").partition(":")
        message.fields.append((f"trailer {name.lower()}", value.strip()))
