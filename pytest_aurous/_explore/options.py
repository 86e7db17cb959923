"""The arguments of `Aurous.explore`, checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from .._check import Check
from ..errors import choices, nearest
from .kinds import BY_DEFAULT, KINDS
from .laws import LAWS

PAGE: Final = "reference/exploring.html"


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to explore, and how to judge it; see `Aurous.explore`."""

    may_raise: tuple[type[BaseException], ...] = (Exception,)
    may_return: Callable[[Any], object] | None = None
    faults: tuple[str, ...] = BY_DEFAULT
    laws: tuple[str, ...] = tuple(LAWS)
    depth: int = 1
    limit: int = 400
    only: str | None = None
    known: Mapping[str, str] = field(default_factory=dict[str, str])


def read_options(who: str, **given: Any) -> Options:
    """Check the arguments of *who*, such as ``explore``.

    Raises:
        AurousError: If one is invalid, with what is valid.
    """
    check = Check(who, PAGE)
    found = dict(given)
    if "may_raise" in found:
        found["may_raise"] = _errors(check, found["may_raise"])
    if found.get("may_return") is not None and not callable(found["may_return"]):
        raise check.refuse("may_return", found["may_return"], "a function that takes what run returned, or None.")
    if "faults" in found:
        found["faults"] = read_names(check, "faults", found["faults"], tuple(KINDS), BY_DEFAULT)
    if "laws" in found:
        found["laws"] = read_names(check, "laws", found["laws"], tuple(LAWS), tuple(LAWS))
    if found.get("depth", 1) not in {1, 2} or isinstance(found.get("depth"), bool):
        raise check.refuse("depth", found["depth"], "1, or 2 for pairs of faults.")
    if "limit" in found:
        check.whole("limit", found["limit"], 1)
    if found.get("only") is not None:
        check.text("only", found["only"], "characters.create#1 lost")
    known: Any = found.setdefault("known", None) or {}
    if not isinstance(known, Mapping):
        raise check.refuse("known", known, "a dict such as {'characters.create#1 lost': 'why'}.")
    found["known"] = dict(check.pairs("known", cast("Mapping[str, str]", known)))
    return Options(**found)


def read_names(
    check: Check, name: str, value: str | Iterable[str], known: tuple[str, ...], default: tuple[str, ...]
) -> tuple[str, ...]:
    """Read ``"*"``, ``"lost,late"``, ``"-recovers"`` or an iterable of such names.

    Args:
        check: Makes the error.
        name: Of the argument.
        value: Its value.
        known: All names, in order.
        default: What ``*`` stands for.
    """
    words = value.split(",") if isinstance(value, str) else value
    if not isinstance(cast("object", words), Iterable):
        raise check.refuse(name, value, "a name, a comma-separated list, or an iterable of names.")
    items = [str(word).strip() for word in words]
    chosen: set[str] = set(default) if all(item.startswith("-") for item in items) else set()
    for item in items:
        word = item.removeprefix("-")
        if word != "*" and word not in known:
            raise check.refuse(name, item, f"{choices(known)}, '*' or '-' and a name{nearest(word, known)}")
        names = set(default) if word == "*" else {word}
        chosen = chosen - names if item.startswith("-") else chosen | names
    return tuple(one for one in known if one in chosen)


def _errors(check: Check, value: Any) -> tuple[type[BaseException], ...]:
    kinds: tuple[Any, ...] = value if isinstance(value, tuple) else (value,)
    if not all(isinstance(kind, type) and issubclass(kind, BaseException) for kind in kinds):
        raise check.refuse(
            "may_raise", value, "an exception class, or a tuple of them, such as (httpx.TransportError,)."
        )
    return kinds
