"""Compare an OpenAPI document with the fake's: operations, enums, bounds, statuses, codes, and names of headers.

Each document becomes facts, by operation and place; what follows compares facts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..._core.base.data import as_object
from ..._core.base.errors import AurousError
from ..._core.base.redaction import shortened
from ..._core.wire.refusal import GLOBAL_CODES
from ..._facade import CATALOG, READINGS, load_rules
from ..._facade import document as fake_document
from ..check import Checked
from ..rules import rule_of_statement
from ..values import Words
from ..verdict import Difference, Verdicts
from .document import MORE, Document, DocumentedOperation, schema_of, values_of

_LOW: Final = ("minimum", "minLength", "minItems")
_BOUNDS: Final = (*_LOW, "maximum", "maxLength", "maxItems")
_UNSAID: Final = ("accept", "content-type", "authorization")
"""Headers of requests that OpenAPI describes elsewhere than among the parameters."""
_COMPLETE: Final = "request.header.idempotency-key"
"""What the fake's document names wherever it counts."""
_SAME_MEANING: Final = {**GLOBAL_CODES, **{new: old for old, new in GLOBAL_CODES.items()}}
"""The codes between which the readings of err-6 decide."""
_ANY: Final = "any value"
_LONGEST: Final = 200

Facts = dict[tuple[str, str], tuple[Any, str]]
"""What a document states, by place and kind: an ``enum``, a bound by its name, a name that may be ``missing``, or only
that there is the place. The second part of a value is the schema that the place is in, which operations may share."""


@dataclass(frozen=True)
class Finding:
    """What is found at one place: whether their document says the *same*, *differs*, is *silent*, or has *added* it.

    Fields are named as in `Difference`. The *root* is the schema that the place is in: differences in one schema are
    one difference. The *rule* is set where the place does not say it.
    """

    operation: str
    where: str
    kind: str
    word: str
    seen: str = ""
    fake: str = ""
    root: str = ""
    outcome: str = ""
    rule: str = ""


def check_document(document: Document, readings: Mapping[str, str]) -> Checked:
    """Compare an OpenAPI document with the fake's, under some readings.

    Raises:
        AurousError: If it has no operation of the fake, or too many schemas.
    """
    checked = Checked(Verdicts(load_rules()), counted="operations", found_in="places")
    fake = {one.name: one for one in Document("", fake_document()).operations()}
    places = {one.place: name for name, one in fake.items()}
    theirs: dict[str, DocumentedOperation] = {}
    found: list[Finding] = []
    notes: list[str] = []
    for one in document.operations():
        name = places.get(one.place, "")
        if not name:
            found.append(Finding(words(one.title), "operation", "added", "added", "present", "absent"))
        elif name in theirs:
            notes.append(f"{words(one.title)} is {words(theirs[name].title)} again, and was not compared")
        else:
            theirs[name] = one
    if not theirs:
        text = f"check --spec {document.name}: none of its {len(found)} operations is one of this API."
        raise AurousError(f"{text}\n{MORE}")
    checked.verdicts.exchanges = len(theirs)
    refusals = _Refusals(fake, theirs, readings)
    for name, one in theirs.items():
        own = _facts(fake[name], fake[name].successes[0])
        found += _differences(name, own, _facts(one, fake[name].successes[0], own))
        found += [*_successes(fake[name], one), *refusals.findings(fake[name], one)]
    missing = [name for name in fake if name not in theirs]
    lacks = f"it does not have {len(missing)} of the {len(fake)} operations: {', '.join(missing)}"
    notes += [lacks] if missing else []
    for name in missing:
        for rule in CATALOG.by_operation[name].rules:
            checked.verdicts.doubt(rule, f"it does not have {fake[name].title}")
    notes += ["its webhooks are not compared"] if "webhooks" in document.content else []
    notes += [words(note) for note in document.unread]
    unstated = [f"{rule} = {one}" for rule, one in readings.items() if rule not in {"auth-4", "err-6"}]
    notes += [f"the reading {one} changes nothing here: no document states it" for one in unstated]
    checked.notes = [f"{words(document.name)}: {note}" for note in notes]
    _count(checked, words(document.name), found, {name: words(one.title) for name, one in theirs.items()})
    return checked


