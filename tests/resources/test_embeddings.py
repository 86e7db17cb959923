"""POST /v1/embeddings: one vector, its price, and what is refused."""

from collections.abc import Callable
from math import hypot
from typing import Any, Final

import pytest

from pytest_aurous import AurousError
from tests.conftest import Api

PATH: Final = "/v1/embeddings"
MODEL: Final = "aurous-embed-vision-1.0"
IMAGE: Final = {"type": "image_url", "image_url": {"url": "https://pictures.example/a.png"}}


def embed(api: Api, given: Any, **more: Any) -> Any:
    response = api.post(PATH, json={"model": MODEL, "input": given, **more})
    assert response.status == 200, response.body
    return response.json


def vector(api: Api, given: Any, **more: Any) -> list[float]:
    (found,) = embed(api, given, **more)["data"]
    numbers: list[float] = found["embedding"]
    return numbers


def cosine(one: list[float], other: list[float]) -> float:
    """Return how near two unit vectors are."""
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_emb_1_there_is_one_vector_and_equal_texts_are_equal(api: Api) -> None:
    """It is a unit vector; a text with words in common is nearer than another one, and the parts are one input."""
    hair, curls = vector(api, "A woman with black hair"), vector(api, "black hair, and curls")
    ship = vector(api, "The harbor at dawn")

    assert hypot(*hair) == pytest.approx(1, abs=0.001)
    assert vector(api, "A woman with black hair") == hair
    assert cosine(hair, curls) > cosine(hair, ship) + 0.2
    assert len(embed(api, [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}])["data"]) == 1
    assert hypot(*vector(api, "!")) == pytest.approx(1, abs=0.001)


@pytest.mark.parametrize(("reading", "size"), [("2048", 2048), ("1024", 1024)])
def test_emb_3_the_size_is_native_whatever_is_asked_for(make_api: Callable[..., Api], reading: str, size: int) -> None:
    """A size that the model does not list is refused; base64 gets floats."""
    api = make_api(readings={"emb-3": reading})

    assert len(vector(api, "Hi", dimensions=1024, encoding_format="base64")) == size
    body = {"model": MODEL, "input": "Hi", "dimensions": 7}
    api.refused("POST", PATH, json=body, status=400, code="embeddings_unsupported_dimensions", param="dimensions")


@pytest.mark.parametrize(
    ("given", "code", "param"),
    [
        (["one", "two"], "embeddings_batch_not_supported", "input"),
        ([{"type": "video_url"}], "embeddings_video_unsupported", "input[*].type"),
        ("a\0b", "invalid_format", "input"),
        ([[1, 2]], "invalid_format", "input[*]"),
        ([], "value_out_of_range", "input"),
        ([{"type": "image_url", "image_url": "x"}], "invalid_format", "input[*].image_url.url"),
        ([{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}], "invalid_request", None),
        ([{"type": "image_url", "image_url": {"url": "https://127.0.0.1/a.png"}}], "invalid_request", None),
        ([{"type": "image_url", "image_url": {"url": "https://intranet/a.png"}}], "invalid_request", None),
        ([{"type": "image_url", "image_url": {"url": "http://pictures.example/a.png"}}], "invalid_request", None),
    ],
    ids=lambda value: str(value)[:40],
)
def test_emb_6_emb_4_emb_2_what_is_refused(api: Api, given: Any, code: str, param: str | None) -> None:
    """The estimate refuses the same; nothing is charged."""
    for path in (PATH, f"{PATH}/estimate"):
        body = {"model": MODEL, "input": given}
        api.refused("POST", path, json=body, status=400, code=code, param=param or "input[*].image_url.url")
    assert api.money() == (1000, 0)


