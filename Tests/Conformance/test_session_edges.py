"""Where sessions get lost or mixed up if nobody pays attention: foreign forms, late answers, two apps, old cookies, caches."""

import pytest

from support import contract
from support.upstreams import Echo, received, session_id, told

SHOP, CLUB = "shop.localhost", "club.localhost"


@pytest.fixture
def tombolo(start_tombolo, echo):
    return start_tombolo({SHOP: echo.url, CLUB: echo.url})


def test_a_form_of_another_site_does_not_replace_the_visitors_session(tombolo, visitor):
    person = visitor()
    person.visit(tombolo.url(SHOP, "/set/session/mine"))
    before, rows = session_id(person.visit(tombolo.url(SHOP))), tombolo.rows()
    answer = person.visit(
        tombolo.url(SHOP, "/set/session/theirs"), initiator="http://evil.localhost/", method="POST", form={"a": "b"}
    )
    assert not [line for line in answer.all("Set-Cookie") if line.startswith(contract.SESSION_COOKIE + "=")]
    assert tombolo.rows() == rows
    page = person.visit(tombolo.url(SHOP))
    assert session_id(page) == before and received(page, "Cookie") == ["session=mine"]


def test_a_form_of_another_site_may_log_in(tombolo, visitor):
    person = visitor()
    person.visit(
        tombolo.url(SHOP, "/say/X-Session-User/7"), initiator="http://bank.localhost/", method="POST", form={"a": "b"}
    )
    assert received(person.visit(tombolo.url(SHOP)), "X-Session-User") == ["7"]


def test_two_apps_that_repeat_their_user_leave_each_other_alone(start_tombolo, tmp_path, visitor):
    apps = [Echo(tmp_path).start(), Echo(tmp_path).start()]
    try:
        tombolo = start_tombolo({SHOP: apps[0].url, CLUB: apps[1].url})
        person = visitor("firefox")
        for host in (SHOP, CLUB, SHOP, CLUB):
            person.visit(tombolo.url(host))
            person.visit(tombolo.url(host, "/say/X-Session-User/42"), initiator=tombolo.url(host))
        for host in (SHOP, CLUB):  # each has learnt of the other's login by now
            person.visit(tombolo.url(host))
        for _ in range(3):
            for host in (SHOP, CLUB):
                page = person.visit(tombolo.url(host, "/say/X-Session-User/42"), initiator=tombolo.url(host))
                assert received(page, "X-Session-User") == ["42"], told(page)
                assert len(page.hops) == 1
    finally:
        for app in apps:
            app.stop()


@pytest.fixture
def opaque(start_tombolo, echo):
    """An app whose cookie says nothing to Tombolo, like PHP's."""
    return start_tombolo({SHOP: echo.url, CLUB: echo.url}, login=False)


def test_a_cookie_from_before_tombolo_does_not_undo_a_logout(opaque, visitor):
    person = visitor()
    person.set_cookie(SHOP, "session", "old", path="/shop")
    page = person.visit(opaque.url(SHOP, "/shop/index"))
    assert received(page, "Cookie") == ["session=old"]
    person.visit(opaque.url(SHOP, "/say/X-Session-User/7"))
    person.set_cookie(SHOP, "session", "old", path="/shop")  # a browser that kept it all the same
    person.visit(opaque.url(SHOP, "/say/X-Session-User/"))
    page = person.visit(opaque.url(SHOP, "/shop/index"))
    assert received(page, "X-Session-User") == [] and received(page, "Cookie") == []


def test_adoption_takes_the_cookie_away_from_the_browser(opaque, visitor):
    person = visitor()
    person.set_cookie(SHOP, "session", "old", path="/shop")
    page = person.visit(opaque.url(SHOP, "/shop/index"))
    removed = [line for line in page.all("Set-Cookie") if line.startswith("session=;")]
    assert any("Path=/shop;" in line for line in removed) and any("Path=/;" in line for line in removed)
    assert person.cookie(SHOP, "session") is None
    assert received(person.visit(opaque.url(SHOP)), "Cookie") == ["session=old"]


def test_a_cookie_that_the_configured_secret_does_not_read_stays_between_browser_and_app(tombolo, visitor):
    person = visitor()
    person.set_cookie(SHOP, "session", "signed-with-another-key")
    for _ in range(2):
        page = person.visit(tombolo.url(SHOP))
        assert received(page, "Cookie") == ["session=signed-with-another-key"]
    assert person.cookie(SHOP, "session") == "signed-with-another-key" and tombolo.rows() == 0


def test_behind_a_terminator_that_says_nothing(start_tombolo, echo, visitor):
    tombolo = start_tombolo({SHOP: echo.url}, extra_group='[group.cookie]\nsecure = "always"')
    answer = visitor().visit(tombolo.url(SHOP))
    lines = [line for line in answer.all("Set-Cookie") if line.startswith("__Host-tombolo=")]
    assert len(lines) == 1 and "; Secure" in lines[0]
    assert received(answer, "X-Forwarded-Proto") == ["https"]


@pytest.mark.parametrize("name", ["CDN-Cache-Control", "Surrogate-Control"])
def test_no_cache_keeps_a_response_with_a_handle(tombolo, visitor, name):
    answer = visitor().visit(tombolo.url(SHOP, f"/say/{name}/max-age=600"))
    assert any(line.startswith("tombolo=") for line in answer.all("Set-Cookie"))
    assert answer.header(name) is None and "private" in answer.header("Cache-Control")


def test_a_cacheable_answer_of_a_known_visitor_stays_cacheable(tombolo, visitor):
    person = visitor()
    person.visit(tombolo.url(SHOP))
    answer = person.visit(tombolo.url(SHOP, "/say/Cache-Control/max-age=600"))
    assert answer.header("Cache-Control") == "max-age=600" and not answer.all("Set-Cookie")
