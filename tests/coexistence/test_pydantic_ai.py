"""Pydantic AI: an agent that others wrote, on top of the OpenAI SDK."""

from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from pytest_aurous import Aurous

pydantic: Any = pytest.importorskip("pydantic")
pydantic_ai: Any = pytest.importorskip("pydantic_ai")
openai_model: Any = pytest.importorskip("pydantic_ai.models.openai")
openai_provider: Any = pytest.importorskip("pydantic_ai.providers.openai")


class Person(pydantic.BaseModel):  # type: ignore[misc]
    """What an agent returns."""

    name: str
    age: int


@pytest.fixture
def aurous() -> Iterator[Aurous]:
    with Aurous() as fake:
        yield fake


@pytest.fixture
def model(aurous: Aurous) -> Any:
    provider = openai_provider.OpenAIProvider(base_url=f"{aurous.base_url}/v1", api_key=str(aurous.api_key))
    return openai_model.OpenAIChatModel("aurous-grow-2.0-pro", provider=provider)


def test_an_agent_with_a_tool(aurous: Aurous, model: Any) -> None:
    """It runs the tool that the model calls, and returns what the model says to the result."""
    cities: list[str] = []

    def get_weather(city: str) -> str:
        cities.append(city)
        return "sunny"

    agent = pydantic_ai.Agent(model, tools=[get_weather])
    aurous.chat.reply(tool_calls=[("get_weather", {"city": "Tokyo"})])
    aurous.chat.reply("It is sunny in Tokyo.", when="sunny")

    assert anyio.run(agent.run, "What is the weather?").output == "It is sunny in Tokyo."
    assert cities == ["Tokyo"]
    assert len(aurous.chat.completions) == 2


def test_structured_output_and_a_stream(aurous: Aurous, model: Any) -> None:
    """Without a reply, the output fits the type that the agent asks for."""

    async def main() -> tuple[Any, str]:
        person = (await pydantic_ai.Agent(model, output_type=Person).run("Who is she?")).output
        aurous.chat.reply("She smiles at the harbor.")
        async with pydantic_ai.Agent(model).run_stream("What does she do?") as stream:
            return person, "".join([piece async for piece in stream.stream_text(delta=True)])

    person, text = anyio.run(main)

    assert isinstance(person, Person)
    assert text == "She smiles at the harbor."
    assert aurous.chat.completions.last.status == "completed"
