"""Teams as they are stored, their keys, and the balance call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from .._framework.endpoint import Context, Endpoint
from .._framework.schema import column, obj
from .._time.clock import iso
from .._world.keys import Scope
from .._world.ledger import BillingMode, json_number
from .._world.world import World
from ..errors import AurousError, hide_mistakes, see

if TYPE_CHECKING:
    from typing_extensions import Self  # for checkers, which know it

__all__ = ("ENDPOINTS", "ApiKey", "TeamRow", "found_team")

__tracebackhide__ = hide_mistakes


@dataclass(frozen=True, kw_only=True)
class TeamRow:
    """A team as it is stored; its credits are in its ledger."""

    id: str
    name: str
    created_at: str
    team: str = column(hidden=True, default="")


def found_team(world: World, name: str, credits: float, billing_mode: BillingMode = "metered") -> str:  # noqa: A002 - the vendor's word
    """Found a team and return its id."""
    row = world.table(TeamRow).insert(TeamRow(id=world.ids.new("team"), name=name, created_at=iso(world.clock.time())))
    world.ledgers[row.id] = world.ledger(credits, billing_mode)
    return row.id


def balance(ctx: Context) -> dict[str, Any]:
    """GET /v1/balance (cred-1)."""
    ledger = ctx.world.ledgers[ctx.team]
    return {
        "credits": json_number(ledger.credits),
        "held_credits": json_number(ledger.held),
        "available_credits": json_number(ledger.available),
        "currency": "credit",
        "billing_mode": ledger.billing_mode,
    }


class ApiKey(str):
    """A key of the fake: a string, fit for a header, that a test can revoke and rotate.

    Example:
        ``client = aurous.client(headers={"X-Api-Key": aurous.team.add_key(scope="read")})``
    """

    __slots__ = ("_world",)

    _world: World

    def __new__(cls, *_: object) -> Self:
        """Refuse: keys come from the fake."""
        raise AurousError(
            "ApiKey(...): the fake issues its keys. Use aurous.api_key, or aurous.team.add_key(scope='read').\n"
            f"{see('reference/api.html')}"
        )

    @classmethod
    def of(cls, world: World, key: str) -> ApiKey:
        """Return *key* as a handle."""
        made = str.__new__(cls, key)
        made._world = world
        return made

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """Be copied and pickled as the plain string, as a settings object may do that holds it."""
        return str, (str(self),)

    @property
    def scope(self) -> Scope:
        """What the key may do: ``read``, ``write`` or ``full`` (auth-5)."""
        with self._world.lock:
            return self._world.keys.grant(self).scope

    def revoke(self) -> None:
        """Make the key invalid from now on (auth-4)."""
        with self._world.lock:
            self._world.keys.end(self, self._world.clock.time())

    def rotate(self) -> ApiKey:
        """Return a new key of the same scope; this one lives on for 24 h on the clock (auth-8)."""
        with self._world.lock:
            return ApiKey.of(self._world, self._world.keys.rotate(self, self._world.clock.time()))


_NUMBER: Final = {"type": "number"}
_BALANCE: Final = obj(
    credits={**_NUMBER, "description": "What the team has, what is held included."},
    held_credits={**_NUMBER, "description": "For work under way."},
    available_credits={**_NUMBER, "description": "The rest."},
    currency={"const": "credit", "description": "What all these count."},
    billing_mode={"enum": ["metered", "exempt"], "description": "An exempt team is neither charged nor refused."},
)

ENDPOINTS: Final = (
    Endpoint("balance.retrieve", "GET", "/v1/balance", balance, bucket="reads", shape=_BALANCE, rules=("cred-1",)),
)
