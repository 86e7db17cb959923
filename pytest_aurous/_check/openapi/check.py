"""Check an OpenAPI document: compare it with the fake's, and return a verdict for each rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from ..._base.errors import AurousError, see
from ..._resources.base.rules import load_rules
from ..._resources.catalog import CATALOG
from ..._resources.openapi import document as fake_document
from ..._world.settings import READINGS
from ..check import Checked
from ..rules import rule_of_statement
from ..verdict import Difference, Verdicts
from .compare import Comparison, Finding, Place, words
from .document import Document
from .operations import Operation, operations
from .refusals import Refusals
from .schemas import Schemas, too_many

_STATED_READINGS: Final = ("auth-4", "err-6")
"""Those that change what a document can state."""


def check_document(document: Document, readings: Mapping[str, str]) -> Checked:
    """Compare an OpenAPI document with the fake's, under some readings.

    Raises:
        AurousError: If it has no operation of the fake, or too many schemas.
    """
    chosen = {rule: readings.get(rule, values[0]) for rule, values in READINGS.items()}
    own = Document("", fake_document())
    fake = {one.name: one for one in operations(Schemas(own))}
    schemas = Schemas(document)
    theirs, others, notes = _matched(fake, list(operations(schemas)))
    if not theirs:
        text = f"check --spec {document.name}: none of its {len(others)} operations is one of this API."
        raise AurousError(f"{text}\n{see('reference/check.html#documents')}")
    checked = Checked(Verdicts(load_rules()), counted="operations", found_in="places")
    checked.verdicts.exchanges = len(theirs)
    try:
        found = _found(fake, theirs, chosen)
    except RecursionError:
        raise too_many(document.name) from None
    found += [Place(words(one.title), "operation").finding("missing", "added", "present", "absent") for one in others]
    _count(checked, words(document.name), found, {name: words(one.title) for name, one in theirs.items()})
    missing = [name for name in fake if name not in theirs]
    if missing:
        notes.append(f"it does not have {len(missing)} of the {len(fake)} operations: {', '.join(missing)}")
    for name in missing:
        for rule in CATALOG.by_operation[name].rules:
            checked.verdicts.doubt(rule, f"it does not have {fake[name].title}")
    if "webhooks" in document.content:
        notes.append("its webhooks are not compared")
    notes += [words(note) for note in schemas.unread]
    notes += [
        f"the reading {rule} = {reading} changes nothing here: no document states it"
        for rule, reading in readings.items()
        if rule not in _STATED_READINGS
    ]
    checked.notes = [f"{words(document.name)}: {note}" for note in notes]
    return checked


def _found(
    fake: Mapping[str, Operation], theirs: Mapping[str, Operation], readings: Mapping[str, str]
) -> list[Finding]:
    """Return what is found in the operations that both documents have."""
    found: list[Finding] = []
    refusals = Refusals(fake.values(), theirs.values(), readings)
    for name, other in theirs.items():
        comparison = Comparison(fake[name].schemas, other.schemas)
        found += comparison.findings(fake[name], other)
        found += refusals.findings(CATALOG.by_operation[name].errors, fake[name], other)
    return found


def _matched(
    fake: Mapping[str, Operation], theirs: list[Operation]
) -> tuple[dict[str, Operation], list[Operation], list[str]]:
    """Return their operations by the fake's names, then the operations that the fake does not have, and notes."""
    names = {(one.method, one.paths[0]): name for name, one in fake.items()}
    found: dict[str, Operation] = {}
    others: list[Operation] = []
    notes: list[str] = []
    for one in theirs:
        name = next((names[one.method, path] for path in one.paths if (one.method, path) in names), None)
        if name is None:
            others.append(one)
        elif name in found:
            notes.append(f"{words(one.title)} is {words(found[name].title)} again, and was not compared")
        else:
            found[name] = one
    return found, others, notes


def _homes(found: Iterable[Finding]) -> dict[str, str]:
    """Return the operation of each schema: that which retrieves it, else the first."""
    homes: dict[str, str] = {}
    for one in found:
        if one.operation.endswith(".retrieve") and not homes.get(one.root, "").endswith(".retrieve"):
            homes[one.root] = one.operation
        homes.setdefault(one.root, one.operation)
    return homes


def _key(one: Finding) -> tuple[str, ...]:
    return one.root, one.inner, one.kind, one.word, one.seen


def _count(checked: Checked, file: str, found: list[Finding], titles: Mapping[str, str]) -> None:
    """Count what was found; a difference in a schema that several operations have is one difference."""
    verdicts, homes = checked.verdicts, _homes(found)
    first = {_key(one): one for one in reversed(found) if one.root and homes[one.root] == one.operation}
    places: dict[tuple[str, ...], list[Finding]] = {}
    for one in found:
        places.setdefault(_key(one), []).append(one)
    unsaid: dict[str, None] = {}
    for one in found:
        if one.word in {"same", "silent"}:
            rule = one.rule or rule_of_statement(one.operation, one.where, one.kind, one.outcome)
            place = f"{one.operation} {one.where}"
            if one.word == "same":
                verdicts.agree(rule)
            else:
                verdicts.doubt(rule, f"{place} is not stated")
                unsaid[f"{place}: {one.outcome.strip() or one.fake}"] = None
            continue
        home, key = first.get(_key(one), one), _key(one)
        rule = home.rule or rule_of_statement(home.operation, home.where, home.kind, home.outcome)
        if one.word == "added":
            rule = rule_of_statement("", one.where, "missing") if "header." in one.where else ""
            if rule:  # each response has it, or each request may
                verdicts.agree(rule)
                continue
        verdicts.differ(rule, _difference(file, home, titles, places[key] if key in first else [one]))
    checked.unsaid = list(unsaid)


def _difference(file: str, one: Finding, titles: Mapping[str, str], found: list[Finding]) -> Difference:
    """Return a difference, and all places in which it is *found*."""
    title = titles.get(one.operation, "")
    places = tuple((place.operation, place.where) for place in found)
    said = one.operation, one.where, one.kind, one.seen, one.fake, one.outcome
    return Difference(file, 0, *said, title, places)
