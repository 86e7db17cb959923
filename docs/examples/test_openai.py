import os
from typing import Any

import pytest

from pytest_aurous import Aurous

openai = pytest.importorskip("openai", minversion="3", reason="needs openai 3")
httpx2 = pytest.importorskip("httpx2", reason="needs httpx2")

ORDER = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}


def connect(**options: Any) -> Any:
    """Return a client of the SDK that calls the Aurous Labs API."""
    return openai.OpenAI(
        api_key=os.environ["AUROUS_API_KEY"],  # sent as a Bearer token
        base_url=f"{os.environ['AUROUS_BASE_URL']}/v1",
        **options,
    )


def test_the_sdk_creates_and_saves(aurous: Aurous) -> None:
    """Its `get` and `post` take any path."""
    aurous.script("synthesizing*0 -> reviewing")

    made = connect().post("/characters", body=ORDER, cast_to=object)
    connect().post(f"/characters/{made['id']}/save", cast_to=object)

    assert aurous.characters.last.status == "ready"


def test_a_refusal_is_an_error_of_the_sdk(aurous: Aurous) -> None:
    """It knows the envelope."""
    with pytest.raises(openai.NotFoundError) as caught:
        connect().get("/characters/char_0", cast_to=object)

    assert caught.value.code == "resource_not_found"


@pytest.mark.aurous(sleep="skip", pitfalls="off")
def test_the_sdk_retries_without_a_key(aurous: Aurous) -> None:
    """It sends a lost order again by itself: two characters, and both are paid."""
    aurous.faults.disconnect("characters.create", commit=True)

    connect().post("/characters", body=ORDER, cast_to=object)

    assert aurous.team.available_credits == 1000 - 2 * 4
    assert [pitfall.id for pitfall in aurous.pitfalls] == ["double-charge"]


@pytest.mark.aurous(sleep="skip")
def test_a_key_makes_it_one_order(aurous: Aurous) -> None:
    """The key goes along with each attempt, as all headers do."""
    aurous.faults.disconnect("characters.create", commit=True)
    once = {"headers": {"Idempotency-Key": "order-1"}}

    connect().post("/characters", body=ORDER, options=once, cast_to=object)

    assert aurous.team.available_credits == 1000 - 4


def test_chat_is_answered_by_a_transport_of_its_own(aurous: Aurous) -> None:
    """The fake has no chat: give the client for it a transport, and keep the rest."""
    said = {"role": "assistant", "content": "A lighthouse keeper."}
    answer = {"id": "chat_1", "choices": [{"index": 0, "message": said}]}

    def play(_: object) -> object:
        return httpx2.Response(200, json=answer)

    chat = connect(http_client=httpx2.Client(transport=httpx2.MockTransport(play)))

    idea = chat.chat.completions.create(model="any", messages=[])
    order = {**ORDER, "name": idea.choices[0].message.content}
    connect().post("/characters", body=order, cast_to=object)

    assert aurous.characters.last.name == "A lighthouse keeper."
    assert aurous.calls.count() == 1
