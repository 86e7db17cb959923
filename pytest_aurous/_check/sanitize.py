"""Recordings without secrets, names and texts: of the same shape and length, and fit to be committed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from http import HTTPStatus
from itertools import pairwise
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

from .._core.base.data import as_list, as_object, parsed
from .._core.base.redaction import KEY_HEADERS
from .._core.wire.bodies import FormPart, read_parts
from .._core.wire.exchange import Exchange
from .._core.wire.har import har_entry, written
from .._core.wire.hosts import BASE_URL, UPLOAD_HOST, is_loopback, is_private, is_vendors
from .._core.wire.reply import Pairs
from .._facade import CATALOG, blank
from .recording.read import PICTURES, Recording
from .recording.view import PAGE, VENDORS
from .shapes import STREAM, Schema, schema_at, schema_of, vocabulary
from .values import RECORD, STAMP, is_word

_BETWEEN: Final = re.compile(r"((?:\[(?:\*|\d{1,4})\])?\.|\[(?:\*|\d{1,4})\]$)")
"""What is between the names of fields in a ``param``, such as ``[*].``."""
_PARTS: Final = re.compile("(/|~[01]?)")
"""What is between the parts of a reference in a JSON Schema."""
_PREFIX: Final = re.compile(
    r"(?:whsec|char|img|vid|file|lora|we|upl)_|data:image/(?:(?:png|jpeg|webp|gif|svg\+xml)(?:;base64,)?)?"
)
"""What the rest of a text is masked behind: the kind of an id, a secret or an inline picture stays."""
_URL: Final = re.compile(r"(https?://)([^/?#]*@)?(\[[^]]*\]|[^/?#:]*)(.*)", re.DOTALL | re.IGNORECASE)
_REST: Final = re.compile(r"(:\d{1,5}(?![^/?]))?([^?]*)\??(.*)", re.DOTALL)
_HOSTS: Final = (
    *(urlsplit(url).hostname for url in (BASE_URL, UPLOAD_HOST)), "cdn.aurous-labs.com", "docs.aurous-labs.com",
    "localhost",
)  # fmt: skip
"""The hosts that are written; other hosts of the vendor may be named after a customer or a machine."""
_LETTERS: Final = str.maketrans("0123456789", "abcdefghij")
"""An address becomes a name: other digits could make a public address a private one."""
_NUMBER: Final = r"\d{1,18}"
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_DATE: Final = r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"
_OF_CLIENT: Final = ("idempotency-key", "aurous-idempotency-key", "aurous-idempotent-key")
_SENT: Final = frozenset({*KEY_HEADERS, *_OF_CLIENT, "aurous-version", "content-type", "range"})
"""The headers of requests that a rule is about."""
_RECEIVED: Final = frozenset({
    "accept-ranges", "allow", "aurous-deprecated", "aurous-idempotency-status", "aurous-idempotent-replayed",
    "aurous-request-id", "aurous-version", "cache-control", "content-length", "content-range", "content-type", "date",
    "deprecation", "location", "retry-after", "sunset",
    *(f"x-ratelimit-{kind}{name}" for kind in ("", "tpm-") for name in ("limit", "remaining", "reset")),
})  # fmt: skip
"""The headers of responses that a rule is about. Of other headers of the vendor, the values are masked."""
_VALUE: Final = re.compile(
    rf"@?{_NUMBER}|{RECORD.pattern}|{STAMP.pattern}|{_DATE}|bytes[ =][\d*/,-]+|bytes|none|true|false|route"
    r"|ignored_streaming|not_set"
    rf"|(?:(?:no-cache|no-store|no-transform|private|{'|'.join(_METHODS)})(?:, )?)+"
)
"""The values of headers that are written as they are."""
_MEDIA: Final = re.compile(
    r"text/event-stream|application/(?:problem\+)?json|application/(?:octet-stream|x-www-form-urlencoded)"
    r"|image/(?:png|jpeg|webp|gif)|video/mp4|text/(?:plain|html)|multipart/form-data"
)
_MAIN: Final = ("application", "image", "video", "text", "audio")
_BOUNDARY: Final = "boundary"
_UNKNOWN: Final = Schema({})


class Sanitizer:
    """Replaces what may be private: the same text by the same text of the same length, everywhere.

    A value is kept only where its schema says that it is no free text.
    """

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._keys: dict[str, str] = {}
        self._numbers: dict[float, int] = {}

    def har(self, recording: Recording) -> dict[str, Any]:
        for exchange in recording.exchanges:
            for name in KEY_HEADERS:
                if exchange.sent.get(name):
                    self.key(exchange.sent[name].rpartition(" ")[2])
        entries = [self.entry(exchange) for exchange in recording.exchanges if exchange.vendors]
        creator = {"name": "pytest-aurous" if recording.by_fake else "pytest-aurous check --sanitize", "version": "1"}
        return {"log": {"version": "1.2", "creator": creator, "entries": entries}}

    def entry(self, exchange: Exchange) -> dict[str, Any]:
        found = CATALOG.at(exchange.host, urlsplit(exchange.url).path)
        operation = found[exchange.method][0].operation if exchange.method in found else ""
        part = "refusal" if (exchange.status or 0) >= HTTPStatus.BAD_REQUEST else "success"
        kinds = [headers.get("content-type", "") for headers in (exchange.sent, exchange.received)]
        sent = self._body(exchange.content, kinds[0], schema_of(operation, "request"), response=False)
        received = self._body(exchange.body, kinds[1], schema_of(operation, part), response=True)
        safe = replace(
            exchange,
            method=exchange.method if exchange.method in _METHODS else self.mask(exchange.method),
            url=self.url(exchange.url),
            headers=self._headers(exchange.headers, response=False),
            content=exchange.content if sent is None else sent,
            response_headers=self._headers(exchange.response_headers, response=True),
            body=exchange.body if received is None else received,
            fault="fault" if exchange.fault else "",  # its kind says nothing of the API
        )
        return har_entry(safe, None if sent == b"" else written(sent), written(received))

    def key(self, key: str) -> str:
        """Return the name of an API key, such as ``key-1``."""
        return self._keys.setdefault(key, f"key-{len(self._keys) + 1}")

    def value(self, schema: Schema, value: Any, *, response: bool = True) -> Any:
        """Return JSON data without anything private; *schema* says what it is."""
        schema = schema.fitting(value)
        if schema.holds == "schema":
            return self._schema(value)
        if isinstance(value, dict):
            return {
                self._name(schema, name, response=response): self.value(schema.field(name), item, response=response)
                for name, item in as_object(value).items()
            }
        if isinstance(value, list):
            some = as_list(value)
            if schema.rests_on == "form":  # a vector, of which only the length is compared
                some = [0 if isinstance(item, (int, float)) else item for item in some]
            return [self.value(schema.items, item, response=response) for item in some]
        if isinstance(value, str):
            return self._text(schema, value, response=response)
        if value is None or isinstance(value, bool) or not {"number", "integer"}.isdisjoint(schema.types):
            return value
        return self._numbers.setdefault(value, len(self._numbers) + 1)

    def _schema(self, value: Any) -> Any:
        """Return a JSON Schema with its keywords and types alone."""
        if isinstance(value, dict):
            return {self._schema(name): self._schema(item) for name, item in as_object(value).items()}
        if isinstance(value, list):
            return [self._schema(item) for item in as_list(value)]
        if isinstance(value, str):  # in parts, so that a local reference leads to the name that is masked likewise
            parts = _PARTS.split(value)
            return "".join(
                one if place % 2 or one in vocabulary().schemas else self.mask(one) for place, one in enumerate(parts)
            )
        return self.value(_UNKNOWN, value)

    def at(self, operation: str, where: str, value: Any) -> Any:
        """Return a value at a place in a response, such as ``body.data[].name``, without anything private."""
        return self.value(schema_at(operation, where), value)

    def outcome(self, outcome: str) -> str:
        status, space, code = outcome.partition(" ")
        return f"{status}{space}{self.at('', 'error.code', code)}"

    def url(self, url: str, *, page: bool = False) -> str:
        """Return a URL without secrets and foreign hosts; the URL of a *page* keeps its words."""
        url, mark, anchor = url.partition("#")
        after = mark + (anchor if page and re.fullmatch("[a-z_]{0,40}", anchor) else self.mask(anchor))
        found = _URL.fullmatch(url)
        if found is None:
            return self.mask(url) + after
        scheme, user, rest = found[1], found[2] or "", found[4]
        host: str = found[3].lower()
        if not (is_vendors(host) or is_loopback(host.strip("[]"))):
            # The name is public or private as the host was (chat-5).
            name = re.sub(r"\W", "x" if is_private(url) else ".", self.mask(host).translate(_LETTERS))
            return f"{scheme}{self.mask(user)}{name}{self.mask(rest)}{after}"
        if host not in _HOSTS:
            names = host.split(".")
            host = ".".join([self.mask(".".join(names[:-2])), *names[-2:]]) if is_vendors(host) else "127.0.0.1"
        port, path, query = _REST.findall(rest)[0]
        known = CATALOG.at(host, path)
        schemas = {name: Schema(shape) for row, _ in known.values() for name, shape in row.query.items()}
        path = "/".join(self._segment(*pair) for pair in pairwise(["", *path.split("/")]))
        query = "&".join(
            f"{quote(name if is_word(name, response=False) else self.mask(name), safe='[]')}="
            f"{quote(self._parameter(schemas.get(name, _UNKNOWN), value), safe=',:@/+')}"
            for name, value in parse_qsl(query, keep_blank_values=True)
        )
        return f"{scheme}{self.mask(user)}{host}{port}{path}{'?' + query if query else ''}{after}"

    def mask(self, text: str) -> str:
        """Return another text of the same shape and length; the same for the same text."""
        if text not in self._texts:
            first = len(self._texts) + 1
            several = (_masked(text, number) for number in range(first, first + 26))
            unknown = (one for one in several if one not in vocabulary().words)  # not another valid value
            self._texts[text] = next(unknown, _masked(text, first))
        return self._texts[text]

    def header(self, name: str, value: str) -> str:
        if name in KEY_HEADERS:
            scheme, _, token = value.rpartition(" ")
            return f"{scheme if scheme in {'Bearer', 'Basic'} else ''} {self.key(token)}".strip() if token else ""
        if name == "location":
            base = "" if _URL.fullmatch(value) else BASE_URL
            return self.url(base + value).removeprefix(base)
        if name == "content-type":
            return _media_type(value)
        plain = name in _SENT | _RECEIVED and name not in _OF_CLIENT and _VALUE.fullmatch(value)
        return value if plain else self.mask(value)

    def _headers(self, headers: Pairs, *, response: bool) -> Pairs:
        named = [(name.lower(), value) for name, value in headers]
        new = [name for name, _ in named if response and VENDORS.match(name) and re.fullmatch("[a-z-]{1,40}", name)]
        known = _RECEIVED if response else _SENT
        return tuple((name, self.header(name, value)) for name, value in named if name in known or name in new)

    def _segment(self, before: str, segment: str) -> str:
        """Return a segment of a path; the segment *before* it tells the number of an output from other numbers."""
        number = before == "output" and segment.isdecimal() and len(segment) <= 2  # noqa: PLR2004 - of an output
        return segment if segment in vocabulary().paths or number or _is_id(segment) else self.mask(segment)

    def _parameter(self, schema: Schema, text: str) -> str:
        """Return the value of a parameter in a query, where a number is text, too."""
        whole = "integer" in schema.types and re.fullmatch(f"-?{_NUMBER}", text)
        return text if whole else self._text(schema.items if "array" in schema.types else schema, text, response=False)

    def _name(self, schema: Schema, name: str, *, response: bool) -> str:
        """Return the name of a field: one of its schema, or a new one of the vendor's own objects."""
        own = bool(schema.properties) and schema.holds != "client"
        new = own and is_word(name, response=response)
        return name if new or name in schema.properties else self.mask(name)

    def _text(self, schema: Schema, text: str, *, response: bool) -> str:
        if text in self._keys:
            return self._keys[text]
        if _is_plain(schema, text, response=response):
            return text
        holds = schema.holds
        if holds in {"url", "page"} and _URL.fullmatch(text):
            return self.url(text, page=holds == "page")
        if holds == "param":  # a request has sent it
            parts = _BETWEEN.split(text)  # names, and at odd places what is between them
            known = {one for one in parts[: 1 if parts[0] == "metadata" else None] if is_word(one, response=False)}
            return "".join(one if place % 2 or one in known else self.mask(one) for place, one in enumerate(parts))
        prefix = _PREFIX.match(text) if holds in {"id", "url", "secret"} else None
        return self.mask(text) if prefix is None else prefix[0] + self.mask(text[prefix.end() :])

    def _body(self, body: bytes | None, kind: str, schema: Schema, *, response: bool) -> bytes | None:
        """Return a body without anything private; None for one that is not written.

        A web page keeps its beginning. What is neither JSON nor a stream nor a form is masked like any text.
        """
        if not body:
            return body
        content = parsed(body)
        if content is not None or body.strip() == b"null":
            return _written(self.value(schema, content, response=response), body)
        if kind.startswith("text/event-stream") or body.startswith(b"data:"):
            return self._stream(body)
        if kind.startswith(PICTURES):
            return None if response else blank(body)
        parts = read_parts(body, kind)
        if parts:
            return self._form(parts, schema)
        page = PAGE.match(body)
        kept = b"" if page is None else page[0]
        return kept + self._plain(body[len(kept) :])

    def _plain(self, text: bytes) -> bytes:
        return self.mask(text.decode(errors="replace")).encode()

    def _stream(self, body: bytes) -> bytes:
        lines: list[bytes] = []
        for line in body.split(b"\n"):
            before, mark, data = line.partition(b"data:")
            if data.strip() != b"[DONE]":
                event, schema = parsed(data), STREAM.field("first")
                data = self._plain(data) if event is None else _written(self.value(schema, event), data)
            lines.append(self._plain(before) + mark + data)
        return b"\n".join(lines)

    def _form(self, parts: list[FormPart], schema: Schema) -> bytes:
        """Return a form with the same fields, whose pictures show nothing."""
        lines: list[bytes] = []
        for part in parts:
            name = quote(self._name(schema, part.name, response=False))
            file = "" if part.filename is None else f'; filename="{quote(self.mask(part.filename))}"'
            head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n'
            if part.name == "file":
                content = blank(part.data)
            elif part.name == "metadata":
                content = self._body(part.data, "", _UNKNOWN, response=False) or b""
            else:
                text = part.data.decode(errors="replace")
                content = self._text(schema.field(part.name), text, response=False).encode()
            lines += [head.encode(), content]
        return b"\r\n".join([*lines, f"--{_BOUNDARY}--\r\n".encode()])


