"""POST /v1/chat/completions: what a request may say, what the model says, what it costs, and how it ends."""

import json
import re
from collections.abc import Callable
from typing import Any, Final

import pytest

from pytest_aurous import AurousError, AurousUnfiredFault
from pytest_aurous._core.wire.reply import Reply
from tests.conftest import Api, Response

PATH: Final = "/v1/chat/completions"
MODEL: Final = "aurous-grow-2.0-pro"
ASKED: Final = {"role": "user", "content": "What color is the hair of Aurora?"}
WEATHER: Final = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
FLY: Final = {"type": "function", "function": {"name": "fly"}}
PERSON: Final = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
AS_PERSON: Final = {"type": "json_schema", "json_schema": {"name": "person", "strict": True, "schema": PERSON}}


def body(*messages: Any, **more: Any) -> dict[str, Any]:
    """Return a request; without messages, it has one."""
    return {"model": MODEL, "messages": [*messages] or [ASKED], **more}


def chat(api: Api, *messages: Any, **more: Any) -> Any:
    response = api.post(PATH, json=body(*messages, **more))
    assert response.status == 200, response.body
    return response.json


def image(url: str, **more: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url, **more}}


def said(api: Api, *messages: Any, **more: Any) -> Any:
    return chat(api, *messages, **more)["choices"][0]["message"]


def test_chat_1_a_completion_is_one_choice_with_its_usage(api: Api) -> None:
    """And a live record has the same."""
    api.aurous.chat.reply("Aurora has black hair.")

    found = chat(api)

    assert re.fullmatch(r"cmp_[0-9A-Z]{26}", found["id"])
    assert found["choices"] == [
        {"index": 0, "message": {"role": "assistant", "content": "Aurora has black hair."}, "finish_reason": "stop"}
    ]
    assert (found["object"], found["model"], found["status"]) == ("chat.completion", MODEL, "completed")
    last = api.aurous.chat.completions.last
    assert (last.id, last.text, last.tool_calls, last.status) == (
        found["id"],
        "Aurora has black hair.",
        [],
        "completed",
    )
    assert last.messages == [ASKED]
    assert last.usage == found["usage"]
    assert last.json() == found
    assert repr(last) == f"<Completion {last.id} 'Aurora has black hair.' completed>"


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"messages": [ASKED] * 201}, "value_out_of_range", "messages"),
        ({"messages": ["Hi"]}, "invalid_format", "messages[*]"),
        ({"messages": [{"role": "nobody", "content": "x"}]}, "invalid_format", "messages[*].role"),
        ({"messages": [{"role": "user"}]}, "missing_field", "messages[*].content"),
        ({"messages": [{"role": "user", "content": 7}]}, "invalid_format", "messages[*].content"),
        ({"messages": [{"role": "user", "content": []}]}, "value_out_of_range", "messages[*].content[*]"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "missing_field", "messages[*].tool_call_id"),
        ({"messages": [{"role": "assistant", "tool_calls": [{}]}]}, "invalid_format", "messages[*].tool_calls[*].id"),
        ({"max_tokens": 0}, "value_out_of_range", "max_tokens"),
        ({"temperature": 3}, "value_out_of_range", "temperature"),
        ({"stream": "yes"}, "invalid_format", "stream"),
        ({"tools": [{"type": "magic"}]}, "invalid_format", "tools.type"),
        (
            {"tools": [{"type": "function", "function": {"name": "x", "parameters": {"type": "text"}}}]},
            "invalid_format",
            "tools.function.parameters",
        ),
        ({"tool_choice": "often"}, "invalid_format", "tool_choice"),
        ({"tool_choice": {"type": "function"}}, "invalid_format", "tool_choice.function"),
        ({"response_format": {"type": "xml"}}, "invalid_format", "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "invalid_format", "response_format.json_schema"),
        ({"stop": 7}, "invalid_format", "stop"),
        ({"model": "x" * 129}, "value_out_of_range", "model"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_chat_2_what_a_request_may_not_say(api: Api, change: dict[str, Any], code: str, param: str) -> None:
    """The field is named as the vendor writes it."""
    api.refused("POST", PATH, json={**body(), **change}, status=400, code=code, param=param)


CUSTOM: Final = {"type": "custom", "custom": {"name": "paint"}}
ALLOWED: Final = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [FLY]}}
NEWER: Final[list[tuple[dict[str, Any], str, str]]] = [
    ({"messages": [{"role": "developer", "content": "Be brief."}, ASKED]}, "messages[*].role", "developer"),
    ({"messages": [ASKED, {"role": "function", "name": "fly", "content": "x"}]}, "messages[*].role", "function"),
    ({"reasoning_effort": "none"}, "reasoning_effort", "none"),
    ({"reasoning_effort": "xhigh"}, "reasoning_effort", "xhigh"),
    ({"tools": [FLY, {"type": "custom", "custom": {"name": "sql"}}]}, "tools.type", "custom"),
    ({"tools": [WEATHER, FLY], "tool_choice": ALLOWED}, "tool_choice.type", "allowed_tools"),
    ({"tools": [FLY], "tool_choice": CUSTOM}, "tool_choice.type", "custom"),
]


