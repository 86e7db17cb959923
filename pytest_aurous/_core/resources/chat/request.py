"""The body of a chat request: its fields, what is refused, and its estimated tokens (chat-2 to chat-4)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from math import ceil
from typing import Any, Final

from ...base.data import is_array, is_object
from ...base.errors import shown
from ...wire import messages as say
from ...wire.fields import (
    HOLDS,
    Reader,
    boolean,
    described,
    integer,
    list_of,
    number,
    one_of,
    optional,
    read_fields,
    text,
)
from ...wire.hosts import is_private
from ...wire.refusal import ApiProblem, missing_field, not_one_of
from ..base.endpoint import Context
from ..base.schema import PART, text_of
from ..models import ModelRow, require_model

ROLES: Final = ("system", "user", "assistant", "tool")
_NEWER: Final = {
    "messages[*].role": (ROLES, ("developer", "function")),
    "reasoning_effort": (("minimal", "low", "medium", "high"), ("none", "xhigh")),
    "tools.type": (("function",), ("custom",)),
    "tool_choice.type": (("function",), ("allowed_tools", "custom")),
}
"""What the pages name at a place, and what else OpenAI's API has there (chat-14)."""
# Characters. No page limits them: what is too long for a model has too many tokens (chat-3).
_MOST_TEXT: Final = 10**8
_PARTS: Final = ("text", "image_url", "video_url")
# As long as the URLs of webhooks and frames may be; the page of chats does not say it.
_URL: Final = 2048
# A rule of thumb that is the same in each run: four bytes of UTF-8 for a token, and four tokens for each message.
_BYTES: Final = 4
_MESSAGE: Final = 4
# Tokens of an image by its quality, as documented (chat-5). No page says what a video has: as much as the best image.
_IMAGE: Final = {"low": 512, "high": 1024, "auto": 1024, "xhigh": 2048}
_VIDEO: Final = 2048

_content: Final = text(_MOST_TEXT, 0)


def public_url(value: Any, param: str, *, inline: bool) -> str:
    """Read the URL of an image, public and https, or the image itself where *inline* is allowed (chat-5, emb-4)."""
    url: str = text(_MOST_TEXT if inline else _URL)(value, param)
    if inline and url.startswith("data:image/"):
        return url
    if is_private(url):
        wanted = "an https URL of a public host, not a private, loopback or link-local one"
        raise ApiProblem(400, "invalid_request", f"{param} must be {wanted}, not {url[:200]!r}.", param)
    return url


def _object(value: Any, param: str) -> dict[str, Any]:
    if not is_object(value):
        message = say.WRONG_TYPE.format(param=param, expected="an object", got=shown(value))
        raise ApiProblem(400, "invalid_format", message, param)
    return value


def _part(value: Any, param: str) -> dict[str, Any]:
    part = _object(value, param)
    kind = one_of(_PARTS)(part.get("type"), f"{param}.type")
    if kind == "text":
        _content(part.get("text"), f"{param}.text")
    else:
        source = _object(part.get(kind), f"{param}.{kind}")
        public_url(source.get("url"), f"{param}.{kind}.url", inline=kind == "image_url")
        if "detail" in source:
            one_of(("low", "high", "auto"))(source["detail"], f"{param}.{kind}.detail")
    return part


def _having(**readers: Reader) -> Callable[[Any, str], dict[str, Any]]:
    """Read an object that has at least these fields, which are required; others may be beside them."""

    def read(value: Any, param: str) -> dict[str, Any]:
        sent = _object(value, param)
        for name, reader in readers.items():
            reader(sent.get(name), f"{param}.{name}")
        return sent

    return read


_tool_call: Final = _having(id=text(256), function=_having(name=text(256), arguments=_content))
_named: Final = _having(function=_having(name=text(64)))
_custom: Final = _having(custom=_having(name=text(64)))
_allowed: Final = _having(allowed_tools=_having(mode=one_of(("auto", "required")), tools=list_of(_named, 1, 128)))


def _open(place: str) -> Reader:
    """Read what the pages name at a place, and what else OpenAI's API has there."""
    named, newer = _NEWER[place]
    return one_of(named, also=newer)


def _message(value: Any, _: str) -> dict[str, Any]:
    # The vendor writes a star, not the number of the message.
    param = "messages[*]"
    sent = _object(value, param)
    message = {name: one for name, one in sent.items() if one is not None}
    role = _open(f"{param}.role")(message.get("role"), f"{param}.role")
    content = message.get("content")
    if is_array(content):
        list_of(_part, 1, 1000)(content, f"{param}.content[*]")
    elif content is not None:
        _content(content, f"{param}.content")
    elif role != "assistant" or not (message.get("tool_calls") or message.get("refusal")):
        raise missing_field(f"{param}.content")
    if "tool_calls" in message:
        list_of(_tool_call, 0, 128)(message["tool_calls"], f"{param}.tool_calls[*]")
    if role == "tool":
        if "tool_call_id" not in message:
            raise missing_field(f"{param}.tool_call_id")
        text(256)(message["tool_call_id"], f"{param}.tool_call_id")
    return sent


