"""One exchange of a recording, with the meaning of its request and response."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from statistics import median
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from ..._base.errors import AurousError
from ..._resources.base.endpoint import Endpoint
from ..._resources.base.schema import schema_name
from ..._resources.catalog import CATALOG, LIFECYCLES, UNDER_WAY
from ..._resources.characters import CharacterRow
from ..._resources.files import FileRow
from ..._resources.generations import GenerationRow
from ..._resources.styles import LoraRow, VideoLoraRow
from ..._resources.webhooks import EndpointRow
from ..._time.clock import parse_instant
from ..._wire.data import as_list, as_object, parsed
from ..._wire.exchange import Exchange
from ..._wire.headers import idempotency_key
from ..._wire.hosts import is_upload
from ..._wire.refusal import GLOBAL_CODES
from ..._world.keys import sent_key
from .read import Recording

KINDS: Final[dict[str, type[Any]]] = {
    "characters": CharacterRow,
    "generations": GenerationRow,
    "files": FileRow,
    "loras": LoraRow,
    "video_loras": VideoLoraRow,
    "webhook_endpoints": EndpointRow,
}
"""The row of each collection."""
_SHOWN: Final = {schema_name(row): kind for kind, row in KINDS.items()}
"""The collection of each schema of a record."""
STATUSES: Final = {
    "characters": tuple(LIFECYCLES["characters"].edges),
    "generations": tuple(LIFECYCLES["images"].edges),
}
"""The statuses of each collection whose records change by themselves."""
RUNNING: Final = UNDER_WAY
AT_REST: Final = tuple(one for one in STATUSES["characters"] if one not in {*RUNNING, "deleted"})
"""The statuses of a character at rest."""
NOT_LET_IN: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
"""The statuses of responses that are about the sender alone: nothing else was looked at, and no token was taken."""
_FRAMES: Final = ("first_frame_url", "last_frame_url")
STYLES: Final = ("loras", "video_loras")
"""The collections whose records a path names by id or by slug."""
_PAGE: Final = re.compile(rb"\s*<(!doctype|html)", re.IGNORECASE)
_WEB_PAGE: Final = "a web page in place of JSON, as proxies and logins send"
_REDIRECTS: Final = range(300, 400)
_CLOSE: Final = 2.0
UNKNOWN: Final = Endpoint("", "", "", lambda _: None)
_SOME_DAY: Final = parse_instant("2026-05-15T00:00:00Z").timestamp()
"""The time of a recording whose exchanges and records show no time."""
_PAST: Final = ("created_at", "updated_at", "completed_at", "start_time")
"""The fields, and the parameter, whose instants are never in the future."""


@dataclass(eq=False)
class View:
    """One exchange, with the meaning of its request and response.

    Attributes:
        exchange: The exchange.
        index: Its place among the exchanges of the vendor's hosts.
        at: When it was sent, in epoch seconds, as the replay will have it.
        row: Its endpoint; `UNKNOWN` for a path or a method that the API does not have.
        args: The path parameters.
    """

    exchange: Exchange
    index: int
    at: float
    row: Endpoint
    args: dict[str, str]

    @property
    def operation(self) -> str:
        """The name of its operation, or empty."""
        return self.row.operation

    @cached_property
    def kind(self) -> str:
        """The collection of the records that a success shows; empty without records."""
        return kind_of(self.row)

    @property
    def collection(self) -> str:
        """The collection of the record in its path."""
        resource = self.operation.removeprefix("legacy.").partition(".")[0]
        return "generations" if resource in {"images", "videos"} else resource

    @property
    def creates(self) -> bool:
        """Whether it creates a record that the response shows."""
        return bool(self.row.makes and self.kind)

    @property
    def at_rest(self) -> bool:
        """Whether it is refused while there is work under way on the record in its path."""
        return self.row.reruns or self.saves

    @property
    def saves(self) -> bool:
        """Whether it makes a character ready."""
        return self.operation == "characters.save"

    @property
    def edits(self) -> bool:
        """Whether it changes the fields of a record."""
        return self.row.method == "PATCH"

    @property
    def cancels(self) -> bool:
        """Whether it ends work."""
        return self.operation == "images.cancel"

    @property
    def shows_balance(self) -> bool:
        """Whether it shows the balance of the team."""
        return self.succeeded and self.operation == "balance.retrieve"

    @property
    def shows_team(self) -> bool:
        """Whether it shows the team."""
        return self.succeeded and self.operation == "team.retrieve"

    @property
    def shows_credits(self) -> bool:
        """Whether it shows the credits of the team."""
        return self.shows_balance or self.shows_team

    @property
    def polls(self) -> bool:
        """Whether it shows records that may have changed by themselves."""
        return self.kind in STATUSES and self.exchange.method == "GET"

    @cached_property
    def sent(self) -> Any:
        """The request body as JSON, or None."""
        return parsed(self.exchange.content)

    @cached_property
    def body(self) -> Any:
        """The response body as JSON, or None."""
        return parsed(self.exchange.body)

    @cached_property
    def query(self) -> dict[str, str]:
        """The query parameters."""
        return dict(parse_qsl(urlsplit(self.exchange.url).query, keep_blank_values=True))

    @property
    def order(self) -> dict[str, Any]:
        """The request body as a JSON object; empty for any other."""
        return as_object(self.sent)

    @property
    def whole(self) -> bool:
        """Whether its request is known; its body may be missing in the recording."""
        return self.exchange.content is not None or not self.row.body

    @property
    def synthesizes(self) -> bool:
        """Whether a request to create a character orders a synthesis."""
        return self.order.get("generate") is True

    @property
    def result(self) -> dict[str, Any]:
        """The response body as a JSON object; empty for any other."""
        return as_object(self.body)

    @property
    def succeeded(self) -> bool:
        """Whether the response is a success."""
        return self.exchange.status is not None and self.exchange.status in range(200, 300)

    @property
    def refused(self) -> bool:
        """Whether the vendor refused the request: a 4xx, but no 429."""
        return self.exchange.status in range(400, 500) and self.exchange.status != HTTPStatus.TOO_MANY_REQUESTS

    @property
    def mute(self) -> bool:
        """Whether the vendor refused the request for a reason that the recording left out; a 401 is about the key."""
        return self.refused and self.exchange.body is None and self.exchange.status != HTTPStatus.UNAUTHORIZED

    @property
    def lost(self) -> bool:
        """Whether the response says nothing about the vendor's rules: it is missing, a 5xx, a 429, or a fault."""
        said = self.succeeded or self.refused or self.exchange.status in _REDIRECTS
        told = self.saves or self.edits or self.operation == "webhook_endpoints.rotate_secret"  # without the body
        shows = bool(self.kind) and not told
        unread = self.succeeded and shows and self.exchange.body is None
        return not said or unread or self.mute or bool(self.exchange.fault or self.foreign)

    @property
    def foreign(self) -> str:
        """Why the response may not be the vendor's own; empty if it is."""
        legacy = "legacy-1" in self.row.rules
        found = foreign_response(self.exchange.status, self.exchange.received, legacy=legacy)
        page = self.exchange.body is not None and _PAGE.match(self.exchange.body)
        return found or (f"{self.exchange.status} with {_WEB_PAGE}" if page else "")

    @property
    def code(self) -> str:
        """The vendor's error code, or nothing."""
        return str(as_object(self.result.get("error")).get("code") or "")

    @property
    def reason(self) -> str:
        """The code that the pages of the calls have in place of a global one (err-6), or nothing."""
        return next((page for page, everywhere in GLOBAL_CODES.items() if everywhere == self.code), self.code)

    @property
    def param(self) -> str:
        """The parameter that a refusal names, or nothing."""
        return str(as_object(self.result.get("error")).get("param") or "")

    @cached_property
    def key(self) -> str:
        """The API key that was sent, as the recording has it."""
        return sent_key(self.exchange.sent)

    @cached_property
    def idempotency(self) -> str | None:
        """The idempotency key."""
        return idempotency_key(self.exchange.sent)

    @property
    def replayed(self) -> bool:
        """Whether the response is a stored one."""
        return self.exchange.received.get("aurous-idempotent-replayed") == "true"

    @cached_property
    def records(self) -> list[dict[str, Any]]:
        """The records that the response shows."""
        if not self.succeeded or not self.kind:
            return []
        shown = self.result.get("data", self.body)
        rows = as_list(shown) or [shown]
        return [row for row in map(as_object, rows) if isinstance(row.get("id"), str)]

    @property
    def named(self) -> list[str]:
        """The ids of the records that the request names: in its path, as its character, its styles and its files."""
        order = self.order
        some = [order.get(name) for name in ("character_id", "lora_id", "video_lora_id", *_FRAMES)]
        some += [*as_list(order.get("reference_image_urls")), *as_list(order.get("upload_ids")), order.get("upload_id")]
        return [name for name in (self.record, *some) if isinstance(name, str) and name]

    @property
    def record(self) -> str:
        """The id of the record that the request is about, from its path, or empty."""
        return "" if self.kind in STYLES else self.args.get("id", "")


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
            url = urlsplit(exchange.url)
            host = "upload" if is_upload(exchange.host) else "api"
            found = CATALOG.find(host, url.path).get(exchange.method)
            row, args = _storage(url.path) if found is None else (found[0], dict(found[1]))
            views.append(View(exchange, len(views), now or _SOME_DAY, row, args))
    _set_by_vendor(views)
    latest = max((instant for view in views for instant in _past_instants(view)), default=0.0)
    if timed and len({view.at for view in views}) == 1 < len(views):
        timed = latest - views[0].at < _CLOSE
    if not timed:
        _date(views)
    return views, timed