@pytest.mark.parametrize(("newer", "param", "value"), NEWER, ids=str)
def test_chat_14_what_no_page_names_is_refused_by_assumption(
    make_api: Callable[..., Api], newer: dict[str, Any], param: str, value: str
) -> None:
    """The refusal says so, and names the reading that accepts it."""
    api, other = make_api(), make_api(readings={"chat-14": "accepted"})

    error = api.refused("POST", PATH, json={**body(), **newer}, status=400, code="invalid_format", param=param)

    assert all(word in error.json["error"]["message"] for word in (value, "chat-14"))
    assert chat(other, **newer) if "messages" not in newer else chat(other, *newer["messages"])
    sent = newer.get("messages", [ASKED])
    assert other.aurous.chat.completions.last.messages == sent


def test_chat_14_the_model_calls_allowed_functions_only(make_api: Callable[..., Api]) -> None:
    """Of the tools that are allowed, and no custom one; a choice of none that is there is refused."""
    api = make_api(readings={"chat-14": "accepted"})
    (call,) = said(api, tools=[CUSTOM, WEATHER, FLY], tool_choice=ALLOWED)["tool_calls"]
    assert call["function"]["name"] == "fly"
    auto = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [FLY]}}
    assert said(api, tools=[WEATHER, FLY], tool_choice=auto)["content"]
    assert said(api, tools=[CUSTOM, FLY], tool_choice=CUSTOM)["content"]
    assert said(api, tools=[CUSTOM], tool_choice="required")["content"]
    api.refused("POST", PATH, json=body(tool_choice=ALLOWED), status=400, code="missing_field", param="tools")
    assert chat(api)["usage"]["prompt_tokens"] == chat(make_api())["usage"]["prompt_tokens"]


def allowed(**choice: Any) -> dict[str, Any]:
    """Return a request with a choice of tools that chat-14 may accept."""
    return {"tool_choice": {"type": "allowed_tools", "allowed_tools": choice}}


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"tools": [{"type": "custom"}]}, "tools.custom"),
        ({"tools": [{"type": "custom", "custom": {}}]}, "tools.custom.name"),
        ({"tool_choice": {"type": "allowed_tools"}}, "tool_choice.allowed_tools"),
        (allowed(mode="often"), "tool_choice.allowed_tools.mode"),
        (allowed(mode="auto", tools=["fly"]), "tool_choice.allowed_tools.tools"),
    ],
)
def test_chat_14_what_is_accepted_has_its_form(
    make_api: Callable[..., Api], change: dict[str, Any], param: str
) -> None:
    """A value that is wrong under any reading is refused under each, without a hint."""
    for reading in ("refused", "accepted"):
        api = make_api(readings={"chat-14": reading})
        error = api.refused("POST", PATH, json=body(**change), status=400, code="invalid_format", param=param)
        assert "chat-14" not in error.json["error"]["message"]


def test_chat_2_unknown_fields_and_nulls_are_ignored(api: Api) -> None:
    """SDKs send both."""
    assert chat(api, n=1, parallel_tool_calls=True, stop=None, max_tokens=None, user="me")["status"] == "completed"
    assert chat(api, ASKED, {"role": "assistant", "content": None, "refusal": "No."}, ASKED, stop=["x"], stop_at=None)
    api.refused("POST", PATH, json={"model": MODEL}, status=400, code="missing_field", param="messages")


def test_chat_3_what_the_model_cannot_serve_costs_nothing(api: Api) -> None:
    """Output above the cap, input above the window, and a tool that it cannot be forced to call."""
    plain = {**body(), "model": api.aurous.models.add("plain", context_window=5).id}
    other = {"tools": [WEATHER], "tool_choice": {"type": "function", "function": {"name": "fly"}}}
    for sent, code, param in (
        (plain, "max_input_tokens_exceeded", "messages"),
        ({**plain, "tools": [WEATHER], "tool_choice": "required"}, "tool_choice_required_unsupported", "tool_choice"),
        (body(tool_choice="required"), "missing_field", "tools"),
        (body(**other), "invalid_format", "tool_choice.function.name"),
    ):
        api.refused("POST", PATH, json=sent, status=400, code=code, param=param)
    assert len(api.aurous.chat.completions) == 0


