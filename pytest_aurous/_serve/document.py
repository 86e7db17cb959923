"""All control requests: one table, from which the index, the OpenAPI document and the reference follow."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from .._core.base.errors import version_of_package
from .arguments import NOTHING, TEXT, WHOLE, Takes
from .reads import JSON, READS
from .replies import CONTROL
from .sending import SEND
from .table import operations

_NAMED: Final = re.compile(r"{(\w+)}")
"""A part of a path that is a parameter."""
_REFUSAL: Final = {
    "type": "object",
    "properties": {"error": TEXT, "see": TEXT, "calls": {"type": "object"}},
    "required": ["error", "see"],
}
_ACTION: Final = {
    "type": "object",
    "properties": {
        "version": {"const": 1},
        "seq": {"type": "integer"},
        "number": {"type": "integer"},
        "at": {"type": "number"},
        "operation": TEXT,
        "arguments": {"type": "object"},
        "result": {},
        "undo": {"type": ["string", "null"]},
        "reset": {"const": True},
        **dict.fromkeys(("curl", "python", "line"), TEXT),
    },
    "required": ["version", "number", "at", "operation", "arguments", "result", "undo", "curl", "python", "line"],
    "additionalProperties": False,
}
_LOGIN: Final = Takes({"token": TEXT}, ["token"])
UNDO: Final = Takes({"undo": {**WHOLE, "description": "1 takes a snapshot first: its name is `undo` in the response"}})
"""The query of what changes the fake."""


class ControlRequest(NamedTuple):
    """One control request, as the reference, the index and the OpenAPI document have it.

    Attributes:
        method: GET or POST.
        name: Its path below ``/__aurous__/``.
        text: What it does.
        query: The parameters of its query.
        body: The arguments in its body; None for a GET.
        media_type: The media type of the response.
        schema: The schema of the response.
    """

    method: str
    name: str
    text: str
    query: Takes = NOTHING
    body: Takes | None = None
    media_type: str = JSON
    schema: Mapping[str, Any] = {}

    @property
    def summary(self) -> str:
        """What it does, and what it takes."""
        names = [*self.query.schemas, *(self.body.schemas if self.body is not None else ())]
        return self.text.rstrip(".") + (f" ({', '.join(names)})" if names else "")


def requests() -> list[ControlRequest]:
    """Return all control requests, in order."""
    reads = [ControlRequest("GET", name, one.text, one.takes, media_type=one.media_type) for name, one in READS.items()]
    after = Takes({"after": WHOLE})
    return [
        *reads,
        ControlRequest("GET", "steps/{seq}", "one step, with the state before and after it"),
        ControlRequest("GET", "events", "the steps that follow, as they come", after, media_type="text/event-stream"),
        *(ControlRequest("POST", one.name, one.text, UNDO, one.takes, schema=_ACTION) for one in operations().values()),
        ControlRequest("POST", "send", "Send the request of a step again, or a new one", body=SEND, schema=_ACTION),
        ControlRequest("POST", "login", "Get a cookie for the token of the server", body=_LOGIN),
    ]


def index() -> dict[str, str]:
    """Return all control requests, each with what it does."""
    return {f"{one.method} {CONTROL}/{one.name}": one.summary for one in requests()}


def document(url: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the control requests at *url*."""
    paths: dict[str, dict[str, Any]] = {}
    for one in requests():
        paths.setdefault(f"{CONTROL}/{one.name}", {})[one.method.lower()] = _described(one)
    info = {"title": "Control requests of a served fake", "version": version_of_package()}
    return {"openapi": "3.1.0", "info": info, "servers": [{"url": url}], "paths": paths}


def _described(one: ControlRequest) -> dict[str, Any]:
    """Return a control request as the document has it."""
    in_path = [{"name": name, "in": "path", "required": True, "schema": WHOLE} for name in _NAMED.findall(one.name)]
    in_query = [{"name": name, "in": "query", "schema": shape} for name, shape in one.query.schemas.items()]
    said: dict[str, Any] = {
        "operationId": f"{'get ' if one.method == 'GET' else ''}{one.name or 'index'}",
        "summary": one.text,
        "parameters": in_path + in_query,
        "responses": {"200": _response("Done.", one.schema, one.media_type.partition(";")[0])},
    }
    if one.name.startswith("assert"):
        said["responses"]["422"] = _response("It does not hold: the `report` of the result says why.", one.schema)
    said["responses"]["4XX"] = _response("It was refused, and nothing has changed: `error` says why.", _REFUSAL)
    if one.body is not None:
        shape = {"type": "object", "properties": one.body.schemas, "required": list(one.body.required)}
        said["requestBody"] = {"content": {JSON: {"schema": {**shape, "additionalProperties": False}}}}
    return said


def _response(text: str, schema: Mapping[str, Any], media_type: str = JSON) -> dict[str, Any]:
    return {"description": text, "content": {media_type: {"schema": schema} if schema else {}}}
