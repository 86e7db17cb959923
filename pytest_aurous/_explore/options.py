"""The arguments of `Aurous.explore`, checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any, Final, TypedDict, cast

from .._base.arguments import Check
from .._base.errors import choices, hide_mistakes, nearest
from .kinds import BY_DEFAULT, KINDS
from .laws import LAWS
from .watchdog import PATIENCE

if TYPE_CHECKING:
    from .._base.names import BadDayFault, Law

__tracebackhide__ = hide_mistakes

PAGE: Final = "reference/exploring.html"


class MarkerOptions(TypedDict, total=False):
    """The arguments of the marker ``aurous_explore``."""

    faults: BadDayFault | str | Iterable[BadDayFault | str]
    laws: Law | str | Iterable[Law | str]
    may_raise: type[BaseException] | tuple[type[BaseException], ...]
    limit: int
    patience: float
    known: Mapping[str, str] | None


class ExploreOptions(MarkerOptions, total=False):
    """The arguments of `Aurous.explore` and `Aurous.aexplore` after *run*."""

    may_return: Callable[[Any], object] | None
    fresh: Callable[[], object] | None
    depth: int
    only: str | None


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to explore, and how to judge it; see `Aurous.explore`."""

    may_raise: tuple[type[BaseException], ...] = (Exception,)
    may_return: Callable[[Any], object] | None = None
    faults: tuple[str, ...] = BY_DEFAULT
    laws: tuple[str, ...] = tuple(LAWS)
    depth: int = 1
    limit: int = 400
    patience: float = PATIENCE
    only: str | None = None
    known: Mapping[str, str] = field(default_factory=dict[str, str])


def read_options(who: str, **arguments: Any) -> Options:
    """Check the arguments of *who*, such as ``explore``; *run* and *fresh* are checked, and left to the caller.

    Raises:
        AurousError: If one is invalid, with what is valid.
    """
    check, found = Check(who, PAGE), dict(arguments)
    for name, optional in (("run", False), ("fresh", True), ("may_return", True)):
        value = found.get(name)
        if name in found and not callable(value) and not (optional and value is None):
            raise check.refuse(name, value, f"a function{', or None' if optional else ', such as a lambda'}.")
    return Options(**{name: _READERS[name](check, value) for name, value in found.items() if name in _READERS})


def _patience(check: Check, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < inf:
        raise check.refuse("patience", value, "real seconds, more than 0, such as 10.")
    return float(value)


def _only(check: Check, value: Any) -> str | None:
    return value if value is None else check.text("only", value, "characters.create#1 lost")


def _known(check: Check, value: Any) -> Mapping[str, str]:
    known = {} if value is None else dict(check.pairs("known", value))
    for case, why in known.items():
        check.text("known", why, f"{case} is accepted until March")
    return known


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
    words: Any = value.split(",") if isinstance(value, str) else value
    if not isinstance(words, Iterable):
        raise check.refuse(name, value, "a name, a comma-separated list, or an iterable of names.")
    items = [word.strip() if isinstance(word, str) else word for word in cast("Iterable[Any]", words)]  # type: ignore[redundant-cast]  # pyright
    for item in items:
        check.text(name, item, default[0])
    chosen: set[str] = set(default) if all(item.startswith("-") for item in items) else set()
    for item in items:
        word = item.removeprefix("-")
        if word != "*" and word not in known:
            raise check.refuse(
                name,
                item,
                f"{choices(known)}; or '*' for all, or '-' before a name to leave it out{nearest(word, known)}",
            )
        names = set(default) if word == "*" else {word}
        chosen = chosen - names if item.startswith("-") else chosen | names
    return tuple(one for one in known if one in chosen)


def _errors(check: Check, value: Any) -> tuple[type[BaseException], ...]:
    kinds: list[Any] = [*value] if isinstance(value, tuple) else [value]
    if not all(isinstance(kind, type) and issubclass(kind, BaseException) for kind in kinds):
        raise check.refuse("may_raise", kinds, "an exception class or a tuple of them, such as httpx.TransportError.")
    return tuple(kinds)


_READERS: Final[dict[str, Callable[[Check, Any], Any]]] = {
    "may_raise": _errors,
    "may_return": lambda _, value: value,
    "faults": lambda check, value: read_names(check, "faults", value, tuple(KINDS), BY_DEFAULT),
    "laws": lambda check, value: read_names(check, "laws", value, tuple(LAWS), tuple(LAWS)),
    "depth": lambda check, value: check.whole("depth", value, 1, 2),
    "limit": lambda check, value: check.whole("limit", value, 1),
    "patience": _patience,
    "only": _only,
    "known": _known,
}
