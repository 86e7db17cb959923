"""`Calls`: found by operation and filter, asserted, counted and shown."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from pytest_aurous import AurousLookupError, Call, Clock
from pytest_aurous._core.base.work import Work, set_work
from pytest_aurous._core.wire.lines import shown_call
from pytest_aurous._core.wire.reply import Reply
from pytest_aurous._core.world.journal import Journal
from pytest_aurous._core.world.state import State
from pytest_aurous._fake.calls import Calls, Filters

NOON_S = 1_778_241_600.0
PATHS = {"create": ("POST", ""), "retrieve": ("GET", "/char_1"), "save": ("POST", "/char_1/save"), "list": ("GET", "")}

Arrive = Callable[..., Call]


@pytest.fixture(name="journal")
def _journal() -> Journal:
    return Journal(State(), Clock())


@pytest.fixture(name="calls")
def _calls(journal: Journal) -> Calls:
    return Calls(journal.entries)


@pytest.fixture(name="arrive")
def _arrive(journal: Journal) -> Arrive:
    def arrive(operation: str | None, status: int | None = 200, body: bytes = b"", **fields: Any) -> Call:
        method, rest = PATHS.get((operation or "").partition(".")[2], ("GET", "/x"))
        headers = tuple(fields.pop("headers", {}).items())
        call = Call(method, "https", "api.test", f"/v1/characters{rest}", fields.pop("query", ""), headers, body)
        journal.arrive(call, NOON_S + len(journal.entries))
        call.operation = operation
        for name, value in fields.items():
            setattr(call, name, value)
        if status is not None:
            call.record_response(Reply(status, (), b"{}"), {})
        return call

    return arrive


@pytest.fixture(name="story")
def _story(arrive: Arrive) -> list[Call]:
    """Create, poll, a save that is refused, poll, save, and a request that nothing takes."""
    return [
        arrive("characters.create", 201, b'{"name":"Aurora","attributes":{"age":28,"gender":"female"}}'),
        arrive("characters.retrieve"),
        arrive("characters.save", 400, error_code="invalid_request_error"),
        arrive("characters.retrieve", query="a=1"),
        arrive("characters.save", headers={"Idempotency-Key": "k1"}),
        arrive(None, 404, error_code="resource_not_found"),
    ]


def test_calls_are_a_sequence_in_order_of_arrival(calls: Calls, story: list[Call]) -> None:
    """Index, slice, length and iteration are a list's; the numbers count from 1 and the clock is noted."""
    assert list(calls) == story
    assert len(calls) == 6
    assert calls[1] is story[1]
    assert list(calls[1:3]) == story[1:3]
    assert isinstance(calls[1:3], Calls)
    assert calls.last is story[-1]
    assert [(call.number, call.at) for call in calls][:2] == [(1, NOON_S), (2, NOON_S + 1)]


def test_without_a_call_there_is_no_last(calls: Calls) -> None:
    """The error says what may be the reason."""
    with pytest.raises(AurousLookupError, match="no call"):
        _ = calls.last
    assert repr(calls) == "<Calls: none>"


@pytest.mark.parametrize(
    ("operation", "filters", "numbers"),
    [
        ("characters.save", {}, [3, 5]),
        ("characters.*", {}, [1, 2, 3, 4, 5]),
        ("*", {}, [1, 2, 3, 4, 5, 6]),
        ("balance.retrieve", {}, []),
        ("characters.save", {"status": 200}, [5]),
        ("*", {"method": "GET", "query": "a=1"}, [4]),
        ("*", {"error_code": "resource_not_found"}, [6]),
        ("*", {"replayed": True}, []),
    ],
)
def test_calls_are_found_by_name_pattern_and_filter(
    calls: Calls, story: list[Call], operation: str, filters: dict[str, Any], numbers: list[int]
) -> None:
    """A pattern takes many names, `*` also what no endpoint matched; filters must all hold."""
    assert [call.number for call in calls.where(operation, **filters)] == numbers
    if not filters:
        assert calls.count(operation) == len(numbers)


def test_each_filter_is_an_attribute_of_a_call() -> None:
    """What type checkers know of `Calls.where` is there."""
    assert {*Filters.__annotations__} <= {field.name for field in fields(Call)}


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("characters.save", {"times": 2}),
        ("characters.save", {"at_least": 2, "at_most": 2}),
        ("characters.list", {"times": 0}),
        ("characters.list", {"at_most": 1}),
        ("characters.*", {"times": 5}),
        ("characters.create", {"json": {"attributes": {"age": 28}}}),
        ("characters.save", {"headers": {"idempotency-key": "k1"}, "times": 1}),
        ("characters.save", {"headers": {}, "times": 2}),
        ("characters.create", {"status": 500, "times": 0}),
        ("characters.save", {"method": "POST", "headers": {"idempotency-key": "k1"}, "times": 1}),
    ],
    ids=str,
)
def test_what_was_called_passes(calls: Calls, story: list[Call], operation: str, expected: dict[str, Any]) -> None:
    """Counts, bounds, parts of the body and headers: what is true is accepted without a word."""
    calls.assert_called(operation, **expected)

    assert list(calls) == story


