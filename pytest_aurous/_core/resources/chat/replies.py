"""What the model says: the replies that a test has added, and what it says without any."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from itertools import takewhile
from math import inf
from random import Random
from typing import Any, Final, Literal, NamedTuple, cast

from ...base.conditions import Candidate, fits
from ...base.data import is_object
from ...base.errors import see, shown
from ...base.redaction import SECRET, redacted, shortened
from ...wire.call import Call
from ...wire.refusal import ApiProblem, Unscripted
from ...world.state import Section
from ...world.world import World
from .request import first_tokens, tokens_of, words_of

When = str | re.Pattern[str] | dict[str, Any] | Callable[[dict[str, Any]], object]
Chunking = Literal["words", "bytes"]
CHUNKINGS: Final = ("words", "bytes")
FINISHES: Final = ("stop", "length", "tool_calls", "content_filter")
ERRORS: Final = {"chat_provider_unavailable": 502, "chat_provider_unknown_error": 502, "provider_timeout": 504}
"""The errors that a reply can be, each with its status (chat-12)."""
# What a mistake in a function of a test raises. An exception of a signal handler, such as a timeout, gets through.
_MISTAKES: Final = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
# What the model's own words depend on: the same question gets the same words, streamed or not (chat-8); one
# with another secret, too, since a copied session has none.
_QUESTION: Final = ("model", "messages", "seed")

_PAGE: Final = see("reference/chat.html#what-the-model-says")


class NOTHING:
    """No value where a reply could have JSON; a class, because it is the same after pickling."""


class ScriptedReply(NamedTuple):
    """A reply that a test has added, by `Chat.reply`, which says what its arguments mean."""

    number: int  # 1 for the first
    text: str | None
    tool_calls: tuple[tuple[str, Any], ...]
    json: Any  # `NOTHING` for none
    refuse: str | None
    error: str | None
    tokens: tuple[int, int, int] | None
    finish_reason: str | None
    delay: float
    ttft: float
    tps: float | None
    chunking: Chunking
    when: When | None
    times: float | None
    place: str  # file and line that added it
    used: int = 0
    lost: int = 0  # how often a fault has kept it from its client, which does not count as used
    fits: bool = True  # whether it has to fit the tools and the schema of its request
    team: str | None = None  # whose requests it replies to; None: every team's

    def __repr__(self) -> str:
        said = next((one for one in (self.text, self.refuse, self.error) if one is not None), None)
        what = said if said is not None else "tool calls" if self.tool_calls else "JSON"
        return redacted(f"<reply {shortened(what, 40)!r}, added at {self.place}: used {self.used}>")

    def matches(self, call: Call, body: dict[str, Any]) -> bool:
        """Whether it replies to this request: a text or a pattern is looked for in its last message."""
        if self.when is None:
            return True
        if isinstance(self.when, dict):
            return fits(self.when, _seen(call, body))  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
        if callable(self.when):
            try:
                return bool(self.when(body))
            except _MISTAKES as error:
                raise Unscripted(
                    f"the when= of chat.reply(...), added at {self.place}, raised {type(error).__name__}: {error}. "
                    f"It gets the JSON body, in which a field may be absent.\n{_PAGE}"
                ) from error
        last = words_of(body["messages"][-1:])
        return self.when in last if isinstance(self.when, str) else self.when.search(last) is not None


def _seen(call: Call, body: dict[str, Any]) -> Candidate:
    messages: list[dict[str, Any]] = body["messages"]
    results = list(takewhile(lambda one: one["role"] == "tool", reversed(messages)))
    return Candidate(
        call.path,
        call.sent_headers,
        body,
        text=words_of(messages[-1:]),
        system=words_of(one for one in messages if one["role"] == "system"),
        tool_result=words_of(results),
    )


class Answer(NamedTuple):
    """What the model says to one request, with its tokens; how fast, as in `Chat.reply`."""

    text: str | None
    refusal: str | None
    calls: tuple[tuple[str, str, str], ...]  # id, name, and arguments as JSON
    finish_reason: str
    prompt: int
    completion: int
    reasoning: int = 0
    delay: float = 0.0
    ttft: float = 0.0
    tps: float | None = None
    chunking: Chunking = "words"
    reply: int | None = None  # the number of the reply of the test; None: it says this by itself

    @property
    def spoken(self) -> str:
        """What is sent piece by piece: the text, or the arguments of its calls."""
        return self.text or self.refusal or "".join(arguments for _, _, arguments in self.calls)


def replies(world: World) -> Section[int, ScriptedReply]:
    found: Section[int, ScriptedReply] = world.state.section("chat replies")
    return found


def unused(world: World) -> list[ScriptedReply]:
    """Return the replies that were used less often than they should be."""
    return [one for one in replies(world).values() if one.used + one.lost < (one.times or 1)]


def _take(world: World, team: str, call: Call, body: dict[str, Any]) -> ScriptedReply | None:
    """Use the first reply that matches, of those for this team alone before those for every team.

    Without ``times``, each is used once, and the last one stays.
    """
    found = replies(world)
    for whose in (team, None):
        added = [one for one in found.values() if one.team == whose]
        for one in added:
            # The last one stays, so that a test which cares about one reply adds one, however often the code asks.
            most = one.times or (inf if one is added[-1] else 1)
            if one.used < most and one.matches(call, body):
                found[one.number] = one._replace(used=one.used + 1)
                return one
    return None


def unsay(world: World, said: Answer | None) -> None:
    """Say a reply again that a fault has kept from its client: the same request gets the same reply."""
    found = replies(world)
    if said is not None and said.reply is not None and said.reply in found:
        one = found[said.reply]
        found[said.reply] = one._replace(used=one.used - 1, lost=one.lost + 1)


def answer(world: World, team: str, call: Call, body: dict[str, Any], prompt: int) -> Answer:
    """Return what the model says to a request, whose *body* was read, and whose input has *prompt* tokens."""
    scripted = _take(world, team, call, body)
    if scripted is None:
        return _unasked(world, body, prompt)
    if scripted.error is not None:
        message = f"The provider of the model failed ({scripted.error})."
        raise ApiProblem(ERRORS[scripted.error], scripted.error, message)
    text = scripted.text if scripted.json is NOTHING else json.dumps(scripted.json, ensure_ascii=False)
    if text is None and scripted.refuse is None and not scripted.tool_calls:
        said = _unasked(world, body, prompt)
    else:
        if scripted.fits:
            _check_fit(scripted, body, text)
        said = _answer(text, scripted.refuse, _calls(world, scripted.tool_calls), prompt)
        # With tokens, the test says how much there is, and `max_tokens` cuts nothing.
        said = said if scripted.tokens else _within(said, body)
    prompt, completion, reasoning = scripted.tokens or (prompt, said.completion, 0)
    return said._replace(
        finish_reason=scripted.finish_reason or said.finish_reason,
        prompt=prompt,
        completion=completion,
        reasoning=reasoning,
        delay=scripted.delay,
        ttft=scripted.ttft,
        tps=scripted.tps,
        chunking=scripted.chunking,
        reply=scripted.number,
    )


def _answer(text: str | None, refusal: str | None, calls: tuple[tuple[str, str, str], ...], prompt: int) -> Answer:
    said = Answer(text, refusal, calls, "tool_calls" if calls else "stop", prompt, 0)
    return said._replace(completion=max(1, tokens_of(said.spoken)))


def _within(said: Answer, body: Mapping[str, Any]) -> Answer:
    """Cut an answer at the ``max_tokens`` of its request; calls of tools stay whole, or they would be no JSON."""
    cap = cast("int | None", body.get("max_tokens"))
    if cap is None or said.completion <= cap or said.calls:
        return said
    cut = first_tokens(said.spoken, cap)
    kept = said._replace(finish_reason="length", completion=cap)
    return kept._replace(text=cut) if said.refusal is None else kept._replace(refusal=cut)


def _check_fit(scripted: ScriptedReply, body: Mapping[str, Any], text: str | None) -> None:
    """Raise if a reply calls an unknown tool, calls no tool although the request demands it, or breaks its schema."""
    from ..content.schemas import misfit  # most tests have no chat

    schemas = _tools(body)
    called = [name for name, _ in scripted.tool_calls]
    wanted = _forced(body)
    if wanted is not None and scripted.refuse is None and (not called or (_names_one(body) and wanted not in called)):
        what = wanted if _names_one(body) else " or ".join(schemas)
        raise _unfit(scripted, f"its tool_choice demands a call of {what}; use reply(tool_calls=...)")
    if called and body.get("tool_choice") == "none":
        raise _unfit(scripted, "it calls a tool, and the tool_choice of the request is 'none'")
    for name, arguments in scripted.tool_calls:
        if name not in schemas:
            known = ", ".join(schemas) or "none"
            raise _unfit(scripted, f"it calls the tool {name!r}, and the request has these tools: {known}")
        if wrong := misfit(arguments, schemas[name]):
            raise _unfit(scripted, f"the arguments of {name!r} do not fit its parameters: {wrong}")
    schema = _schema(body)
    if scripted.json is not NOTHING and schema is not None and (wrong := misfit(scripted.json, schema)):
        raise _unfit(scripted, f"its json does not fit the schema of the request: {wrong}")
    # JSON that was cut off does happen, and a test may want it.
    whole = scripted.finish_reason in {None, "stop"}
    wants_json = body.get("response_format", {}).get("type") == "json_schema"
    if scripted.json is NOTHING and text is not None and whole and wants_json:
        try:
            json.loads(text)
        except ValueError:
            why = f"the request asks for JSON, and it says {shown(text)}; use reply(json=...)"
            raise _unfit(scripted, why) from None


def _unfit(scripted: ScriptedReply, why: str) -> Unscripted:
    return Unscripted(f"chat.reply(...), added at {scripted.place}, does not fit the request: {why}.\n{_PAGE}")


def _tools(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of each tool of a request, by name."""
    functions = [one["function"] for one in body.get("tools", ())]
    return {one["name"]: {"type": "object", **(one.get("parameters") or {})} for one in functions}


