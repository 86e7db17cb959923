"""HAR 1.2, which the network panel of a browser opens: the calls of a test, written."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
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
from .call import COMPLETE, Call, is_digest, key_of, params_of, renamed, reply_to, secrets_of, stream_of
from .exchange import Exchange
from .headers import Headers, is_secret_header
from .reply import Pairs

_KEY_PARAMETERS: Final = ("api_key", "api-key", "apikey")
_PHRASES: Final = frozenset(map(int, HTTPStatus))
_REMEMBERED: Final = 1000
"""After so many calls, what texts they had in common is forgotten: else a log of days would fill the memory."""
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


def har(calls: Iterable[Call]) -> dict[str, Any]:
    """Return *calls* as a HAR 1.2 object that can be replayed: each API key has a name, such as ``key-1``.

    The secret of a webhook endpoint has a name, too, which has the form of a secret.
    """
    creator = {"name": "pytest-aurous", "version": version_of_package()}
    return {"log": {"version": "1.2", "creator": creator, "entries": HarWriter().entries([*calls])}}


class HarWriter:
    """Writes the entries of one HAR file, also one after the other."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}  # of the keys and the secrets in what was written
        self._secrets: dict[str, None] = {}
        self._cleaning: str | None = None
        self._clean = remembering(str)
        self._since = _REMEMBERED

    def entries(self, calls: list[Call]) -> list[dict[str, Any]]:
        _name_secrets(calls, self.names)
        self._secrets |= dict.fromkeys(secrets_of(calls))
        long = [re.escape(one) for one in {**self.names, **self._secrets} if len(one) >= MIN_SECRET]
        more = f"()(?:{'|'.join(long)})" if long else None
        if more != self._cleaning or self._since >= _REMEMBERED:
            self._cleaning, self._since = more, 0
            self._clean = remembering(lambda text: redacted(renamed(text, self.names), more))
        self._since += len(calls)
        helpers = helpers_of((call.stack, call.operation) for call in calls)
        return [_entry(call, helpers, self.names, self._clean) for call in calls]


def _name_secrets(calls: list[Call], names: dict[str, str]) -> None:
    """Name each secret: keys in headers and queries, and the secrets of webhook endpoints anywhere."""
    keys: list[str] = []
    texts = dict[str, None]()  # each once: requests have most of their texts in common

    def read(text: str) -> str:
        texts[text] = None
        return text

    for call in calls:
        keys += filter(None, [key_of(call), *(key for name, key in params_of(call).items() if name in _KEY_PARAMETERS)])
        reply = reply_to(call)
        for headers, body in ((call.sent_headers, call.content), (Headers(reply.headers), reply.body)):
            texts |= dict.fromkeys([value for _, value in headers.multi_items()])
            cleaned(body, headers.get("content-encoding", ""), read)
        read(call.url)
    secrets = [secret for text in texts for secret in _WEBHOOK_SECRET.findall(text)]
    for label, found in (("key-", keys), ("whsec_redacted", secrets)):
        for secret in dict.fromkeys(found):
            names.setdefault(secret, f"{label}{1 + sum(name.startswith(label) for name in names.values())}")


def har_entry(
    exchange: Exchange, posted: Mapping[str, Any] | None, content: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    """Return an exchange as an entry of HAR 1.2, with *more* fields.

    Of its bodies only the sizes are written, and what is *posted*, and the *content* of the response.
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


def _entry(call: Call, helpers: Helpers, names: Mapping[str, str], clean: Callable[[Any], Any]) -> dict[str, Any]:
    """Return a call as an entry. What comes from elsewhere is cleaned before: to walk the whole entry costs more."""
    reply, parameters = reply_to(call), params_of(call).items()
    sent, received = call.content, reply.body
    safe_sent = cleaned(sent, call.sent_headers.get("content-encoding", ""), clean)
    safe_received = cleaned(received, Headers(reply.headers).get("content-encoding", ""), clean)
    exchange = Exchange(
        call.number,
        clean(call.method),
        clean(call.url),
        _safe(call.sent_headers, names, clean),
        sent if safe_sent is None else safe_sent,  # of the size that is written: a shorter body would look cut off
        call.at,
        call.status,
        _safe(Headers(reply.headers), {}, clean),
        received if safe_received is None else safe_received,
        fault=clean(call.fault or ""),
        restores=call.restores,
    )
    note = "; ".join(filter(None, (call.operation, call.error_code, call.fault, stream_of(call))))
    place = {"_place": clean(shown_line(call.stack, helpers))} if call.stack else {}
    posted = clean(written(safe_sent, kept=not is_digest(sent))) if sent else None
    whole_stream = not call.streamed or call.ended == COMPLETE
    content = clean(written(safe_received, kept=whole_stream and not is_digest(received)))
    entry = har_entry(exchange, posted, content, comment=clean(note) or "no endpoint matches", **place)
    entry["startedDateTime"] = moment(call.at).isoformat(timespec="milliseconds")
    entry["request"]["queryString"] = [{"name": clean(name), "value": clean(one)} for name, one in parameters]
    entry["response"] |= {
        "statusText": HTTPStatus(exchange.status).phrase if exchange.status in _PHRASES else "",
        "redirectURL": exchange.received.get("location", ""),
        **({} if exchange.status is not None else {"_error": exchange.fault or "no response"}),
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


def _safe(headers: Headers, names: Mapping[str, str], clean: Callable[[Any], Any]) -> Pairs:
    pairs = headers.multi_items()
    shown = [(name, _secret(value, names) if is_secret_header(name) else value) for name, value in pairs]
    return tuple([(clean(name.lower()), clean(value)) for name, value in shown])


def _secret(value: str, names: Mapping[str, str]) -> str:
    """Return the value of a header with an API key: with the name of the key, or nothing of it."""
    scheme, _, token = value.partition(" ")
    if not value.strip():
        return value
    if value.strip() in names:
        return names[value.strip()]
    return f"{scheme} {names[token.strip()]}" if token.strip() in names else "(redacted)"
