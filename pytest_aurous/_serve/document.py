"""All control requests: one table, from which the index, the OpenAPI document and the reference follow."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from .._core.base.errors import version_of_package
from .actions import Action
from .arguments import TEXT, WHOLE, Takes, shapes_of
from .reads import READS, ControlRequest
from .replies import CONTROL, JSON
from .sending import SEND
from .table import DESTROYING, operations

UNDO: Final = Takes({"undo": {**WHOLE, "description": "1 takes a snapshot first: its name is `undo` in the response"}})
"""The query of what changes the fake."""
_REFUSAL: Final = {
    "type": "object",
    "properties": {"error": TEXT, "see": TEXT, "calls": {"type": "object"}},
    "required": ["error", "see"],
}
_ACTION: Final = {
    "type": "object",
    "properties": {
        **shapes_of(Action),
        **dict.fromkeys(("version", "seq"), WHOLE),
        **dict.fromkeys(("curl", "python", "line"), TEXT),
        "reset": {"const": True},
    },
    "required": ["version", "operation", "arguments", "result", "number", "at", "undo", "curl", "python", "line"],
}


@cache
def requests() -> Mapping[str, ControlRequest]:
    after = Takes({"after": WHOLE})
    found = [
        ControlRequest("", "these calls", lambda _, __: index()),
        ControlRequest("openapi.json", "the OpenAPI document of these calls", lambda control, _: document(control.url)),
        *READS.values(),
        ControlRequest("events", "the steps that follow, as they come", takes=after, media_type="text/event-stream"),
        *(ControlRequest(one.name, one.text, None, UNDO, one.takes) for one in operations().values()),
        ControlRequest("send", "Send the request of a step again, or a new one", body=SEND),
        ControlRequest("login", "Get a cookie for the token of the server", body=Takes({"token": TEXT}, ["token"])),
    ]
    return {one.name: one for one in found}


def index() -> dict[str, str]:
    return {f"{one.method} {CONTROL}/{one.name}": one.summary for one in requests().values()}


def document(url: str) -> dict[str, Any]:
    paths = {f"{CONTROL}/{one.name}": {one.method.lower(): _described(one)} for one in requests().values()}
    info = {"title": "Control requests of a served fake", "version": version_of_package()}
    return {"openapi": "3.1.0", "info": info, "servers": [{"url": url}], "paths": paths}


def _described(one: ControlRequest) -> dict[str, Any]:
    schema = _ACTION if one.body is not None and one.name != "login" else {}
    said: dict[str, Any] = {
        "operationId": f"{'get ' if one.method == 'GET' else ''}{one.name or 'index'}",
        "summary": one.text,
        "parameters": [
            {"name": name, "in": where, "required": where == "path", "schema": shape}
            for name, shape in one.takes.schemas.items()
            for where in ["path" if f"{{{name}}}" in one.name else "query"]
        ],
        "responses": {"200": _response("Done.", schema, one.media_type.partition(";")[0])},
    }
    if one.name.startswith("assert"):
        said["responses"]["422"] = _response("It does not hold: the `report` of the result says why.", schema)
    said["responses"]["4XX"] = _response("It was refused, and nothing has changed: `error` says why.", _REFUSAL)
    if one.name in DESTROYING:
        said["x-destroys"] = True
    if one.body is not None:
        shape = {"type": "object", "properties": one.body.schemas, "required": list(one.body.required)}
        said["requestBody"] = {"content": {JSON: {"schema": {**shape, "additionalProperties": False}}}}
    return said


def _response(text: str, schema: Mapping[str, Any], media_type: str = JSON) -> dict[str, Any]:
    return {"description": text, "content": {media_type: {"schema": schema} if schema else {}}}
