"""Compare what two OpenAPI documents say about the same operation."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple

from ..._base.redaction import redacted
from ..._wire.data import as_object
from ..._wire.refusal import ERROR_TYPES, type_of
from ..words import Words
from .operations import Operation, has_type, media_types, schema_of
from .schemas import Schemas, Shape

Word = Literal["same", "differs", "silent", "added"]
_NUMBER_FORMS: Final = frozenset({"int32", "int64", "float", "double"})
_ENVELOPE: Final = ("error.type", "error.code", "error.param")
_UNSAID: Final = ("accept", "content-type", "authorization")
"""Headers of requests that OpenAPI describes elsewhere than among the parameters."""
_COMPLETE: Final = ("idempotency-key",)
"""Headers of requests that the fake's document names wherever they count."""
_LONGEST: Final = 200
_MOST: Final = 10_000
_ARRAY: Final = frozenset({"array"})
_WHOLE: Final = (frozenset({"integer"}), frozenset({"number"}))


class Stated(Words):
    """What a document says, in words that can be shown."""

    __slots__ = ()


class Finding(NamedTuple):
    """One thing that at least one of the two documents says.

    Attributes:
        operation: The operation.
        where: The place, such as ``request.body.name``, ``status``, ``error.code`` or ``body.refs[].url``.
        kind: What is said: ``json type``, ``null``, ``enum``, ``limit``, ``default``, ``form``, ``required``,
            ``missing``, ``closed``, ``media type``, ``status``, ``code``, ``no code`` or ``body``.
        word: ``same``, ``differs``, ``silent`` where their document says nothing, ``added`` where the fake's does not.
        seen: What their document says.
        fake: What the fake's says.
        root: The schema that the place is in; several operations may share it.
        inner: The place in it.
        outcome: Status and code of a response.
        rule: The rule, where the place does not say it.
        sample: A value of a field that only their document has.
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
    sample: Any = None


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
    """Compares an operation of the fake with an operation of another document, under these *readings*."""

    def __init__(self, fake: Schemas, theirs: Schemas, readings: Mapping[str, str]) -> None:
        self._fake = fake
        self._theirs = theirs
        self._readings = readings

    def findings(self, fake: Operation, theirs: Operation) -> Iterator[Finding]:
        """Yield what the two say, but for the codes of refusals."""
        yield from self._parameters(fake, theirs)
        yield from self._request(fake, theirs)
        yield from self._successes(fake, theirs)
        compared: list[Any] = []
        for status in fake.refusals():
            response, own = theirs.response(status), fake.response(status) or {}
            if response is None or "content" not in own:
                continue
            schema = schema_of(response, "application/json")
            if schema not in compared:
                yield from self._envelope(fake.name, schema_of(own, "application/json"), schema)
                compared.append(schema)
            yield self._type(fake.name, status, schema)

    def _parameters(self, fake: Operation, theirs: Operation) -> Iterator[Finding]:
        path = [one for key, one in theirs.parameters.items() if key[0] == "path"]
        found: set[tuple[str, str]] = set()
        for (place, name), own in fake.parameters.items():
            here = Place(fake.name, f"request.{place}.{words(name)}")
            key = _key_of(theirs, place, name)
            if place == "path":
                other = path.pop(0) if path else None
            else:
                other = theirs.parameters.get(key)
                found.add(key)
            if other is None:
                yield here.finding("missing", "silent", fake="present")
                continue
            if place != "path":
                yield here.finding("missing", "same")
                yield from _required(here, None, other.get("required"))
            yield from self._compare(here, own.get("schema"), _schema_of_parameter(other))
        for place, name in theirs.parameters:
            if place in {"query", "header"} and (place, name) not in found and name not in _UNSAID:
                here = Place(fake.name, f"request.{place}.{words(name)}")
                word: Word = "differs" if name in _COMPLETE else "added"
                yield here.finding("missing", word, "present", "absent")

    def _request(self, fake: Operation, theirs: Operation) -> Iterator[Finding]:
        body, other = fake.body, theirs.body
        here = Place(fake.name, "request.body")
        if body is None:
            if other is not None:
                if other.get("required") is True:
                    yield here.finding("body", "differs", "required", "not read")
                else:
                    yield here.finding("added", "added", "possible", "not read")
            return
        if other is None:
            yield here.finding("missing", "silent", fake="present")
            return
        if isinstance(other.get("required"), bool):
            yield from _required(here, bool(body["required"]), other["required"])
        kind = next(iter(media_types(body)))
        yield from _media_type(Place(fake.name, "request.header.content-type"), [kind], media_types(other))
        schema, theirs_schema = schema_of(body, kind), schema_of(other, kind)
        root = json.dumps(schema, sort_keys=True)
        yield from self._compare(here._replace(root=f"request {root}"), schema, theirs_schema, request=True)

    def _successes(self, fake: Operation, theirs: Operation) -> Iterator[Finding]:
        own, others = fake.successes(), theirs.successes()
        here = Place(fake.name, "status")
        agreed = [status for status in own if theirs.response(status) is not None]
        for status in own:
            if status in agreed:
                yield here.finding("status", "same", fake=status, outcome=status)
            elif agreed or not others:
                yield here.finding("status", "silent", fake=status, outcome=status)
            else:
                yield here.finding("status", "differs", others[0], status, outcome=status)
        for status in others:
            if agreed and status not in own and status.isdecimal():
                yield here.finding("added", "added", status, "absent")
        other = next((theirs.responses[status] for status in [*own, *others] if status in theirs.responses), None)
        if other is not None:
            yield from self._success(fake.name, fake.responses[own[0]], other)

    def _success(self, operation: str, own: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Finding]:
        headers = {name.lower() for name in as_object(own.get("headers"))}
        theirs = {name.lower() for name in as_object(other.get("headers"))}
        for name in sorted(headers | theirs):
            word: Word = "same" if name in headers & theirs else "silent" if name in headers else "added"
            yield Place(operation, f"header.{words(name)}").finding("missing", word, "present", "absent", sample="")
        kinds = media_types(own)
        yield from _media_type(Place(operation, "header.content-type"), list(kinds), media_types(other))
        for kind in kinds:
            schema, theirs_schema = schema_of(own, kind), schema_of(other, kind)
            root = json.dumps(schema, sort_keys=True)
            if schema is not None:
                yield from self._compare(Place(operation, "body", root), schema, theirs_schema)

    def _envelope(self, operation: str, own: Any, other: Any) -> Iterator[Finding]:
        """Compare two error envelopes."""
        for one in self._compare(Place(operation, ""), own, other):
            where = one.where.lstrip(".") or "error"
            if where not in _ENVELOPE or one.kind not in {"enum", "null", "required"}:
                yield one._replace(where=where)
        yield self._param(Place(operation, "error.param", "error", ".param"), self._error(other))

    def _error(self, schema: Any) -> Shape:
        return self._theirs.shape(self._theirs.shape(schema).fields.get("error"))

    def _type(self, operation: str, status: str, schema: Any) -> Finding:
        """Compare the type of the refusals with a status."""
        here = Place(operation, "error.type", "error", f".type {status}")
        kinds = self._theirs.shape(self._error(schema).fields.get("type")).values
        if kinds is None:
            return here.finding("enum", "silent", fake=type_of(int(status)))
        known = {kind.strip('"') for kind in kinds}
        wrong = type_of(int(status)) not in known or not known <= set(ERROR_TYPES)
        return here.finding("enum", "differs" if wrong else "same", words(_listed(kinds)), type_of(int(status)))

    def _param(self, here: Place, error: Shape) -> Finding:
        """Compare whether a refusal without a field at fault has a null param, or no param."""
        null = self._theirs.shape(error.fields.get("param")).null
        needed = None if error.required is None or "param" not in error.fields else "param" in error.required
        if self._readings["err-4"] == "absent":
            says, differs, seen, fake = needed, needed is True, "always present", "absent where no field was wrong"
        else:
            says, differs, seen, fake = null, null is False, "never null", "null where no field was wrong"
        return here.finding("param", "silent" if says is None else "differs" if differs else "same", seen, fake)

    def _compare(self, here: Place, own: Any, other: Any, *, request: bool = False) -> Iterator[Finding]:
        """Yield what two schemas say of a value, and of all in it."""
        if "$ref" in as_object(own):
            here = here._replace(root=own["$ref"], inner="")
        yield from self._shapes(here, self._fake.shape(own), self._theirs.shape(other), request=request)

    def _shapes(self, here: Place, own: Shape, other: Shape, *, request: bool) -> Iterator[Finding]:
        yield from self._value(here, own, other)
        if other.types is not None and not _agree(own.types, other.types):
            return
        for name, schema in own.fields.items():
            yield from self._field(here.at(f".{name}"), name, schema, own, other, request=request)
        for name in sorted(other.fields.keys() - own.fields.keys()):
            shape = self._theirs.shape(other.fields[name])
            if own.closed and not _hidden(other.fields[name], request=request):
                seen = _either_of(shape.types) or "present"
                yield here.at(f".{words(name)}").finding("added", "added", seen, "absent", sample=_sample(shape))
        if own.closed and request and other.fields:
            word: Word = "silent" if other.closed is None else "same" if other.closed else "differs"
            yield here.finding("closed", word, "any other field is accepted", "any other field is refused")
        if own.items is not None and other.items is not None:
            yield from self._compare(here.at("[]"), own.items, other.items, request=request)
        if own.others is not None and other.others is not None:
            yield from self._compare(here.at(".*"), own.others, other.others, request=request)

    def _field(
        self, here: Place, name: str, schema: Any, own: Shape, other: Shape, *, request: bool
    ) -> Iterator[Finding]:
        if name not in other.fields:
            yield here.finding("missing", "differs" if other.closed else "silent", "absent", "present")
            return
        if _hidden(other.fields[name], request=request):
            return
        yield here.finding("missing", "same")
        needed = None if own.required is None else name in own.required
        if other.required is not None:
            yield from _required(here, needed, name in other.required)
        elif needed is not None:
            yield here.finding("required", "silent", fake=_needed(needed))
        if request and not needed and self._readings["err-9"] == "accepted":
            schema = {"anyOf": [schema, {"type": "null"}]}
        yield from self._compare(here, schema, other.fields[name], request=request)

    def _value(self, here: Place, own: Shape, other: Shape) -> Iterator[Finding]:
        query = here.where.startswith("request.query.")
        if own.types is not None:
            listed = query and other.types == _ARRAY != own.types  # the text of a query may be a list
            if other.types is None or listed:
                yield here.finding("json type", "silent", fake=_either_of(own.types))
            else:
                word: Word = "same" if _agree(own.types, other.types) else "differs"
                yield here.finding("json type", word, _either_of(other.types), _either_of(own.types))
                if word == "differs":
                    return
        if own.null is not None and not here.where.startswith(("request.query", "request.path", "request.header")):
            texts = {True: "may be null", False: "never null", None: ""}
            null: Word = "silent" if other.null is None else "same" if own.null == other.null else "differs"
            yield here.finding("null", null, texts[other.null], texts[own.null])
        yield from _values(here, own.values, other.values)
        yield from _compared(here, "default", own.default, other.default, _default)
        forms = [None if form in _NUMBER_FORMS else form or None for form in (own.form, other.form)]
        if forms[0] is not None:
            yield from _compared(here, "form", forms[0], forms[1], _format)
        for name in sorted(own.limits.keys() | other.limits.keys()):
            if name in own.limits or here.where.startswith("request"):
                one = here._replace(inner=f"{here.inner} {name}")
                yield from _compared(one, "limit", own.limits.get(name), other.limits.get(name), f"{name} {{}}".format)


def _key_of(theirs: Operation, place: str, name: str) -> tuple[str, str]:
    """Return the key of a parameter of theirs; a list may be written with brackets, or without."""
    spellings = [name, name.removesuffix("[]"), f"{name}[]"] if place == "query" else [name]
    return next(((place, one) for one in spellings if (place, one) in theirs.parameters), (place, name))


def _schema_of_parameter(parameter: Mapping[str, Any]) -> Any:
    """Return the schema of a parameter, which may be in its content."""
    contents = [one.get("schema") for one in media_types(parameter).values()]
    return contents[0] if contents else parameter.get("schema")


def _media_type(here: Place, own: list[str], others: Mapping[str, Any]) -> Iterator[Finding]:
    for kind in own:
        word: Word = "silent" if not others else "same" if has_type(others, kind) is not None else "differs"
        yield here.finding("media type", word, words(", ".join(others)), kind)
    for kind in others:
        if own and has_type(others, own[0]) is not None and has_type(dict.fromkeys(own), kind) is None:
            yield here.finding("media type", "added", words(kind), "absent")


def _required(here: Place, own: Any, other: Any) -> Iterator[Finding]:
    """Compare whether something is required; of parameters the fake's document does not say."""
    if own is None:
        if other is True:
            yield here.finding("required", "added", "required", "optional")
    else:
        yield here.finding("required", "same" if own == other else "differs", _needed(other), _needed(own))


