"""What can be read of a served fake, each as a control request."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from .._core.base.errors import shown, version_of_package
from .._core.base.redaction import SECRET, redacted
from .._core.wire.call import Call, reply_to
from .._core.wire.har import har
from .._facade import SETTINGS
from .._fake.calls import Calls
from .._fake.objects import as_json, exported
from .actions import shown_arguments
from .arguments import FLAG, NOTHING, NUMBER, TEXT, WHOLE, Takes, taken_by
from .copied import copied
from .live import BATCH, MOST, as_text, set_as_json
from .replies import JSON, refused
from .table import DESTROYING, SUBJECTS, collections, operations

if TYPE_CHECKING:
    from .control import Control


@dataclass(frozen=True)
class ControlRequest:
    """One control request, as the reference, the index and the OpenAPI document have it.

    Attributes:
        name: Its path below ``/__aurous__/``.
        run: Returns what is read, as JSON, as text, or as a refusal, for the parameters; None for anything else.
        takes: The parameters of its query, and of its path.
        body: The arguments in its body; None for a GET.
    """

    name: str
    text: str
    run: Callable[[Control, dict[str, Any]], Any] | None = None
    takes: Takes = NOTHING
    body: Takes | None = None
    media_type: str = JSON

    @property
    def method(self) -> str:
        return "GET" if self.body is None else "POST"

    @property
    def summary(self) -> str:
        names = (self.takes if self.body is None else self.body).schemas
        return self.text.rstrip(".") + (f" ({', '.join(names)})" if names else "")


def _state(control: Control, _: object) -> Any:
    aurous, unmatched = control.aurous, _unmatched(control, None)
    with control.fake.lock:  # this is a thread of its own
        return {
            "version": 1,
            "now": aurous.clock.now().isoformat(),
            "clock": {"frozen": aurous.clock.frozen, "speed": aurous.clock.speed},
            "seed": aurous.seed,
            "settings": {name: set_as_json(getattr(control.fake.settings, name)) for name in SETTINGS},
            "base_url": aurous.base_url,
            "api_key": aurous.api_key,
            "credits": aurous.team.credits,
            "held_credits": aurous.team.held_credits,
            "calls": len(aurous.calls),
            "unmatched": unmatched,
            "faults": [repr(fault) for fault in aurous.faults],
            "unfired": [fault.number for fault in aurous.faults.unfired],
            "pitfalls": [str(pitfall) for pitfall in aurous.pitfalls],
            **{name: [as_json(record) for record in SUBJECTS[name].find(aurous, {})] for name in collections()},
        }


def of_call(call: Call) -> dict[str, Any]:
    names = ("number", "operation", "method", "path", "query", "status", "error_code", "fault", "replayed", "committed")
    told = {name: getattr(call, name) for name in names}
    return {**told, "json": call.request.json, "query": redacted(call.query, SECRET)}


def found_calls(
    control: Control, operation: str = "*", since: int = 0, at_least: int = 0, wait: float = 0, **filters: Any
) -> list[Call]:
    """Return the calls of an operation after call number *since*; who waits for them has done that already."""
    del at_least, wait
    return [call for call in control.aurous.calls[:].where(operation, **filters) if call.number > since]


def _unmatched(control: Control, _: object) -> Any:
    found = [call for call in control.aurous.calls[:] if call.operation is None]
    return [{**of_call(call), "near": control.fake.near(call)} for call in found]


def _completions(control: Control, _: object) -> Any:
    names = ("id", "status", "messages", "text", "tool_calls", "usage")
    return [{name: getattr(one, name) for name in names} for one in control.aurous.chat.completions]


def _pitfalls(control: Control, _: object) -> Any:
    return [{"id": one.id, "message": one.message, "call": one.call.number} for one in control.aurous.pitfalls]


def _export(control: Control, asked: dict[str, Any]) -> Any:
    told = exported(control.aurous, asked.get("snapshot"))
    faults = [{**fault, "arguments": shown_arguments(fault["arguments"])} for fault in told["faults"]]
    replies = [[number, shown_arguments(reply)] for number, reply in told["sections"].get("chat replies", ())]
    sections = told["sections"] | ({"chat replies": replies} if replies else {})
    return {**told, "faults": faults, "sections": sections}


def _actions(_: object, __: object) -> Any:
    told = [
        {
            "operation": one.name,
            "summary": one.text,
            "destroys": one.name in DESTROYING,
            "arguments": [
                {"name": name, "required": name in one.takes.required, "default": shape.get("default"), "schema": shape}
                for name, shape in one.takes.schemas.items()
            ],
        }
        for one in operations().values()
    ]
    return {"version": 1, "actions": told}


def _steps(control: Control, asked: dict[str, Any]) -> Any:
    return as_text(control.live.after(asked.get("after", 0), min(asked.get("limit", BATCH), MOST)))


def _step(control: Control, asked: dict[str, Any]) -> Any:
    seq: int = asked["seq"]
    kept = f"the steps {control.tape.dropped + 1} to {control.tape.last} are"
    return control.live.step(**asked) or refused(404, f"Step {shown(seq)} is not kept: {kept}.")


def _trace(control: Control, asked: dict[str, Any]) -> Any:
    return control.live.trace(control.url, min(max(1, asked.get("limit", MOST)), control.tape.keep))


def _search(control: Control, asked: dict[str, Any]) -> Any:
    calls = [(step.seq, step.call) for step in control.tape.after(0, control.tape.keep) if step.call is not None]
    told = [(seq, _told(call).lower()) for seq, call in calls]
    words = [word for word in asked.get("text", "").lower().split() if len(word) >= _SHORTEST]
    return {word: [seq for seq, one in told if word.encode(errors="replace") in one] for word in words}


def _told(call: Call) -> bytes:
    """Return the bodies of a request and its response, with its keys and its id."""
    reply = reply_to(call)
    pairs = (*call.sent_headers.multi_items(), *reply.headers)
    keys = [value.encode("latin-1", "replace") for name, value in pairs if _KEYS.match(name)]
    return b"\n".join([call.content, reply.body, *keys])


_KEYS: Final = re.compile(r"(idempotency-key|x-api-key|authorization|aurous-request-id)$", re.IGNORECASE)
_SHORTEST: Final = 3
"""The least characters of a word that is searched in bodies: shorter ones are in each."""

_READS: Final = (
    ControlRequest("health", "whether the fake is ready", lambda _, __: {"ok": True, "version": version_of_package()}),
    ControlRequest("state", "the whole state: records, money, clock, faults, pitfalls", _state),
    ControlRequest(
        "calls",
        "each call in order of arrival; can wait for some",
        lambda control, asked: [of_call(call) for call in found_calls(control, **asked)],
        Takes({**taken_by(Calls.where).schemas, "since": WHOLE, "at_least": WHOLE, "wait": NUMBER}),
    ),
    ControlRequest("calls.har", "the calls as a HAR file", lambda control, _: har(control.aurous.calls)),
    ControlRequest(
        "log",
        "the calls and what they changed, as text",
        lambda control, _: control.fake.timeline(),
        media_type="text/plain; charset=utf-8",
    ),
    ControlRequest("unmatched", "the requests that the API does not know, each with what is nearest", _unmatched),
    ControlRequest("coverage", "how often each operation had an outcome", lambda control, _: control.fake.coverage()),
    ControlRequest("pitfalls", "misuse of the API that caused no error", _pitfalls),
    ControlRequest("completions", "each chat completion, with its messages and what was said", _completions),
    ControlRequest(
        "deliveries",
        "webhook deliveries, made and due",
        lambda control, _: as_json(list(control.aurous.webhooks.deliveries)),
    ),
    ControlRequest("faults", "the faults, with their counts", lambda control, _: as_json(list(control.aurous.faults))),
    ControlRequest(
        "keys",
        "the API keys of all teams",
        lambda control, _: as_json([key for team in control.aurous.teams for key in team.keys]),
    ),
    ControlRequest(
        "limits",
        "the rate buckets of a team",
        lambda control, asked: as_json([*SUBJECTS["limits"].find(control.aurous, asked).values()]),
        Takes({"team": TEXT}),
    ),
    ControlRequest("snapshots", "the snapshots that have a name", lambda control, _: control.live.snapshots()),
    ControlRequest("export", "the state, or a snapshot of it, for import_", _export, Takes({"snapshot": TEXT})),
    ControlRequest(
        "session.py",
        "the actions and requests as one pytest test",
        lambda control, asked: copied(control.aurous, control.tape, **asked),
        Takes({"after": WHOLE, "until": WHOLE, "name": TEXT}),
        media_type="text/x-python; charset=utf-8",
    ),
    ControlRequest("trace", "the last steps, as the page shows them", _trace, Takes({"limit": WHOLE})),
    ControlRequest("actions", "each operation of Python, with its arguments", _actions),
    ControlRequest("steps", "the steps after another one", _steps, Takes({"after": WHOLE, "limit": WHOLE})),
    ControlRequest(
        "steps/{seq}",
        "one step, with the state before and after it",
        _step,
        Takes({"seq": WHOLE, "states": FLAG}),
    ),
    ControlRequest("search", "the steps that have these words in a body or as a key", _search, Takes({"text": TEXT})),
    ControlRequest(
        "present",
        "the state, as the page shows it, or what has changed in it",
        lambda control, asked: control.live.present(**asked),
        Takes({"since": TEXT}),
    ),
)
READS: Final = {one.name: one for one in _READS}
