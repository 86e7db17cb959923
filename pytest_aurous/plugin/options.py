"""Settings from the ini file, the command line and markers; what is wrong there is a `UsageError`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, cast

import pytest

from .._world.settings import MORE, ROWS, read_setting
from ..errors import AurousError, nearest

__all__ = (
    "IDLE",
    "WRONG",
    "add_options",
    "add_reports",
    "check_markers",
    "configured",
    "early_network",
    "header",
    "idle_marker",
    "settings_for",
)

# In TOML a number may be a number; before pytest 9.2 an option had one type, and text is the one that serves all.
_ANY_SCALAR: Final[dict[str, Any]] = (
    {"type": str | int | float, "default": None} if pytest.version_tuple >= (9, 2) else {}
)
WRONG: Final = pytest.StashKey[pytest.UsageError]()
IDLE: Final = pytest.StashKey[str]()
"""What has a marker that no fixture reads: the test, or its class or module."""
_CONFIGURED: Final = pytest.StashKey[dict[str, Any]]()
_SOURCES: Final = pytest.StashKey[dict[str, str]]()


def add_options(parser: pytest.Parser) -> None:
    """Declare ``aurous_<name>`` and ``--aurous-<name>`` for each setting."""
    group = parser.getgroup("aurous", "aurous: the Aurous Labs API, offline")
    for name, row in ROWS.items():
        text = f"{row['help']} (default: {row['shown']})"
        parser.addini(f"aurous_{name}", text, **_ANY_SCALAR)
        group.addoption(
            f"--aurous-{name.replace('_', '-')}",
            dest=f"aurous_{name}",
            action="append" if row["merge"] else "store",
            default=None,
            metavar=name.upper(),
            help=text,
        )


def add_reports(parser: pytest.Parser) -> None:
    """Declare what a run writes beside its report."""
    group = parser.getgroup("aurous")
    group.addoption(
        "--aurous-coverage",
        action="store_true",
        help="show at the end which operations, statuses and error codes the suite met, of those the API can give",
    )
    group.addoption("--aurous-coverage-json", metavar="FILE", help="write the same to this file, as JSON")
    group.addoption("--aurous-har", metavar="DIR", help="write the calls of each failed test there, as a HAR file")


def configured(config: pytest.Config) -> dict[str, Any]:
    """Return the settings of the ini file and, over them, of the command line.

    Raises:
        pytest.UsageError: On a value that a setting cannot have.
    """
    if _CONFIGURED not in config.stash:
        _refuse_unknown(config)
        found: dict[str, Any] = {}
        sources: dict[str, str] = {}
        for name, row in ROWS.items():
            for place, value in (
                (f"ini option aurous_{name}", config.getini(f"aurous_{name}")),
                (f"--aurous-{name.replace('_', '-')}", config.getoption(f"aurous_{name}")),
            ):
                if value is not None and value != "":
                    text = "\n".join(cast("list[str]", value)) if isinstance(value, list) else value
                    _merge(found, name, _read(place, name, text), row["merge"])
                    sources[name] = place
        config.stash[_CONFIGURED], config.stash[_SOURCES] = found, sources
    return config.stash[_CONFIGURED]


def early_network(parser: pytest.Parser, config: pytest.Config) -> str:
    """Return the setting `network` before pytest has read its command line; a wrong value is refused later.

    Until the last plugin is loaded, pytest itself does not know our options.
    """
    if getattr(config, "rootpath", None) is None:  # it has not read the ini file either
        return ""
    addopts = [*config.getini("addopts"), *shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))]
    named = parser.parse_known_args([*addopts, *config.invocation_params.args])
    return str(named.aurous_network or config.getini("aurous_network"))


def header(config: pytest.Config) -> str | None:
    """Return the line of the report header: what differs from the defaults, and where it was said."""
    told = [
        f"{name}={value.isoformat() if isinstance(value, datetime) else repr(value)} ({config.stash[_SOURCES][name]})"
        for name, value in configured(config).items()
        if value != ROWS[name]["default"]
    ]
    return f"aurous: {', '.join(told)}" if told else None


def _refuse_unknown(config: pytest.Config) -> None:
    """Refuse an ini option of ours that does not exist; pytest itself would only warn."""
    given: Any = getattr(config, "_inicfg", None)  # pytest 9.2 deprecates the public name, and has no other
    if given is None:  # pragma: no cover - the oldest pytest that we promise runs it
        given = getattr(config, "inicfg")  # noqa: B009  # as it is named before
    overrides: list[str] = [text.partition("=")[0].strip() for text in config.option.override_ini or ()]
    for option in (*overrides, *given):
        name = option.removeprefix("aurous_")
        if name != option and name not in ROWS:
            place = str(config.inipath)
            if option in overrides:
                env = " in PYTEST_ADDOPTS" if option in os.environ.get("PYTEST_ADDOPTS", "") else ""
                place = f"-o {option}=...{env}"
            raise pytest.UsageError(
                f"{place}: {option!r} is no option{nearest(option, [f'aurous_{row}' for row in ROWS])} "
                f"Options: {', '.join(f'aurous_{row}' for row in ROWS)}.\n{MORE}"
            )


def settings_for(item: pytest.Item) -> dict[str, Any]:
    """Return the settings for *item*: ini < command line < module < class < function < indirect parameter."""
    found = dict(configured(item.config))
    for node in item.listchain():
        # The nearest has the last word: pytest lists decorators from the nearest up, but classes from their bases down.
        for mark in node.own_markers if isinstance(node, pytest.Class) else reversed(node.own_markers):
            if mark.name == "aurous":
                for name, value in _from_marker(mark, item.nodeid).items():
                    _merge(found, name, value, ROWS[name]["merge"])
    for name, value in _from_parameter(item).items():
        _merge(found, name, value, ROWS[name]["merge"])
    return found


def check_markers(items: list[pytest.Item]) -> None:
    """Read every marker, so that a mistake shows at collection.

    In a worker of pytest-xdist it shows when the test is set up: an error at collection would break xdist itself.

    Raises:
        pytest.UsageError: On a mistake, naming the test.
    """
    for item in items:
        try:
            for mark in item.iter_markers("aurous"):
                _from_marker(mark, item.nodeid)
            _from_parameter(item)
        except pytest.UsageError as error:  # noqa: PERF203 - once for each test, at collection
            if not hasattr(item.config, "workerinput"):
                raise
            item.stash[WRONG] = error
    _find_idle(items)


def idle_marker(item: pytest.Item) -> str:
    """Return the warning of the marker that `IDLE` notes."""
    where = item.stash[IDLE]
    what = "the test does not use" if where == item.nodeid else "no test in it uses"
    return (
        f"{where}: @pytest.mark.aurous has no effect: {what} the fixture aurous, neither directly nor through another "
        'fixture. Add aurous to the arguments of the test, or mark it with @pytest.mark.usefixtures("aurous").\n'
        f"{MORE}"
    )


def _find_idle(items: list[pytest.Item]) -> None:
    """Note each marker that no fixture of ours reads, at the test that has it, or at the first one in its scope.

    A class or a module is judged by all of its tests, so not where the command line selects single ones.
    """
    scopes: dict[pytest.Collector, list[pytest.Item]] = {}
    for item in items:
        if _marked(item) and not _reads_settings(item):
            item.stash[IDLE] = item.nodeid
        for node in item.listchain()[:-1]:
            scopes.setdefault(cast("pytest.Collector", node), []).append(item)
    config = items[0].config if items else None
    if config is None or config.getoption("lf", default=False) or any("::" in arg for arg in config.args):
        return
    for node, members in scopes.items():
        if _marked(node) and not any(map(_reads_settings, members)):
            members[0].stash.setdefault(IDLE, node.nodeid)


def _marked(node: Any) -> bool:
    """Whether a node has a marker of its own that a fixture is to read; the guard reads *network* without one."""
    return any(mark.name == "aurous" and set(mark.kwargs) != {"network"} for mark in node.own_markers)


def _reads_settings(item: pytest.Item) -> bool:
    """Whether a test uses a fixture of ours; one that takes *request* may ask for it when it runs."""
    names: list[str] = getattr(item, "fixturenames", [])
    arguments: tuple[str, ...] = getattr(getattr(item, "_fixtureinfo", None), "argnames", ())
    return any(name == "aurous" or name.startswith("aurous_") for name in names) or "request" in arguments


def _from_parameter(item: pytest.Item) -> dict[str, Any]:
    """Return the settings in an indirect parameter of the fixture `aurous`, which is a dict of them.

    Raises:
        pytest.UsageError: If it is something else, or another fixture of ours has one.
    """
    parameters: Mapping[str, Any] = getattr(getattr(item, "callspec", None), "params", {})
    found: dict[str, Any] = {}
    for fixture, value in parameters.items():
        if not _is_ours(item, fixture):
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
        settings = cast("Mapping[str, Any]", value)
        found = {name: _read(place, name, one) for name, one in settings.items()}
    return found


def _is_ours(item: pytest.Item, fixture: str) -> bool:
    """Whether a parametrized name is a fixture of this plugin, not a plain argument or a fixture of the suite."""
    info: Any = getattr(item, "_fixtureinfo", None)  # pytest has no public name for it
    definitions: Any = info.name2fixturedefs.get(fixture) if info is not None else None
    return bool(definitions) and definitions[-1].func.__module__ == f"{__package__}.fixtures"


def _from_marker(mark: pytest.Mark, nodeid: str) -> dict[str, Any]:
    place = f"{nodeid}: @pytest.mark.aurous"
    if mark.args:
        raise pytest.UsageError(
            f"{place} takes keywords only, such as script='synthesizing*3 -> reviewing'; got {mark.args!r}.\n{MORE}"
        )
    return {name: _read(place, name, value) for name, value in mark.kwargs.items()}


def _read(place: str, name: str, value: Any) -> Any:
    try:
        read = read_setting(name, value)
        if name == "script":
            from .._resources.catalog import plans  # loads the rooms: only for suites that set a script

            plans(read)
    except (AurousError, TypeError) as error:
        raise pytest.UsageError(f"{place}: {error}") from None
    return read


def _merge(found: dict[str, Any], name: str, value: Any, merge: bool) -> None:  # noqa: FBT001 - a column of the table
    found[name] = {**found.get(name, {}), **value} if merge else value
