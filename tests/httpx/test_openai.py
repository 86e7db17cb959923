"""The OpenAI SDK as a real client: 3 sends with httpx2, 2 with httpx; sync and async."""

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import anyio
import pytest

from pytest_aurous import Aurous

openai = pytest.importorskip("openai")
pydantic = pytest.importorskip("pydantic", reason="the SDK brings it")


pytestmark = pytest.mark.lowest

CHAT: Final = "aurous-grow-2.0-pro"
EMBED: Final = "aurous-embed-vision-1.0"
ASKED: Final[dict[str, Any]] = {"model": CHAT, "messages": [{"role": "user", "content": "Who is she?"}]}
TOOL: Final = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
        "strict": True,
    },
}


class Person(pydantic.BaseModel):  # type: ignore[misc,name-defined]
    """What the model is asked for."""

    name: str
    age: int


class Sdk(NamedTuple):
    """A way to use the SDK."""

    aurous: Aurous
    way: str

    def run(self, use: Callable[[Any], Any]) -> Any:
        """Return what *use* returns for a new client, awaited if it is async."""
        options: Any = {"base_url": f"{self.aurous.base_url}/v1", "api_key": self.aurous.api_key}
        if self.way == "sync":
            with openai.OpenAI(**options) as client:
                return use(client)

        async def main() -> Any:
            async with openai.AsyncOpenAI(**options) as client:
                return await use(client)

        return anyio.run(main)

    def ask(self, **more: Any) -> Any:
        return self.run(lambda client: client.chat.completions.create(**ASKED, **more))

    def chunks(self, **more: Any) -> list[Any]:
        if self.way == "sync":
            return list(self.ask(stream=True, **more))

        async def read(client: Any) -> list[Any]:
            return [one async for one in await client.chat.completions.create(**ASKED, stream=True, **more)]

        found: list[Any] = self.run(read)
        return found


@pytest.fixture(params=["sync", "asyncio"])
def sdk(request: pytest.FixtureRequest) -> Iterator[Sdk]:
    """Each way, with a fake in which sleeps take no time."""
    with Aurous(sleep="skip", pitfalls="off", seed=1) as aurous:
        yield Sdk(aurous, request.param)


def test_a_completion_and_its_stream(sdk: Sdk) -> None:
    """The SDK reads the text, the usage with its extensions, and the end of the stream, cut anywhere."""
    text = "Grüße aus 東京, und guten Morgen!"
    sdk.aurous.chat.reply(text, chunking="bytes")

    whole, chunks = sdk.ask(), sdk.chunks()

    assert whole.choices[0].message.content == text
    assert "".join(one.choices[0].delta.content or "" for one in chunks) == text
    assert chunks[-1].usage.credits_charged == whole.usage.credits_charged > 0
    assert [one.status for one in sdk.aurous.chat.completions] == ["completed", "completed"]


@pytest.mark.parametrize("scripted", [("Tokyo",), ()], ids=["of the test", "that is forced"])
def test_a_tool(sdk: Sdk, scripted: tuple[str, ...]) -> None:
    """The model calls it as the test says, or because it must; the next reply follows the result."""
    for city in scripted:
        sdk.aurous.chat.reply(tool_calls=[("get_weather", {"city": city})])
    sdk.aurous.chat.reply("It is sunny.", when="sunny")

    message = sdk.ask(tools=[TOOL], tool_choice="required").choices[0].message
    (call,) = message.tool_calls
    done = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
    after = {"model": CHAT, "messages": [*ASKED["messages"], message, done], "tools": [TOOL]}
    said = sdk.run(lambda client: client.chat.completions.create(**after)).choices[0].message

    first, second = sdk.aurous.chat.completions
    ((name, arguments),) = first.tool_calls
    assert (name, [*arguments]) == ("get_weather", ["city"])
    assert arguments["city"] in scripted or not scripted
    assert second.messages[1]["tool_calls"][0]["id"] == call.id
    assert said.content == second.text == "It is sunny."


@pytest.mark.parametrize("scripted", [True, False])
def test_parsed_output(sdk: Sdk, scripted: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """The value of the test, or a seeded one, fits the model of pydantic that the SDK makes a schema of."""
    if scripted:
        sdk.aurous.chat.reply(json={"name": "Aurora", "age": 28})

    made = sdk.run(lambda client: client.chat.completions.parse(**ASKED, response_format=Person))

    found = made.choices[0].message.parsed
    assert isinstance(found, Person)
    assert not scripted or (found.name, found.age) == ("Aurora", 28)


def test_embeddings_and_models(sdk: Sdk) -> None:
    """The SDK asks for base64 by itself, and takes the floats that it gets."""
    sdk.aurous.embeddings.vectors({"black hair": [0.6, 0.8]})

    made = sdk.run(lambda client: client.embeddings.create(model=EMBED, input="black hair"))
    if sdk.way == "sync":
        models = [one.id for one in sdk.run(lambda client: client.models.list())]
    else:

        async def listed(client: Any) -> list[str]:
            return [one.id async for one in client.models.list()]

        models = sdk.run(listed)

    assert made.data[0].embedding == [0.6, 0.8]
    assert {CHAT, EMBED} <= {*models}


@pytest.mark.parametrize(
    ("break_it", "key", "paid"),
    [
        (lambda aurous: aurous.faults.disconnect("chat.create", commit=True), None, 2),
        (lambda aurous: aurous.faults.timeout("chat.create", commit=True), None, 2),
        (lambda aurous: aurous.faults.status("chat.create", 500, commit=True), None, 2),
        (lambda aurous: aurous.faults.disconnect("chat.create", commit=True), "job-1", 1),
        (lambda aurous: aurous.faults.connect_error("chat.create"), None, 1),
        (lambda aurous: aurous.faults.rate_limited("chat.create"), None, 1),
        (lambda aurous: aurous.chat.reply(error="chat_provider_unavailable", times=1), None, 1),
    ],
    ids=["disconnect", "timeout", "500 after the work", "with a key", "never sent", "429", "502 of the provider"],
)
def test_which_retry_is_paid_twice(sdk: Sdk, break_it: Callable[[Aurous], object], key: str | None, paid: int) -> None:
    """The SDK retries by itself, with the same body and headers; what was done before its response was lost counts."""
    break_it(sdk.aurous)

    sdk.ask(extra_headers={"Idempotency-Key": key} if key else {})

    assert sdk.aurous.calls.count("chat.create") == 2
    assert sum(one.usage is not None for one in sdk.aurous.chat.completions) == paid
