"""What a page's Content-Security-Policy looks like after Tombolo, and the tag that goes with it. What browsers make of it is
shown in Tests/Browser/test_content_policy.py."""

import base64
import hashlib
import re

import pytest

from support import contract
from support.raw import exchange
from support.upstreams import Scripted

HOST, PRIMARY = "club.localhost", "shop.localhost"
PAGE = b"<!doctype html><html><head></head><body>b</body></html>"
NAVIGATION = ["Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Sec-Fetch-Site: same-origin", "Accept: text/html"]


def answer(*fields, status="200 OK", body=PAGE):
    length = [f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join([f"HTTP/1.1 {status}", "Content-Type: text/html", *fields, *length, "", ""]).encode() + body


@pytest.fixture
def app():
    with Scripted() as app:
        yield app


@pytest.fixture
def ask(start_tombolo, app):
    tombolo = start_tombolo({PRIMARY: app.url, HOST: app.url}, extra_group='handshake = "off"')

    def ask(reply, *fields, method="GET", body=b""):
        """The policies, the tag's attributes and the status that a browser gets; {own} and {primary} for the addresses."""
        app.answers = [reply]
        lines = [f"{method} / HTTP/1.1", f"Host: {HOST}:{tombolo.port}", *NAVIGATION, *fields]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        request = "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body
        status, head, page = exchange(tombolo.port, request)
        text = head.decode().replace(f"http://{HOST}:{tombolo.port}", "{own}")
        text = text.replace(f"http://{PRIMARY}:{tombolo.port}", "{primary}")
        policies = re.findall(r"(?im)^content-security-policy: (.*?)\r?$", text)
        tags = re.findall(rb'<script src="/crossdomain/loader.js" async(.*?)></script>', page)
        assert len(tags) <= 1
        return policies, tags[0].decode() if tags else None, text

    ask.port = tombolo.port
    return ask


ENDPOINTS = "{own}/crossdomain {primary}/crossdomain"
URL = "{own}/crossdomain/loader.js"


@pytest.mark.parametrize(
    "given, policies, attributes",
    [
        ([], [], ""),
        (["script-src 'self'"], ["script-src 'self'"], ""),
        (["default-src 'none'"], [f"default-src 'none'; script-src {URL}; connect-src {ENDPOINTS}"], ""),
        (["script-src 'nonce-YQ=='"], ["script-src 'nonce-YQ=='"], ' nonce="YQ=="'),
        (["script-src 'unsafe-inline'"], [f"script-src 'unsafe-inline' {URL}"], ""),
        (["script-src 'self'", "script-src 'nonce-YQ=='"], ["script-src 'self'", "script-src 'nonce-YQ=='"], ' nonce="YQ=="'),
        (["connect-src 'self'"], ["connect-src 'self' {primary}/crossdomain"], ""),
        # Nothing that could end an attribute gets near the page.
        (["script-src 'nonce-\"><script>'"], [f"script-src 'nonce-\"><script>' {URL}"], ""),
        (["sandbox"], ["sandbox"], None),
    ],
    ids=lambda value: "; ".join(value)[:50] if isinstance(value, list) else "",
)
def test_policy_and_tag(ask, given, policies, attributes):
    got = ask(answer(*(f"Content-Security-Policy: {line}" for line in given)))
    assert got[:2] == (policies, attributes)


def integrity(tag):
    return re.fullmatch(r' integrity="(sha256-[A-Za-z0-9+/]{43}=)" crossorigin="anonymous"', tag)[1]


def test_strict_dynamic_takes_the_loaders_hash(ask):
    policies, tag, _ = ask(answer("Content-Security-Policy: script-src 'strict-dynamic' 'sha256-YQ=='"))
    assert policies == [f"script-src 'strict-dynamic' 'sha256-YQ==' '{integrity(tag)}'"]


def test_integrity_policy(ask):
    policies, tag, _ = ask(answer("Integrity-Policy: blocked-destinations=(script)"))
    assert policies == [] and integrity(tag)


def test_report_only_is_left_alone(ask):
    policies, tag, head = ask(answer("Content-Security-Policy-Report-Only: default-src 'none'"))
    assert policies == [] and tag == "" and "Content-Security-Policy-Report-Only: default-src 'none'\r\n" in head


def test_an_answer_to_a_form_gets_both_attributes(ask):
    _, tag, _ = ask(answer("Content-Security-Policy: script-src 'nonce-YQ=='"), method="POST", body=b"a=b")
    assert tag == ' data-reload="never" nonce="YQ=="'


def test_a_page_pinned_to_its_loader_is_validated_for_that_loader_only(ask, app):
    policy = "Content-Security-Policy: script-src 'strict-dynamic'"
    _, _, head = ask(answer(policy, 'ETag: "abc"'))
    tag = re.search(r'ETag: (W/"abc-tombolo-s-[A-Za-z]{1,8}")', head)[1]
    app.forget()
    not_modified = answer(policy, 'ETag: "abc"', status="304 Not Modified", body=b"")
    policies, _, head = ask(not_modified, f"If-None-Match: {tag}")
    assert ("If-None-Match", '"abc"') in app.first_head()[1]
    # A 304 renews the stored head: its policy has to let the loader run, too.
    assert f"ETag: {tag}" in head and re.fullmatch(r"script-src 'strict-dynamic' 'sha256-[^']*'", policies[0])
    app.forget()
    ask(answer(policy), 'If-None-Match: W/"abc-tombolo-s-another"')
    assert not [name for name, _ in app.first_head()[1] if name == "If-None-Match"]


def test_head_tells_the_policy_of_the_page(ask):
    page = answer("Content-Security-Policy: default-src 'none'")
    expected, _, _ = ask(page)
    got, _, _ = ask(page.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", method="HEAD")
    assert got == expected != ["default-src 'none'"]


def test_what_turns_out_to_be_no_page_keeps_its_policy(ask):
    policies, tag, _ = ask(answer("Content-Security-Policy: default-src 'none'", body=b"<!-- no end"))
    assert policies == ["default-src 'none'"] and tag is None


def test_the_loader_that_is_named_is_the_one_that_is_served(ask):
    _, tag, _ = ask(answer("Integrity-Policy: blocked-destinations=(script)"))
    request = f"GET {contract.LOADER} HTTP/1.1\r\nHost: {HOST}:{ask.port}\r\nConnection: close\r\n\r\n"
    _, _, loader = exchange(ask.port, request.encode())
    assert integrity(tag) == "sha256-" + base64.b64encode(hashlib.sha256(loader).digest()).decode()
