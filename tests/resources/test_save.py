"""POST /v1/characters/{id}/save: save-1 to save-7."""

from typing import Any

import pytest

from tests.conftest import Api


def without_tokens(character: dict[str, Any]) -> dict[str, Any]:
    """A character without what is fresh at each read."""
    return {**character, "refs": [(ref["pose"], ref["url"].partition("?")[0]) for ref in character["refs"]]}


def test_save_1_publishes_what_is_in_review(api: Api) -> None:
    """A save moves a ``reviewing`` character to ``ready``, and its response is the whole object."""
    character = api.synthesize()
    assert api.poll(character, 2) == ["synthesizing", "reviewing"]
    before = api.get(f"/v1/characters/{character.id}").json
    api.clock.advance(seconds=10)

    response = api.post(f"/v1/characters/{character.id}/save")

    assert response.status == 200
    assert without_tokens(response.json) == {
        **without_tokens(before),
        "status": "ready",
        "updated_at": "2026-05-08T10:00:10Z",
    }
    assert api.get(f"/v1/characters/{character.id}").body == response.body
    assert character.status == "ready"


def test_save_2_is_idempotent(api: Api) -> None:
    """A save of a ``ready`` character is a 200 as often as one likes and changes nothing, `updated_at` neither."""
    character = api.characters.add(status="reviewing")
    first = api.post(f"/v1/characters/{character.id}/save")
    state = api.state()

    again = [api.post(f"/v1/characters/{character.id}/save") for _ in range(3)]
    api.clock.advance(seconds=3600)
    later = api.post(f"/v1/characters/{character.id}/save")

    assert [(response.status, response.body) for response in again] == [(200, first.body)] * 3
    assert later.status == 200
    assert without_tokens(later.json) == without_tokens(first.json)
    assert api.state() == state


@pytest.mark.parametrize("status", ["synthesizing", "failed"])
def test_save_3_refuses_what_has_nothing_to_publish(api: Api, status: str) -> None:
    """A save of a ``synthesizing`` or ``failed`` character is a 400, and changes nothing."""
    character = api.characters.add(status=status)
    before = without_tokens(character.json())
    api.clock.advance(seconds=10)

    api.refused("POST", f"/v1/characters/{character.id}/save", status=400, code="invalid_request_error")

    assert without_tokens(character.json()) == before


def test_save_3_is_no_poll(api: Api) -> None:
    """Saving too early is refused however often; only the poll that finds the review frees the save."""
    character = api.synthesize("synthesizing*2 -> reviewing")
    seen: list[str] = []

    for _ in range(3):
        for _ in range(3):
            api.refused("POST", f"/v1/characters/{character.id}/save", status=400, code="invalid_request_error")
        seen += api.poll(character)

    assert seen == ["synthesizing", "synthesizing", "reviewing"]
    assert api.post(f"/v1/characters/{character.id}/save").status == 200


def test_save_5_cred_4_costs_nothing_and_starts_no_work(api: Api) -> None:
    """A save moves no credits, and no poll after it ever finds another state or another picture."""
    character = api.synthesize("synthesizing*0 -> reviewing")
    money = api.money()
    refs = character.refs

    saved = api.post(f"/v1/characters/{character.id}/save")

    assert saved.status == 200
    assert api.money() == money
    assert api.poll(character, 5) == ["ready"] * 5
    assert character.refs == refs


@pytest.mark.parametrize("content", [b"", b"{}", b'{"name": 7, "unknown": true}', b"{not json", b"\xff", b"[]"])
def test_save_7_err_8_ignores_the_body(api: Api, content: bytes) -> None:
    """A save reads no body, so a bad one does no harm."""
    character = api.characters.add("Aurora", status="reviewing")

    response = api.post(f"/v1/characters/{character.id}/save", content=content)

    assert (response.status, response.json["status"], response.json["name"]) == (200, "ready", "Aurora")


@pytest.mark.parametrize(
    "script",
    [
        "synthesizing*0 -> reviewing*1 -> deleted",
        "synthesizing*0 -> reviewing:10s -> deleted",
        "synthesizing*0 -> reviewing! -> ready -> synthesizing -> failed",
        "synthesizing*0 -> ready*1 -> deleted",
    ],
)
def test_a_save_ends_the_run(api: Api, script: str) -> None:
    """What the script still held after the step that was saved is dropped: by polls, by time, and by hand."""
    character = api.synthesize(script)

    api.post(f"/v1/characters/{character.id}/save")
    seen = api.poll(character, 3)
    api.clock.advance(seconds=3600)

    assert seen + api.poll(character) == ["ready"] * 4
