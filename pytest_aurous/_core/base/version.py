"""The version of this package, which HAR files, traces and reports of a check name."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def version_of_package() -> str:
    """Return the version of this package; 0 in a checkout."""
    try:
        return version("pytest-aurous")
    except PackageNotFoundError:  # run from a checkout
        return "0"
