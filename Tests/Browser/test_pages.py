"""Every document of Tests/Pages in real browsers: the page with the loader is the app's own page but for one element."""

import json
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

import engines
import pytest
from Pages.bodies import CODINGS, random_gzip
from Pages.documents import DOCUMENTS, UNTOUCHED
from Pages.upstream import Upstream
from support import contract
from support.tombolo import Tombolo

HOST, DIRECT = "pages.localhost", "direct.localhost"
DOM = (Path(__file__).parent / "dom.js").read_text()

BROWSERS = {"chromium": lambda: engines.chromium(engines.ALLOWED), "firefox": engines.firefox, "webkit": engines.webkit}
# Every document is loaded in identity and gzip, these also in the other codings and in random ways to write gzip.
SOME = [name for name in DOCUMENTS if name.startswith(("real-", "doctype-html", "bom-utf8-then", "frameset-", "long-body"))]

LOADER = ["element", "http://www.w3.org/1999/xhtml", "SCRIPT", [None, "src", contract.LOADER], [None, "async", ""]]


@pytest.fixture(scope="module")
def upstream():
    upstream = Upstream()
    upstream.make("/harness", "text/html", None, b"<!DOCTYPE html><title>harness</title>")
    yield upstream
    upstream.close()


@pytest.fixture(scope="module")
def tombolo(program, tmp_path_factory, upstream):
    with Tombolo(tmp_path_factory.mktemp("pages"), {HOST: upstream.url}) as tombolo:
        yield tombolo


class Window:
    """A browser that is kept for all documents."""

    LANES, BATCH, PATIENCE = 3, 60, 5000

    def __init__(self, name, driver, upstream, tombolo):
        self.name, self.driver = name, driver
        self.direct, self.through = f"http://{DIRECT}:{upstream.port}", tombolo.url(HOST, "")
        self.originals = {}
        driver.set_script_timeout(self.BATCH * self.PATIENCE / 1000)

    def load(self, origin, paths):
        """What the browser makes of the pages of an origin: path → lines."""
        found = {}
        self.driver.get(f"{origin}/harness")
        for at in range(0, len(paths), self.BATCH):
            batch = [origin + path for path in paths[at : at + self.BATCH]]
            found |= self.driver.execute_async_script(DOM, batch, self.LANES, self.PATIENCE)
        assert list(found) and "" not in found, found.get("")
        return {address.removeprefix(origin): lines for address, lines in found.items()}

    def original(self, names):
        """The documents as the upstream sends them, loaded from there: name → lines."""
        missing = {path_of(name, "identity"): name for name in set(names) - set(self.originals)}
        for path, lines in self.load(self.direct, list(missing)).items() if missing else ():
            self.originals[missing[path]] = lines
        return self.originals


@pytest.fixture(scope="module", params=BROWSERS)
def window(request, upstream, tombolo):
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        # Profiles go into a folder that ends with the tests. Its name is short: Chromium keeps a Unix socket inside.
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tombolo-", ignore_cleanup_errors=True))
        patch.setitem(os.environ, "TMPDIR", folder)
        if request.param == "webkit":
            patch.setitem(os.environ, "DISPLAY", stack.enter_context(engines.screen()))
        driver = BROWSERS[request.param]()
        stack.callback(driver.quit)
        driver.set_page_load_timeout(30)
        yield Window(request.param, driver, upstream, tombolo)


def without_loader(lines):
    """The lines without the loader's, where it is the first child of the head, and whether it was."""
    for index, line in enumerate(lines):
        if json.loads(line) == LOADER:
            parent = json.loads(lines[index - 1])
            if parent[:3] == ["element", "http://www.w3.org/1999/xhtml", "HEAD"]:
                return lines[:index] + lines[index + 1 :], True
    return lines, False


# Their scripts throw the head away, and the loader with it.
HEADLESS = {"script-removes-its-parent", "script-opens-document-after-load"}

