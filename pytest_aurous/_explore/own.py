"""Errors of this package in an exploration: they name themselves, so that nobody takes them for one of the test."""

from __future__ import annotations

import sys
from collections.abc import Callable
from traceback import format_exception, walk_tb
from typing import Final, TypeVar

from .._core.base.errors import AurousError
from .._core.base.frames import PACKAGE, package_of

T = TypeVar("T")

_OURS: Final = sys.stdlib_module_names | {PACKAGE}


class OwnError(AurousError):
    """An error of this package.

    Args:
        who: The method that the test called.
    """

    def __init__(self, who: str, error: BaseException) -> None:
        trace = "".join(format_exception(type(error), error, error.__traceback__))
        super().__init__(
            f"{who}(): pytest-aurous itself failed, which says nothing about the code under test.\n"
            f"Please report this with the test that shows it.\n{trace}"
        )


def theirs(function: Callable[..., T], *arguments: object) -> T:
    """Call a function of the test, which may be a builtin without a frame: what it raises is no error of ours."""
    return function(*arguments)


def is_ours(error: BaseException) -> bool:
    """Whether an exception that was caught has passed through no code but this package's, and Python's own."""
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    return all(package_of(frame) in _OURS and frame.f_code is not theirs.__code__ for frame in frames)
