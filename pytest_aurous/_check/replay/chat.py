"""What the model of a recording has said: the fake says the same, so that only the API is judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final

from ..._core.base.amounts import plain, total
from ..._core.base.data import as_list, as_object, parsed
from ..._facade import rates_of
from ..recording.view import View
from ..values import Point, Words
from .follower import Follower
from .teams import amount_of

_DONE: Final = "[DONE]"
CALL_IDS: Final = (
    "body.choices[].message.tool_calls[].id", "body.stream.second.choices[].delta.tool_calls[].id",
)  # fmt: skip
"""The places of ids that are the model's."""
_MILLIONTH: Final = Decimal("0.000001")
_LAST_DIGIT: Final = Decimal("0.0001")
"""The last digit of the credits of a chat; whether it is rounded up or down, no page says."""


def _events(body: bytes | None) -> list[Any]:
    """Return the data of the events of a stream; the last is a text. None if any other is no JSON."""
    lines = (body or b"").decode(errors="replace").splitlines()
    data = [line.removeprefix("data:").strip() for line in lines if line.startswith("data:")]
    return [one if one == _DONE else parsed(one) for one in data]


def is_stream(headers: Mapping[str, str]) -> bool:
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
    """Return the completion in a response; of a stream, what of it is compared, or the id alone if it breaks off."""
    if not is_stream(view.exchange.received):
        return as_object(view.body)
    found, message, calls, reason = dict[str, Any](), dict[str, Any](), list[Any](), None
    for chunk in map(as_object, _events(view.exchange.body)):
        choice = as_object((as_list(chunk.get("choices")) or [None])[0])
        delta = as_object(choice.get("delta"))
        found |= {name: chunk[name] for name in ("id", "usage") if chunk.get(name)}
        message |= {name: delta[name] for name in ("content", "refusal") if delta.get(name)}
        tools = [call for call in map(as_object, as_list(delta.get("tool_calls"))) if call.get("function")]
        calls += [call for call in tools if as_object(call["function"]).get("name")]  # others go on with a call
        reason = choice.get("finish_reason") or reason
    choices = [{"message": {**message, "tool_calls": calls}, "finish_reason": reason}]
    return {**found, "choices": choices} if reason else {"id": found.get("id")}


def price_of_chat(view: View) -> Iterator[Point]:
    """Compare the sum of the tokens of a chat, and the price of each line (chat-4)."""
    stream = is_stream(view.exchange.received)
    usage, at = as_object(completion_of(view).get("usage")), "body.stream.last.usage" if stream else "body.usage"
    lines, rates = as_object(usage.get("breakdown")), rates_of(view.order.get("model"))
    tokens = {name: amount_of(usage.get(f"{name}_tokens", 0)) for name in ("prompt", "completion", "reasoning")}
    whole, added = amount_of(usage.get("total_tokens")), total(one for one in tokens.values() if one is not None)
    if view.operation != "chat.create" or whole is None or None in tokens.values() or not rates:
        return
    yield Point(f"{at}.total_tokens", "value", added != whole, plain(whole), plain(added))
    for line, (name, count) in zip(("input", "output", "reasoning"), tokens.items(), strict=True):
        price = (count or 0) * Decimal(str(rates["input" if name == "prompt" else "output"])) / 1_000_000
        shown = amount_of(lines.get(f"{line}_credits"))
        if shown is not None:
            wrong = abs(shown - price) >= _LAST_DIGIT
            yield Point(f"{at}.breakdown.{line}_credits", "value", wrong, plain(shown), plain(price))


def sums_of(view: View) -> Iterator[Point]:
    """Compare the sums and the prices in what an embedding, or its estimate, has cost (emb-5, emb-8)."""
    if not view.operation.startswith("embeddings.") or view.refused:
        return
    body, at = (view.result, "body") if "tokens" in view.result else (as_object(view.result.get("usage")), "body.usage")
    tokens, lines = as_object(body.get("tokens")), as_object(as_object(body.get("breakdown")).get("input"))
    rates = rates_of(view.order.get("model"))
    whole = amount_of(tokens.get("total", body.get("total_tokens")))
    charged = amount_of(body.get("credits_charged", body.get("credits_estimated")))
    costs = {name: amount for name, value in lines.items() if (amount := amount_of(value)) is not None}
    if not rates or whole is None or charged is None or not {"text", "visual"} <= set(costs):
        return
    shown = map(tokens.get, ("text", "image")) if tokens else [body.get("prompt_tokens")]
    parts = [amount_of(one) for one in shown]
    added = total(one for one in parts if one is not None)
    yield Point(f"{at}.total_tokens", "value", added != whole, plain(whole), plain(added))
    counted = [costs[name] * 1_000_000 / Decimal(str(rates[name])) for name in ("text", "visual")]
    wrong = parts != counted if tokens else added != sum(counted)
    yield Point(f"{at}.breakdown.input", "value", wrong, Words(plain(sum(counted))), Words(f"{plain(whole)} tokens"))
    wrong = abs(charged - total(costs.values())) > _MILLIONTH
    yield Point(f"{at}.credits", "value", wrong, plain(charged), Words("the sum of its lines"))


def size_of(view: View, fake: Any) -> Iterator[Point]:
    """Compare how many numbers a vector has (emb-3)."""
    rows = [as_list(as_object(body).get("data"))[:1] for body in (view.body, fake)]
    vectors = [as_object(row).get("embedding") for one in rows for row in one]
    if view.operation == "embeddings.create" and [type(one) for one in vectors] == [list, list]:
        seen, made = (len(as_list(one)) for one in vectors)
        yield Point("body.data[].embedding", "rows", seen != made, Words(f"{seen} numbers"), Words(f"{made} numbers"))


def unknown_completion(follower: Follower, view: View) -> str:
    """Return why nothing can be said about a completion; empty if something can."""
    cut = is_stream(view.exchange.received) and _choice(view).get("finish_reason") in {None, "cancelled"}
    if view.operation == "chat.create" and cut:
        return "its stream was cut, or cancelled"
    of_one = view.operation in {"chat.retrieve", "chat.cancel"} and view.exchange.status != HTTPStatus.NOT_FOUND
    unseen = of_one and follower.row(view.record) is None
    return "the recording does not show how the completion was made" if unseen else ""


def say(follower: Follower, shown: View) -> None:
    """Let the model say something like the completion in a response, and use as many tokens."""
    if shown.operation != "chat.create" or not shown.succeeded:
        return
    choice, usage = _choice(shown), as_object(completion_of(shown).get("usage"))
    message = as_object(choice.get("message"))
    prompt, completion, reasoning = (usage.get(f"{name}_tokens") for name in ("prompt", "completion", "reasoning"))
    calls = [as_object(as_object(one).get("function")) for one in as_list(message.get("tool_calls"))]
    text, refusal = message.get("content"), message.get("refusal")
    known = isinstance(prompt, int) and isinstance(completion, int)
    follower.say(
        text if isinstance(text, str) else None if calls or refusal else "",
        refusal if isinstance(refusal, str) else None,
        tuple((str(one.get("name")), {}) for one in calls),
        choice.get("finish_reason"),  # also one that the API does not document: each response with it differs
        (prompt, completion, reasoning or 0) if known else None,
    )


def _choice(view: View) -> dict[str, Any]:
    """Return the only choice of the completion in a response; empty for a stream that breaks off."""
    return as_object((as_list(completion_of(view).get("choices")) or [None])[0])
