"""Many requests over HTTP/2 (h2load of nghttp2): every one is answered, and well."""

import re
import shutil
import subprocess

import pytest

from support.certificates import Authority
from support.contract import https
from support.inside import Inside
from support.processes import accepts, eventually, free_port

HOST = "shop.localhost"
REQUESTS = 20_000


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_h2load_runs_clean(start_tombolo, echo, tmp_path, scheme):
    program = shutil.which("h2load")
    assert program, "h2load is missing: it is in Debian's nghttp2-client"
    port, settings, inside = free_port(), {"extra": ""}, Inside()
    if scheme == "https":
        Authority(tmp_path / "authority").issue(tmp_path / "certs" / "all.pem", HOST)
        settings = https(port, tmp_path / "certs")
    settings["extra"] += inside.section
    tombolo = start_tombolo({HOST: echo.url}, **settings)
    entry = port if scheme == "https" else tombolo.port
    eventually(lambda: accepts(entry), what="the listener")
    command = [
        program, "-n", str(REQUESTS), "-c", "16", "-m", "16", "--connect-to", f"127.0.0.1:{entry}",
        f"{scheme}://{HOST}:{entry}/",
    ]
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=500).stdout
    print(told)
    assert "Application protocol: h2" in told
    requests = dict((word, int(number)) for number, word in re.findall(r"(\d+) (\w+)", told.split("requests: ")[1].split("\n")[0]))
    assert requests["succeeded"] == requests["done"] == REQUESTS
    assert requests["failed"] == requests["errored"] == requests["timeout"] == 0
    assert f"{REQUESTS} 2xx, 0 3xx, 0 4xx, 0 5xx" in told
    numbers = inside.numbers()
    assert numbers.sum("tombolo_requests_total") == numbers.sum("tombolo_requests_total", domain=HOST, code="2xx") == REQUESTS
    assert numbers.sum("tombolo_http2_connections_total") == 16 and numbers.sum("tombolo_http2_streams_total") == REQUESTS
    for failures in (
        "request_failures", "http2_stream_errors", "http2_connection_errors", "limit_hits", "upstream_retries",
        "upstream_failovers", "pages_failed",
    ):
        assert numbers.sum(f"tombolo_{failures}_total") == 0, failures
