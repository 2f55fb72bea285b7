"""The PROXY protocol, spoken to a real listener: whom it makes the client, and who may speak it at all."""

import json
import socket
import struct
import time
from contextlib import closing

import pytest

from support import contract
from support.certificates import Authority
from support.inside import Inside
from support.processes import accepts, eventually, free_port
from support.raw import Raw, Secure
from support.upstreams import Scripted

HOST = "shop.localhost"
REQUEST = f"GET / HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-For: 203.0.113.66\r\n\r\n".encode()
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
V1 = b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n"


def binary(command, family, rest=b""):
    return SIGNATURE + struct.pack("!BBH", command, family, len(rest)) + rest


INET = socket.inet_aton("192.0.2.1") + socket.inet_aton("198.51.100.1") + struct.pack("!HH", 56324, 443)
INET6 = socket.inet_pton(socket.AF_INET6, "2001:db8::7") + socket.inet_pton(socket.AF_INET6, "::1") + struct.pack("!HH", 1, 2)


def behind(start_tombolo, upstream, listen='trusted_proxies = ["127.0.0.1", "198.51.100.0/24"]', **settings):
    extra = settings.pop("extra", "") + '\n[timeouts]\nhead = "1s"\n'
    return start_tombolo({HOST: upstream.url}, extra_listen=listen + "\nproxy_protocol = true", extra=extra, **settings)


@pytest.fixture
def upstream():
    return Scripted()


def forwarded_for(answer):
    """What reached the upstream, which tells us."""
    assert answer and answer[0] == 200, answer
    fields = [value for name, value in json.loads(answer[2])["headers"] if name.lower() == "x-forwarded-for"]
    assert len(fields) == 1, fields
    return fields[0]


HEADERS = {
    "version 1": (V1, "192.0.2.1"),
    "version 1, IPv6": (b"PROXY TCP6 2001:db8::7 ::1 1 2\r\n", "2001:db8::7"),
    "version 1, mapped IPv4": (b"PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", "192.0.2.1"),
    "version 2": (binary(0x21, 0x11, INET), "192.0.2.1"),
    "version 2, IPv6 and extras": (binary(0x21, 0x21, INET6 + b"\x04\0\x02ab"), "2001:db8::7"),
    # The proxy does not say who it is: what the client says of itself must not be believed, either.
    "unknown": (b"PROXY UNKNOWN\r\n", "127.0.0.1"),
    "unspecified": (binary(0x21, 0x00), "127.0.0.1"),
    "a Unix socket of the proxy's": (binary(0x21, 0x31, bytes(216)), "127.0.0.1"),
    # A request of the proxy's own, which may speak for others.
    "local": (binary(0x20, 0x00), "203.0.113.66, 127.0.0.1"),
    # A proxy before the proxy: it is trusted by its own address.
    "another trusted proxy": (b"PROXY TCP4 198.51.100.9 192.0.2.9 1 2\r\n", "203.0.113.66, 198.51.100.9"),
}


@pytest.fixture
def door(start_tombolo, echo):
    return behind(start_tombolo, echo)


def test_the_told_address_is_the_clients(door):
    for name, (header, expected) in HEADERS.items():
        for pieces in ([header + REQUEST], [header, REQUEST], [bytes([byte]) for byte in header + REQUEST]):
            with Raw(door.port) as raw:
                raw.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for piece in pieces:
                    raw.send(piece)
                assert forwarded_for(raw.answer()) == expected, name


def test_it_holds_for_every_request_of_the_connection(door):
    with Raw(door.port) as raw:
        for header in (V1, b"", b""):
            assert forwarded_for(raw.send(header + REQUEST).answer()) == "192.0.2.1"


BROKEN = {
    "none": REQUEST,
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(80),
    "one that is too long": b"PROXY UNKNOWN " + b"x" * 100,
    "an address that is none": V1.replace(b"192.0.2.1", b"192.0.2.256") + REQUEST,
    "a wrong family": V1.replace(b"TCP4", b"TCP6") + REQUEST,
    "version 3": binary(0x31, 0x11, INET) + REQUEST,
    "addresses that are too short": binary(0x21, 0x11, INET[:-1]) + REQUEST,
    "a wrong checksum": binary(0x21, 0x11, INET + b"\x03\0\x04\0\0\0\0") + REQUEST,
    "a length without end": SIGNATURE + b"\x21\x11\xff\xff" + REQUEST,
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_header_is_closed_at_once(start_tombolo, upstream, what):
    inside = Inside()
    with Raw(behind(start_tombolo, upstream, extra=inside.section).port, timeout=0.9) as raw:
        raw.send(BROKEN[what])
        assert raw.is_closed()
    assert upstream.connections == []
    assert inside.numbers().sum("tombolo_proxy_headers_refused_total") == 1


def test_a_header_that_does_not_come_is_waited_for_as_long_as_a_head(door):
    for sent in (b"", V1[:-1], SIGNATURE):
        began = time.monotonic()
        with Raw(door.port) as raw:
            raw.send(sent)
            assert raw.is_closed()
        assert 0.8 < time.monotonic() - began < 4


@pytest.mark.parametrize("listen", ["trusted_proxies = []", 'trusted_proxies = ["192.0.2.0/24"]'])
def test_only_trusted_proxies_may_speak(start_tombolo, upstream, listen):
    inside = Inside()
    tombolo = behind(start_tombolo, upstream, listen, extra=inside.section)

    def refused():
        return inside.numbers().sum("tombolo_proxy_headers_refused_total")

    eventually(lambda: refused() == 1, what="the connection by which it was seen to have started")
    for sent in (V1 + REQUEST, REQUEST):
        with Raw(tombolo.port, timeout=0.9) as raw:
            try:
                raw.send(sent)
            except OSError:
                pass  # closed before it could be sent
            assert raw.is_closed()
    assert upstream.connections == []
    eventually(lambda: "proxy_untrusted" in tombolo.logged(), what="a line in the log")
    assert refused() == 3


def test_it_comes_before_tls(start_tombolo, echo, tmp_path):
    authority, port = Authority(tmp_path / "authority"), free_port()
    authority.issue(tmp_path / "shop.pem", HOST)
    secure = contract.https(port, tmp_path / "shop.pem", listen='trusted_proxies = ["127.0.0.1"]')
    behind(start_tombolo, echo, secure["extra_listen"], extra=secure["extra"])
    eventually(lambda: accepts(port), what="the https listener")

    def connect(header):
        raw = Raw(port)
        raw.send(header)
        raw.socket = authority.context().wrap_socket(raw.socket, server_hostname=HOST)
        return raw

    with connect(V1) as raw:
        assert forwarded_for(raw.send(REQUEST).answer()) == "192.0.2.1"
    with pytest.raises(OSError):
        Secure(port, HOST, authority.context())


def test_a_port_check_is_nobodys_fault(door):
    with closing(socket.create_connection(("127.0.0.1", door.port))):
        pass
    with Raw(door.port) as raw:
        assert raw.send(V1 + REQUEST).answer()[0] == 200
    assert "proxy_header" not in door.logged()
