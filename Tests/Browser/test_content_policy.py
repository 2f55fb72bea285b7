"""Under every kind of Content-Security-Policy the loader runs, or does nothing at all; and of the page's own scripts and
requests exactly those run that run without Tombolo."""

import base64
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import engines
from support.processes import eventually
from support.tombolo import Tombolo

PRIMARY, HOST = "shop.localhost", "club.localhost"
NONCE = "bm9uY2U="
INLINE = "(window.ran = window.ran || []).push('inline')"
HASH = base64.b64encode(hashlib.sha256(INLINE.encode()).digest()).decode()

# Everything that a policy decides about, each telling that it ran. OTHER is another site's address.
PAGE = f"""<!doctype html><html><head>{{meta}}<title>policy</title>
<script>{INLINE}</script>
<script nonce="{NONCE}">(window.ran = window.ran || []).push("nonce");
  var made = document.createElement("script"); made.src = "/own.js?made"; document.head.append(made);
  try {{{{ eval("window.ran.push('eval')") }}}} catch (refused) {{{{ }}}}</script>
<script src="/own.js"></script>
<script src="/crossdomain.js"></script>
<script src="/crossdomain-loader.js/crossdomain/loader.js"></script>
<script src="{{other}}/foreign.js"></script>
</head><body><img src="data:," onerror="(window.ran = window.ran || []).push('handler')"></body></html>"""
SCRIPT = """(window.ran = window.ran || []).push(document.currentScript.getAttribute("src").replace(/^http:\\/\\/[^/]*/, "http:"));
try { Function("window.ran.push('function')")() } catch (refused) { }"""

# How a line of a case says that it is no policy's own line.
FIELDS = {
    "Report-Only": "Content-Security-Policy-Report-Only",
    "Cross-Origin-Embedder-Policy": "Cross-Origin-Embedder-Policy",
    "Integrity-Policy": "Integrity-Policy",
    "meta": "meta",
}

LOADER, NO_LOADER = True, False
REACHES, BLOCKED = True, False

# name: field lines, whether the loader runs, whether it reaches its own endpoint and the primary's
CASES = {
    "no policy": ([], LOADER, REACHES),
    "self": (["script-src 'self'; connect-src 'self'"], LOADER, REACHES),
    "default self": (["default-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'"], LOADER, REACHES),
    "nothing may be fetched": (["connect-src 'none'"], LOADER, REACHES),
    "nothing at all": (["default-src 'none'"], LOADER, REACHES),
    "no scripts": (["script-src 'none'"], LOADER, REACHES),
    "an empty list": (["script-src"], LOADER, REACHES),
    "a nonce": ([f"script-src 'nonce-{NONCE}'"], LOADER, REACHES),
    "a nonce and strict-dynamic": ([f"script-src 'nonce-{NONCE}' 'strict-dynamic' https: 'unsafe-inline'"], LOADER, REACHES),
    "hashes": ([f"script-src 'sha256-{HASH}'"], LOADER, REACHES),
    "hashes and strict-dynamic": ([f"script-src 'sha256-{HASH}' 'strict-dynamic'"], LOADER, REACHES),
    "strict-dynamic alone": (["script-src 'strict-dynamic' 'unsafe-inline'"], LOADER, REACHES),
    "inline only": (["script-src 'unsafe-inline'"], LOADER, REACHES),
    "inline and eval by default": (["default-src 'unsafe-inline' 'unsafe-eval'"], LOADER, REACHES),
    "another host's scripts": (["script-src 'unsafe-inline' {other}"], LOADER, REACHES),
    "one path of the own host": (["script-src {own}/own.js; connect-src {own}/own"], LOADER, REACHES),
    "elements apart": (["script-src 'self'; script-src-elem 'unsafe-inline'"], LOADER, REACHES),
    "two lines": (["script-src 'self'", f"script-src 'nonce-{NONCE}'; default-src 'none'"], LOADER, REACHES),
    "two in one line": (["default-src 'self', script-src 'unsafe-inline' 'unsafe-eval'"], LOADER, REACHES),
    "two nonces": ([f"script-src 'nonce-{NONCE}', script-src 'nonce-{NONCE}' 'nonce-eA=='"], LOADER, REACHES),
    "a sandbox": (["sandbox"], NO_LOADER, None),
    "a sandbox with scripts": (["sandbox allow-scripts"], NO_LOADER, None),
    "a sandbox with everything": (["sandbox allow-scripts allow-same-origin"], LOADER, REACHES),
    "trusted types": (["require-trusted-types-for 'script'; trusted-types 'none'"], LOADER, REACHES),
    "reports only": (["Report-Only: default-src 'none'"], LOADER, REACHES),
    "embedder policy": (["Cross-Origin-Embedder-Policy: require-corp"], LOADER, REACHES),
    "meta forbids what follows": (["meta: default-src 'none'"], LOADER, BLOCKED),
    "integrity wanted": (["Integrity-Policy: blocked-destinations=(script)"], LOADER, REACHES),
}


