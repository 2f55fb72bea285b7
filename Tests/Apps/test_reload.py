"""The domain list changes while Tombolo runs."""

import hashlib
import os
import threading
import time

import pytest

from support import contract
from support.echo import digest
from support.processes import eventually
from support.raw import Raw, exchange
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
