"""Control requests: with them a test in another process or language prepares and reads a served fake."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from .._base.redaction import redacted, redacted_json, shortened
from .._resources.base.fields import Reader, boolean, described, dict_of, integer, list_of, number, one_of, text
from .._resources.catalog import LIFECYCLES
from .._wire.call import Call, to_json
from .._wire.refusal import ApiProblem
from .._wire.reply import Reply
from .._world.outbox import Delivery
from ..errors import AurousError, nearest, see

if TYPE_CHECKING:
    from .._fake.aurous import Aurous

CONTROL: Final = "/__aurous__"
_MOST: Final = 10**10
"""The largest number and the longest text; as seconds, three centuries."""


class _Takes(NamedTuple):
    """The arguments of a control request."""

    readers: Mapping[str, Reader]
    required: tuple[str, ...] = ()


class _ControlCall(NamedTuple):
    """One control request; *text* describes it in the index.

    If the arguments depend on a kind, *takes* has them by kind, and *kind* is the argument that chooses it, with its
    default. *run* receives the fake, the kind if there is one, and the arguments by name.
    """

    method: str
    takes: _Takes | Mapping[str, _Takes]
    run: Callable[..., Any]
    text: str
    kind: tuple[str, str] = ("", "")


def control(aurous: Aurous, method: str, path: str, body: bytes) -> Reply:
    """Respond to a control request; one with a mistake changes nothing."""
    name = f"{path}/".removeprefix(f"{CONTROL}/").strip("/")
    if name not in _CALLS:
        return refused(404, f"There is no control request {path!r}{nearest(name, _CALLS)}", calls=_index())
    call = _CALLS[name]
    if method != call.method:
        wrong = refused(405, f"{CONTROL}/{name} takes {call.method}, not {method}.", calls=_index())
        return Reply(405, (*wrong.headers, ("Allow", call.method)), wrong.body)
    try:
        return json_reply(200, redacted_json(_run(aurous, name or "index", call, _parsed(body)), keep=aurous.api_key))
    except AurousError as error:
        return refused(400, str(error))


def _run(aurous: Aurous, name: str, call: _ControlCall, body: dict[str, Any]) -> Any:
    if isinstance(call.takes, _Takes):
        return call.run(aurous, **_arguments(name, body, call.takes))
    argument, default = call.kind
    kind = body.pop(argument, default)
    if not isinstance(kind, str) or kind not in call.takes:
        hint = nearest(kind, call.takes)
        raise AurousError(f"{name}: {kind!r} is not a {argument}{hint} Expected one of: {', '.join(call.takes)}.")
    return call.run(aurous, kind, **_arguments(f"{name}, {argument} {kind}", body, call.takes[kind]))


def _arguments(who: str, body: Mapping[str, Any], takes: _Takes) -> dict[str, Any]:
    """Read the arguments of a call, or raise one error that lists everything that is wrong."""
    read: dict[str, Any] = {}
    wrong: list[str] = []
    for name, value in body.items():
        if name not in takes.readers:
            wrong.append(f"{name!r} is not an argument{nearest(name, takes.readers)}".rstrip("."))
            continue
        try:
            read[name] = takes.readers[name](value, name)
        except ApiProblem as problem:
            wrong.append(problem.message.rstrip("."))
    wrong += [f"{name!r} is missing" for name in takes.required if name not in body]
    if wrong:
        valid = ", ".join(f"{name} ({_type_of(reader)})" for name, reader in takes.readers.items()) or "no arguments"
        raise AurousError(f"{who}: {'; '.join(wrong)}. It takes {valid}.")
    return read


def _type_of(reader: Reader) -> str:
    """Return the JSON types that a reader accepts."""
    types: str | list[str] = getattr(reader, "schema", {}).get("type", "string")
    return types if isinstance(types, str) else " or ".join(types)


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        content: Any = json.loads(body, parse_constant=_refuse_constant) if body.strip() else {}
        json.dumps(content, ensure_ascii=False).encode()  # JSON can escape a lone surrogate, but UTF-8 cannot carry it
    except RecursionError:
        raise AurousError("The body is nested too deeply: a control request takes a flat JSON object.") from None
    except ValueError as error:
        raise AurousError(f"The body is not valid JSON ({error}): a control request takes a JSON object.") from None
    if not isinstance(content, dict):
        shown = shortened(json.dumps(content), 40)
        raise AurousError(f"The body is JSON, but not an object: {shown}. A control request takes an object.")
    return cast("dict[str, Any]", content)


def _refuse_constant(constant: str) -> Any:
    raise ValueError(f"{constant} is not a number")


def refused(status: int, why: str, *, page: str = "how-to/server.html#control-requests", **more: Any) -> Reply:
    """Return a refusal that says why, and where to read on."""
    return json_reply(status, {"error": redacted(why), "see": see(page), **more})


def json_reply(status: int, content: Any) -> Reply:
    """Return a response with JSON."""
    body = to_json(content)
    return Reply(status, (("Content-Type", "application/json"), ("Content-Length", str(len(body)))), body)


# What the calls do


def _index(_: Aurous | None = None) -> dict[str, str]:
    return {f"{call.method} {CONTROL}/{name}": call.text for name, call in _CALLS.items()}


def _state(aurous: Aurous) -> Any:
    return {
        "now": aurous.clock.now().isoformat(),
        "seed": aurous.seed,
        "api_key": aurous.api_key,
        "credits": aurous.team.credits,
        "held_credits": aurous.team.held_credits,
        "calls": len(aurous.calls),
        "unmatched": [_of_call(call) for call in aurous.calls if call.operation is None],
        "faults": [repr(fault) for fault in aurous.faults],
        "pitfalls": [str(pitfall) for pitfall in aurous.pitfalls],
        **{name: [_of_record(record) for record in getattr(aurous, name)] for name in _COLLECTIONS},
    }


def _of_record(record: Any) -> Any:
    return record.json() if hasattr(record, "json") else {"id": record.id, "status": record.status}


def _calls(aurous: Aurous) -> Any:
    return [_of_call(call) for call in aurous.calls]


def _of_call(call: Call) -> dict[str, Any]:
    names = ("number", "operation", "method", "path", "query", "status", "error_code", "fault", "replayed", "committed")
    return {**{name: getattr(call, name) for name in names}, "json": call.request.json}


def _deliveries(aurous: Aurous) -> Any:
    return _of_deliveries(aurous.webhooks.deliveries)


def _flush(aurous: Aurous) -> Any:
    return _of_deliveries(aurous.webhooks.flush())


def _of_deliveries(deliveries: Iterable[Delivery]) -> list[dict[str, Any]]:
    names = ("event", "url", "attempt", "status", "response_status", "headers")
    return [
        {
            **{name: getattr(delivery, name) for name in names},
            "payload": json.loads(delivery.body),
            "error": None if delivery.error is None else repr(delivery.error),
        }
        for delivery in deliveries
    ]


def _reset(aurous: Aurous) -> Any:
    aurous.reset()
    return {"reset": True}


def _script(aurous: Aurous, resource: str = "characters", **script: Any) -> Any:
    getattr(aurous, resource).script(**script)
    return {"resource": resource, **script}


def _clock(aurous: Aurous, **move: Any) -> Any:
    clock = aurous.clock
    if not move:
        raise AurousError('clock takes {"advance": <seconds>}, {"freeze": <instant>}, or both.')
    before = clock.position
    try:
        if "freeze" in move:
            clock.freeze(move["freeze"])
        clock.advance(seconds=move.get("advance", 0))
        clock.now()
    except (AurousError, OverflowError, ValueError) as error:  # the last two: beyond the calendar
        clock.restore(before)
        raise AurousError(f"clock: {error}") from None
    return {"now": clock.now().isoformat()}


def _faults(aurous: Aurous, kind: str, **arguments: Any) -> Any:
    for name in ("body", "grease"):  # `malformed` and `greased` call it `kind`, which names the fault here
        if name in arguments:
            arguments["kind"] = arguments.pop(name)
    fault = getattr(aurous.faults, kind)(**arguments)
    fault._place = f"{CONTROL}/faults"
    return {"fault": repr(fault)}


def _add(aurous: Aurous, collection: str, **record: Any) -> Any:
    if record.get("character"):
        record["character"] = aurous.characters[record["character"]]
    return _of_record(getattr(aurous, collection).add(**record))


# What they take


def _not_blank(value: Any, param: str) -> Any:
    if not text(_MOST)(value, param).strip():
        raise ApiProblem(400, "invalid_format", f"{param} must not be blank.", param)
    return value


def _or_null(reader: Reader) -> Reader:
    types = [_type_of(reader), "null"]
    return described(lambda value, param: None if value is None else reader(value, param), {"type": types})


_TEXT: Final = described(_not_blank, {"type": "string"})
_OPTIONAL_TEXT: Final = _or_null(_TEXT)
_OPTIONAL_OBJECT: Final = _or_null(dict_of(lambda value, _: value, _MOST))
_TEXTS: Final = list_of(_TEXT, 0, _MOST)
_NUMBER: Final = number(-_MOST, _MOST)
_WHOLE: Final = integer(-_MOST, _MOST)

_TIMES: Final[dict[str, Reader]] = {"times": _NUMBER, "after": _WHOLE}
_OF_REQUESTS: Final[dict[str, Reader]] = {"operation": _TEXT, "commit": boolean, **_TIMES}
_OF_DELIVERIES: Final = _Takes({"event": _TEXT, **_TIMES}, ("event",))
_NEW_STATUS: Final[dict[str, Reader]] = {
    "status": _WHOLE,
    "code": _OPTIONAL_TEXT,
    "message": _OPTIONAL_TEXT,
    "headers": _OPTIONAL_OBJECT,
    "retry_after": _or_null(_WHOLE),
}
_FAULTS: Final = {
    "status": _Takes({**_OF_REQUESTS, **_NEW_STATUS}, ("operation", "status")),
    "rate_limited": _Takes({**_OF_REQUESTS, "retry_after": _WHOLE}, ("operation",)),
    "timeout": _Takes({**_OF_REQUESTS, "phase": _TEXT}, ("operation",)),
    "connect_error": _Takes(_OF_REQUESTS, ("operation",)),
    "disconnect": _Takes({**_OF_REQUESTS, "after_bytes": _or_null(_WHOLE)}, ("operation",)),
    "delay": _Takes({**_OF_REQUESTS, "seconds": _NUMBER}, ("operation", "seconds")),
    "malformed": _Takes({**_OF_REQUESTS, "body": _TEXT}, ("operation",)),
    "greased": _Takes({**_OF_REQUESTS, "grease": _TEXT}, ("operation",)),
    "outage": _Takes({"seconds": _NUMBER, "commit": boolean}, ("seconds",)),
    "drop": _OF_DELIVERIES,
    "duplicate": _OF_DELIVERIES,
    "reorder": _OF_DELIVERIES,
    "late": _Takes({**_OF_DELIVERIES.readers, "seconds": _NUMBER}, ("event", "seconds")),
    "bad_signature": _OF_DELIVERIES,
}
_ID: Final[dict[str, Reader]] = {"id": _OPTIONAL_TEXT}
_GENERATION: Final[dict[str, Reader]] = {
    "status": _TEXT,
    "script": _OPTIONAL_TEXT,
    "webhook_url": _OPTIONAL_TEXT,
    **_ID,
}
_COLLECTIONS: Final = {
    "characters": _Takes(
        {
            "name": _OPTIONAL_TEXT,
            "status": _TEXT,
            "attributes": _OPTIONAL_OBJECT,
            "refs": _or_null(_TEXTS),
            "script": _OPTIONAL_TEXT,
            "client_reference_id": _OPTIONAL_TEXT,
            **_ID,
        }
    ),
    "uploads": _Takes({"pose": _OPTIONAL_TEXT, "confidence": _NUMBER, "filename": _TEXT, **_ID}),
    "images": _Takes({"prompt": _TEXT, "character": _OPTIONAL_TEXT, "size": _TEXT, "count": _WHOLE, **_GENERATION}),
    "videos": _Takes(
        {"prompt": _OPTIONAL_TEXT, "resolution": _TEXT, "ratio": _TEXT, "duration": _NUMBER, **_GENERATION}
    ),
    "files": _Takes({"purpose": _TEXT, "metadata": _OPTIONAL_OBJECT, **_ID}),
    "webhook_endpoints": _Takes({"url": _TEXT, "events": _TEXTS, "secret": _OPTIONAL_TEXT, **_ID}),
}
_NOTHING: Final = _Takes({})
_OF_SCRIPT: Final = _Takes({"text": _TEXT, "resource": one_of(tuple(LIFECYCLES)), "name": _OPTIONAL_TEXT}, ("text",))
_OF_CLOCK: Final = _Takes({"advance": _NUMBER, "freeze": _OPTIONAL_TEXT})

_SCRIPT_TEXT: Final = '{"text": "synthesizing*3 -> reviewing", "resource": "characters", "name": null}'
_CLOCK_TEXT: Final = '{"advance": 45} or {"freeze": "2026-05-08T10:00:00Z"}'
_FAULTS_TEXT: Final = '{"kind": "status", "operation": "characters.save", "status": 503, "times": 1}'
_ADD_TEXT: Final = '{"collection": "characters", "name": "Aurora", "status": "ready"}'

_CALLS: Final[dict[str, _ControlCall]] = {
    "": _ControlCall("GET", _NOTHING, _index, "these calls"),
    "state": _ControlCall("GET", _NOTHING, _state, "the whole state: records, money, clock, faults, pitfalls"),
    "calls": _ControlCall("GET", _NOTHING, _calls, "each call in order of arrival"),
    "deliveries": _ControlCall("GET", _NOTHING, _deliveries, "webhook deliveries, made and due"),
    "flush": _ControlCall("POST", _NOTHING, _flush, "make the deliveries that are due, each to its URL"),
    "reset": _ControlCall("POST", _NOTHING, _reset, "return to the start"),
    "script": _ControlCall("POST", _OF_SCRIPT, _script, _SCRIPT_TEXT),
    "clock": _ControlCall("POST", _OF_CLOCK, _clock, _CLOCK_TEXT),
    "faults": _ControlCall("POST", _FAULTS, _faults, _FAULTS_TEXT, ("kind", "")),
    "add": _ControlCall("POST", _COLLECTIONS, _add, _ADD_TEXT, ("collection", "characters")),
}