def _facts(one: DocumentedOperation, status: str, own: Facts | None = None) -> Facts:
    """Return what a document states of an operation with this success, but for statuses and codes.

    With *own*, only what is below its places.
    """
    found: Facts = {}

    def describe(where: str, schema: Any, root: str | None = None) -> None:
        """Add what a schema states of a place, and of all in it."""
        if own is not None and (where, "") not in own:
            return
        root = json.dumps(schema, sort_keys=True) if root is None and own is None else root or ""
        root = str(as_object(schema).get("$ref", root))
        parts = one.document.parts(schema)
        found[where, ""] = None, root
        stated = {"enum": values_of(parts) or None, **{f"limit {name}": _bound(parts, name) for name in _BOUNDS}}
        found.update({(where, kind): (value, f"{root} {kind}") for kind, value in stated.items() if value is not None})
        fields: dict[str, list[Any]] = {}
        for part in parts:
            for name, field in as_object(part.get("properties")).items():
                fields.setdefault(name, []).append(field)
        for name, some in fields.items():
            describe(f"{where}.{name}", some[0] if len(some) == 1 else {"allOf": some}, f"{root}.{name}")
        for items in [part["items"] for part in parts if "items" in part][:1]:
            describe(f"{where}[]", items, f"{root}[]")

    for (place, name), schema in one.parameters.items():
        if place in {"query", "header"} and name.lower() not in _UNSAID:
            where = f"request.{place}.{words(name.lower() if place == 'header' else name)}"
            found[where, "missing"] = True, where
            describe(where, schema, "")
    describe("request.body", one.body)
    success = one.response(status) or next((one.responses[other] for other in one.successes), dict[str, Any]())
    for name in as_object(success.get("headers")):
        found[f"header.{words(name.lower())}", "missing"] = True, ""
    describe("body", schema_of(success))
    refusals = [schema_of(one.responses[status]) for status in one.refusals]
    refusal: Any = next((schema for schema in refusals if schema), None)
    errors = [as_object(part.get("properties")).get("error") for part in one.document.parts(refusal)]
    describe("error", {"allOf": errors}, "error")
    return {key: fact for key, fact in found.items() if key[0] != "error.code"}


def _bound(parts: list[dict[str, Any]], name: str) -> float | None:
    """Return the bound that schemas set, which is reached; in OpenAPI 3.0, an exclusive one is a switch."""
    exclusive, step = f"exclusive{name[0].upper()}{name[1:]}", 1 if name in _LOW else -1
    for part in parts:
        value, outer = part.get(name), part.get(exclusive)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return value + step if outer is True else value
        if isinstance(outer, (int, float)) and not isinstance(outer, bool) and part.get("type") == "integer":
            return outer + step
    return None


def _differences(operation: str, own: Facts, theirs: Facts) -> Iterator[Finding]:
    """Yield what is found at each place about which a document states something."""
    for (where, kind), (value, root) in own.items():
        if kind:
            other = theirs.get((where, kind), (None, ""))[0]
            word: str = "silent" if other is None else "same" if other == value else "differs"
            yield Finding(operation, where, kind.partition(" ")[0], word, *_texts(kind, other, value), root)
    for (where, kind), (value, root) in theirs.items():
        if (where, kind) in own or not kind:
            continue
        if kind == "missing":
            yield Finding(operation, where, "added", "differs" if where == _COMPLETE else "added", "present", "absent")
        elif kind == "enum" or where.startswith("request"):
            yield Finding(operation, where, kind.partition(" ")[0], "added", *_texts(kind, value, None), root)


def _texts(kind: str, seen: Any, fake: Any) -> tuple[str, str]:
    """Return what two documents say, in words."""
    if kind == "missing":
        return ("present" if seen else "absent"), ("present" if fake else "absent")
    if kind != "enum":
        name = kind.removeprefix("limit ")
        return (_ANY if seen is None else f"{name} {seen}"), (_ANY if fake is None else f"{name} {fake}")
    shown = [_ANY if one is None else f"one of {', '.join(sorted(one))}" for one in (seen, fake)]
    if seen and fake:
        news = [f"also {one}" for one in sorted(seen - fake)] + [f"never {one}" for one in sorted(fake - seen)]
        shown[0] = ", ".join(news)
    return words(shown[0]), words(shown[1])


def _successes(own: DocumentedOperation, theirs: DocumentedOperation) -> Iterator[Finding]:
    """Yield what is found about the statuses of a success."""
    agreed = [status for status in own.successes if theirs.response(status) is not None]
    for status in own.successes:
        word: str = "same" if status in agreed else "silent" if agreed or not theirs.successes else "differs"
        seen = theirs.successes[0] if word == "differs" else status
        yield Finding(own.name, "status", "status", word, seen, status, outcome=status)
    for status in theirs.successes:
        if agreed and status not in own.successes and status.isdecimal():
            yield Finding(own.name, "status", "added", "added", status, "absent")


