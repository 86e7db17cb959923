"""The OpenAPI document of the control requests."""

from __future__ import annotations

from typing import Any

from .._base.version import version_of_package
from .arguments import Takes, schema_of
from .reads import READS
from .replies import CONTROL
from .table import operations


def document(url: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the control requests at *url*."""
    from .control import SEND, SHORT

    paths: dict[str, dict[str, Any]] = {}
    for name, read in READS.items():
        parameters = [
            {"name": one, "in": "query", "required": False, "schema": schema_of(reader)}
            for one, reader in read.takes.readers.items()
        ]
        done = _responses("application/json" if "plain" in read.media_type else read.media_type.partition(";")[0])
        get = {
            "operationId": f"get {name or 'index'}",
            "summary": read.text,
            "parameters": parameters,
            "responses": done,
        }
        paths[f"{CONTROL}/{name}"] = {"get": get}
    for name, text, takes in (
        *((one.name, one.text, one.takes) for one in operations().values()),
        ("send", "Send the request of a step again, or a new one.", SEND),
        *((name, short.text, None) for name, short in SHORT.items()),
    ):
        content = {"application/json": {"schema": _schema(takes)}}
        post = {"operationId": name, "summary": text, "requestBody": {"content": content}, "responses": _responses()}
        paths.setdefault(f"{CONTROL}/{name}", {})["post"] = post
    info = {"title": "Control requests of a served fake", "version": version_of_package()}
    return {"openapi": "3.1.0", "info": info, "servers": [{"url": url}], "paths": paths}


def _schema(takes: Takes | None) -> dict[str, Any]:
    if takes is None:
        return {"type": "object"}
    properties = {name: schema_of(reader) for name, reader in takes.readers.items()}
    return {"type": "object", "properties": properties, "required": list(takes.required), "additionalProperties": False}


def _responses(media_type: str = "application/json") -> dict[str, Any]:
    refusal = {"type": "object", "properties": {"error": {"type": "string"}, "see": {"type": "string"}}}
    return {
        "200": {"description": "Done.", "content": {media_type: {}}},
        "400": {"description": "A mistake; nothing has changed.", "content": {"application/json": {"schema": refusal}}},
    }
