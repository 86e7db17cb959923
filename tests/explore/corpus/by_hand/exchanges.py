"""The canned responses of the tests by hand, and the clients that they are for."""

import os
from importlib import import_module
from typing import Any

TWIN = os.environ.get("TWIN", "careful")

BASE = "https://api.aurous-labs.com"
AURORA = f"{BASE}/v1/characters/char_1"


def character(status: str, error: str | None = None) -> dict[str, Any]:
    """Return a character as the documentation shows it."""
    return {
        "id": "char_1",
        "object": "character",
        "name": "Aurora",
        "status": status,
        "refs": [],
        "created_at": "2026-05-08T10:00:00Z",
        "updated_at": "2026-05-08T10:00:00Z",
        "attributes": {"age": 28, "hair_color": "black"},
        "error_message": error,
        "aurous_version": "2026-05-15",
    }


def twin(name: str) -> Any:
    """Return the careful client, or with TWIN=careless the one with the mistake."""
    return getattr(import_module(f"clients.{name}"), TWIN)


BALANCE = {"credits": 100, "available_credits": 100, "billing_mode": "metered"}
DRAWN = character("synthesizing")
REVIEWED = character("reviewing")
READY = character("ready")
FAILED = character("failed", "provider_timeout")
IMAGE = {"id": "img_1", "status": "succeeded", "error_message": None}
BUSY = {"error": {"code": "provider_unavailable", "message": "Try again."}}
MANY = {"error": {"code": "too_many_requests", "message": "Retry after 7s."}}
UPLOAD = {
    "upload_id": "upl_1",
    "upload_url": "https://aurous.storage/1",
    "upload_headers": {},
}
ONE_PAGE = {"data": [{"id": "char_1"}], "has_more": False, "next_cursor": None}
NO_PAGE = {"data": [], "has_more": False, "next_cursor": None}
DELETED = {"id": "char_1", "object": "character", "deleted": True}

# Clients that do not publish: what they send, with the responses, and the request that is disturbed.
Flow = tuple[list[tuple[str, str, Any]], int]
FLOWS: dict[str, Flow] = {
    "delete_twice_fails": (
        [("DELETE", "/v1/characters/char_01HXMQ7Z3K8Y2NABCDEFGHJKMR", DELETED)],
        0,
    ),
    "page_is_the_last": (
        [
            ("GET", "/v1/characters?status=failed&limit=2", ONE_PAGE),
            ("DELETE", "/v1/characters/char_1", DELETED),
        ],
        0,
    ),
    "webhook_handled_twice": ([("POST", "/v1/images", IMAGE)], 0),
    "wiping_patch": (
        [
            ("GET", "/v1/characters/char_01HXMQ7Z3K8Y2NABCDEFGHJKMR", READY),
            ("PATCH", "/v1/characters/char_01HXMQ7Z3K8Y2NABCDEFGHJKMR", READY),
        ],
        0,
    ),
}