class _Refusals:
    """The statuses and codes of refusals, under these *readings*."""

    def __init__(
        self,
        fake: Mapping[str, DocumentedOperation],
        theirs: Mapping[str, DocumentedOperation],
        readings: Mapping[str, str],
    ) -> None:
        self._readings = {rule: readings.get(rule, values[0]) for rule, values in READINGS.items()}
        lists = [Counter(one.codes(status) for status in one.refusals) for one in theirs.values()]
        # Lists that several statuses have say nothing of one of them.
        self._everywhere = {codes for some in lists for codes, times in some.items() if codes and times > 1}
        self._known = {code for one in fake.values() for name in one.refusals for code in self._codes(one, name)}

    def _codes(self, own: DocumentedOperation, status: str) -> frozenset[str]:
        """Return the codes of the fake at a status, under the readings."""
        codes = own.codes(status)
        if self._readings["err-6"] == "global":
            codes = frozenset(GLOBAL_CODES.get(code, code) for code in codes)
        revoked = self._readings["auth-4"] == "revoked_api_key" and "invalid_api_key" in codes
        return codes | {"revoked_api_key"} if revoked else codes

    def findings(self, fake: DocumentedOperation, theirs: DocumentedOperation) -> Iterator[Finding]:
        """Yield what is found in an operation."""
        met = set[tuple[str, str]]()
        own = {status: self._codes(fake, status) for status in fake.refusals}
        lists = {status: theirs.codes(status) for status in sorted({*own, *theirs.refusals})}
        for status, codes in own.items():
            vague = status == "400" and not lists[status]  # which says nothing without its code
            word: str = "same" if theirs.response(status) is not None and not vague else "silent"
            yield Finding(fake.name, "status", "status", word, status, status, outcome=f"{status} ")
            for code in sorted(codes):
                found = self._code(fake.name, f"{status} {code}", lists, codes)
                met.add((found.seen.partition(" ")[0], code) if found.kind == "status" else (status, found.seen))
                yield found
        for status in theirs.refusals:
            shared = lists[status] in self._everywhere
            news = lists[status] - own.get(status, frozenset()) - (self._known if shared else set())
            for code in sorted(one for one in news if (status, one) not in met):
                rule = next((rule for rule, readings in READINGS.items() if code in readings), "")
                seen, root = (code, f"codes {code}") if shared else (f"{status} {code}", "")
                word = "differs" if rule else "added"
                yield Finding(fake.name, "error.code", "added", word, words(seen), "absent", root, "", rule)
            if status not in own and not lists[status]:
                yield Finding(fake.name, "status", "added", "added", status, "absent", f"status {status}")

    def _code(self, name: str, outcome: str, lists: Mapping[str, frozenset[str]], own: frozenset[str]) -> Finding:
        """Return what their document says of one code of the fake."""
        status, _, code = outcome.partition(" ")
        listed, special = lists[status], CATALOG.by_operation[name].errors  # a document need not list the others
        at = {one: there for there, codes in lists.items() if codes not in self._everywhere for one in codes}
        other = _SAME_MEANING.get(code, "")
        if code in listed:
            return Finding(name, "error.code", "code", "same", code, code, outcome=outcome)
        if at.get(code, status) != status:
            return Finding(name, "status", "status", "differs", f"{at[code]} {code}", outcome, "", outcome, "err-5")
        if other in listed:
            return Finding(name, "error.code", "code", "differs", other, code, "", outcome, "err-6")
        if not listed or outcome not in special:
            return Finding(name, "error.code", "code", "silent", "", code, outcome=outcome)
        new, gone = sorted(listed - self._known), [one for one in own - listed if f"{status} {one}" in special]
        kind, seen = ("code", words(new[0])) if len(new) == len(gone) == 1 else ("no code", "not listed")
        return Finding(name, "error.code", kind, "differs", seen, code, outcome=outcome)


def _count(checked: Checked, file: str, found: list[Finding], titles: Mapping[str, str]) -> None:
    """Count what was found; a difference in a schema that several operations have is one difference."""
    verdicts, places = checked.verdicts, dict[tuple[str, ...], list[Finding]]()
    for one in found:
        place = (one.root,) if one.root else (one.operation, one.where, one.outcome)
        places.setdefault((*place, one.kind, one.word, one.seen), []).append(one)
    for some in places.values():
        home = next((one for one in some if one.operation.endswith(".retrieve")), some[0])
        for one in some:
            rule = _rule(one if one.word in {"same", "silent"} else home)
            if one.word == "same" or (one.word == "added" and rule):
                verdicts.agree(rule)
            elif one.word == "silent":
                verdicts.doubt(rule, f"{one.operation} {one.where} is not stated")
                checked.unsaid.append(f"{one.operation} {one.where}: {one.outcome.strip() or one.fake}")
            else:
                said = home.operation, home.where, home.kind, Words(home.seen), Words(home.fake), home.outcome
                every = tuple((one.operation, one.where) for one in some)
                verdicts.differ(rule, Difference(file, 0, *said, titles.get(home.operation, ""), every))
    checked.unsaid = list(dict.fromkeys(checked.unsaid))


def _rule(one: Finding) -> str:
    if one.word == "added":  # each response has such a header, or each request may
        return rule_of_statement("", one.where, "missing") if "header." in one.where else ""
    return one.rule or rule_of_statement(one.operation, one.where, one.kind, one.outcome)


def words(text: str) -> str:
    """Return a text of a document as it can be shown: without keys, in one line, and not too long."""
    return shortened(text[: 50 * _LONGEST], _LONGEST)
