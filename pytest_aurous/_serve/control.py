"""Control calls: what a test in another process, or another language, says to a served fake."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from .._redaction import redacted, redacted_json
from .._resources.catalog import LIFECYCLES
from .._wire.call import Call, to_json
from .._wire.reply import Reply
from .._world.outbox import Delivery
from ..errors import AurousError, nearest, see
from ..faults.collection import Faults
from ..faults.fault import DeliveryTerms, Fault, Terms

if TYPE_CHECKING:
    from .._handle.aurous import Aurous

__all__ = (
    "CONTROL",
    "Argument",
    "arguments_of",
    "check_arguments",
    "control",
    "refused",
)

_MOST: Final = 1e10
"""No test needs a larger number; as seconds it is three centuries."""


class Argument(NamedTuple):
    """What a method takes under one name.

    Attributes:
        kinds: The annotations of it that JSON has a value for, such as ``str``.
        required: Whether it cannot be left out.
    """

    kinds: tuple[str, ...]
    required: bool

    def __str__(self) -> str:
        return " or ".join(dict.fromkeys(_TYPES[kind][0] for kind in self.kinds))


def arguments_of(method: Callable[..., Any]) -> dict[str, Argument]:
    """Return what can be said in JSON of the arguments of a *method*, by its annotations."""
    found: dict[str, Argument] = {}
    for name, parameter in signature(method).parameters.items():
        words = [word.partition("[")[0] for word in str(parameter.annotation).split(" | ")]
        kinds = tuple(word for word in words if word in _TYPES)
        if kinds and kinds != ("None",):  # what only a test in Python has, such as a function or a team
            found[name] = Argument(kinds, parameter.default is Parameter.empty)
    return found


def check_arguments(
    who: str, told: Mapping[str, Any], takes: Mapping[str, Argument], wrong: Iterable[str] = ()
) -> None:
    """Check what a call was *told* against what it *takes*.

    Args:
        who: The call, for the message.
        told: Its arguments.
        takes: What it takes, by name.
        wrong: What is known to be wrong already.

    Raises:
        AurousError: On unknown names, values of another kind, and missing arguments: one error that lists them all.
    """
    wrong = [*wrong]
    for name, value in told.items():
        if name not in takes:
            wrong.append(f"{name!r} is no argument{nearest(name, takes)}".rstrip("."))
        elif not any(_TYPES[kind][1](value) for kind in takes[name].kinds):
            shown = json.dumps(value)
            shown = shown if len(shown) <= 40 else f"{shown[:37]}..."  # noqa: PLR2004 - enough to know it again
            wrong.append(f"{name} is {shown}: expected {takes[name]}")
    wrong += [f"{name!r} is missing" for name, one in takes.items() if one.required and name not in told]
    if wrong:
        valid = ", ".join(f"{name} ({argument})" for name, argument in takes.items()) or "nothing"
        raise AurousError(
            f"{who}: {'; '.join(wrong)}. It takes {valid}. A text is never empty, a number at most {_MOST:g}."
        )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -_MOST <= value <= _MOST


def _is_whole(value: Any) -> bool:
    return _is_number(value) and isinstance(value, int)


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, cast("list[Any]", value)))  # type: ignore[redundant-cast]  # pyright finds list[Unknown]


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


_TEXT: Final = ("text", _is_text)
_OBJECT: Final = ("object", _is_object)
_TYPES: Final[dict[str, tuple[str, Callable[[Any], bool]]]] = {
    "str": _TEXT,
    "Phase": _TEXT,
    "Garbage": _TEXT,
    "int": ("whole number", _is_whole),
    "float": ("number", _is_number),
    "bool": ("true or false", lambda value: isinstance(value, bool)),
    "Iterable": ("list of texts", _is_list),
    "Mapping": _OBJECT,
    "dict": _OBJECT,
    "None": ("null", lambda value: value is None),
}
"""How an annotation is said to who writes JSON, and which values are of it."""


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
        return _reply(200, redacted_json(run(aurous, _parsed(body)), keep=aurous.api_key))
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
