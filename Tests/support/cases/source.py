"""Reads a case file: a description in words, remarks about other proxies, and the steps of the script."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from .pattern import Problem, parse

FOLDER = Path(__file__).resolve().parents[2] / "Conformance" / "cases"
STEP = re.compile(r"== (client|upstream)(?: ([1-9]))? (sends|receives|half-closes|closes|resets|sees end|sees reset)"
                  r"(, byte by byte)?$")
STATUSES = r"(?:[0-9]+|garbage)(?: (?:[0-9]+|garbage))*|nothing"
REMARK = re.compile(rf"(nginx|haproxy) (?:(is stricter|is laxer|differs), ({STATUSES})|(varies)): (\S.*)$")
WITH_TEXT = ("sends", "receives")


@dataclass
class Step:
    side: str
    number: int
    verb: str
    slowly: bool
    line: int
    lines: list = field(default_factory=list)
    elements: list = field(default_factory=list)

    def __str__(self):
        return f"line {self.line}: {self.side} {self.number} {self.verb}"


@dataclass
class Remark:
    """How another proxy's outcome differs, and why that is as it should be; `varies` if it is not always the same."""

    verb: str
    statuses: str
    reason: str


@dataclass
class Case:
    name: str
    title: str = ""
    settings: str = "default"
    peers: dict = field(default_factory=dict)
    only_tombolo: str = ""
    steps: list = field(default_factory=list)


def all_cases():
    return [read(path) for path in sorted(FOLDER.rglob("*.case"))]


def read(path):
    return interpret(path.relative_to(FOLDER).with_suffix("").as_posix(), path.read_text(encoding="utf-8"))


def interpret(name, text):
    case, step, heading = Case(name), None, []
    lines = text.removesuffix("\n").split("\n")
    if lines.pop() != "== end":
        raise Problem(f"{name}: the last line is not '== end'")
    for number, line in enumerate(lines, 1):
        try:
            if line.startswith("== "):
                found = STEP.match(line)
                if not found:
                    raise Problem(f"no step that anybody knows: {line}")
                side, which, verb, slowly = found.groups()
                step = Step(side, int(which or 1), verb, bool(slowly), number)
                case.steps.append(step)
            elif step is None:
                heading = continued(heading, line)
            elif not line.startswith("#"):
                if step.verb not in WITH_TEXT:
                    raise Problem(f"nothing can follow '{step.verb}' but a comment")
                step.lines.append(line)
                step.elements += parse(line)
        except Problem as problem:
            raise Problem(f"{name}, line {number}: {problem}") from None
    try:
        for line in heading:
            describe(case, line)
        check(case)
    except Problem as problem:
        raise Problem(f"{name}: {problem}") from None
    return case


def continued(lines, line):
    """A line that begins with two spaces belongs to the one before it."""
    if line.startswith("  ") and lines:
        return [*lines[:-1], f"{lines[-1]} {line.strip()}"]
    return [*lines, line]


def describe(case, line):
    if found := re.match(r"settings: (\S+)$", line):
        case.settings = found[1]
    elif found := re.match(r"only tombolo: (\S.*)$", line):
        case.only_tombolo = found[1]
    elif re.match(r"(nginx|haproxy)\b.*[:,]", line):
        found = REMARK.match(line)
        if not found:
            raise Problem("a remark reads: nginx|haproxy is stricter|is laxer|differs, STATUSES: WHY (or: varies: WHY)")
        peer, verb, statuses, varies, reason = found.groups()
        if peer in case.peers:
            raise Problem(f"{peer} is explained twice")
        case.peers[peer] = Remark(varies or verb, statuses, reason)
    else:
        case.title = case.title or line.strip()


def check(case):
    if not case.title:
        raise Problem("it does not say in words what it is about")
    if not case.steps:
        raise Problem("it has no step")
    for step in case.steps:
        if step.verb in WITH_TEXT and not step.elements:
            raise Problem(f"line {step.line}: nothing to {step.verb.removesuffix('s')}")
