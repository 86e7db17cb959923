"""Check the arguments that a test passes: refuse each mistake at once, in one form of message."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import wraps
from inspect import CO_VARKEYWORDS, signature
from types import FunctionType, UnionType
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, NoReturn, TypeVar, cast

from .errors import AurousError, UnknownArgument, choices, hide_mistakes, nearest, see, shown
from .frames import PACKAGE, package_of
from .redaction import redacted

__tracebackhide__ = hide_mistakes

F = TypeVar("F", bound=Callable[..., Any])

MOST: Final = 10_000_000_000
"""The largest number that most arguments accept; as seconds it is three centuries."""


class Check(NamedTuple):
    """The arguments of one public callable.

    Each method accepts a value, or raises an `AurousError` that names the callable and a page of the documentation.

    Example:
        >>> Check("uploads.pose", "reference/records.html").whole("times", 3, 1)
        3
    """

    who: str
    page: str = "reference/api.html"

    def refuse(self, name: str, value: object, expected: str) -> AurousError:
        """Return the error for a value; *expected* ends the first sentence, and may say what to do."""
        return AurousError(f"{self.who}({name}={shown(value)}): expected {expected}\n{see(self.page)}")

    def text(self, name: str, value: object, example: str) -> str:
        """Accept text that is not blank and that UTF-8 can encode."""
        if not isinstance(value, str) or not value.strip() or not encodable(value):
            raise self.refuse(name, value, f"text such as {example!r}.")
        return value

    def whole(self, name: str, value: object, low: int, high: int = MOST) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.refuse(name, value, f"a whole number{_range(low, high)}, such as {name}={max(low, 1)}.")
        return value

    def number(self, name: str, value: object, low: float, high: float = MOST, expected: str = "") -> float:
        """Accept a number from *low* to *high*; *expected* may say more than that."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:  # or NaN
            raise self.refuse(name, value, expected or f"a number{_range(low, high)}, such as {name}={max(low, 1):g}.")
        return value

    def choice(self, name: str, value: object, known: Iterable[str]) -> str:
        words = list(known)
        if not isinstance(value, str) or value not in words:
            raise self.refuse(name, value, f"{choices(words)}{nearest(value, words)}")
        return value

    def instance(self, name: str, value: object, kind: type | UnionType, expected: str) -> None:
        if not isinstance(value, kind):
            raise self.refuse(name, value, expected)

    def items(self, name: str, value: object, known: Collection[str]) -> list[str]:
        words, refused = list(known), value  # type checkers narrow `value`
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
            raise self.refuse(name, refused, f"a list out of {choices(words)}, such as {words[:2]}.")
        return [self.choice(name, item, words) for item in cast("Iterable[Any]", value)]  # type: ignore[redundant-cast]  # pyright finds Iterable[Unknown]

    def code(self, name: str, value: object) -> None:
        if not isinstance(value, str) or not re.fullmatch(r"[\w.-]+", value):
            raise self.refuse(
                name, value, "an error code: letters, digits, '_', '.' and '-', such as 'provider_timeout'."
            )

    def json(self, name: str, value: object) -> None:
        try:
            json.dumps(self.pairs(name, value), allow_nan=False, ensure_ascii=False).encode()
        except (TypeError, ValueError, RecursionError):
            raise self.refuse(name, value, "a dict that JSON can carry, such as {'scene': 4}.") from None

    def pairs(self, name: str, value: object) -> Mapping[str, Any]:
        refused = value  # type checkers narrow `value`
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in cast("Mapping[Any, Any]", value)):  # type: ignore[redundant-cast]  # pyright
            raise self.refuse(name, refused, "a dict with text as keys.")
        return cast("Mapping[str, Any]", value)

    def keywords(self, names: Iterable[str], known: Iterable[str]) -> None:
        valid = list(known)
        for name in names:
            if name not in valid:
                takes = ", ".join(valid) or "nothing"
                raise UnknownArgument(
                    f"{self.who}() has no argument {name!r}{nearest(name, valid)} It takes: {takes}.\n{see(self.page)}"
                )


