"""What a test does to records without a request: `add`, live attributes, `advance`, `finish`, `fail`, `delete`."""

from pathlib import Path
from typing import Any, Final

import pytest

from pytest_aurous import AurousError, AurousTransitionError
from pytest_aurous._core.resources.characters.row import ATTRIBUTES
from pytest_aurous._serve.table import SUBJECTS, collections
from tests.conftest import Api

STATUSES: Final = ["synthesizing", "reviewing", "ready", "failed", "deleted"]
POSES: Final = ["portrait", "front", "side", "back"]


@pytest.mark.parametrize(
    ("status", "poses", "error"),
    [
        ("synthesizing", [], None),
        ("reviewing", POSES, None),
        ("ready", POSES, None),
        ("failed", [], "provider_timeout"),
        ("deleted", POSES, None),
    ],
)
def test_add_makes_a_character_in_every_status(api: Api, status: str, poses: list[str], error: str | None) -> None:
    """A character can be had in each status, with the refs and the error that belong there, and costs nothing."""
    character = api.characters.add(status=status)

    assert character.status == status
    assert [ref.pose for ref in character.refs] == poses
    assert [ref.version for ref in character.refs] == [1] * len(poses)
    assert character.error_message == error
    assert api.money() == (1000, 0)
    assert (character in api.characters) == (status != "deleted")
    assert len(api.aurous.calls) == 0


def test_add_is_ready_by_default_and_realistic(api: Api) -> None:
    """What is left out is made up: a name, all eight attributes of somebody who could exist, and no two alike."""
    people = [api.characters.add() for _ in range(20)]

    assert {one.status for one in people} == {"ready"}
    assert all(1 <= len(one.name) <= 120 for one in people)
    assert all(set(one.attributes or {}) == set(ATTRIBUTES) for one in people)
    assert all(18 <= (one.attributes or {})["age"] <= 120 for one in people)
    assert len({(one.name, str(one.attributes)) for one in people}) == 20


def test_add_takes_what_it_is_told(api: Api) -> None:
    """Name, attributes, refs and the client's reference are as they were given, in the test and on the wire."""
    character = api.characters.add(
        "Aurora", status="reviewing", attributes={"age": 28}, refs=["side", "other"], client_reference_id="order-1"
    )

    found = api.get(f"/v1/characters/{character.id}").json
    assert (found["name"], found["status"], found["attributes"]) == ("Aurora", "reviewing", {"age": 28})
    assert [ref["pose"] for ref in found["refs"]] == ["side", "other"]
    assert found["client_reference_id"] == character.client_reference_id == "order-1"


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("refs", [[], ["front"]], ids=["none", "one"])
def test_add_gives_the_refs_in_every_status(api: Api, status: str, refs: list[str]) -> None:
    assert [ref.pose for ref in api.characters.add(status=status, refs=iter(refs)).refs] == refs


def test_add_starts_the_script_of_a_synthesis(api: Api) -> None:
    """A ``synthesizing`` character is in the first run of its script; even ``*0`` waits for a poll there."""
    character = api.characters.add(status="synthesizing", script="synthesizing*0 -> reviewing")

    assert character.status == "synthesizing"
    assert api.poll(character) == ["reviewing"]
    assert api.money() == (1000, 0)


