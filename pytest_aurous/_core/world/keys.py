"""API keys: the team and the scope of a request (auth-1 to auth-8)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from random import Random
from typing import Final, Literal, NamedTuple

from ..base.arguments import Check
from ..base.errors import AurousError, hide_mistakes, see, vanished
from ..wire import messages as say
from ..wire.headers import sent_key
from ..wire.refusal import ApiProblem
from .state import Section, State

__tracebackhide__ = hide_mistakes

Scope = Literal["read", "write", "full"]
SCOPES: Final = ("read", "write", "full")
_KEY: Final = re.compile(r"[!-~]+")
_ROTATION_GRACE: Final = 24 * 3600.0
"""Seconds for which a key lives on beside its successor (auth-8)."""


class Grant(NamedTuple):
    """What a key stands for: a team, a scope, and until when."""

    team: str
    scope: Scope
    dies_at: float | None = None


def fake_key(random: int) -> str:
    """Return a key of the documented form (auth-2) that nobody can take for a real one; *random* has 64 bits."""
    return f"al_live_{'fa4e' * 12}{random:016x}"


def check_key(check: Check, key: object) -> None:
    """Refuse an API key that no header can carry. The message does not show it: it may be a real one."""
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        what = f"text of {len(key)} characters" if isinstance(key, str) else type(key).__name__
        raise AurousError(
            f"{check.who}(api_key=<{what}>): expected a key that a header can carry: visible ASCII characters, "
            f"without blanks or line breaks, such as 'al_live_test'.\n{see(check.page)}"
        )


class Keyring:
    """The keys that this fake issued; it accepts no others. A key that has ended is refused with the code *dead*."""

    def __init__(self, state: State, dead: str) -> None:
        self._state = state
        self._dead = dead
        self._grants: Section[str, Grant] = state.section("keys")
        self._first: Section[str, str] = state.section("first keys")

    def issue(self, team: str, scope: Scope, key: str | None = None) -> str:
        """Register *key*, or a new one, and return it."""
        if key is None:
            random = Random(f"{self._state.seed}/keys")
            random.getrandbits(64 * len(self._grants))  # of the keys before, also of those that were given
            key = fake_key(random.getrandbits(64))
        self._grants[key] = Grant(team, scope)
        if team not in self._first:
            self._first[team] = key
        return key

    def first(self, team: str) -> str:
        return self._first[team]

    def of(self, team: str) -> list[str]:
        """Return the keys of a team in order of issue, also those that have ended."""
        return [key for key, grant in self._grants.items() if grant.team == team]

    def all(self) -> list[str]:
        """Return the keys of all teams, also those that have ended."""
        return list(self._grants)

    def grant(self, key: str) -> Grant:
        """Return the grant of *key*, which may have ended, or raise an error if a restore has taken the key away."""
        if key not in self._grants:
            raise vanished(f"the key {key}")
        return self._grants[key]

    def end(self, key: str, at: float) -> None:
        """Let *key* end at the instant *at*, unless it ends before."""
        grant = self.grant(key)
        self._grants[key] = grant._replace(dies_at=at if grant.dies_at is None else min(at, grant.dies_at))

    def rotate(self, key: str, now: float) -> str:
        """Issue a successor; *key* lives on for 24 h beside it (auth-8)."""
        grant = self.grant(key)
        self.end(key, now + _ROTATION_GRACE)
        return self.issue(grant.team, grant.scope)

    def authenticate(self, headers: Mapping[str, str], now: float) -> Grant:
        """Return the grant of the key that was sent, or refuse the request (auth-3, auth-4)."""
        key = sent_key(headers)
        if not key:
            raise ApiProblem(401, "missing_api_key", "No API key provided. Send it in the X-Api-Key header.")
        grant = self._grants.get(key)
        if grant is None:
            raise ApiProblem(401, "invalid_api_key", say.INVALID_KEY)
        if grant.dies_at is not None and grant.dies_at <= now:
            revoked = "The API key provided has been revoked."
            raise ApiProblem(401, self._dead, revoked if self._dead == "revoked_api_key" else say.INVALID_KEY)
        return grant


def permits(grant: Grant, method: str) -> bool:
    return method == "GET" or grant.scope != "read"


def require_scope(grant: Grant, method: str) -> None:
    """Refuse a key with an insufficient scope (auth-5): every GET needs ``read``, everything else ``write``."""
    if not permits(grant, method):
        raise ApiProblem(
            403, "missing_scope", f"This API key has scope {grant.scope}; {method} requests need write or full."
        )
