"""Several addresses for a domain, names whose addresses change, time limits per domain, and pools over a reload."""

import os
import shutil
import socket
import subprocess
import threading
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from support import contract
from support.inside import Inside
from support.processes import eventually, free_port
from support.raw import Raw, exchange
from support.upstreams import Scripted

SHOP, CLUB = "shop.localhost", "club.localhost"


def answer(text):
    return f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode()


def get(tombolo, host=SHOP, target="/"):
    head = f"GET {target} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
    return exchange(tombolo.port, head.encode(), timeout=20)


def bodies(tombolo, count, host=SHOP):
    answers = [get(tombolo, host) for _ in range(count)]
    assert {status for status, _, _ in answers} == {200}
    return Counter(body.decode() for _, _, body in answers)


def logged(tombolo, *words):
    return [line for line in tombolo.logged().splitlines() if all(word in line for word in words)]


@pytest.fixture
def one_loop(program, tmp_path, monkeypatch):
    """What is per event loop is seen most clearly with one of them."""
    monkeypatch.setenv("TOMBOLO_BINARY", str(program))
    running = []

    def start(sites, env=None, **settings):
        from support.tombolo import Tombolo

        tombolo = Tombolo(tmp_path / f"tombolo-{len(running)}", sites, **settings)
        tombolo.program.command = ["taskset", "-c", str(min(os.sched_getaffinity(0))), *tombolo.program.command]
        tombolo.program.env |= env or {}
        running.append(tombolo)
        return tombolo.start()

    yield start
    for tombolo in running:
        output = tombolo.program.output()
        tombolo.stop()
        print(output)


# Several addresses


def test_addresses_serve_in_turn_and_a_broken_one_is_missed_by_nobody(one_loop, tmp_path):
    with Scripted(answer("one")) as one, Scripted(answer("two")) as two:
        third = tmp_path / "three.sock"
        tombolo = one_loop({SHOP: f"{one.url},{two.url},unix:{third}"})
        assert bodies(tombolo, 8) == {"one": 4, "two": 4}
        assert len(logged(tombolo, "is put aside", "three.sock", "there is no such socket")) == 1
        Scripted(answer("three"), path=third)
        eventually(lambda: "three" in bodies(tombolo, 3), what="the third address")
        assert bodies(tombolo, 6) == {"one": 2, "two": 2, "three": 2}
        assert len(logged(tombolo, "works again", "three.sock")) == 1

        # One of them is gone in the middle of everything: connections in use break, nobody who can be helped sees it.
        port = one.port
        one.close()
        one.end()
        assert bodies(tombolo, 9) in ({"two": 5, "three": 4}, {"two": 4, "three": 5})
        assert len(logged(tombolo, "is put aside", f":{port}")) == 1
        with Scripted(answer("one"), port=port):
            eventually(lambda: "one" in bodies(tombolo, 3), what="the first address")
            assert len(logged(tombolo, "works again", f":{port}")) == 1


def test_a_body_that_nobody_has_touched_goes_to_the_next_address(one_loop):
    with Scripted(answer("two")) as two:
        tombolo = one_loop({SHOP: f"http://127.0.0.1:{free_port()},{two.url}"})
        head = f"POST / HTTP/1.1\r\nHost: {SHOP}\r\nContent-Length: 3\r\nConnection: close\r\n\r\n"
        assert exchange(tombolo.port, f"{head}abc".encode())[2] == b"two"
        assert two.bytes().endswith(b"\r\n\r\nabc") and two.bytes().count(b"POST") == 1


def test_a_request_that_was_sent_is_not_sent_to_another_address(one_loop):
    with Scripted(None) as one, Scripted(answer("two")) as two:
        tombolo = one_loop({SHOP: f"{one.url},{two.url}"})
        statuses = [get(tombolo)[0] for _ in range(6)]
        assert sorted(statuses) == [200, 200, 200, 502, 502, 502]
        assert two.bytes().count(b"GET") == 3
        # Three in a row: now it is put aside.
        assert bodies(tombolo, 4) == {"two": 4}
        assert len(logged(tombolo, "is put aside", one.url, "several responses")) == 1


