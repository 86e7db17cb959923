"""The OpenAPI document of the control requests."""

from __future__ import annotations

from typing import Any, Final

from .._core.base.errors import version_of_package
from .arguments import schema_of
from .reads import JSON, READS
from .replies import CONTROL
from .table import operations

_JUDGES: Final = "assert"
_TEXT: Final = {"type": "string"}
_REFUSAL: Final = {
    "type": "object",
    "properties": {"error": _TEXT, "see": _TEXT, "calls": {"type": "object"}},
    "required": ["error", "see"],
}
_ACTION: Final = {
    "type": "object",
    "properties": {
        "version": {"const": 1},
        "seq": {"type": "integer"},
        "number": {"type": "integer"},
        "at": {"type": "number"},
        "operation": _TEXT,
        "arguments": {"type": "object"},
        "result": {},
        "undo": {"type": ["string", "null"]},
        "reset": {"const": True},
        **dict.fromkeys(("curl", "python", "line"), _TEXT),
    },
    "required": ["version", "number", "at", "operation", "arguments", "result", "undo", "curl", "python", "line"],
    "additionalProperties": False,
}
_STEP: Final = {"name": "seq", "in": "path", "required": True, "schema": {"type": "integer"}}
_TOKEN: Final = {"type": "object", "properties": {"token": _TEXT}, "required": ["token"]}


def document(url: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the control requests at *url*."""
    from .control import SEND

    paths: dict[str, dict[str, Any]] = {}
    for name, read in READS.items():
        parameters = [
            {"name": one, "in": "query", "required": False, "schema": schema_of(reader)}
            for one, reader in read.takes.readers.items()
        ]
        done = _done({}, read.media_type.partition(";")[0])
        _add(paths, name, "get", read.text, done, parameters=parameters)
    events = _done({}, "text/event-stream")
    _add(paths, "events", "get", "the steps that follow, as server-sent events", events)
    _add(paths, "steps/{seq}", "get", "one step, with the state before and after it", _done({}), parameters=[_STEP])
    _add(paths, "login", "post", "Get a cookie for the token of the server.", _done({}), _TOKEN)
    for name, text, takes in (
        *((one.name, one.text, one.takes) for one in operations().values()),
        ("send", "Send the request of a step again, or a new one.", SEND),
    ):
        properties = {one: schema_of(reader) for one, reader in takes.readers.items()}
        body: dict[str, Any] = {"type": "object", "properties": properties, "required": list(takes.required)}
        body["additionalProperties"] = False
        _add(paths, name, "post", text, _done(_ACTION) | _judged(name, _ACTION), body)
    info = {"title": "Control requests of a served fake", "version": version_of_package()}
    return {"openapi": "3.1.0", "info": info, "servers": [{"url": url}], "paths": paths}


def _add(
    paths: dict[str, dict[str, Any]],
    name: str,
    method: str,
    text: str,
    responses: dict[str, Any],
    body: Any = None,
    **more: Any,
) -> None:
    """Add a control request to the paths; *body* is the schema of its JSON."""
    said = {"operationId": f"{'get ' if method == 'get' else ''}{name or 'index'}", "summary": text, **more}
    said |= {"requestBody": {"content": {JSON: {"schema": body}}}} if body is not None else {}
    refused = _response("It was refused, and nothing has changed: `error` says why.", _REFUSAL)
    paths.setdefault(f"{CONTROL}/{name}", {})[method] = {**said, "responses": {**responses, "4XX": refused}}


def _response(text: str, schema: dict[str, Any], media_type: str = JSON) -> dict[str, Any]:
    return {"description": text, "content": {media_type: {"schema": schema} if schema else {}}}


def _done(schema: dict[str, Any], media_type: str = JSON) -> dict[str, Any]:
    return {"200": _response("Done.", schema, media_type)}


def _judged(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the response of an assertion that does not hold."""
    failed = {"422": _response("It does not hold: the `report` of the result says why.", schema)}
    return failed if name.startswith(_JUDGES) else {}
