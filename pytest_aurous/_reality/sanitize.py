"""Recordings without secrets, names and texts: of the same shape and length, and fit to be committed."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

from .._redaction import KEY_HEADERS
from .._time.clock import iso_milliseconds
from .._wire.data import as_list, as_object
from .._wire.hosts import is_loopback, is_upload, is_vendors
from .._wire.multipart import Part, read_parts
from .._world.settings import BASE_URL
from .blank import blank
from .recording import Exchange, Pairs, Recording
from .words import ID, STAMP, is_name, is_plain, known_words

_PREFIX: Final = re.compile(r"(?:whsec|char|img|vid|file|lora|we|upl)_")
"""What the rest of a text is masked behind: the kind of an id or a secret stays."""
_URL: Final = re.compile(r"https?://\S*")
_FRAGMENT: Final = re.compile(r"[a-z_]{0,40}")
_HEADERS: Final = frozenset({
    *KEY_HEADERS, "accept-ranges", "allow", "content-length", "content-range", "content-type", "date", "deprecation",
    "idempotency-key", "location", "range", "retry-after", "sunset",
})  # fmt: skip
"""The headers that a rule is about, beside those whose names begin with the vendor's prefixes; no other is written."""
_OWN: Final = ("aurous-", "x-ratelimit-")
_HEADER: Final = re.compile(
    r"@?\d+|true|false|none|route|bytes(?:[ =][\d*/,-]+)?"
    r"|(?:(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)(?:, )?)+"
    r"|[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"
)
"""Values of headers that say nothing of a user: numbers, flags, ranges, methods, dates."""
_MEDIA: Final = re.compile(
    r"application/(?:problem\+)?json|application/(?:octet-stream|x-www-form-urlencoded)"
    r"|image/(?:png|jpeg|webp|gif)|video/mp4|text/(?:plain|html)|multipart/form-data"
)
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_BOUNDARY: Final = "boundary"


