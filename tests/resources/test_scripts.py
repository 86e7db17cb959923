"""Scripts as a client meets them: by polls, by time, by hand, over several runs."""

from collections.abc import Callable, Iterator
from typing import Final

import pytest

from pytest_aurous import Aurous, AurousScriptError, Script
from pytest_aurous._core.resources.catalog import LIFECYCLES
from pytest_aurous._core.resources.characters import machine
from pytest_aurous._core.world.script import Lifecycle, Step
from tests.conftest import Api

LIST: Final = "/v1/characters"


def listed(api: Api, query: str = "") -> list[str]:
    return [row["status"] for row in api.get(f"{LIST}{query}").json["data"]]


# by polls


@pytest.mark.parametrize(
    ("script", "seen"),
    [
        ("synthesizing -> reviewing", ["synthesizing", "reviewing", "reviewing"]),
        ("synthesizing*3 -> reviewing", ["synthesizing"] * 3 + ["reviewing"] * 2),
        ("synthesizing*2 → reviewing*2 → ready", ["synthesizing"] * 2 + ["reviewing"] * 2 + ["ready"] * 2),
        ("synthesizing -> reviewing*0 -> ready", ["synthesizing", "ready", "ready"]),
        ("synthesizing*0 -> reviewing*0 -> ready", ["ready"]),
        ("synthesizing*0 -> reviewing*1 -> ready", ["reviewing", "ready"]),
        ("synthesizing*0", ["synthesizing", "synthesizing"]),
        ("synthesizing! -> reviewing", ["synthesizing"] * 5),
        ("synthesizing -> reviewing*1", ["synthesizing", "reviewing", "reviewing", "reviewing"]),
        ("synthesizing*2 -> deleted", ["synthesizing"] * 2 + ["resource_not_found"] * 2),
        ("synthesizing*0 -> ready -> ready -> deleted", ["ready", "ready", "resource_not_found"]),
        (
            "synthesizing -> failed -> synthesizing -> reviewing -> synthesizing -> ready",
            ["synthesizing", "failed", "synthesizing", "reviewing", "synthesizing", "ready", "ready"],
        ),
    ],
    ids=str,
)
def test_a_poller_sees_what_is_written(api: Api, script: str, seen: list[str]) -> None:
    """Each ``*N`` is seen so often, a step without a hold once, ``*0`` never, and the last step for good."""
    character = api.synthesize(script)

    assert api.poll(character, len(seen)) == seen


def test_looking_from_the_test_is_no_poll(api: Api) -> None:
    """Attributes, `json()`, iteration, `repr` and other calls leave the count alone."""
    character = api.synthesize("synthesizing*1 -> reviewing")
    for _ in range(3):
        assert character.status == "synthesizing"
        assert character.json()["status"] == "synthesizing"
        assert "synthesizing" in repr(api.characters)
        api.patch(f"{LIST}/{character.id}", json={"name": "Iris"})
        api.get("/v1/balance")

    assert api.poll(character, 2) == ["synthesizing", "reviewing"]


# list pages


def test_a_list_page_is_a_poll_of_each_of_its_rows(api: Api) -> None:
    """A page counts once for every row that it holds, and shows each as that poll finds it."""
    first, second = (api.synthesize("synthesizing*1 -> reviewing") for _ in range(2))
    api.poll(second)

    assert listed(api) == ["reviewing", "synthesizing"]
    assert listed(api) == ["reviewing", "reviewing"]
    assert (first.status, second.status) == ("reviewing", "reviewing")


def test_a_page_is_no_poll_of_the_rows_behind_it(api: Api) -> None:
    """What `limit` keeps from the page was not seen, though `has_more` knows of it."""
    old, new = (api.synthesize("synthesizing*1 -> reviewing") for _ in range(2))

    assert [api.get(f"{LIST}?limit=1").json["has_more"] for _ in range(3)] == [True] * 3
    assert (new.status, old.status) == ("reviewing", "synthesizing")

    assert api.poll(old, 2) == ["synthesizing", "reviewing"]


def test_list_4_a_row_is_filtered_as_the_poll_finds_it(api: Api) -> None:
    """The poll that would find the review takes the row to another page; a page without the row is no poll of it."""
    character = api.synthesize("synthesizing*1 -> reviewing")
    assert [listed(api, "?status=ready") for _ in range(3)] == [[]] * 3
    assert listed(api, "?status=synthesizing") == ["synthesizing"]

    assert listed(api, "?status=synthesizing") == []
    assert character.status == "reviewing"
    assert listed(api, "?status=reviewing") == ["reviewing"]


# by time


@pytest.mark.parametrize(
    ("hold", "seconds"), [("500ms", 0.5), ("45s", 45), ("2m", 120), ("1h", 3600), ("0s", 0), (" 90 s", 90)]
)
def test_a_step_by_time_ends_on_the_clock(api: Api, hold: str, seconds: float) -> None:
    """A step lasts its time, to the instant, however often one polls."""
    character = api.synthesize(f"synthesizing:{hold} -> reviewing")
    if seconds:
        api.clock.advance(seconds=seconds - 0.25)
        assert api.poll(character, 3) == ["synthesizing"] * 3
        api.clock.advance(seconds=0.25)

    assert character.status == "reviewing"
    assert api.poll(character) == ["reviewing"]


