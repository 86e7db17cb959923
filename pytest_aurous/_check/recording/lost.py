"""Whether requests whose response is lost took effect, as later exchanges show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from ..._core.base.data import as_list, as_object
from .histories import Histories, History
from .view import CLOSE, RUNNING, View, instant_of

Attempts = Mapping[str, Sequence[View]]
"""The exchanges with an idempotency key, by key."""


def find_lost(
    views: Sequence[View], histories: Histories, attempts: Attempts, teams: Mapping[str, str]
) -> dict[int, str]:
    """Return the requests without a usable response that took effect all the same, each with the id of what it created.

    The *histories* learn what created these records.
    """
    found: dict[int, str] = {}
    for view in views:
        if view.lost and not view.refused and view.row.method not in {"", "GET"}:
            made = (record for record, one in histories.items() if _is_of(one, view, teams))
            record = _effect(view, views, histories, attempts, made)
            if record is not None:
                found[view.index] = record
                histories[record].created = view.index  # nothing may show it
    return found


def _effect(
    view: View, views: Sequence[View], histories: Histories, attempts: Attempts, made: Iterator[str]
) -> str | None:
    """Return the id of what a request has created, or empty; None if it took no effect."""
    retries = (one for one in attempts.get(view.idempotency or "", ()) if one.operation == view.operation)
    again = next((one for one in retries if one.index > view.index), None)
    if again is not None:
        if not (again.replayed or again.code == "idempotency_key_in_use"):
            return None
        stored = stored_response(attempts, view)
        return next(made, "") if stored is None else str(stored.result.get("id"))
    if view.exchange.status in {HTTPStatus.TOO_MANY_REQUESTS, *range(300, 400)}:
        return None
    if view.creates:
        return next(made, None)
    return "" if _is_shown(view, views, histories) else None


def _is_of(history: History, view: View, teams: Mapping[str, str]) -> bool:
    """Whether a record that no response created is what *view* asked for."""
    if history.created is not None or history.kind != view.kind or not view.order:
        return False
    first = history.sightings[0]
    made = instant_of(first.row.get("created_at"))
    return (
        first.view.index > view.index
        and teams.get(first.view.key) == teams.get(view.key)
        and (made is None or abs(made - view.at) <= CLOSE)
        and (view.operation == "videos.create") == first.row["id"].startswith("vid_")
        and _is_as_ordered(first.row, view.order)
    )


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


def _is_shown(view: View, views: Sequence[View], histories: Histories) -> bool:
    """Whether the next exchange that is about the same record shows the effect of a request."""
    if view.operation == "characters.uploads.put":
        return any(one.succeeded and view.args["upload_id"] in one.named for one in views[view.index :])
    after = next((one for one in histories[view.record].touched if one.index > view.index), None)
    between = views[view.index + 1 : None if after is None else after.index] if view.saves else ()
    drawn = any(one.succeeded and one.order.get("character_id") == view.record for one in between)
    if after is None or drawn:  # only a saved character can be drawn
        return drawn
    if view.deletes:
        return after.exchange.status == HTTPStatus.NOT_FOUND and after.operation != view.operation
    if view.edits:
        shown = histories.seen(view.record, view.index + 1)
        return shown is not None and all(shown.row.get(name) == value for name, value in view.order.items())
    if after.operation == view.operation:
        return after.reason == "invalid_request_error" and view.row.reruns
    wanted = ("ready",) if view.saves else ("cancelled",) if view.cancels else RUNNING if view.row.reruns else ()
    return bool(after.records) and after.records[0].get("status") in wanted


def stored_response(attempts: Attempts, view: View) -> View | None:
    """Return the first attempt with the same idempotency key whose response is the stored one of *view*."""
    same = attempts.get(view.idempotency or "", ())
    return next((one for one in same if one.replayed and one.result and one.index > view.index), None)
