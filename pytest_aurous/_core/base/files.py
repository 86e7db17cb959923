"""Files that are written whole, or not at all."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from secrets import token_hex


def write_whole(file: Path, content: str | bytes, mode: int | None = None) -> None:
    """Write a file beside it first: whatever goes wrong leaves the old one, and nobody reads a part.

    If *file* is a link, it stays one. A device or a pipe is written to, and not replaced. Without a *mode*, it has the
    permissions of the file that it replaces, else those that new files have.
    """
    data = content.encode() if isinstance(content, str) else content
    if file.exists() and not file.is_file():
        file.write_bytes(data)
        return
    real = Path(os.path.realpath(file))
    beside = real.with_name(f".aurous-{token_hex(8)}.tmp")  # no other process writes it; short, as names have a limit
    new_mode = 0o666 if mode is None else mode  # from the start: some files have keys
    try:
        with open(beside, "xb", opener=lambda name, flags: os.open(name, flags, new_mode)) as new:
            new.write(data)
        if mode is None and real.exists():
            shutil.copymode(real, beside)
        beside.replace(real)
    finally:
        with suppress(OSError):
            beside.unlink()
