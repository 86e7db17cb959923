"""What is too much to read, so that no file can fill the memory: sizes of files and bodies, values, depth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

from ..._core.base import data
from ..._core.base.data import MOST_BYTES, LimitError, as_list, as_object

_MOST_PARTS: Final = 3_000_000
"""The most objects and lists in a file, and in all bodies of a recording together."""
_MOST_DEPTH: Final = 100


class Total:
    """Adds up what is read; *what* names the sum in messages."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._bytes = 0
        self._parts = 0

    def add(self, raw: bytes) -> None:
        """Count some bytes, and the objects and lists that JSON in them can have.

        Raises:
            LimitError: If that is too much; it does not count then.
        """
        size, parts = self._bytes + len(raw), self._parts + raw.count(b"[") + raw.count(b"{")
        if size > MOST_BYTES:
            raise LimitError(f"{self._what} is larger than {MOST_BYTES // 1024 // 1024} MB")
        if parts > _MOST_PARTS:
            raise LimitError(f"{self._what} has more than {_MOST_PARTS} objects and lists")
        self._bytes, self._parts = size, parts


def read_file(file: Path) -> bytes:
    """Return what is in a file.

    Raises:
        LimitError: If it is too large, or not a regular file.
        OSError: If it cannot be read.
    """
    raw = data.read_file(file)
    Total("it").add(raw)
    return raw


def read_member(archive: ZipFile, name: str) -> bytes:
    """Return what is in a file of an archive.

    Raises:
        LimitError: If it is too large.
    """
    with archive.open(name) as stream:
        raw = stream.read(MOST_BYTES + 1)
    Total(name).add(raw)
    return raw


def check_depth(body: bytes) -> None:
    """Refuse JSON that is nested too deep for what walks through it.

    Raises:
        LimitError: If a body is such JSON.
    """
    if body.count(b"[") + body.count(b"{") <= _MOST_DEPTH:
        return
    try:
        level: list[Any] = [json.loads(body)]
        for _ in range(_MOST_DEPTH):
            level = [part for one in level for part in (*as_object(one).values(), *as_list(one))]
        deep = bool(level)
    except RecursionError:
        deep = True
    except ValueError:  # no JSON
        deep = False
    if deep:
        raise LimitError(f"its JSON is nested more than {_MOST_DEPTH} deep")