def test_chat_4_the_tokens_that_were_used_are_charged(api: Api) -> None:
    """Each line has four decimals, and reasoning costs as much as output."""
    api.aurous.chat.reply("x", tokens=(200, 600, 50))

    usage = chat(api)["usage"]

    assert usage == {
        "prompt_tokens": 200,
        "completion_tokens": 600,
        "total_tokens": 850,
        "reasoning_tokens": 50,
        "credits_charged": 0.3075,
        "breakdown": {
            "input_credits": 0.015,
            "output_credits": 0.27,
            "reasoning_credits": 0.0225,
            "model": MODEL,
            "pricing_version": 1,
        },
    }
    assert api.money() == (999.6925, 0)


def test_chat_4_a_hold_has_four_decimals(api: Api) -> None:
    """1.10 times 13 input tokens at 75 a million, and 4,096 output tokens at 450, as `/v1/models` says."""
    api.post(PATH, json=body(stream=True))

    assert api.money() == (1000, 1.8443)


def test_chat_4_a_hold_needs_enough_credits(api: Api) -> None:
    """For the input with a margin, and for all tokens that may follow; an exempt team pays nothing."""
    api.aurous.chat.reply("x", tokens=(100, 100))
    api.team.credits = 0.36
    api.refused("POST", PATH, json=body(max_tokens=800), status=402, code="balance_too_low")

    assert chat(api, max_tokens=790)["usage"]["credits_charged"] == 0.0525
    exempt = api.aurous.teams.add(billing_mode="exempt", credits=0.001)
    response = api.post(PATH, json=body(), key=exempt.api_key)
    assert (response.status, exempt.credits) == (200, 0.001)


def test_chat_4_more_than_the_hold_is_charged_down_to_zero(api: Api) -> None:
    """Beyond that, the platform pays."""
    for credits, charged in ((1000, 4.5075), (4, 4)):  # noqa: A001 - the vendor's word
        api.team.credits = credits
        api.aurous.chat.reply("x", tokens=(100, 10_000))
        assert chat(api, max_tokens=10)["usage"]["credits_charged"] == charged
        assert api.money() == (credits - charged, 0)


@pytest.mark.parametrize(
    ("more", "part", "count"),
    [
        ({}, {"type": "text", "text": "x" * 400}, 100),
        ({}, image("https://pictures.example/a.png"), 1024),
        ({}, image("data:image/png;base64,AAAA", detail="low"), 512),
        ({"vision_quality": "xhigh"}, image("https://a.example/a.png"), 2048),
        ({}, {"type": "video_url", "video_url": {"url": "https://a.example/a.mp4"}}, 2048),
    ],
    ids=["text", "image", "low", "xhigh", "video"],
)
def test_chat_5_a_part_has_its_tokens(api: Api, more: Any, part: Any, count: int) -> None:
    """Beside four for the message."""
    assert chat(api, {"role": "user", "content": [part]}, **more)["usage"]["prompt_tokens"] == count + 4


@pytest.mark.parametrize(
    ("part", "code", "param"),
    [
        ("text", "invalid_format", ""),
        ({"type": "sound"}, "invalid_format", ".type"),
        (image("https://a.example/", detail="best"), "invalid_format", ".image_url.detail"),
        *(
            (image(url), "invalid_request", ".image_url.url")
            for url in (
                *("http://a.example/a", "https://localhost/a", "https://10.0.0.1/a", "https://[::1]/a", "https://x/a"),
                *("x", "https://224.0.0.1/a", "https://[ff0e::1]/a", "https://[::1/a", "https://app.localhost./a"),
                "https://metadata.google.internal/a",
            )
        ),
    ],
    ids=str,
)
def test_chat_5_other_parts_are_refused(api: Api, part: Any, code: str, param: str) -> None:
    """A part is an object of a known type, and its URL is public."""
    given = body({"role": "user", "content": [part]})

    api.refused("POST", PATH, json=given, status=400, code=code, param=f"messages[*].content[*]{param}")


def test_chat_7_a_key_repeats_the_response(api: Api) -> None:
    """It is paid once, and the next reply stays for the next request."""
    api.aurous.chat.reply("one")
    api.aurous.chat.reply("two")
    responses = [api.post(PATH, json=body(), headers={"Idempotency-Key": "a"}) for _ in range(2)]

    assert responses[0].body == responses[1].body
    assert responses[1].headers["Aurous-Idempotent-Replayed"] == "true"
    assert said(api)["content"] == "two"
    assert len(api.aurous.chat.completions) == 2


