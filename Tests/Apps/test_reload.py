"""The domain list changes while Tombolo runs."""

import hashlib
import json
import os
import threading
import time

import pytest

from support import contract
from support.echo import digest
from support.http2 import Client
from support.processes import eventually, free_port
from support.raw import Raw, exchange
from support.upstreams import Scripted
from support.visitor import Visitor


def status(tombolo, host):
    return exchange(tombolo.port, f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())[0]


def append(tombolo, line):
    with open(tombolo.domains, "a") as file:
        file.write(line)


def replace(tombolo, line):
    new = tombolo.domains.with_suffix(".new")
    new.write_text(tombolo.domains.read_text() + line)
    os.replace(new, tombolo.domains)


@pytest.mark.parametrize("write", [append, replace], ids=["written in place", "replaced as editors do"])
def test_a_new_domain_works_within_a_second_while_a_download_goes_on(start_tombolo, echo, write):
    tombolo = start_tombolo({"shop.localhost": echo.url})
    size, result = 64 << 20, {}

    def download():
        with Raw(tombolo.port, timeout=60) as raw:
            raw.send(f"GET /down/{size}/6 HTTP/1.1\r\nHost: shop.localhost\r\n\r\n".encode())
            code, _, body = raw.answer()
            result.update(code=code, size=len(body), sum=hashlib.sha256(body).hexdigest(), ended=time.monotonic())

    thread = threading.Thread(target=download)
    thread.start()
    time.sleep(1)
    assert status(tombolo, "new.localhost") == 421
    write(tombolo, f"new.localhost {echo.url}\n")
    began = time.monotonic()
    eventually(lambda: status(tombolo, "new.localhost") == 200, contract.RELOAD_WITHIN, 0.02, "the new domain")
    worked = time.monotonic()
    assert status(tombolo, "shop.localhost") == 200
    thread.join()
    assert result == {"code": 200, "size": size, "sum": digest(size), "ended": result["ended"]}
    assert result["ended"] > worked > began, "the download was over too early to prove anything"


def test_sighup_reloads_too_and_sessions_go_on(start_tombolo, echo):
    from support.upstreams import session_id

    tombolo = start_tombolo({"shop.localhost": echo.url})
    person = Visitor()
    session = session_id(person.visit(tombolo.url("shop.localhost")))
    append(tombolo, f"new.localhost {echo.url}\n")
    tombolo.reload()
    eventually(lambda: status(tombolo, "new.localhost") == 200, contract.RELOAD_WITHIN, 0.02, "the new domain")
    assert session_id(person.visit(tombolo.url("shop.localhost"))) == session


def test_a_bad_list_changes_nothing_and_is_reported(start_tombolo, echo):
    tombolo = start_tombolo({"shop.localhost": echo.url})
    good = tombolo.domains.read_text()
    tombolo.domains.write_text(f"shop.localhost {echo.url}\nnew.localhost not-an-address\n")
    tombolo.reload()
    eventually(lambda: "brands.domains" in tombolo.logged(), what="a report")
    assert status(tombolo, "shop.localhost") == 200
    assert status(tombolo, "new.localhost") == 421
    tombolo.domains.write_text(good + f"new.localhost {echo.url}\n")
    eventually(lambda: status(tombolo, "new.localhost") == 200, 2, what="the corrected list")


def test_a_domain_that_is_taken_out_is_gone(start_tombolo, echo):
    tombolo = start_tombolo({"shop.localhost": echo.url, "club.localhost": echo.url})
    assert status(tombolo, "club.localhost") == 200
    tombolo.domains.write_text(f"shop.localhost {echo.url}\n")
    eventually(lambda: status(tombolo, "club.localhost") == 421, 2, what="the end of the domain")
    assert status(tombolo, "shop.localhost") == 200


# Settings


def change(tombolo, before, after):
    """Puts something in place of a part of the configuration file."""
    text = tombolo.config.read_text()
    assert text.count(before) == 1, text
    tombolo.config.write_text(text.replace(before, after))


def reports(tombolo):
    """What the log says of each configuration that was put in force, message by message."""
    found = []
    for line in tombolo.logged().splitlines():
        message = json.loads(line)["message"]
        if message == "the configuration is in force":
            found.append([])
        elif found:
            found[-1].append(message)
    return found


def last_report(tombolo):
    """Of what is in the files now: the last but one, as it is complete when there is another; the first may be of before."""
    for _ in range(3):
        count = len(reports(tombolo))
        tombolo.reload()
        eventually(lambda: len(reports(tombolo)) > count, what="a report")
    return reports(tombolo)[-2]


