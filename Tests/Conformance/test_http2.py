"""HTTP/2 on the front, HTTP/1.1 towards the upstream: the same request path, over TLS and in cleartext."""

import base64
import hashlib
import json
import re
import signal
import socket
import threading
import time
from contextlib import closing

import pytest
from hyperframe import frame as f

from support import contract
from support.certificates import Authority
from support.echo import blocks, digest
from support.http2 import (
    CANCEL,
    INTERNAL_ERROR,
    NO_ERROR,
    Client,
    Frames,
    request,
)
from support.processes import accepts, eventually, free_port
from support.raw import Raw
from support.upstreams import Scripted

SHOP, CLUB = "shop.localhost", "club.localhost"


class Door:
    """A Tombolo that is reached over TLS or in cleartext."""

    def __init__(self, tombolo, port, authority):
        self.tombolo, self.port, self.authority = tombolo, port, authority

    def connect(self, name=SHOP, **options):
        return Client(self.port, self.authority and self.authority.context(), name, **options)

    def frames(self, **options):
        return Frames(self.port, tls=self.authority and self.authority.context(), **options)


@pytest.fixture(params=["tls", "cleartext"])
def open_door(request, start_tombolo, tmp_path):
    def open_it(upstream, extra="", listen=""):
        sites = {SHOP: upstream, CLUB: upstream}
        if request.param == "cleartext":
            settings = {"extra": extra} if extra else {}
            tombolo = start_tombolo(sites, **settings)
            return Door(tombolo, tombolo.port, None)
        authority = Authority(tmp_path / "authority")
        authority.issue(tmp_path / "certs" / "all.pem", SHOP, CLUB)
        port = free_port()
        settings = contract.https(port, tmp_path / "certs", listen=listen)
        settings["extra"] += extra
        tombolo = start_tombolo(sites, **settings)
        eventually(lambda: accepts(port), what="the https listener")
        return Door(tombolo, port, authority)

    return open_it


@pytest.fixture
def door(open_door, echo):
    return open_door(echo.url)


class Upstream:
    """An upstream of which a test does every step: `accept` gives the next connection."""

    def __init__(self, backlog=16, buffer=None):
        self.listener = socket.socket()
        if buffer:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(backlog)
        self.listener.settimeout(10)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def accept(self):
        connection, _ = self.listener.accept()
        connection.settimeout(10)
        return connection

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


def head_of(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        assert part, data
        data += part
    return data


# --- messages

def test_a_request_and_its_answer(door):
    with door.connect() as client:
        answer = client.get(path="/set/a/b?c=%20d", x_test="y", cookie="e=f")
        assert answer.status == 200 and answer.is_complete
        told = json.loads(answer.body)
        assert told["method"] == "GET" and told["target"] == "/set/a/b?c=%20d"
        fields = {name.lower(): value for name, value in told["headers"]}
        assert fields["host"] == SHOP and fields["x-test"] == "y" and fields["cookie"] == "e=f"
        assert fields["x-forwarded-proto"] == client.scheme and fields["x-forwarded-for"] == "127.0.0.1"
        assert re.fullmatch("[0-9a-f]{32}", fields["x-session-id"])
        names = [name.decode() for name, _ in answer.fields]
        assert not {"connection", "transfer-encoding", "keep-alive"} & set(names)
        assert all(name == name.lower() for name in names)
        assert int(answer.field("content-length")) == len(answer.body)


def test_many_streams_at_once(door):
    with door.connect() as client:
        streams = [client.begin(path=f"/say/x-number/{number}") for number in range(50)]
        for number, stream in enumerate(streams):
            answer = client.finish(stream)
            assert answer.status == 200 and answer.field("x-number") == str(number)
        # Places are used again, and nothing of the streams before is left in them.
        for number in range(20):
            answer = client.get(path=f"/say/x-again/{number}")
            assert answer.field("x-again") == str(number) and answer.field("x-number") is None


@pytest.mark.parametrize("length", [None, 3_000_000], ids=["chunked", "with length"])
def test_a_body(door, length):
    body = b"".join(blocks(3_000_000))
    with door.connect() as client:
        fields = {"content_length": str(length)} if length else {}
        answer = client.post(body, path="/up", method="POST", **fields)
        assert answer.status == 200 and hashlib.sha256(body).hexdigest().encode() in answer.body


def test_cookies_come_together(open_door):
    with Scripted() as upstream, open_door(upstream.url).connect() as client:
        client.finish(client.begin(request(SHOP, scheme=client.scheme) + [("cookie", "a=b"), ("cookie", "c=d")]))
        _, fields = upstream.first_head()
        assert [value for name, value in fields if name.lower() == "cookie"] == ["a=b; c=d"]


@pytest.mark.parametrize("response, status, length, body", [
    pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", 204, None, b"", id="204"),
    pytest.param(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: \"x\"\r\n\r\n", 304, "5", b"", id="304"),
    pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "0", b"", id="empty"),
    pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "2", b"ok", id="length"),
    pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, None, b"ok", id="chunked"),
    pytest.param(b"HTTP/1.0 200 OK\r\n\r\nok", 200, None, b"ok", id="until close"),
    pytest.param(b"HTTP/1.1 426 Upgrade Required\r\nUpgrade: x\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n",
                 426, "0", b"", id="426"),
])
def test_responses(open_door, response, status, length, body):
    with Upstream() as upstream, open_door(upstream.url).connect() as client:
        stream = client.begin()
        with closing(upstream.accept()) as connection:
            head_of(connection)
            connection.sendall(response)
            if response.startswith(b"HTTP/1.0"):
                connection.shutdown(socket.SHUT_WR)
            answer = client.finish(stream)
        assert (answer.status, answer.field("content-length"), answer.body) == (status, length, body)
        assert answer.is_complete and answer.field("upgrade") is None


