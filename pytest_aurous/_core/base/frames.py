"""Decide which package a stack frame belongs to, and which line a message should name."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Container, Iterable, Iterator
from functools import lru_cache
from inspect import CO_COROUTINE
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final, cast

Place = tuple[str, int, str]
"""File, line and function of a stack frame."""
Stack = tuple[Place, ...]
"""Places of the code under test, from the inside out."""
Helpers = frozenset[Stack]
"""The places that send requests for others, each with what it calls for that."""

PACKAGE: Final = "pytest_aurous"
_DEPTH: Final = 6
"""A stack has this many places: a call through retries and helpers, and who wants it."""
_JOBS: Final = f"{__package__}.work"

TOOLS: Final = frozenset(
    {"_pydev_bundle", "_pydevd_bundle", "bdb", "coverage", "debugpy", "pdb", "pydevd"}
    | {"_pytest", "execnet", "hypothesis", "pluggy", "pytest", "pytest_timeout", "xdist"}
)
"""Run or debug the tests. Their sleeps and clocks stay real, and their threads never count as busy."""
DEBUGGERS: Final = frozenset({"_pydev_bundle", "_pydevd_bundle", "bdb", "debugpy", "pdb", "pydevd"})
"""While one of them has stopped a test, nothing goes on, and nothing hangs."""
BYSTANDERS: Final = TOOLS | {PACKAGE, "multiprocessing", "subprocess", "uvicorn"}
"""Keep real sleeps and clocks: the tools, and packages that wait for another process or serve one."""
LIBRARIES: Final = frozenset(
    {PACKAGE, "anyio", "asyncio", "backoff", "concurrent", "stamina", "tenacity", "threading", "trio"}
)
"""Sleep, retry or run threads on behalf of their caller."""
INTERCEPTED: Final = frozenset({"httpcore", "httpcore2", "httpx", "httpx2"})
"""HTTP clients whose requests the fake intercepts."""
NOT_INTERCEPTED: Final = frozenset(
    {"aiohttp", "botocore", "curl_cffi", "http", "httplib2", "niquests", "pyreqwest", "requests", "urllib", "urllib3"}
)
"""HTTP clients whose requests it does not intercept."""
SENDERS: Final = (
    sys.stdlib_module_names
    | BYSTANDERS
    | LIBRARIES
    | INTERCEPTED
    | {"asgiref", "decorator", "freezegun", "h11", "hishel", "httpx_retries", "litellm", "openai", "opentelemetry"}
    | {"pytest_asyncio", "pytest_httpx", "pytest_trio", "requests", "respx", "retrying", "sentry_sdk"}
    | {"time_machine", "vcr", "wrapt"}
)
"""May stand between a request and the code under test that sent it."""
INLINED: Final = frozenset({"<dictcomp>", "<listcomp>", "<setcomp>"})
"""Comprehensions, which have frames before Python 3.12 only: a place in one is a place in the function around it."""
STARTERS: Final = frozenset({"asyncio", "pluggy", "trio"})
"""Their plain functions start tasks and tests: what is further out did not call the code under test."""


def package_of(frame: FrameType) -> str:
    """Return the top-level package whose code a frame runs; for jobs that `work` runs, the package of their pool."""
    return _package(str(frame.f_globals.get("__name__", "")))


# Each request asks for the packages of up to forty frames, which are always the same modules.
@lru_cache(maxsize=1024)
def _package(module: str) -> str:
    return "concurrent" if module == _JOBS else module.partition(".")[0]


def other_client() -> str:
    """Return the HTTP client that connects in this thread, if the fake does not intercept it."""
    packages = [package_of(frame) for frame in callers(sys._getframe())]
    if not INTERCEPTED.isdisjoint(packages):
        return ""
    return next((package for package in reversed(packages) if package in NOT_INTERCEPTED), "")  # not requests' urllib3


def without_package(trace: TracebackType | None) -> TracebackType | None:
    kept: list[TracebackType] = []
    while trace is not None:
        kept += [] if package_of(trace.tb_frame) == PACKAGE else [trace]
        trace = trace.tb_next
    found: TracebackType | None = None
    for one in reversed(kept):
        found = TracebackType(found, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return found


def callers(frame: FrameType) -> Iterator[FrameType]:
    """Yield *frame*, and then each frame that called it, from the inside out."""
    caller: FrameType | None = frame
    while caller is not None:
        yield caller
        caller = caller.f_back


def nearest_outside(packages: Container[str], frame: FrameType) -> FrameType:
    """Return the first of the `callers` of *frame* whose code is outside *packages*, else the outermost."""
    while frame.f_back is not None and package_of(frame) in packages:
        frame = frame.f_back
    return frame


def stack_under_test(frame: FrameType) -> Stack:
    """Return the nearest places of the code under test, from *frame* out to the test, or to the root of its thread.

    If *frame* handles a request, the first place sent it.
    """
    stack: list[Place] = []
    caller: FrameType | None = frame
    line = 0
    # Each request waits: `callers` and `package_of` take half as long again.
    while caller is not None and len(stack) < _DEPTH:
        package = _package(str(caller.f_globals.get("__name__", "")))
        if package not in SENDERS:
            code, line = caller.f_code, line or caller.f_lineno
            if code.co_name not in INLINED:  # pragma: no branch - Python 3.12 has no such frames
                stack.append((code.co_filename, line, code.co_name))
                line = 0
        elif package in STARTERS and not caller.f_code.co_flags & CO_COROUTINE:
            break
        caller = caller.f_back
    return tuple(stack)


def short_path(file: str) -> str:
    """Return a path below the current directory, else its last two parts: no report names a path of the machine."""
    path = Path(file)
    try:
        here = Path.cwd()
    except OSError:  # the test has removed it
        here = path
    return str(path.relative_to(here) if here in path.parents else Path(*path.parts[-2:]))


def shown_place(place: Place) -> str:
    """Return ``app/client.py:12 in publish``."""
    return f"{short_path(place[0])}:{place[1]} in {place[2]}"


def helpers_of(sent: Iterable[tuple[Stack, str | None]]) -> Helpers:
    """Return the functions of the application that send requests for others.

    All requests were sent there, or requests of several operations, and they were wanted in different places. *sent*
    has where each was sent, which may be unknown, and its operation.
    """
    operations: dict[Stack, set[str | None]] = {}
    wanted: dict[Stack, set[Place | None]] = {}
    stacks: set[Stack] = set()
    for stack, operation in dict.fromkeys(sent):
        stacks |= {stack} if stack else set()
        for depth in range(1, len(stack) + 1):
            operations.setdefault(stack[:depth], set()).add(operation)
            wanted.setdefault(stack[:depth], set()).add(stack[depth] if depth < len(stack) else None)
    shared = next(iter(stacks), ())
    while not all(stack[: len(shared)] == shared for stack in stacks):
        shared = shared[:-1]
    return frozenset(one for one in wanted if len(wanted[one]) > 1 and (one == shared or len(operations[one]) > 1))


def line_of(stack: Stack, helpers: Helpers) -> Stack:
    """Return the place that a message names, followed by the helper that it calls, if it calls one.

    The place is the nearest one in *stack* outside all helpers; if helpers are all there is, it is the nearest of them.
    """
    depth = next((depth for depth in range(len(stack) - 1, 0, -1) if stack[:depth] in helpers), 0)
    return (stack[depth], stack[depth - 1]) if depth else stack[:1]


def shown_line(stack: Stack, helpers: Helpers) -> str:
    """Return the `line_of` a request as ``app/shop.py:89 in portrait, through app/gateway.py:61``; empty if unknown."""
    places = line_of(stack, helpers)
    through = [f"through {short_path(file)}:{line}" for file, line, _ in places[1:]]
    return ", ".join([*map(shown_place, places[:1]), *through])


def place_of(frame: FrameType) -> str:
    """Return ``file:line``, where *frame* is now."""
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def is_interruption(error: BaseException) -> bool:
    """Whether a signal handler raised *error*."""
    return any(package != PACKAGE for package in signal_handlers(error))


def signal_handlers(error: BaseException) -> Iterator[str]:
    """Yield the packages of the signal handlers that raised *error*: only they take a frame, the interrupted one."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        for value in frame.f_locals.values():
            # A handler may take the frame as one of its *args.
            parts = cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)
            if any(isinstance(part, FrameType) for part in parts):
                yield package_of(frame)
                break
