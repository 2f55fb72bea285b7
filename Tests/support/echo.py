"""A fast upstream that answers with what it received. Run as a program: `python echo.py PORT [LOG]`.

/            the request's fields as JSON (as HTML with the JSON inside when text/html is asked for)
/set/N/V     also sets the cookie N to V
/say/N/V     also sends the field N with the value V (V may be empty)
/events      an event stream that goes on until somebody closes it
/socket      101, then whatever comes in goes out
/down/BYTES  a body of that many bytes from `blocks()`; /down/BYTES/SECONDS paces it over that time
/up          reads the body and answers with its SHA-256
"""

import asyncio
import hashlib
import json
import sys

BLOCK = 1 << 20
_pattern = hashlib.shake_256(b"tombolo").digest(BLOCK - 8)


def blocks(total):
    """`total` bytes in blocks of 1 MiB, no two alike, the same in every process."""
    index = 0
    while total > 0:
        block = index.to_bytes(8, "big") + _pattern
        yield block[:total] if total < BLOCK else block
        total, index = total - BLOCK, index + 1


def digest(total):
    sum = hashlib.sha256()
    for block in blocks(total):
        sum.update(block)
    return sum.hexdigest()


def head(status, fields, length):
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in fields), f"Content-Length: {length}", "", ""]
    return "\r\n".join(lines).encode("latin-1")


async def body_of(reader, fields):
    if fields.get("transfer-encoding", "").lower() == "chunked":
        while size := int((await reader.readline()).split(b";")[0], 16):
            while size:
                part = await reader.read(min(size, BLOCK))
                if not part:
                    return
                size -= len(part)
                yield part
            await reader.readline()
        while (await reader.readline()).strip():
            pass
        return
    left = int(fields.get("content-length", 0))
    while left:
        part = await reader.read(min(left, BLOCK))
        if not part:
            return
        left -= len(part)
        yield part


async def serve(reader, writer):
    try:
        while True:
            text = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            request, *lines = text.split("\r\n")[:-2]
            method, target, _ = request.split(" ", 2)
            pairs = [tuple(line.split(": ", 1)) if ": " in line else (line.rstrip(":"), "") for line in lines]
            fields = {name.lower(): value for name, value in pairs}
            parts = target.partition("?")[0].split("/")
            if parts[1] == "events":
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
                while True:
                    writer.write(b"8\r\ndata: x\n\r\n")
                    await writer.drain()
                    await asyncio.sleep(0.05)
            if parts[1] == "socket":
                writer.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
                while part := await reader.read(65536):
                    writer.write(part)
                    await writer.drain()
                return
            if parts[1] == "down":
                total, seconds = int(parts[2]), float(parts[3]) if len(parts) > 3 else 0
                writer.write(head("200 OK", [("Content-Type", "application/octet-stream")], total))
                for block in blocks(total):
                    writer.write(block)
                    await writer.drain()
                    if seconds:
                        await asyncio.sleep(seconds * len(block) / total)
                continue
            sum, length = hashlib.sha256(), 0
            async for part in body_of(reader, fields):
                sum.update(part)
                length += len(part)
            told = {"method": method, "target": target, "headers": pairs, "length": length, "sha256": sum.hexdigest()}
            body, kind = json.dumps(told), "application/json"
            if "text/html" in fields.get("accept", ""):
                kind = "text/html; charset=utf-8"
                shown = body.replace("&", "&amp;").replace("<", "&lt;")
                body = f'<!doctype html><html><head><title>echo</title></head><body><pre id="echo">{shown}</pre></body>'
            answer = [("Content-Type", kind)]
            if parts[1] == "set":
                answer.append(("Set-Cookie", f"{parts[2]}={parts[3]}; Path=/; HttpOnly"))
            if parts[1] == "say":
                answer.append((parts[2], parts[3]))
            encoded = body.encode()
            writer.write(head("200 OK", answer, len(encoded)) + (b"" if method == "HEAD" else encoded))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError, ValueError):
        pass
    finally:
        writer.close()


async def main(port):
    server = await asyncio.start_server(serve, "127.0.0.1", port, limit=BLOCK, backlog=512)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