def test_head_has_the_length_and_no_body(open_door):
    with Scripted(b"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n") as upstream:
        with open_door(upstream.url).connect() as client:
            answer = client.get(method="HEAD")
            assert answer.field("content-length") == "12345" and answer.body == b"" and answer.is_complete


def test_trailers_both_ways(open_door):
    with Upstream() as upstream, open_door(upstream.url).connect() as client:
        stream = client.begin(end=False, method="POST", te="trailers")
        client.h2.send_data(stream, b"body")
        client.h2.send_headers(stream, [("x-sum", "1"), ("content-length", "9"), ("x-session-id", "evil")], end_stream=True)
        client.flush()
        with closing(upstream.accept()) as connection:
            data = head_of(connection)
            while not data.endswith(b"\r\n\r\n") or b"\r\n0\r\n" not in data:
                data += connection.recv(65536)
            assert data.partition(b"\r\n\r\n")[2] == b"4\r\nbody\r\n0\r\nx-sum: 1\r\n\r\n"
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 2\r\n\r\n")
            answer = client.finish(stream)
        assert answer.body == b"ok" and answer.trailers == [(b"x-sum", b"2")]


def test_interim_responses(open_door):
    with Upstream() as upstream, open_door(upstream.url).connect() as client:
        stream = client.begin()
        with closing(upstream.accept()) as connection:
            head_of(connection)
            connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            answer = client.finish(stream)
        assert [dict(head) for head in answer.interim] == [{b":status": b"103", b"link": b"</a.css>"}]


def test_expect_continue_goes_end_to_end(open_door):
    with Upstream() as upstream, open_door(upstream.url).connect() as client:
        stream = client.begin(end=False, method="POST", expect="100-continue", content_length="2")
        with closing(upstream.accept()) as connection:
            assert b"expect: 100-continue" in head_of(connection).lower()
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            client.wait(lambda: client.answers[stream].interim)
            client.send(stream, b"hi", end=True)
            assert connection.recv(10) == b"hi"
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            assert client.finish(stream).status == 200


def test_a_large_response_head(open_door):
    """More than one frame: HEADERS and CONTINUATION."""
    lines = b"".join(b"X-%d: %s\r\n" % (number, b"y" * 2000) for number in range(12))
    with Scripted(b"HTTP/1.1 200 OK\r\n" + lines + b"Content-Length: 2\r\n\r\nok") as upstream:
        with open_door(upstream.url).connect() as client:
            answer = client.get()
            assert answer.body == b"ok" and all(answer.field(f"x-{number}") == "y" * 2000 for number in range(12))


