"""Tickets: once, in time, from whom and to where they were made out, and by the browser that asked."""

import time

import pytest

from support import contract
from support.upstreams import session_id

SHOP, GERMANY, CLUB = "shop.localhost", "shop-deutschland.localhost", "club.localhost"


def act(person, tombolo, page_host, to_host, **payload):
    page = tombolo.url(page_host)
    return person.fetch(page, tombolo.url(to_host, contract.CROSSDOMAIN), payload=payload)


@pytest.fixture
def person(visitor):
    """A visitor with third-party cookies, who has been to the primary and then to a second domain."""
    return visitor(third_party_cookies=True)


def settle(person, tombolo):
    """Gives the primary a session with something to remember, which wins over a new one of another domain."""
    person.visit(tombolo.url(SHOP))
    person.visit(tombolo.url(SHOP, "/set/session/cart"), initiator=tombolo.url(SHOP))
    person.run_loader(tombolo.url(SHOP))
    return session_id(person.visit(tombolo.url(SHOP), initiator=tombolo.url(SHOP)))


def check_ticket(person, tombolo, host=GERMANY):
    person.visit(tombolo.url(host))
    begun = act(person, tombolo, host, host, action="begin").json()
    assert begun["result"] == "ticket", begun
    assert begun["primary"] == tombolo.url(SHOP, contract.CROSSDOMAIN)
    return begun["ticket"]


def replace_ticket(person, tombolo, host=GERMANY):
    checked = act(person, tombolo, host, SHOP, action="check", ticket=check_ticket(person, tombolo, host)).json()
    assert checked["result"] == "replace", checked
    return checked["ticket"]


def refused(answer, *codes):
    assert answer.status in (400, 403), (answer.status, answer.text)
    body = answer.json()
    assert "result" not in body and body["error"] in codes, body
    assert answer.all("Set-Cookie") == []


def test_the_whole_ladder_step_by_step(three, person):
    session = settle(person, three)
    ticket = replace_ticket(person, three)
    assert session_id(person.visit(three.url(GERMANY))) != session
    answer = act(person, three, GERMANY, GERMANY, action="replace", ticket=ticket)
    assert answer.json() == {"result": "replaced"}
    assert answer.header("Cache-Control") == "no-store"
    assert session_id(person.visit(three.url(GERMANY))) == session


def test_the_primary_knows_whether_cookies_travel(three, visitor):
    blocked = visitor(third_party_cookies=False)
    settle(blocked, three)
    ticket = check_ticket(blocked, three)
    answer = act(blocked, three, GERMANY, SHOP, action="check", ticket=ticket)
    assert answer.json()["result"] == "unknown"
    assert answer.all("Set-Cookie") == []


def test_a_check_ticket_is_spent_by_its_first_use(three, person):
    settle(person, three)
    ticket = check_ticket(person, three)
    assert act(person, three, GERMANY, SHOP, action="check", ticket=ticket).json()["result"] == "replace"
    for _ in range(3):
        refused(act(person, three, GERMANY, SHOP, action="check", ticket=ticket), contract.SPENT_TICKET)


def test_a_replace_ticket_is_spent_by_its_first_use(three, person, visitor):
    session = settle(person, three)
    ticket = replace_ticket(person, three)
    assert act(person, three, GERMANY, GERMANY, action="replace", ticket=ticket).json()["result"] == "replaced"
    thief = visitor()
    thief.visit(three.url(GERMANY))
    refused(act(thief, three, GERMANY, GERMANY, action="replace", ticket=ticket), contract.SPENT_TICKET)
    assert session_id(thief.visit(three.url(GERMANY))) != session


def test_a_spent_ticket_stays_spent_after_a_restart(three, person):
    settle(person, three)
    ticket = replace_ticket(person, three)
    assert act(person, three, GERMANY, GERMANY, action="replace", ticket=ticket).json()["result"] == "replaced"
    three.kill()
    three.start()
    refused(act(person, three, GERMANY, GERMANY, action="replace", ticket=ticket), contract.SPENT_TICKET)


