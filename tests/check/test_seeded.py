"""A twisted twin: each seeded difference is found, and refutes the right rule and no other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from tests.check.story import Entries, body, checked, refuted, told

if TYPE_CHECKING:
    from collections.abc import Callable


class Twist(NamedTuple):
    """A seeded difference: in which story, what it changes, and the rule that it refutes; empty: none covers it."""

    story: str
    change: Callable[[Entries], object]
    rule: str


def named(entries: Entries, operation: str, status: int = 200) -> Entries:
    """Return the exchanges of an operation with a status."""
    found = [
        one for one in entries if one["comment"].partition(";")[0] == operation and one["response"]["status"] == status
    ]
    assert found, f"the story has no {operation} {status}"
    return found


def fields(operation: str, change: Callable[[Any], object], status: int = 200, nth: int | None = None) -> Any:
    """Change the body of the responses of an operation, or of the *nth*."""

    def twist(entries: Entries) -> None:
        found = named(entries, operation, status)
        for entry in found if nth is None else [found[nth]]:
            body(entry, change)

    return twist


def put(name: str, value: Any) -> Callable[[Any], object]:
    """Set a field, which may be in an object: ``cost.amount``."""

    def change(content: Any) -> None:
        *path, last = name.split(".")
        for step in path:
            content = content[step]
        content[last] = value

    return change


def drop(name: str) -> Callable[[Any], object]:
    """Leave a field out."""

    def change(content: Any) -> None:
        *path, last = name.split(".")
        for step in path:
            content = content[step]
        del content[last]

    return change


def refusal(operation: str, status: int, change: dict[str, Any], code: str = "") -> Any:
    """Change the error of the refusals of an operation."""

    def twist(entries: Entries) -> None:
        for entry in named(entries, operation, status):
            if code in entry["comment"]:
                body(entry, lambda content: content["error"].update(change))

    return twist


def instead(operation: str, status: int, new: int, code: str, *, nth: int = 0, message: str = "No.") -> Any:
    """Let a response be a refusal."""

    def twist(entries: Entries) -> None:
        entry = named(entries, operation, status)[nth]
        pairs = {pair["name"]: pair["value"] for pair in entry["response"]["headers"]}
        kinds = {401: "authentication", 403: "authentication", 404: "not_found", 410: "not_found"}
        error = {"type": kinds.get(new, "invalid_request"), "code": code, "message": message, "param": None,
                 "doc_url": f"https://docs.aurous-labs.com/errors#{code}",
                 "request_id": pairs.get("aurous-request-id")}  # fmt: skip
        entry["response"]["status"] = new
        entry["response"]["content"] = {"mimeType": "application/json", "text": json.dumps({"error": error}), "size": 0}

    return twist


def status_of(operation: str, old: int, new: int, code: str = "") -> Any:
    """Change the status of a refusal alone."""

    def twist(entries: Entries) -> None:
        for entry in named(entries, operation, old):
            if code in entry["comment"]:
                entry["response"]["status"] = new

    return twist


def header(operation: str, name: str, value: str | None, status: int = 200, nth: int | None = None) -> Any:
    """Set a header of responses, or leave it out."""

    def twist(entries: Entries) -> None:
        found = named(entries, operation, status)
        for entry in found if nth is None else [found[nth]]:
            pairs = [pair for pair in entry["response"]["headers"] if pair["name"] != name]
            entry["response"]["headers"] = pairs if value is None else [*pairs, {"name": name, "value": value}]

    return twist


def everywhere(name: str, change: Callable[[str], str]) -> Any:
    """Change a header of all responses that have it."""

    def twist(entries: Entries) -> None:
        for entry in entries:
            for pair in entry["response"]["headers"]:
                if pair["name"] == name:
                    pair["value"] = change(pair["value"])

    return twist


def whole(operation: str, content: Any, status: int = 200) -> Any:
    """Set the body of the responses of an operation; None is no JSON."""

    def twist(entries: Entries) -> None:
        for entry in named(entries, operation, status):
            text = "Fine." if content is None else json.dumps(content)
            entry["response"]["content"] = {"mimeType": "application/json", "text": text, "size": 0}

    return twist


def more(total: int, held: int) -> Callable[[Any], object]:
    """Let a balance show more credits, and more that are held."""

    def change(content: Any) -> None:
        content["credits"] += total
        content["held_credits"] += held
        content["available_credits"] += total - held

    return change


def charged(amount: int, *failures: int) -> Any:
    """Let failures be charged, each shown by a balance."""

    def twist(entries: Entries) -> None:
        for nth, entry in enumerate(named(entries, "balance.retrieve")):
            body(entry, more(-amount * sum(failure <= nth for failure in failures), 0))

    return twist


def precise(content: Any) -> None:
    """Write timestamps with milliseconds."""
    for name in ("created_at", "updated_at"):
        content[name] = content[name].replace("Z", ".123Z")


def swapped(content: Any) -> None:
    content["data"].reverse()


def stuck(entries: Entries) -> None:
    """Let a bucket never lose a token."""
    for entry in entries:
        for pair in entry["response"]["headers"]:
            if pair["name"] == "x-ratelimit-remaining":
                limit = next(one["value"] for one in entry["response"]["headers"] if one["name"] == "x-ratelimit-limit")
                pair["value"] = limit


def new_id(content: Any) -> None:
    content["id"] = "char_01KRMEXM09AAAAAAAAAAAAAAAA"


def not_replayed(entries: Entries) -> None:
    """Let a retry with the same key happen twice."""
    header("characters.create", "aurous-idempotent-replayed", None, 201, 1)(entries)


def _accepted(entries: Entries, operation: str, status: int) -> None:
    """Let a refused request be accepted, with a response of that operation."""
    good = 201 if operation.endswith(".create") else 200
    entry, other = named(entries, operation, status)[0], named(entries, operation, good)[0]
    entry["response"]["status"] = good
    entry["response"]["content"] = {**other["response"]["content"]}
    if operation == "characters.create":
        body(entry, new_id)


def _priced(entries: Entries, price: int) -> None:
    """Let each synthesis cost another price: while it is drawn, and when it was drawn well."""
    extra = price - 4
    changes = [(0, 0), (0, extra), (-extra, 0), (-2 * extra, 0), (-2 * extra, 0), (-2 * extra, extra), (-2 * extra, 0)]
    for entry, change in zip(named(entries, "balance.retrieve"), changes, strict=True):
        body(entry, more(*change))


def _spent(entries: Entries) -> None:
    """Let the first synthesis be paid when it is ordered."""
    entry = named(entries, "balance.retrieve")[1]
    body(entry, lambda one: one.update(credits=one["credits"] - 4, held_credits=0))


def _ready(entries: Entries) -> None:
    """Let the first synthesis end in ready."""
    body(named(entries, "characters.retrieve")[1], put("status", "ready"))
    body(named(entries, "characters.retrieve")[2], put("status", "ready"))


def _read(entries: Entries) -> None:
    """Let a deleted character be read."""
    last = named(entries, "characters.retrieve", 404)[-1]
    path = last["request"]["url"]
    alive = [one for one in named(entries, "characters.retrieve") if one["request"]["url"] == path][-1]
    last["response"] = json.loads(json.dumps(alive["response"]))
    body(last, put("status", "deleted"))


TWISTS: Final[dict[str, Twist]] = {
    # Status
    "a save is refused": Twist("characters", instead("characters.save", 200, 400, "invalid_request_error"), "save-1"),
    "a second save is refused": Twist(
        "characters", instead("characters.save", 200, 400, "invalid_request_error", nth=1), "save-2"
    ),
    "a missing name is a 422": Twist("characters", status_of("characters.create", 400, 422, "missing_field"), "err-5"),
    "an unknown character is a 403": Twist("characters", status_of("characters.save", 404, 403), "err-5"),
    "creating an image is a 200": Twist("images", status_of("images.create", 201, 200), "img-1"),
    "deleting is a 204": Twist("characters", status_of("characters.delete", 200, 204), "del-1"),
    "no version is refused": Twist("account", lambda all_: _accepted(all_, "team.retrieve", 400), "ver-3"),
    "a cancel is refused": Twist("images", instead("images.cancel", 200, 400, "generation_not_cancellable"), "img-7"),
    "an estimate needs a payment": Twist("images", instead("images.estimate", 200, 402, "balance_too_low"), "cred-3"),
    # Code, type, param and the rest of an error
    "insufficient credits have the global code": Twist(
        "account",
        refusal("characters.create", 402, {"code": "balance_too_low", "doc_url": "https://x/#balance_too_low"}),
        "err-6",
    ),
    "a wrong state has the global code": Twist(
        "characters",
        refusal("characters.save", 400, {"code": "invalid_request", "doc_url": "https://x/#invalid_request"}),
        "err-6",
    ),
    "a blank prompt has another code": Twist(
        "images",
        refusal("images.create", 400, {"code": "missing_field", "doc_url": "https://x/#missing_field"}),
        "img-1",
    ),
    "an unknown key has another code": Twist(
        "account",
        refusal(
            "team.retrieve", 401, {"code": "unauthorized", "doc_url": "https://x/#unauthorized"}, "invalid_api_key"
        ),
        "auth-3",
    ),
    "a scope has another code": Twist(
        "account", refusal("images.create", 403, {"code": "forbidden", "doc_url": "https://x/#forbidden"}), "auth-5"
    ),
    "a used key has another code": Twist(
        "characters",
        refusal("characters.create", 409, {"code": "conflict", "doc_url": "https://x/#conflict"}),
        "idem-6",
    ),
    "a refusal has another type": Twist(
        "characters", refusal("characters.create", 400, {"type": "validation_error"}), "err-1"
    ),
    "a wrong field is another param": Twist(
        "characters", refusal("characters.update", 400, {"param": "body"}), "patch-2"
    ),
    "an unknown status is another param": Twist(
        "characters", refusal("characters.list", 400, {"param": "filter"}, "; invalid_request"), "list-4"
    ),
    "param is absent": Twist("characters", fields("characters.save", drop("error.param"), 404), "err-4"),
    "no doc_url": Twist("characters", refusal("characters.save", 404, {"doc_url": None}), "err-2"),
    "another request id": Twist("characters", refusal("characters.save", 404, {"request_id": "req_other"}), "err-3"),
    "no message": Twist("characters", fields("characters.save", drop("error.message"), 404), "err-7"),
    "no envelope": Twist("characters", whole("characters.update", {"detail": "no"}, 400), "err-1"),
    "a hint in an error": Twist("characters", refusal("characters.save", 404, {"hint": "Look elsewhere."}), ""),
    "a key is called revoked": Twist(
        "account",
        refusal(
            "team.retrieve", 401, {"code": "revoked_api_key", "doc_url": "https://x/#revoked_api_key"}, "invalid_api"
        ),
        "auth-4",
    ),
    # Headers
    "a save is marked as replayed": Twist(
        "characters", header("characters.save", "aurous-idempotent-replayed", "true"), "idem-2"
    ),
    "no version in responses": Twist("characters", header("characters.retrieve", "aurous-version", None), "ver-2"),
    "another version in responses": Twist("images", everywhere("aurous-version", lambda _: "2026-06-19"), "ver-2"),
    "request ids of another form": Twist("images", everywhere("aurous-request-id", lambda one: one[4:]), "err-3"),
    "no reset": Twist("characters", header("characters.create", "x-ratelimit-reset", None, 201), "rate-1"),
    "buckets that never empty": Twist("characters", stuck, "rate-1"),
    "reset in seconds from now": Twist("characters", everywhere("x-ratelimit-reset", lambda _: "30"), "rate-1"),
    "a replay that is not marked": Twist("characters", not_replayed, "idem-3"),
    "a header that is new": Twist("images", header("images.list", "aurous-region", "eu"), ""),
    # Fields
    "no refs": Twist("characters", fields("characters.retrieve", drop("refs")), "get-4"),
    "no held credits": Twist("characters", fields("balance.retrieve", drop("held_credits")), "cred-1"),
    "no next cursor": Twist("characters", fields("characters.list", drop("next_cursor")), "list-1"),
    "an image has no cost": Twist("images", fields("images.create", drop("cost"), 201), "img-5"),
    "a team has no date": Twist("account", fields("team.retrieve", drop("created_at")), "team-1"),
    "a ticket has no headers": Twist("account", fields("characters.uploads.init", drop("upload_headers"), 201), "up-2"),
    "a secret is never shown": Twist("account", fields("webhook_endpoints.create", put("secret", None), 201), "hook-2"),
    "a field that is new": Twist("images", fields("images.retrieve", put("queue_position", 3)), ""),
    "no client reference": Twist("account", fields("characters.create", drop("client_reference_id"), 201), "create-7"),
    "text instead of JSON": Twist("account", whole("balance.retrieve", None), "cred-1"),
    "a ref fewer": Twist("characters", fields("characters.retrieve", lambda one: one["refs"].pop(), nth=2), "create-4"),
    # Null, type, enum, form
    "an updated name is null": Twist("characters", fields("characters.update", put("name", None)), "patch-1"),
    "a finished image has no time": Twist(
        "images", fields("images.retrieve", put("completed_at", None), nth=2), "img-5"
    ),
    "credits are text": Twist("images", fields("balance.retrieve", put("available_credits", "1000")), "cred-1"),
    "a width is text": Twist("images", fields("images.create", put("width", "2048"), 201), "img-2"),
    "a mode that is new": Twist("account", fields("balance.retrieve", put("billing_mode", "prepaid")), "cred-1"),
    "a status that is new": Twist("images", fields("images.retrieve", put("status", "queued"), nth=0), "img-6"),
    "timestamps have milliseconds": Twist("characters", fields("characters.retrieve", precise), "time-1"),
    "ids of another prefix": Twist(
        "account", fields("webhook_endpoints.test", put("event_id", "evnt_01KRMEXM09AAAAAAAAAAAAAAAA")), "hook-10"
    ),
    "URLs that are paths": Twist("account", fields("files.retrieve", put("url", "/storage/x")), "time-3"),
    # Order
    "the oldest comes first": Twist("images", fields("images.list", swapped), "list-2"),
    "the last page has a cursor": Twist(
        "images", fields("images.list", put("next_cursor", "img_01KRMEXM09AAAAAAAAAAAAAAAA")), "list-1"
    ),
    # Money
    "a synthesis costs five": Twist("characters", lambda all_: _priced(all_, 5), "cred-4"),
    "credits are spent at once": Twist("characters", _spent, "cred-2"),
    "two images cost three": Twist("images", fields("images.create", put("cost.amount", 3), 201, 0), "cred-4"),
    "a second of video costs more": Twist("images", fields("videos.create", put("cost.amount", 4), 201), "vid-2"),
    "an estimate is dearer": Twist("images", fields("images.estimate", put("estimated_cost.amount", 3)), "img-9"),
    "the price list is dearer": Twist("account", fields("pricing.retrieve", put("image.base", 2)), "cred-4"),
    "a failed image costs": Twist("images", fields("images.retrieve", put("cost.amount", 1), nth=3), "cred-2"),
    "a failed synthesis costs": Twist("characters", charged(4, 4, 6), "cred-5"),
    "one failed synthesis of two costs": Twist("characters", charged(4, 4), "cred-5"),
    "one failed image is charged": Twist("images", charged(1, 3), "img-11"),
    "an image that comes to nothing is charged": Twist("images", charged(1, 3, 4, 5), "img-11"),
    # Sequence
    "a synthesis ends in ready": Twist("characters", _ready, "create-4"),
    "a save leaves the review": Twist("characters", fields("characters.save", put("status", "reviewing")), "save-1"),
    "a character returns to review": Twist(
        "characters", fields("characters.retrieve", put("status", "reviewing"), nth=4), "save-6"
    ),
    "an update ends in failed": Twist("characters", fields("characters.update", put("status", "failed")), "patch-1"),
    "a deleted character is read": Twist("characters", _read, "get-2"),
    "a cancelled image goes on": Twist("images", fields("images.cancel", put("status", "processing")), "img-7"),
    # Idempotency
    "a retry makes another character": Twist("characters", fields("characters.create", new_id, 201, 1), "idem-3"),
    "another body with the same key is taken": Twist(
        "characters", lambda all_: _accepted(all_, "characters.create", 409), "idem-6"
    ),
    "a retry is refused": Twist(
        "characters", instead("characters.create", 201, 409, "idempotency_key_in_use", nth=1), "idem-5"
    ),
}


@pytest.mark.parametrize("name", TWISTS)
def test_a_seeded_difference_refutes_its_rule_and_no_other(tmp_path: Path, name: str) -> None:
    """It is found, and attributed to the rule that it is about."""
    refutes_its_rule(tmp_path, TWISTS[name])


def refutes_its_rule(folder: Path, twist: Twist) -> None:
    """Check a twisted story: its rule is refuted, and no other; without a rule the difference is uncovered."""
    story, change, rule = twist
    entries = told(story)
    change(entries)

    result = checked(folder, entries)

    assert refuted(result) == ([rule] if rule else [])
    assert bool(result.verdicts.uncovered) == (not rule)
