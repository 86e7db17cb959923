"""Compare a recorded response with the fake's response, place by place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from http import HTTPStatus
from typing import Any, Final

from .._resources.catalog import CATALOG
from .._resources.shapes import Shapes
from .._wire.data import as_list, as_object
from .._wire.hosts import is_upload
from .._wire.refusal import LIMIT_CODES
from .._wire.reply import Reply
from .points import ABSENT, OTHER, SAME, Point
from .recording.survey import Survey
from .recording.view import View, instant_of
from .replay import Replayed
from .replay.chat import form_of_stream, sums_of
from .replay.rates import LIMIT, REMAINING, RESET, Rates
from .values import Values, form_of
from .words import ID, Words, id_of, name_of

_FREE: Final = frozenset({
    "message", "description", "request_id", "creation_request_id", "duration_ms", "error_message", "doc_url",
    "secret", "secret_preview", "preview_image_url", "preview_video_url", "next_page",
    "default_denoise_strength", "default_guidance_scale", "default_steps", "has_template", "slug",
    "event_id", "default_resolution", "default_ratio", "default_duration", "consecutive_failures", "created",
    "owned_by", "capabilities",
})  # fmt: skip
"""Fields whose values no rule states: presence, null, type and form are compared, and nothing else."""
_SAID: Final = frozenset({"created", "content", "refusal", "name", "arguments"})
"""Fields of a stream that are the model's."""
_TEXTS: Final = {
    "team.retrieve": frozenset({"id", "name", "billing_email"}),
    "pricing.retrieve": frozenset({"description"}),
}
"""The fields of some operations whose values are texts."""
_STYLED: Final = ("generations", "loras", "video_loras")
"""The collections that show names of styles, which others may have changed."""
_SHAPES_ONLY: Final = "usage."
"""The operations whose values depend on what was before the recording."""
_VENDORS: Final = re.compile("aurous-|x-aurous-|x-rate-?limit-|rate-?limit|retry-after$|sunset$|deprecation$")
_DIGITS: Final = 5
_REQUEST_ID: Final = Words("the value of Aurous-Request-Id")
_DATE: Final = Words("the Date of the response")
_OWN_ID: Final = Words("an id of its own")
_HOUR: Final = 3_600
_MINUTE: Final = 60
_CLOSE: Final = 2.0
"""Seconds within which two times count as the same."""
_NO_ANCHOR: Final = Words("no anchor")
_CURSOR: Final = Words("the id of the last row, or null on the last page")
_ORDER: Final = (Words("another order"), Words("the newest first"))


