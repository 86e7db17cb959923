"""The pytest plugin: options, markers, fixtures, the network guard, and the sections of reports.

The top layer: it may import everything below, and nothing imports it. pytest finds the hooks and fixtures in this
module, which the entry point and ``-p pytest_aurous`` name.
"""

from __future__ import annotations

from .fixtures import (
    aurous,
    aurous_api_key,
    aurous_async_client,
    aurous_base_url,
    aurous_client,
    aurous_faker,
    aurous_seed,
    aurous_server,
)
from .hooks import (
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_fixture_setup,
    pytest_report_header,
    pytest_runtest_call,
    pytest_runtest_logfinish,
    pytest_runtest_makereport,
    pytest_runtest_protocol,
    pytest_runtest_setup,
    pytest_runtest_teardown,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
    pytest_warning_recorded,
)

__all__ = (
    "aurous",
    "aurous_api_key",
    "aurous_async_client",
    "aurous_base_url",
    "aurous_client",
    "aurous_faker",
    "aurous_seed",
    "aurous_server",
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_fixture_setup",
    "pytest_report_header",
    "pytest_runtest_call",
    "pytest_runtest_logfinish",
    "pytest_runtest_makereport",
    "pytest_runtest_protocol",
    "pytest_runtest_setup",
    "pytest_runtest_teardown",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "pytest_testnodedown",
    "pytest_warning_recorded",
)
