"""An upstream that sends every document of the corpus in every coding and in pieces of every kind.

/CODING/PIECES/NAME, where PIECES is
  whole   one write, with Content-Length          by1   chunks of one byte
  by7     writes of seven bytes, Content-Length   at-N  two chunks, cut before byte N of the encoded body
With ?charset=LABEL the response declares that charset, whatever the document says.
"""

import threading
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from Pages.bodies import CODINGS
from Pages.documents import DOCUMENTS


@lru_cache(maxsize=None)
def encoded(name, coding):
    return CODINGS[coding][1](DOCUMENTS[name].body)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        path, _, query = self.path.partition("?")
        parts = path.split("/")
        if made := self.server.made.get(path):
            return self._send(*made, "whole")
        if len(parts) != 4 or parts[1] not in CODINGS or parts[3] not in DOCUMENTS:
            return self._send("text/plain", None, b"there is no such document", "whole", status=404)
        _, coding, pieces, name = parts
        content_type = f"text/html; {query}" if query else DOCUMENTS[name].content_type
        self._send(content_type, CODINGS[coding][0], encoded(name, coding), pieces)

    def _send(self, content_type, coding, body, pieces, status=200):
        self.send_response_only(status)
        self.send_header("Content-Type", content_type)
        if coding:
            self.send_header("Content-Encoding", coding)
        if pieces in ("whole", "by7"):
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            size = 7 if pieces == "by7" else max(len(body), 1)
            for at in range(0, len(body), size):
                self.wfile.write(body[at : at + size])
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if pieces == "by1":
            chunks = [body[at : at + 1] for at in range(len(body))]
        else:
            cut = int(pieces.removeprefix("at-"))
            chunks = [body[:cut], body[cut:]]
        self.wfile.write(b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks if chunk) + b"0\r\n\r\n")

    def log_message(self, *_):
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass  # browsers end connections as they like


class Upstream:
    def __init__(self):
        self.server = _Server(("127.0.0.1", 0), _Handler)
        self.server.made = {}  # path → (Content-Type, Content-Encoding, body), for bodies that a test makes
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def make(self, path, content_type, coding, body):
        self.server.made[path] = (content_type, coding, body)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
