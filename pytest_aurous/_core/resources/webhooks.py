"""Webhooks: the endpoints that a team registers, six API calls on them, and the events that they receive."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

from ..base.amounts import json_number
from ..base.arguments import Check
from ..base.errors import AurousError, choices, hide_mistakes, nearest, see, shown
from ..base.instants import iso
from ..base.redaction import redacted
from ..wire.call import to_json
from ..wire.fields import body_of, dict_of, list_of, one_of, read_fields, text, url
from ..wire.grease import greased
from ..wire.headers import VERSION
from ..wire.hosts import is_loopback
from ..wire.refusal import BODY_ERRORS, ApiProblem, not_one_of
from ..world.outbox import Delivery
from ..world.world import World
from .base.endpoint import Context, endpoint
from .base.pages import PAGE, PAGE_ERRORS, page
from .base.record import Collection, Instant, Live
from .base.schema import RecordRow, assumed, column, deleted, free, listing, obj, reference, row_class, text_of, to_wire

__tracebackhide__ = hide_mistakes

EVENTS: Final = (
    "image.completed",
    "image.failed",
    "image.cancelled",
    "video.completed",
    "video.failed",
    "video.cancelled",
    "character.completed",
    "character.failed",
    "character.cancelled",
    "usage.balance_low",
    "webhook.endpoint_disabled",
)
# The limits of hook-1; that of the description is assumed.
_URL: Final = url(2048)
_DESCRIPTION: Final = text(500, low=0)
_METADATA: Final = dict_of(text(500, low=0), 50)


@row_class
class EndpointRow(RecordRow):
    id: str = column("``we_`` and a ULID.", holds="id")
    object: str = column("Always ``webhook_endpoint``.", holds="word", default="webhook_endpoint")
    url: str = column("Where events are delivered.", holds="url")
    events: tuple[str, ...] = column(
        "The events that it receives; ``*`` is expanded at creation (hook-1).",
        write=list,
        schema={"type": "array", "items": {"type": "string", "enum": list(EVENTS)}},
        holds="word",
        rule="hook-1",
    )
    secret_preview: str = column("Beginning and end of the secret.", holds="secret", value="form")
    secret: str | None = column(
        "Only in the responses that create it or rotate the secret (hook-2).",
        holds="secret",
        value="form",
        default=None,
        rule="hook-2",
    )
    is_active: bool = column("Whether events are delivered to it.", default=True)
    consecutive_failures: int = column("Failed deliveries since the last success.", value="form", default=0)
    last_success_at: str | None = column("Time of the last such delivery; None before.", value="free", default=None)
    last_failure_at: str | None = column("Time of the last such delivery; None before.", value="free", default=None)
    metadata: dict[str, Any] = column("Text by name, as sent.", like=_METADATA, rule="hook-1")
    description: str | None = column(
        "Free text, as sent.", seen="optional", like=_DESCRIPTION, value="free", default=None
    )
    created_at: str = column("ISO 8601 (time-1).")
    updated_at: str = column("ISO 8601; moves with every change.")
    team: str = column("Id of the owning team.", seen="never")
    signing_secret: str = column("The secret that signs deliveries.", seen="by tests")
    succeeded: float | None = column(
        "Time of the last successful delivery, in epoch seconds.", seen="never", default=None
    )
    began: float = column("Time of creation, in epoch seconds.", seen="never")


def make(
    world: World,
    team: str,
    url: str,
    events: list[str],
    secret: str | None = None,
    row_id: str | None = None,
    **columns: Any,
) -> EndpointRow:
    """Register an endpoint; draw its secret and its id if they are not given."""
    now = world.clock.time()
    secret = secret or new_secret(world)
    row = EndpointRow(
        id=row_id or world.ids.new("we"),
        url=url,
        events=expanded(events),
        secret_preview=preview(secret),
        signing_secret=secret,
        created_at=iso(now),
        updated_at=iso(now),
        began=now,
        team=team,
        metadata=columns.pop("metadata", None) or {},
        **columns,
    )
    return world.table(EndpointRow).insert(row)


def expanded(events: list[str]) -> tuple[str, ...]:
    """Return *events* without duplicates, with ``*`` expanded (hook-1)."""
    return EVENTS if "*" in events else tuple(dict.fromkeys(events))


def new_secret(world: World) -> str:
    # Visibly not a real one.
    return f"whsec_fa4e{world.random.getrandbits(112):028x}"


def preview(secret: str) -> str:
    return f"{secret[:10]}...{secret[-4:]}"


def render(world: World, row: EndpointRow, *, secret: bool = False) -> dict[str, Any]:
    """Write an endpoint; include its *secret* only when it is new (hook-2)."""
    out = to_wire(row, world.settings.sparse)
    out["secret"] = row.signing_secret if secret else None
    return out


def announce(
    world: World, team: str, event: str, data: Callable[[], dict[str, Any]], at: float, webhook_url: str | None = None
) -> None:
    """Queue an event for each endpoint of *team* that subscribes to it, and for *webhook_url* (hook-6).

    *data* writes the resource as a GET response would now; it is not called where nothing is queued.
    """
    assert event in EVENTS, event  # noqa: S101 - nobody could subscribe to another one, and so nobody would miss it
    table = world.table(EndpointRow)
    wanted = [row for row in map(table.__getitem__, table.living(team)) if row.is_active and event in row.events]
    if not wanted and webhook_url is None:
        return
    resource = data()
    # The URL of a request hears nothing of a cancellation (hook-6).
    if webhook_url is not None and not event.endswith(".cancelled"):
        _queue(world, Delivery(event, webhook_url, {"event": event, "data": resource}, at, b""))
    if wanted:
        payload = envelope(world, event, resource, at)
        for row in wanted:
            deliver(world, row, event, payload, at)


def envelope(world: World, event: str, data: dict[str, Any], at: float, *, synthetic: bool = False) -> dict[str, Any]:
    """Return the payload of an event (hook-5)."""
    return {
        "id": world.ids.new("evt"),
        "object": "event",
        "type": event,
        "created_at": iso(at),
        "aurous_version": VERSION,
        "data": data,
        "synthetic": synthetic,
    }


def deliver(world: World, row: EndpointRow, event: str, payload: dict[str, Any], at: float) -> None:
    _queue(world, Delivery(event, row.url, payload, at, b"", endpoint=row.id))


def _queue(world: World, delivery: Delivery) -> None:
    payload, kind = delivery.payload, world.settings.grease
    if kind != "off":
        payload = greased(payload, kind, world.state.random("grease"))
    delivery.body = world.served.outward(to_json(payload))
    # A copy, as one that came over the wire: receivers may change it.
    delivery.payload = json.loads(delivery.body)
    world.outbox.add(delivery)


def check_balance(world: World, team: str, at: float) -> None:
    """Announce that the credits of a team are low, at most once an hour (hook-11)."""
    if not world.balances.warns(team, world.accounts[team], at):
        return
    data = _balance(world, team)
    announce(world, team, "usage.balance_low", lambda: data, at)


def sample(world: World, row: EndpointRow, event: str) -> dict[str, Any]:
    """Return the data of a test fire: the object of a real event, of a resource only its kind (hook-10)."""
    kind = event.partition(".")[0]
    if kind == "usage":
        return _balance(world, row.team)
    if kind == "webhook":
        return disabled(row)
    return {"object": "character" if kind == "character" else "inference"}


def disabled(row: EndpointRow) -> dict[str, Any]:
    """Return the data of the event that an endpoint was disabled (hook-9)."""
    return {"endpoint_id": row.id, "url": row.url, "consecutive_failures": row.consecutive_failures}


def _balance(world: World, team: str) -> dict[str, Any]:
    return {
        "team_id": team,
        "credits": json_number(world.accounts[team].credits),
        "balance_low_threshold": json_number(world.balances.threshold(team)),
    }


_SEE: Final = see("reference/webhooks.html")

if TYPE_CHECKING:  # type checkers find the attributes of the row
    from ..base.names import Event

    _EndpointFields = EndpointRow
else:
    _EndpointFields = object


class WebhookEndpoint(Live, _EndpointFields):
    """A live webhook endpoint, with the attributes of the API and its secret."""

    _kind = EndpointRow
    _prefix = "we"

    def __repr__(self) -> str:
        row = self._row
        return redacted(f"<WebhookEndpoint {row.id} {row.url!r} {'active' if row.is_active else 'off'}>")

    def json(self) -> dict[str, Any]:
        """Return the body of the GET response."""
        return render(self._world, self._row)


class WebhookEndpoints(Collection[WebhookEndpoint]):
    """The webhook endpoints of a team."""

    _record = WebhookEndpoint

    def add(
        self,
        url: str = "https://receiver.example/webhooks",
        events: Iterable[Event | str] = ("*",),
        secret: str | None = None,
        *,
        id: str | None = None,  # noqa: A002 - the vendor's word
        created_at: Instant | None = None,
    ) -> WebhookEndpoint:
        """Register an endpoint, without a request.

        Args:
            url: Where events are delivered: https, or http to this machine, where the test may run a receiver.
            events: Names of events, or ``*``.
            secret: The secret that signs deliveries; drawn by default.
            id: Its id, such as one of the vendor's pages; drawn by default.
            created_at: When it was created: a `datetime` with a time zone, or ISO 8601 text; now by default.

        Raises:
            AurousError: For an unknown event, for a URL that no endpoint can have, or for an id that is taken.
        """
        wanted = known_events("webhook_endpoints.add", events)
        check_url("webhook_endpoints.add", url)
        check_secret("webhook_endpoints.add", secret)
        with self._world.lock, self._adding(self._team, id, created_at) as row_id:
            return self._live(make(self._world, self._team, url, wanted, secret, row_id).id)


def known_events(who: str, events: Iterable[str]) -> list[str]:
    """Return the names of events as a list, or raise an `AurousError`."""
    if not isinstance(cast("object", events), Iterable):
        raise Check(who, "reference/webhooks.html").refuse(
            "events", events, "names of events, such as ['image.completed']."
        )
    names = [events] if isinstance(events, str) else list(events)
    if not names:
        raise AurousError(f"{who}(events=...): expected at least one event. Events: {choices(EVENTS)}.\n{_SEE}")
    for name in names:
        if not isinstance(cast("object", name), str) or (name != "*" and name not in EVENTS):
            raise AurousError(
                f"{who}(events=...): {shown(name)} is not an event{nearest(name, EVENTS)} "
                f"Events: {choices(EVENTS)}.\n{_SEE}"
            )
    return names


def check_secret(who: str, secret: object) -> None:
    if secret is not None:
        Check(who, "reference/webhooks.html").text("secret", secret, "whsec_...")


def check_url(who: str, url: str, name: str = "url") -> None:
    """Raise an `AurousError` for a URL that no endpoint can have; the API accepts https only (hook-1)."""
    try:
        _URL(url, name)
    except ApiProblem as problem:
        # It may be no text, or have an unclosed bracket; then the message of the API says what is wrong.
        with suppress(AttributeError, TypeError, ValueError):
            parts = urlsplit(url)
            if parts.scheme == "http" and is_loopback(parts.hostname):
                return
        raise AurousError(
            f"{who}({name}=...): {problem.message} For a receiver on this machine, plain http is accepted too, "
            f"such as http://127.0.0.1:8000/hooks.\n{_SEE}"
        ) from None


def check_only_routed(url: str, row: EndpointRow | None, wanted: list[str], secret: str | None) -> None:
    """Raise an `AurousError` for other events or another secret of a known URL: an endpoint's, or a ``webhook_url``."""
    other = {
        "events": wanted != ["*"] and (row is None or expanded(wanted) != row.events),
        "secret": secret is not None and (row is None or secret != row.signing_secret),
    }
    if any(other.values()):
        what = "the webhook_url of a request, whose one event is not signed" if row is None else repr(row.id)
        raise AurousError(
            f"webhooks.deliver_to({', '.join(f'{name}=...' for name in other if other[name])}): {url} is {what}: "
            "deliver_to only routes it to the target and changes nothing else. Omit these arguments, "
            f"or use another URL.\n{see('reference/webhooks.html#who-receives')}"
        )


