"""The load: one request that is looked at, and many that are counted."""

import gzip
import http.client
import re
import socket
import subprocess
from dataclasses import dataclass

from .contenders import HOST, LOAD_CORE, pinned

CONNECTIONS = 64


class WrongAnswer(Exception):
    """A proxy did not do the work, so that its figures would mean nothing."""


def request_fields(work, contender):
    return {"Host": HOST, **work.fields, **contender.fields()}


def request_head(work, contender):
    """The bytes of a request without a body."""
    fields = (f"{name}: {value}" for name, value in request_fields(work, contender).items())
    return "\r\n".join([f"GET {work.path} HTTP/1.1", *fields, "", ""]).encode()


def _verify_echo(work, contender):
    """Upgrades a connection and sends a frame through it."""
    frame = bytes([0x82, 0x80 | work.message, 0, 0, 0, 0]) + b"x" * work.message
    with socket.create_connection(("127.0.0.1", contender.port), timeout=10) as one:
        one.sendall(request_head(work, contender))
        head = b""
        while b"\r\n\r\n" not in head:
            part = one.recv(4096)
            if not part:
                break
            head += part
        if not head.startswith(b"HTTP/1.1 101"):
            raise WrongAnswer(f"{contender.name} answered {head[:40]!r} instead of an upgrade")
        one.sendall(frame)
        echo = head.partition(b"\r\n\r\n")[2]
        while len(echo) < len(frame) and (part := one.recv(4096)):
            echo += part
    if echo != frame:
        raise WrongAnswer(f"{contender.name} changed a frame")
    return f"upgraded, a frame of {work.message} bytes came back"


def verify(work, contender, bodies):
    """Sends one request and looks at the answer whole; says what was seen."""
    if work.message:
        return _verify_echo(work, contender)
    connection = http.client.HTTPConnection("127.0.0.1", contender.port, timeout=20)
    body = b"x" * work.upload or None
    connection.request("POST" if body else "GET", work.path, body, headers=request_fields(work, contender))
    response = connection.getresponse()
    raw = response.read()
    connection.close()
    coding = response.getheader("Content-Encoding", "identity")
    if response.status != 200:
        raise WrongAnswer(f"{contender.name} answered {response.status} to {work.name}")
    if (work.fields.get("Accept-Encoding") == "gzip") != (coding == "gzip"):
        raise WrongAnswer(f"{contender.name} answered {work.name} with the content coding {coding}")
    body = gzip.decompress(raw) if coding == "gzip" else raw
    expected = work.expected(bodies, contender)
    if body != expected:
        raise WrongAnswer(f"{contender.name} answered {work.name} with {len(body)} bytes, not the {len(expected)} that are due")
    seen = "the tag once" if work.injects and contender.injects else "untouched"
    return f"{len(raw):,} bytes, {coding}, {len(body):,} decoded, {seen}"


@dataclass
class Saturation:
    requests: int
    seconds: float


def saturate(work, contender, seconds):
    """wrk on the load's core: as many requests as the proxy takes on 64 connections."""
    command = ["wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{seconds}s", "--timeout", "20s"]
    for name, value in request_fields(work, contender).items():
        command += ["--header", f"{name}: {value}"]
    if work.upload:
        script = contender.folder / "upload.lua"
        script.write_text(f'wrk.method = "POST"\nwrk.body = string.rep("x", {work.upload})\n')
        command += ["--script", script]
    command.append(f"http://127.0.0.1:{contender.port}{work.path}")
    run = subprocess.run(list(map(str, pinned(LOAD_CORE, command))), capture_output=True, text=True, check=True)
    if trouble := re.search(r"^\s*(Non-2xx.*|Socket errors.*)$", run.stdout, re.MULTILINE):
        raise WrongAnswer(f"{contender.name}, {work.name}: {trouble[1]}")
    total = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m)", run.stdout)
    scale = {"ms": 0.001, "s": 1, "m": 60}[total[3]]
    return Saturation(int(total[1]), float(total[2]) * scale)
