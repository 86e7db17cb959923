"""The arguments of `Aurous.explore`, checked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypedDict, cast

from .._core.base.arguments import Check
from .._core.base.errors import choices, hide_mistakes, nearest
from .ids import read_id
from .kinds import END_PROCESS, KINDS
from .laws import LAWS
from .runs.attempt import theirs
from .runs.watchdog import PATIENCE

if TYPE_CHECKING:
    from .._core.base.names import BadDayFault, Law

__tracebackhide__ = hide_mistakes

PAGE: Final = "reference/exploring.html"
_LAWS: Final = tuple(law for law in LAWS if law != "returns")
_IN_SUITES: Final = tuple(name for name in KINDS if name not in END_PROCESS)
NOT_IN_SUITES: Final = (
    f"not judged in suites: the laws {', '.join(law.name for law in LAWS.values() if not law.in_suites)}, "
    f"the faults {', '.join(sorted(END_PROCESS))}, and fallbacks, which aurous.explore judges; and races of two "
    "workers, which aurous.interleave finds"
)
"""What a process leaves that has died is judged by laws that whole tests do not have."""


class MarkerOptions(TypedDict, total=False):
    """The arguments of the marker ``aurous_explore``."""

    faults: BadDayFault | str | Iterable[BadDayFault | str]
    laws: Law | str | Iterable[Law | str]
    may_raise: type[BaseException] | tuple[type[BaseException], ...]
    patience: float
    known: Mapping[str, str] | None


class ExploreOptions(MarkerOptions, total=False):
    """The arguments of `Aurous.explore` and `Aurous.aexplore` after *run*."""

    may_return: Callable[[Any], object] | None
    returns: bool
    fresh: Callable[[], object] | None
    only: str | None


class Known(NamedTuple):
    """A case that may break a law."""

    reason: str
    breaks: tuple[str, ...] = tuple(LAWS)
    file: str = ""  # the baseline that says so; else the test does


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to explore, and how to judge it; see `Aurous.explore`.

    Attributes:
        through: Whether the exception of the only case leaves the exploration; else the laws judge it.
        first: The cases that broke a law the last time: they are run first.
        own: Whether a marker on the test itself asks for it, and not one on its class or module.
        printing: Drops what is printed in its block, unless that calls what it gets with a title, or raises.
        timeless: Whether the sleeps of the code under test do nothing, so that nothing about time can be judged.
        time: Returns what says whether the time is over; None: all cases are run.
    """

    may_raise: tuple[type[BaseException], ...] = (Exception,)
    may_return: Callable[[Any], object] | None = None
    returns: bool = False
    faults: tuple[str, ...] = tuple(KINDS)
    laws: tuple[str, ...] = _LAWS
    patience: float = PATIENCE
    only: str | None = None
    known: Mapping[str, Known] = field(default_factory=dict[str, "Known"])
    through: bool = True
    whole: bool = False
    first: Collection[str] = ()
    fails: bool = True
    own: bool = False
    stop: bool = False
    timeless: bool = False
    printing: Callable[[], AbstractContextManager[Callable[[str], object]]] = lambda: nullcontext(str)
    time: Callable[[], Callable[[], bool]] | None = None

    @property
    def alone(self) -> bool:
        """Whether one case is all that runs, and the fake stays as it left it."""
        return self.only is not None and self.through

    def accepts(self, case: str, broken: Collection[str]) -> tuple[str, str]:
        """Return why it is known that a case breaks laws, and the file that says so; empty if it is not."""
        one = self.known.get(case)
        return (one.reason, one.file) if one is not None and {*broken} <= {*one.breaks} else ("", "")


def read_options(who: str, **arguments: Any) -> Options:
    """Check the arguments of *who*, such as ``explore``; *fresh* is left to the caller."""
    check, found = Check(who, PAGE), dict(arguments)
    for name in ("fresh", "may_return"):
        value = found.get(name)
        if value is not None and not callable(value):
            raise check.refuse(name, value, "a function, or None.")
    read = {name: _READERS[name](check, value) for name, value in found.items() if name in _READERS}
    options = Options(**read)
    return replace(options, laws=(*options.laws, "returns")) if options.returns else options


def read_suite_options(who: str, **arguments: Any) -> Options:
    """Check the arguments of the marker ``aurous_explore``; *who* says where it is."""
    check = Check(who, PAGE)
    check.keywords(arguments, MarkerOptions.__annotations__)
    faults = read_names(check, "faults", arguments.pop("faults", "*"), _IN_SUITES)
    every = tuple(law.name for law in LAWS.values() if law.in_suites)
    laws = read_names(check, "laws", arguments.pop("laws", "*"), every)
    return replace(read_options(who, **{"faults": faults, "laws": laws, **arguments}), whole=True)


def _flag(check: Check, value: Any) -> bool:
    if not isinstance(value, bool):
        raise check.refuse("returns", value, "True or False.")
    return value


def _patience(check: Check, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < inf:
        raise check.refuse("patience", value, "real seconds, more than 0, such as 10.")
    return float(value)


def _only(check: Check, value: Any) -> str | None:
    return value if value is None else read_id(check.text("only", value, "characters.create-1-lost"))


def _known(check: Check, value: Any) -> Mapping[str, Known]:
    known = {} if value is None else dict(check.pairs("known", value))
    for case, why in known.items():
        check.text(f"known[{case!r}]", why, f"{case} is accepted until March")
    return {read_id(case): Known(why) for case, why in known.items()}


def read_names(
    check: Check, name: str, value: str | Iterable[str], known: tuple[str, ...], default: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Read ``"*"``, which is *default*, or ``"lost,late"``, ``"-recovers"`` or an iterable of such names."""
    default = default or known
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
    if not items or not chosen:
        raise check.refuse(name, value, "at least one name that is not left out; '*' for all.")
    return tuple(one for one in known if one in chosen)


def _errors(check: Check, value: Any) -> tuple[type[BaseException], ...]:
    refused = value  # type checkers narrow `value`
    kinds: list[Any] = [*value] if isinstance(value, tuple) else [value]
    if not all(isinstance(kind, type) and issubclass(kind, BaseException) for kind in kinds):
        raise check.refuse("may_raise", refused, "an exception class or a tuple of them, such as httpx.TransportError.")
    return tuple(kinds)


_READERS: Final[dict[str, Callable[[Check, Any], Any]]] = {
    "may_raise": _errors,
    "returns": _flag,
    "may_return": lambda _, value: None if value is None else partial(theirs, value),
    "faults": lambda check, value: read_names(check, "faults", value, tuple(KINDS)),
    "laws": lambda check, value: read_names(check, "laws", value, tuple(LAWS), _LAWS),
    "patience": _patience,
    "only": _only,
    "known": _known,
}
