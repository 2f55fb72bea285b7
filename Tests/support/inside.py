"""The internal listener as operators and their tools see it."""

import http.client
import json
import socket

from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from .processes import free_port


def section(address):
    """The section of the configuration that opens it, for `extra` of contract.configuration."""
    return f"[internal]\nlisten = \"{address}\"\n"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("tombolo", timeout=10)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(self.path)


class Inside:
    def __init__(self, port=None, path=None):
        self.path = path
        self.port = None if path else port or free_port()

    @property
    def section(self):
        return section(f"unix:{self.path}" if self.path else f"127.0.0.1:{self.port}")

    def request(self, target, method="GET", **headers):
        """Status, header fields and body."""
        connection = UnixConnection(self.path) if self.path else http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, target, headers={name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
        finally:
            connection.close()

    def report(self, target):
        status, _, body = self.request(target)
        return status, json.loads(body)

    def page(self):
        status, headers, body = self.request("/metrics")
        assert status == 200, (status, body)
        assert headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        return body

    def families(self):
        return list(text_string_to_metric_families(self.page()))

    def open_metrics(self):
        status, headers, body = self.request("/metrics", Accept="application/openmetrics-text; version=1.0.0")
        assert status == 200 and headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
        return list(openmetrics.text_string_to_metric_families(body))

    def numbers(self):
        return Numbers({(s.name, tuple(sorted(s.labels.items()))): s.value for f in self.families() for s in f.samples})


class Numbers:
    """One reading of all numbers."""

    def __init__(self, values):
        self.values = values

    def sum(self, name, /, **labels):
        """The sum over every series of that name that has these labels."""
        wanted = set(labels.items())
        return sum(value for (other, pairs), value in self.values.items() if other == name and wanted <= set(pairs))
