"""WebSockets through Tombolo with a real client and a real server, and how they end: at a shutdown, when nobody says anything
any more, and when their session ends."""

import asyncio
import contextlib
import json
import os
import threading
import time

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from support.processes import eventually, free_port
from support.raw import Raw

HOST = "shop.localhost"


class App:
    """A WebSocket server in a thread of its own: echoes, and remembers how each connection ended and what it had said."""

    def __init__(self):
        self.port, self.ended, self.received, self.loop = free_port(), [], [], asyncio.new_event_loop()
        self.is_up = threading.Event()
        self.thread = threading.Thread(target=self.loop.run_until_complete, args=(self.main(),), daemon=True)
        self.thread.start()
        assert self.is_up.wait(10)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    async def main(self):
        self.over = asyncio.Event()
        async with serve(self.talk, "127.0.0.1", self.port, max_size=None, process_request=self.plain):
            self.is_up.set()
            await self.over.wait()

    def plain(self, connection, request):
        """A page for those who do not ask for a WebSocket; a POST is not one of them, the server knows only GET."""
        if "Upgrade" not in request.headers:
            answer = connection.respond(200, json.dumps(dict(request.headers.raw_items())))
            if request.path.startswith("/login"):
                answer.headers["X-Session-User"] = "ann"
            return answer

    async def talk(self, connection):
        try:
            if connection.request.path == "/fragments":
                await connection.send(self.fragments())
            if connection.request.path == "/flood":
                while True:
                    await connection.send(b"\x88\x02" * 30_000)
            async for message in connection:
                self.received.append(message)
                if connection.request.path != "/sink":
                    await connection.send(message)
        except ConnectionClosed:
            pass
        finally:
            self.ended.append((connection.close_code, len(self.received)))

    async def fragments(self):
        for number in range(3):
            yield f"part {number} "
            await asyncio.sleep(0.3)

    def stop(self):
        self.loop.call_soon_threadsafe(self.over.set)
        self.thread.join(10)


@pytest.fixture
def app():
    app = App()
    yield app
    app.stop()


@pytest.fixture
def tombolo(start_tombolo, app):
    def start(**settings):
        return start_tombolo({HOST: app.url}, **settings)

    return start


def address(tombolo, path="/"):
    return f"ws://127.0.0.1:{tombolo.port}{path}"


@contextlib.asynccontextmanager
async def talking(tombolo, path="/", **options):
    options.setdefault("additional_headers", {})
    # The name is in Host only, so that nobody has to resolve it.
    async with connect(f"ws://{HOST}{path}", host="127.0.0.1", port=tombolo.port, max_size=None, **options) as socket:
        yield socket


async def close_of(socket):
    """Reads until the end; returns how many messages came and the code of the close frame."""
    count = 0
    try:
        while True:
            await asyncio.wait_for(socket.recv(), 20)
            count += 1
    except ConnectionClosed as end:
        assert end.rcvd is not None, "it ended without a close frame"
        return count, end.rcvd.code


@pytest.mark.parametrize("compression", ["deflate", None], ids=["compressed", "plain"])
def test_messages_of_every_length_form(tombolo, compression):
    tombolo = tombolo()

    async def run():
        async with talking(tombolo, compression=compression) as socket:
            for length in (0, 1, 125, 126, 65_535, 65_536, 1 << 20):
                message = os.urandom(length)
                await socket.send(message)
                assert await asyncio.wait_for(socket.recv(), 20) == message
            await asyncio.wait_for(await socket.ping(), 5)

    asyncio.run(run())


def drain(tombolo):
    tombolo.program.send_signal(15)


@pytest.mark.parametrize("path", ["/", "/flood", "/fragments"])
def test_a_shutdown_closes_with_1001_on_both_sides(tombolo, app, path):
    """Idle, in a flood of messages that are full of what looks like close frames, and within a message in three parts: a close
    frame there would be an error for this very library."""
    tombolo = tombolo()

    async def run():
        async with talking(tombolo, path, compression=None) as socket:
            if path != "/":
                await asyncio.sleep(0.2)
            else:
                await socket.send("hello")
                assert await socket.recv() == "hello"
            drain(tombolo)
            begun = time.monotonic()
            count, code = await close_of(socket)
            assert code == 1001
            assert count == 1 or path != "/fragments", "the message is whole"
            assert time.monotonic() - begun < 10

    asyncio.run(run())
    eventually(lambda: app.ended, what="the end at the app")
    # The client's own close frame is what the app gets.
    assert app.ended[0][0] == 1001
    assert tombolo.program.process.wait(10) == 0


