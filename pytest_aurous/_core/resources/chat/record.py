"""`aurous.chat`: what the model says, and the live completions."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from ...base.arguments import Check, Public
from ...base.conditions import OF_CHATS, read_condition
from ...base.data import is_mapping, is_row
from ...base.errors import hide_mistakes
from ...base.frames import PACKAGE, nearest_outside, place_of
from ...base.redaction import redacted, shortened
from ...world.world import World
from ..base.record import Collection, Instant, Live
from ..base.schema import to_wire
from . import replies
from .replies import NOTHING, Chunking, ScriptedReply
from .row import IN_PROGRESS, PUBLIC, CompletionRow, choice, seen_at

__tracebackhide__ = hide_mistakes

if TYPE_CHECKING:  # type checkers find the attributes of the row
    _CompletionFields = CompletionRow
else:
    _CompletionFields = object

PAGE: Final = "reference/chat.html"
_SLOWEST: Final = 0.001
"""Tokens per second, at least: slower is a mistake."""


class Completion(Live, _CompletionFields):
    """A live chat completion.

    Example:
        ``assert aurous.chat.completions.last.text == "Aurora has black hair."``
    """

    _kind = CompletionRow
    _prefix = "cmp"
    _page = PAGE

    def __repr__(self) -> str:
        return redacted(f"<Completion {self.id} {shortened(self.text or '', 40)!r} {self.status}>")

    @property
    def _row(self) -> CompletionRow:
        row: CompletionRow = super()._row
        return seen_at(row, self._world.clock.time())

    @property
    def messages(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """The messages of the request, as on the wire."""
        return [dict(one) for one in self._row.messages]

    @property
    def text(self) -> str | None:
        """What the model has said, or None if it has only called tools, or nothing yet."""
        text: str | None = self._message.get("content")
        return text

    @property
    def tool_calls(self) -> list[tuple[str, Any]]:
        """The tools that the model has called: pairs of name and arguments."""
        return [
            (one["function"]["name"], json.loads(one["function"]["arguments"]))
            for one in self._message.get("tool_calls", ())
        ]

    @property
    def _message(self) -> dict[str, Any]:
        choices = self._row.choices
        message: dict[str, Any] = choices[0]["message"] if choices else {}
        return message

    def json(self) -> dict[str, Any]:
        """Return the body of the GET response."""
        return to_wire(self._row, self._world.settings.sparse)


class Completions(Collection[Completion]):
    """The chat completions of a team."""

    _record = Completion
    _page = PAGE

    def add(
        self,
        text: str = "Aurora has black hair.",
        *,
        status: str = "completed",
        messages: Sequence[Mapping[str, Any]] = ({"role": "user", "content": "What do you see?"},),
        model: str = "aurous-grow-2.0-pro",
        team: Live | None = None,
        id: str | None = None,  # noqa: A002 - the vendor's word
        created_at: Instant | None = None,
    ) -> Completion:
        """Add a completion, without a request and without spending credits.

        Args:
            text: What the model has said.
            status: ``in_progress``, ``completed``, ``failed``, ``cancelled_by_request`` or
                ``cancelled_client_disconnect``. One in progress is not streamed, so it cannot be cancelled.
            messages: The messages of the request.
            model: The name of its model.
            team: Another owner, from `Aurous.teams`.
            id: Its id, such as one of the vendor's pages; drawn by default.
            created_at: When it was created: a `datetime` with a time zone, or ISO 8601 text; now by default.

        Raises:
            AurousError: For an invalid value, or an id that is taken.
        """
        check = self._check("add")
        check.choice("status", status, PUBLIC)
        check.text("text", text, "Aurora has black hair.")
        check.text("model", model, "aurous-grow-2.0-pro")
        if not is_row(messages) or not all(map(is_mapping, messages)):
            raise check.refuse("messages", messages, "messages such as [{'role': 'user', 'content': 'Hi'}].")
        owner, world = self._owner_of(team), self._world
        with self._world.lock, self._adding(owner, id, created_at) as row_id:
            now = world.clock.time()
            ended = status != IN_PROGRESS
            row = CompletionRow(
                id=row_id,
                created=int(now),
                model=model,
                choices=(choice(text, "stop") if ended else choice("", None),) if status != "failed" else (),
                status=status,
                messages=tuple(dict(one) for one in messages),
                started=now,
                finished=now if ended else None,
                team=owner,
            )
            return self._live(world.table(CompletionRow).insert(row).id)


class Chat(Public):
    """`aurous.chat`: what the model says, and what it has said."""

    _page = PAGE

    def __init__(self, world: World, team: str) -> None:
        self._world = world
        self._team = team

    def __repr__(self) -> str:
        with self._world.lock:
            added = list(replies.replies(self._world).values())
        return redacted(f"<Chat: {len(self.completions)} completions, replies {added!r}>")

    @property
    def completions(self) -> Completions:
        """The chat completions, also those that failed or were cancelled."""
        return Completions(self._world, self._team)

    def _place(self, place: str) -> None:
        """Say where the newest reply was added, if no line of a test did."""
        with self._world.lock:
            found = replies.replies(self._world)
            found[len(found)] = found[len(found)]._replace(place=place)

    def reply(
        self,
        text: str | None = None,
        *,
        when: str | re.Pattern[str] | Mapping[str, Any] | Callable[[dict[str, Any]], object] | None = None,
        tool_calls: Sequence[tuple[str, Mapping[str, Any]]] = (),
        json: Any = NOTHING,
        refuse: str | None = None,
        error: str | None = None,
        tokens: tuple[int, int, int] | tuple[int, int] | None = None,
        finish_reason: str | None = None,
        delay: float = 0,
        ttft: float = 0,
        tps: float | None = None,
        chunking: Chunking = "words",
        times: int | None = None,
    ) -> None:
        """Add what the model says to a later request: of a team of its own, or else in every team.

        Replies are used in the order in which they were added; the first that matches is taken. Without *times*, each
        is used once, and the last one stays. Without words, as with *tokens* alone, the model says its
        own.

        Args:
            text: What it says.
            when: Which requests it is for: a text or a pattern in the last message, a function of the JSON body, or a
                dict out of ``json``, ``path``, ``header``, ``pattern``, ``system`` and ``tool_result``.
            tool_calls: The tools that it calls, each with its arguments.
            json: A value that it says as JSON, for a ``response_format``.
            refuse: A refusal, in the field ``refusal`` of the message.
            error: The request fails with this code of the provider, and costs nothing.
            tokens: Input, output and reasoning tokens; by default, they are estimated, and `max_tokens` is obeyed.
            finish_reason: ``stop``, ``length``, ``tool_calls`` or ``content_filter``.
            delay: Seconds on the clock before the response, or before each chunk of a stream.
            ttft: Seconds on the clock before the first token, in place of *delay*.
            tps: Tokens per second after it; without a stream, the response comes when its stream would have ended.
            chunking: ``words``, or ``bytes`` to cut a stream anywhere, also within a character.
            times: How many requests get it.

        Raises:
            AurousError: If an argument is invalid, or the reply says several things, or nothing at all.

        Example:
            ``aurous.chat.reply("Aurora has black hair.", when="hair")``
        """
        check = Check("chat.reply", PAGE)
        said = [name for name, given in (("text", text), ("refuse", refuse), ("error", error)) if given is not None]
        said += ["json"] if json is not NOTHING else []
        how = delay or ttft or any(one is not None for one in (tokens, finish_reason, tps)) or chunking != "words"
        if len(said) > 1 or not (said or tool_calls or how):
            got = f", not {' and '.join(said)}" if said else ""
            raise check.refuse("text", text, f"one of text, json, refuse and error, or tool_calls{got}.")
        if tool_calls and said and said != ["text"]:
            raise check.refuse("tool_calls", tool_calls, f"no tool calls beside {said[0]}.")
        for name, value in (("text", text), ("refuse", refuse)):
            if value is not None:
                check.instance(name, value, str, "text, such as 'Aurora has black hair.'")
        if error is not None:
            check.choice("error", error, replies.ERRORS)
        if finish_reason is not None:
            check.choice("finish_reason", finish_reason, replies.FINISHES)
        check.choice("chunking", chunking, replies.CHUNKINGS)
        if delay and (ttft or tps is not None):
            raise check.refuse("delay", delay, "no delay beside ttft and tps.")
        if isinstance(when, Mapping):
            when = read_condition(check, "when", cast("Mapping[Any, Any]", when), OF_CHATS)
        elif when is not None and not (isinstance(when, str | re.Pattern) or callable(cast("object", when))):
            expected = (
                "a text, a compiled pattern, a function of the JSON body, or a dict such as {'system': 'a poet'}."
            )
            raise check.refuse("when", when, expected)
        with self._world.lock:
            found = replies.replies(self._world)
            number = len(found) + 1
            found[number] = ScriptedReply(
                number=number,
                text=text,
                tool_calls=_pairs(check, tool_calls),
                json=_json(check, json),
                refuse=refuse,
                error=error,
                tokens=_tokens(check, tokens),
                finish_reason=finish_reason,
                delay=check.number("delay", delay, 0),
                ttft=check.number("ttft", ttft, 0),
                tps=None if tps is None else check.number("tps", tps, _SLOWEST),
                chunking=chunking,
                when=when,
                times=None if times is None else check.whole("times", times, 1),
                place=place_of(nearest_outside({PACKAGE}, sys._getframe())).rpartition("/")[2],
                team=self._world.concerned(self._team),
            )


def _pairs(check: Check, calls: object) -> tuple[tuple[str, Any], ...]:
    expected = "pairs of a name and its arguments, such as [('get_weather', {'city': 'Tokyo'})]."
    found: list[tuple[str, Any]] = []
    for one in calls if is_row(calls) else [calls]:
        if not is_row(one) or len(one) != 2:  # noqa: PLR2004 - a pair
            raise check.refuse("tool_calls", calls, expected)
        name, arguments = one
        if not isinstance(name, str) or not is_mapping(arguments):
            raise check.refuse("tool_calls", calls, expected)
        found.append((name, _json(check, dict(arguments), "tool_calls")))
    return tuple(found)


def _json(check: Check, value: Any, name: str = "json") -> Any:
    if value is NOTHING:
        return value
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        raise check.refuse(name, value, "a value that JSON can carry.") from None


def _tokens(check: Check, tokens: object) -> tuple[int, int, int] | None:
    if tokens is None:
        return None
    if not is_row(tokens) or len(tokens) not in {2, 3}:
        raise check.refuse("tokens", tokens, "input, output and perhaps reasoning tokens, such as (200, 600, 50).")
    prompt, completion, reasoning = (*tokens, 0)[:3]
    return (
        check.whole("tokens", prompt, 0),
        check.whole("tokens", completion, 0),
        check.whole("tokens", reasoning, 0),
    )