def _storage(path: str) -> tuple[Endpoint, dict[str, str]]:
    """Return the storage for its URLs, whose form is the vendor's own, and `UNKNOWN` for any other path."""
    if not path.startswith("/storage/"):
        return UNKNOWN, {}
    return CATALOG.by_operation["storage.get"], {"owner": "", "file": path.rpartition("/")[2]}


def _set_by_vendor(views: list[View]) -> None:
    """Let the times be those of the vendor's clock, where the client's was wrong, as `Date` shows."""
    dated = [(view.at, view.exchange.dated) for view in views]
    ahead = median([at - date for at, date in dated if date is not None] or [0.0])
    if abs(ahead) > _CLOSE:
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


def foreign_response(status: int | None, headers: Mapping[str, str], *, legacy: bool) -> str:
    """Return why a response may not be the vendor's own; empty if it is.

    Args:
        status: Its status.
        headers: Its headers, by name in lower case.
        legacy: Whether the API has a redirect there.
    """
    if status in _REDIRECTS and not legacy:
        return f"{status}, a redirect to {_target(headers.get('location', ''))}, which is not followed"
    if headers.get("content-type", "").startswith("text/html"):
        return f"{status} with {_WEB_PAGE}"
    return ""


def _target(location: str) -> str:
    """Return the host that a redirect leads to, without the password that its URL may have."""
    try:
        return urlsplit(location).hostname or "another path"
    except ValueError:
        return "an address that is none"


def instant_of(value: Any) -> float | None:
    """Return an instant in epoch seconds; None for anything else."""
    try:
        return parse_instant(value).timestamp()
    except AurousError:
        return None
