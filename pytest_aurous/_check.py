"""Check the arguments that a test passes: refuse each mistake at once, in one form of message."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from types import UnionType
from typing import Any, Final, NamedTuple, cast

from .errors import AurousError, UnknownArgument, choices, hide_mistakes, nearest, see, shown

__tracebackhide__ = hide_mistakes

MOST: Final = 10_000_000_000
"""The largest number that most arguments accept; as seconds it is three centuries."""

_CODE: Final = re.compile(r"[\w.-]+")


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
        """Accept a whole number from *low* to *high*."""
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.refuse(name, value, f"a whole number{_range(low, high)}, such as {name}={max(low, 1)}.")
        return value

    def number(self, name: str, value: object, low: float, high: float = MOST, expected: str = "") -> float:
        """Accept a number from *low* to *high*; *expected* may say more than that."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:  # or NaN
            raise self.refuse(name, value, expected or f"a number{_range(low, high)}, such as {name}={max(low, 1):g}.")
        return value

    def choice(self, name: str, value: object, known: Iterable[str]) -> str:
        """Accept one of the *known* words."""
        words = list(known)
        if not isinstance(value, str) or value not in words:
            raise self.refuse(name, value, f"{choices(words)}{nearest(value, words)}")
        return value

    def instance(self, name: str, value: object, kind: type | UnionType, expected: str) -> None:
        """Accept an instance of *kind*."""
        if not isinstance(value, kind):
            raise self.refuse(name, value, expected)

    def items(self, name: str, value: object, known: Collection[str]) -> list[str]:
        """Accept an iterable of *known* words, and return them."""
        words, refused = list(known), value  # type checkers narrow `value`
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
            raise self.refuse(name, refused, f"a list out of {choices(words)}, such as {words[:2]}.")
        return [self.choice(name, item, words) for item in cast("Iterable[Any]", value)]  # type: ignore[redundant-cast]  # pyright finds Iterable[Unknown]

    def code(self, name: str, value: object) -> None:
        """Accept an error code."""
        if not isinstance(value, str) or not _CODE.fullmatch(value):
            raise self.refuse(
                name, value, "an error code: letters, digits, '_', '.' and '-', such as 'provider_timeout'."
            )

    def json(self, name: str, value: object) -> None:
        """Accept a dict that JSON can carry."""
        try:
            json.dumps(self.pairs(name, value), allow_nan=False, ensure_ascii=False).encode()
        except (TypeError, ValueError, RecursionError):
            raise self.refuse(name, value, "a dict that JSON can carry, such as {'scene': 4}.") from None

    def pairs(self, name: str, value: object) -> Mapping[str, Any]:
        """Accept a mapping with text as keys."""
        refused = value  # type checkers narrow `value`
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in cast("Mapping[Any, Any]", value)):  # type: ignore[redundant-cast]  # pyright
            raise self.refuse(name, refused, "a dict with text as keys.")
        return cast("Mapping[str, Any]", value)

    def keywords(self, names: Iterable[str], known: Iterable[str]) -> None:
        """Refuse keyword arguments that are not *known* with an `UnknownArgument`."""
        valid = list(known)
        for name in names:
            if name not in valid:
                raise UnknownArgument(
                    f"{self.who}() has no argument {name!r}{nearest(name, valid)} It takes: {', '.join(valid)}.\n"
                    f"{see(self.page)}"
                )


def encodable(text: str) -> bool:
    """Whether UTF-8 can encode *text*: whether it has no lone surrogates."""
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def _range(low: float, high: float) -> str:
    return f", {low:g} or more" if high == MOST else f" from {low:g} to {high:g}"
