import httpx

from careful import CarefulClient
from pytest_aurous import Aurous


def test_what_the_good_day_costs_and_what_the_application_keeps(aurous: Aurous) -> None:
    """The laws compare bad days with the good one; what that is worth, a test says."""

    def order(database: dict[str, str]) -> None:
        response = CarefulClient().create("Aurora", key="job 1").raise_for_status()
        database["Aurora"] = response.json()["id"]
        assert set(database) == {"Aurora"}  # checked on bad days, too

    aurous.explore(order, fresh=dict, may_raise=(httpx.HTTPError, ValueError))

    assert aurous.team.available_credits == 996
    assert aurous.characters.last.status == "synthesizing"
