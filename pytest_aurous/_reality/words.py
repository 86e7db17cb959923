"""The words of the API, and other texts that say nothing of a user."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, Final

from .._resources.catalog import CATALOG
from .._resources.styles import LoraRow, VideoLoraRow
from .._wire.data import as_list, as_object

_KINDS: Final = ("char", "img", "vid", "file", "lora", "we", "upl", "req", "team", "evt", "ref")
ID: Final = re.compile(rf"(?:{'|'.join(_KINDS)})_[0-9A-Za-z]{{20,32}}")
STAMP: Final = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?")
_WORD: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SAFE: Final = frozenset({
    "object", "status", "type", "code", "param", "currency", "billing_mode", "media_type", "inference_type", "pose",
    "size_preset", "video_resolution", "video_ratio", "mime_type", "purpose", "error_message",
})  # fmt: skip
"""Fields of responses in which the vendor has words, known to us or not."""
_TEXTS: Final = (
    "name", "prompt", "negative_prompt", "description", "filename", "message", "billing_email", "client_reference_id",
)  # fmt: skip
"""Fields of texts that a user has written, whatever they look like."""
_STYLES: Final = frozenset(style.name for kind in (LoraRow, VideoLoraRow) for style in kind.first())
"""The names of the public styles, which say nothing of a user."""


@cache
def known_words() -> frozenset[str]:
    """Return the words that are in the OpenAPI document: names of fields and parameters, enums, codes, paths."""
    document = json.loads(files("pytest_aurous").joinpath("openapi.json").read_text(encoding="utf-8"))
    words = set(_words(document))
    for row in CATALOG.by_operation.values():
        words |= {part for outcome in row.outcomes for part in outcome.split()}
        words |= {part for part in row.template.split("/") if not part.startswith("{")}
    words |= {style.slug for kind in (LoraRow, VideoLoraRow) for style in kind.first()}
    return frozenset(words | {"Idempotency-Key", "Aurous-Version", "Content-Type", "list", "*"})


def _words(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        for name, value in as_object(schema).items():
            if name in {"enum", "required"}:
                yield from filter(_is_text, as_list(value))
            elif name in {"const", "name"} and isinstance(value, str):
                yield value
            elif name == "properties":
                yield from value
            yield from _words(value)
    for one in as_list(schema):
        yield from _words(one)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_name(name: str, *, response: bool) -> bool:
    """Whether a name is one of the API: known to us, or, in a response, at least of the form of one."""
    return name in known_words() or (response and _WORD.fullmatch(name) is not None)


def is_plain(name: str, text: str, *, response: bool) -> bool:
    """Whether a text says nothing of its user: a word of the API, an id, an instant or a number."""
    if name in _TEXTS:
        return text in _STYLES
    word = response and name in _SAFE and _WORD.fullmatch(text) is not None
    number = name in known_words() and text.lstrip("-").isdigit()
    known = all(one in known_words() for one in text.split(","))
    return word or number or known or bool(ID.fullmatch(text) or STAMP.fullmatch(text))


def name_of(name: str) -> str:
    """Return a name in a response as it can be shown: ``*`` for one that may be of a user."""
    return name if is_name(name, response=True) else "*"


def id_of(record: str) -> str:
    """Return an id as it can be shown: shortened if it has not the form of one."""
    return (
        record
        if ID.fullmatch(record)
        else f"{record.partition('_')[0]}_..."
        if record.partition("_")[0] in _KINDS
        else "..."
    )


class Words(str):
    """A text of our own about a value, which can be shown."""

    __slots__ = ()
