"""Where the requests of a bad day were sent."""

from __future__ import annotations

import pytest

from pytest_aurous import Aurous, AurousExplorationError

ORDER = {"name": "A", "generate": True, "attributes": {"age": 28, "gender": "female"}}


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
