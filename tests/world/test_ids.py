import pytest

from pytest_aurous._core.world.ids import IdSource, ulid
from pytest_aurous._core.world.state import State


@pytest.mark.parametrize(
    ("milliseconds", "chance", "expected"),
    [
        (0, bytes(16), "0" * 26),
        (2**48 - 1, b"\xff" * 16, "7" + "Z" * 25),
        (1, bytes(16), "0000000001" + "0" * 16),
        (1024, b"\x07" * 14 + b"\x08\xf8", "0000000100" + "0" * 14 + "1Z"),
    ],
)
def test_a_ulid_is_26_crockford_letters(milliseconds: int, chance: bytes, expected: str) -> None:
    """Ten letters of time, most significant first, and sixteen of chance, each from the higher five bits of a byte."""
    assert ulid(milliseconds, chance) == expected


def test_prefixes_do_not_disturb_each_other() -> None:
    """Requests, which have ids too, change nothing about the ids of characters."""
    quiet, busy = IdSource(State(), 0), IdSource(State(), 0)
    for _ in range(5):
        busy.new("req")

    assert quiet.new("char") == busy.new("char")
