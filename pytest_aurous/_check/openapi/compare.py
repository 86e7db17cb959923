"""Compare what two OpenAPI documents say about an operation: enums, bounds, and names of parameters and headers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any, Final, Literal, NamedTuple

from ..._base.redaction import redacted
from ..._wire.data import as_object
from ..words import Words
from .operations import Operation, schema_of
from .schemas import Schemas, values_of

Word = Literal["same", "differs", "silent", "added"]
_LOW: Final = ("minimum", "minLength", "minItems")
_HIGH: Final = ("maximum", "maxLength", "maxItems")
_UNSAID: Final = ("accept", "content-type", "authorization")
"""Headers of requests that OpenAPI describes elsewhere than among the parameters."""
_COMPLETE: Final = ("idempotency-key",)
"""Headers of requests that the fake's document names wherever they count."""
_ANY: Final = "any value"
_LONGEST: Final = 200
_MOST: Final = 10_000


class Stated(Words):
    """What a document says, in words that can be shown."""

    __slots__ = ()


class Finding(NamedTuple):
    """One thing that at least one of the two documents says.

    Attributes:
        operation: The operation.
        where: The place, such as ``request.body.name``, ``status``, ``error.code`` or ``body.refs[].pose``.
        kind: What is said: ``enum``, ``limit``, ``missing``, ``added``, ``status``, ``code``, ``no code`` or
            ``operation``.
        word: ``same``, ``differs``, ``silent`` where their document says nothing, ``added`` where the fake's does not.
        seen: What their document says.
        fake: What the fake's says.
        root: The schema that the place is in; several operations may share it.
        inner: The place in it.
        outcome: Status and code of a response.
        rule: The rule, where the place does not say it.
    """

    operation: str
    where: str
    kind: str
    word: Word
    seen: Stated = Stated()
    fake: Stated = Stated()
    root: str = ""
    inner: str = ""
    outcome: str = ""
    rule: str = ""


class Place(NamedTuple):
    """A place that is being compared; its fields are named as in `Finding`."""

    operation: str
    where: str
    root: str = ""
    inner: str = ""

    def at(self, step: str) -> Place:
        """Return a place in this one."""
        return self._replace(where=self.where + step, inner=self.inner + step)

    def finding(self, kind: str, word: Word, seen: str = "", fake: str = "", **more: Any) -> Finding:
        """Return what is found here."""
        return Finding(
            self.operation, self.where, kind, word, Stated(seen), Stated(fake), self.root, self.inner, **more
        )


def words(text: str) -> str:
    """Return a text of a document as it can be shown: without keys, in one line, and not too long."""
    shown = "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in redacted(text[:_MOST]))
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."


