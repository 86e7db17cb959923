"""Locks after a fork: threads of the parent that held them do not exist in the child."""

from __future__ import annotations

import os
from typing import Final, Protocol
from weakref import WeakSet


class Renewable(Protocol):
    """An object with a lock."""

    def after_fork(self) -> None:
        """Become usable in the child of a fork."""


# The only state that a module has: what the system is to do after a fork can be registered, but never withdrawn.
_THINGS: Final[WeakSet[Renewable]] = WeakSet()


def renew_after_fork(thing: Renewable) -> None:
    """Call ``thing.after_fork()`` in each child that is forked while the thing lives."""
    _THINGS.add(thing)


def _renew() -> None:
    for thing in list(_THINGS):
        thing.after_fork()


if hasattr(os, "register_at_fork"):  # pragma: no branch - there is no fork on Windows
    os.register_at_fork(after_in_child=_renew)
