"""What Tombolo has acknowledged survives its sudden end."""

import signal

from support.processes import eventually


def test_carts_and_logins_survive_kill_9(quarter, visitor):
    people = [visitor() for _ in range(10)]
    for person in people:
        person.browse(quarter.url(quarter.shop))
        quarter.add(person, quarter.shop)
    quarter.login(people[0], quarter.shop)
    quarter.add(people[-1], quarter.shop)
    quarter.tombolo.kill()
    quarter.tombolo.start()
    carts = [person.browse(quarter.url(quarter.shop)).element("cart") for person in people]
    assert carts == ["1 × lamp"] * 9 + ["2 × lamp"]
    assert people[0].browse(quarter.url(quarter.germany)).element("user") == "ann"
    assert quarter.tombolo.rows() == 10


def test_a_logout_survives_kill_9(quarter, visitor):
    person = visitor()
    person.browse(quarter.url(quarter.shop))
    quarter.login(person, quarter.shop)
    handle = person.cookie(quarter.shop)
    quarter.logout(person, quarter.shop)
    quarter.tombolo.kill()
    quarter.tombolo.start()
    thief = visitor()
    thief.set_cookie(quarter.shop, "tombolo", handle)
    page = thief.visit(quarter.url(quarter.shop), initiator=quarter.url(quarter.shop))
    assert page.element("user") == "anonymous"


def test_sigterm_ends_it_in_good_order(quarter, visitor):
    person = visitor()
    person.browse(quarter.url(quarter.shop))
    quarter.add(person, quarter.shop)
    person.close()
    assert quarter.tombolo.program.stop(signal.SIGTERM) == 0
    quarter.tombolo.start()
    assert person.browse(quarter.url(quarter.shop)).element("cart") == "1 × lamp"
    assert eventually(lambda: quarter.tombolo.is_running)
