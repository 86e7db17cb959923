"""Type checkers know the client options of httpx, and no others."""

from inspect import signature
from typing import Any

import httpx
import pytest

from pytest_aurous._httpx.options import AsyncClientOptions, ClientOptions

pytestmark = pytest.mark.lowest


@pytest.mark.parametrize(
    ("options", "client"), [(ClientOptions, httpx.Client), (AsyncClientOptions, httpx.AsyncClient)]
)
def test_each_option_is_one_of_httpx(options: Any, client: Any) -> None:
    """No option is missing, except what httpx deprecated before 0.28, and no option is made up."""
    assert {*signature(client).parameters} - {"app", "proxies"} == {*options.__annotations__}
