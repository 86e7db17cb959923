"""Decide which package a stack frame belongs to, and which line a message should name."""

from __future__ import annotations

from collections.abc import Container, Iterator
from types import FrameType
from typing import Final

PACKAGE: Final = "pytest_aurous"

TOOLS: Final = frozenset(
    {"_pydev_bundle", "_pydevd_bundle", "bdb", "coverage", "debugpy", "pdb", "pydevd"}
    | {"_pytest", "execnet", "hypothesis", "pluggy", "pytest", "pytest_timeout", "xdist"}
)
"""Run or debug the tests. Their sleeps and clocks stay real, and their threads never count as busy."""
BYSTANDERS: Final = TOOLS | {PACKAGE, "multiprocessing", "subprocess", "uvicorn"}
"""Keep real sleeps and clocks: the tools, and packages that wait for another process or serve one."""
LIBRARIES: Final = frozenset(
    {PACKAGE, "anyio", "asyncio", "backoff", "concurrent", "stamina", "tenacity", "threading", "trio"}
)
"""Sleep, retry or run threads on behalf of their caller."""
INTERCEPTED: Final = frozenset({"httpcore", "httpcore2", "httpx", "httpx2"})
"""HTTP clients whose requests the fake intercepts."""
NOT_INTERCEPTED: Final = frozenset(
    {"aiohttp", "botocore", "http", "httplib2", "niquests", "requests", "urllib", "urllib3"}
)
"""HTTP clients whose requests it does not intercept."""
SENDERS: Final = LIBRARIES | INTERCEPTED | {"contextlib", "h11", "openai", "requests", "respx"}
"""May stand between a request and the code under test that sent it."""


def package_of(frame: FrameType) -> str:
    """Return the top-level package whose code a frame runs; of jobs that `_work` runs, that of their pool."""
    name = str(frame.f_globals.get("__name__", ""))
    return "concurrent" if name == f"{PACKAGE}._work" else name.partition(".")[0]


def callers(frame: FrameType) -> Iterator[FrameType]:
    """Yield *frame*, and then each frame that called it, from the inside out."""
    caller: FrameType | None = frame
    while caller is not None:
        yield caller
        caller = caller.f_back


def nearest_outside(packages: Container[str], frame: FrameType) -> FrameType:
    """Return the first of the `callers` of *frame* whose code is outside *packages*; the outermost if none is.

    Example:
        ``nearest_outside(SENDERS, sys._getframe())`` is the frame of the code under test that sent a request.
    """
    while frame.f_back is not None and package_of(frame) in packages:
        frame = frame.f_back
    return frame


def place_of(frame: FrameType) -> str:
    """Return ``file:line``, where *frame* is now."""
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
