"""The ini and command-line options; an invalid value is a `UsageError`."""

from __future__ import annotations

import os
import shlex
from datetime import datetime
from typing import Any, Final, cast

import pytest

from .._world.settings import MORE, ROWS, read_setting
from ..errors import AurousError, nearest

__all__ = ("add_options", "configured", "early_network", "header", "merge_setting", "read_value")

_RUN_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "coverage": {
        "action": "store_true",
        "help": "show at the end which operations, statuses and error codes the tests met, of all that the API has",
    },
    "coverage-json": {"metavar": "FILE", "help": "write the same to this file, as JSON"},
    "har": {"metavar": "DIR", "help": "write the calls of each failed test to this folder, as a HAR file"},
}
"""Options of the whole run, which no marker can set."""
# In TOML a number may be a number; before pytest 9.2 an option had one type, and text is the one that fits all.
_ANY_SCALAR: Final[dict[str, Any]] = (
    {"type": str | int | float, "default": None} if pytest.version_tuple >= (9, 2) else {}
)
_CONFIGURED: Final = pytest.StashKey[dict[str, Any]]()
_SOURCES: Final = pytest.StashKey[dict[str, str]]()


def add_options(parser: pytest.Parser) -> None:
    """Declare ``aurous_<name>`` and ``--aurous-<name>`` for each setting, and the options of the run."""
    group = parser.getgroup("aurous", "aurous: the Aurous Labs API, offline")
    for name, row in ROWS.items():
        text = f"{row['help']} (default: {row['shown']})"
        parser.addini(f"aurous_{name}", text, **_ANY_SCALAR)
        group.addoption(
            _flag(name),
            dest=f"aurous_{name}",
            action="append" if row["merge"] else "store",
            default=None,
            metavar=name.upper(),
            help=text,
        )
    for name, options in _RUN_OPTIONS.items():
        group.addoption(_flag(name), **options)


def configured(config: pytest.Config) -> dict[str, Any]:
    """Return the settings of the ini file, overridden by those of the command line.

    Raises:
        pytest.UsageError: If a name or a value is invalid.
    """
    if _CONFIGURED not in config.stash:
        _refuse_unknown(config)
        settings: dict[str, Any] = {}
        sources: dict[str, str] = {}
        for name in ROWS:
            for place, value in (
                (f"ini option aurous_{name}", config.getini(f"aurous_{name}")),
                (_flag(name), config.getoption(f"aurous_{name}")),
            ):
                if value is not None and value != "":
                    text = "\n".join(cast("list[str]", value)) if isinstance(value, list) else value
                    merge_setting(settings, name, read_value(place, name, text))
                    sources[name] = place
        config.stash[_CONFIGURED], config.stash[_SOURCES] = settings, sources
    return config.stash[_CONFIGURED]


def early_network(parser: pytest.Parser, config: pytest.Config) -> str:
    """Return the setting `network` before pytest has read its command line.

    Until the last plugin is loaded, pytest itself does not know these options. An invalid value is refused later.
    """
    if getattr(config, "rootpath", None) is None:  # pytest has not read the ini file either
        return ""
    addopts = [*config.getini("addopts"), *shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))]
    named = parser.parse_known_args([*addopts, *config.invocation_params.args])
    return str(named.aurous_network or config.getini("aurous_network"))


def header(config: pytest.Config) -> str | None:
    """Return the line of the report header: the settings that differ from their defaults, and where they were set."""
    changed = [
        f"{name}={value.isoformat() if isinstance(value, datetime) else repr(value)} ({config.stash[_SOURCES][name]})"
        for name, value in configured(config).items()
        if value != ROWS[name]["default"]
    ]
    return f"aurous: {', '.join(changed)}" if changed else None


def read_value(place: str, name: str, value: Any) -> Any:
    """Return *value* as the setting *name* has it.

    Raises:
        pytest.UsageError: If the name or the value is invalid; the message begins with *place*.
    """
    try:
        read = read_setting(name, value)
        if name == "script":
            from .._resources.catalog import plans  # loads all resources: only for suites that set a script

            plans(read)
    except (AurousError, TypeError) as error:
        raise pytest.UsageError(f"{place}: {error}") from None
    return read


def merge_setting(settings: dict[str, Any], name: str, value: Any) -> None:
    """Override a setting in *settings*; a setting that is a dict keeps its other keys."""
    settings[name] = {**settings.get(name, {}), **value} if ROWS[name]["merge"] else value


def _flag(name: str) -> str:
    return f"--aurous-{name.replace('_', '-')}"


def _refuse_unknown(config: pytest.Config) -> None:
    """Refuse an unknown ini option that begins with ``aurous_``; pytest itself would only warn."""
    file: Any = getattr(config, "_inicfg", None)  # pytest 9.2 deprecates the public name, and has no other
    if file is None:  # pragma: no cover - py310-lowest runs it
        file = getattr(config, "inicfg")  # noqa: B009  # as above
    overrides: list[str] = [text.partition("=")[0].strip() for text in config.option.override_ini or ()]
    for option in (*overrides, *file):
        name = option.removeprefix("aurous_")
        if name != option and name not in ROWS:
            place = str(config.inipath)
            if option in overrides:
                env = " in PYTEST_ADDOPTS" if option in os.environ.get("PYTEST_ADDOPTS", "") else ""
                place = f"-o {option}=...{env}"
            known = [f"aurous_{row}" for row in ROWS]
            raise pytest.UsageError(
                f"{place}: {option!r} is not an option{nearest(option, known)} Options: {', '.join(known)}.\n{MORE}"
            )
