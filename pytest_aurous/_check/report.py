"""The result of a check: as a table, wrapped at 100 columns, as JSON, and as a report of the refuted rules."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from textwrap import wrap
from typing import Any, Final

from .._base.errors import see
from .._base.version import version_of_package
from .._resources.base.rules import Rule, load_rules
from .._wire.exchange import Exchange
from .adapt import shown
from .check import Checked
from .sanitize import Sanitizer
from .verdict import MOST_SHOWN, Difference, Verdict

_WIDTH: Final = 100
_INDENT: Final = " " * 13
_COLUMN: Final = " " * len(f"{'':<12} {'':<10} {'':>9} ")
"""The indent of the last column."""
_WORDS: Final = ("refuted", "as written", "cannot tell", "not seen")
_MOST: Final = 40
"""Show at most this many lines of scripts, seeds and guesses."""


def table(checked: Checked, readings: Mapping[str, str], *, explain: bool = False) -> str:
    """Return the result as text.

    Args:
        checked: The result.
        readings: The readings that explain what is refuted.
        explain: Whether to show scripts, seeds, and what was assumed.
    """
    verdicts, mask, rules = checked.verdicts, Sanitizer(), load_rules()
    lines = [_row("verdict", "rule", checked.found_in, "what"), "-" * _WIDTH]
    for word in _WORDS[:3]:
        for verdict in (one for one in verdicts if one.word == word):
            lines += _verdict(verdict, rules[verdict.rule], mask)
    unseen = ", ".join(one.rule for one in verdicts if one.word == "not seen")
    lines += _block("not seen", unseen, "                        ")
    if verdicts.uncovered:
        lines += ["", "Differences that no rule covers:"]
        some = list(verdicts.uncovered.values())
        for one, times in some[:_MOST]:
            lines += _wrapped(f"  {times:>4} x  {_differs(one, mask)}", " " * 11)
        lines += [f"  and {len(some) - _MOST} more"] if len(some) > _MOST else []
    if verdicts.omitted:
        lines += ["", "Optional fields are left out where they are null. To have the fake do that, too:"]
        lines += ["    aurous_sparse = optional"]
    if readings:
        what = "document" if checked.counted == "operations" else "recordings"
        lines += ["", f"These readings agree with the {what}; paste them into the ini file:", "    aurous_readings ="]
        lines += [f"        {rule} = {reading}" for rule, reading in readings.items()]
    if checked.notes:
        lines += ["", "Of the files:", *_list(checked.notes)]
    lines += _explanation(checked) if explain else _unexplained(checked)
    return "\n".join([*lines, "", summary(checked)])


def _verdict(verdict: Verdict, rule: Rule, mask: Sanitizer) -> Iterator[str]:
    """Yield a verdict; of a refuted rule also what it rests on, and its first differences."""
    word = verdict.word
    number = {"refuted": verdict.differing, "as written": verdict.agreed}.get(word, verdict.doubts.total())
    what = "; ".join(verdict.doubts) if word == "cannot tell" else rule.statement
    yield from _wrapped(_row(word, rule.id, str(number), what.replace("`", "")), _COLUMN)
    if word == "refuted":
        for text in (f"Provenance: {rule.ground}.", *rule.parts):
            yield from _wrapped(_COLUMN + text.replace("`", ""), _COLUMN)
    for one in verdict.differences[:MOST_SHOWN]:
        yield from _wrapped(f"{_INDENT}{_differs(one, mask)}", f"{_INDENT}  ")
        yield from _wrapped(f"{_INDENT}in {one.file}, {one.place}", f"{_INDENT}  ")
    if len(verdict.differences) > MOST_SHOWN:
        yield f"{_INDENT}and {len(verdict.differences) - MOST_SHOWN} more"


def quiet(checked: Checked) -> str:
    """Return the result in one line, with the number of notes that the table shows."""
    return summary(checked) + (f"; notes on the files: {len(checked.notes)}" if checked.notes else "")


def summary(checked: Checked) -> str:
    """Return the result in one line, as it ends each form of it."""
    count = {word: sum(verdict.word == word for verdict in checked.verdicts) for word in _WORDS}
    text = ", ".join(f"{number} {word}" for word, number in count.items())
    left_out = f"; left out, over a limit: {checked.left_out}" if checked.left_out else ""
    return f"{checked.verdicts.exchanges} {checked.counted}{left_out}; rules: {text}"


def _unexplained(checked: Checked) -> Iterator[str]:
    assumed = checked.verdicts.inferred.total() + len(checked.seeds)
    if assumed:
        yield from ("", f"Assumptions about what the recordings leave out: {assumed}. --explain shows them.")


def _explanation(checked: Checked) -> Iterator[str]:
    for title, some in (
        ("What pollers saw, as scripts:", [f"{record}: {script}" for record, script in checked.scripts.items()]),
        ("What was there before:", checked.seeds),
        ("What the document does not state:", checked.unsaid),
        ("What was assumed:", [f"{times} x {text}" for text, times in checked.verdicts.inferred.items()]),
    ):
        if some:
            yield from ("", title, *_list(some))


def _list(texts: list[str]) -> Iterator[str]:
    """Yield the first texts, each on lines of its own, and the number of the others."""
    for text in texts[:_MOST]:
        yield from _wrapped(f"  {text}", "    ")
    if len(texts) > _MOST:
        yield f"  and {len(texts) - _MOST} more"


def _row(word: str, rule: str, number: str, text: str) -> str:
    return f"{word:<12} {rule:<10} {number:>9} {text}"


def _wrapped(text: str, indent: str) -> list[str]:
    """Break a text into lines; nothing is left out, and a word that is longer than a line stays whole."""
    return wrap(text, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _block(word: str, text: str, indent: str) -> list[str]:
    return _wrapped(f"{word:<24}{text}", indent) if text else []


def _differs(one: Difference, mask: Sanitizer) -> str:
    seen, fake = shown(one.seen, one, mask), shown(one.fake, one, mask)
    return f"{one.operation} {one.where}: {seen}, not {fake}"


def as_json(checked: Checked, readings: Mapping[str, str]) -> str:
    """Return the result as JSON."""
    mask, rules = Sanitizer(), load_rules()
    verdicts = {
        one.rule: {
            "verdict": one.word,
            "provenance": rules[one.rule].provenance,
            "agreed": one.agreed,
            "differing": one.differing,
            "doubts": dict(one.doubts),
            "differences": [_as_data(difference, mask) for difference in one.differences],
        }
        for one in checked.verdicts
    }
    uncovered = [{**_as_data(one, mask), "times": times} for one, times in checked.verdicts.uncovered.values()]
    result = {
        "version": 1,
        "generator": f"pytest-aurous {version_of_package()}",
        checked.counted: checked.verdicts.exchanges,
        "rules": verdicts,
        "uncovered": uncovered,
        "omitted": dict(checked.verdicts.omitted),
        "readings": dict(readings),
        "inferred": dict(checked.verdicts.inferred),
        "scripts": checked.scripts,
        "seeds": checked.seeds,
        "unsaid": checked.unsaid,
        "notes": checked.notes,
        "left_out": checked.left_out,
    }
    return json.dumps(result, indent=1) + "\n"


def _as_data(one: Difference, mask: Sanitizer) -> dict[str, Any]:
    return {
        "file": one.file,
        "exchange": one.number,
        "place": one.place,
        "operation": one.operation,
        "where": one.where,
        "kind": one.kind,
        "seen": shown(one.seen, one, mask),
        "fake": shown(one.fake, one, mask),
    }


def report(checked: Checked, exchanges: Mapping[tuple[str, int], Exchange]) -> str:
    """Return what was refuted as Markdown, each rule with an exchange that shows it, sanitized."""
    mask, rules = Sanitizer(), load_rules()
    what = "recordings refute" if exchanges else "a document refutes"
    lines = [f"# What {what}", "", f"pytest-aurous {version_of_package()}, {summary(checked)}.", ""]
    for verdict in checked.verdicts.refuted:
        rule, first = rules[verdict.rule], verdict.differences[0]
        lines += [f"## {rule.id} ({rule.ground})", "", rule.statement, ""]
        for part in rule.parts:
            lines += [part, ""]
        lines += [f"- {_differs(one, mask)}" for one in verdict.differences]
        shown_by = exchanges.get((first.file, first.number))
        lines += [""] if shown_by is None else ["", *_exchange(shown_by, mask)]
    for one, times in checked.verdicts.uncovered.values():
        lines += [f"## No rule: {one.operation} {one.where}", "", f"- {times} times: {_differs(one, mask)}", ""]
    return "\n".join([*lines, see("reference/check.html"), ""])


def _exchange(exchange: Exchange, mask: Sanitizer) -> Iterable[str]:
    entry = mask.entry(exchange)
    kept = {
        "request": {name: entry["request"].get(name) for name in ("method", "url", "headers", "postData")},
        "response": {name: entry["response"][name] for name in ("status", "headers", "content")},
    }
    return ["```json", json.dumps(kept, indent=1, ensure_ascii=False), "```", ""]
