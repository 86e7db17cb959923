"""Cassettes of VCR.py, read."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from ..._report.bodies import decompressed
from ..._report.har import Take, length_of, plain_text
from ..._wire.data import as_list, as_object
from ..._wire.exchange import Exchange
from ..._wire.reply import Pairs


def read_interaction(number: int, entry: dict[str, Any], take: Take) -> Exchange:
    """Read an interaction of a cassette of VCR.py."""
    request, response = entry["request"], entry["response"]
    status = response["status"] if "status" in response else response["status_code"]  # older versions, of httpx
    found = Exchange(
        number,
        plain_text(request["method"]).upper(),
        plain_text(request["uri"]),
        _pairs(request.get("headers") or {}),
        status=int(as_object(status).get("code", status)),
        response_headers=_pairs(response.get("headers") or {}),
    )
    found.content = take(found, "request", lambda: _request(request.get("body"), found.sent))
    body = response.get("body", response.get("content"))
    coding = found.received.get("content-encoding", "")
    found.body = take(found, "response", lambda: _body(body, coding))
    if "date" in found.received:
        found.at = parsedate_to_datetime(found.received["date"]).timestamp()
    return found


def _pairs(headers: Mapping[str, Any]) -> Pairs:
    """Return the headers of a cassette, where each name has a list of values, or one."""
    return tuple(
        (str(name), plain_text(value))
        for name, values in headers.items()
        for value in (as_list(values) if isinstance(values, list) else [values])
    )


def _request(body: Any, sent: Mapping[str, str]) -> bytes | None:
    content = _body(body, sent.get("content-encoding", ""))
    cut = sent.get("content-type", "").startswith("multipart/") and length_of(sent) > len(content or b"")
    return None if cut else content  # the file of a form is not text


def _body(body: Any, encoding: str) -> bytes | None:
    if isinstance(body, dict):
        shape = as_object(body)
        packed = shape.get("base64_string")
        body = b64decode(packed) if packed is not None else shape.get("string")
    content = b"" if body is None else body if isinstance(body, bytes) else plain_text(body).encode(errors="replace")
    return decompressed(content, encoding)