def _needed(value: Any) -> str:
    return "required" if value else "optional"


def _compared(here: Place, kind: str, own: Any, other: Any, text: Callable[[Any], str]) -> Iterator[Finding]:
    """Compare what one keyword says."""
    if own is None and other is None:
        return
    seen, fake = ("not stated" if one is None else words(text(one)) for one in (other, own))
    word: Word = "added" if own is None else "silent" if other is None else "same" if own == other else "differs"
    yield here.finding(kind, word, seen, fake)


def _values(here: Place, own: frozenset[str] | None, other: frozenset[str] | None) -> Iterator[Finding]:
    if own is None or other is None or own == other:
        yield from _compared(here, "enum", own, other, _listed)
        return
    seen = [f"also {value}" for value in sorted(other - own)] + [f"never {value}" for value in sorted(own - other)]
    yield here.finding("enum", "differs", words(", ".join(seen)), _listed(own))


def _listed(values: frozenset[str]) -> str:
    return f"one of {', '.join(sorted(values))}"


def _default(value: str) -> str:
    return f"default {value}"


def _format(value: str) -> str:
    return f"format {value}"


def _either_of(types: frozenset[str] | None) -> str:
    return words(" or ".join(sorted(types or ())))


def _agree(own: frozenset[str] | None, other: frozenset[str]) -> bool:
    """Whether two sets of JSON types are the same; a number says no more than that it may be whole."""
    return own is None or own == other or (own, other) == _WHOLE


def _hidden(schema: Any, *, request: bool) -> bool:
    """Whether a field is not in bodies of this kind."""
    return as_object(schema).get("readOnly" if request else "writeOnly") is True


def _sample(shape: Shape) -> Any:
    """Return a value that a field can have."""
    if shape.values:
        return json.loads(min(shape.values))
    samples: dict[str, Any] = {"string": "", "integer": 0, "number": 0, "boolean": False, "array": [], "object": {}}
    return next((samples[kind] for kind in sorted(shape.types or ()) if kind in samples), None)
