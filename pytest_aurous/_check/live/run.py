"""``pytest-aurous check --live``: probes of the real API, as a recording like any other."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from ..._base.errors import AurousError, see, shown
from ..._base.redaction import protecting, redacted
from ..._report.bodies import LimitError
from ..._wire.data import as_object
from ..._wire.exchange import Exchange
from ..recording.limits import Intake
from ..recording.read import Recording
from ..recording.view import foreign_response
from .pace import Limited, Pace
from .probes import PICKS, PROBES, Probe, Shown, fill
from .sender import OWN_KEY, Sender

VENDOR: Final = "https://api.aurous-labs.com"
_VARIABLE: Final = "AUROUS_CHECK_KEY"
_MORE: Final = see("reference/check.html#probes-of-the-real-api")
_KEY: Final = re.compile(r"[!-~]{16,}")
_DEAD: Final = 3
"""Stop after this many requests in a row without a response."""


@dataclass
class Live:
    """What the probes have shown.

    Attributes:
        recording: The exchanges.
        doubts: Rules that cannot be judged, each with the reason.
    """

    recording: Recording
    doubts: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


def run_probes(base_url: str, file: Path, probes: Sequence[Probe] = PROBES, *, most: int = 10**6, yes: bool) -> Live:
    """Send the probes to the API at *base_url*, and return what they show; Ctrl-C ends them early.

    Args:
        base_url: Where the API is.
        file: The name of the recording.
        probes: The probes.
        most: The most requests to send.
        yes: Whether to go on without asking, and where the variable CI is set.

    Raises:
        AurousError: If nothing could be read, or must be sent.
    """
    if os.environ.get("CI") and not yes:
        raise AurousError(
            f"check --live sends nothing where the variable CI is set, unless you pass --yes: "
            f"keep the key of the real API out of runs that nobody watches.\n{_MORE}"
        )
    key = _key()
    with protecting(key):
        run = _Run(base_url, key, file, probes, most)
        try:
            run.show_team()
            if not yes and sys.stdin.isatty():
                _ask()
            run.rest()
        except KeyboardInterrupt:
            raise AurousError("check --live: interrupted before any response could be judged.") from None
        finally:
            run.sender.close()
    return run.live


def _key() -> str:
    key = os.environ.get(_VARIABLE, "").strip()
    if not key:
        raise AurousError(
            f"check --live needs a key of the real API in {_VARIABLE}; one that can only read is enough. "
            f"AUROUS_API_KEY is not used, so that no key is sent by accident. --dry-run shows what would be sent, and "
            f"needs no key.\n{_MORE}"
        )
    if not _KEY.fullmatch(key):
        raise AurousError(
            f"{_VARIABLE} has characters that a header cannot carry: expected al_live_ and 64 digits.\n{_MORE}"
        )
    return key


def _ask() -> None:
    _say("Go on? [y/N] ", end="")
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise AurousError("check --live: stopped. Nothing but GET /v1/team was sent.")


def _say(text: str, end: str = "\n") -> None:
    print(redacted(text), end=end, file=sys.stderr, flush=True)  # noqa: T201 - a command prints


class _Run:
    """The probes on their way."""

    def __init__(self, base_url: str, key: str, file: Path, probes: Sequence[Probe], most: int) -> None:
        self._probes = probes
        self._most = most
        self.sender: Sender = Sender(base_url, key)
        self.live: Live = Live(Recording(file, []))
        self._base_url = base_url
        self._pace = Pace(lambda seconds: _say(f"The API limits this team: waiting {seconds:.0f} s."))
        self._shown = Shown()
        self._silent = 0
        self._intake = Intake(self.live.recording.notes)

    def show_team(self) -> None:
        """Send the first probe, and show whose key it is.

        Raises:
            AurousError: If that cannot be read.
        """
        sent = self._send(self._probes[0], {})
        problem = _problem(sent)
        if problem:
            raise AurousError(f"check --live: {self._base_url} cannot be read: {problem}.\n{_MORE}")
        team = as_object(json.loads(sent.body or b""))
        name, record = (shown(team.get(part)) for part in ("name", "id"))
        _say(f"Team {name}, {record}, at {self._base_url}")
        _say(
            f"{min(len(self._probes), self._most)} requests: GET, and estimates. They create nothing and cost nothing."
        )

    def rest(self) -> None:
        """Send the other probes, as far as that goes."""
        left = list(self._probes[1:])
        why = ""
        try:
            while left and not why:
                why = self._limit()
                if not why:
                    why = self._probe(left.pop(0))
        except KeyboardInterrupt:
            why = "interrupted"
        except Limited as limited:
            why = f"the API limits this team for another {limited.seconds:.0f} s"
        if why:
            note = f"stopped after {len(self.live.recording.exchanges)} of {len(self._probes)} requests: {why}"
            self.live.recording.notes.append(note)
            _say(f"check --live: {note}.")
            for probe in left:
                self._doubt(probe, "the probes were stopped before")

    def _probe(self, probe: Probe) -> str:
        """Send one probe, and return why no other should follow; empty if one should."""
        values = self._shown.values(probe.needs, self._pace.now())
        missing = next((PICKS[name].what for name in probe.needs if name not in values), None)
        if missing is not None:
            self._doubt(probe, f"nothing to probe: no list shows {missing}")
            return ""
        sent = self._send(probe, values)
        if sent.status == HTTPStatus.TOO_MANY_REQUESTS and not self._limit():
            sent = self._send(probe, values)
            if sent.status == HTTPStatus.TOO_MANY_REQUESTS:
                return "the API limits this team"
        self._silent = 0 if sent.status is not None else self._silent + 1
        if sent.status == HTTPStatus.OK:
            self._shown.learn(probe.path, sent.body)
        if sent.status == HTTPStatus.FORBIDDEN and probe.key:
            self._doubt(probe, "the key has no permission for it")
        if sent.status == HTTPStatus.UNAUTHORIZED and probe.key == OWN_KEY:
            return "the key is no longer accepted"
        return sent.why if self._silent == _DEAD else ""

    def _limit(self) -> str:
        """Return why no other request follows, if that is the limit; else nothing."""
        return f"--max {self._most}" if len(self.live.recording.exchanges) >= self._most else ""

    def _doubt(self, probe: Probe, reason: str) -> None:
        self.live.doubts += [(rule, reason) for rule in probe.rules]

    def _send(self, probe: Probe, values: Mapping[str, str]) -> Exchange:
        """Send a probe at the pace of the API, and record the exchange.

        Raises:
            Limited: If the next token comes too late.
        """
        self._pace.wait(probe.bucket)
        at = self._pace.now()
        sent = self.sender.send(probe.method, fill(probe.target, values), probe.sent, fill(probe.body, values).encode())
        if not self.live.recording.exchanges and sent.status is not None:
            self._pace.set_clock(at, sent.received)
            at += self._pace.skew
        self._pace.learn(probe.bucket, sent.status, sent.received)
        self._record(probe, replace(sent, at=at))
        return sent

    def _record(self, probe: Probe, sent: Exchange) -> None:
        """Record an exchange as if with the vendor's own host; a response that is not the API's does not count."""
        recording, here = self.live.recording, self._base_url
        number = len(recording.exchanges) + 1
        exchange = replace(sent, number=number, url=sent.url.replace(here, VENDOR, 1))
        foreign = _foreign(sent, legacy="legacy-1" in probe.rules)
        if foreign:
            recording.notes.append(f"exchange {number} ({probe.method} {probe.path}) does not count: {foreign}")
            exchange = replace(exchange, status=None, response_headers=(), body=b"")
        else:
            exchange.response_headers = tuple(
                (name, value.replace(here, VENDOR)) for name, value in sent.response_headers
            )
            exchange.body = self._intake.take(exchange, "response", lambda: _body(sent, here))
        recording.left_out = self._intake.left_out
        recording.exchanges.append(exchange)


def _foreign(sent: Exchange, *, legacy: bool = False) -> str:
    """Return why there is no response, or why it may not be the API's own; empty if it is."""
    return sent.why if sent.status is None else foreign_response(sent.status, sent.received, legacy=legacy)


def _body(sent: Exchange, base_url: str) -> bytes | None:
    """Return the body of a response as if from the vendor's own host.

    Raises:
        LimitError: If it was too large.
    """
    if sent.why:
        raise LimitError(sent.why)
    return None if sent.body is None else sent.body.replace(base_url.encode(), VENDOR.encode())


def _problem(sent: Exchange) -> str:
    """Return why the first response shows no team; empty if it does."""
    foreign = _foreign(sent)
    if foreign:
        return foreign
    if sent.why:
        return f"its body was left out: {sent.why}"
    try:
        body: Any = json.loads(sent.body or b"")
    except (ValueError, RecursionError):
        body = None
    code = as_object(as_object(body).get("error")).get("code")
    if sent.status == HTTPStatus.UNAUTHORIZED:
        return f"it does not accept the key in {_VARIABLE} (401 {code})"
    if sent.status != HTTPStatus.OK:
        return f"GET /v1/team gets {sent.status} {code or ''}".rstrip()
    return "" if isinstance(body, dict) else "the response to GET /v1/team is not a JSON object"
