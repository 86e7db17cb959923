"""What the model of a recording has said: the fake says the same, so that only the API is judged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Final

from ..._core.base.amounts import plain, total
from ..._core.base.data import as_list, as_object, parsed
from ..._core.wire.reply import Reply, Stream
from ..._facade import CHUNK, Follower, Schema, rates_of, shown_by
from ..recording.view import View
from ..values import Point, Words
from .replayed import Replayed
from .teams import ReplayTeams, amount_of

_DONE: Final = "[DONE]"
STREAM: Final = Schema({"properties": dict.fromkeys(("first", "second", "last"), CHUNK)})
"""The schema of `form_of_stream`."""
_OF_ONE: Final = frozenset({"chat.retrieve", "chat.cancel"})
_ABSENT: Final = 404
_MILLIONTH: Final = Decimal("0.000001")
_ID: Final = re.compile(rb'"id":"(cmp_\w+)"')
_OF_THE_MODEL: Final[Mapping[str, frozenset[str]]] = {
    "chat": frozenset({
        "body.created", "body.choices[].message.tool_calls[].id",
        "body.stream.second.choices[].delta.tool_calls[].id",
        "body.choices[].message.tool_calls[].function.arguments",
    }),
    "embeddings": frozenset({
        "body.data[].embedding", "body.usage.prompt_tokens", "body.usage.total_tokens", "body.usage.credits_charged",
        "body.usage.breakdown.input.text", "body.usage.breakdown.input.visual", "body.tokens", "body.credits_estimated",
        "body.breakdown.input.text", "body.breakdown.input.visual",
    }),
}  # fmt: skip
"""The places that are the model's, or that depend on how it counts tokens."""


def _events(body: bytes | None) -> list[Any]:
    """Return the data of the events of a stream; the last is a text. None if any other is no JSON."""
    lines = (body or b"").decode(errors="replace").splitlines()
    data = [line.removeprefix("data:").strip() for line in lines if line.startswith("data:")]
    return [one if one == _DONE else parsed(one) for one in data]


def is_stream(headers: Mapping[str, str]) -> bool:
    """Whether headers are of a stream of events."""
    return "text/event-stream" in headers.get("content-type", "")


def form_of_stream(body: bytes | None) -> dict[str, Any]:
    """Return the facts of a stream that have rules: its first and last chunks, its end, and how many of each."""
    events = _events(body)
    some = [as_object(one) for one in events if one != _DONE]
    warned = [one for one in some if one and "choices" not in one]  # no page says what is in a warning
    chunks = [one for one in some if one not in warned]
    reasons = [as_object(one).get("finish_reason") for chunk in chunks for one in as_list(chunk.get("choices"))]
    return {
        "warnings": len(warned),
        "warned_first": some[:1] == warned[:1] != [],
        "first": chunks[0] if chunks else None,
        "second": chunks[1] if len(chunks) > 2 else None,  # noqa: PLR2004 - between the first and the last
        "last": chunks[-1] if chunks else None,
        "ids": len({str(chunk.get("id")) for chunk in chunks}),
        "finish_reasons": len([one for one in reasons if one is not None]),
        "usages": len([chunk for chunk in chunks if chunk.get("usage")]),
        "unreadable": len([one for one in events if not isinstance(one, (dict, str))]),
        "end": Words(_DONE if events[-1:] == [_DONE] else f"no {_DONE}"),
    }


def completion_of(view: View) -> dict[str, Any]:
    """Return the completion in a response.

    A stream is put together from its events; of a stream that breaks off, only the id is known.
    """
    if not is_stream(view.exchange.received):
        return as_object(view.body)
    found: dict[str, Any] = {"text": "", "refusal": "", "calls": {}}
    for chunk in map(as_object, _events(view.exchange.body)):
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
    if not found.get("reason"):
        return {"id": found["id"]} if "id" in found else {}
    message = {
        "content": found["text"] or None,
        "refusal": found["refusal"] or None,
        "tool_calls": [{"function": call} for call in found["calls"].values()],
    }
    made = {"id": found.get("id"), "usage": found.get("usage")}
    return {**made, "choices": [{"message": message, "finish_reason": found["reason"]}]}


