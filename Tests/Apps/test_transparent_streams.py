"""What takes time goes through Tombolo as it goes without it: each write of the app arrives before the next is made, either
side notices when the other ends, and whoever reads slowly slows the app down and fills nobody's memory.

No test here waits for a while: the app writes when the test tells it to (`/tell/NAME`), and the test goes on when it has
read that. Each runs directly as well: what it expects is what the app does."""

import hashlib
import json
import socket
from contextlib import suppress

import pytest

from support import real_apps
from support.processes import eventually
from support.tombolo import Tombolo
from support.wire import Ask, Wire

MEBIBYTE = 1 << 20
DOWN = hashlib.sha256((b"0123456789abcdef-" * (2 * MEBIBYTE))[: 32 * MEBIBYTE]).digest()
HELLO = b"retry: 1000\n: hello\n\n"
WAYS = ("direct", "through")


class Way:
    """An app, asked at a port of its own or of Tombolo's; what controls the app goes there directly."""

    def __init__(self, app, port, tombolo):
        self.app, self.port, self.tombolo = app, port, tombolo

    def open(self, target, *fields, method="GET"):
        wire = Wire(self.port)
        return wire.send(Ask(f"{method} {target} HTTP/1.1", fields).head(self.app.host))

    def control(self, method, target, body=b""):
        with Wire(self.app.port) as wire:
            fields = () if body or method == "GET" else ("Content-Length: 0",)
            return wire.exchange(Ask(f"{method} {target} HTTP/1.1", fields, body=body), self.app.host)

    def tell(self, name, body):
        answer = eventually(lambda: self._told(name, body), what="somebody who listens")
        assert answer.body.startswith(b"told")

    def _told(self, name, body):
        answer = self.control("POST", f"/tell/{name}", body)
        return answer if answer.status == 200 else None

    def listeners(self):
        return json.loads(self.control("GET", {"node": "/streams", "events": "/listeners"}[self.app.name]).body)


@pytest.fixture(scope="module")
def started(program, tmp_path_factory):
    running = {}

    def start(name):
        if name not in running:
            folder = tmp_path_factory.mktemp(name)
            app = getattr(real_apps, name)(folder).start()
            running[name] = (app, Tombolo(folder / "tombolo", {app.host: app.url}, login=False, share_cookies=()))
            running[name][1].start()
        return running[name]

    yield start
    for app, tombolo in running.values():
        tombolo.stop()
        app.stop()


@pytest.fixture(params=WAYS)
def way(request, started):
    def make(name):
        app, tombolo = started(name)
        return Way(app, {"direct": app.port, "through": tombolo.port}[request.param], tombolo)

    return make


def begin(wire):
    """The status line of an answer whose body comes in chunks."""
    head = wire.head()
    assert b"transfer-encoding: chunked" in [line.lower() for line in head], head
    return head[0]


def text(wire, length):
    """So many bytes of a body, however they are cut into chunks."""
    kept = getattr(wire, "kept", b"")
    while len(kept) < length:
        kept += wire.chunk()
    wire.kept = kept[length:]
    return kept[:length]


def test_each_event_arrives_before_the_next_is_sent(way):
    events = way("events")
    with events.open("/events/each", "Accept: text/event-stream", "Cache-Control: no-cache") as wire:
        assert begin(wire) == b"HTTP/1.1 200 OK"
        assert text(wire, len(HELLO)) == HELLO
        for number in range(20):
            events.tell("each", b"event %d" % number)
            event = b"data: event %d\n\n" % number
            assert text(wire, len(event)) == event
        events.tell("each", b"")
        assert wire.chunk() == b"", "the stream ends when the app ends it"


def listening(way, name):
    """Somebody who reads a stream of the app, and has read all there is."""
    if way.app.name == "events":
        wire = way.open(f"/events/{name}", "Accept: text/event-stream")
        begin(wire)
        assert text(wire, len(HELLO)) == HELLO
    else:
        wire = way.open(f"/stream/{name}")
        begin(wire)
        way.tell(name, b"some")
        assert text(wire, 4) == b"some"
    return wire


@pytest.mark.parametrize("name", ["events", "node"])
def test_the_app_notices_that_its_reader_has_left(way, name):
    app = way(name)
    listening(app, "left").close()
    try:
        eventually(lambda: "left" not in app.listeners(), what="the app's notice")
    finally:
        app.control("POST", "/tell/left")