def test_a_reply_is_said_again_only_if_a_fault_kept_it_from_its_client(api: Api) -> None:
    """A response that is late, or has an unknown field, has said it; one that no client can read has not."""
    for text in ("one", "two", "three"):
        api.aurous.chat.reply(text)
    api.aurous.faults.delay("chat.create", 3, commit=True)
    api.aurous.faults.malformed("chat.create", commit=True)
    api.post(PATH, json=body())
    api.post(PATH, json=body())

    assert said(api)["content"] == "two"


def test_chat_8_without_a_reply_the_model_says_what_it_was_asked(api: Api, make_api: Callable[..., Api]) -> None:
    """The same for each seed; with the setting `reply`, what that says."""
    text = said(api)["content"]

    assert MODEL in text
    assert ASKED["content"] in text
    assert said(make_api())["content"] == text
    assert said(make_api(reply="Yes."))["content"] == "Yes."
    assert chat(api, max_tokens=2)["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "get_weather"}}])
def test_chat_8_a_tool_that_must_be_called_is_called(api: Api, choice: Any) -> None:
    """With arguments that fit its parameters."""
    found = chat(api, tools=[WEATHER], tool_choice=choice)["choices"][0]
    (call,) = found["message"]["tool_calls"]

    assert (found["finish_reason"], found["message"]["content"]) == ("tool_calls", None)
    assert call["function"]["name"] == "get_weather"
    assert isinstance(json.loads(call["function"]["arguments"])["city"], str)
    assert [name for name, _ in api.aurous.chat.completions.last.tool_calls] == ["get_weather"]
    assert api.aurous.chat.completions.last.text is None
    assert said(api, tools=[FLY], tool_choice="required")["tool_calls"][0]["function"]["arguments"] == "{}"


def test_chat_9_a_format_is_satisfied(api: Api) -> None:
    """With a schema, or as any object."""
    person = json.loads(said(api, response_format=AS_PERSON)["content"])

    assert (type(person["name"]), type(person["age"])) == (str, int)
    assert json.loads(said(api, response_format={"type": "json_object"})["content"]) == {}
    assert said(api, response_format={"type": "text"})["content"]
    bad = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"$ref": "https://a.example/schema"}}}
    api.refused(
        "POST",
        PATH,
        json=body(response_format=bad),
        status=400,
        code="response_format_unsupported",
        param="response_format.json_schema.schema",
    )


def test_chat_8_the_same_question_gets_the_same_words(api: Api) -> None:
    """However it is asked: as a stream, or with other limits; another seed of the request may change them."""
    questions = [{"role": "user", "content": f"Who is {name}?"} for name in ("Aurora", "Iris", "Freya", "Mei", "Hana")]
    for question in questions:
        plain = said(api, question)["content"]
        streamed = api.outcome("POST", PATH, json=body(question, stream=True, stream_options={"include_usage": True}))
        assert isinstance(streamed, Reply)
        assert streamed.stream is not None
        while streamed.stream.read():
            pass
        assert api.aurous.chat.completions.last.text == plain
        assert said(api, question, temperature=0.5, max_tokens=900, stop=["x"])["content"] == plain
        assert plain.startswith(said(api, question, max_tokens=3)["content"])

    openings = {said(api, questions[0], seed=seed)["content"].partition(" a ")[0] for seed in range(9)}
    assert len(openings) > 1


def test_chat_11_a_completion_is_read_by_its_id(api: Api) -> None:
    """Another team's is a 404."""
    made = chat(api)
    path = f"{PATH}/{made['id']}"

    assert api.get(path).json == made
    other = api.aurous.teams.add().api_key
    api.refused("GET", path, key=other, status=404, code="resource_not_found")


@pytest.mark.parametrize(
    ("code", "status"),
    [("chat_provider_unavailable", 502), ("chat_provider_unknown_error", 502), ("provider_timeout", 504)],
)
def test_chat_12_a_provider_that_fails_costs_nothing(api: Api, code: str, status: int) -> None:
    """The completion has failed, with the error; a second request gets the next reply."""
    api.aurous.chat.reply(error=code)
    api.aurous.chat.reply("Aurora has black hair.")

    response = api.post(PATH, json=body())

    assert (response.status, response.json["error"]["code"]) == (status, code)
    assert api.money() == (1000, 0)
    failed = api.aurous.chat.completions.last
    assert api.get(f"{PATH}/{failed.id}").json["error"]["code"] == code
    assert (failed.status, failed.text, failed.tool_calls) == ("failed", None, [])
    assert said(api)["content"] == "Aurora has black hair."


