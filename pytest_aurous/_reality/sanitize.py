"""Recordings without secrets, names and texts: of the same shape and length, and fit to be committed."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

from .._content.pictures import measure
from .._resources.catalog import CATALOG
from .._resources.styles import LoraRow, VideoLoraRow
from .._time.clock import iso_milliseconds
from .._wire.data import as_list, as_object
from .._wire.hosts import is_loopback, is_upload, is_vendors
from .._wire.multipart import read_parts
from .._world.settings import BASE_URL
from .recording import Exchange, Pairs, Recording

_ID: Final = re.compile(r"(?:char|img|vid|file|lora|we|upl|req|team|evt|ref)_[0-9A-Za-z]{20,32}")
_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?")
_URL: Final = re.compile(r"https?://\S*")
_WORD: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SAFE: Final = frozenset({
    "object", "status", "type", "code", "param", "currency", "billing_mode", "media_type", "inference_type", "pose",
    "size_preset", "video_resolution", "video_ratio", "mime_type", "purpose", "error_message",
})  # fmt: skip
"""Fields of responses in which the vendor has words, known to us or not."""
_TEXTS: Final = ("name", "prompt", "negative_prompt", "description", "filename", "message")
_STYLES: Final = frozenset(style.name for kind in (LoraRow, VideoLoraRow) for style in kind.first())
"""The names of the public styles, which say nothing of a user."""
_TOKENS: Final = ("token", "signature")
_PREFIX: Final = re.compile(r"(?:whsec|char|img|vid|file|lora|we|upl)_")
"""What the rest of a text is masked behind: the kind of an id or a secret stays."""
_KEPT_HEADERS: Final = frozenset({
    "accept-ranges", "allow", "aurous-deprecated", "aurous-idempotent-replayed", "aurous-request-id", "aurous-version",
    "content-length", "content-range", "content-type", "date", "deprecation", "range", "retry-after", "sunset",
    "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset",
})  # fmt: skip
_DROPPED: Final = ("cookie", "set-cookie", "proxy-authorization")
_KEYS: Final = ("x-api-key", "authorization")
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_HEAD: Final = 33
_JPEG: Final = b"\xff\xd8"
_SIZES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The markers of the segments with the size of a JPEG."""
_WEBP_HEAD: Final = 30


@cache
def _known() -> frozenset[str]:
    """Return the words that are in the OpenAPI document: names of fields and parameters, enums, codes, paths."""
    document = json.loads(files("pytest_aurous").joinpath("openapi.json").read_text(encoding="utf-8"))
    words = set(_words(document))
    for row in CATALOG.by_operation.values():
        words |= {part for outcome in row.outcomes for part in outcome.split()}
        words |= {part for part in row.template.split("/") if not part.startswith("{")}
    words |= {style.slug for kind in (LoraRow, VideoLoraRow) for style in kind.first()}
    return frozenset(words | {"Idempotency-Key", "Aurous-Version", "Content-Type", "list", "*"})