@pytest.mark.parametrize("name", ["events", "node"])
def test_the_app_notices_a_left_reader_at_the_latest_when_it_writes(way, name):
    app = way(name)
    listening(app, "gone").close()
    eventually(lambda: app.control("POST", "/tell/gone", b"more").status == 404, what="the app's notice")


@pytest.mark.parametrize("name", ["events", "node"])
def test_the_app_notices_a_reader_that_breaks_off(way, name):
    app = way(name)
    listening(app, "broken").abort()
    eventually(lambda: "broken" not in app.listeners(), what="the app's notice")


def test_each_chunk_arrives_at_once_and_trailers_at_the_end(way):
    node = way("node")
    with node.open("/stream/chunks", "TE: trailers", "Connection: TE") as wire:
        begin(wire)
        for size in (1, 2, 100, 70000, 1, 3):
            node.tell("chunks", b"x" * size)
            assert text(wire, size) == b"x" * size
        node.tell("chunks", b"")
        assert wire.chunk() == b""
        assert wire.until(b"\r\n") == b"X-Count: 6\r\n" and wire.until(b"\r\n") == b"\r\n"


def test_what_php_flushes_arrives_before_it_goes_on(way):
    php = way("php")
    gates = [php.app.requests.with_name(f"after-{word}") for word in ("one", "two", "three")]
    with php.open("/steps") as wire:
        begin(wire)
        for gate in gates:
            line = gate.name.removeprefix("after-").encode() + b"\n"
            assert text(wire, len(line)) == line
            gate.touch()
        assert wire.chunk() == b""
    for gate in gates:
        gate.unlink()


def test_hints_arrive_before_there_is_an_answer(way):
    node = way("node")
    with node.open("/hint/soon") as wire:
        assert wire.head() == [b"HTTP/1.1 103 Early Hints", b"Link: </style.css>; rel=preload; as=style"]
        node.tell("soon", b"now")
        assert begin(wire) == b"HTTP/1.1 200 OK" and text(wire, 3) == b"now"
        node.tell("soon", b"")
        assert wire.chunk() == b""


@pytest.mark.parametrize("kind", ["length", "chunks"])
def test_an_answer_that_breaks_off_does_not_look_whole(way, kind):
    node = way("node")
    with node.open(f"/break/{kind}") as wire:
        assert wire.head()[0] == b"HTTP/1.1 200 OK"
        assert wire.rest().strip() in (b"some of it", b"a\r\nsome of it")


def test_each_piece_of_a_request_reaches_the_app_at_once(way):
    """The app sends back what it gets, while the request is still being sent."""
    node = way("node")
    with node.open("/mirror", "Transfer-Encoding: chunked", method="POST") as wire:
        for size in (1, 10, 100000, 1):
            wire.send(b"%x\r\n%s\r\n" % (size, b"y" * size))
            if size == 1 and not hasattr(wire, "kept"):
                begin(wire)
            assert text(wire, size) == b"y" * size
        wire.send(b"0\r\n\r\n")
        assert wire.chunk() == b""


def test_each_piece_reaches_the_other_end_of_an_upgrade_at_once(way):
    node = way("node")
    with node.open("/", "Connection: Upgrade", "Upgrade: echo") as wire:
        assert wire.head()[0] == b"HTTP/1.1 101 Switching Protocols"
        for size in (1, 10, 100000, 1):
            wire.send(b"y" * size)
            assert wire.exactly(size) == b"y" * size


def test_a_client_that_has_said_all_still_gets_the_rest(way):
    node = way("node")
    with node.open("/", "Connection: Upgrade", "Upgrade: echo") as wire:
        wire.head()
        wire.send(b"last words")
        wire.socket.shutdown(socket.SHUT_WR)
        assert wire.rest() == b"last wordsbye"


def test_a_client_that_ends_after_its_request_gets_the_answer(way):
    node = way("node")
    with node.open(f"/down/{4 * MEBIBYTE}") as wire:
        wire.socket.shutdown(socket.SHUT_WR)
        head = wire.head()
        assert head[0] == b"HTTP/1.1 200 OK"
        body = wire.rest()
        assert hashlib.sha256(body).digest() == hashlib.sha256((b"0123456789abcdef-" * 260000)[: 4 * MEBIBYTE]).digest()


