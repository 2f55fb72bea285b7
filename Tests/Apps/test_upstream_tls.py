"""https:// upstreams: who is believed, what is said of those who are not, and that a body which was cut off is not whole."""

import hashlib
import socket
import subprocess
import threading

import pytest

from support.certificates import Authority
from support.nginx import nginx
from support.processes import eventually, free_port
from support.raw import Raw, exchange
from support.upstreams import OK, Scripted, SecureScripted

SHOP, CLUB = "shop.localhost", "club.localhost"
CUT = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhalf a story"


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "authority")


@pytest.fixture
def pem(authority, tmp_path):
    return authority.issue(tmp_path / "app.pem", "app.internal", "127.0.0.1")


def get(tombolo, host=SHOP, target="/", fields=""):
    head = f"GET {target} HTTP/1.1\r\nHost: {host}\r\n{fields}Connection: close\r\n\r\n"
    return exchange(tombolo.port, head.encode(), timeout=20)


def check(program, tombolo):
    done = subprocess.run(
        [str(program), "check", "--config", str(tombolo.config)],
        env={"SHOP_SECRET_KEY": "x"}, capture_output=True, text=True, timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


NGINX = """
    server {{
        listen 127.0.0.1:%d ssl;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_certificate %s;
        ssl_certificate_key %s;
        root %s;
        location = /told {{
            add_header X-Told "$host $ssl_protocol $ssl_server_name $ssl_alpn_protocol $connection $connection_requests";
            return 204;
        }}
        location = /up {{
            client_max_body_size 0; proxy_http_version 1.1; proxy_request_buffering off; proxy_pass %s;
        }}
        location = /socket {{
            proxy_http_version 1.1; proxy_set_header Connection upgrade; proxy_set_header Upgrade echo; proxy_pass %s;
        }}
    }}
"""


@pytest.fixture
def real(tmp_path, pem, authority, echo, start_tombolo):
    """Tombolo in front of a real nginx that speaks TLS."""
    (tmp_path / "www").mkdir()
    port = free_port()
    http = NGINX % (port, pem, pem, tmp_path / "www", echo.url, echo.url)
    server = nginx(tmp_path / "nginx", http=http, server="return 404;").start()
    tombolo = start_tombolo({SHOP: f"https://127.0.0.1:{port} tls_ca={authority.root} tls_name=app.internal"})
    yield tombolo, tmp_path / "www"
    server.stop()


def test_a_real_nginx_is_spoken_to_by_tls_over_one_connection(real):
    tombolo, _ = real
    told = []
    with Raw(tombolo.port, timeout=20) as raw:
        for _ in range(3):
            status, head, _ = raw.send(f"GET /told HTTP/1.1\r\nHost: {SHOP}\r\n\r\n".encode()).answer()
            assert status == 204
            told += [line.split(b": ", 1)[1].decode() for line in head.split(b"\r\n") if line.startswith(b"X-Told")]
    host, version, name, protocol, connection, _ = told[0].split()
    assert (host, version, name, protocol) == (SHOP, "TLSv1.3", "app.internal", "http/1.1")
    assert [line.split()[-2:] for line in told] == [[connection, "1"], [connection, "2"], [connection, "3"]]


def test_a_large_file_comes_through_whole(real):
    tombolo, folder = real
    content = b"".join(hashlib.sha256(number.to_bytes(4, "big")).digest() for number in range(500_000))
    (folder / "large.bin").write_bytes(content)
    status, _, body = get(tombolo, target="/large.bin")
    assert status == 200 and hashlib.sha256(body).digest() == hashlib.sha256(content).digest()


def test_a_large_upload_and_a_tunnel_come_through(real):
    tombolo, _ = real
    content = b"0123456789abcdef" * (1 << 20)
    with Raw(tombolo.port, timeout=60) as raw:
        raw.send(f"POST /up HTTP/1.1\r\nHost: {SHOP}\r\nContent-Length: {len(content)}\r\n\r\n".encode())
        status, _, body = raw.send(content).answer()
        assert status == 200 and hashlib.sha256(content).hexdigest() in body.decode()
        raw.send(f"GET /socket HTTP/1.1\r\nHost: {SHOP}\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n".encode())
        assert raw.answer()[0] == 101
        raw.send(b"there and back")
        eventually(lambda: b"there and back" in raw.buffer or not raw._more(), what="the echo")
        assert b"there and back" in raw.buffer


# Who is believed


def test_words_that_come_before_the_handshake_are_no_answer(start_tombolo):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def speak():
            connection, _ = listener.accept()
            connection.sendall(OK)
            connection.recv(65536)
            connection.close()

        thread = threading.Thread(target=speak, daemon=True)
        thread.start()
        tombolo = start_tombolo({SHOP: f"https://127.0.0.1:{listener.getsockname()[1]} tls_verify=off"})
        status, _, body = get(tombolo, fields="Accept: text/html\r\n")
        assert status == 502 and b"does not speak TLS" in body


def test_the_address_itself_must_be_in_the_certificate(start_tombolo, authority, pem):
    with SecureScripted(pem) as app:
        tombolo = start_tombolo({SHOP: f"{app.url} tls_ca={authority.root}"})
        assert get(tombolo)[0] == 200
        assert app.asked == [None] and app.shown == [("http/1.1", None)]
        assert app.first_head()[1][0] == ("Host", SHOP)


PROBLEMS = {
    "expired": (["app.internal"], -1, True, "tls_name=app.internal", "its certificate expired on 20", "Renew"),
    "of another name": (["other.internal", "192.0.2.1"], 30, True, "tls_name=app.internal",
                        "its certificate is for other.internal, 192.0.2.1, and not for app.internal", "tls_name=NAME"),
    "of another address": (["app.internal"], 30, True, "", "its certificate is for app.internal, and not for 127.0.0.1",
                           "tls_name=NAME"),
    "of an unknown authority": (["app.internal"], 30, False, "tls_name=app.internal",
                                "not signed by an authority trusted here", "tls_ca=FILE"),
}


@pytest.mark.parametrize("names, days, known, settings, reason, remedy", PROBLEMS.values(), ids=PROBLEMS)
def test_who_cannot_prove_who_it_is_gets_no_request(
    start_tombolo, program, authority, tmp_path, names, days, known, settings, reason, remedy
):
    pem = authority.issue(tmp_path / "bad.pem", *names, days=days)
    with SecureScripted(pem) as app, Scripted() as fine:
        ca = f"tls_ca={authority.root}" if known else ""
        tombolo = start_tombolo({SHOP: f"{app.url} {ca} {settings}", CLUB: fine.url})
        status, _, body = get(tombolo, fields="Accept: text/html\r\n")
        assert status == 502 and reason in body.decode() and remedy in body.decode() and app.url in body.decode()
        assert b"GET" not in app.bytes()
        eventually(lambda: '"reason":"upstream_tls"' in tombolo.logged(), what="a line in the log")
        assert '"fault":"upstream"' in tombolo.logged()
        assert get(tombolo, CLUB)[0] == 200, "only its own domain suffers"
        status, output = check(program, tombolo)
        assert status == 0 and reason in output


def test_a_port_without_tls_is_told_apart(start_tombolo, tmp_path):
    plain = nginx(tmp_path / "nginx", server="return 204;").start()
    try:
        tombolo = start_tombolo({SHOP: f"https://127.0.0.1:{plain.port}"})
        status, _, body = get(tombolo, fields="Accept: text/html\r\n")
        assert status == 502 and b"what answers there does not speak TLS" in body and b"Write http://" in body
    finally:
        plain.stop()


def test_a_handshake_that_never_ends_is_a_connection_that_is_not_there_in_time(start_tombolo, authority, pem):
    with socket.create_server(("127.0.0.1", 0)) as silent, SecureScripted(pem) as app:
        line = f"https://127.0.0.1:{silent.getsockname()[1]}"
        settings = f"connect_timeout=300ms tls_ca={authority.root}"
        tombolo = start_tombolo({SHOP: f"{line} {settings}", CLUB: f"{line},{app.url} {settings}"})
        status, _, body = get(tombolo)
        assert status == 504 and b"no connection within 0.3 s" in body
        assert get(tombolo, CLUB)[0] == 200, "the next address"


def test_verification_can_be_turned_off_and_that_is_warned_of(start_tombolo, program, authority, tmp_path):
    pem = authority.issue(tmp_path / "bad.pem", "whoever", days=-1)
    with SecureScripted(pem) as app:
        tombolo = start_tombolo({SHOP: f"{app.url} tls_verify=off"})
        assert get(tombolo)[0] == 200
        assert "has tls_verify=off" in tombolo.logged()
        status, output = check(program, tombolo)
        assert status == 0 and f"{SHOP} ({tombolo.domains}:1) has tls_verify=off" in output
        assert output.count("warning") == 1


def test_a_certificate_of_ours_is_shown_to_an_upstream_that_asks(start_tombolo, authority, pem, tmp_path):
    ours = authority.issue(tmp_path / "ours.pem", "tombolo.internal")
    with SecureScripted(pem, authority=authority.root) as app:
        line = f"{app.url} tls_ca={authority.root}"
        tombolo = start_tombolo({SHOP: f"{line} tls_cert={ours}", CLUB: line})
        assert get(tombolo)[0] == 200
        assert ("DNS", "tombolo.internal") in app.shown[0][1]["subjectAltName"]
        # Another domain has the same upstream, but not that certificate: neither does it get the connection.
        status, _, body = get(tombolo, CLUB)
        assert status == 502 and b"it refused the TLS handshake" in body and b"tls_cert=FILE" in body
        assert app.bytes().count(b"GET") == 1


# What is cut off


@pytest.mark.parametrize("orderly", [True, False])
def test_a_body_without_a_length_is_whole_only_with_close_notify(start_tombolo, authority, pem, orderly):
    with SecureScripted(pem, CUT, orderly=orderly, closes=True) as app:
        tombolo = start_tombolo({SHOP: f"{app.url} tls_ca={authority.root}"})
        with Raw(tombolo.port, timeout=20) as raw:
            raw.send(f"GET / HTTP/1.1\r\nHost: {SHOP}\r\nConnection: close\r\n\r\n".encode())
            while raw._more():
                pass
        assert b"Transfer-Encoding: chunked" in raw.buffer and b"half a story" in raw.buffer
        assert raw.buffer.endswith(b"0\r\n\r\n") == orderly


# What is kept


def test_connections_are_kept_unless_a_byte_too_many_comes(start_tombolo, authority, pem):
    with SecureScripted(pem) as app:
        tombolo = start_tombolo({SHOP: f"{app.url} tls_ca={authority.root}"})
        request = f"GET / HTTP/1.1\r\nHost: {SHOP}\r\n\r\n".encode()
        # One connection, and so one event loop with its pool.
        with Raw(tombolo.port, timeout=20) as raw:
            for _ in range(3):
                assert raw.send(request).answer()[2] == b"ok"
            assert len(app.connections) == 1
            app.answers = [OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"]
            assert raw.send(request).answer()[2] == b"ok"
            eventually(lambda: app.ended == 1, what="the end of the connection")
            app.answers = [OK]
            assert raw.send(request).answer()[2] == b"ok" and len(app.connections) == 2


def test_other_authorities_are_believed_as_soon_as_the_file_changes(start_tombolo, authority, pem, tmp_path):
    ca = tmp_path / "ca.pem"
    stranger = Authority(tmp_path / "stranger")
    ca.write_text(stranger.root.read_text())
    with SecureScripted(pem) as app:
        tombolo = start_tombolo({SHOP: f"{app.url} tls_ca={ca}"})
        assert get(tombolo)[0] == 502
        ca.write_text(authority.root.read_text())
        eventually(lambda: get(tombolo)[0] == 200, what="the new authority")
        ca.write_text("nothing")
        eventually(lambda: "there is no certificate in PEM form" in tombolo.logged(), what="a report")
        assert f"{tombolo.domains}:1:1: tls_ca: there is no certificate" in tombolo.logged()
        assert get(tombolo)[0] == 200
        ca.write_text(stranger.root.read_text())
        eventually(lambda: get(tombolo)[0] == 502, what="the old authority, and no kept connection")
