"""https on Tombolo's own listener, seen by a client that checks certificates and cannot be put off with a connection that
just ends."""

import hashlib
import os
import socket
import ssl
import struct
import subprocess
import threading
import time
from contextlib import closing

import pytest

from support import contract
from support.certificates import Authority, serial
from support.echo import blocks, digest
from support.processes import accepts, eventually, free_port
from support.raw import Raw, Secure, exchange
from support.upstreams import Scripted, told

SHOP, GERMANY, ADA = "shop.localhost", "shop-deutschland.localhost", "ada.members.localhost"
SITES = (SHOP, GERMANY, "club.localhost", "*.members.localhost")


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "authority")


class Door:
    """A Tombolo with an https listener, and its clients."""

    def __init__(self, tombolo, port, authority, certs):
        self.tombolo, self.port, self.authority, self.certs = tombolo, port, authority, certs

    def connect(self, name=SHOP, context=None, timeout=60):
        return Secure(self.port, name, context or self.authority.context(), timeout)

    def get(self, target="/", name=SHOP, host=None, fields="", context=None):
        with self.connect(name, context) as client:
            client.send(f"GET {target} HTTP/1.1\r\nHost: {host or name}\r\n{fields}\r\n".encode())
            return client.answer()

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.tombolo.program.pid}/fd"))


@pytest.fixture
def open_door(start_tombolo, echo, authority, tmp_path):
    def open_it(upstream=None, listen="", tls="", extra="", hosts=SITES):
        certs, port = tmp_path / "certs", free_port()
        if not certs.exists():
            authority.issue(certs / "shops.pem", SHOP, GERMANY)
            authority.issue(certs / "members.pem", "*.members.localhost")
        settings = contract.https(port, certs, listen=listen, tls=tls)
        settings["extra"] += extra
        tombolo = start_tombolo({host: upstream or echo.url for host in hosts}, **settings)
        # The listener for http, by which it is seen to have started, is the first.
        eventually(lambda: accepts(port), what="the https listener")
        return Door(tombolo, port, authority, certs)

    return open_it


@pytest.fixture
def door(open_door):
    return open_door()


# Names and certificates


def test_the_name_chooses_the_certificate(door):
    def names(name):
        with door.connect(name) as client:
            return {value for _, value in client.socket.getpeercert()["subjectAltName"]}

    assert names(SHOP) == names(GERMANY) == {SHOP, GERMANY}
    assert names(ADA) == names("bob.members.localhost") == {"*.members.localhost"}
    assert names("SHOP.localhost") == {SHOP, GERMANY}
    door.authority.issue(door.certs / "ada.pem", ADA)
    eventually(lambda: names(ADA) == {ADA}, 3, what="the certificate with the very name")
    assert names("bob.members.localhost") == {"*.members.localhost"}


@pytest.mark.parametrize(
    "name, alert",
    [
        ("other.localhost", "UNRECOGNIZED_NAME"),
        ("club.localhost", "UNRECOGNIZED_NAME"),
        ("a.b.members.localhost", "UNRECOGNIZED_NAME"),
        ("members.localhost", "UNRECOGNIZED_NAME"),
        (None, "MISSING_EXTENSION"),
    ],
)
def test_a_name_without_a_certificate_and_no_name_are_told_apart(door, name, alert):
    context = door.authority.context(check_hostname=False)
    with pytest.raises(ssl.SSLError, match=alert):
        door.connect(name, context)
    assert door.get()[0] == 200


@pytest.mark.parametrize("host", [GERMANY, ADA, "club.localhost", "none.localhost", "127.0.0.1"])
def test_a_request_for_another_host_than_the_connection_was_made_for(door, host):
    status, _, body = door.get(host=host)
    assert status == 421 and b"misdirected_request" in body


