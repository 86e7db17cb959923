"""The webhook endpoint as the fake stores it and as the API shows it (hook-2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ...base.instants import iso
from ...world.world import World
from ..base.fields import dict_of, text
from ..base.schema import Record, column, to_wire

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
DESCRIPTION: Final = text(500, low=0)
METADATA: Final = dict_of(text(500, low=0), 50)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class EndpointRow(Record):
    """A stored webhook endpoint."""

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
    last_success_at: str | None = column(
        "Time of the last successful delivery; None before.", value="free", default=None
    )
    last_failure_at: str | None = column("Time of the last failed delivery; None before.", value="free", default=None)
    metadata: dict[str, Any] = column("Text by name, as sent.", like=METADATA, rule="hook-1")
    description: str | None = column("Free text, as sent.", optional=True, like=DESCRIPTION, value="free", default=None)
    created_at: str = column("ISO 8601 (time-1).", fixed=True)
    updated_at: str = column("ISO 8601; moves with every change.")
    team: str = column("Id of the owning team.", hidden=True)
    signing_secret: str = column("The secret that signs deliveries.", hidden=True, visible=True)
    succeeded: float | None = column(
        "Time of the last successful delivery, in epoch seconds.", hidden=True, default=None
    )
    began: float = column("Time of creation, in epoch seconds.", hidden=True)


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
    """Return a secret that is visibly not a real one."""
    return f"whsec_fa4e{world.random.getrandbits(112):028x}"


def preview(secret: str) -> str:
    """Return the beginning and the end of a secret."""
    return f"{secret[:10]}...{secret[-4:]}"


def render(world: World, row: EndpointRow, *, secret: bool = False) -> dict[str, Any]:
    """Write an endpoint; include its *secret* only when it is new (hook-2)."""
    out = to_wire(row, world.settings.sparse)
    out["secret"] = row.signing_secret if secret else None
    return out
