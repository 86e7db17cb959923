"""What the model of a recording has said: the fake says the same, so that only the API is judged."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from ..._resources.chat.replies import NOTHING, Scripted, replies
from ..._wire.data import as_list, as_object
from ..._wire.reply import Reply, Stream
from ..._world.world import World
from ..recording.view import View
from .replayed import Replayed
from .teams import Teams, amount_of

_DONE: Final = "[DONE]"
_OF_ONE: Final = frozenset({"chat.retrieve", "chat.cancel"})
_ABSENT: Final = 404
_ID: Final = re.compile(rb'"id":"(cmp_\w+)"')
_OF_THE_MODEL: Final[Mapping[str, frozenset[str]]] = {
    "chat": frozenset({
        "body.created", "body.choices[].message.tool_calls[].id",
        "body.choices[].message.tool_calls[].function.arguments",
    }),
    "embeddings": frozenset({
        "body.data[].embedding", "body.usage.prompt_tokens", "body.usage.total_tokens", "body.usage.credits_charged",
        "body.usage.breakdown.input", "body.tokens", "body.credits_estimated",
    }),
}  # fmt: skip
"""The places that are the model's, or that depend on how it counts tokens."""


def completion_of(view: View) -> dict[str, Any]:
    """Return the completion in a response.

    A stream is put together from its events; of a stream that breaks off, only the id is known.
    """
    if "text/event-stream" not in view.exchange.received.get("content-type", ""):
        return as_object(view.body)
    lines = (view.exchange.body or b"").decode(errors="replace").splitlines()
    data = [line.removeprefix("data:").strip() for line in lines if line.startswith("data:")]
    chunks = [as_object(_json(one)) for one in data if one != _DONE]
    if data[-1:] != [_DONE]:
        return {"id": chunks[0].get("id")} if chunks else {}
    found: dict[str, Any] = {"text": "", "refusal": "", "calls": {}}
    for chunk in chunks:
        choice = as_object((as_list(chunk.get("choices")) or [None])[0])
        delta = as_object(choice.get("delta"))
        found["text"] += str(delta.get("content") or "")
        found["refusal"] += str(delta.get("refusal") or "")
        for one in map(as_object, as_list(delta.get("tool_calls"))):
            call = found["calls"].setdefault(one.get("index"), {"name": "", "arguments": ""})
            for name, value in as_object(one.get("function")).items():
                call[name] = call.get(name, "") + str(value)
        found.update({name: chunk[name] for name in ("id", "usage") if chunk.get(name)})
        found["reason"] = choice.get("finish_reason") or found.get("reason")
    message = {
        "content": found["text"] or None,
        "refusal": found["refusal"] or None,
        "tool_calls": [{"function": call} for call in found["calls"].values()],
    }
    made = {"id": found.get("id"), "usage": found.get("usage")}
    return {**made, "choices": [{"message": message, "finish_reason": found.get("reason")}]}


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


class Chats:
    """Lets the fake say and charge what the recording shows of a model."""

    def __init__(self, world: World, teams: Teams) -> None:
        self._world = world
        self._teams = teams
        self._broken: set[str] = set()
        self._cut = False

    def unknown(self, view: View) -> str:
        """Return why nothing can be said about a completion; empty if something can."""
        if view.operation not in _OF_ONE or view.exchange.status == _ABSENT:
            return ""
        if view.record in self._broken:
            return "the stream of the completion was cut, or cancelled"
        return "" if self._world.row(view.record) else "the recording does not show how the completion was made"

    def prepare(self, done: Replayed, shown: View) -> None:
        """Let the model say what the response shows; the response of a lost one may be *shown* to a later attempt."""
        view = done.view
        done.ignored |= _OF_THE_MODEL.get(view.operation.partition(".")[0], frozenset())
        if view.operation != "chat.create" or not shown.succeeded:
            return
        completion = completion_of(shown)
        choice = as_object((as_list(completion.get("choices")) or [None])[0])
        if not choice or choice.get("finish_reason") == "cancelled":
            self._broken.add(str(completion.get("id")))
            self._cut = True
            why = f"nothing shows how much of the stream of exchange {view.exchange.number} was charged"
            self._teams.money_of(view).leave_open(view.index, why)
            return
        replies(self._world)[1] = _said(as_object(choice.get("message")), choice, as_object(completion.get("usage")))

    def finish(self, done: Replayed, reply: Reply) -> None:
        """Read a stream to its end, and charge an embedding as the recording does."""
        view = done.view
        if reply.stream is not None:
            made = b"".join(iter(partial(_part, reply.stream), b""))
            if self._cut:  # the recording may not have come to its id
                self._broken |= {one.decode() for one in _ID.findall(made)}
            self._cut = False
        if view.operation == "embeddings.create" and view.succeeded and not view.lost:
            shown = amount_of(as_object(view.result.get("usage")).get("credits_charged"))
            charged = done.price if shown is None else shown
            team = self._teams.of(view)
            account = self._world.accounts[team]
            self._world.accounts[team] = account._replace(credits=account.credits + done.price - charged)


def _part(stream: Stream) -> bytes:
    part = stream.read()
    return part if isinstance(part, bytes) else b""


def _said(message: Mapping[str, Any], choice: Mapping[str, Any], usage: Mapping[str, Any]) -> Scripted:
    prompt, completion, reasoning = (usage.get(f"{name}_tokens") for name in ("prompt", "completion", "reasoning"))
    functions = [as_object(as_object(one).get("function")) for one in as_list(message.get("tool_calls"))]
    calls = tuple((str(one.get("name")), _json(str(one.get("arguments")))) for one in functions)
    text, refusal = message.get("content"), message.get("refusal")
    known = isinstance(prompt, int) and isinstance(completion, int)
    tokens: Any = (prompt, completion, reasoning or 0) if known else None
    return Scripted(
        number=1,
        text=text if isinstance(text, str) else None if calls or refusal else "",
        tool_calls=calls,
        json=NOTHING,
        refuse=refusal if isinstance(refusal, str) else None,
        error=None,
        tokens=tokens,
        finish_reason=choice.get("finish_reason"),
        delay=0,
        chunking="words",
        when=None,
        times=1,
        place="the recording",
        fits=False,
    )
