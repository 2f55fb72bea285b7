"""A WebSocket echo with the websockets package, as its documentation shows one: `sockets.py PORT LOG`.

/         echoes every message
/told     says what the request looked like, then how the client closed the last connection to /closed
/close/N  closes with the code N
/flood    sends a gibibyte, as fast as it is taken
/private  is refused with 403 and a body"""

import asyncio
import http
import json
import sys

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

PORT, LOG = int(sys.argv[1]), sys.argv[2]
MEBIBYTE = 1 << 20
KNOWN = ["chat.v2", "chat.v1"]
last = {}


def note(connection, request):
    seen = {"line": f"GET {request.path} HTTP/1.1", "headers": list(request.headers.raw_items()), "length": 0}
    with open(LOG, "a") as file:
        file.write(json.dumps(seen) + "\n")
    if request.path == "/private":
        return connection.respond(http.HTTPStatus.FORBIDDEN, "members only\n")


async def handler(connection):
    path = connection.request.path
    try:
        if path.startswith("/close/"):
            await connection.close(int(path[7:]), "as you wish")
        elif path == "/flood":
            for _ in range(1024):
                await connection.send(bytes(MEBIBYTE))
        elif path == "/told":
            await connection.send(json.dumps(last))
        elif path == "/ping":
            await (await connection.ping(b"are you there"))
            await connection.send("pong came back")
        else:
            async for message in connection:
                await connection.send(message)
        await connection.wait_closed()
    except ConnectionClosed:
        pass
    if path == "/closed":
        last.update(code=connection.close_code, reason=connection.close_reason)


async def main():
    async with serve(
        handler,
        "127.0.0.1",
        PORT,
        process_request=note,
        subprotocols=KNOWN,
        select_subprotocol=lambda _, offered: next((name for name in KNOWN if name in offered), None),
        max_size=8 * MEBIBYTE,
        ping_interval=None,
        backlog=512,
    ) as server:
        await server.serve_forever()


asyncio.run(main())
