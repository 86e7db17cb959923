"""The timeline of a test: each call with what it changed, and the state at the end."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain, groupby
from textwrap import TextWrapper
from typing import TYPE_CHECKING, Any, Final, cast

from .._core.base.amounts import plain
from .._core.base.frames import helpers_of
from .._core.base.redaction import redacted, shortened
from .._core.resources.chat.row import seen_at
from .._core.wire.call import Call, key_of, secret_of
from .._core.wire.lines import NARROW, SERIES, WIDTH, Note, folded, shown_call
from .unmatched import hint_of

if TYPE_CHECKING:
    from .._core.engine.pipeline import App
    from .._core.engine.pitfalls import Pitfall

# More lines than a person reads would hide those that say why the test failed, which are the last ones.
_CALLS, _RECORDS, _CHANGES = 60, 20, 20
_INDENT: Final = " " * 7
_COLORS: Final = (
    (re.compile(r"^( +\d+  \d\d:\d\d:\d\d .*)( -> 2\d\d.*)$"), "green"),
    (re.compile(r"^( +\d+  \d\d:\d\d:\d\d .*)( -> 4\d\d.*)$"), "yellow"),
    (re.compile(r"^( +\d+  \d\d:\d\d:\d\d .*)( -> (?:5\d\d|no response).*)$"), "red"),
    (re.compile(r"^( +)((?:pitfall|hint): .*)$"), "yellow"),
    (re.compile(r"^()((?:seed|grease|again|at the end|faults|not delivered):.*)$"), "cyan"),
)
_GREASES: Final = {
    "fields": "each object of a response has an unknown field, grease_...",
    "all": "each object of a response has an unknown field, grease_..., and an unknown status",
}
_BY: Final = {"test": "(the test) ", "clock": "(the clock) ", "delivery": ""}
_ANSI: Final = {"green": "32", "yellow": "33", "red": "31", "cyan": "36"}


def timeline(app: App, again: str = "") -> str:
    """Return the text of the report section, 100 columns wide; *again* is the command that repeats the test."""
    journal, kind = app.world.journal, app.world.settings.grease
    with app.world.lock:  # briefly: the clients of a served fake wait
        app.world.runs.settle()
        calls, notes, pitfalls = [*journal.entries], [*journal.notes], [*app.pitfalls.seen]
        parts = [_records(app), _faults(app), _deliveries(app), f"seed: {app.world.settings.seed}"]
    parts = [_calls(calls, notes, pitfalls), *parts]
    parts += [f"grease: {_GREASES[kind]}"] if kind != "off" else []
    parts += [f"again: {again}"] if again else []
    return redacted("\n".join(filter(None, parts)), secret_of(calls))


def colored(text: str) -> str:
    lines = text.split("\n")
    for pattern, color in _COLORS:
        lines = [pattern.sub(f"\\1\x1b[{_ANSI[color]}m\\2\x1b[0m", line) for line in lines]
    return "\n".join(lines)


def _calls(calls: list[Call], all_notes: list[Note], pitfalls: list[Pitfall]) -> str:
    notes: dict[tuple[int, bool], list[Note]] = {}
    for note in all_notes:
        notes.setdefault((note.number, note.during), []).append(note)
    keys = _keys(calls)
    about = {call.number: _about(call, notes.get((call.number, True), []), pitfalls) for call in calls}
    between = {number: _between(found) for (number, during), found in notes.items() if not during}

    def is_alone(call: Call) -> bool:
        return call.method != "GET" or call.number in between or call.number in keys or bool(about[call.number])

    items = folded(calls, is_alone)
    helpers = helpers_of((call.stack, call.operation) for call in calls)

    def shown(item: Call | str) -> list[str]:
        if isinstance(item, str):
            return [item]
        details = [f"key: {keys[item.number]}"] if item.number in keys else []
        below = [_INDENT + line for line in [*details, *about[item.number]]]
        return [shown_call(item, helpers), *below, *between.get(item.number, [])]

    cut, items = items[:-_CALLS], items[-_CALLS:]
    telling = {note.number for note in all_notes} | {one.call.number for one in pitfalls}
    kept = [item for item in cut if isinstance(item, Call) and item.number in telling][-_CHANGES:]
    first = next((item.number for item in items if isinstance(item, Call)), 0)
    lines = [*chain.from_iterable(map(shown, kept))]
    left = first - 1 - len(kept)
    more = f"{'other ' if kept else ''}earlier {'call' if left == 1 else 'calls'}"
    lines += [f"  ... {left} {more}"] if left > 0 else []
    lines += between.get(max(first - 1, 0), []) if not kept or kept[-1].number != first - 1 else []
    lines += chain.from_iterable(map(shown, items))
    return "\n".join(lines) or "  no calls"


def _between(notes: Iterable[Note]) -> list[str]:
    """Return the lines about what happened between two calls: the last of them, with equal ones folded."""
    rows: list[tuple[str, int]] = []  # each with the number of changes that it stands for
    for _, group in groupby(notes, key=lambda note: (note.by, note.change)):
        same = [(f"{_BY[note.by]}{note.text}", 1) for note in group]
        rows += same if len(same) < SERIES else [same[0], (f"x {len(same)}", len(same) - 2), same[-1]]
    earlier = sum(count for _, count in rows[:-_CHANGES])
    texts = [f"... {earlier} earlier changes"] if earlier else []
    texts += [shortened(text, 4 * WIDTH) for text, _ in rows[-_CHANGES:]]
    return [_INDENT + line for line in _wrapped(texts, WIDTH)]


def _wrapped(texts: Iterable[str], width: int) -> list[str]:
    wrapper = TextWrapper(width - len(_INDENT), subsequent_indent="  ", break_on_hyphens=False)
    return [*chain.from_iterable(map(wrapper.wrap, texts))]


def _keys(calls: Iterable[Call]) -> dict[int, str]:
    """Return the API key of each call that used another key than the call before, if there are several keys."""
    found: dict[int, str] = {}
    names: dict[str, str] = {}
    last = None
    for call in calls:
        key = key_of(call)
        if key and key != last:
            # The report redacts keys in the vendor's form. Another one may be real, too.
            found[call.number] = key if redacted(key) != key else names.setdefault(key, f"key-{len(names) + 1}")
            last = key
    return found if len(found) > 1 else {}


def _about(call: Call, notes: list[Note], pitfalls: list[Pitfall]) -> list[str]:
    texts = [note.text for note in notes]
    response = call.response
    if response is not None and response.status >= 400:  # noqa: PLR2004 - the first error
        if call.content:
            texts.append(f"sent: {shortened(call.content.decode(errors='replace'), WIDTH - 15)}")
        if (message := _message(response.json)) is not None:
            texts.append(f"said: {shortened(message, 4 * WIDTH)}")
    texts += [f"hint: {hint}"] if (hint := hint_of(call)) else []
    texts += [f"pitfall: [{one.id}] {one.message}" for one in pitfalls if one.call is call]
    return _wrapped(map(redacted, texts), NARROW)


def _message(body: Any) -> str | None:
    """Return the message of an error response; None if a route of the test or a fault gave it another form."""
    error = cast("dict[str, Any]", body).get("error") if isinstance(body, dict) else None
    message = cast("dict[str, Any]", error).get("message") if isinstance(error, dict) else None
    return message if isinstance(message, str) else None


def _records(app: App) -> str:
    world = app.world
    lines: list[str] = []
    rows = [row for row in world.rows() if getattr(row, "status", None) is not None]
    for row in (seen_at(stored, world.clock.time()) for stored in rows[-_RECORDS:]):
        status: str = getattr(row, "status", "")
        run = world.runs.by_record.get(row.id)
        position = f"  {run.position}" if run is not None else ""
        head = f"  {row.id}  {status:<12} "
        name = shortened(str(getattr(row, "name", "")), max(8, WIDTH - len(head) - len(position)))
        lines.append(f"{head}{name}{position}".rstrip())
    more = [f"  ... {len(rows) - _RECORDS} earlier"] if len(rows) > _RECORDS else []
    money = [
        f"  {team}  credits {plain(ledger.credits)}, held {plain(ledger.held)}"
        for team, ledger in world.accounts.items()
    ]
    return "\n".join(["at the end:", *more, *lines, *money])


def _faults(app: App) -> str:
    faults: list[Any] = list(app.faults)
    return "\n".join(["faults:", *(f"  {shortened(repr(one), WIDTH - 2)}" for one in faults)]) if faults else ""


def _deliveries(app: App) -> str:
    due = app.world.outbox.due(app.world.clock.time())
    if not due:
        return ""
    lines = [f"  {shortened(f'{one.event} to {one.url}', WIDTH - 2)}" for one in due[:_RECORDS]]
    more = [f"  ... {len(due) - _RECORDS} more"] if len(due) > _RECORDS else []
    what = "1 webhook delivery is" if len(due) == 1 else f"{len(due)} webhook deliveries are"
    return "\n".join([f"not delivered: {what} due. aurous.webhooks.flush() makes them:", *lines, *more])
