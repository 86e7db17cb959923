"""The texts of problems: what is wrong with a request, the nearest operation, and what to do."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from .._core.base.errors import nearest, see
from .._core.base.frames import Helpers, shown_line
from .._core.base.redaction import redacted
from .._core.resources.base.endpoint import Endpoint
from .._core.resources.catalog import CATALOG
from .._core.wire.call import Call
from .._core.wire.hosts import UPLOAD_HOST, is_upload

if TYPE_CHECKING:
    from .._core.engine.pipeline import App
    from .._core.wire.call import Problem

_PREFIXES: Final = {"char": "characters", "upl": "uploads", "img": "images", "vid": "videos", "file": "files"} | {
    "cmp": "chat",
    "we": "webhook_endpoints",
    "team": "teams",
    "req": "requests",
}
"""The kind of record that an id belongs to, by its prefix."""

_CLOSE: Final = 0.8
"""How alike a segment and a misspelled one are, from 0 to 1."""
_WITH_A_MODEL: Final = ("chat.create", "embeddings.create", "embeddings.estimate")

_DOUBLED: Final = (
    "  /v1 is doubled: the base URL ends in /v1, and the path begins with it. Leave it out of one of them; "
    "AUROUS_BASE_URL and aurous.base_url have none\n"
)
_SDK_PATH: Final = (
    "  the OpenAI SDK needs a base_url that ends with one /v1, as in "
    'OpenAI(base_url=f"{aurous.base_url}/v1", api_key=aurous.api_key)\n'
)
_SDK_METHOD: Final = (
    "  of the methods of the OpenAI SDK, the API has chat.completions.create, .parse, .stream and .retrieve, "
    "embeddings.create and models.list\n"
)
_MODELS: Final = (
    "the fake has the model aurous-grow-2.0-pro for chats, and aurous-embed-vision-1.0 for embeddings; "
    "aurous.models.add(...) adds another"
)


def hint_of(call: Call) -> str:
    """Return the probable cause of a refusal, or a misspelled query parameter; empty if nothing is known."""
    refused = call.status is not None and call.status >= 400  # noqa: PLR2004 - the first error
    cause = (_cause_of_refusal(call) or _id_of_another_kind(call)) if refused else ""
    return cause or _misspelled_parameter(call)


def _misspelled_parameter(call: Call) -> str:
    row = CATALOG.by_operation.get(call.operation or "")
    if row is None:
        return ""
    for name in [name for name in call.request.params if name not in row.query]:
        meant = nearest(name, row.query)
        if "?" in meant:
            return f"the fake ignores {name!r}: {row.operation} has no such parameter{meant}"
    return ""


def _cause_of_refusal(call: Call) -> str:
    if call.error_code == "missing_api_key":
        headers = call.request.headers
        sent = headers.get("authorization", "").split()
        if sent and sent[0].lower() != "bearer" and "x-api-key" not in headers:
            return "the scheme Bearer is missing: send `Authorization: Bearer <key>`, or the key alone as X-Api-Key"
        return "no API key was sent: send X-Api-Key; aurous_client does, and AUROUS_API_KEY holds it"
    if call.error_code == "resource_not_found" and not call.fault and call.operation in _WITH_A_MODEL:
        return _MODELS
    if call.error_code in {"invalid_api_key", "revoked_api_key"} and not call.fault:
        return (
            "the fake accepts only keys that it issued and did not revoke: read the variable AUROUS_API_KEY when you "
            "create the client, or use aurous.api_key; for a key of your own, override the fixture aurous_api_key"
        )
    return ""


def _id_of_another_kind(call: Call) -> str:
    for segment in call.path.split("/"):
        kind = _PREFIXES.get(segment.partition("_")[0])
        if kind == "videos" and (call.operation or "").startswith("images."):
            continue  # these endpoints serve both
        if kind and "_" in segment and kind not in call.path.split("/") and kind not in (call.operation or kind):
            return f"{segment} is an id of {kind}: {call.operation} expects another kind"
        if "%2f" in segment.lower():
            return f"{segment} contains %2F: a slash inside a segment, and no id contains one"
    return ""


def explain(call: Call, base_url: str, helpers: Helpers = frozenset()) -> str:
    """Return the text about an unmatched request: the nearest operation, the differences, and how to allow it."""
    prefix = urlsplit(base_url).path
    path = _undoubled(call.path, prefix)
    lines = [
        f"pytest-aurous has no such operation: {call.method} {redacted(call.url)}\n",
        _nearest(call, path, base_url),
        _of_sdk(call, path) or (_DOUBLED if path != call.path else ""),
    ]
    if "%2f" in call.path.lower():
        lines.append("  %2F is a slash inside a segment: join segments with /, and quote only ids\n")
    if not is_upload(call.host) and not call.request.headers.keys() & {"x-api-key", "authorization"}:
        lines.append("  no API key was sent either\n")
    if call.place is not None:
        lines.append(f"  sent at: {shown_line(call.stack, helpers)}\n")
    return (
        f"{''.join(lines)}The client got the response that the API would send. If the request is intended, allow it "
        f'with @pytest.mark.aurous(strict="off"), or "warn".\n{see("reference/errors.html#unmatched-requests")}'
    )


def near_miss(call: Call, base_url: str) -> str:
    """Return the nearest operation of an unmatched request, and what differs from it, in one line."""
    home = urlsplit(base_url).path
    lines = _nearest(call, _undoubled(call.path, home), base_url).splitlines()
    return redacted("; ".join(line.strip() for line in lines).replace(base_url.removesuffix(home), ""))


def _of_sdk(call: Call, path: str) -> str:
    """Return the line about a request of the OpenAI SDK, which adds the path to its ``base_url``."""
    if "OpenAI/" not in call.request.headers.get("user-agent", ""):
        return ""
    return _SDK_METHOD if path == call.path and "/v1/" in path else _SDK_PATH


def _nearest(call: Call, path: str, base_url: str) -> str:
    home = urlsplit(base_url).path
    row = max(CATALOG.by_operation.values(), key=lambda row: _closeness(row, call.method, path, home))
    url = urlsplit(UPLOAD_HOST if row.host == "upload" else base_url)
    differences = [
        (call.scheme != url.scheme, f"{call.scheme}:// instead of {url.scheme}://"),
        (call.host != url.netloc, f"the host: {call.host} instead of {url.netloc}"),
        (path != call.path, "/v1 twice"),
        *((True, text) for text in _differences_of_path(path, url.path + row.template)),
        (call.method != row.method, f"the method: {call.method} instead of {row.method}"),
    ]
    found = "; ".join(text for differs, text in differences if differs) or "the path"
    return (
        f"  nearest: {row.operation}, {row.method} {url.scheme}://{url.netloc}{url.path}{row.template}\n"
        f"  differs: {found}\n"
    )


def _undoubled(path: str, prefix: str) -> str:
    """Return *path* with a single /v1: the base URL and the path may both have one."""
    once = f"{prefix}/v1/"
    while path.startswith((f"{once}v1/", f"{once}/v1/")) or path == f"{once}v1":
        path = once + path[len(once) :].lstrip("/").removeprefix("v1").removeprefix("/")
    return path


def _closeness(row: Endpoint, method: str, path: str, prefix: str) -> tuple[float, bool]:
    wanted, sent = _segments(prefix + row.template), _segments(path)
    same = sum(_alike(one, other) for one, other in zip(_align(wanted, sent), sent, strict=False))
    return same - abs(len(wanted) - len(sent)) / 2, row.method == method


def _align(wanted: list[str], sent: list[str]) -> list[str]:
    """Drop a leading segment such as ``v1`` if the request lacks it."""
    lacks = sent and wanted[:1] != sent[:1] and wanted[1:] and not wanted[1].startswith("{")
    return wanted[1:] if lacks and _alike(wanted[1], sent[0]) >= _CLOSE else wanted


def _alike(wanted: str, sent: str) -> float:
    if wanted.startswith("{"):
        return 0.9  # a literal segment that matches says more than a parameter, which matches anything
    return SequenceMatcher(None, wanted, sent.lower()).ratio()


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def _differences_of_path(path: str, template: str) -> list[str]:
    wanted, sent = _segments(template), _segments(path)
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
        found.append(f"unexpected {'/'.join(sent[len(aligned) :])!r} at the end")
    elif len(sent) < len(aligned):
        found.append(f"missing {'/'.join(aligned[len(sent) :])!r} at the end")
    return found


def describe(problem: Problem, app: App) -> str:
    call, page = problem.call, "reference/faults.html"
    request = f"{call.method} {redacted(call.url)}"
    if problem.kind == "unmatched":
        return explain(call, app.world.settings.base_url, app.world.journal.helpers)
    if problem.kind == "condition":
        return f"when= of a fault raised for {request}; the request met no fault.\n{problem.trace}{see(page)}"
    if problem.kind == "reply":
        return f"{request} got a 500 response: {problem.trace}"
    return (
        f"pytest-aurous itself failed while it handled {request}; the client got a 500 response.\n"
        f"Please report this with the test that shows it.\n{problem.trace}"
    )


def late(call: Call, older: str, test: str, wrong: Iterable[str]) -> str:
    """Return the warning about a request from work that an *older* test began, and the fake of *test* responded to."""
    thread = threading.current_thread().name
    also = "".join(f"{text}\n" for text in wrong)
    return (
        f"{thread}, a thread that {older} left behind, sent {call.method} {redacted(call.url)} while {test} ran, "
        f"whose fake responded. It fails neither test.\n{also}"
        f"Let {older} wait for its threads, or shut its pool down, before it ends. "
        "Start a thread that serves many tests in a session fixture.\n"
        f"{see('how-to/no-network.html#threads-and-background-jobs')}"
    )
