"""The internal listener: what it answers, to whom, and until when."""

import signal
import threading
import time

import pytest

from support.inside import Inside, section
from support.processes import accepts, eventually
from support.raw import Raw, exchange
from support.tombolo import Tombolo
from support.upstreams import OK, Scripted

HOST = "shop.localhost"


@pytest.fixture
def inside():
    return Inside()


@pytest.fixture
def tombolo(start_tombolo, echo, inside):
    return start_tombolo({HOST: echo.url}, extra=inside.section)


def ready(inside):
    """The ports are open a moment before Tombolo says that it is ready."""
    return eventually(lambda: inside.report("/readyz") == (200, {"status": "ok"}), what="readiness")


def test_the_three_questions(tombolo, inside):
    assert ready(inside)
    for path in ("/startupz", "/readyz", "/healthz"):
        assert inside.report(path) == (200, {"status": "ok"})


def test_no_path_but_these_and_no_method_but_get_and_head(tombolo, inside):
    for path in ("/", "/metrics/", "/Metrics", "/startup", "//metrics", "/%6detrics", "/crossdomain/loader.js"):
        status, _, body = inside.request(path)
        assert status == 404 and all(f"\n{known}\n" in body for known in ("/startupz", "/readyz", "/healthz", "/metrics"))
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "NONSENSE"):
        status, headers, _ = inside.request("/metrics", method)
        assert (status, headers["allow"]) == (405, "GET, HEAD")
    status, headers, body = inside.request("/metrics?x=y", "HEAD")
    assert status == 200 and int(headers["content-length"]) > 1000 and body == ""


