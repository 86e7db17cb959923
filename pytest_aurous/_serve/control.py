"""Control requests: with them a test in another process or language prepares and reads a served fake."""

from __future__ import annotations

import json
from collections import abc
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache
from inspect import Parameter, getmembers, isfunction, signature
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Union, cast, get_args, get_origin, get_type_hints

from .._base import names as generated_names
from .._base.errors import AurousError, nearest, see
from .._base.redaction import redacted, redacted_json, shortened
from .._resources.base.fields import Reader, boolean, described, dict_of, integer, list_of, number, one_of, text
from .._resources.catalog import LIFECYCLES
from .._resources.characters import Characters
from .._resources.chat import Chat, Completions, replies
from .._resources.embeddings import Embeddings
from .._resources.files import Files
from .._resources.generations import Images, Videos
from .._resources.uploads import Uploads
from .._resources.webhooks import WebhookEndpoints
from .._time.clock import Clock
from .._wire.call import Call, to_json
from .._wire.refusal import ApiProblem
from .._wire.reply import Reply
from ..faults.collection import Faults

if TYPE_CHECKING:
    from .._fake.aurous import Aurous
    from .._world.outbox import Delivery

CONTROL: Final = "/__aurous__"
_MOST: Final = 10**10
"""The largest number and the longest text; as seconds, three centuries."""


class _Takes(NamedTuple):
    """The arguments of a control request."""

    readers: Mapping[str, Reader]
    required: Collection[str] = ()


class _Choice(NamedTuple):
    """The argument of a control request that decides which other arguments it takes."""

    argument: str
    default: str
    values: Callable[[], Collection[str]]


class _ControlCall(NamedTuple):
    """One control request; *text* describes it in the index.

    *takes* returns the arguments; *run* receives the fake, and the arguments by name. With a *choice*, both also
    receive the chosen value.
    """

    method: str
    run: Callable[..., Any]
    text: str
    takes: Callable[..., _Takes] = lambda: _Takes({})
    choice: _Choice | None = None


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
    if call.choice is None:
        return call.run(aurous, **_arguments(name, body, call.takes()))
    argument, default, values = call.choice
    chosen, valid = body.pop(argument, default), values()
    if not isinstance(chosen, str) or chosen not in valid:
        hint = nearest(chosen, valid)
        raise AurousError(f"{name}: {chosen!r} is not a {argument}{hint} Expected one of: {', '.join(valid)}.")
    return call.run(aurous, chosen, **_arguments(f"{name}, {argument} {chosen}", body, call.takes(chosen)))


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
        **{name: [_of_record(record) for record in _collection(aurous, name)] for name in _COLLECTIONS},
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


def _completions(aurous: Aurous) -> Any:
    names = ("id", "status", "messages", "text", "tool_calls", "usage")
    return [{name: getattr(one, name) for name in names} for one in aurous.chat.completions]


def _reply(aurous: Aurous, **reply: Any) -> Any:
    aurous.chat.reply(**reply)
    with (world := aurous._session.app.world).lock:
        found = replies.replies(world)
        found[len(found)] = found[len(found)]._replace(place=f"{CONTROL}/reply")
        return {"reply": repr(found[len(found)])}


def _vectors(aurous: Aurous, **vectors: Any) -> Any:
    aurous.embeddings.vectors(**vectors)
    return vectors


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
    if _OTHER_NAMES.get(kind) in arguments:
        arguments["kind"] = arguments.pop(_OTHER_NAMES[kind])
    fault = getattr(aurous.faults, kind)(**arguments)
    fault._place = f"{CONTROL}/faults"
    return {"fault": repr(fault)}


def _add(aurous: Aurous, collection: str, **record: Any) -> Any:
    if record.get("character"):
        record["character"] = aurous.characters[record["character"]]
    return _of_record(_collection(aurous, collection).add(**record))


def _collection(aurous: Aurous, name: str) -> Any:
    return getattr(aurous.chat if name == "completions" else aurous, name)


# What they take


def _not_blank(value: Any, param: str) -> Any:
    if not text(_MOST)(value, param).strip():
        raise ApiProblem(400, "invalid_format", f"{param} must not be blank.", param)
    return value


def _or_null(reader: Reader) -> Reader:
    types = [_type_of(reader), "null"]
    return described(lambda value, param: None if value is None else reader(value, param), {"type": types})


_TEXT: Final = described(_not_blank, {"type": "string"})
_ANYTHING: Final = described(lambda value, _: value, {"type": "any"})
_READERS: Final[dict[Any, Reader]] = {
    str: _TEXT,
    Literal: _TEXT,
    int: integer(-_MOST, _MOST),
    float: number(-_MOST, _MOST),
    bool: boolean,
    abc.Iterable: list_of(_TEXT, 0, _MOST),
    Any: _ANYTHING,
    abc.Mapping: dict_of(lambda value, _: value, _MOST),
    dict: dict_of(lambda value, _: value, _MOST),
}


class _Unpack:
    """`typing.Unpack`, which Python 3.10 does not have."""

    def __class_getitem__(cls, options: Any) -> Any:
        return options


