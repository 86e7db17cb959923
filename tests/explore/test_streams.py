"""Streams on bad days, and an agent: which of its calls, lost, pays twice."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

import httpx
import pytest

from pytest_aurous import Aurous, BadDay, Exploration
from tests.explore.conftest import broken

PATH: Final = "/v1/chat/completions"
TOOL: Final = {"type": "function", "function": {"name": "get_weather"}}
SAID: Final = "It rains in Tokyo today, so take an umbrella with you."


class GaveUp(Exception):  # noqa: N818 - as an application would call it
    """The documented failure of the agent."""


class Agent:
    """Asks for a tool, and streams what the model says; tries four times."""

    def __init__(self, client: httpx.Client, *, keys: bool = True, checks_end: bool = True) -> None:
        self.client = client
        self.keys = keys
        self.checks_end = checks_end

    def run(self) -> str:
        """Return what the model says."""
        messages: list[dict[str, Any]] = [{"role": "user", "content": "How is the weather?"}]
        body = {"model": "aurous-grow-2.0-pro", "messages": messages, "tools": [TOOL]}
        message = json.loads(self.send(body))["choices"][0]["message"]
        messages += [message, {"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "rain"}]
        return self.send({**body, "stream": True})

    def send(self, body: dict[str, Any]) -> str:
        """Return the body of a response, or the text of a stream."""
        headers = {"Idempotency-Key": "question-1"} if self.keys and "stream" not in body else {}
        for _ in range(4):
            with suppress(httpx.TransportError, ValueError):
                response = self.client.post(PATH, json=body, headers=headers)
                if response.status_code not in {409, 429, 503}:
                    lines = response.raise_for_status().text.split("\n")
                    if "stream" not in body:
                        return json.loads(lines[0]) and lines[0]
                    if "data: [DONE]" in lines or not self.checks_end:
                        deltas = [json.loads(line[6:])["choices"][0]["delta"] for line in lines if line.endswith("}")]
                        return "".join(delta.get("content", "") for delta in deltas)
            time.sleep(25)
        raise GaveUp


@pytest.fixture
def fake() -> Iterator[Aurous]:
    """A fake whose model calls a tool, and then says what it has found."""
    with Aurous(credits=100, seed=3) as aurous:
        aurous.chat.reply(tool_calls=[("get_weather", {"city": "Tokyo"})], when="weather")
        aurous.chat.reply(SAID)
        yield aurous


def broken_by(explored: Exploration) -> dict[str, list[str]]:
    return {case.id: list(case.reasons) for case in explored.cases if case.reasons}


def test_a_careful_agent_pays_for_a_lost_stream(fake: Aurous, client: httpx.Client) -> None:
    """No key helps where a stream is lost, so the API lets it pay again (chat-7)."""
    found = fake.explore(Agent(client).run, returns=True, may_raise=(GaveUp, httpx.HTTPStatusError))

    assert broken_by(found) == {}
    assert {case.id for case in found.cases} >= {f"chat.create#2 {one}" for one in ("disconnect", "ends_early")}
    assert "chat.create#1 disconnect" not in {case.id for case in found.cases}
    assert {"chat.create#2 garbled", "chat.create#2 greased"}.isdisjoint(case.id for case in found.cases)
    assert not [case.id for case in found.cases if case.outcome == "unmet"]


def test_an_agent_without_keys_pays_twice(fake: Aurous, client: httpx.Client) -> None:
    """The reason names the sum and the call."""
    found = broken(fake, Agent(client, keys=False).run, faults="lost, garbled", laws="pays_once")

    assert broken_by(found) == {case: ["pays_once"] for case in ("chat.create#1 lost", "chat.create#1 garbled")}
    reason = next(case.reasons["pays_once"] for case in found.cases if case.id == "chat.create#1 lost")
    assert reason == (
        "the code paid 0.0178 credits, on the good day 0.0137: chat.create took effect: "
        "neither request had an Idempotency-Key"
    )


def test_a_stream_that_ends_early_is_taken_for_complete(fake: Aurous, client: httpx.Client) -> None:
    """The completion of the good day is missing, and the text is not the same."""
    agent = Agent(client, checks_end=False)
    found = broken(fake, agent.run, faults="ends_early", returns=True, laws="tells, returns")

    assert broken_by(found) == {"chat.create#2 ends_early": ["tells", "returns"]}


def test_a_day_with_a_broken_stream(fake: Aurous, client: httpx.Client) -> None:
    """Hypothesis draws such days, too: a fault that needs a stream meets nothing else."""
    with fake.day(BadDay("chat.create#2 disconnect")):
        assert Agent(client).run() == SAID
    assert fake.faults.unfired == []
    assert [call.ended for call in fake.calls] == ["", "ended by a fault", "complete"]
