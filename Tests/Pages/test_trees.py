"""Every document of the corpus in every coding and in many pieces, as html5lib sees it with and without the loader."""

import gzip
import http.client

import pytest
from Pages.bodies import CODINGS, decoded, random_gzip
from Pages.documents import DOCUMENTS, FRAGMENTS, UNTOUCHED
from Pages.trees import Tree, without_tag
from Pages.upstream import Upstream, encoded
from support.tombolo import Tombolo

HOST = "pages.localhost"
DOCUMENT = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none"}


@pytest.fixture(scope="module")
def upstream():
    upstream = Upstream()
    yield upstream
    upstream.close()


class Client:
    """Fetches pages through Tombolo on one connection, as a browser does that accepts every coding."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def fetch(self, path, fields=DOCUMENT):
        fields = {"Host": HOST, "Accept": "text/html", "Accept-Encoding": "gzip, deflate, br, zstd", **fields}
        self.connection.request("GET", path, headers=fields)
        answer = self.connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (path, answer.status, body[:300])
        return answer, body


@pytest.fixture(scope="module")
def client(program, tmp_path_factory, upstream):
    with Tombolo(tmp_path_factory.mktemp("pages"), {HOST: upstream.url}) as tombolo:
        client = Client(tombolo.port)
        yield client
        client.connection.close()


@pytest.fixture(scope="module")
def plain(client):
    """What each document becomes without a coding and in one piece: name → body."""
    return {name: client.fetch(f"/identity/whole/{name}")[1] for name in DOCUMENTS}


def test_the_corpus_is_large():
    assert len(DOCUMENTS) >= 300


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_tree_is_the_same_but_for_the_loader(name, plain):
    document = DOCUMENTS[name]
    if plain[name] == document.body:
        return  # whether it should have been is said below
    without_tag(plain[name], document.body)
    before, after = Tree(document.body, document.charset), Tree(plain[name], document.charset)
    assert after.text == before.text
    assert after.has_loader and not before.has_loader


def test_what_is_left_untouched(plain):
    untouched = {name for name, body in plain.items() if body == DOCUMENTS[name].body}
    assert untouched == set(UNTOUCHED)


def test_fragments_are_untouched_where_nothing_says_that_a_document_is_loaded(client, plain):
    untouched = set()
    for name, document in DOCUMENTS.items():
        _, body = client.fetch(f"/identity/whole/{name}", {})
        assert body in (document.body, plain[name]), name
        if body == document.body:
            untouched.add(name)
    assert untouched == set(UNTOUCHED) | set(FRAGMENTS)


def pieces(body, point):
    """The kinds of pieces to send an encoded body in; `point` is where the tag goes, if it is known."""
    yield "whole"
    if len(body) <= 4000:
        yield "by1"
    if len(body) <= 20000:
        yield "by7"
    middle = len(body) // 2 if point is None else point
    for cut in sorted({middle - 1, middle, middle + 1}):
        if 0 < cut < len(body):
            yield f"at-{cut}"


@pytest.mark.parametrize("coding", CODINGS)
def test_every_coding_and_chunking_gives_the_same_page(coding, client, plain):
    wrong = []
    for name, document in DOCUMENTS.items():
        sent = encoded(name, coding)
        is_untouched = plain[name] == document.body
        point = None if coding != "identity" or is_untouched else without_tag(plain[name], document.body)
        for kind in pieces(sent, point):
            answer, body = client.fetch(f"/{coding}/{kind}/{name}")
            if is_untouched:
                # Not a bit of it was changed: it is what the upstream sent, not something that decodes to the same.
                right = body == sent and answer.getheader("Content-Encoding") == CODINGS[coding][0]
            else:
                right = decoded(body, answer.getheader("Content-Encoding")) == plain[name]
            if not right:
                wrong.append((name, kind))
    assert not wrong


def test_every_way_to_write_gzip_gives_the_same_page(client, plain, upstream):
    wrong = []
    for seed, name in enumerate(DOCUMENTS):
        document, path = DOCUMENTS[name], f"/random/{seed}"
        sent = random_gzip(document.body, seed)
        assert gzip.decompress(sent) == document.body
        upstream.make(path, document.content_type, "gzip", sent)
        _, body = client.fetch(path)
        if (body != sent) if plain[name] == document.body else (gzip.decompress(body) != plain[name]):
            wrong.append((seed, name))
    assert not wrong
