"""WebSockets between two ends of the websockets package, directly and through Tombolo: nothing of what either end can see
is another. Tests/Apps/test_transparency.py compares the handshakes byte by byte."""

import asyncio
import json
import socket

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from support import real_apps
from support.tombolo import Tombolo
from support.wire import Ask, Wire

MEBIBYTE = 1 << 20


class Sockets:
    def __init__(self, port, app, tombolo):
        self.port, self.app, self.tombolo = port, app, tombolo

    def connect(self, path="/", **options):
        options = {"compression": None, "max_size": 8 * MEBIBYTE, "ping_interval": None, "proxy": None, **options}
        return connect(f"ws://{self.app.host}{path}", host="127.0.0.1", port=self.port, **options)


@pytest.fixture(scope="module")
def started(program, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sockets")
    app = real_apps.sockets(folder).start()
    tombolo = Tombolo(folder / "tombolo", {app.host: app.url}, login=False, share_cookies=())
    try:
        tombolo.start()
        yield app, tombolo
    finally:
        tombolo.stop()
        app.stop()


@pytest.fixture(params=["direct", "through"])
def sockets(request, started):
    app, tombolo = started
    return Sockets({"direct": app.port, "through": tombolo.port}[request.param], app, tombolo)


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 60))


def test_messages_of_every_kind_and_size_come_back(sockets):
    async def talk():
        async with sockets.connect() as end:
            for size in (0, 1, 125, 126, 65535, 65536, MEBIBYTE):
                for message in (bytes(size), "ü" * (size // 2)):
                    await end.send(message)
                    assert await end.recv() == message

    run(talk())


def test_a_message_in_fragments_is_one_message(sockets):
    async def talk():
        async with sockets.connect() as end:
            await end.send(["in ", "", "many ", "pieces"])
            assert await end.recv() == "in many pieces"
            await end.send([b"a" * 70000, b"b", b"c" * 200])
            assert await end.recv() == b"a" * 70000 + b"b" + b"c" * 200

    run(talk())


def test_pings_and_pongs_of_both_ends_arrive(sockets):
    async def talk():
        async with sockets.connect() as end:
            await asyncio.wait_for(await end.ping(b"hello"), 10)
        async with sockets.connect("/ping") as end:
            assert await end.recv() == "pong came back"

    run(talk())


def test_deflated_messages_stay_deflated(sockets):
    async def talk():
        small = ClientPerMessageDeflateFactory(client_max_window_bits=10, server_max_window_bits=10)
        for options in ({"compression": "deflate"}, {"extensions": [small]}):
            async with sockets.connect(**options) as end:
                assert "permessage-deflate" in end.response.headers["Sec-WebSocket-Extensions"]
                for message in ("again and again " * 5000, b"\0" * MEBIBYTE, "short"):
                    await end.send(message)
                    assert await end.recv() == message

    run(talk())


@pytest.mark.parametrize(("asked", "given"), [(["chat.v1"], "chat.v1"), (["chat.v1", "chat.v2"], "chat.v2"), (["other"], None)])
def test_the_subprotocol_is_the_servers_choice(sockets, asked, given):
    async def talk():
        async with sockets.connect(subprotocols=asked) as end:
            assert end.subprotocol == given

    run(talk())


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 3000, 4999])
def test_the_servers_close_code_reaches_the_client(sockets, code):
    async def talk():
        async with sockets.connect(f"/close/{code}") as end:
            with pytest.raises(ConnectionClosed):
                await end.recv()
            assert (end.close_code, end.close_reason) == (code, "as you wish")

    run(talk())


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1001, "going"), (3123, "ü" * 40)])
def test_the_clients_close_code_reaches_the_server(sockets, code, reason):
    async def talk():
        async with sockets.connect("/closed") as end:
            await end.close(code, reason)
            assert end.close_code == code
        async with sockets.connect("/told") as end:
            assert json.loads(await end.recv()) == {"code": code, "reason": reason}

    run(talk())


def test_an_end_without_close_is_seen_as_one(sockets):
    async def talk():
        async with sockets.connect("/closed") as end:
            await end.send("one")
            assert await end.recv() == "one"
            end.transport.abort()
        for _ in range(100):
            async with sockets.connect("/told") as other:
                if json.loads(await other.recv()).get("code") == 1006:
                    return
        raise AssertionError("the server was not told")

    run(talk())


def test_a_refusal_is_the_servers(sockets):
    async def talk():
        with pytest.raises(InvalidStatus) as refused:
            await sockets.connect("/private")
        answer = refused.value.response
        assert (answer.status_code, answer.body) == (403, b"members only\n")

    run(talk())


def shaken(sockets):
    """A connection on which the handshake is done, for frames by hand."""
    wire = Wire(sockets.port)
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    ask = Ask("GET / HTTP/1.1", ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", key))
    wire.send(ask.head(sockets.app.host))
    assert wire.head()[0].startswith(b"HTTP/1.1 101 ")
    return wire


def test_frames_against_the_rules_are_answered_by_the_server(sockets):
    """Nobody on the way judges frames: the app does, and its close code (1002, 1007) arrives."""
    for frame, code in ((b"\x83\x80abcd", 1002), (b"\x81\x02hi", 1002), (b"\x81\x81\0\0\0\0\xff", 1007)):
        with shaken(sockets) as wire:
            wire.send(frame)
            assert wire.exactly(4)[2:] == code.to_bytes(2, "big")


def test_two_hundred_sockets_at_once_are_two_hundred_conversations(sockets):
    async def talk():
        async def one(number):
            async with sockets.connect() as end:
                ready.append(number)
                if len(ready) == 200:
                    all_open.set()
                await all_open.wait()
                for turn in range(5):
                    message = f"{number}.{turn}" * (1 + number)
                    await end.send(message)
                    assert await end.recv() == message

        ready, all_open = [], asyncio.Event()
        await asyncio.gather(*(one(number) for number in range(200)))

    run(talk())


def test_a_client_that_reads_slowly_holds_the_server_back_and_no_memory(started):
    """The server sends a gibibyte to each of eight clients, as fast as it is taken, and they take eight MiB in all."""
    app, tombolo = started
    through = Sockets(tombolo.port, app, tombolo)
    before, _ = tombolo.memory()

    async def talk():
        ends = [await through.connect("/flood") for _ in range(8)]
        for _ in range(4):
            for end in ends:
                assert len(await end.recv()) == MEBIBYTE
        _, highest = tombolo.memory()
        for end in ends:
            end.transport.abort()
        assert highest - before < 64, f"{highest - before:.0f} MiB more"

    run(talk())


def test_a_half_closed_socket_goes_on_in_the_other_direction(sockets):
    """The client says that it sends no more; what the server has to say still arrives, and then the end."""
    with shaken(sockets) as wire:
        # A masked text "hi", whose mask is nought, and then the end.
        wire.send(b"\x81\x82\0\0\0\0hi")
        wire.socket.shutdown(socket.SHUT_WR)
        assert wire.exactly(4) == b"\x81\x02hi"
        wire.rest()