_CREATE: Final = {
    "url": _URL,
    # Each event once, and the star: whoever sends them all has not sent too many.
    "events": list_of(one_of((*EVENTS, "*")), 1, len(EVENTS) + 1),
    "description": _DESCRIPTION,
    "metadata": _METADATA,
}
_TEST: Final = {"event_type": one_of(EVENTS)}


_PATH: Final = "/v1/webhook_endpoints"
_ONE: Final = reference(EndpointRow)


@endpoint(
    "webhook_endpoints.create",
    f"POST {_PATH}",
    bucket="webhooks_post",
    status=201,
    shape=_ONE,
    body=body_of(_CREATE, ("url", "events")),
    sample={"url": "https://app.example/hooks", "events": ["image.completed", "image.failed"]},
    errors=BODY_ERRORS,
    rules=("hook-1", "hook-2"),
    makes="we",
)
def create(ctx: Context) -> dict[str, Any]:
    """POST /v1/webhook_endpoints: only this response and the response to a rotation contain the secret."""
    sent = read_fields(ctx.body, _CREATE, required=("url", "events"))
    return render(ctx.world, make(ctx.world, ctx.team, **sent), secret=True)


@endpoint(
    "webhook_endpoints.list",
    f"GET {_PATH}",
    bucket="reads",
    shape=listing(EndpointRow),
    query=PAGE,
    errors=PAGE_ERRORS,
    rules=("hook-2",),
)
def list_all(ctx: Context) -> dict[str, Any]:
    """GET /v1/webhook_endpoints."""
    table = ctx.world.table(EndpointRow)
    return page(table, ctx.team, ctx.query, lambda row: row, lambda _: True, partial(render, ctx.world))


