"""Data as Python writes it in a copied test: names for what a fake draws, and no secret."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final, cast

from .._core.base.forms import ID, INSTANT, URL
from .._core.base.redaction import SECRET, redacted

_WIDE: Final = 80
_TOKEN: Final = re.compile(rf"{URL.pattern}|{ID.pattern}|whsec_\w+|al_(?:live|test)_\w+")
_ANY: Final = "ANY"
"""What a copied test writes for a value that is another one in each run."""
_TIMES: Final = re.compile("created|.*_at|duration_ms")
"""The fields that have a time."""
_SEVERAL: Final = 8
"""Of a list of more numbers, such as a vector, a test has the first three, and how many there are."""


def tokens(text: str) -> Iterator[str]:
    """Yield the ids, URLs and keys in a text, also those in a URL: what is another one in each fake."""
    for match in _TOKEN.finditer(text):
        yield match[0]
        if "://" in match[0]:
            yield from ID.findall(match[0])


class Names(dict[str, str]):
    """The expressions for values that a test knows under a name.

    Attributes:
        said: The tokens that the test has sent itself, so that they are the same in each run.
        secret: The pattern of what is secret beside API keys.
    """

    def __init__(self, names: dict[str, str] | None = None, secret: str = SECRET) -> None:
        super().__init__(names or {})
        self.said: set[str] = set()
        self.secret = secret
        self._quoted: dict[str, str] = {}

    def literal(self, value: Any) -> str:
        """Write JSON as Python; a text that has a name is its name, also inside of another text."""
        return self._written(value, expected=False)

    def expected(self, value: Any) -> str:
        """Write JSON that a response has had, with `ANY` for times, and for what the test has no name for."""
        return self._written(value, expected=True)

    def _written(self, value: Any, *, expected: bool) -> str:
        if isinstance(value, str):
            return _ANY if expected and self._is_drawn(value) else self._text(value)
        if isinstance(value, list):
            items = cast("list[Any]", value)  # type: ignore[redundant-cast]  # pyright finds list[Unknown]
            if expected and len(items) > _SEVERAL and all(isinstance(one, float | int) for one in items):
                return f"[{', '.join(map(repr, items[:3]))}, *[{_ANY}] * {len(items) - 3}]"
            return fitted("[", [self._written(one, expected=expected) for one in items], "]")
        if isinstance(value, dict):
            fields = cast("dict[str, Any]", value).items()
            pairs = [f"{self._text(key)}: {self._field(key, one, expected=expected)}" for key, one in fields]
            return fitted("{", pairs, "}")
        return repr(value)

    def _field(self, name: str, value: Any, *, expected: bool) -> str:
        timed = expected and value is not None and _TIMES.fullmatch(name) is not None
        return _ANY if timed else self._written(value, expected=expected)

    def _is_drawn(self, text: str) -> bool:
        """Whether a text has a time, or something drawn that the test does not know."""
        if self._knows(text):
            return False
        return re.search(INSTANT, text) is not None or not all(map(self._knows, tokens(text)))

    def _knows(self, token: str) -> bool:
        return token in self or token in self.said

    def _text(self, text: str) -> str:
        if text in self:
            return self[text]
        parts: list[str] = []
        done = 0
        for match in _TOKEN.finditer(text):
            for start, end in self._places(match):
                parts += [_escaped(self._quote(text[done:start])), f"{{{self[text[start:end]]}}}"]
                done = end
        if not parts:
            return self._quote(text)
        return f'f"{"".join(parts)}{_escaped(self._quote(text[done:]))}"'

    def _places(self, match: re.Match[str]) -> Iterator[tuple[int, int]]:
        """Yield where a token has a name, or parts of it have."""
        if match[0] in self:
            yield match.span()
        elif "://" in match[0]:
            for inner in ID.finditer(match.string, *match.span()):
                if inner[0] in self:
                    yield inner.span()

    def _quote(self, text: str) -> str:
        if text not in self._quoted:
            shown = redacted(text, self.secret, as_code=True)
            plain = json.dumps(shown, ensure_ascii=not shown.isprintable())
            self._quoted[text] = plain if json.loads(plain) == shown and "\\u" not in plain else repr(shown)
        return self._quoted[text]


def _escaped(quoted: str) -> str:
    return quoted[1:-1].replace("{", "{{").replace("}", "}}")


def call(function: str, parts: list[str], more: int = 0) -> str:
    """Return a call, on several lines if it is long; *more* characters follow it."""
    return fitted(f"{function}(", parts, ")", more)


def fitted(left: str, parts: list[str], right: str, more: int = 0) -> str:
    """Put parts between brackets, on one line if that fits; *more* characters follow it."""
    line = f"{left}{', '.join(parts)}{right}"
    if len(line) + more <= _WIDE and "\n" not in line:
        return line
    inner = "".join(f"    {part},\n".replace("\n", "\n    ").removesuffix("    ") for part in parts)
    return f"{left}\n{inner}{right}" if parts else line
