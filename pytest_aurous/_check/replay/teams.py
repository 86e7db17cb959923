"""The teams of a recording, each with a team of the fake, its keys, and what is known of its credits."""

from __future__ import annotations

from decimal import Decimal
from http import HTTPStatus
from typing import Final

from ..._core.base.amounts import exact
from ..recording.survey import Survey
from ..recording.view import View
from .follower import Follower
from .money import EFFECTS, Money


def amount_of(value: object) -> Decimal | None:
    return exact(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def team_of(survey: Survey, view: View) -> str:
    """Return the name of the team that sent a request; a signed URL is sent without a key."""
    return survey.teams.get(view.key or next(iter(survey.teams), ""), "")


PLENTY: Final = 10**9
"""Credits of a team whose balance was not seen yet."""
_UNKNOWN_KEY: Final = "al_live_unknown"
_NO_KEY: Final = "missing_api_key"
_NO_SCOPE: Final = "missing_scope"


class ReplayTeams:
    """The teams of a recording, by its keys, and what is known of the *money* of each team of the fake."""

    def __init__(self, follower: Follower, survey: Survey) -> None:
        self._follower = follower
        self._survey = survey
        self._teams: dict[str, str] = {}
        self._keys: dict[str, str] = {}
        self._readers: set[str] = {*survey.scopes, _NO_SCOPE}
        self.money: dict[str, Money] = {}
        # Where a request without a key succeeds, keys were taken out of the recording, such as `Authorization`.
        bare = any(not (view.key or view.row.signed) and view.succeeded and view.operation for view in survey.views)
        self._has_keys: bool = any(view.key for view in survey.views) and not bare

    def of(self, view: View) -> str:
        name = team_of(self._survey, view)
        if name not in self._teams:
            self._teams[name] = self._follower.add_team(PLENTY) if self._teams else self._follower.first_team
            self.money[self._teams[name]] = Money(EFFECTS[self._follower.reading("cred-2")])
        return self._teams[name]

    def money_of(self, view: View) -> Money:
        return self.money[self.of(view)]

    def end(self, record: str, ends: set[str]) -> None:
        for money in self.money.values():
            money.end(record, ends)

    def key_of(self, view: View) -> str:
        """Map the recorded API key to a key of the fake; empty if the request had no key."""
        signed = {"token", "signature"} & view.query.keys() or (view.row.signed and self._has_keys)
        if not view.key and (signed or view.code == _NO_KEY or self._has_keys):
            return ""
        dead = view.code in {"invalid_api_key", "revoked_api_key"}
        if view.exchange.status == HTTPStatus.UNAUTHORIZED and not (dead or view.code in {_NO_KEY, _NO_SCOPE}):
            return _UNKNOWN_KEY if view.key else ""  # its body is missing, or it has another code
        if dead and self._survey.accepted.get(view.key, -1) > view.index:
            return _UNKNOWN_KEY  # all keys of the recording were replaced by one word
        refused = dead or view.code == _NO_SCOPE
        key = view.code if refused and not view.key else view.key  # a recording without keys may be of several
        if view.code == "invalid_api_key" and key not in self._keys:
            return _UNKNOWN_KEY
        if key not in self._keys:
            self._keys[key] = self._follower.add_key(self.of(view), "read" if key in self._readers else "write")
        if dead:
            self._follower.end_key(self._keys[key], self._follower.now)
        return self._keys[key]
