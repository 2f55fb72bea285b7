"""A visitor with a small browser: cookie jars by host, SameSite, Sec-Fetch headers, redirects, and what the loader
does. It connects to 127.0.0.1 whatever the host name, so `*.localhost` needs no resolver."""

import http.client
import json
import re
import socket
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from urllib.parse import quote, urlencode, urljoin, urlsplit

from . import contract

ACCEPT_PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
USER_AGENTS = {
    "chromium": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "firefox": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "plain": "curl/8",
}


class TooManyRedirects(AssertionError):
    pass


class BlockedByCORS(AssertionError):
    """A browser would not have shown this answer to the script."""


@dataclass
class Cookie:
    host: str
    name: str
    value: str
    path: str = "/"
    same_site: str = "lax"
    http_only: bool = False
    expires: float | None = None


@dataclass
class Answer:
    url: str
    status: int
    headers: list
    body: bytes
    hops: list = field(default_factory=list)

    def header(self, name):
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return None

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.body)

    @property
    def origin(self):
        return origin_of(self.url)

    @property
    def has_loader(self):
        return re.search(r"<script[^>]+src=[\"']?/crossdomain/loader\.js", self.text) is not None

    def element(self, identifier):
        """The text inside the element with this id, or None."""
        finder = _ElementText(identifier)
        finder.feed(self.text)
        return None if finder.parts is None else " ".join("".join(finder.parts).split())


class _ElementText(HTMLParser):
    void = {"meta", "link", "br", "img", "input", "hr"}

    def __init__(self, identifier):
        super().__init__()
        self.identifier, self.depth, self.parts = identifier, 0, None

    def handle_starttag(self, tag, attributes):
        if tag in self.void:
            return
        if self.depth:
            self.depth += 1
        elif self.parts is None and dict(attributes).get("id") == self.identifier:
            self.depth, self.parts = 1, []

    def handle_endtag(self, tag):
        if self.depth and tag not in self.void:
            self.depth -= 1

    def handle_data(self, data):
        if self.depth:
            self.parts.append(data)


def origin_of(url):
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def site_between(initiator, url):
    """Sec-Fetch-Site as between names under .localhost, each of which is a site of its own."""
    if initiator is None:
        return "none"
    if origin_of(initiator) == origin_of(url):
        return "same-origin"
    return "same-site" if urlsplit(initiator).hostname == urlsplit(url).hostname else "cross-site"


class _Encrypted(http.client.HTTPSConnection):
    """To 127.0.0.1, whatever the name that the certificate is for."""

    def __init__(self, name, port, context):
        super().__init__(name, port, timeout=60, context=context)
        self.tls = context

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        self.sock = self.tls.wrap_socket(plain, server_hostname=self.host)


