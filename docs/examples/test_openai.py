import operator
import os
from typing import Any

import pytest

from pytest_aurous import Aurous

openai = pytest.importorskip("openai", reason="needs the OpenAI SDK")

from pydantic import BaseModel  # noqa: E402 - the SDK brings it

BODY = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}


def connect(**options: Any) -> Any:
    """Return a client of the SDK for the Aurous Labs API."""
    return openai.OpenAI(
        api_key=os.environ["AUROUS_API_KEY"],  # sent as a Bearer token
        base_url=f"{os.environ['AUROUS_BASE_URL']}/v1",
        **options,
    )


def test_the_sdk_creates_and_saves(aurous: Aurous) -> None:
    """The methods `get` and `post` of the SDK take any path."""
    aurous.script("synthesizing*0 -> reviewing")

    made = connect().post("/characters", body=BODY, cast_to=object)
    connect().post(f"/characters/{made['id']}/save", cast_to=object)

    assert aurous.characters.last.status == "ready"


def test_a_refusal_is_an_error_of_the_sdk(aurous: Aurous) -> None:
    """The SDK reads the code from the error body."""
    with pytest.raises(openai.NotFoundError) as caught:
        connect().get("/characters/char_0", cast_to=object)

    assert caught.value.code == "resource_not_found"


@pytest.mark.aurous(pitfalls="off")
def test_the_sdk_retries_without_a_key(aurous: Aurous) -> None:
    """It retries by itself after a lost response: two characters are paid."""
    aurous.faults.disconnect("characters.create", commit=True)

    connect().post("/characters", body=BODY, cast_to=object)

    assert aurous.team.available_credits == 1000 - 2 * 4
    assert [pitfall.id for pitfall in aurous.pitfalls] == ["double-charge"]


def test_a_key_prevents_a_second_charge(aurous: Aurous) -> None:
    """The SDK sends all headers, and so the key, with each attempt."""
    aurous.faults.disconnect("characters.create", commit=True)
    once = {"headers": {"Idempotency-Key": "job-1"}}

    connect().post("/characters", body=BODY, options=once, cast_to=object)

    assert aurous.team.available_credits == 1000 - 4


def test_an_answer(aurous: Aurous) -> None:
    """The test says what the model says, and sees what it cost."""
    client = openai.OpenAI(base_url=f"{aurous.base_url}/v1", api_key=aurous.api_key)
    aurous.chat.reply("Aurora has black hair.", when="hair")

    made = client.chat.completions.create(
        model="aurous-grow-2.0-pro",
        messages=[{"role": "user", "content": "What color is her hair?"}],
    )

    assert made.choices[0].message.content == "Aurora has black hair."
    assert made.usage.credits_charged < 0.01


def test_the_model_says_what_the_test_has_it_say(aurous: Aurous) -> None:
    """A completion, and the same as a stream."""
    aurous.chat.reply("A lighthouse keeper.")
    messages = [{"role": "user", "content": "Who is she?"}]
    asked: Any = {"model": "aurous-grow-2.0-pro", "messages": messages}

    whole = connect().chat.completions.create(**asked)
    parts = connect().chat.completions.create(**asked, stream=True)

    assert whole.choices[0].message.content == "A lighthouse keeper."
    assert (
        "".join(one.choices[0].delta.content or "" for one in parts)
        == "A lighthouse keeper."
    )
    assert [one.status for one in aurous.chat.completions] == ["completed", "completed"]


class Person(BaseModel):
    """What the model is asked for."""

    name: str
    age: int


def test_parsed_output(aurous: Aurous) -> None:
    """The reply must fit the schema that the SDK makes of the class."""
    aurous.chat.reply(json={"name": "Aurora", "age": 28})

    made = connect().chat.completions.parse(
        model="aurous-grow-2.0-pro",
        messages=[{"role": "user", "content": "Who is she?"}],
        response_format=Person,
    )

    assert made.choices[0].message.parsed == Person(name="Aurora", age=28)


def test_a_search(aurous: Aurous) -> None:
    """Texts with words in common are nearer than others."""

    def embed(text: str) -> list[float]:
        model = "aurous-embed-vision-1.0"
        made = connect().embeddings.create(model=model, input=text)
        return list(made.data[0].embedding)

    def likeness(one: str, other: str) -> float:
        return float(sum(map(operator.mul, embed(one), embed(other))))

    texts = ["red shoes", "a woman with black hair", "the harbor"]
    assert max(texts, key=lambda text: likeness("black hair", text)) == texts[1]


@pytest.mark.aurous(pitfalls="off")
def test_the_sdk_pays_for_a_completion_twice(aurous: Aurous) -> None:
    """A response was lost after the model had spoken, and the retry has no key."""
    aurous.faults.disconnect("chat.create", commit=True)

    connect().chat.completions.create(
        model="aurous-grow-2.0-pro", messages=[{"role": "user", "content": "Who?"}]
    )

    assert [one.status for one in aurous.chat.completions] == ["completed", "completed"]
    assert [pitfall.id for pitfall in aurous.pitfalls] == ["double-charge"]
