"""What is said of a call that was refused, beside what the API says."""

from collections.abc import Callable

import pytest

from pytest_aurous._report.unmatched import hint_of
from tests.conftest import Api


def test_a_missing_key_is_told_where_it_is(api: Api) -> None:
    """Both the client that has one and the variable are named."""
    api.get("/v1/balance", key=None)

    hint = hint_of(api.aurous.calls.last)
    assert all(word in hint for word in ("X-Api-Key", "aurous_client", "AUROUS_API_KEY"))


@pytest.mark.parametrize("scheme", ["", "Token "])
def test_a_key_without_the_scheme_is_told_so(api: Api, scheme: str) -> None:
    """A bare key in ``Authorization``, or another scheme, is no bearer token."""
    response = api.get("/v1/balance", key=None, headers={"Authorization": f"{scheme}{api.team.api_key}"})

    assert response.status == 401
    assert hint_of(api.aurous.calls.last).startswith("the scheme Bearer is missing: send `Authorization: Bearer <key>`")


@pytest.mark.parametrize("reading", ["invalid_api_key", "revoked_api_key"])
@pytest.mark.parametrize("key", ["al_live_made_up", "sk-test", "revoked"])
@pytest.mark.parametrize("header", ["X-Api-Key", "Authorization"])
def test_a_key_that_was_made_up_is_told_which_one_works(
    make_api: Callable[..., Api], reading: str, key: str, header: str
) -> None:
    """The variable, the attribute and the fixture are named; for a revoked key, too."""
    api = make_api(readings={"auth-4": reading})
    if key == "revoked":
        key = str(api.team.add_key())
        api.aurous._session.app.world.keys.end(key, 0)
    sent = key if header == "X-Api-Key" else f"Bearer {key}"

    assert api.get("/v1/balance", key=None, headers={header: sent}).status == 401

    hint = hint_of(api.aurous.calls.last)
    assert all(word in hint for word in ("AUROUS_API_KEY", "aurous_api_key", "aurous.api_key"))


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/v1/characters/upl_1", "uploads"),
        ("POST", "/v1/characters/img_1/save", "images"),
        ("PATCH", "/v1/characters/team_1", "teams"),
        ("GET", "/v1/images/char_1", "characters"),
        ("POST", "/v1/images/file_1/cancel", "files"),
        ("GET", "/v1/loras/img_1", "images"),
        ("PUT", "https://aurous.storage/characters/char_1/uploads", ""),
    ],
)
def test_an_id_of_another_kind_is_named(api: Api, method: str, path: str, kind: str) -> None:
    """The operation that was called wants another one."""
    api.send(method, path, json={"name": "A"})
    call = api.aurous.calls.last

    hint = hint_of(call)
    assert hint == (f"{path.split('/')[3]} is an id of {kind}: {call.operation} expects another kind" if kind else "")


@pytest.mark.parametrize("slash", ["%2F", "%2f"])
def test_a_slash_inside_a_segment_is_named(api: Api, slash: str) -> None:
    """It was quoted with the rest of the path, which should have been joined."""
    api.get(f"/v1/characters/char_1{slash}save")

    hint = hint_of(api.aurous.calls.last)
    assert hint.startswith(f"char_1{slash}save contains %2F: a slash inside a segment")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/characters/char_1",
        "/v1/characters?limit=0",
        "/v1/images/img_1",
        "/v1/images/vid_1",
        "/v1/video_loras/lora_1",
        "https://aurous.storage/characters/upl_1/upload",
        "/storage/characters/ref_1/front.bin",
    ],
)
def test_where_nothing_is_odd_nothing_is_said(api: Api, path: str) -> None:
    """An id of the right kind that is unknown speaks for itself."""
    response = api.put(path) if path.endswith("/upload") else api.get(path)

    assert response.status >= 400
    assert hint_of(api.aurous.calls.last) == ""


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        (
            "/v1/characters?limit=2&statuses=ready",
            "the fake ignores 'statuses': characters.list has no such parameter; did you mean 'status'?",
        ),
        ("/v1/characters?limit=2&version=7", ""),
        ("/v1/characters?limit=2&status=ready", ""),
        ("/v1/usage?group_by[]=model", ""),
        ("/v1/nothing?limit=2", ""),
    ],
)
def test_a_misspelled_parameter_is_named(api: Api, path: str, hint: str) -> None:
    """It causes no refusal, and the result is not what the test expects; one that resembles no other is no mistake."""
    api.get(path)

    assert hint_of(api.aurous.calls.last) == hint


def test_an_unknown_model_is_told_which_there_are(api: Api) -> None:
    """But a fault with the same code is not about the model."""
    sent = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}
    api.post("/v1/chat/completions", json=sent)
    assert "aurous-grow-2.0-pro" in hint_of(api.aurous.calls.last)

    api.aurous.faults.status("chat.create", 404)
    api.post("/v1/chat/completions", json=sent)
    assert hint_of(api.aurous.calls.last) == ""
