"""What is compared, two JSON values and a schema side by side, and how it is shown: without what a user has written."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any, Final, TypeAlias

from .._core.base.data import as_list, as_object
from .shapes import Schema, vocabulary

_Object: TypeAlias = dict[str, Any]
PREFIXES: Final = ("char", "img", "vid", "file", "lora", "we", "upl", "req", "team", "evt", "ref", "cmp", "call", "emb")
"""What the vendor's ids begin with."""
RECORD: Final = re.compile(rf"(?:{'|'.join(PREFIXES)})_[0-9A-Za-z]{{20,32}}")
"""An id of the vendor, which may be no ULID."""
STAMP: Final = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?")
"""An instant or a date, and nothing else."""
_SECOND: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_PREFIXED: Final = re.compile(r"([a-z]+)_[0-9A-Za-z]{8,}|(whsec)_\S+")
_WORD: Final = re.compile(r"[a-z][a-z0-9_]{0,39}|[a-z]{1,20}([A-Z][a-z]{1,20}){1,3}")
"""A word in the form of the API's, or of the names of other APIs; keys and most texts of users are none."""
_BOUND_NAMES: Final = ("url", "upload_url", "output_urls", "output_video_url")
_ALIKE: Final = 0.7
"""How much two names of one thing are alike: `idempotent-replayed` and `aurous-idempotent-replayed` are."""
_INSTEAD: Final = "absent, but there is "
_EMPTY: Final[tuple[Any, ...]] = (None, [], {})
"""The values of a field that is unset; which of them, no page says, unless the field is required."""
_MAPS: Final = frozenset({"metadata", "upload_headers"})
"""Objects of the client's own: compared as a whole."""
_RECORDS: Final = {f"id {prefix}" for prefix in ("img", "vid", "cmp", "emb", "lora", "team", "evt")}
"""The forms of ids that a row of the fake may have where another row was recorded."""
_UNSTATED: Final = ("form", "free")
_CURSORS: Final = ("next_page", "next_cursor")
"""Fields whose values are opaque, and sent back."""


class Words(str):
    """A text of our own about a value, which can be shown."""

    __slots__ = ()


_TYPES: Final[dict[type, str]] = {
    str: "string", Words: "string", bool: "boolean", int: "number", float: "number", list: "array", dict: "object",
    type(None): "null",
}  # fmt: skip


@dataclass
class Point:
    """One place of a response that was compared."""

    where: str  # such as ``status``, ``error.code``, ``header.retry-after`` or ``body.refs[].url``
    kind: str  # what was compared, such as ``status``, ``missing``, ``json type``, ``value`` or ``omitted``
    differs: bool
    seen: Any = None  # in the recording
    fake: Any = None  # of the fake
    assumed: bool = False  # whether no page of the vendor states what the fake has, only a rule of ours
    record: str = ""  # the id of the row of a list that it is in; empty elsewhere


class _Absent:
    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = _Absent()
SAME: Final = False
OTHER: Final = True


def json_type(value: object) -> str:
    return _TYPES.get(type(value), "")


def is_word(text: str, *, response: bool) -> bool:
    """Whether a text is a word of the API: known to us, or, in a response, at least in the form of a word."""
    return text in vocabulary().words or (response and _WORD.fullmatch(text) is not None)


def name_of(name: str) -> str:
    """Return a name in a response as it can be shown: ``*`` for a name that a user may have chosen."""
    return name if is_word(name, response=True) else "*"


def alike(name: str, others: Iterable[str]) -> str:
    """Return the one of *others* under which something with a name may be sent; empty without one."""
    own = _words_of(name)
    for other in others:
        words = _words_of(other)
        one, two = "".join(own), "".join(words)
        if set(own) <= set(words) or set(own) >= set(words) or SequenceMatcher(None, one, two).ratio() >= _ALIKE:
            return other
    return ""


def _words_of(name: str) -> list[str]:
    return [word.lower() for word in re.findall("[A-Z]?[a-z0-9]+", name)]


def instead_of(name: str) -> Any:
    """Return what is shown of a field or a header that is missing, and has perhaps another *name*."""
    return Words(f"{_INSTEAD}{name}") if name else ABSENT


def renamed(seen: object) -> str:
    """Return the other name of a field or a header that is missing; empty without one."""
    return str(seen).partition(_INSTEAD)[2]


def id_of(record: str) -> str:
    """Return an id as it can be shown: shortened if it does not have the form of an id."""
    kind = record.partition("_")[0]
    short = f"{kind}_..." if kind in PREFIXES else "..."
    return record if RECORD.fullmatch(record) else short


def form_of(text: str) -> str:
    """Return the form of a text if it is a timestamp, an id or a URL; empty for any other text.

    Example:
        >>> form_of("2026-05-15T10:00:00.250Z"), form_of("img_01KRM0123456")
        ('timestamp 3 Z', 'id img')
    """
    stamp = _SECOND.fullmatch(text)
    if stamp is not None:
        return f"timestamp {len(stamp[1] or '.') - 1} {'Z' if stamp[2] == 'Z' else 'offset'}"
    record = _PREFIXED.fullmatch(text)
    if record is not None:
        return f"id {record[1] or record[2]}"
    return "url" if re.fullmatch(r"https?://\S+", text) else ""


def _name(where: str) -> str:
    return where.rpartition(".")[2].removesuffix("[]")


