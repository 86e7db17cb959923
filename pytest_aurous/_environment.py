"""Environment variables for a while."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import ClassVar

__all__ = ("environment",)


class _Entered:
    """What each of those that are entered found, in order: of the whole process, as the variables are."""

    found: ClassVar[list[dict[str, str | None]]] = []


@contextmanager
def environment(**values: str) -> Generator[None, None, None]:
    """Set variables, and put back what was there, in whatever order those that are entered are left."""
    before = {name: os.environ.get(name) for name in values}
    _Entered.found.append(before)
    os.environ.update(values)
    try:
        yield
    finally:
        place = next(place for place, one in enumerate(_Entered.found) if one is before)
        for name, value in before.items():
            later = next((one for one in _Entered.found[place + 1 :] if name in one), None)
            if later is not None:  # it found ours, and is to put back what we found
                later[name] = value
            elif value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        del _Entered.found[place]