def _masked(text: str, number: int) -> str:
    """Replace the letters and digits of a text by the digits of a number."""
    letters = list(text)
    for place in range(len(letters) - 1, -1, -1):
        letter = letters[place]
        if letter.isdigit():
            number, rest = divmod(number, 10)
            letters[place] = str(rest)
        elif letter.isalpha() or not (letter.isascii() or letter.isspace()):
            number, rest = divmod(number, 26)
            letters[place] = chr((ord("A") if letter.isupper() else ord("a")) + rest)
    return "".join(letters)


def _written(value: Any, like: bytes) -> bytes:
    """Return a value as JSON, with spaces as in other JSON."""
    separators = (", ", ": ") if b'": ' in like else (",", ":")
    return json.dumps(value, ensure_ascii=False, separators=separators).encode(errors="replace")


def _is_id(text: str) -> bool:
    return RECORD.fullmatch(text) is not None or text in vocabulary().public


def _is_plain(schema: Schema, text: str, *, response: bool) -> bool:
    """Whether a schema says that a text is no free text, and the text is what the schema says."""
    holds, allowed = schema.holds, schema.allowed
    if holds == "word" or allowed is not None:
        if response:
            return text in (allowed or ()) or is_word(text, response=True)
        return text in allowed if allowed is not None else all(is_word(one, response=False) for one in text.split(","))
    if holds == "time" or schema.formatted:
        return STAMP.fullmatch(text) is not None
    return holds in {"id", "style", "url"} and _is_id(text)


def _media_type(kind: str) -> str:
    """Return a media type without parameters that somebody has chosen."""
    bare = kind.partition(";")[0].strip().lower()
    if bare == "multipart/form-data":
        return f"{bare}; boundary={_BOUNDARY}"
    main = bare.partition("/")[0]
    return bare if _MEDIA.fullmatch(bare) else f"{main}/other" if main in _MAIN else ""
