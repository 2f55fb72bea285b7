"""The three sample domains behind Tombolo, visited as the three kinds of browser do: cookies of other sites allowed,
blocked and known to be (Chromium), or partitioned (Firefox, which is sent round before the first page)."""

import re

import pytest

from support import contract
from support.processes import eventually

BROWSERS = {
    "third-party cookies": dict(engine="chromium", third_party_cookies=True),
    "no third-party cookies": dict(engine="chromium", third_party_cookies=False),
    "no client hints": dict(engine="firefox", third_party_cookies=False),
}


@pytest.fixture(params=BROWSERS.values(), ids=BROWSERS.keys())
def person(request, visitor):
    options = dict(request.param)
    return visitor(options.pop("engine"), **options)


def user(quarter, person, host):
    return person.browse(quarter.url(host)).element("user")


def test_a_cart_is_on_both_shops(quarter, person):
    person.browse(quarter.url(quarter.shop))
    assert quarter.add(person, quarter.shop, "lamp").element("cart") == "1 × lamp"
    assert person.browse(quarter.url(quarter.germany)).element("cart") == "1 × lamp"
    assert quarter.add(person, quarter.germany, "teapot").element("cart") == "1 × lamp 1 × teapot"
    assert person.browse(quarter.url(quarter.shop)).element("cart") == "1 × lamp 1 × teapot"


def test_a_cart_begun_on_the_secondary_domain_is_on_both(quarter, person):
    person.browse(quarter.url(quarter.germany))
    quarter.add(person, quarter.germany, "chair")
    person.browse(quarter.url(quarter.germany))
    assert person.browse(quarter.url(quarter.shop)).element("cart") == "1 × chair"


def test_a_login_is_known_everywhere_and_a_logout_too(quarter, person):
    for host in quarter.origins:
        assert user(quarter, person, host) == "anonymous"
    quarter.add(person, quarter.shop, "lamp")
    assert quarter.login(person, quarter.germany).element("user") == "ann"
    assert user(quarter, person, quarter.germany) == "ann"
    assert user(quarter, person, quarter.shop) == "ann"
    assert user(quarter, person, quarter.club) == "ann"

    quarter.logout(person, quarter.shop)
    for host in (quarter.shop, quarter.germany, quarter.club):
        assert user(quarter, person, host) == "anonymous", host
    for host in (quarter.shop, quarter.germany):
        assert person.browse(quarter.url(host)).element("cart") == "empty", host


def test_the_club_sees_one_session_on_every_visit(quarter, person):
    person.browse(quarter.url(quarter.shop))
    quarter.add(person, quarter.shop)
    sessions = {person.browse(quarter.url(quarter.club)).element("session") for _ in range(3)}
    assert len(sessions) == 1 and re.fullmatch("[0-9a-f]{32}", sessions.pop())
    assert person.browse(quarter.url(quarter.club)).element("visits") is not None


def test_a_login_raises_the_epoch(quarter, person, visitor):
    person.browse(quarter.url(quarter.shop))
    planted = person.cookie(quarter.shop)
    quarter.login(person, quarter.shop)
    assert person.cookie(quarter.shop) != planted
    thief = visitor()
    thief.set_cookie(quarter.shop, contract.SESSION_COOKIE, planted)
    assert thief.visit(quarter.url(quarter.shop), initiator=quarter.url(quarter.shop)).element("user") == "anonymous"


def test_a_logged_in_visitor_is_not_talked_into_another_session(quarter, visitor):
    attacker, victim = visitor(), visitor()
    attacker.browse(quarter.url(quarter.shop))
    quarter.login(attacker, quarter.shop, "ben", "banana")
    victim.browse(quarter.url(quarter.germany))
    quarter.login(victim, quarter.germany)
    page = quarter.url(quarter.shop)
    begun = attacker.fetch(page, page[:-1] + contract.CROSSDOMAIN, payload={"action": "begin", "to": quarter.germany})
    link = quarter.url(quarter.germany, f"/?{contract.TICKET_PARAMETER}={begun.json()['ticket']}")
    for initiator in ("http://evil.example/", quarter.url(quarter.shop), None):
        assert victim.visit(link, initiator=initiator).element("user") == "ann"