WAITING = "these changes take effect at the next start: "
CLIENTS = "[timeouts] other than those of upstreams"
SECTIONS = "[limits]\n[timeouts]\n"


def waiting(tombolo):
    return [message.removeprefix(WAITING) for message in last_report(tombolo) if message.startswith(WAITING)]


@pytest.mark.parametrize("before, after, named", [
    *(("[limits]", f"[limits]\n{line}", "[limits]") for line in (
        'head = "8KiB"', "fields = 50", 'line = "4KiB"', 'body = "1MiB"', 'request_rate = "1KiB"', 'response_rate = 0',
        "connections = 500", "connections_per_address = 5", "upstream_connections = 8", "pending = 9",
    )),
    *(("[timeouts]", f'[timeouts]\n{name} = "7s"', CLIENTS) for name in (
        "head", "idle", "stall", "tunnel", "pending", "upstream_keepalive", "upstream_lifetime", "drain",
    )),
    *(("[timeouts]", f'[timeouts]\n{name} = "7s"', None) for name in ("upstream_connect", "upstream_response", "upstream_idle")),
    ("[log]", '[log]\nlevel = "debug"', "[log]"),
    ("[log]", "[log]\naccess = true", "[log]"),
    ("[store]", '[store]\ndurability = "power"', "[store]"),
    ("tombolo.sqlite", "other.sqlite", "[store]"),
    ("[store]", '[internal]\nlisten = "127.0.0.1:PORT"\n[store]', "[internal]"),
    ("[listen]", "[listen]\nhttp2 = false", "[listen] http2"),
    ("[listen]", "[listen]\nreuse_port = true", "[listen] reuse_port"),
    ("[listen]", '[listen]\nunix_mode = "0600"', "[listen] unix_mode"),
    ("SHOP_SECRET_KEY\" }", 'SHOP_SECRET_KEY" }\n[group.headers]\nsession_id = "X-Other-Id"', "[group.headers]"),
    ("[listen]", '[listen]\ntrusted_proxies = ["127.0.0.1"]', None),
    ("share_cookies", "links = false\nshare_cookies", None),
], ids=lambda value: value and value.rpartition("\n")[2].partition(" =")[0])
def test_what_waits_for_the_next_start_is_named_as_long_as_it_waits(start_tombolo, echo, before, after, named):
    tombolo = start_tombolo({"shop.localhost": echo.url}, extra=SECTIONS)
    original = tombolo.config.read_text()
    after = after.replace("PORT", str(free_port()))
    change(tombolo, before, after)
    assert waiting(tombolo) == ([named] if named else [])
    tombolo.config.write_text(original)
    assert waiting(tombolo) == [], "it is as it was at the start"
    assert status(tombolo, "shop.localhost") == 200


def test_all_that_waits_is_named_together(start_tombolo, echo):
    tombolo = start_tombolo({"shop.localhost": echo.url}, extra=SECTIONS)
    change(tombolo, "[limits]", '[limits]\nhead = "8KiB"')
    change(tombolo, "[listen]", "[listen]\nhttp2 = false")
    change(tombolo, "[timeouts]", '[timeouts]\nhead = "7s"\nupstream_response = "7s"')
    assert waiting(tombolo) == [f"[listen] http2, [limits], {CLIENTS}"]
    with Client(tombolo.port) as client:
        assert client.get().status == 200, "it waits"


def test_how_long_an_upstream_may_think_does_not_wait(start_tombolo):
    with Scripted(b"") as silent:
        tombolo = start_tombolo({"shop.localhost": silent.url}, extra=SECTIONS)
        change(tombolo, "[timeouts]", '[timeouts]\nupstream_response = "200ms"')
        last_report(tombolo)
        assert status(tombolo, "shop.localhost") == 504, "a minute is the default"


def test_tunnels_and_http2_connections_go_on(start_tombolo, echo):
    tombolo = start_tombolo({"shop.localhost": echo.url})
    with Raw(tombolo.port) as tunnel, Client(tombolo.port) as client:
        tunnel.send(b"GET /socket HTTP/1.1\r\nHost: shop.localhost\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
        assert tunnel.answer()[0] == 101
        upload = client.begin(path="/up", method="POST", end=False)
        client.send(upload, b"before ")
        assert client.get(host="new.localhost").status == 421
        append(tombolo, f"new.localhost {echo.url}\n")
        last_report(tombolo)
        assert tunnel.send(b"still here").socket.recv(100) == b"still here"
        assert client.get(host="new.localhost").status == 200, "the connection knows what is new"
        client.send(upload, b"after", end=True)
        told = client.finish(upload)
        assert told.status == 200 and hashlib.sha256(b"before after").hexdigest().encode() in told.body
        assert client.goaway is None
