"""What is too much to read, so that no file can fill the memory: sizes of files and bodies, values, depth."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from stat import S_ISREG
from typing import IO, Any, Final
from zipfile import ZipFile

from ..._report.bodies import MOST_BYTES, LimitError
from ..._wire.data import as_list, as_object
from ..._wire.exchange import Exchange

_MOST_PARTS: Final = 3_000_000
"""The most objects and lists in a file, and in all bodies of a recording together."""
_MOST_DEPTH: Final = 100
_PICTURES: Final = ("image/", "video/", "application/octet-stream")


@dataclass
class Intake:
    """Takes the bodies of one recording, as far as the limits allow.

    Attributes:
        notes: What is missing or was left out, for the report.
        left_out: How many bodies are over a limit.
    """

    notes: list[str] = field(default_factory=list[str])
    left_out: int = 0
    _bytes: int = 0
    _parts: int = 0

    def take(self, exchange: Exchange, part: str, read: Callable[[], bytes | None]) -> bytes | None:
        """Return the body that *read* returns; None, with a note, if it is missing or over a limit."""
        where = f"exchange {exchange.number}: the body of the {part}"
        try:
            body = read()
            self._count(body or b"")
        except LimitError as error:
            self.left_out += 1
            self.notes.append(f"{where} was left out: {error}")
            return None
        unread = part == "response" and exchange.received.get("content-type", "").startswith(_PICTURES)
        if body is None and exchange.vendors and not unread:
            self.notes.append(f"{where} is missing")
        return body

    def _count(self, body: bytes) -> None:
        """Count a body.

        Raises:
            LimitError: If it is over a limit, or the bodies together would be.
        """
        size, parts = self._bytes + len(body), self._parts + _parts_of(body)
        _check(size, parts, "all bodies together are", "all bodies together have")
        if _parts_of(body) > _MOST_DEPTH and _is_deep(body):
            raise LimitError(f"its JSON is nested more than {_MOST_DEPTH} deep")
        self._bytes, self._parts = size, parts


def read_file(file: Path) -> bytes:
    """Return what is in a file.

    Raises:
        LimitError: If it is too large, or not a regular file: a pipe or a device may never end.
        OSError: If it cannot be read.
    """
    if not S_ISREG(file.stat().st_mode):
        raise LimitError("it is not a regular file. Save it as one first")
    with file.open("rb") as stream:
        return _read(stream, "it")


def read_member(archive: ZipFile, name: str) -> bytes:
    """Return what is in a file of an archive.

    Raises:
        LimitError: If it is too large.
    """
    with archive.open(name) as stream:
        return _read(stream, name)


def attach(entry: Any, load: Callable[[str], bytes]) -> None:
    """Put the bodies that an entry of HAR has in files of their own into it, as Playwright writes them.

    *load* returns the content of a file by its name. A file that cannot be read is missing.
    """
    for message, body in (("request", "postData"), ("response", "content")):
        part = as_object(as_object(as_object(entry).get(message)).get(body))
        name = part.get("_file")
        if isinstance(name, str) and PurePath(name).name == name:
            try:
                part["text"], part["encoding"] = b64encode(load(name)).decode(), "base64"
            except (OSError, LimitError, KeyError, RuntimeError):
                part["_omitted"] = True


def _read(stream: IO[bytes], what: str) -> bytes:
    raw = stream.read(MOST_BYTES + 1)
    _check(len(raw), _parts_of(raw), f"{what} is", f"{what} has")
    return raw


def _check(size: int, parts: int, are: str, have: str) -> None:
    if size > MOST_BYTES:
        raise LimitError(f"{are} larger than {MOST_BYTES // 1024 // 1024} MB")
    if parts > _MOST_PARTS:
        raise LimitError(f"{have} more than {_MOST_PARTS} objects and lists")


def _parts_of(raw: bytes) -> int:
    """Return the largest number of objects and lists that JSON can have."""
    return raw.count(b"[") + raw.count(b"{")


def _is_deep(body: bytes) -> bool:
    """Whether a body is JSON that is nested too deep for what walks through it."""
    try:
        level: list[Any] = [json.loads(body)]
    except RecursionError:
        return True
    except ValueError:
        return False
    for _ in range(_MOST_DEPTH):
        level = [part for one in level for part in (*as_object(one).values(), *as_list(one))]
    return bool(level)