def test_bytes_sent_with_the_upgrade_are_not_lost(way):
    node = way("node")
    with Wire(node.port) as wire:
        wire.send(Ask("GET / HTTP/1.1", ("Connection: Upgrade", "Upgrade: echo")).head(node.app.host) + b"early")
        assert wire.head()[0] == b"HTTP/1.1 101 Switching Protocols"
        assert wire.exactly(5) == b"early"


def test_a_slow_reader_holds_the_app_back_and_no_memory(started):
    """32 readers of 32 MiB each take nothing: a GiB would be in memory if anybody kept it."""
    app, tombolo = started("node")
    before, _ = tombolo.memory()
    wires = [Way(app, tombolo.port, tombolo).open(f"/down/{32 * MEBIBYTE}") for _ in range(32)]
    try:
        for wire in wires:
            assert wire.head()[0] == b"HTTP/1.1 200 OK"
        # One goes on, whole, while the others stand still for as long as that takes.
        assert hashlib.sha256(wires[7].exactly(32 * MEBIBYTE)).digest() == DOWN
        _, highest = tombolo.memory()
        assert highest - before < 64, f"{highest - before:.0f} MiB more for 31 readers that take nothing"
    finally:
        for wire in wires:
            wire.abort()


def test_an_app_that_takes_nothing_holds_the_senders_back_and_no_memory(started):
    """16 senders of 32 MiB each: half a GiB would be in memory if anybody kept it. Later all of it arrives."""
    app, tombolo = started("node")
    node, body, (before, _) = Way(app, tombolo.port, tombolo), b"0123456789abcdef" * (2 * MEBIBYTE), tombolo.memory()
    wires = [node.open(f"/later/{index}", f"Content-Length: {len(body)}", method="POST") for index in range(16)]
    try:
        sent = [take_off(wire.socket, body) for wire in wires]
        _, highest = tombolo.memory()
        assert highest - before < 64, f"{highest - before:.0f} MiB more for 16 senders that nobody listens to"
        for index in (3, 11):
            node.tell(str(index), b"")
            wires[index].send(body[sent[index] :])
            assert wires[index].head()[0] == b"HTTP/1.1 200 OK"
            assert wires[index].exactly(64).decode() == hashlib.sha256(body).hexdigest()
    finally:
        for wire in wires:
            wire.abort()


def take_off(sender, body):
    """Sends until nothing more is taken, and returns how much was."""
    count, timeout = 0, sender.gettimeout()
    sender.settimeout(0.2)
    with suppress(TimeoutError):
        while count < len(body):
            count += sender.send(body[count : count + 65536])
    sender.settimeout(timeout)
    return count


def test_one_connection_carries_everything(way):
    """Requests of all kinds one after the other, on a connection that goes on."""
    node = way("node")
    with Wire(node.port) as wire:
        for round in range(20):
            for ask in (
                Ask("GET / HTTP/1.1"),
                Ask("POST /up HTTP/1.1", body=b"b" * 5000),
                Ask("HEAD /down/100 HTTP/1.1"),
                Ask("GET /trailers HTTP/1.1", ("TE: trailers", "Connection: TE")),
                Ask("POST /up HTTP/1.1", pieces=(b"a", b"b" * 9000), trailers=("X-T: 1",)),
                Ask("GET /status/204 HTTP/1.1"),
                Ask("POST /up HTTP/1.1", ("Expect: 100-continue",), body=b"c", waits=True),
                Ask("GET /early HTTP/1.1"),
                Ask("GET /status/304 HTTP/1.1"),
                Ask("GET /chunks HTTP/1.1"),
            ):
                assert wire.exchange(ask, node.app.host).status in (200, 204, 304), (round, ask.start)


def test_requests_sent_together_are_answered_in_order(way):
    node = way("node")
    asks = [Ask(f"GET /down/{size} HTTP/1.1") for size in (5, 70000, 0, 1, 200000, 17)]
    with Wire(node.port) as wire:
        wire.send(b"".join(ask.head(node.app.host) for ask in asks))
        for ask in asks:
            head = wire.head()
            length = next(int(line[16:]) for line in head if line.lower().startswith(b"content-length: "))
            assert f"/{length} " in ask.start
            wire.exactly(length)
