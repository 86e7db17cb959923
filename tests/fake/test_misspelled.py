"""A name that does not exist raises an error with the nearest name: attributes and keyword arguments alike."""

import inspect
from collections.abc import Callable
from operator import attrgetter
from pathlib import Path
from traceback import format_exception_only
from typing import Any, get_args

import pytest
from _pytest._code import ExceptionInfo

import pytest_aurous
from pytest_aurous import Aurous, AurousError, AurousLookupError, Clock, Script, sign_webhook
from pytest_aurous._core.base.arguments import Public
from pytest_aurous._core.base.errors import _MEANINGS, closest
from pytest_aurous._core.base.names import Operation
from pytest_aurous._core.world.settings import Settings


@pytest.fixture(name="aurous")
def _aurous() -> Aurous:
    aurous = Aurous(seed=1, now="2026-05-08T10:00:00Z")
    aurous.characters.add(status="synthesizing")
    return aurous


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda aurous: aurous.character, "'characters'"),
        (lambda aurous: aurous.characters.create, "'add'"),
        (lambda aurous: aurous.characters.first, "list(characters)[0]"),
        (lambda aurous: aurous.characters.last.stauts, "'status'"),
        (lambda aurous: aurous.calls.first, "calls[0]"),
        (lambda aurous: aurous.faults.timeout("*").fierd, "'fired'"),
        (lambda aurous: aurous.limits["reads"].quota, "overruns"),
        (lambda aurous: aurous.webhooks.deliver, "'flush'"),
    ],
)
def test_an_attribute_that_does_not_exist(aurous: Aurous, read: Callable[[Any], object], message: str) -> None:
    """The error has the nearest name, or else another way, and where to read on."""
    with pytest.raises(AttributeError) as caught:
        read(aurous)

    assert message in str(caught.value)
    assert hints_in(caught.value) <= 1
    assert str(caught.value).splitlines()[-1].startswith("Read on: pytest-aurous docs ")
    assert ends_here(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("rate_limits", "enforce", "Aurous(rate_limits='enforce')"),
        ("credits", 10, "aurous.team.credits"),
        ("strict", "off", 'aurous.reset({"strict": ...})'),
        ("sleep", "real", "@pytest.mark.aurous(sleep=...)"),
        ("now", "2026-05-08T10:00:00Z", "aurous.clock.freeze(...)"),
        ("script", "synthesizing -> ready", "aurous.script(...)"),
        ("rate_limit", "off", "Aurous(rate_limits='off')"),
        ("foo", 1, "Settings, for Aurous(...) and the marker aurous: script, strict"),
        ("webhooks.auto", True, "flush"),
        ("team.api_key", "al_live_test_x", "add_key"),
        ("team.credit", 3, "did you mean 'credits'?"),
        ("team.id", "team_x", "Use one of these: add_key,"),
        ("clock.frozen", True, "frozen"),
        ("clock.foo", True, "foo"),
        ("characters.last.status", "ready", "advance, delete, fail, finish"),
        ("characters.foo", 1, "add, get, script. Iterate over it"),
    ],
)
def test_an_attribute_that_cannot_be_set(aurous: Aurous, name: str, value: object, message: str) -> None:
    """Setting one that has no effect raises an error, which says what to do instead."""
    *steps, last = name.split(".")
    found: Any = attrgetter(".".join(steps))(aurous) if steps else aurous
    before = getattr(found, last, None)

    with pytest.raises(AttributeError) as caught:
        setattr(found, last, value)

    assert message in str(caught.value)
    assert getattr(found, last, None) == before
    assert ends_here(caught.value)


def test_what_can_be_set(aurous: Aurous) -> None:
    """Properties that promise it, and private names of whoever extends a class."""
    aurous.team.credits = 5
    aurous.clock.speed = 2
    lamp = Lamp()
    lamp._bulb = "new"  # type: ignore[attr-defined]

    assert aurous.team.credits == 5
    assert vars(lamp) == {"_bulb": "new"}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda aurous: aurous.characters.add(nmae="Aurora"), "'name'"),
        (lambda aurous: aurous.clock.advance(minutes=2), "'seconds'"),
        (lambda aurous: aurous.assert_called("*", statu=1), "'status'"),
        (lambda aurous: aurous.calls.assert_called("*", time=1), "'times'"),
        (lambda aurous: aurous.calls.where(statu=200), "'status'"),
        (lambda _: sign_webhook(b"", "whsec", when=1), "secret"),  # type: ignore[call-arg]
        (lambda _: Script.parse("x", resorce="images"), "'resource'"),  # type: ignore[call-arg]
        (lambda aurous: aurous.limits["reads"].set(5), "per_minute"),
        (lambda aurous: aurous.assert_polled(at_most=2), "'record'"),
    ],
)
def test_an_argument_that_does_not_exist(aurous: Aurous, call: Callable[[Any], object], message: str) -> None:
    """The error is a `TypeError` with the nearest argument and all others, at the line of the test."""
    with pytest.raises(TypeError) as caught:
        call(aurous)

    assert isinstance(caught.value, AurousError)
    assert message in str(caught.value)
    assert "Read on: pytest-aurous docs " in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert ends_here(caught.value)