def test_only_one_of_many_at_once_gets_in(three, person, visitor):
    from concurrent.futures import ThreadPoolExecutor

    settle(person, three)
    ticket = replace_ticket(person, three)
    rivals = [visitor() for _ in range(12)]
    for rival in rivals:
        rival.visit(three.url(GERMANY))
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda r: act(r, three, GERMANY, GERMANY, action="replace", ticket=ticket), rivals))
    assert sorted(answer.json().get("result", "") for answer in answers)[-2:] == ["", "replaced"]


def test_late_tickets(start_tombolo, echo, person):
    tombolo = start_tombolo({SHOP: echo.url, GERMANY: echo.url}, extra_group=contract.SHORT_TICKETS)
    settle(person, tombolo)
    ticket = check_ticket(person, tombolo)
    time.sleep(2.5)
    refused(act(person, tombolo, GERMANY, SHOP, action="check", ticket=ticket), contract.LATE_TICKET)
    ticket = replace_ticket(person, tombolo)
    time.sleep(2.5)
    refused(act(person, tombolo, GERMANY, GERMANY, action="replace", ticket=ticket), contract.LATE_TICKET)


def test_misdirected_tickets(three, person):
    session = settle(person, three)
    person.visit(three.url(CLUB))
    wrong = (contract.BAD_TICKET, contract.NOT_PRIMARY)

    ticket = check_ticket(person, three)
    refused(act(person, three, GERMANY, GERMANY, action="replace", ticket=ticket), *wrong)  # other purpose
    refused(act(person, three, GERMANY, GERMANY, action="check", ticket=ticket), *wrong)  # not the primary
    refused(act(person, three, CLUB, SHOP, action="check", ticket=ticket), *wrong)  # presented by another domain

    ticket = replace_ticket(person, three)
    refused(act(person, three, CLUB, CLUB, action="replace", ticket=ticket), *wrong)  # made out to another domain
    refused(act(person, three, GERMANY, SHOP, action="check", ticket=ticket), *wrong)  # other purpose
    assert session_id(person.visit(three.url(CLUB))) != session

    # None of that has spent it.
    assert act(person, three, GERMANY, GERMANY, action="replace", ticket=ticket).json()["result"] == "replaced"


def test_a_ticket_of_another_installation(start_tombolo, echo, person):
    one = start_tombolo({SHOP: echo.url, GERMANY: echo.url})
    other = start_tombolo({SHOP: echo.url, GERMANY: echo.url})
    settle(person, one)
    ticket = replace_ticket(person, one)
    person.visit(other.url(GERMANY))
    refused(act(person, other, GERMANY, GERMANY, action="replace", ticket=ticket), contract.BAD_TICKET)


def test_any_one_bit(three, person):
    session = settle(person, three)
    ticket = replace_ticket(person, three)
    for index in range(len(ticket)):
        changed = bytearray(ticket.encode())
        changed[index] ^= 1 << (index % 7)
        answer = act(person, three, GERMANY, GERMANY, action="replace", ticket=changed.decode("latin-1"))
        refused(answer, contract.BAD_TICKET, "bad_request")
    assert session_id(person.visit(three.url(GERMANY))) != session
    assert act(person, three, GERMANY, GERMANY, action="replace", ticket=ticket).json()["result"] == "replaced"


@pytest.mark.parametrize("ticket", ["", "x", "A" * 300, "A" * 12_000, "\u0000", "é", None], ids=repr)
@pytest.mark.parametrize("action, host", [("check", SHOP), ("replace", GERMANY)])
def test_nonsense(three, person, ticket, action, host):
    person.visit(three.url(GERMANY))
    payload = {"action": action} if ticket is None else {"action": action, "ticket": ticket}
    refused(act(person, three, GERMANY, host, **payload), contract.BAD_TICKET, "bad_request")


