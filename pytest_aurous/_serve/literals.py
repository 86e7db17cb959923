"""Data as Python writes it in a copied test: names for what a fake draws, and no secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, partial
from json import dumps
from typing import Any, Final, cast

from .._core.base.forms import ID, INSTANT, URL
from .._core.base.redaction import SECRET, redacted

_WIDE: Final = 80
_TOKEN: Final = re.compile(rf"{URL.pattern}|{ID.pattern}|whsec_\w+|al_(?:live|test)_\w+")
_ANY: Final = "ANY"
"""What a copied test writes for a value that is another one in each run."""
_UNSAID: Final = re.compile("created|.*_at|duration_ms|message")
"""The fields that have a time, or the words of an error."""
_SEVERAL: Final = 8
"""A list of more numbers, such as a vector, is one line; of what a response has, the first three and how many more."""


def tokens(text: str) -> Iterator[str]:
    """Yield the ids, URLs and keys in a text, also those in a URL: what is another one in each fake."""
    for match in _TOKEN.finditer(text):
        yield match[0]
        if "://" in match[0]:
            yield from ID.findall(match[0])


class Names(dict[str, str]):
    """The names for values that a test knows, perhaps with an attribute: f-strings have them, so no quotes.

    Args:
        secret: The pattern of what is secret beside API keys.

    Attributes:
        said: The tokens that the test has sent itself, so that they are the same in each run.
        hides: Whether something that was written since this was set to False had a secret, which is left out.
    """

    def __init__(self, names: dict[str, str] | None = None, secret: str = SECRET) -> None:
        super().__init__(names or {})
        self.said: set[str] = set()
        self.hides = False
        self._redacted = cache(partial(redacted, more=secret, as_code=True))

    def literal(self, value: Any, *, expected: bool = False, field: str = "") -> str:
        """Write JSON as Python; a text that has a name is its name, also inside of another text.

        What a response is *expected* to have is `ANY` for times, and for what the test has no name for.
        """
        if expected and isinstance(value, str | int | float) and (_UNSAID.fullmatch(field) or self._is_drawn(value)):
            return _ANY
        if isinstance(value, bytes):  # as Latin-1, each byte is a character: so keys are found in bytes, too
            return repr(self._without_secrets(value.decode("latin-1")).encode("latin-1"))
        if isinstance(value, list):
            items = cast("list[Any]", value)  # type: ignore[redundant-cast]  # pyright finds list[Unknown]
            if len(items) > _SEVERAL and all(isinstance(one, float | int) for one in items):
                rest = f"*[{_ANY}] * {len(items) - 3}" if expected else ", ".join(map(repr, items[3:]))
                return f"[{', '.join(map(repr, items[:3]))}, {rest}]"
            return fitted("[", [self.literal(one, expected=expected) for one in items], "]")
        if isinstance(value, dict):
            fields = cast("dict[str, Any]", value).items()
            pairs = [f"{self._text(key)}: {self.literal(one, expected=expected, field=key)}" for key, one in fields]
            return fitted("{", pairs, "}")
        return repr(value) if isinstance(value, int | float | None) else self._text(str(value))  # a script

    def _is_drawn(self, value: object) -> bool:
        """Whether a text has a time, or something drawn that the test does not know."""
        text = str(value)
        if text in self or text in self.said:
            return False
        return bool(re.search(INSTANT, text)) or not all(one in self or one in self.said for one in tokens(text))

    def _text(self, text: str) -> str:
        if text in self:
            return self[text]
        known = [re.escape(one) for one in tokens(text) if one in self]
        if not known:
            return self._quote(text)
        parts = re.split(f"({'|'.join(known)})", text)
        shown = [
            f"{{{self[one]}}}" if one in self else self._quote(one)[1:-1].replace("{", "{{").replace("}", "}}")
            for one in parts
        ]
        return f'f"{"".join(shown)}"'

    def _quote(self, text: str) -> str:
        quoted = dumps(self._without_secrets(text), ensure_ascii=False)
        # An editor may begin a line at any character that is not printable.
        return "".join(one if one.isprintable() else f"\\U{ord(one):08x}" for one in quoted)

    def _without_secrets(self, text: str) -> str:
        shown = self._redacted(text)
        self.hides = self.hides or shown != text
        return shown


def call(function: str, parts: list[str]) -> str:
    """Return a call, on several lines if it is long."""
    return fitted(f"{function}(", parts, ")")


def fitted(left: str, parts: list[str], right: str) -> str:
    """Put parts between brackets, on one line if that fits."""
    line = f"{left}{', '.join(parts)}{right}"
    if len(line) <= _WIDE and "\n" not in line:
        return line
    inner = "".join(f"    {part},\n".replace("\n", "\n    ").removesuffix("    ") for part in parts)
    return f"{left}\n{inner}{right}" if parts else line
