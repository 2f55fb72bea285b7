"""Compares an answer through Tombolo with the app's own, line by line and byte by byte, and what the app saw of the request.

What may differ is said by the tables in `allowed_answers.py` and `allowed_requests.py`. An entry takes out of both sides
exactly what it explains; then both must be equal. It notes whether there was something to explain: an entry that nothing
needs says something untrue, see `unused`."""

import copy
import re
from dataclasses import dataclass
from difflib import SequenceMatcher, unified_diff


@dataclass
class Pair:
    """The same request sent both ways: `direct` to the app, `through` Tombolo."""

    direct: object
    through: object


@dataclass
class Difference:
    """`explain(pair)` takes out what it explains, and returns whether there was anything."""

    what: str
    why: str
    explain: object
    used: bool = False


# What an app itself says differently each time, however it is asked.
VOLATILE = [
    re.compile(pattern)
    for pattern in (
        rb"(?<=^[Dd]ate: )\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$",
        rb"(?<=^Expires: )\w{3}, \d\d \w{3} 20[23]\d \d\d:\d\d:\d\d GMT$",
        rb"(?<=; expires=)\w{3}, \d\d \w{3} 20[23]\d \d\d:\d\d:\d\d GMT",
        rb"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}",
        rb"(?<=csrftoken=)\w{32}",
        rb"(?<=sessionid=)\w{32}",
        rb"(?<=PHPSESSID=)\w{26}",
        rb"(?<= at 0x)[0-9a-f]{12}",
        rb"(?<=\b[cv])\d{14,15}\b|(?<=\bpre)\d{14,15}\b|(?<=\bpost)\d{14,15}\b",
        rb'(?<=name="csrfmiddlewaretoken" value=")\w{64}',
    )
]


def still(text):
    """The text without what is volatile, in the same length."""
    for pattern in VOLATILE:
        text = pattern.sub(lambda found: b"*" * len(found[0]), text)
    return text


class NotAlike(AssertionError):
    """Both sides, as they came and as they were when all that may differ had been taken out."""


def names(lines):
    return [line.partition(b":")[0].lower().decode("latin-1") for line in lines]


def distance(direct, through):
    """How many lines only one side has, or has elsewhere."""
    blocks = SequenceMatcher(None, direct, through, autojunk=False).get_matching_blocks()
    return len(direct) + len(through) - 2 * sum(block.size for block in blocks)


def without(lines, *taken):
    return [line for line, name in zip(lines, names(lines)) if name not in taken]


def values(side, name):
    return [line.partition(b":")[2].strip() for line in side.lines if names([line]) == [name]]


def drop(pair, *names):
    """Takes the lines of these names out of both sides, if that brings them nearer."""
    kept = [without(side.lines, *names) for side in (pair.direct, pair.through)]
    if distance(*kept) == distance(pair.direct.lines, pair.through.lines):
        return False
    pair.direct.lines, pair.through.lines = kept
    return True


def hop(name):
    """A field that speaks of one connection only; the client's is another than the app's."""
    return lambda pair: drop(pair, name)


def added(name, form):
    """A line that is added once, of this form; nothing of the app's or the client's is lost by it."""

    def explain(pair):
        lines = [line for line in pair.through.lines if line not in pair.direct.lines and names([line]) == [name]]
        if len(lines) != 1 or not re.fullmatch(f"{name}: {form}".encode(), lines[0], re.IGNORECASE):
            return False
        pair.through.lines.remove(lines[0])
        return True

    return explain


def replaced(name, allowed):
    """A line whose value becomes another, by `allowed(before, after)`."""

    def explain(pair):
        before, after = values(pair.direct, name), values(pair.through, name)
        return len(before) == len(after) == 1 and allowed(before[0], after[0]) and drop(pair, name)

    return explain


def same(before, after):
    """Only the place of the line is another."""
    return before == after


def compare(pair, table, kind):
    """Raises NotAlike with both sides if something differs that no entry of the table explains."""
    original = copy.deepcopy(pair)
    for side in (pair.direct, pair.through):
        side.lines = [still(line) for line in side.lines]
        if 0 < len(getattr(side, "body", b"")) < 1 << 20:
            side.body = still(side.body)
    if pair.direct != pair.through:
        for entry in table:
            if entry.explain(pair):
                entry.used = True
    if pair.direct != pair.through:
        left = ["--- what no entry explains", *differences(pair), "--- as both came", *differences(original)]
        raise NotAlike("\n".join([kind, *left]))


def differences(pair):
    direct, through = (told(side) for side in (pair.direct, pair.through))
    return [line[:300] for line in unified_diff(direct, through, "direct", "through", lineterm="", n=1)][:60]


def told(side):
    told = []
    for name, value in vars(side).items():
        if isinstance(value, bytes):
            value = value.splitlines(keepends=True)
        told += [f"{name} {part!r}" for part in value] if isinstance(value, list) else [f"{name} {value!r}"]
    return told


def unused(table):
    return [f"{entry.what}: {entry.why}" for entry in table if not entry.used]
