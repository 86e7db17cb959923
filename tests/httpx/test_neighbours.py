"""Who stands before the fake, or above it, and how it finds its way back."""

import asyncio
import sys
from typing import Any

import httpx
import pytest
import respx

from pytest_aurous import Aurous
from pytest_aurous._httpx.interception import _ORIGINAL, INTERCEPTION

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


@pytest.mark.enable_socket
@pytest.mark.parametrize("strict", [True, False])
def test_respx_above_us_passes_on_what_is_ours(strict: bool) -> None:  # noqa: FBT001 - a column of the table
    """Sync and async, strict and lenient; to what is not ours it responds as ever."""

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


def test_a_late_wrapper_in_front_of_ours_is_no_reason_to_wrap_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind it is the present wrapper, which goes on to respond."""
    with Aurous() as aurous, aurous.client() as client:
        ours = httpx.HTTPTransport.handle_request

        def late(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
            return ours(self, request)

        setattr(late, _ORIGINAL, ours)
        with monkeypatch.context() as patch:
            patch.setattr(httpx.HTTPTransport, "handle_request", late)
            INTERCEPTION.to_front()
            assert httpx.HTTPTransport.handle_request is late
            assert client.get("/v1/balance").status_code == 200

        assert httpx.HTTPTransport.handle_request is ours
