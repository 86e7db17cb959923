"""``pytest-aurous check --live``: probes of the real API, as a recording like any other."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Final

from ..._base.errors import AurousError, see, shown
from ..._base.redaction import protecting, redacted
from ..._report.bodies import LimitError
from ..._wire.data import as_object, parsed
from ..._wire.exchange import Exchange
from ..._world.settings import BASE_URL
from ..recording.limits import Intake
from ..recording.read import Recording
from ..recording.view import foreign_response
from .pace import Pace, Stopped
from .probes import PICKS, PROBES, Probe, Shown, fill
from .sender import OWN_KEY, Sender

_VARIABLE: Final = "AUROUS_CHECK_KEY"
_MORE: Final = see("reference/check.html#probes-of-the-real-api")
_KEY: Final = re.compile(r"[!-~]{16,}")
_DEAD: Final = 3
"""Stop after this many requests in a row without a response."""


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
        live = Live(base_url, key, file, probes, most)
        try:
            live.show_team()
            if not yes and sys.stdin.isatty():
                _ask()
            live.send_rest()
        except KeyboardInterrupt:
            raise AurousError("check --live: interrupted before any response could be judged.") from None
        finally:
            live.sender.close()
    return live


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


class Live:
    """The probes on their way, and what they have shown.

    Attributes:
        recording: The exchanges.
        doubts: Rules that cannot be judged, each with the reason.
    """

    def __init__(self, base_url: str, key: str, file: Path, probes: Sequence[Probe], most: int) -> None:
        self.recording: Recording = Recording(file, [])
        self.doubts: list[tuple[str, str]] = []
        self.sender: Sender = Sender(base_url, key)
        self._base_url = base_url
        self._probes = probes
        self._most = most
        self._pace = Pace(lambda seconds: _say(f"The API limits this team: waiting {seconds:.0f} s."))
        self._shown = Shown()
        self._silent = 0
        self._intake = Intake(self.recording.notes)

    def show_team(self) -> None:
        """Send the first probe, and show whose key it is.

        Raises:
            AurousError: If that cannot be read.
        """
        sent = self._send(self._probes[0], {})
        team = parsed(sent.body)
        code = as_object(as_object(team).get("error")).get("code") or ""
        problem = _foreign(sent) or (sent.why and f"its body was left out: {sent.why}")
        if not problem and sent.status == HTTPStatus.UNAUTHORIZED:
            problem = f"it does not accept the key in {_VARIABLE} (401 {code})"
        elif not problem and sent.status != HTTPStatus.OK:
            problem = f"GET /v1/team gets {sent.status} {code}".rstrip()
        elif not problem and not isinstance(team, dict):
            problem = "the response to GET /v1/team is not a JSON object"
        if problem:
            raise AurousError(f"check --live: {self._base_url} cannot be read: {problem}.\n{_MORE}")
        name, record = (shown(as_object(team).get(part)) for part in ("name", "id"))
        requests = min(len(self._probes), self._most)
        _say(f"Team {name}, {record}, at {self._base_url}")
        _say(f"{requests} requests: GET, and estimates. They create nothing and cost nothing.")

    def send_rest(self) -> None:
        """Send the other probes, as far as that goes."""
        left, why = list(self._probes[1:]), ""
        try:
            while left and not self._is_full():
                self._probe(left.pop(0))
            why = f"--max {self._most}" if left else ""
        except (Stopped, KeyboardInterrupt) as reason:
            why = str(reason) or "interrupted"
        if why:
            note = f"stopped after {len(self.recording.exchanges)} of {len(self._probes)} requests: {why}"
            self.recording.notes.append(note)
            _say(f"check --live: {note}.")
            for probe in left:
                self._doubt(probe, "the probes were stopped before")

    def _probe(self, probe: Probe) -> None:
        """Send one probe.

        Raises:
            Stopped: If no other one should follow.
        """
        values = self._shown.picked(probe.needs, self._pace.now())
        missing = next((PICKS[name].what for name in probe.needs if name not in values), None)
        if missing is not None:
            self._doubt(probe, f"nothing to probe: no list shows {missing}")
            return
        sent = self._send(probe, values)
        if sent.status == HTTPStatus.TOO_MANY_REQUESTS and not self._is_full():
            sent = self._send(probe, values)
            if sent.status == HTTPStatus.TOO_MANY_REQUESTS:
                raise Stopped("the API limits this team")
        self._silent = 0 if sent.status is not None else self._silent + 1
        if self._silent == _DEAD:
            raise Stopped(sent.why)
        if sent.status == HTTPStatus.OK:
            self._shown.learn(probe.path, sent.body)
        if sent.status == HTTPStatus.FORBIDDEN and probe.key:
            self._doubt(probe, "the key has no permission for it")
        if sent.status == HTTPStatus.UNAUTHORIZED and probe.key == OWN_KEY:
            raise Stopped("the key is no longer accepted")

    def _is_full(self) -> bool:
        return len(self.recording.exchanges) >= self._most

    def _doubt(self, probe: Probe, reason: str) -> None:
        self.doubts += [(rule, reason) for rule in probe.rules]

    def _send(self, probe: Probe, values: Mapping[str, str]) -> Exchange:
        """Send a probe at the pace of the API, and record the exchange.

        Raises:
            Stopped: If the next token comes too late.
        """
        self._pace.wait(probe.bucket)
        at = self._pace.now()
        sent = self.sender.send(probe.method, fill(probe.target, values), probe.sent, fill(probe.body, values).encode())
        self._pace.learn(probe.bucket, sent)
        self._record(probe, replace(sent, at=at, number=len(self.recording.exchanges) + 1))
        return sent

    def _record(self, probe: Probe, sent: Exchange) -> None:
        """Record an exchange as if with the vendor's own host; a response that is not the API's does not count."""
        exchange = sent.at_host(BASE_URL, self._base_url)
        foreign = _foreign(sent, legacy="legacy-1" in probe.rules)
        if foreign:
            note = f"exchange {sent.number} ({probe.method} {probe.path}) does not count: {foreign}"
            self.recording.notes.append(note)
            exchange = replace(exchange, status=None, response_headers=(), body=b"")
        else:
            exchange.body = self._intake.take(exchange, "response", lambda: _body(exchange))
        self.recording.left_out = self._intake.left_out
        self.recording.exchanges.append(exchange)


def _foreign(sent: Exchange, *, legacy: bool = False) -> str:
    """Return why there is no response, or why it may not be the API's own; empty if it is."""
    return sent.why if sent.status is None else foreign_response(sent, legacy=legacy)


def _body(sent: Exchange) -> bytes | None:
    """Return the body of a response.

    Raises:
        LimitError: If it was too large.
    """
    if sent.why:
        raise LimitError(sent.why)
    return sent.body