def test_what_the_client_has_still_to_say_reaches_the_app(tombolo, app):
    """Between the shutdown and the client's answer to the close frame lie messages that the client has sent already."""
    tombolo = tombolo()

    async def run():
        async with talking(tombolo, "/sink", compression=None) as socket:
            for _ in range(200):
                await socket.send(b"x" * 60_000)
            drain(tombolo)
            await close_of(socket)

    asyncio.run(run())
    eventually(lambda: app.ended, what="the end at the app")
    assert app.ended[0] == (1001, 200)


def test_a_client_that_does_not_answer_is_cut_at_the_deadline(tombolo, app):
    tombolo = tombolo(extra='[timeouts]\ndrain = "1s"\n')
    with Raw(tombolo.port, timeout=10) as raw:
        raw.send(
            f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        assert raw.answer()[0] == 101
        drain(tombolo)
        begun = time.monotonic()
        received = b""
        while part := raw.socket.recv(4096):
            received += part
        assert received == b"\x88\x02\x03\xe9"
        assert 0.8 < time.monotonic() - begun < 5
    eventually(lambda: app.ended, what="the end at the app")
    assert app.ended[0][0] == 1001, "the app is told with a masked frame"
    assert tombolo.program.process.wait(10) == 0


def test_a_silent_websocket_is_closed_with_1001(tombolo, app):
    tombolo = tombolo(extra='[timeouts]\ntunnel = "1s"\nupstream_idle = "200ms"\n')

    async def run():
        async with talking(tombolo, ping_interval=None) as socket:
            for _ in range(5):
                await asyncio.sleep(0.5)
                await socket.send("still here")
                assert await socket.recv() == "still here"
            begun = time.monotonic()
            assert await close_of(socket) == (0, 1001)
            assert 0.8 < time.monotonic() - begun < 5

    asyncio.run(run())
    eventually(lambda: app.ended, what="the end at the app")
    assert app.ended[0][0] == 1001


def test_another_upgrade_is_closed_at_the_deadline(start_tombolo, echo):
    tombolo = start_tombolo({HOST: echo.url}, extra='[timeouts]\ndrain = "1s"\n')
    with Raw(tombolo.port, timeout=10) as raw:
        raw.send(f"GET /socket HTTP/1.1\r\nHost: {HOST}\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n".encode())
        assert raw.answer()[0] == 101
        drain(tombolo)
        time.sleep(0.3)
        raw.send(b"still here")
        assert raw.socket.recv(100) == b"still here"
        begun = time.monotonic()
        assert raw.is_closed()
        assert time.monotonic() - begun < 3
    assert tombolo.program.process.wait(10) == 0


def test_an_event_stream_ends_at_the_deadline_and_not_as_if_it_were_complete(start_tombolo, echo):
    tombolo = start_tombolo({HOST: echo.url}, extra='[timeouts]\ndrain = "1s"\n')
    with Raw(tombolo.port, timeout=10) as raw:
        raw.send(f"GET /events HTTP/1.1\r\nHost: {HOST}\r\nAccept: text/event-stream\r\n\r\n".encode())
        received = raw.socket.recv(4096)
        drain(tombolo)
        begun = time.monotonic()
        with contextlib.suppress(ConnectionResetError):
            while part := raw.socket.recv(4096):
                received += part
        assert 0.8 < time.monotonic() - begun < 5
        assert received.count(b"data: x") > 10 and b"\r\n0\r\n" not in received
    assert tombolo.program.process.wait(10) == 0


def test_the_end_of_a_session_closes_its_websockets_with_1001(tombolo, app):
    tombolo = tombolo()

    def get(path, cookie=""):
        with Raw(tombolo.port) as raw:
            page = "Accept: text/html\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\n"
            raw.send(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n{page}{cookie}\r\n".encode())
            return raw.answer()

    _, head, _ = get("/")
    (cookie,) = (line for line in head.split(b"\r\n") if line.lower().startswith(b"set-cookie: tombolo="))
    value = cookie.split(b" ", 1)[1].partition(b";")[0].decode()

    async def run():
        async with talking(tombolo, additional_headers={"Cookie": value}) as socket:
            await socket.send("mine")
            assert await socket.recv() == "mine"
            status, _, _ = await asyncio.to_thread(get, "/login", f"Cookie: {value}\r\n")
            assert status == 200
            assert await close_of(socket) == (0, 1001)

    asyncio.run(run())
    eventually(lambda: app.ended, what="the end at the app")
    assert app.ended[0][0] == 1001