class Comparer:
    """Compares an exchange after its replay; *bind* learns the URLs and tokens of the fake by those recorded."""

    def __init__(self, shapes: Shapes, survey: Survey, rates: Rates, bind: Callable[[str, str], object]) -> None:
        self._rates = rates
        self._shapes = shapes
        self._survey = survey
        self._bind = bind
        self._ids: dict[str, View] = {}
        self._shown: dict[str, tuple[str, float]] = {}

    def points(self, done: Replayed) -> Iterator[Point]:
        """Yield what was compared."""
        view, reply = done.view, done.reply
        if reply is None:
            yield from _wait(view)
            return
        status, outcome = view.exchange.status, _outcome_of(reply)
        if done.replays and self._survey.repeats_first(view):  # so the first attempt has shown what differs
            yield Point("status", "status", SAME, fake=outcome)
            yield from self._headers(done, reply)
        elif done.is_new and status == reply.status:
            yield Point("header.aurous-idempotent-replayed", "added", OTHER, "true", ABSENT)
        else:
            yield Point("status", "status", status != reply.status, _outcome(status, view.code), outcome)
            if status == reply.status or (view.succeeded and reply.status < HTTPStatus.BAD_REQUEST):
                yield from self._headers(done, reply)
                yield from self._content(done, _json(reply))

    def _content(self, done: Replayed, fake: Any) -> Iterator[Point]:
        view, body = done.view, done.view.exchange.body
        if view.refused:
            yield from self._refusal(done, view.body, fake)
        elif done.streamed and body is not None:
            walk = Values(self._shapes, self._bind, _FREE | _SAID, values=True, ignored=done.ignored)
            yield from walk.compare("body.stream", form_of_stream(body), form_of_stream(done.streamed), {})
        elif body is not None and fake is not None:
            if view.body is None:
                yield Point("body", "form", OTHER, Words("no JSON"), Words("JSON"))
            else:
                yield from self._body(done, fake)

    def _headers(self, done: Replayed, reply: Reply) -> Iterator[Point]:
        received = done.view.exchange.received
        if not received:
            return
        names = {name.lower(): value for name, value in reply.headers}
        others = [name for name in received if name not in names and _VENDORS.match(name)]
        apart = not any(map(_VENDORS.match, received)) or _is_storage(done.view)
        storage = done.view.refused and _is_storage(done.view)  # whose refusals have a form of their own
        for name, value in names.items():
            if (
                name in _OWN_HEADERS
                or (storage and name == "content-type")
                or (name not in received and apart and _VENDORS.match(name))
            ):
                continue
            where = f"header.{name}"
            if name not in received:
                like = next((other for other in others if _resemble(other, name)), "")
                others = [other for other in others if other != like]
                yield Point(where, "missing", OTHER, Words(f"absent, but there is {like}") if like else ABSENT, value)
                continue
            yield Point(where, "missing", SAME)
            if name in {LIMIT, REMAINING, RESET}:
                point = self._rates.point(done.view, name, value)
                yield from () if point is None else (point,)
            else:
                yield self._header(done, where, name, received[name], value)
        for name in others:
            yield Point(f"header.{name}", "added", OTHER, received[name], ABSENT)

    def _header(self, done: Replayed, where: str, name: str, seen: str, fake: str) -> Point:
        if name == "aurous-request-id":
            first = self._ids.setdefault(seen, done.view)
            if first is not done.view:
                before = Words(f"the id of exchange {first.exchange.number}")
                same_key = first.idempotency is not None and first.idempotency == done.view.idempotency
                return Point(where, "replayed" if same_key else "repeated", OTHER, before, _OWN_ID)
            return Point(where, "form", form_of(seen) != "id req", seen, fake)
        if name == "content-type":
            seen, fake = seen.partition(";")[0], fake.partition(";")[0]
            if fake == "text/event-stream":
                return Point("body.stream", "form", seen != fake, seen, fake)
            return Point(where, "value", seen.partition("/")[0] != fake.partition("/")[0], seen, fake)
        if name in _STATED_HEADERS:
            return Point(where, "value", seen != fake, seen, fake)
        return Point(where, "form", SAME)

    def _refusal(self, done: Replayed, seen: Any, fake: Any) -> Iterator[Point]:
        """Compare two error envelopes."""
        if done.view.exchange.body is None or fake is None or _is_storage(done.view):
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
        if view.creates:  # no page says what is taken for a parameter that is left out
            loose = frozenset(name for name, value in as_object(fake).items() if value is None and name in _takes(view))
            done.ignored |= {f"body.{name}" for name in loose - set(view.order)}
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
        yield from done.points
        yield from walk.compare("body", seen, fake, schema)
        yield from self._new_id(view)
        yield from self._instants(view, as_object(seen), as_object(fake))
        yield from self._changed(done)
        yield from self._renewed(view)
        yield from sums_of(view)

    def _changed(self, done: Replayed) -> Iterator[Point]:
        """Compare whether a record has another time of its last change exactly if it has changed."""
        view, before = done.view, self._survey.histories.before(done.view.record, done.view.index)
        if before is None or not (view.edits or view.saves):
            return
        old, new = before.row.get("updated_at"), view.result.get("updated_at")
        if view.saves and done.was == "ready" and self._survey.histories.is_saved(view):
            yield Point("body.updated_at", "value", new != old, new, old)
        elif any(view.result.get(name) != before.row.get(name) for name in ("name", "attributes", "status")):
            then = instant_of(old)
            late = then is not None and self._survey.timed and view.at > then + _CLOSE
            yield Point("body.updated_at", "value", late and new == old, new, Words("the time of the change"))

    def _renewed(self, view: View) -> Iterator[Point]:
        """Compare whether a signed URL is another one with each read (time-3, get-3)."""
        if view.exchange.method == "GET" and not view.operation.endswith(".list"):
            refs = [("body.refs[].url", as_object(ref)) for ref in as_list(view.result.get("refs"))]
            for where, holder in (("body.url", view.result), *refs):
                name, url = f"{view.record} {holder.get('pose')}", str(holder.get("url"))
                old, at = self._shown.get(name, ("", view.at))
                if "?" in url and view.at > at + _CLOSE and self._survey.timed:
                    yield Point(where, "renewed", url == old, Words("the same URL again"), Words("another URL"))
                self._shown[name] = url, view.at

    def _new_id(self, view: View) -> Iterator[Point]:
        """Compare the form of the id that was made, which the fake takes over."""
        prefix = view.row.makes
        name = "upload_id" if prefix == "upl" else "id"
        made = view.result.get(name)
        if prefix and isinstance(made, str):
            differs = form_of(made) != f"id {prefix}"
            yield Point(f"body.{name}", "form", differs, made, Words(f"{prefix}_ and a ULID"))

    def _instants(self, view: View, seen: dict[str, Any], fake: dict[str, Any]) -> Iterator[Point]:
        """Compare when something was made with the `Date` of the response, and for how long it is valid."""
        if not view.row.makes or view.replayed:
            return
        made, sent = instant_of(seen.get("created_at")), view.exchange.dated
        if made is not None and sent is not None:
            yield Point("body.created_at", "instant", abs(made - sent) > _HOUR / 2, seen["created_at"], _DATE)
        ends = instant_of(seen.get("expires_at")), instant_of(fake.get("expires_at"))
        begin = view.at if self._survey.timed and "created_at" not in fake else made
        if None not in (*ends, begin):
            valid = [(end or 0) - (start or 0) for end, start in zip(ends, (begin, _begin_of(fake, view)), strict=True)]
            shown = [Words(f"{seconds / _HOUR:.3g} h after it was made") for seconds in valid]
            yield Point("body.expires_at", "lifetime", abs(valid[0] - valid[1]) > _MINUTE, *shown)

    def _page(self, seen: dict[str, Any], fake: dict[str, Any], cursor: str, done: Replayed) -> Iterator[Point]:
        """Compare the frame of a list, which the rows decide (list-1, list-2)."""
        rows, more = [as_object(row) for row in as_list(seen["data"])], seen["has_more"]
        ids = [_id_of(row) if "id" in row else f"{number}" for number, row in enumerate(rows)]
        following = seen[cursor]
        good = (following is not None) == more and (cursor == "next_page" or not more or following == ids[-1:][0])
        yield Point(f"body.{cursor}", "value", not good, following, _CURSOR)
        made = [str(row.get("created_at", row.get("start_time"))) for row in rows]
        stamps = [stamp[:19] for stamp in made if form_of(stamp).startswith("timestamp")]
        yield Point("body.data", "order", stamps != sorted(stamps, reverse=True), *_ORDER)
        status = {row.get("id"): row.get("status") for row in map(as_object, fake["data"])}
        limit = done.view.query.get("limit", str(done.view.row.query.get("limit", {}).get("default", "")))
        most = int(limit) if len(limit) < _DIGITS and limit.isdecimal() else len(ids)
        wrong = len(ids) > most or (more and good and len(ids) < most) or len({*ids}) < len(ids)
        shown_rows = f"{len({*ids})} rows{', and more' * more}{', some of them twice' * (len({*ids}) < len(ids))}"
        yield Point("body.data", "rows", wrong, Words(shown_rows), Words(f"{most} rows"))
        yield from self._membership(done.view, rows)
        behind = done.view.query.get("starting_after", done.view.query.get("ending_before"))
        yield from self._behind(done.view, rows)
        if behind is not None and behind not in self._survey.histories:
            return  # nothing shows which rows are behind it
        known = more == fake["has_more"] or (not more and self._survey.goes_on(done.view))
        yield Point("body.has_more", "value", known and more != fake["has_more"], more, fake["has_more"])
        if not known:
            done.inferred.append("a list goes on with rows that the recording does not show")
        if not more:
            shown = {one for one, state in status.items() if isinstance(one, str) and self._is_there(done, one, state)}
            counts = Words(f"{len(ids)} rows"), Words(f"{len(status)} rows")
            gone = shown - set(ids)
            later = any(self._survey.histories.seen(one, done.view.index + 1) for one in gone)
            if gone and not later and f"{done.view.kind}.delete" in CATALOG.by_operation:
                names = " and ".join(map(id_of, sorted(gone)))
                done.set_aside(("body.data",), f"before exchange {done.view.exchange.number}, {names} was deleted")
                done.gone |= gone
            yield Point("body.data", "gone", bool(gone), *counts)

    def _membership(self, view: View, rows: list[dict[str, Any]]) -> Iterator[Point]:
        """Compare whether a list has deleted characters, or other statuses than it was asked for."""
        wanted = view.query.get("status") if "status" in view.row.query else None
        others = [row for row in rows if wanted not in (None, row.get("status"))]
        if wanted is not None:
            yield Point("body.data", "filter", bool(others), _statuses(others), Words(wanted))
        if view.kind == "characters" and not self._survey.shared:
            deleted = [row for row in rows if self._survey.histories.is_deleted(_id_of(row), view.index)]
            yield Point("body.data", "deleted", bool(deleted), _statuses(deleted), Words("no deleted character"))

    def _behind(self, view: View, rows: list[dict[str, Any]]) -> Iterator[Point]:
        """Compare the side of the cursor on which the rows of a page are."""
        for name, sign in (("starting_after", 1), ("ending_before", -1)):
            history = self._survey.histories.get(view.query.get(name, ""))
            cursor = None if history is None else instant_of(history.sightings[0].row.get("created_at"))
            made = [instant_of(row.get("created_at")) for row in rows]
            wrong = cursor is not None and any(one is not None and (one - cursor) * sign > 0 for one in made)
            own = view.query.get(name, "") in map(_id_of, rows)
            if history is not None:
                yield Point("body.data", "order", wrong or own, *_ORDER)

    def _is_there(self, done: Replayed, record: str, status: object) -> bool:
        """Whether the recording shows that a record is in a list: created before, or seen before and after."""
        history, index = self._survey.histories.get(record), done.view.index
        if history is None or record in self._survey.undecided or not ID.fullmatch(record):
            return False
        made = history.created is not None and history.created < index
        steady = self._survey.histories.steady(record, index) == status
        return made or (steady and not {"starting_after", "ending_before"} & done.view.query.keys())


