"""The result of a check: as text, wrapped to the terminal, as JSON, and as a report of the refuted rules."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from shutil import get_terminal_size
from textwrap import wrap
from typing import Any, Final

from .._core.base.errors import see, version_of_package
from .._core.wire.exchange import Exchange
from .._facade import Rule, load_rules
from .adapt import limits_of, shown
from .check import Checked
from .replay import SHARED
from .sanitize import Sanitizer
from .verdict import Difference, RuleVerdict

_ASSUMED: Final = "assumed"
_WIDTH: Final = 100
"""The width of the text where there is no terminal."""
_BEYOND: Final = "that no recording decides"
_COUNTED: Final = (
    "refuted", "as written", "as written, but", "cannot tell", "not seen", "not judged (shared)", _BEYOND
)  # fmt: skip
"""How the last line counts the rules."""
_SHOWN: Final = ("file", "place", "operation", "where", "kind", "alone", "assumed", "times")
"""What the JSON has of a difference as it is."""
_ALONE: Final = "If another client used this team meanwhile, check again with --shared."
_UNJUDGED: Final = (
    "With --shared, balances, holds, remaining tokens, the rows of lists, and changes that no exchange explains are "
    "not judged."
)


def table(checked: Checked, readings: Mapping[str, str], *, explain: bool = False) -> str:
    """Return the result as text.

    Args:
        checked: The result.
        readings: The readings that explain what is refuted.
        explain: Whether to list also what agrees, what was not seen, scripts, seeds, and what was assumed.
    """
    verdicts, mask, rules = checked.verdicts, Sanitizer(), load_rules()
    lines = [headline(checked)]
    for text in _itself(checked):
        lines += _wrapped(text, "")
    lines += _wrapped(_UNJUDGED, "") if checked.shared else []
    for verdict in verdicts.refuted:
        lines += ["", *_finding(verdict, rules[verdict.rule], mask)]
    if readings:
        lines += [
            "",
            "These readings agree better with the recordings; paste them into the ini file:",
            "    aurous_readings =",
        ]
        lines += [f"        {rule} = {reading}" for rule, reading in readings.items()]
    lines += _list("The setting observed cannot express these capacities; set them in the suite:", limits_of(verdicts))
    if verdicts.uncovered:
        lines += ["", "Differences that no rule covers:"]
        for one, times in verdicts.uncovered.values():
            lines += _wrapped(f"  {times:>4} x  {_differs(one, mask)}", " " * 11)
            lines += _wrapped(f"           in {_place(one, mask)}", " " * 11)
    if verdicts.sparse:
        lines += ["", "Optional fields are left out where they are null. To have the fake do that, too:"]
        lines += ["    aurous_sparse = optional"]
    lines += _reasons("As written, but some exchanges that differ were set aside:", verdicts, "as written, but")
    lines += _reasons("Cannot tell:", verdicts, "cannot tell")
    lines += _list("Of the files:", checked.notes)
    lines += _explanation(checked) if explain else []
    assumed = 0 if explain else verdicts.inferred.total() + len(checked.seeds)
    lines += (
        ["", f"Assumptions about what the recordings leave out: {assumed}. --explain shows them."] if assumed else []
    )
    return "\n".join([*lines, "", *_wrapped(summary(checked), "  ")])


def headline(checked: Checked) -> str:
    """Return the result in a few words."""
    refuted, others = len(checked.verdicts.refuted), len(checked.verdicts.uncovered)
    rules = {0: "No rule is refuted", 1: "1 rule is refuted"}.get(refuted, f"{refuted} rules are refuted")
    more = {0: "", 1: "; no rule covers 1 other difference"}.get(others, f"; no rule covers {others} other differences")
    return f"{rules}{more}."


def _itself(checked: Checked) -> Iterator[str]:
    """Yield a sentence about recordings of a fake, which agrees with itself."""
    names = ", ".join(checked.by_fake)
    if names:
        what = f"{names}: recordings of a fake" if len(checked.by_fake) > 1 else f"{names} is a recording of a fake"
        yield f"{what}, not of the real API: what agrees there proves nothing."


def _finding(verdict: RuleVerdict, rule: Rule, mask: Sanitizer) -> Iterator[str]:
    """Yield a refuted rule in full: what it says and rests on, and each difference with its place."""
    ground = _ASSUMED if verdict.assumed else rule.ground
    yield f"refuted: {rule.id}, {ground}; exchanges: {verdict.differing}"
    for text in (rule.statement, *rule.parts):
        yield from _wrapped(f"    {text.replace('`', '')}", "    ")
    for text, first, times in _kinds(verdict, mask):
        yield from _wrapped(f"    - {text}", "      ")
        more = f"; {times} times in all" if times > 1 else ""
        yield from _wrapped(f"      in {_place(first, mask)}{more}", "      ")
    if any(one.alone for one in verdict.differences):
        yield from _wrapped(f"    {_ALONE}", "    ")


def _reasons(title: str, verdicts: Iterable[RuleVerdict], word: str) -> Iterator[str]:
    """Yield the rules with a verdict, and its reasons."""
    some = [one for one in verdicts if one.word == word]
    yield from ("", title) if some else ()
    for verdict in some:
        why = verdict.aside if word == "as written, but" else verdict.aside + verdict.doubts
        texts = "; ".join(text if times == 1 else f"{times} x {text}" for text, times in why.items())
        yield from _wrapped(f"    {verdict.rule:<10} {texts}", " " * 15)


def quiet(checked: Checked) -> str:
    """Return the result in one line, with the number of notes that the table shows."""
    itself = "; recordings of a fake, which prove nothing: " + ", ".join(checked.by_fake) if checked.by_fake else ""
    return summary(checked) + itself + (f"; notes on the files: {len(checked.notes)}" if checked.notes else "")


def summary(checked: Checked) -> str:
    """Return the result in one line, as it ends each form of it."""
    count: Counter[str] = Counter(verdict.word for verdict in checked.verdicts)
    shared = sum(verdict.reasons == {SHARED} and verdict.word == "not judged" for verdict in checked.verdicts)
    count["not judged (shared)"], count[_BEYOND] = shared, count.pop("not judged", 0) - shared
    text = ", ".join(f"{count[word]} {word}" for word in _COUNTED if count[word] or word in {"refuted", "as written"})
    left_out = f"; left out, over a limit: {checked.left_out}" if checked.left_out else ""
    number = checked.verdicts.exchanges
    return f"{number} exchange{'' if number == 1 else 's'}{left_out}; rules: {text}"


def _explanation(checked: Checked) -> Iterator[str]:
    """Yield what agrees, what was not judged, and what was assumed."""
    shared = {one.rule for one in checked.verdicts if one.reasons == {SHARED}}

    def rules(word: str, *, but: Collection[str] = ()) -> list[str]:
        some = [one.rule for one in checked.verdicts if one.word == word and one.rule not in but]
        return [", ".join(some)] * bool(some)

    yield from _list("As written:", rules("as written"))
    yield from _list("Not seen:", rules("not seen"))
    unjudged = rules("not judged", but=checked.verdicts.rules.keys() - shared)
    yield from _list("Not judged, as other clients may have used the team:", unjudged)
    yield from _list("Not judged, as no recording decides them:", rules("not judged", but=shared))
    scripts = [f"{record}: {script}" for record, script in checked.scripts.items()]
    yield from _list("What pollers saw, as scripts:", scripts)
    yield from _list("What was there before:", checked.seeds)
    assumed = [f"{times} x {text}" for text, times in checked.verdicts.inferred.items()]
    yield from _list("What was assumed:", assumed)


def _list(title: str, texts: list[str]) -> Iterator[str]:
    """Yield texts under a title, each on lines of its own."""
    yield from ("", title) if texts else ()
    for text in texts:
        yield from _wrapped(f"  {text}", "    ")


def _wrapped(text: str, indent: str) -> list[str]:
    """Break a text into lines; nothing is left out, and a word that is longer than a line stays whole."""
    width = get_terminal_size((_WIDTH, 24)).columns if sys.stdout.isatty() else _WIDTH
    return wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _kinds(verdict: RuleVerdict, mask: Sanitizer) -> Iterator[tuple[str, Difference, int]]:
    """Yield each kind of difference of a rule as text, with the first place, and how many there are."""
    kinds: dict[tuple[str, str], list[Difference]] = {}
    for one in verdict.differences:
        kinds.setdefault((one.where.replace("body.data[]", "body"), _values(one, mask)), []).append(one)
    for (_, values), some in kinds.items():
        names = ", ".join(dict.fromkeys(f"{one.operation} {one.where}".strip() for one in some))
        guess = " (assumed)" if some[0].assumed and not verdict.assumed else ""
        yield f"{names}: {values}{guess}", some[0], sum(one.times for one in some)


def _place(one: Difference, mask: Sanitizer) -> str:
    """Return where a difference is, with the URL where the operation does not name it."""
    method, _, url = one.url.partition(" ")
    return f"{one.file}, {one.place}" + (f": {method} {mask.url(url)}" if url else "")


def _differs(one: Difference, mask: Sanitizer) -> str:
    return f"{one.operation} {one.where}: {_values(one, mask)}".strip()


def _values(one: Difference, mask: Sanitizer) -> str:
    return f"{shown(one.seen, one, mask)}, not {shown(one.fake, one, mask)}"


def as_json(checked: Checked, readings: Mapping[str, str]) -> str:
    """Return the result as JSON."""
    mask, rules = Sanitizer(), load_rules()
    verdicts = {
        one.rule: {
            "verdict": one.word,
            **{name: getattr(one, name) for name in ("agreed", "differing", "doubts", "aside")},
            "provenance": "A" if one.differing and one.assumed else rules[one.rule].provenance,
            "differences": [_as_data(difference, mask) for difference in one.differences],
        }
        for one in checked.verdicts
    }
    uncovered = [{**_as_data(one, mask), "times": times} for one, times in checked.verdicts.uncovered.values()]
    result = {
        "version": 1,
        "generator": f"pytest-aurous {version_of_package()}",
        "exchanges": checked.verdicts.exchanges,
        "rules": verdicts,
        "uncovered": uncovered,
        "omitted": checked.verdicts.sparse,
        "readings": readings,
        "inferred": checked.verdicts.inferred,
        **{name: getattr(checked, name) for name in ("scripts", "seeds", "left_out", "shared")},
        "notes": [*_itself(checked), *checked.notes],
    }
    return json.dumps(result, indent=1) + "\n"


def _as_data(one: Difference, mask: Sanitizer) -> dict[str, Any]:
    same = {name: getattr(one, name) for name in _SHOWN}
    return {**same, "exchange": one.number, "seen": shown(one.seen, one, mask), "fake": shown(one.fake, one, mask)}


def report(checked: Checked, exchanges: Mapping[tuple[str, int], Exchange]) -> str:
    """Return what was refuted as Markdown, each rule with an exchange that shows it, sanitized."""
    mask, rules = Sanitizer(), load_rules()
    lines = ["# What recordings refute", "", f"pytest-aurous {version_of_package()}, {summary(checked)}.", ""]
    for verdict in checked.verdicts.refuted:
        rule, first = rules[verdict.rule], verdict.differences[0]
        ground = _ASSUMED if verdict.assumed else rule.ground
        lines += [f"## {rule.id} ({ground})", "", rule.statement, ""]
        for part in rule.parts:
            lines += [part, ""]
        lines += [f"- {text}" for text, *_ in _kinds(verdict, mask)]
        lines += ["", _ALONE] if any(one.alone for one in verdict.differences) else []
        shown_by = exchanges.get((first.file, first.number))
        lines += [""] if shown_by is None else ["", *_exchange(shown_by, mask)]
    for one, times in checked.verdicts.uncovered.values():
        lines += [f"## No rule: {one.operation} {one.where}", "", f"- {times} times: {_differs(one, mask)}", ""]
    aside = [one for one in checked.verdicts if one.word == "as written, but"]
    lines += ["## As written, but", ""] if aside else []
    lines += [f"- {one.rule}: {'; '.join(one.aside)}" for one in aside]
    return "\n".join([*lines, "", see("reference/check.html"), ""])


def _exchange(exchange: Exchange, mask: Sanitizer) -> Iterable[str]:
    entry = mask.entry(exchange)
    kept = {
        "request": {name: entry["request"].get(name) for name in ("method", "url", "headers", "postData")},
        "response": {name: entry["response"][name] for name in ("status", "headers", "content")},
    }
    return ["```json", json.dumps(kept, indent=1, ensure_ascii=False), "```", ""]
