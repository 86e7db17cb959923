"""Many clients at once see one state machine."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Final, TypeVar

import pytest

from pytest_aurous._core.resources.characters.row import CharacterRow
from pytest_aurous._core.world.tables import Table
from tests.conftest import SYNTHESIS, Api, Response, price

THREADS: Final = 50
PRICE: Final = price("/v1/characters", **SYNTHESIS)
T = TypeVar("T")


def together(work: Callable[[int], T], threads: int = THREADS) -> list[T]:
    """Let the threads do their work at the same moment."""
    barrier = Barrier(threads)

    def start(number: int) -> T:
        barrier.wait(timeout=60)
        return work(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(start, range(threads)))


@pytest.fixture(name="moves")
def _moves(api: Api) -> list[tuple[str, str]]:
    """Every change of status that happens to a character of `api`, in order."""
    moves: list[tuple[str, str]] = []

    class Watched(Table[CharacterRow]):
        def replace(self, row: CharacterRow, after: float = 0) -> CharacterRow:
            before = self[row.id].status
            if before != row.status:
                moves.append((before, row.status))
            return super().replace(row, after)

    api.app.world.tables["CharacterRow"] = Watched(api.app.world.state, "CharacterRow")
    return moves


def test_get_1_fifty_pollers_see_one_sequence_and_one_transition(api: Api, moves: list[tuple[str, str]]) -> None:
    """Fifty threads poll one character: as many see each step as the script says, in one monotone order."""
    character = api.synthesize("synthesizing*60 -> reviewing")
    moves.clear()

    together(lambda _: api.poll(character, 4))

    calls = api.aurous.calls.where("characters.retrieve")
    seen = [call.response.json["status"] for call in calls if call.response]
    assert seen == ["synthesizing"] * 60 + ["reviewing"] * 140
    assert moves == [("synthesizing", "reviewing")]
    assert api.money() == (1000 - PRICE, 0)
    assert [ref.version for ref in character.refs] == [1] * 4
    assert [call.number for call in calls] == list(range(2, 202))


def test_create_5_credits_are_spent_once(make_api: Callable[..., Api]) -> None:
    """Fifty creates at once get exactly as many characters as the balance pays."""
    api = make_api(credits=10.5 * PRICE, script="synthesizing! -> reviewing")

    responses: list[Response] = together(lambda _: api.post("/v1/characters", json=SYNTHESIS))

    assert sorted(response.status for response in responses) == [201] * 10 + [402] * 40
    assert (api.money(), len(api.characters)) == ((10.5 * PRICE, 10 * PRICE), 10)
    ids = [response.json["id"] for response in responses if response.status == 201]
    assert sorted(ids) == [character.id for character in api.characters]


def test_time_passes_once_for_all(api: Api, moves: list[tuple[str, str]]) -> None:
    """Readers, pollers and a test that reads the record meet a step by time as one transition."""
    character = api.synthesize("synthesizing:10s -> reviewing:10s -> ready")
    moves.clear()
    api.clock.advance(seconds=60)

    def seen(number: int) -> str:
        return (character.status, api.poll(character)[0], "held" if api.team.held_credits else "ready")[number % 3]

    assert set(together(seen)) == {"ready"}
    assert moves == [("synthesizing", "reviewing"), ("reviewing", "ready")]
    assert api.money() == (1000 - PRICE, 0)
