"""Two workers that share a character: one changes its age, the other one its name."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from threading import Lock
from typing import TYPE_CHECKING, Any

from clients.common import connect, drawing, send
from programs.base import Program

if TYPE_CHECKING:
    from pytest_aurous import Aurous

AURORA = "char_01HXMQ7Z3K8Y2NABCDEFGHJKMR"


class Careful(Program):
    """Holds a lock while it reads, changes and writes."""

    def prepare(self, aurous: Aurous) -> None:
        """Add the character."""
        aurous.characters.add(id=AURORA, name="Aurora", status="ready", attributes={"age": 28, "gender": "female"})

    def fresh(self) -> tuple[Lock, Lock]:
        """Make the locks of a process."""
        return Lock(), Lock()

    def workers(self) -> tuple[Callable[..., Any], Callable[..., Any]]:
        """The two workers."""

        def first(locks: tuple[Lock, Lock]) -> None:
            self.change(locks, {"age": 29})

        def second(locks: tuple[Lock, Lock]) -> None:
            self.change(self.order(locks), {"gender": "male"})

        return first, second

    def order(self, locks: tuple[Lock, Lock]) -> tuple[Lock, Lock]:
        """Return the order in which the second worker takes its locks."""
        return locks

    def lock(self, lock: Lock) -> AbstractContextManager[Any]:
        """What a worker holds."""
        return lock

    def change(self, locks: tuple[Lock, Lock], attributes: dict[str, Any]) -> None:
        """Change some attributes, and leave the others as they are."""
        with connect() as api, self.lock(locks[0]):
            path = f"/v1/characters/{AURORA}"
            seen = send(api, "GET", path)["attributes"]
            with self.lock(locks[1]):
                send(api, "PATCH", path, body={"attributes": {**seen, **attributes}})


class HoldsNothing(Careful):
    """Writes what it has read before the other one has written."""

    seen_by = "two workers"
    found = {"first#2": "serial"}

    def lock(self, lock: Lock) -> AbstractContextManager[Any]:
        """Hold nothing."""
        return nullcontext()


class LocksTheOtherWayRound(Careful):
    """Takes the two locks in another order than the other worker."""

    seen_by = "two workers"
    found = {"first#1": "serial"}

    def order(self, locks: tuple[Lock, Lock]) -> tuple[Lock, Lock]:
        """Turn them round."""
        return locks[::-1]


class FindOrCreate(Careful):
    """Creates a character if there is no such, with a key of its own."""

    seen_by = "two workers"
    found = {"first#2": "serial"}

    def change(self, locks: tuple[Lock, Lock], attributes: dict[str, Any]) -> None:
        """Find a character, or create it."""
        with connect() as api:
            if not [row for row in send(api, "GET", "/v1/characters")["data"] if row["name"] == "Boreas"]:
                send(api, "POST", "/v1/characters", key=f"of {attributes}", body=drawing("Boreas"))
