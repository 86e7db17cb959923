"""GET /v1/models: the models, and what a request may do with them."""

from collections.abc import Callable
from typing import Any

import pytest

from pytest_aurous import AurousError
from pytest_aurous._core.resources.models import rates_of
from tests.conftest import Api


def test_model_1_the_list_has_a_chat_model_and_an_embedding_model(api: Api) -> None:
    """Each has its kind twice, its own rates, and its limits."""
    chat, embedding = api.get("/v1/models").json["data"]

    assert (chat["id"], chat["kind"], chat["aurous_metadata"]["kind"]) == ("aurous-grow-2.0-pro", "chat", "chat")
    assert chat["chat_pricing"] == {"input": {"credits_per_M": 75}, "output": {"credits_per_M": 450}}
    assert chat["embedding_pricing"] is None
    assert chat["aurous_metadata"]["context_window"] == 256_000
    assert "tool_choice_required" in chat["aurous_metadata"]["capabilities"]
    assert (embedding["id"], embedding["kind"]) == ("aurous-embed-vision-1.0", "embedding")
    assert embedding["embedding_pricing"] == {"text": {"credits_per_M": 18.75}, "visual": {"credits_per_M": 48.75}}
    assert embedding["aurous_metadata"]["dimensions"] == [1024, 2048]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"model": "aurous-embed-vision", "messages": [{"role": "user", "content": "Hi"}]}),
        ("/v1/embeddings", {"model": "aurous-grow-2.0-pro", "input": "Hi"}),
        ("/v1/embeddings/estimate", {"model": "aurous-grow-2.0-pro", "input": "Hi"}),
    ],
)
@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        pytest.param({}, 400, "model_wrong_kind", id="model-2 another kind"),
        pytest.param({"model": "x"}, 404, "resource_not_found", id="model-3 unknown"),
    ],
)
def test_model_2_model_3_a_model_must_exist_and_be_of_the_kind(
    api: Api, path: str, body: Any, change: Any, status: int, code: str
) -> None:
    api.refused("POST", path, json={**body, **change}, status=status, code=code, param="model")


@pytest.mark.parametrize(
    ("reading", "name", "other"),
    [
        ("page", "max_output_tokens_hard_cap", "hard_max_tokens"),
        ("guide", "hard_max_tokens", "max_output_tokens_hard_cap"),
    ],
)
def test_model_4_the_hard_cap_has_two_names(make_api: Callable[..., Api], reading: str, name: str, other: str) -> None:
    """One of them is there."""
    metadata = make_api(readings={"model-4": reading}).get("/v1/models").json["data"][0]["aurous_metadata"]

    assert metadata[name] == 8192
    assert other not in metadata


def test_a_team_can_have_a_model_of_its_own(api: Api) -> None:
    """It is in the list and in the collection of that team alone."""
    model = api.aurous.models.add("house-1", capabilities=("multimodal_input",), max_output_tokens=100)

    assert [one["id"] for one in api.get("/v1/models").json["data"]][-1] == "house-1"
    assert model.json()["aurous_metadata"]["max_output_tokens_hard_cap"] == 100
    assert (model.kind, repr(model)) == ("chat", "<Model house-1 chat>")
    assert "house-1" in api.aurous.models
    other = api.aurous.teams.add()
    assert "house-1" not in other.models
    assert other.models.get("house-1") is None
    for arguments, expected in (
        ({"id": "house-1"}, "there is such a model already"),
        ({"id": "x", "capabilities": ("fly",)}, "capabilities='fly'"),
        ({"id": "x", "max_output_tokens": 0}, "max_output_tokens=0"),
        ({"id": "x", "output": -1}, "output=-1"),
    ):
        with pytest.raises(AurousError, match=expected):
            api.aurous.models.add(**arguments)


def test_the_rates_of_a_model_that_is_not_public_are_not_known() -> None:
    """Who asks for another model learns that nothing is known of it."""
    assert rates_of("aurous-embed-vision")["text"] > 0
    assert rates_of("mine") == {}
