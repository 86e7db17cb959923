import pytest

from publisher import PublishError, publish
from pytest_aurous import Aurous


def test_a_synthesis_costs_four_credits(aurous: Aurous) -> None:
    """The synthesis costs four credits; publishing is free."""
    before = aurous.team.credits

    publish("Aurora", {"age": 28})

    assert aurous.team.credits == before - 4


def test_credits_are_held_while_it_runs(aurous: Aurous) -> None:
    """The credits are held during the synthesis, and released when it fails."""
    aurous.script("synthesizing! -> reviewing")
    with aurous.client() as api:
        api.post(
            "/v1/characters",
            json={"name": "Aurora", "generate": True, "attributes": {"age": 28}},
        )
        assert api.get("/v1/balance").json()["held_credits"] == 4

        aurous.characters.last.fail("provider_timeout")

        assert api.get("/v1/balance").json()["available_credits"] == 1000


@pytest.mark.aurous(credits=3)
def test_too_few_credits_for_a_synthesis(aurous: Aurous) -> None:
    """Three credits are not enough: 402, and no character is created."""
    with pytest.raises(PublishError, match=r"^insufficient_credits"):
        publish("Aurora", {"age": 28})

    assert aurous.calls.last.status == 402
    assert len(aurous.characters) == 0


def test_the_credits_run_out_between_two_characters(aurous: Aurous) -> None:
    """Another program has spent them between two creates."""
    publish("Aurora", {"age": 28})
    aurous.team.credits = 0

    with pytest.raises(PublishError, match=r"^insufficient_credits"):
        publish("Borealis", {"age": 31})

    assert [one.name for one in aurous.characters] == ["Aurora"]


def test_an_exempt_team_is_never_refused(aurous: Aurous) -> None:
    """Its requests succeed with a balance of zero."""
    partner = aurous.teams.add("Partner", credits=0, billing_mode="exempt")
    body = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}

    with aurous.client(headers={"X-Api-Key": partner.api_key}) as api:
        assert api.post("/v1/characters", json=body).status_code == 201

    assert partner.credits == 0
