"""HAR 1.2, which the network panel of a browser opens: the calls of a test, written, and any recording, read."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from ..base.data import as_object, is_finite
from ..base.errors import AurousError, version_of_package
from ..base.files import write_whole
from ..base.frames import Helpers, helpers_of, shown_line
from ..base.instants import iso_milliseconds, moment, parse_instant
from ..base.redaction import MIN_SECRET, redacted, redacted_json
from .bodies import cleaned, decompressed
from .call import COMPLETE, Call, Request, Response, is_digest, key_of, renamed, secrets_of, stream_of
from .exchange import Exchange
from .headers import Headers, is_secret_header
from .reply import Pairs

Take = Callable[[Exchange, str, Callable[[], "bytes | None"]], "bytes | None"]
"""Takes the body of the ``request`` or the ``response`` of an exchange, which a function reads, as far as it may."""

_KEY_PARAMETERS: Final = ("api_key", "api-key", "apikey")
_LOST: Final = "\N{REPLACEMENT CHARACTER}"
"""What browsers write for bytes that are no text."""
_BYTE: Final = 256
_DIGITS: Final = 18
"""A longer number is no length."""
_INFORMATIONAL: Final = 100
_WEBHOOK_SECRET: Final = re.compile(r"whsec_[\w+/=-]{8,}")


def write_har(folder: Path, test: str, calls: Iterable[Call]) -> Path:
    """Write the calls of *test* to a file in *folder*, and return its path."""
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
    calls = list(calls)
    names = _names(calls)
    long = [re.escape(one) for one in {**names, **dict.fromkeys(secrets_of(calls))} if len(one) >= MIN_SECRET]
    more = f"()(?:{'|'.join(long)})" if long else None

    def clean(text: str) -> str:
        return redacted(renamed(text, names), more)

    helpers = helpers_of((call.stack, call.operation) for call in calls)
    entries = [redacted_json(renamed(_entry(call, helpers, names, clean), names), more=more) for call in calls]
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
        keys += filter(None, [key_of(call), *(key for name, key in parameters if name in _KEY_PARAMETERS)])
        messages: list[Request | Response] = [call.request]
        messages += [call.response] if call.response is not None else []
        for message in messages:
            texts += message.headers.values()
            cleaned(message.content, message.headers.get("content-encoding", ""), read)
        texts.append(call.url)
    names = {key: f"key-{number}" for number, key in enumerate(dict.fromkeys(keys), 1)}
    secrets = dict.fromkeys(_WEBHOOK_SECRET.findall("\n".join(texts)))
    return names | {secret: f"whsec_redacted{number}" for number, secret in enumerate(secrets, 1)}


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
    """Return headers without API keys."""
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


def _finite(value: Any) -> float:
    if not is_finite(number := float(value)):
        raise ValueError
    return number


class FieldError(ValueError):
    """A field of an entry that is missing or malformed; the message says which."""


def field(entry: Any, path: str, read: Callable[[Any], Any] = lambda value: value) -> Any:
    """Return a field of an entry, such as ``request.url``, as *read* returns it; None where it is absent or null.

    Raises:
        FieldError: If it is malformed.
    """

    def find() -> Any:
        value = entry
        for step in path.split("."):
            value = None if value is None else value.get(step)
        return None if value is None else read(value)

    return _checked(path, find)


def _checked(path: str, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, AurousError):
        raise FieldError(f"{path} has another type or form") from None


def read_entry(number: int, entry: Any, take: Take) -> Exchange:
    """Read an entry of HAR 1.2, as browsers, proxies and we write it; *take* takes its bodies.

    Raises:
        FieldError: If a field is missing or malformed.
    """
    method, url = (field(entry, path, plain_text) for path in ("request.method", "request.url"))
    if None in (method, url):
        raise FieldError(f"it has no {'request.url' if url is None else 'request.method'}")
    status = field(entry, "response.status", int) or 0
    found = Exchange(
        number,
        method.upper(),
        url,
        field(entry, "request.headers", _pairs) or (),
        at=field(entry, "startedDateTime", lambda at: parse_instant(at).timestamp()),
        status=status if status >= _INFORMATIONAL else None,  # tools write 0, -1 or -999
        response_headers=field(entry, "response.headers", _pairs) or (),
        fault=str(entry.get("_fault") or ""),
        restores=field(entry, "_restores", int) or 0,
        seconds=max(0.0, field(entry, "time", _finite) or 0.0) / 1000,
    )
    _checked("request.url", lambda: urlsplit(str(url)))  # which all that follows relies on
    found.at = found.dated if found.at is None else found.at
    size = field(entry, "request.bodySize", int) or 0
    post, content = as_object(field(entry, "request.postData")), as_object(field(entry, "response.content"))
    found.content = take(
        found, "request", lambda: _checked("request.postData", lambda: _read_posted(post, size, found.sent))
    )
    found.body = take(
        found, "response", lambda: _checked("response.content", lambda: _read_content(content, found.received))
    )
    return found


def _read_posted(post: Mapping[str, Any], size: int, sent: Mapping[str, str]) -> bytes | None:
    """Return the body of a request; None where it was left out or cut off, as the file of a form in a cassette."""
    if not post:
        return b"" if max(size, _length_of(sent)) <= 0 else None
    body = _read_body(post, size if size > 0 or post.get("params") else 0, sent)
    form = isinstance(post.get("text"), bytes) and sent.get("content-type", "").startswith("multipart/")
    return None if form and _length_of(sent) > len(body or b"") else body


def _read_content(content: Mapping[str, Any], received: Mapping[str, str]) -> bytes | None:
    """Return the body of a response; None where it was left out or cut off."""
    full = str(content.get("mimeType")).startswith("application/json") or _length_of(received) > 0
    absent = full and "text" not in content
    return None if absent else _read_body(content, content.get("size") if content else 0, received)


def _length_of(headers: Mapping[str, str]) -> int:
    """Return the length of a body, as its header has it."""
    length = headers.get("content-length", "")
    return int(length) if length.isdecimal() and len(length) <= _DIGITS else 0


def _read_body(content: Mapping[str, Any], size: int | None, headers: Mapping[str, str]) -> bytes | None:
    """Return a body; None where it was left out or cut off. Some tools keep it compressed, or as bytes."""
    text = content.get("text")
    if content.get("_omitted") or (text is None and size != 0):
        return None
    if content.get("encoding") == "base64":
        text = b64decode(text or "")
    if isinstance(text, bytes):
        return decompressed(text, headers.get("content-encoding", ""))
    text, kind = text or "", content.get("mimeType") or ""
    body = text.encode(errors="replace")
    # Some tools write a character for each byte of a body that is no text; its size shows it.
    if size == len(text) != len(body) and all(ord(letter) < _BYTE for letter in text):
        body = text.encode("latin-1")
    cut = (size or 0) > len(body) and kind.startswith(("application/json", "multipart/"))
    return None if cut or (kind.startswith("multipart/") and _LOST in text) else body


def _pairs(headers: Any) -> Pairs:
    """Return the headers of HAR, without the pseudo-headers of HTTP/2."""
    pairs = ((plain_text(pair["name"]), plain_text(pair["value"])) for pair in headers)
    return tuple(pair for pair in pairs if not pair[0].startswith(":"))


def plain_text(value: Any) -> str:
    """Return a text or a number as text, but no list as text: aliases of YAML may make it endless.

    Raises:
        TypeError: For any other value.
    """
    if isinstance(value, (dict, list, tuple, set)):
        raise TypeError
    return str(value)


_PHRASES: Final = frozenset(map(int, HTTPStatus))
