"""The OpenAPI 3.1 document, generated from the endpoint tables and the records, and a walk through its schemas."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from inspect import getdoc
from typing import Any, Final

from ..wire.fields import HOLDS, Shape
from ..wire.headers import VERSION, VERSION_FORM
from ..wire.hosts import BASE_URL, UPLOAD_HOST
from ..wire.refusal import ERROR_TYPES
from .base.endpoint import NO_RESPONSE, Endpoint
from .base.schema import obj, record, schema_name, text_of
from .catalog import CATALOG, RECORDS
from .chat.row import CompletionRow

_ROWS: Final = (*(kind.row for kind in RECORDS.values()), CompletionRow)
_TEXT: Final = {"type": "string"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_RATES: Final = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


def _header(description: str, schema: Shape, *, required: bool = True) -> dict[str, Any]:
    return {"description": description, "required": required, "schema": schema}


_HEADERS: Final = {
    "Aurous-Request-Id": _header("The id of the request.", {**_TEXT, "pattern": "^req_[0-9A-HJKMNP-TV-Z]{26}$"}),
    "Aurous-Version": _header("The version of the API that the response follows.", {**_TEXT, "pattern": VERSION_FORM}),
    "Aurous-Idempotent-Replayed": _header("Only on a stored response.", {"const": "true"}, required=False),
    "Retry-After": _header("Seconds to wait.", _COUNT),
    "X-RateLimit-Limit": _header("The capacity of the rate bucket.", _COUNT),
    "X-RateLimit-Remaining": _header("The tokens that are left in it.", _COUNT),
    "X-RateLimit-Reset": _header("When it is full again, in epoch seconds.", _COUNT),
}


def document(rows: Iterable[Endpoint] = tuple(CATALOG.by_operation.values())) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for row in rows:
        paths.setdefault(row.template, {})[row.method.lower()] = _operation(row)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Aurous Labs API, as pytest-aurous plays it",
            "version": VERSION,
            "description": "What a fake responds, generated from its tables. Not the vendor's document.",
        },
        "servers": [{"url": BASE_URL}],
        "security": [{"key": []}, {"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
            "headers": _HEADERS,
            "schemas": COMPONENTS,
        },
    }


_ERROR: Final = obj(
    ("param",),
    type={"enum": list(ERROR_TYPES)},
    code=text_of("word"),
    message=_TEXT,
    param={"type": ["string", "null"], HOLDS: "param"},
    doc_url=text_of("page"),
    request_id=text_of("id"),
)
COMPONENTS: Final[dict[str, Any]] = {
    "Error": obj(error=_ERROR),
    **{schema_name(kind): dict(record(kind)) for kind in _ROWS},
}


def _operation(row: Endpoint) -> dict[str, Any]:
    summary = (getdoc(row.handler) or row.operation).split("\n")[0]
    operation: dict[str, Any] = {
        "operationId": row.operation,
        "tags": [row.operation.rpartition(".")[0]],
        "summary": summary,
        "parameters": _parameters(row),
        "responses": _responses(row),
    }
    if row.status == HTTPStatus.PERMANENT_REDIRECT:
        operation["deprecated"] = True
    if row.signed:
        operation["security"] = []
    if row.host == "upload":
        operation["servers"] = [{"url": UPLOAD_HOST}]
    if row.body is not None:
        operation["requestBody"] = {
            "required": row.body.get("required") != [],
            "content": {row.takes: {"schema": row.body}},
        }
    return operation


def _parameters(row: Endpoint) -> list[dict[str, Any]]:
    # The number of an output is the only parameter that is no text. A redirect looks at none of them.
    numbers = set[str]() if row.status == HTTPStatus.PERMANENT_REDIRECT else {"n"}
    found = [
        {"name": name, "in": "path", "required": True, "schema": _COUNT if name in numbers else _TEXT}
        for name in re.findall(r"\{(\w+)\}", row.template)
    ]
    found += [{"name": name, "in": "query", "schema": schema} for name, schema in row.query.items()]
    if not row.signed:
        found.append({"name": "Aurous-Version", "in": "header", "schema": {**_TEXT, "pattern": VERSION_FORM}})
    if row.idempotent:
        length = {"minLength": 1, "maxLength": 256}
        found.append({"name": "Idempotency-Key", "in": "header", "schema": {**_TEXT, **length}})
    return found


def _responses(row: Endpoint) -> dict[str, Any]:
    codes: dict[str, list[str]] = {}
    for outcome in row.outcomes:
        if outcome != NO_RESPONSE:
            status, _, code = outcome.partition(" ")
            codes.setdefault(status, []).extend([code] if code else [])
    responses: dict[str, dict[str, Any]] = {}
    for status, known in sorted(codes.items()):
        # Python 3.13 has shortened the name of 416, and the document must not depend on the version.
        phrase = HTTPStatus(int(status)).phrase.removeprefix("Requested ")
        responses[status] = response = {"description": ", ".join(known) or phrase, **_content(row, status, known)}
        response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in _headers(row, status)}
    responses[str(row.status)]["headers"] |= {name: _header(text, _TEXT) for name, text in row.headers.items()}
    return responses


def _headers(row: Endpoint, status: str) -> Iterator[str]:
    """Yield the names of the headers that a response shares with others (err-3, ver-2, rate-1, rate-2, idem-3)."""
    yield from ("Aurous-Request-Id", "Aurous-Version")
    success, limited = status.startswith("2"), status == str(int(HTTPStatus.TOO_MANY_REQUESTS))
    yield from _RATES if limited or (success and row.bucket) else ()
    yield from ("Retry-After",) if limited else ()
    yield from ("Aurous-Idempotent-Replayed",) if success and row.idempotent else ()


def _content(row: Endpoint, status: str, codes: list[str]) -> dict[str, Any]:
    if codes:
        return {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
    if int(status) >= 300:  # noqa: PLR2004 - a response without content
        return {}
    if row.shape is None:  # bytes, or nothing
        return {"content": {row.media_type: {}}} if row.media_type != "application/json" else {}
    events: dict[str, Any] = {"text/event-stream": {}} if row.streams and int(status) == row.status else {}
    return {"content": {row.media_type: {"schema": row.shape}, **events}}
