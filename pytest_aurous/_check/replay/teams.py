"""The teams of a recording, each with one of the fake, its keys, and what is known of its credits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus
from typing import Final, Literal

from ..._resources.team import create_team
from ..._world.keys import Scope
from ..._world.ledger import exact, total
from ..._world.world import World
from ..recording.survey import Survey
from ..recording.view import View

Kind = Literal["synthesis", "pose", "image", "video"]
"""The kinds of work, each with a price of its own."""


@dataclass
class Work:
    """Work that a request ordered.

    Attributes:
        record: The id of its record.
        price: Its price.
        kind: What was ordered.
        end: ``good`` or ``bad`` once it has ended; empty before.
        new: Whether it was ordered after the last balance.
    """

    record: str
    price: Decimal
    kind: Kind
    end: str = ""
    new: bool = True


@dataclass
class Money:
    """What is known of the credits of one team.

    Attributes:
        known: Whether a response has shown the balance, and nothing unknown has changed it since.
        extra: The held credits that the works of the recording do not explain.
        earlier: Whether they were held before the recording.
        works: The works that were under way at the last response with a balance, or were ordered since.
        blind: Up to which exchange the recording does not show all that was ordered, and why.
        right: The kinds of work whose price agreed with a balance.
        at_once: Whether credits were seen to be spent when work was ordered.
        deleted: Whether a character was deleted since the last balance.
    """

    known: bool = False
    extra: Decimal = Decimal(0)
    earlier: bool = False
    works: list[Work] = field(default_factory=list[Work])
    blind: tuple[float, str] = (-1, "")
    right: set[str] = field(default_factory=set[str])
    at_once: bool = False
    deleted: bool = False

    def end(self, record: str, end: str) -> None:
        """Note how the work on a record has ended; empty if it has not."""
        for work in self.works:
            if work.record == record and not work.end:
                work.end = end

    def leave_open(self, until: float, why: str) -> None:
        """Judge no balance before the exchange with the index *until*, and the next one only as a start."""
        self.known = False
        self.blind = max(self.blind[0], until), self.blind[1] or why

    def settle(self) -> None:
        """Forget what has ended: the balance has been compared."""
        self.works = [work for work in self.works if not work.end]
        self.deleted = False
        for work in self.works:
            work.new = False

    def running(self) -> list[Work]:
        """Return the works that have not ended."""
        return [work for work in self.works if not work.end]

    def rules(self) -> set[str]:
        """Return the rules that a balance is about after the works since the last one."""
        good = [work.kind for work in self.works if work.end != "bad"]
        bad = [work.kind for work in self.works if work.end == "bad"]
        rules = {"cred-2", *map(_rule_of_price, good)} if good else set[str]()
        return rules | {_rule_of_failure(bad)} if bad else rules

    def rule(self, credit: Decimal, held: Decimal) -> str:
        """Return the rule that differences in credits and held credits refute."""
        if not self.works:
            return "cred-1"
        began, good, old_good, bad, old_bad = (
            total(work.price for work in self.works if work.end == end and new in {None, work.new})
            for end, new in (("", True), ("good", None), ("good", False), ("bad", None), ("bad", False))
        )
        at_once = (old_good - began - (bad - old_bad), old_good + old_bad - began)
        if (credit, held) == at_once and began:
            self.at_once = True
        if bad and credit == -bad and not held and not self.at_once:
            return _rule_of_failure([work.kind for work in self.works if work.end == "bad"])
        if (credit, held) in {at_once, (good, good + bad), (0, good + bad), (good, 0), (0, -began)}:
            return "cred-2"
        kinds = [work.kind for work in self.works if bool(work.end) == bool(credit)] or [
            work.kind for work in self.works
        ]
        return _rule_of_price(next((kind for kind in kinds if kind not in self.right), kinds[0]))


def _rule_of_failure(kinds: Iterable[str]) -> str:
    return "img-11" if set(kinds) <= {"image", "video"} else "cred-5"


def _rule_of_price(kind: str) -> str:
    return "vid-2" if kind == "video" else "cred-4"


def amount_of(value: object) -> Decimal | None:
    """Return an amount of credits in a response; None for anything else."""
    return exact(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


PLENTY: Final = 10**9
"""Credits of a team whose balance was not seen yet."""
_UNKNOWN_KEY: Final = "al_live_unknown"
_DEAD_KEYS: Final = ("invalid_api_key", "revoked_api_key")
_NO_KEY: Final = "missing_api_key"
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
        signed = view.row.signed
        if not view.key and (signed or view.code == _NO_KEY or self._survey.has_keys):
            return ""
        dead = view.code in _DEAD_KEYS
        if view.exchange.status == HTTPStatus.UNAUTHORIZED and not (dead or view.code == _NO_KEY):
            return _UNKNOWN_KEY if view.key else ""  # its body is missing, or it has another code
        if dead and self._survey.accepted.get(view.key, -1) > view.index:
            return _UNKNOWN_KEY  # all keys of the recording were replaced by one word
        refused = dead or view.code == _NO_SCOPE
        key = view.code if refused and not view.key else view.key  # a recording without keys may be of several
        if view.code == "invalid_api_key" and key not in self._keys:
            return _UNKNOWN_KEY
        if key not in self._keys:
            scope: Scope = "read" if key in {*self._survey.scopes, _NO_SCOPE} else "write"
            self._keys[key] = self._world.keys.issue(self.of(view), scope)
        if dead:
            self._world.keys.end(self._keys[key], self._world.clock.time())
        return self._keys[key]
