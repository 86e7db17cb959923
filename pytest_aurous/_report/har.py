"""Write the calls of a test as a HAR 1.2 file, which the network panel of a browser opens."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final, cast

from .._base.frames import shown_place
from .._base.redaction import SECRET_HEADERS, redacted, redacted_json
from .._time.clock import moment
from .._wire.call import Call, Request, Response, is_digest
from .._wire.headers import Headers
from .._world.keys import sent_key
from .bodies import cleaned

_SECRET: Final = 8
"""A shorter key is no secret, and may be a part of any word."""
_KEY_PARAMETERS: Final = ("api_key", "api-key", "apikey")
_WEBHOOK_SECRET: Final = re.compile(r"whsec_[\w+/=-]{8,}")


def write_har(folder: Path, test: str, calls: Iterable[Call]) -> Path:
    """Write the calls of *test* to a file in *folder*, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{file_name(test)}.har"
    file.write_text(json.dumps(har(calls), indent=1), encoding="utf-8")
    return file


def file_name(test: str, *, parameters: bool = True, secret: re.Pattern[str] | None = None) -> str:
    """Return a name for the files of *test*, its node id, that each file system accepts; no other test has it.

    Neither a key nor another *secret* in the node id is part of it. Without *parameters* it does not show them.
    """
    shown = redacted(test if parameters else test.partition("[")[0], secret)
    name = re.sub(r"[^A-Za-z0-9_.-]+", "_", shown)[:120].strip("_")
    return f"{name}-{sha256(test.encode(errors='backslashreplace')).hexdigest()[:8]}"


def har(calls: Iterable[Call]) -> dict[str, Any]:
    """Return *calls* as a HAR 1.2 object that can be replayed: each API key has a name, such as ``key-1``.

    The secret of a webhook endpoint has a name, too, which has the form of a secret.
    """
    creator = {"name": "pytest-aurous", "version": version_of_package()}
    calls = list(calls)
    names = _names(calls)
    long = [re.escape(key) for key in names if len(key) >= _SECRET]
    more = re.compile(f"()(?:{'|'.join(long)})") if long else None

    def clean(text: str) -> str:
        return redacted(_named(text, names), more)

    entries = [redacted_json(_named(_entry(call, names, clean), names), more=more) for call in calls]
    return {"log": {"version": "1.2", "creator": creator, "entries": entries}}


def _names(calls: list[Call]) -> dict[str, str]:
    """Return a name for each secret: keys in headers and queries, and the secrets of webhook endpoints anywhere."""
    keys: list[str] = []
    texts: list[str] = []

    def read(text: str) -> str:
        texts.append(text)
        return text

    for call in calls:
        parameters = call.request.params.items()
        keys += filter(None, [sent_key(_fields(call)), *(key for name, key in parameters if name in _KEY_PARAMETERS)])
        messages: list[Request | Response] = [call.request]
        messages += [call.response] if call.response is not None else []
        for message in messages:
            texts += message.headers.values()
            cleaned(message.content, message.headers.get("content-encoding", ""), read)
        texts.append(call.url)
    names = {key: f"key-{number}" for number, key in enumerate(dict.fromkeys(keys), 1)}
    secrets = dict.fromkeys(_WEBHOOK_SECRET.findall("\n".join(texts)))
    return names | {secret: f"whsec_redacted{number}" for number, secret in enumerate(secrets, 1)}


def _fields(call: Call) -> dict[str, str]:
    return {name.lower(): value for name, value in reversed(call.request.headers.multi_items())}


def _named(value: Any, names: Mapping[str, str]) -> Any:
    """Return JSON data in which each long enough key is replaced by its name, wherever it stands."""
    if isinstance(value, str):
        for key, name in names.items():
            value = value.replace(key, name) if len(key) >= _SECRET else value
        return value
    if isinstance(value, list):
        return [_named(item, names) for item in cast("list[Any]", value)]  # type: ignore[redundant-cast]  # pyright finds list[Unknown]
    if isinstance(value, dict):
        return {_named(key, names): _named(item, names) for key, item in cast("dict[str, Any]", value).items()}
    return value


def _entry(call: Call, names: Mapping[str, str], clean: Callable[[str], str]) -> dict[str, Any]:
    note = "; ".join(filter(None, (call.operation, call.error_code, call.fault)))
    return {
        "startedDateTime": moment(call.at).isoformat(timespec="milliseconds"),
        "time": 0,
        "request": _request(call, names, clean),
        "response": _response(call, clean),
        "cache": {},
        "timings": {"send": 0, "wait": 0, "receive": 0},
        "comment": note or "no endpoint matches",
        **({"_place": shown_place(call.place)} if call.place is not None else {}),
        **({"_fault": call.fault} if call.fault else {}),
        **({"_restores": call.restores} if call.restores else {}),
    }


def _request(call: Call, names: Mapping[str, str], clean: Callable[[str], str]) -> dict[str, Any]:
    request = call.request
    body = {"mimeType": request.headers.get("content-type", ""), **_body(request.content, request.headers, clean)}
    return {
        "method": call.method,
        "url": call.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(request.headers, names),
        "queryString": [{"name": name, "value": value} for name, value in request.params.items()],
        "headersSize": -1,
        "bodySize": len(request.content),
        **({"postData": body} if request.content else {}),
    }


def _response(call: Call, clean: Callable[[str], str]) -> dict[str, Any]:
    response = call.response
    status = 0 if response is None else response.status
    headers = Headers(()) if response is None else response.headers
    body = b"" if response is None else response.content
    kind = headers.get("content-type", "")
    content: dict[str, Any] = {"size": len(body), "mimeType": kind, **_body(body, headers, clean)}
    return {
        "status": status,
        "statusText": HTTPStatus(status).phrase if status in _PHRASES else "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(headers, {}),
        "content": content,
        "redirectURL": headers.get("location", ""),
        "headersSize": -1,
        "bodySize": len(body),
        **({} if response is not None else {"_error": call.fault or "no response"}),
    }


def _body(body: bytes, headers: Headers, clean: Callable[[str], str]) -> dict[str, Any]:
    """Return a body as text, or in Base64 if it is none; of one that was not kept, only the digest."""
    safe = cleaned(body, headers.get("content-encoding", ""), clean)
    if safe is None:
        return {"text": "", "_omitted": True}
    try:
        text = safe.decode()
    except UnicodeDecodeError:
        return {"text": b64encode(safe).decode(), "encoding": "base64"}
    return {"text": text, "_omitted": True} if is_digest(body) else {"text": text}


def _headers(headers: Headers, names: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the headers in order, also repeated ones, their names in lower case as in HTTP/2."""
    return [
        {"name": name.lower(), "value": _secret(value, names) if name.lower() in SECRET_HEADERS else value}
        for name, value in headers.multi_items()
    ]


def _secret(value: str, names: Mapping[str, str]) -> str:
    """Return the value of a header with an API key: with the name of the key, or nothing of it."""
    scheme, _, token = value.partition(" ")
    if not value.strip():
        return value
    if value.strip() in names:
        return names[value.strip()]
    return f"{scheme} {names[token.strip()]}" if token.strip() in names else "(redacted)"


def version_of_package() -> str:
    """Return the version of this package; 0 in a checkout."""
    try:
        return version("pytest-aurous")
    except PackageNotFoundError:  # run from a checkout
        return "0"


_PHRASES: Final = frozenset(map(int, HTTPStatus))
