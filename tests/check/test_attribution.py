"""Recordings of twisted servers: each difference refutes the rule that states it, and no other."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from pytest_aurous._core.base.redaction import FAKE_KEY
from pytest_aurous._core.resources.content.pictures import picture
from tests.check.story import ATTRIBUTES, Entries, Teller, body, check_files, checked, refuted
from tests.check.test_seeded import drop, everywhere, fields, header, instead, more, named, put, refusal, status_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

UNKNOWN: Final = "/v1/characters/char_01KRMEXM017R6QKY9FRGVYXRJ9"


def ready(teller: Teller) -> str:
    """Make a character that is ready, and return its path."""
    path = teller.synthesize("Aurora")
    teller.poll(path)
    teller.call("POST", f"{path}/save")
    return path


def saved_twice(teller: Teller) -> None:
    """Save twice, and poll."""
    path = ready(teller)
    teller.call("POST", f"{path}/save")
    teller.poll(path, 1)


def patched(teller: Teller) -> None:
    """Replace the attributes, and read."""
    teller.call("PATCH", ready(teller), json={"attributes": {"age": 40}})


def unpatched(teller: Teller) -> None:
    """Change the name with a field that is refused, and read."""
    path = ready(teller)
    teller.call("PATCH", path, json={"name": "Borea", "mood": "sunny"})
    teller.call("GET", path)


def drawn(teller: Teller) -> None:
    """Draw one pose again, between balances, and then ask for a pose that there is not."""
    path = ready(teller)
    teller.call("GET", "/v1/balance")
    teller.call("POST", f"{path}/refs/regenerate", json={"pose": "front"})
    teller.call("GET", "/v1/balance")
    teller.poll(path)
    teller.call("GET", "/v1/balance")
    teller.call("POST", f"{path}/refs/regenerate", json={"pose": "up"})


def paged(teller: Teller) -> None:
    """List 30 characters: by default, row by row, and behind an unknown cursor."""
    for number in range(30):
        teller.call("POST", "/v1/characters", json={"name": f"C{number}", "generate": True, "attributes": ATTRIBUTES})
    first = teller.call("GET", "/v1/characters")
    query = {"limit": 1, "starting_after": first["next_cursor"]}
    one = teller.call("GET", "/v1/characters", params=query)
    teller.call("GET", "/v1/characters", params={**query, "starting_after": one["next_cursor"]})
    teller.call("GET", "/v1/characters", params={"starting_after": "nonsense"})


def uploaded(teller: Teller) -> None:
    """Classify a picture twice."""
    ticket = {"filename": "me.png", "extension": "png", "content_type": "image/png"}
    upload = teller.call("POST", "/v1/characters/uploads/init", json=ticket)
    teller.call("PUT", upload["upload_url"], content=picture(["me"], 64, 64, ""), headers=upload["upload_headers"])
    for _ in range(2):
        teller.call("POST", "/v1/characters/uploads/classify", json={"upload_id": upload["upload_id"]})


def stored(teller: Teller) -> None:
    """Use one key for the same order, for another order, after a day; and a key that is too long."""
    for prompt in ("x", "x", "y"):
        teller.call("POST", "/v1/images", json={"prompt": prompt}, headers={"Idempotency-Key": "order-1"})
    teller.call("GET", "/v1/balance")
    teller.aurous.images.last.finish()
    teller.aurous.clock.advance(seconds=90_000)
    teller.call("GET", "/v1/balance")
    teller.call("POST", "/v1/images", json={"prompt": "x"}, headers={"Idempotency-Key": "order-1"})
    teller.call("GET", "/v1/balance")
    teller.call("POST", "/v1/images", json={"prompt": "x"}, headers={"Idempotency-Key": "k" * 257})


def aliased(teller: Teller) -> None:
    """Use one key under its other name for the same order."""
    for _ in range(2):
        teller.call("POST", "/v1/images", json={"prompt": "x"}, headers={"Aurous-Idempotent-Key": "order-1"})


def alike(teller: Teller) -> None:
    """Create a character from two uploads whose poses nothing shows, draw a pose, and read."""
    tickets = []
    for _ in range(2):
        ticket = {"filename": "me.png", "extension": "png", "content_type": "image/png"}
        upload = teller.call("POST", "/v1/characters/uploads/init", json=ticket)
        teller.call("PUT", upload["upload_url"], content=b"\x89PNG", headers=upload["upload_headers"])
        tickets.append(upload["upload_id"])
    row = teller.call("POST", "/v1/characters", json={"name": "Aurora", "upload_ids": tickets})
    teller.call("POST", f"/v1/characters/{row['id']}/refs/regenerate", json={"pose": "portrait"})
    teller.poll(f"/v1/characters/{row['id']}")


def kept_key(teller: Teller) -> None:
    """Save with the key of another order, and with a body that is no JSON."""
    path, key = ready(teller), {"Idempotency-Key": "order-1"}
    teller.call("POST", "/v1/images", json={"prompt": "x"}, headers=key)
    teller.call("POST", f"{path}/save", headers=key)
    teller.call("POST", f"{path}/save", content="{", headers={"Content-Type": "application/json"})


def account(teller: Teller) -> None:
    """Read with and without a key, and as a bearer; read a file by its URL."""
    teller.call("GET", "/v1/team")
    teller.call("GET", "/v1/team", headers={"X-Api-Key": ""})
    file = teller.call("POST", "/v1/files", files={"file": ("a.png", picture(["a"], 8, 8, ""), "image/png")},
                       data={"purpose": "reference"})  # fmt: skip
    teller.call("GET", file["url"])
    key = teller.client.headers.pop("X-Api-Key")
    teller.call("GET", "/v1/balance", headers={"Authorization": f"Bearer {key}"})
    teller.call("GET", "/v1/loras", headers={"X-Api-Key": key})
    teller.call("POST", f"{UNKNOWN}/save", headers={"X-Api-Key": key})


def priced(teller: Teller) -> None:
    """An image, with its estimate, its balances and its end; another one in an odd size; one that is cancelled."""
    teller.call("POST", "/v1/images/estimate", json={"prompt": "x"})
    teller.call("GET", "/v1/balance")
    path = teller.image()
    teller.call("GET", "/v1/balance")
    teller.poll(path)
    teller.call("GET", "/v1/balance")
    teller.poll(teller.image(width=1050, height=1050))
    cancelled = teller.image()
    teller.call("POST", f"{cancelled}/cancel")
    teller.call("GET", cancelled)


def spaced(teller: Teller) -> None:
    """Read often, five seconds apart."""
    for _ in range(6):
        teller.call("GET", "/v1/characters")


def limited(teller: Teller) -> None:
    """Meet a limit."""
    teller.call("GET", "/v1/team")
    teller.call("GET", "/v1/characters")
    found = teller.entries()
    assert len(found) == 2


def listed(teller: Teller) -> None:
    """List by status, and list what is left after one was deleted."""
    ready(teller)
    other = teller.synthesize("Borea")
    teller.poll(other)
    teller.call("GET", "/v1/characters", params={"status": "ready"})
    teller.call("DELETE", other)
    teller.call("GET", "/v1/characters")


def sent(teller: Teller) -> None:
    """Send a file twice, and read a picture of a character."""
    for _ in range(2):
        teller.call("POST", "/v1/files", files={"file": ("a.png", picture(["a"], 8, 8, ""), "image/png")},
                    data={"purpose": "reference"}, headers={"Idempotency-Key": "file-1"})  # fmt: skip
    teller.call("GET", teller.call("GET", ready(teller))["refs"][0]["url"])


def discarded(teller: Teller) -> None:
    """Delete a file that there never was."""
    teller.call("DELETE", "/v1/files/file_01KRMEXM017R6QKY9FRGVYXRJ9")


def kept(teller: Teller) -> None:
    """Create a character from an upload."""
    uploaded(teller)
    ticket = teller.aurous.uploads.last.id
    teller.call("POST", "/v1/characters", json={"name": "Aurora", "upload_ids": [ticket]})


def embedded(teller: Teller) -> None:
    """Embed a text twice with one key, between balances, and list the models."""
    for _ in range(2):
        teller.call("GET", "/v1/balance")
        order = {"model": "aurous-embed-vision-1.0", "input": "black hair"}
        teller.call("POST", "/v1/embeddings", json=order, headers={"Idempotency-Key": "text-1"})
    teller.call("GET", "/v1/balance")
    teller.call("GET", "/v1/models")


def refused(teller: Teller) -> None:
    """Order without credits, for an unknown character, and with a body that is no JSON."""
    teller.aurous.team.credits = 0
    teller.call("GET", "/v1/balance")
    teller.call("POST", "/v1/characters", json={"name": "Aurora", "generate": True, "attributes": ATTRIBUTES})
    teller.call("POST", "/v1/images", json={"prompt": "x"})
    teller.call("PATCH", UNKNOWN, json={"name": "Borea"})
    teller.call("POST", "/v1/characters", content="{", headers={"Content-Type": "application/json"})


def scoped(teller: Teller) -> None:
    """Order at once, so that no token comes back: with a key that may, and with a key that may not."""
    reader = teller.aurous.team.add_key(scope="read")
    for headers in ({}, {"X-Api-Key": reader}):
        teller.client.get("/v1/team", headers=headers)
    for headers in ({}, {"X-Api-Key": reader}):
        teller.client.post("/v1/images", json={"prompt": "x"}, headers=headers)


def removed(teller: Teller) -> None:
    """Delete a character that was paid for, between balances."""
    path = ready(teller)
    teller.call("GET", "/v1/balance")
    teller.call("DELETE", path)
    teller.call("GET", "/v1/balance")


def exempt(teller: Teller) -> None:
    """Order as a team that pays nothing."""
    key = teller.aurous.teams.add(billing_mode="exempt").api_key
    for _ in range(2):
        teller.call("GET", "/v1/balance", headers={"X-Api-Key": key})
        teller.call("POST", "/v1/images", json={"prompt": "x"}, headers={"X-Api-Key": key})


def styled(teller: Teller) -> None:
    """Order a video in a style that is named by its slug, and read it."""
    order = {"video_lora_id": "seedance-1-pro", "duration": 4, "resolution": "480p"}
    video = teller.call("POST", "/v1/videos", json=order)
    teller.call("GET", f"/v1/videos/{video['id']}")


def early(teller: Teller) -> None:
    """Ask for a picture that is not there yet."""
    teller.call("GET", f"{teller.image()}/output/0")


def _page_of(rows: int) -> Any:
    def change(content: Any) -> None:
        del content["data"][rows:]
        content.update(has_more=True, next_cursor=content["data"][-1]["id"])

    return fields("characters.list", change, nth=0)


def _swapped(entries: Entries) -> None:
    """Let the two pages of one row come in the other order."""
    pages = named(entries, "characters.list")[1:3]
    texts = [json.loads(one["response"]["content"]["text"]) for one in pages]
    texts[0]["data"], texts[1]["data"] = texts[1]["data"], texts[0]["data"]
    for page, content in zip(pages, texts, strict=True):
        content["next_cursor"] = content["data"][-1]["id"]
        body(page, lambda old, content=content: old.update(content))  # type: ignore[misc]


def _cursor_again(entries: Entries) -> None:
    first, page = named(entries, "characters.list")[:2]
    rows = json.loads(first["response"]["content"]["text"])["data"]
    body(page, lambda content: content.update(data=rows[-1:], next_cursor=rows[-1]["id"]))


def _accepted_cursor(entries: Entries) -> None:
    good, bad = named(entries, "characters.list")[0], named(entries, "characters.list", 400)[0]
    _answer(bad, good)


def _posed(amount: int) -> Any:
    def twist(entries: Entries) -> None:
        for entry, change in zip(named(entries, "balance.retrieve"), [(0, 0), (0, 1), (-1, 0)], strict=True):
            body(entry, more(change[0] * (amount - 1), change[1] * (amount - 1)))

    return twist


def _dear(entries: Entries) -> None:
    """Let an image cost two credits, everywhere."""

    def double(content: Any) -> None:
        if content["cost"]["amount"]:
            content["cost"].update(amount=2, breakdown={"base": 2, "enhance": 0})

    for operation, status in (("images.create", 201), ("images.retrieve", 200)):
        fields(operation, double, status)(entries)
    fields("images.estimate", put("estimated_cost.amount", 2))(entries)
    fields("images.estimate", put("estimated_cost.breakdown.base", 2))(entries)
    for entry, change in zip(named(entries, "balance.retrieve"), [(0, 0), (0, 1), (-1, 0)], strict=True):
        body(entry, more(*change))


def _answer(entry: dict[str, Any], like: dict[str, Any]) -> None:
    own = next(pair for pair in entry["response"]["headers"] if pair["name"] == "aurous-request-id")
    entry["response"] = deepcopy(like["response"])
    others = [pair for pair in entry["response"]["headers"] if pair["name"] != "aurous-request-id"]
    entry["response"]["headers"] = [*others, own]


def _replayed(entries: Entries, status: int, nth: int) -> None:
    """Let the stored response come instead of another one."""
    _answer(named(entries, "images.create", status)[nth], named(entries, "images.create", 201)[1])


def _forever(entries: Entries) -> None:
    """Let a key never expire."""
    last, balance = named(entries, "images.create", 201)[2], named(entries, "balance.retrieve")
    _answer(last, named(entries, "images.create", 201)[1])
    body(balance[2], lambda content: content.update(json.loads(balance[1]["response"]["content"]["text"])))


def _longer(entries: Entries) -> None:
    """Let a key of 257 characters be accepted."""
    entry = named(entries, "images.create", 400)[-1]
    _answer(entry, named(entries, "images.create", 201)[2])
    body(entry, lambda content: content.update(id="img_01KRMEXM09AAAAAAAAAAAAAAAA"))


def _two_tokens(entries: Entries) -> None:
    everywhere("x-ratelimit-remaining", lambda text: str(int(text) - 1))(entries)
    everywhere("x-ratelimit-reset", lambda text: str(int(text) + 1))(entries)


def _renamed(entries: Entries) -> None:
    for entry in entries:
        for pair in entry["response"]["headers"]:
            pair["name"] = pair["name"].replace("x-ratelimit-", "ratelimit-")


def _without_rates(entries: Entries) -> None:
    for entry in entries:
        pairs = entry["response"]["headers"]
        entry["response"]["headers"] = [pair for pair in pairs if not pair["name"].startswith("x-ratelimit-")]


def _limit(code: str, wait: str | None) -> Any:
    """Let the last request meet a 429."""

    def twist(entries: Entries) -> None:
        response = entries[-1]["response"]
        response["status"] = 429
        error = {"type": "rate_limit", "code": code, "message": "Slower", "doc_url": f"https://x/#{code}"}
        response["content"]["text"] = json.dumps({"error": error})
        response["headers"] += [] if wait is None else [{"name": "retry-after", "value": wait}]

    return twist


def _wait_at_409(entries: Entries) -> None:
    for entry in named(entries, "images.create", 409):
        entry["response"]["headers"].append({"name": "retry-after", "value": "3"})


def _listed_still(entries: Entries) -> None:
    """Let a deleted character stay in the list."""
    page, last = named(entries, "characters.list"), named(entries, "characters.retrieve")[-1]
    row = json.loads(last["response"]["content"]["text"])
    body(page[-1], lambda content: content["data"].insert(0, {**row, "status": "deleted"}))


def _listed_all(entries: Entries) -> None:
    """Let a filter do nothing."""
    last = json.loads(named(entries, "characters.retrieve")[-1]["response"]["content"]["text"])
    body(named(entries, "characters.list")[0], lambda content: content["data"].insert(0, last))


def _same_id(entries: Entries) -> None:
    """Let a stored response have the request id of the first one."""
    first, second = named(entries, "files.create", 201)
    own = next(pair for pair in first["response"]["headers"] if pair["name"] == "aurous-request-id")
    pairs = [pair for pair in second["response"]["headers"] if pair["name"] != own["name"]]
    second["response"]["headers"] = [*pairs, own]


def _local_time(entries: Entries) -> None:
    """Let a character be made two hours after the response was sent."""
    entry = named(entries, "characters.create", 201)[0]
    entry["response"]["headers"].append({"name": "date", "value": "Fri, 08 May 2026 10:00:00 GMT"})
    for one in ("characters.create", "characters.retrieve", "characters.save"):
        for other in named(entries, one, 201 if one.endswith("create") else 200):
            body(other, lambda content: content.update(created_at="2026-05-08T12:00:00Z"))


def _in_flight(entries: Entries) -> None:
    """Let a second attempt be sent while the first is in flight."""
    first, second = named(entries, "images.create", 201)[:2]
    first["time"] = 60_000
    _answer(second, named(entries, "images.create", 409)[0])


def _plain_refusal(entries: Entries) -> None:
    """Let the storage refuse an expired URL as storages do."""
    response = named(entries, "storage.get")[-1]["response"]
    response.update(status=403, headers=[], content={"size": 0, "mimeType": ""})


def _moved(entries: Entries) -> None:
    """Let the URLs of the storage have a path of another form."""
    for entry in entries:
        entry["request"]["url"] = entry["request"]["url"].replace("/storage/", "/storage/eu/")
        content = entry["response"]["content"]
        content["text"] = content.get("text", "").replace("/storage/", "/storage/eu/")


def _told_and(*changes: Any) -> Any:
    def change(entries: Entries) -> None:
        for one in changes:
            one(entries)

    return change


def _more_rows(entries: Entries) -> None:
    """Let a page of one row have two."""
    page, other = named(entries, "characters.list")[1:3]
    rows = json.loads(other["response"]["content"]["text"])["data"]

    def change(content: Any) -> None:
        content["data"] += rows
        content["next_cursor"] = rows[-1]["id"]

    body(page, change)


def _skewed(entries: Entries) -> None:
    """Let the client's clock be five seconds ahead of the vendor's, as `Date` shows."""
    for entry in entries:
        at = datetime.fromisoformat(entry["startedDateTime"].replace("Z", "+00:00"))
        entry["startedDateTime"] = (at + timedelta(seconds=5)).isoformat()
        entry["response"]["headers"].append({"name": "date", "value": format_datetime(at, usegmt=True)})


def _other_style(entries: Entries) -> None:
    """Let the style behind a slug have another id and another name."""

    def change(content: Any) -> None:
        content["loras"][0].update(id="lora_01KWEEG5VTRK2MBMKFN65FE1FS", name="Seedance 1.0 Pro")

    fields("videos.create", change, 201)(entries)
    fields("videos.retrieve", change)(entries)


def _spent_by_refusal(entries: Entries) -> None:
    """Let a 403 take a token."""
    _two_tokens(named(entries, "images.create", 403))


def _html(entries: Entries) -> None:
    entries[0]["response"]["content"].update(text="<!DOCTYPE html><p>Soon", size=0)


def _coarse(entries: Entries) -> None:
    """Let sides be multiples of 64."""

    def round_(content: Any) -> None:
        if content["width"] == 1056:
            content.update(width=1024, height=1024)

    for operation, status in (("images.create", 201), ("images.retrieve", 200)):
        fields(operation, round_, status)(entries)


def _forbidden(entries: Entries) -> None:
    """Let an unknown id be a 403."""
    _code("characters.save", 404, "forbidden_resource")(entries)
    status_of("characters.save", 404, 403)(entries)


class Case(NamedTuple):
    """A twisted server: what a client does, how its recording is changed, and which rules are refuted."""

    client: Callable[[Teller], object]
    change: Callable[[Entries], object]
    rules: tuple[str, ...]


def _code(operation: str, status: int, code: str, match: str = "") -> Any:
    return refusal(operation, status, {"code": code, "doc_url": f"https://x/#{code}"}, match)


CASES: Final[dict[str, Case]] = {
    "a PATCH merges": Case(patched, fields("characters.update", put("attributes.gender", "female")), ("patch-1",)),
    "a refused PATCH changes the name": Case(
        unpatched, fields("characters.retrieve", put("name", "Borea"), nth=-1), ("patch-2",)
    ),
    "a name comes back in upper case": Case(
        patched, fields("characters.create", put("name", "AURORA"), 201), ("create-4",)
    ),
    "saving leaves most out": Case(
        ready, fields("characters.save", lambda one: [one.pop(name) for name in ("name", "aurous_version")]), ("get-4",)
    ),
    "a width is null": Case(sent, fields("files.create", put("width_px", None), 201), ()),
    "an unknown file is a 404": Case(
        discarded, instead("files.delete", 200, 404, "resource_not_found"), ("file-2",)
    ),
    "a second save changes the time": Case(
        saved_twice, fields("characters.save", put("updated_at", "2026-05-08T11:00:00Z"), nth=1), ("save-2",)
    ),
    "a second save is a 409": Case(
        saved_twice, instead("characters.save", 200, 409, "idempotency_key_in_use", nth=1), ("save-2",)
    ),
    "creating is a 200": Case(ready, status_of("characters.create", 201, 200), ("create-4",)),
    "poses in another order": Case(
        ready, fields("characters.retrieve", lambda one: one["refs"].reverse(), nth=2), ("create-4",)
    ),
    "a pose is missing": Case(
        ready, fields("characters.retrieve", lambda one: one["refs"].pop(), nth=2), ("create-4",)
    ),
    "a pose costs two": Case(drawn, _posed(2), ("cred-4",)),
    "a bad pose has another code": Case(drawn, _code("characters.regenerate_ref", 400, "bad_pose"), ("regen-1",)),
    "pages of one row in another order": Case(paged, _swapped, ("list-2",)),
    "a default page of ten rows": Case(paged, _page_of(10), ("list-2",)),
    "a limit of one gets two": Case(paged, _more_rows, ("list-2",)),
    "a page begins with its own cursor": Case(paged, _cursor_again, ("list-2",)),
    "a cursor that is no id is accepted": Case(paged, _accepted_cursor, ("list-3",)),
    "a confidence of 1.7": Case(uploaded, fields("characters.uploads.classify", put("confidence", 1.7)), ("up-5",)),
    "classify changes its mind": Case(
        uploaded, fields("characters.uploads.classify", put("confidence", 0.11), nth=1), ("up-5",)
    ),
    "another body is replayed": Case(stored, lambda entries: _replayed(entries, 409, 0), ("idem-6",)),
    "a key never expires": Case(stored, _forever, ("idem-8",)),
    "a key is known after a day": Case(
        stored,
        lambda entries: [
            instead("images.create", 201, 409, "idempotency_key_in_use", nth=2)(entries),
            fields("balance.retrieve", more(0, -1), nth=2)(entries),
        ],
        ("idem-8",),
    ),
    "a key under another name does nothing": Case(
        aliased,
        _told_and(
            header("images.create", "aurous-idempotent-replayed", None, 201),
            fields("images.create", put("id", "img_01KRMEXM017R6QKY9FRGVYXRJ9"), 201, 1),
        ),
        ("idem-1",),
    ),
    "two pictures have the same pose": Case(alike, lambda _: None, ()),
    "a save honors keys": Case(
        kept_key, instead("characters.save", 200, 409, "idempotency_key_in_use", nth=1), ("save-7",)
    ),
    "a save reads a body": Case(kept_key, instead("characters.save", 200, 400, "invalid_format", nth=2), ("save-7",)),
    "an order has another id than its request": Case(
        priced, fields("images.create", put("creation_request_id", "req_01KRMEXM017R6QKY9FRGVYXRJ9"), 201), ("img-5",)
    ),
    "each poll shows another seed": Case(
        priced,
        _told_and(fields("images.retrieve", put("seed", 1), nth=0), fields("images.retrieve", put("seed", 2), nth=1)),
        ("img-5",),
    ),
    "the time of creation moves": Case(
        priced, fields("images.retrieve", put("created_at", "2026-05-08T10:00:09Z"), nth=1), ("img-5",)
    ),
    "a key of 257 characters": Case(stored, _longer, ("idem-1",)),
    "a 409 says when to retry": Case(stored, _wait_at_409, ()),
    "no key is a 403": Case(account, status_of("team.retrieve", 401, 403, "missing_api_key"), ("auth-3",)),
    "a bearer is no key": Case(account, instead("balance.retrieve", 200, 401, "missing_api_key"), ("auth-1",)),
    "an unknown id is a 403": Case(account, _forbidden, ("save-4",)),
    "the URL of a file dies early": Case(account, instead("storage.get", 200, 403, "expired"), ("time-3",)),
    "an image costs two": Case(priced, _dear, ("cred-4",)),
    "a media type of its own": Case(priced, fields("images.retrieve", put("media_type", "photo"), nth=0), ("img-5",)),
    "sides are multiples of 64": Case(priced, _coarse, ("img-3",)),
    "a cancelled image keeps its cost": Case(priced, fields("images.cancel", put("cost.amount", 1)), ("img-7",)),
    "two tokens a request": Case(spaced, _two_tokens, ("rate-1",)),
    "rate headers of another name": Case(spaced, _renamed, ("rate-1",)),
    "no rate headers": Case(spaced, _without_rates, ("rate-1",)),
    "another capacity": Case(spaced, everywhere("x-ratelimit-limit", lambda _: "500"), ("rate-1",)),
    "a 429 without a time": Case(limited, _limit("too_many_requests", None), ("rate-2",)),
    "a 429 with another code": Case(limited, _limit("slow_down", "3"), ("rate-2",)),
    "a 429 as documented": Case(limited, _limit("too_many_requests", "3"), ()),
    "a deleted character stays in the list": Case(listed, _listed_still, ("list-5",)),
    "a filter does nothing": Case(listed, _listed_all, ("list-4",)),
    "a file lives for two days": Case(
        sent, fields("files.create", put("expires_at", "2026-05-10T10:00:00Z"), 201), ("time-3",)
    ),
    "an upload URL lives for an hour": Case(
        kept, fields("characters.uploads.init", put("expires_at", "2026-05-08T11:00:00Z"), 201), ("up-2",)
    ),
    "a character from uploads is a 200": Case(kept, status_of("characters.create", 201, 200), ("create-2",)),
    "a character from uploads is drawn": Case(
        kept, fields("characters.create", put("status", "synthesizing"), 201), ("create-2",)
    ),
    "the bytes of a file count": Case(sent, instead("files.create", 201, 409, "idempotency_key_in_use", nth=1),
                                      ("idem-7",)),
    "a stored response has the first id": Case(sent, _same_id, ("rate-5",)),
    "a picture's URL dies early": Case(sent, instead("storage.get", 200, 403, "expired"), ("time-2",)),
    "a picture's URL of another form dies early": Case(
        sent, _told_and(_moved, instead("storage.get", 200, 403, "expired")), ("time-2",)
    ),
    "pictures have URLs of another form": Case(sent, _moved, ()),
    "the storage refuses in its own way": Case(sent, _plain_refusal, ("time-2",)),
    "local times": Case(ready, _local_time, ("time-1",)),
    "a clock that is ahead": Case(priced, _skewed, ()),
    "a style with another id": Case(styled, _other_style, ()),
    "an output has another code": Case(early, _code("images.output", 404, "no_output"), ("img-8",)),
    "a second attempt in flight": Case(stored, _in_flight, ()),
    "another code without credits for a character": Case(
        refused, _code("characters.create", 402, "no_credits"), ("create-5",)
    ),
    "another code without credits for an image": Case(refused, _code("images.create", 402, "no_credits"), ("img-11",)),
    "an unknown character without a param": Case(
        refused, refusal("characters.update", 404, {"param": None}), ("patch-3",)
    ),
    "another code without JSON": Case(refused, _code("characters.create", 400, "invalid_json"), ("err-8",)),
    "a refused scope takes a token": Case(scoped, _spent_by_refusal, ("rate-4",)),
    "an embedding is text": Case(
        embedded, fields("embeddings.create", lambda one: one["data"][0].update(embedding="AAAA")), ("emb-3",)
    ),
    "no headers of the tokens": Case(embedded, header("embeddings.create", "x-ratelimit-tpm-limit", None), ("tpm-1",)),
    "models with other dates and another order": Case(
        embedded, fields("models.list", lambda one: one["data"][0].update(created=1)), ()
    ),
    "deleting returns credits": Case(removed, fields("balance.retrieve", more(4, 0), nth=1), ("del-1",)),
    "an exempt team pays": Case(exempt, fields("balance.retrieve", more(0, 1), nth=1), ("cred-1",)),
    "a web page": Case(limited, _html, ()),
    "no field in a header": Case(limited, header("team.retrieve", "content-type", "application/json"), ()),
    "no name of a team": Case(limited, fields("team.retrieve", drop("name")), ("team-1",)),
}  # fmt: skip
_TOLD: Final[dict[str, Entries]] = {}


def told_by(client: Callable[[Teller], object]) -> Entries:
    """Return the recording of a client, which the caller may change; each is recorded once."""
    name = client.__name__
    if name not in _TOLD:
        teller = Teller()
        client(teller)
        _TOLD[name] = teller.entries()
    return deepcopy(_TOLD[name])


@pytest.mark.parametrize("name", CASES)
def test_a_twisted_server_refutes_the_rule_that_it_breaks(tmp_path: Path, name: str) -> None:
    """And no other; untwisted, the same recording refutes nothing."""
    client, change, rules = CASES[name]
    entries = told_by(client)
    assert refuted(checked(tmp_path, entries)) == []

    change(entries)

    assert refuted(checked(tmp_path, entries)) == list(rules)


@pytest.mark.parametrize(
    ("client", "change", "rules"),
    [
        pytest.param(priced, fields("images.create", put("status", "processing"), 201), ["img-6"], id="an image"),
        pytest.param(drawn, fields("characters.regenerate_ref", put("status", "ready")), ["regen-2"], id="a pose"),
    ],
)
def test_work_that_is_not_new_in_the_response_to_its_order_refutes_one_rule(
    tmp_path: Path, client: Callable[[Teller], object], change: Callable[[Entries], object], rules: list[str]
) -> None:
    """Unless a fake has responded, whose script may end work at once; balances and polls that follow from it agree."""
    entries = told_by(client)
    change(entries)
    text = json.dumps({"log": {"creator": {"name": "proxy"}, "entries": entries}}).replace(FAKE_KEY, "al_live_77")
    file = tmp_path / "recorded.har"
    file.write_text(text, encoding="utf-8")

    assert refuted(check_files([file])) == rules
