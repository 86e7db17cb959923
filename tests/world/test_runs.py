import pytest

from tests.conftest import Api


def test_what_is_due_at_one_instant_comes_in_the_order_in_which_it_began(api: Api) -> None:
    """Of equal deadlines the older one is first, whatever the ids."""
    ids = [f"char_01HXMQ7Z3K8Y2NABCDEFGHJK{end}" for end in ("MB", "MC", "MA")]
    for one in ids:
        api.characters.add(id=one, status="synthesizing", script="synthesizing:5s -> reviewing")
    api.app.world.journal.notes.clear()
    api.clock.advance(seconds=5)

    api.app.world.runs.settle()

    assert [note.text for note in api.app.world.journal.notes] == [f"{one}: synthesizing -> reviewing" for one in ids]


@pytest.mark.parametrize(
    ("script", "polls", "position"),
    [
        ("synthesizing*3 -> reviewing", 2, "script step 1 of 2, seen 2 of 3 times"),
        ("synthesizing*3 -> reviewing", 4, "script step 2 of 2"),
        ("synthesizing -> reviewing*2 -> ready", 2, "script step 2 of 3, seen 1 of 2 times"),
        ("synthesizing! -> reviewing", 5, "script step 1 of 2"),
        ("synthesizing*0", 1, "script step 1 of 1"),
        ("synthesizing -> reviewing*7", 3, "script step 2 of 2"),
    ],
)
def test_a_run_says_where_it_is(api: Api, script: str, polls: int, position: str) -> None:
    """The step, and where polls end it, how many there were; the last holds for good, so nothing is counted there."""
    character = api.synthesize(script)
    api.poll(character, polls)

    run = api.app.world.runs.by_record.get(character.id)
    assert run is not None
    assert run.position == position
