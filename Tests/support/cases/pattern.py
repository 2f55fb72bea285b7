"""The text of a step: bytes to send, or a pattern that the bytes received must match from the first to the last.

An element can `match` at a place in what came, is `shown` in a difference, and has a `sample` that would match."""

import re


class Problem(Exception):
    """A case file that cannot be understood."""


class Mismatch(Exception):
    """Bytes that no continuation could turn into what is expected."""


MORE = None  # An element returns it when the bytes so far are too few to tell.


class Literal:
    def __init__(self, data):
        self.data = data

    def match(self, data, at):
        piece = data[at : at + len(self.data)]
        if piece == self.data:
            return at + len(piece)
        if self.data.startswith(piece):
            return MORE
        raise Mismatch(at + common(piece, self.data))

    def shown(self):
        return self.data

    def sample(self):
        return self.data


class Some:
    """Bytes of one kind: so many, or as many as come (at least one) until a byte of another kind."""

    def __init__(self, name, kind, count=None):
        self.name, self.kind, self.count = name, re.compile(kind), count

    def match(self, data, at):
        end = at
        while end < len(data) and (self.count is None or end - at < self.count) and self.kind.match(data, end):
            end += 1
        if self.count is not None and end - at == self.count:
            return end
        if end == len(data):
            return MORE
        if self.count is None and end > at:
            return end
        raise Mismatch(end)

    def shown(self):
        return b"{%s}" % self.name.encode()

    def sample(self):
        return b"0" * (self.count or 1)


class Chunked:
    """A whole chunked body without trailers whose content is `content`, however it is cut into chunks."""

    def __init__(self, content):
        self.content = content

    def match(self, data, at):
        taken = 0
        while True:
            end = data.find(b"\r\n", at)
            if end < 0:
                return MORE
            if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", data[at:end]):
                raise Mismatch(at)
            size, at = int(data[at:end], 16), end + 2
            if size == 0:
                if taken != len(self.content):
                    raise Mismatch(at)
                return Literal(b"\r\n").match(data, at)
            piece = data[at : at + size]
            if piece != self.content[taken : taken + len(piece)] or taken + size > len(self.content):
                raise Mismatch(at)
            at, taken = at + size, taken + size
            end = Literal(b"\r\n").match(data, at) if len(piece) == size else MORE
            if end is MORE:
                return MORE
            at = end

    def shown(self):
        return b"{chunked: %d bytes}" % len(self.content)

    def sample(self):
        return b"%x\r\n%s\r\n0\r\n\r\n" % (len(self.content), self.content)


class ErrorAnswer:
    """An answer that Tombolo itself makes: an error with that status, as JSON, after which it closes or goes on."""

    def __init__(self, status, persists, is_head=False):
        self.status, self.persists, self.is_head = status, persists, is_head

    def match(self, data, at):
        start = b"HTTP/1.1 %d " % self.status
        if not start.startswith(data[at : at + len(start)]):
            raise Mismatch(at)
        end = data.find(b"\r\n\r\n", at)
        if end < 0:
            return MORE
        head = data[at : end + 2]
        length = re.search(rb"\r\nContent-Length: ([0-9]+)\r\n", head)
        required = [b"\r\nContent-Type: application/json\r\n", b"\r\nCache-Control: no-store\r\n"]
        if not length or not all(field in head for field in required):
            raise Mismatch(at)
        if (b"\r\nConnection: close\r\n" in head) == self.persists:
            raise Mismatch(at)
        end += 4 + (0 if self.is_head else int(length[1]))
        if end > len(data):
            return MORE
        if not self.is_head and not data[at:end].endswith(b"}\n"):
            raise Mismatch(at)
        return end

    def sample(self):
        return b"HTTP/1.1 %d\r\nContent-Length: 0\r\n\r\n" % self.status

    def shown(self):
        return b"{error %d%s}" % (self.status, b", goes on" if self.persists else b"")


def common(one, other):
    return next((index for index, pair in enumerate(zip(one, other)) if pair[0] != pair[1]), min(len(one), len(other)))


