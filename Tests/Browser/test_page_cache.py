"""A browser's own cache keeps pages with the loader as it keeps the app's: fresh ones are shown without asking, and others
are validated with the app's own tags."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

HOST = "shop.localhost"
PAGES = {
    "/fresh": ("max-age=600", None),
    "/tagged": ("no-cache", ("ETag", '"abc"', "If-None-Match", '"abc"')),
    "/dated": ("no-cache", ("Last-Modified", "Sat, 21 Nov 2026 10:00:00 GMT", "If-Modified-Since", "Sat, 21 Nov 2026 10:00:00 GMT")),
}


class App(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answered = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        lifetime, validator = PAGES.get(self.path, ("no-store", None))
        body = b"<!doctype html><html><head><title>t</title></head><body>b</body></html>"
        is_held = validator and self.headers.get(validator[2]) == validator[3]
        self.server.answered.append((self.path, 304 if is_held else 200))
        self.send_response(304 if is_held else 200)
        self.send_header("Cache-Control", lifetime)
        if validator:
            self.send_header(validator[0], validator[1])
        if not is_held:
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not is_held:
            self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def app():
    app = App()
    yield app
    app.shutdown()
    app.server_close()


def test_pages_in_the_browsers_cache(browser, start_tombolo, app):
    tombolo = start_tombolo({HOST: f"http://127.0.0.1:{app.server_port}"}, login=False, share_cookies=())
    # The first page of a session sets cookies; those that follow are as anybody's.
    browser.get(tombolo.url(HOST, "/first"))
    expected = {"/fresh": [200], "/tagged": [200, 304], "/dated": [200, 304]}
    for path, statuses in expected.items():
        for _ in range(2):
            browser.get(tombolo.url(HOST, path))
            assert browser.execute_script("return window.tomboloLoader && document.scripts.length") == 1
            browser.get(tombolo.url(HOST, "/elsewhere"))
        assert [status for asked, status in app.answered if asked == path] == statuses, app.answered
