"""Idempotency keys: a retry gets the stored response, and nothing happens twice (idem-1 to idem-8)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final, NamedTuple

from ..time.clock import SAME_INSTANT
from ..wire import messages as say
from ..wire.call import Call
from ..wire.refusal import ApiProblem
from .state import Section, State

LONGEST_KEY: Final = 256
"""Characters of a key (idem-1)."""
KEY_LIFE: Final = 24 * 3600.0
"""Seconds for which a response is kept (idem-8)."""


class Claim(NamedTuple):
    """What a key stands for: one request of one team, its body in canonical form."""

    team: str
    key: str
    route: str
    body: str


class Stored(NamedTuple):
    """The response to the first attempt, at an instant, and until when that attempt is in flight."""

    claim: Claim
    status: int
    content: bytes
    at: float
    busy_until: float


class IdempotencyKeys:
    """The keys of all teams. Its callers hold the fake's lock."""

    def __init__(self, state: State) -> None:
        self._stored: Section[tuple[str, str], Stored] = state.section("idempotency")

    def find(self, claim: Claim, now: float, works: Callable[[Stored], bool]) -> Stored | None:
        """Return the stored response to the first attempt, or None if this is the first (idem-3, idem-4, idem-8).

        Refuse a key in use (idem-5, idem-6); *works* returns whether what a first attempt began still keeps it so.
        """
        stored = self._stored.get((claim.team, claim.key))
        if stored is None or now >= stored.at + KEY_LIFE:
            return None
        # Another request first: for that one the key is lost, so it must not be told to come again.
        if stored.claim != claim:
            raise ApiProblem(409, "idempotency_key_in_use", say.KEY_IN_USE.format(why="another request"))
        if now < stored.busy_until - SAME_INSTANT:
            raise ApiProblem(409, "idempotency_key_in_use", say.KEY_IN_USE.format(why="a request still in flight"))
        if works(stored):
            raise ApiProblem(409, "idempotency_key_in_use", say.KEY_IN_USE.format(why="work still under way"))
        return stored

    def store(self, stored: Stored) -> None:
        self._stored[stored.claim.team, stored.claim.key] = stored


def claim_of(call: Call, key: str, team: str, longest: int, fingerprint: Callable[[], str] | None = None) -> Claim:
    """Return what *key* stands for in this request; a *fingerprint* is compared instead of its body (idem-7)."""
    if not 1 <= len(key) <= longest:
        message = f"Idempotency-Key must be 1 to {longest} characters long, not {len(key)}."
        raise ApiProblem(400, "invalid_format", message, "Idempotency-Key")
    body = _canonical(call.content) if fingerprint is None else fingerprint()
    return Claim(team, key, f"{call.method} {call.path}", body)


def _canonical(content: bytes) -> str:
    """Write a JSON body so that the order of its keys makes no difference; anything else as it is."""
    try:
        return json.dumps(json.loads(content), sort_keys=True)
    except (ValueError, RecursionError):
        return content.decode("latin-1")
