"""The sample apps without Tombolo: ordinary apps, so that what they share with Tombolo in front is its doing."""

import pytest

from support import apps
from support.visitor import Visitor


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    app = apps.shop(tmp_path_factory.mktemp("shop"), ["http://shop.localhost", "http://club.localhost"]).start()
    yield app
    app.stop()


@pytest.fixture(scope="module")
def club(tmp_path_factory):
    app = apps.club(tmp_path_factory.mktemp("club"), ["http://shop.localhost", "http://club.localhost"]).start()
    yield app
    app.stop()


def test_the_shop_keeps_a_cart_in_its_own_cookie(shop):
    person, url = Visitor(), f"http://shop.localhost:{shop.port}"
    assert person.visit(url + "/").element("cart") == "empty"
    assert person.jar == [], "a first visit needs no cookie"
    person.visit(url + "/add/lamp", initiator=url + "/", method="POST", form={})
    page = person.visit(url + "/add/lamp", initiator=url + "/", method="POST", form={})
    assert page.status == 200 and page.element("cart") == "2 × lamp"
    assert person.cookie_names("shop.localhost") == {"session"}
    other = f"http://shop-deutschland.localhost:{shop.port}"
    assert person.visit(other + "/").element("cart") == "empty", "two domains, two carts"


def test_the_shop_knows_two_people_and_lets_them_out_again(shop):
    person, url = Visitor(), f"http://shop.localhost:{shop.port}"
    wrong = {"name": "ann", "password": "banana"}
    page = person.visit(url + "/login", initiator=url + "/login", method="POST", form=wrong)
    assert "do not belong together" in page.element("error") and page.element("user") == "anonymous"
    right = {"name": "ann", "password": "apple"}
    page = person.visit(url + "/login", initiator=url + "/login", method="POST", form=right)
    assert page.element("user") == "ann"
    page = person.visit(url + "/logout", initiator=url + "/", method="POST", form={})
    assert page.element("user") == "anonymous" and page.element("cart") == "empty"
    assert person.jar == []


def test_the_shop_refuses_what_it_does_not_sell(shop):
    url = f"http://shop.localhost:{shop.port}/add/%3Cscript%3E"
    assert Visitor().visit(url, method="POST", form={}).status == 404


def test_the_club_counts_and_shows_what_it_is_told(club):
    person, url = Visitor(), f"http://club.localhost:{club.port}/"
    page = person.visit(url)
    assert (page.element("visits"), page.element("user"), page.element("session")) == ("1", "anonymous", "none")
    told = [("X-Session-Id", "ab<12>"), ("X-Session-User", "<ann>")]
    page = person.visit(url, extra=told)
    assert (page.element("visits"), page.element("user"), page.element("session")) == ("2", "<ann>", "ab<12>")


def test_both_log_what_they_receive(shop, club):
    for app, host in ((shop, "shop.localhost"), (club, "club.localhost")):
        Visitor().visit(f"http://{host}:{app.port}/?x", extra=[("Cookie", "a=1; b=2"), ("X-Session-Id", "77")])
        last = app.seen()[-1]
        assert (last["method"], last["path"]) == ("GET", "/")
        assert {"a", "b"} <= app.cookies_seen() and "x-session-id" in app.headers_seen()