@pytest.mark.parametrize(
    ("operation", "expected", "words"),
    [
        ("characters.create", {"status": 409, "json": {}}, "with json {} and status 409 to be called at least once"),
        ("characters.save", {"times": 1}, "to be called exactly once, but it was called twice"),
        ("characters.save", {"at_least": 3, "at_most": 4}, "at least 3 times and at most 4 times, but it was called"),
        ("characters.*", {"at_most": 1}, "at most once, but it was called 5 times"),
        ("characters.create", {"json": {"missing": None}}, "{'missing': None} to be called at least once"),
        ("characters.create", {"json": {"name": {"first": "Aurora"}}}, "but it was never called"),
        ("characters.save", {"json": {}, "headers": {"a": "k2"}}, "with json {} and headers {'a': 'k2'}"),
        ("characters.create", {"times": 0}, "never to be called, but it was called once"),
    ],
    ids=str,
)
def test_what_was_not_called_so_is_explained(
    calls: Calls, story: list[Call], operation: str, expected: dict[str, Any], words: str
) -> None:
    """The first line says what was expected and what happened, and the whole timeline follows."""
    with pytest.raises(AssertionError) as caught:
        calls.assert_called(operation, **expected)

    text = str(caught.value)
    assert words in text.split("\n", maxsplit=1)[0]
    assert f"All calls:\n{calls.timeline()}\n" in text


def test_the_calls_that_came_closest_are_shown(calls: Calls, story: list[Call]) -> None:
    """Beside the line of a call stand what it sent and the headers that were asked for."""
    with pytest.raises(AssertionError) as caught:
        calls.assert_called("characters.create", json={"name": "Bob"}, headers={"X-Nothing": "1"})
    assert (
        "Closest:\n    1  12:00:00  characters.create  POST   /v1/characters -> 201\n"
        "       json.name: 'Aurora', wanted 'Bob'\n"
        "       header X-Nothing: not sent, wanted '1'\nAll calls:" in str(caught.value)
    )

    with pytest.raises(AssertionError, match=r"Closest:\n    1  .*\n       status: 201, wanted 409\n"):
        calls.assert_called("characters.create", status=409)
    with pytest.raises(AssertionError, match=r"json: no JSON, wanted \{\}\n(.|\n)*json: no JSON, wanted \{\}\n"):
        calls.assert_called("characters.save", json={})


def test_only_calls_that_did_not_match_are_close(calls: Calls, story: list[Call]) -> None:
    """Where there were too few of the right kind, the wrong ones are shown, and by their headers alone if so asked."""
    with pytest.raises(AssertionError) as caught:
        calls.assert_called("characters.save", headers={"Idempotency-Key": "k1"}, times=2)

    close = str(caught.value).partition("All calls:")[0]
    assert "    3  12:00:02" in close
    assert "header Idempotency-Key: not sent, wanted 'k1'" in close
    assert "    5  12:00:04" not in close
    assert "json" not in close


def test_a_deep_body_does_not_disturb_an_assertion(calls: Calls, arrive: Arrive) -> None:
    """Whatever the client sent, an assertion either holds or fails."""
    arrive("characters.create", 400, b"[" * 100_000)

    with pytest.raises(AssertionError, match="but it was never called"):
        calls.assert_called("characters.create", json={"name": "Aurora"})


def test_what_must_not_be_called(calls: Calls, story: list[Call]) -> None:
    """`assert_not_called` is silent where nothing came, and shows what did."""
    calls.assert_not_called("characters.list")
    calls.assert_not_called("characters.create", status=409)

    with pytest.raises(AssertionError, match=r"^Expected characters\.create with status 201 not to be called, but"):
        calls.assert_not_called("characters.create", status=201)
    with pytest.raises(AssertionError) as caught:
        calls.assert_not_called("characters.save")

    text = str(caught.value)
    assert text.startswith("Expected characters.save not to be called, but it was called twice:\n    3  12:00:02")
    assert "All calls:\n    1  12:00:00" in text


@pytest.mark.parametrize(
    ("operations", "missing"),
    [
        ((), None),
        (("characters.create", "characters.save"), None),
        (("characters.create", *["characters.retrieve", "characters.save"] * 2), None),
        (("characters.*", "*"), None),
        (("characters.list",), "characters.list to be called, but"),
        (("characters.retrieve", "characters.create"), "characters.create to be called after characters.retrieve"),
        (["characters.save"] * 3, "characters.save to be called after characters.save"),
    ],
    ids=str,
)
def test_an_order_is_kept_or_not(
    calls: Calls, story: list[Call], operations: tuple[str, ...], missing: str | None
) -> None:
    """Other calls may stand between; the first operation that did not follow is named, and the timeline shows why."""
    with pytest.raises(AssertionError) if missing else nullcontext() as caught:
        calls.assert_called_in_order(*operations)

    if missing:
        assert missing in str(caught and caught.value)
        assert "All calls:\n    1  12:00:00" in str(caught and caught.value)