def test_the_handshake_is_bound_to_the_browser_that_began_it(three, visitor):
    attacker, victim = visitor("firefox"), visitor("firefox")
    session = session_id(attacker.visit(three.url(SHOP)))
    began = attacker.visit(three.url(GERMANY), follow=False)
    assert began.status == 302 and contract.SYNC in began.header("Location")
    synced = attacker.visit(began.header("Location"), initiator=three.url(GERMANY), follow=False)
    assert synced.status == 302 and contract.FINISH in synced.header("Location")

    # The attacker does not follow, but has the victim open the last address.
    landed = victim.visit(synced.header("Location"), initiator="http://evil.example/")
    assert landed.status in (200, 400)
    assert session_id(victim.visit(three.url(GERMANY))) != session

    # The attacker, with the right nonce, may still go on: the victim's visit has spent nothing.
    assert session_id(attacker.visit(synced.header("Location"), initiator=three.url(GERMANY))) == session
    victim.visit(synced.header("Location"), initiator="http://evil.example/")
    assert session_id(victim.visit(three.url(GERMANY))) != session


def test_the_first_leg_of_somebody_elses_handshake_changes_nothing(three, visitor):
    attacker, victim = visitor("firefox"), visitor("firefox")
    own = session_id(victim.visit(three.url(SHOP)))
    began = attacker.visit(three.url(GERMANY), follow=False)
    victim.visit(began.header("Location"), initiator="http://evil.example/")
    assert session_id(victim.visit(three.url(SHOP))) == own
    assert session_id(attacker.visit(three.url(GERMANY))) != own


def link_ticket(person, tombolo, to):
    begun = act(person, tombolo, SHOP, SHOP, action="begin", to=to).json()
    assert begun["result"] == "ticket", begun
    return begun["ticket"]


def with_ticket(tombolo, host, ticket):
    return tombolo.url(host, f"/page?a=1&{contract.TICKET_PARAMETER}={ticket}&b=2")


def test_a_link_carries_the_session_once(three, visitor):
    person, thief = visitor(), visitor()
    session = session_id(person.visit(three.url(SHOP)))
    url = with_ticket(three, GERMANY, link_ticket(person, three, GERMANY))
    landed = person.visit(url, initiator=three.url(SHOP))
    assert [hop.status for hop in landed.hops] == [303, 200]
    assert landed.url == three.url(GERMANY, "/page?a=1&b=2")
    assert session_id(landed) == session

    thief.visit(url, initiator=three.url(SHOP))
    assert session_id(thief.visit(three.url(GERMANY))) != session


def test_a_link_from_outside_the_group_carries_nothing(three, visitor):
    attacker, victim = visitor(), visitor()
    session = session_id(attacker.visit(three.url(SHOP)))
    url = with_ticket(three, GERMANY, link_ticket(attacker, three, GERMANY))
    landed = victim.visit(url, initiator="http://evil.example/page")
    assert landed.url == three.url(GERMANY, "/page?a=1&b=2")
    assert session_id(victim.visit(three.url(GERMANY))) != session


def test_a_link_to_another_domain_carries_nothing(three, visitor):
    person = visitor()
    session = session_id(person.visit(three.url(SHOP)))
    ticket = link_ticket(person, three, GERMANY)
    person.visit(with_ticket(three, CLUB, ticket), initiator=three.url(SHOP))
    assert session_id(person.visit(three.url(CLUB))) != session


@pytest.mark.parametrize("to", ["evil.example", "shop.localhost.evil.example", "", SHOP, "*"])
def test_no_ticket_for_anybody_outside_the_group(three, visitor, to):
    person = visitor()
    person.visit(three.url(SHOP))
    refused(act(person, three, SHOP, SHOP, action="begin", to=to), "bad_request", contract.FOREIGN_ORIGIN)


@pytest.mark.parametrize(
    "to",
    ["http://evil.example/", "//evil.example/", "/\\evil.example/", "/%09/evil.example", "\\\\evil.example", "evil", ""],
)
def test_the_return_address_stays_on_the_domain(three, visitor, to):
    from urllib.parse import quote, urlsplit

    person = visitor("firefox")
    person.visit(three.url(GERMANY))
    start = three.url(GERMANY, f"{contract.START}?to={quote(to, safe='')}")
    answer = person.send("GET", start, [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "navigate")])
    location = answer.header("Location")
    assert answer.status == 400 or urlsplit(location).hostname in (SHOP, GERMANY), (answer.status, location)
    if location:
        landed = person.visit(start, initiator=three.url(GERMANY))
        assert urlsplit(landed.url).hostname == GERMANY
