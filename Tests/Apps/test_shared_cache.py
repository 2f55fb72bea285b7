"""nginx with a cache stands in front of Tombolo: pages may be stored, nobody's cookie ever."""

import pytest

from support import contract
from support.nginx import nginx
from support.processes import eventually
from support.raw import exchange
from support.upstreams import Scripted

HOST = "shop.localhost"
PAGE = b"<!doctype html><html><head></head><body>b</body></html>"
NAVIGATION = ["Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Sec-Fetch-Site: none", "Accept: text/html"]
SCRIPT = ["Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty", "Accept: */*"]

CACHE = """
    proxy_cache_path {folder}/cache keys_zone=pages:1m inactive=1h;
"""
SERVER = """
    location / {{
        proxy_pass http://127.0.0.1:TOMBOLO;
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_cache pages;
        proxy_cache_revalidate on;
        add_header X-Cache $upstream_cache_status always;
        IGNORE
    }}
"""


def page(*fields):
    return "\r\n".join(["HTTP/1.1 200 OK", "Content-Type: text/html", *fields, f"Content-Length: {len(PAGE)}", "", ""]).encode() + PAGE


class Front:
    """What browsers see of nginx, Tombolo and the app."""

    def __init__(self, folder, start_tombolo, app, ignore=""):
        self.app = app
        tombolo = start_tombolo({HOST: app.url})
        server = SERVER.replace("TOMBOLO", str(tombolo.port)).replace("IGNORE", ignore)
        self.nginx = nginx(folder / "nginx", http=CACHE, server=server).start()
        self.stored = folder / "nginx" / "cache"

    def get(self, fields, cookie=None, path="/"):
        """Status of the cache, the cookie that was set, the body."""
        lines = [f"GET {path} HTTP/1.1", f"Host: {HOST}", *fields, *([f"Cookie: {cookie}"] if cookie else [])]
        status, head, body = exchange(self.nginx.port, "\r\n".join([*lines, "Connection: close", "", ""]).encode())
        assert status == 200, head
        fields = [line.decode().partition(": ")[::2] for line in head.split(b"\r\n")[1:]]
        cache = next((value for name, value in fields if name == "X-Cache"), None)
        cookies = [value.split(";")[0] for name, value in fields if name.lower() == "set-cookie"]
        return cache, next((c for c in cookies if c.startswith(contract.SESSION_COOKIE + "=")), None), body

    def bytes_stored(self):
        return b"".join(path.read_bytes() for path in self.stored.rglob("*") if path.is_file())

    def app_was_asked(self):
        asked = self.app.bytes()
        self.app.forget()
        return asked.strip(b"\0")


@pytest.fixture(params=["", "proxy_ignore_headers Set-Cookie;"], ids=["as it comes", "ignoring Set-Cookie"])
def front(request, tmp_path, start_tombolo):
    with Scripted() as app:
        front = Front(tmp_path, start_tombolo, app, request.param)
        yield front
        front.nginx.stop()


def has_loader(body):
    return body.count(contract.LOADER.encode()) == 1


def test_pages_are_stored_without_anybodys_cookie(front):
    front.app.answers = [page("Cache-Control: public, max-age=600", 'ETag: "abc"')]
    cache, cookie, body = front.get(NAVIGATION)
    assert cache == "MISS" and cookie and has_loader(body)
    assert b"tombolo=" not in front.bytes_stored()

    # The next stranger is not given the first one's session.
    cache, other, _ = front.get(NAVIGATION)
    assert cache == "MISS" and other and other != cookie

    # Who has a session gets a page that anybody may have.
    cache, renewed, body = front.get(NAVIGATION, cookie)
    assert cache == "MISS" and renewed is None and has_loader(body)
    front.app_was_asked()
    cache, given, body = front.get(NAVIGATION, other)
    assert cache == "HIT" and given is None and has_loader(body) and front.app_was_asked() == b""
    stored = front.bytes_stored()
    assert b"loader.js" in stored and b"Set-Cookie" not in stored and b"tombolo=" not in stored


def test_scripts_and_page_loads_are_kept_apart(front):
    front.app.answers = [page("Cache-Control: public, max-age=600")]
    _, cookie, _ = front.get(NAVIGATION)
    assert has_loader(front.get(NAVIGATION, cookie)[2])
    assert front.get(SCRIPT, cookie)[2] == PAGE
    for fields, expected in ((NAVIGATION, True), (SCRIPT, False)):
        cache, _, body = front.get(fields, cookie)
        assert cache == "HIT" and has_loader(body) == expected


def test_an_app_that_sets_a_cookie_is_not_stored(front):
    front.app.answers = [page("Cache-Control: public, max-age=600", "Set-Cookie: session=abc; Path=/")]
    _, cookie, _ = front.get(NAVIGATION)
    for _ in range(2):
        cache, _, body = front.get(NAVIGATION, cookie)
        assert cache == "MISS" and has_loader(body)
    assert b"tombolo=" not in front.bytes_stored() and b"session=abc" not in front.bytes_stored()


@pytest.mark.parametrize(
    "validator, asked",
    [('ETag: "abc"', b'If-None-Match: "abc"\r\n'), ("Last-Modified: Sat, 21 Nov 2026 10:00:00 GMT", b"If-Modified-Since: Sat, 21")],
    ids=["tag", "date"],
)
def test_what_was_stored_is_validated_with_the_app(front, validator, asked):
    front.app.answers = [page("Cache-Control: public, max-age=0", validator)]
    _, cookie, _ = front.get(NAVIGATION)
    # nginx stores nothing that is stale at once; a second is the shortest that it knows.
    front.app.answers = [page("Cache-Control: public, max-age=1", validator)]
    assert has_loader(front.get(NAVIGATION, cookie)[2])
    front.app.answers = [f"HTTP/1.1 304 Not Modified\r\n{validator}\r\nCache-Control: public, max-age=1\r\n\r\n".encode()]
    front.app_was_asked()

    def revalidated():
        cache, _, body = front.get(NAVIGATION, cookie)
        assert has_loader(body)
        return cache == "REVALIDATED"

    eventually(revalidated, what="a validation")
    assert asked in front.app_was_asked()