def test_chat_10_chat_13_what_has_ended_cannot_be_cancelled(api: Api) -> None:
    """Nor can what is not streamed, or does not exist."""
    add = api.aurous.chat.completions.add
    words = {"in_progress": "not_cancellable"}
    for status in ("completed", "failed", "cancelled_by_request", "cancelled_client_disconnect", "in_progress"):
        made = add(status=status)
        shown = api.get(f"{PATH}/{made.id}").json["status"]
        assert shown == ("cancelled" if status.startswith("cancelled") else status)
        code = f"chat_cancel_target_{words.get(status, 'already_terminal')}"
        api.refused("POST", f"{PATH}/{made.id}/cancel", status=409, code=code)
    api.refused("POST", f"{PATH}/cmp_x/cancel", status=404, code="chat_cancel_target_not_found")


@pytest.mark.parametrize("slow", ["fault", "reply"])
def test_chat_13_chat_11_idem_5_a_client_that_gave_up_leaves_it_in_progress(api: Api, slow: str) -> None:
    """Until the delay has passed on the clock: it has no words, its key is in use, and nothing that ends it."""
    if slow == "fault":
        api.aurous.faults.delay("chat.create", seconds=20, commit=True)
        api.aurous.chat.reply("late")
    else:
        api.aurous.chat.reply("late", delay=20)
    key = {"Idempotency-Key": "one"}
    assert api.broken("POST", PATH, json=body(), headers=key, patience=5).error == "ReadTimeout"
    made = api.aurous.chat.completions.last
    path = f"{PATH}/{made.id}"
    events = "/v1/usage/events?start_time=2026-05-01T00:00:00Z"

    assert (made.status, made.text, made.usage) == ("in_progress", "", None)
    assert api.get(path).json["status"] == made.json()["status"] == "in_progress"
    assert [one["completed_at"] for one in api.get(events).json["data"]] == [None]
    api.refused("POST", f"{path}/cancel", status=409, code="chat_cancel_target_not_cancellable")
    api.refused("POST", PATH, json=body(), headers=key, status=409, code="idempotency_key_in_use")

    api.clock.advance(seconds=15)
    assert (made.status, made.text) == ("completed", "late")
    assert api.get(path).json == api.post(PATH, json=body(), headers=key).json
    api.refused("POST", f"{path}/cancel", status=409, code="chat_cancel_target_already_terminal")
    assert [one["duration_ms"] for one in api.get(events).json["data"]] == [20_000]


def test_tpm_1_tokens_have_a_bucket_of_their_own(make_api: Callable[..., Api]) -> None:
    """Input is taken before the work, and output at its end."""
    api = make_api()
    api.aurous.chat.reply("x", tokens=(30, 400, 100))
    response = api.post(PATH, json=body())
    prompt = 13  # what is taken before the work is the estimate

    assert response.headers["X-RateLimit-TPM-Limit"] == "200000"
    assert response.headers["X-RateLimit-TPM-Remaining"] == str(200_000 - prompt)
    assert response.headers["X-RateLimit-Limit"] == "120"
    assert api.aurous.limits["chat_tpm"].remaining == 200_000 - prompt - 500
    embedding = api.post("/v1/embeddings", json={"model": "aurous-embed-vision-1.0", "input": "x" * 400})
    assert embedding.headers["X-RateLimit-TPM-Remaining"] == str(500_000 - 100)


def test_tpm_2_too_few_tokens_are_a_429(make_api: Callable[..., Api]) -> None:
    """With the seconds until there are enough, and it costs nothing."""
    api = make_api(rate_limits="enforce")
    api.aurous.limits["chat_tpm"].set(burst=100, per_minute=60)
    long = {"role": "user", "content": "x" * 320}
    assert api.post(PATH, json=body(long)).status == 200

    response = api.post(PATH, json=body(long))

    assert (response.status, response.json["error"]["code"]) == (429, "tpm_rate_limit_exceeded")
    assert int(response.headers["Retry-After"]) > 60
    assert response.headers["X-RateLimit-TPM-Limit"] == "100"
    assert response.headers["X-RateLimit-TPM-Remaining"] == "0"
    api.clock.advance(seconds=int(response.headers["Retry-After"]))
    assert api.post(PATH, json=body(long)).status == 200


def test_tpm_2_too_few_tokens_are_an_overrun_and_stay(api: Api) -> None:
    """If nobody is refused, input that is too long takes nothing, and output takes what is left."""
    limit = api.aurous.limits["chat_tpm"]
    limit.set(burst=10)
    api.aurous.chat.reply("x", tokens=(20, 20))

    assert api.post(PATH, json=body()).headers["X-RateLimit-TPM-Remaining"] == "10"
    assert (limit.remaining, limit.overruns) == (0, 1)


