"""GET /v1/team and GET /v1/pricing."""

from tests.conftest import Api


def test_team_1_has_a_name_and_credits(api: Api) -> None:
    """Id, name, what it has, since when, and who pays."""
    team = api.get("/v1/team").json

    assert team == {
        "id": api.team.id,
        "name": api.team.name,
        "credits": 1000,
        "created_at": team["created_at"],
        "billing_email": team["billing_email"],
    }
    assert team["id"].startswith("team_")
    assert team["created_at"].endswith("Z")
    assert "@" in team["billing_email"]
    assert " " not in team["billing_email"]


def test_team_1_cred_1_a_teams_credits_are_all_of_them(api: Api) -> None:
    """Held ones too, as in the balance; what is charged is gone."""
    api.post("/v1/videos", json={"video_lora_id": "seedance-1-pro"})
    balance = api.get("/v1/balance").json
    assert balance["held_credits"] > 0
    assert api.get("/v1/team").json["credits"] == balance["credits"] == 1000

    api.aurous.videos.last.finish()

    charged = balance["held_credits"]
    assert api.get("/v1/team").json["credits"] == api.get("/v1/balance").json["credits"] == 1000 - charged


def test_cred_4_vid_2_the_price_list(api: Api) -> None:
    """The vendor's card, word for word but for the description."""
    card = api.get("/v1/pricing").json

    assert card == {
        "object": "pricing",
        "version": "2026-05-15",
        "currency": "credit",
        "description": card["description"],
        "image": {"base": 1, "enhance_prompt_multiplier": 2, "reference_image_per_image": 0},
        "video": {"base_per_second": 0.5, "resolution_factor": {"480p": 1, "720p": 1.5, "1080p": 2.5}},
    }
    assert "estimate" in card["description"]
