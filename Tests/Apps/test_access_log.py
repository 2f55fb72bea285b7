"""The access log: what a line says, what it never says, and that writing it holds nobody up."""

import json
import os
import re
import signal
import time

import pytest

from support import contract
from support.certificates import Authority
from support.http2 import CANCEL, Client
from support.inside import Inside
from support.processes import eventually, free_port
from support.raw import Raw, Secure, exchange
from support.tombolo import Tombolo
from support.upstreams import OK, Scripted

HOST = "shop.localhost"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class Logged:
    def __init__(self, path, tombolo):
        self.path, self.tombolo = path, tombolo

    def raw(self):
        return self.path.read_bytes().decode("ascii")

    def lines(self, count=1):
        """The lines, once there are so many."""
        return eventually(lambda: (lines := self.raw().splitlines()) and len(lines) >= count and lines, what="the lines")

    def entries(self, count=1):
        return [json.loads(line) for line in self.lines(count)]

    def by(self, key, count):
        """The entries by one of their members: every event loop hands its lines over when it likes."""
        return {entry.get(key): entry for entry in self.entries(count)}

    def send(self, data):
        return exchange(self.tombolo.port, data if isinstance(data, bytes) else data.encode("latin-1"))

    def get(self, target="/", fields="", host=HOST):
        return self.send(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n{fields}Connection: close\r\n\r\n")


@pytest.fixture
def start_logging(start_tombolo, echo, tmp_path):
    def start(setting="access = true", sites=None, path=None, **settings):
        path = path or tmp_path / "access.log"
        settings["extra_log"] = f"{setting}\naccess_path = '{path}'"
        return Logged(path, start_tombolo(sites or {HOST: echo.url}, **settings))

    return start


def test_a_request_as_json(start_logging, echo):
    log = start_logging()
    fields = "User-Agent: curl/8\r\nReferer: http://a/b\r\nX-Request-Id: abc.1\r\n"
    status, _, body = log.get("/a%20b?c=d", fields + f"traceparent: 00-{TRACE}-00f067aa0ba902b7-01\r\n")
    (entry,) = log.entries()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry.pop("time"))
    assert 0 < entry.pop("upstream_first_byte_ms") <= entry.pop("duration_ms") < 5000
    assert entry == {
        "client": "127.0.0.1", "domain": HOST, "host": HOST, "method": "GET", "target": "/a%20b?c=d",
        "protocol": "HTTP/1.1", "status": 200, "bytes_in": 0, "bytes_out": len(body), "upstream": f"127.0.0.1:{echo.port}",
        "upstream_reused": False, "request_id": "abc.1", "trace_id": TRACE, "user_agent": "curl/8", "referer": "http://a/b",
    }


def test_what_was_made_here_is_logged_too_and_a_used_connection_is_told(start_logging):
    with Scripted(OK) as upstream:
        log = start_logging(sites={HOST: upstream.url})
        with Raw(log.tombolo.port) as raw:
            for _ in range(2):
                assert raw.send(f"POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 3\r\n\r\nabc".encode()).answer()[0] == 200
        first, second = log.entries(2)
        assert (first["bytes_in"], first["bytes_out"]) == (3, 2)
        assert (first["upstream_reused"], second["upstream_reused"]) == (False, True)
        sent = upstream.bytes().decode("latin-1")
        assert f"X-Request-Id: {first['request_id']}\r\n" in sent and f"traceparent: 00-{first['trace_id']}-" in sent
        assert first["request_id"] != second["request_id"] and first["trace_id"] != second["trace_id"]


def test_a_request_in_apaches_combined_format(start_logging):
    log = start_logging('access = true\naccess_format = "combined"')
    _, _, body = log.get("/x?y", 'User-Agent: a "b" \\ \xe9\t\r\nReferer: http://a/\r\n')
    log.get("/z")
    log.send(b"no http\r\n\r\n")
    lines = sorted(log.lines(3), key=lambda line: ("/x" not in line, "/z" not in line))
    time_ = r"\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\]"
    assert re.fullmatch(
        rf'127\.0\.0\.1 - - {time_} "GET /x\?y HTTP/1\.1" 200 {len(body)} "http://a/" "a \\"b\\" \\\\ \\xe9"', lines[0]), lines[0]
    assert re.fullmatch(rf'127\.0\.0\.1 - - {time_} "GET /z HTTP/1\.1" 200 \d+ "-" "-"', lines[1]), lines[1]
    assert re.fullmatch(rf'127\.0\.0\.1 - - {time_} "-" 400 \d+ "-" "-"', lines[2]), lines[2]


