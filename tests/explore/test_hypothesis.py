"""The strategies of Hypothesis: what they draw is valid, and shrinks to what can be read."""

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from pytest_aurous import Aurous, AurousCrash, AurousError, Script
from pytest_aurous._core.resources.catalog import UNDER_WAY
from pytest_aurous._explore.day import BadDay, faults_at
from pytest_aurous._explore.ids import operations
from pytest_aurous._explore.kinds import KINDS
from pytest_aurous.hypothesis import attributes, bad_days, characters, scripts

few = settings(max_examples=50)
ORDER = {"name": "A", "generate": True, "attributes": {"age": 28}}
searching = settings(max_examples=5000)


@settings(max_examples=20)
@given(body=characters(), described=attributes())
def test_the_fake_accepts_what_is_drawn(body: dict[str, Any], described: dict[str, Any]) -> None:
    """A body as a request, and attributes for a record."""
    with Aurous() as fake, fake.client() as client:
        response = client.post("/v1/characters", json=body)
        added = fake.characters.add(attributes=described)

    assert response.status_code == 201
    assert response.json()["name"] == body["name"]
    assert described
    assert added.attributes == described


@pytest.mark.parametrize("resource", ["characters", "images", "videos"])
def test_a_script_can_be_played_and_pasted(resource: str) -> None:
    """It parses as it is written, and each of its runs comes to an end by itself."""

    @few
    @given(script=scripts(resource))
    def check(script: Script) -> None:
        assert Script.parse(str(script), resource) == script
        assert eval(repr(script), {"Script": Script}) == script  # noqa: S307 - the promise is that it can be pasted
        assert all(run[-1].status not in UNDER_WAY for run in script.runs)
        assert "!" not in str(script)

    check()


@few
@given(day=bad_days(3, operations="*", faults="*"))
def test_a_day_has_no_more_faults_than_asked_for(day: BadDay) -> None:
    """Each can happen at its place, and the day can be pasted."""
    assert len(day.faults) <= 3
    assert eval(repr(day), {"BadDay": BadDay}) == day  # noqa: S307 - the promise is that it can be pasted


@pytest.mark.parametrize(
    ("strategy", "fails", "shrunk"),
    [
        (bad_days(), lambda _: True, BadDay()),
        (
            bad_days(operations="characters.create"),
            lambda day: any(fault.endswith("lost") for fault in day.faults),
            BadDay("characters.create#1 lost"),
        ),
        (
            bad_days(3, operations="characters.create"),
            lambda day: len(day.faults) > 1,
            BadDay("characters.create#1 refused", "characters.create#2 refused"),
        ),
    ],
    ids=["fails without a fault", "one kind", "any two"],
)
def test_a_day_shrinks_to_the_faults_that_it_needs(
    strategy: st.SearchStrategy[BadDay], fails: Callable[[BadDay], bool], shrunk: BadDay
) -> None:
    """To fewer faults, earlier places and simpler kinds."""
    found = find(strategy, fails, settings=searching)

    assert set(found.faults) == set(shrunk.faults)


def test_a_script_shrinks_to_one_plain_run() -> None:
    """Of one step after the first, without holds; which status it ends in depends on what is drawn."""
    (run,) = find(scripts(), lambda _: True, settings=searching).runs

    assert len(run) == 2
    assert {step.hold for step in run} == {None}


@few
@given(day=bad_days(operations=["files.*", "webhooks.image.completed"], faults="-refused"))
def test_the_operations_and_faults_can_be_chosen(day: BadDay) -> None:
    """By names, patterns and events; what cannot happen to them is left out."""
    for fault in day.faults:
        assert fault.startswith(("files.", "webhooks.image.completed#"))
        assert not fault.endswith("refused")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_faults": 0}, "a whole number, 1 or more"),
        ({"operations": "character.*"}, "an operation, an event or a pattern of them; did you mean"),
        ({"faults": "lots"}, "did you mean 'lost'"),
        ({"operations": "*.retrieve", "faults": "lost"}, "a fault that can happen to one of the operations"),
    ],
)
def test_a_wrong_argument_is_refused(arguments: dict[str, Any], message: str) -> None:
    """At once, not while examples are drawn."""
    with pytest.raises(AurousError, match=message):
        bad_days(**arguments)


def test_each_fault_can_happen_somewhere() -> None:
    """No row of the table is out of reach, and no operation is without a fault."""
    assert {kind for operation in operations() for kind in faults_at(operation)} == set(KINDS)
    assert all(faults_at(operation) for operation in operations())


def test_without_hypothesis_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The module itself can be imported, for `BadDay`."""
    monkeypatch.setitem(sys.modules, "hypothesis", None)

    with pytest.raises(AurousError, match="install it with python -m pip install hypothesis"):
        bad_days()


@pytest.fixture
def pays_twice() -> Iterator[Callable[[BadDay], bool]]:
    """Return a function that plays a day, and says whether two faults have let an application pay twice."""
    with Aurous(pitfalls="off") as fake, fake.client(timeout=5) as client:
        before = fake.snapshot()

        def played(day: BadDay) -> bool:
            fake.restore(before)
            with fake.day(day), suppress(httpx.TransportError, AurousCrash):
                for key in ("1", "1", "2"):  # the mistake: it gives up, and orders again
                    with suppress(httpx.TransportError, ValueError):
                        made = client.post("/v1/characters", json=ORDER, headers={"Idempotency-Key": key})
                        if made.status_code == 409:  # the first attempt goes on
                            break
                        if made.status_code == 201:
                            client.get(f"/v1/characters/{made.json()['id']}")
                            break
            return len(fake.characters) > 1

        yield played


def test_a_bug_that_needs_two_faults_is_found_among_all_operations(pays_twice: Callable[[BadDay], bool]) -> None:
    """After a good day, faults are drawn at the places that it has; a needless third one does not stay."""
    found = find(bad_days(3), pays_twice, settings=settings(max_examples=400), random=Random(1))

    assert len(found.faults) == 2
    assert not any(pays_twice(BadDay(fault)) for fault in found.faults)


def test_no_day_repeats(pays_twice: Callable[[BadDay], bool]) -> None:
    """The next search begins anew."""
    days = list[BadDay]()

    @settings(max_examples=40, database=None)
    @given(day=bad_days())
    def search(day: BadDay) -> None:
        pays_twice(day)
        days.append(day)

    search()
    search()

    assert [days[0], days[40]] == [BadDay(), BadDay()]
    assert len(set(days[:40])) == len(set(days[40:])) == 40
    places = {fault.partition("#")[0] for day in days for fault in day.faults}
    assert places == {"characters.create", "characters.retrieve"}, "a day breaks only what the good day sent"
