"""Going back to a moment: after a reset, between the examples of Hypothesis, and between explored runs."""

from collections.abc import Iterator

import httpx
import pytest

from pytest_aurous import Aurous


@pytest.fixture(name="aurous")
def _aurous() -> Iterator[Aurous]:
    with Aurous(seed=3) as aurous:
        yield aurous


def test_one_can_go_back_to_each_moment_in_any_order(aurous: Aurous) -> None:
    """To records, calls, receivers, and routes with what they respond and have recorded."""
    start = aurous._session.moment()
    client = aurous.client()
    route = aurous.route("balance.retrieve")
    route.mock(side_effect=[httpx.Response(status) for status in (418, 420)])
    aurous.webhooks.deliver_to(lambda _: 200)
    first = aurous._session.moment()
    assert client.get("/v1/balance").status_code == 418
    aurous.characters.add()
    aurous.route("team.retrieve").respond(418)
    route.respond(503)
    aurous.webhooks.deliver_to(lambda _: 200)
    second = aurous._session.moment()

    def seen() -> tuple[int, ...]:
        status = client.get("/v1/balance").status_code, client.get("/v1/team").status_code
        return (*status, len(aurous.calls), route.call_count, len(aurous.webhooks._targets), len(aurous.characters))

    for moment, expected in (
        (first, (418, 200, 2, 1, 1, 0)),
        (second, (503, 418, 3, 2, 2, 1)),
        (start, (200, 200, 2, 2, 0, 0)),  # the route is gone, and records nothing any more
        (first, (418, 200, 2, 1, 1, 0)),
    ):
        moment.go_back()
        assert seen() == expected
        moment.go_back()
        assert seen() == expected


def test_each_explored_run_has_the_same_responses_of_routes_and_people_of_the_faker(aurous: Aurous) -> None:
    """Else two good days would differ, or a bad day would not be comparable with the good one."""
    aurous.route("balance.retrieve").mock(side_effect=[httpx.Response(418), httpx.Response(200, json={"credits": 1})])
    names: list[str] = []

    with aurous.client() as client:

        def run() -> int:
            names.append(aurous.faker.name())
            client.get("/v1/team")
            return client.get("/v1/balance").status_code + client.get("/v1/balance").status_code

        assert aurous.explore(run, faults="unavailable", laws="ends").good_day.returned == 618

    assert len(names) == 4  # two good days, a bad day, and a last good day
    assert len(set(names)) == 1
