"""A person with a real browser in the shop, the German shop and the club, by typed addresses and by links."""

import time

import pytest
from selenium.common.exceptions import JavascriptException, NoSuchElementException, WebDriverException
from selenium.webdriver.common.by import By

from support import contract
from support.processes import eventually


class Person:
    def __init__(self, browser, quarter):
        self.browser, self.quarter = browser, quarter

    def settle(self, quiet=1.0, within=30):
        """Waits until the page has been left alone for a while: loaded, not navigated away, no requests of its own."""
        state = (
            "return [location.href, document.readyState, performance.timeOrigin,"
            " performance.getEntriesByType('resource').length].join(' ')"
        )
        end, last, since = time.monotonic() + within, None, time.monotonic()
        while time.monotonic() < end:
            try:
                now = self.browser.execute_script(state)
            except (JavascriptException, WebDriverException):
                now = None
            if now != last or now is None or " complete " not in now:
                last, since = now, time.monotonic()
            elif time.monotonic() - since > quiet:
                return
            time.sleep(0.05)
        raise AssertionError(f"the page never came to rest: {last}")

    def type_address(self, host, path="/"):
        self.browser.get(self.quarter.url(host, path))
        self.settle()

    def follow_link(self, host):
        for link in self.browser.find_elements(By.CSS_SELECTOR, "a.site"):
            if link.text == host.split(".")[0]:
                link.click()
                # A click is asynchronous: the address may still be the old one.
                eventually(lambda: self.browser.current_url.startswith(self.quarter.url(host, "")), 30)
                self.settle()
                return
        raise AssertionError(f"no link to {host}")

    def click(self, identifier):
        old = self.browser.find_element(By.ID, identifier)
        origin = self.browser.execute_script("return performance.timeOrigin")
        old.click()
        eventually(lambda: self._loaded_after(origin), 30, what="the next page")
        self.settle()

    def _loaded_after(self, origin):
        try:
            return self.browser.execute_script("return performance.timeOrigin") != origin
        except WebDriverException:
            return False

    def text(self, identifier):
        try:
            return self.browser.find_element(By.ID, identifier).text
        except NoSuchElementException:
            return None

    def log_in(self, name, password):
        self.browser.find_element(By.ID, "name").send_keys(name)
        self.browser.find_element(By.ID, "password").send_keys(password)
        self.click("login")


@pytest.fixture
def person(browser, quarter):
    return Person(browser, quarter)


def typed(person, host):
    person.type_address(host)


def linked(person, host):
    if not person.browser.current_url.startswith("http"):
        person.type_address(host)
    elif not person.browser.current_url.startswith(person.quarter.url(host, "")):
        person.follow_link(host)
    else:
        person.type_address(host)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("go", [typed, linked], ids=["by addresses", "by links"])
def test_cart_login_and_logout_over_three_domains(person, quarter, go):
    go(person, quarter.shop)
    assert person.text("cart") == "empty" and person.text("user") == "anonymous"
    person.click("add-lamp")
    assert person.text("cart") == "1 × lamp"

    go(person, quarter.germany)
    assert person.text("cart") == "1 × lamp"

    person.type_address(quarter.germany, "/login")
    person.log_in("ann", "apple")
    assert person.text("user") == "ann" and person.text("cart") == "1 × lamp"
    go(person, quarter.shop)
    assert person.text("user") == "ann" and person.text("cart") == "1 × lamp"
    go(person, quarter.club)
    assert person.text("user") == "ann"
    session = person.text("session")

    go(person, quarter.shop)
    person.click("logout")
    assert person.text("user") == "anonymous"
    for host in (quarter.germany, quarter.club, quarter.shop):
        go(person, host)
        assert person.text("user") == "anonymous", host
    person.type_address(quarter.club)
    assert person.text("session") != session

    assert_the_apps_saw_only_their_own(quarter)


@pytest.mark.parametrize("scheme", ["https"])
def test_browsers_speak_http2(person, quarter):
    person.type_address(quarter.shop)
    spoken = person.browser.execute_script("return performance.getEntriesByType('navigation')[0].nextHopProtocol")
    assert spoken == "h2"


def assert_the_apps_saw_only_their_own(quarter):
    assert quarter.shop_app.cookies_seen() == {"session"}
    assert quarter.club_app.cookies_seen() <= {"PHPSESSID"}
    for app in (quarter.shop_app, quarter.club_app):
        requests = app.seen()
        assert requests
        for request in requests:
            names = [name.lower() for name, _ in request["headers"]]
            assert names.count(contract.SESSION_ID.lower()) == 1, request
            assert not request["path"].startswith(contract.CROSSDOMAIN), request


def test_a_cart_begun_away_from_the_primary_arrives_there(person, quarter):
    person.type_address(quarter.germany)
    person.click("add-teapot")
    person.type_address(quarter.shop)
    assert person.text("cart") == "1 × teapot"


def test_scripts_cannot_read_the_session(person, quarter):
    for host in (quarter.shop, quarter.germany):
        person.type_address(host)
        names = {pair.split("=")[0] for pair in person.browser.execute_script("return document.cookie").split("; ")}
        assert names <= {"", contract.DUE_COOKIE}
        cookie = person.browser.get_cookie(contract.SESSION_COOKIE)
        assert cookie["httpOnly"] and cookie["sameSite"] == "Lax" and cookie["path"] == "/"


def test_the_history_keeps_no_trace_and_no_ticket_stays_in_the_address(person, quarter):
    person.type_address(quarter.shop)
    person.click("add-lamp")
    person.type_address(quarter.club)
    assert contract.TICKET_PARAMETER not in person.browser.current_url
    person.follow_link(quarter.germany)
    assert person.browser.current_url == quarter.url(quarter.germany)
    person.browser.back()
    eventually(lambda: person.browser.current_url == quarter.url(quarter.club), what="the club again")
    person.settle()
    assert person.browser.current_url == quarter.url(quarter.club)
