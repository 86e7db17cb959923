"""Changes that make the fake agree with a recording: other readings, and observed differences as data."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from .._core.base.amounts import plain
from .._core.base.redaction import redacted_json
from .._facade import CATALOG, READINGS
from .check import Checked
from .recording.view import UNKNOWN
from .sanitize import Sanitizer
from .shapes import schema_at
from .values import ABSENT, Words, form_of, json_type, renamed
from .verdict import Difference, Verdicts

_OF_STREAM: Final = re.compile(r"body\.stream\.(first|second|last)")
"""The chunks of a stream, whose fields are in the completion, too."""
_COUNT: Final = re.compile(r"body\.stream\.(?!first|second|last)[a-z_]+")
"""The facts of a stream that are not in one of its chunks: words and numbers of ours."""
_UNKNOWN: Final = {"string": "a text", "number": "a number", "array": "a list", "object": "an object"}
"""What is shown of a value in a field that the API does not have."""


def find_readings(
    verdicts: Verdicts, chosen: Mapping[str, str], again: Callable[[Mapping[str, str]], Checked]
) -> tuple[dict[str, str], Verdicts]:
    """Return the readings under which fewer places differ, and no other place, and the verdicts under them.

    *verdicts* are those under the *chosen* readings; *again* checks the same recordings under others.
    """
    found: dict[str, str] = {}
    best = verdicts
    rules = [verdict.rule for verdict in verdicts.refuted]
    for rule in rules:
        for reading in READINGS.get(rule, ()):
            if reading == chosen.get(rule, READINGS[rule][0]):
                continue
            checked = again({**chosen, **found, rule: reading}).verdicts
            if checked.places < best.places and checked.open <= best.open:
                found[rule], best = reading, checked
                rules += [one.rule for one in best.refuted if one.rule not in rules]  # what the difference has hidden
    return found, best


def expressed(verdicts: Verdicts) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the differences for the setting ``observed``, and the places that it cannot express."""
    mask, rows, lost = Sanitizer(), list[dict[str, Any]](), dict[str, None]()
    differences = [one for verdict in verdicts.refuted for one in verdict.differences]
    for one in (*differences, *verdicts.uncovered.values()):
        found = _rows(one, mask)
        rows += found
        lost |= {} if found else {f"{one.operation} {one.where}": None}
    return rows, list(lost)


def limits_of(verdicts: Verdicts) -> list[str]:
    """Return what a suite calls to have the capacities of rate limits that the recordings show."""
    found: dict[str, None] = {}
    for one in (one for verdict in verdicts.refuted for one in verdict.differences):
        bucket = CATALOG.by_operation.get(one.operation, UNKNOWN).bucket
        if one.where == "header.x-ratelimit-limit" and str(one.seen).isdecimal() and isinstance(bucket, str):
            found[f'aurous.limits["{bucket}"].set(burst={one.seen})'] = None
    return list(found)


def _rows(one: Difference, mask: Sanitizer) -> list[dict[str, Any]]:
    """Return a difference as rows of the file: two for a field of another name, none for what it cannot express."""
    row: dict[str, Any] = {"operation": one.operation, "where": one.where}
    success = not one.outcome.startswith(("4", "5"))
    place = success and one.where.startswith(("body.", "body[", "header.")) and "*" not in one.where
    if one.kind == "missing" and place:
        where = f"{one.where.rpartition('.')[0]}.{renamed(one.seen)}"
        other = {"where": where, "what": "added", "type": json_type(one.fake)}
        return [{**row, "what": "left out"}, *([{**row, **other}] if renamed(one.seen) else [])]
    if one.kind == "added" and place and not isinstance(one.seen, Words):
        return [{**row, "what": "added", "type": json_type(one.seen)}]
    if one.kind == "status" and not str(one.fake).startswith("2") and not str(one.seen).startswith("2"):
        status, _, code = mask.outcome(str(one.seen)).partition(" ")
        return [{**row, "what": "refusal", "of": one.fake, "status": int(status), "code": code}]
    if one.kind == "code":
        status, code = one.outcome.partition(" ")[0], mask.at("", "error.code", one.seen)
        refusal = {"what": "refusal", "of": one.outcome, "status": int(status), "code": code}
        return [{**row, "where": "status", **refusal}]
    form, _, detail = form_of(str(one.seen)).partition(" ")
    if (one.kind, form) != ("form", "timestamp") or not place or not detail.endswith("Z"):
        return []
    return [{**row, "what": "precision", "digits": int(detail.partition(" ")[0])}]


def followed(
    verdicts: Verdicts, observed: Sequence[Mapping[str, Any]], again: Callable[[str], Checked]
) -> tuple[str, list[str]]:
    """Return the content of the file for the setting ``observed``, and the places that the fake cannot follow.

    What was *observed* before stays. *again* checks under a content: a row that makes anything differ anew is left out.
    """
    known = {(row["operation"], row["where"], code) for row in observed for code in (_code(row), row.get("code", ""))}
    rows, others = expressed(verdicts)
    new = [row for row in rows if (row["operation"], row["where"], _code(row)) not in known]
    there = {f"{row['operation']} {row['where']}" for row in new}  # of successes, and perhaps also in refusals
    lost = [place for place in others if place not in there]
    while True:
        content = json.dumps({"observed": redacted_json([*observed, *new])}, indent=1) + "\n"
        anew = again(content).verdicts.places - verdicts.places if new else set[tuple[str, int, str, str]]()
        wrong = [row for row in new if any(_touches(row, *place[2:]) for place in anew)]
        if not wrong:
            return content, lost
        new = [row for row in new if row not in wrong]
        lost += [f"{row['operation']} {row['where']}" for row in wrong]


def _touches(row: Mapping[str, Any], operation: str, where: str) -> bool:
    """Whether a difference at a place may follow from a row."""
    of_refusal = row["what"] == "refusal" and where.startswith(("status", "error"))
    return row["operation"] == operation and (of_refusal or where.startswith(row["where"]))


def _code(row: Mapping[str, Any]) -> str:
    """Return the code of the refusal that a row changes; empty for any other row."""
    return str(row.get("of", "")).partition(" ")[2]


def shown(value: Any, one: Difference, mask: Sanitizer) -> str:
    """Return a value of a difference as text, without anything private."""
    where, known = one.where, schema_at(one.operation, _OF_STREAM.sub("body", one.where))
    kind = json_type(value)
    if value is ABSENT or isinstance(value, (Words, Decimal)) or _COUNT.fullmatch(where):
        text = plain(value) if isinstance(value, Decimal) else str(value)
    elif where == "status":
        text = mask.outcome(str(value))
    elif where == "error.doc_url":  # an anchor, which is the code
        text = f"#{mask.at('', 'error.code', value)}"
    elif where.startswith("header."):
        text = mask.header(where.removeprefix("header."), str(value))
    elif kind in _UNKNOWN and (one.kind == "added" or kind == "number") and not {kind, "integer"} & {*known.types}:
        text = _UNKNOWN[kind]
    else:
        text = json.dumps(mask.value(known, value), ensure_ascii=False)
    return text
