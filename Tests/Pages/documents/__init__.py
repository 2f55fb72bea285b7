"""Documents of our own, by theme. A document's name says what is odd about it.

Each theme is a module with a table `DOCUMENTS` of name → text (sent as UTF-8), bytes, or `served(…)` where the response
declares a charset. `UNTOUCHED` and `FRAGMENTS` say which of them the loader stays out of, and why.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Document:
    name: str
    body: bytes
    charset: str | None = None
    """What `Content-Type` says, if anything."""

    @property
    def content_type(self):
        return f"text/html; charset={self.charset}" if self.charset else "text/html"


def _read():
    from . import comments, contents, doctypes, encodings, endings, legacy, real, scripts, tags, whitespace

    documents = {}
    for theme in (doctypes, comments, whitespace, tags, contents, scripts, encodings, legacy, endings, real):
        for name, body in theme.DOCUMENTS.items():
            assert name not in documents, f"two documents are called {name}"
            charset = None
            if isinstance(body, tuple):
                charset, body = body
            documents[name] = Document(name, body.encode() if isinstance(body, str) else body, charset)
    return documents


DOCUMENTS = _read()

from .untouched import FRAGMENTS, UNTOUCHED  # noqa: E402, F401
