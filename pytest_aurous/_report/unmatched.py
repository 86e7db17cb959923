"""What fails a test that did nothing wrong itself: a request that the API does not know, or a bug of ours."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Final
from urllib.parse import urlsplit

from .._engine.pipeline import App
from .._engine.problems import Problem
from .._framework.endpoint import Endpoint
from .._redaction import redacted
from .._resources.catalog import Catalog
from .._wire.call import Call
from .._wire.hosts import UPLOAD_HOST, is_upload
from ..errors import see

__all__ = ("LATER", "describe", "explain", "hint_of", "late")

_KINDS: Final = {
    "char": "characters",
    "upl": "uploads",
    "img": "images",
    "vid": "videos",
    "file": "files",
    "we": "webhook_endpoints",
    "team": "teams",
    "req": "requests",
}
"""Ids begin with what they are of."""

LATER: Final = {
    "/v1/chat": "chat completions",
    "/v1/embeddings": "embeddings",
    "/v1/models": "models",
}
"""What the API has and this version does not, by the beginning of its paths."""


def hint_of(call: Call) -> str:
    """Return what probably went wrong with a call that was refused, or nothing."""
    if call.status is None or call.status < 400:  # noqa: PLR2004 - the first error
        return ""
    if call.error_code == "missing_api_key":
        return "no key came along: send X-Api-Key; aurous_client has it set, and AUROUS_API_KEY has it"
    if call.error_code in {"invalid_api_key", "revoked_api_key"} and not call.fault:
        return (
            "the fake accepts only keys that it issued and did not revoke: read the variable AUROUS_API_KEY when the "
            "client is made, or use aurous.api_key; to have a key of your own, override the fixture aurous_api_key"
        )
    for segment in call.path.split("/"):
        kind = _KINDS.get(segment.partition("_")[0])
        if kind == "videos" and (call.operation or "").startswith("images."):
            continue  # these calls serve both
        if kind and "_" in segment and kind not in call.path.split("/") and kind not in (call.operation or kind):
            return f"{segment} is an id of {kind}: {call.operation} wants another kind"
        if "%2f" in segment.lower():
            return f"{segment} holds a slash, sent as %2F: it stays inside one segment, and no id has one"
    return ""


_DOUBLED: Final = (
    "  /v1 is doubled: the base URL ends in /v1, and the path begins with it. Leave it out of one of them; "
    "AUROUS_BASE_URL and aurous.base_url have none\n"
)


def explain(catalog: Catalog, call: Call, base_url: str) -> str:
    """Return the text of a failing test: the request, the nearest operation, what differs, how to allow it."""
    home = urlsplit(base_url)
    path = _undoubled(call.path, home.path)
    row = max(catalog.by_operation.values(), key=lambda row: _closeness(row, call.method, path, home.path))
    host = urlsplit(UPLOAD_HOST if row.host == "upload" else base_url)
    prefix = "" if row.host == "upload" else home.path
    differences = [
        *_of_place(call, host.scheme, host.netloc),
        *(["/v1 twice"] if path != call.path else []),
        *_of_path(path, prefix, row.template),
        *([f"the method: {call.method} instead of {row.method}"] if call.method != row.method else []),
    ]
    later = _later(path, home.path)
    nearest = (
        ""
        if later
        else (
            f"  nearest: {row.operation}, {row.method} {host.scheme}://{host.netloc}{prefix}{row.template}\n"
            f"  differs: {'; '.join(differences) or 'the path'}\n"
        )
    )
    return (
        f"pytest-aurous knows no such call: {call.method} {redacted(call.url)}\n"
        f"{nearest}{later}"
        f"{_DOUBLED if path != call.path else ''}{_also(call)}"
        "The client was answered as the API would answer. If the request is meant, allow it with "
        '@pytest.mark.aurous(strict="off"), or "warn".\n'
        f"{see('reference/unmatched.html')}"
    )


def _undoubled(path: str, prefix: str) -> str:
    """Return *path* with one /v1 where it has several: both the base URL and the path had one."""
    once = f"{prefix}/v1/"
    while path.startswith((f"{once}v1/", f"{once}/v1/")) or path == f"{once}v1":
        path = once + path[len(once) :].lstrip("/").removeprefix("v1").removeprefix("/")
    return path


def _later(path: str, prefix: str) -> str:
    """Return that the API has the call, where the fake has not."""
    for start, what in LATER.items():
        if f"{path}/".startswith(f"{prefix}{start}/"):
            return f"  the API has it, this version does not: {what} are not faked yet\n"
    return ""


def _also(call: Call) -> str:
    """Return what else there is to say."""
    said: list[str] = []
    if "%2f" in call.path.lower():
        said.append("  %2F is a slash inside a segment: join segments by /, and quote ids alone")
    if not is_upload(call.host) and not call.request.headers.keys() & {"x-api-key", "authorization"}:
        said.append("  no key came along either")
    return "".join(f"{line}\n" for line in said)


def _closeness(row: Endpoint, method: str, path: str, prefix: str) -> tuple[float, bool]:
    wanted, sent = _segments(prefix + row.template), _segments(path)
    same = sum(_alike(one, other) for one, other in zip(_align(wanted, sent), sent, strict=False))
    return same - abs(len(wanted) - len(sent)) / 2, row.method == method


def _align(wanted: list[str], sent: list[str]) -> list[str]:
    """Leave out a leading segment such as ``v1`` where the request lacks it."""
    return wanted[1:] if sent and wanted[:1] != sent[:1] and wanted[1:2] == sent[:1] else wanted


def _alike(wanted: str, sent: str) -> float:
    if wanted.startswith("{"):
        return 0.9  # a literal segment that is spelt right says more than a parameter that takes anything
    return SequenceMatcher(None, wanted, sent.lower()).ratio()


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def _of_place(call: Call, scheme: str, host: str) -> list[str]:
    found = [f"{call.scheme}:// instead of {scheme}://"] if call.scheme != scheme else []
    if call.host != host:
        found.append(f"the host: {call.host} instead of {host}")
    return found


def _of_path(path: str, prefix: str, template: str) -> list[str]:
    wanted, sent = _segments(prefix + template), _segments(path)
    found: list[str] = []
    if "//" in path:
        found.append("a double slash")
    if len(path) > 1 and path.endswith("/"):
        found.append("a trailing slash")
    aligned = _align(wanted, sent)
    if aligned is not wanted:
        found.append(f"missing /{wanted[0]}")
    found += [
        f"{other!r} instead of {one!r}"
        for one, other in zip(aligned, sent, strict=False)
        if not one.startswith("{") and one != other
    ]
    if len(sent) > len(aligned):
        found.append(f"{'/'.join(sent[len(aligned) :])!r} too much at the end")
    elif len(sent) < len(aligned):
        found.append(f"{'/'.join(aligned[len(sent) :])!r} missing at the end")
    return found


def describe(problem: Problem, app: App) -> str:
    """Return the text of a failing test."""
    call, page = problem.call, "reference/faults.html"
    request = f"{call.method} {redacted(call.url)}"
    if problem.kind == "unmatched":
        return explain(app.catalog, call, app.world.settings.base_url)
    if problem.kind == "condition":
        return f"when= of a fault raised for {request}; the request met no fault.\n{problem.trace}{see(page)}"
    return (
        f"pytest-aurous itself failed while it handled {request}; the client got a 500 response.\n"
        f"Please report this with the test that shows it.\n{problem.trace}"
    )


def late(call: Call, older: str, test: str, wrong: Iterable[str]) -> str:
    """Return the warning about a request from work that an *older* test began.

    Args:
        call: The request.
        older: Node id of the test that began the work.
        test: Node id of the test whose fake responded.
        wrong: The problems and pitfalls of the request.
    """
    thread = threading.current_thread().name
    also = "".join(f"{text}\n" for text in wrong)
    return (
        f"{thread}, a thread that {older} left behind, sent {call.method} {redacted(call.url)} while {test} ran, "
        f"whose fake responded. It fails neither test.\n{also}"
        f"Let {older} wait for its threads, or shut its pool down, before it ends. "
        "Start a thread that serves many tests in a session fixture.\n"
        f"{see('how-to/no-network.html#late-work')}"
    )
