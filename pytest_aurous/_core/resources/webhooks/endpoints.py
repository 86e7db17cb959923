"""The API calls on webhook endpoints (hook-1, hook-2, hook-10)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Final

from ...base.instants import iso
from ...wire.refusal import not_one_of
from ..base.endpoint import Context, Endpoint
from ..base.fields import BODY_ERRORS, list_of, one_of, read_fields, url
from ..base.pages import PAGE, PAGE_ERRORS, page
from ..base.schema import assumed, body_of, deleted, free, listing, obj, reference, text_of
from .emit import deliver, envelope, sample
from .row import DESCRIPTION, EVENTS, METADATA, EndpointRow, make, new_secret, preview, render

_CREATE: Final = {
    "url": url(2048),
    "events": list_of(one_of((*EVENTS, "*")), 1, len(EVENTS) + 1),
    "description": DESCRIPTION,
    "metadata": METADATA,
}
_TEST: Final = {"event_type": one_of(EVENTS)}


def create(ctx: Context) -> dict[str, Any]:
    """POST /v1/webhook_endpoints: only this response and the response to a rotation contain the secret."""
    sent = read_fields(ctx.body, _CREATE, required=("url", "events"))
    return render(ctx.world, make(ctx.world, ctx.team, **sent), secret=True)


def list_all(ctx: Context) -> dict[str, Any]:
    """GET /v1/webhook_endpoints."""
    table = ctx.world.table(EndpointRow)
    return page(table, ctx.team, ctx.query, lambda row: row, lambda _: True, partial(render, ctx.world))


def retrieve(ctx: Context) -> dict[str, Any]:
    """GET /v1/webhook_endpoints/{id}."""
    return render(ctx.world, _row(ctx))


def delete(ctx: Context) -> dict[str, Any]:
    """DELETE /v1/webhook_endpoints/{id}: succeeds for any id, also an unknown one."""
    table = ctx.world.table(EndpointRow)
    row = table.find(ctx.record, ctx.team)
    if row is not None and table.lives(row):
        table.retire(replace(row, is_active=False))
    return {"id": ctx.record, "object": "webhook_endpoint", "deleted": True}


def rotate_secret(ctx: Context) -> dict[str, Any]:
    """POST /v1/webhook_endpoints/{id}/rotate_secret: the old secret signs nothing more (hook-2)."""
    row, world = _row(ctx), ctx.world
    secret = new_secret(world)
    new = replace(row, signing_secret=secret, secret_preview=preview(secret), updated_at=iso(world.clock.time()))
    return render(world, world.table(EndpointRow).replace(new), secret=True)


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


_PATH: Final = "/v1/webhook_endpoints"

_ONE: Final = reference(EndpointRow)

ENDPOINTS: Final = (
    Endpoint(
        "webhook_endpoints.create",
        "POST",
        _PATH,
        create,
        bucket="webhooks_post",
        status=201,
        shape=_ONE,
        body=body_of(_CREATE, ("url", "events")),
        errors=BODY_ERRORS,
        rules=("hook-1", "hook-2"),
        refuses={"400": "hook-1"},
        assumed=("status",),
        makes="we",
    ),
    Endpoint(
        "webhook_endpoints.list",
        "GET",
        _PATH,
        list_all,
        bucket="reads",
        shape=listing(EndpointRow),
        query=PAGE,
        errors=PAGE_ERRORS,
        rules=("hook-2",),
        refuses={"400": "list-3"},
    ),
    Endpoint(
        "webhook_endpoints.retrieve", "GET", f"{_PATH}/{{id}}", retrieve, bucket="reads", shape=_ONE, rules=("hook-2",)
    ),
    Endpoint(
        "webhook_endpoints.delete",
        "DELETE",
        f"{_PATH}/{{id}}",
        delete,
        bucket="webhooks_post",
        any_id=True,
        shape=assumed(deleted("webhook_endpoint")),
        rules=("hook-2",),
        assumed=("header.x-ratelimit-*",),
    ),
    Endpoint(
        "webhook_endpoints.rotate_secret",
        "POST",
        f"{_PATH}/{{id}}/rotate_secret",
        rotate_secret,
        bucket="webhooks_post",
        shape=_ONE,
        rules=("hook-2",),
        assumed=("header.x-ratelimit-*",),
    ),
    Endpoint(
        "webhook_endpoints.test",
        "POST",
        f"{_PATH}/{{id}}/test",
        test,
        bucket="webhooks_test",
        shape=obj(
            object={"const": "webhook_test_fire"},
            endpoint_id=text_of("id"),
            event_id=free(text_of("id")),
            enqueued={"const": True},
        ),
        body=body_of(_TEST, ("event_type",)),
        errors=("400 invalid_format", "400 invalid_request", "400 missing_field"),
        rules=("hook-10",),
        refuses={"400": "hook-10"},
    ),
)
