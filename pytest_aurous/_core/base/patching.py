"""Patches that fail half-way are undone."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager


@contextmanager
def undone_on_error(undo: Callable[[], object]) -> Generator[None, None, None]:
    """Call *undo*, which can undo a part, if the block raises an exception."""
    try:
        yield
    except BaseException:
        undo()
        raise
