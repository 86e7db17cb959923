"""The pytest hooks: options, markers, and the verdict on what the code under test sent."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

from ._options import add_options, check_markers, configured
from .errors import AurousError
from .fixtures import (
    FAKE,
    aurous,
    aurous_api_key,
    aurous_async_client,
    aurous_base_url,
    aurous_client,
    aurous_faker,
    aurous_seed,
)

if TYPE_CHECKING:
    from ._aurous import Aurous

__all__ = (
    "aurous",
    "aurous_api_key",
    "aurous_async_client",
    "aurous_base_url",
    "aurous_client",
    "aurous_faker",
    "aurous_seed",
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_runtest_call",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the settings."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and read the settings while a mistake can still be told plainly."""
    config.addinivalue_line(
        "markers",
        "aurous(script=..., strict='error', now=..., seed=0, credits=1000, base_url=..., readings=...): "
        "settings of the `aurous` fixture for this test, class or module; merged from the outside in.",
    )
    configured(config)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a wrong marker before anything runs."""
    check_markers(items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Give the verdict in the call phase: one FAILED, however the client swallowed the answer."""
    try:
        result = yield
    except BaseException:
        if FAKE in item.stash:
            _show_timeline(item, item.stash[FAKE])
        raise
    if FAKE in item.stash:
        try:
            item.stash[FAKE]._judge()
        except AurousError as error:
            _show_timeline(item, item.stash[FAKE])
            raise _as_failure(error) from None
    return result


def _show_timeline(item: pytest.Item, fake: Aurous) -> None:
    item.add_report_section("call", "Aurous timeline", fake._timeline())


def _as_failure(error: AurousError) -> BaseException:
    """Return *error*, of its own type still, as what `pytest.fail` raises: the message without a trace of our hooks."""
    kind: Any = type("Failed", (pytest.fail.Exception, type(error)), {"__module__": "builtins"})
    failure: BaseException = kind(f"{type(error).__name__}: {error}", pytrace=False)
    return failure
