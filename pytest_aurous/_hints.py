"""What is odd about a call that the API refuses: said to the author of the test, never to the client."""

from __future__ import annotations

from typing import Final

from ._wire import Call

__all__ = ("LATER", "hint_of")

_KINDS: Final = {
    "char": "characters",
    "upl": "uploads",
    "img": "images",
    "vid": "videos",
    "file": "files",
    "we": "webhook_endpoints",
    "team": "teams",
    "req": "requests",
}
"""Ids begin with what they are of."""

LATER: Final = {
    "/v1/chat": "chat completions",
    "/v1/embeddings": "embeddings",
    "/v1/models": "models",
}
"""What the API has and this version does not, by the beginning of its paths."""


def hint_of(call: Call) -> str:
    """Return what probably went wrong with a call that was refused, or nothing."""
    if call.status is None or call.status < 400:  # noqa: PLR2004 - the first error
        return ""
    if call.error_code == "missing_api_key":
        return "no key came along: send X-Api-Key; aurous_client has it set, and AUROUS_API_KEY has it"
    if call.error_code in {"invalid_api_key", "revoked_api_key"} and not call.fault:
        return (
            "the fake accepts only keys that it issued and did not revoke: read the variable AUROUS_API_KEY when the "
            "client is made, or use aurous.api_key; to have a key of your own, override the fixture aurous_api_key"
        )
    for segment in call.path.split("/"):
        kind = _KINDS.get(segment.partition("_")[0])
        if kind == "videos" and (call.operation or "").startswith("images."):
            continue  # these calls serve both
        if kind and "_" in segment and kind not in call.path.split("/") and kind not in (call.operation or kind):
            return f"{segment} is an id of {kind}: {call.operation} wants another kind"
        if "%2f" in segment.lower():
            return f"{segment} holds a slash, sent as %2F: it stays inside one segment, and no id has one"
    return ""
