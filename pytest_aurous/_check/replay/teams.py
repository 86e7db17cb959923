"""The teams of a recording, each with one of the fake, its keys, and what is known of its credits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus
from itertools import product
from typing import Final, NamedTuple

from ..._resources.team import create_team
from ..._world.keys import Scope
from ..._world.ledger import exact, total
from ..._world.world import World
from ..recording.survey import Survey
from ..recording.view import View

_MOST: Final = 8
"""Of so many works at most it is tried out which have ended."""


@dataclass
class Work:
    """Work that a request ordered.

    Attributes:
        record: The id of its record.
        price: Its price.
        video: Whether it is a video.
        end: ``good`` or ``bad`` once it has ended; empty before.
        order: The number of the exchange that ordered it.
    """

    record: str
    price: Decimal
    video: bool = False
    end: str = ""
    order: int = 0


class Guess(NamedTuple):
    """Work that has ended without a poll that saw it: the record, and how it ended."""

    record: str
    end: str


@dataclass
class Money:
    """What is known of the credits of one team.

    Attributes:
        known: Whether a response has shown the balance, and nothing unknown has changed it since.
        doubtful: Whether it is not known what was ordered.
        works: The works that were under way at the last response with a balance, or were ordered since.
        at_create: Whether credits were seen to be spent at once.
    """

    known: bool = False
    doubtful: bool = False
    works: list[Work] = field(default_factory=list[Work])
    at_create: bool = False
    _running: dict[str, Work] = field(default_factory=dict[str, Work])

    def begin(self, work: Work) -> None:
        """Note work that was ordered."""
        self.works.append(work)
        if not work.end:
            self._running[work.record] = work

    def end(self, record: str, end: str) -> None:
        """Note how the work on a record has ended; empty if it has not."""
        if end and record in self._running:
            self._running.pop(record).end = end

    def settle(self) -> None:
        """Forget what has ended: the balance has been compared."""
        self.works = [work for work in self.works if not work.end]

    def guesses(
        self, ends: Sequence[tuple[str, tuple[str, ...]]], credit: Decimal | None, held: Decimal | None
    ) -> list[Guess]:
        """Return which running works have ended, if that explains the differences in credits and held credits.

        One that is not known is None.

        *ends* has for each record that may have ended the possible ends.
        """
        prices = {work.record: work.price for work in self.works if not work.end}
        records = [(record, ("", *some)) for record, some in ends if record in prices][:_MOST]
        for choice in product(*(some for _, some in records)):
            found = [Guess(record, end) for (record, _), end in zip(records, choice, strict=True) if end]
            freed = total(prices[guess.record] for guess in found)
            charged = total(prices[guess.record] for guess in found if guess.end == "good")
            if found and credit in {None, -charged} and held in {None, -freed}:
                return found
        return []

    def rules(self) -> set[str]:
        """Return the rules with which a balance agrees that is as the works let expect."""
        good = {"cred-2", self._rule_of_price()} if any(work.end != "bad" for work in self.works) else set[str]()
        return good | ({self._rule_of_failure()} if any(work.end == "bad" for work in self.works) else set[str]())

    def rule_of_held(self, seen: Decimal, fake: Decimal) -> str:
        """Return the rule that a difference in held credits refutes."""
        prices = [work.price for work in self.works]
        if seen == 0 or fake == 0 or abs(seen - fake) in set(_sums(prices)):
            self.at_create = self.at_create or seen < fake
            return "cred-2"
        return self._rule_of_price()

    def rule_of_credits(self, difference: Decimal) -> str:
        """Return the rule that a *difference* in credits refutes; nothing if another client may have caused it."""
        prices = [work.price for work in self.works]
        bad = [work.price for work in self.works if work.end == "bad"]
        if not prices:
            return ""
        if -difference in set(_sums(bad)) and not self.at_create:
            return self._rule_of_failure()
        if abs(difference) in set(_sums(prices)):
            return "cred-2"
        return self._rule_of_price() if abs(difference) < 2 * total(prices) else ""

    def _rule_of_failure(self) -> str:
        return "img-11" if all(work.record[:4] in {"img_", "vid_"} for work in self.works) else "cred-5"

    def _rule_of_price(self) -> str:
        return "vid-2" if self.works and all(work.video for work in self.works) else "cred-4"


def _sums(prices: Sequence[Decimal]) -> Iterator[Decimal]:
    """Yield the sums of some of the prices."""
    for choice in product((0, 1), repeat=min(len(prices), _MOST)):
        if any(choice):
            yield total(price for price, taken in zip(prices, choice, strict=False) if taken)


def amount_of(value: object) -> Decimal | None:
    """Return an amount of credits in a response; None for anything else."""
    return exact(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


PLENTY: Final = 10**9
"""Credits of a team whose balance was not seen yet."""
_UNKNOWN_KEY: Final = "al_live_unknown"
_DEAD_KEYS: Final = ("invalid_api_key", "revoked_api_key")
_NO_SCOPE: Final = "missing_scope"


class Teams:
    """The teams of a recording, by the keys that it has.

    Attributes:
        money: What is known of the credits of each team of the fake.
    """

    def __init__(self, world: World, survey: Survey) -> None:
        self._world = world
        self._survey = survey
        self._teams: dict[str, str] = {}
        self._keys: dict[str, str] = {}
        self.money: dict[str, Money] = {}

    def of(self, view: View) -> str:
        """Return the fake's team for the key of a request."""
        teams = self._survey.teams
        name = teams.get(view.key or next(iter(teams), ""), "")  # a signed URL is sent without a key
        if name not in self._teams:
            first = not self._teams
            self._teams[name] = self._world.default_team if first else create_team(self._world, "Team", PLENTY)
            self.money[self._teams[name]] = Money()
        return self._teams[name]

    def money_of(self, view: View) -> Money:
        """Return what is known of the credits of the team that sent a request."""
        return self.money[self.of(view)]

    def key_of(self, view: View) -> str:
        """Map the recorded API key to a key of the fake; empty if the request had no key."""
        signed = view.row is not None and view.row.signed
        if view.exchange.status == HTTPStatus.UNAUTHORIZED and view.code not in {"missing_api_key", *_DEAD_KEYS}:
            return _UNKNOWN_KEY if view.key else ""  # its body is missing, or it has another code
        if view.code == "missing_api_key" or (signed and not view.key):
            return ""
        refused = view.code in {*_DEAD_KEYS, _NO_SCOPE}
        key = view.code if refused and not view.key else view.key  # a recording without keys may be of several
        if view.code == "invalid_api_key" and key not in self._keys:
            return _UNKNOWN_KEY
        if key not in self._keys:
            scope: Scope = "read" if key in {*self._survey.scopes, _NO_SCOPE} else "write"
            self._keys[key] = self._world.keys.issue(self.of(view), scope)
        if view.code in _DEAD_KEYS:
            self._world.keys.end(self._keys[key], self._world.clock.time())
        return self._keys[key]
