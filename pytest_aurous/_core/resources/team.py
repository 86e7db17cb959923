"""Teams: the record, the API keys that a test holds, paying for work, and endpoints: team, balance and prices."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from ..base.amounts import json_number
from ..base.errors import AurousError, hide_mistakes, see
from ..base.instants import iso
from ..wire.headers import VERSION, VERSION_FORM
from ..world.keys import Scope
from ..world.ledger import BillingMode
from ..world.world import World
from .base.endpoint import Context, endpoint
from .base.schema import RecordRow, column, free, obj, row_class, text_of, to_wire
from .styles import FACTORS, PER_SECOND
from .webhooks import check_balance

if TYPE_CHECKING:
    from typing_extensions import Self  # type checkers bundle it

__tracebackhide__ = hide_mistakes


@row_class
class TeamRow(RecordRow):
    id: str = column("``team_`` and a ULID.")
    name: str = column("Display name.")
    created_at: str = column("ISO 8601 (time-1).")
    billing_email: str | None = column("Derived from the name; None under the setting ``sparse``.", seen="optional")
    team: str = column("Empty: no team owns a team.", seen="never", default="")


def create_team(
    world: World,
    name: str,
    credits: float,  # noqa: A002 - the vendor's word
    billing_mode: BillingMode = "metered",
    row_id: str | None = None,
) -> str:
    row_id = row_id or world.ids.new("team")
    # The field is optional, so the setting `sparse` leaves it out; `.example` reaches nobody.
    email = f"billing@{name.lower().replace(' ', '-')}.example"
    row = TeamRow(
        id=row_id,
        name=name,
        created_at=iso(world.clock.time()),
        billing_email=email if world.settings.sparse == "none" else None,
    )
    world.table(TeamRow).insert(row)
    world.ledger(row.id).open(credits, billing_mode)
    return row.id


def pay(world: World, team: str, amount: Decimal | float, code: str) -> int:
    """Hold the credits for ordered work, or spend them at once, as `Ledger.hold` does; warn of a low balance."""
    before = world.accounts[team].credits
    hold = world.ledger(team).hold(amount, code)
    _warn(world, team, before, world.clock.time())
    return hold


def charge(world: World, team: str, hold: int, at: float, amount: Decimal | None = None) -> Decimal:
    """Charge a hold, or an *amount* in its place, and return what was charged: the work succeeded."""
    before = world.accounts[team].credits
    charged = world.ledger(team).commit(hold, amount)
    _warn(world, team, before, at)
    return charged


def _warn(world: World, team: str, before: Decimal, at: float) -> None:
    # A hold leaves the credits as they are, so that work warns once: when it is charged, or at once under `at_create`.
    if world.accounts[team].credits < before:
        check_balance(world, team, at)


class ApiKey(str):
    """An API key of the fake: a string that a test can revoke and rotate.

    Example:
        ``client = aurous.client(headers={"X-Api-Key": aurous.team.add_key(scope="read")})``
    """

    __slots__ = ("_world",)

    _world: World

    def __new__(cls, *_: object) -> Self:
        """Raise: only the fake creates keys."""
        raise AurousError(
            "ApiKey(...): the fake issues its keys. Use aurous.api_key, or aurous.team.add_key(scope='read').\n"
            f"{see('reference/api.html')}"
        )

    @classmethod
    def of(cls, world: World, key: str) -> ApiKey:
        made = str.__new__(cls, key)
        made._world = world
        return made

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """Copy and pickle as a plain string, for settings objects that hold the key."""
        return str, (str(self),)

    @property
    def scope(self) -> Scope:
        """The scope of the key: ``read``, ``write`` or ``full`` (auth-5)."""
        with self._world.lock:
            return self._world.keys.grant(self).scope

    @property
    def ended(self) -> bool:
        """Whether the key is refused: it was revoked, or rotated 24 h ago."""
        with self._world.lock:
            dies_at = self._world.keys.grant(self).dies_at
            return dies_at is not None and dies_at <= self._world.clock.time()

    def revoke(self) -> None:
        """Make the key invalid from now on (auth-4)."""
        with self._world.lock:
            self._world.keys.end(self, self._world.clock.time())

    def rotate(self) -> ApiKey:
        """Return a new key of the same scope; this key stays valid for 24 h on the clock (auth-8)."""
        with self._world.lock:
            return ApiKey.of(self._world, self._world.keys.rotate(self, self._world.clock.time()))


_TEXT: Final = {"type": "string"}
_NUMBER: Final = {"type": "number"}
_BALANCE: Final = obj(
    ("billing_mode",),
    credits={**_NUMBER, "description": "The balance of the team, including held credits."},
    held_credits={**_NUMBER, "description": "Held for work in progress."},
    available_credits={**_NUMBER, "description": "The balance without held credits."},
    currency={"const": "credit", "description": "The unit of all amounts."},
    billing_mode={"enum": ["metered", "exempt"], "description": "An exempt team is never charged and never refused."},
)
_TEAM: Final = obj(
    ("billing_email",),
    id=free({**text_of("id"), "description": "`team_` and a ULID."}),
    name=free({**_TEXT, "description": "Display name."}),
    credits={**_NUMBER, "description": "The balance, including held credits."},
    created_at={**_TEXT, "description": "ISO 8601."},
    billing_email=free({**_TEXT, "description": "Derived from the name."}),
)
_PRICING: Final = obj(
    object={"const": "pricing", "description": "Always `pricing`."},
    version={**text_of("time"), "pattern": VERSION_FORM, "description": "The version of the API."},
    currency={"const": "credit", "description": "The unit of all prices."},
    description=free({**_TEXT, "description": "Text for people."}),
    image={
        **obj(base=_NUMBER, enhance_prompt_multiplier=_NUMBER, reference_image_per_image=_NUMBER),
        "description": "Prices of an image.",
    },
    video={
        **obj(base_per_second=_NUMBER, resolution_factor=obj(**dict.fromkeys(FACTORS, _NUMBER))),
        "description": "Price of a second, and a factor for each resolution.",
    },
)


@endpoint("balance.retrieve", "GET /v1/balance", bucket="reads", shape=_BALANCE, rules=("cred-1",))
def balance(ctx: Context) -> dict[str, Any]:
    """GET /v1/balance (cred-1)."""
    ledger = ctx.world.accounts[ctx.team]
    return {
        "credits": json_number(ledger.credits),
        "held_credits": json_number(ledger.held),
        "available_credits": json_number(ledger.available),
        "currency": "credit",
        "billing_mode": ledger.billing_mode,
    }


@endpoint("team.retrieve", "GET /v1/team", bucket="reads", shape=_TEAM, rules=("team-1",))
def team(ctx: Context) -> dict[str, Any]:
    """GET /v1/team (team-1)."""
    row = ctx.world.table(TeamRow)[ctx.team]
    credits = json_number(ctx.world.accounts[row.id].credits)  # noqa: A001 - the vendor's word
    return {"id": row.id, "name": row.name, "credits": credits, **to_wire(row, ctx.world.settings.sparse)}


@endpoint("pricing.retrieve", "GET /v1/pricing", bucket="reads", shape=_PRICING, rules=("cred-4", "vid-2"))
def pricing(ctx: Context) -> dict[str, Any]:
    """GET /v1/pricing."""
    del ctx
    return {
        "object": "pricing",
        "version": VERSION,
        "currency": "credit",
        "description": "Rates of images and videos. A team may have others: ask an estimate.",
        # What the endpoints of images and videos charge (cred-4, vid-2).
        "image": {"base": 1, "enhance_prompt_multiplier": 2, "reference_image_per_image": 0},
        "video": {"base_per_second": PER_SECOND, "resolution_factor": FACTORS},
    }


ENDPOINTS: Final = (balance, team, pricing)
