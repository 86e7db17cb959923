"""Teams as a test sees them: keys, credits, and everything that belongs to a team."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._core.base.amounts import exact, json_number, plain
from .._core.base.arguments import Check, Public
from .._core.base.errors import hide_mistakes
from .._core.base.redaction import redacted
from .._core.resources.base.record import Collection, Instant, Live
from .._core.resources.characters.record import Characters
from .._core.resources.chat.record import Chat
from .._core.resources.embeddings import Embeddings
from .._core.resources.files import Files
from .._core.resources.generations.record import Images, Videos
from .._core.resources.models import Models
from .._core.resources.styles import Loras, VideoLoras
from .._core.resources.team import ApiKey, TeamRow, create_team
from .._core.resources.uploads import Uploads
from .._core.resources.webhooks import WebhookEndpoints, check_balance
from .._core.world.keys import SCOPES, Scope
from .._core.world.ledger import Account, BillingMode
from .._core.world.settings import read_setting
from .._core.world.world import World
from .limits import Limits

__tracebackhide__ = hide_mistakes

if TYPE_CHECKING:  # a handle has the attributes of its row
    _TeamFields = TeamRow
else:
    _TeamFields = object


class Belongings(Public):
    """The records, limits and endpoints of a team."""

    @property
    def _owner(self) -> tuple[World, str]:
        raise NotImplementedError

    @property
    def limits(self) -> Limits:
        """The team's rate buckets."""
        return Limits(*self._owner)

    @property
    def characters(self) -> Characters:
        """The team's characters.

        Example:
            ``aurous.characters.add("Aurora", status="ready"); ...; aurous.characters.last.status``
        """
        return Characters(*self._owner)

    @property
    def uploads(self) -> Uploads:
        """The team's upload tickets."""
        return Uploads(*self._owner)

    @property
    def images(self) -> Images:
        """The team's images."""
        return Images(*self._owner)

    @property
    def videos(self) -> Videos:
        """The team's videos."""
        return Videos(*self._owner)

    @property
    def files(self) -> Files:
        """The team's files."""
        return Files(*self._owner)

    @property
    def loras(self) -> Loras:
        """The image styles that the team can use."""
        return Loras(*self._owner)

    @property
    def chat(self) -> Chat:
        """What the chat model says, and the team's completions."""
        return Chat(*self._owner)

    @property
    def embeddings(self) -> Embeddings:
        """The vectors of texts."""
        return Embeddings(self._owner[0])

    @property
    def models(self) -> Models:
        """The models of chats and embeddings that the team can use."""
        return Models(*self._owner)

    @property
    def webhook_endpoints(self) -> WebhookEndpoints:
        """The team's webhook endpoints."""
        return WebhookEndpoints(*self._owner)

    @property
    def video_loras(self) -> VideoLoras:
        """The video styles that the team can use."""
        return VideoLoras(*self._owner)


class Team(Belongings, Live, _TeamFields):
    """A team, which owns records, credits, rate buckets and keys (auth-6).

    Attributes:
        id: ``team_`` and a ULID.
        name: Its display name.

    Example:
        ``aurous.client(headers={"X-Api-Key": aurous.teams.add(credits=0).api_key})`` calls for another team.
    """

    _kind = TeamRow
    _prefix = "team"

    def __init__(self, world: World, record_id: str) -> None:
        super().__init__(world, record_id)
        with world.lock:
            self.api_key: ApiKey = ApiKey.of(world, world.keys.first(record_id))

    @property
    def _owner(self) -> tuple[World, str]:
        return self._world, self._row.id

    def __repr__(self) -> str:
        return redacted(f"<Team {self.id} {self.name!r} {plain(self.credits)} credits>")

    @property
    def _account(self) -> Account:
        return self._world.accounts[self._row.id]

    @property
    def credits(self) -> float:
        """The balance: held and available credits together. A test may set it.

        Raises:
            AurousError: If the amount is invalid.

        Example:
            ``aurous.team.credits = 3``
        """
        with self._world.lock:
            return json_number(self._account.credits)

    @credits.setter
    def credits(self, amount: float) -> None:
        value = exact(read_setting("credits", amount))
        with self._world.lock:
            before = self._account.credits
            self._world.ledger(self._row.id).set(value)
            if value < before:
                check_balance(self._world, self.id, self._world.clock.time())

    @property
    def balance_low_threshold(self) -> float:
        """The balance at or below which the team gets a warning (hook-11). A test may set it."""
        with self._world.lock:
            return json_number(self._world.balances.threshold(self._row.id))

    @balance_low_threshold.setter
    def balance_low_threshold(self, amount: float) -> None:
        with self._world.lock:
            self._world.balances.thresholds[self._row.id] = exact(read_setting("credits", amount))

    @property
    def held_credits(self) -> float:
        """Credits held for work in progress."""
        with self._world.lock:
            return json_number(self._account.held)

    @property
    def available_credits(self) -> float:
        """Credits that new work can use."""
        with self._world.lock:
            return json_number(self._account.available)

    @property
    def billing_mode(self) -> BillingMode:
        """``metered``, or ``exempt``: never charged or refused."""
        with self._world.lock:
            return self._account.billing_mode

    @property
    def keys(self) -> list[ApiKey]:
        """The keys of the team in order of issue, also those that have ended.

        Example:
            ``aurous.team.keys[0].revoke()``
        """
        with self._world.lock:
            return [ApiKey.of(self._world, key) for key in self._world.keys.of(self._row.id)]

    def add_key(self, scope: Scope = "write") -> ApiKey:
        """Issue another key for the team.

        Args:
            scope: ``read``, ``write`` or ``full``.

        Raises:
            AurousError: If the scope does not exist.
        """
        Check("team.add_key").choice("scope", scope, SCOPES)
        with self._world.lock:
            return ApiKey.of(self._world, self._world.keys.issue(self._row.id, scope))


class Teams(Collection[Team]):
    """The teams of the fake, the oldest first; without `created_at`, that is the default team."""

    _record = Team

    def add(
        self,
        name: str | None = None,
        *,
        credits: float = 1000,  # noqa: A002 - the vendor's word
        billing_mode: BillingMode = "metered",
        id: str | None = None,  # noqa: A002 - the vendor's word
        created_at: Instant | None = None,
    ) -> Team:
        """Create another team, with its own key.

        Args:
            name: Display name; by default ``Team`` and a number.
            credits: The balance.
            billing_mode: ``metered``, or ``exempt``: never charged or refused.
            id: Its id, such as one of the vendor's pages; drawn by default.
            created_at: When it was created: a `datetime` with a time zone, or ISO 8601 text; now by default.

        Raises:
            AurousError: If the billing mode does not exist, the credits are invalid, or the id is taken.
        """
        check = Check("teams.add")
        check.choice("billing_mode", billing_mode, ("metered", "exempt"))
        if name is not None:
            check.text("name", name, "Acme Studio")
        amount = read_setting("credits", credits)
        with self._world.lock, self._adding("", id, created_at) as row_id:
            name = name or f"Team {len(self) + 1}"
            team = create_team(self._world, name, amount, billing_mode, row_id)
            self._world.keys.issue(team, "write")
            return self._live(team)
