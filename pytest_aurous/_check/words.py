"""The words of the API, and other texts that say nothing of a user."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Final

from .._core.resources.catalog import CATALOG
from .._core.resources.models import ModelRow
from .._core.resources.openapi import document
from .._core.resources.styles import LoraRow, VideoLoraRow

_KINDS: Final = ("char", "img", "vid", "file", "lora", "we", "upl", "req", "team", "evt", "ref", "cmp", "call", "emb")
ID: Final = re.compile(rf"(?:{'|'.join(_KINDS)})_[0-9A-Za-z]{{20,32}}")
STAMP: Final = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?")
_WORD: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LISTS: Final = tuple(style for kind in (LoraRow, VideoLoraRow) for style in kind.first())
_MODELS: Final = tuple(name for model in ModelRow.first() for name in (model.id, *model.aliases))
STYLES: Final = frozenset((*(text for style in _LISTS for text in (style.name, style.slug)), *_MODELS))
"""The names of the public styles and models, which say nothing of a user."""
PATHS: Final = frozenset(
    part for row in CATALOG.by_operation.values() for part in row.template.split("/") if not part.startswith("{")
)
"""What stands in the paths of the API."""


@cache
def known_words() -> frozenset[str]:
    """Return the words that are in the OpenAPI document: names of fields and parameters, enums, codes, paths."""
    words = set(re.findall(r'"([^" \\]+)"', json.dumps(document())))
    words |= {part for row in CATALOG.by_operation.values() for outcome in row.outcomes for part in outcome.split()}
    return frozenset(words | PATHS | {"list", "*"})


def is_word(text: str, *, response: bool) -> bool:
    """Whether a text is a word of the API: known to us, or, in a response, at least in the form of a word."""
    return text in known_words() or (response and _WORD.fullmatch(text) is not None)


def name_of(name: str) -> str:
    """Return a name in a response as it can be shown: ``*`` for a name that a user may have chosen."""
    return name if is_word(name, response=True) else "*"


def id_of(record: str) -> str:
    """Return an id as it can be shown: shortened if it does not have the form of an id."""
    kind = record.partition("_")[0]
    short = f"{kind}_..." if kind in _KINDS else "..."
    return record if ID.fullmatch(record) else short


class Words(str):
    """A text of our own about a value, which can be shown."""

    __slots__ = ()
