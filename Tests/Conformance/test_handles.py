"""The session cookie: worthless on another domain, in another role, and after the change of any one bit."""

import json

import pytest

from support import contract
from support.raw import Raw
from support.upstreams import received, session_id, told

SHOP, GERMANY, CLUB = "shop.localhost", "shop-deutschland.localhost", "club.localhost"


def resolved(port, host, cookies):
    """The session id that the upstream is told for a request with exactly this Cookie field, and the status."""
    with Raw(port) as raw:
        raw.send(b"GET / HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nConnection: close\r\n\r\n" % (host.encode(), cookies))
        status, _, body = raw.answer()
    if status != 200:
        assert status == 400, (status, body)
        return None
    fields = dict(reversed([(name.lower(), value) for name, value in json.loads(body)["headers"]]))
    return fields["x-session-id"]


def test_the_cookie_keeps_the_session_and_hides_its_id(three, visitor):
    person = visitor()
    first = person.visit(three.url(SHOP))
    assert first.status == 200 and received(first, contract.SESSION_NEW) == ["1"]
    second = person.visit(three.url(SHOP, "/more"), initiator=three.url(SHOP))
    assert session_id(second) == session_id(first)
    assert received(second, contract.SESSION_NEW) == []
    assert session_id(first) not in person.cookie(SHOP)
    line = next(line for line in first.all("Set-Cookie") if line.startswith(contract.SESSION_COOKIE + "="))
    attributes = {part.strip().lower() for part in line.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= attributes and "secure" not in attributes


def test_no_cookie_of_tombolo_reaches_the_upstream(three, visitor):
    person = visitor(third_party_cookies=True)
    person.visit(three.url(SHOP))
    person.set_cookie(SHOP, "own", "1")
    for host in (SHOP, GERMANY, CLUB, SHOP):
        page = person.browse(three.url(host))
        cookies = "; ".join(received(page, "Cookie"))
        names = {pair.split("=")[0].strip() for pair in cookies.split(";") if pair.strip()}
        assert not any(map(contract.is_own_cookie, names)), names
        assert ("own" in names) == (host == SHOP)
    assert person.cookie(SHOP, contract.CHECK_COOKIE), "the primary set no cross-site cookie; the test proves nothing"


def test_set_only_on_document_navigations(three, visitor):
    person = visitor()
    image = [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "image")]
    answer = person.send("GET", three.url(SHOP, "/picture.png"), image)
    assert answer.all("Set-Cookie") == []


@pytest.mark.parametrize("elsewhere", [GERMANY, CLUB])
def test_a_handle_of_one_domain_is_worth_nothing_on_another(three, visitor, elsewhere):
    person = visitor()
    session = session_id(person.visit(three.url(SHOP)))
    handle = person.cookie(SHOP)
    pair = f"{contract.SESSION_COOKIE}={handle}".encode()
    assert resolved(three.port, SHOP, pair) == session
    assert resolved(three.port, elsewhere, pair) != session


def test_handles_do_not_change_roles(three, visitor):
    person = visitor(third_party_cookies=True)
    session = session_id(person.browse(three.url(SHOP)))
    person.browse(three.url(GERMANY))
    check = person.cookie(SHOP, contract.CHECK_COOKIE)
    assert check and check != person.cookie(SHOP)
    assert resolved(three.port, SHOP, f"{contract.SESSION_COOKIE}={check}".encode()) != session

    # The other way round: the session cookie in the place of the check cookie brings nobody's session.
    thief = visitor(third_party_cookies=True)
    thief.visit(three.url(GERMANY))
    thief.set_cookie(SHOP, contract.CHECK_COOKIE, person.cookie(SHOP), contract.CROSSDOMAIN)
    thief.jar[-1].same_site = "none"
    thief.run_loader(three.url(GERMANY))
    assert session_id(thief.visit(three.url(GERMANY))) != session


def test_any_one_bit(three, visitor):
    person = visitor()
    session = session_id(person.visit(three.url(SHOP)))
    handle = person.cookie(SHOP).encode()
    name = contract.SESSION_COOKIE.encode()
    assert resolved(three.port, SHOP, name + b"=" + handle) == session
    for index in range(len(handle)):
        for bit in range(8):
            changed = bytearray(handle)
            changed[index] ^= 1 << bit
            assert resolved(three.port, SHOP, name + b"=" + bytes(changed)) != session, (index, bit)


@pytest.mark.parametrize("value", ["", "x", "A" * 134, "=" * 50, '"', "%00", "A" * 6000, "é"])
def test_nonsense_is_no_handle_and_no_error(three, value):
    answered = resolved(three.port, SHOP, f"{contract.SESSION_COOKIE}={value}".encode())
    assert answered is None and value == "é" or len(answered) == 32


def test_two_handles_in_one_request_are_no_way_in(three, visitor):
    one, other = visitor(), visitor()
    sessions = {session_id(one.visit(three.url(SHOP))), session_id(other.visit(three.url(SHOP)))}
    pairs = f"{contract.SESSION_COOKIE}=nonsense; {contract.SESSION_COOKIE}={one.cookie(SHOP)}".encode()
    # A tossed cookie of a parent domain may come first: whatever is chosen, it is an authentic handle or a new session.
    assert resolved(three.port, SHOP, pairs) is not None
    assert len(sessions) == 2


def test_clients_without_cookies_or_fetch_metadata_are_never_sent_round(three, visitor):
    for host in (SHOP, GERMANY, CLUB):
        person = visitor("plain")
        for method in ("GET", "HEAD"):
            answer = person.visit(three.url(host), method=method, follow=False)
            assert answer.status == 200
        assert told(person.visit(three.url(host)))["method"] == "GET"


@pytest.mark.parametrize(
    "fields",
    [
        {"Sec-Fetch-Dest": "iframe"},
        {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
    ],
    ids=lambda fields: " ".join(f"{name}={value}" for name, value in fields.items()),
)
def test_the_handshake_is_for_documents_that_a_person_opens(three, visitor, fields):
    person = visitor("firefox")
    document = {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert person.send("GET", three.url(GERMANY), list(document.items())).status == 302
    assert person.send("GET", three.url(GERMANY), list({**document, **fields}.items())).status == 200
    assert person.send("POST", three.url(GERMANY), list(document.items()), b"").status == 200
    assert person.send("HEAD", three.url(GERMANY), list(document.items())).status == 200


def test_a_browser_that_drops_cookies_is_not_sent_round_for_ever(three, visitor):
    class Forgetful(type(visitor("firefox"))):
        def _take(self, *_, **__):
            pass

    person = Forgetful("firefox")
    answer = person.visit(three.url(GERMANY))
    assert answer.status == 200 and len(answer.hops) <= 6
    person.close()
