"""Writes frozen values as JSON, and reads them again: what a value may be is what the annotation of its field says."""

# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false, reportUnknownParameterType=false
# (it walks through JSON of any form)

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from math import inf, isfinite
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, cast, get_args, get_origin, get_type_hints

from ..base.arguments import encodable
from ..base.data import is_finite

_DEEPEST: Final = 64
"""Deeper JSON is not the fake's, and could end in a RecursionError somewhere else."""


class UnreadableStateError(ValueError):
    """A value is not what it should be; the text begins with where it is."""


def written(value: Any) -> Any:
    """Return a frozen value as JSON, or raise an `UnreadableStateError`."""
    if isinstance(value, str | int | None):
        return value
    if type(value) in _WRITERS:
        return _WRITERS[type(value)](value)
    if hasattr(value, "_fields") or is_dataclass(value):
        return {name: written(getattr(value, name)) for name in _hints(cast("Any", type(value)))}
    if isinstance(value, list | tuple):
        return [written(item) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {str(name): written(item) for name, item in cast("Any", value).items()}
    raise UnreadableStateError(f"a {type(value).__name__} cannot be written as JSON")


_WRITERS: Final[dict[type[Any], Callable[[Any], Any]]] = {
    float: lambda number: number if isfinite(number) else "inf",
    Decimal: str,
    bytes: lambda content: b64encode(content).decode(),
}


def read(value: Any, hint: Any, where: str = "") -> Any:
    """Return what `written` wrote from a value of the type *hint*, or raise an `UnreadableStateError`."""
    reader = _READERS.get(hint) or _READERS.get(get_origin(hint))
    return reader(value, where, get_args(hint)) if reader is not None else _fields_of(value, hint, where)


def _accept(value: Any, where: str, right: bool) -> Any:  # noqa: FBT001 - a condition
    if not right:
        raise UnreadableStateError(f"{where}: {type(value).__name__} is not what belongs there")
    return value


def _plain(value: Any, where: str, _: Any = (), depth: int = 0) -> Any:
    """Accept any JSON that is not nested deeper than what the fake itself writes."""
    _accept(value, where, depth < _DEEPEST and (not isinstance(value, float) or isfinite(value)))
    parts: Any = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    for item in parts:
        _plain(item, where, (), depth + 1)
    return cast("Any", value)


def _one_of(value: Any, where: str, parts: tuple[Any, ...]) -> Any:
    *others, last = parts
    for part in others:
        with suppress(UnreadableStateError):
            return read(value, part, where)
    return read(value, last, where)


def _tuple(value: Any, where: str, parts: tuple[Any, ...]) -> Any:
    items = cast("list[Any]", _accept(value, where, isinstance(value, list)))
    if parts[1:] == (Ellipsis,):
        parts = (parts[0],) * len(items)
    _accept(value, where, len(items) == len(parts))
    return tuple(read(item, part, f"{where}[{at}]") for at, (item, part) in enumerate(zip(items, parts, strict=True)))


def _fields_of(value: Any, kind: Any, where: str) -> Any:
    known: bool = hasattr(kind, "_fields") or is_dataclass(kind)
    if not known:
        raise UnreadableStateError(f"{where}: nothing that can be read")
    hints = _hints(kind)
    given = cast("dict[str, Any]", _accept(value, where, isinstance(value, dict)))
    if given.keys() != hints.keys():
        wrong = ", ".join(sorted(given.keys() ^ hints.keys())[:3])
        raise UnreadableStateError(f"{where}: {cast('Any', kind).__name__} has other fields ({wrong})")
    return cast("Any", kind)(**{name: read(given[name], hint, f"{where}.{name}") for name, hint in hints.items()})


@lru_cache(maxsize=128)
def _hints(kind: Any) -> Mapping[str, Any]:
    names = [entry.name for entry in fields(kind)] if is_dataclass(kind) else kind._fields
    hints = get_type_hints(kind)
    return {name: hints[name] for name in names}


def _text(value: Any, where: str, _: Any = ()) -> str:
    text = cast("str", _accept(value, where, isinstance(value, str)))
    return cast("str", _accept(value, where, encodable(text)))


def _whole(value: Any, where: str, _: Any = ()) -> int:
    return cast("int", _accept(value, where, isinstance(value, int) and not isinstance(value, bool)))


def _number(value: Any, where: str, _: Any = ()) -> float:
    if value == "inf":
        return inf
    right = isinstance(value, int | float) and not isinstance(value, bool) and is_finite(value)
    return cast("float", _accept(value, where, right))


def _decimal(value: Any, where: str, _: Any = ()) -> Decimal:
    try:
        amount = Decimal(_text(value, where))
    except InvalidOperation:
        raise UnreadableStateError(f"{where}: not a decimal number") from None
    return cast("Decimal", _accept(amount, where, amount.is_finite()))


def _bytes(value: Any, where: str, _: Any = ()) -> bytes:
    try:
        return b64decode(_text(value, where), validate=True)
    except ValueError:
        raise UnreadableStateError(f"{where}: not Base64") from None


_READERS: Final[dict[Any, Callable[[Any, str, tuple[Any, ...]], Any]]] = {
    Any: _plain,
    Union: _one_of,
    UnionType: _one_of,
    Literal: lambda value, where, words: _accept(value, where, value in words),
    tuple: _tuple,
    list: lambda value, where, _: _plain(_accept(value, where, isinstance(value, list)), where),
    dict: lambda value, where, _: _plain(_accept(value, where, isinstance(value, dict)), where),
    str: _text,
    bool: lambda value, where, _: _accept(value, where, isinstance(value, bool)),
    int: _whole,
    float: _number,
    Decimal: _decimal,
    bytes: _bytes,
    NoneType: lambda value, where, _: _accept(value, where, value is None),
}
