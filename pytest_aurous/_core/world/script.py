"""Scripts: what a client that polls sees, step by step. Grammar, values and parse errors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, NoReturn

from ..base.errors import AurousScriptError, choices, hide_mistakes, nearest, see, shown

__tracebackhide__ = hide_mistakes

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_WORD: Final = re.compile(r"[^\W\d]\w*")
_ERROR: Final = re.compile(r"\(\s*([\w.-]+)\s*\)")
_HOLD: Final = re.compile(r"\*\s*([0-9]{1,9})(?![0-9])|:\s*([0-9]{1,9})\s*(ms|s|m|h)\b|(!)")
_ARROW: Final = re.compile(r"->|→")
_NO_ARROW: Final = re.compile(r"[-=~>,|/<\u2013\u2014\u21d2\u279c]+|(?:to|then)\b")
"""What people write where an arrow belongs."""
_MORE: Final = see("reference/scripts.html")


class Status(NamedTuple):
    """A status, and what follows from it."""

    next: Mapping[str, str] = {}  # the statuses that may follow, each with what leads to it, such as a request
    end: Literal["", "completed", "failed", "cancelled"] = ""  # of its work, as events and usage say (hook-3, usage-1)
    drawn: bool = False  # whether work has succeeded before: there are pictures
    published: bool = False  # whether it publishes the record
    lives: bool = True  # whether the record is there: lists show it, and requests can change it
    error: str | None = None  # the ``error_message``, unless a script has another


class Lifecycle:
    """The statuses of a resource. Each run begins with the first one, `start`; `edges` has those that may follow."""

    def __init__(self, resource: str, statuses: Mapping[str, Status]) -> None:
        self.resource: str = resource
        self.statuses: Mapping[str, Status] = statuses
        self.start: str = next(iter(statuses))
        self.edges: Mapping[str, tuple[str, ...]] = {name: (*one.next,) for name, one in statuses.items()}
        self.under_way: tuple[str, ...] = tuple(name for name, one in statuses.items() if not one.end)

    def allowing(self, request: str) -> tuple[str, ...]:
        """Return the statuses in which a request leads to another status, or to the same again."""
        return tuple(name for name, one in self.statuses.items() if request in one.next.values())


class Hold(NamedTuple):
    """How long a step lasts: *amount* polls (``*``), an *amount* of time (``:``), or until ``advance()`` (``!``)."""

    kind: str
    amount: int = 0
    unit: str = ""

    def __str__(self) -> str:
        return self.kind if self.kind == "!" else f"{self.kind}{self.amount}{self.unit}"

    @property
    def seconds(self) -> float:
        return self.amount * _UNITS[self.unit]


class Step(NamedTuple):
    """One status of a run, with its error if it is a failure, and how long it lasts."""

    status: str
    error: str | None = None
    hold: Hold | None = None

    def __str__(self) -> str:
        return f"{self.status}{f'({self.error})' if self.error else ''}{self.hold or ''}"

    @property
    def polls(self) -> int | None:
        """How many polls the step lasts; None if polls do not end it. Without a hold: one."""
        if self.hold is None:
            return 1
        return self.hold.amount if self.hold.kind == "*" else None


@dataclass(frozen=True, repr=False)
class Plan:
    """A parsed script: its runs, in the order in which syntheses take them. A value: equal, hashable."""

    runs: tuple[tuple[Step, ...], ...]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {str(self)!r}>"

    def __str__(self) -> str:
        return " ; ".join(" -> ".join(str(step) for step in run) for run in self.runs)

    @property
    def __name__(self) -> str:
        """The script as text: pytest takes it for the id of a parameter."""
        return str(self)

    def run(self, number: int) -> tuple[Step, ...]:
        """Return the steps of the *number*-th run, from 0; the last one repeats."""
        return self.runs[min(number, len(self.runs) - 1)]


class _Reader:
    """Reads one script from left to right, and keeps its position for error messages."""

    def __init__(self, text: str, lifecycle: Lifecycle, others: Iterable[Lifecycle]) -> None:
        self.text = text
        self.lifecycle = lifecycle
        self.others = others
        self.at = 0

    def fail(self, what: str, legal: str, at: int | None = None) -> NoReturn:
        column = self.at if at is None else at
        line = self.text.replace("\n", " ")
        raise AurousScriptError(
            f"Script for {self.lifecycle.resource}, column {column + 1}: {what.removesuffix('.')}\n"
            f"    {line}\n    {' ' * column}^\n{legal}\n{_MORE}"
        )

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        self.at = len(self.text) - len(self.text[self.at :].lstrip())
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()
        return match

    def rest(self) -> str:
        return self.text[self.at :].split()[0]

    def runs(self) -> tuple[tuple[Step, ...], ...]:
        runs = [self.run()]
        while self.take(_SEMICOLON):
            runs.append(self.run())
        if self.at < len(self.text):
            arrow = _NO_ARROW.match(self.text, self.at)
            what = f"{arrow.group()!r}: the arrow between two steps is '->'" if arrow else repr(self.rest())
            self.fail(f"unexpected {what}", "Expected here: '->' and a status, ';' and a run, or the end.")
        return tuple(runs)

    def run(self) -> tuple[Step, ...]:
        steps = [self.step((self.lifecycle.start,), "A run begins with")]
        while self.take(_ARROW):
            before = steps[-1].status
            steps.append(self.step(self.lifecycle.edges[before], f"{before!r} can be followed by"))
        return tuple(steps)

    def step(self, legal: tuple[str, ...], lead: str) -> Step:
        word = self.take(_WORD)
        hint = f"{lead}: {choices(legal)}." if legal else f"{lead}: nothing, it is final."
        if word is None:
            found = repr(self.rest()) if self.at < len(self.text) else "the end"
            self.fail(f"expected a status, found {found}", hint)
        status = word.group()
        if status not in self.lifecycle.statuses:
            what = f"{status!r} is not a status of {self.lifecycle.resource}"
            owners = [other.resource for other in self.others if status in other.statuses]
            if owners and not self.text[: word.start()].strip():
                self.fail(what, f"{self.elsewhere(owners)}\n{hint}", word.start())
            self.fail(f"{what}{nearest(status, self.lifecycle.statuses)}", hint, word.start())
        if status not in legal:
            self.fail(f"{status!r} cannot be here", hint, word.start())
        return Step(status, self.error(status), self.hold())

    def elsewhere(self, owners: Sequence[str]) -> str:
        text, owner = " ".join(self.text.split()), owners[0]
        return (
            f"{text!r} is a script for {' or '.join(owners)}: "
            f"aurous.{owner}.script(...), aurous.{owner}.add(script=...), "
            f"the setting script={{{owner!r}: ...}} or Script.parse(..., {owner!r})."
        )

    def error(self, status: str) -> str | None:
        match = self.take(_ERROR)
        if match is None:
            if self.text[self.at : self.at + 1] == "(":
                self.fail("unreadable error", "An error is one code in parentheses, such as failed(provider_timeout).")
            return None
        if status != "failed":
            self.fail(f"{status!r} takes no error", "Only 'failed' does: failed(provider_timeout).", match.start())
        return match[1]

    def hold(self) -> Hold | None:
        match = self.take(_HOLD)
        if match is None:
            if self.text[self.at : self.at + 1] in {"*", ":"}:
                self.fail("unreadable hold", "A hold is *N polls, :N with ms, s, m or h, or ! (until advance()).")
            return None
        polls, amount, unit, _ = match.groups()
        if polls is not None:
            return Hold("*", int(polls))
        return Hold(":", int(amount), unit) if amount is not None else Hold("!")


_SEMICOLON: Final = re.compile(";")


def parse_runs(text: Any, lifecycle: Lifecycle, others: Iterable[Lifecycle] = ()) -> tuple[tuple[Step, ...], ...]:
    """Read the runs of a script, checking each edge; the error says if it is a script for *others*."""
    if not isinstance(text, str):
        raise AurousScriptError(f"A script is text such as 'synthesizing*3 -> reviewing', not {shown(text)}.\n{_MORE}")
    return _Reader(text, lifecycle, others).runs()


def plan_of(script: str | Plan, lifecycle: Lifecycle, others: Iterable[Lifecycle] = ()) -> Plan:
    """Return *script*, text or parsed, as a plan that *lifecycle* can play; the error says if *others* can."""
    return Plan(parse_runs(str(script) if isinstance(script, Plan) else script, lifecycle, others))
