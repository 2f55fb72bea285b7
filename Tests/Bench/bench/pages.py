"""The bodies that the origin serves: made by a seeded generator, so that every run measures the same bytes."""

import gzip
import json
import random

TAG = b'<script src="/crossdomain/loader.js" async></script>'
HEAD = b'<!doctype html>\n<html lang="en">\n<head>'
SYLLABLES = "ba be bi bo da de di do ka ke ki ko la le li lo ma me mi mo na ne ni no ra re ri ro sa se si so ta te ti to".split()


def _words(source, count):
    """Words with the frequencies of a language, so that gzip has about as much to do as with real text."""
    vocabulary = ["".join(source.choices(SYLLABLES, k=source.randint(1, 4))) for _ in range(4000)]
    weights = [1 / (rank + 3) for rank in range(len(vocabulary))]
    return source.choices(vocabulary, weights, k=count)


def html(size):
    """A page of exactly `size` bytes: a head with some links, then list items with text."""
    source = random.Random(size)
    words = iter(_words(source, size))
    parts = [HEAD, b'\n<meta charset="utf-8">\n<title>Bench</title>\n<link rel="stylesheet" href="/style.css">\n']
    parts.append(b"</head>\n<body>\n<ul>\n")
    length = sum(map(len, parts))
    tail = b"</ul>\n</body>\n</html>\n"
    while True:
        text = " ".join(next(words) for _ in range(source.randint(4, 16)))
        line = f'<li class="{next(words)}"><a href="/item/{source.randint(1, 99999)}">{next(words)}</a> {text}</li>\n'.encode()
        if length + len(line) + len(tail) > size:
            break
        parts.append(line)
        length += len(line)
    return b"".join(parts) + b" " * (size - length - len(tail)) + tail


def with_tag(page):
    """The page as an injecting proxy has to send it."""
    assert page.count(b"<head>") == 1
    return page.replace(b"<head>", b"<head>" + TAG)


def write(folder):
    """Writes all bodies into `folder` and returns them by path."""
    text = " ".join(_words(random.Random(1), 400))
    record = {"id": 4711, "items": [], "text": ""}
    record["text"] = text[: 1024 - len(json.dumps(record))]
    bodies = {
        "/1k.json": json.dumps(record).encode(),
        "/10k.html": html(10_240),
        "/100k.html": html(102_400),
        "/1m.bin": random.Random(2).randbytes(1 << 20),
    }
    folder.mkdir()
    for path, body in bodies.items():
        (folder / path[1:]).write_bytes(body)
        if path.endswith(".html"):
            (folder / f"{path[1:]}.gz").write_bytes(gzip.compress(body, 6, mtime=0))
    # For clients that do not read it; nobody compares it with anything.
    with open(folder / "64m.bin", "wb") as large:
        large.truncate(64 << 20)
    return bodies
