"""The arguments of explore."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import httpx
import pytest

from pytest_aurous import Aurous, AurousError, AurousExplorationError, AurousWarning
from pytest_aurous._explore.options import ExploreOptions, MarkerOptions, Options, read_options
from tests.explore.conftest import NOVA

EVERY = tuple(read_options("explore").faults)


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("*", EVERY),
        ("lost", ("lost",)),
        ("lost, refused", ("refused", "lost")),
        (["lost", "refused"], ("refused", "lost")),
        (("*", "-lost"), tuple(name for name in EVERY if name != "lost")),
        ("-lost,-crash", tuple(name for name in EVERY if name not in {"lost", "crash"})),
    ],
)
def test_faults_and_laws_are_names(value: object, names: tuple[str, ...]) -> None:
    """A name, a list with commas or an iterable; ``*`` means all, ``-name`` removes one."""
    assert set(read_options("explore", faults=value).faults) == set(names)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"faults": "los"}, r"explore\(faults=.*expected .*did you mean 'lost'\?"),
        ({"laws": "recover"}, r"explore\(laws=.*did you mean 'recovers'\?"),
        ({"faults": 7}, r"explore\(faults=7.*a name, a comma-separated list, or an iterable"),
        ({"may_return": 7}, r"explore\(may_return=7"),
        ({"returns": 7}, r"explore\(returns=7\): expected True or False"),
        ({"may_raise": "x"}, r"explore\(may_raise='x'\): expected an exception class or a tuple"),
        ({"may_raise": (LookupError, 7)}, r"explore\(may_raise="),
        ({"patience": 0}, r"explore\(patience=0.*real seconds"),
        ({"only": 7}, r"explore\(only=7"),
        ({"known": ["x"]}, r"explore\(known=\['x'\].*a dict"),
        ({"known": {"x": ""}}, r"explore\(known\['x'\]=''\): expected text"),
        ({"only": "balance.retrieve#1 lost"}, r"only='balance.retrieve#1 lost'.*no such case; did you mean 'balance"),
        ({"known": {"x": "y"}}, r"known='x'.*no such case"),
        ({"only": "balance.retrieve#1 refused + x"}, r"no such case"),
    ],
)
def test_bad_arguments(fake: Aurous, client: httpx.Client, arguments: dict[str, Any], message: str) -> None:
    """The error shows what is valid, and what is near."""
    with pytest.raises(AurousError, match=message):
        fake.explore(lambda: client.get("/v1/balance"), **arguments)


def test_each_argument_is_stated_once() -> None:
    """`explore`, `aexplore` and the marker take what exploring reads; the plugin sets the rest."""
    by_plugin, by_driver = {"fails", "first", "own", "printing", "stop", "through", "time", "whole"}, {"fresh"}
    by_good_days = {"timeless"}
    assert {*ExploreOptions.__annotations__} | by_plugin | by_good_days == {
        option.name for option in fields(Options)
    } | by_driver
    assert {*MarkerOptions.__annotations__} < {*ExploreOptions.__annotations__}


@pytest.mark.anyio
async def test_a_misspelled_argument(fake: Aurous) -> None:
    """The error names the nearest argument, and all that there are."""
    takes = r"law'; did you mean 'laws'\? It takes: run, .*may_raise.*fresh"
    with pytest.raises(TypeError, match=rf"explore\(\) has no argument '{takes}"):
        fake.explore(print, law="ends")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=rf"aexplore\(\) has no argument '{takes}"):
        await fake.aexplore(print, law="ends")  # type: ignore[call-arg,arg-type]


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        ("ends_early, lost", "no request of the good day fits these faults: lost, ends_early. Leave out"),
        ([], "at least one name that is not left out"),
        ("*,-*", "at least one name that is not left out"),
    ],
)
def test_an_exploration_without_a_case_is_an_error(
    fake: Aurous, client: httpx.Client, faults: object, message: str
) -> None:
    """It names the faults, and says what to do."""
    with pytest.raises(AurousError, match=message):
        fake.explore(lambda: client.get("/v1/balance"), faults=faults)  # type: ignore[arg-type]


@pytest.fixture
def careless(fake: Aurous, client: httpx.Client) -> Callable[[], None]:
    """A run that breaks a law where its order is unavailable."""

    def run() -> None:
        client.post("/v1/characters", json=NOVA, headers={"Idempotency-Key": "1"})

    return run


CASE = "characters.create#1 unavailable"


def test_known_breaks_are_accepted(fake: Aurous, careless: Callable[[], None]) -> None:
    """They are listed with their reason, and do not fail the test."""
    explored = fake.explore(careless, faults="unavailable", known={CASE: "until March"})

    assert explored.cases[0].broken == ("tells",)
    assert explored.cases[0].known == "until March"
    assert explored.broken == ()
    assert str(explored).startswith("0 of 1 cases hold; 1 known\n")
    assert f"known: {CASE}: until March" in str(explored)
    assert "k known" in str(explored)


def test_a_known_break_that_holds_is_an_error(fake: Aurous, careless: Callable[[], None]) -> None:
    """So the list does not outlive its reasons."""
    known = {"characters.create#1 refused": "why"}
    with pytest.raises(
        AurousExplorationError, match=r"known=\['characters.create#1 refused'\]: no longer breaks a law"
    ):
        fake.explore(careless, faults="refused", known=known)


def test_the_session_can_end_it_and_say_what_runs_first(fake: Aurous, careless: Callable[[], None]) -> None:
    """The most telling cases come first, and before them what broke the last time."""
    for first, case in (((), "lost"), (("characters.create#1 crash",), "crash")):
        over = iter([False, True])
        fake._session.explore_with = lambda: {"time": lambda: lambda: next(over), "first": first}  # noqa: B023
        with pytest.warns(AurousWarning, match=r"not run: \d+ of \d+ cases, because --aurous-explore-seconds was"):
            explored = fake.explore(careless)
        assert [one.fault for one in explored.cases] == [case]
        assert str(explored).startswith("1 of 1 cases hold; ")
