"""What html5lib makes of a page, and what the loader's tag changed of it."""

import html5lib
from html5lib import treebuilders

from support import contract

TAG = f'<script src="{contract.LOADER}" async></script>'.encode()


def _is_loader(node):
    return (
        node.nodeName == "script"
        and dict(node.attributes.items()) == {"src": contract.LOADER, "async": ""}
        and not node.childNodes
    )


class Tree:
    """A parsed page without the loader's element: `text`, one line a node, the compatibility mode and the encoding."""

    def __init__(self, body, charset=None):
        parser = html5lib.HTMLParser(tree=treebuilders.getTreeBuilder("dom"))
        document = parser.parse(body, transport_encoding=charset)
        head = document.getElementsByTagName("head")[0]
        first = head.firstChild
        self.has_loader = first is not None and _is_loader(first)
        if self.has_loader:
            head.removeChild(first)
        self.text = "\n".join(
            [f"mode: {parser.compatMode}", f"encoding: {parser.documentEncoding}", parser.tree.testSerializer(document)]
        )


def without_tag(body, original):
    """Asserts that the body is the original with the tag somewhere in it, once, and returns where."""
    assert len(body) == len(original) + len(TAG)
    at = body.find(TAG)
    assert at >= 0
    # The tag's bytes may also be the page's own, after ours.
    assert body[:at] + body[at + len(TAG) :] == original
    return at
