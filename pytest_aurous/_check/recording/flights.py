"""Which exchanges of a recording were in flight together, and what one of them may have changed for the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from .view import View

BALANCE: Final = "balance"
_ROUNDED: Final = 0.001
"""Seconds by which two requests may seem to overlap that do not: files have whole milliseconds.

If they do overlap by less, the way to the API takes longer than that, so it has handled them in order.
"""


def list_of(view: View) -> str:
    return f"list {view.kind or view.collection}"


def key_of(view: View) -> str:
    return f"key {view.idempotency}"


def bucket_of(view: View) -> str:
    """Return the subject of a rate bucket; an operation with two buckets has one of its own."""
    return f"bucket {view.operation if callable(view.row.bucket) else view.row.bucket}"


class Flights:
    """Knows which exchanges were in flight together; in a recording without times, none were.

    A subject is what a response tells something about: the id of a record, `BALANCE`, or what a function above returns.
    Nobody knows whether the API has handled a request before or after another one that overlaps it.
    """

    def __init__(self, views: Iterable[View]) -> None:
        self._others: dict[tuple[int, str], View] = {}
        recent: dict[str, list[tuple[View, bool, bool]]] = {}
        statuses: dict[str, object] = {}
        undecided: dict[str, View] = {}
        for view in views:
            changed, moved = _changed(view), _moved(view, statuses)
            for subject in changed | _read(view):
                own, moves = subject in changed, subject in changed | moved
                some = [one for one in recent.get(subject, ()) if one[0].ends > view.at + _ROUNDED]
                recent[subject] = [*some, (view, own, moves)]
                for one, its_own, its_moves in some:
                    if one.at < view.ends:
                        self._meet(one, subject, view, moves=moves)
                        self._meet(view, subject, one, moves=its_moves)
                        undecided |= {subject: one} if own and its_own else {}
                if subject in undecided and not own and self.other(view, subject) is None:
                    self._others[view.index, f"last {subject}"] = undecided.pop(subject)

    def _meet(self, view: View, subject: str, other: View, *, moves: bool) -> None:
        if moves and (other.deletes or self.other(view, subject) is None):
            self._others[view.index, subject] = other

    def other(self, view: View, subject: str) -> View | None:
        """Return an exchange in flight with *view* that may have changed a subject; None without one."""
        return self._others.get((view.index, subject))

    def overlook(self, view: View) -> None:
        """Let a response prove nothing that another exchange may have changed meanwhile."""
        others = {row["id"]: self.other(view, row["id"]) for row in view.records}
        known = {name for name, one in others.items() if one is None or not (view.polls or one.deletes)}
        view.records = [row for row in view.records if row["id"] in known]
        if self.other(view, BALANCE) is not None:
            view.shows_balance = view.shows_credits = False

    def why(self, view: View, subjects: Iterable[str]) -> str:
        """Return why differences about *subjects* may come from the order of requests; empty if they cannot.

        Where two changes overlap, the next response shows which of them was the last.
        """
        every = (name for subject in subjects for name in (subject, f"last {subject}"))
        found = next(filter(None, (self.other(view, name) for name in every)), None)
        return "" if found is None else f"exchange {found.exchange.number} was in flight"


def _changed(view: View) -> set[str]:
    """Return the subjects that a request may change; each takes a token, whatever it is for."""
    found = {bucket_of(view)} | ({key_of(view)} if view.idempotency else set[str]())
    if view.row.method in {"", "GET"} or view.refused:
        return found
    uploads = str(view.order.get("upload_id") or view.args.get("upload_id"))
    found |= {list_of(view), view.record, uploads, *(row["id"] for row in view.records)}
    return found | ({BALANCE} if view.row.pays or view.cancels or view.deletes else set())


def _read(view: View) -> set[str]:
    """Return the subjects that a response depends on."""
    found = {*view.named, *(row["id"] for row in view.records)}
    found |= {list_of(view)} if view.row.lists else set()
    return found | ({BALANCE} if view.shows_credits or view.row.pays else set())


def _moved(view: View, statuses: dict[str, object]) -> set[str]:
    """Return the records that are in another status than the last response has shown, and note it in *statuses*."""
    shown = {row["id"]: row.get("status") for row in view.records}
    found = {record for record, status in shown.items() if statuses.get(record, status) != status}
    statuses.update(shown)
    return found
