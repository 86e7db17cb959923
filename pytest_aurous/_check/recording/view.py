"""One exchange of a recording, with the meaning of its request and response."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus
from statistics import median
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from ..._core.base.data import as_list, as_object, parsed
from ..._core.base.instants import instant_of, parse_instant
from ..._core.wire.exchange import Exchange
from ..._core.wire.headers import idempotency_key, sent_key
from ..._core.wire.hosts import is_upload
from ..._core.wire.refusal import GLOBAL_CODES
from ..._facade import CATALOG, RECORDS, UNDER_WAY, Endpoint
from .read import Recording

KINDS: Final = {name: kind.row for name, kind in RECORDS.items()}
_SHOWN: Final = {kind.schema: name for name, kind in RECORDS.items()}
"""The collection of each schema of a record."""


def _collection_of(row: Endpoint) -> str:
    resource = row.operation.removeprefix("legacy.").partition(".")[0]
    return "generations" if resource in {"images", "videos"} else resource


DELETABLE: Final = frozenset(_collection_of(row) for row in CATALOG.by_operation.values() if row.method == "DELETE")
STATUSES: Final = {name: tuple(kind.edges) for name, kind in RECORDS.items() if kind.edges}
"""The statuses of each collection whose records change by themselves."""
RUNNING: Final = UNDER_WAY
AT_REST: Final = tuple(one for one in STATUSES["characters"] if one not in {*RUNNING, "deleted"})
NOT_LET_IN: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
"""The statuses of responses that are about the sender alone: nothing else was looked at, and no token was taken."""
_ONE_RECORD: Final = ("character_id", "lora_id", "video_lora_id", "upload_id", "first_frame_url", "last_frame_url")
_RECORDS: Final = ("reference_image_urls", "upload_ids")
"""The fields of requests in which ids of records may be."""
STYLES: Final = ("loras", "video_loras")
"""The collections whose records a path names by id or by slug."""
PAGE: Final = re.compile(rb"\s*<(!doctype|html)", re.IGNORECASE)
VENDORS: Final = re.compile("aurous-|x-aurous-|x-rate-?limit-|rate-?limit|retry-after$|sunset$|deprecation$")
"""The beginning of the names of headers that are the vendor's, and of no proxy."""
_REDIRECTS: Final = range(300, 400)
CLOSE: Final = 2.0
"""Seconds between two times of one event, such as a request and the creation of its record."""
UNKNOWN: Final = Endpoint("", "", "", lambda _: None)
_SOME_DAY: Final = parse_instant("2026-05-15T00:00:00Z").timestamp()
"""The time of a recording whose exchanges and records show no time."""
_PAST: Final = ("created_at", "updated_at", "completed_at", "start_time")
"""The fields, and the parameter, whose instants are never in the future."""


class View:
    """One exchange, with the meaning of its request and response."""

    def __init__(self, exchange: Exchange, index: int, at: float, row: Endpoint, args: dict[str, str]) -> None:
        self.exchange = exchange
        self.index = index  # its place among the others
        self.at = at  # when the replay sends it
        self.row = row  # its endpoint; `UNKNOWN` if the API does not have it
        self.args = args
        self.operation = row.operation
        sent, received, status = exchange.sent, exchange.received, exchange.status

        self.query = dict(parse_qsl(urlsplit(exchange.url).query, keep_blank_values=True))
        self.sent = parsed(exchange.content)
        self.order = order = as_object(self.sent)  # empty for anything but a JSON object, as `result`
        self.whole = exchange.content is not None or not row.body  # its body may be missing in the recording
        self.key = sent_key(sent)
        self.idempotency = idempotency_key(sent)

        self.body = parsed(exchange.body)
        self.result = as_object(self.body)
        self.succeeded = status in range(200, 300)
        self.refused = status in range(400, 500) and status != HTTPStatus.TOO_MANY_REQUESTS
        # Credit is checked last: all else that the request needs is there.
        self.accepted = not self.refused or status == HTTPStatus.PAYMENT_REQUIRED
        error = as_object(self.result.get("error"))
        self.code = str(error.get("code") or "")
        # The code that the pages of the calls have in place of a global one.
        self.reason = next((page for page, everywhere in GLOBAL_CODES.items() if everywhere == self.code), self.code)
        self.param = str(error.get("param") or "")
        marked = received.get("aurous-idempotent-replayed") == "true"
        self.replayed = marked and self.idempotency is not None  # without a key nothing is stored
        self.foreign = foreign_response(exchange, legacy="legacy-1" in row.rules)

        self.kind = kind_of(row)  # of the records that a success shows
        shown = as_object(self.body).get("data", self.body)
        rows = [row for row in map(as_object, as_list(shown) or [shown]) if isinstance(row.get("id"), str)]
        self.records = rows if self.succeeded and self.kind else []
        self.record = "" if self.kind in STYLES else args.get("id", "")  # in its path
        names = [self.record, *(order.get(name) for name in _ONE_RECORD)]
        names += [name for several in _RECORDS for name in as_list(order.get(several))]
        self.named = [name for name in names if isinstance(name, str) and name]
        self.collection = _collection_of(row)
        self.creates = bool(row.makes and self.kind)
        self.synthesizes = order.get("generate") is True
        self.saves = self.operation == "characters.save"
        self.cancels = self.operation == "images.cancel"
        self.edits = row.method == "PATCH"
        self.deletes = row.method == "DELETE"
        self.polls = self.kind in STATUSES and exchange.method == "GET"  # may show changes that came by themselves
        self.shows_balance = self.succeeded and self.operation == "balance.retrieve"
        self.shows_team = self.succeeded and self.operation == "team.retrieve"
        self.shows_credits = self.shows_balance or self.shows_team

        # The vendor refused the request for a reason that the recording left out; a 401 is about the key.
        self.mute = self.refused and exchange.body is None and status != HTTPStatus.UNAUTHORIZED
        told = self.saves or self.edits or self.operation == "webhook_endpoints.rotate_secret"  # without the body
        unread = self.succeeded and bool(self.kind) and not told and exchange.body is None
        said = self.succeeded or self.refused or status in _REDIRECTS
        # The response says nothing about the vendor's rules; and if it is undecided, it may have changed something.
        self.lost = not said or unread or self.mute or bool(exchange.fault or self.foreign)
        self.undecided = self.lost and row.method not in {"", "GET"} and not (self.refused or status in _REDIRECTS)

    @property
    def ends(self) -> float:
        return self.at + self.exchange.seconds


