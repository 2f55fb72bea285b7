"""Two hundred people at once on three domains: each has a cart of their own, and looks at it on every page."""

import random
from concurrent.futures import ThreadPoolExecutor

from support.visitor import Visitor

PEOPLE = 200
ROUNDS = 6


def test_nobody_ever_sees_somebody_elses_cart(three):
    """The echo sets the cookie that it is asked for, and shows which cookie it received: the cart is the cookie."""
    from support.upstreams import received, session_id

    shops = ["shop.localhost", "shop-deutschland.localhost"]

    def live(number):
        chance = random.Random(number)
        options = [("chromium", True), ("chromium", False), ("firefox", False)][number % 3]
        person = Visitor(*options)
        seen, pages = set(), 0
        cart = f"cart-of-{number}"
        own = f"session={cart}"
        try:
            first = shops[number % 2]
            person.visit(three.url(first))
            person.browse(three.url(first, f"/set/session/{cart}"), initiator=three.url(first))
            person.browse(three.url(first), initiator=three.url(first))
            for _ in range(ROUNDS):
                for host in chance.sample(shops + ["club.localhost"], 3):
                    page = person.browse(three.url(host, f"/{number}"))
                    assert page.status == 200, page.text
                    assert received(page, "Cookie") == [own], (number, host, received(page, "Cookie"))
                    seen.add(session_id(page))
                    pages += 1
        finally:
            person.close()
        return number, seen, pages

    with ThreadPoolExecutor(24) as pool:
        lives = list(pool.map(live, range(PEOPLE)))
    owners = {}
    for number, sessions, pages in lives:
        assert pages == 3 * ROUNDS
        for session in sessions:
            assert owners.setdefault(session, number) == number, "one session id, two people"
    assert three.rows() <= PEOPLE * 2


def test_the_same_with_the_real_shop(quarter):
    items = ["lamp", "chair", "teapot"]

    def live(number):
        # Every person's cart is a number in base 4: so many lamps, chairs and teapots.
        wanted = {item: number // 4**place % 4 for place, item in enumerate(items)}
        wanted["lamp"] += 1
        person = Visitor("firefox" if number % 2 else "chromium", third_party_cookies=number % 4 == 0)
        try:
            person.browse(quarter.url(quarter.shop))
            bought = {}
            for item in [item for item, count in wanted.items() for _ in range(count)]:
                bought[item] = bought.get(item, 0) + 1
                page = quarter.add(person, quarter.germany if sum(bought.values()) > 1 else quarter.shop, item)
                if sum(bought.values()) == 1:
                    page = person.browse(quarter.url(quarter.germany))
                assert page.element("cart") == written(bought), (number, page.url)
            for host in (quarter.shop, quarter.germany, quarter.shop):
                assert person.browse(quarter.url(host)).element("cart") == written(bought), (number, host)
        finally:
            person.close()

    def written(cart):
        return " ".join(f"{count} × {item}" for item, count in sorted(cart.items()))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(live, range(60)))
