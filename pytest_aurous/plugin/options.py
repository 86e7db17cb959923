"""The settings of a run and of each test: options, markers, parameters."""

from __future__ import annotations

import os
from argparse import ArgumentTypeError
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import pytest

from .._core.base.errors import AurousError, nearest, see
from .._core.world.settings import MORE, ROWS, read_setting
from .stash import CONFIGURED, INVALID_MARKER, SOURCES, UNUSED_MARKER

if TYPE_CHECKING:
    from typing_extensions import Unpack  # type checkers bundle it

    from .._core.world.settings import AurousSettings
    from .._explore.suite import MarkerOptions


def _seconds(text: str) -> float:
    """Read a time in seconds; in none, nothing would be tried."""
    with suppress(ValueError):
        if 0 < (found := float(text)) < inf:
            return found
    raise ArgumentTypeError(f"{text!r} is no number of seconds above 0, such as 60")


_RUN_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "trace": {
        "metavar": "DIR",
        "help": "write a page for each failed test to this folder: its requests, and the state of the fake around each",
    },
    "trace-keep": {"choices": ["failed", "all"], "help": "which tests get a trace (default: failed)"},
    "trace-json": {
        "nargs": "?",
        "const": True,
        "metavar": "DIR",
        "help": "write the data of each trace as JSON, too: beside its page or, with =DIR, to this folder",
    },
    "coverage": {
        "action": "store_true",
        "help": "list at the end which operations, statuses and error codes of the API the tests have met",
    },
    "coverage-json": {"metavar": "FILE", "help": "write that list to this file, as JSON"},
    "explore": {
        "metavar": "report|fail",
        "help": "run each test that passes again, once for each way in which each of its requests can break; report "
        "lists at the end what breaks a law, fail fails the test",
    },
    "explore-only": {"metavar": "CASE", "help": "run tests with this one case, such as 'balance.retrieve#1 refused'"},
    "explore-seconds": {
        "type": _seconds,
        "metavar": "N",
        "help": "explore for N seconds in all, the most telling cases of each test first; the report says what was "
        "not run",
    },
    "explore-baseline": {"metavar": "FILE", "help": "accept the cases in this file, each with a reason"},
    "explore-baseline-update": {
        "action": "store_true",
        "help": "write the cases that break a law to the baseline, and remove those that do not",
    },
    "explore-json": {"metavar": "FILE", "help": "write what exploring has found to this file, as JSON"},
    "har": {"metavar": "DIR", "help": "write the requests of each failed test to this folder, as a HAR file"},
    "har-keep": {"choices": ["failed", "all"], "help": "which tests get a HAR file (default: failed)"},
    "record": {
        "metavar": "DIR",
        "help": 'write what each test with network = "allow" exchanges with the real API to this folder, as a HAR file '
        "without keys, names and texts; pytest-aurous check compares it with the fake",
    },
}
"""Options of the whole run, which no marker can set."""
_TRACE_PAGE: Final = see("how-to/trace.html")
# In TOML a number may be a number; before pytest 9.2 an option had one type, and text is the one that fits all.
_ANY_SCALAR: Final[dict[str, Any]] = (
    {"type": str | int | float, "default": None} if pytest.version_tuple >= (9, 2) else {}
)


def add_options(parser: pytest.Parser) -> None:
    """Declare the flags of the run, and an ini option ``aurous_<name>`` for each setting.

    A flag is for one run, an ini option for the suite. The seed has both: the line ``again:`` of a failed test sets it.
    """
    group = parser.getgroup("aurous", "aurous: what a run shows, writes and explores")
    for name, options in _RUN_OPTIONS.items():
        group.addoption(f"--aurous-{name}", **options)
    group.addoption(
        "--aurous-seed", metavar="SEED", help="the base seed of all drawn data; a failed test prints it after `again:`"
    )
    for name, row in ROWS.items():
        parser.addini(f"aurous_{name}", f"{row['help']} (default: {row['shown']})", **_ANY_SCALAR)


def run_option(config: pytest.Config, name: str) -> Any:
    """Return an option of the whole run; None or False if it is not given."""
    return config.getoption(f"--aurous-{name}")


