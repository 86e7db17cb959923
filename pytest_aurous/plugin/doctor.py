"""What ``pytest-aurous doctor`` asks pytest: a plugin of its own, for one run that ends before it collects tests."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterator
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, cast

import pytest

from .._core.base.redaction import redacted
from .._core.world.settings import ROWS
from . import fixtures, options
from .stash import GUARD, SOURCES

_USES: Final = {
    # A name that is imported, or an attribute such as `aurous.faker`, is not the fixture.
    "faker": r"(?<!from )(?<!import )(?<![.\w])faker\b",
    "respx": r"\brespx_mock\b|\bmark\.respx\b",
}
"""The plugins that come with what this package needs, each with what uses it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--aurous-doctor", metavar="FILE", help="write there what pytest-aurous doctor asks, and end")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Write what pytest knows before it collects, and end the run."""
    config = session.config
    found = {"rootdir": str(config.rootpath), "ini": _ini(config), "loaded": GUARD in config.stash}
    found["blocked"] = config.pluginmanager.is_blocked("pytest_aurous")
    if found["loaded"]:
        found |= {
            "settings": [*_settings(config), *_run_options(config)],
            "fixtures": _overridden(config),
            "unused": _unused(config),
            "network": str(options.configured(config).get("network", "block")),
            "base_url": str(options.configured(config).get("base_url", ROWS["base_url"]["default"])),
        }
    Path(str(config.getoption("aurous_doctor"))).write_text(json.dumps(found), encoding="utf-8")
    pytest.exit("pytest-aurous doctor has what it needs", returncode=0)


def _unused(config: pytest.Config) -> list[str]:
    """Return the plugins in `_USES` that pytest has loaded, and that no Python file below its root folder uses."""
    left = {name: re.compile(uses) for name, uses in _USES.items() if config.pluginmanager.has_plugin(name)}
    for file in _files(config) if left else ():
        text = file.read_text(encoding="utf-8", errors="replace")
        left = {name: uses for name, uses in left.items() if not uses.search(text)}
    return list(left)


def _files(config: pytest.Config) -> Iterator[Path]:
    """Yield the Python files below the root folder, but for the folders that pytest does not collect."""
    skipped = config.getini("norecursedirs")
    for folder, below, names in os.walk(config.rootpath):
        # pytest does not collect virtual environments either.
        below[:] = [
            one
            for one in below
            if not any(fnmatchcase(one, glob) for glob in skipped) and not Path(folder, one, "pyvenv.cfg").exists()
        ]
        yield from (Path(folder, name) for name in names if name.endswith(".py"))


def _settings(config: pytest.Config) -> list[dict[str, str]]:
    """Return each setting, with its value and where that comes from."""
    chosen = options.configured(config)
    sources = config.stash[SOURCES]
    return [
        _row(name, _text(chosen[name]), _place(config, sources[name], f"aurous_{name}"))
        if name in chosen
        else _row(name, row["shown"], "default")
        for name, row in ROWS.items()
    ]


def _run_options(config: pytest.Config) -> list[dict[str, str]]:
    given = {name: options.run_option(config, name) for name in options._RUN_OPTIONS}
    return [
        _row(name, _text(value), _place(config, f"--aurous-{name}", name))
        for name, value in given.items()
        if value not in {None, False}
    ]


def _overridden(config: pytest.Config) -> list[dict[str, str]]:
    """Return the fixtures of the plugin that a plugin or conftest has, too: those that pytest loads before it collects.

    Not by pytest's fixture manager, which is private and does not have them before the session has started.
    """
    found: list[dict[str, str]] = []
    for plugin in config.pluginmanager.get_plugins():
        file = getattr(plugin, "__file__", None)
        if file and not getattr(plugin, "__name__", "").startswith("pytest_aurous"):
            found += [
                _row(name, "overridden", _short(config, file)) for name in fixtures.NAMES if hasattr(plugin, name)
            ]
    return sorted(found, key=lambda row: (row["name"], row["source"]))


def _row(name: str, value: str, source: str) -> dict[str, str]:
    return {"name": name, "value": redacted(value), "source": source}


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key} = {one}" for key, one in cast("dict[str, Any]", value).items())
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _place(config: pytest.Config, source: str, key: str) -> str:
    """Return where a value was set, as a person would look for it."""
    added = os.environ.get("PYTEST_ADDOPTS", "")
    if source.startswith("-"):
        in_environment = any(word.partition("=")[0] == source for word in shlex.split(added))
    elif key in options.overrides(config):
        source, in_environment = f"-o {key}", key in added
    else:
        return _ini(config)
    return f"{source} in PYTEST_ADDOPTS" if in_environment else f"{source}, addopts of {_ini(config)}"


def _ini(config: pytest.Config) -> str:
    return "none" if config.inipath is None else _short(config, str(config.inipath))


def _short(config: pytest.Config, file: str) -> str:
    """Return a path as seen from the current folder, if it is in there."""
    folder = config.invocation_params.dir
    return str(Path(file).relative_to(folder)) if Path(file).is_relative_to(folder) else file