HEX = rb"[0-9a-f]"
# What Tombolo adds to every request of a browser that it does not know, from an address that it does not trust.
ADDED = [
    Literal(b"X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: app.example\r\n"),
    Literal(b"X-Request-Id: "),
    Some("hex 32", HEX, 32),
    Literal(b"\r\ntraceparent: 00-"),
    Some("hex 32", HEX, 32),
    Literal(b"-"),
    Some("hex 16", HEX, 16),
    Literal(b"-00\r\nX-Session-Id: "),
    Some("hex 32", HEX, 32),
    Literal(b"\r\nX-Session-New: 1"),
]

ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\", "{": b"{", "s": b" "}
TOKEN = re.compile(r"\\x([0-9a-fA-F]{2})|\\(.)|\{((?:\\.|[^{}\\])*)\}|([^\\{]+)|(.)", re.DOTALL)


def parse(line):
    """The elements of one line of a step, with its line end unless it ends in a backslash."""
    ends = not re.search(r"(?<!\\)(?:\\\\)*\\$", line)
    elements = tokens(line if ends else line[:-1])
    if ends:
        elements.append(Literal(b"\r\n"))
    return elements


def tokens(text):
    elements = []
    for found in TOKEN.finditer(text):
        code, escape, placeholder, plain, stray = found.groups()
        if code:
            elements.append(Literal(bytes.fromhex(code)))
        elif escape:
            if escape not in ESCAPES:
                raise Problem(f"unknown escape \\{escape}")
            elements.append(Literal(ESCAPES[escape]))
        elif placeholder is not None:
            elements += fill(placeholder)
        elif plain:
            elements.append(Literal(plain.encode()))
        else:
            raise Problem(f"a {stray} that means nothing; write \\{stray}")
    return elements


def fill(text):
    if text == "added":
        return list(ADDED)
    if found := re.fullmatch(r"repeat ([0-9]+): ?(.+)", text):
        return [Literal(content(found[2]) * int(found[1]))]
    if found := re.fullmatch(r"error ([0-9]{3})(, goes on)?(, no body)?", text):
        return [ErrorAnswer(int(found[1]), bool(found[2]), bool(found[3]))]
    if found := re.fullmatch(r"hex ([0-9]+)", text):
        return [Some(text, HEX, int(found[1]))]
    if text == "number":
        return [Some(text, rb"[0-9]")]
    if text == "text":
        return [Some(text, rb"[^\r\n]")]
    if text == "date":
        return [Some(text, rb"[A-Za-z0-9:, ]", 29)]
    if found := re.fullmatch(r"chunked(?: ([0-9]+))?: ?(.+)", text):
        return [Chunked(content(found[2]) * int(found[1] or 1))]
    raise Problem(f"unknown placeholder {{{text}}}")


def content(text):
    # Braces cannot be nested, but what they hold may well be escaped.
    return literal_bytes(tokens(re.sub(r"\\([}])", r"\1", text)))


def literal_bytes(elements):
    if not all(isinstance(element, Literal) for element in elements):
        raise Problem("what is sent must be known to the byte")
    return b"".join(element.data for element in elements)


class Pattern:
    """What must be received. `rename` puts the names of this case's hosts into it."""

    def __init__(self, elements, rename):
        self.elements = []
        for element in elements:
            if isinstance(element, Literal):
                # Neighbours become one, so that a name that spans two of them is found.
                if self.elements and isinstance(self.elements[-1], Literal):
                    self.elements[-1] = Literal(self.elements[-1].data + element.data)
                    continue
            self.elements.append(element)
        self.elements = [Literal(rename(e.data)) if isinstance(e, Literal) else e for e in self.elements]

    def match(self, data):
        """How many bytes match; MORE if they are too few. Raises Mismatch with where it went wrong."""
        at = 0
        for element in self.elements:
            at = element.match(data, at)
            if at is MORE:
                return MORE
        return at

    def shown(self):
        return b"".join(element.shown() for element in self.elements)

    def aligned(self, data):
        """`data` with what placeholders took replaced by their names as far as it matches."""
        at, shown = 0, b""
        for element in self.elements:
            try:
                end = element.match(data, at)
            except Mismatch:
                break
            if end is MORE:
                break
            shown += element.shown()
            at = end
        return shown + data[at:]