@endpoint("webhook_endpoints.retrieve", f"GET {_PATH}/{{id}}", bucket="reads", shape=_ONE, rules=("hook-2",))
def retrieve(ctx: Context) -> dict[str, Any]:
    """GET /v1/webhook_endpoints/{id}."""
    return render(ctx.world, _row(ctx))


@endpoint(
    "webhook_endpoints.delete",
    f"DELETE {_PATH}/{{id}}",
    bucket="webhooks_post",
    any_id=True,
    shape=assumed(deleted("webhook_endpoint")),
    rules=("hook-2",),
)
def delete(ctx: Context) -> dict[str, Any]:
    """DELETE /v1/webhook_endpoints/{id}: succeeds for any id, also an unknown one."""
    table = ctx.world.table(EndpointRow)
    row = table.find(ctx.record_id, ctx.team)
    if row is not None and table.lives(row):
        table.retire(replace(row, is_active=False))
    return {"id": ctx.record_id, "object": "webhook_endpoint", "deleted": True}


@endpoint(
    "webhook_endpoints.rotate_secret",
    f"POST {_PATH}/{{id}}/rotate_secret",
    bucket="webhooks_post",
    shape=_ONE,
    rules=("hook-2",),
)
def rotate_secret(ctx: Context) -> dict[str, Any]:
    """POST /v1/webhook_endpoints/{id}/rotate_secret: the old secret signs nothing more (hook-2)."""
    row, world = _row(ctx), ctx.world
    secret = new_secret(world)
    new = replace(row, signing_secret=secret, secret_preview=preview(secret), updated_at=iso(world.clock.time()))
    return render(world, world.table(EndpointRow).replace(new), secret=True)


