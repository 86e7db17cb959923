"""With pytest-aurous."""

# mypy: ignore-errors
# pyright: basic, reportMissingImports=false

import pytest
from code_under_test import poem, weather
from openai import OpenAI

from pytest_aurous import Aurous


@pytest.fixture
def client(aurous: Aurous) -> OpenAI:
    return OpenAI(base_url=f"{aurous.base_url}/v1", api_key=aurous.api_key)


@pytest.mark.aurous(sleep="skip")
def test_a_lost_response_is_paid_once(aurous: Aurous, client: OpenAI) -> None:
    aurous.faults.disconnect("chat.create", commit=True)
    aurous.chat.reply(tool_calls=[("get_weather", {"city": "Tokyo"})])
    aurous.chat.reply("It is sunny.", when="sunny")

    assert weather(client) == "It is sunny."

    assert len(aurous.chat.completions) == 2


def test_a_stream_that_ends_early(aurous: Aurous, client: OpenAI) -> None:
    aurous.faults.malformed("chat.create", kind="half_event")

    with pytest.raises(EOFError):
        poem(client)
