"""The trace of a test as JSON, in the form that the page and other tools read (version 1)."""

from __future__ import annotations

import linecache
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from math import inf
from typing import Any, Final, cast

from .._core.base.errors import DOCS, version_of_package
from .._core.base.frames import Place, helpers_of, line_of, short_path
from .._core.base.redaction import protecting, redacted, redacted_json, shortened
from .._core.wire.call import Call, Request, Response, is_digest, secret_of
from .._core.wire.headers import Headers, shown_header
from .._facade import CATALOG, Handle, load_rules, state_machines
from .page import small_pictures, to_text
from .recorder import RecordedStep, Recorder

VERSION: Final = 1
_MOST: Final = 255_000
"""The most bytes of a trace whose texts can be cut to that: with the viewer, its page has less than 400 kB."""
_LONGEST: Final = (2048, 512, 128, 32)
"""Show this many characters of a text that is no body: as many as fit."""
_LIMITED: Final = frozenset({"text", "picture", "pictures", "rules"})
"""The fields of a trace whose texts have limits of their own."""
_MOST_HEADERS: Final = 100
_LONGEST_BODY: Final = 4096
_LONG_EVENT: Final = 240
_MOST_EVENTS: Final = 200
"""Show this many events of a stream; all of them count."""
_NEIGHBORS: Final = 3
"""Show this many lines above and below a line of source."""
_PICTURES: Final = 64 * 1024
"""The most bytes of all pictures and films in responses of a trace together."""


