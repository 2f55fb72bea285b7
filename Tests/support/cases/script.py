"""Acts a case out in front of and behind Tombolo, and insists on every byte."""

import difflib
import re

from .pattern import Mismatch, Pattern, literal_bytes
from .stage import PATIENCE, Stage

FENCE = b"GET /fence HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n"
FENCE_ANSWER = b"HTTP/1.1 204 No Content\r\nX-Fence: 1\r\n\r\n"
FENCE_PASSED = b"HTTP/1.1 204 No Content\r\nX-Fence: 1\r\nConnection: close\r\n\r\n"


class Names:
    """The hosts of a case, each as long as the name that stands for it in the file."""

    def __init__(self, index):
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"
        code = digits[index // 36] + digits[index % 36]
        self.pairs = [(b"app.example", f"a{code}.example".encode()), (b"two.example", f"b{code}.example".encode())]
        self.pairs += [(plain.upper(), own.upper()) for plain, own in self.pairs]

    @property
    def hosts(self):
        return [own.decode() for _, own in self.pairs[:2]]

    def put(self, data):
        for plain, own in self.pairs:
            data = data.replace(plain, own)
        return data

    def take_out(self, data):
        for plain, own in self.pairs:
            data = data.replace(own, plain)
        return data


class Failure(AssertionError):
    """What happened is not what the file says."""


class Performance:
    """`patience` in seconds is how long what the file says is waited for before it has not come."""

    def __init__(self, case, names, port, listener, patience=PATIENCE):
        self.case, self.names, self.patience = case, names, patience
        self.stage = Stage(port, listener)
        self.said_ends = set()

    def run(self):
        try:
            for step in self.case.steps:
                self.perform(step)
            self.check_the_end()
        finally:
            self.stage.close()

    def perform(self, step):
        end = self.end(step)
        match step.verb:
            case "sends": self.send(step, end)
            case "receives": self.receive(step, end)
            case "half-closes":
                self.pump(lambda: not end.outbound)
                end.shut()
            case "closes" | "resets":
                self.pump(lambda: not end.outbound)
                end.close(reset=step.verb == "resets")
                self.said_ends.add((step.side, step.number))
            case "sees end" | "sees reset": self.see_end(step, end)

    def end(self, step):
        if step.side == "client":
            return self.stage.client(step.number)
        if not self.pump(lambda: step.number in self.stage.upstreams or self.all_clients_ended()):
            raise self.failure(step, f"no connection number {step.number} came to the upstream")
        if step.number not in self.stage.upstreams:
            raise self.failure(step, "Tombolo ended the connection instead of connecting to the upstream")
        return self.stage.upstreams[step.number]

    def pump(self, done):
        return self.stage.pump(done, self.patience)

    def all_clients_ended(self):
        clients = self.stage.clients.values()
        return bool(clients) and all(end.ended or end.is_closed for end in clients)

    # Steps

    def send(self, step, end):
        data = self.names.put(literal_bytes(step.elements))
        for piece in [data[at : at + 1] for at in range(len(data))] if step.slowly else [data]:
            end.outbound += piece
            end.transmit()

    def receive(self, step, end):
        pattern = Pattern(step.elements, self.names.put)

        def settled():
            try:
                return pattern.match(end.unread) is not None or end.ended
            except Mismatch:
                return True

        self.pump(settled)
        try:
            length = pattern.match(end.unread)
        except Mismatch:
            raise self.failure(step, "other bytes than expected", pattern, end) from None
        if length is None:
            why = {None: f"nothing more in {self.patience} s", "end": "the connection ended", "reset": "it was reset"}
            raise self.failure(step, f"too few bytes: {why[end.ended]}", pattern, end)
        end.taken += length

    def see_end(self, step, end):
        self.pump(lambda: end.ended or end.unread)
        if end.unread:
            raise self.failure(step, "bytes instead of the end", Pattern([], self.names.put), end)
        expected = "reset" if step.verb == "sees reset" else "end"
        # Whoever closes while bytes are still unread resets; towards an upstream that is of no interest.
        if end.ended is None or (end.ended != expected and step.side == "client"):
            raise self.failure(step, f"the connection is {end.ended or 'still open'}")
        self.said_ends.add((step.side, step.number))

    # The end

    def check_the_end(self):
        """Nothing may have happened that the file does not say: a last request shows what was on its way."""
        last = None
        for number, end in self.stage.clients.items():
            if ("client", number) not in self.said_ends:
                last = end
        if last is None:
            last = self.stage.client(10)
        last.outbound += self.names.put(FENCE)
        last.transmit()
        fenced = self.pump(lambda: last.ended or last.unread or any(e.unread for e in self.stage.upstreams.values()))
        arrived = [end for end in self.stage.upstreams.values() if end.unread]
        if not fenced or not arrived:
            raise self.failure(None, "a last request did not reach the upstream", Pattern([], self.names.put), last)
        fence = arrived[-1]
        self.pump(lambda: b"\r\n\r\n" in fence.unread)
        head = re.escape(b"GET /fence HTTP/1.1\r\n") + rb"(?:[^\r\n]+\r\n)+\r\n"
        for end in arrived:
            if end is not fence or not re.fullmatch(head, end.unread):
                raise self.failure(None, "the upstream received what the file does not say",
                                   Pattern([], self.names.put), end)
        fence.outbound += FENCE_ANSWER
        fence.transmit()
        self.pump(lambda: last.ended)
        if last.unread != FENCE_PASSED or last.ended != "end":
            raise self.failure(None, "the client received what the file does not say",
                               Pattern([], self.names.put), last)
        for (side, number), end in self.numbered():
            if end.unread and end is not last and end is not fence:
                raise self.failure(None, f"{side} {number} received what the file does not say",
                                   Pattern([], self.names.put), end)

    def numbered(self):
        for side, ends in (("client", self.stage.clients), ("upstream", self.stage.upstreams)):
            for number, end in ends.items():
                yield (side, number), end

    # Saying what went wrong

    def failure(self, step, why, pattern=None, end=None):
        lines = [f"{self.case.name}: {self.case.title}", f"{step or 'after the last step'}: {why}"]
        if pattern is not None:
            expected = self.lines_of(pattern.shown())
            actual = self.lines_of(pattern.aligned(end.unread))
            lines += difflib.unified_diff(expected, actual, "expected", "received", lineterm="", n=20)
        for (side, number), other in self.numbered():
            lines.append(f"--- all that {side} {number} received{f' until its {other.ended}' if other.ended else ''}:")
            lines += ["    " + line for line in self.lines_of(other.all)]
        return Failure("\n".join(lines))

    def lines_of(self, data):
        data = self.names.take_out(data)
        shown = data if len(data) < 6000 else data[:3000] + b" [...] " + data[-3000:]
        return [visible(line) for line in re.findall(rb"[^\n]*\n|[^\n]+", shown)]


def visible(data):
    text = data.decode("latin-1").replace("\\", "\\\\")
    return "".join(c if 32 <= ord(c) < 127 else {"\r": "\\r", "\n": "\\n"}.get(c, f"\\x{ord(c):02x}") for c in text)