def _tool(value: Any, param: str) -> dict[str, Any]:
    from ..content.schemas import invalid  # few chats have tools

    tool = _object(value, param)
    if _open("tools.type")(tool.get("type"), f"{param}.type") == "custom":
        return _custom(tool, param)
    parameters: Any = _named(tool, param)["function"].get("parameters") or {}
    found = invalid(_object(parameters, f"{param}.function.parameters"))
    if found:
        message = say.WRONG_TYPE.format(param=f"{param}.function.parameters", expected="a JSON schema", got=found)
        raise ApiProblem(400, "invalid_format", message, f"{param}.function.parameters")
    return tool


_CHOICES: Final = ("auto", "none", "required")


def _tool_choice(value: Any, param: str) -> Any:
    if not is_object(value):
        return one_of(_CHOICES)(value, param)
    return {"custom": _custom, "allowed_tools": _allowed}.get(str(value.get("type")), _named)(value, param)


def _response_format(value: Any, param: str) -> dict[str, Any]:
    from ..content.schemas import unsupported  # few chats ask for JSON

    wanted = _object(value, param)
    kind = one_of(("text", "json_object", "json_schema"))(wanted.get("type"), f"{param}.type")
    if kind == "json_schema":
        inner = _object(wanted.get("json_schema"), f"{param}.json_schema")
        text(64)(inner.get("name"), f"{param}.json_schema.name")
        found = unsupported(inner.get("schema", {}))
        if found:
            message = f"The schema is outside the supported subset: {found}."
            raise ApiProblem(400, "response_format_unsupported", message, f"{param}.json_schema.schema")
    return wanted


def _stop(value: Any, param: str) -> Any:
    return list_of(_content, 0, 16)(value, param) if is_array(value) else _content(value, param)


_TEXT: Final = {"type": "string"}
_OWN: Final = {"type": "object", HOLDS: "schema"}
_CALL: Final = {
    "type": "object",
    "properties": {
        "id": text_of("id"),
        "type": {"enum": ["function"]},
        "function": {"type": "object", "properties": {"name": _TEXT, "arguments": _TEXT}},
    },
}
_TOOL: Final = {
    "type": "object",
    "properties": {
        "type": {"enum": ["function"]},
        "function": {
            "type": "object",
            "properties": {"name": _TEXT, "description": _TEXT, "parameters": _OWN},
            "required": ["name"],
        },
    },
    "required": ["type", "function"],
}
_CHOICE: Final = {
    "type": "object",
    "properties": {
        "type": {"enum": ["function"]},
        "function": {"type": "object", "properties": {"name": _TEXT}},
    },
}
_FORMAT: Final = {
    "type": "object",
    "properties": {
        "type": {"enum": ["text", "json_object", "json_schema"]},
        "json_schema": {"type": "object", "properties": {"name": _TEXT, "schema": _OWN}, "required": ["name"]},
    },
    "required": ["type"],
}
_ANY_OBJECT: Final = described(_object, {"type": "object"})
# The ranges of numbers are those of OpenAI's API; how many messages there may be, the vendor says (chat-2).
FIELDS: Final[dict[str, Reader]] = {
    "model": text(128, holds="style"),
    "messages": list_of(
        described(
            _message,
            {
                "type": "object",
                "properties": {
                    "role": {"enum": list(ROLES)},
                    "content": {"anyOf": [_TEXT, {"type": "array", "items": PART}, {"type": "null"}]},
                    "name": {"type": "string"},
                    "tool_calls": {"anyOf": [{"type": "array", "items": _CALL}, {"type": "null"}]},
                    "tool_call_id": text_of("id"),
                },
                "required": ["role"],
            },
        ),
        1,
        200,
    ),
    "max_tokens": optional(integer(1, 10**9), note="By default what the model has, such as 4096."),
    "temperature": number(0, 2),
    "top_p": number(0, 1),
    "stream": optional(boolean, default=False),
    "stream_options": _ANY_OBJECT,
    "tools": list_of(described(_tool, _TOOL), 0, 128),
    "tool_choice": described(_tool_choice, {"anyOf": [{"enum": list(_CHOICES)}, _CHOICE]}),
    "response_format": described(_response_format, _FORMAT),
    "reasoning_effort": _open("reasoning_effort"),
    "vision_quality": one_of(("low", "high", "xhigh")),
    "seed": integer(-(2**63), 2**63 - 1),
    "stop": described(_stop, {"anyOf": [_TEXT, {"type": "array"}]}),
    "presence_penalty": number(-2, 2),
    "frequency_penalty": number(-2, 2),
    "logprobs": boolean,
    "top_logprobs": integer(0, 20),
}


