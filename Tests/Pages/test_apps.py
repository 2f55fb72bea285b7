"""Pages of real applications through Tombolo: the bytes that the app sent, and the loader's tag."""

import http.client
import re
from urllib.parse import urlencode

import pytest
from Pages.applications import ADMINISTRATOR, PAGES, django
from Pages.bodies import decoded
from Pages.recorder import Recorder
from Pages.trees import Tree, without_tag
from support.tombolo import Tombolo

HOST = "pages.localhost"


class Visit:
    """A browser's page loads on one connection, with a jar for its cookies; each page is compared with what the app sent."""

    def __init__(self, port, recorder):
        self.connection, self.recorder = http.client.HTTPConnection("127.0.0.1", port, timeout=60), recorder
        self.origin, self.jar = f"http://{HOST}:{port}", {}

    def page(self, path, form=None):
        fields = {
            "Host": self.origin.removeprefix("http://"),
            "Accept": "text/html,*/*;q=0.8",
            "Accept-Encoding": "gzip, deflate, br, zstd",
            "Sec-Fetch-Dest": "document",
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Site": "same-origin",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.jar.items()),
        }
        if form:
            fields |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.origin, "Referer": self.origin + path}
        self.connection.request("POST" if form else "GET", path, urlencode(form) if form else None, fields)
        answer = self.connection.getresponse()
        body = answer.read()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                name, _, value = value.partition(";")[0].partition("=")
                self.jar[name] = value
        if location := answer.getheader("Location"):
            return self.page(location.removeprefix(self.origin))
        return self.compare(answer, body)

    def compare(self, answer, body):
        said, sent = self.recorder.last()
        assert answer.status == said.status
        original = decoded(sent, said.getheader("Content-Encoding"))
        page = decoded(body, answer.getheader("Content-Encoding"))
        charset = (re.findall(r"charset=([^;]+)", said.getheader("Content-Type")) or [None])[0]
        without_tag(page, original)
        before, after = Tree(original, charset), Tree(page, charset)
        assert after.text == before.text
        assert after.has_loader and not before.has_loader
        return original.decode()


@pytest.fixture
def visit(program, tmp_path):
    """A function that starts an application behind a Tombolo and visits it."""
    running = []

    def start(application):
        folder = tmp_path / application.__name__
        folder.mkdir()
        app = application(folder)
        running.append(app.stop)
        app.start()
        recorder = Recorder(app.port)
        running.append(recorder.server.server_close)
        running.append(recorder.server.shutdown)
        tombolo = Tombolo(tmp_path / "tombolo", {HOST: recorder.url}, share_cookies=(), login=False)
        running.append(tombolo.stop)
        tombolo.start()
        return Visit(tombolo.port, recorder)

    yield start
    for end in reversed(running):
        end()


@pytest.mark.parametrize("application", PAGES, ids=lambda application: application.__name__)
def test_pages_are_the_apps_own(application, visit):
    browser = visit(application)
    for path in PAGES[application]:
        browser.page(path)


def test_the_admin_after_a_login(visit):
    browser = visit(django)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.page("/admin/login/?next=/admin/"))[1]
    assert "Site administration" in browser.page("/admin/login/?next=/admin/", {"csrfmiddlewaretoken": token, **ADMINISTRATOR})
    assert "ann@shop.example" in browser.page("/admin/auth/user/")
    assert "Ann" not in browser.page("/admin/auth/user/add/")