def sums_of(view: View) -> Iterator[Point]:
    """Compare the sums and the prices in what an embedding, or its estimate, has cost (emb-5, emb-8)."""
    if not view.operation.startswith("embeddings.") or view.refused:
        return
    body, at = (view.result, "body") if "tokens" in view.result else (as_object(view.result.get("usage")), "body.usage")
    tokens, lines = as_object(body.get("tokens")), as_object(as_object(body.get("breakdown")).get("input"))
    rates = rates_of(view.order.get("model"))
    whole = amount_of(tokens.get("total", body.get("total_tokens")))
    charged, costs = amount_of(body.get("credits_charged", body.get("credits_estimated"))), {}
    costs = {name: amount for name, value in lines.items() if (amount := amount_of(value)) is not None}
    if not rates or whole is None or charged is None or not {"text", "visual"} <= set(costs):
        return
    parts = (
        [amount_of(tokens.get(name)) for name in ("text", "image")]
        if tokens
        else [amount_of(body.get("prompt_tokens"))]
    )
    added = total(one for one in parts if one is not None)
    yield Point(f"{at}.total_tokens", "value", added != whole, plain(whole), plain(added))
    counted = [costs[name] * 1_000_000 / Decimal(str(rates[name])) for name in ("text", "visual")]
    wrong = parts != counted if tokens else added != sum(counted)
    yield Point(f"{at}.breakdown.input", "value", wrong, Words(plain(sum(counted))), Words(f"{plain(whole)} tokens"))
    yield Point(
        f"{at}.credits",
        "value",
        abs(charged - total(costs.values())) > _MILLIONTH,
        plain(charged),
        Words("the sum of its lines"),
    )


def size_of(view: View, fake: Any) -> Iterator[Point]:
    """Compare how many numbers a vector has (emb-3)."""
    rows = [as_list(as_object(body).get("data"))[:1] for body in (view.body, fake)]
    vectors = [as_object(row).get("embedding") for one in rows for row in one]
    if view.operation == "embeddings.create" and [type(one) for one in vectors] == [list, list]:
        seen, made = (len(as_list(one)) for one in vectors)
        yield Point("body.data[].embedding", "rows", seen != made, Words(f"{seen} numbers"), Words(f"{made} numbers"))


class Chats:
    """Lets the fake say and charge what the recording shows of a model."""

    def __init__(self, follower: Follower, teams: ReplayTeams) -> None:
        self._follower = follower
        self._teams = teams
        self._broken: set[str] = set()
        self._uncounted: set[str] = set()
        self._cut = False

    def unknown(self, view: View) -> str:
        """Return why nothing can be said about a completion; empty if something can."""
        if view.operation not in _OF_ONE or view.exchange.status == _ABSENT:
            return ""
        if view.record in self._broken:
            return "the stream of the completion was cut, or cancelled"
        return "" if self._follower.row(view.record) else "the recording does not show how the completion was made"

    def prepare(self, done: Replayed, shown: View) -> None:
        """Let the model say what the response shows; the response of a lost one may be *shown* to a later attempt."""
        view = done.view
        done.ignored |= _OF_THE_MODEL.get(view.operation.partition(".")[0], frozenset())
        if view.record in self._uncounted:
            done.ignored.add("body.usage")
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
        if not as_object(completion.get("usage")):
            why = f"exchange {view.exchange.number} does not show how many tokens it has used"
            self._teams.money_of(view).leave_open(view.index + 1, why)
        self._say(as_object(choice.get("message")), choice.get("finish_reason"), as_object(completion.get("usage")))

    def finish(self, done: Replayed, reply: Reply, *, replays: bool) -> None:
        """Read a stream to its end, and charge what the response shows; a stored response is free."""
        view = done.view
        if reply.stream is not None:
            made = b"".join(iter(partial(_part, reply.stream), b""))
            if self._cut:  # the recording may not have come to its id
                self._broken |= {one.decode() for one in _ID.findall(made)}
            else:
                done.streamed = made
            self._cut = False
        if "price" in shown_by(view.operation).rules and view.succeeded and not (view.lost or replays):
            shown = amount_of(as_object(completion_of(view).get("usage")).get("credits_charged"))
            charged = done.price if shown is None else shown
            team = self._teams.of(view)
            credit = self._follower.accounts[team].credits
            self._follower.set_account(team, credits=credit + done.price - charged)
            done.price = charged

    def adopt(self, view: View) -> None:
        """Let the stored completion be as its first response shows it, so that each difference counts once."""
        if view.operation != "chat.create" or not view.succeeded:
            return
        shown = completion_of(view)
        record, usage = str(shown.get("id")), as_object(shown.get("usage"))
        # What a streamed one says comes from the events.
        choices = [] if is_stream(view.exchange.received) else as_list(shown.get("choices"))
        if self._follower.complete(record, usage, choices) and not usage:
            self._uncounted.add(record)

    def _say(self, message: Mapping[str, Any], reason: object, usage: Mapping[str, Any]) -> None:
        prompt, completion, reasoning = (usage.get(f"{name}_tokens") for name in ("prompt", "completion", "reasoning"))
        functions = [as_object(as_object(one).get("function")) for one in as_list(message.get("tool_calls"))]
        calls = tuple((str(one.get("name")), parsed(str(one.get("arguments")))) for one in functions)
        text, refusal = message.get("content"), message.get("refusal")
        known = isinstance(prompt, int) and isinstance(completion, int)
        self._follower.say(
            text if isinstance(text, str) else None if calls or refusal else "",
            refusal if isinstance(refusal, str) else None,
            calls,
            reason,  # another word than those of the API is a difference each time
            (prompt, completion, reasoning or 0) if known else None,
        )


def _part(stream: Stream) -> bytes:
    part = stream.read()
    return part if isinstance(part, bytes) else b""
