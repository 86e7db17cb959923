"""The good day: the reference of an exploration, made twice."""

from __future__ import annotations

import contextvars
import time
from typing import TYPE_CHECKING

import pytest

from pytest_aurous import Aurous, AurousError, AurousExplorationError

if TYPE_CHECKING:
    import httpx

NOVA = {"name": "Nova", "generate": True, "attributes": {"age": 28}}


def test_the_good_day_must_succeed(fake: Aurous, client: httpx.Client) -> None:
    """An exception is reported as that, with its traceback but without our frames, and the fake stays usable."""
    error = LookupError("mine <Future at 0x7f95021c8dd0 state=finished>")

    def run() -> None:
        client.get("/v1/balance")
        time.sleep(3600)
        raise error

    began = time.time()
    with pytest.raises(
        AurousError, match=r"must succeed, and it raised LookupError: mine <Future state=finished>"
    ) as raised:
        fake.explore(run)

    assert raised.value.__cause__ is error
    assert error.__traceback__ is not None
    assert (error.__traceback__.tb_frame.f_code.co_name, error.__traceback__.tb_next) == ("run", None)
    assert "write with pytest.raises(LookupError) inside run" in str(raised.value)
    assert time.time() - began < 60
    assert len(fake.calls) == 1
    assert client.get("/v1/balance").status_code == 200
    assert not fake.clock.frozen
    assert fake.explore(lambda: client.get("/v1/balance"), faults="unavailable").cases[0].outcome == "returned"


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("empty", "the second undisturbed run sent no request\n"),
        ("raises", "the second undisturbed run raised KeyError: 'Nova'\n"),
        ("body", '/v1/characters -> 201 b\'{"name":"Nova 1","generate":true,"attributes":{"age":28}}\'\n'),
        ("fills", "the last undisturbed run sent other requests, first in request 2:\n"),
    ],
)
def test_state_that_is_left_between_runs_is_an_error_that_names_fresh(
    fake: Aurous, client: httpx.Client, state: str, why: str
) -> None:
    """Whether a later undisturbed run sends nothing, raises or differs; what the application raised is the cause."""
    seen: list[int] = []

    def run() -> None:
        number, body = len(seen), NOVA
        seen.append(1)
        if number and state == "empty":
            return
        if state == "body":
            body = {**NOVA, "name": f"Nova {number}"}
        client.post("/v1/characters", json=body)
        if number and state == "raises":
            raise KeyError("Nova")
        if state == "fills" and number < 3:
            client.get("/v1/balance")

    with pytest.raises(AurousError, match=r"^Use fresh= to reset") as raised:
        fake.explore(run, faults="unavailable", laws="ends")

    assert why in str(raised.value)
    assert "explore(run, fresh=reset) calls reset() before each run" in str(raised.value)
    assert isinstance(raised.value.__cause__, KeyError) == (state == "raises")


def test_a_break_must_repeat_itself(fake: Aurous, client: httpx.Client) -> None:
    """A case that breaks a law only once is no finding: it differs from run to run, which is a failure, too."""
    seen: list[int] = []

    def run() -> None:
        if client.get("/v1/balance").status_code == 503:
            seen.append(1)
            if len(seen) == 1:
                client.get("/v1/nowhere")

    with pytest.raises(AurousExplorationError) as raised:
        fake.explore(run, faults="unavailable, greased")

    explored = raised.value.exploration
    assert [(case.broken, case.differs) for case in explored.cases] == [((), True), ((), False)]
    assert explored.table().startswith("1 of 2 cases hold; 1 differs from run to run\n")
    assert "balance.retrieve#1  ~ ." in explored.table()
    assert "balance.retrieve#1 unavailable: differs from run to run. It broke a law, and held" in str(raised.value)
    assert "nowhere" not in str(raised.value)


def test_cases_that_do_not_meet_their_fault_are_not_green(fake: Aurous, client: httpx.Client) -> None:
    """More than a tenth of them, and more than two, fail the exploration, with their ids and the usual reason."""
    runs: list[int] = []

    def run() -> None:
        runs.append(1)
        client.get("/v1/balance")
        if len(runs) in {1, 2, 9}:
            client.get("/v1/team")

    with pytest.raises(AurousExplorationError) as raised:
        fake.explore(run, faults="timeout, unavailable, greased", laws="ends")

    assert "3 of 3 cases hold; 3 unmet" in str(raised.value)
    assert "3 of 6 cases show nothing, because their runs never came to the request" in str(raised.value)
    assert ": team.retrieve#1 timeout, team.retrieve#1 unavailable, team.retrieve#1 greased. " in str(raised.value)


def test_fresh_makes_the_runs_equal(fake: Aurous, client: httpx.Client) -> None:
    """It is called before each run, but not before the second run of ``recovers``; run can take its value."""
    made: list[list[str]] = []
    runs: list[list[str]] = []

    def fresh() -> list[str]:
        made.append([])
        return made[-1]

    def run(store: list[str], *_: object, other: int = 1) -> None:
        assert other == 1
        runs.append(store)
        if not store:
            store.append(client.get("/v1/balance").raise_for_status().text)
        client.get("/v1/balance")

    explored = fake.explore(run, fresh=fresh, faults="unavailable")

    assert [case.outcome for case in explored.cases] == ["raised", "returned"]
    assert len(made) == 5
    assert [id(store) for store in runs] == [id(made[number]) for number in (0, 1, 2, 2, 3, 4)]


def test_run_must_send_requests(fake: Aurous) -> None:
    """Nothing to break: the error says what is missing."""
    with pytest.raises(AurousError, match="run sent no request to the fake"):
        fake.explore(lambda: 1)
    with pytest.raises(AurousError, match="must succeed, and it raised TypeError: max expected"):
        fake.explore(max)  # which has no signature to read
    with pytest.raises(pytest.skip.Exception):
        fake.explore(lambda: pytest.skip("not here"))


def test_a_coroutine_belongs_to_aexplore(fake: Aurous) -> None:
    """Explore refuses a coroutine of run, and of fresh; and a generator, whose body has not begun."""

    async def run() -> None: ...

    with pytest.raises(AurousError, match=r"run returned a coroutine.*await aurous.aexplore"):
        fake.explore(run)
    with pytest.raises(AurousError, match="fresh returned a coroutine"):
        fake.explore(lambda: None, fresh=run)
    with pytest.raises(AurousError, match="run returned a generator"):
        fake.explore(lambda: (number for number in "12"))


def test_what_an_earlier_run_has_left_behind_cannot_serve_the_good_day(fake: Aurous, client: httpx.Client) -> None:
    """A worker that run starts and keeps belongs to one run: the error says where to start it."""
    kept: list[contextvars.Context] = []

    def run() -> None:
        kept.append(contextvars.copy_context())
        kept[0].run(client.get, "/v1/balance")

    with pytest.raises(AurousError, match=r"The run of this thread, task or event loop is over. Start what"):
        fake.explore(run)
