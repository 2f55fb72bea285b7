"""/metrics: the format, its documentation, and that every number moves when the thing happens."""

import gzip
import re
import socket
import sqlite3
import ssl
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from hyperframe import frame as f

from support import contract
from support.certificates import Authority
from support.http2 import Client, Frames, request
from support.inside import Inside
from support.processes import ROOT, accepts, eventually, free_port
from support.raw import Raw, Secure, exchange
from support.upstreams import Scripted, SecureScripted

SHOP, GERMANY, CLUB, DEAD, ODD = "shop.localhost", "shop-deutschland.localhost", "club.localhost", "dead.localhost", "odd.localhost"
PAIR, GONE, UNSAFE, FULL = "pair.localhost", "gone.localhost", "unsafe.localhost", "full.localhost"
PAGE = "Accept: text/html\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: same-origin\r\n"


def html(body, fields=""):
    return f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{fields}Content-Length: {len(body)}\r\n\r\n{body}".encode()


class World:
    """Everything that can happen, in front of one Tombolo that listens inside and for https, too."""

    def __init__(self, folder, start_tombolo, echo, visitor):
        self.folder, self.visitor, self.inside, self.secure = folder, visitor, Inside(), free_port()
        self.odd = Scripted(html("<rss version='2.0'></rss>"))
        self.authority = Authority(folder / "authority")
        pem = self.authority.issue(folder / "certs" / "shop.pem", SHOP)
        self.unknown = SecureScripted(pem)
        settings = contract.https(self.secure, folder / "certs")
        settings["extra"] += self.inside.section + '[timeouts]\nhead = "300ms"\n'
        settings["extra_log"] = f"access = true\naccess_path = '{folder}/access.log'"
        self.absent, self.full = free_port(), socket.create_server(("127.0.0.1", 0), backlog=0)
        sites = {SHOP: echo.url, GERMANY: echo.url, CLUB: echo.url, DEAD: "http://127.0.0.1:1", ODD: self.odd.url}
        sites |= {
            PAIR: f"http://127.0.0.1:{self.absent},{self.odd.url}", GONE: f"unix:{folder}/absent.sock",
            UNSAFE: self.unknown.url,
            FULL: f"http://127.0.0.1:{self.full.getsockname()[1]} connect_timeout=300ms",
        }
        self.tombolo = start_tombolo(sites, **settings)
        eventually(lambda: accepts(self.secure), what="the https listener")

    def get(self, host, fields="", target="/"):
        request = f"GET {target} HTTP/1.1\r\nHost: {host}\r\n{fields}Connection: close\r\n\r\n"
        return exchange(self.tombolo.port, request.encode())

    def odd_page(self, answer):
        self.odd.answers = [answer]
        return self.get(ODD, PAGE)

    def person(self, engine="chromium", **options):
        return self.visitor(engine, **options)

    def act(self, person, page, primary, /, **payload):
        return person.fetch(self.tombolo.url(page), self.tombolo.url(primary, contract.CROSSDOMAIN), payload=payload)


@pytest.fixture
def world(tmp_path, start_tombolo, echo, visitor):
    world = World(tmp_path, start_tombolo, echo, visitor)
    yield world
    world.odd.close()
    world.unknown.close()
    world.full.close()


# What happens


def ok(world):
    assert world.get(SHOP)[0] == 200


def refused(world):
    assert world.get(DEAD)[0] == 502


def stranger(world):
    assert world.get("stranger.example")[0] == 421


def nonsense(world):
    assert exchange(world.tombolo.port, b"GET / HTTP/1.1\r\nHost : x\r\n\r\n")[0] == 400


def slow_head(world):
    assert exchange(world.tombolo.port, b"GET / HTTP/1.1\r\nHost:")[0] == 408


def gone_upstream(world):
    assert world.odd_page(None)[0] == 502


def gone_client(world):
    with Raw(world.tombolo.port) as raw:
        raw.send(f"GET /down/{1 << 30}/60 HTTP/1.1\r\nHost: {SHOP}\r\n\r\n".encode())
        assert raw.socket.recv(100)