def test_what_has_been_deleted_meanwhile_is_not_in_the_list(api: Api) -> None:
    api.synthesize("synthesizing:45s -> deleted")
    api.clock.advance(seconds=45)
    assert list(api.characters) == []


def test_a_new_run_forgets_the_old_ones_time(api: Api) -> None:
    character = api.synthesize("synthesizing*0 -> reviewing:10s -> deleted ; synthesizing:60s -> reviewing")
    api.post(f"{LIST}/{character.id}/resynthesize")

    api.clock.advance(seconds=30)
    assert api.poll(character) == ["synthesizing"]
    api.clock.advance(seconds=30)
    assert api.poll(character) == ["reviewing"]


def test_the_runs_can_say_what_they_wait_for(api: Api) -> None:
    """For each record that waits, five at most, there is its status and what would end it: polls, time, or the test."""
    ends = {
        "synthesizing": None,
        "synthesizing*3 -> ready": "it was polled 3 times",
        "synthesizing:45s -> ready": "45 s have passed",
        "synthesizing! -> ready": "the test calls advance()",
        "synthesizing -> ready": "it was polled once",
        "synthesizing*2 -> ready": "it was polled 2 times",
        "synthesizing*4 -> ready": None,
    }
    made = [api.characters.add(status="synthesizing", script=script) for script in ends]

    assert api.app.world.clock.waiting_for() == "; ".join(
        f"{character.id} is 'synthesizing' until {end}"
        for character, end in zip(made, ends.values(), strict=True)
        if end is not None
    )

    for character in made:
        character.finish()
    assert api.app.world.clock.waiting_for() == "no record changes by itself anymore"


# failures, several runs


@pytest.mark.parametrize(
    ("end", "error"),
    [("failed", "provider_timeout"), ("failed(out_of_memory)", "out_of_memory"), ("failed( a.b-c )", "a.b-c")],
)
def test_a_failure_tells_its_error(api: Api, end: str, error: str) -> None:
    """A failed synthesis has the scripted code in `error_message`, and no refs."""
    character = api.synthesize(f"synthesizing -> {end}")
    assert api.get(f"{LIST}/{character.id}").json["error_message"] is None

    found = api.get(f"{LIST}/{character.id}").json

    assert (found["status"], found["error_message"], found["refs"]) == ("failed", error, [])


def test_each_synthesis_takes_the_next_run(api: Api) -> None:
    """The first synthesis takes the first run, each later one the next, and the last run repeats."""
    character = api.synthesize(
        "synthesizing*0 -> failed(a) ; synthesizing*1 -> failed(b) ; synthesizing*0 -> reviewing"
    )
    url = f"{LIST}/{character.id}"
    assert (character.status, character.error_message) == ("failed", "a")

    assert api.post(f"{url}/resynthesize").json["status"] == "synthesizing"
    assert api.poll(character, 2) == ["synthesizing", "failed"]
    assert character.error_message == "b"

    assert api.post(f"{url}/refs/regenerate", json={"pose": "front"}).json["status"] == "reviewing"
    assert [api.post(f"{url}/resynthesize").json["status"] for _ in range(2)] == ["reviewing"] * 2


def test_a_refused_run_takes_no_turn(api: Api) -> None:
    character = api.synthesize("synthesizing*1 -> reviewing ; synthesizing*0 -> failed")
    url = f"{LIST}/{character.id}/resynthesize"
    assert api.post(url).status == 400
    api.poll(character, 2)
    api.team.credits = 0
    assert api.post(url).status == 402
    api.team.credits = 10

    assert api.post(url).json["status"] == "failed"


def test_somebody_else_may_run_it_again(api: Api) -> None:
    """A script may leave ``reviewing`` for ``synthesizing`` under the client, who pays nothing and sees new refs."""
    character = api.synthesize("synthesizing*0 -> reviewing -> synthesizing -> reviewing")
    money = api.money()

    assert api.poll(character, 3) == ["reviewing", "synthesizing", "reviewing"]

    assert [ref.version for ref in character.refs] == [2] * 4
    assert api.money() == money


# deletion under the poller


@pytest.mark.parametrize(
    ("script", "gone"),
    [
        ("synthesizing*1 -> deleted", False),
        ("synthesizing*1 -> failed*0 -> deleted", False),
        ("synthesizing*1 -> ready*0 -> deleted", False),
        ("synthesizing*1 -> reviewing*0 -> deleted", True),
    ],
)
def test_del_2_a_scripted_deletion_is_one_like_any_other(
    make_api: Callable[..., Api],
    script: str,
    gone: bool,  # noqa: FBT001
) -> None:
    """What a script deletes is soft-deleted or gone as the state before demands, and no longer among the living."""
    api = make_api(readings={"get-2": "readable"})
    character = api.synthesize(script)

    seen = api.poll(character, 3)

    end = "resource_not_found" if gone else "deleted"
    assert seen == ["synthesizing", end, end]
    assert (character.status, character.gone, list(api.characters)) == ("deleted", gone, [])
    assert api.delete(f"{LIST}/{character.id}").status == 404