class Record:
    """Anything with an id."""

    id = "char_1"


@pytest.mark.parametrize("bounds", [{}, {"at_least": 2}, {"at_most": 2}, {"at_least": 1, "at_most": 3}], ids=str)
def test_polls_are_counted(calls: Calls, story: list[Call], bounds: dict[str, int]) -> None:
    """Retrieves of that id count, and nothing else on it; a record will do."""
    records: tuple[Any, ...] = ("char_1", Record())
    for record in records:
        calls.assert_polled(record, **bounds)


@pytest.mark.parametrize(
    ("record", "bounds", "words", "shown"),
    [
        ("char_2", {}, "at least once, but it was never retrieved", "  none\n"),
        ("char_1", {"at_least": 3}, "at least 3 times, but it was retrieved twice", "  4  12:00:03"),
        ("char_1", {"at_most": 1}, "at most once, but it was retrieved twice", "  5  12:00:04"),
    ],
)
def test_polls_that_were_too_few_or_too_many(
    calls: Calls, story: list[Call], record: str, bounds: dict[str, int], words: str, shown: str
) -> None:
    """The error says how often, shows the calls on that id, and the timeline."""
    with pytest.raises(AssertionError) as caught:
        calls.assert_polled(record, **bounds)

    text, _, everything = str(caught.value).partition("All calls:")
    assert words in text
    assert shown in text
    assert "    1  12:00:00" in everything


def test_polls_count_whatever_the_response(calls: Calls, arrive: Arrive) -> None:
    """A refused poll and one without a response are polls too; a request that matched nothing is none."""
    arrive("characters.retrieve", 404)
    arrive("characters.retrieve", None)
    arrive(None, 405).path = "/v1/characters/char_1"

    calls.assert_polled("char_1", at_least=2, at_most=2)

    assert len(calls) == 3


def test_a_line_tells_what_became_of_a_call(story: list[Call], arrive: Arrive) -> None:
    """Number, time, request with its query, status, the vendor's code and what stood in the way."""
    lost = arrive("characters.save", None, fault="read timeout")

    assert (
        shown_call(story[2], frozenset())
        == "    3  12:00:02  characters.save  POST   /v1/characters/char_1/save -> 400 invalid_request_error"
    )
    assert (
        shown_call(story[3], frozenset())
        == "    4  12:00:03  characters.retrieve  GET    /v1/characters/char_1?a=1 -> 200"
    )
    assert (
        shown_call(lost, frozenset())
        == "    7  12:00:06  characters.save  POST   /v1/characters/char_1/save -> no response (read timeout)"
    )


@pytest.mark.parametrize(("polls", "shown"), [(3, [1, 2, 3]), (4, [1, 0, 4]), (12, [1, 0, 12])])
def test_identical_polls_are_folded(arrive: Arrive, calls: Calls, polls: int, shown: list[int]) -> None:
    """Of four and more the first and the last are shown, between them how many they are and how long they took."""
    for _ in range(polls):
        arrive("characters.retrieve")
    arrive("characters.save", 400)

    *lines, last = calls.timeline().split("\n")

    assert [int(line[:5].strip()) if " -> " in line else 0 for line in lines] == shown
    assert last.startswith(f"  {polls + 1:>3}  ")
    if 0 in shown:
        assert lines[1] == f"       x {polls}, {polls - 1} s"


def test_polls_that_differ_are_not_folded(arrive: Arrive, calls: Calls) -> None:
    """What the client saw, and the status that a record showed, tell polls apart."""
    for status in ("a", "a", "a", "b", "b", "b"):
        arrive("characters.retrieve").record_response(Reply(200, (), f'{{"status":"{status}"}}'.encode()), {})

    assert len(calls.timeline().split("\n")) == 6


def test_a_call_shows_its_place_unless_the_test_sent_it(arrive: Arrive) -> None:
    """The file of the test is known by its node id; outside of pytest every known place is shown."""
    call = arrive("characters.retrieve")
    line = shown_call(call, frozenset())
    call.stack = (("/x/tests/test_shop.py", 3, "test_publish"),)
    before = set_work(Work("tests/test_shop.py::test_publish[a]", print))
    try:
        assert shown_call(call, frozenset()) == line
        call.stack = (("/x/app/client.py", 12, "publish"),)
        assert shown_call(call, frozenset()) == f"{line}\n       at {Path('app/client.py')}:12 in publish"
        set_work(None)
        call.stack = (("/x/tests/test_shop.py", 3, "test_publish"),)
        assert shown_call(call, frozenset()) == f"{line}\n       at {Path('tests/test_shop.py')}:3 in test_publish"
    finally:
        set_work(before)


def test_a_place_of_any_length_keeps_the_width(arrive: Arrive) -> None:
    """Its middle gives way."""
    call = arrive("characters.retrieve")
    call.stack = ((f"/x/{'y' * 80}/{'z' * 80}.py", 1, "f" * 80),)

    assert max(map(len, shown_call(call, frozenset()).split("\n"))) == 100
