from unittest.mock import Mock

import pytest

from pytest_aurous import Aurous

openai = pytest.importorskip("openai", reason="needs the OpenAI SDK")

from agent import answer, connect, summary  # noqa: E402


def test_the_agent_calls_its_tool(aurous: Aurous) -> None:
    """The model calls a tool, and says something about its result."""
    aurous.chat.reply(tool_calls=[("get_weather", {"city": "Tokyo"})])
    aurous.chat.reply("It is sunny in Tokyo.", when="sunny")
    get_weather = Mock(return_value="sunny")

    text = answer(connect(), "job-1", "How is Tokyo?", get_weather)

    assert text == "It is sunny in Tokyo."
    get_weather.assert_called_once_with(city="Tokyo")
    roles = [one["role"] for one in aurous.chat.completions.last.messages]
    assert roles == ["user", "assistant", "tool"]


def test_a_lost_response_is_paid_once(aurous: Aurous) -> None:
    """The SDK sends the step again, with its key: the tool runs once."""
    aurous.faults.disconnect("chat.create", commit=True)
    aurous.chat.reply(tool_calls=[("get_weather", {"city": "Tokyo"})])
    aurous.chat.reply("It is sunny in Tokyo.", when="sunny")
    get_weather = Mock(return_value="sunny")

    answer(connect(), "job-1", "How is Tokyo?", get_weather)

    get_weather.assert_called_once_with(city="Tokyo")
    aurous.assert_called("chat.create", times=3)
    assert len(aurous.chat.completions) == 2


def test_a_slow_model(aurous: Aurous) -> None:
    """A client that does not retry gets its timeout, and nobody waits for it."""
    aurous.chat.reply("Never seen.", delay=20)
    client = connect(timeout=10, max_retries=0)

    with pytest.raises(openai.APITimeoutError):
        answer(client, "job-1", "How is Tokyo?", Mock())


def test_a_retry_while_the_model_works(aurous: Aurous) -> None:
    """The retries of the SDK have the key of a request that is still in flight."""
    aurous.chat.reply("Never seen.", delay=20)

    with pytest.raises(openai.ConflictError, match="still in flight"):
        answer(connect(timeout=10), "job-1", "How is Tokyo?", Mock())

    assert [call.status for call in aurous.calls] == [None, 409, 409]


def test_a_stream_that_breaks(aurous: Aurous) -> None:
    """The connection is lost after three events: what was sent is paid."""
    aurous.chat.reply("Aurora has black hair, and she smiles.")
    aurous.faults.disconnect("chat.create", after_events=3)

    with pytest.raises(Exception, match=r"Connection error|peer closed connection"):
        summary(connect(), "...")

    completion = aurous.chat.completions.last
    assert completion.text == "Aurora has black hair, and she "
    assert completion.status == "cancelled_client_disconnect"


def test_a_stream_that_ends_early(aurous: Aurous) -> None:
    """The SDK takes half an event for the end, so the agent must check."""
    aurous.faults.malformed("chat.create", kind="half_event")

    with pytest.raises(EOFError):
        summary(connect(), "...")


def test_a_refusal_has_the_code_of_the_vendor(aurous: Aurous) -> None:
    """It is an exception of the SDK."""
    aurous.team.credits = 0

    with pytest.raises(openai.APIStatusError) as raised:
        answer(connect(), "job-1", "How is Tokyo?", Mock())

    assert (raised.value.status_code, raised.value.code) == (402, "balance_too_low")


def test_each_step_is_paid_once_on_each_bad_day(aurous: Aurous) -> None:
    """Each request is lost once, after the model has worked."""

    def run() -> None:
        aurous.chat.reply(tool_calls=[("get_weather", {"city": "Tokyo"})])
        aurous.chat.reply("It is sunny in Tokyo.", when="sunny")
        answer(connect(), "job-1", "How is Tokyo?", Mock(return_value="sunny"))

    aurous.explore(run, faults="lost")
