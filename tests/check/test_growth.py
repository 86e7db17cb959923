"""Time and memory of a check grow with the recording, not with its square."""

from __future__ import annotations

import sys
import tracemalloc
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from tests.check.story import Entries, Teller, check_files, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROUNDS = 6


def long_recording(rounds: int) -> Entries:
    """Return a recording with orders, polls, lists, balances, retries, and orders whose response was lost."""
    teller = Teller(credits=100_000)
    for number in range(rounds):
        path = teller.synthesize(f"Aurora {number}", f"key-{number}")
        teller.synthesize(f"Aurora {number}", f"key-{number}")
        teller.poll(path)
        teller.call("POST", f"{path}/save")
        teller.poll(teller.image(count=2))
        teller.call("GET", "/v1/balance")
        teller.call("GET", "/v1/characters", params={"limit": 5})
        teller.call("GET", "/v1/images", params={"limit": 5})
    entries: Entries = []
    for entry in teller.entries():
        if entry["comment"] == "images.create":  # an attempt before it that came to nothing
            lost = deepcopy(entry)
            lost["response"] = {"status": 503, "headers": [], "content": {"size": 0}}
            entries.append(lost)
        entries.append(entry)
    return entries


def recorded(folder: Path, rounds: int) -> Path:
    """Write a recording of this many rounds."""
    (folder / str(rounds)).mkdir()
    return write(folder / str(rounds), long_recording(rounds))


def calls_of(function: Callable[[], object]) -> int:
    """Return the number of functions that a function calls, and those call."""
    count = 0

    def note(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(before)
    return count


def memory_of(function: Callable[[], object]) -> int:
    """Return the most memory that a function uses at a time, in bytes."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
@pytest.mark.parametrize("measure", [calls_of, memory_of])
def test_a_recording_four_times_as_long_takes_four_times_as_much(
    tmp_path: Path, measure: Callable[[Callable[[], object]], int]
) -> None:
    """Of both: calls of functions, which are counted, and memory."""
    short, long = (recorded(tmp_path, rounds) for rounds in (ROUNDS, 4 * ROUNDS))
    check_files([short])  # what is read once is read

    assert measure(lambda: check_files([long])) < 4.6 * measure(lambda: check_files([short]))
