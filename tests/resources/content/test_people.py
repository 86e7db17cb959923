from random import Random
from typing import Any

import pytest

from pytest_aurous._core.resources.characters.row import ATTRIBUTES
from pytest_aurous._core.resources.content import people as _people
from pytest_aurous._core.wire.fields import read_fields


@pytest.fixture(name="crowd", scope="module")
def _crowd() -> list[dict[str, Any]]:
    random = Random(7)
    return [_people.attributes(random) for _ in range(3000)]


def test_everybody_has_the_eight_attributes_and_the_api_takes_them(crowd: list[dict[str, Any]]) -> None:
    """What is made up passes the API's own checks, all eight attributes of it."""
    for person in crowd:
        assert list(person) == list(ATTRIBUTES)
        assert read_fields(person, ATTRIBUTES, required=tuple(ATTRIBUTES)) == person


def test_hair_goes_grey_with_age_alone(crowd: list[dict[str, Any]]) -> None:
    """Grey, silver and white are for those who are 58 or more, and they have nothing else."""
    grey = {"grey", "silver", "white"}

    assert {person["hair_color"] in grey for person in crowd if person["age"] >= 58} == {True}
    assert {person["hair_color"] in grey for person in crowd if person["age"] < 58} == {False}


@pytest.mark.parametrize(
    ("ethnicity", "hair"),
    [("east-asian", {"black", "dark-brown"}), ("white", {"blond", "brown", "auburn", "red"})],
)
def test_looks_go_with_each_other(crowd: list[dict[str, Any]], ethnicity: str, hair: set[str]) -> None:
    assert {person["hair_color"] for person in crowd if person["ethnicity"] == ethnicity and person["age"] < 58} == hair


@pytest.mark.parametrize("gender", ["female", "male"])
def test_a_name_goes_with_the_person(gender: str) -> None:
    """First names are of the person's gender and origin, and a trade follows."""
    women = {"Mei", "Yuna", "Hana", "Linh", "Sakura", "Jia"}
    men = {"Kenji", "Wei", "Minjun", "Haruto", "Tao", "Jun"}
    random = Random(1)

    names = [_people.full_name(random, {"gender": gender, "ethnicity": "east-asian"}) for _ in range(200)]

    assert {name.split()[0] for name in names} == (women if gender == "female" else men)
    assert {name.split(" the ")[1] for name in names} <= set(_people.EPITHETS)


@pytest.mark.parametrize("person", [None, {}, {"gender": "nonbinary", "ethnicity": "martian"}], ids=str)
def test_who_says_nothing_gets_any_name(person: dict[str, Any] | None) -> None:
    """Without a gender that we have names for, chance chooses among all."""
    random = Random(1)

    assert {_people.gender_of(person, random) for _ in range(50)} == {"female", "male"}
    assert len({_people.full_name(random, person).split()[0] for _ in range(300)}) > 30