@pytest.mark.parametrize("status", ["reviewing", "ready", "failed"])
def test_add_keeps_the_script_for_the_first_run(api: Api, status: str) -> None:
    character = api.characters.add(status=status, script="synthesizing -> failed(first) ; synthesizing -> ready")
    assert api.poll(character, 3) == [status] * 3

    api.post(f"/v1/characters/{character.id}/resynthesize")

    assert api.poll(character, 2) == ["synthesizing", "failed"]
    assert character.error_message == "first"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"status": "reviewd"}, "status"),
        ({"refs": ["front", "bakc"]}, "refs"),
        ({"attributes": {"wings": 2}}, "attributes.wings"),
        ({"attributes": {"age": 5}}, "attributes.age"),
        ({"name": "x" * 121}, "name"),
        ({"client_reference_id": "x" * 257}, "client_reference_id"),
        ({"name": Path("aurora")}, "name"),
        ({"attributes": {"age": {28}}}, "attributes.age"),
        ({"attributes": "blond"}, "attributes"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_add_refuses_what_the_api_could_not_have_made(api: Api, arguments: dict[str, Any], told: str) -> None:
    """A status, pose, attribute, name or reference that cannot be is the test's error, and makes nothing."""
    before = api.state()

    with pytest.raises(AurousError, match=told):
        api.characters.add(**arguments)

    assert api.state() == before


def test_a_record_shows_itself(api: Api) -> None:
    """`repr` has the id, the name and the state now."""
    character = api.characters.add("Aurora", status="reviewing")
    assert repr(character) == f"<Character {character.id} 'Aurora' reviewing>"
    assert repr(api.characters) == f"<Characters: [{character!r}]>"

    character.delete()

    assert repr(character) == f"<Character {character.id} 'Aurora' deleted>"


def test_advance_ends_the_present_step(api: Api) -> None:
    """Each `advance()` is one step, whatever holds it: polls, time or the test; ``*0`` is skipped as ever."""
    character = api.characters.add(
        status="synthesizing", script="synthesizing*9 -> reviewing:9h -> synthesizing! -> reviewing*0 -> ready"
    )
    seen = [character.status]
    for _ in range(3):
        character.advance()
        seen.append(character.status)

    assert seen == ["synthesizing", "reviewing", "synthesizing", "ready"]


@pytest.mark.parametrize(
    ("script", "end"),
    [
        ("synthesizing*99 -> reviewing", "reviewing"),
        ("synthesizing! -> reviewing! -> ready!", "ready"),
        ("synthesizing:1h -> failed", "failed"),
        ("synthesizing -> deleted", "deleted"),
        ("synthesizing!", "synthesizing"),
    ],
)
def test_finish_runs_the_script_to_its_end(api: Api, script: str, end: str) -> None:
    """`finish()` goes to the last step at once; there already, it does nothing."""
    character = api.synthesize(script)
    character.finish()
    state = api.state()

    character.finish()

    assert character.status == end
    assert api.state() == state


@pytest.mark.parametrize("arguments", [(), ("content_filtered",)], ids=str)
def test_fail_ends_the_synthesis_badly(api: Api, arguments: tuple[str, ...]) -> None:
    """`fail()` is met by the poller at once: ``failed``, its error, the hold released, the rest of the script gone."""
    character = api.synthesize("synthesizing*1 -> reviewing ; synthesizing*0 -> ready")
    api.poll(character)

    character.fail(*arguments)

    assert api.poll(character, 3) == ["failed"] * 3
    assert character.error_message == (arguments[0] if arguments else "provider_timeout")
    assert api.money() == (1000, 0)
    assert api.post(f"/v1/characters/{character.id}/resynthesize").json["status"] == "ready"


@pytest.mark.parametrize(
    ("status", "script", "verb", "possible"),
    [
        ("synthesizing", "synthesizing!", "advance", ["fail(error)", "delete()"]),
        ("reviewing", "synthesizing*0 -> reviewing! -> ready", "fail", ["delete()"]),
        ("ready", None, "advance", ["delete()"]),
        ("ready", None, "fail", ["delete()"]),
        ("failed", None, "fail", ["delete()"]),
        ("deleted", None, "advance", []),
        ("deleted", None, "fail", []),
        ("deleted", None, "delete", []),
    ],
)
def test_what_a_record_cannot_do_raises(
    api: Api, status: str, script: str | None, verb: str, possible: list[str]
) -> None:
    """The error names what it can do, and nothing happens."""
    character = api.characters.add(status=status, script=script)
    before = api.state()

    with pytest.raises(AurousTransitionError) as caught:
        getattr(character, verb)()

    verbs = ("advance()", "finish()", "fail(error)", "delete()")
    assert [one for one in verbs if one in str(caught.value).splitlines()[1]] == possible
    assert api.state() == before


@pytest.mark.parametrize("status", ["ready", "reviewing", "failed", "deleted"])
def test_hook_4_an_added_character_sends_no_event(api: Api, status: str) -> None:
    """It was never synthesizing, so no work of it ended, and none was cancelled."""
    api.aurous.webhooks.deliver_to(lambda _: 200)

    character = api.characters.add(status=status)

    assert character.status == status
    assert api.aurous.webhooks.deliveries == []


# Uploads and teams have no `json()`, and a model shows its rates and limits under other names.
@pytest.mark.parametrize("collection", sorted({*collections()} - {"uploads", "models", "teams"}))
def test_each_field_of_a_response_is_an_attribute(api: Api, collection: str) -> None:
    """Also one that only `render` writes: without a property of its own, a test would see the default of its column."""
    record = SUBJECTS[collection].find(api.aurous, {}).add()

    for name, shown in record.json().items():
        attribute: Any = getattr(record, name)
        if name == "refs":  # each has its version, too, which no response shows
            attribute = [{"pose": ref.pose, "url": ref.url} for ref in attribute]
        assert (list(attribute) if isinstance(shown, list) else attribute) == shown, name