def known(body: Mapping[str, Any], readers: Mapping[str, Reader]) -> dict[str, Any]:
    """Return the fields that an endpoint knows; SDKs send others, and null for what is not set (chat-2)."""
    return {name: value for name, value in body.items() if name in readers and value is not None}


def _refuse_newer(body: Mapping[str, Any]) -> None:
    """Refuse what OpenAI's API has and no page names (chat-14)."""
    choice = body.get("tool_choice")
    for place, value in (
        *(("messages[*].role", one["role"]) for one in body["messages"]),
        *(("tools.type", one["type"]) for one in body.get("tools", ())),
        ("reasoning_effort", body.get("reasoning_effort")),
        ("tool_choice.type", choice.get("type") if is_object(choice) else None),
    ):
        named, newer = _NEWER[place]
        if value in newer:
            problem = not_one_of(place, named, json.dumps(value))
            problem.message += say.ASSUMED.format(what=value, rule="chat-14", reading="accepted")
            raise problem


def _callable(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body with the tools that the model may call: functions, of these the allowed ones (chat-14)."""
    choice, every = body.get("tool_choice"), body.get("tools", ())
    tools = [one for one in every if one["type"] == "function"]
    if is_object(choice) and choice.get("type") == "allowed_tools":
        allowed = choice["allowed_tools"]
        names = [one["function"]["name"] for one in allowed["tools"]]
        tools, choice = [one for one in tools if one["function"]["name"] in names], allowed["mode"]
    # The model calls no custom tool, so a choice that leaves nothing else forces nothing.
    custom = is_object(choice) and choice.get("type") == "custom"
    if custom or (choice == "required" and every and not tools):
        choice = None
    return {**body, "tools": tools, "tool_choice": choice}


def read(ctx: Context) -> tuple[dict[str, Any], ModelRow, int]:
    """Return the fields of a chat request, its model, and its estimated input tokens."""
    body = read_fields(known(ctx.body, FIELDS), FIELDS, required=("model", "messages"))
    if ctx.world.settings.reading("chat-14") == "refused":
        _refuse_newer(body)
    else:
        body = _callable(body)
    # First the model: each later check needs its limits or what it can do.
    model = require_model(ctx, "chat")
    cap = model.max_output_tokens or 0
    if body.get("max_tokens", 0) > cap:
        message = f"max_tokens {body['max_tokens']} is above the hard cap of {cap} of {model.id}."
        raise ApiProblem(400, "max_tokens_exceeds_hard_cap", message, "max_tokens")
    if body.get("tool_choice") == "required" and "tool_choice_required" not in model.capabilities:
        message = f"{model.id} does not support tool_choice 'required'."
        raise ApiProblem(400, "tool_choice_required_unsupported", message, "tool_choice")
    choice = body.get("tool_choice")
    names = [one["function"]["name"] for one in body.get("tools", ())]
    if choice == "required" and not names:
        raise missing_field("tools")
    if is_object(choice) and choice["function"]["name"] not in names:
        raise not_one_of("tool_choice.function.name", names, repr(choice["function"]["name"]))
    count = _tokens_of_request(body)
    if count > model.context_window:
        message = f"The input has about {count} tokens; {model.id} takes at most {model.context_window}."
        raise ApiProblem(400, "max_input_tokens_exceeded", message, "messages")
    return body, model, count


def tokens_of(text: str) -> int:
    """Return the estimated tokens of a text: a token for each four bytes of UTF-8, rounded up."""
    return ceil(len(text.encode(errors="replace")) / _BYTES)


def first_tokens(text: str, count: int) -> str:
    """Return the beginning of a text that has at most that many tokens."""
    return text.encode(errors="replace")[: count * _BYTES].decode(errors="ignore")


def _tokens_of_request(body: Mapping[str, Any]) -> int:
    quality = "xhigh" if body.get("vision_quality") == "xhigh" else ""
    messages = sum(_MESSAGE + _of_message(one, quality) for one in body["messages"])
    extra = [body[name] for name in ("tools", "response_format") if body.get(name)]
    return messages + sum(tokens_of(json.dumps(one)) for one in extra)


def _of_message(message: Mapping[str, Any], quality: str) -> int:
    calls = [[one["function"].get(name) for name in ("name", "arguments")] for one in message.get("tool_calls") or ()]
    return sum(_of_part(part, quality) for part in parts_of(message)) + (tokens_of(json.dumps(calls)) if calls else 0)


def parts_of(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the content of a message as parts; plain text is one part."""
    content: Any = message.get("content")
    if content is None:
        return []
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def words_of(messages: Iterable[Mapping[str, Any]]) -> str:
    """Return the texts in some messages, one below the other."""
    return "\n".join(part["text"] for message in messages for part in parts_of(message) if part["type"] == "text")


def _of_part(part: Mapping[str, Any], quality: str) -> int:
    if part["type"] == "text":
        return tokens_of(part["text"])
    if part["type"] == "image_url":
        return _IMAGE[quality or part["image_url"].get("detail", "auto")]
    return _VIDEO