class TestReplies:
    """What the model says, as the test has it."""

    def test_they_are_used_in_order_and_the_last_one_stays(self, api: Api) -> None:
        """Each once, unless `times` says how often."""
        api.aurous.chat.reply("one", times=2)
        api.aurous.chat.reply("two")
        api.aurous.chat.reply("three")

        assert re.match(r"<Chat: 0 completions, replies \[<reply 'one', added at test_chat", repr(api.aurous.chat))
        assert [said(api)["content"] for _ in range(5)] == ["one", "one", "two", "three", "three"]

    def test_a_tool_is_called_and_its_result_gets_the_next_reply(self, api: Api) -> None:
        """Text may come with a call."""
        api.aurous.chat.reply("Let me see.", tool_calls=[("get_weather", {"city": "Tokyo"})])
        api.aurous.chat.reply("It is sunny.")
        first = said(api, tools=[WEATHER])
        (call,) = first["tool_calls"]

        assert json.loads(call["function"]["arguments"]) == {"city": "Tokyo"}
        assert api.aurous.chat.completions.last.tool_calls == [("get_weather", {"city": "Tokyo"})]
        result = {"role": "tool", "tool_call_id": call["id"], "content": "sunny"}
        assert said(api, ASKED, first, result, tools=[WEATHER])["content"] == "It is sunny."

    @pytest.mark.parametrize(
        ("reply", "said", "reason", "count"),
        [
            ({"text": "one two three four"}, {"content": "one two thre"}, "length", 3),
            ({"text": "one two thre"}, {"content": "one two thre"}, "stop", 3),
            ({"json": {"name": "Aurora"}}, {"content": '{"name": "Au'}, "length", 3),
            ({"refuse": "I cannot help."}, {"content": None, "refusal": "I cannot hel"}, "length", 3),
            ({"text": "one two three four", "finish_reason": "stop"}, {"content": "one two thre"}, "stop", 3),
            ({"text": "one two three four", "tokens": (9, 99)}, {"content": "one two three four"}, "stop", 99),
            ({"text": "Grüße aus 東京"}, {"content": "Grüße aus "}, "length", 3),
        ],
        ids=["text", "short", "json", "refusal", "reason", "tokens", "character"],
    )
    def test_chat_3_a_reply_obeys_max_tokens(self, api: Api, reply: Any, said: Any, reason: str, count: int) -> None:
        """It is cut as the model's own words are, unless the test says how many tokens it has."""
        api.aurous.chat.reply(**reply)

        found = chat(api, max_tokens=3)

        assert found["choices"][0]["message"] == {"role": "assistant", **said}
        assert found["choices"][0]["finish_reason"] == reason
        assert found["usage"]["completion_tokens"] == count

    @pytest.mark.parametrize(
        "how",
        [{"tokens": (200, 600, 50)}, {"finish_reason": "length"}, {"delay": 20}, {"chunking": "bytes"}],
        ids=str,
    )
    def test_a_reply_may_leave_the_words_to_the_model(self, api: Api, how: Any) -> None:
        """And say only how it speaks: then the words are its own, or a call that the request demands."""
        own, before = said(api)["content"], api.clock.time()
        api.aurous.chat.reply(**how, when="hair")
        api.aurous.chat.reply(**how)

        found = chat(api)

        assert (found["choices"][0]["message"]["content"], api.clock.time() - before) == (own, how.get("delay", 0))
        assert found["choices"][0]["finish_reason"] == how.get("finish_reason", "stop")
        assert found["usage"]["total_tokens"] == (850 if "tokens" in how else found["usage"]["total_tokens"])
        assert said(api, tools=[WEATHER], tool_choice="required")["tool_calls"]

    @pytest.mark.parametrize(
        ("reply", "more", "why"),
        [
            ({"tool_calls": [("fly", {})]}, {"tools": [WEATHER]}, "'fly'"),
            ({"tool_calls": [("fly", {})]}, {}, "none"),
            ({"tool_calls": [("get_weather", {"city": 7})]}, {"tools": [WEATHER]}, "$.city"),
            ({"json": {"name": "x"}}, {"response_format": AS_PERSON}, "'age' is missing"),
            ({"text": "Hello."}, {"response_format": AS_PERSON}, "asks for JSON"),
            ({"text": "Rain."}, {"tools": [WEATHER], "tool_choice": "required"}, "demands a call of get_weather"),
            (
                {"tool_calls": [("get_weather", {"city": "Oslo"})]},
                {"tools": [WEATHER, FLY], "tool_choice": {"type": "function", "function": {"name": "fly"}}},
                "demands a call of fly",
            ),
            (
                {"tool_calls": [("get_weather", {"city": "Oslo"})]},
                {"tools": [WEATHER], "tool_choice": "none"},
                "'none'",
            ),
        ],
        ids=["tool", "no tools", "arguments", "json", "text", "required", "another", "none"],
    )
    def test_a_reply_that_does_not_fit_fails_the_test(self, api: Api, reply: Any, more: Any, why: str) -> None:
        """At its end; the client gets a 500, and nothing is charged."""
        api.aurous.chat.reply(**reply)

        response = api.post(PATH, json=body(**more))

        assert (response.status, response.json["error"]["code"]) == (500, "internal_error")
        assert api.money() == (1000, 0)
        with pytest.raises(AurousError, match=re.escape(why)):
            api.aurous._session.verdict.judge()

    def test_a_reply_may_stop_or_refuse_where_another_would_not_fit(self, api: Api) -> None:
        """JSON that is cut off or does not fit, and a refusal instead of a call, are what a client has to expect."""
        for text, reason in (('{"name": "Au', "length"), ('{"name": 7}', None)):
            api.aurous.chat.reply(text, finish_reason=reason)
            assert said(api, response_format=AS_PERSON)["content"] == text
        api.aurous.chat.reply(refuse="No.")

        assert said(api, tools=[FLY], tool_choice="required")["refusal"] == "No."

    def test_a_condition_that_raises_is_a_mistake_of_the_test(self, api: Api) -> None:
        """Not of the fake: the message has the line of the reply, and the error."""
        api.aurous.chat.reply("Yes.", when=lambda body: body["tools"])

        assert api.post(PATH, json=body()).status == 500

        with pytest.raises(AurousError, match=r"test_chat\.py:\d+, raised KeyError: 'tools'"):
            api.aurous._session.verdict.judge()

    def test_a_reply_that_does_not_fit_is_one_problem(self, api: Api) -> None:
        """However often a client retries, and whatever should have come after it."""
        api.aurous.chat.reply(json={"name": 7})
        api.aurous.chat.reply("and then")
        for _ in range(3):
            api.post(PATH, json=body(response_format=AS_PERSON))

        with pytest.raises(AurousError) as caught:
            api.aurous._session.verdict.judge()
        assert str(caught.value).count("does not fit the request") == 1
        assert "never used" not in str(caught.value)
        api.aurous._session.verdict.judge()

    def test_a_reply_that_nobody_used_fails_the_test(self, api: Api) -> None:
        """Like a fault that was never met, and only once; a restore takes the use back."""
        api.aurous.chat.reply("one", when="nothing")
        api.aurous.chat.reply("two", times=3)
        chat(api)

        with pytest.raises(AurousUnfiredFault) as caught:
            api.aurous._session.verdict.judge()
        assert re.search(r"'one', added at test_chat\.py:\d+: used 0", str(caught.value))
        assert "used 1 of 3 times" in str(caught.value)
        api.aurous._session.verdict.judge()

    @pytest.mark.parametrize(
        ("arguments", "text"),
        [
            ({}, "one of text"),
            ({"when": "hair", "times": 2}, "one of text"),
            ({"text": "a", "json": 1}, "not text and json"),
            ({"refuse": "a", "tool_calls": [("x", {})]}, "beside refuse"),
            ({"text": 7}, "text"),
            ({"error": "oops"}, "error"),
            ({"text": "a", "finish_reason": "done"}, "finish_reason"),
            ({"text": "a", "chunking": "lines"}, "chunking"),
            ({"text": "a", "when": 7}, "when"),
            ({"text": "a", "times": 0}, "times"),
            ({"text": "a", "delay": -1}, "delay"),
            ({"text": "a", "tps": 0}, "tps"),
            ({"text": "a", "delay": 1, "tps": 5}, "no delay beside"),
            ({"text": "a", "tokens": (1,)}, "tokens"),
            ({"text": "a", "tokens": (1, -1)}, "tokens"),
            ({"json": {1, 2}}, "JSON"),
            ({"tool_calls": "fly"}, "pairs"),
            ({"tool_calls": [("fly", 7)]}, "pairs"),
            ({"tool_calls": [("fly",)]}, "pairs"),
        ],
        ids=str,
    )
    def test_what_a_reply_cannot_be(self, api: Api, arguments: dict[str, Any], text: str) -> None:
        """The message says what is possible."""
        with pytest.raises(AurousError, match=re.escape(text)):
            api.aurous.chat.reply(**arguments)