def _words(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        for name, value in as_object(schema).items():
            if name in {"enum", "required"}:
                yield from filter(_is_text, as_list(value))
            elif name in {"const", "name"} and isinstance(value, str):
                yield value
            elif name == "properties":
                yield from value
            yield from _words(value)
    for one in as_list(schema):
        yield from _words(one)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


class Sanitizer:
    """Replaces what is private: the same text by the same text of the same length, everywhere."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._keys: dict[str, str] = {}

    def har(self, recording: Recording) -> dict[str, Any]:
        """Return a recording as a HAR file without anything private."""
        for exchange in recording.exchanges:
            for name in _KEYS:
                if exchange.sent.get(name):
                    self.key(exchange.sent[name].rpartition(" ")[2])
        entries = [self.entry(exchange) for exchange in recording.exchanges if exchange.vendors]
        creator = {"name": "pytest-aurous" if recording.of_fake else "pytest-aurous check --sanitize", "version": "1"}
        return {"log": {"version": "1.2", "creator": creator, "entries": entries}}

    def entry(self, exchange: Exchange) -> dict[str, Any]:
        """Return one exchange as an entry of HAR."""
        kind = exchange.sent.get("content-type", "")
        request: dict[str, Any] = {
            "method": exchange.method,
            "url": self.url(exchange.url),
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": self._headers(exchange.headers),
            "queryString": [],
            "headersSize": -1,
            "bodySize": len(exchange.content or b""),
        }
        if exchange.content is None:
            request["postData"] = {"mimeType": kind, "_omitted": True}
        elif exchange.content:
            request["postData"] = {"mimeType": kind, **self._body(exchange.content, kind, response=False)}
        kind = exchange.received.get("content-type", "")
        content: dict[str, Any] = {"size": len(exchange.body or b""), "mimeType": kind}
        if exchange.body is None or (exchange.body and not kind.startswith("application/json")):
            content["_omitted"] = True
        else:
            content |= self._body(exchange.body, kind, response=True)
        return {
            "startedDateTime": iso_milliseconds(exchange.at or 0),
            "time": 0,
            "request": request,
            "response": {
                "status": exchange.status or 0,
                "statusText": "",
                "httpVersion": "HTTP/1.1",
                "cookies": [],
                "headers": self._headers(exchange.response_headers),
                "content": content,
                "redirectURL": "",
                "headersSize": -1,
                "bodySize": len(exchange.body or b""),
            },
            "cache": {},
            "timings": {"send": 0, "wait": 0, "receive": 0},
            **({"_fault": exchange.fault} if exchange.fault else {}),
        }

    def key(self, key: str) -> str:
        """Return the name of an API key, such as ``key-1``."""
        return self._keys.setdefault(key, f"key-{len(self._keys) + 1}")

    def value(self, name: str, value: Any, *, response: bool = True, user: bool = False) -> Any:
        """Return JSON data without anything private; *name* is that of its field, *user*: in a map of the user's."""
        if isinstance(value, dict):
            inner = user or name == "metadata"
            return {
                self._name(key, user=inner): self.value(key, item, response=response, user=inner)
                for key, item in as_object(value).items()
            }
        if isinstance(value, list):
            return [self.value(name, item, response=response, user=user) for item in as_list(value)]
        if isinstance(value, str):
            return self._text(name, value, response=response, user=user)
        return value

    def url(self, url: str) -> str:
        """Return a URL without its secrets, and without a host that is not the vendor's."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        known = is_vendors(host) or is_upload(host) or is_loopback(host)
        path = "/".join(self._segment(segment) for segment in parts.path.split("/")) if known else self.mask(parts.path)
        query = "&".join(
            f"{quote(self._name(name, user=False), safe='[]')}={quote(self._sent(name, value), safe=',:@/+')}"
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
        )
        fragment = parts.fragment if _WORD.fullmatch(parts.fragment) else self.mask(parts.fragment)
        place = parts.netloc if known else self.mask(parts.netloc)
        return f"{parts.scheme}://{place}{path}{'?' + query if query else ''}{'#' + fragment if fragment else ''}"

    def mask(self, text: str) -> str:
        """Return another text of the same shape and length; the same for the same text."""
        if text not in self._texts:
            number, letters = len(self._texts) + 1, list(text)
            for place in range(len(letters) - 1, -1, -1):
                letter = letters[place]
                if letter.isdigit():
                    number, rest = divmod(number, 10)
                    letters[place] = str(rest)
                elif letter.isalpha():
                    number, rest = divmod(number, 26)
                    letters[place] = chr((ord("A") if letter.isupper() else ord("a")) + rest)
            self._texts[text] = "".join(letters)
        return self._texts[text]

    def _sent(self, name: str, text: str) -> str:
        """Return a text of a request."""
        return self._text(name, text, response=False, user=False)

    def _name(self, name: str, *, user: bool) -> str:
        return name if not user and (name in _known() or _WORD.fullmatch(name) is not None) else self.mask(name)

    def _segment(self, segment: str) -> str:
        stem, dot, suffix = segment.partition(".")
        if segment in _known() or _ID.fullmatch(segment) or segment.isdigit() or not segment:
            return segment
        return segment if dot and stem in _known() and suffix.isalnum() else self.mask(segment)

    def _text(self, name: str, text: str, *, response: bool, user: bool) -> str:
        if text in self._keys:
            return self._keys[text]
        if not user and _is_plain(name, text, response=response):
            return text
        prefix = _PREFIX.match(text)
        if prefix is not None and not user:
            return prefix[0] + self.mask(text[prefix.end() :])
        if name == "param":
            first, *rest = text.split(".", 1)
            return ".".join(
                [self._name(first, user=False), *(self._name(one, user=first == "metadata") for one in rest)]
            )
        return self.url(text) if _URL.fullmatch(text) and not user else self.mask(text)

    def _headers(self, headers: Pairs) -> list[dict[str, str]]:
        named = ((name.lower(), value) for name, value in headers)
        return [{"name": name, "value": self._header(name, value)} for name, value in named if name not in _DROPPED]

    def _header(self, name: str, value: str) -> str:
        if name in _KEYS:
            scheme, _, token = value.rpartition(" ")
            return f"{scheme} {self.key(token)}".strip() if token else ""
        if name == "location":
            base = "" if _URL.fullmatch(value) else BASE_URL
            return self.url(base + value).removeprefix(base)
        kept = name in _KEPT_HEADERS and (name != "aurous-version" or _STAMP.fullmatch(value))
        return value if kept else self.mask(value)

    def _body(self, body: bytes, kind: str, *, response: bool) -> dict[str, Any]:
        if kind.startswith("multipart/form-data"):
            return {"text": b64encode(self._form(body, kind)).decode(), "encoding": "base64"}
        if kind.startswith(("image/", "application/octet-stream")):
            return {"text": b64encode(blank(body)).decode(), "encoding": "base64"}
        try:
            content = json.loads(body)
        except (ValueError, RecursionError):
            return {"text": self.mask(body.decode(errors="replace"))}
        compact = b'": ' not in body
        separators = (",", ":") if compact else (", ", ": ")
        text = json.dumps(self.value("", content, response=response), ensure_ascii=False, separators=separators)
        return {"text": text}

    def _form(self, body: bytes, kind: str) -> bytes:
        """Return a form with the same fields, whose pictures show nothing."""
        for part in read_parts(body, kind):
            if part.name == "file":
                plain = blank(part.data)
            elif part.name == "metadata":
                try:
                    plain = json.dumps(self.value("metadata", json.loads(part.data))).encode()
                except (ValueError, RecursionError):
                    plain = self.mask(part.data.decode(errors="replace")).encode()
            else:
                plain = self._sent(part.name, part.data.decode(errors="replace")).encode()
            body = body.replace(part.data, plain, 1) if part.data else body
            if part.filename:
                body = body.replace(part.filename.encode(), self.mask(part.filename).encode(), 1)
        return body


def _is_plain(name: str, text: str, *, response: bool) -> bool:
    """Whether a text says nothing of its user: a word of the API, an id, an instant or a number."""
    if name in _TEXTS:
        return text in _STYLES
    parts = text.split(",")
    word = response and name in _SAFE and _WORD.fullmatch(text) is not None
    number = text.lstrip("-").isdigit() and name not in _TOKENS
    return (
        word or number or bool(_ID.fullmatch(text) or _STAMP.fullmatch(text)) or all(one in _known() for one in parts)
    )


def blank(picture: bytes) -> bytes:
    """Return a picture of the same type, size and length that shows nothing, or as many zeros."""
    if picture.startswith(_PNG):
        kept = picture[:_PNG_HEAD]
    elif picture.startswith(_JPEG):
        kept = b"".join(_jpeg_segments(picture))
    else:
        kept = picture[:_WEBP_HEAD] if picture[8:12] == b"WEBP" else b""
    plain = kept + bytes(max(0, len(picture) - len(kept)))
    same = measure(plain) == measure(picture)
    return plain if same else bytes(len(picture))


def _jpeg_segments(picture: bytes) -> Iterator[bytes]:
    """Yield the segments of a JPEG up to that with its size, without what they contain."""
    yield picture[:2]
    place = 2
    while place + 4 <= len(picture) and picture[place] == 0xFF:  # noqa: PLR2004 - a marker
        length = int.from_bytes(picture[place + 2 : place + 4], "big")
        segment = picture[place : place + 2 + length]
        is_size = segment[1] in _SIZES
        yield segment if is_size else segment[:4] + bytes(max(0, len(segment) - 4))
        if is_size or length < 2:  # noqa: PLR2004 - shorter than its own length
            return
        place += 2 + length
