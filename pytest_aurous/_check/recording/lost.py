"""Whether requests whose response is lost took effect, as later exchanges show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from ..._wire.data import as_list, as_object
from .histories import Histories, History
from .view import RUNNING, View, instant_of

_CLOSE: Final = 2.0
"""Seconds between a request and the time that its record has as its creation."""


class LostRequests(dict[int, str]):
    """The requests without a usable response that took effect all the same, each with the id of what it created."""

    def __init__(
        self,
        views: Sequence[View],
        histories: Histories,
        stored: Mapping[str, Sequence[View]],
        teams: Mapping[str, str],
    ) -> None:
        super().__init__()
        self._views = views
        self._histories = histories
        self._attempts = stored
        self._teams = teams
        for view in views:
            if view.lost and not view.refused and view.row.method not in {"", "GET"}:
                record = self._effect(view)
                if record is not None:
                    self[view.index] = record
                    self._histories[record].created = view.index  # nothing may show it

    def _effect(self, view: View) -> str | None:
        """Return what later exchanges show that a request has created, or empty; None if it took no effect."""
        attempts = self._attempts.get(view.idempotency or "", ())
        later = (one for one in attempts if one.index > view.index and one.operation == view.operation)
        again = next(later, None)
        if again is not None:
            if not (again.replayed or again.code == "idempotency_key_in_use"):
                return None
            stored = stored_response(self._attempts, view)
            return self._made(view) if stored is None else str(stored.result.get("id"))
        if view.exchange.status in {HTTPStatus.TOO_MANY_REQUESTS, *range(300, 400)}:
            return None
        if view.creates:
            return self._made(view) or None
        return "" if self._shows(view) or self._is_drawn(view) else None

    def _made(self, view: View) -> str:
        """Return the id of the record that no response created and that is what *view* asked for, or empty."""
        fits = (record for record, history in self._histories.items() if self._fits(view, history))
        return next(fits, "")

    def _fits(self, view: View, history: History) -> bool:
        """Whether a record that no response created is what *view* asked for."""
        if history.created is not None or history.kind != view.kind or not view.order:
            return False
        first = history.sightings[0]
        made = instant_of(first.row.get("created_at"))
        return (
            first.view.index > view.index
            and self._teams.get(first.view.key) == self._teams.get(view.key)
            and (made is None or abs(made - view.at) <= _CLOSE)
            and (view.operation == "videos.create") == first.row["id"].startswith("vid_")
            and _is_as_ordered(first.row, view.order)
        )

    def _shows(self, view: View) -> bool:
        """Whether the next exchange that is about the same record shows the effect of a lost one."""
        if view.operation == "characters.uploads.put":
            return any(one.succeeded and view.args["upload_id"] in one.named for one in self._views[view.index :])
        later = self._histories.next_touch(view)
        if later is None:
            return False
        if view.deletes:
            return later.exchange.status == HTTPStatus.NOT_FOUND and later.operation != view.operation
        if view.edits:
            shown = self._histories.seen(view.record, view.index + 1)
            return shown is not None and all(shown.row.get(name) == value for name, value in view.order.items())
        row = later.records[0] if later.records else {}
        if later.operation == view.operation:
            return later.reason == "invalid_request_error" and view.row.reruns
        wanted = ("ready",) if view.saves else ("cancelled",) if view.cancels else RUNNING if view.row.reruns else ()
        return row.get("status") in wanted

    def _is_drawn(self, view: View) -> bool:
        """Whether a picture of a saved character is accepted before the next request about the character."""
        if not view.saves:
            return False
        later = self._histories.next_touch(view)
        until = len(self._views) if later is None else later.index
        between = self._views[view.index + 1 : until]
        return any(one.succeeded and one.order.get("character_id") == view.record for one in between)


def _is_as_ordered(row: dict[str, Any], order: dict[str, Any]) -> bool:
    """Whether a record is as it was ordered, as far as both say."""
    same = [name for name in ("name", "prompt", "url", "character_id") if name in order and name in row]
    style, styles = order.get("lora_id"), [as_object(one).get("id") for one in as_list(row.get("loras"))]
    by_id = isinstance(style, str) and style.startswith("lora_")  # and not by its slug
    return (
        all(order[name] == row[name] for name in same)
        and (style in styles if by_id else bool(style) == bool(styles))
        and bool(order.get("reference_image_urls")) == bool(row.get("reference_image_urls"))
        and row.get("image_count") in {None, order.get("count", 1)}
    )


def stored_response(attempts: Mapping[str, Sequence[View]], view: View) -> View | None:
    """Return the first attempt with the same idempotency key whose response is the stored one of *view*."""
    same = attempts.get(view.idempotency or "", ())
    return next((one for one in same if one.replayed and one.result and one.index > view.index), None)
