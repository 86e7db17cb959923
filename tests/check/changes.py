"""Changes of a recording: what another server would have sent, and what a recording may lack.

A change says where it applies: the operation, perhaps a status and a word of its comment, perhaps the number of the
exchange among those: ``characters.list``, ``characters.create 400 missing_field``, ``characters.retrieve#2``.
Without a status these are the exchanges that succeeded.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final, TypeAlias

from tests.check.story import Entries, body
from tests.conftest import NOW

Entry: TypeAlias = "dict[str, Any]"
Change: TypeAlias = "Callable[[Entries], object]"
OTHER: Final = "char_01KRMEXM017R6QKY9FRGVYXRJ9"
OTHER_IMAGE: Final = "img_01KRMEXM09AAAAAAAAAAAAAAAA"
OTHER_REQUEST: Final = "req_01KRMEXM017R6QKY9FRGVYXRJ9"
IN_USE: Final = "idempotency_key_in_use"
UNKNOWN_ID: Final = "resource_not_found"
REPLAYED: Final = "aurous-idempotent-replayed"
_TYPES: Final = {401: "authentication", 403: "authentication", 404: "not_found", 410: "not_found", 429: "rate_limit"}


def named(entries: Entries, at: str) -> Entries:
    """Return the exchanges at a place, of which there is at least one."""
    place, _, number = at.partition("#")
    operation, status, word = [*place.split(" "), "", ""][:3]
    found = [
        entry
        for entry in entries
        if entry["comment"].partition(";")[0] == operation
        and (entry["response"]["status"] == int(status) if status else 200 <= entry["response"]["status"] < 400)
        and word in entry["comment"]
    ]
    assert found, f"the story has no {at}"
    return [found[int(number)]] if number else found


def shown(entries: Entries, at: str) -> Any:
    """Return the JSON of the first response at a place."""
    return json.loads(named(entries, at)[0]["response"]["content"]["text"])


def content_of(value: Any) -> dict[str, Any]:
    """Return a body of JSON, or of a text."""
    written = value if isinstance(value, str) else json.dumps(value)
    return {"mimeType": "application/json", "text": written, "size": 0}


def each(at: str, change: Callable[[Entry], object]) -> Change:
    """Change the exchanges at a place."""

    def twist(entries: Entries) -> None:
        for entry in named(entries, at):
            change(entry)

    return twist


def both(*changes: Change) -> Change:
    return lambda entries: [change(entries) for change in changes]


def put(name: str, value: Any) -> Callable[[Any], object]:
    """Set a field, which may be in an object or a list: ``cost.amount``, ``data.0.id``."""

    def change(content: Any) -> None:
        holder, last = _held(content, name)
        holder[last] = value

    return change


def turn(name: str) -> Callable[[Any], object]:
    """Let a list have the other order."""
    return lambda content: content[name].reverse()


def _held(content: Any, name: str) -> tuple[Any, Any]:
    *path, last = [int(step) if step.lstrip("-").isdecimal() else step for step in name.split(".")]
    for step in path:
        content = content[step]
    return content, last


def fields(at: str, change: Callable[[Any], object]) -> Change:
    return each(at, lambda entry: body(entry, change))


def shows(at: str, name: str, value: Any) -> Change:
    """Let responses show a field with this value."""
    return fields(at, put(name, value))


def lacks(at: str, name: str) -> Change:
    """Let responses leave a field out, or a row: ``data.-1``."""

    def change(content: Any) -> None:
        holder, last = _held(content, name)
        del holder[last]

    return fields(at, change)


def times(at: str, name: str, end: str) -> Change:
    """Write a timestamp with another end than ``Z``."""
    return fields(at, lambda content: content.update({name: content[name].replace("Z", end)}))


def whole(at: str, content: Any) -> Change:
    """Let responses have another body: JSON, or a text."""
    return each(at, lambda entry: entry["response"].update(content=content_of(content)))


def text(old: str, new: str) -> Change:
    """Replace a text everywhere, in requests and responses."""

    def change(entries: Entries) -> None:
        before = json.dumps(entries)
        assert old in before
        entries[:] = json.loads(before.replace(old, new))
        for entry in entries:
            if "text" in entry["response"]["content"]:
                entry["response"]["content"]["size"] = 0

    return change


def status(at: str, new: int) -> Change:
    return each(at, lambda entry: entry["response"].update(status=new))


def error(at: str, **parts: Any) -> Change:
    """Change parts of the error of refusals; another code has its own address."""
    if "code" in parts:
        parts = {"doc_url": f"https://x/#{parts['code']}", **parts}
    return fields(at, lambda content: content["error"].update(parts))


def refused(at: str, new: int, code: str) -> Change:
    def change(entry: Entry) -> None:
        ids = [one["value"] for one in entry["response"]["headers"] if one["name"] == "aurous-request-id"]
        said = {"type": _TYPES.get(new, "invalid_request"), "code": code, "message": "No.", "param": None}
        said |= {"doc_url": f"https://docs.aurous-labs.com/errors#{code}", "request_id": (*ids, None)[0]}
        entry["response"].update(status=new, content=content_of({"error": said}))

    return each(at, change)


def accepted(at: str, like: str, **fields_: Any) -> Change:
    """Let a response be another one, with a request id of its own, and perhaps other fields."""

    def change(entries: Entries) -> None:
        (entry, *_), (other, *_) = named(entries, at), named(entries, like)
        old, new = (
            [pair for pair in one["response"]["headers"] if (pair["name"] == "aurous-request-id") is own]
            for one, own in ((entry, True), (other, False))
        )
        entry["response"] = json.loads(json.dumps({**other["response"], "headers": [*new, *old]}))
        if fields_:
            body(entry, lambda content: content.update(fields_))

    return change


def empty(at: str) -> Change:
    """Let successes be a 204 without a body."""
    return each(at, lambda entry: entry["response"].update(status=204, content=content_of("")))


def too_many(wait: str | None, code: str = "too_many_requests") -> Change:
    """Let the last poll of an image be a 429, perhaps with a time to wait."""
    return both(refused("images.retrieve#-1", 429, code), header("images.retrieve 429", "retry-after", wait))


def header(at: str, name: str, value: str | None) -> Change:
    """Set a header of responses, or leave it out."""

    def change(entry: Entry) -> None:
        pairs = [pair for pair in entry["response"]["headers"] if pair["name"] != name]
        entry["response"]["headers"] = pairs if value is None else [*pairs, {"name": name, "value": value}]

    return each(at, change)


def everywhere(name: str, change: Callable[[str], str] | str) -> Change:
    """Change a header of all responses that have it."""

    def twist(entries: Entries) -> None:
        for pair in (pair for entry in entries for pair in entry["response"]["headers"] if pair["name"] == name):
            pair["value"] = change if isinstance(change, str) else change(pair["value"])

    return twist


def renamed(old: str, new: str) -> Change:
    """Let headers begin in another way; *new* may be empty: then they are missing."""

    def change(entries: Entries) -> None:
        for response in (entry["response"] for entry in entries):
            pairs = [pair for pair in response["headers"] if new or not pair["name"].startswith(old)]
            response["headers"] = [{**pair, "name": pair["name"].replace(old, new)} for pair in pairs]

    return change


def two_tokens(at: str) -> Change:
    """Let each request take two tokens."""

    def change(entries: Entries) -> None:
        for taken, entry in enumerate(named(entries, at), 1):
            everywhere("x-ratelimit-remaining", lambda value, taken=taken: str(int(value) - taken))([entry])  # type: ignore[misc]

    return change


def dated(seconds: int) -> Change:
    """Let the vendor's clock differ by that many seconds from the client's, as each `Date` shows."""

    def change(entries: Entries) -> None:
        for entry in entries:
            at = datetime.fromisoformat(entry["startedDateTime"].replace("Z", "+00:00")) + timedelta(seconds=seconds)
            entry["response"]["headers"].append({"name": "date", "value": format_datetime(at, usegmt=True)})

    return change


def later(seconds: int) -> Change:
    """Let buckets be full that many seconds later."""
    return everywhere("x-ratelimit-reset", lambda value: str(int(value) + seconds))


def more(total: int, held: int) -> Callable[[Any], object]:
    """Let a balance show more credits, and more that are held."""

    def change(content: Any) -> None:
        content["credits"] += total
        content["held_credits"] += held
        content["available_credits"] += total - held

    return change


def balances(*changes: tuple[int, int]) -> Change:
    """Let the last balances show more credits, and more that are held."""

    def change(entries: Entries) -> None:
        for entry, extra in zip(named(entries, "balance.retrieve")[-len(changes) :], changes, strict=True):
            body(entry, more(*extra))

    return change


def begin(number: int) -> Change:
    """Let the recording begin with that exchange."""
    return lambda entries: entries.__delitem__(slice(number))


def left_out(*numbers: int) -> Change:
    return lambda entries: [entries.pop(number) for number in sorted(one % len(entries) for one in numbers)[::-1]]


def without(at: str) -> Change:
    """Leave exchanges of an operation out."""

    def change(entries: Entries) -> None:
        for entry in named(entries, at):
            entries.remove(entry)

    return change


def unheard(at: str | int, code: int = 0) -> Change:
    """Let responses be missing, or have a status alone."""

    def change(entries: Entries) -> None:
        for entry in [entries[at]] if isinstance(at, int) else named(entries, at):
            entry["response"] = {"status": code, "headers": [], "content": {"size": 0}}

    return change


def bare(number: int) -> Change:
    return lambda entries: entries[number]["response"].update(content={"size": 100, "mimeType": "application/json"})


def bodiless(number: int) -> Change:
    return lambda entries: entries[number]["request"].pop("postData", None)


def same_time(entries: Entries) -> None:
    """Let a recording not tell when its requests were sent."""
    for entry in entries:
        entry["startedDateTime"] = NOW


def keyed(key: str) -> Change:
    """Send another API key, everywhere the same."""

    def change(entries: Entries) -> None:
        for pair in (pair for entry in entries for pair in entry["request"]["headers"]):
            if pair["name"] == "x-api-key" and pair["value"]:
                pair["value"] = key

    return change


def events(change: Callable[[list[Any]], list[Any]]) -> Change:
    def twist(entries: Entries) -> None:
        bodies = (entry["response"]["content"] for entry in entries)
        content = next(one for one in bodies if one.get("text", "").startswith("data: "))
        data = [line.removeprefix("data: ") for line in content["text"].splitlines() if line]
        some = change([*map(json.loads, data[:-1]), data[-1]])
        content["text"] = "".join(f"data: {one if isinstance(one, str) else json.dumps(one)}\n\n" for one in some)
        content["size"] = 0

    return twist


def without_usage(chunk: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in chunk.items() if name != "usage"}
