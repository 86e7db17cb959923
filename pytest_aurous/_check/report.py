"""The result of a check: as text, wrapped to the terminal, as JSON, and as a report of the refuted rules."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from shutil import get_terminal_size
from textwrap import shorten, wrap
from typing import Any, Final

from .._core.base.errors import see, version_of_package
from .._core.wire.exchange import Exchange
from .._facade import load_rules
from .adapt import expressed, limits_of, shown
from .check import Checked
from .recording.read import grouped
from .replay import SHARED
from .rules import UNCOMPARED
from .sanitize import Sanitizer
from .values import renamed
from .verdict import Difference, RuleVerdict

_ASSUMED: Final = "assumed"
_WIDTH: Final = 100
"""The width of the text where neither COLUMNS nor a terminal says one."""
_LEAST: Final = 40
_MANY: Final = 5
"""With this many differences or more, each statement is cut to one line, so that six fit on one screen of 30 lines."""
_ONE_FACT: Final = ("added", "missing", "form", "null", "json type")
"""The kinds of comparison of which only the place counts, and not the values."""
_FOLLOW: Final = (
    "To have the fake follow these: --observed observed.json, then aurous_observed = observed.json in the ini file. "
)
_SET_ASIDE: Final = "not judged (shared)"
_BEYOND: Final = "beyond recordings"
_COUNTED: Final = ("refuted", "as written", "as written, but", "cannot tell", "not seen", _SET_ASIDE, _BEYOND)
_EXPLAINED: Final = {
    "as written": "As written:",
    "not seen": "Not seen:",
    _SET_ASIDE: "Not judged, as other clients may have used the team:",
    _BEYOND: "Not judged, as no recording decides them:",
}
_SHOWN: Final = ("operation", "where", "kind", "alone", "assumed", "times")
"""What the JSON has of a difference as it is."""
_ALONE: Final = "If another client used this team meanwhile, check again with --shared."
_UNJUDGED: Final = (
    "With --shared, balances, holds, remaining tokens, the rows of lists, and changes that no exchange explains are "
    "not judged."
)


def table(checked: Checked, readings: Mapping[str, str], *, explain: bool = False) -> str:
    """Return the result as text: *readings* explain what is refuted; *explain* lists what is otherwise left out."""
    verdicts, mask = checked.verdicts, Sanitizer()
    brief = not explain and sum(len(verdict.first) for verdict in verdicts.refuted) >= _MANY
    lines = [headline(checked), *(_itself(checked) if explain else grouped(_itself(checked)))]
    lines += [_UNJUDGED] if checked.shared else []
    for verdict in verdicts.refuted:
        lines += _finding(verdict, mask, explain=explain, brief=brief)
    lines += [f"    {_ALONE}"] if any(one.alone for verdict in verdicts.refuted for one in verdict.differences) else []
    pasted = [f"      {rule} = {reading}" for rule, reading in readings.items()]
    title = "These readings agree better with the recordings; paste them into the ini file:"
    lines += _list(title, ["  aurous_readings =", *pasted] if pasted else [])
    lines += _list("The setting observed cannot express these capacities; set them in the suite:", limits_of(verdicts))
    uncovered = [f"{text}; {_place(one, mask, times)}" for text, one, times in _facts(verdicts.uncovered, mask)]
    lines += _list("Differences that no rule covers:", uncovered)
    title = "Optional fields are left out where they are null. To have the fake do that, too:"
    lines += _list(title, ["  aurous_sparse = optional"] * bool(verdicts.sparse))
    title = "As written, but some exchanges that differ were set aside:"
    lines += _list(title, _reasons(verdicts, "as written, but"))
    partly = [f"  {one.rule}  {UNCOMPARED[one.rule]}" for one in verdicts if one.agreed and one.rule in UNCOMPARED]
    lines += _list("As written, but for what check does not compare:", [] if brief else partly)
    lines += _list("Cannot tell:", _reasons(verdicts, "cannot tell"))
    lines += _list("Of the files:", checked.notes if explain else grouped(checked.notes))
    lines += _explanation(checked) if explain else []
    assumed = 0 if explain else verdicts.inferred.total() + len(checked.seeds)
    lines += ["", f"Assumptions about what the recordings leave out: {assumed}. --explain shows them."] * bool(assumed)
    lines = [*filter(None, lines)] if brief else lines
    lines += ["", summary(checked)]
    if verdicts.refuted or verdicts.uncovered:
        lines += [_FOLLOW * bool(expressed(verdicts)[0]) + "To report them: --report found.md."]
    return "\n".join(line for text in lines for line in _wrapped(text) or [""])


def headline(checked: Checked) -> str:
    refuted, others = len(checked.verdicts.refuted), len([*_facts(checked.verdicts.uncovered, Sanitizer())])
    rules = {0: "No rule is refuted", 1: "1 rule is refuted"}.get(refuted, f"{refuted} rules are refuted")
    more = {0: "", 1: "; no rule covers 1 other difference"}.get(others, f"; no rule covers {others} other differences")
    return f"{rules}{more}."


def _itself(checked: Checked) -> list[str]:
    """Return a sentence about each recording of a fake, which agrees with itself."""
    end = "is a recording of a fake, not of the real API: what agrees there proves nothing."
    return [f"{name} {end}" for name in checked.by_fake]


def _finding(verdict: RuleVerdict, mask: Sanitizer, *, explain: bool, brief: bool) -> Iterator[str]:
    """Yield a refuted rule: its first place, each fact, and what the rule says, in full, or a sentence, or a line."""
    rule, first = load_rules()[verdict.rule], verdict.differences[0]
    ground = _ASSUMED if verdict.assumed else rule.ground
    yield f"refuted: {rule.id}, {ground}; exchanges: {verdict.differing}; {_place(first, mask, verdict.differing)}"
    for text, one, times in _facts(verdict.first, mask):
        guess = " (assumed)" if one.assumed and not verdict.assumed else ""
        elsewhere = "" if (one.file, one.number) == (first.file, first.number) else f"; {_place(one, mask, times)}"
        yield f"    - {text}{guess}{elsewhere}"
    sentence, stop, _ = rule.statement.partition(". ")
    for text in (rule.statement, *rule.parts) if explain else [sentence + stop.strip()]:
        plain = text.replace("`", "")
        yield f"    {shorten(plain, _width() - 4, placeholder=' ...') if brief else plain}"


def _reasons(verdicts: Iterable[RuleVerdict], word: str) -> list[str]:
    rules: dict[str, list[str]] = {}
    for verdict in (one for one in verdicts if one.word == word):
        why = verdict.aside if word == "as written, but" else verdict.aside + verdict.doubts
        texts = "; ".join(text if times == 1 else f"{times} x {text}" for text, times in why.items())
        rules.setdefault(texts, []).append(verdict.rule)
    return [f"  {' '.join(names)}  {texts}" for texts, names in rules.items()]


def quiet(checked: Checked) -> str:
    """Return the result in one line, with the number of notes that the table shows."""
    itself = f"; recordings of a fake, which prove nothing: {len(checked.by_fake)}" if checked.by_fake else ""
    return summary(checked) + itself + (f"; notes on the files: {len(checked.notes)}" if checked.notes else "")


def summary(checked: Checked) -> str:
    counted = ((word, len(rules)) for word, rules in _by_word(checked.verdicts).items())
    text = ", ".join(f"{count} {word}" for word, count in counted if count or word in {"refuted", "as written"})
    left_out = f"; left out, over a limit: {checked.left_out}" if checked.left_out else ""
    number = checked.verdicts.exchanges
    return f"{number} exchange{'' if number == 1 else 's'}{left_out}; rules: {text}"


def _by_word(verdicts: Iterable[RuleVerdict]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {word: [] for word in _COUNTED}
    for one in verdicts:
        unjudged = _SET_ASIDE if one.reasons == {SHARED} else _BEYOND
        found[unjudged if one.word == "not judged" else one.word].append(one.rule)
    return found


def _explanation(checked: Checked) -> Iterator[str]:
    rules = _by_word(checked.verdicts)
    for word, title in _EXPLAINED.items():
        yield from _list(title, [", ".join(rules[word])] * bool(rules[word]))
    scripts = [f"{record}: {script}" for record, script in checked.scripts.items()]
    yield from _list("What pollers saw, as scripts:", scripts)
    yield from _list("What was there before:", checked.seeds)
    assumed = [f"{times} x {text}" for text, times in checked.verdicts.inferred.items()]
    yield from _list("What was assumed:", assumed)


def _list(title: str, texts: list[str]) -> Iterator[str]:
    yield from ("", title) if texts else ()
    yield from (f"  {text}" for text in texts)


def _width() -> int:
    """Return how many columns the text has: those of the variable COLUMNS, or of the terminal, if there is one."""
    known = sys.stdout.isatty() or os.environ.get("COLUMNS")
    return max(_LEAST, get_terminal_size((_WIDTH, 24)).columns) if known else _WIDTH


def _wrapped(text: str) -> list[str]:
    """Break a text into lines, the later ones with an indent; long names stay whole where no terminal is too narrow."""
    lead = len(text) - len(text.lstrip(" -"))
    indent = " " * (max(lead, 4) if text.startswith(("refuted: ", "  ")) else lead)
    return wrap(text, _width(), subsequent_indent=indent, break_long_words=sys.stdout.isatty(), break_on_hyphens=False)


def _facts(first: Mapping[Any, Difference], mask: Sanitizer) -> Iterator[tuple[str, Difference, int]]:
    """Yield each fact as text, with the first difference that shows it, and in how many exchanges there is one.

    What is added, left out or of another form is one fact, however many values it has.
    """
    facts: dict[tuple[str, str, str], list[Difference]] = {}
    for one in first.values():
        values = "" if one.kind in _ONE_FACT else _values(one, mask)
        facts.setdefault((one.where.replace("body.data[]", "body"), one.kind, values), []).append(one)
    for (where, kind, _), some in facts.items():
        one, times = some[0], sum(each.times for each in some)
        operations = {each.operation for each in some}
        name = ", ".join(filter(None, dict.fromkeys(each.operation.partition(".")[0] for each in some)))
        name = f"{name} {where}" if len(operations) > 1 else f"{one.operation} {one.where}".strip()
        count = f", in {times} exchanges" if times > 1 else ""
        text = f"{name}{count}: {_values(one, mask)}" if kind == "added" else f"{name}: {_values(one, mask)}{count}"
        yield text, one, times


def _place(one: Difference, mask: Sanitizer, times: int) -> str:
    """Return where the first of several differences is, with the URL where the operation does not name it."""
    method, _, url = one.url.partition(" ")
    where = f"in {one.file}, exchange {one.number}" + (f": {method} {mask.url(url)}" if url else "")
    return f"first {where}" if times > 1 else where


def _values(one: Difference, mask: Sanitizer) -> str:
    seen = shown(one.seen, one, mask)
    return seen if renamed(one.seen) else f"{seen}, not {shown(one.fake, one, mask)}"


def as_json(checked: Checked, readings: Mapping[str, str]) -> str:
    mask, rules = Sanitizer(), load_rules()
    verdicts = {
        one.rule: {
            "verdict": one.word,
            **{name: getattr(one, name) for name in ("agreed", "differing", "doubts", "aside")},
            "uncompared": UNCOMPARED.get(one.rule, ""),
            "provenance": "A" if one.differing and one.assumed else rules[one.rule].provenance,
            "differences": [_as_data(difference, mask) for difference in one.differences],
        }
        for one in checked.verdicts
    }
    result = {
        "version": 1,
        "generator": f"pytest-aurous {version_of_package()}",
        "exchanges": checked.verdicts.exchanges,
        "rules": verdicts,
        "uncovered": [_as_data(one, mask) for one in checked.verdicts.uncovered.values()],
        "omitted": checked.verdicts.sparse,
        "readings": readings,
        "inferred": checked.verdicts.inferred,
        **{name: getattr(checked, name) for name in ("scripts", "seeds", "left_out", "shared")},
        "notes": [*_itself(checked), *checked.notes],
    }
    return json.dumps(result, indent=1) + "\n"


def _as_data(one: Difference, mask: Sanitizer) -> dict[str, Any]:
    same = {"file": one.file, "place": f"exchange {one.number}", **{name: getattr(one, name) for name in _SHOWN}}
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
        lines += [f"- {text}" for text, *_ in _facts(verdict.first, mask)]
        lines += ["", _ALONE] if any(one.alone for one in verdict.differences) else []
        shown_by = exchanges.get((first.file, first.number))
        lines += [""] if shown_by is None else ["", *_exchange(shown_by, mask)]
    for text, *_ in _facts(checked.verdicts.uncovered, mask):
        lines += [f"## No rule: {text.partition(':')[0]}", "", f"- {text}", ""]
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
