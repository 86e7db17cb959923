"""Compare a recorded response with the fake's response, place by place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any, Final

from .._wire.data import as_list, as_object
from .._wire.reply import Reply
from .openapi.shapes import Shapes
from .points import ABSENT, OTHER, SAME, Point
from .recording.survey import Survey
from .recording.view import View
from .replay import Replayed
from .values import Values, form_of
from .words import Words, name_of

_FREE: Final = frozenset({
    "message", "description", "request_id", "creation_request_id", "duration_ms", "error_message", "doc_url",
    "secret", "secret_preview", "preview_image_url", "preview_video_url", "next_page", "confidence",
    "default_denoise_strength", "default_guidance_scale", "default_steps", "has_template", "slug",
    "event_id", "default_resolution", "default_ratio", "default_duration", "consecutive_failures",
})  # fmt: skip
"""Fields whose values no rule states: presence, null, type and form are compared, and nothing else."""
_TEXTS: Final = {
    "team.retrieve": frozenset({"id", "name", "billing_email"}),
    "pricing.retrieve": frozenset({"description"}),
    "characters.uploads.classify": frozenset({"pose"}),
}
"""The fields of some operations whose values are texts."""
_STYLED: Final = ("generations", "loras", "video_loras")
"""The collections that show names of styles, which others may have changed."""
_SHAPES_ONLY: Final = "usage."
"""The operations whose values depend on what was before the recording."""
_VENDORS: Final = re.compile("aurous-|x-ratelimit-|retry-after$|sunset$|deprecation$")
_REQUEST_ID: Final = Words("the value of Aurous-Request-Id")
_NO_ANCHOR: Final = Words("no anchor")
_CURSOR: Final = Words("the id of the last row, or null on the last page")
_ORDER: Final = (Words("another order"), Words("the newest first"))
_REMAINING: Final = 1
_RESET: Final = 2


class Comparer:
    """Compares an exchange after its replay; *bind* learns the URLs and tokens of the fake by those recorded."""

    def __init__(self, shapes: Shapes, survey: Survey, bind: Callable[[str, str], object]) -> None:
        self._shapes = shapes
        self._survey = survey
        self._bind = bind

    def points(self, done: Replayed) -> Iterator[Point]:
        """Yield what was compared."""
        view, reply = done.view, done.reply
        if reply is None:
            yield from _wait(view)
            return
        exchange = view.exchange
        fake = _json(reply)
        if done.replays and self._survey.repeats_first(view):  # so the first attempt has shown what differs
            yield Point("status", "status", SAME, fake=_outcome_of(reply))
            yield from self._headers(done, reply)
            return
        if exchange.status != reply.status:
            yield Point("status", "status", OTHER, _outcome(exchange.status, view.code), _outcome_of(reply))
            return
        if "status" not in done.ignored:
            yield Point("status", "status", SAME, fake=_outcome_of(reply))
        yield from self._headers(done, reply)
        if view.refused:
            yield from self._refusal(done, view.body, fake)
        elif exchange.body is not None and fake is not None:
            if view.body is None:
                yield Point("body", "form", OTHER, Words("no JSON"), Words("JSON"))
                return
            yield from self._body(done, fake)

    def _headers(self, done: Replayed, reply: Reply) -> Iterator[Point]:
        received = done.view.exchange.received
        if not received:
            return
        names = {name.lower(): value for name, value in reply.headers}
        for name, value in names.items():
            where = f"header.{name}"
            if name in _OWN_HEADERS or where in done.ignored:
                continue
            if name not in received:
                yield Point(where, "missing", OTHER, ABSENT, value)
                continue
            yield Point(where, "missing", SAME)
            yield self._header(where, name, received[name], value)
        for name in received:
            if name not in names and _VENDORS.match(name) and f"header.{name}" not in done.ignored:
                yield Point(f"header.{name}", "added", OTHER, received[name], ABSENT)

    def _header(self, where: str, name: str, seen: str, fake: str) -> Point:
        if name in {"x-ratelimit-remaining", "x-ratelimit-reset"}:
            tolerance = _REMAINING if name.endswith("remaining") else _RESET
            differs = not seen.isdecimal() or abs(int(seen) - int(fake)) > tolerance
            return Point(where, "value" if seen.isdecimal() else "form", differs, seen, fake)
        if name == "aurous-request-id":
            return Point(where, "form", form_of(seen) != "id req", seen, fake)
        if name == "content-type":
            seen, fake = seen.partition(";")[0], fake.partition(";")[0]
            return Point(where, "value", seen.partition("/")[0] != fake.partition("/")[0], seen, fake)
        if name in _STATED_HEADERS:
            return Point(where, "value", seen != fake, seen, fake)
        return Point(where, "form", SAME)

    def _refusal(self, done: Replayed, seen: Any, fake: Any) -> Iterator[Point]:
        """Compare two error envelopes."""
        if done.view.exchange.body is None or fake is None:
            return
        found, expected = as_object(as_object(seen).get("error")), fake["error"]
        if not found:
            yield Point("error", "form", OTHER, Words("no envelope"), Words("an envelope"))
            return
        yield Point("error", "form", SAME)
        for name in ("code", "type"):
            yield Point(
                f"error.{name}", name, found.get(name) != expected[name], found.get(name, ABSENT), expected[name]
            )
        param = (found.get("param", ABSENT), expected.get("param", ABSENT))
        yield Point("error.param", "param", param[0] != param[1], *param)
        yield Point(
            "error.message", "form", not isinstance(found.get("message"), str), found.get("message"), Words("text")
        )
        anchor, code = str(found.get("doc_url") or "").partition("#")[2], str(found.get("code"))
        yield Point("error.doc_url", "form", anchor != code, anchor or _NO_ANCHOR, code)
        own = done.view.exchange.received.get("aurous-request-id")
        same = own is None or found.get("request_id") == own
        yield Point("error.request_id", "value", not same, found.get("request_id"), _REQUEST_ID)
        for name in [name for name in found if name not in expected and name != "param"]:
            yield Point(f"error.{name_of(name)}", "added", OTHER, found[name], ABSENT)

    def _body(self, done: Replayed, fake: Any) -> Iterator[Point]:
        view = done.view
        schema = self._shapes.of(view.operation)
        free = _FREE | _TEXTS.get(view.operation, frozenset())
        if view.kind in _STYLED and view.exchange.method == "GET":
            free |= {"name"}
        if view.order.get("seed") in {None, -1}:
            free |= {"seed"}
        walk = Values(
            self._shapes, self._bind, free, values=not view.operation.startswith(_SHAPES_ONLY), ignored=done.ignored
        )
        seen = view.body
        if view.operation.endswith(".list") and isinstance(fake, dict) and view.result:
            seen, fake = dict(view.result), dict(as_object(fake))
            cursor = next((name for name in ("next_cursor", "next_page") if name in fake), "next_cursor")
            if isinstance(seen.get("data"), list) and isinstance(seen.get("has_more"), bool) and cursor in seen:
                yield from self._page(seen, fake, cursor, done)
                for name in ("has_more", "next_cursor"):
                    seen.pop(name, None)
                    fake.pop(name, None)
            if isinstance(seen.get("data"), list) and not view.operation.startswith(_SHAPES_ONLY):
                seen["data"], fake["data"] = _aligned(as_list(seen["data"]), as_list(fake["data"]))
        elif isinstance(view.body, list) and isinstance(fake, list):
            seen, fake = _aligned(as_list(seen), as_list(fake))
        yield from walk.compare("body", seen, fake, schema)
        yield from self._new_id(view)

    def _new_id(self, view: View) -> Iterator[Point]:
        """Compare the form of the id that was made, which the fake takes over."""
        prefix = view.makes
        name = "upload_id" if prefix == "upl" else "id"
        made = view.result.get(name)
        if prefix and isinstance(made, str):
            differs = form_of(made) != f"id {prefix}"
            yield Point(f"body.{name}", "form", differs, made, Words(f"{prefix}_ and a ULID"))

    def _page(self, seen: dict[str, Any], fake: dict[str, Any], cursor: str, done: Replayed) -> Iterator[Point]:
        """Compare the frame of a list, which the rows decide (list-1, list-2)."""
        rows, more = [as_object(row) for row in as_list(seen["data"])], seen["has_more"]
        ids = [_id_of(row) for row in rows]
        following = seen[cursor]
        good = (following is not None) == more and (cursor == "next_page" or not more or following == ids[-1:][0])
        yield Point(f"body.{cursor}", "value", not good, following, _CURSOR)
        made = [str(row.get("created_at")) for row in rows]
        stamps = [stamp[:19] for stamp in made if form_of(stamp).startswith("timestamp")]
        yield Point("body.data", "order", stamps != sorted(stamps, reverse=True), *_ORDER)
        status = {row.get("id"): row.get("status") for row in map(as_object, fake["data"])}
        behind = done.view.query.get("starting_after", done.view.query.get("ending_before"))
        if behind is not None and behind not in self._survey.histories:
            return  # nothing shows which rows are behind it
        known = more == fake["has_more"] or (not more and self._survey.goes_on(done.view))
        yield Point("body.has_more", "value", known and more != fake["has_more"], more, fake["has_more"])
        if not known:
            done.inferred.append(f"there are {'older' if more else 'fewer'} rows than the recording shows")
        if more:
            return
        index, histories = done.view.index, self._survey.histories
        missing = {one for one in status if isinstance(one, str)} - set(ids)
        extra = [one for one in missing if histories.steady(one, index) == status[one]]
        if behind is not None:  # nothing shows on which side a record was made that no exchange has created
            extra = [one for one in extra if histories[one].created is not None]
        yield Point("body.data", "rows", bool(extra), Words(f"{len(ids)} rows"), Words(f"{len(status)} rows"))


def _wait(view: View) -> Iterator[Point]:
    """Compare the form of the time that a 429 of the vendor tells to wait, although it says nothing else."""
    received = view.exchange.received
    vendors = {"aurous-request-id", "retry-after"} <= received.keys() and not view.exchange.fault
    if view.exchange.status == HTTPStatus.TOO_MANY_REQUESTS and vendors:
        seconds = received["retry-after"]
        yield Point("header.retry-after", "form", not seconds.isdecimal(), seconds, Words("whole seconds"))


def _aligned(seen: list[Any], fake: list[Any]) -> tuple[list[Any], list[Any]]:
    """Return the rows that both have, in the same order."""
    own = {_id_of(row): row for row in fake}
    both = [row for row in seen if _id_of(row) in own]
    return both, [own[_id_of(row)] for row in both]


def _id_of(row: Any) -> str:
    return str(as_object(row).get("id"))


def _json(reply: Reply) -> Any:
    try:
        return json.loads(reply.body)
    except ValueError:
        return None


def _outcome(status: int | None, code: str) -> str:
    return f"{status} {code}".strip()


def _outcome_of(reply: Reply) -> str:
    body = _json(reply)
    return _outcome(reply.status, str(as_object(as_object(body).get("error")).get("code", "")))


_STATED_HEADERS: Final = ("aurous-version", "aurous-idempotent-replayed", "aurous-deprecated", "x-ratelimit-limit")
"""Headers whose values a rule states."""
_OWN_HEADERS: Final = ("content-length", "x-content-type-options", "accept-ranges", "allow")
