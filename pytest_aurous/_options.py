"""Settings from the ini file, the command line and markers; what is wrong there is a `UsageError`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, cast

import pytest

from ._settings import MORE, ROWS, read_setting
from .errors import AurousError, nearest

__all__ = ("WRONG", "add_options", "add_reports", "check_markers", "configured", "header", "settings_for")

# In TOML a number may be a number; before pytest 9.2 an option had one type, and text is the one that serves all.
_ANY_SCALAR: Final[dict[str, Any]] = (
    {"type": str | int | float, "default": None} if pytest.version_tuple >= (9, 2) else {}
)
WRONG: Final = pytest.StashKey[pytest.UsageError]()
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
    for option in given:
        name = option.removeprefix("aurous_")
        if name != option and name not in ROWS:
            raise pytest.UsageError(
                f"{config.inipath}: {option!r} is no option{nearest(option, [f'aurous_{row}' for row in ROWS])} "
                f"Options: {', '.join(f'aurous_{row}' for row in ROWS)}.\n{MORE}"
            )


def settings_for(item: pytest.Item) -> dict[str, Any]:
    """Return the settings that were given for *item*: ini < command line < module < class < function."""
    found = dict(configured(item.config))
    for node in item.listchain():
        # The nearest has the last word: pytest lists decorators from the nearest up, but classes from their bases down.
        for mark in node.own_markers if isinstance(node, pytest.Class) else reversed(node.own_markers):
            if mark.name == "aurous":
                for name, value in _from_marker(mark, item.nodeid).items():
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
        except pytest.UsageError as error:  # noqa: PERF203 - once for each test, at collection
            if not hasattr(item.config, "workerinput"):
                raise
            item.stash[WRONG] = error


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
            from ._catalog import plans  # loads the rooms: only for suites that set a script

            plans(read)
    except (AurousError, TypeError) as error:
        raise pytest.UsageError(f"{place}: {error}") from None
    return read


def _merge(found: dict[str, Any], name: str, value: Any, merge: bool) -> None:  # noqa: FBT001 - a column of the table
    found[name] = {**found.get(name, {}), **value} if merge else value
