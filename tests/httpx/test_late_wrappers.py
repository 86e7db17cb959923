"""A wrapper of our own that another tool puts back late stays where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from pytest_aurous import Aurous
from pytest_aurous._httpx import interception

if TYPE_CHECKING:
    import pytest


def test_a_late_wrapper_in_front_of_ours_is_no_reason_to_wrap_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind it is the present wrapper, which goes on to respond."""
    with Aurous() as aurous, aurous.client() as client:
        ours = httpx.HTTPTransport.handle_request

        def late(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
            return ours(self, request)

        setattr(late, interception._ORIGINAL, ours)
        with monkeypatch.context() as patch:
            patch.setattr(httpx.HTTPTransport, "handle_request", late)
            interception.INTERCEPTION.to_front()
            assert httpx.HTTPTransport.handle_request is late
            assert client.get("/v1/balance").status_code == 200

        assert httpx.HTTPTransport.handle_request is ours
