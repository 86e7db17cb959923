"""Settings for a module, for a class and for one test."""

import httpx
import pytest

from pytest_aurous import Aurous, Character

pytestmark = pytest.mark.aurous(pitfalls="error", credits=20)

PICTURE = {"prompt": "On a bench"}


def create(api: httpx.Client, character: Character) -> httpx.Response:
    return api.post("/v1/images", json={**PICTURE, "character_id": character.id})


@pytest.mark.usefixtures("within_budget")
def test_a_picture_is_paid(
    aurous: Aurous, aurous_client: httpx.Client, aurora: Character
) -> None:
    """The marker of the module sets 20 credits."""
    assert create(aurous_client, aurora).status_code == 201

    aurous.images.last.finish()
    assert aurous.team.credits < 20


@pytest.mark.aurous(credits=0)
class TestWithoutCredits:
    """A class changes one setting, and keeps the others of the module."""

    def test_a_picture_is_refused(
        self, aurous: Aurous, aurous_client: httpx.Client, aurora: Character
    ) -> None:
        """The refusal has the documented code."""
        refused = create(aurous_client, aurora)

        assert refused.json()["error"]["code"] == "balance_too_low"
        assert len(aurous.images) == 0

    @pytest.mark.aurous(credits=1)
    def test_one_credit_is_enough(
        self, aurous_client: httpx.Client, aurora: Character
    ) -> None:
        """The nearest marker wins."""
        assert create(aurous_client, aurora).status_code == 201
