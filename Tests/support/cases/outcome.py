"""What comes of a case at any proxy: the requests that the upstream got and the answers that the client got, without
the details in which proxies may well differ. Unlike `script`, nothing is insisted upon."""

from dataclasses import dataclass

from .messages import requests, responses
from .pattern import literal_bytes
from .script import FENCE, FENCE_ANSWER
from .stage import Stage

# What says nothing about the case: written anew by every proxy, or added by some.
OF_THE_CONNECTION = {"connection", "keep-alive", "content-length", "transfer-encoding"}
OF_THE_PROXY = {"date", "server", "via", "host"}
ADDED = {"x-request-id", "traceparent", "x-session-id", "x-session-new", "x-session-user"}
# With which of these a proxy refuses a request is a matter of taste.
REFUSALS = {400, 403, 405, 408, 411, 413, 414, 415, 421, 422, 431, 501, 505}
EXTRA_ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass(frozen=True)
class Outcome:
    upstream: tuple
    client: tuple

    @property
    def statuses(self):
        return " ".join(str(status or "garbage") for status, *_ in self.client) or "nothing"

    @property
    def taken(self):
        """How much of the case was good enough: requests passed on and answers that are no errors."""
        return sum(complete for *_, complete in self.upstream) + sum(200 <= status < 400 for status, *_ in self.client)

    def difference(self, ours):
        """The word for how this outcome differs from Tombolo's; None if it does not."""
        if self.comparable() == ours.comparable():
            return None
        return "is laxer" if self.taken > ours.taken else "is stricter" if self.taken < ours.taken else "differs"

    def comparable(self):
        client = [("refused" if status in REFUSALS else status, *rest) for status, *rest in self.client]
        return self.upstream, client

    def __str__(self):
        cut = {True: "", False: " (cut off)"}
        seen = "; ".join(f"{method} {target} host={host} {fields} {content[:60]!r}{cut[complete]}"
                         for method, target, host, fields, content, complete in self.upstream)
        got = "; ".join(f"{status} {fields} {content[:60]!r}{cut[complete]}"
                        for status, fields, content, complete in self.client)
        return f"upstream: {seen or 'nothing'} | client: {got or 'nothing'}"


class Observation:
    """Plays a case to a proxy. `patience` in seconds is how long what Tombolo would do is waited for in vain."""

    def __init__(self, case, names, port, listener, patience):
        self.case, self.names, self.patience = case, names, patience
        self.stage = Stage(port, listener)
        self.sent, self.expected = {}, {}
        self.foreseen = {}
        self.extra_answers = {}
        for number in range(1, 10):
            steps = [step for step in case.steps if step.side == "upstream" and step.number == number]
            expected = b"".join(e.sample() for step in steps if step.verb == "receives" for e in step.elements)
            answers = any(step.verb == "sends" for step in steps)
            self.foreseen[number] = sum(message.complete or answers for message in requests(expected))

    def run(self):
        try:
            for step in self.case.steps:
                self.perform(step)
            self.fence()
            return self.outcome()
        finally:
            self.stage.close()

    def perform(self, step):
        if step.side == "client":
            self.stage.client(step.number)
        match step.verb:
            case "sends":
                if end := self.end(step):
                    data = self.names.put(literal_bytes(step.elements))
                    self.sent[step.side, step.number] = self.sent.get((step.side, step.number), b"") + data
                    end.outbound += data
                    end.transmit()
            case "receives":
                key = (step.side, step.number)
                self.expected[key] = self.expected.get(key, b"") + b"".join(e.sample() for e in step.elements)
                self.pump(lambda: self.has_come(step), self.patience)
            case "sees end" | "sees reset":
                self.pump(lambda: (end := self.end(step)) and end.ended, self.patience / 3)
            case verb:
                if (end := self.end(step)) and not end.is_closed:
                    self.pump(lambda: not end.outbound, self.patience)
                    end.shut() if verb == "half-closes" else end.close(reset=verb == "resets")

    def end(self, step):
        ends = self.stage.clients if step.side == "client" else self.stage.upstreams
        end = ends.get(step.number)
        return None if end and end.is_closed else end

    def has_come(self, step):
        end = self.end(step)
        if end and (end.ended or self.measured(step.side, step.number, end.all) >= self.due(step.side, step.number)):
            return True
        # What the proxy has answered itself, or closed, will not reach the upstream any more.
        return step.side == "upstream" and any(
            e.ended or self.measured("client", n, e.all)[0] > self.due("client", n)[0]
            for n, e in self.stage.clients.items())

    def measured(self, side, number, data):
        return measure(side, data, self.sent.get((side, number), b""))

    def due(self, side, number):
        """What would have come at Tombolo by now."""
        return self.measured(side, number, self.expected.get((side, number), b""))

    def pump(self, done, seconds):
        def answered_and_done():
            for number, end in self.stage.upstreams.items():
                self.answer_extras(number, end)
            return done()

        self.stage.pump(answered_and_done, seconds)

    def answer_extras(self, number, end):
        """Answers requests that the file does not foresee, so that it shows what comes of them."""
        if end.is_closed:
            return
        whole = [message for message in requests(end.all) if message.complete]
        foreseen = self.foreseen.get(number, 0)
        for message in whole[foreseen + self.extra_answers.get(number, 0) :]:
            self.extra_answers[number] = self.extra_answers.get(number, 0) + 1
            end.outbound += FENCE_ANSWER if message.target == "/fence" else EXTRA_ANSWER
            end.transmit()

    def fence(self):
        """A last request, so that what is still on its way arrives before it."""
        for end in [end for end in self.stage.clients.values() if not end.ended and not end.is_closed][-1:]:
            end.outbound += self.names.put(FENCE)
            end.transmit()
            self.pump(lambda: end.ended or b"X-Fence: 1\r\n" in end.all, self.patience)

    def outcome(self):
        seen, got = [], []
        for end in self.stage.upstreams.values():
            for message in requests(self.names.take_out(end.all)):
                if message.target != "/fence":
                    complete = message.complete
                    fields = self.subject(message) if complete else ()
                    content = message.content if complete else b""
                    seen.append((message.method, message.target, message.host, fields, content, complete))
        for number, end in self.stage.clients.items():
            asked = self.sent.get(("client", number), b"")
            for message in responses(self.names.take_out(end.all), end.ended, asked):
                if not message.has("x-fence"):
                    own = message.status >= 400
                    fields = () if own else self.subject(message)
                    content = b"" if own or not message.complete else message.content
                    answer = (message.status, fields, content, message.complete)
                    # Whether a proxy says 100 for the app, or for itself as well, is the same to the client.
                    if message.status != 100 or got[-1:] != [answer]:
                        got.append(answer)
        return Outcome(tuple(seen), tuple(got))

    @staticmethod
    def subject(message):
        left_out = OF_THE_CONNECTION | OF_THE_PROXY | ADDED
        return tuple(sorted((name, value) for name, value in message.fields
                            if name not in left_out and not name.startswith("x-forwarded-")))


def measure(side, data, asked):
    """How far a stream of messages has come: whole ones first, then what there is of another."""
    messages = requests(data) if side == "upstream" else responses(data, None, asked)
    interim = [message for message in messages if 100 <= message.status < 200]
    whole = [message for message in messages if message.complete and message not in interim]
    begun = [message for message in messages if not message.complete]
    return len(whole), len(begun[-1].content) + 1 if begun else 0, 0 if whole else len(interim)
