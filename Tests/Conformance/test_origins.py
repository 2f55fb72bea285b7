"""/crossdomain answers the pages of its own group and nobody else."""

import json

import pytest

from support import contract

SHOP, GERMANY, CLUB = "shop.localhost", "shop-deutschland.localhost", "club.localhost"


def strangers(port):
    return [
        "http://evil.example",
        f"http://evil.example:{port}",
        "null",
        "",
        f"https://{GERMANY}:{port}",
        f"http://{GERMANY}",
        f"http://{GERMANY}:{port + 1}",
        f"http://{GERMANY}.evil.example:{port}",
        f"http://evil{GERMANY}:{port}",
        f"http://{GERMANY}:{port}.evil.example",
        f"http://x@{GERMANY}:{port}",
        f"http://{GERMANY}:{port}, http://evil.example",
    ]


@pytest.mark.parametrize("index", range(12))
@pytest.mark.parametrize("action", ["begin", "check", "replace", "preflight"])
def test_a_stranger_gets_nothing(three, visitor, index, action):
    origin = strangers(three.port)[index]
    person = visitor(third_party_cookies=True)
    person.browse(three.url(SHOP))
    person.browse(three.url(GERMANY))
    ticket = person.begin(three.url(GERMANY))["ticket"]
    url = three.url(SHOP, contract.CROSSDOMAIN)
    cookies = [cookie for cookie in person.jar if cookie.host == SHOP]
    if action == "preflight":
        asked = [("Origin", origin), ("Access-Control-Request-Method", "POST")]
        answer = person.send("OPTIONS", url, asked + [("Access-Control-Request-Headers", "content-type")])
    else:
        fields = [("Origin", origin), ("Content-Type", "application/json"), ("Sec-Fetch-Storage-Access", "active")]
        body = json.dumps({"action": action, "ticket": ticket}).encode()
        answer = person.send("POST", url, fields, body, cookies=cookies)
    assert answer.status == 403, (answer.status, answer.text)
    assert answer.json()["error"] == contract.FOREIGN_ORIGIN
    assert answer.all("Access-Control-Allow-Origin") == [] and answer.all("Access-Control-Allow-Credentials") == []
    assert answer.all("Set-Cookie") == []
    assert "ticket" not in answer.json()

    # The stranger has not even spent it.
    payload = {"action": "check", "ticket": ticket}
    assert "result" in person.fetch(three.url(GERMANY), url, payload=payload).json()


@pytest.mark.parametrize("action", ["begin", "replace"])
def test_siblings_may_not_act_in_a_domains_own_name(three, visitor, action):
    person = visitor(third_party_cookies=True)
    person.visit(three.url(GERMANY))
    payload = {"action": action, "ticket": "x"}
    answer = person.fetch(three.url(CLUB), three.url(GERMANY, contract.CROSSDOMAIN), payload=payload)
    assert answer.status == 403 and answer.json()["error"] == contract.FOREIGN_ORIGIN


def test_no_origin_at_all(three, visitor):
    person = visitor()
    person.visit(three.url(SHOP))
    body = json.dumps({"action": "begin"}).encode()
    url = three.url(SHOP, contract.CROSSDOMAIN)
    answer = person.send("POST", url, [("Content-Type", "application/json")], body, cookies=person.jar)
    assert answer.status == 403


def test_the_group_gets_exact_cors(three, visitor):
    person = visitor()
    url = three.url(SHOP, contract.CROSSDOMAIN)
    own = three.url(CLUB, "")
    asked = [("Origin", own), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "content-type")]
    answer = person.send("OPTIONS", url, asked)
    assert answer.status in (200, 204)
    assert answer.header("Access-Control-Allow-Origin") == own
    assert answer.header("Access-Control-Allow-Credentials") == "true"
    assert "origin" in ", ".join(answer.all("Vary")).lower()
    assert answer.all("Set-Cookie") == []


@pytest.mark.parametrize(
    "kind, body, status",
    [
        ("text/plain", b'{"action":"begin"}', 415),
        ("application/x-www-form-urlencoded", b"action=begin", 415),
        (None, b'{"action":"begin"}', 415),
        ("application/json", b"", 400),
        ("application/json", b"[]", 400),
        ("application/json", b"{", 400),
        ("application/json", b'{"action":1}', 400),
        ("application/json", b'{"action":"dance"}', 400),
        ("application/json", b"[" * 10_000, 400),
        ("application/json", b"\xff\xfe", 400),
    ],
)
def test_bad_bodies(three, visitor, kind, body, status):
    person = visitor()
    person.visit(three.url(SHOP))
    fields = [("Origin", three.url(SHOP, "")), ("Sec-Fetch-Site", "same-origin")]
    if kind:
        fields.append(("Content-Type", kind))
    answer = person.send("POST", three.url(SHOP, contract.CROSSDOMAIN), fields, body, cookies=person.jar)
    assert answer.status == status, answer.text
    assert answer.json()["error"] and answer.header("Cache-Control") == "no-store"


def test_a_body_without_end_is_refused(three, visitor):
    person = visitor()
    fields = [("Origin", three.url(SHOP, "")), ("Content-Type", "application/json")]
    answer = person.send("POST", three.url(SHOP, contract.CROSSDOMAIN), fields, b"x" * 1_000_000)
    assert answer.status in (400, 413)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD"])
def test_other_methods(three, visitor, method):
    answer = visitor().send(method, three.url(SHOP, contract.CROSSDOMAIN), [("Origin", three.url(SHOP, ""))])
    assert answer.status == 405


def test_the_loader_is_one_and_the_same_for_everybody(three, visitor):
    one = visitor().send("GET", three.url(GERMANY, contract.LOADER))
    other = visitor("firefox")
    other.browse(three.url(GERMANY))
    again = other.send("GET", three.url(GERMANY, contract.LOADER), cookies=other.jar)
    assert one.status == again.status == 200 and one.body == again.body and len(one.body) > 500
    assert "javascript" in one.header("Content-Type")
    assert again.all("Set-Cookie") == []
