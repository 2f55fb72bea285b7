"""Every file under cases/ is a test: see cases/README.md. Tombolo must do what the file says to the byte; of nginx and
HAProxy, which get the same, every other outcome must be explained there."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from support.cases.outcome import Observation
from support.cases.peers import Peer
from support.cases.script import Failure, Names, Performance
from support.cases.source import all_cases, interpret
from support.cases.stage import listen
from support.tombolo import Tombolo

CASES = {case.name: case for case in all_cases()}
COMPARED = [name for name, case in CASES.items() if not case.only_tombolo]
PEERS = ["nginx", "haproxy"]

# What a case asks for with a line such as `settings: small`.
SETTINGS = {
    "default": {},
    "trusted": {"extra_listen": 'trusted_proxies = ["127.0.0.0/8"]'},
    "small": {"extra": '[limits]\nhead = "2KiB"\nfields = 10\nline = "256B"\nbody = 16\n'},
    "hasty": {"extra": '[timeouts]\nhead = "1s"\nidle = "1s"\nupstream_connect = "1s"\nupstream_response = "1s"\n'},
}

RIGHT = """A case that is right, from which wrong ones are made.

== client sends
GET / HTTP/1.1
Host: app.example

== upstream receives
GET / HTTP/1.1
Host: app.example
{added}

== upstream sends
HTTP/1.1 200 OK
Content-Length: 2

ok\\
== client receives
HTTP/1.1 200 OK
Content-Length: 2

ok\\
== end
"""
WRONG = {
    "another byte at the client": ("ok\\\n== end", "oK\\\n== end"),
    "one byte fewer at the client": ("ok\\\n== end", "o\\\n== end"),
    "one byte more at the client": ("ok\\\n== end", "ok!\\\n== end"),
    "a field that the upstream did not get": ("{added}", "X-A: b\n{added}"),
    "an end that did not come": ("== end", "== client sees end\n== end"),
    "a second request that the file does not see": ("\n== up", "\nGET /2 HTTP/1.1\nHost: app.example\n\n== up"),
    "an end that the file does not see": ("HTTP/1.1\nHost: ", "HTTP/1.1\nConnection: close\nHost: "),
    "a second connection that did not come": ("== upstream sends", "== upstream 2 sends"),
}


@pytest.fixture(scope="module")
def houses():
    """Names and an upstream for every case, so that no case can disturb another."""
    made = {name: (Names(index), listen()) for index, name in enumerate([*CASES, *WRONG])}
    return made


@pytest.fixture(scope="module")
def tombolos(program, tmp_path_factory, houses):
    """A function that returns the Tombolo with the settings of that name, which serves all cases that ask for them."""
    running = {}

    def get(settings):
        if settings not in running:
            sites = {
                host: f"http://127.0.0.1:{listener.getsockname()[1]}"
                for name, (names, listener) in houses.items()
                if settings == (CASES[name].settings if name in CASES else "default")
                for host in names.hosts
            }
            folder = tmp_path_factory.mktemp("cases") / settings
            running[settings] = Tombolo(folder, sites, **SETTINGS[settings]).start()
        return running[settings]

    yield get
    for _, listener in houses.values():
        # Ends what a failed case has left unanswered, so that Tombolo does not wait for it.
        listener.close()
    for tombolo in running.values():
        tombolo.stop()


@pytest.mark.parametrize("name", CASES)
def test_case(tombolos, houses, name):
    case = CASES[name]
    names, listener = houses[name]
    Performance(case, names, tombolos(case.settings).port, listener).run()


@pytest.mark.parametrize("wrong", WRONG)
def test_the_harness_notices(tombolos, houses, wrong):
    names, listener = houses[wrong]
    case = interpret(wrong, RIGHT.replace(*WRONG[wrong], 1))
    with pytest.raises(Failure):
        Performance(case, names, tombolos("default").port, listener, patience=1.0).run()


@pytest.fixture(scope="module")
def proxies(tombolos, houses, tmp_path_factory):
    """Tombolo and its peers by name, in front of the same upstreams."""
    compared = (houses[name] for name in COMPARED)
    sites = {f"site{n}": (names.hosts, listener.getsockname()[1]) for n, (names, listener) in enumerate(compared)}
    folder = tmp_path_factory.mktemp("peers")
    peers = {name: Peer(name, folder / name, sites) for name in PEERS}
    yield {"tombolo": tombolos("default"), **{name: peer.start() for name, peer in peers.items()}}
    for peer in peers.values():
        peer.stop()


@pytest.fixture(scope="module")
def observe(proxies, houses):
    def outcome_of(name, proxy, patience):
        names, listener = houses[name]
        return Observation(CASES[name], names, proxies[proxy].port, listener, patience).run()

    return outcome_of


@pytest.fixture(scope="module")
def outcomes(request, observe):
    """What came of the chosen cases at every proxy, observed side by side, as much of it is waiting."""
    chosen = {item.callspec.params["name"] for item in request.session.items if item.originalname == "test_peer"}
    with ThreadPoolExecutor(24) as pool:
        found = pool.map(lambda name: {proxy: observe(name, proxy, 1.0) for proxy in ("tombolo", *PEERS)}, chosen)
        return dict(zip(chosen, found))


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("name", COMPARED)
def test_peer(outcomes, observe, name, peer):
    remark = CASES[name].peers.get(peer)
    if remark and remark.verb == "varies":
        return
    said = (remark.verb, remark.statuses) if remark else None
    ours, theirs = outcomes[name]["tombolo"], outcomes[name][peer]
    if seen(theirs, ours) != said:
        # The machine may have been too busy to wait for it all.
        ours, theirs = observe(name, "tombolo", 4.0), observe(name, peer, 4.0)
    assert seen(theirs, ours) == said, f"""{name}: {CASES[name].title}
the file says:  {f"{peer} {remark.verb}, {remark.statuses}" if remark else "no difference"}
the outcome is: {f"{peer} {theirs.difference(ours)}, {theirs.statuses}" if seen(theirs, ours) else "no difference"}
--- tombolo: {ours}
--- {peer}: {theirs}"""


def seen(theirs, ours):
    difference = theirs.difference(ours)
    return (difference, theirs.statuses) if difference else None
