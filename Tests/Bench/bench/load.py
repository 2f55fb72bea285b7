"""The load: one request that is looked at, and many that are counted."""

import gzip
import os
import re
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .ask import HOST, PINNED_TLS, WrongAnswer, ask
from .contenders import pinned

CONNECTIONS = 64
# HTTP/2: as many connections, with as many streams at a time on each.
CLIENTS = STREAMS = 16
FULL_HANDSHAKES = Path(__file__).resolve().parents[1] / "full_handshakes.c"


def request_fields(work, contender, cookies=None):
    """All fields of a request; with the given cookies, or those of the first visitor."""
    cookies = cookies or next(iter(contender.cookies()), None)
    return {"Host": HOST, **work.fields, **({"Cookie": cookies} if cookies else {})}


def request_head(work, contender, cookies=None):
    """The bytes of a request without a body."""
    fields = (f"{name}: {value}" for name, value in request_fields(work, contender, cookies).items())
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
    answer = ask(contender, work.path, request_fields(work, contender), b"x" * work.upload)
    coding = next(iter(answer.fields("Content-Encoding")), "identity")
    if answer.status != 200:
        raise WrongAnswer(f"{contender.name} answered {answer.status} to {work.name}")
    if (work.fields.get("Accept-Encoding") == "gzip") != (coding == "gzip"):
        raise WrongAnswer(f"{contender.name} answered {work.name} with the content coding {coding}")
    body = gzip.decompress(answer.body) if coding == "gzip" else answer.body
    expected = work.expected(bodies, contender)
    if body != expected:
        raise WrongAnswer(f"{contender.name} answered {work.name} with {len(body)} bytes, not the {len(expected)} that are due")
    seen = "the tag once" if work.injects and contender.injects else "untouched"
    return f"{answer.protocol}: {len(answer.body):,} bytes, {coding}, {len(body):,} decoded, {seen}"


@dataclass
class Saturation:
    requests: int
    seconds: float


def saturate(work, contender, seconds):
    """As many requests as the proxy takes, by a load in a closed loop on the load's cores."""
    return (_h2load if work.protocol.http2 else _wrk)(work, contender, seconds)


def _run(contender, command, **environment):
    command = pinned(contender.origin.cores.load, command)
    run = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **PINNED_TLS, **environment})
    if run.returncode != 0:
        raise WrongAnswer(f"{contender.name}, {contender.work.name}: {(run.stderr or run.stdout).strip()}")
    return run.stdout


def _wrk(work, contender, seconds):
    """wrk on 64 connections."""
    threads = len(contender.origin.cores.load)
    command = ["wrk", "--threads", threads, "--connections", CONNECTIONS, "--duration", f"{seconds}s"]
    command += ["--timeout", "20s"]
    for name, value in request_fields(work, contender).items():
        command += ["--header", f"{name}: {value}"]
    command += ["--script", _script(work, contender), f"{work.protocol.scheme}://{HOST}:{contender.port}{work.path}"]
    told = _run(contender, command, **({"LD_PRELOAD": _full_handshakes(contender)} if work.handshakes else {}))
    if trouble := re.search(r"^\s*(Non-2xx.*|Socket errors.*)$", told, re.MULTILINE):
        raise WrongAnswer(f"{contender.name}, {work.name}: {trouble[1]}")
    total = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m)", told)
    forgotten = re.search(r"(\d+) sessions forgotten|$", told)[1] or 0
    if work.handshakes and int(forgotten) < int(total[1]) - CONNECTIONS:
        raise WrongAnswer(f"{contender.name}, {work.name}: only {forgotten} of {total[1]} handshakes were full")
    scale = {"ms": 0.001, "s": 1, "m": 60}[total[3]]
    return Saturation(int(total[1]), float(total[2]) * scale)


def _script(work, contender):
    """What wrk has no options for: where the host is, a body, and cookies that take turns."""
    script = contender.folder / f"{contender.name}.lua"
    lines = ["local resolve = wrk.resolve", 'function wrk.resolve(_, port) resolve("127.0.0.1", port) end']
    if work.upload:
        lines.append(f'wrk.method, wrk.body = "POST", string.rep("x", {work.upload})')
    if len(contender.cookies()) > 1:
        cookies = contender.folder / f"{contender.name}.cookies"
        cookies.write_text("\n".join(contender.cookies()))
        lines.append("local requests, turn = {}, 0")
        lines.append('local function add(line) wrk.headers["Cookie"] = line; requests[#requests + 1] = wrk.format() end')
        lines.append(f'function init() for line in io.lines("{cookies}") do add(line) end end')
        lines.append("function request() turn = turn % #requests + 1; return requests[turn] end")
    script.write_text("\n".join([*lines, ""]))
    return script


def _full_handshakes(contender):
    """A library that keeps wrk from resuming TLS sessions, which it does wherever the server lets it."""
    library = contender.folder / "full_handshakes.so"
    if not library.exists():
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", library, FULL_HANDSHAKES], check=True)
    return str(library)


def _h2load(work, contender, seconds):
    """h2load, on fewer connections with as many streams each."""
    threads = len(contender.origin.cores.load)
    command = ["h2load", "--threads", threads, "--clients", CLIENTS, "--max-concurrent-streams", STREAMS]
    command += ["--duration", seconds, "--connect-to", f"127.0.0.1:{contender.port}"]
    for name, value in request_fields(work, contender).items():
        if name != "Host":  # which is the address's :authority
            command += ["--header", f"{name}: {value}"]
    command.append(f"{work.protocol.scheme}://{HOST}:{contender.port}{work.path}")
    told = _run(contender, command)
    counted = re.search(r"^requests: .*\nstatus codes: .*", told, re.MULTILINE)[0]
    if re.search(r"\b[1-9]\d* (failed|errored|timeout|[345]xx)", counted):
        raise WrongAnswer(f"{contender.name}, {work.name}: {counted}")
    return Saturation(int(re.search(r"(\d+) done", counted)[1]), float(seconds))