def test_nobody_writes_lines_of_their_own(start_logging):
    log = start_logging()
    # Bytes that no field value may have: refused with the whole head.
    agent = '"}\x0b{\x01\x7f\x80\xff\\u000a'
    with Raw(log.tombolo.port) as raw:
        raw.send(f"GET /%0a%22%5c HTTP/1.1\r\nHost: {HOST}\r\nUser-Agent: x\xc3\xbc\x85\"\\u000a{{\r\n\r\n".encode("latin-1")).answer()
    log.send(f"GET / HTTP/1.1\r\nHost: {HOST}\r\nUser-Agent: {agent}\r\n\r\n")
    entries = log.by("status", 2)
    first, second = entries[200], entries[400]
    assert first["user_agent"] == 'x\xc3\xbc\x85"\\u000a{' and first["target"] == "/%0a%22%5c"
    assert "user_agent" not in second
    assert all(0x20 <= ord(letter) <= 0x7E or letter == "\n" for letter in log.raw())


def test_whose_fault_it_was(start_logging, echo):
    log = start_logging(sites={HOST: echo.url, "dead.localhost": "http://127.0.0.1:1"}, extra='[timeouts]\nhead = "300ms"\n')
    log.get()
    log.get(host="dead.localhost")
    log.get(host="stranger.example")
    log.send("GET / HTTP/1.1\r\nHost : x\r\n\r\n")
    log.send("GET / HTTP/1.1\r\nHos")
    log.send(f"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n")
    entries = log.by("status", 6)
    told = {tuple(entry.get(key) for key in ("domain", "status", "phase", "fault", "reason")) for entry in entries.values()}
    assert told == {
        (HOST, 200, None, None, None),
        ("dead.localhost", 502, "request", "upstream", "upstream_refused"),
        (None, 421, "route", "client", "unknown_host"),
        (None, 400, "head", "client", "bad_request"),
        (None, 408, "head", "client", "request_timeout"),
        (None, 405, "head", "client", "method_not_allowed"),
    }
    assert entries[421]["host"] == "stranger.example" and "target" not in entries[400]
    assert (entries[405]["method"], entries[405]["target"]) == ("CONNECT", "a:1")
    assert entries[408]["duration_ms"] == 300


def test_what_was_made_good_by_a_second_attempt_is_nobodys_fault(start_logging):
    """A kept connection that the app closes under a request: the request is sent again on a fresh one, and has not failed."""
    inside = Inside()
    with Scripted(OK, None, OK) as upstream:
        log = start_logging(sites={HOST: upstream.url}, extra=inside.section)
        with Raw(log.tombolo.port) as raw:
            for _ in range(2):
                assert raw.send(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()).answer()[0] == 200
        assert len(upstream.connections) == 2 and upstream.bytes().count(b"GET / ") == 3
    first, second = log.entries(2)
    assert (second["status"], second["upstream_reused"], second["bytes_out"]) == (200, False, 2)
    assert second.keys() == first.keys() and not {"phase", "fault", "reason"} & second.keys()
    numbers = inside.numbers()
    assert numbers.sum("tombolo_upstream_retries_total") == 1
    assert numbers.sum("tombolo_requests_total", domain=HOST, code="2xx") == numbers.sum("tombolo_requests_total") == 2
    assert numbers.sum("tombolo_request_failures_total") == numbers.sum("tombolo_limit_hits_total") == 0


def over_http2(log, client):
    """What can become of a stream, by the path that was asked for."""
    assert client.get(path="/well").status == 200
    assert client.get(host="stranger.example", path="/stranger").status == 421
    assert client.get(host="dead.localhost", path="/dead").status == 502
    assert client.get(host="half.localhost", path="/half").reset is not None
    stream = client.begin(path=f"/down/{1 << 30}/60")
    client.wait(lambda: client.answers[stream].status == 200)
    client.h2.reset_stream(stream, CANCEL)
    client.flush()
    return {
        "/well": (HOST, 200, None, None, None),
        "/stranger": (None, 421, "route", "client", "unknown_host"),
        "/dead": ("dead.localhost", 502, "request", "upstream", "upstream_refused"),
        "/half": ("half.localhost", 200, "body", "upstream", "upstream_closed"),
        f"/down/{1 << 30}/60": (HOST, 200, "body", "client", "client_closed"),
    }


