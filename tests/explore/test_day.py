"""One bad day: what it is, and what happens while it is played."""

from typing import Any

import httpx
import pytest

from pytest_aurous import Aurous, AurousError, BadDay
from tests.explore.conftest import NOVA

CREATE = "/v1/characters"


# The value


def test_a_day_is_a_value_that_can_be_pasted() -> None:
    """Equal days are equal and hash equally, and the repr of each makes it again."""
    day = BadDay("characters.create#1 lost", "webhooks.character.completed#2 drop")

    assert repr(day) == 'BadDay("characters.create#1 lost", "webhooks.character.completed#2 drop")'
    assert repr(BadDay()) == "BadDay()"
    assert {day: 1}[BadDay(*day.faults)] == 1
    assert day != BadDay("characters.create#1 lost")
    assert day != day.faults


@pytest.mark.parametrize("day", [BadDay("characters.create#1 lost"), BadDay()])
def test_a_day_is_the_id_of_a_parameter(day: BadDay, request: pytest.FixtureRequest) -> None:
    """Its faults are what pytest shows."""
    assert request.node.callspec.id == (", ".join(day.faults) or "good day")


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("character.create#1 lost", "no operation has the name 'character.create'; did you mean 'characters.create'?"),
        ("characters.create#0 lost", "expected a case, such as 'characters.create-1-lost'."),
        ("characters.retrieve#1 lost", "a fault that can happen there: 'refused', 'timeout', 'unavailable'"),
        ("characters.create#1 drop", "a fault that can happen there"),
        (" ", "text such as 'characters.create#1 lost'."),
        (3, "text such as"),
    ],
)
def test_a_fault_that_cannot_happen_is_refused(fault: Any, message: str) -> None:
    """The message says what is wrong with it, and what could happen there."""
    with pytest.raises(AurousError, match=message):
        BadDay(fault)


def test_a_place_has_one_fault() -> None:
    with pytest.raises(AurousError, match="two faults at one place"):
        BadDay("characters.create#1 lost", "characters.create#1 refused")


# Playing it


def test_each_fault_happens_at_its_place(fake: Aurous, client: httpx.Client) -> None:
    """Requests are counted from the beginning of the block, and outside of it nothing goes wrong."""
    client.get("/v1/balance")
    with fake.day(BadDay("balance.retrieve#2 unavailable", "characters.create#1 refused")):
        statuses = [client.get("/v1/balance").status_code for _ in range(3)]
        with pytest.raises(httpx.ConnectError):
            client.post(CREATE, json=NOVA)

    assert statuses == [200, 503, 200]
    assert client.post(CREATE, json=NOVA).status_code == 201
    assert fake.calls.count("characters.create") == 2


def test_a_day_comes_before_the_faults_of_the_test(fake: Aurous, client: httpx.Client) -> None:
    """The fault of the test waits for its own request."""
    mine = fake.faults.status("balance.retrieve", 500, times=2)
    with fake.day(BadDay("balance.retrieve#1 unavailable")):
        statuses = [client.get("/v1/balance").status_code for _ in range(2)]

    assert statuses == [503, 500]
    assert client.get("/v1/balance").status_code == 500
    assert mine.fired == 2


def test_a_fault_that_nothing_meets_is_no_mistake() -> None:
    """It is gone after the block, and the verdict does not ask for it."""
    with Aurous() as fake, fake.day(BadDay("characters.save#1 lost")):
        assert len(fake.faults.unfired) == 1

    assert fake.faults.unfired == []


@pytest.mark.parametrize("kind", ["timeout", "late"])
def test_a_client_that_waits_for_ever_meets_no_timeout(fake: Aurous, kind: str) -> None:
    with fake.client(timeout=None) as client, fake.day(BadDay(f"characters.create#1 {kind}")):
        assert client.post(CREATE, json=NOVA).status_code == 201
        assert fake.calls.last.fault is None

    with fake.client(timeout=5) as client, fake.day(BadDay(f"characters.create#1 {kind}")):
        before = fake.clock.now()
        with pytest.raises(httpx.ReadTimeout):
            client.post(CREATE, json=NOVA)
        assert (fake.clock.now() - before).total_seconds() == 5


def test_a_block_without_an_end_is_ended(fake: Aurous, client: httpx.Client) -> None:
    """Also if the code catches everything, the error says what it waited for."""

    def poll() -> None:
        while True:
            client.get("/v1/balance")

    with (
        pytest.raises(
            AurousError, match=r"day\(BadDay\(\)\) does not end: it was stopped after 1,001 requests"
        ) as raised,
        fake.day(BadDay()),
    ):
        poll()

    assert "GET /v1/balance" in str(raised.value)


def test_days_do_not_nest(fake: Aurous) -> None:
    with fake.day(BadDay()), pytest.raises(AurousError, match="while another day is played or explored"):
        fake.day(BadDay()).__enter__()
    with pytest.raises(AurousError, match="while another day is played or explored"):
        fake.explore(lambda: fake.day(BadDay()).__enter__())


@pytest.mark.parametrize("wrong", ["characters.create#1 lost", None])
def test_only_a_day_can_be_played(fake: Aurous, wrong: Any) -> None:
    """Text is no day: the message says how to write one."""
    with pytest.raises(AurousError, match="expected a day such as BadDay"):
        fake.day(wrong).__enter__()


def test_what_is_gone_already_cannot_be_deleted(fake: Aurous, client: httpx.Client) -> None:
    """The fault does not happen, and the poll gets its 404."""
    with fake.day(BadDay("characters.retrieve#1 gone")):
        response = client.get("/v1/characters/char_01HXMQ7Z3K8Y2NABCDEFGHJKMR")

    assert (response.status_code, fake.calls.last.fault) == (404, None)
