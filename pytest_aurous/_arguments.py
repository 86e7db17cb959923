"""What a control call may be told: JSON values, by the annotations of the method that is given them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from inspect import Parameter, signature
from typing import Any, Final, NamedTuple, cast

from .errors import AurousError, nearest

__all__ = ("Argument", "arguments_of", "check_arguments")

_MOST: Final = 1e10
"""No test needs a larger number; as seconds it is three centuries."""


class Argument(NamedTuple):
    """What a method takes under one name.

    Attributes:
        kinds: The annotations of it that JSON has a value for, such as ``str``.
        required: Whether it cannot be left out.
    """

    kinds: tuple[str, ...]
    required: bool

    def __str__(self) -> str:
        return " or ".join(dict.fromkeys(_KINDS[kind][0] for kind in self.kinds))


def arguments_of(method: Callable[..., Any]) -> dict[str, Argument]:
    """Return what can be said in JSON of the arguments of a *method*, by its annotations."""
    found: dict[str, Argument] = {}
    for name, parameter in signature(method).parameters.items():
        words = [word.partition("[")[0] for word in str(parameter.annotation).split(" | ")]
        kinds = tuple(word for word in words if word in _KINDS)
        if kinds and kinds != ("None",):  # what only a test in Python has, such as a function or a team
            found[name] = Argument(kinds, parameter.default is Parameter.empty)
    return found


def check_arguments(
    who: str, told: Mapping[str, Any], takes: Mapping[str, Argument], wrong: Iterable[str] = ()
) -> None:
    """Check what a call was *told* against what it *takes*.

    Args:
        who: The call, for the message.
        told: Its arguments.
        takes: What it takes, by name.
        wrong: What is known to be wrong already.

    Raises:
        AurousError: On unknown names, values of another kind, and missing arguments: one error that lists them all.
    """
    wrong = [*wrong]
    for name, value in told.items():
        if name not in takes:
            wrong.append(f"{name!r} is no argument{nearest(name, takes)}".rstrip("."))
        elif not any(_KINDS[kind][1](value) for kind in takes[name].kinds):
            shown = json.dumps(value)
            shown = shown if len(shown) <= 40 else f"{shown[:37]}..."  # noqa: PLR2004 - enough to know it again
            wrong.append(f"{name} is {shown}: expected {takes[name]}")
    wrong += [f"{name!r} is missing" for name, one in takes.items() if one.required and name not in told]
    if wrong:
        valid = ", ".join(f"{name} ({argument})" for name, argument in takes.items()) or "nothing"
        raise AurousError(
            f"{who}: {'; '.join(wrong)}. It takes {valid}. A text is never empty, a number at most {_MOST:g}."
        )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -_MOST <= value <= _MOST


def _is_whole(value: Any) -> bool:
    return _is_number(value) and isinstance(value, int)


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, cast("list[Any]", value)))  # type: ignore[redundant-cast]  # pyright finds list[Unknown]


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


_TEXT: Final = ("text", _is_text)
_OBJECT: Final = ("object", _is_object)
_KINDS: Final[dict[str, tuple[str, Callable[[Any], bool]]]] = {
    "str": _TEXT,
    "Phase": _TEXT,
    "Garbage": _TEXT,
    "int": ("whole number", _is_whole),
    "float": ("number", _is_number),
    "bool": ("true or false", lambda value: isinstance(value, bool)),
    "Iterable": ("list of texts", _is_list),
    "Mapping": _OBJECT,
    "dict": _OBJECT,
    "None": ("null", lambda value: value is None),
}
"""How an annotation is said to who writes JSON, and which values are of it."""