def test_usage_3_chats_and_embeddings_are_usage_events(api: Api) -> None:
    """With their tokens and credits; the buckets count them, too."""
    api.aurous.chat.reply("x", tokens=(200, 600, 50))
    made = chat(api)
    api.aurous.chat.reply(error="provider_timeout")
    api.post(PATH, json=body())
    api.post("/v1/embeddings", json={"model": "aurous-embed-vision-1.0", "input": "x" * 400})
    start = "start_time=2026-05-01T00:00:00Z"

    events: list[Any] = api.get(f"/v1/usage/events?{start}").json["data"]

    assert sorted(
        (one["type"], one["status"], one["input_tokens"], one["output_tokens"]) for one in events if one["input_tokens"]
    ) == [
        ("chat", "completed", 200, 650),
        ("embedding", "completed", 100, 0),
    ]
    charged = made["usage"]["credits_charged"]
    assert [one["credits_charged"] for one in events if one["id"] == made["id"]] == [charged]
    (bucket,) = api.get(f"/v1/usage?{start}&group_by=type,model,status").json["data"]
    keys = [tuple(group["key"].values()) for group in bucket["groups"]]
    assert sorted(keys) == [
        ("chat", MODEL, "completed"),
        ("chat", MODEL, "failed"),
        ("embedding", "aurous-embed-vision-1.0", "completed"),
    ]
    chats: Response = api.get(f"/v1/usage?{start}&type=chat")
    (group,) = chats.json["data"][0]["groups"]
    assert (group["metrics"]["total_input_tokens"], group["metrics"]["total_output_tokens"]) == (200, 650)
    assert [one["type"] for one in api.get(f"/v1/usage/events?{start}&type=embedding").json["data"]] == ["embedding"]
    first, second = (api.get(f"/v1/usage/events?{start}&limit=2{more}") for more in ("", f"&cursor={events[1]['id']}"))
    assert [one["id"] for one in (*first.json["data"], *second.json["data"])] == [one["id"] for one in events]


