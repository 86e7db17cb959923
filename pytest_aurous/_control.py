"""Control calls: what a test in another process, or another language, says to a served fake."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast

from ._outbox import Delivery
from ._wire import Call, Reply, to_json
from .errors import AurousError, nearest, see

if TYPE_CHECKING:
    from ._aurous import Aurous

__all__ = ("CONTROL", "control")

CONTROL: Final = "/__aurous__"
_COLLECTIONS: Final = ("characters", "uploads", "images", "videos", "files", "webhook_endpoints")


def control(aurous: Aurous, method: str, path: str, body: bytes) -> Reply:
    """Answer a control call; a mistake is told in plain words, and changes nothing."""
    name = path.removeprefix(CONTROL).strip("/")
    try:
        if name not in _CALLS:
            return _reply(404, {"error": f"no control call {name!r}{nearest(name, _CALLS)}", "calls": _index()})
        wanted, run, _ = _CALLS[name]
        if method != wanted:
            return _reply(405, {"error": f"{CONTROL}/{name} takes {wanted}, not {method}"})
        return _reply(200, run(aurous, _parsed(body)))
    except (AurousError, AttributeError, LookupError, OverflowError, RecursionError, TypeError, ValueError) as error:
        return _reply(400, {"error": str(error), "see": see("how-to/server.html")})


def _parsed(body: bytes) -> dict[str, Any]:
    told: Any = json.loads(body) if body else {}
    if not isinstance(told, dict):
        raise AurousError("the body must be a JSON object")
    return cast("dict[str, Any]", told)


def _reply(status: int, content: Any) -> Reply:
    body = to_json(content)
    return Reply(status, (("Content-Type", "application/json"), ("Content-Length", str(len(body)))), body)


def _index() -> dict[str, str]:
    return {f"{method} {CONTROL}/{name}": text for name, (method, _, text) in _CALLS.items()}


def _state(aurous: Aurous, _: dict[str, Any]) -> Any:
    return {
        "now": aurous.clock.now().isoformat(),
        "seed": aurous.seed,
        "api_key": aurous.api_key,
        "credits": aurous.team.credits,
        "held_credits": aurous.team.held_credits,
        "calls": len(aurous.calls),
        "faults": [repr(fault) for fault in aurous.faults],
        "pitfalls": [str(one) for one in aurous.pitfalls],
        **{name: [_shown(one) for one in getattr(aurous, name)] for name in _COLLECTIONS},
    }


def _shown(record: Any) -> Any:
    return record.json() if hasattr(record, "json") else {"id": record.id, "status": record.status}


def _reset(aurous: Aurous, _: dict[str, Any]) -> Any:
    aurous.reset()
    return {"reset": True}


def _script(aurous: Aurous, told: dict[str, Any]) -> Any:
    resource = told.pop("resource", "characters")
    if resource not in {"characters", "images", "videos"}:
        raise AurousError(f"resource {resource!r} has no lifecycle: characters, images and videos have")
    getattr(aurous, resource).script(**told)
    return {"resource": resource, **told}


def _clock(aurous: Aurous, told: dict[str, Any]) -> Any:
    if set(told) - {"advance", "freeze"} or not told:
        raise AurousError('clock takes {"advance": <seconds>}, {"freeze": <instant>}, or both')
    before = aurous.clock.state()
    try:
        if "freeze" in told:
            aurous.clock.freeze(told["freeze"])
        aurous.clock.advance(seconds=told.get("advance", 0))
        aurous.clock.now()
    except Exception:
        aurous.clock.restore(before)
        raise
    return {"now": aurous.clock.now().isoformat()}


def _faults(aurous: Aurous, told: dict[str, Any]) -> Any:
    kind = told.pop("kind", "")
    known = [name for name in dir(aurous.faults) if name in _KINDS]
    if kind not in known:
        raise AurousError(f"kind {kind!r} is no fault{nearest(kind, known)} Kinds: {', '.join(known)}")
    return {"fault": repr(getattr(aurous.faults, kind)(**told))}


_KINDS: Final = (
    "bad_signature",
    "connect_error",
    "delay",
    "disconnect",
    "drop",
    "duplicate",
    "late",
    "malformed",
    "outage",
    "rate_limited",
    "reorder",
    "status",
    "timeout",
)


def _calls(aurous: Aurous, _: dict[str, Any]) -> Any:
    return [_told(call) for call in aurous.calls]


def _told(call: Call) -> dict[str, Any]:
    names = ("number", "operation", "method", "path", "query", "status", "error_code", "fault", "replayed", "committed")
    return {**{name: getattr(call, name) for name in names}, "json": call.request.json}


def _add(aurous: Aurous, told: dict[str, Any]) -> Any:
    name = told.pop("collection", "characters")
    if name not in _COLLECTIONS:
        raise AurousError(
            f"collection {name!r} is none{nearest(name, _COLLECTIONS)} There are {', '.join(_COLLECTIONS)}"
        )
    return _shown(getattr(aurous, name).add(**told))


def _deliveries(aurous: Aurous, _: dict[str, Any]) -> Any:
    return [_made(one) for one in aurous.webhooks.deliveries]


def _flush(aurous: Aurous, _: dict[str, Any]) -> Any:
    return [_made(one) for one in aurous.webhooks.flush()]


def _made(one: Delivery) -> dict[str, Any]:
    return {"event": one.event, "url": one.url, "attempt": one.attempt, "status": one.status}


_CALLS: Final[dict[str, tuple[str, Callable[[Aurous, dict[str, Any]], Any], str]]] = {
    "": ("GET", lambda _, __: _index(), "these calls"),
    "state": ("GET", _state, "everything: records, money, clock, faults, pitfalls"),
    "calls": ("GET", _calls, "each call in order of arrival"),
    "deliveries": ("GET", _deliveries, "webhook deliveries, made and due"),
    "flush": ("POST", _flush, "deliver what is due, each to its URL"),
    "reset": ("POST", _reset, "back to the start"),
    "script": ("POST", _script, '{"text": "synthesizing*3 -> reviewing", "resource": "characters", "name": null}'),
    "clock": ("POST", _clock, '{"advance": 45} or {"freeze": "2026-05-08T10:00:00Z"}'),
    "faults": ("POST", _faults, '{"kind": "status", "operation": "characters.save", "status": 503, "times": 1}'),
    "add": ("POST", _add, '{"collection": "characters", "name": "Aurora", "status": "ready"}'),
}