def test_each_write_of_the_upstream_arrives_at_once(open_door):
    with Upstream() as upstream, open_door(upstream.url).connect() as client:
        stream = client.begin(accept="text/event-stream")
        with closing(upstream.accept()) as connection:
            head_of(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
            client.wait(lambda: client.answers[stream].status)
            for number in range(5):
                connection.sendall(b"data: %d\n\n" % number)
                client.wait(lambda: client.answers[stream].body.endswith(b"%d\n\n" % number))


# --- ends that come too early

def test_an_early_answer_ends_the_request(open_door):
    """RFC 9113 §8.1: the whole answer, then RST_STREAM with NO_ERROR, while the body is still coming."""
    with Upstream() as upstream, open_door(upstream.url).frames() as c:
        c.send(c.headers(1, request(SHOP, "/", "POST"), "END_HEADERS"))
        c.send(f.DataFrame(1, b"x" * 100))
        with closing(upstream.accept()) as connection:
            head_of(connection)
            connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
            assert c.verdict() == ("STATUS", 413)
            data = c.until(f.DataFrame, 1)
            while "END_STREAM" not in data.flags:
                data = c.until(f.DataFrame, 1)
            assert c.until(f.RstStreamFrame, 1).error_code == NO_ERROR
            # The upstream's connection is in the middle of a request: it is not used again.
            assert_ends(connection)


@pytest.mark.parametrize("method, answer, status", [
    ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200),
    ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", 204),
    ("GET", b"HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n", 304),
    ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200),
    ("GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: 1\r\n\r\n", 200),
], ids=["head", "204", "304", "length 0", "trailers only"])
def test_an_answer_without_a_body_is_complete(start_tombolo, tmp_path, method, answer, status):
    """Its end goes out with its head: nobody has left, and the upstream's connection serves the next request."""
    log = tmp_path / "access.log"
    with Scripted(answer) as upstream:
        tombolo = start_tombolo({SHOP: upstream.url}, extra_log=f'access = true\naccess_path = "{log}"')
        with Client(tombolo.port) as client:
            for _ in range(5):
                told = client.finish(client.begin(method=method))
                assert told.status == status and told.is_complete and told.reset is None
        lines = eventually(lambda: len(log.read_text().splitlines()) == 5 and log.read_text().splitlines())
        assert len(upstream.connections) == 1
    assert [json.loads(line).get("fault") for line in lines] == [None] * 5


def assert_ends(connection):
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        pass