def trace_folders(config: pytest.Config) -> tuple[Path | None, Path | None]:
    """Return the folders for the pages of traces and for their data, None for what this run does not write.

    Raise a `pytest.UsageError` if an option lacks its folder, or takes a path to tests for it.
    """
    pages, data = run_option(config, "trace"), run_option(config, "trace-json")
    if data in config.invocation_params.args:
        raise pytest.UsageError(
            f"--aurous-trace-json {data}: for a folder write --aurous-trace-json={data}, for a path "
            f"to tests write it before the option.\n{_TRACE_PAGE}"
        )
    if data is True and not pages:
        raise pytest.UsageError(
            "--aurous-trace-json writes the data beside the pages of traces, but this run writes no pages: add "
            f"--aurous-trace=DIR, or name a folder for the data alone, --aurous-trace-json=DIR.\n{_TRACE_PAGE}"
        )
    folder = Path(pages) if pages else None
    return folder, folder if data is True else Path(data) if data else None


def modes(config: pytest.Config) -> list[str]:
    asked = {
        "exploring": any(
            run_option(config, name) not in {None, False}  # an empty text is refused
            for name in _RUN_OPTIONS
            if name.startswith("explore")
        ),
        "tracing": any(trace_folders(config)),
        "coverage": run_option(config, "coverage") or run_option(config, "coverage-json"),
        "recording": run_option(config, "record"),
        "har": run_option(config, "har"),
    }
    return [name for name, wanted in asked.items() if wanted]


def explores(config: pytest.Config) -> bool:
    return run_option(config, "explore") is not None or run_option(config, "explore-only") is not None


def explore_marker(item: pytest.Item) -> pytest.Mark | None:
    return item.get_closest_marker("aurous_explore")


def configured(config: pytest.Config) -> dict[str, Any]:
    """Return the settings of the ini file, overridden by ``-o`` and ``--aurous-seed``; an error names all problems."""
    if CONFIGURED not in config.stash:
        problems = list(_unknown(config))
        settings: dict[str, Any] = {}
        sources: dict[str, str] = {}
        for name in ROWS:
            place, value = f"ini option aurous_{name}", _from_root(config, name, config.getini(f"aurous_{name}"))
            if name == "seed" and (seed := run_option(config, "seed")):
                place, value = "--aurous-seed", seed
            if value is not None and value != "":
                try:
                    settings[name] = read_value(place, name, value)
                except pytest.UsageError as error:
                    problems.append(str(error))
                sources[name] = place
        if problems:
            raise pytest.UsageError("\n".join(problems))
        config.stash[CONFIGURED], config.stash[SOURCES] = settings, sources
    return config.stash[CONFIGURED]


def _from_root(config: pytest.Config, name: str, value: Any) -> Any:
    """Return the value of a setting in the ini file or a marker: a relative path starts at the rootdir."""
    return str(config.rootpath / value) if name == "observed" and value and isinstance(value, str) else value


def early_network(config: pytest.Config) -> str:
    """Return the setting `network` before pytest has read all options. An invalid value is refused later."""
    # A plugin that is passed to `pytest.main` is loaded before pytest reads the ini file.
    return "" if getattr(config, "rootpath", None) is None else str(config.getini("aurous_network"))


def header(config: pytest.Config) -> str | None:
    """Return the line of the report header: the settings that differ from their defaults, and where they were set."""
    changed = [
        f"{name}={value.isoformat() if isinstance(value, datetime) else repr(value)} ({config.stash[SOURCES][name]})"
        for name, value in configured(config).items()
        if value != ROWS[name]["default"]
    ]
    return f"aurous: {', '.join(changed)}" if changed else None


def read_value(place: str, name: str, value: Any) -> Any:
    """Return *value* as the setting *name* has it, or raise a `pytest.UsageError` that begins with *place*."""
    try:
        read = read_setting(name, value)
        if name == "script":
            from .._core.resources.catalog import plans  # loads all resources: only for suites that set a script

            plans(read)
    except (AurousError, TypeError) as error:
        raise pytest.UsageError(f"{place}: {error}") from None
    return read


def overrides(config: pytest.Config) -> list[str]:
    return [text.partition("=")[0].strip() for text in config.option.override_ini or ()]