class Hinting:
    """A class of objects that a test uses: a name that an object does not have raises an error with the nearest one."""

    __slots__ = ()

    _page: ClassVar[str] = "reference/api.html"

    @property
    def _besides(self) -> str:
        """What to do instead, for a name without a nearest one."""
        return ""

    if not TYPE_CHECKING:  # type checkers find misspelled names themselves

        def __getattr__(self, name: str) -> Any:
            __tracebackhide__ = True
            if hasattr(type(self), name):  # a property that has raised an AttributeError: raise that
                return object.__getattribute__(self, name)
            text = f"{type(self).__name__} has no attribute {name!r}"
            if name.startswith("_"):  # other libraries look for such names
                raise AttributeError(redacted(f"{text}."))
            known = [one for one in dir(self) if not one.startswith("_")]
            found = nearest(name, known)
            rest = f" It has: {', '.join(known)}.{self._besides}" if found == "." else ""
            # With *obj* and without a name, Python does not add a suggestion of its own.
            raise AttributeError(redacted(f"{text}{found}{rest}\n{see(self._page)}"), obj=self)


class Public(Hinting):
    """`Hinting`, also for the arguments of its public methods, and for attributes that a test cannot set."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name, value in list(vars(cls).items()):
            if isinstance(value, FunctionType) and not name.startswith("_"):
                setattr(cls, name, hinting(value))

    def _instead(self, name: str, value: object) -> str:  # noqa: ARG002 - a subclass quotes it
        """Return what to do instead of setting an attribute to *value*: the rest of a sentence, and more."""
        kind = type(self)
        ways = [one for one in dir(kind) if one[0] != "_" and (callable(getattr(kind, one)) or _setter(kind, one))]
        found = "." if name in dir(self) else nearest(name, ways)
        return found if found != "." else f". Use one of these: {', '.join(ways)}.{self._besides}"

    if not TYPE_CHECKING:  # type checkers find these mistakes themselves

        def __setattr__(self, name: str, value: object) -> None:
            __tracebackhide__ = True
            # The package may set what it likes, such as the attributes of a new object.
            if name[0] == "_" or _setter(type(self), name) or package_of(sys._getframe(1)) == PACKAGE:
                object.__setattr__(self, name, value)
                return
            text = f"{type(self).__name__}.{name} cannot be set{self._instead(name, value)}"
            raise AttributeError(redacted(f"{text}\n{see(self._page)}"))


def hinting(function: F) -> F:
    """Let arguments that *function* does not take raise an `UnknownArgument`, which says what it takes.

    A function without arguments, or with ``**options``, which it checks itself, stays as it is.
    """
    code = function.__code__
    if code.co_flags & CO_VARKEYWORDS or code.co_argcount + code.co_kwonlyargcount <= 1:  # `self`
        return function

    @wraps(function)
    def checked(*args: Any, **named: Any) -> Any:
        __tracebackhide__ = True
        try:
            return function(*args, **named)
        except TypeError as error:
            if error.__traceback__ is None or error.__traceback__.tb_next is not None:  # from within the function
                raise
            problem = str(error)
        return _refuse(function, args, named, problem)

    return cast("F", checked)


def _refuse(function: Any, args: tuple[Any, ...], named: Iterable[str], problem: str) -> NoReturn:
    """Refuse arguments that Python could not pass to *function*, because of the *problem* that it reports."""
    known = [name for name in signature(function).parameters if name not in {"self", "cls"}]
    check = Check(function.__qualname__)
    if args and isinstance(args[0], Public):  # which may have inherited the method
        check = Check(f"{type(args[0]).__name__}.{function.__name__}", args[0]._page)
    check.keywords(named, known)
    raise UnknownArgument(
        f"{check.who}(){problem.partition('()')[2]}. It takes: {', '.join(known)}.\n{see(check.page)}"
    )


def _setter(kind: type[Any], name: str) -> object:
    return getattr(getattr(kind, name, None), "fset", None)


def encodable(text: str) -> bool:
    """Whether UTF-8 can encode *text*: whether it has no lone surrogates."""
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def _range(low: float, high: float) -> str:
    return f", {low:g} or more" if high == MOST else f" from {low:g} to {high:g}"