@pytest.fixture
def three_ends(start_logging, echo):
    """An app that answers, one that is down, and one that ends in the middle of its answers."""
    with Scripted(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", closes=True) as half:
        sites = {HOST: echo.url, "dead.localhost": "http://127.0.0.1:1", "half.localhost": half.url}
        yield lambda *setting: start_logging(*setting, sites=sites)


def test_whose_fault_it_was_over_http2(three_ends):
    log = three_ends()
    with Client(log.tombolo.port, name=HOST) as client:
        expected = over_http2(log, client)
        entries = log.by("target", len(expected))
    told = {
        target: tuple(entry.get(key) for key in ("domain", "status", "phase", "fault", "reason"))
        for target, entry in entries.items()
    }
    assert told == expected
    assert {entry["protocol"] for entry in entries.values()} == {"HTTP/2.0"}
    assert entries["/well"]["method"] == "GET" and entries["/stranger"]["host"] == "stranger.example"
    assert entries["/half"]["bytes_out"] == 4


def test_http2_in_apaches_combined_format(three_ends):
    log = three_ends('access = true\naccess_format = "combined"')
    with Client(log.tombolo.port, name=HOST) as client:
        expected = over_http2(log, client)
        lines = log.lines(len(expected))
    told = {re.search(r'"GET (\S+) HTTP/2\.0" (\d+) ', line).groups() for line in lines}
    assert told == {(target, str(status)) for target, (_, status, *_) in expected.items()}


def test_no_cookie_ticket_or_session(start_logging, visitor):
    log = start_logging()
    tombolo, person = log.tombolo, visitor("firefox")
    page = person.visit(tombolo.url(HOST))
    handle = person.cookie(HOST)
    person.visit(tombolo.url(HOST, "/set/session/secret-of-the-app"), initiator=tombolo.url(HOST))
    ticket = "abcdefgh-a-ticket"
    log.get(f"/?a=1&{contract.TICKET_PARAMETER}={ticket}&b=2", f"Referer: http://{HOST}/?{contract.TICKET_PARAMETER}={ticket}\r\n")
    from support.upstreams import session_id

    masked = log.by("target", 3)[f"/?a=1&{contract.TICKET_PARAMETER}=***&b=2"]
    assert masked["referer"] == f"http://{HOST}/?{contract.TICKET_PARAMETER}=***"
    text = log.raw()
    for secret in (handle, handle[:20], session_id(page), session_id(page)[:8], ticket):
        assert secret not in text
    assert '"' + "cookie" not in text.lower()


@pytest.mark.parametrize("setting, logged", [
    ('["/*", "!/assets/*"]', ["/", "/a"]), ('["/assets/*"]', ["/assets/x"]), ('"!/a*"', ["/"]), ("false", []),
    ('["!/*", "/a"]', ["/a"]),
])
def test_paths(start_logging, setting, logged, tmp_path):
    log = start_logging(f"access = {setting}")
    for target in ("/", "/a", "/assets/x"):
        log.get(target)
    if setting == "false":
        assert log.tombolo.stop() == 0
        assert not log.path.exists()
        return
    assert sorted(entry["target"] for entry in log.entries(len(logged))) == logged
    assert log.tombolo.stop() == 0
    assert len(log.lines()) == len(logged)


def test_the_client_is_whom_a_trusted_proxy_speaks_for(start_logging):
    log = start_logging(extra_listen='trusted_proxies = ["127.0.0.1", "10.0.0.0/8"]')
    log.get("/1", "X-Forwarded-For: 192.0.2.7, 10.0.0.1\r\n")
    log.get("/2")
    entries = log.by("target", 2)
    assert (entries["/1"]["client"], entries["/2"]["client"]) == ("192.0.2.7", "127.0.0.1")


def test_strangers_do_not_say_who_they_are(start_logging):
    log = start_logging()
    log.get("/", "X-Forwarded-For: 192.0.2.7\r\n")
    assert log.entries()[0]["client"] == "127.0.0.1"


def test_over_tls(start_logging, tmp_path):
    authority, port = Authority(tmp_path / "authority"), free_port()
    authority.issue(tmp_path / "certs" / "shop.pem", HOST)
    log = start_logging(**contract.https(port, tmp_path / "certs"))
    with Secure(port, HOST, authority.context()) as client:
        assert client.send(f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()).answer()[0] == 200
    entry = log.entries()[0]
    assert (entry["tls"], entry["server_name"]) == ("TLSv1.3", HOST)


def test_a_tunnel_is_a_line_when_it_ends(start_logging):
    log = start_logging()
    with Raw(log.tombolo.port) as raw:
        assert raw.send(f"GET /socket HTTP/1.1\r\nHost: {HOST}\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n".encode()).answer()[0] == 101
        raw.send(b"hello")
        assert raw.socket.recv(100) == b"hello"
    entry = log.entries()[0]
    assert (entry["status"], entry["bytes_in"], entry["bytes_out"]) == (101, 5, 5)


def test_every_line_is_there_at_the_end(start_logging):
    log = start_logging()
    with Raw(log.tombolo.port) as raw:
        for number in range(500):
            raw.send(f"GET /{number} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()).answer()
        assert log.tombolo.stop() == 0
    assert [entry["target"] for entry in log.entries()] == [f"/{number}" for number in range(500)]


def test_logrotate(start_logging):
    log = start_logging()
    log.get("/before")
    log.lines()
    moved = log.path.with_suffix(".1")
    os.rename(log.path, moved)
    log.get("/between")
    eventually(lambda: len(moved.read_text().splitlines()) == 2, what="the line in the moved file")
    log.tombolo.program.send_signal(signal.SIGHUP)
    eventually(log.path.exists, what="the new file")
    log.get("/after")
    assert log.entries()[0]["target"] == "/after"
    assert len(moved.read_text().splitlines()) == 2
    assert oct(log.path.stat().st_mode & 0o777) in ("0o640", "0o600")


def test_a_file_that_cannot_be_opened_keeps_it_from_starting(program, echo, tmp_path):
    setting = f"access = true\naccess_path = '{tmp_path}/missing/access.log'"
    tombolo = Tombolo(tmp_path / "tombolo", {HOST: echo.url}, extra_log=setting)
    with pytest.raises(AssertionError, match="cannot open .*/missing/access.log: No such file or directory"):
        tombolo.start()
    assert "Its folder must exist" in tombolo.logged() and 'access_path = "stdout"' in tombolo.logged()


def test_a_full_disk_stops_nobody_and_is_said_once(start_logging):
    inside = Inside()
    from pathlib import Path

    log = start_logging(path=Path("/dev/full"), extra=inside.section)
    for _ in range(3):
        assert log.get()[0] == 200
        failed = inside.numbers().sum("tombolo_access_log_lines_total", outcome="failed")
        eventually(lambda: inside.numbers().sum("tombolo_access_log_lines_total", outcome="failed") > 0)
        assert failed >= 0
    eventually(lambda: inside.numbers().sum("tombolo_access_log_lines_total", outcome="failed") == 3)
    assert log.tombolo.logged().count("the access log cannot be written") == 1


def test_a_reader_that_does_not_read_holds_up_nobody(start_logging, tmp_path):
    inside, pipe = Inside(), tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        log = start_logging(path=pipe, extra=inside.section)
        # More than fits into the pipe, in targets of 7 000 bytes.
        with Raw(log.tombolo.port) as raw:
            for _ in range(2_800):
                assert raw.send(f"GET /{'x' * 7000} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()).answer()[0] == 200
        assert inside.report("/healthz")[0] == 200
        eventually(lambda: inside.numbers().sum("tombolo_access_log_lines_total", outcome="dropped") > 0)
        began = time.monotonic()
        assert log.tombolo.stop() == 0
        assert time.monotonic() - began < 15
    finally:
        os.close(reader)


def test_standard_output(program, echo, tmp_path):
    tombolo = Tombolo(tmp_path / "tombolo", {HOST: echo.url}, extra_log="access = true")
    with tombolo:
        exchange(tombolo.port, f"GET /here HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
    assert '"target":"/here"' in tombolo.logged()
