"""Who stands before the fake, or above it, and how it finds its way back."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import httpx
import pytest
import respx

from pytest_aurous import Aurous
from pytest_aurous._httpx import interception
from pytest_aurous._httpx.interception import INTERCEPTION

pytestmark = pytest.mark.lowest


def test_whom_the_fake_had_to_pass_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fake that stands for long passes one after the other, and keeps none but the first and the last."""
    genuine = httpx.HTTPTransport.handle_request
    with Aurous() as aurous:
        for _ in range(3):
            with monkeypatch.context() as patch:
                below = httpx.HTTPTransport.handle_request
                patch.setattr(httpx.HTTPTransport, "handle_request", lambda *args, below=below: below(*args))
                INTERCEPTION.to_front()
                key = {"X-Api-Key": aurous.api_key}
                assert httpx.get(f"{aurous.base_url}/v1/balance", headers=key).status_code == 200
        kept = INTERCEPTION._patches[httpx.HTTPTransport, "handle_request"]
        assert len(kept) == 2
        httpx.HTTPTransport.handle_request = kept[0].wrapper  # type: ignore[method-assign]  # as the last patch had it
    assert httpx.HTTPTransport.handle_request is genuine


def test_a_wrapper_that_somebody_put_back_is_looked_through() -> None:
    """One of ours that outlived its fake is not wrapped again."""
    genuine = httpx.HTTPTransport.handle_request
    with Aurous():
        idle = httpx.HTTPTransport.handle_request
    httpx.HTTPTransport.handle_request = idle  # type: ignore[method-assign]  # as a monkeypatch does that ends late
    with Aurous():
        assert INTERCEPTION._patches[httpx.HTTPTransport, "handle_request"][0].original is genuine
    httpx.HTTPTransport.handle_request = genuine  # type: ignore[method-assign]


def test_respx_need_not_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake does without it; and steps in front of it as soon as somebody has imported it."""
    above: Any = respx.mocks.Mocker.registry["httpx"]
    with monkeypatch.context() as patch:
        patch.delitem(sys.modules, "respx.mocks")
        with Aurous() as aurous, aurous.client() as client:
            assert client.get("/v1/balance").status_code == 200
        with Aurous():
            assert "handler" not in vars(above)
            patch.setitem(sys.modules, "respx.mocks", respx.mocks)
            INTERCEPTION.to_front()  # as after an import
            assert "handler" in vars(above)
    assert "handler" not in vars(above)


@pytest.mark.python
def test_respx_is_imported_late() -> None:
    """By the code under test, while a fake is entered: what is the fake's, the fake responds to."""
    script = """
import httpx
from pytest_aurous import Aurous
with Aurous() as aurous:
    import respx
    with respx.mock(using="httpx") as routes:
        routes.get("https://other.example").respond(204)
        assert httpx.get(f"{aurous.base_url}/v1/balance", headers={"X-Api-Key": aurous.api_key}).status_code == 200
        assert httpx.get("https://other.example").status_code == 204
assert "handler" not in vars(respx.mocks.Mocker.registry["httpx"])
"""
    subprocess.run([sys.executable, "-c", script], timeout=60, check=True)  # noqa: S603 - our Python


@pytest.mark.enable_socket
@pytest.mark.parametrize("strict", [True, False])
def test_respx_above_us_passes_on_what_is_ours(strict: bool) -> None:  # noqa: FBT001 - a column of the table
    """Sync and async, strict and lenient; what is not ours it answers as ever."""

    async def ask(url: str, **options: Any) -> int:
        async with httpx.AsyncClient() as client:
            return (await client.get(url, **options)).status_code

    async def both(aurous: Aurous) -> list[int]:
        key = {"X-Api-Key": aurous.api_key}
        return [await ask(f"{aurous.base_url}/v1/balance", headers=key), await ask("https://other.example/")]

    with Aurous() as aurous, respx.mock(using="httpx", assert_all_mocked=strict) as router:
        router.get("https://other.example/").respond(201)
        key = {"X-Api-Key": aurous.api_key}
        assert httpx.get(f"{aurous.base_url}/v1/balance", headers=key).status_code == 200
        assert httpx.get("https://other.example/").status_code == 201
        assert asyncio.run(both(aurous)) == [200, 201]
    assert "handler" not in vars(respx.mocks.HTTPCoreMocker.registry["httpx"])


def test_work_that_costs_nothing_leaves_no_note() -> None:
    """A team that is never charged has nothing held, committed or given back."""
    aurous = Aurous()
    team = aurous.teams.add(billing_mode="exempt")
    for end in ("finish", "fail"):
        aurous.client(headers={"X-Api-Key": team.api_key}).post("/v1/images", json={"prompt": "x"})
        getattr(team.images.last, end)()

    assert not [note for note in aurous._session.app.world.journal.notes if "credits" in note.text]


def test_a_difference_names_only_what_differs() -> None:
    """Of headers and of JSON: what agrees is not shown."""
    with Aurous() as aurous:
        headers = {"X-Api-Key": aurous.api_key, "X-One": "1", "X-Two": "2"}
        body = {"name": "Aurora", "generate": True, "attributes": {"age": 30}}
        httpx.post(f"{aurous.base_url}/v1/characters", json=body, headers=headers)

        with pytest.raises(AssertionError) as caught:
            aurous.assert_called(
                "characters.create", json={"name": "Aurora", "generate": False}, headers={"X-One": "1", "X-Two": "3"}
            )

    text = str(caught.value).partition("Closest:")[2].partition("All calls:")[0]
    assert "json.generate: True, wanted False" in text
    assert "header X-Two: '2', wanted '3'" in text
    assert "json.name" not in text
    assert "X-One" not in text


def test_restoring_respx_twice_changes_nothing() -> None:
    """Another fake, or a reset of respx, may have restored it before."""
    interception._step_back()
    with Aurous() as aurous:
        interception._step_back()
        assert aurous.client().get("/v1/balance").status_code == 200
    interception._step_back()