def upload(world):
    request = f"POST /up HTTP/1.1\r\nHost: {SHOP}\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n".encode() + b"x" * 1000
    assert exchange(world.tombolo.port, request)[0] == 200


def twice_on_one_connection(world):
    with Raw(world.tombolo.port) as raw:
        for _ in range(2):
            assert raw.send(f"GET / HTTP/1.1\r\nHost: {SHOP}\r\n\r\n".encode()).answer()[0] == 200


def page(world):
    assert b"loader.js" in world.get(SHOP, PAGE)[2]


def feed(world):
    assert b"loader.js" not in world.odd_page(html("<rss version='2.0'></rss>"))[2]


def attachment(world):
    world.odd_page(html("<html><head>", "Content-Disposition: attachment\r\n"))


def not_transformed(world):
    world.odd_page(html("<html><head>", "Cache-Control: no-transform\r\n"))


def broken_gzip(world):
    body = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + b"\xff" * 50
    fields = f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n"
    world.odd_page(f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{fields}\r\n".encode() + body)


def gzip_page(world, body):
    fields = f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n"
    world.odd_page(f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{fields}\r\n".encode() + body)


START = b"<!doctype html><html><head><title>".ljust(60_000, b"x")


def damaged_page(world):
    """A stored block (RFC 1951 §3.2.4) with the beginning, and then one of a type that there is not."""
    block = b"\0" + len(START).to_bytes(2, "little") + (len(START) ^ 0xFFFF).to_bytes(2, "little") + START
    gzip_page(world, b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + block + b"\x07" + bytes(8))


def half_a_page(world):
    gzip_page(world, gzip.compress(START + b"".join(b"%d" % number for number in range(90_000)))[:-1000])


def handshake(world):
    person = world.person("firefox")
    person.visit(world.tombolo.url(SHOP))
    assert person.visit(world.tombolo.url(CLUB)).status == 200


def check_and_merge(world):
    person = world.person(third_party_cookies=True)
    for host in (SHOP, GERMANY):
        person.visit(world.tombolo.url(host))
        person.visit(world.tombolo.url(host, f"/set/session/{host}"), initiator=world.tombolo.url(host))
    person.run_loader(world.tombolo.url(SHOP))
    assert person.run_loader(world.tombolo.url(GERMANY)) in ("replaced", "use_current")


def foreign_check(world):
    request = f"POST /crossdomain HTTP/1.1\r\nHost: {SHOP}\r\nOrigin: http://evil.example\r\nContent-Type: application/json\r\n"
    body = '{"action":"begin"}'
    request += f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
    assert exchange(world.tombolo.port, request.encode())[0] == 403


def arrival(world):
    person = world.person()
    person.visit(world.tombolo.url(SHOP))
    ticket = world.act(person, SHOP, SHOP, action="begin", to=CLUB).json()["ticket"]
    target = f"/?{contract.TICKET_PARAMETER}={ticket}"
    person.visit(world.tombolo.url(CLUB, target), initiator=world.tombolo.url(SHOP))


def forged_arrival(world):
    world.get(CLUB, PAGE, f"/?{contract.TICKET_PARAMETER}=forged")


def cart(world):
    person = world.person()
    person.visit(world.tombolo.url(SHOP))
    person.visit(world.tombolo.url(SHOP, "/set/session/cart"), initiator=world.tombolo.url(SHOP))
    person.visit(world.tombolo.url(SHOP))


def cart_while_locked(world):
    person = world.person()
    person.visit(world.tombolo.url(SHOP))
    other = sqlite3.connect(world.tombolo.store, isolation_level=None, timeout=10)
    other.execute("BEGIN IMMEDIATE")
    try:
        person.visit(world.tombolo.url(SHOP, "/set/session/cart"), initiator=world.tombolo.url(SHOP))
    finally:
        other.execute("ROLLBACK")
        other.close()


def handshake_of_tls(world):
    with Secure(world.secure, SHOP, world.authority.context()) as client:
        assert client.send(f"GET / HTTP/1.1\r\nHost: {SHOP}\r\nConnection: close\r\n\r\n".encode()).answer()[0] == 200


def unknown_name(world):
    with pytest.raises(ssl.SSLError):
        Secure(world.secure, "other.example", world.authority.context())


def wrong_host_over_tls(world):
    with Secure(world.secure, SHOP, world.authority.context()) as client:
        assert client.send(f"GET / HTTP/1.1\r\nHost: {CLUB}\r\nConnection: close\r\n\r\n".encode()).answer()[0] == 421


def no_name(world):
    with pytest.raises(ssl.SSLError):
        Secure(world.secure, None, world.authority.context(check_hostname=False))


def said_without_tls(world, data, ends=True):
    with Raw(world.secure) as raw:
        raw.send(data)
        if ends:
            raw.socket.shutdown(socket.SHUT_WR)
        raw.is_closed()


def cleartext(world):
    said_without_tls(world, b"GET / HTTP/1.1\r\n\r\n")


def no_hello(world):
    said_without_tls(world, b"\x16\x03\x01\x00\x04\x01\x00\x00\x00")


def half_a_hello(world):
    said_without_tls(world, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc")


def slow_hello(world):
    said_without_tls(world, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", ends=False)


def old_tls(world):
    context = world.authority.context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        Secure(world.secure, SHOP, context)


def over_http2(world):
    with Client(world.tombolo.port) as client:
        assert client.get().status == 200


def malformed_stream(world):
    with Frames(world.tombolo.port) as c:
        c.send(c.headers(1, request(SHOP) + [("Upper", "case")]))
        assert c.verdict()[0] == "RST_STREAM"


def broken_connection(world):
    with Frames(world.tombolo.port) as c:
        c.send(f.SettingsFrame(0), f.DataFrame(1, b"of no stream"))
        assert c.verdict()[0] == "GOAWAY"


def long_target(world):
    assert world.get(SHOP, target="/" + "x" * 9000)[0] == 414


def long_field(world):
    assert world.get(SHOP, f"X: {'y' * 9000}\r\n")[0] == 431


def many_fields(world):
    assert world.get(SHOP, "X: y\r\n" * 200)[0] == 431


def large_head(world):
    assert world.get(SHOP, f"X: {'y' * 7000}\r\n" * 6)[0] == 431


def large_answer(world):
    assert world.odd_page(html("", f"X: {'y' * 7000}\r\n" * 6))[0] == 502


def failover(world):
    assert world.get(PAIR)[0] == 200


def back(world):
    """All over one connection: which address works is found out by each event loop for itself."""
    with Raw(world.tombolo.port) as raw:
        def body():
            status, _, text = raw.send(f"GET / HTTP/1.1\r\nHost: {PAIR}\r\n\r\n".encode()).answer()
            assert status == 200
            return text

        body()
        with Scripted(html("back"), port=world.absent):
            eventually(lambda: body() == b"back", what="the address that was put aside")


def no_socket(world):
    assert world.get(GONE)[0] == 502


def unknown_authority(world):
    assert world.get(UNSAFE)[0] == 502


def full_queue(world):
    """The system accepts for the app until its queue is full, and then lets whoever connects wait."""
    with ExitStack() as stack:
        for _ in range(3):
            client = stack.enter_context(closing(socket.socket()))
            client.setblocking(False)
            client.connect_ex(world.full.getsockname())
        assert world.get(FULL)[0] == 504


def bad_reload(world):
    world.tombolo.domains.write_text(world.tombolo.domains.read_text() + "what is this\n")
    world.tombolo.reload()


def good_reload(world):
    world.tombolo.domains.write_text(world.tombolo.domains.read_text() + "new.localhost http://127.0.0.1:1\n")
    world.tombolo.reload()


CASES = [
    (ok, "tombolo_requests_total", {"domain": SHOP, "code": "2xx"}, 1),
    (ok, "tombolo_request_duration_seconds_count", {"domain": SHOP}, 1),
    (ok, "tombolo_request_duration_seconds_bucket", {"domain": SHOP, "le": "+Inf"}, 1),
    (ok, "tombolo_upstream_first_byte_seconds_count", {"domain": SHOP}, 1),
    (ok, "tombolo_upstream_first_byte_seconds_sum", {"domain": SHOP}, None),
    (ok, "tombolo_response_body_bytes_total", {"domain": SHOP}, None),
    (ok, "tombolo_connections_accepted_total", {}, 1),
    (ok, "tombolo_upstream_connects_total", {"outcome": "ok"}, 1),
    (ok, "tombolo_upstream_connections", {"state": "idle"}, 1),
    (ok, "tombolo_access_log_lines_total", {"outcome": "written"}, 1),
    (ok, "process_cpu_seconds_total", {}, None),
    (upload, "tombolo_request_body_bytes_total", {"domain": SHOP}, 1000),
    (twice_on_one_connection, "tombolo_upstream_reuses_total", {}, 1),
    (refused, "tombolo_requests_total", {"domain": DEAD, "code": "5xx"}, 1),
    (refused, "tombolo_request_failures_total", {"domain": DEAD, "phase": "request", "fault": "upstream", "reason": "upstream_refused"}, 1),
    (refused, "tombolo_upstream_connects_total", {"outcome": "refused"}, 1),
    (gone_upstream, "tombolo_request_failures_total", {"domain": ODD, "phase": "request", "reason": "upstream_closed"}, 1),
    (gone_client, "tombolo_request_failures_total", {"domain": SHOP, "phase": "body", "fault": "client", "reason": "client_closed"}, 1),
    (stranger, "tombolo_requests_total", {"domain": "(unknown)", "code": "4xx"}, 1),
    (stranger, "tombolo_request_failures_total", {"domain": "(unknown)", "phase": "route", "fault": "client", "reason": "unknown_host"}, 1),
    (nonsense, "tombolo_request_failures_total", {"domain": "(unknown)", "phase": "head", "fault": "client", "reason": "bad_request"}, 1),
    (slow_head, "tombolo_request_failures_total", {"domain": "(unknown)", "phase": "head", "fault": "client", "reason": "request_timeout"}, 1),
    (slow_head, "tombolo_request_duration_seconds_sum", {"domain": "(unknown)"}, 0.3),
    (page, "tombolo_pages_injected_total", {}, 1),
    (feed, "tombolo_pages_skipped_total", {"reason": "feed"}, 1),
    (attachment, "tombolo_pages_skipped_total", {"reason": "attachment"}, 1),
    (not_transformed, "tombolo_pages_skipped_total", {"reason": "noTransform"}, 1),
    (broken_gzip, "tombolo_pages_skipped_total", {"reason": "undecodable"}, 1),
    (damaged_page, "tombolo_pages_failed_total", {"reason": "damaged"}, 1),
    (half_a_page, "tombolo_pages_failed_total", {"reason": "truncated"}, 1),
    (handshake, "tombolo_handshakes_total", {"group": "brands", "step": "before_page", "outcome": "started"}, 1),
    (handshake, "tombolo_handshakes_total", {"group": "brands", "step": "sync", "outcome": "answered"}, 1),
    (handshake, "tombolo_handshakes_total", {"group": "brands", "step": "finish", "outcome": "replaced"}, 1),
    (check_and_merge, "tombolo_checks_total", {"group": "brands", "step": "begin", "outcome": "ticket"}, 1),
    (check_and_merge, "tombolo_checks_total", {"group": "brands", "step": "check"}, 1),
    (check_and_merge, "tombolo_merges_total", {"group": "brands", "outcome": "merged"}, 1),
    (foreign_check, "tombolo_checks_total", {"group": "brands", "step": "begin", "outcome": "foreign_origin"}, 1),
    (foreign_check, "tombolo_request_failures_total", {"domain": SHOP, "phase": "session", "fault": "client", "reason": "foreign_origin"}, 1),
    (arrival, "tombolo_arrivals_total", {"group": "brands", "outcome": "accepted"}, 1),
    (arrival, "tombolo_store_operations_total", {"operation": "spend", "outcome": "ok"}, 1),
    (forged_arrival, "tombolo_arrivals_total", {"group": "brands", "outcome": "bad_ticket"}, 1),
    (cart, "tombolo_store_operations_total", {"operation": "compare_and_set", "outcome": "ok"}, 1),
    (cart, "tombolo_store_operation_duration_seconds_count", {"operation": "compare_and_set"}, 1),
    (cart, "tombolo_record_cache_hits_total", {}, None),
    (cart, "tombolo_record_cache_misses_total", {}, None),
    (cart, "tombolo_record_cache_entries", {}, None),
    (cart_while_locked, "tombolo_store_operations_total", {"operation": "compare_and_set", "outcome": "busy"}, 1),
    (handshake_of_tls, "tombolo_tls_handshakes_total", {"outcome": "ok"}, 1),
    (unknown_name, "tombolo_tls_handshakes_total", {"outcome": "unknown_server_name"}, 1),
    (no_name, "tombolo_tls_handshakes_total", {"outcome": "no_server_name"}, 1),
    (cleartext, "tombolo_tls_handshakes_total", {"outcome": "cleartext"}, 1),
    (no_hello, "tombolo_tls_handshakes_total", {"outcome": "malformed"}, 1),
    (half_a_hello, "tombolo_tls_handshakes_total", {"outcome": "closed"}, None),
    (slow_hello, "tombolo_tls_handshakes_total", {"outcome": "timeout"}, 1),
    (slow_hello, "tombolo_limit_hits_total", {"limit": "handshake_time"}, 1),
    (old_tls, "tombolo_tls_handshakes_total", {"outcome": "handshake"}, 1),
    (over_http2, "tombolo_http2_connections_total", {}, 1),
    (over_http2, "tombolo_http2_streams_total", {}, 1),
    (malformed_stream, "tombolo_http2_stream_errors_total", {}, 1),
    (broken_connection, "tombolo_http2_connection_errors_total", {}, 1),
    (long_target, "tombolo_limit_hits_total", {"limit": "request_line"}, 1),
    (long_field, "tombolo_limit_hits_total", {"limit": "field_line"}, 1),
    (many_fields, "tombolo_limit_hits_total", {"limit": "fields"}, 1),
    (large_head, "tombolo_limit_hits_total", {"limit": "head"}, 1),
    (slow_head, "tombolo_limit_hits_total", {"limit": "head_time"}, 1),
    (large_answer, "tombolo_limit_hits_total", {"limit": "response_head"}, 1),
    (failover, "tombolo_upstream_failovers_total", {}, 1),
    (failover, "tombolo_upstream_addresses_put_aside_total", {}, 1),
    (back, "tombolo_upstream_addresses_back_total", {}, 1),
    (no_socket, "tombolo_upstream_connects_total", {"outcome": "unreachable"}, 1),
    (unknown_authority, "tombolo_upstream_connects_total", {"outcome": "handshake"}, 1),
    (full_queue, "tombolo_upstream_connects_total", {"outcome": "timeout"}, 1),
    (full_queue, "tombolo_limit_hits_total", {"limit": "upstream_connect_time"}, 1),
    (wrong_host_over_tls, "tombolo_request_failures_total", {"domain": "(unknown)", "phase": "route", "reason": "misdirected_request"}, 1),
    (bad_reload, "tombolo_configuration_reloads_total", {"outcome": "failed"}, None),
    (good_reload, "tombolo_configuration_reloads_total", {"outcome": "ok"}, None),
]


@pytest.mark.parametrize("happens, name, labels, by", CASES, ids=[f"{c[0].__name__}-{c[1]}-{'-'.join(c[2].values())}" for c in CASES])
def test_the_number_moves(world, happens, name, labels, by):
    before = world.inside.numbers().sum(name, **labels)
    happens(world)

    def moved():
        change = world.inside.numbers().sum(name, **labels) - before
        return change if change > 0 and (by is None or change >= by) else None

    change = eventually(moved, what=f"a change of {name}{labels}")
    assert by is None or name.endswith("_sum") or change == by or name.startswith(("tombolo_connections", "tombolo_store")), change


def test_misses_are_what_the_store_was_asked_for(world):
    def counted():
        numbers = world.inside.numbers()
        asked = numbers.sum("tombolo_store_operations_total", operation="get")
        return numbers.sum("tombolo_record_cache_misses_total"), asked

    before = counted()
    cart(world)
    check_and_merge(world)
    after = counted()
    assert after[1] > before[1]
    assert after[0] - before[0] == after[1] - before[1]


def test_gauges_follow_what_is_open(world):
    request = f"GET /socket HTTP/1.1\r\nHost: {SHOP}\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"
    with Raw(world.tombolo.port) as raw:
        assert raw.send(request.encode()).answer()[0] == 101
        numbers = world.inside.numbers()
        assert numbers.sum("tombolo_tunnels_active") == 1
        assert numbers.sum("tombolo_connections_active") == 1
        assert numbers.sum("tombolo_upstream_connections", state="active") == 1
    eventually(lambda: world.inside.numbers().sum("tombolo_tunnels_active") == 0)
    eventually(lambda: world.inside.numbers().sum("tombolo_connections_active") == 0)


def happen(world):
    for thing in (ok, refused, stranger, page, feed, handshake, check_and_merge, arrival, cart, handshake_of_tls, unknown_name):
        thing(world)


def test_the_page_is_what_prometheus_reads_and_nothing_in_it_is_undocumented(world):
    happen(world)
    families = world.inside.families()
    text = world.inside.page()
    for family in families:
        assert family.documentation.endswith("."), family.name
        assert family.type in ("counter", "gauge", "histogram"), family.name
        exposed = f"{family.name}_total" if family.type == "counter" else family.name
        assert text.count(f"# HELP {exposed} ") == text.count(f"# TYPE {exposed} {family.type}\n") == 1
        assert family.samples, f"{family.name} has no sample: let it happen above"
    series = [line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")]
    assert len(series) == len(set(series)), "a series comes twice"
    names = {family.name + "_total" if family.type == "counter" else family.name for family in families}
    documented = set(re.findall(r"^\| `((?:tombolo|process)_\w+)`", (ROOT / "docs" / "metrics.md").read_text(), re.M))
    assert names == documented
    for family in families:
        if family.type != "histogram":
            continue
        for sample in family.samples:
            if sample.name.endswith("_bucket") and sample.labels["le"] == "+Inf":
                labels = {key: value for key, value in sample.labels.items() if key != "le"}
                counts = [s.value for s in family.samples if s.name.endswith("_count") and s.labels == labels]
                assert counts == [sample.value]


def test_open_metrics(world):
    happen(world)
    plain = {family.name for family in world.inside.families()}
    assert {family.name for family in world.inside.open_metrics()} == plain


def test_strangers_make_no_series(world):
    before = world.inside.page()
    for number in range(200):
        world.get(f"stranger-{number}.example", f"X-Request-Id: {number}\r\n", f"/{number}")
    after = world.inside.page()
    assert "stranger-" not in after
    assert abs(len(after.splitlines()) - len(before.splitlines())) < 10


def test_certificates_and_the_process(world):
    numbers = world.inside.numbers()
    not_after = numbers.sum("tombolo_certificate_not_after_timestamp_seconds", name=SHOP)
    now = numbers.sum("tombolo_configuration_last_success_timestamp_seconds")
    assert now > 1.7e9 and 29 * 86400 < not_after - now < 31 * 86400
    assert numbers.sum("process_virtual_memory_bytes") > numbers.sum("process_resident_memory_bytes") > 1 << 20
    assert 5 < numbers.sum("process_open_fds") <= numbers.sum("process_max_fds")
    assert abs(numbers.sum("process_start_time_seconds") - now) < 60
    with socket.create_connection(("127.0.0.1", world.tombolo.port)):
        eventually(lambda: world.inside.numbers().sum("tombolo_connections_active") == 1)
    assert Path(world.folder / "access.log").exists()