# No encoding is declared, and there are bytes that no text has. Chromium then guesses by all the bytes it sees, and the
# tag's are among them. They are loaded with a declared encoding instead.
GUESSED = {
    "whitespace-before-head-vertical-tab",
    "whitespace-before-head-control-character",
    "whitespace-first-vertical-tab",
    "whitespace-first-control-character",
    "bom-utf8-half",
    "nul-after-head",
}

# What an app's script can notice by counting: what it finds without the loader and with it. Frameworks do not count, as
# browser extensions and consent tools put elements into the head as well.
NOTICED = {
    "notices-first-script": ("own", "other"),
    "notices-script-count": ("1", "2"),
    "notices-first-child-of-head": ("TITLE", "SCRIPT"),
    "notices-head-children-count": ("2", "3"),
}
# The snippets of old analytics: the script that they add goes before the page's first, which is now the loader; and what
# is put first into the head comes before the loader.
MOVED = {"notices-insert-before-first-script", "notices-prepend-to-head"}
INNER_HTML = "notices-inner-html"


def path_of(name, coding):
    return f"/{coding}/whole/{name}" + ("?charset=windows-1252" if name in GUESSED else "")


def difference(before, after):
    """The first lines that differ, for the report."""
    for one, other in zip(before + ["(end)"], after + ["(end)"]):
        if one != other:
            return f"{one.strip()[:200]} became {other.strip()[:200]}"
    return f"{len(before)} lines became {len(after)}"


def compare(window, pages):
    """`pages`: path at Tombolo → name of the document that it is."""
    originals, loaded = window.original(pages.values()), window.load(window.through, list(pages))
    wrong = {}
    for path, name in pages.items():
        before, (after, has_loader) = originals[name], without_loader(loaded[path] or [])
        if before is None:
            wrong[path] = "never loads"
        elif before != after:
            wrong[path] = difference(before, after)
        elif has_loader == (name in UNTOUCHED or name in HEADLESS):
            wrong[path] = "has the loader" if has_loader else "has no loader"
    assert not wrong, json.dumps(wrong, indent=1)


@pytest.mark.parametrize("coding", CODINGS)
def test_the_page_is_the_same_but_for_the_loader(window, coding):
    known = CODINGS if window.name != "webkit" else ["identity", "gzip", "deflate", "raw-deflate"]
    if coding not in known:
        pytest.skip("WebKitGTK knows br over https alone, and no zstd")
    names = DOCUMENTS if coding in ("identity", "gzip") else SOME
    compare(window, {path_of(name, coding): name for name in names if not name.startswith("notices-")})


def test_every_way_to_write_gzip_is_accepted(window, upstream):
    pages = {}
    for seed in range(150):
        name = SOME[seed % len(SOME)]
        pages[f"/random/{seed}"] = name
        upstream.make(f"/random/{seed}", DOCUMENTS[name].content_type, "gzip", random_gzip(DOCUMENTS[name].body, seed))
    compare(window, pages)


def root_attributes(lines):
    root = next(json.loads(line) for line in lines if '"HTML"' in line)
    return {name: value for _, name, value in root[3:]}


def test_what_a_script_can_notice(window):
    assert {*NOTICED, *MOVED, INNER_HTML} == {name for name in DOCUMENTS if name.startswith("notices-")}
    names = [*NOTICED, *MOVED, INNER_HTML]
    before = window.original(names)
    loaded = window.load(window.through, [path_of(name, "identity") for name in names])
    after = {path.rpartition("/")[2]: lines for path, lines in loaded.items()}
    found = {name: tuple(root_attributes(lines[name])["data-found"] for lines in (before, after)) for name in NOTICED}
    assert found == NOTICED
    lengths = [int(root_attributes(lines[INNER_HTML])["data-found"]) for lines in (before, after)]
    assert lengths[1] - lengths[0] == len(f'<script src="{contract.LOADER}" async=""></script>')
    # Moved, but nothing is lost and nothing else is there.
    for name in MOVED:
        loader = [line for line in after[name] if json.loads(line) == LOADER]
        assert len(loader) == 1
        assert sorted(map(str.strip, after[name])) == sorted(map(str.strip, [*before[name], *loader]))
