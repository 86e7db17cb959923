import re
from collections.abc import Mapping
from datetime import datetime, timezone
from decimal import Decimal
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import pytest

from pytest_aurous import AurousError, AurousSettings, Script
from pytest_aurous._core.base.errors import choices, shown
from pytest_aurous._core.resources.catalog import LIFECYCLES
from pytest_aurous._core.resources.characters.machine import DEFAULTS
from pytest_aurous._core.wire.hosts import BASE_URL
from pytest_aurous._core.world.script import Plan
from pytest_aurous._core.world.settings import ROWS, Readings, Scripts, Settings, read_setting
from tests.conftest import OTHER_SETTINGS


def test_each_setting_explains_itself() -> None:
    """Every row has a line of help, and a default that it would accept itself."""
    for name, row in ROWS.items():
        assert row["help"]
        assert read_setting(name, row["default"]) == getattr(Settings(), name)


def test_the_help_tells_the_default_that_is_played() -> None:
    """A script is not set unless somebody does; what characters go through then is shown all the same."""
    assert ROWS["script"]["shown"] == str(DEFAULTS["reviewing"])
    assert [ROWS[name]["shown"] for name in ("now", "readings", "credits")] == ["none", "none", "1000"]


def test_two_settings_share_no_dict() -> None:
    """A default that is a dict is made anew each time."""
    assert Settings().script is not Settings().script


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("strict", "warn", "warn"),
        ("strict", "off", "off"),
        ("seed", " -12 ", -12),
        ("seed", "+12", 12),
        ("seed", "-" + "9" * 60, 1 - 10**60),
        ("credits", 2.5, 2.5),
        ("credits", "2.5", 2.5),
        ("credits", "10", 10),
        ("credits", 0, 0),
        ("credits", Decimal("19.425"), 19.425),
        ("now", None, None),
        ("now", "2026-05-08T10:00:00Z", datetime(2026, 5, 8, 10, tzinfo=timezone.utc)),
        ("now", datetime(2026, 5, 8, tzinfo=timezone.utc), datetime(2026, 5, 8, tzinfo=timezone.utc)),
        ("base_url", "http://localhost:8000/aurous/", "http://localhost:8000/aurous"),
        ("base_url", BASE_URL, BASE_URL),
        ("readings", {"get-2": "readable"}, {"get-2": "readable"}),
        ("readings", "get-2 = readable\nerr-6=global", {"get-2": "readable", "err-6": "global"}),
        ("readings", "", {}),
        ("script", "synthesizing -> ready", {"characters": "synthesizing -> ready"}),
        ("script", {"characters": "synthesizing"}, {"characters": "synthesizing"}),
        ("script", Script.parse("synthesizing"), {"characters": Script.parse("synthesizing")}),
        ("script", "characters = synthesizing*3\n   -> reviewing", {"characters": "synthesizing*3 -> reviewing"}),
        ("script", "synthesizing*3\n-> reviewing", {"characters": "synthesizing*3 -> reviewing"}),
        ("script", "characters = a\n\nimages = b\n", {"characters": "a", "images": "b"}),
        ("script", "characters =\n  a\n  b", {"characters": "a b"}),
    ],
)
def test_a_setting_is_read_from_text_and_from_python(name: str, given: Any, expected: Any) -> None:
    """The ini file and the command line give text, markers and calls give values: both are understood."""
    read = read_setting(name, given)

    assert read == expected
    assert type(read) is type(expected)


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("strict", "loud", "'error', 'warn' or 'off'"),
        ("strict", None, "'error', 'warn' or 'off'"),
        ("seed", "1.5", "a whole number"),
        ("seed", True, "a whole number"),
        ("seed", "", "a whole number"),
        ("seed", "9" * 5000, "a whole number"),
        ("credits", "many", "a number of credits, 0 or more"),
        ("credits", -1, "a number of credits, 0 or more"),
        ("credits", "nan", "a number of credits, 0 or more"),
        ("credits", Decimal("sNaN"), "a number of credits, 0 or more"),
        ("credits", "inf", "a number of credits, 0 or more"),
        ("credits", True, "a number of credits, 0 or more"),
        ("credits", None, "a number of credits, 0 or more"),
        ("now", "yesterday", "an ISO 8601 instant"),
        ("now", 12, "an ISO 8601 instant"),
        ("base_url", "api.aurous-labs.com", "a URL such as"),
        ("base_url", "ftp://api.aurous-labs.com", "a URL such as"),
        ("base_url", "https://", "a URL such as"),
        ("base_url", "https://h/?a=1", "a URL such as"),
        ("base_url", "http://[::1", "a URL such as"),
        ("base_url", "http://localhost:port", "a URL such as"),
        ("readings", 3, "a dict such as {'get-2': 'readable'}"),
        ("readings", "readable", "lines of the form 'key = value'"),
        ("readings", {"get-22": "readable"}, "; did you mean 'get-2'?"),
        ("readings", {"get-2": "maybe"}, "'not_found' or 'readable' for get-2."),
        ("readings", {"create-4": "redy"}, "'reviewing' or 'ready' for create-4; did you mean 'ready'?"),
        ("readings", {"err-4": None}, "'null' or 'absent' for err-4."),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_bad_value_is_refused_with_what_is_valid(name: str, given: Any, expected: str) -> None:
    """The error names the setting, the value and what would be right."""
    with pytest.raises(AurousError) as caught:
        read_setting(name, given)

    assert str(caught.value).startswith(f"{name}={shown(given)} is not a valid setting: expected ")
    assert expected in str(caught.value)


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    """A misspelt setting is a `TypeError`, as a misspelt keyword is, and all settings are listed."""
    with pytest.raises(TypeError, match=r"'strickt' is not a setting; did you mean 'strict'\?") as caught:
        read_setting("strickt", "error")

    assert all(name in str(caught.value) for name in ROWS)


EXAMPLES: Final[dict[Any, Any]] = {
    int: 7,
    float: 0.5,
    Decimal: Decimal("0.5"),
    datetime: datetime(2026, 5, 8, tzinfo=timezone.utc),
    NoneType: None,
    Plan: Script.parse("synthesizing -> reviewing"),
    Scripts: {"characters": "synthesizing -> reviewing", "images": "pending -> failed", "videos": "pending -> failed"},
    Mapping: {"characters": Script.parse("synthesizing -> reviewing")},
    Readings: {"get-2": "readable"},
}
"""A value of each type that a setting can have, besides text and words."""


def test_the_types_are_those_of_the_settings() -> None:
    """What type checkers know of `Aurous` and `aurous_settings` is what the settings accept."""
    types = get_type_hints(AurousSettings, localns={"Plan": Plan, "datetime": datetime})
    choices_of = {name: get_args(one) for name, one in types.items() if get_origin(one) is Literal}

    assert [*types] == [*ROWS]
    for name, allowed in choices_of.items():
        assert [read_setting(name, value) for value in allowed] == [*allowed]
        with pytest.raises(AurousError, match=re.escape(f"expected {choices(allowed)}.")):
            read_setting(name, "none of them")
    for name in ROWS.keys() - choices_of.keys():
        for kind in get_args(types[name]) or [types[name]]:
            read_setting(name, OTHER_SETTINGS[name] if kind is str else EXAMPLES[get_origin(kind) or kind])


def test_a_script_of_several_resources_has_their_names() -> None:
    """The keys that type checkers know are the resources with a lifecycle."""
    assert [*Scripts.__annotations__] == [*LIFECYCLES]