class App(ThreadingHTTPServer):
    """Serves /case/N with the policies of that case; what is no page is a script, or an answer to anybody's fetch."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.other = f"http://other.localhost:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        if self.path.startswith("/case/"):
            meta, own = "", f"http://{self.headers['Host']}"
            for line in list(CASES.values())[int(self.path[6:])][0]:
                prefix, _, rest = line.partition(": ")
                name, value = (FIELDS[prefix], rest) if prefix in FIELDS else ("Content-Security-Policy", line)
                value = value.replace("{other}", self.server.other).replace("{own}", own)
                if name == "meta":
                    meta = f'<meta http-equiv="Content-Security-Policy" content="{value}">'
                else:
                    self.send_header(name, value)
            kind, body = "text/html", PAGE.format(meta=meta, other=self.server.other)
        else:
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Cross-Origin-Resource-Policy", "cross-origin")
            kind, body = "text/javascript", SCRIPT
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module", params=["chromium-allowed", "firefox-defaults"])
def driver(request):
    driver = engines.ENGINES[request.param]()
    driver.set_page_load_timeout(60)
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def places(program, tmp_path_factory):
    """Addresses of the app with and without Tombolo before it."""
    app = App()
    url = f"http://127.0.0.1:{app.server_port}"
    # Nothing navigates: a page is looked at as it is.
    settings = {"extra_group": 'handshake = "off"\nreload = "never"', "login": False, "share_cookies": ()}
    with Tombolo(tmp_path_factory.mktemp("policy"), {PRIMARY: url, HOST: url}, **settings) as tombolo:
        yield f"http://{HOST}:{app.server_port}", f"http://{HOST}:{tombolo.port}", f"http://{PRIMARY}:{tombolo.port}", app.other
    app.shutdown()
    app.server_close()


# Fetches with the page's own rights: a CSP refusal and a CORS refusal are both no answer.
REACH = """const [urls, done] = arguments;
Promise.all(urls.map(([url, init]) => fetch(url, init).then(() => true, () => false))).then(done);"""
POST = {"method": "POST", "headers": {"Content-Type": "application/json"}, "body": '{"action":"begin"}'}


def look(driver, url, other):
    """What ran on the page, and what it may fetch."""
    driver.get(url)
    eventually(lambda: driver.execute_script("return document.readyState") == "complete", 30, what="the page")
    ran = driver.execute_script("return (window.ran || []).slice().sort()")
    fetched = driver.execute_async_script(REACH, [["/elsewhere", {}], ["/crossdomainer", {}], [other + "/x", {}]])
    return ran, fetched


@pytest.mark.parametrize("name", CASES)
def test_policy(driver, places, name):
    direct, through, primary, other = places
    _, runs, reaches = CASES[name]
    path = f"/case/{list(CASES).index(name)}"
    without = look(driver, direct + path, other)
    assert driver.execute_script("return window.tomboloLoader") is None
    assert look(driver, through + path, other) == without
    if name == "no policy":
        assert "inline" in without[0] and "nonce" in without[0] and "/own.js" in without[0]  # the probes do tell
    assert bool(driver.execute_script("return window.tomboloLoader")) == runs
    assert driver.execute_script("return document.scripts.length && document.scripts[0].src.includes('loader.js')") == runs
    if reaches is not None:
        urls = [[through + "/crossdomain", POST], [primary + "/crossdomain", {**POST, "credentials": "include"}]]
        assert driver.execute_async_script(REACH, urls) == [reaches, reaches]