class Attentive:
    """An app that drops a request when its client's side ends, as Node's server does."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.dropped = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(65536)
            if b"/slow" in head:
                while connection.recv(100):
                    pass
                self.dropped += 1
            else:
                connection.sendall(answer("ok"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


def test_clients_that_leave_do_not_put_an_address_aside(one_loop):
    with Attentive() as one, Attentive() as two, ExitStack() as stack:
        tombolo = one_loop({SHOP: f"{one.url},{two.url}"})
        for _ in range(20):
            raw = stack.enter_context(Raw(tombolo.port))
            raw.send(f"GET /slow HTTP/1.1\r\nHost: {SHOP}\r\n\r\n".encode())
            raw.socket.shutdown(socket.SHUT_WR)
        # Each is asked once more, on a fresh connection.
        eventually(lambda: one.dropped + two.dropped >= 20, what="requests that were dropped")
        assert bodies(tombolo, 6) == {"ok": 6}
    assert not logged(tombolo, "is put aside")


def test_all_are_down(one_loop):
    ports = free_port(), free_port()
    tombolo = one_loop({SHOP: ",".join(f"http://127.0.0.1:{port}" for port in ports)})
    for _ in range(3):
        status, _, body = get(tombolo)
        assert status == 502 and b"connection refused" in body and str(ports[1]).encode() in body
    with Scripted(answer("up"), port=ports[1]):
        assert get(tombolo)[2] == b"up", "if all are aside, all are tried"


# Names


@pytest.fixture
def names(tmp_path):
    """A library that answers for *.internal, and a function that says what it answers."""
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))))
    library, file = tmp_path / "names.so", tmp_path / "names"
    source = Path(__file__).with_name("names.c")
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)

    def say(**addresses):
        new = file.with_suffix(".new")
        new.write_text("".join(f"{name}.internal {' '.join(known)}\n" for name, known in addresses.items()))
        new.rename(file)

    say()
    return say, {"LD_PRELOAD": str(library), "NAMES_FILE": str(file)}


def test_a_name_stands_for_all_its_addresses_and_for_others_later(one_loop, names):
    (say, env), inside = names, Inside()
    port = free_port()
    with ExitStack() as stack:
        old = [Scripted(answer(f"{number}"), host=f"127.0.0.{number}", port=port) for number in (2, 3)]
        for app in old:
            stack.callback(app.end)
            stack.enter_context(app)
        tombolo = one_loop({SHOP: f"http://web.internal:{port}"}, env, extra=inside.section)
        status, _, body = get(tombolo)
        assert status == 502 and b"the host name was not found" in body
        assert inside.numbers().sum("tombolo_upstream_name_failures_total") == 1
        say(web=["127.0.0.2", "127.0.0.3"])
        assert bodies(tombolo, 4) == {"2": 2, "3": 2}
        # A container has moved: its old address refuses, and the name stands for another.
        say(web=["127.0.0.4"])
        stack.close()
    with Scripted(answer("4"), host="127.0.0.4", port=port):
        eventually(lambda: get(tombolo)[2] == b"4", 5, what="the new address")
        assert bodies(tombolo, 4) == {"4": 4}


@pytest.mark.parametrize("first, second", [("::1", "127.0.0.1"), ("127.0.0.1", "::1")])
def test_a_name_of_both_families_works_whichever_the_app_listens_on(one_loop, names, first, second):
    say, env = names
    say(both=[first, second])
    port = free_port()
    with Scripted(answer("four"), port=port):
        tombolo = one_loop({SHOP: f"http://both.internal:{port}", CLUB: f"http://localhost:{port}"}, env)
        assert bodies(tombolo, 5) == {"four": 5}
        assert bodies(tombolo, 2, CLUB) == {"four": 2}


# Time limits


def test_time_limits_are_the_domains_own(start_tombolo):
    with Scripted(b"") as silent, Scripted(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf") as stuck:
        tombolo = start_tombolo(
            {SHOP: f"{silent.url} response_timeout=200ms", CLUB: f"{stuck.url} idle_timeout=200ms"}
        )
        began = time.monotonic()
        status, _, body = get(tombolo)
        assert status == 504 and b"timed out after 0.2 s" in body
        with Raw(tombolo.port, timeout=20) as raw:
            raw.send(f"GET / HTTP/1.1\r\nHost: {CLUB}\r\n\r\n".encode())
            assert raw.is_closed()
        assert time.monotonic() - began < 15, "the time limits of [timeouts] are a minute and more"


def test_a_connection_that_is_not_accepted_in_time(start_tombolo):
    # A listener whose queue is full takes no connection more.
    with socket.socket() as full, ExitStack() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            client = waiting.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(full.getsockname())
        with Scripted(answer("other")) as other:
            line = f"http://127.0.0.1:{full.getsockname()[1]}"
            tombolo = start_tombolo(
                {SHOP: f"{line} connect_timeout=300ms", CLUB: f"{line},{other.url} connect_timeout=300ms"}
            )
            status, _, body = get(tombolo)
            assert status == 504 and b"no connection within 0.3 s" in body
            assert get(tombolo, CLUB)[2] == b"other"


# Pools


def test_connections_end_when_they_have_been_idle_long_enough(start_tombolo):
    with Scripted() as app:
        tombolo = start_tombolo({SHOP: app.url}, extra='[timeouts]\nupstream_keepalive = "400ms"\n')
        get(tombolo)
        assert app.ended == 0
        eventually(lambda: app.ended == 1, 3, what="the end of the connection")
    with Scripted() as app:
        tombolo = start_tombolo({SHOP: app.url}, extra='[timeouts]\nupstream_keepalive = "0s"\n')
        get(tombolo)
        get(tombolo)
        assert len(app.connections) == 2


def test_connections_do_not_live_for_ever(one_loop):
    with Scripted() as app:
        tombolo = one_loop({SHOP: app.url}, extra='[timeouts]\nupstream_lifetime = "500ms"\n')
        end = time.monotonic() + 1.2
        while time.monotonic() < end:
            assert get(tombolo)[0] == 200
        assert 3 <= len(app.connections) <= 4


def test_a_reload_closes_the_connections_to_upstreams_that_are_gone_and_no_other(one_loop):
    with Scripted(answer("shop")) as shop, Scripted(answer("club")) as club, Scripted(answer("new")) as new:
        tombolo = one_loop({SHOP: shop.url, CLUB: club.url})
        for host in (SHOP, CLUB):
            get(tombolo, host)
        tombolo.domains.write_text(f"{SHOP} {shop.url}\n{CLUB} {new.url}\n")
        eventually(lambda: get(tombolo, CLUB)[2] == b"new", contract.RELOAD_WITHIN * 3, what="the new upstream")
        eventually(lambda: club.ended == 1, 2, what="the end of the idle connection")
        get(tombolo)
        assert (len(shop.connections), shop.ended) == (1, 0), "the same connection before and after"


# What the operator is told


def test_an_upstream_that_is_down_keeps_nobody_from_starting(start_tombolo, program, echo):
    port = free_port()
    tombolo = start_tombolo({SHOP: f"http://127.0.0.1:{port}", CLUB: echo.url})
    assert get(tombolo)[0] == 502 and get(tombolo, CLUB)[0] == 200

    def check(*more):
        command = [str(program), "check", "--config", str(tombolo.config), *more]
        environment = {**os.environ, "SHOP_SECRET_KEY": "x"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    status, output = check()
    said = f"http://127.0.0.1:{port} of {SHOP} ({tombolo.domains}:1) cannot be reached now: connection refused"
    assert status == 0 and said in output and output.count("warning") == 1
    assert check("--offline") == (0, output.replace(f"  warning  {said}\n", ""))