def _unknown(config: pytest.Config) -> Iterator[str]:
    """Yield a problem for each unknown ini option that begins with ``aurous_``; pytest itself would only warn."""
    file: Any = getattr(config, "_inicfg", None)  # pytest 9.2 deprecates the public name, and has no other
    if file is None:  # pragma: no cover - py310-lowest runs it
        file = getattr(config, "inicfg")  # noqa: B009  # as above
    known = [f"aurous_{name}" for name in ROWS]
    # pytest 9 adds the overrides to the options of the file
    for option in dict.fromkeys((*overrides(config), *file)):
        if option.startswith("aurous_") and option not in known:
            place = str(config.inipath)
            if option in overrides(config):
                env = " in PYTEST_ADDOPTS" if option in os.environ.get("PYTEST_ADDOPTS", "") else ""
                place = f"-o {option}=...{env}"
            flag = option.removeprefix("aurous_").replace("_", "-")
            hint = f": write the flag --aurous-{flag} into addopts." if flag in _RUN_OPTIONS else nearest(option, known)
            yield f"{place}: {option!r} is not an option{hint} Options: {', '.join(known)}.\n{MORE}"


def settings_for(item: pytest.Item) -> dict[str, Any]:
    """Return the settings for *item*: ini < command line < module < class < function < indirect parameter."""
    settings = dict(configured(item.config))
    for name, value in _settings_at(item):
        # A setting that is a dict keeps its other keys.
        settings[name] = {**settings.get(name, {}), **value} if ROWS[name]["merge"] else value
    return settings


def check_markers(items: list[pytest.Item]) -> None:
    """Read every marker, so that an error shows at collection.

    In an xdist worker it shows when the test is set up: an error at collection would break xdist itself.
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
        marks = [mark for mark in node.own_markers if mark.name == "aurous"]
        if marks and not isinstance(node, pytest.Class):
            marks.reverse()  # pytest lists decorators from the nearest up, but classes from their bases down
        for mark in marks:
            place = f"{item.nodeid}: @pytest.mark.aurous"
            if mark.args:
                raise pytest.UsageError(
                    f"{place} takes keywords only, such as script='synthesizing*3 -> reviewing'; "
                    f"got {mark.args!r}.\n{MORE}"
                )
            for name, value in mark.kwargs.items():
                yield name, read_value(place, name, _from_root(item.config, name, value))
    yield from _settings_in_parameter(item)


def _settings_in_parameter(item: pytest.Item) -> Iterator[tuple[str, Any]]:
    """Yield the settings in an indirect parameter of the fixture `aurous`, which is a dict of them."""
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
            yield name, read_value(place, name, _from_root(item.config, name, setting))


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
    siblings: dict[Any, list[pytest.Item]] = {}
    for item in items:
        if _has_marker(item) and not reads_settings(item):
            item.stash[UNUSED_MARKER] = item.nodeid
        siblings.setdefault(item.parent, []).append(item)
    scopes: dict[Any, list[pytest.Item]] = {}
    for parent, members in siblings.items():
        for node in parent.listchain():
            scopes.setdefault(node, []).extend(members)
    config = items[0].config if items else None
    if config is None or config.getoption("lf", default=False) or any("::" in arg for arg in config.args):
        return
    for node, members in scopes.items():
        if _has_marker(node) and not any(map(reads_settings, members)):
            members[0].stash.setdefault(UNUSED_MARKER, node.nodeid)


def _has_marker(node: Any) -> bool:
    """Whether a node has a marker of its own that a fixture reads; the guard and the recording read *network*."""
    return any(
        mark.name == "aurous" and not {"network"} <= set(mark.kwargs) <= {"network", "base_url"}
        for mark in node.own_markers
    )


def reads_settings(item: pytest.Item) -> bool:
    """Whether a test uses a fixture of the plugin; a test that takes *request* may do so when it runs."""
    names: list[str] = getattr(item, "fixturenames", [])
    arguments: tuple[str, ...] = getattr(getattr(item, "_fixtureinfo", None), "argnames", ())
    return any(name == "aurous" or name.startswith("aurous_") for name in names) or "request" in arguments


def aurous_settings(**settings: Unpack[AurousSettings]) -> pytest.MarkDecorator:
    """Return ``pytest.mark.aurous`` with these settings, which editors suggest and type checkers know.

    Args:
        **settings: The settings, named as in the ini file without ``aurous_``.

    Example:
        ``@aurous_settings(sleep="skip", credits=10)``
    """
    return pytest.mark.aurous(**settings)


def aurous_explore(**options: Unpack[MarkerOptions]) -> pytest.MarkDecorator:
    """Return ``pytest.mark.aurous_explore`` with these options, which editors suggest and type checkers know.

    Args:
        **options: ``faults``, ``laws``, ``may_raise``, ``patience`` and ``known``, as in `Aurous.explore`.

    Example:
        ``@aurous_explore(laws="pays_once")``
    """
    return pytest.mark.aurous_explore(**options)
