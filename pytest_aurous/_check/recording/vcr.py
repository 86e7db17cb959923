"""Cassettes of VCR.py, as HAR."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from ..._core.base.data import as_list, as_object
from ..._core.wire.har import field, plain_text


def entry_of(interaction: Any) -> dict[str, Any]:
    """Return an interaction of a cassette as an entry of HAR, whose bodies are bytes.

    Raises:
        FieldError: If a field cannot be read.
    """
    status = field(interaction, "response.status")
    old = field(interaction, "response.status_code")  # of httpx, as the content
    body = field(interaction, "response.body", _body)
    return {
        "request": {
            "method": field(interaction, "request.method"),
            "url": field(interaction, "request.uri", plain_text),
            "headers": field(interaction, "request.headers", _headers),
            "postData": {"text": field(interaction, "request.body", _body)},
        },
        "response": {
            "status": as_object(status).get("code", status) or old,
            "headers": field(interaction, "response.headers", _headers),
            "content": {"text": body or field(interaction, "response.content", _body), "size": 0},
        },
    }


def _headers(headers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the headers of a cassette, where each name has a list of values, or one."""
    return [
        {"name": name, "value": value}
        for name, values in headers.items()
        for value in (as_list(values) if isinstance(values, list) else [values])
    ]


def _body(body: Any) -> bytes:
    shape = as_object(body)
    if "base64_string" in shape:
        return b64decode(shape["base64_string"])
    body = shape.get("string", "") if isinstance(body, dict) else body
    return body if isinstance(body, bytes) else plain_text(body).encode(errors="replace")
