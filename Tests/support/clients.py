"""Clients that never stop asking, on kept connections and on new ones, and keep count of what went wrong."""

import asyncio
import threading
from collections import Counter


class Clients:
    """Half of them keep their connections as long as they may, the others make a new one for every request."""

    def __init__(self, port, host, number=16):
        self.request = f"GET / HTTP/1.1\r\nHost: {host}\r\n".encode()
        self.port, self.number = port, number
        self.answered, self.failures, self.reconnected = Counter(), [], 0
        self.stopping = False
        self.thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping = True
        self.thread.join()

    async def _run(self):
        await asyncio.gather(*(self._keep() if n % 2 else self._renew() for n in range(self.number)))

    async def _connect(self):
        return await asyncio.wait_for(asyncio.open_connection("127.0.0.1", self.port), 10)

    async def _ask(self, reader, writer, last):
        """Whether the connection goes on."""
        writer.write(self.request + (b"Connection: close\r\n\r\n" if last else b"\r\n"))
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).lower()
        length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        await reader.readexactly(length)
        self.answered[int(head.split()[1])] += 1
        return b"connection: close" not in head

    async def _keep(self):
        while not self.stopping:
            await self._on_one(False)
            self.reconnected += 1

    async def _renew(self):
        while not self.stopping:
            await self._on_one(True)

    async def _on_one(self, last):
        writer, asked = None, 0
        try:
            reader, writer = await self._connect()
            while not self.stopping and await self._ask(reader, writer, last):
                asked += 1
        except (OSError, EOFError, TimeoutError, asyncio.TimeoutError) as error:
            kind = "new connection" if last else f"kept connection after {asked} requests"
            self.failures.append(f"{kind}: {error!r}")
            await asyncio.sleep(0.01)
        finally:
            if writer:
                writer.close()