def trace(recorder: Recorder, test: Mapping[str, Any], exploration: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the trace of a test, without keys and secrets.

    Of the *test* it has ``id``, ``outcome``, ``message``, ``duration`` in seconds and ``again``; of its *exploration*
    what `matrix` shows.
    """
    fake = recorder.fake
    with protecting(fake.default_key):
        found = _trace(recorder, test, exploration)
        cleaned: dict[str, Any] = redacted_json(found, more=secret_of(fake.journal.entries))
    for longest in _LONGEST:
        cut: dict[str, Any] = _cut(cleaned, longest)
        if len(to_text(cut).encode(errors="replace")) <= _MOST:
            return cut
    return _cut(cleaned, _LONGEST[1])  # type: ignore[no-any-return]  # it has many calls, whose texts stay readable


def _cut(value: Any, longest: int) -> Any:
    """Return JSON data with no longer texts, but those that have limits of their own."""
    if isinstance(value, str) and len(value) > longest:
        return f"{value[:longest]}… ({len(value) - longest:,} more characters)"
    if isinstance(value, list):
        return [_cut(item, longest) for item in cast("list[Any]", value)]  # type: ignore[redundant-cast]  # pyright finds list[Unknown]
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value).items()
        return {_cut(name, longest): item if name in _LIMITED else _cut(item, longest) for name, item in fields}
    return value


def _trace(recorder: Recorder, test: Mapping[str, Any], exploration: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the trace of a test; only texts that were cut are redacted yet."""
    builder = Builder(recorder.fake, (step.call for step in recorder.steps if step.call is not None))
    steps = [builder.step(step) for step in recorder.steps]
    settings = recorder.fake.settings
    return {
        "version": VERSION,
        "generator": f"pytest-aurous {version_of_package()}",
        "docs": DOCS,
        "test": {**test, "seed": settings.seed},
        "base_url": settings.base_url,
        "settings": settings_of(recorder.fake),
        "began": recorder.began,
        "ended": recorder.fake.clock.time(),
        "credits": recorder.spent(),
        "start": recorder.start,
        "machines": state_machines(),
        "pictures": small_pictures(_records(recorder, exploration)),
        "steps": steps,
        "rules": written_rules(builder),
        **({"exploration": exploration} if exploration else {}),
    }


def _records(recorder: Recorder, exploration: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    """Yield each version of each record."""
    views: list[Mapping[str, Any]] = [recorder.start, *(step.changes for step in recorder.steps)]
    if exploration:
        days = (exploration["good_day"], *exploration["cases"].values())
        views += [exploration["start"], *(call["changes"] for day in days for call in day["calls"])]
    for view in views:
        yield from filter(None, view.get("records", {}).values())


def settings_of(fake: Handle) -> dict[str, Any]:
    """Return the settings that a test of one request needs; it sets up the state itself."""
    return fake.settings.unusual("responses", "address")


class Builder:
    """Writes steps of *fake*, among *calls*, and notes which rules they need; a body has *longest* bytes as text."""

    def __init__(self, fake: Handle, calls: Iterable[Call], longest: int = _LONGEST_BODY) -> None:
        self._longest = longest
        self.used: set[str] = set()
        self.rules = load_rules()
        self._fake = fake
        self._pictures = 0
        sent = list(calls)
        self.secret = secret_of(sent)
        self._helpers = helpers_of((call.stack, call.operation) for call in sent)

    def step(self, step: RecordedStep) -> dict[str, Any]:
        common = {
            "at": step.at,
            "events": [{"kind": how, "seconds": seconds} for how, seconds in step.events],
            "changes": step.changes,
            "notes": list(step.notes),
        }
        if step.call is None:
            return {"kind": "between", **common}
        return {"kind": "call", **self._call(step.call), **common}

    def _call(self, call: Call) -> dict[str, Any]:
        row = CATALOG.by_operation.get(call.operation or "")
        rules = list(row.rules) if row is not None else []
        code = call.error_code
        refusal = [name for name, rule in self.rules.items() if code and f"`{code}`" in rule.statement]
        self.used.update(rules, refusal)
        request, response = call.request, call.response
        line = line_of(call.stack, self._helpers)
        return {
            "number": call.number,
            "operation": call.operation,
            "method": call.method,
            "url": call.url,
            "path": call.path,
            "query": call.query,
            "arrived": call.at,
            "status": call.status,
            "error_code": code,
            "fault": call.fault,
            "replayed": call.replayed,
            "committed": call.committed,
            "delay": call.delay,
            "timeout": None if call.patience == inf else call.patience,
            "team": call.team,
            "request": self._message(request, drawn=False),
            "response": response and self._message(response, drawn="/storage/files/" not in call.path),
            "stream": _stream(call, self.secret),
            "hint": self._fake.hint(call) or None,
            "pitfalls": [
                {"id": one.id, "message": one.message, "url": f"{DOCS}reference/pitfalls.html#{one.id}"}
                for one in self._fake.pitfalls_of(call)
            ],
            "rules": rules,
            "refusal_rules": refusal,
            "place": _place(line[0], source=True) if line else None,
            "through": _place(line[1]) if line[1:] else None,
            "stack": [_place(frame) for frame in call.stack],
        }

    def _message(self, message: Request | Response, *, drawn: bool) -> dict[str, Any]:
        return {"headers": _headers(message.headers), "body": self._body(message, drawn=drawn)}

    def _body(self, message: Request | Response, *, drawn: bool) -> dict[str, Any] | None:
        """Return a body: its text, a picture or film if it is small and the fake has *drawn* it, or a digest."""
        content = message.content
        if not content:
            return None
        kind = message.headers.get("content-type", "").partition(";")[0]
        size = len(content)
        if is_digest(content):  # of a body that the journal did not keep
            length, _, digest = content.decode()[1:-1].partition(" bytes, sha256 ")
            return {"type": kind, "size": int(length), "digest": digest, "begins": ""}
        shown = kind.startswith("image/") or content[4:8] == b"ftyp"  # a later part of a film shows nothing
        if drawn and shown and self._pictures + size <= _PICTURES:
            self._pictures += size
            return {"type": kind, "size": size, "picture": f"data:{kind};base64,{b64encode(content).decode()}"}
        try:
            text = content.decode()
        except UnicodeDecodeError:
            text = ""
        if text and size <= self._longest:
            return {"type": kind, "size": size, "text": text}
        begins = redacted(text, self.secret)[: _LONGEST_BODY // 4]
        return {"type": kind, "size": size, "digest": sha256(content).hexdigest(), "begins": begins}


def _headers(headers: Headers) -> list[list[str]]:
    pairs = [[name, shown_header(name, value)] for name, value in headers.multi_items()]
    more = [["…", f"… {len(pairs) - _MOST_HEADERS} more headers"]] if len(pairs) > _MOST_HEADERS else []
    return pairs[:_MOST_HEADERS] + more


def _stream(call: Call, secret: str) -> dict[str, Any] | None:
    """Return the events of a streamed response, each with its instant and its text; None for any other response."""
    if not call.streamed or call.response is None:
        return None
    content = call.response.content
    starts = [0, *(end for _, end in call.instants)]
    events = [
        {
            "at": at,
            "text": shortened(redacted(content[start:end].decode(errors="replace").strip(), secret), _LONG_EVENT),
        }
        for start, (at, end) in zip(starts, call.instants[:_MOST_EVENTS], strict=False)
    ]
    return {"count": call.events, "ended": call.ended or None, "events": events}


def _place(place: Place, *, source: bool = False) -> dict[str, Any]:
    file, line, function = place
    found: dict[str, Any] = {"file": short_path(file), "line": line, "function": function}
    if source:
        numbers = range(max(1, line - _NEIGHBORS), line + _NEIGHBORS + 1)
        lines = [[number, linecache.getline(file, number).rstrip("\n")] for number in numbers]
        found["source"] = [pair for pair in lines if pair[1] or pair[0] == line]
    return found


def written_rules(builder: Builder) -> dict[str, Any]:
    return {
        name: {
            "provenance": rule.provenance,
            "statement": rule.statement,
            "assumed": rule.assumed or None,
            "contradicted": rule.contradicted or None,
            "observed": rule.observed or None,
            "source": list(rule.source),
            "url": f"{DOCS}fidelity.html",
        }
        for name, rule in sorted(builder.rules.items())
        if name in builder.used
    }
