"""Fixtures of all black-box tests: a Tombolo in front of the sample apps, or in front of upstreams made for a test."""

import pytest

from support import apps
from support.certificates import Authority
from support.contract import https
from support.processes import accepts, eventually, free_port
from support.tombolo import Tombolo, binary
from support.upstreams import Echo
from support.visitor import Visitor

SHOP, GERMANY, CLUB = "shop.localhost", "shop-deutschland.localhost", "club.localhost"


@pytest.fixture(scope="session")
def program():
    path = binary()
    if not path.exists():
        pytest.fail(f"{path} does not exist: build it with `swift build -c release --product tombolo`", pytrace=False)
    return path


class Quarter:
    """The two sample apps on three domains, as the quickstart serves them."""

    shop, germany, club = SHOP, GERMANY, CLUB

    def __init__(self, folder, scheme="http"):
        port, settings = free_port(), {}
        self.authority, self.entry = None, port
        if scheme == "https":
            self.entry = free_port()
            self.authority = Authority(folder / "authority")
            self.authority.issue(folder / "certs" / "brands.pem", SHOP, GERMANY, CLUB)
            settings = https(self.entry, folder / "certs")
        self.origins = {host: f"{scheme}://{host}:{self.entry}" for host in (SHOP, GERMANY, CLUB)}
        self.shop_app = apps.shop(folder, self.origins.values())
        self.club_app = apps.club(folder, self.origins.values())
        sites = {SHOP: self.shop_app.url, GERMANY: self.shop_app.url, CLUB: self.club_app.url}
        self.tombolo = Tombolo(folder / "tombolo", sites, port=port, **settings)

    def url(self, host, path="/"):
        return self.origins[host] + path

    def start(self):
        self.shop_app.start()
        self.club_app.start()
        self.tombolo.start()
        eventually(lambda: accepts(self.entry), what="the listener")
        return self

    def stop(self):
        self.tombolo.stop()
        self.club_app.stop()
        self.shop_app.stop()

    # What a person does in the shop

    def add(self, visitor, host, item="lamp"):
        return visitor.visit(self.url(host, f"/add/{item}"), initiator=self.url(host), method="POST", form={})

    def login(self, visitor, host, name="ann", password="apple"):
        form = {"name": name, "password": password}
        return visitor.visit(self.url(host, "/login"), initiator=self.url(host, "/login"), method="POST", form=form)

    def logout(self, visitor, host):
        return visitor.visit(self.url(host, "/logout"), initiator=self.url(host), method="POST", form={})


@pytest.fixture
def scheme():
    """How the quarter is reached; a test may say otherwise."""
    return "http"


@pytest.fixture
def quarter(program, tmp_path, scheme):
    quarter = Quarter(tmp_path, scheme)
    try:
        yield quarter.start()
    finally:
        output = quarter.tombolo.program.output() + quarter.shop_app.output() + quarter.club_app.output()
        quarter.stop()
        print(output)


@pytest.fixture
def echo(tmp_path):
    upstream = Echo(tmp_path).start()
    yield upstream
    upstream.stop()


@pytest.fixture
def start_tombolo(program, tmp_path):
    """A function that starts a Tombolo in front of a map of host names to upstream URLs."""
    running = []

    def start(sites, **settings):
        tombolo = Tombolo(tmp_path / f"tombolo-{len(running)}", sites, **settings)
        running.append(tombolo)
        return tombolo.start()

    yield start
    for tombolo in running:
        output = tombolo.program.output()
        tombolo.stop()
        print(output)


@pytest.fixture
def make_tombolo(program, tmp_path, echo):
    """A function that makes a Tombolo in front of the echo, without starting it."""
    made = []

    def make(**settings):
        made.append(Tombolo(tmp_path / f"tombolo-{len(made)}", {SHOP: echo.url}, **settings))
        return made[-1]

    yield make
    for tombolo in made:
        output = tombolo.program.output()
        tombolo.stop()
        print(output)


@pytest.fixture
def three(start_tombolo, echo):
    """Three domains, two of them one app, all answered by the echo."""
    return start_tombolo({SHOP: echo.url, GERMANY: echo.url, CLUB: echo.url})


@pytest.fixture
def visitor():
    made = []

    def make(engine="chromium", **options):
        made.append(Visitor(engine, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()
