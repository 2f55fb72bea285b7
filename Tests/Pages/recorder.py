"""A proxy that keeps what an app answered, so that a page with a date or a token in it can be compared with itself."""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# These belong to one connection, and are said anew for the next.
_OF_THE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))) or None
        app = http.client.HTTPConnection("127.0.0.1", self.server.app_port, timeout=60)
        app.request(self.command, self.path, body, dict(self.headers.items()))
        answer = app.getresponse()
        body = answer.read()
        app.close()
        self.server.answers.append((answer, body))
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _OF_THE_CONNECTION:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _pass_on

    def log_message(self, *_):
        pass


class Recorder:
    """Stands between Tombolo and the app that listens on `app_port`."""

    def __init__(self, app_port):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.server.daemon_threads = True
        self.server.app_port, self.server.answers = app_port, []
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def last(self):
        """The app's latest answer and its body, as sent."""
        return self.server.answers[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
