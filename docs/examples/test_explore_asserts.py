import httpx

from careful import CarefulClient
from pytest_aurous import Aurous


def test_the_good_day_and_what_the_application_stores(aurous: Aurous) -> None:
    """The laws compare bad days with the good day; this test checks the good day."""

    def create(database: dict[str, str]) -> None:
        response = CarefulClient().create("Aurora", key="job 1").raise_for_status()
        database["Aurora"] = response.json()["id"]
        assert set(database) == {"Aurora"}  # checked on bad days, too

    aurous.explore(create, fresh=dict, may_raise=(httpx.HTTPError, ValueError))

    assert aurous.team.available_credits == 996
    assert aurous.characters.last.status == "synthesizing"