class Comparison:
    """Compares an operation of the fake with an operation of another document."""

    def __init__(self, fake: Schemas, theirs: Schemas) -> None:
        self._fake = fake
        self._theirs = theirs

    def findings(self, fake: Operation, theirs: Operation) -> Iterator[Finding]:
        """Yield what the two say, but for refusals."""
        yield from self._parameters(fake, theirs)
        if fake.body is not None and theirs.body is not None:
            own = schema_of(fake.body)
            root = f"request {json.dumps(own, sort_keys=True)}"
            yield from self._compare(Place(fake.name, "request.body", root), own, schema_of(theirs.body))
        yield from self._successes(fake, theirs)
        for status in fake.refusals():
            response = theirs.response(status)
            if response is not None:
                own, other = schema_of(fake.responses[status]), schema_of(response)
                found = self._compare(Place(fake.name, ""), own, other)
                yield from (one._replace(where=one.where[1:]) for one in found if not one.where.endswith(".code"))
                return

    def _parameters(self, fake: Operation, theirs: Operation) -> Iterator[Finding]:
        known = {(place, name.removesuffix("[]")): (place, name) for place, name in theirs.parameters}
        known |= {key: key for key in theirs.parameters}  # a list may be written with brackets, or without
        found: set[tuple[str, str]] = set()
        for (place, name), own in fake.parameters.items():
            here, key = (
                Place(fake.name, f"request.{place}.{words(name)}"),
                (known.get((place, name)) or known.get((place, name.removesuffix("[]")))),
            )
            if place == "path":
                continue
            if key is None:
                yield here.finding("missing", "silent", fake="present")
            else:
                found.add(key)
                yield here.finding("missing", "same")
                yield from self._compare(here, own.get("schema"), theirs.parameters[key].get("schema"))
        for place, name in theirs.parameters:
            if place in {"query", "header"} and (place, name) not in found and name not in _UNSAID:
                here = Place(fake.name, f"request.{place}.{words(name)}")
                yield here.finding("added", "differs" if name in _COMPLETE else "added", "present", "absent")

    def _successes(self, fake: Operation, theirs: Operation) -> Iterator[Finding]:
        own, others = fake.successes(), theirs.successes()
        here = Place(fake.name, "status")
        agreed = [status for status in own if theirs.response(status) is not None]
        for status in own:
            word: Word = "same" if status in agreed else "silent" if agreed or not others else "differs"
            yield here.finding("status", word, others[0] if word == "differs" else status, status, outcome=status)
        for status in others:
            if agreed and status not in own and status.isdecimal():
                yield here.finding("added", "added", status, "absent")
        other = next((theirs.responses[status] for status in [*own, *others] if status in theirs.responses), None)
        if other is None:
            return
        response = fake.responses[own[0]]
        headers, new = ({name.lower() for name in as_object(part.get("headers"))} for part in (response, other))
        for name in sorted(headers | new):
            word = "same" if name in headers & new else "silent" if name in headers else "added"
            kind = "added" if word == "added" else "missing"
            yield Place(fake.name, f"header.{words(name)}").finding(kind, word, "present", "absent")
        schema = schema_of(response)
        if schema is not None:
            here = Place(fake.name, "body", json.dumps(schema, sort_keys=True))
            yield from self._compare(here, schema, schema_of(other))

    def _compare(self, here: Place, own: Any, other: Any) -> Iterator[Finding]:
        """Yield what two schemas say of a value, and of all in it."""
        if "$ref" in as_object(own):
            here = here._replace(root=own["$ref"], inner="")
        mine, theirs = self._fake.parts(own), self._theirs.parts(other)
        yield from _enums(here, values_of(mine), values_of(theirs))
        for name in (*_LOW, *_HIGH):
            yield from _bounds(here, name, _bound(mine, name), _bound(theirs, name))
        fields, others = _fields(mine), _fields(theirs)
        for name in fields.keys() & others.keys():
            yield from self._compare(here.at(f".{name}"), fields[name], others[name])
        items = [[part["items"] for part in parts if "items" in part] for parts in (mine, theirs)]
        if all(items):
            yield from self._compare(here.at("[]"), items[0][0], items[1][0])


def _bound(parts: list[dict[str, Any]], name: str) -> float | None:
    """Return the bound that schemas set, which is reached; in OpenAPI 3.0, an exclusive one is a switch."""
    exclusive = f"exclusive{name[0].upper()}{name[1:]}"
    step = 1 if name in _LOW else -1
    for part in parts:
        value, outer = part.get(name), part.get(exclusive)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return value + step if outer is True else value
        if isinstance(outer, (int, float)) and not isinstance(outer, bool) and part.get("type") == "integer":
            return outer + step
    return None


def _fields(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the schemas of all fields of an object."""
    found: dict[str, Any] = {}
    for part in parts:
        for name, schema in as_object(part.get("properties")).items():
            found[name] = {"allOf": [found[name], schema]} if name in found else schema
    return found


def _enums(here: Place, own: AbstractSet[str] | None, other: AbstractSet[str] | None) -> Iterator[Finding]:
    if own is None and other is None:
        return
    if own is None or other is None:
        seen, fake = (_ANY if one is None else words(_listed(one)) for one in (other, own))
        yield here.finding("enum", "added" if own is None else "silent", seen, fake)
        return
    changes = [f"also {value}" for value in sorted(other - own)] + [f"never {value}" for value in sorted(own - other)]
    yield here.finding("enum", "differs" if changes else "same", words(", ".join(changes)), words(_listed(own)))


def _bounds(here: Place, name: str, own: float | None, other: float | None) -> Iterator[Finding]:
    if other is None and own is None:
        return
    if own is None and not here.where.startswith("request"):
        return
    seen, fake = (_ANY if one is None else f"{name} {one}" for one in (other, own))
    word: Word = "added" if own is None else "silent" if other is None else "same" if own == other else "differs"
    yield here._replace(inner=f"{here.inner} {name}").finding("limit", word, seen, fake)


def _listed(values: AbstractSet[str]) -> str:
    return f"one of {', '.join(sorted(values))}"
