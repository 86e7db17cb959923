"""Compare a recorded response with the fake's response, place by place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any, Final

from .._core.base.data import as_list, as_object, parsed
from .._core.base.instants import instant_of
from .._core.wire.hosts import is_upload
from .._core.wire.refusal import CONTENT_CODES, LIMIT_CODES, type_of
from .._core.wire.reply import Reply
from .recording.flights import list_of
from .recording.survey import Survey
from .recording.view import CLOSE, DELETABLE, STATUSES, VENDORS, View
from .replay import Replayed
from .replay.chat import form_of_stream, price_of_chat, size_of, sums_of
from .replay.rates import LIMIT, REMAINING, RESET, Rates
from .shapes import STREAM, schema_of
from .shown import shown_by
from .values import ABSENT, OTHER, RECORD, SAME, Point, Values, Words, alike, form_of, id_of, instead_of, name_of

_DIGITS: Final = 5
_ANY_SEED: Final = -1
"""The ``seed`` with which a request leaves the seed to the vendor."""
_ORDER: Final = (Words("another order"), Words("the newest first"))
_REQUEST_ID: Final = Words("the value of Aurous-Request-Id")
_HOUR: Final = 3_600
_MINUTE: Final = 60
_OF_SEVERAL: Final = ("mutually_exclusive_input", "parameter_invalid_combination")
"""The codes of refusals that are about several fields at once."""


class Comparer:
    """Compares an exchange after its replay; *bind* learns the URLs and tokens of the fake by those recorded."""

    def __init__(self, survey: Survey, rates: Rates, bind: Callable[[str, str], object]) -> None:
        self._rates = rates
        self._survey = survey
        self._bind = bind
        self._ids: dict[str | None, str] = {}
        self._shown: dict[str, tuple[str, float]] = {}
        alone = (view for view in survey.views if view.kind == "characters" and not view.row.lists)
        self._of_one: set[str] = {name for view in alone for row in view.records for name in row}

    def points(self, done: Replayed) -> Iterator[Point]:
        view, reply = done.view, done.reply
        if reply is None:
            yield from _wait(view)
            if "idem-5" in done.agrees and "retry-after" in view.exchange.received:
                yield Point("header.retry-after", "added", OTHER, view.exchange.received["retry-after"], ABSENT)
            return
        # Not that of `done`, which lacks what was observed.
        error = as_object(as_object(parsed(reply.body)).get("error"))
        status, outcome = view.exchange.status, _outcome(reply.status, str(error.get("code", "")))
        if done.replays and self._survey.repeats_first(view):  # so the first attempt has shown what differs
            yield Point("status", "status", SAME, fake=outcome)
            yield from self._headers(done, reply)
        elif view.code in CONTENT_CODES:
            yield from self._unseen(done, reply)
        elif done.is_new and status == reply.status:
            yield Point("header.aurous-idempotent-replayed", "added", OTHER, "true", ABSENT)
        else:
            yield Point("status", "status", status != reply.status, _outcome(status, view.code), outcome)
            if status == reply.status or (view.succeeded and reply.status < HTTPStatus.BAD_REQUEST):
                yield from self._headers(done, reply)
                yield from self._content(done, parsed(reply.body))

    def _content(self, done: Replayed, fake: Any) -> Iterator[Point]:
        view, body = done.view, done.view.exchange.body
        if view.refused:
            yield from self._refusal(done, view.body, fake)
        elif done.streamed and body is not None:
            walk = Values(self._bind, ignored=done.ignored)
            yield from walk.compare("body.stream", form_of_stream(body), form_of_stream(done.streamed), STREAM)
            yield from price_of_chat(view)
        elif body is not None and fake is not None:
            if view.body is None:
                yield Point("body", "form", OTHER, Words("no JSON"), Words("JSON"))
            else:
                yield from self._body(done, fake)

    def _unseen(self, done: Replayed, reply: Reply) -> Iterator[Point]:
        """Compare a refusal for a reason that the recording cannot show with its form alone; it has no effect."""
        view, status = done.view, done.view.exchange.status or 0
        outcome, usual = _outcome(status, view.code), _outcome(HTTPStatus.UNPROCESSABLE_ENTITY, view.code)
        yield Point("status", "status", outcome != usual, outcome, usual)
        yield from self._headers(done, reply)
        shown = as_object(view.result.get("error"))
        yield from self._refusal(done, view.body, {"error": {**shown, "code": view.code, "type": type_of(status)}})

    def _headers(self, done: Replayed, reply: Reply) -> Iterator[Point]:
        received = done.view.exchange.received
        if not received:
            return
        names = {name.lower(): value for name, value in reply.headers}
        unknown = [name for name in received if name not in names and name not in _OWN_HEADERS]
        others = [name for name in unknown if VENDORS.match(name)]
        if done.view.refused or done.replays:  # whether these show the tokens of a text, no page says
            others = [name for name in others if not name.startswith("x-ratelimit-tpm-")]
        apart = not any(map(VENDORS.match, received)) or _is_storage(done.view)
        storage = done.view.refused and _is_storage(done.view)  # whose refusals have a form of their own
        for name, value in names.items():
            if name in _OWN_HEADERS or (storage and name == "content-type"):
                continue
            where = f"header.{name}"
            if name not in received:
                if apart and VENDORS.match(name):
                    continue
                like = alike(name, unknown)
                others = [other for other in others if other != like]
                yield Point(where, "missing", OTHER, instead_of(like), value)
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
            first, before = self._ids.get(done.view.idempotency, ""), self._ids.get(None, "")
            self._ids |= {done.view.idempotency: first or seen, None: seen}
            wrong = form_of(seen) != "id req"
            if wrong or seen in {first, before}:
                done.ignored.add("body.creation_request_id")
            if seen in {first, before}:
                kind = "replayed" if done.view.idempotency is not None and seen == first else "repeated"
                return Point(where, kind, OTHER, Words("the id of a response before"), Words("an id of its own"))
            return Point(where, "form", wrong, seen, fake)
        if name == "content-type":
            seen, fake = seen.partition(";")[0], fake.partition(";")[0]
            if fake == "text/event-stream":
                return Point("body.stream", "form", seen != fake, seen, fake)
            return Point(where, "value", seen.partition("/")[0] != fake.partition("/")[0], seen, fake)
        if name in _STATED_HEADERS:
            return Point(where, "value", seen != fake, seen, fake)
        return Point(where, "form", SAME)

    def _refusal(self, done: Replayed, seen: Any, fake: Any) -> Iterator[Point]:
        if done.view.exchange.body is None or fake is None or _is_storage(done.view):
            return
        found, expected = as_object(as_object(seen).get("error")), fake["error"]
        if not found:
            yield Point("error", "form", OTHER, Words("no envelope"), Words("an envelope"))
            return
        yield Point("error", "form", SAME)
        for name in ("code", "type"):
            value = found.get(name, ABSENT)
            yield Point(f"error.{name}", name, value != expected[name], value, expected[name])
        param = (found.get("param", ABSENT), expected.get("param", ABSENT))
        stated = f"{done.view.exchange.status} {done.view.code}" in shown_by(done.view.operation).params
        like = param[0] == param[1] or (not stated and _is_like(done, *param))
        yield Point("error.param", "param", not like, *param)
        message = found.get("message")
        yield Point("error.message", "form", not isinstance(message, str), message, Words("text"))
        anchor, code = str(found.get("doc_url") or "").partition("#")[2], str(found.get("code"))
        yield Point("error.doc_url", "form", anchor != code, anchor or Words("no anchor"), code)
        own = done.view.exchange.received.get("aurous-request-id")
        same = own is None or found.get("request_id") == own
        yield Point("error.request_id", "value", not same, found.get("request_id"), _REQUEST_ID)
        for name in [name for name in found if name not in expected and name != "param"]:
            yield Point(f"error.{name_of(name)}", "added", OTHER, found[name], ABSENT)

    def _body(self, done: Replayed, fake: Any) -> Iterator[Point]:
        view = done.view
        schema, seen = schema_of(view.operation), view.body
        if view.result.get("media_type") == "video":  # which has one URL; whether also here, no page says
            done.ignored.add("body.output_urls")
        sent = {f"body.{name}" for name, value in view.order.items() if value not in (None, _ANY_SEED)}
        walk = Values(self._bind, sent=sent, ignored=done.ignored)
        if view.row.lists and isinstance(fake, dict) and view.result:
            seen, fake = dict(view.result), dict(as_object(fake))
            cursor = next((name for name in ("next_cursor", "next_page") if name in fake), "next_cursor")
            framed = isinstance(seen.get("data"), list) and isinstance(seen.get("has_more"), bool) and cursor in seen
            if framed and {"data", "has_more", cursor} <= fake.keys():  # unless it was observed that one is left out
                yield from self._page(seen, fake, cursor, done)
                for name in ("has_more", *([cursor] if _is_id(view) else [])):  # others are bound below
                    seen.pop(name)
                    fake.pop(name)
            if isinstance(seen.get("data"), list) and view.kind and "data" in fake:
                seen["data"], fake["data"] = _aligned(as_list(seen["data"]), as_list(fake["data"]))
        elif isinstance(view.body, list) and isinstance(fake, list):
            seen, fake = _aligned(as_list(seen), as_list(fake))
        yield from done.points
        yield from self._new(done)
        for point in walk.compare("body", seen, fake, schema):
            if point.kind == "missing" and point.where.removeprefix("body.data[].") in self._of_one:
                done.rules[point.where] = "list-5"  # and no rule of the column, which responses with one record have
            yield point
        # What a body states beyond the values that the fake has, too.
        yield from self._instants(view, as_object(seen), as_object(fake))
        yield from self._changed(done)
        yield from self._renewed(view)
        yield from self._rotated(view)
        yield from sums_of(view)
        yield from price_of_chat(view)
        if not self._survey.by_fake:  # whose vectors are what a test has chosen
            yield from size_of(view, as_object(fake))

    def _changed(self, done: Replayed) -> Iterator[Point]:
        """Compare whether a record has another time of its last change exactly if it has changed."""
        view, before = done.view, self._survey.histories.before(done.view.record, done.view.index)
        if before is None or not (view.edits or view.saves):
            return
        old, new = before.row.get("updated_at"), view.result.get("updated_at")
        saved = view.saves and self._survey.histories[view.record].was("save", view.index)
        if saved and done.was == before.status == "ready":
            yield Point("body.updated_at", "value", new != old, new, old)
        elif any(view.result.get(name) != before.row.get(name) for name in ("name", "attributes", "status")):
            then = instant_of(old)
            late = then is not None and self._survey.timed and view.at > then + CLOSE
            late = late and view.record not in self._survey.undecided  # else a lost request may have changed it
            yield Point("body.updated_at", "value", late and new == old, new, Words("the time of the change"))

    def _rotated(self, view: View) -> Iterator[Point]:
        """Compare a secret that was rotated with those before (hook-2)."""
        if view.operation.endswith(".rotate_secret"):
            seen = self._survey.histories[view.record].sightings
            before = [one.row.get("secret") for one in seen if one.view.index < view.index]
            if any(before):
                old = view.result.get("secret") in before
                yield Point("body.secret", "value", old, Words("the old secret"), Words("a new secret"))

    def _renewed(self, view: View) -> Iterator[Point]:
        """Compare whether each read of a record has another signed URL than the response before (time-3, get-3)."""
        if view.result.get("id") and not view.row.lists:
            refs = [("body.refs[].url", as_object(ref)) for ref in as_list(view.result.get("refs"))]
            for where, holder in (("body.url", view.result), *refs):
                name, url = f"{view.result['id']} {holder.get('pose')}", str(holder.get("url"))
                old, at = self._shown.get(name, ("", view.at))
                if "?" in url and view.exchange.method == "GET" and view.at > at + CLOSE and self._survey.timed:
                    yield Point(where, "renewed", url == old, Words("the same URL again"), Words("another URL"))
                self._shown[name] = url, at if url == old else view.at

    def _new(self, done: Replayed) -> Iterator[Point]:
        """Compare the id, the request and the first status of what a request has made, which the fake takes over."""
        view, prefix = done.view, done.view.row.makes
        name = "upload_id" if prefix == "upl" else "id"
        made = view.result.get(name)
        if prefix and isinstance(made, str):
            differs = form_of(made) != f"id {prefix}"
            yield Point(f"body.{name}", "form", differs, made, Words(f"{prefix}_ and a ULID"))
        own = view.exchange.received.get("aurous-request-id")
        asked = view.result.get("creation_request_id")
        if None not in (asked, own) and prefix and not (view.replayed or "body.creation_request_id" in done.ignored):
            yield Point("body.creation_request_id", "value", asked != own, asked, _REQUEST_ID)
        ordered = view.row.reruns or (view.creates and view.kind == "generations")
        if ordered and not (view.replayed or self._survey.by_fake):  # whose script may have ended the work at once
            status, first = view.result.get("status"), STATUSES[view.kind][0]
            yield Point("body.status", "value", status in STATUSES[view.kind][1:], status, first)

    def _instants(self, view: View, seen: dict[str, Any], fake: dict[str, Any]) -> Iterator[Point]:
        """Compare when something was made with the `Date` of the response, and for how long it is valid."""
        if not view.row.makes or view.replayed:
            return
        made, sent = instant_of(seen.get("created_at")) or seen.get("created"), view.exchange.dated
        if isinstance(made, (int, float)) and sent is not None:
            name = "created_at" if "created_at" in seen else "created"
            wrong = abs(made - sent) > _HOUR / 2
            yield Point(f"body.{name}", "instant", wrong, seen[name], Words("the Date of the response"))
        ends = instant_of(seen.get("expires_at")), instant_of(fake.get("expires_at"))
        begin = view.at if self._survey.timed and "created_at" not in fake else made
        if None not in (*ends, begin):
            begins = begin, instant_of(fake.get("created_at")) or view.at
            valid = [(end or 0) - (start or 0) for end, start in zip(ends, begins, strict=True)]
            seconds = [Words(f"after {one / _HOUR:.3g} h") for one in valid]
            yield Point("body.expires_at", "lifetime", abs(valid[0] - valid[1]) > _MINUTE, seconds[0], seconds[1])

    def _page(self, seen: dict[str, Any], fake: dict[str, Any], cursor: str, done: Replayed) -> Iterator[Point]:
        """Compare the frame of a list, which the rows decide (list-1, list-2)."""
        rows, more = [as_object(row) for row in as_list(seen["data"])], seen["has_more"]
        ids = [_id_of(row) for row in rows]
        following, view = seen[cursor], done.view
        before = "ending_before" in view.query  # which goes on from the first row (list-2)
        ends = ids[-1:] + ids[:1] * before
        good = (following is not None) == more and (not _is_id(view) or not more or following in ends)
        expected = Words("the id of the last row, or null on the last page")
        yield Point(f"body.{cursor}", "value", not good, following, expected)
        if _is_id(view) and isinstance(following, str) and ids:
            self._bind(following, ids[-1])
        made = [str(row.get("created_at", row.get("bucket_start"))) for row in rows]
        stamps = [stamp[:19] for stamp in made if form_of(stamp).startswith("timestamp")]
        yield Point("body.data", "order", stamps != sorted(stamps, reverse=True), *_ORDER)
        status = {row.get("id"): row.get("status") for row in map(as_object, fake["data"])}
        opaque = {"page_token", "cursor"} & view.query.keys()  # it has the limit of the first page
        limit = view.query.get("limit", "" if opaque else str(view.row.query.get("limit", {}).get("default", "")))
        most = int(limit) if len(limit) < _DIGITS and limit.isdecimal() else len(ids)
        wrong = len(ids) > most or (more and good and len(ids) < most) or len({*ids}) < len(ids)
        shown_rows = f"{_rows(len({*ids}))}{', and more' * more}{', some of them twice' * (len({*ids}) < len(ids))}"
        yield Point("body.data", "rows", wrong, Words(shown_rows), Words(f"{_rows(most)}, each once"))
        yield from self._membership(view, rows)
        behind = view.query.get("starting_after", view.query.get("ending_before"))
        if "body.has_more" in done.ignored or (behind is not None and behind not in self._survey.histories):
            return  # nothing shows which rows are behind it
        first = self._survey.histories[behind or ""].sightings[:1]
        begin = next((str(one.row.get("created_at"))[:19] for one in first), "")
        if first:
            made = [str(row.get("created_at"))[:19] for row in rows]
            wrong = any((begin > one if before else begin < one) for one in made if begin < "A" > one)
            yield Point("body.data", "order", wrong or behind in ids, *_ORDER)
        # Rows that were created in one second have any order. And if the API handled orders in another order than the
        # recording shows, the fake has some rows on the wrong side.
        own = {_id_of(row): str(row.get("created_at"))[:19] for row in (*rows, *map(as_object, as_list(fake["data"])))}
        level = {name for name, at in own.items() if first and (at == begin or (at < begin) is before)}
        known = not level and (more == fake["has_more"] or (not more and self._survey.goes_on(done.view)))
        yield Point("body.has_more", "value", known and more != fake["has_more"], more, fake["has_more"])
        if not (known or level):
            done.inferred.append("a list goes on with rows that the recording does not show")
        if not (more or opaque):
            shown = {one for one, state in status.items() if isinstance(one, str) and self._is_there(done, one, state)}
            gone = shown - set(ids) - level
            later = any(self._survey.histories.seen(one, done.view.index + 1) for one in gone)
            settled = self._survey.flights.other(view, list_of(view)) is None
            if gone and settled and not later and done.view.kind in DELETABLE:
                names = " and ".join(map(id_of, sorted(gone)))
                done.set_aside(("body.data",), f"before exchange {done.view.exchange.number}, {names} was deleted")
                done.gone |= gone
            counted = Words(f"{_rows(len(ids))}, without {len(gone)} that exist")
            yield Point("body.data", "gone", bool(gone), counted, Words(_rows(len(ids) + len(gone))))

    def _membership(self, view: View, rows: list[dict[str, Any]]) -> Iterator[Point]:
        """Compare whether a list has deleted characters, or other statuses than it was asked for."""
        wanted = view.query.get("status") if "status" in view.row.query else None
        others = [row for row in rows if wanted not in (None, row.get("status"))]
        if wanted is not None:
            yield Point("body.data", "filter", bool(others), _statuses(others), Words(wanted))
        if view.kind == "characters" and not self._survey.shared:
            deleted = [row for row in rows if self._survey.histories[_id_of(row)].was("delete", view.index)]
            yield Point("body.data", "deleted", bool(deleted), _statuses(deleted), Words("no deleted character"))

    def _is_there(self, done: Replayed, record: str, status: object) -> bool:
        """Whether the recording shows that a record is in a list: created before, or seen before and after."""
        history, index = self._survey.histories.get(record), done.view.index
        if history is None or record in self._survey.undecided or not RECORD.fullmatch(record):
            return False
        made = history.created is not None and history.created < index
        steady = self._survey.histories.steady(record, index) == status
        return made or (steady and not {"starting_after", "ending_before"} & done.view.query.keys())


def _wait(view: View) -> Iterator[Point]:
    """Compare the form of a 429 of the vendor, although it says nothing else (rate-2)."""
    received, limited = view.exchange.received, view.exchange.status == HTTPStatus.TOO_MANY_REQUESTS
    if not limited or "aurous-request-id" not in received or view.exchange.fault:
        return
    seconds = received.get("retry-after")
    compared, wrong = ("missing", OTHER) if seconds is None else ("form", not seconds.isdecimal())
    yield Point("header.retry-after", compared, wrong, seconds or ABSENT, Words("whole seconds"))
    if view.code:
        yield Point("error.code", "code", view.code not in LIMIT_CODES, view.code, Words(" or ".join(LIMIT_CODES)))
        kind = as_object(view.result.get("error")).get("type")
        yield Point("error.type", "type", kind not in {None, "rate_limit"}, kind, "rate_limit")


def _is_like(done: Replayed, seen: object, fake: object) -> bool:
    """Whether a param that no page states may differ: it names the same field, or another of several that are wrong."""
    element, sent = re.sub(r"\[\d+\]", "[*]", str(seen)), {*done.view.order, *done.view.query}
    return element == str(fake) or (done.code in _OF_SEVERAL and seen in (None, *sent))


def _statuses(rows: list[dict[str, Any]]) -> Words:
    return Words(" and ".join(sorted({f"a row that is {name_of(str(row.get('status')))}" for row in rows})))


def _is_storage(view: View) -> bool:
    """Whether a response may be a storage's, which need not know the headers of the API (rate-1, err-3)."""
    return is_upload(view.exchange.host) or view.row.template.startswith("/storage/")


def _aligned(seen: list[Any], fake: list[Any]) -> tuple[list[Any], list[Any]]:
    own = {_id_of(row): row for row in fake}
    both = [row for row in seen if _id_of(row) in own]
    return both, [own[_id_of(row)] for row in both]


def _id_of(row: Any) -> str:
    """Return what tells a row from the others: its id, or the beginning of a bucket."""
    return str(as_object(row).get("id", as_object(row).get("bucket_start")))


def _is_id(view: View) -> bool:
    """Whether the cursors of a list are ids; others are opaque."""
    return "starting_after" in view.row.query


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def _outcome(status: int | None, code: str) -> str:
    return f"{status} {code}".strip()


_STATED_HEADERS: Final = (
    "aurous-version", "aurous-idempotent-replayed", "aurous-deprecated", "aurous-idempotency-status", "cache-control",
)  # fmt: skip
"""Headers whose values a rule states."""
_OWN_HEADERS: Final = ("content-length", "x-content-type-options", "accept-ranges", "allow")