def test_emb_4_whether_one_text_may_come_in_a_list(make_api: Callable[..., Api]) -> None:
    """No page says so: the refusal names its reading, under which one text is that text, and several are refused."""
    api, other = make_api(), make_api(readings={"emb-4": "one_accepted"})
    for path in (PATH, f"{PATH}/estimate"):
        refused = api.post(path, json={"model": MODEL, "input": ["Hi"]})
        assert (refused.status, refused.json["error"]["code"]) == (400, "embeddings_batch_not_supported")
        message = refused.json["error"]["message"]
        assert "that a list of one is refused; the fake assumes it (emb-4)" in message
        assert "readings={'emb-4': 'one_accepted'}" in message
        blank = {"model": MODEL, "input": [""]}
        api.refused("POST", path, json=blank, status=400, code="embeddings_batch_not_supported", param="input")

    assert embed(other, ["Hi"]) == embed(other, "Hi")
    for given, code in ((["a", "b"], "embeddings_batch_not_supported"), ([""], "value_out_of_range")):
        error = other.post(PATH, json={"model": MODEL, "input": given}).json["error"]
        assert (error["code"], error["param"], "one_accepted" in error["message"]) == (code, "input", False)


def test_emb_5_nothing_is_rounded(api: Api) -> None:
    assert embed(api, "x")["usage"]["credits_charged"] == 0.00001875


def test_emb_8_emb_5_tokens_are_charged_as_the_estimate_says(api: Api) -> None:
    """Texts and images have their own rates; the estimate costs nothing."""
    given = [{"type": "text", "text": "x" * 20_000}, IMAGE]
    estimate = api.post(f"{PATH}/estimate", json={"model": MODEL, "input": given}).json
    assert api.money() == (1000, 0)

    usage = embed(api, given)["usage"]

    assert usage["credits_charged"] == estimate["credits_estimated"] == 0.1546875  # 5,000 at 18.75, 1,250 at 48.75
    assert usage["breakdown"] == estimate["breakdown"]
    assert (usage["prompt_tokens"], usage["total_tokens"]) == (6_250, 6_250)
    assert estimate["tokens"] == {"text": 5_000, "image": 1_250, "video": 0, "total": 6_250}
    assert api.money() == (1000 - 0.1546875, 0)


def test_emb_7_a_provider_that_fails_costs_nothing(api: Api) -> None:
    """A fault lets it happen."""
    api.aurous.faults.status("embeddings.create", 502, code="embeddings_provider_unknown_error")

    response = api.post(PATH, json={"model": MODEL, "input": "Hi"})

    assert (response.status, response.json["error"]["code"]) == (502, "embeddings_provider_unknown_error")
    assert api.money() == (1000, 0)


def test_a_test_can_set_vectors(api: Api) -> None:
    """Of any length; other texts have their own, and a team in debt pays nothing."""
    api.aurous.embeddings.vectors({"black hair": [0.6, 0.8], "tuple": (1, 0)})

    assert vector(api, "black hair") == [0.6, 0.8]
    assert vector(api, "tuple") == [1, 0]
    assert len(vector(api, "other")) == 2
    with pytest.raises(AurousError, match="vectors of one length, not"):
        api.aurous.embeddings.vectors({"longer": [1.0, 0, 0]})
    assert repr(api.aurous.embeddings) == "<Embeddings: 2 vectors set>"
    snapshot = api.aurous.snapshot()
    api.aurous.embeddings.vectors({"black hair": [0, 1]})
    api.aurous.restore(snapshot)
    assert vector(api, "black hair") == [0.6, 0.8]
    wrong: tuple[Any, ...] = (
        [0.6],
        {"x": []},
        {"x": "text"},
        {"x": [float("nan")]},
        {"x": [10**400]},
        {7: [1.0]},
        {"x": 1.0},
    )
    for given in wrong:
        with pytest.raises(AurousError, match="expected a mapping from texts to vectors"):
            api.aurous.embeddings.vectors(given)
    api.team.credits = 0
    body = {"model": MODEL, "input": "Hi"}
    api.refused("POST", PATH, json=body, status=402, code="balance_too_low")
