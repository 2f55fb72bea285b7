"""What apps and visitors may say: no loader here, this merge is dealt with, do not recognise me."""

import pytest

from support.upstreams import received, session_id

SHOP, CLUB = "shop.localhost", "club.localhost"


@pytest.fixture
def tombolo(start_tombolo, echo):
    return start_tombolo({SHOP: echo.url, CLUB: echo.url})


def test_a_page_without_the_loader(tombolo, visitor):
    person = visitor()
    assert person.visit(tombolo.url(SHOP)).has_loader
    page = person.visit(tombolo.url(SHOP, "/say/X-Session-Inject/off"))
    assert not page.has_loader and page.header("X-Session-Inject") is None


def test_apps_hear_of_a_merge_until_they_have_dealt_with_it(tombolo, visitor):
    person = visitor()
    ids = set()
    for host in (SHOP, CLUB):
        person.visit(tombolo.url(host, "/set/session/cart"))
        ids.add(session_id(person.visit(tombolo.url(host))))
    assert len(ids) == 2
    person.handshake(tombolo.url(CLUB))
    for host in (SHOP, CLUB):
        page = person.visit(tombolo.url(host))
        winner = session_id(page)
        assert {winner, *received(page, "X-Session-Merged-From")} == ids and winner in ids
    answer = person.visit(tombolo.url(SHOP, "/say/X-Session-Merge-Ack/1"))
    assert answer.header("X-Session-Merge-Ack") is None
    for host in (SHOP, CLUB):
        assert received(person.visit(tombolo.url(host)), "X-Session-Merged-From") == []


def test_who_opts_out_is_not_sent_round(tombolo, visitor):
    assert len(visitor("firefox").visit(tombolo.url(CLUB)).hops) > 1
    assert len(visitor("firefox").visit(tombolo.url(CLUB), extra=[("Sec-GPC", "1")]).hops) == 1


def test_nothing_crosses_before_consent(start_tombolo, echo, visitor):
    tombolo = start_tombolo({SHOP: echo.url, CLUB: echo.url}, extra_group='consent_cookie = "consent"')
    person = visitor("firefox")
    assert len(person.visit(tombolo.url(CLUB)).hops) == 1
    other = visitor("firefox")
    other.set_cookie(CLUB, "consent", "yes")
    page = other.visit(tombolo.url(CLUB))
    assert len(page.hops) > 1 and received(page, "Cookie") == ["consent=yes"]
