"""One request by curl, in the protocol of the work, and the answer whole."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

# One version, cipher and key exchange of TLS for everybody that asks a proxy, whatever else the proxies can do.
PINNED_TLS = {"OPENSSL_CONF": str(Path(__file__).resolve().parents[1] / "openssl.cnf")}
HOST = "bench.localhost"


class WrongAnswer(Exception):
    """A proxy did not do the work, so that its figures would mean nothing."""


@dataclass
class Answer:
    status: int
    protocol: str  # as HTTP/1.1, or HTTP/2 over TLSv1.3 / TLS_AES_128_GCM_SHA256
    head: str  # as it came, a field a line
    body: bytes

    def fields(self, name):
        """The values of all fields of this name."""
        return re.findall(rf"^{name}: *(.*?) *$", self.head, re.MULTILINE | re.IGNORECASE)


def ask(contender, path, fields, body=None):
    """Asks a proxy once. Raises `WrongAnswer` if there is no answer, or none in the protocol of the work."""
    protocol = contender.work.protocol
    version = ("--http2" if protocol.tls else "--http2-prior-knowledge") if protocol.http2 else "--http1.1"
    command = ["curl", "--silent", "--verbose", "--max-time", "20", version, "--cacert", contender.origin.authority]
    command += ["--resolve", f"{HOST}:{contender.port}:127.0.0.1"]
    for name, value in {"Expect": "", **fields}.items():
        command += ["--header", f"{name}: {value}"]
    if body:
        command += ["--data-binary", "@-"]
    command.append(f"{protocol.scheme}://{HOST}:{contender.port}{path}")
    run = subprocess.run(list(map(str, command)), input=body, capture_output=True, env={**os.environ, **PINNED_TLS})
    told = run.stderr.decode(errors="replace").replace("\r", "")
    head = "\n".join(re.findall(r"^< (.*)$", told, re.MULTILINE))
    begun = re.match(r"(HTTP/[\d.]+) (\d+)", head)
    if run.returncode != 0 or not begun:
        raise WrongAnswer(f"{contender.name} gave curl no answer: {told.strip().splitlines()[-1]}")
    cipher = re.search(r"SSL connection using (.*)", told)
    spoken = begun[1] + (f" over {cipher[1]}" if cipher else "")
    if begun[1] != protocol.value.partition(" ")[0] or bool(cipher) != protocol.tls:
        raise WrongAnswer(f"{contender.name} spoke {spoken}, not {protocol.value}")
    return Answer(int(begun[2]), spoken, head, run.stdout)
