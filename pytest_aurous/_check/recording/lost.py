"""Whether requests whose response is lost took effect, as later exchanges show."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from ..._wire.data import as_list, as_object
from .histories import Histories, History
from .view import RUNNING, View, instant_of

_CLOSE: Final = 2.0
"""Seconds between a request and the time that its record has as its creation."""


class LostRequests:
    """Decides about the requests without a usable response.

    Attributes:
        found: Those that took effect all the same, each with the id of what it created.
    """

    def __init__(
        self,
        views: Sequence[View],
        histories: Histories,
        attempts: Mapping[str, Sequence[View]],
        same_team: Callable[[View, View], bool],
    ) -> None:
        self._views = views
        self._histories = histories
        self._attempts = attempts
        self._same_team = same_team
        self.found: dict[int, str] = {}
        for view in views:
            if view.lost and not view.refused and view.row.method not in {"", "GET"}:
                self._decide(view)

    def _decide(self, view: View) -> None:
        """Decide by what later exchanges show whether a request without a usable response took effect."""
        again = self._again(view)
        if again is not None:
            if again.replayed or again.code == "idempotency_key_in_use":
                stored = stored_response(self._attempts, view)
                self.found[view.index] = self._made(view) if stored is None else str(stored.result.get("id"))
                self._created(self.found[view.index], view)
            return
        if view.exchange.status in {HTTPStatus.TOO_MANY_REQUESTS, *range(300, 400)}:
            return
        if view.creates:
            made = self._made(view)
            if made:
                self.found[view.index] = made
                self._created(made, view)
        elif self._shows(view) or self._is_drawn(view):
            self.found[view.index] = ""

    def _made(self, view: View) -> str:
        """Return the id of the record that no response created and that is what *view* asked for, or empty."""
        fits = (record for record, history in self._histories.items() if self._fits(view, history))
        return next(fits, "")

    def _again(self, view: View) -> View | None:
        """Return the next attempt with the same idempotency key."""
        attempts = self._attempts.get(view.idempotency or "", ())
        later = (one for one in attempts if one.index > view.index and one.operation == view.operation)
        return next(later, None)

    def _created(self, record: str, view: View) -> None:
        self._histories.get(record, History("")).created = view.index  # nothing may show it

    def _fits(self, view: View, history: History) -> bool:
        """Whether a record that no response created is what *view* asked for."""
        if history.created is not None or history.kind != view.kind or not view.order:
            return False
        first = history.sightings[0]
        made = instant_of(first.row.get("created_at"))
        return (
            first.view.index > view.index
            and self._same_team(first.view, view)
            and (made is None or abs(made - view.at) <= _CLOSE)
            and (view.operation == "videos.create") == first.row["id"].startswith("vid_")
            and _is_as_ordered(first.row, view.order)
        )

    def _shows(self, view: View) -> bool:
        """Whether the next exchange that is about the same record shows the effect of a lost one."""
        if view.operation == "characters.uploads.put":
            used = (one.order for one in self._views[view.index :] if one.succeeded)
            return any(
                view.args["upload_id"] in {order.get("upload_id"), *_texts(order, "upload_ids")} for order in used
            )
        history = self._histories.get(view.record)
        later = history.next_touch(view.index) if history is not None else None
        if later is None:
            return False
        if view.operation.endswith(".delete"):
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
        history = self._histories.get(view.record)
        later = history.next_touch(view.index) if history is not None else None
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


def _texts(order: dict[str, Any], name: str) -> list[str]:
    return [text for text in as_list(order.get(name)) if isinstance(text, str)]


def stored_response(attempts: Mapping[str, Sequence[View]], view: View) -> View | None:
    """Return the first attempt with the same idempotency key whose response is the stored one of *view*."""
    same = attempts.get(view.idempotency or "", ())
    return next((one for one in same if one.replayed and one.result and one.index > view.index), None)