@pytest.mark.parametrize("host", [SHOP, "Shop.LOCALHOST", SHOP + ".", SHOP + ":8443", SHOP + ":443"])
def test_the_same_host_in_other_spellings(door, host):
    assert door.get(host=host)[0] == 200
    assert door.get(target=f"https://{SHOP}/x", host=host)[0] == 200


def test_a_misdirected_request_does_not_end_the_connection(door):
    with door.connect() as client:
        for host, status in ((SHOP, 200), (GERMANY, 421), (SHOP, 200)):
            client.send(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert client.answer()[0] == status


# Versions, ciphers, ALPN


def versions(authority, version, ciphers="ALL:@SECLEVEL=0"):
    context = authority.context()
    # Set before the versions: what the client's own policy would not let through must reach Tombolo.
    context.set_ciphers(ciphers)
    context.minimum_version = context.maximum_version = version
    return context


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1"])
def test_old_versions_are_refused(door, version):
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        door.connect(context=versions(door.authority, ssl.TLSVersion[version]))


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_current_versions_are_spoken(door, version):
    with door.connect(context=versions(door.authority, ssl.TLSVersion[version])) as client:
        assert client.socket.version() == version.replace("_", ".")
        client.send(f"GET / HTTP/1.1\r\nHost: {SHOP}\r\n\r\n".encode())
        assert client.answer()[0] == 200


def test_the_oldest_version_can_be_set(open_door):
    door = open_door(tls='min_version = "1.3"')
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        door.connect(context=versions(door.authority, ssl.TLSVersion.TLSv1_2))
    assert door.get()[0] == 200


def test_only_current_ciphers(door):
    def with_cipher(cipher):
        return versions(door.authority, ssl.TLSVersion.TLSv1_2, f"{cipher}:@SECLEVEL=0")

    for cipher in ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"):
        with door.connect(context=with_cipher(cipher)) as client:
            assert client.socket.cipher()[0] == cipher
    for cipher in ("ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256", "AES128-GCM-SHA256", "AES128-SHA"):
        with pytest.raises(ssl.SSLError, match="HANDSHAKE_FAILURE"):
            door.connect(context=with_cipher(cipher))


def test_alpn(door):
    def agreed(*offered):
        context = door.authority.context()
        context.set_alpn_protocols(offered)
        with door.connect(context=context) as client:
            protocol = client.socket.selected_alpn_protocol()
            if protocol != "h2":
                client.send(f"GET / HTTP/1.1\r\nHost: {SHOP}\r\n\r\n".encode())
                assert client.answer()[0] == 200
            return protocol

    assert agreed("http/1.1") == "http/1.1"
    assert agreed("h2", "http/1.1") == agreed("http/1.1", "h2") == "h2"


def test_a_session_is_resumed(door):
    context = door.authority.context(maximum_version=ssl.TLSVersion.TLSv1_2)
    with door.connect(context=context) as first:
        kept = first.socket.session
    plain = socket.create_connection(("127.0.0.1", door.port), timeout=5)
    with context.wrap_socket(plain, server_hostname=SHOP, session=kept) as again:
        assert again.session_reused


# What travels


def test_the_app_learns_of_it(door):
    class Answer:
        status, headers = 200, []

        def __init__(self, body):
            self.text = body.decode()

        def header(self, _):
            return "application/json"

    _, _, body = door.get(fields="X-Forwarded-Proto: http\r\n")
    fields = dict(told(Answer(body))["headers"])
    assert fields["X-Forwarded-Proto"] == "https" and fields["X-Forwarded-Host"] == SHOP


def test_cookies_are_for_https_only(door):
    page = "Accept: text/html\r\nSec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\nSec-CH-UA: x\r\n"
    _, head, _ = door.get(fields=page)
    cookies = [line for line in head.decode().split("\r\n") if line.lower().startswith("set-cookie: ")]
    assert any(line.startswith("Set-Cookie: __Host-tombolo=") for line in cookies)
    assert cookies and all("; Secure" in line for line in cookies)


def test_ten_megabytes_down_and_up(door):
    size = 10 << 20
    with door.connect(timeout=60) as client:
        client.send(f"GET /down/{size} HTTP/1.1\r\nHost: {SHOP}\r\n\r\n".encode())
        status, _, body = client.answer()
        assert (status, hashlib.sha256(body).hexdigest()) == (200, digest(size))
        client.send(f"POST /up HTTP/1.1\r\nHost: {SHOP}\r\nContent-Length: {size}\r\n\r\n".encode())
        for block in blocks(size):
            client.send(block)
        status, _, body = client.answer()
        assert status == 200 and digest(size).encode() in body


def test_every_record_and_packet_of_a_byte(open_door):
    """TCP brings the handshake byte by byte, and the request comes in records of a byte each."""
    # Longer than a slow machine takes for so many packets.
    client = InMemory(open_door(extra='[timeouts]\nhead = "1m"\n'))
    client.until(client.tls.do_handshake)
    for byte in f"GET / HTTP/1.1\r\nHost: {SHOP}\r\n\r\n".encode():
        client.tls.write(bytes([byte]))
    client.send()
    assert client.until(lambda: client.tls.read(12)) == b"HTTP/1.1 200"
    client.plain.close()


def upgrade(client):
    client.send(f"GET /socket HTTP/1.1\r\nHost: {SHOP}\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n".encode())
    assert client.answer()[0] == 101


def test_a_websocket_goes_both_ways(door):
    with door.connect() as client:
        upgrade(client)
        # Python's TLS sockets are not for two threads at a time, so that no more is sent at once than fits on the way.
        for message in (b"hello", *[bytes([number]) * 30_000 for number in range(10)], b"bye"):
            client.send(message)
            got = client.buffer
            client.buffer = b""
            while len(got) < len(message):
                got += client.socket.recv(65536)
            assert got == message


def test_the_end_of_a_tunnel_is_passed_on(open_door):
    """The upstream says its last and closes: all of it arrives, and then close_notify."""
    end = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n" + b"z" * 100_000
    with Scripted(end, None) as upstream:
        door = open_door(upstream.url)
        with door.connect() as client:
            upgrade(client)
            client.send(b"\r\n\r\n")  # at which the script closes
            got = client.buffer
            while part := client.socket.recv(65536):
                got += part
            assert got == b"z" * 100_000


# The ends of connections


def test_an_orderly_end_is_said(door):
    with door.connect() as client:
        client.send(f"GET / HTTP/1.1\r\nHost: {SHOP}\r\nConnection: close\r\n\r\n".encode())
        assert client.answer()[0] == 200
        assert client.socket.recv(1) == b""  # would raise without close_notify


@pytest.mark.parametrize("length", [b"Content-Length: 100\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_what_an_upstream_cuts_short_does_not_look_complete(open_door, length):
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        with listener.accept()[0] as connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n5\r\nonly \r\n")

    with closing(listener):
        thread = threading.Thread(target=serve)
        thread.start()
        with open_door(f"http://127.0.0.1:{listener.getsockname()[1]}").connect() as client:
            client.send(f"GET / HTTP/1.1\r\nHost: {SHOP}\r\n\r\n".encode())
            with pytest.raises(OSError):
                while client.socket.recv(4096):
                    pass
        thread.join()


class InMemory:
    """A TLS client whose records the test sends and receives itself."""

    def __init__(self, door):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = door.authority.context().wrap_bio(self.incoming, self.outgoing, server_hostname=SHOP)
        self.plain = socket.create_connection(("127.0.0.1", door.port), timeout=60)
        self.plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self):
        for byte in self.outgoing.read():
            self.plain.send(bytes([byte]))

    def until(self, step):
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                self.send()
                part = self.plain.recv(65536)
                assert part, "the connection ended"
                self.incoming.write(part)


@pytest.mark.parametrize("fin", [False, True], ids=["close_notify", "close_notify and FIN"])
@pytest.mark.parametrize("pause", [0, 1.5], ids=["at once", "slowly"])
def test_the_end_of_the_clients_side_of_a_tunnel_comes_after_its_last_byte(open_door, fin, pause):
    """However slowly the upstream reads; and its own side goes on meanwhile."""
    size, received = 3 << 20, []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        with listener.accept()[0] as connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
            time.sleep(pause)
            count = 0
            while part := connection.recv(65536):
                count += len(part)
                time.sleep(pause / 1000)
            received.append(count)
            connection.sendall(b"last words")

    with closing(listener):
        thread = threading.Thread(target=serve)
        thread.start()
        client = InMemory(open_door(f"http://127.0.0.1:{listener.getsockname()[1]}"))
        client.until(client.tls.do_handshake)
        client.tls.write(f"GET / HTTP/1.1\r\nHost: {SHOP}\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n".encode())
        client.plain.sendall(client.outgoing.read())
        assert client.until(lambda: client.tls.read(1000)).startswith(b"HTTP/1.1 101")
        for _ in range(size >> 14):
            client.tls.write(b"x" * (1 << 14))
        with pytest.raises(ssl.SSLWantReadError):
            client.tls.unwrap()
        client.plain.sendall(client.outgoing.read())
        if fin:
            client.plain.shutdown(socket.SHUT_WR)
        # After its own close_notify a client can read on; Python's TLS cannot, so that only the end of the connection is seen.
        while client.plain.recv(65536):
            pass
        thread.join()
        client.plain.close()
    assert received == [size]


def test_a_client_that_has_said_goodbye_still_gets_its_answer(door):
    """close_notify ends one direction (RFC 8446 §6.1), as a FIN does in cleartext."""
    client, size = InMemory(door), 300_000
    client.until(client.tls.do_handshake)
    client.tls.write(f"GET /down/{size}/0.5 HTTP/1.1\r\nHost: {SHOP}\r\n\r\n".encode())
    client.send()
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.unwrap()
    client.send()
    got = b""
    while got.partition(b"\r\n\r\n")[2] != b"".join(blocks(size)):
        got += client.until(lambda: client.tls.read(65536))
    client.plain.close()


def test_cleartext_is_told_where_it_has_come_to(door):
    for request in (b"GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n", b"OPTIONS * HTTP/1.1\r\n\r\n"):
        status, head, body = exchange(door.port, request)
        assert status == 400 and b"https" in body and b"Connection: close" in head
    with Raw(door.port) as raw:
        raw.send(b"\x00\x01\x02\x03\x04")
        assert raw.socket.recv(100)[:1] == b"\x15" and raw.is_closed()


@pytest.mark.parametrize("first", [b"", b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"])
def test_a_handshake_has_its_time(open_door, first):
    door = open_door(extra='[timeouts]\nhead = "1s"\n')
    with Raw(door.port, timeout=10) as raw:
        began = time.monotonic()
        raw.send(first)
        assert raw.is_closed()
        assert 0.5 < time.monotonic() - began < 5


def test_a_thousand_handshakes_that_are_broken_off_leave_nothing_behind(door):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = door.authority.context().wrap_bio(incoming, outgoing, server_hostname=SHOP)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    hello = outgoing.read()
    assert door.get()[0] == 200
    before = door.descriptors()
    for index in range(1000):
        with socket.create_connection(("127.0.0.1", door.port), timeout=10) as plain:
            plain.sendall(hello[: len(hello) if index % 3 else index % len(hello)])
            if index % 3 == 1:
                plain.recv(100)
            if index % 2:
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    eventually(lambda: door.descriptors() <= before + 2, 10, what="as few descriptors as before")
    assert door.get()[0] == 200


def test_sigterm_lets_a_download_finish_and_ends_the_rest(door):
    size, result = 8 << 20, {}
    idle, begun = door.connect(), socket.create_connection(("127.0.0.1", door.port))

    def download():
        with door.connect(timeout=30) as client:
            client.send(f"GET /down/{size}/2 HTTP/1.1\r\nHost: {SHOP}\r\n\r\n".encode())
            _, _, body = client.answer()
            result["sum"] = hashlib.sha256(body).hexdigest()

    thread = threading.Thread(target=download)
    thread.start()
    time.sleep(0.5)
    assert door.tombolo.stop() == 0
    thread.join()
    assert result == {"sum": digest(size)}
    assert idle.is_closed() and begun.recv(1) == b""
    idle.close()
    begun.close()


# New certificates


def test_a_renewed_certificate_is_taken_up_while_a_download_goes_on(door):
    size, result = 16 << 20, {}

    def download():
        with door.connect(timeout=60) as client:
            client.send(f"GET /down/{size}/4 HTTP/1.1\r\nHost: {SHOP}\r\n\r\n".encode())
            _, _, body = client.answer()
            result.update(sum=hashlib.sha256(body).hexdigest(), serial=serial(client.socket), ended=time.monotonic())

    def shown(name):
        with door.connect(name) as client:
            return serial(client.socket)

    old, members = shown(SHOP), shown(ADA)
    thread = threading.Thread(target=download)
    thread.start()
    time.sleep(0.5)
    door.authority.issue(door.certs / "shops.pem", SHOP, GERMANY)
    eventually(lambda: shown(SHOP) != old, 3, what="the renewed certificate")
    changed = time.monotonic()
    assert shown(GERMANY) == shown(SHOP) and shown(ADA) == members
    thread.join()
    assert result["sum"] == digest(size) and result["serial"] == old
    assert result["ended"] > changed, "the download was over too early to prove anything"


def test_a_broken_file_keeps_the_old_certificate_and_is_reported(door):
    def shown():
        with door.connect() as client:
            return serial(client.socket)

    old, file = shown(), door.certs / "shops.pem"
    good = file.read_text()
    file.write_text(good[:400] + good[500:])
    eventually(lambda: "what was running goes on unchanged" in door.tombolo.logged(), what="a report")
    assert "shops.pem" in door.tombolo.logged() and shown() == old
    door.authority.issue(file, SHOP, GERMANY)
    eventually(lambda: shown() != old, 3, what="the mended file")


def test_sighup_takes_new_certificates_up_too(door):
    with door.connect() as client:
        old = serial(client.socket)
    door.authority.issue(door.certs / "shops.pem", SHOP, GERMANY)
    door.tombolo.reload()

    def renewed():
        with door.connect() as client:
            return serial(client.socket) != old

    eventually(renewed, 3, what="the renewed certificate")


# From http to https


def test_https_and_the_redirect_to_it_can_be_switched_on(start_tombolo, echo, authority, tmp_path):
    tombolo, port = start_tombolo({SHOP: echo.url}), free_port()
    authority.issue(tmp_path / "certs" / "shop.pem", SHOP)
    tombolo.settings = contract.https(port, tmp_path / "certs", listen="redirect_https = true")
    tombolo.write()
    tombolo.reload()
    eventually(lambda: accepts(port), what="the listener")
    request = f"GET / HTTP/1.1\r\nHost: {SHOP}\r\nConnection: close\r\n\r\n".encode()
    code, head, _ = exchange(tombolo.port, request)
    assert code == 301 and f"https://{SHOP}:{port}/".encode() in head
    with Secure(port, SHOP, authority.context()) as client:
        assert client.send(request).answer()[0] == 200


def test_an_always_secure_group_is_redirected_as_well(open_door):
    door = open_door(listen="redirect_https = true")
    text = door.tombolo.config.read_text() + '\n[group.cookie]\nsecure = "always"\n'
    door.tombolo.config.write_text(text)
    door.tombolo.reload()
    eventually(lambda: "redirected for ever" in door.tombolo.logged(), what="the warning")
    request = f"GET / HTTP/1.1\r\nHost: {SHOP}\r\nConnection: close\r\n\r\n".encode()
    assert exchange(door.tombolo.port, request)[0] == 301


def test_cleartext_is_redirected(open_door):
    door = open_door(listen="redirect_https = true")

    def ask(method, target, host=f"{SHOP}:8080", fields=""):
        request = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{fields}\r\n"
        status, head, _ = exchange(door.tombolo.port, request.encode())
        lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        return status, lines.get("Location")

    there = f"https://{SHOP}:{door.port}"
    assert ask("GET", "/a?b=c%20d") == (301, f"{there}/a?b=c%20d")
    assert ask("HEAD", "/") == (301, f"{there}/")
    assert ask("POST", "/form", fields="Content-Length: 0\r\n") == (308, f"{there}/form")
    assert ask("DELETE", "//evil.example/x") == (308, f"{there}//evil.example/x")
    assert ask("OPTIONS", "*") == (308, f"{there}/")
    assert ask("GET", f"http://{SHOP}/abs") == (301, f"{there}/abs")
    assert ask("GET", "/crossdomain/loader.js") == (301, f"{there}/crossdomain/loader.js")
    assert ask("POST", "/crossdomain", fields="Content-Length: 0\r\n") == (308, f"{there}/crossdomain")
    websocket = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
    assert ask("GET", "/socket", fields=websocket) == (301, f"{there}/socket")
    assert ask("GET", "/", host=f"{SHOP}.")[0] == 301
    assert ask("GET", "/", host="none.localhost") == (421, None)
    assert ask("GET", "/.well-known/acme-challenge/token") == (200, None)
    assert door.get()[0] == 200


def test_strict_transport_security_is_for_the_app_to_say(open_door):
    """A promise for every page of a domain, and for a long time: Tombolo makes it for nobody, and passes it on as it is."""
    door = open_door(listen="redirect_https = true")
    page = "Accept: text/html\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\n"

    def promised(answer):
        return [line for line in answer[1].split(b"\r\n") if line.lower().startswith(b"strict-transport-security")]

    def asked(target="/", fields=page, method="GET", host=SHOP):
        with door.connect() as client:
            client.send(f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n".encode())
            return client.answer()

    answers = {
        "a page": (200, asked()),
        "the loader": (200, asked("/crossdomain/loader.js", "")),
        "a statement that is none": (415, asked("/crossdomain", "Content-Length: 0\r\n", "POST")),
        "a handshake that is none": (400, asked("/crossdomain/start?to=x", page)),
        "another host": (421, asked(host=GERMANY)),
        "a bad request": (400, asked(fields="Content-Length: x\r\n")),
        "http": (301, exchange(door.tombolo.port, f"GET / HTTP/1.1\r\nHost: {SHOP}\r\nConnection: close\r\n\r\n".encode())),
        "http to the https listener": (400, exchange(door.port, b"GET / HTTP/1.1\r\n\r\n")),
    }
    assert {name: answer[0] for name, (_, answer) in answers.items()} == {name: code for name, (code, _) in answers.items()}
    for name, (_, answer) in answers.items():
        assert promised(answer) == [], name
    value = "max-age=63072000"
    assert promised(asked(f"/say/Strict-Transport-Security/{value}")) == [f"Strict-Transport-Security: {value}".encode()]


def test_the_port_of_https_can_be_another_outside(open_door):
    door = open_door(listen='redirect_https = true\nhttps_port = 443\ntrusted_proxies = ["127.0.0.1"]')
    answer = exchange(door.tombolo.port, f"GET /x HTTP/1.1\r\nHost: {SHOP}\r\n\r\n".encode())
    assert answer[0] == 301 and f"Location: https://{SHOP}/x".encode() in answer[1].split(b"\r\n")
    # A proxy that has taken the encryption off is believed.
    proxied = f"GET /x HTTP/1.1\r\nHost: {SHOP}\r\nX-Forwarded-Proto: https\r\n\r\n".encode()
    assert exchange(door.tombolo.port, proxied)[0] == 200


def test_unix_sockets_speak_https_as_well(start_tombolo, echo, authority, tmp_path):
    authority.issue(tmp_path / "shop.pem", SHOP)
    settings = contract.https(0, tmp_path / "shop.pem")
    settings["extra_listen"] = 'https = "unix:https.sock"'
    tombolo = start_tombolo({SHOP: echo.url}, **settings)
    eventually(lambda: "https.sock (https)" in tombolo.logged(), what="the https listener")
    with socket.socket(socket.AF_UNIX) as plain:
        plain.connect(str(tombolo.folder / "https.sock"))
        with authority.context().wrap_socket(plain, server_hostname=SHOP) as client:
            client.sendall(f"GET / HTTP/1.1\r\nHost: {SHOP}\r\n\r\n".encode())
            assert client.recv(12) == b"HTTP/1.1 200"


# What the operator is told


def check(program, tombolo):
    command = [str(program), "check", "--config", str(tombolo.config)]
    environment = {**os.environ, "SHOP_SECRET_KEY": "x"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_check_looks_at_certificates(program, door):
    status, output = check(program, door.tombolo)
    assert status == 0 and "(https)" in output
    assert f"shops.pem: {SHOP}, {GERMANY}" in output
    assert "no certificate is for club.localhost (" in output and output.count("warning") == 1
    assert "no certificate is for club.localhost (" in door.tombolo.logged()

    file = door.authority.issue(door.certs / "shops.pem", SHOP, GERMANY, days=5)
    file.chmod(0o644)
    status, output = check(program, door.tombolo)
    assert status == 0 and "expires on" in output and "others than its owner" in output

    lines = door.tombolo.config.read_text().split("\n")
    line = next(number for number, text in enumerate(lines, 1) if text.startswith("cert = "))
    key = file.read_text().split("-----BEGIN CERT")[0]
    other = door.authority.issue(door.certs / "other.pem", "club.localhost").read_text()
    file.write_text(key + "-----BEGIN CERT" + other.split("-----BEGIN CERT", 1)[1])
    status, output = check(program, door.tombolo)
    assert status == 1 and f"tombolo.toml:{line}:8: tls.certificate: the key in" in output
    assert "does not belong to the first certificate in" in output and "1 mistake in" in output


def test_run_does_not_start_with_a_certificate_that_cannot_be_used(program, door):
    door.tombolo.stop()
    (door.certs / "shops.pem").write_text("nothing\n")
    (door.certs / "members.pem").unlink()
    door.tombolo.config.write_text(door.tombolo.config.read_text().replace("certs'", "certs/shops.pem'"))
    command = [str(program), "run", "--config", str(door.tombolo.config)]
    environment = {**os.environ, "SHOP_SECRET_KEY": "x"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "there is no key for" in done.stderr


# The session


@pytest.mark.parametrize("scheme", ["https"])
@pytest.mark.parametrize("engine", ["chromium", "firefox"])
def test_cart_and_login_cross_domains_over_https(quarter, visitor, engine):
    person = visitor(engine, tls=quarter.authority.context())
    person.browse(quarter.url(quarter.shop))
    quarter.add(person, quarter.shop)
    assert "1 × lamp" in person.browse(quarter.url(quarter.germany)).text
    quarter.login(person, quarter.germany)
    for host in (quarter.shop, quarter.club, quarter.germany):
        assert person.browse(quarter.url(host)).element("user") == "ann", host
    names = person.cookie_names(quarter.club)
    assert f"__Host-{contract.SESSION_COOKIE}" in names and contract.SESSION_COOKIE not in names
