"""The pytest hooks: options, markers, and the verdict on what the code under test sent."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from ._options import WRONG, add_options, check_markers, configured
from ._settings import ROWS
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
    "pytest_runtest_makereport",
    "pytest_runtest_setup",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the settings."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and read the settings while a mistake can still be told plainly."""
    config.addinivalue_line(
        "markers",
        f"aurous({', '.join(f'{name}=...' for name in ROWS)}): "
        "settings of the `aurous` fixture for this test, class or module; merged from the outside in.",
    )
    configured(config)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a wrong marker before anything runs."""
    check_markers(items)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse a wrong marker where collection could not."""
    if WRONG in item.stash:
        raise item.stash[WRONG]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Give the verdict in the call phase: one FAILED, however the client swallowed the answer."""
    result = yield
    if FAKE in item.stash:
        try:
            item.stash[FAKE]._verdict.judge()
        except AurousError as error:
            raise _as_failure(error) from None
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the timeline of a failed test, whoever failed it; a test that ended otherwise has its verdict too."""
    report = yield
    if call.when == "call" and FAKE in item.stash:
        told = call.excinfo is not None and isinstance(call.excinfo.value, AurousError)
        timeline = item.stash[FAKE]._verdict.timeline(problems=not told)
        if report.failed:
            report.sections.append(("Aurous timeline", timeline))
    return report


def _as_failure(error: AurousError) -> BaseException:
    """Return *error*, of its own type still, as what `pytest.fail` raises: the message without a trace of our hooks."""
    kind: Any = type("Failed", (pytest.fail.Exception, type(error)), {"__module__": "builtins"})
    failure: BaseException = kind(f"{type(error).__name__}: {error}", pytrace=False)
    return failure
