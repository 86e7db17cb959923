"""The journal: calls in order of arrival, and what has changed during and after each."""

from pytest_aurous import Call, Clock
from pytest_aurous._core.wire.lines import Note
from pytest_aurous._core.world.journal import Journal
from pytest_aurous._core.world.state import State

NOON_S = 1_778_241_600.0


def test_a_change_belongs_to_the_call_that_did_it_or_to_the_time_after_it() -> None:
    """Before any call it is of none; while one is at work it is of that one; afterwards it came after it."""
    clock = Clock("2026-05-08T12:00:00Z")
    journal = Journal(State(), clock)
    first, second = (Call("GET", "https", "api.test", path) for path in ("/1", "/2"))
    journal.note("before")
    journal.arrive(first, NOON_S)
    journal.note("by the first")
    journal.leave()
    clock.advance(seconds=5)
    journal.note("after it")
    journal.arrive(second, NOON_S)
    journal.note("by the second")
    journal.leave()

    assert journal.notes == [
        Note(number=0, by="test", at=NOON_S, text="before"),
        Note(number=1, by="call", at=NOON_S, text="by the first"),
        Note(number=1, by="test", at=NOON_S + 5, text="after it"),
        Note(number=2, by="call", at=NOON_S + 5, text="by the second"),
    ]
    journal.forget(1)
    assert [(note.number, note.text) for note in journal.notes] == [
        (1, "by the first"),
        (1, "after it"),
        (2, "by the second"),
    ]


def test_a_call_that_comes_back_is_at_work_again() -> None:
    """One that a route of the test has let pass is written down once, and what it changes is its own."""
    journal = Journal(State(), Clock())
    first, second = (Call("GET", "https", "api.test", path) for path in ("/1", "/2"))
    for call in (first, second, first):
        journal.arrive(call, NOON_S)
    journal.note("by the first")

    assert ([call.path for call in journal.entries], journal.notes[0][:2]) == (["/1", "/2"], (1, "call"))


def test_a_cleared_journal_begins_anew() -> None:
    """Calls are counted from 1 again, and notes of then are gone."""
    journal = Journal(State(), Clock())
    for path in ("/1", "/2"):
        call = Call("GET", "https", "api.test", path)
        journal.arrive(call, NOON_S)
        journal.note("x")
        journal.leave()
        journal.clear()

        assert (journal.entries, journal.notes, call.number) == ([], [], 1)