@pytest.mark.parametrize("index", [0, -1, slice(2), None], ids=str)
def test_a_position_in_a_collection(aurous: Aurous, index: Any) -> None:
    """The index of a collection is an id, and the message shows how to get a record by its position."""
    with pytest.raises(AurousLookupError) as caught:
        aurous.characters[index]

    assert str(caught.value).startswith(f"characters[{index!r}]: the index is an id, not a position. Iterate over it ")
    assert "list(characters)[0] is the first. characters.last is the newest." in str(caught.value)


SYNONYMS = [
    ("characters.last", "complete", "finish"),
    ("characters.last", "succeed", "finish"),
    ("characters.last", "error", "error_message"),
    ("", "requests", "calls"),
    ("", "history", "calls"),
    ("", "balance", "team"),
    ("team", "balance", "credits"),
    ("clock", "tick", "advance"),
    ("clock", "travel", "advance"),
    ("faults", "lost", "timeout"),
    ("faults", "error", "status"),
    ("faults", "fail", "status"),
    ("faults", "slow", "delay"),
    ("webhooks", "auto", "flush"),
    ("webhooks", "send", "flush"),
    ("webhooks", "events", "deliveries"),
    ("chat", "respond", "reply"),
    ("characters", "create", "add"),
    ("calls", "filter", "where"),
    ("images.last", "abort", "cancel"),
]


@pytest.mark.parametrize(("path", "word", "expected"), SYNONYMS)
def test_a_word_of_the_same_meaning_beats_spelling(aurous: Aurous, path: str, word: str, expected: str) -> None:
    """What is offered exists, and does what the word says."""
    aurous.images.add()
    found = attrgetter(path)(aurous) if path else aurous

    assert closest(word, [one for one in dir(found) if not one.startswith("_")]) == expected
    assert hasattr(found, expected)


def test_each_meaning_leads_to_something(aurous: Aurous) -> None:
    """Each has a name that the fake or the API has: an attribute, an argument or an operation."""
    found = [aurous, *(getattr(aurous, name) for name in vars(Aurous) if isinstance(getattr(Aurous, name), property))]
    names = {name for thing in (*found, aurous.characters.last, aurous.images.add()) for name in dir(thing)}
    names |= {verb for operation in get_args(Operation) for verb in operation.split(".")}
    names |= {*inspect.signature(Clock.advance).parameters, *Settings.__annotations__}

    assert [words for words in set(_MEANINGS.values()) if names.isdisjoint(words.split())] == []


class Lamp(Public):
    """An object of the test, with what may go wrong in it."""

    @property
    def broken(self) -> str:
        """A property with a bug."""
        return self.wire.color  # type: ignore[attr-defined,no-any-return]

    def switch(self, on: object, *, color: str = "red") -> str:
        """A method with a bug."""
        return color + on  # type: ignore[operator]


def test_an_error_from_within_stays_as_it_is() -> None:
    """An `AttributeError` in a property and a `TypeError` in a method are no misspelled names."""
    with pytest.raises(AttributeError, match="Lamp has no attribute 'wire'"):
        _ = Lamp().broken
    with pytest.raises(TypeError, match="can only concatenate str") as caught:
        Lamp().switch(3)

    assert not isinstance(caught.value, AurousError)
    assert Lamp().switch("!", color="blue") == "blue!"


def test_a_name_of_the_package_that_does_not_exist() -> None:
    """The nearest one is named once."""
    with pytest.raises(AttributeError, match=r"has no attribute 'Auros'; did you mean 'Aurous'\?$") as caught:
        getattr(pytest_aurous, "Auros")  # noqa: B009 - type checkers find it

    assert hints_in(caught.value) == 1


def test_private_names_get_no_hint() -> None:
    """Libraries look for such names in objects that they do not know, and expect nothing else."""
    assert not hasattr(Lamp(), "__html__")
    with pytest.raises(AttributeError, match=r"^Lamp has no attribute '_wire'\.$"):
        _ = Lamp()._wire  # type: ignore[attr-defined]


def test_editors_see_the_real_signatures() -> None:
    """The check of arguments keeps names, defaults and docstrings."""
    for method in (Aurous.assert_called, Lamp.switch):
        assert next(iter(inspect.signature(method).parameters)) == "self"
        assert method.__doc__
    assert str(inspect.signature(Lamp.switch)) == "(self, on: object, *, color: str = 'red') -> str"


def hints_in(error: BaseException) -> int:
    """Return how many names an error suggests where it is shown: Python may add one that contradicts ours."""
    return "".join(format_exception_only(type(error), error)).count("id you mean")


def ends_here(error: BaseException) -> bool:
    """Whether the traceback that pytest shows ends in this file."""
    info = ExceptionInfo.from_exception(error)
    return Path(info.traceback.filter(info)[-1].path) == Path(__file__)