_NAMES: Final = {**vars(abc), **vars(generated_names), "Unpack": _Unpack}
"""Names in annotations that modules import only for type checkers."""


@cache
def _taken_by(method: Callable[..., Any]) -> _Takes:
    """Return the arguments of *method* that JSON can express."""
    hints, parameters = get_type_hints(method, localns=_NAMES), signature(method).parameters.values()
    types: dict[str, Any] = {}
    for parameter in parameters:
        hint = hints.get(parameter.name)  # `self` has no annotation
        types |= get_type_hints(hint) if parameter.kind is Parameter.VAR_KEYWORD else {parameter.name: hint}
    readers = {name: reader for name, hint in types.items() if (reader := _reader_of(hint)) is not None}
    return _Takes(readers, [one.name for one in parameters if one.name in readers and one.default is Parameter.empty])


def _reader_of(hint: Any) -> Reader | None:
    """Return the reader for an annotation; None if JSON cannot express such values."""
    types = get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
    readers = [reader for kind in types if (reader := _of_one_type(kind)) is not None]
    if not readers:
        return None
    return _or_null(readers[0]) if NoneType in types else readers[0]


def _of_one_type(kind: Any) -> Reader | None:
    origin, parts = get_origin(kind), get_args(kind)
    if origin is abc.Sequence:
        return list_of(_of_one_type(parts[0]) or _ANYTHING, 0, _MOST)
    if origin is tuple:
        same = _of_one_type(parts[0]) if len({*parts}) == 1 else None
        return list_of(same or _ANYTHING, 0, _MOST)
    return _READERS.get(origin or kind)


def _script_takes() -> _Takes:
    readers, required = _taken_by(Characters.script)
    return _Takes({**readers, "resource": one_of(tuple(LIFECYCLES))}, required)


def _clock_takes() -> _Takes:
    advance, freeze = _taken_by(Clock.advance), _taken_by(Clock.freeze)
    return _Takes({"advance": advance.readers["seconds"], "freeze": freeze.readers["at"]})


_OTHER_NAMES: Final = {"malformed": "body", "greased": "grease"}
"""What the argument ``kind`` of a fault is called here, where ``kind`` chooses the fault."""


def _fault_kinds() -> list[str]:
    return [name for name, _ in getmembers(Faults, isfunction) if not name.startswith("_")]


def _fault_takes(kind: str) -> _Takes:
    readers, required = _taken_by(getattr(Faults, kind))
    return _Takes({_OTHER_NAMES[kind] if name == "kind" else name: readers[name] for name in readers}, required)


_COLLECTIONS: Final[dict[str, type[Any]]] = {
    "characters": Characters,
    "uploads": Uploads,
    "images": Images,
    "videos": Videos,
    "files": Files,
    "completions": Completions,
    "webhook_endpoints": WebhookEndpoints,
}


def _add_takes(collection: str) -> _Takes:
    return _taken_by(_COLLECTIONS[collection].add)


_SCRIPT_TEXT: Final = '{"text": "synthesizing*3 -> reviewing", "resource": "characters", "name": null}'
_CLOCK_TEXT: Final = '{"advance": 45} or {"freeze": "2026-05-08T10:00:00Z"}'
_FAULTS_TEXT: Final = '{"kind": "status", "operation": "characters.save", "status": 503, "times": 1}'
_REPLY_TEXT: Final = '{"text": "Aurora has black hair.", "when": "hair", "times": 1}'
_VECTORS_TEXT: Final = '{"vectors_by_text": {"black hair": [0.6, 0.8]}}'
_ADD_TEXT: Final = '{"collection": "characters", "name": "Aurora", "status": "ready"}'

_CALLS: Final[dict[str, _ControlCall]] = {
    "": _ControlCall("GET", _index, "these calls"),
    "state": _ControlCall("GET", _state, "the whole state: records, money, clock, faults, pitfalls"),
    "calls": _ControlCall("GET", _calls, "each call in order of arrival"),
    "completions": _ControlCall("GET", _completions, "each chat completion, with its messages and what was said"),
    "deliveries": _ControlCall("GET", _deliveries, "webhook deliveries, made and due"),
    "flush": _ControlCall("POST", _flush, "make the deliveries that are due, each to its URL"),
    "reset": _ControlCall("POST", _reset, "return to the start"),
    "script": _ControlCall("POST", _script, _SCRIPT_TEXT, _script_takes),
    "reply": _ControlCall("POST", _reply, _REPLY_TEXT, lambda: _taken_by(Chat.reply)),
    "vectors": _ControlCall("POST", _vectors, _VECTORS_TEXT, lambda: _taken_by(Embeddings.vectors)),
    "clock": _ControlCall("POST", _clock, _CLOCK_TEXT, _clock_takes),
    "faults": _ControlCall("POST", _faults, _FAULTS_TEXT, _fault_takes, _Choice("kind", "", _fault_kinds)),
    "add": _ControlCall("POST", _add, _ADD_TEXT, _add_takes, _Choice("collection", "characters", lambda: _COLLECTIONS)),
}
