"""Responses as a recording of the real API has them, in place of the fake's own: the setting ``observed``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ..base.data import LimitError, as_list, as_object, read_file, read_json
from ..base.errors import AurousError, see
from ..wire.call import to_json
from ..wire.headers import replaced
from ..wire.refusal import type_of
from ..wire.reply import Reply

Observation = dict[str, Any]
_MORE: Final = see("reference/check.html#observed-differences")
_KINDS: Final = {
    "left out": (),
    "added": ("type",),
    "refusal": ("of", "status", "code"),
    "precision": ("digits",),
}
"""What a difference can be, each with the names that it needs; with a ``value``, no ``type`` is needed."""
_OF_TYPE: Final[dict[str, Any]] = {
    "string": "text", "number": 1, "boolean": True, "array": [], "object": {}, "null": None,
}  # fmt: skip
"""What is sent of each JSON type."""
_REFUSED: Final = 400
"""From this status on, a response has the headers of a refusal, not those that were observed."""
_STAMP: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z)")


def read_observed(file: str | None) -> tuple[Observation, ...]:
    """Read the file of the setting ``observed``, which ``pytest-aurous check --observed`` writes.

    Raises:
        AurousError: If it cannot be read, or is no such file.
    """
    if file is None:
        return ()
    try:
        content: Any = read_json(read_file(Path(file)))
    except (OSError, LimitError, ValueError) as error:
        raise AurousError(f"observed={file!r}: it cannot be read: {error}.\n{_MORE}") from None
    rows = as_object(content).get("observed")
    if not isinstance(rows, list):
        raise AurousError(f'observed={file!r}: expected {{"observed": [...]}}.\n{_MORE}')
    for row in as_list(rows):
        found = as_object(row)
        names = _KINDS.get(str(found.get("what")))
        given = {**found, "type": ""} if "value" in found else found
        unknown = "value" not in found and found.get("type", "string") not in _OF_TYPE
        if names is None or unknown or not {"operation", "where", *names} <= given.keys():
            raise AurousError(f"observed={file!r}: {row!r} is not a difference.\n{_MORE}")
    return tuple(as_list(rows))


def as_observed(reply: Reply, operation: str, rows: tuple[Observation, ...]) -> Reply:
    for row in rows:
        if row["operation"] == operation:
            reply = _changed(reply, row)
    return reply


def _changed(reply: Reply, row: Observation) -> Reply:
    where = str(row["where"])
    if where.startswith("header.") and reply.status < _REFUSED:
        name = where.removeprefix("header.")
        return reply._replace(
            headers=replaced(reply.headers, ((name, _added(row) if row["what"] == "added" else None),))
        )
    try:
        content: Any = json.loads(reply.body)
    except ValueError:
        return reply
    error = as_object(as_object(content).get("error"))
    if row["what"] == "refusal":
        if not error or f"{reply.status} {error['code']}" != row["of"]:
            return reply
        address = f"{error['doc_url'].partition('#')[0]}#{row['code']}"
        changed = {**error, "type": type_of(row["status"]), "code": row["code"], "doc_url": address}
        return reply._replace(status=row["status"]).with_body(to_json({"error": changed}))
    if error:
        return reply
    for holder, name in _places(content, where.split(".")[1:]):
        _change(holder, name, row)
    return reply.with_body(to_json(content))


def _places(content: Any, path: list[str]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield each object in which the last name of *path* is, or belongs, with that name."""
    for item in as_list(content):
        yield from _places(item, path)
    if isinstance(content, dict):
        name = path[0].removesuffix("[]")
        if len(path) == 1:
            yield as_object(content), name
        else:
            yield from _places(as_object(content).get(name), path[1:])


def _added(row: Observation) -> Any:
    """Return the value of what is added: the one that somebody has written, or one of its type."""
    return row["value"] if "value" in row else _OF_TYPE[row["type"]]


def _change(holder: dict[str, Any], name: str, row: Observation) -> None:
    if row["what"] == "left out":
        holder.pop(name, None)
    elif row["what"] == "added":
        holder.setdefault(name, _added(row))
    else:
        stamp = _STAMP.fullmatch(str(holder.get(name)))
        if stamp is not None:
            digits = (stamp[2] or "").ljust(row["digits"], "0")[: row["digits"]]
            holder[name] = f"{stamp[1]}{'.' + digits if digits else ''}{stamp[3]}"