# whose script it is


def test_a_script_may_be_for_one_name(api: Api) -> None:
    """A script with a name is for characters of that name; the others keep the default, before and after."""
    api.aurous.script("synthesizing*0 -> failed", name="Iris")

    assert api.synthesize(name="Aurora").status == "synthesizing"
    assert api.synthesize(name="Iris").status == "failed"
    assert api.synthesize("synthesizing*0 -> ready", name="Aurora").status == "ready"
    assert api.synthesize(name="Iris").status == "failed"


def test_a_script_is_bound_when_the_record_is_made(api: Api) -> None:
    early = api.synthesize("synthesizing*1 -> reviewing")
    api.aurous.script("synthesizing*0 -> failed")

    assert api.poll(early, 2) == ["synthesizing", "reviewing"]
    assert api.post(f"{LIST}/{early.id}/resynthesize").json["status"] == "synthesizing"
    assert api.synthesize().status == "failed"


@pytest.mark.parametrize("earlier", [0, 1, 2])
def test_rebinding_leaves_the_present_run_alone(api: Api, earlier: int) -> None:
    """A run in progress ends as it was scripted, and the next one is the new script's first."""
    character = api.synthesize(f"{'synthesizing*0 -> failed ; ' * earlier}synthesizing*1 -> failed(old)")
    for _ in range(earlier):
        api.post(f"{LIST}/{character.id}/resynthesize")

    character.script("synthesizing*0 -> failed(first) ; synthesizing*0 -> failed(second)")

    assert api.poll(character, 2) == ["synthesizing", "failed"]
    assert character.error_message == "old"
    for error in ("first", "second", "second"):
        api.post(f"{LIST}/{character.id}/resynthesize")
        assert character.error_message == error


PLACES: Final = ("setting", "dict", "aurous", "collection", "add", "record", "parse")


def setters(api: Api, resource: str) -> dict[str, Callable[[str], object]]:
    collection = getattr(api.aurous, resource)
    record = collection.add()
    return {
        "setting": lambda text: Aurous(script=text if resource == "characters" else f"{resource} = {text}"),
        "dict": lambda text: Aurous(script={resource: text}),
        "aurous": api.aurous.script if resource == "characters" else collection.script,
        "collection": lambda text: collection.script(text, name="Iris"),
        "add": lambda text: collection.add(script=text),
        "record": record.script if resource == "characters" else collection.script,
        "parse": lambda text: Script.parse(text, resource),
    }


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("resource", "script", "words"),
    [
        ("characters", "synthesizing -> failed -> ready", "column 27"),
        ("characters", "synthesizing*3 => reviewing", "column 16"),
        ("characters", "synthesizing = reviewing", "column 14"),
        ("characters", "\n succeeded", r"aurous\.images\.script"),
        ("images", "synthesizing*3 -> reviewing", r"aurous\.characters\.script"),
        ("videos", "synthesizing*3 -> reviewing", r"aurous\.characters\.script"),
    ],
)
def test_a_wrong_script_is_refused_where_it_is_set(
    api: Api, place: str, resource: str, script: str, words: str
) -> None:
    """At once, in each place, with where it belongs if it is for another resource; nothing changes."""
    set_script = setters(api, resource)[place]
    before = api.state()

    with pytest.raises(AurousScriptError, match=words):
        set_script(script)

    assert api.state() == before


def walks(lifecycle: Lifecycle) -> Iterator[list[str]]:
    """Yield a way over each edge of a machine, from its start."""
    known = [[lifecycle.start]]
    for way in known:
        for after in lifecycle.edges[way[-1]]:
            yield [*way, after]
            if after not in {there[-1] for there in known}:
                known.append([*way, after])


WALKS: Final = [(name, way) for name, lifecycle in LIFECYCLES.items() for way in walks(lifecycle)]


@pytest.mark.parametrize(("resource", "way"), WALKS, ids=lambda part: part if isinstance(part, str) else "-".join(part))
def test_a_machine_goes_over_each_of_its_edges(api: Api, resource: str, way: list[str]) -> None:
    """There is a way into each status, and only records that live are in their collection."""
    collection = getattr(api.aurous, resource)
    record = collection.add(status=way[0], script=" -> ".join(way))

    record.finish()

    assert record.status == way[-1]
    assert (record in collection) == LIFECYCLES[resource].statuses[way[-1]].lives


def test_a_status_without_a_way_into_it_is_named(api: Api) -> None:
    """The machine of characters does not take it for another one."""
    character = api.characters.add()

    with pytest.raises(NotImplementedError, match=r"from 'ready' to 'asleep'"):
        machine.enter(api.aurous._session.app.world, character.id, Step("asleep"), 0)
