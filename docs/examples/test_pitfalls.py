import contextlib
import json
import time
from typing import Any

import httpx
import pytest

from pytest_aurous import Aurous

pytestmark = pytest.mark.aurous(pitfalls="error")
misuse = pytest.mark.aurous(pitfalls="off")  # on purpose, so that a page can show it

BODY = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}


def seen(aurous: Aurous) -> list[str]:
    return [pitfall.id for pitfall in aurous.pitfalls]


def announce(api: httpx.Client) -> dict[str, Any]:
    picture = {"filename": "a.png", "extension": "png", "content_type": "image/png"}
    ticket: dict[str, Any] = api.post(
        "/v1/characters/uploads/init", json=picture
    ).json()
    return ticket


@misuse
def test_early_save(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """The save is sent until it succeeds."""
    aurous.script("synthesizing:10s -> reviewing")
    character = aurous_client.post("/v1/characters", json=BODY).json()

    while aurous_client.post(f"/v1/characters/{character['id']}/save").is_error:
        time.sleep(4)

    assert seen(aurous) == ["early-save"]


def test_early_save_mended(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """The character is polled until its synthesis has ended."""
    aurous.script("synthesizing:10s -> reviewing")
    character = aurous_client.post("/v1/characters", json=BODY).json()
    path = f"/v1/characters/{character['id']}"

    while character["status"] == "synthesizing":
        time.sleep(4)
        character = aurous_client.get(path).json()
    if character["status"] == "reviewing":
        aurous_client.post(f"{path}/save")

    assert aurous.characters.last.status == "ready"


@misuse
def test_endless_poll(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """The loop waits only for success; here, a counter ends it."""
    character = aurous.characters.add(
        status="synthesizing", script="synthesizing -> failed"
    )

    for _ in range(20):
        shown = aurous_client.get(f"/v1/characters/{character.id}").json()
        if shown["status"] == "reviewing":
            break
        time.sleep(4)

    assert seen(aurous) == ["endless-poll"]


def test_endless_poll_mended(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """The loop ends with any status other than `synthesizing`."""
    character = aurous.characters.add(
        status="synthesizing", script="synthesizing -> failed"
    )

    response = aurous_client.get(f"/v1/characters/{character.id}")
    while response.is_success and response.json()["status"] == "synthesizing":
        time.sleep(4)
        response = aurous_client.get(f"/v1/characters/{character.id}")

    assert response.json()["status"] == "failed"
    aurous.assert_polled(character, at_most=2)


@misuse
def test_double_charge(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """The first create took effect; only its response was lost."""
    aurous.faults.timeout("characters.create", commit=True)

    with pytest.raises(httpx.ReadTimeout):
        aurous_client.post("/v1/characters", json=BODY)
    aurous_client.post("/v1/characters", json=BODY)

    assert seen(aurous) == ["double-charge"]
    assert len(aurous.characters) == 2


def test_double_charge_mended(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """Both attempts have the same key, so there is one character."""
    aurous.faults.timeout("characters.create", commit=True)

    key = {"Idempotency-Key": "job-4711"}
    with pytest.raises(httpx.ReadTimeout):
        aurous_client.post("/v1/characters", json=BODY, headers=key)
    aurous_client.post("/v1/characters", json=BODY, headers=key)

    assert len(aurous.characters) == 1


@misuse
def test_new_key_per_attempt(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """Each attempt has a new key, so there are two characters."""
    aurous.faults.timeout("characters.create", commit=True)

    for attempt in range(2):
        key = {"Idempotency-Key": f"attempt-{attempt}"}
        with contextlib.suppress(httpx.ReadTimeout):
            aurous_client.post("/v1/characters", json=BODY, headers=key)

    assert seen(aurous) == ["new-key-per-attempt"]
    assert len(aurous.characters) == 2


def test_new_key_per_attempt_mended(
    aurous: Aurous, aurous_client: httpx.Client
) -> None:
    """The key is made once, before the first attempt."""
    aurous.faults.timeout("characters.create", commit=True)

    key = {"Idempotency-Key": "job-4711"}
    for _ in range(2):
        with contextlib.suppress(httpx.ReadTimeout):
            aurous_client.post("/v1/characters", json=BODY, headers=key)

    assert len(aurous.characters) == 1


@misuse
def test_early_retry(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """The client ignores Retry-After."""
    aurous.faults.rate_limited("balance.retrieve", retry_after=12)

    while aurous_client.get("/v1/balance").status_code == 429:
        time.sleep(1)

    assert seen(aurous) == ["early-retry"]


def test_early_retry_mended(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """The client waits as long as Retry-After says."""
    aurous.faults.rate_limited("balance.retrieve", retry_after=12)

    while (response := aurous_client.get("/v1/balance")).status_code == 429:
        time.sleep(int(response.headers["Retry-After"]))

    assert response.json()["credits"] == 1000


@misuse
def test_wiping_patch(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """The PATCH sends one attribute, and the others are deleted."""
    character = aurous.characters.add(attributes={"age": 28, "gender": "female"})

    aurous_client.patch(
        f"/v1/characters/{character.id}", json={"attributes": {"age": 29}}
    )

    assert seen(aurous) == ["wiping-patch"]
    assert character.attributes == {"age": 29}


def test_wiping_patch_mended(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """The PATCH sends all attributes, with one of them changed."""
    character = aurous.characters.add(attributes={"age": 28, "gender": "female"})
    path = f"/v1/characters/{character.id}"

    attributes = aurous_client.get(path).json()["attributes"]
    aurous_client.patch(path, json={"attributes": {**attributes, "age": 29}})

    assert character.attributes == {"age": 29, "gender": "female"}


@misuse
def test_stale_url(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """The code stores a signed URL, which expires."""
    path = f"/v1/characters/{aurous.characters.add().id}"

    kept = aurous_client.get(path).json()["refs"][0]["url"]
    aurous.clock.advance(seconds=24 * 3600)
    picture = httpx.get(kept)

    assert picture.status_code == 403
    assert seen(aurous) == ["stale-url"]


def test_stale_url_mended(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """The code stores the id, and reads the URL when it needs it."""
    path = f"/v1/characters/{aurous.characters.add().id}"

    aurous.clock.advance(seconds=24 * 3600)
    picture = httpx.get(aurous_client.get(path).json()["refs"][0]["url"])

    assert picture.status_code == 200


@misuse
def test_leaked_key(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """The client of the API sends its key to the upload host, too."""
    ticket = announce(aurous_client)

    aurous_client.put(
        ticket["upload_url"], content=b"...", headers=ticket["upload_headers"]
    )

    assert seen(aurous) == ["leaked-key"]


def test_leaked_key_mended(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """The upload has only the headers of the ticket."""
    ticket = announce(aurous_client)

    httpx.put(ticket["upload_url"], content=b"...", headers=ticket["upload_headers"])

    assert aurous.calls.last.status == 200


@misuse
def test_made_up_cursor(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """A page number is not a cursor."""
    aurous_client.get("/v1/characters", params={"starting_after": "2"})

    assert seen(aurous) == ["made-up-cursor"]


def test_made_up_cursor_mended(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """Each page has the cursor of the next one."""
    for _ in range(5):
        aurous.characters.add()
    ids: list[str] = []
    query = {"limit": "2"}

    while True:
        page = aurous_client.get("/v1/characters", params=query).json()
        ids += [row["id"] for row in page["data"]]
        if not page["has_more"]:
            break
        query["starting_after"] = page["next_cursor"]

    assert len(ids) == 5


CHAT = "/v1/chat/completions"
ASKED = {
    "model": "aurous-grow-2.0-pro",
    "messages": [{"role": "user", "content": "Who is she?"}],
}


@misuse
def test_unread_stream(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """The client closes the stream as soon as something has come."""
    streamed = {**ASKED, "stream": True}

    with aurous_client.stream("POST", CHAT, json=streamed) as response:
        next(response.iter_lines())

    assert seen(aurous) == ["unread-stream"]


def test_unread_stream_mended(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """The client cancels a stream that it does not need."""
    streamed = {**ASKED, "stream": True}

    with aurous_client.stream("POST", CHAT, json=streamed) as response:
        chunk = json.loads(next(response.iter_lines()).removeprefix("data: "))
        aurous_client.post(f"{CHAT}/{chunk['id']}/cancel")

    assert aurous.chat.completions.last.status == "cancelled_by_request"


@misuse
def test_string_batch(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """The list is refused, and sent again."""
    batch = {"model": "aurous-embed-vision-1.0", "input": ["black hair", "red hair"]}
    for _ in range(2):
        aurous_client.post("/v1/embeddings", json=batch)

    assert seen(aurous) == ["string-batch"]


def test_string_batch_mended(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """Each text has its request."""
    for text in ("black hair", "red hair"):
        one = {"model": "aurous-embed-vision-1.0", "input": text}
        aurous_client.post("/v1/embeddings", json=one)

    assert [call.status for call in aurous.calls] == [200, 200]


@misuse
def test_key_on_stream(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """The same key with each attempt does not help: both are charged."""
    once = {"Idempotency-Key": "job-1"}
    for _ in range(2):
        aurous_client.post(CHAT, json={**ASKED, "stream": True}, headers=once)

    assert seen(aurous) == ["key-on-stream"]
    assert len(aurous.chat.completions) == 2


def test_key_on_stream_mended(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """Without a stream, the second attempt gets the response of the first."""
    once = {"Idempotency-Key": "job-1"}
    for _ in range(2):
        aurous_client.post(CHAT, json=ASKED, headers=once)

    assert len(aurous.chat.completions) == 1


EMBED = {"model": "aurous-embed-vision-1.0", "input": "black hair"}
NPM = {"X-Stainless-Lang": "js"}  # what the npm package openai sends


@misuse
def test_base64_floats(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """The package asks for base64, unless the code asks for something else."""
    packed = {**EMBED, "encoding_format": "base64"}
    aurous_client.post("/v1/embeddings", json=packed, headers=NPM)

    assert seen(aurous) == ["base64-floats"]


def test_base64_floats_mended(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """The code asks for what the API sends."""
    floats = {**EMBED, "encoding_format": "float"}
    aurous_client.post("/v1/embeddings", json=floats, headers=NPM)

    assert aurous.calls.last.status == 200


@misuse
def test_ignored_field(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """The response is as long as it would be without the limit."""
    aurous_client.post(CHAT, json={**ASKED, "max_completion_tokens": 3})

    assert seen(aurous) == ["ignored-field"]


def test_ignored_field_mended(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """The limit has the name that the API knows."""
    aurous_client.post(CHAT, json={**ASKED, "max_tokens": 3})

    choice = aurous.chat.completions.last.choices[0]
    assert choice["finish_reason"] == "length"
