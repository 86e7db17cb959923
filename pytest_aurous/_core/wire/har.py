"""HAR 1.2, which the network panel of a browser opens: the calls of a test, written."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from ..base.errors import version_of_package
from ..base.files import write_whole
from ..base.frames import Helpers, helpers_of, shown_line
from ..base.instants import iso_milliseconds, moment
from ..base.redaction import MIN_SECRET, redacted, remembering
from .bodies import cleaned
from .call import COMPLETE, Call, Request, Response, is_digest, key_of, renamed, secrets_of, stream_of
from .exchange import Exchange
from .headers import Headers, is_secret_header
from .reply import Pairs

_KEY_PARAMETERS: Final = ("api_key", "api-key", "apikey")
_PHRASES: Final = frozenset(map(int, HTTPStatus))
_WEBHOOK_SECRET: Final = re.compile(r"whsec_[\w+/=-]{8,}")


def write_har(folder: Path, test: str, calls: Iterable[Call]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{file_name(test)}.har"
    write_whole(file, json.dumps(har(calls), indent=1))
    return file


def file_name(test: str, *, parameters: bool = True, secret: str | None = None) -> str:
    """Return a name for the files of *test*, its node id, that each file system accepts; no other test has it.

    Neither a key nor another *secret* in the node id is part of it. Without *parameters* it does not show them.
    """
    shown = redacted(test if parameters else test.partition("[")[0], secret)
    # With the eight digits and an ending, shorter than 143 bytes: some encrypted file systems accept no longer name.
    name = re.sub(r"[^A-Za-z0-9_.-]+", "_", shown)[:120].strip("_")
    return f"{name}-{sha256(test.encode(errors='backslashreplace')).hexdigest()[:8]}"


def har(calls: Iterable[Call], names: dict[str, str] | None = None) -> dict[str, Any]:
    """Return *calls* as a HAR 1.2 object that can be replayed: each API key has a name, such as ``key-1``.

    The secret of a webhook endpoint has a name, too, which has the form of a secret.

    Args:
        calls: The calls.
        names: The names in what was written of the same file before; the new ones are added.
    """
    creator = {"name": "pytest-aurous", "version": version_of_package()}
    calls = list(calls)
    names = {} if names is None else names
    _name_secrets(calls, names)
    long = [re.escape(one) for one in {**names, **dict.fromkeys(secrets_of(calls))} if len(one) >= MIN_SECRET]
    more = f"()(?:{'|'.join(long)})" if long else None

    clean = remembering(lambda text: redacted(renamed(text, names), more))
    helpers = helpers_of((call.stack, call.operation) for call in calls)
    entries = [clean(_entry(call, helpers, names, clean)) for call in calls]
    return {"log": {"version": "1.2", "creator": creator, "entries": entries}}


def _name_secrets(calls: list[Call], names: dict[str, str]) -> None:
    """Name each secret: keys in headers and queries, and the secrets of webhook endpoints anywhere."""
    keys: list[str] = []
    texts: list[str] = []

    def read(text: str) -> str:
        texts.append(text)
        return text

    for call in calls:
        parameters = call.request.params.items()
        keys += filter(None, [key_of(call), *(key for name, key in parameters if name in _KEY_PARAMETERS)])
        messages: list[Request | Response] = [call.request]
        messages += [call.response] if call.response is not None else []
        for message in messages:
            texts += message.headers.values()
            cleaned(message.content, message.headers.get("content-encoding", ""), read)
        texts.append(call.url)
    secrets = [secret for text in texts for secret in _WEBHOOK_SECRET.findall(text)]
    for label, found in (("key-", keys), ("whsec_redacted", secrets)):
        for secret in dict.fromkeys(found):
            names.setdefault(secret, f"{label}{1 + sum(name.startswith(label) for name in names.values())}")


def har_entry(
    exchange: Exchange, posted: Mapping[str, Any] | None, content: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    """Return an exchange as an entry of HAR 1.2.

    Args:
        exchange: The exchange; of its bodies only the sizes are written.
        posted: What is written of the body of the request; None: nothing.
        content: What is written of the body of the response, with its size where that is another one.
        **more: Further fields.
    """
    sent, received = exchange.content or b"", exchange.body or b""
    post = None if posted is None else {"mimeType": exchange.sent.get("content-type", ""), **posted}
    return {
        **({} if exchange.at is None else {"startedDateTime": iso_milliseconds(exchange.at)}),
        "time": exchange.seconds * 1000,
        "request": {
            "method": exchange.method,
            "url": exchange.url,
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _har_headers(exchange.headers),
            "queryString": [],
            "headersSize": -1,
            "bodySize": len(sent),
            **({} if post is None else {"postData": post}),
        },
        "response": {
            "status": exchange.status or 0,
            "statusText": "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _har_headers(exchange.response_headers),
            "content": {"size": len(received), "mimeType": exchange.received.get("content-type", ""), **content},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": len(received),
        },
        "cache": {},
        "timings": {"send": 0, "wait": 0, "receive": 0},
        **more,
        **({"_fault": exchange.fault} if exchange.fault else {}),
        **({"_restores": exchange.restores} if exchange.restores else {}),
    }


def _har_headers(headers: Pairs) -> list[dict[str, str]]:
    """Return the headers in order, also repeated ones, their names in lower case as in HTTP/2."""
    return [{"name": name.lower(), "value": value} for name, value in headers]


def _exchange(call: Call, names: Mapping[str, str]) -> Exchange:
    """Return a call as an exchange, whose headers have no API key."""
    request, response = call.request, call.response
    return Exchange(
        call.number,
        call.method,
        call.url,
        _safe(request.headers, names),
        request.content,
        call.at,
        None if response is None else response.status,
        () if response is None else _safe(response.headers, {}),
        b"" if response is None else response.content,
        fault=call.fault or "",
        restores=call.restores,
    )


def _entry(call: Call, helpers: Helpers, names: Mapping[str, str], clean: Callable[[str], str]) -> dict[str, Any]:
    whole = _exchange(call, names)
    sent, received = whole.content or b"", whole.body or b""
    safe_sent = cleaned(sent, whole.sent.get("content-encoding", ""), clean)
    safe_received = cleaned(received, whole.received.get("content-encoding", ""), clean)
    exchange = replace(  # the sizes of what is written: a shorter body would look cut off
        whole,
        content=sent if safe_sent is None else safe_sent,
        body=received if safe_received is None else safe_received,
    )
    note = "; ".join(filter(None, (call.operation, call.error_code, call.fault, stream_of(call))))
    place = {"_place": shown_line(call.stack, helpers)} if call.stack else {}
    posted = written(safe_sent, kept=not is_digest(sent)) if sent else None
    whole_stream = not call.streamed or call.ended == COMPLETE
    content = written(safe_received, kept=whole_stream and not is_digest(received))
    entry = har_entry(exchange, posted, content, comment=note or "no endpoint matches", **place)
    entry["startedDateTime"] = moment(call.at).isoformat(timespec="milliseconds")
    entry["request"]["queryString"] = [{"name": name, "value": value} for name, value in call.request.params.items()]
    entry["response"] |= {
        "statusText": HTTPStatus(exchange.status).phrase if exchange.status in _PHRASES else "",
        "redirectURL": exchange.received.get("location", ""),
        **({} if exchange.status is not None else {"_error": call.fault or "no response"}),
    }
    return entry


def written(body: bytes | None, *, kept: bool = True) -> dict[str, Any]:
    """Return a body as HAR has it: text, or Base64 if it is not text; if it was not *kept*, it is only the digest."""
    if body is None:
        return {"text": "", "_omitted": True}
    text = body.decode(errors="ignore")
    if text.encode() != body or "\0" in text:
        return {"text": b64encode(body).decode(), "encoding": "base64"}
    return {"text": text} if kept else {"text": text, "_omitted": True}


def _safe(headers: Headers, names: Mapping[str, str]) -> Pairs:
    return tuple(
        (name, _secret(value, names) if is_secret_header(name) else value) for name, value in headers.multi_items()
    )


def _secret(value: str, names: Mapping[str, str]) -> str:
    """Return the value of a header with an API key: with the name of the key, or nothing of it."""
    scheme, _, token = value.partition(" ")
    if not value.strip():
        return value
    if value.strip() in names:
        return names[value.strip()]
    return f"{scheme} {names[token.strip()]}" if token.strip() in names else "(redacted)"