def test_replies_are_chosen_by_data(make_api: Callable[..., Api]) -> None:
    """By a system message, by the result of a tool, by a header, and by each part of the body; also after an import."""
    api = make_api(strict="off")
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    called = {"role": "assistant", "content": None, "tool_calls": [call]}
    results = [ASKED, called, {"role": "tool", "tool_call_id": "call_1", "content": "21 degrees"}]
    chosen: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "a poem": ({"system": "poet"}, body({"role": "system", "content": "You are a poet."}, ASKED)),
        "sunny": ({"tool_result": "21 degrees"}, body(*results)),
        "traced": ({"header": {"X-Trace": "1"}, "path": "/v1/chat/*"}, body()),
        "short": ({"pattern": "^Hi$"}, body({"role": "user", "content": "Hi"})),
        "warm": ({"json": {"temperature": 1}}, body(temperature=1)),
    }
    for text, (when, _) in chosen.items():
        api.aurous.chat.reply(text, when=when, times=2)
    exported = api.aurous.export()
    assert exported["left_out"] == []
    api.aurous.reset()
    api.aurous.import_(exported)

    for text, (_, sent) in chosen.items():
        headers = {"X-Trace": "1"} if text == "traced" else {}
        assert api.post(PATH, json=sent, headers=headers).json["choices"][0]["message"]["content"] == text
    # the result is not what it ends with
    assert said(api, *results, {"role": "assistant", "content": "sunny"}, ASKED)["content"] not in chosen


def test_tokens_take_their_time(make_api: Callable[..., Api]) -> None:
    """The first after `ttft`, then `tps` a second; without a stream, the response comes when its stream would end."""
    api = make_api(now="2026-05-08T10:00:00Z")
    api.aurous.chat.reply("one two three four five six seven eight nine", ttft=2, tps=10, tokens=(5, 60))
    clock, body = api.aurous.clock, {"model": MODEL, "messages": [{"role": "user", "content": "Count."}]}
    with api.aurous.client(timeout=None) as client:
        start = clock.time()
        client.post("/v1/chat/completions", json=body)
        assert clock.time() - start == 6.0  # two seconds, and two thirds of 60 tokens
        start, seen = clock.time(), []
        with client.stream("POST", "/v1/chat/completions", json={**body, "stream": True}) as response:
            seen = [clock.time() - start for line in response.iter_lines() if '"content":"' in line]
    assert seen == [0.0, 2.0, 4.0, 6.0]
    api.aurous.chat.reply("Yes.", ttft=3)