def _wait(view: View) -> Iterator[Point]:
    """Compare the form of a 429 of the vendor, although it says nothing else (rate-2)."""
    received = view.exchange.received
    if (
        view.exchange.status != HTTPStatus.TOO_MANY_REQUESTS
        or "aurous-request-id" not in received
        or view.exchange.fault
    ):
        if view.code == "idempotency_key_in_use" and "retry-after" in received:
            yield Point("header.retry-after", "in flight", OTHER, received["retry-after"], ABSENT)
        return
    seconds = received.get("retry-after")
    if seconds is None:
        yield Point("header.retry-after", "missing", OTHER, ABSENT, Words("whole seconds"))
    else:
        yield Point("header.retry-after", "form", not seconds.isdecimal(), seconds, Words("whole seconds"))
    if view.code:
        yield Point("error.code", "code", view.code not in LIMIT_CODES, view.code, Words(" or ".join(LIMIT_CODES)))
        kind = as_object(view.result.get("error")).get("type")
        yield Point("error.type", "type", kind != "rate_limit", kind, "rate_limit")


def _takes(view: View) -> Mapping[str, Any]:
    """Return the fields of the body that a request may have."""
    return as_object((view.row.body or {}).get("properties"))


def _statuses(rows: list[dict[str, Any]]) -> Words:
    return Words(" and ".join(sorted({f"a row that is {name_of(str(row.get('status')))}" for row in rows})))


def _begin_of(fake: dict[str, Any], view: View) -> float:
    return instant_of(fake.get("created_at")) or view.at


def _is_storage(view: View) -> bool:
    """Whether a response may be a storage's, which need not know the headers of the API (rate-1, err-3)."""
    return is_upload(view.exchange.host) or view.row.template.startswith("/storage/")


def _resemble(name: str, other: str) -> bool:
    """Whether two names of headers have the same last word, or are nearly the same."""
    return name.rpartition("-")[2] == other.rpartition("-")[2] or bool(get_close_matches(name, [other], cutoff=0.8))


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


_STATED_HEADERS: Final = (
    "aurous-version", "aurous-idempotent-replayed", "aurous-deprecated", "aurous-idempotency-status", "cache-control",
)  # fmt: skip
"""Headers whose values a rule states."""
_OWN_HEADERS: Final = ("content-length", "x-content-type-options", "accept-ranges", "allow")