class Visitor:
    """`engine`: chromium (sends Sec-CH-UA), firefox (Sec-Fetch headers only) or plain (neither, as scripts and bots)."""

    def __init__(self, engine="chromium", third_party_cookies=False, tls=None):
        self.engine, self.third_party_cookies, self.tls = engine, third_party_cookies, tls
        self.jar = []
        self.every_cookie = set()  # (name, value) ever seen, for tests about logs
        self.every_ticket = set()
        self._connection = {}

    # Cookies

    def cookie(self, host, name=contract.SESSION_COOKIE, path=None):
        for cookie in self.jar:
            if cookie.host == host and cookie.name == name and path in (None, cookie.path):
                return cookie.value
        return None

    def cookie_names(self, host):
        return {cookie.name for cookie in self.jar if cookie.host == host}

    def set_cookie(self, host, name, value, path="/"):
        self.jar = [c for c in self.jar if (c.host, c.name, c.path) != (host, name, path)]
        self.jar.append(Cookie(host, name, value, path))

    def forget(self, host, name=None):
        self.jar = [c for c in self.jar if c.host != host or (name is not None and c.name != name)]

    def _cookies_for(self, url, cross_site, top_level, method):
        parts = urlsplit(url)
        path, now = parts.path or "/", time.time()
        found = []
        for cookie in self.jar:
            if cookie.host != parts.hostname or (cookie.expires is not None and cookie.expires <= now):
                continue
            stem = cookie.path.rstrip("/")
            if path != cookie.path and not path.startswith(stem + "/"):
                continue
            if cross_site:
                if top_level and method == "GET":
                    if cookie.same_site == "strict":
                        continue
                elif cookie.same_site != "none" or not (top_level or self.third_party_cookies):
                    continue
            found.append(cookie)
        return sorted(found, key=lambda cookie: -len(cookie.path))

    def _take(self, url, answer, third_party):
        host = urlsplit(url).hostname
        for line in answer.all("Set-Cookie"):
            pair, *attributes = line.split(";")
            name, _, value = pair.strip().partition("=")
            options = {}
            for attribute in attributes:
                key, _, option = attribute.strip().partition("=")
                options[key.lower()] = option
            self.every_cookie.add((name, value))
            same_site = options.get("samesite", "lax").lower()
            if third_party and (not self.third_party_cookies or same_site != "none"):
                continue
            if same_site == "none" and "secure" not in options:
                continue
            path = options.get("path", "")
            path = path if path.startswith("/") else "/"
            expires = None
            if "max-age" in options:
                expires = time.time() + int(options["max-age"])
            elif "expires" in options:
                expires = parsedate_to_datetime(options["expires"]).timestamp()
            self.jar = [c for c in self.jar if (c.host, c.name, c.path) != (host, name, path)]
            if expires is None or expires > time.time():
                self.jar.append(Cookie(host, name, value, path, same_site, "httponly" in options, expires))

    # Requests

    def send(self, method, url, headers=(), body=None, *, cookies=()):
        """One request as given, nothing added but Host, Cookie and Content-Length. No redirect is followed."""
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        for attempt in (1, 2):
            # Over TLS a connection is for one host: its name was said when it was made.
            place = (parts.port, parts.hostname if parts.scheme == "https" else None)
            fresh = place not in self._connection
            connection = self._connection.setdefault(place, self._connect(parts))
            try:
                connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
                connection.putheader("Host", parts.netloc)
                for name, value in headers:
                    connection.putheader(name, value)
                if cookies:
                    connection.putheader("Cookie", "; ".join(f"{c.name}={c.value}" for c in cookies))
                if body is not None:
                    connection.putheader("Content-Length", str(len(body)))
                connection.endheaders(body)
                response = connection.getresponse()
                answer = Answer(url, response.status, response.getheaders(), response.read())
                break
            except (http.client.RemoteDisconnected, ConnectionError, BrokenPipeError):
                # A kept connection may have been closed meanwhile; a fresh one that fails is a finding.
                connection.close()
                self._connection.pop(place, None)
                if fresh or attempt == 2:
                    raise
        is_json = "json" in (answer.header("Content-Type") or "")
        for text in (answer.header("Location") or "", answer.text if is_json else ""):
            self.every_ticket.update(re.findall(r"(?:tombolo-ticket=|\"ticket\" ?: ?\")([\w-]{20,})", text))
        return answer

    def _connect(self, parts):
        if parts.scheme != "https":
            return http.client.HTTPConnection("127.0.0.1", parts.port or 80, timeout=60)
        return _Encrypted(parts.hostname, parts.port or 443, self.tls)

    def _common(self):
        headers = [("User-Agent", USER_AGENTS[self.engine]), ("Accept-Language", "en")]
        if self.engine == "chromium":
            headers.append(("Sec-CH-UA", '"Chromium";v="140", "Not=A?Brand";v="24"'))
        return headers

    def visit(self, url, *, initiator=None, method="GET", form=None, user=True, extra=(), follow=True):
        """A top-level navigation: typed when there is no initiator (a URL), else by link, form or script from there."""
        hops = []
        site = site_between(initiator, url)
        body = urlencode(form).encode() if form is not None else (b"" if method == "POST" else None)
        for _ in range(12):
            headers = self._common() + [("Accept", ACCEPT_PAGE)] + list(extra)
            if self.engine != "plain":
                headers += [("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")]
                if user:
                    headers.append(("Sec-Fetch-User", "?1"))
            if initiator is not None and site == "same-origin":
                headers.append(("Referer", initiator))
            elif initiator is not None:
                headers.append(("Referer", origin_of(initiator) + "/"))
            if method == "POST":
                headers.append(("Content-Type", "application/x-www-form-urlencoded"))
                headers.append(("Origin", origin_of(initiator or url)))
            cookies = self._cookies_for(url, site == "cross-site", True, method)
            answer = self.send(method, url, headers, body, cookies=cookies)
            self._take(url, answer, third_party=False)
            hops.append(answer)
            location = answer.header("Location")
            if not follow or answer.status not in (301, 302, 303, 307, 308) or location is None:
                answer.hops = hops
                return answer
            if answer.status in (301, 302, 303):
                method, body = "GET", None
            target = urljoin(url, location)
            if site == "same-origin" and origin_of(target) != origin_of(url):
                site = "cross-site"
            url = target
        raise TooManyRedirects("\n".join(f"{hop.status} {hop.url}" for hop in hops))

    def fetch(self, page, url, *, payload=None, method="POST", extra=()):
        """fetch() with credentials from a page (its URL), with the preflight that a browser would send."""
        own = origin_of(page)
        site = site_between(page, url)
        body = None if payload is None else json.dumps(payload).encode()
        base = self._common() + [("Accept", "*/*")]
        if self.engine != "plain":
            base += [("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Dest", "empty")]
        if method != "GET" or site != "same-origin":
            base.append(("Origin", own))
        if site != "same-origin" and payload is not None:
            asked = [("Access-Control-Request-Method", method), ("Access-Control-Request-Headers", "content-type")]
            preflight = self.send("OPTIONS", url, base + asked)
            self._permitted(preflight, own)
            allowed = (preflight.header("Access-Control-Allow-Headers") or "").lower()
            if preflight.status not in (200, 204) or "content-type" not in allowed:
                raise BlockedByCORS(f"preflight: {preflight.status} {preflight.headers}")
        headers = base + list(extra)
        if payload is not None:
            headers.append(("Content-Type", "application/json"))
        if site == "cross-site" and self.engine == "chromium":
            headers.append(("Sec-Fetch-Storage-Access", "active" if self.third_party_cookies else "none"))
        cookies = self._cookies_for(url, site == "cross-site", False, method)
        answer = self.send(method, url, headers, body, cookies=cookies)
        self._take(url, answer, third_party=site == "cross-site")
        if site != "same-origin":
            self._permitted(answer, own)
        return answer

    @staticmethod
    def _permitted(answer, origin):
        if (
            answer.header("Access-Control-Allow-Origin") != origin
            or answer.header("Access-Control-Allow-Credentials") != "true"
        ):
            raise BlockedByCORS(f"{answer.url}: {answer.status} {answer.headers} {answer.text[:300]}")

    # What the loader does

    def begin(self, page):
        return self.fetch(page, origin_of(page) + contract.CROSSDOMAIN, payload={"action": "begin"}).json()

    def run_loader(self, page):
        """Begin, check, replace, or the handshake when the primary cannot know. Returns the word that ended it."""
        begun = self.begin(page)
        if begun.get("result") == "handshake":
            return self.handshake(page)
        if begun.get("result") != "ticket":
            return begun.get("result") or begun
        checked = self.fetch(page, begun["primary"], payload={"action": "check", "ticket": begun["ticket"]}).json()
        if checked.get("result") == "replace":
            payload = {"action": "replace", "ticket": checked["ticket"]}
            return self.fetch(page, origin_of(page) + contract.CROSSDOMAIN, payload=payload).json().get("result")
        if checked.get("result") == "unknown":
            return self.handshake(page)
        return checked.get("result") or checked

    def handshake(self, page):
        """The round trip that the loader begins with `location.replace`."""
        parts = urlsplit(page)
        there = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self.visit(f"{origin_of(page)}{contract.START}?to={quote(there, safe='')}", initiator=page, user=False)
        return "handshake"

    def browse(self, url, **options):
        """Visits a page, lets its loader do what it does, and returns the page that the person ends up with."""
        answer = self.visit(url, **options)
        if self.engine == "plain" or not answer.has_loader:
            return answer
        if self.run_loader(answer.url) in ("replaced", "handshake"):
            return self.visit(answer.url, initiator=answer.url, user=False)
        return answer

    def close(self):
        for connection in self._connection.values():
            connection.close()
        self._connection.clear()