@endpoint(
    "webhook_endpoints.test",
    f"POST {_PATH}/{{id}}/test",
    bucket="webhooks_test",
    shape=obj(
        object={"const": "webhook_test_fire"},
        endpoint_id=text_of("id"),
        event_id=free(text_of("id")),
        enqueued={"const": True},
    ),
    body=body_of(_TEST, ("event_type",)),
    sample={"event_type": "image.completed"},
    errors=("400 invalid_format", "400 invalid_request", "400 missing_field"),
    rules=("hook-10",),
)
def test(ctx: Context) -> dict[str, Any]:
    """POST /v1/webhook_endpoints/{id}/test: a synthetic event, delivered and signed like any other (hook-10)."""
    row, world = _row(ctx), ctx.world
    event = read_fields(ctx.body, _TEST, required=("event_type",))["event_type"]
    if event not in row.events:
        raise not_one_of("event_type", row.events, repr(event))
    now = world.clock.time()
    payload = envelope(world, event, sample(world, row, event), now, synthetic=True)
    deliver(world, row, event, payload, now)
    return {"object": "webhook_test_fire", "endpoint_id": row.id, "event_id": payload["id"], "enqueued": True}


def _row(ctx: Context) -> EndpointRow:
    return ctx.row_of(EndpointRow, "webhook endpoint")


ENDPOINTS: Final = (create, list_all, retrieve, delete, rotate_secret, test)
