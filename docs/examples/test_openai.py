import os
from typing import Any

import pytest

from pytest_aurous import Aurous

openai = pytest.importorskip("openai", minversion="3", reason="needs openai 3")
httpx2 = pytest.importorskip("httpx2", reason="needs httpx2")

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


@pytest.mark.aurous(sleep="skip", pitfalls="off")
def test_the_sdk_retries_without_a_key(aurous: Aurous) -> None:
    """It retries by itself after a lost response: two characters are paid."""
    aurous.faults.disconnect("characters.create", commit=True)

    connect().post("/characters", body=BODY, cast_to=object)

    assert aurous.team.available_credits == 1000 - 2 * 4
    assert [pitfall.id for pitfall in aurous.pitfalls] == ["double-charge"]


@pytest.mark.aurous(sleep="skip")
def test_a_key_prevents_a_second_charge(aurous: Aurous) -> None:
    """The SDK sends all headers, and so the key, with each attempt."""
    aurous.faults.disconnect("characters.create", commit=True)
    once = {"headers": {"Idempotency-Key": "job-1"}}

    connect().post("/characters", body=BODY, options=once, cast_to=object)

    assert aurous.team.available_credits == 1000 - 4


def test_chat_has_its_own_transport(aurous: Aurous) -> None:
    """The fake has no chat: a client with its own transport plays it."""
    said = {"role": "assistant", "content": "A lighthouse keeper."}
    chat_response = {"id": "chat_1", "choices": [{"index": 0, "message": said}]}

    def play(_: object) -> object:
        return httpx2.Response(200, json=chat_response)

    chat = connect(http_client=httpx2.Client(transport=httpx2.MockTransport(play)))

    idea = chat.chat.completions.create(model="any", messages=[])
    body = {**BODY, "name": idea.choices[0].message.content}
    connect().post("/characters", body=body, cast_to=object)

    assert aurous.characters.last.name == "A lighthouse keeper."
    assert aurous.calls.count() == 1
