"""Files that somebody else has written, read so that none can fill the memory."""

from __future__ import annotations

from pathlib import Path
from stat import S_ISREG
from typing import Final

MOST_BYTES: Final = 64 * 1024 * 1024
"""No more is read of one file, or decompressed of one body."""


class LimitError(Exception):
    """Something is too large to be read; the message says why, as the end of a sentence."""


def read_file(file: Path, most: int = MOST_BYTES) -> bytes:
    """Return what is in a file of at most *most* bytes.

    Raises:
        LimitError: If it is larger, or not a regular file: a pipe or a device may never end.
        OSError: If it cannot be read.
    """
    if not S_ISREG(file.stat().st_mode):
        raise LimitError("it is not a regular file. Save it as one first")
    with file.open("rb") as stream:
        raw = stream.read(most + 1)
    if len(raw) > most:
        raise LimitError(f"it is larger than {most // 1024 // 1024} MB")
    return raw
