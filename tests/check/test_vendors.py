"""Habits of other vendors, each in a recording of the fake: it is found, and refutes its rule and no other."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.check.story import Entries, body
from tests.check.test_seeded import (
    Twist,
    drop,
    everywhere,
    fields,
    header,
    instead,
    named,
    put,
    refusal,
    refutes_its_rule,
    status_of,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def coded(operation: str, status: int, code: str, old: str = "") -> Any:
    """Let a refusal have another code."""
    return refusal(operation, status, {"code": code, "doc_url": f"https://x/#{code}"}, old)


def empty(operation: str, status: int) -> Any:
    """Let successes be a 204 without a body."""

    def twist(entries: Entries) -> None:
        for entry in named(entries, operation, status):
            entry["response"]["status"] = 204
            entry["response"]["content"] = {"mimeType": "application/json", "text": "", "size": 0}

    return twist


def accepted(operation: str, status: int, like: int, old: str) -> Any:
    """Let a refusal be a success, as another response of the operation is one."""

    def twist(entries: Entries) -> None:
        found = [entry for entry in named(entries, operation, status) if old in entry["comment"]]
        for entry in found:
            entry["response"] = json.loads(json.dumps(named(entries, operation, like)[0]["response"]))
            pairs = {pair["name"]: pair for pair in entry["response"]["headers"]}
            pairs["aurous-request-id"]["value"] = "req_01KRMEXM09AAAAAAAAAAAAAAAA"

    return twist


def too_many(wait: str) -> Any:
    """Let the last response be a 429 that says how long to wait."""

    def twist(entries: Entries) -> None:
        entries[-1]["response"]["status"] = 429
        header("balance.retrieve", "retry-after", wait, 429)(entries)

    return twist


def texts(old: str, new: str) -> Any:
    """Replace a text everywhere, in requests and responses."""

    def twist(entries: Entries) -> None:
        entries[:] = json.loads(json.dumps(entries).replace(old, new))
        for entry in entries:
            if "text" in entry["response"]["content"]:
                entry["response"]["content"]["size"] = 0

    return twist


def times(change: Callable[[str], Any], *names: str) -> Callable[[Any], None]:
    """Change timestamps."""

    def twist(content: Any) -> None:
        for name in names:
            content[name] = change(content[name])

    return twist


def seconds(stamp: str) -> float:
    """Return a timestamp in epoch seconds."""
    return datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()


def flat(content: Any) -> None:
    """Let an error be no envelope."""
    content.update(content.pop("error"))


def now_of(entries: Entries) -> None:
    """Let a stored response show the present state: the character is still drawn, and has another name."""
    entry = named(entries, "characters.create", 201)[1]
    body(entry, put("name", "Aurora Vale"))


def replay_is_200(entries: Entries) -> None:
    """Let a stored response have another status than the first."""
    named(entries, "characters.create", 201)[1]["response"]["status"] = 200


def all_events(entries: Entries) -> None:
    """Let an endpoint show the star that was sent."""
    for operation, status in (("create", 201), ("retrieve", 200)):
        fields(f"webhook_endpoints.{operation}", put("events", ["*"]), status)(entries)
    fields("webhook_endpoints.list", lambda content: content["data"][0].update(events=["*"]))(entries)


HABITS: Final[dict[str, Twist]] = {
    # Statuses
    "an image is a 202": Twist("images", status_of("images.create", 201, 202), "img-1"),
    "a character is a 202": Twist("characters", status_of("characters.create", 201, 202), "create-4"),
    "a file is a 200": Twist("account", status_of("files.create", 201, 200), "file-1"),
    "an endpoint is a 200": Twist("account", status_of("webhook_endpoints.create", 201, 200), "hook-1"),
    "an estimate is a 201": Twist("images", status_of("images.estimate", 200, 201), "img-9"),
    "drawing again is a 202": Twist("characters", status_of("characters.resynthesize", 200, 202), "resyn-1"),
    "drawing a pose again is a 202": Twist("characters", status_of("characters.regenerate_ref", 200, 202), "regen-2"),
    "deleting a file is an empty 204": Twist("account", empty("files.delete", 200), "file-2"),
    "deleting an endpoint is an empty 204": Twist("account", empty("webhook_endpoints.delete", 200), "hook-2"),
    "an update is an empty 204": Twist("characters", empty("characters.update", 200), "patch-1"),
    "a deleted character is a 410": Twist("characters", instead("characters.retrieve", 404, 410, "gone"), "get-2"),
    "too few credits are a 403": Twist("account", status_of("characters.create", 402, 403), "err-5"),
    "what is finished is a 409": Twist("images", instead("images.cancel", 400, 409, "conflict"), "img-7"),
    "an unknown output is a 400": Twist("images", instead("images.output", 404, 400, "invalid_index"), "img-8"),
    "a limit of zero is taken": Twist("characters", accepted("characters.list", 400, 200, "value_out"), "list-3"),
    "an unknown field is ignored": Twist("characters", accepted("characters.update", 400, 200, ""), "patch-2"),
    # Codes and errors
    "codes are upper case": Twist("characters", coded("characters.update", 400, "INVALID_REQUEST"), "patch-2"),
    "not found says of what": Twist("characters", coded("characters.save", 404, "character_not_found"), "save-4"),
    "a missing name is an invalid request": Twist(
        "characters", coded("characters.create", 400, "invalid_request", "missing_field"), "create-6"
    ),
    "no key has another code": Twist(
        "account", coded("team.retrieve", 401, "authentication_required", "missing_api_key"), "auth-3"
    ),
    "an unknown version has another code": Twist(
        "account", coded("team.retrieve", 400, "unsupported_version", "unknown_version"), "ver-3"
    ),
    "an unknown file has another code": Twist("account", coded("files.retrieve", 404, "file_not_found"), "file-2"),
    "types are those of another vendor": Twist(
        "characters", refusal("characters.save", 404, {"type": "not_found_error"}), "err-1"
    ),
    "an error is no envelope": Twist("characters", fields("characters.save", flat, 404), "err-1"),
    "an error has no request id": Twist(
        "characters", fields("characters.save", drop("error.request_id"), 404), "err-3"
    ),
    "errors lead to one page": Twist(
        "characters", refusal("characters.save", 404, {"doc_url": "https://docs.aurous-labs.com/errors"}), "err-2"
    ),
    # Headers
    "no request id": Twist("images", header("images.retrieve", "aurous-request-id", None), "err-3"),
    "the full bucket in milliseconds": Twist(
        "images", everywhere("x-ratelimit-reset", lambda one: f"{one}000"), "rate-1"
    ),
    "the full bucket as a date": Twist(
        "images", everywhere("x-ratelimit-reset", lambda _: "Fri, 08 May 2026 10:00:00 GMT"), "rate-1"
    ),
    "no limits": Twist("images", header("images.retrieve", "x-ratelimit-limit", None), "rate-1"),
    "a replay is marked with 1": Twist(
        "characters", header("characters.create", "aurous-idempotent-replayed", "1", 201, 1), "idem-3"
    ),
    "a wait is a date": Twist("images", too_many("Fri, 08 May 2026 10:00:00 GMT"), "rate-2"),
    # Idempotency
    "a replay is a 200": Twist(
        "characters",
        replay_is_200,
        "idem-3",
    ),
    "a replay shows the present": Twist("characters", now_of, "idem-3"),
    # Times and ids
    "times have an offset": Twist(
        "images",
        fields("images.retrieve", times(lambda one: one.replace("Z", "+00:00"), "created_at")),
        "time-1",
    ),
    "times are numbers": Twist("images", fields("images.retrieve", times(seconds, "created_at")), "time-1"),
    "times are dates": Twist("account", fields("team.retrieve", times(lambda one: one[:10], "created_at")), "time-1"),
    "ids of images have another prefix": Twist("images", texts("img_", "image_"), "img-5"),
    "ids of files have none": Twist("account", texts("file_01", "01"), "file-1"),
    # Null, missing, another type, another word
    "no text is an empty text": Twist("images", fields("images.create", put("negative_prompt", ""), 201), "img-5"),
    "no refs are null": Twist("characters", fields("characters.create", put("refs", None), 201), "create-4"),
    "credits are text": Twist("account", fields("team.retrieve", put("credits", "1000.00")), "team-1"),
    "the currency is in the plural": Twist(
        "images", fields("images.create", put("cost.currency", "credits"), 201), "img-5"
    ),
    "a count is text": Twist("images", fields("images.create", put("image_count", "2"), 201, 0), "img-5"),
    "a finished image is completed": Twist(
        "images", fields("images.retrieve", put("status", "completed"), nth=2), "img-6"
    ),
    "cancelled is canceled": Twist("images", fields("images.cancel", put("status", "canceled")), "img-7"),
    "all events are a star": Twist("account", all_events, "hook-1"),
    "a file never expires": Twist("account", fields("files.create", put("expires_at", None), 201), "time-3"),
    "a list has no object": Twist("images", fields("images.list", drop("object")), "list-1"),
    "a page does not say whether there are more": Twist("images", fields("images.list", drop("has_more")), "list-1"),
    "a list says how many there are": Twist("images", fields("images.list", put("total", 4)), ""),
    "a cursor is opaque": Twist(
        "characters", fields("characters.list", put("next_cursor", "bzoxMA=="), nth=0), "list-1"
    ),
    "a list is a bare array": Twist("images", whole("images.list", []), "img-10"),
    # Money
    "a video costs a cent less": Twist("images", fields("videos.create", put("cost.amount", 1.99), 201), "vid-2"),
    "an estimate has cents": Twist("images", fields("images.estimate", put("estimated_cost.amount", 1.99)), "img-9"),
    "drawing empties the refs": Twist("characters", fields("characters.resynthesize", put("refs", [])), "run-1"),
}


@pytest.mark.parametrize("name", HABITS)
def test_a_habit_refutes_its_rule_and_no_other(tmp_path: Path, name: str) -> None:
    """It is found, and attributed to the rule that it is about."""
    refutes_its_rule(tmp_path, HABITS[name])
