"""Arguments of control requests, read by what the signatures of the methods say."""

from __future__ import annotations

import json
from collections import abc
from collections.abc import Callable, Collection, Mapping
from functools import cache, partial
from inspect import Parameter, signature
from types import NoneType, UnionType
from typing import Any, Final, Literal, NamedTuple, Union, cast, get_args, get_origin

from .._core.base.errors import AurousError, nearest
from .._core.base.redaction import shortened
from .._core.wire.fields import Reader, boolean, described, dict_of, integer, list_of, number, text
from .._core.wire.refusal import ApiProblem
from .._facade import annotations_of

_MOST: Final = 10**10
"""The largest number and the longest text; as seconds, three centuries."""


class Takes(NamedTuple):
    """The arguments of a control request.

    Attributes:
        readers: What reads each of them.
        required: Those that have no default.
        defaults: The defaults of the others.
        many: The one whose items are arguments of their own, in Python.
    """

    readers: Mapping[str, Reader]
    required: Collection[str] = ()
    defaults: Mapping[str, Any] = {}
    many: str = ""


NOTHING: Final = Takes({})


def read_arguments(who: str, body: Mapping[str, Any], takes: Takes) -> dict[str, Any]:
    """Read the arguments of a request, or raise one error that lists everything that is wrong."""
    read: dict[str, Any] = {}
    wrong: list[str] = []
    for name, value in body.items():
        if name not in takes.readers:
            wrong.append(f"{name!r} is not an argument{nearest(name, takes.readers)}".rstrip("."))
            continue
        try:
            read[name] = takes.readers[name](value, name)
        except ApiProblem as problem:
            wrong.append(problem.message.rstrip("."))
    wrong += [f"{name!r} is missing" for name in takes.required if name not in body]
    if wrong:
        valid = ", ".join(f"{name} ({_type_of(reader)})" for name, reader in takes.readers.items()) or "no arguments"
        said = "; ".join(wrong)
        raise AurousError(f"{who}: {said}{'' if said.endswith('?') else '.'} It takes {valid}.")
    return read


def schema_of(reader: Reader) -> dict[str, Any]:
    """Return the JSON Schema of what a reader accepts."""
    return cast("dict[str, Any]", _plain(getattr(reader, "schema", {"type": "string"})))


def _plain(schema: Any) -> Any:
    """Return a schema without our own type `any`, also inside of it."""
    if not isinstance(schema, dict):
        return schema
    inner = cast("dict[str, Any]", schema)
    return {name: _plain(value) for name, value in inner.items() if (name, value) != ("type", "any")}


def _type_of(reader: Reader) -> str:
    """Return the JSON types that a reader accepts."""
    types: str | list[str] = getattr(reader, "schema", {}).get("type", "string")
    return types if isinstance(types, str) else " or ".join(types)


def parsed(body: bytes) -> dict[str, Any]:
    """Return the body of a control request.

    Raises:
        AurousError: If it is not a JSON object.
    """
    try:
        content: Any = json.loads(body, parse_constant=refuse_constant) if body.strip() else {}
        json.dumps(content, ensure_ascii=False).encode()  # JSON can escape a lone surrogate, but UTF-8 cannot carry it
    except RecursionError:
        raise AurousError("The body is nested too deeply: a control request takes a flat JSON object.") from None
    except ValueError as error:
        raise AurousError(f"The body is not valid JSON ({error}): a control request takes a JSON object.") from None
    if not isinstance(content, dict):
        shown = shortened(json.dumps(content), 40)
        raise AurousError(f"The body is JSON, but not an object: {shown}. A control request takes an object.")
    return cast("dict[str, Any]", content)


def refuse_constant(constant: str) -> Any:
    """Refuse NaN and infinities, which Python reads, but JSON does not have."""
    raise ValueError(f"{constant} is not a number")


def _not_blank(value: Any, param: str) -> Any:
    if not text(_MOST, 0)(value, param).strip():
        raise ApiProblem(400, "invalid_format", f"{param} must not be blank.", param)
    return value


def _or_null(reader: Reader) -> Reader:
    schema = {**getattr(reader, "schema", {}), "type": [_type_of(reader), "null"]}
    return described(lambda value, param: None if value is None else reader(value, param), schema)


FREE: Final = text(_MOST, 0)
TEXT: Final = described(_not_blank, {"type": "string"})
AMOUNT: Final = number(0, _MOST)
NUMBER: Final = integer(-_MOST, _MOST)
COUNT: Final = integer(0, _MOST)
ANYTHING: Final = described(lambda value, _: value, {"type": "any"})
_READERS: Final[dict[Any, Reader]] = {
    str: TEXT,
    int: NUMBER,
    float: number(-_MOST, _MOST),
    bool: boolean,
    abc.Iterable: list_of(TEXT, 0, _MOST),
    Any: ANYTHING,
    abc.Mapping: dict_of(lambda value, _: value, _MOST),
    dict: dict_of(lambda value, _: value, _MOST),
}


@cache
def taken_by(method: Callable[..., Any]) -> Takes:
    """Return the arguments of *method* that JSON can express."""
    hints, parameters = annotations_of(method), signature(method).parameters
    types: dict[str, Any] = {}
    many = ""
    for name, parameter in parameters.items():
        hint = hints.get(name)  # `self` has no annotation
        if parameter.kind is Parameter.VAR_POSITIONAL:
            many, hint = name, abc.Iterable
        types |= annotations_of(hint) if parameter.kind is Parameter.VAR_KEYWORD else {name: hint}
    readers = {name: reader for name, hint in types.items() if (reader := _reader_of(hint)) is not None}
    known = [one for name, one in parameters.items() if name in readers]
    required = [one.name for one in known if one.default is Parameter.empty]
    defaults = {one.name: one.default for one in known if one.default is not Parameter.empty}
    return Takes(readers, required, defaults, many)


def _reader_of(hint: Any) -> Reader | None:
    """Return the reader for an annotation; None if JSON cannot express such values."""
    types = get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
    readers = [reader for kind in types if (reader := _of_one_type(kind)) is not None]
    if not readers:
        return None
    return _or_null(readers[0]) if NoneType in types else readers[0]


def _of_one_type(kind: Any) -> Reader | None:
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        return described(partial(_not_blank), {"type": "string", "examples": list(parts)})
    if origin is abc.Sequence:
        return list_of(_of_one_type(parts[0]) or ANYTHING, 0, _MOST)
    if origin is tuple:
        same = _of_one_type(parts[0]) if len({*parts}) == 1 else None
        return list_of(same or ANYTHING, 0, _MOST)
    return _READERS.get(origin or kind)
