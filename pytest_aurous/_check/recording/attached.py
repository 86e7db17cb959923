"""Bodies of a HAR file that are in files of their own, beside it or in one archive, as Playwright writes them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from pathlib import PurePath
from typing import Any
from zipfile import ZipFile

from ..._report.bodies import MOST_BYTES, LimitError
from ..._wire.data import as_object

Load = Callable[[str], bytes]
"""Returns the content of a file by its name."""


def attach(entry: dict[str, Any], load: Load) -> None:
    """Put the bodies that an entry has in files of their own into it; one that cannot be read is missing."""
    for part in (as_object(entry.get("request")).get("postData"), as_object(entry.get("response")).get("content")):
        name = as_object(part).get("_file")
        if isinstance(part, dict) and isinstance(name, str) and PurePath(name).name == name:
            try:
                part["text"], part["encoding"] = b64encode(load(name)).decode(), "base64"
            except (OSError, LimitError, KeyError, RuntimeError):
                part["_omitted"] = True


def read_member(archive: ZipFile, name: str) -> bytes:
    """Return the content of a file in an archive.

    Raises:
        LimitError: If it is too large.
    """
    with archive.open(name) as stream:
        raw = stream.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise LimitError(f"{name} is too large")
    return raw