def kind_of(row: Endpoint) -> str:
    """Return the collection of the records that a success shows; empty without records."""
    return _SHOWN.get(row.shows, "")


def views_of(recording: Recording, twice: list[int]) -> tuple[list[View], bool]:
    """Return the exchanges with the vendor's hosts, and whether they have times.

    An exchange without a time takes the time of the previous exchange. If all have the same time, although records were
    made later, the recording has no times.

    What a proxy has recorded *twice* is left out, and its number added there.
    """
    views: list[View] = []
    shown: dict[str, Exchange] = {}
    now = next((exchange.at for exchange in recording.exchanges if exchange.at is not None), None)
    timed = now is not None
    for exchange in recording.exchanges:
        now = now if exchange.at is None else exchange.at
        first = shown.setdefault(exchange.received.get("aurous-request-id", ""), exchange)
        if first is not exchange and exchange.repeats(first):
            twice.append(exchange.number)
        else:
            views.append(View(exchange, len(views), now or _SOME_DAY, *_endpoint(exchange)))
    _set_by_vendor(views)
    latest = max((instant for view in views for instant in _past_instants(view)), default=0.0)
    if timed and len({view.at for view in views}) == 1 < len(views):
        timed = latest - views[0].at < CLOSE
    if not timed:
        _date(views)
    return views, timed


def _endpoint(exchange: Exchange) -> tuple[Endpoint, dict[str, str]]:
    """Return the endpoint of an exchange and its path parameters; the URLs of storage have a form of the vendor's."""
    path = urlsplit(exchange.url).path
    found = CATALOG.at(exchange.host, path).get(exchange.method)
    if found is not None:
        return found[0], dict(found[1])
    if is_upload(exchange.host) and exchange.method == "PUT":
        return CATALOG.by_operation["characters.uploads.put"], {"upload_id": ""}
    if path.startswith("/storage/"):
        return CATALOG.by_operation["storage.get"], {"owner": "", "file": path.rpartition("/")[2]}
    return UNKNOWN, {}


def _set_by_vendor(views: list[View]) -> None:
    """Use the times of the vendor's clock where `Date` shows that the client's clock was wrong.

    Without any, what was just ordered shows it: the first response with each id, as a retry has an older one.
    """
    made = {str(view.result.get("id")): view for view in reversed(views) if view.creates and not view.replayed}
    dates = [(view.at, view.exchange.dated) for view in views]
    dated = [(at, date) for at, date in dates if date is not None]
    if not dated:
        orders = [(view, instant_of(view.result.get("created_at"))) for view in made.values()]
        # An order can be made at any time while its request is in flight.
        dated = [(min(max(date, view.at), view.ends), date) for view, date in orders if date is not None]
    ahead = median([at - date for at, date in dated] or [0.0])
    stands = len({date for _, date in dated}) == 1 and abs(dated[-1][0] - dated[0][0]) > CLOSE  # a clock would go on
    if abs(ahead) > CLOSE and not stands:
        for view in views:
            view.at -= ahead


def _date(views: list[View]) -> None:
    """Give the exchanges of a recording without times those that requests and responses show."""
    shown = [max(_past_instants(view), default=None) for view in views]
    now = next((instant for instant in shown if instant is not None), _SOME_DAY)
    for view, instant in zip(views, shown, strict=True):
        now = view.at = max(now, instant or now)


def _past_instants(view: View) -> Iterator[float]:
    for holder in (view.query, view.result, *map(as_object, as_list(view.result.get("data") or view.body))):
        for name in _PAST:
            instant = instant_of(holder.get(name))
            if instant is not None:
                yield instant


def foreign_response(exchange: Exchange, *, legacy: bool) -> str:
    """Return why a response may not be the vendor's own; empty if it is. A *legacy* path has a redirect."""
    status, received = exchange.status, exchange.received
    if status in _REDIRECTS and not legacy:
        try:
            leads = urlsplit(received.get("location", "")).hostname or "another path"
        except ValueError:
            leads = "an invalid address"
        return f"{status}, a redirect to {leads}, which is not followed"
    page = received.get("content-type", "").startswith("text/html") or PAGE.match(exchange.body or b"")
    return f"{status} with a web page in place of JSON, as proxies and logins send" if page else ""
