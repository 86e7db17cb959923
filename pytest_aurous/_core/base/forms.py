"""Forms of texts: what an id, a time and a URL look like in any text."""

from __future__ import annotations

import re
from typing import Final

from .data import ULID

ID: Final = re.compile(rf"(?<![a-z])[a-z]+_{ULID}")  # from the first letter alone, else a long word takes minutes
UUID: Final = r"\b[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\b"
URL: Final = re.compile(r"https?://[^\s'\"<>]+")
INSTANT: Final = r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"
_DRAWN: Final = (
    ("<uuid>", UUID),
    ("<time>", INSTANT),
    ("<time>", r"\b\d{4}-\d\d-\d\d"),
    ("<time>", r"(?<![\w.])1\d{9}(?:\d{3}|\d{6}|\d{9}|\.\d+)?(?!\w)"),
    ("<{} hex>", r"(?<![^\W_])(?=[a-fA-F]*\d)[0-9a-fA-F]{8,}(?![^\W_])"),
    (
        "<{} characters>",
        rf"(?<![\w-])(?![\w-]*{UUID})(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[A-Za-z0-9_-]{{11,}}(?![\w-])",
    ),
)
"""What programs draw anew in each run: uuids, times and random tokens, which are as long each time."""
_ANY_DRAWN: Final = re.compile("|".join(f"({pattern})" for _, pattern in _DRAWN))


def formless(text: str) -> str:
    """Replace uuids, times and random tokens in a text by what they are.

    Example:
        >>> formless("order 6e9f1c6d at 2026-05-15T10:00:00Z")
        'order <8 hex> at <time>'
    """
    return _ANY_DRAWN.sub(lambda found: _DRAWN[(found.lastindex or 1) - 1][0].replace("{}", str(len(found[0]))), text)
