"""Control calls: what a test in another process, or another language, says to a served fake."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, cast

from ._arguments import arguments_of, check_arguments
from ._catalog import LIFECYCLES
from ._fault import Fault
from ._outbox import Delivery
from ._reply import Reply
from ._secrets import redacted
from ._terms import DeliveryTerms, Terms
from ._wire import Call, to_json
from .errors import AurousError, nearest, see
from .faults import Faults

if TYPE_CHECKING:
    from ._aurous import Aurous

__all__ = ("CONTROL", "control", "refused")

CONTROL: Final = "/__aurous__"
_COLLECTIONS: Final = ("characters", "uploads", "images", "videos", "files", "webhook_endpoints")


def control(aurous: Aurous, method: str, path: str, body: bytes) -> Reply:
    """Answer a control call; a mistake is told in plain words, and changes nothing."""
    name = f"{path}/".removeprefix(f"{CONTROL}/").strip("/")
    if name not in _CALLS:
        return refused(404, f"There is no control call {path!r}{nearest(name, _CALLS)}", calls=_index())
    wanted, run, _ = _CALLS[name]
    if method != wanted:
        wrong = refused(405, f"{CONTROL}/{name} takes {wanted}, not {method}.", calls=_index())
        return Reply(405, (*wrong.headers, ("Allow", wanted)), wrong.body)
    try:
        return _reply(200, run(aurous, _parsed(body)))
    except AurousError as error:
        return refused(400, str(error))


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        told: Any = json.loads(body, parse_constant=_no_number) if body.strip() else {}
        json.dumps(told, ensure_ascii=False).encode()  # half a surrogate pair is JSON, but nothing that can be sent
    except RecursionError:
        raise AurousError("The body is nested too deeply: a control call takes a flat JSON object.") from None
    except ValueError as error:
        raise AurousError(f"The body is no JSON ({error}): a control call takes a JSON object.") from None
    if not isinstance(told, dict):
        raise AurousError(f"The body is JSON, but no object: {json.dumps(told)[:40]}. A control call takes an object.")
    return cast("dict[str, Any]", told)


def _no_number(constant: str) -> Any:
    raise ValueError(f"{constant} is no number")


def refused(status: int, why: str, *, page: str = "how-to/server.html#control-calls", **more: Any) -> Reply:
    """Return a refusal in plain words."""
    return _reply(status, {"error": redacted(why), "see": see(page), **more})


def _reply(status: int, content: Any) -> Reply:
    body = to_json(content)
    return Reply(status, (("Content-Type", "application/json"), ("Content-Length", str(len(body)))), body)


def _without_words(name: str, run: Callable[[Aurous], Any]) -> Callable[[Aurous, dict[str, Any]], Any]:
    """Return a call that takes no arguments."""

    def call(aurous: Aurous, told: dict[str, Any]) -> Any:
        check_arguments(name, told, {})
        return run(aurous)

    return call


def _index() -> dict[str, str]:
    return {f"{method} {CONTROL}/{name}": text for name, (method, _, text) in _CALLS.items()}


def _state(aurous: Aurous) -> Any:
    return {
        "now": aurous.clock.now().isoformat(),
        "seed": aurous.seed,
        "api_key": aurous.api_key,
        "credits": aurous.team.credits,
        "held_credits": aurous.team.held_credits,
        "calls": len(aurous.calls),
        "unmatched": [_told(call) for call in aurous.calls if call.operation is None],
        "faults": [repr(fault) for fault in aurous.faults],
        "pitfalls": [str(one) for one in aurous.pitfalls],
        **{name: [_shown(one) for one in getattr(aurous, name)] for name in _COLLECTIONS},
    }


def _shown(record: Any) -> Any:
    return record.json() if hasattr(record, "json") else {"id": record.id, "status": record.status}


def _reset(aurous: Aurous) -> Any:
    aurous.reset()
    return {"reset": True}


def _script(aurous: Aurous, told: dict[str, Any]) -> Any:
    resource = told.pop("resource", "characters")
    known = resource in _PLAYED
    wrong = [] if known else [f"resource {resource!r} has no lifecycle{nearest(resource, _PLAYED)} {_one(_PLAYED)}"]
    play = getattr(aurous, resource if known else "characters").script
    check_arguments("script", told, arguments_of(play), wrong)
    play(**told)
    return {"resource": resource, **told}


def _clock(aurous: Aurous, told: dict[str, Any]) -> Any:
    clock = aurous.clock
    takes = {"advance": arguments_of(clock.advance)["seconds"], "freeze": arguments_of(clock.freeze)["at"]}
    check_arguments("clock", told, takes)
    if not told:
        raise AurousError('clock takes {"advance": <seconds>}, {"freeze": <instant>}, or both.')
    before = clock.state()
    try:
        if "freeze" in told:
            clock.freeze(told["freeze"])
        clock.advance(seconds=told.get("advance", 0))
        clock.now()
    except (AurousError, OverflowError, ValueError) as error:  # an instant that no calendar holds
        clock.restore(before)
        raise AurousError(f"clock: {error}") from None
    return {"now": clock.now().isoformat()}


def _faults(aurous: Aurous, told: dict[str, Any]) -> Any:
    kind = told.pop("kind", "")
    if kind not in _KINDS:
        raise AurousError(f"faults: kind {kind!r} is no fault{nearest(kind, _KINDS)} {_one(_KINDS)}.")
    give = getattr(aurous.faults, kind)
    takes = arguments_of(give)
    if kind == "malformed":  # whose own `kind` cannot be said beside that of the fault
        takes["body"] = takes.pop("kind")
    if kind != "outage":
        terms: Any = DeliveryTerms if "event" in takes else Terms
        takes |= {name: argument for name, argument in arguments_of(Fault).items() if name in terms.__annotations__}
    check_arguments(f"faults of kind {kind}", told, takes)
    if "body" in told:
        told["kind"] = told.pop("body")
    fault = give(**told)
    fault._place = f"{CONTROL}/faults"  # not the line of ours that gave it
    return {"fault": repr(fault)}


def _one(names: Iterable[str]) -> str:
    return f"There are {', '.join(names)}"


_PLAYED: Final = tuple(LIFECYCLES)
_KINDS: Final = tuple(name for name in dir(Faults) if not name.startswith("_") and callable(getattr(Faults, name)))


def _calls(aurous: Aurous) -> Any:
    return [_told(call) for call in aurous.calls]


def _told(call: Call) -> dict[str, Any]:
    names = ("number", "operation", "method", "path", "query", "status", "error_code", "fault", "replayed", "committed")
    return {**{name: getattr(call, name) for name in names}, "json": call.request.json}


def _add(aurous: Aurous, told: dict[str, Any]) -> Any:
    name = told.pop("collection", "characters")
    if name not in _COLLECTIONS:
        raise AurousError(f"add: collection {name!r} is none{nearest(name, _COLLECTIONS)} {_one(_COLLECTIONS)}.")
    add = getattr(aurous, name).add
    check_arguments(f"add to {name}", told, arguments_of(add))
    if told.get("character"):
        told["character"] = aurous.characters[told["character"]]
    return _shown(add(**told))


def _deliveries(aurous: Aurous) -> Any:
    return [_made(one) for one in aurous.webhooks.deliveries]


def _flush(aurous: Aurous) -> Any:
    return [_made(one) for one in aurous.webhooks.flush()]


def _made(one: Delivery) -> dict[str, Any]:
    told = {name: getattr(one, name) for name in ("event", "url", "attempt", "status", "response_status", "headers")}
    return {**told, "payload": json.loads(one.body), "error": None if one.error is None else repr(one.error)}


_CALLS: Final[dict[str, tuple[str, Callable[[Aurous, dict[str, Any]], Any], str]]] = {
    "": ("GET", _without_words("index", lambda _: _index()), "these calls"),
    "state": ("GET", _without_words("state", _state), "everything: records, money, clock, faults, pitfalls"),
    "calls": ("GET", _without_words("calls", _calls), "each call in order of arrival"),
    "deliveries": ("GET", _without_words("deliveries", _deliveries), "webhook deliveries, made and due"),
    "flush": ("POST", _without_words("flush", _flush), "deliver what is due, each to its URL"),
    "reset": ("POST", _without_words("reset", _reset), "back to the start"),
    "script": ("POST", _script, '{"text": "synthesizing*3 -> reviewing", "resource": "characters", "name": null}'),
    "clock": ("POST", _clock, '{"advance": 45} or {"freeze": "2026-05-08T10:00:00Z"}'),
    "faults": ("POST", _faults, '{"kind": "status", "operation": "characters.save", "status": 503, "times": 1}'),
    "add": ("POST", _add, '{"collection": "characters", "name": "Aurora", "status": "ready"}'),
}
