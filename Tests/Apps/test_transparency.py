"""Real apps answer through Tombolo as they answer without it: each request is sent both ways by raw sockets, and both
answers are compared line by line and byte by byte, and so is what the app saw of the request. What may differ stands with
its reason in Tests/support/allowed_*.py; an entry there that nothing here needs fails the last test."""

import hashlib
import re
from contextlib import ExitStack

import pytest

from support import real_apps
from support.alike import Pair, compare, unused
from support.allowed_answers import ANSWERS, is_no_uri
from support.allowed_requests import REQUESTS
from support.suites import SUITES
from support.tombolo import Tombolo
from support.wire import Wire

done = set()


class Both:
    """An app and a Tombolo in front of it, with what each of the two ways carries from answer to answer."""

    def __init__(self, app, tombolo):
        self.app, self.tombolo = app, tombolo

    def wires(self):
        return [self.wire(way) for way in (0, 1)]

    def wire(self, way):
        return Wire((self.app.port, self.tombolo.port)[way])


@pytest.fixture(scope="module")
def both(program, tmp_path_factory):
    """A function that gives the app of a name with its Tombolo; each is started once."""
    running = {}
    with ExitStack() as stack:

        def start(name):
            if name not in running:
                folder = tmp_path_factory.mktemp(name)
                app = getattr(real_apps, name)(folder)
                stack.callback(app.stop)
                app.start()
                tombolo = Tombolo(folder / "tombolo", {app.host: app.url}, login=False, share_cookies=())
                stack.callback(tombolo.stop)
                tombolo.start()
                running[name] = Both(app, tombolo)
            return running[name]

        yield start


class Visitor:
    """What one visitor, one way, has of the answers before."""

    def __init__(self, wire, host):
        self.wire, self.values, self.jar = wire, {"host": host, "etag": "", "date": "", "cookies": "", "csrf": ""}, {}

    def ask(self, ask):
        answer = self.wire.exchange(ask.filled(self.values), self.values["host"])
        for line in answer.values("set-cookie"):
            name, _, value = line.decode("latin-1").split(";")[0].partition("=")
            self.jar[name] = value
        self.values["etag"] = answer.value("etag").decode() or self.values["etag"]
        self.values["date"] = answer.value("last-modified").decode() or self.values["date"]
        self.values["cookies"] = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        self.values["; cookies"] = "".join(f"; {name}={value}" for name, value in self.jar.items())
        if token := re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', answer.body):
            self.values["csrf"] = token[1].decode()
        return answer


def asked(app, visitor, ask):
    """The answer, and what the app saw."""
    app.new()
    content = b"".join(ask.pieces) or ask.filled(visitor.values).body
    answer, seen = visitor.ask(ask), app.new()
    for each in seen:
        if each.rest.get("sha256") == hashlib.sha256(content).hexdigest():
            each.rest["sha256"] = "as sent"
    return answer, seen


@pytest.mark.parametrize(("name", "what"), [(name, what) for name, suite in SUITES.items() for what in suite])
def test_the_answer_is_the_apps_and_the_request_the_clients(both, name, what):
    pair = both(name)
    done.add((name, what))
    with ExitStack() as stack:
        visitors = [Visitor(stack.enter_context(wire), pair.app.host) for wire in pair.wires()]
        for index, ask in enumerate(SUITES[name][what]):
            if index:
                for visitor, wire in zip(visitors, pair.wires()):
                    visitor.wire = stack.enter_context(wire)
            (direct, at_app), (through, behind) = (asked(pair.app, visitor, ask) for visitor in visitors)
            compare(Pair(direct, through), ANSWERS, f"{ask.start[:80]}: the answer")
            if not behind and is_no_uri(through.target):
                continue
            assert len(at_app) == len(behind), f"{ask.start}: {len(at_app)} and {len(behind)} requests at the app"
            for first, second in zip(at_app, behind):
                compare(Pair(first, second), REQUESTS, f"{ask.start[:80]}: what the app saw")


class Steady:
    """A visitor who keeps to one connection, and opens another only when that has ended."""

    def __init__(self, both, way):
        self.open, self.opened = lambda: both.wire(way), 1
        self.visitor = Visitor(self.open(), both.app.host)

    def ask(self, ask, may_be_cut_off):
        try:
            answer = self.visitor.ask(ask)
        except ConnectionError:
            if not may_be_cut_off:
                raise
            self.reopen()
            answer = self.visitor.ask(ask)
        if answer.closes:
            self.reopen()
        return answer

    def reopen(self):
        self.close()
        self.visitor.wire, self.opened = self.open(), self.opened + 1

    def close(self):
        self.visitor.wire.close()


@pytest.mark.parametrize("name", ["node", "php", "django", "events"])
def test_many_requests_on_one_connection_are_answered_as_on_many(both, name):
    """Everything in a row. Tombolo closes no connection that the app keeps, and none without saying so, as nginx does."""
    pair = both(name)
    direct, through = Steady(pair, 0), Steady(pair, 1)
    try:
        for sequence in SUITES[name].values():
            ask = sequence[0]
            if len(sequence) == 1 and not ask.start.endswith("1.0") and not is_no_uri(ask.start):
                answers = direct.ask(ask, may_be_cut_off=True), through.ask(ask, may_be_cut_off=False)
                compare(Pair(*answers), ANSWERS, ask.start[:80])
    finally:
        direct.close()
        through.close()
    assert through.opened <= direct.opened, f"{through.opened} connections through Tombolo, {direct.opened} without"


def test_every_allowed_difference_is_one_that_happens():
    if done != {(name, what) for name, suite in SUITES.items() for what in suite}:
        pytest.skip("says something only after all comparisons")
    left = unused(ANSWERS) + unused(REQUESTS)
    assert not left, "\n".join(left)