@dataclass
class Values:
    """Compares two JSON values and a schema, side by side."""

    bind: Callable[[str, str], object]  # learns the URLs and page tokens of the fake by those recorded
    sent: Collection[str] = ()  # places that the request has sent: their values are stated, whatever the schema says
    ignored: Collection[str] = ()  # the places that say nothing

    def compare(self, where: str, seen: Any, fake: Any, schema: Schema, ground: str = "") -> Iterator[Point]:
        """Yield the points of one value and of all that is in it; *ground* is what it rests on (`Schema`)."""
        ground = "" if where in self.sent else schema.rests_on or ground
        for point in self._compare(where, seen, fake, schema, ground):
            yield replace(point, assumed=True) if ground == "assumed" else point

    def _compare(self, where: str, seen: Any, fake: Any, schema: Schema, ground: str) -> Iterator[Point]:
        if where in self.ignored:
            if None not in (seen, fake) and json_type(seen) != json_type(fake):
                yield Point(where, "json type", OTHER, Words(json_type(seen)), Words(json_type(fake)))
            return
        if (seen is None) != (fake is None):
            unsaid = ground == "free" and (fake is None or schema.nullable)
            if not (unsaid or ground == "or null"):
                yield Point(where, "null", OTHER, seen, fake)
            return
        if seen is None:
            yield Point(where, "null", SAME)
            return
        kinds = json_type(seen), json_type(fake)
        if kinds[0] != kinds[1]:
            yield Point(where, "json type", OTHER, Words(kinds[0]), Words(kinds[1]))
            return
        if _name(where) in _MAPS:
            yield Point(where, "value", seen != fake, seen, fake)
        elif isinstance(fake, dict):
            yield from self._object(where, as_object(seen), as_object(fake), schema, ground)
        elif isinstance(fake, list):
            yield from self._array(where, as_list(seen), as_list(fake), schema, ground)
        else:
            yield from self._scalar(where, seen, fake, schema, ground)

    def _object(self, where: str, seen: _Object, fake: _Object, schema: Schema, ground: str) -> Iterator[Point]:
        allowed, status = schema.field("status").allowed, seen.get("status")
        changes = str(seen.get("id")).startswith(("char_", "img_", "vid_"))
        if changes and allowed is not None and isinstance(status, str) and status not in allowed:
            # The fake cannot be brought to an unknown status, and no page says what else a record shows in it.
            seen, fake = {"status": status}, {"status": fake["status"]}
        new = [name for name in seen if name not in fake]
        for name, value in fake.items():
            inner, shape = f"{where}.{name}", schema.field(name)
            optional = name not in schema.required and inner not in self.sent
            unset = optional and (value in _EMPTY or ((shape.rests_on or ground) == "free" and name not in seen))
            if name not in seen:
                like = alike(
                    name, [one for one in new if type(seen[one]) is type(value) and is_word(one, response=True)]
                )
                new = [one for one in new if one != like]
                kind = "omitted" if unset and not like else "missing"
                yield Point(inner, kind, OTHER, instead_of(like), value)
            elif not (unset and seen[name] in _EMPTY and shape.rests_on != "null"):
                yield from self.compare(inner, seen[name], value, shape, ground)
        for name in new:
            if seen[name] in _EMPTY and name in schema.properties:
                yield Point(f"{where}.{name}", "omitted", OTHER, seen[name], ABSENT)
            else:
                shown = "*" if schema.holds == "client" else name_of(name)
                yield Point(f"{where}.{shown}", "added", OTHER, seen[name], ABSENT)

    def _array(self, where: str, seen: list[Any], fake: list[Any], schema: Schema, ground: str) -> Iterator[Point]:
        items, stated = schema.items, ground not in _UNSTATED
        if stated and fake and not isinstance(fake[0], (dict, list)) and _name(where) not in _BOUND_NAMES:
            yield Point(where, "value", seen != fake, seen, fake)
            return
        if len(seen) != len(fake) and stated:
            yield Point(where, "rows", OTHER, Words(f"{len(seen)} items"), Words(f"{len(fake)} items"))
        for one, other in zip(seen, fake, strict=False):
            record = str(as_object(one).get("id", ""))
            for point in self.compare(f"{where}[]", one, other, items, ground):
                yield replace(point, record=record) if point.differs and record else point

    def _scalar(self, where: str, seen: Any, fake: Any, schema: Schema, ground: str) -> Iterator[Point]:
        name = _name(where)
        if name in _CURSORS:
            self.bind(seen, fake)
            return
        if isinstance(fake, str):
            if schema.allowed is not None:
                yield Point(where, "enum", seen not in schema.allowed, seen, fake)
                if seen not in schema.allowed:
                    return
            forms = form_of(seen), form_of(fake)
            if forms[1] and (ground != "free" or schema.holds or schema.formatted):
                either = ground == "free" and set(forms) <= _RECORDS  # of a row that the fake does not have
                yield Point(where, "form", forms[0] != forms[1] and not either, f"{seen}", f"{fake}")
                if forms[1].startswith("url") or name in _BOUND_NAMES:
                    self.bind(seen, fake)
                if not forms[1].startswith("id"):
                    return
        elif schema.bounds != (None, None):
            low, high = (seen if bound is None else bound for bound in schema.bounds)
            yield Point(where, "limit", not low <= seen <= high, seen, Words(f"from {low} to {high}"))
        if ground not in _UNSTATED:
            yield Point(where, "value", seen != fake, seen, fake)
