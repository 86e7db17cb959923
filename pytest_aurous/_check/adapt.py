"""Changes that make the fake agree with a recording: other readings, and observed differences as data."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from .._core.base.amounts import plain
from .._core.base.forms import form_of
from .._core.base.redaction import redacted_json
from .._facade import CATALOG, READINGS
from .check import Checked
from .sanitize import Sanitizer
from .values import ABSENT, Words
from .verdict import Difference, Verdicts

_OF_STREAM: Final = re.compile(r"body\.stream\.(first|second|last)")
"""The chunks of a stream, whose fields are in the completion, too."""


def find_readings(
    verdicts: Verdicts, chosen: Mapping[str, str], again: Callable[[Mapping[str, str]], Checked]
) -> dict[str, str]:
    """Return the readings under which fewer places differ, and no other place.

    Args:
        verdicts: Those under the *chosen* readings.
        chosen: The readings so far.
        again: Checks the same recordings under other readings.
    """
    found: dict[str, str] = {}
    best = verdicts
    for rule in [verdict.rule for verdict in verdicts.refuted]:
        for reading in READINGS.get(rule, ()):
            if reading == chosen.get(rule, READINGS[rule][0]):
                continue
            checked = again({**chosen, **found, rule: reading}).verdicts
            if checked.places < best.places and checked.open <= best.open:
                found[rule], best = reading, checked
    return found


def observations(verdicts: Verdicts, without: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the differences that the setting ``observed`` makes the fake follow; not those that a reading explains."""
    mask = Sanitizer()
    return [row for one in _unexplained(verdicts, without) if (row := _observation(one, mask)) is not None]


def not_followed(verdicts: Verdicts, without: Mapping[str, str]) -> list[str]:
    """Return the operation and the place of each difference that the fake cannot follow, and no reading explains."""
    mask = Sanitizer()
    found = (one for one in _unexplained(verdicts, without) if _observation(one, mask) is None)
    return list(dict.fromkeys(f"{one.operation} {one.where}" for one in found))


def limits_of(verdicts: Verdicts) -> list[str]:
    """Return what a suite calls to have the capacities of rate limits that the recordings show."""
    found: dict[str, None] = {}
    for one in (one for verdict in verdicts.refuted for one in verdict.differences):
        row = CATALOG.by_operation.get(one.operation)
        if one.where == "header.x-ratelimit-limit" and row is not None and str(one.seen).isdecimal():
            names = [row.bucket] if isinstance(row.bucket, str) else []
            found |= dict.fromkeys(f'aurous.limits["{name}"].set(burst={one.seen})' for name in names)
    return list(found)


def _unexplained(verdicts: Verdicts, without: Mapping[str, str]) -> list[Difference]:
    differences = [one for verdict in verdicts.refuted if verdict.rule not in without for one in verdict.differences]
    return differences + [difference for difference, _ in verdicts.uncovered.values()]


def _observation(one: Difference, mask: Sanitizer) -> dict[str, Any] | None:
    row: dict[str, Any] = {"operation": one.operation, "where": one.where}
    success = not one.outcome.startswith(("4", "5"))
    place = success and one.where.startswith(("body.", "body[", "header.")) and "*" not in one.where
    if one.kind == "missing" and place:
        return {**row, "what": "left out"}
    if one.kind == "added" and place and not isinstance(one.seen, Words):
        return {**row, "what": "added", "value": mask.at(one.operation, one.where, one.seen)}
    if one.kind == "status" and not str(one.fake).startswith("2") and not str(one.seen).startswith("2"):
        status, _, code = mask.outcome(str(one.seen)).partition(" ")
        return {**row, "what": "refusal", "of": one.fake, "status": int(status), "code": code}
    if one.kind == "code":
        status, code = one.outcome.partition(" ")[0], mask.at("", "error.code", one.seen)
        row["where"] = "status"
        return {**row, "what": "refusal", "of": one.outcome, "status": int(status), "code": code}
    form, _, detail = form_of(str(one.seen)).partition(" ")
    if (one.kind, form) != ("form", "timestamp") or not place or not detail.endswith("Z"):
        return None
    return {**row, "what": "precision", "digits": int(detail.partition(" ")[0])}


def observed_file(verdicts: Verdicts, without: Mapping[str, str], followed: Sequence[Mapping[str, Any]] = ()) -> str:
    """Return the content of the file for the setting ``observed``: the *followed* differences, and those elsewhere."""
    known = {(row["operation"], row["where"], code) for row in followed for code in (_code(row), row.get("code", ""))}
    new = [row for row in observations(verdicts, without) if (row["operation"], row["where"], _code(row)) not in known]
    return json.dumps({"observed": redacted_json([*followed, *new])}, indent=1) + "\n"


def _code(row: Mapping[str, Any]) -> str:
    """Return the code of the refusal that a row changes; empty for any other row."""
    return str(row.get("of", "")).partition(" ")[2]


def shown(value: Any, one: Difference, mask: Sanitizer) -> str:
    """Return a value of a difference as text, without anything private."""
    where = one.where
    if value is ABSENT or isinstance(value, (Words, Decimal)):
        return plain(value) if isinstance(value, Decimal) else str(value)
    if where == "status":
        return mask.outcome(str(value))
    if where == "error.doc_url":  # an anchor, which is the code
        return f"#{mask.at('', 'error.code', value)}"
    if where.startswith("header."):
        return mask.header(where.removeprefix("header."), str(value))
    return json.dumps(mask.at(one.operation, _OF_STREAM.sub("body", where), value), ensure_ascii=False)