def test_a_reset_by_the_client_cancels_the_request(open_door):
    with Upstream() as upstream, open_door(upstream.url).connect() as client:
        stream = client.begin()
        with closing(upstream.accept()) as connection:
            head_of(connection)
            client.h2.reset_stream(stream, CANCEL)
            client.flush()
            assert_ends(connection)
        # The connection of the client goes on.
        stream = client.begin()
        with closing(upstream.accept()) as connection:
            head_of(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            assert client.finish(stream).body == b"ok"


@pytest.mark.parametrize("head", [
    b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
], ids=["length", "chunked"])
def test_an_upstream_lost_in_the_middle_is_an_error(open_door, head):
    with Upstream() as upstream, open_door(upstream.url).connect() as client:
        stream = client.begin()
        with closing(upstream.accept()) as connection:
            head_of(connection)
            connection.sendall(head)
            client.wait(lambda: client.answers[stream].body == b"abc")
        answer = client.finish(stream)
        assert answer.reset == INTERNAL_ERROR and not answer.is_complete


def test_an_upstream_that_is_down(open_door):
    with open_door(f"http://127.0.0.1:{free_port()}").connect() as client:
        answer = client.get(accept="text/html")
        assert answer.status == 502 and answer.is_complete and b"<h1>502" in answer.body


# --- flow control

def pump(connection, data, sent):
    try:
        while True:
            sent.append(connection.send(data))
    except OSError:
        pass


def settled(value, rounds=8):
    """Waits until `value()` has not changed for a while."""
    last, same = None, 0
    while same < rounds:
        time.sleep(0.05)
        now = value()
        last, same = now, same + 1 if now == last else 0
    return last


def test_a_client_that_does_not_read_holds_up_its_upstream_alone(open_door):
    with Upstream() as upstream:
        door = open_door(upstream.url)
        with door.connect(takes=False, timeout=20) as client:
            stream = client.begin()
            with closing(upstream.accept()) as connection:
                head_of(connection)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n")
                sent, chunk = [], b"x" * 65536
                thread = threading.Thread(target=pump, args=(connection, chunk, sent), daemon=True)
                thread.start()
                client.wait(lambda: len(client.answers[stream].body) >= 65535)
                total = settled(lambda: sum(sent))
                assert total < 16 << 20, "the proxy holds what the client does not take"
                assert len(client.answers[stream].body) == 65535
                # Another stream of the same connection is not held up (the connection's window is not full).
                client.h2.increment_flow_control_window(1 << 20)
                other = client.begin()
                with closing(upstream.accept()) as second:
                    head_of(second)
                    second.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                    assert client.finish(other).body == b"ok"
                # As soon as it reads, it goes on.
                client.h2.increment_flow_control_window(1 << 20, stream)
                client.flush()
                client.wait(lambda: len(client.answers[stream].body) > 1 << 20)


def take_in_background(connection):
    """Reads whatever comes, until the test has closed the connection."""
    def take():
        try:
            while connection.recv(65536):
                pass
        except OSError:
            pass
    threading.Thread(target=take, daemon=True).start()


def test_an_upstream_that_does_not_read_holds_up_its_stream_alone(open_door):
    with Upstream(buffer=16384) as upstream:
        door = open_door(upstream.url)
        with door.connect(timeout=20) as client:
            stream = client.begin(end=False, method="POST", content_length=str(100 << 20))
            with closing(upstream.accept()) as connection:
                head_of(connection)
                sent = 0
                client.socket.settimeout(2)
                while True:
                    size = min(client.h2.local_flow_control_window(stream), 16384)
                    if size:
                        client.h2.send_data(stream, b"x" * size)
                        client.flush()
                        sent += size
                        continue
                    try:
                        client.receive()
                    except TimeoutError:
                        break
                assert 65535 <= sent < 8 << 20, "WINDOW_UPDATE goes on though nobody takes the bytes"
                client.socket.settimeout(20)
                # Another stream sends as much as it likes.
                other = client.begin(end=False, method="POST")
                with closing(upstream.accept()) as second:
                    head_of(second)
                    take_in_background(second)
                    client.send(other, b"y" * (2 << 20), end=True)
                    second.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
                    assert client.finish(other).body == b"ok"
                # Once the upstream reads, the first goes on.
                take_in_background(connection)
                client.send(stream, b"x" * (1 << 20))


def test_large_bodies_both_ways(door):
    total = 50_000_000
    with door.connect(timeout=60) as client:
        stream = client.begin(path=f"/down/{total}")
        client.wait(lambda: client.answers[stream].is_complete, 60)
        assert hashlib.sha256(client.answers[stream].body).hexdigest() == digest(total)


# --- hosts, sessions, pages

def test_the_loader_and_the_session(door):
    """One group over two domains: the page has the loader, its cookie brings the session back."""
    with door.connect() as client:
        page = client.get(path="/", accept="text/html", sec_fetch_dest="document", sec_fetch_mode="navigate")
        assert page.status == 200 and b"/crossdomain" in page.body
        cookies = [value.decode() for name, value in page.fields if name == b"set-cookie"]
        handle = next(cookie for cookie in cookies if "tombolo=" in cookie).partition(";")[0]
        one = re.search(rb"x-session-id[^0-9a-f]+([0-9a-f]{32})", page.body.lower())[1]
        again = client.get(path="/", cookie=handle)
        assert one in again.body
        loader = re.search(rb'src="([^"]*/crossdomain[^"]*)"', page.body)[1].decode().replace("&amp;", "&")
        script = client.get(path=loader[loader.index("/crossdomain"):])
        assert script.status == 200 and "javascript" in script.field("content-type")


def test_another_host_than_the_connection_is_for(open_door, echo):
    door = open_door(echo.url)
    with door.connect() as client:
        # In cleartext there is no name to compare with, and the other domain is served.
        assert client.get(host=CLUB).status == (421 if door.authority else 200)
        assert client.get().status == 200
        assert client.get(host="nobody.localhost").status == 421


def test_http2_can_be_switched_off(start_tombolo, echo, tmp_path):
    authority = Authority(tmp_path / "authority")
    authority.issue(tmp_path / "certs" / "all.pem", SHOP)
    port = free_port()
    tombolo = start_tombolo({SHOP: echo.url}, **contract.https(port, tmp_path / "certs", listen="http2 = false\n"))
    eventually(lambda: accepts(port), what="the https listener")
    context = authority.context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with closing(socket.create_connection(("127.0.0.1", port))) as plain:
        with context.wrap_socket(plain, server_hostname=SHOP) as secure:
            assert secure.selected_alpn_protocol() == "http/1.1"
    with Raw(tombolo.port) as raw:
        assert raw.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").answer()[0] == 505


def test_upgrade_to_h2c_stays_refused(open_door, echo):
    """An Upgrade to h2c reaches nobody (RFC 9113 §3.1 has done away with it)."""
    door = open_door(echo.url)
    with Raw(door.tombolo.port) as raw:
        raw.send(f"GET / HTTP/1.1\r\nHost: {SHOP}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                 "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n".encode())
        status, _, body = raw.answer()
        assert status == 200 and b"h2c" not in body.lower() and b"http2-settings" not in body.lower()


# --- WebSockets (RFC 8441)

def websocket(client, path="/socket", end=False):
    fields = request(SHOP, path, "CONNECT", client.scheme)
    fields.insert(1, (":protocol", "websocket"))
    return client.begin(fields + [("sec-websocket-version", "13"), ("origin", f"{client.scheme}://{SHOP}")], end=end)


def accept_key(head):
    key = re.search(rb"(?i)sec-websocket-key: (\S+)\r\n", head)[1]
    digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    return base64.b64encode(digest)


SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n"


def test_a_websocket_that_speaks_before_its_answer_goes_on(open_door):
    """What came early has to be given back to the window like all the rest."""
    with Upstream() as upstream, open_door(upstream.url).connect(timeout=5) as client:
        stream = websocket(client)
        with closing(upstream.accept()) as connection:
            head, _, _ = head_of(connection).partition(b"\r\n\r\n")
            # All that the window has room for at first.
            client.send(stream, b"\x82\x7f" + (1 << 20).to_bytes(8, "big") + b"x" * 131_062)
            connection.sendall(SWITCH % accept_key(head + b"\r\n"))
            take_in_background(connection)
            client.send(stream, b"x" * 300_000)


def test_a_websocket(open_door):
    with Upstream() as upstream, open_door(upstream.url).connect() as client:
        stream = websocket(client)
        client.send(stream, b"early")
        with closing(upstream.accept()) as connection:
            head = head_of(connection)
            assert head.startswith(b"GET /socket HTTP/1.1\r\n") and b"upgrade: websocket" in head.lower()
            assert b"connection: upgrade" in head.lower() and b"sec-websocket-version: 13" in head.lower()
            head, _, early = head.partition(b"\r\n\r\n")
            connection.sendall(SWITCH % accept_key(head + b"\r\n") + b"hello")
            client.wait(lambda: client.answers[stream].body == b"hello")
            answer = client.answers[stream]
            assert answer.status == 200 and answer.field("sec-websocket-accept") is None
            while len(early) < 5:
                early += connection.recv(10)
            assert early == b"early"
            client.send(stream, b"ping" * 30000)
            got = b""
            while len(got) < 120000:
                got += connection.recv(65536)
            connection.sendall(b"pong" * 30000)
            client.wait(lambda: len(answer.body) == 120005)
            # Each side's end is passed on.
            client.h2.end_stream(stream)
            client.flush()
            assert connection.recv(10) == b""
            connection.sendall(b"bye")
            connection.shutdown(socket.SHUT_WR)
            client.wait(lambda: answer.is_complete)
            assert answer.body.endswith(b"bye")


@pytest.mark.parametrize("response, status", [
    (SWITCH % b"bm90IHRoZSBrZXkgYXQgYWxsIQ==", 502),
    (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", 502),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 502),
    (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", 403),
], ids=["wrong accept", "other protocol", "no tunnel", "refused"])
def test_a_websocket_that_is_none(open_door, response, status):
    with Upstream() as upstream, open_door(upstream.url).connect() as client:
        stream = websocket(client)
        with closing(upstream.accept()) as connection:
            head_of(connection)
            connection.sendall(response)
            answer = client.finish(stream)
            assert answer.status == status
        # S1: what the client sends on that stream is nobody's request; others go on.
        stream = client.begin()
        with closing(upstream.accept()) as connection:
            head_of(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            assert client.finish(stream).body == b"ok"


# --- drain

def test_drain(open_door):
    """GOAWAY with the largest identifier, then with the last one; streams finish, also one that crossed the news."""
    with Upstream() as upstream:
        door = open_door(upstream.url)
        with door.frames() as c:
            scheme = "https" if door.authority else "http"
            c.send(c.headers(1, request(SHOP, scheme=scheme)))
            with closing(upstream.accept()) as connection:
                head_of(connection)
                door.tombolo.program.send_signal(signal.SIGTERM)
                first = c.until(f.GoAwayFrame)
                assert (first.last_stream_id, first.error_code) == (0x7FFFFFFF, NO_ERROR)
                ping = c.until(f.PingFrame)
                # It has not seen the GOAWAY yet.
                c.send(c.headers(3, request(SHOP, scheme=scheme)))
                with closing(upstream.accept()) as second:
                    head_of(second)
                    c.send(f.PingFrame(0, ping.opaque_data, flags=["ACK"]))
                    last = c.until(f.GoAwayFrame)
                    assert (last.last_stream_id, last.error_code) == (3, NO_ERROR)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                    assert c.verdict(1) == ("STATUS", 200)
                    second.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                    assert c.verdict(3) == ("STATUS", 200)
            assert c.until(f.PushPromiseFrame) is None and c.is_closed
        eventually(lambda: not door.tombolo.is_running, 10, what="the end")