def test_the_apps_saw_only_their_own_cookies_and_tombolos_headers(quarter, person):
    person.browse(quarter.url(quarter.shop))
    quarter.add(person, quarter.shop)
    quarter.login(person, quarter.germany)
    for host in quarter.origins:
        person.browse(quarter.url(host))
        person.browse(quarter.url(host))
    quarter.logout(person, quarter.shop)
    assert quarter.shop_app.cookies_seen() == {"session"}
    assert quarter.club_app.cookies_seen() <= {"PHPSESSID"}
    for app in (quarter.shop_app, quarter.club_app):
        assert not any(path.startswith(contract.CROSSDOMAIN) for path in paths(app))
        assert contract.SESSION_ID.lower() in app.headers_seen()
        assert all(app_headers(request).count("x-session-id") == 1 for request in app.seen())


def paths(app):
    return {request["path"] for request in app.seen()}


def app_headers(request):
    return [name.lower() for name, _ in request["headers"]]


def test_the_shops_cookie_stays_with_tombolo(quarter, person):
    quarter.add(person, quarter.shop)
    quarter.login(person, quarter.shop)
    assert "session" not in {name for name, _ in person.every_cookie}


def test_a_cookie_from_before_tombolo_is_taken_over(quarter, visitor):
    before, after = visitor(), visitor()
    direct = f"http://shop.localhost:{quarter.shop_app.port}"
    before.visit(direct + "/add/lamp", initiator=direct + "/", method="POST", form={})
    after.set_cookie(quarter.shop, "session", before.cookie("shop.localhost", "session"))
    assert after.browse(quarter.url(quarter.shop)).element("cart") == "1 × lamp"
    assert after.browse(quarter.url(quarter.germany)).element("cart") == "1 × lamp"


def test_the_loader_is_in_every_page_once_and_the_page_is_otherwise_the_apps(quarter, visitor):
    for host, app in ((quarter.shop, quarter.shop_app), (quarter.club, quarter.club_app)):
        page = visitor().visit(quarter.url(host))
        tags = re.findall(r"<script[^>]*/crossdomain/loader\.js[^>]*>\s*</script>", page.text)
        assert len(tags) == 1
        assert page.text.index("<head>") < page.text.index(tags[0]) < page.text.index("<title>")
        direct = visitor().visit(f"http://{host}:{app.port}/")
        without = page.text.replace(tags[0], "")
        if session := page.element("session"):
            without = without.replace(session, "none")
        assert without == direct.text


def test_ten_carts_are_ten_rows(quarter, visitor):
    for _ in range(20):
        for host in quarter.origins:
            visitor().browse(quarter.url(host))
    assert quarter.tombolo.rows() == 0
    for _ in range(10):
        person = visitor()
        person.browse(quarter.url(quarter.shop))
        quarter.add(person, quarter.shop)
        for host in quarter.origins:
            person.browse(quarter.url(host))
    assert quarter.tombolo.rows() == 10


def test_logs_hold_no_secrets(quarter, visitor):
    for options in BROWSERS.values():
        options = dict(options)
        person = visitor(options.pop("engine"), **options)
        person.browse(quarter.url(quarter.shop))
        quarter.add(person, quarter.shop)
        quarter.login(person, quarter.germany)
        sessions = set()
        for host in quarter.origins:
            sessions.add(person.browse(quarter.url(host)).element("session"))
        quarter.logout(person, quarter.shop)
        secrets = {value for _, value in person.every_cookie if len(value) > 8} | person.every_ticket
        secrets |= {session for session in sessions if session}
        app_cookies = {
            value.partition("=")[2]
            for request in quarter.shop_app.seen()
            for name, value in request["headers"]
            if name.lower() == "cookie"
        }
        assert len(person.every_ticket) >= 2 and app_cookies
        log = eventually(quarter.tombolo.logged, what="a log")
        for secret in secrets | app_cookies | {contract.SECRET}:
            assert secret not in log


def test_upstream_down_is_felt_by_its_own_domains_only(quarter, visitor):
    person = visitor()
    assert person.browse(quarter.url(quarter.club)).status == 200
    quarter.shop_app.stop()
    for host in (quarter.shop, quarter.germany):
        page = person.visit(quarter.url(host))
        assert page.status == 502 and "text/html" in page.header("Content-Type") and len(page.text) > 200
        answer = person.send("GET", quarter.url(host), [("Accept", "application/json")])
        assert answer.status == 502 and answer.json()
    assert person.browse(quarter.url(quarter.club)).status == 200
    quarter.shop_app.start()
    assert eventually(lambda: person.visit(quarter.url(quarter.shop)).status == 200)
