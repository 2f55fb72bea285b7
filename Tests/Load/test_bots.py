"""A hundred thousand requests without cookies leave nothing behind; ten carts leave ten rows."""

import asyncio
import itertools

from support.upstreams import session_id

HOSTS = ["shop.localhost", "shop-deutschland.localhost", "club.localhost"]
AGENTS = {
    "bot": "User-Agent: Mozilla/5.0 (compatible; Googlebot/2.1)\r\nAccept: text/html,*/*;q=0.8\r\n",
    "script": "User-Agent: curl/8.5.0\r\nAccept: */*\r\n",
    "headless browser": (
        "User-Agent: Mozilla/5.0\r\nAccept: text/html\r\nSec-CH-UA: \"Chromium\"\r\n"
        "Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n"
    ),
}


async def bombard(port, total, connections=32):
    """Sends `total` requests, evenly over hosts and kinds of client, and returns how often each status came."""
    heads = [
        f"GET /{path} HTTP/1.1\r\nHost: {host}:{port}\r\n{agent}\r\n".encode()
        for path, host, agent in itertools.product(("", "?x=1"), HOSTS, AGENTS.values())
    ]
    left, statuses = iter(range(total)), {}

    async def worker():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in left:
            writer.write(heads[number % len(heads)])
            head = await reader.readuntil(b"\r\n\r\n")
            status = int(head[9:12])
            statuses[status] = statuses.get(status, 0) + 1
            lower = head.lower()
            at = lower.find(b"content-length:")
            if at >= 0:
                await reader.readexactly(int(lower[at + 15 : lower.index(b"\r\n", at)]))
            elif b"transfer-encoding: chunked" in lower:
                while size := int(await reader.readline(), 16):
                    await reader.readexactly(size + 2)
                await reader.readline()
        writer.close()

    await asyncio.gather(*(worker() for _ in range(connections)))
    return statuses


def test_a_hundred_thousand_visits_without_cookies_leave_no_row(three, visitor):
    assert asyncio.run(bombard(three.port, 100_000)) == {200: 100_000}
    assert three.rows() == 0

    people = [visitor() for _ in range(10)]
    for number, person in enumerate(people):
        person.visit(three.url(HOSTS[0], f"/set/session/cart-{number}"))
        assert session_id(person.visit(three.url(HOSTS[0]), initiator=three.url(HOSTS[0])))
    assert three.rows() == 10


def test_the_real_apps_leave_no_row_either(quarter):
    assert asyncio.run(bombard(quarter.tombolo.port, 3_000, connections=8)) == {200: 3_000}
    assert quarter.tombolo.rows() == 0
