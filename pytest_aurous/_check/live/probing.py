"""``pytest-aurous check --live``: probes of the real API, as a recording like any other.

The only module that sends anything, and nothing that it sends can create, change or cost anything.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Final

import httpx

from ..._core.base.data import as_list, as_object, parsed
from ..._core.base.errors import AurousError, see, shown
from ..._core.base.instants import iso
from ..._core.base.redaction import protecting, redacted
from ..._core.wire.exchange import Exchange
from ..._core.wire.hosts import BASE_URL
from ..._core.wire.reply import Pairs
from ..recording.read import PICTURES, Recording
from ..recording.view import foreign_response
from .probes import PLACE, PROBES, Probe, shown_by

_VARIABLE: Final = "AUROUS_CHECK_KEY"
_MORE: Final = see("reference/check.html#probes-of-the-real-api")
_OWN_KEY: Final = "key-1"
"""The name of the key of the check, wherever it would be seen."""
_READS: Final = re.compile(r"GET /v1(?:/[A-Za-z0-9_-]+)+|POST /v1/(?:images|videos)/estimate")
"""Method and path of what cannot create, change or cost anything."""
_PATIENCE: Final = 30.0
_MOST_BYTES: Final = 8 * 1024 * 1024
"""A larger response is left out: a server must not fill the memory."""
_LONGEST_WAIT: Final = 60.0
"""Nobody waits longer than this for a token."""
_RESERVE: Final = 10
"""A tenth of each bucket is left to the other clients of the team."""


class Stopped(Exception):  # noqa: N818 - it names what happened
    """Why no other request follows."""


def run_probes(
    base_url: str, file: Path, probes: Sequence[Probe] = PROBES, *, most: int = 10**6, yes: bool
) -> Recording:
    """Send at most *most* requests, and return the exchanges as a recording with the name *file*.

    Only with *yes* it goes on without asking, and where CI is set. Ctrl-C ends it early. AurousError: nothing was read.
    """
    if os.environ.get("CI") and not yes:
        raise AurousError(
            f"check --live sends nothing where the variable CI is set, unless you pass --yes: "
            f"keep the key of the real API out of runs that nobody watches.\n{_MORE}"
        )
    key = os.environ.get(_VARIABLE, "").strip()
    if not re.fullmatch("[!-~]{16,}", key):
        found = "has characters that a header cannot carry, or is too short" if key else "is not set"
        raise AurousError(
            f"check --live needs a key of the real API, and {_VARIABLE} {found}. Expected al_live_ and 64 digits; one "
            f"that can only read is enough. AUROUS_API_KEY is not used, so that no key is sent by accident. --dry-run "
            f"shows what would be sent, and needs no key.\n{_MORE}"
        )
    with protecting(key):
        live = Probing(base_url, key, file, probes, most)
        live.show_team()
        if not yes and sys.stdin.isatty():
            _say("Go on? [y/N] ", end="")
            if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
                raise AurousError("check --live: stopped. Nothing but GET /v1/team was sent.")
        live.send_rest()
    return live.recording


def _say(text: str, end: str = "\n") -> None:
    print(redacted(text), end=end, file=sys.stderr, flush=True)  # noqa: T201 - a command prints


class Probing:
    def __init__(self, base_url: str, key: str, file: Path, probes: Sequence[Probe], most: int) -> None:
        self.recording: Recording = Recording(file)
        self._base_url = base_url
        self._key = key
        self._probes = probes
        self._most = most
        self._sent: Counter[str] = Counter()
        self._pause = 0.0
        self._shown: dict[str, str] = {}
        self._missing: dict[str, None] = {}

    def show_team(self) -> None:
        """Send the first probe, and show whose key it is. AurousError: that cannot be read."""
        sent = self._send(self._probes[0])
        team = as_object(parsed(sent.body))
        code = as_object(team.get("error")).get("code") or ""
        if sent.why or sent.status != HTTPStatus.OK or not team:
            got = f"GET /v1/team with the key in {_VARIABLE} gets {sent.status} {code or 'without a team'}"
            raise AurousError(
                f"check --live: {self._base_url} cannot be read: {sent.why or got}. Nothing but GET /v1/team was sent, "
                f"which costs nothing. See whether the address and the key are right, and try again.\n{_MORE}"
            )
        _say(f"Team {shown(team.get('name'))}, {shown(team.get('id'))}, at {self._base_url}")
        _say(f"{min(len(self._probes), self._most)} requests: GET, and estimates. They create and cost nothing.")
        self._shown["yesterday"] = iso((sent.at or 0.0) - 24 * 3600)

    def send_rest(self) -> None:
        try:
            for probe in self._probes[1:]:
                self._probe(probe)
        except (Stopped, KeyboardInterrupt) as reason:
            number, why = self._sent.total(), str(reason) or "interrupted"
            note = f"stopped after {number} of {len(self._probes)} requests: {why}"
            self.recording.notes.append(note)
            _say(
                f"check --live: {note}.\nSent so far: {self._sent['GET']} GET requests and {self._sent['POST']} "
                f"estimates. They create and cost nothing.\nWhat has arrived is judged. To ask for the rest, try again "
                f"later, or with --only."
            )
        if self._missing:
            names = ", ".join(name.replace("_", " ") for name in self._missing)
            self.recording.notes.append(f"not asked for, as no list shows one: {names}")

    def _probe(self, probe: Probe) -> None:
        """Send a probe, if the lists have shown what it needs. Stopped: the next one would get no response, either."""
        missing = [name for name in probe.needs if name not in self._shown]
        self._missing |= dict.fromkeys(missing[:1])
        if missing:
            return
        sent = self._send(probe)
        if sent.status is None:
            raise Stopped(f"{sent.method} {probe.path}: {sent.why}")
        if sent.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise Stopped("the API limits this team")
        if sent.status == HTTPStatus.UNAUTHORIZED and "X-Api-Key" not in probe.headers:
            raise Stopped("the key is no longer accepted")
        content = parsed(sent.body) if sent.status == HTTPStatus.OK else None
        for row in as_list(as_object(content).get("data")) or as_list(content):
            for name, value in shown_by(probe.path, as_object(row), sent.at or 0.0):
                self._shown.setdefault(name, value)

    def _send(self, probe: Probe) -> Exchange:
        """Send a probe at the pace of the API, and record the exchange as if with the vendor's own host.

        Without a response, and where it is not the API's own, it does not count, and says why. Stopped: none follows.
        """
        number = len(self.recording.exchanges) + 1
        if number > self._most:
            raise Stopped(f"--max {self._most}")
        if self._pause > _LONGEST_WAIT:
            raise Stopped(f"the API limits this team for another {self._pause:.0f} s")
        if self._pause:
            _say(f"The API limits this team: waiting {self._pause:.0f} s.")
            time.sleep(self._pause)
        at = time.time()
        self._sent[probe.line.split()[0]] += 1
        line, body = (PLACE.sub(lambda place: self._shown[place[1]], text) for text in (probe.line, probe.body))
        sent = send(self._base_url, self._key, line, probe.headers, body)
        sent = replace(sent, at=at, seconds=time.time() - at, number=number)
        self._pause = pause_after(sent)
        sent.why = sent.why or foreign_response(sent, legacy="legacy-1" in probe.rules)
        exchange = sent.at_host(BASE_URL, self._base_url)
        if sent.why:
            self.recording.notes.append(f"exchange {number} ({sent.method} {probe.path}) does not count: {sent.why}")
            exchange = replace(exchange, status=None, response_headers=(), body=b"")
        exchange.body = self.recording.take(exchange, "response", lambda: exchange.body)
        self.recording.exchanges.append(exchange)
        return sent


def pause_after(sent: Exchange) -> float:
    """Return for how many seconds no request should follow a response: until its bucket has one more token."""
    numbers = {name: int(text) for name, text in sent.received.items() if text.isascii() and text.isdecimal()}
    left, limit, reset = (numbers.get(f"x-ratelimit-{name}") for name in ("remaining", "limit", "reset"))
    if left is None or limit is None or reset is None or left * _RESERVE >= limit:
        return 0.0
    now = time.time() if sent.dated is None else sent.dated  # this machine's clock may be wrong
    return max(reset - now, 0.0) / (limit - left)


def send(base_url: str, key: str, line: str, headers: Mapping[str, str], body: str = "") -> Exchange:
    """Send a request, without the headers that are empty, and return the exchange without the key; follow no redirect.

    Its status is None without a response, and its body if it is a picture, or over a limit; ``why`` says why.
    AurousError: it could do more than read; then nothing is sent.
    """
    if not _READS.fullmatch(line.partition("?")[0]):
        raise AurousError(f"check --live does not send {line}: it sends GET requests and estimates.\n{_MORE}")
    method, target = line.split(" ", 1)
    common = {"X-Api-Key": key, "Accept": "application/json", "User-Agent": "pytest-aurous check --live"}
    common["Accept-Encoding"] = "identity"  # httpx would decompress any amount at once
    common["Content-Type"] = "application/json" if body else ""
    filled = {name: value for name, value in {**common, **headers}.items() if value}
    sent = Exchange(0, method, f"{base_url}{target}", _pairs(filled.items(), key), body.encode())
    try:
        return asyncio.run(asyncio.wait_for(_received(sent, filled, key), _PATIENCE))
    except asyncio.TimeoutError:
        why = f"its response did not arrive within {_PATIENCE:.0f} s"
    except Exception as error:  # noqa: BLE001 - whatever the network, and settings for proxies, make httpx raise
        why = f"{type(error).__name__}: {error}".rstrip(".")
    return replace(sent, why=redacted(why))


_trusted: Final = cache(httpx.create_ssl_context)
"""Reads the certificates of the environment, once: that takes longer than most requests."""


async def _received(sent: Exchange, headers: Mapping[str, str], key: str) -> Exchange:
    body, why = b"", ""
    async with (
        httpx.AsyncClient(verify=_trusted(), timeout=None) as client,  # noqa: S113 - the caller has one for the whole response
        client.stream(sent.method, sent.url, headers=headers, content=sent.content or None) as response,
    ):
        coding = response.headers.get("content-encoding", "identity")
        is_picture = response.headers.get("content-type", "").startswith(PICTURES)
        why = "" if coding == "identity" else f"it is compressed ({coding}), although it must not be"
        async for part in response.aiter_raw():
            body += part
            if len(body) > _MOST_BYTES:
                why = f"it is larger than {_MOST_BYTES // 1024 // 1024} MB"
            if why or is_picture:
                break
    return replace(
        sent,
        status=response.status_code,
        response_headers=_pairs(response.headers.multi_items(), key),
        body=None if why or is_picture else body.replace(key.encode(), _OWN_KEY.encode()),
        why=why,
    )


def _pairs(headers: Iterable[tuple[str, str]], key: str) -> Pairs:
    return tuple((name, value.replace(key, _OWN_KEY)) for name, value in headers)
