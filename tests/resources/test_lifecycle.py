"""Retrieve, update, resynthesize, regenerate and delete: get-1, get-2, patch-*, resyn-*, regen-*, run-1, del-*."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from pytest_aurous import Character
from tests.conftest import Api, Response, price

POSES: Final = ["portrait", "front", "side", "back"]
RUNS: Final[list[tuple[str, Any, float]]] = [
    ("resynthesize", None, price("/v1/characters/{id}/resynthesize")),
    ("refs/regenerate", {"pose": "front"}, price("/v1/characters/{id}/refs/regenerate", pose="front")),
]
SYNTHESIS: Final = price("/v1/characters", name="Aurora", generate=True, attributes={"age": 28})
OTHER_CALLS: Final = [
    ("PATCH", "", {"name": "Other"}, "character_id"),
    ("POST", "/save", None, None),
    ("POST", "/resynthesize", None, None),
    ("POST", "/refs/regenerate", {"pose": "front"}, None),
    ("DELETE", "", None, None),
]
each_run = pytest.mark.parametrize(("action", "body", "cost"), RUNS, ids=["resynthesize", "regenerate"])


def run(api: Api, character: Character, action: str, body: Any = None) -> Response:
    """Start a run that must be accepted."""
    response = api.post(f"/v1/characters/{character.id}/{action}", json=body)
    assert response.status == 200, response.body
    return response


def pictures(character: Character) -> list[tuple[str, int, str]]:
    """Pose, version and URL path of each ref."""
    return [(ref.pose, ref.version, ref.url.partition("?")[0]) for ref in character.refs]


@pytest.mark.parametrize("status", ["synthesizing", "reviewing", "ready", "failed"])
def test_get_4_get_1_has_the_whole_object(api: Api, status: str) -> None:
    """As the live record shows it, in each living state."""
    character = api.characters.add("Aurora", status=status, client_reference_id="order-1")

    response = api.get(f"/v1/characters/{character.id}")

    assert response.status == 200
    assert response.json == character.json()
    assert {"id", "object", "refs", "created_at", "updated_at"} <= response.json.keys()
    assert (response.json["status"], response.json["name"]) == (status, "Aurora")
    assert (response.json["error_message"] is not None) == (status == "failed")


@pytest.mark.parametrize(
    ("reading", "status", "found"),
    [
        ("not_found", "ready", 404),
        ("not_found", "reviewing", 404),
        ("readable", "reviewing", 404),
        ("readable", "synthesizing", 200),
        ("readable", "ready", 200),
        ("readable", "failed", 200),
    ],
)
def test_get_2_the_deleted_are_not_found(make_api: Callable[..., Api], reading: str, status: str, found: int) -> None:
    """Under the reading ``readable``, what was soft-deleted is shown; what was in review is gone."""
    api = make_api(readings={"get-2": reading})
    character = api.characters.add("Aurora", status=status)
    api.delete(f"/v1/characters/{character.id}")

    response = api.get(f"/v1/characters/{character.id}")

    assert response.status == found
    if found == 200:
        assert (response.json["status"], response.json["name"]) == ("deleted", "Aurora")
        assert response.json["error_message"] is None


@pytest.mark.parametrize(("method", "path", "body", "param"), OTHER_CALLS, ids=str)
def test_get_2_leaves_every_other_call_a_404(
    make_api: Callable[..., Api], method: str, path: str, body: Any, param: str | None
) -> None:
    """What can be read under ``readable`` can still not be changed, and is not listed."""
    api = make_api(readings={"get-2": "readable"})
    character = api.characters.add()
    api.delete(f"/v1/characters/{character.id}")

    url = f"/v1/characters/{character.id}{path}"
    api.refused(method, url, status=404, code="resource_not_found", json=body, param=param)

    assert api.get("/v1/characters").json["data"] == []


def test_patch_1_replaces_what_is_sent(api: Api) -> None:
    """A PATCH of `name` and `attributes` gets 200 with the object; nothing else moves but `updated_at`."""
    character = api.characters.add("Aurora", status="reviewing")
    before = character.json()
    api.clock.advance(seconds=0.5)

    response = api.patch(f"/v1/characters/{character.id}", json={"name": "Iris", "attributes": {"age": 40}})

    assert response.status == 200
    assert response.json == {**before, "name": "Iris", "attributes": {"age": 40}}
    api.clock.advance(seconds=10)
    assert api.patch(f"/v1/characters/{character.id}", json={"name": "Ada"}).json["updated_at"] == (
        "2026-05-08T10:00:10Z"
    )


def test_patch_1_keeps_what_is_left_out(api: Api) -> None:
    """A PATCH of the name alone keeps the attributes, and the other way round; attributes are not merged."""
    character = api.characters.add("Aurora", attributes={"age": 28, "gender": "female"})

    api.patch(f"/v1/characters/{character.id}", json={"name": "Iris"})
    assert (character.name, character.attributes) == ("Iris", {"age": 28, "gender": "female"})

    api.patch(f"/v1/characters/{character.id}", json={"attributes": {"age": 29}})
    assert (character.name, character.attributes) == ("Iris", {"age": 29})


@pytest.mark.parametrize(
    ("body", "first"),
    [
        ({"status": "ready"}, "status"),
        ({"name": "Iris", "refs": [], "status": "ready"}, "refs"),
        ({"client_reference_id": "x", "id": "y"}, "client_reference_id"),
    ],
    ids=str,
)
def test_patch_2_refuses_every_other_field(api: Api, body: dict[str, Any], first: str) -> None:
    """A key that cannot be patched spoils the call; `param` is the first of them."""
    character = api.characters.add("Aurora")

    api.refused("PATCH", f"/v1/characters/{character.id}", json=body, status=400, code="invalid_request", param=first)


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"{", "invalid_format"), (b"[1]", "invalid_format"), (b"{}", "missing_field"), (b"", "missing_field")],
)
def test_patch_4_patch_2_err_8_wants_an_object_with_something_to_change(api: Api, content: bytes, code: str) -> None:
    """A body without fields has none that could be wrong. Wrong values: see `test_refusals.py`."""
    path = f"/v1/characters/{api.characters.add().id}"

    api.refused("PATCH", path, content=content, status=400, code=code)


@each_run
@pytest.mark.parametrize("status", ["reviewing", "ready", "failed"])
def test_resyn_1_regen_3_starts_from_each_settled_state(
    api: Api, status: str, action: str, body: Any, cost: float
) -> None:
    """A run starts from ``reviewing``, ``ready`` and ``failed``: 200, ``synthesizing``, the old error forgotten."""
    character = api.characters.add(status=status)

    response = run(api, character, action, body)

    assert (response.json["status"], response.json["error_message"]) == ("synthesizing", None)
    assert api.money() == (1000, cost)


@each_run
def test_resyn_1_regen_3_one_run_at_a_time(api: Api, action: str, body: Any, cost: float) -> None:
    """A run under way is in the way of the next one, which costs nothing then."""
    character = api.synthesize("synthesizing! -> reviewing")
    path = f"/v1/characters/{character.id}/{action}"

    api.refused("POST", path, json=body, status=400, code="invalid_request_error")

    assert api.money() == (1000, SYNTHESIS), f"and not {cost} more"


@pytest.mark.parametrize("status", ["reviewing", "ready", "failed"])
def test_resyn_2_replaces_all_four_refs(api: Api, status: str) -> None:
    """After the run each of the four poses is a new picture under another path."""
    character = api.characters.add(status=status, refs=POSES, script="synthesizing*1 -> reviewing")
    before = pictures(character)

    run(api, character, "resynthesize")
    character.finish()

    after = pictures(character)
    assert [pose for pose, _, _ in after] == POSES
    assert [version for _, version, _ in after] == [2, 2, 2, 2]
    assert not {path for _, _, path in before} & {path for _, _, path in after}


def test_resyn_2_replaces_the_refs_of_uploads_by_the_four(api: Api) -> None:
    """A character made of two pictures has the four synthesized poses after the run."""
    character = api.characters.add(refs=["other", "front"], script="synthesizing*0 -> ready")

    run(api, character, "resynthesize")

    assert [(ref.pose, ref.version) for ref in character.refs] == [
        ("portrait", 1),
        ("front", 2),
        ("side", 1),
        ("back", 1),
    ]


@pytest.mark.parametrize("body", [None, {}, {"force_all": True}, {"force_all": False}], ids=str)
def test_resyn_2_has_an_optional_body(api: Api, body: Any) -> None:
    """`force_all` has no effect: the run draws the four poses with it and without, from the same attributes."""
    character = api.characters.add(script="synthesizing*0 -> ready")

    before = character.attributes

    assert run(api, character, "resynthesize", body).json["attributes"] == before
    assert [ref.version for ref in character.refs] == [2, 2, 2, 2]


@each_run
@pytest.mark.parametrize(
    ("start", "end"), [("ready", "ready"), ("reviewing", "reviewing"), ("failed", "reviewing")], ids=str
)
def test_resyn_3_a_ready_character_comes_back_ready(
    api: Api, start: str, end: str, action: str, body: Any, cost: float
) -> None:
    """A run of a ``ready`` character ends in ``ready``; any other ends where its script says, and is charged."""
    character = api.characters.add(status=start, script="synthesizing*1 -> reviewing")

    run(api, character, action, body)

    assert api.poll(character, 3) == ["synthesizing", end, end]
    assert api.money() == (1000 - cost, 0)


def test_regen_1_wants_a_pose(api: Api) -> None:
    url = f"/v1/characters/{api.characters.add().id}/refs/regenerate"

    api.refused("POST", url, json={}, status=400, code="missing_field", param="pose")


@pytest.mark.parametrize("pose", POSES)
def test_regen_2_draws_one_ref_again(api: Api, pose: str) -> None:
    """After the run that ref alone is new, in its old place; the others are as they were."""
    character = api.characters.add(script="synthesizing*1 -> ready")
    before = pictures(character)

    assert run(api, character, "refs/regenerate", {"pose": pose}).json["status"] == "synthesizing"
    assert api.poll(character, 2) == ["synthesizing", "ready"]

    after = pictures(character)
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    ((old, new),) = changed
    assert (old[:2], new[:2]) == ((pose, 1), (pose, 2))
    assert old[2] != new[2]


def test_regen_3_adds_a_pose_that_was_missing(api: Api) -> None:
    character = api.characters.add(refs=["front", "side"], script="synthesizing*0 -> ready")
    before = pictures(character)

    run(api, character, "refs/regenerate", {"pose": "other"})

    assert pictures(character)[:2] == before
    assert [(ref.pose, ref.version) for ref in character.refs[2:]] == [("other", 1)]


@each_run
@pytest.mark.parametrize("end", ["failed(out_of_memory)", "deleted"])
def test_run_1_keeps_the_old_refs_meanwhile_and_after_a_failure(
    api: Api, end: str, action: str, body: Any, cost: float
) -> None:
    """While a run is under way the old refs stay readable, and a run that ends badly leaves them as they were."""
    character = api.characters.add(status="ready", script=f"synthesizing! -> {end}")
    before = pictures(character)
    assert len(before) == 4, f"a run for {cost} is to be seen"

    response = run(api, character, action, body)
    assert [ref["url"].partition("?")[0] for ref in response.json["refs"]] == [path for _, _, path in before]
    assert all(api.get(ref["url"], key=None).status == 200 for ref in response.json["refs"])

    character.advance()
    assert pictures(character) == before


@pytest.mark.parametrize("saved", [False, True])
def test_del_1_refunds_nothing(api: Api, saved: bool) -> None:  # noqa: FBT001
    """Credits that were charged stay charged, whether the character was saved or not."""
    character = api.synthesize("synthesizing*0 -> reviewing")
    if saved:
        api.post(f"/v1/characters/{character.id}/save")
    before = api.money()

    api.delete(f"/v1/characters/{character.id}")

    assert api.money() == before == (1000 - SYNTHESIS, 0)


@pytest.mark.parametrize("by_record", [False, True])
@pytest.mark.parametrize(
    ("status", "gone"), [("reviewing", True), ("synthesizing", False), ("ready", False), ("failed", False)]
)
def test_del_1_del_2_is_for_good_in_review_alone(api: Api, status: str, *, gone: bool, by_record: bool) -> None:
    """A ``reviewing`` character is gone for good; in any other state it is soft-deleted. The test may do it, too."""
    character = api.characters.add(status=status)

    if by_record:
        character.delete()
    else:
        response = api.delete(f"/v1/characters/{character.id}")
        assert (response.status, response.json) == (200, {"id": character.id, "object": "character", "deleted": True})

    assert (character.status, character.gone, character.error_message) == ("deleted", gone, None)
    assert api.poll(character) == ["resource_not_found"]
    assert api.aurous.calls.count("characters.delete") == (not by_record)


@pytest.mark.parametrize("script", ["synthesizing*1 -> reviewing", "synthesizing:5s -> reviewing", "synthesizing!"])
def test_del_5_cred_5_cancels_the_work(api: Api, script: str) -> None:
    """A DELETE during a synthesis releases the hold, and neither polls nor time bring the character back."""
    character = api.synthesize(script)
    assert api.money() == (1000, SYNTHESIS)

    api.delete(f"/v1/characters/{character.id}")
    api.clock.advance(seconds=60)

    assert api.poll(character, 3) == ["resource_not_found"] * 3
    assert (character.status, character.refs, api.money()) == ("deleted", [], (1000, 0))


def test_updated_at_moves_with_every_change(api: Api) -> None:
    """Each change of the row is dated at its instant, a step by time at the instant at which it was due."""
    character = api.synthesize("synthesizing:45s -> reviewing")
    times = [character.updated_at]

    api.clock.advance(seconds=100)
    times.append(character.updated_at)
    for method, path, body in (
        ("PATCH", "", {"name": "Iris"}),
        ("POST", "/save", None),
        ("POST", "/resynthesize", None),
        ("DELETE", "", None),
    ):
        api.clock.advance(seconds=1)
        api.send(method, f"/v1/characters/{character.id}{path}", json=body)
        times.append(character.updated_at)

    assert times == [f"2026-05-08T10:{second}Z" for second in ("00:00", "00:45", "01:41", "01:42", "01:43", "01:44")]
    assert character.created_at == "2026-05-08T10:00:00Z"


@pytest.mark.parametrize(
    ("script", "saves"),
    [("synthesizing*0 -> ready ; synthesizing*0 -> reviewing", False), ("synthesizing*0 -> reviewing", True)],
    ids=["a script", "a save"],
)
def test_resyn_3_save_6_what_was_ready_stays_ready(api: Api, script: str, *, saves: bool) -> None:
    """Whatever has published it, a later run does not end in review."""
    character = api.synthesize(script)
    if saves:
        api.post(f"/v1/characters/{character.id}/save")

    run(api, character, "resynthesize", None)

    assert character.status == "ready"


def test_regen_2_of_two_pictures_of_a_pose_the_first_is_drawn_again(api: Api) -> None:
    """An upload may have brought both."""
    character = api.characters.add(refs=("front", "front"), script="synthesizing*0 -> ready")

    run(api, character, "refs/regenerate", {"pose": "front"})

    assert [ref.version for ref in character.refs] == [2, 1]


def test_what_a_script_draws_again_is_all_poses(api: Api) -> None:
    """As if somebody else had run it again: the pose of a run that has failed does not count."""
    character = api.characters.add(refs=("front",), script="synthesizing*0 -> failed*0 -> synthesizing*0 -> ready")

    run(api, character, "refs/regenerate", {"pose": "front"})

    assert len(character.refs) == 4


def test_a_script_that_publishes_what_is_ready_changes_nothing(api: Api) -> None:
    """It keeps its time."""
    character = api.synthesize("synthesizing*0 -> ready:5s -> ready")
    before = character.json()["updated_at"]

    api.clock.advance(seconds=60)

    assert character.json()["updated_at"] == before


def test_list_4_a_filter_sees_the_next_step_alone(api: Api) -> None:
    """Polls of the step before it do not count for it."""
    character = api.synthesize("synthesizing -> reviewing -> ready")
    api.poll(character, 1)

    assert [row["status"] for row in api.get("/v1/characters?status=reviewing").json["data"]] == ["reviewing"]
