"""Where the requests of a bad day were sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_aurous import Aurous, AurousExplorationError
from pytest_aurous._core.wire.call import Call
from pytest_aurous._explore.report.text import _numbered

ORDER = {"name": "A", "generate": True, "attributes": {"age": 28, "gender": "female"}}


@pytest.mark.parametrize(
    ("function", "gap"), [("publish", "  at "), ("p" * 60, "\n       at "), ("p" * 200, "\n       at ")]
)
def test_the_place_ends_the_line_or_stands_below_it(function: str, gap: str) -> None:
    """The report, which is indented by two more, keeps its 100 columns."""
    call = Call("POST", "https", "h", "/p", stack=(("/x/app/client.py", 12, function),))
    line = "+0 s     characters.save  POST /v1/characters/char_1/save"

    text = _numbered(3, call, line, frozenset())

    assert text.startswith(f"  3  {line}{gap}{Path('app/client.py')}:12 in p")
    assert max(map(len, text.split("\n"))) <= 98


def test_a_request_without_a_place_ends_as_before() -> None:
    """It may have come over a socket."""
    assert _numbered(3, Call("GET", "https", "h", "/p"), "line", frozenset()) == "  3  line"


def test_a_broken_law_shows_where_its_requests_were_sent(aurous: Aurous) -> None:
    """Each request of the story has its place."""

    def order() -> None:
        client = aurous.client()
        for _ in range(2):  # without a key, as often as it takes
            try:
                client.post("/v1/characters", json=ORDER)
            except Exception:  # noqa: BLE001, S112 - the mistake
                continue
            return

    with pytest.raises(AurousExplorationError, match=r"test_places_of_requests\.py:\d+ in order"):
        aurous.explore(order)
