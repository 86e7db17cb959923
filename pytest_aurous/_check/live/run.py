"""``pytest-aurous check --live``: probes of the real API, as a recording like any other."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Final

from ..._core.base.data import as_list, as_object, parsed
from ..._core.base.errors import AurousError, see, shown
from ..._core.base.instants import iso
from ..._core.base.redaction import protecting, redacted
from ..._core.wire.exchange import Exchange
from ..._core.wire.hosts import BASE_URL
from ..._facade import CATALOG
from ..recording.read import Recording
from ..recording.view import foreign_response
from .probes import PROBES, Probe, fill, shown_by
from .sender import Pace, Sender, Stopped

_VARIABLE: Final = "AUROUS_CHECK_KEY"
_MORE: Final = see("reference/check.html#probes-of-the-real-api")
_KEY: Final = re.compile(r"[!-~]{16,}")
_DEAD: Final = 3
"""Stop after this many requests in a row without a response."""


def run_probes(base_url: str, file: Path, probes: Sequence[Probe] = PROBES, *, most: int = 10**6, yes: bool) -> Probing:
    """Send at most *most* requests, and return the exchanges as a recording with the name *file*.

    Only with *yes* it goes on without asking, and where the variable CI is set. Ctrl-C ends the probes early.

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
        live = Probing(base_url, key, file, probes, most)
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
    if not _KEY.fullmatch(key):
        found = "has characters that a header cannot carry, or is too short" if key else "is not set"
        raise AurousError(
            f"check --live needs a key of the real API, and {_VARIABLE} {found}. Expected al_live_ and 64 digits; one "
            f"that can only read is enough. AUROUS_API_KEY is not used, so that no key is sent by accident. --dry-run "
            f"shows what would be sent, and needs no key.\n{_MORE}"
        )
    return key


def _ask() -> None:
    _say("Go on? [y/N] ", end="")
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise AurousError("check --live: stopped. Nothing but GET /v1/team was sent.")


def _say(text: str, end: str = "\n") -> None:
    print(redacted(text), end=end, file=sys.stderr, flush=True)  # noqa: T201 - a command prints


class Probing:
    """The probes on their way, and what they have shown.

    Attributes:
        recording: The exchanges.
        doubts: Rules that cannot be judged, each with the reason.
    """

    def __init__(self, base_url: str, key: str, file: Path, probes: Sequence[Probe], most: int) -> None:
        self.recording: Recording = Recording(file)
        self.doubts: list[tuple[str, str]] = []
        self.sender: Sender = Sender(base_url, key)
        self._base_url = base_url
        self._probes = probes
        self._most = most
        self._pace = Pace(lambda seconds: _say(f"The API limits this team: waiting {seconds:.0f} s."))
        self._shown: dict[str, str] = {}
        self._silent = 0

    def show_team(self) -> None:
        """Send the first probe, and show whose key it is.

        Raises:
            AurousError: If that cannot be read.
        """
        sent = self._send(self._probes[0])
        team = parsed(sent.body)
        code = as_object(as_object(team).get("error")).get("code") or ""
        problem = _foreign(sent) or (sent.why and f"its body was left out: {sent.why}")
        if not problem and sent.status != HTTPStatus.OK:
            problem = f"GET /v1/team with the key in {_VARIABLE} gets {sent.status} {code}".rstrip()
        elif not problem and not isinstance(team, dict):
            problem = "the response to GET /v1/team is not a JSON object"
        if problem:
            raise AurousError(f"check --live: {self._base_url} cannot be read: {problem}.\n{_MORE}")
        name, record = (shown(as_object(team).get(part)) for part in ("name", "id"))
        _say(f"Team {name}, {record}, at {self._base_url}")
        _say(f"{min(len(self._probes), self._most)} requests: GET, and estimates. They create and cost nothing.")
        self._shown["yesterday"] = iso((sent.at or 0.0) - 24 * 3600)

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
        missing = [name for name in probe.needs if name not in self._shown]
        if missing:
            self._doubt(probe, f"nothing to probe: no list shows {missing[0].replace('_', ' ')}")
            return
        sent = self._send(probe)
        if sent.status == HTTPStatus.TOO_MANY_REQUESTS and not self._is_full():
            sent = self._send(probe)
            if sent.status == HTTPStatus.TOO_MANY_REQUESTS:
                raise Stopped("the API limits this team")
        self._silent = 0 if sent.status is not None else self._silent + 1
        if self.sender.late or self._silent == _DEAD:
            raise Stopped(sent.why)
        content = parsed(sent.body) if sent.status == HTTPStatus.OK else None
        for row in as_list(as_object(content).get("data")) or as_list(content):
            for name, value in shown_by(probe.path, as_object(row), sent.at or 0.0):
                self._shown.setdefault(name, value)
        own_key = "X-Api-Key" not in probe.headers
        if sent.status == HTTPStatus.FORBIDDEN and own_key:
            self._doubt(probe, "the key has no permission for it")
        if sent.status == HTTPStatus.UNAUTHORIZED and own_key:
            raise Stopped("the key is no longer accepted")

    def _is_full(self) -> bool:
        return len(self.recording.exchanges) >= self._most

    def _doubt(self, probe: Probe, reason: str) -> None:
        self.doubts += [(rule, reason) for rule in probe.rules.split()]

    def _send(self, probe: Probe) -> Exchange:
        """Send a probe at the pace of the API, and record the exchange as if with the vendor's own host.

        A response that is not the API's own does not count.

        Raises:
            Stopped: If the next token comes too late.
        """
        found = CATALOG.at("", probe.path).get(probe.method)
        bucket = "" if found is None else str(found[0].bucket)
        at, values = self._pace.wait(bucket), self._shown
        sent = self.sender.send(probe.method, fill(probe.target, values), probe.headers, fill(probe.body, values))
        sent = replace(sent, at=at, number=len(self.recording.exchanges) + 1)
        self._pace.learn(bucket, sent)
        exchange = sent.at_host(BASE_URL, self._base_url)
        foreign = _foreign(sent, legacy="legacy-1" in probe.rules)
        if foreign:
            note = f"exchange {sent.number} ({probe.method} {probe.path}) does not count: {foreign}"
            self.recording.notes.append(note)
            exchange = replace(exchange, status=None, response_headers=(), body=b"")
        elif sent.why:
            self.recording.leave_out(exchange, "response", sent.why)
        else:
            exchange.body = self.recording.take(exchange, "response", lambda: exchange.body)
        self.recording.exchanges.append(exchange)
        return sent


def _foreign(sent: Exchange, *, legacy: bool = False) -> str:
    """Return why there is no response, or why it may not be the API's own; empty if it is."""
    return sent.why if sent.status is None else foreign_response(sent, legacy=legacy)
