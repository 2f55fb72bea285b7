"""The browsers really are what the other tests take them for: which of them sends its cookies to a foreign site."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

EXPECTED = {"chromium-blocked": False, "chromium-allowed": True, "firefox-defaults": False}


@pytest.fixture
def probe():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = (self.headers.get("Cookie") or "none").encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html" if self.path == "/" else "text/plain")
            self.send_header("Content-Length", str(len(body)))
            if self.path == "/":
                self.send_header("Set-Cookie", "seen=1; SameSite=None; Secure; Path=/")
            if origin := self.headers.get("Origin"):
                self.send_header("Access-Control-Allow-Origin", origin)
                self.send_header("Access-Control-Allow-Credentials", "true")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def test_third_party_cookies(browser, engine, probe):
    browser.get(f"http://two.localhost:{probe}/")
    browser.get(f"http://two.localhost:{probe}/again")
    assert "seen=1" in browser.page_source
    browser.get(f"http://one.localhost:{probe}/")
    script = (
        "const [url, done] = arguments;"
        " fetch(url, {credentials: 'include'}).then(answer => answer.text()).then(done, error => done('' + error))"
    )
    seen = browser.execute_async_script(script, f"http://two.localhost:{probe}/cookies")
    assert ("seen=1" in seen) == EXPECTED[engine], seen
