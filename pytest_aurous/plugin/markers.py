"""The settings of one test: its markers, and an indirect parameter of the fixture `aurous`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest

from .._world.settings import MORE
from .options import configured, merge_setting, read_value
from .stash import INVALID_MARKER, UNUSED_MARKER

__all__ = ("check_markers", "settings_for", "unused_marker")


def settings_for(item: pytest.Item) -> dict[str, Any]:
    """Return the settings for *item*: ini < command line < module < class < function < indirect parameter."""
    settings = dict(configured(item.config))
    for name, value in _settings_at(item):
        merge_setting(settings, name, value)
    return settings


def check_markers(items: list[pytest.Item]) -> None:
    """Read every marker, so that an error shows at collection.

    In an xdist worker it shows when the test is set up: an error at collection would break xdist itself.

    Raises:
        pytest.UsageError: If a marker is invalid, naming the test.
    """
    for item in items:
        try:
            list(_settings_at(item))
        except pytest.UsageError as error:  # noqa: PERF203 - once for each test, at collection
            if not hasattr(item.config, "workerinput"):
                raise
            item.stash[INVALID_MARKER] = error
    _find_unused(items)


def unused_marker(item: pytest.Item) -> str:
    """Return the warning about the marker that `UNUSED_MARKER` notes."""
    where = item.stash[UNUSED_MARKER]
    what = "the test does not use" if where == item.nodeid else "no test in it uses"
    return (
        f"{where}: @pytest.mark.aurous has no effect: {what} the fixture aurous, neither directly nor through another "
        'fixture. Add aurous to the arguments of the test, or mark it with @pytest.mark.usefixtures("aurous").\n'
        f"{MORE}"
    )


def _settings_at(item: pytest.Item) -> Iterator[tuple[str, Any]]:
    """Yield the settings of a test's markers and parameter, the nearest last."""
    for node in item.listchain():
        # pytest lists decorators from the nearest up, but classes from their bases down.
        for mark in node.own_markers if isinstance(node, pytest.Class) else reversed(node.own_markers):
            if mark.name == "aurous":
                place = f"{item.nodeid}: @pytest.mark.aurous"
                if mark.args:
                    raise pytest.UsageError(
                        f"{place} takes keywords only, such as script='synthesizing*3 -> reviewing'; "
                        f"got {mark.args!r}.\n{MORE}"
                    )
                for name, value in mark.kwargs.items():
                    yield name, read_value(place, name, value)
    yield from _settings_in_parameter(item)


def _settings_in_parameter(item: pytest.Item) -> Iterator[tuple[str, Any]]:
    """Yield the settings in an indirect parameter of the fixture `aurous`, which is a dict of them.

    Raises:
        pytest.UsageError: If it is something else, or another fixture of the plugin has a parameter.
    """
    parameters: Mapping[str, Any] = getattr(getattr(item, "callspec", None), "params", {})
    for fixture, value in parameters.items():
        if not _is_plugin_fixture(item, fixture):
            continue
        place = f"{item.nodeid}: parametrize({fixture!r}, ..., indirect=True)"
        if fixture != "aurous":
            raise pytest.UsageError(
                f"{place}: the fixture takes no parameter. Leave out indirect=True, or parametrize 'aurous' with dicts "
                f"of settings, such as {{'credits': 5}}.\n{MORE}"
            )
        if not isinstance(value, Mapping):
            raise pytest.UsageError(
                f"{place}: expected a dict of settings, such as {{'credits': 5}}; got {value!r}.\n{MORE}"
            )
        for name, setting in cast("Mapping[str, Any]", value).items():
            yield name, read_value(place, name, setting)


def _is_plugin_fixture(item: pytest.Item, name: str) -> bool:
    """Whether a parametrized name is a fixture of this plugin, not a plain argument or a fixture of the suite."""
    info: Any = getattr(item, "_fixtureinfo", None)  # pytest has no public name for it
    definitions: Any = info.name2fixturedefs.get(name) if info is not None else None
    return bool(definitions) and definitions[-1].func.__module__ == f"{__package__}.fixtures"


def _find_unused(items: list[pytest.Item]) -> None:
    """Note each marker that no fixture of the plugin reads, at the test that has it, or at the first one in its scope.

    The marker of a class or module counts as unused only if all of its tests are collected, so not where the command
    line selects single tests.
    """
    scopes: dict[pytest.Collector, list[pytest.Item]] = {}
    for item in items:
        if _has_marker(item) and not _reads_settings(item):
            item.stash[UNUSED_MARKER] = item.nodeid
        for node in item.listchain()[:-1]:
            scopes.setdefault(cast("pytest.Collector", node), []).append(item)
    config = items[0].config if items else None
    if config is None or config.getoption("lf", default=False) or any("::" in arg for arg in config.args):
        return
    for node, members in scopes.items():
        if _has_marker(node) and not any(map(_reads_settings, members)):
            members[0].stash.setdefault(UNUSED_MARKER, node.nodeid)


def _has_marker(node: Any) -> bool:
    """Whether a node has a marker of its own that a fixture reads; *network* needs none, as the guard reads it."""
    return any(mark.name == "aurous" and set(mark.kwargs) != {"network"} for mark in node.own_markers)


def _reads_settings(item: pytest.Item) -> bool:
    """Whether a test uses a fixture of the plugin; a test that takes *request* may do so when it runs."""
    names: list[str] = getattr(item, "fixturenames", [])
    arguments: tuple[str, ...] = getattr(getattr(item, "_fixtureinfo", None), "argnames", ())
    return any(name == "aurous" or name.startswith("aurous_") for name in names) or "request" in arguments