@pytest.mark.parametrize("host, status", [
    ("127.0.0.1:9180", 200), ("localhost", 200), ("LOCALHOST:1", 200), ("a.localhost", 200), ("[::1]:9180", 200),
    ("192.0.2.7", 200), ("rebound.example", 421), ("127.0.0.1.example", 421), ("localhost.example:9180", 421),
    ("1.2.3", 421), ("shop.example", 421),
])
def test_names_of_strangers_are_refused(tombolo, inside, host, status):
    answer = exchange(inside.port, f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert answer[0] == status


def test_framing_is_as_strict_as_outside(tombolo, inside):
    two = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    assert exchange(inside.port, two)[0] == 400


def test_it_is_not_there_unless_asked_for(start_tombolo, echo, inside):
    tombolo = start_tombolo({HOST: echo.url})
    assert exchange(tombolo.port, f"GET /metrics HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())[0] == 200
    assert "internal" not in tombolo.logged() and not accepts(inside.port)


def test_a_unix_socket(start_tombolo, echo, tmp_path):
    inside = Inside(path=tmp_path / "internal.sock")
    start_tombolo({HOST: echo.url}, extra=inside.section)
    assert ready(inside)
    assert "tombolo_build_info" in inside.page()


def test_a_public_address_is_refused(program, echo, tmp_path):
    tombolo = Tombolo(tmp_path / "tombolo", {HOST: echo.url}, extra=section("0.0.0.0:9180"))
    with pytest.raises(AssertionError, match="can be reached from other machines"):
        tombolo.start()
    assert 'write "127.0.0.1:9180" or "unix:' in tombolo.logged()


def test_a_port_in_use_is_a_start_failure_with_a_remedy(program, tombolo, inside, echo, tmp_path):
    second = Tombolo(tmp_path / "second", {HOST: echo.url}, extra=inside.section)
    with pytest.raises(AssertionError, match="cannot listen on 127.0.0.1"):
        second.start()
    assert "Change [internal] listen in" in second.logged()


@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_it_is_shared_under_reuse_port(make_tombolo, tmp_path, kind):
    """A second process beside the first: somebody always answers, and in the end the second."""
    inside = Inside(path=tmp_path / "internal.sock" if kind == "unix" else None)
    first, second = (make_tombolo(extra=inside.section, extra_listen="reuse_port = true") for _ in range(2))
    first.start()

    def process():
        return inside.numbers().sum("process_start_time_seconds")

    before = process()
    # Times of starts are told in hundredths of a second.
    eventually(lambda: time.time() > before + 1)
    second.start()
    eventually(lambda: '"ready"' in second.logged(), what="the second")
    assert inside.report("/readyz") == (200, {"status": "ok"})
    first.program.send_signal(signal.SIGTERM)
    while first.is_running:
        assert inside.report("/healthz") == (200, {"status": "ok"})
    assert first.program.process.wait(20) == 0
    assert process() > before and inside.report("/readyz") == (200, {"status": "ok"})
    assert second.stop() == 0
    assert not (inside.path or tmp_path / "none").exists()


def test_it_answers_while_draining_and_is_closed_last(start_tombolo, inside):
    hang = threading.Event()

    class Slow(Scripted):
        def _serve(self, connection, kept):
            connection.recv(65536)
            hang.wait(30)
            connection.sendall(OK)
            connection.close()

    with Slow() as upstream:
        tombolo = start_tombolo({HOST: upstream.url}, extra=inside.section)
        with Raw(tombolo.port) as client:
            client.send(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
            eventually(lambda: inside.numbers().sum("tombolo_upstream_connections", state="active") == 1)
            tombolo.program.send_signal(signal.SIGTERM)
            eventually(lambda: not accepts(tombolo.port), what="the end of accepting")
            assert inside.report("/readyz") == (503, {"status": "unavailable", "reasons": ["draining"]})
            assert inside.report("/healthz")[0] == inside.report("/startupz")[0] == 200
            assert inside.numbers().sum("tombolo_connections_active") == 1
            hang.set()
            assert client.answer()[0] == 200
        assert tombolo.program.process.wait(20) == 0
        assert not accepts(inside.port)


def test_it_has_a_limit_of_its_own_and_is_counted_nowhere(start_tombolo, echo, inside):
    tombolo = start_tombolo({HOST: echo.url}, extra=f"{inside.section}\n[limits]\nconnections = 1\n")
    request = f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
    eventually(lambda: inside.numbers().sum("tombolo_connections_active") == 0)
    with Raw(tombolo.port) as only:
        assert only.send(request).answer()[0] == 200
        before = inside.numbers()
        hits = before.sum("tombolo_limit_hits_total", limit="connections")
        assert exchange(tombolo.port, request) is None
        after = eventually(lambda: (n := inside.numbers()).sum("tombolo_limit_hits_total", limit="connections") > hits and n)
        assert before.sum("tombolo_connections_active") == after.sum("tombolo_connections_active") == 1
        assert before.sum("tombolo_requests_total") == after.sum("tombolo_requests_total") == 1


def break_store(tombolo):
    """Makes every read of the store fail: the index of its log and both files hold nothing that makes sense."""
    names = [tombolo.store, tombolo.store.with_name(f"{tombolo.store.name}-wal")]
    with open(tombolo.store.with_name(f"{tombolo.store.name}-shm"), "r+b") as index:
        index.write(b"\xff" * 136)
    for name in names:
        size = name.stat().st_size
        with open(name, "r+b") as file:
            file.write(b"\xff" * size)


def test_readiness_turns_red_with_the_store_and_liveness_does_not(tombolo, inside):
    break_store(tombolo)
    status, report = eventually(lambda: (r := inside.report("/readyz"))[0] == 503 and r, what="a red answer")
    assert report["status"] == "unavailable" and report["reasons"][0].startswith("store: "), report
    assert inside.report("/healthz") == (200, {"status": "ok"})
    assert inside.report("/startupz")[0] == 200


def test_an_upstream_that_is_down_is_no_reason(start_tombolo, inside):
    tombolo = start_tombolo({HOST: "http://127.0.0.1:1"}, extra=inside.section)
    request = f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()
    assert exchange(tombolo.port, request)[0] == 502
    assert ready(inside)
    assert inside.report("/healthz")[0] == 200