class Sanitizer:
    """Replaces what is private: the same text by the same text of the same length, everywhere."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._keys: dict[str, str] = {}
        self._numbers: dict[float, int] = {}

    def har(self, recording: Recording) -> dict[str, Any]:
        """Return a recording as a HAR file without anything private."""
        for exchange in recording.exchanges:
            for name in KEY_HEADERS:
                if exchange.sent.get(name):
                    self.key(exchange.sent[name].rpartition(" ")[2])
        entries = [self.entry(exchange) for exchange in recording.exchanges if exchange.vendors]
        creator = {"name": "pytest-aurous" if recording.of_fake else "pytest-aurous check --sanitize", "version": "1"}
        return {"log": {"version": "1.2", "creator": creator, "entries": entries}}

    def entry(self, exchange: Exchange) -> dict[str, Any]:
        """Return one exchange as an entry of HAR."""
        kind = _media_type(exchange.sent.get("content-type", ""))
        request: dict[str, Any] = {
            "method": exchange.method if exchange.method in _METHODS else self.mask(exchange.method),
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
            body = self._body(exchange.content, exchange.sent, response=False)
            request |= {"bodySize": _size(body), "postData": {"mimeType": kind, **body}}
        kind = _media_type(exchange.received.get("content-type", ""))
        content: dict[str, Any] = {"size": len(exchange.body or b""), "mimeType": kind}
        if exchange.body is None or (exchange.body and not kind.startswith("application/json")):
            content["_omitted"] = True
        else:
            body = self._body(exchange.body, exchange.received, response=True)
            content |= {"size": _size(body), **body}
        return {
            **({} if exchange.at is None else {"startedDateTime": iso_milliseconds(exchange.at)}),
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
            **({"_restores": exchange.restores} if exchange.restores else {}),
        }

    def key(self, key: str) -> str:
        """Return the name of an API key, such as ``key-1``."""
        return self._keys.setdefault(key, f"key-{len(self._keys) + 1}")

    def value(self, name: str, value: Any, *, response: bool = True, user: bool = False) -> Any:
        """Return JSON data without anything private; *name* is that of its field, *user*: in a map of the user's."""
        if isinstance(value, dict):
            inner = user or name == "metadata"
            return {
                self._name(key, response=response, user=inner): self.value(key, item, response=response, user=inner)
                for key, item in as_object(value).items()
            }
        if isinstance(value, list):
            return [self.value(name, item, response=response, user=user) for item in as_list(value)]
        if isinstance(value, str):
            return self._text(name, value, response=response, user=user)
        if user and isinstance(value, (int, float)) and not isinstance(value, bool):
            return self._numbers.setdefault(value, len(self._numbers) + 1)
        return value

    def outcome(self, outcome: str) -> str:
        """Return a status and a code without anything private."""
        status, space, code = outcome.partition(" ")
        return f"{status}{space}{self.value('code', code)}"

    def url(self, url: str) -> str:
        """Return a URL without its secrets, and without a host that is not the vendor's."""
        parts = urlsplit(url)
        host, place = parts.hostname or "", parts.netloc.rpartition("@")[2]
        if not (is_vendors(host) or is_upload(host) or is_loopback(host)):
            return f"{parts.scheme}://{self.mask(url.partition('://')[2])}"
        path = "/".join(self._segment(segment) for segment in parts.path.split("/"))
        query = "&".join(
            f"{quote(self._name(name, response=False), safe='[]')}={quote(self._sent(name, value), safe=',:@/+')}"
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
        )
        fragment = parts.fragment if _FRAGMENT.fullmatch(parts.fragment) else self.mask(parts.fragment)
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
                elif letter.isalpha() or not letter.isascii():
                    number, rest = divmod(number, 26)
                    letters[place] = chr((ord("A") if letter.isupper() else ord("a")) + rest)
            self._texts[text] = "".join(letters)
        return self._texts[text]

    def header(self, name: str, value: str) -> str:
        """Return the value of a header without anything private."""
        if name in KEY_HEADERS:
            scheme, _, token = value.rpartition(" ")
            return f"{scheme if scheme in {'Bearer', 'Basic'} else ''} {self.key(token)}".strip() if token else ""
        if name == "location":
            base = "" if _URL.fullmatch(value) else BASE_URL
            return self.url(base + value).removeprefix(base)
        if name == "content-type":
            return _media_type(value)
        plain = name != "idempotency-key" and any(form.fullmatch(value) for form in (_HEADER, STAMP, ID))
        return value if plain else self.mask(value)

    def _headers(self, headers: Pairs) -> list[dict[str, str]]:
        named = [(name.lower(), value) for name, value in headers]
        kept = [(name, value) for name, value in named if name in _HEADERS or name.startswith(_OWN)]
        return [{"name": name, "value": self.header(name, value)} for name, value in kept]

    def _sent(self, name: str, text: str) -> str:
        """Return a text of a request."""
        return self._text(name, text, response=False, user=False)

    def _name(self, name: str, *, response: bool, user: bool = False) -> str:
        return name if not user and is_name(name, response=response) else self.mask(name)

    def _segment(self, segment: str) -> str:
        stem, _, suffix = segment.partition(".")
        number = segment.isdigit() and len(segment) <= 2  # noqa: PLR2004 - of an output
        file = stem in known_words() and suffix in {"png", "jpg", "webp", "mp4"}
        plain = not segment or segment in known_words() or ID.fullmatch(segment) or number or file
        return segment if plain else self.mask(segment)

    def _text(self, name: str, text: str, *, response: bool, user: bool) -> str:
        if text in self._keys:
            return self._keys[text]
        if not user and is_plain(name, text, response=response and name != "param"):
            return text
        prefix = _PREFIX.match(text)
        if prefix is not None and not user:
            return prefix[0] + self.mask(text[prefix.end() :])
        if name == "param":  # a request has sent it
            first, *rest = text.split(".", 1)
            rest = [self._name(one, response=False, user=first == "metadata") for one in rest]
            return ".".join([self._name(first, response=False), *rest])
        return self.url(text) if _URL.fullmatch(text) and not user else self.mask(text)

    def _body(self, body: bytes, headers: Mapping[str, str], *, response: bool) -> dict[str, Any]:
        kind = headers.get("content-type", "")
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
        """Return a form with the same fields, whose pictures show nothing; what is no form is masked like any text."""
        parts = read_parts(body, kind)
        if not parts:
            return self.mask(body.decode(errors="replace")).encode()
        lines: list[bytes] = []
        for part in parts:
            name = quote(self._name(part.name, response=False))
            file = "" if part.filename is None else f'; filename="{quote(self.mask(part.filename))}"'
            lines += [
                f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n'.encode(),
                self._part(part),
            ]
        return b"\r\n".join([*lines, f"--{_BOUNDARY}--\r\n".encode()])

    def _part(self, part: Part) -> bytes:
        """Return the content of a field of a form."""
        if part.name == "file":
            return blank(part.data)
        text = part.data.decode(errors="replace")
        if part.name != "metadata":
            return self._sent(part.name, text).encode()
        try:
            return json.dumps(self.value("metadata", json.loads(text))).encode()
        except (ValueError, RecursionError):
            return self.mask(text).encode()


def _size(body: Mapping[str, Any]) -> int:
    """Return the size of a body as it is written: other letters and numbers may have fewer bytes."""
    return len(b64decode(body["text"]) if "encoding" in body else body["text"].encode())


def _media_type(kind: str) -> str:
    """Return a media type without parameters that somebody has chosen."""
    bare = kind.partition(";")[0].strip().lower()
    if bare == "multipart/form-data":
        return f"{bare}; boundary={_BOUNDARY}"
    if _MEDIA.fullmatch(bare):
        return f"{bare}; charset=utf-8" if "charset=utf-8" in kind.lower() else bare
    main = bare.partition("/")[0]
    return f"{main}/other" if main in {"application", "image", "video", "text", "audio"} else ""