def _schema(body: Mapping[str, Any]) -> Any:
    return body.get("response_format", {}).get("json_schema", {}).get("schema")


def _calls(world: World, calls: tuple[tuple[str, Any], ...]) -> tuple[tuple[str, str, str], ...]:
    return tuple((world.ids.new("call"), name, json.dumps(given, ensure_ascii=False)) for name, given in calls)


def _unasked(world: World, body: dict[str, Any], prompt: int) -> Answer:
    """Say something without a reply of the test: a call of a tool that must be called, JSON, or a sentence (chat-8)."""
    asked = [body.get(name) for name in _QUESTION]
    random = Random(f"{world.settings.seed}/chat {redacted(json.dumps(asked, sort_keys=True), SECRET)}")
    tool = _forced(body)
    if tool is not None:
        from ..content.schemas import example  # few requests demand a tool

        calls = _calls(world, ((tool, example(_tools(body).get(tool, {}), random)),))
        return _answer(None, None, calls, prompt)
    # JSON is never cut: without a reply of the test, the model says what fits the schema.
    said = _answer(_text(world, body, random), None, (), prompt)
    return said if _wants_json(body) else _within(said, body)


def _forced(body: Mapping[str, Any]) -> str | None:
    choice: Any = body.get("tool_choice")
    if _names_one(body):
        name: str = choice["function"]["name"]
        return name
    return next(iter(_tools(body)), None) if choice == "required" else None


def _names_one(body: Mapping[str, Any]) -> bool:
    return is_object(body.get("tool_choice"))


def _wants_json(body: Mapping[str, Any]) -> bool:
    return body.get("response_format", {}).get("type") in {"json_object", "json_schema"}


def _text(world: World, body: dict[str, Any], random: Random) -> str:
    schema = _schema(body)
    if _wants_json(body):
        from ..content.schemas import example  # few requests ask for JSON

        return json.dumps(example(schema if schema is not None else {"type": "object"}, random), ensure_ascii=False)
    if world.settings.reply is not None:
        return world.settings.reply
    # Enough to recognize the question; the whole of it could be a document.
    asked = shortened(" ".join(words_of(body["messages"][-1:]).split()), 60)
    opening = random.choice(("This is", "You are reading", "Here is"))
    return f"{opening} a simulated response of {body['model']}. The last message was: {asked}"
