"""One table of recordings: what each has in it or lacks, and which rules it refutes."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from pytest_aurous._check.check import check_recordings
from pytest_aurous._check.recording.read import read_recording
from pytest_aurous._check.replay import money, replay
from pytest_aurous._core.resources.content.pictures import picture
from tests.check.story import ATTRIBUTES, Entries, Teller, body, check_files, checked, refuted, told, write
from tests.check.test_seeded import drop, everywhere, fields, header, instead, more, named, put, status_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_aurous._check.verdict import Verdicts

OTHER: Final = "/v1/characters/char_01KRMEXM017R6QKY9FRGVYXRJ9"
KEY: Final = {"Idempotency-Key": "order-1"}


def deleted(teller: Teller) -> None:
    """Delete a character during its synthesis, between balances, and list the others."""
    teller.poll(teller.synthesize("Borea"))
    teller.call("GET", "/v1/balance")
    path = teller.synthesize("Aurora")
    teller.call("GET", "/v1/characters")
    teller.call("DELETE", path)
    teller.call("GET", "/v1/characters")
    teller.call("GET", "/v1/balance")
    teller.call("GET", "/v1/balance")


def ordered(teller: Teller) -> None:
    """Order an image twice with one key, between balances, and poll it; save a character, and rename it."""
    teller.call("GET", "/v1/balance")
    for _ in range(2):
        order = teller.call("POST", "/v1/images", json={"prompt": "x"}, headers=KEY)
    teller.call("GET", "/v1/balance")
    teller.poll(f"/v1/images/{order['id']}")
    teller.call("GET", "/v1/balance")
    path = teller.synthesize("Aurora")
    teller.poll(path)
    teller.call("GET", "/v1/balance")
    teller.call("POST", f"{path}/save")
    teller.call("PATCH", path, json={"name": "Borea"})
    teller.call("GET", "/v1/balance")


def refused(teller: Teller) -> None:
    """Order with one key an image that is refused twice; read another team's character, and save an unknown one."""
    for _ in range(2):
        teller.call("POST", "/v1/images", json={"prompt": ""}, headers=KEY)
    reader = teller.aurous.team.add_key(scope="read")
    teller.call("GET", "/v1/team", headers={"X-Api-Key": reader})
    teller.call("POST", "/v1/images", json={"prompt": "x"}, headers={"X-Api-Key": reader})
    teller.call("GET", OTHER)
    teller.call("POST", f"{OTHER}/save")


def embedded(teller: Teller) -> None:
    """Embed a text and an image, and estimate both."""
    for path in ("", "/estimate"):
        parts = [
            {"type": "text", "text": "hair"},
            {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}},
        ]
        teller.call("POST", f"/v1/embeddings{path}", json={"model": "aurous-embed-vision-1.0", "input": parts})


def read(teller: Teller) -> None:
    """Read a file twice."""
    form = {"files": {"file": ("a.png", picture(["a"], 8, 8, ""), "image/png")}, "data": {"purpose": "reference"}}
    file = teller.call("POST", "/v1/files", **form)
    teller.poll(f"/v1/files/{file['id']}", 2)


def cancelled(teller: Teller) -> None:
    """Cancel an image between balances, and poll it."""
    teller.call("GET", "/v1/balance")
    path = teller.image()
    teller.call("GET", "/v1/balance")
    teller.call("POST", f"{path}/cancel")
    teller.call("GET", path)
    teller.call("GET", "/v1/balance")


def cancelled_often(teller: Teller) -> None:
    """Cancel an image, and then again although it has ended."""
    path = teller.image()
    for _ in range(2):
        teller.call("GET", "/v1/balance")
        teller.call("POST", f"{path}/cancel")


def drawn(teller: Teller) -> None:
    """Draw one pose again, then all; save, and delete the character before an image names it."""
    path = teller.synthesize("Aurora")
    _rest(teller, path)
    teller.call("POST", f"{path}/refs/regenerate", json={"pose": "side"})
    _rest(teller, path)
    teller.call("POST", f"{path}/resynthesize")
    _rest(teller, path)
    teller.call("POST", f"{path}/save")
    teller.call("DELETE", path)
    teller.call("POST", "/v1/images", json={"prompt": "x", "character_id": path.rpartition("/")[2]})


def _rest(teller: Teller, path: str) -> None:
    """Poll once, when the work has ended."""
    while teller.aurous.characters[path.rpartition("/")[2]].status == "synthesizing":
        teller.aurous.characters[path.rpartition("/")[2]].finish()
    teller.call("GET", path)


def registered(teller: Teller) -> None:
    """Rotate the secret of an endpoint, and look at what an image and a chat were charged."""
    made = {"url": "https://receiver.example", "events": ["image.completed"]}
    hook = teller.call("POST", "/v1/webhook_endpoints", json=made)
    teller.call("POST", f"/v1/webhook_endpoints/{hook['id']}/rotate_secret")
    for _ in range(2):
        teller.poll(teller.image())
    order = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "Hello"}]}
    teller.call("POST", "/v1/chat/completions", json=order)
    teller.call("GET", "/v1/usage/events?start_time=2026-05-01T00:00:00Z")


def classified(teller: Teller) -> None:
    """Classify an upload twice, and make a character of it."""
    order = {"filename": "a.png", "extension": "png", "content_type": "image/png"}
    ticket = teller.call("POST", "/v1/characters/uploads/init", json=order)
    data, headers = picture(["a"], 8, 8, ""), ticket["upload_headers"]
    teller.call("PUT", ticket["upload_url"], content=data, headers=headers)
    for _ in range(2):
        teller.call("POST", "/v1/characters/uploads/classify", json={"upload_id": ticket["upload_id"]})
    teller.call("POST", "/v1/characters", json={"name": "Aurora", "upload_ids": [ticket["upload_id"]]})


def filmed(teller: Teller) -> None:
    """Order a video, and poll it."""
    styles = teller.call("GET", "/v1/video_loras")
    order = {"prompt": "x", "video_lora_id": styles[0]["id"]}
    made = teller.call("POST", "/v1/videos", json=order)
    teller.poll(f"/v1/images/{made['id']}")


def stored(teller: Teller) -> None:
    """Upload a file, and read it two days later."""
    form = {"files": {"file": ("a.png", picture(["a"], 8, 8, ""), "image/png")}, "data": {"purpose": "reference"}}
    file = teller.call("POST", "/v1/files", **form)
    teller.aurous.clock.advance(seconds=2 * 86_400)
    teller.call("GET", f"/v1/files/{file['id']}")


def chatted(teller: Teller) -> None:
    """Chat, whole and streamed, and read both completions."""
    order = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "Hello"}]}
    first = teller.call("POST", "/v1/chat/completions", json=order)
    teller.call("GET", f"/v1/chat/completions/{first['id']}")
    text = teller.call("POST", "/v1/chat/completions", json={**order, "stream": True}).decode()
    streamed = "cmp_" + text.partition('"cmp_')[2].partition('"')[0]
    teller.call("GET", f"/v1/chat/completions/{streamed}")


def two_saved(teller: Teller) -> None:
    """Poll and save two characters, one after the other."""
    for path in [teller.synthesize(name) for name in ("Aurora", "Borea")]:
        teller.poll(path, 4)
        teller.call("POST", f"{path}/save")
        teller.poll(path, 2)


def kept(teller: Teller) -> None:
    """Send an order again when its character is in review, and delete it."""
    path = teller.synthesize("Aurora", "order-1")
    teller.poll(path)
    teller.synthesize("Aurora", "order-1")
    teller.call("DELETE", path)
    teller.call("GET", path)


def saved(teller: Teller) -> None:
    """Order a picture of a saved character, and send the first order again."""
    path = teller.synthesize("Aurora", "order-1")
    teller.poll(path)
    teller.call("POST", f"{path}/save")
    image = teller.image(character_id=path.rpartition("/")[2])
    teller.synthesize("Aurora", "order-1")
    teller.call("GET", path)
    teller.call("GET", image)


def unpolled(teller: Teller) -> None:
    """Order again when the work has ended, which nobody has polled."""
    path = teller.synthesize("Aurora", "one-key")
    teller.aurous.characters.last.finish()
    teller.synthesize("Aurora", "one-key")
    teller.call("POST", f"{path}/resynthesize")
    teller.aurous.characters.last.finish()
    teller.call("POST", f"{path}/refs/regenerate", json={"pose": "front"})


def signed(teller: Teller) -> None:
    """Read a character, and a picture of it."""
    found = teller.call("GET", f"/v1/characters/{teller.aurous.characters.add('Aurora').id}")
    teller.call("GET", found["refs"][0]["url"])


def redirected(teller: Teller) -> None:
    """Read an output by its old path."""
    path = teller.image()
    teller.call("GET", f"{path.replace('images', 'generations')}/output/0", follow_redirects=False)


def outputs(teller: Teller) -> None:
    """Read outputs alone: of an image and a video, of work that has ended unseen, and expired ones."""
    image, video = teller.aurous.images.add(), teller.aurous.videos.add()
    teller.call("GET", f"/v1/images/{image.id}/output/0")
    teller.call("GET", str(video.output_video_url))
    new = teller.image()
    teller.aurous.images.last.finish()
    old = teller.image()
    teller.aurous.images.last.finish()
    teller.call("GET", f"{new}/output/0")
    teller.aurous.clock.advance(seconds=8 * 86_400)
    teller.call("GET", f"{old}/output/0")
    teller.call("GET", f"/v1/images/{image.id}/output/0")


def named_only(teller: Teller) -> None:
    """Use a style, a style of videos with its defaults, a file and a character that were there before."""
    style = teller.aurous.loras.add("Ours")
    films = teller.aurous.video_loras.add("Films", default_duration=3, default_resolution="480p")
    file, character = teller.aurous.files.add(), teller.aurous.characters.add("Aurora")
    teller.image(lora_id=style.id, seed=7)
    teller.image(reference_image_urls=[file.id])
    teller.image(character_id=character.id)
    teller.call("POST", "/v1/videos", json={"video_lora_id": films.id})
    teller.call("GET", f"/v1/loras/{style.id}")
    teller.call("GET", f"/v1/characters/{character.id}")
    endpoint = teller.aurous.webhook_endpoints.add()
    teller.call("POST", f"/v1/webhook_endpoints/{endpoint.id}/test", json={"event_type": "image.completed"})


def used(teller: Teller) -> None:
    """Read pages of usage."""
    for _ in range(2):
        teller.image()
        teller.aurous.clock.advance(seconds=86_400)
    query = {"start_time": "2026-05-01T00:00:00Z", "limit": 1}
    page = teller.call("GET", "/v1/usage", params=query)
    teller.call("GET", "/v1/usage", params={"page_token": page["next_page"]})
    teller.call("GET", "/v1/usage/events", params=query)


def first_page(teller: Teller) -> None:
    """Read the first page of a list alone."""
    for name in "AB":
        teller.aurous.characters.add(name)
    teller.call("GET", "/v1/characters", params={"limit": 1})


def exempted(teller: Teller) -> None:
    """Show the balance of a team that holds credits, and of one that is exempt."""
    teller.synthesize("Unseen")
    exempt = teller.aurous.teams.add(billing_mode="exempt").api_key
    teller.call("GET", "/v1/balance")
    teller.call("GET", "/v1/balance", headers={"X-Api-Key": exempt})
    teller.synthesize("Aurora")
    teller.call("GET", "/v1/balance")


def ended(teller: Teller) -> None:
    """Show the balance after work that nobody polled."""
    teller.synthesize("Aurora")
    teller.aurous.characters.last.finish()
    teller.call("GET", "/v1/balance")


def limited(teller: Teller) -> None:
    """Order once more after a 429."""
    teller.aurous.faults.rate_limited("characters.create", times=1)
    teller.call("POST", "/v1/characters", json={"name": "A", "generate": True, "attributes": {"age": 30}})
    teller.poll(teller.synthesize("A"))


def mixed(teller: Teller) -> None:
    """List characters: one was used before, and one is newer than the last order. Read a deleted one."""
    old = teller.aurous.characters.add("Old")
    gone = teller.aurous.characters.add("Gone", status="deleted")
    teller.image(character_id=old.id)
    teller.synthesize("New")
    teller.aurous.clock.freeze("2026-05-08T10:00:05Z")
    teller.aurous.characters.add("Newest")
    teller.call("GET", "/v1/characters")
    teller.call("GET", f"/v1/characters/{gone.id}")


def old_one(teller: Teller) -> None:
    """Use a character, and poll it."""
    character = teller.aurous.characters.add("Aurora")
    teller.image(character_id=character.id)
    teller.poll(f"/v1/characters/{character.id}")


def ticketed(teller: Teller) -> None:
    """Classify a ticket twice, and read an unknown character."""
    ticket = teller.aurous.uploads.add(pose="side")
    for _ in range(2):
        teller.call("POST", "/v1/characters/uploads/classify", json={"upload_id": ticket.id})
    teller.call("GET", OTHER)


def poor(teller: Teller) -> None:
    """Order a picture of a character without credits, and again with some."""
    character = teller.aurous.characters.add("Aurora")
    teller.aurous.team.credits = 0
    teller.call("POST", "/v1/images", json={"prompt": "On a bench", "character_id": character.id})
    teller.aurous.team.credits = 9
    teller.call("GET", teller.image())


def early(teller: Teller) -> None:
    """Save a character too early, and read it when it is in review."""
    path = teller.synthesize("Aurora")
    teller.call("POST", f"{path}/save")
    teller.aurous.characters.last.finish()
    teller.call("GET", path)


def posed(teller: Teller) -> None:
    """Make a character of an upload that was classified before."""
    upload = teller.aurous.uploads.add(pose="side")
    teller.call("POST", "/v1/characters", json={"name": "A", "upload_ids": [upload.id]})


def acting(teller: Teller) -> None:
    """Save and draw characters that were there before."""
    first, second = teller.aurous.characters.add(status="reviewing"), teller.aurous.characters.add(status="ready")
    for path in (f"{first.id}/save", f"{second.id}/save", f"{second.id}/resynthesize", f"{first.id}/resynthesize"):
        teller.call("POST", f"/v1/characters/{path}")


def held(teller: Teller) -> None:
    """Show a balance during a synthesis."""
    path = teller.synthesize("Aurora")
    teller.call("GET", "/v1/balance")
    teller.call("GET", path)


def polled(teller: Teller) -> None:
    """Poll an image."""
    teller.call("GET", teller.image())


def unknown(teller: Teller) -> None:
    """Read a character that is not there, and another."""
    character = teller.aurous.characters.add()
    teller.call("GET", OTHER)
    teller.call("GET", f"/v1/characters/{character.id}")


def read_often(teller: Teller) -> None:
    """Read the balance in bursts; time passes before the first request of each."""
    for _ in range(4):
        teller.call("GET", "/v1/balance")
        for _ in range(5):
            teller.client.get("/v1/balance")


def listed(teller: Teller) -> None:
    """List characters twelve times, at once."""
    for _ in range(12):
        teller.client.get("/v1/characters")


def listed_much(teller: Teller) -> None:
    """List characters in bursts of 42."""
    for _ in range(3):
        teller.call("GET", "/v1/characters")
        for _ in range(40):
            teller.client.get("/v1/characters")
        teller.call("GET", "/v1/characters")


def published(teller: Teller) -> None:
    """Order a picture of a saved character, and poll it."""
    path = teller.synthesize("Aurora")
    teller.poll(path)
    teller.call("POST", f"{path}/save")
    teller.call("GET", teller.image(character_id=path.rpartition("/")[2]))


def failed(teller: Teller) -> None:
    """Save a character whose synthesis has failed, and poll it."""
    path = teller.synthesize("Aurora")
    teller.aurous.characters.last.fail("provider_timeout")
    teller.poll(path, 1)
    teller.call("POST", f"{path}/save")
    teller.poll(path, 1)


def redrawn(teller: Teller) -> None:
    """Draw such a character again after that, which fails, too."""
    failed(teller)
    path = f"/v1/characters/{teller.aurous.characters.last.id}"
    teller.call("POST", f"{path}/resynthesize")
    teller.aurous.characters.last.fail("provider_timeout")
    teller.poll(path, 1)


def balanced(teller: Teller) -> None:
    """Read a character from before, and show balances around an order."""
    teller.call("GET", f"/v1/characters/{teller.aurous.characters.add().id}")
    teller.call("GET", "/v1/balance")
    teller.synthesize("Aurora")
    teller.call("GET", "/v1/balance")


def two(teller: Teller) -> None:
    """List two characters whole and in part, and read the older one again."""
    old, new = teller.synthesize("Aurora"), teller.synthesize("Borea")
    teller.poll(old)
    teller.poll(new)
    for limit in (20, 1):
        teller.call("GET", "/v1/characters", params={"limit": limit})
    teller.call("GET", old)


def drawn_at_once(teller: Teller) -> None:
    """Draw a saved character again, whose new pictures are ready at once."""
    teller.aurous.script("synthesizing*0 -> reviewing")
    teller.call("GET", f"/v1/characters/{teller.aurous.characters.add().id}")
    path = teller.synthesize("Aurora")
    for action in ("save", "resynthesize"):
        teller.call("POST", f"{path}/{action}")


def expired(teller: Teller) -> None:
    """Read an expired output, and then its image."""
    path = teller.image()
    teller.aurous.images.last.finish()
    teller.aurous.clock.advance(seconds=8 * 86_400)
    teller.call("GET", f"{path}/output/0")
    teller.call("GET", path)


def reversed_bursts(entries: Entries) -> None:
    """Let requests at the same time take tokens in another order."""
    for start in range(1, len(entries), 6):
        some = entries[start : start + 5]
        for entry, response in zip(some, [one["response"] for one in reversed(some)], strict=True):
            entry["response"] = response


def costs(tokens: int) -> Any:
    """Let each request take that many tokens."""

    def damage(entries: Entries) -> None:
        for number, entry in enumerate(entries):
            for pair in entry["response"]["headers"]:
                if pair["name"].lower() == "x-ratelimit-remaining":
                    pair["value"] = str(239 - tokens * number)

    return damage


def dated(skew: int) -> Any:
    """Let buckets be full 40 seconds later, by a Date that differs by *skew* seconds."""

    def damage(entries: Entries) -> None:
        for entry in entries:
            pairs = entry["response"]["headers"]
            for pair in pairs:
                if pair["name"] == "x-ratelimit-reset":
                    pair["value"] = str(int(pair["value"]) + 40)
            sent = datetime.fromisoformat(entry["startedDateTime"]) + timedelta(seconds=skew)
            pairs.append({"name": "date", "value": format_datetime(sent.astimezone(timezone.utc), usegmt=True)})

    return damage


def misnamed(entries: Entries) -> None:
    """Let the refused save be a refused drawing, and leave the real drawing out."""
    entries[:] = [entry for entry in entries if "resynthesize" not in entry["comment"]]
    entries[2]["request"]["url"] = entries[2]["request"]["url"].replace("/save", "/resynthesize")
    entries[2]["comment"] = "characters.resynthesize; invalid_request_error"


def keep(*numbers: int) -> Any:
    """Keep these exchanges alone."""
    return lambda entries: entries.__setitem__(slice(None), [entries[number] for number in numbers])


def short_lists(entries: Entries) -> None:
    """Let a list lack the older row, and a page say that it is the last."""
    every, page = named(entries, "characters.list")
    body(every, lambda content: content["data"].pop())
    body(page, lambda content: content.update(has_more=False, next_cursor=None))


def begin(number: int) -> Any:
    """Let the recording begin with that exchange."""
    return lambda entries: entries.__delitem__(slice(number))


def unanswered(number: int, first: int = 0, status: int = 0) -> Any:
    """Let the response of an exchange be missing, or have a status alone; begin the recording with the *first*."""

    def damage(entries: Entries) -> None:
        entries[number]["response"] = {"status": status, "headers": [], "content": {"size": 0}}
        del entries[:first]

    return damage


def both(*changes: Callable[[Entries], object]) -> Any:
    """Make several changes, one after the other."""
    return lambda entries: [change(entries) for change in changes]


def found(entries: Entries) -> None:
    """Let the recording read a character before it is there."""
    other = entries[1]["request"]["url"].rpartition("/")[2]
    entries[:] = json.loads(json.dumps(entries).replace(OTHER.rpartition("/")[2], other))


def oldest_expired(entries: Entries) -> None:
    """Let the last output be read as early as the first: its end was never shown, and may be long ago."""
    entries[-1]["startedDateTime"] = entries[0]["startedDateTime"]


def odd_upload(entries: Entries) -> None:
    """Let an id of an upload be a number."""
    sent = entries[0]["request"]["postData"]
    sent["text"] = json.dumps({"name": "A", "upload_ids": [7, *json.loads(sent["text"])["upload_ids"]]})


def other_kind(entries: Entries) -> None:
    """Let an image have the id of a character."""
    made = json.loads(named(entries, "characters.create", 201)[0]["response"]["content"]["text"])
    body(named(entries, "images.create", 201)[0], put("id", made["id"]))


def unkeyed(entries: Entries) -> None:
    """Let an upload be sent without a key, and be the first exchange."""
    del entries[0], entries[2:]
    pairs = entries[0]["request"]["headers"]
    entries[0]["request"]["headers"] = [one for one in pairs if one["name"] != "x-api-key"]


def dreams(entries: Entries) -> None:
    """Let an unknown path have no response."""
    unanswered(1, status=503)(entries)
    entries[1]["request"]["url"] = "https://api.aurous-labs.com/v1/dreams"


def without(operation: str, status: int = 200, nth: int = 0) -> Any:
    """Leave an exchange out."""
    return lambda entries: entries.remove(named(entries, operation, status)[nth])


def balances(*changes: tuple[int, int]) -> Any:
    """Let the last balances show more credits, and more that are held."""

    def damage(entries: Entries) -> None:
        for entry, change in zip(named(entries, "balance.retrieve")[-len(changes) :], changes, strict=True):
            body(entry, more(*change))

    return damage


def midway(entries: Entries) -> Entries:
    """Let the recording begin behind the orders."""
    del entries[:6]
    return entries


def same_url(entries: Entries) -> None:
    """Let each read show the URL of the first."""
    first, *others = named(entries, "files.retrieve")
    url = json.loads(first["response"]["content"]["text"])["url"]
    for entry in others:
        body(entry, put("url", url))


def in_flight(entries: Entries) -> None:
    """Let a retry come before the response to its first attempt, with a time to wait."""
    first, retry = named(entries, "images.create", 201)
    first["time"] = 60_000
    entries[entries.index(retry)]["response"]["status"] = 409
    text = {"error": {"type": "invalid_request", "code": "idempotency_key_in_use"}}
    retry["response"]["content"] |= {"text": json.dumps(text), "size": 0}
    retry["response"]["headers"].append({"name": "retry-after", "value": "2"})


def unsaved(entries: Entries) -> None:
    """Let the time of the last change stay as it was at a PATCH."""
    old = json.loads(named(entries, "characters.save")[0]["response"]["content"]["text"])["updated_at"]
    body(named(entries, "characters.update")[0], put("updated_at", old))


class Damage(NamedTuple):
    """A recording, or the name of a story, what is changed in it, the rules that it refutes, and what else holds."""

    client: Callable[[Teller], None] | str
    change: Callable[[Entries], object] = len  # nothing
    rules: tuple[str, ...] = ()
    readings: Mapping[str, str] = MappingProxyType({})
    shared: bool = False
    also: Callable[[Verdicts], object] = bool


def same_pictures(old: int, new: int) -> Any:
    """Let one poll show the URLs of another."""

    def damage(entries: Entries) -> None:
        polls = named(entries, "characters.retrieve")
        body(polls[new], put("refs", json.loads(polls[old]["response"]["content"]["text"])["refs"]))

    return damage


def paged(teller: Teller) -> None:
    """Make three characters, and list two."""
    for name in ("Aurora", "Borea", "Cora"):
        teller.synthesize(name)
    teller.call("GET", "/v1/characters?limit=2")


def twice(teller: Teller) -> None:
    """Order two images between balances."""
    teller.call("GET", "/v1/balance")
    teller.image()
    path = teller.image()
    teller.call("GET", "/v1/balance")
    teller.poll(path, 1)


def elsewhere(entries: Entries) -> None:
    """Let the upload host have other paths."""
    url = json.loads(named(entries, "characters.uploads.init", 201)[0]["response"]["content"]["text"])["upload_url"]
    other = url.partition("/v1/")[0].partition("?")[0].rsplit("/", 1)[0] + "/elsewhere.png"
    fields("characters.uploads.init", put("upload_url", other), 201)(entries)
    named(entries, "characters.uploads.put")[0]["request"]["url"] = other


def fresh(content: Any) -> None:
    """Let each picture have another path."""
    for ref in content["refs"]:
        ref["url"] = ref["url"].replace("/storage/", "/storage/new-")


def outlives(entries: Entries) -> None:
    """Let a file be there after its day."""
    made = json.loads(named(entries, "files.create", 201)[0]["response"]["content"]["text"])
    entry = named(entries, "files.retrieve", 404)[0]
    entry["response"]["status"] = 200
    entry["response"]["content"]["text"] = json.dumps(made)
    entry["response"]["content"]["size"] = len(json.dumps(made))


def same_secret(entries: Entries) -> None:
    """Let a rotation return the secret that is there."""
    made = named(entries, "webhook_endpoints.create", 201)[0]
    secret = json.loads(made["response"]["content"]["text"])["secret"]
    body(named(entries, "webhook_endpoints.rotate_secret")[0], put("secret", secret))


def own_words(entries: Entries) -> None:
    """Let the events of a stream have no usage."""
    content = named(entries, "chat.create")[1]["response"]["content"]
    before, _, rest = content["text"].partition(',"usage":{')
    content["text"] = before + "}" + rest[rest.index("\n\n") :]
    content["size"] = len(content["text"])


def turned(entries: Entries) -> None:
    """Let the oldest event come first."""
    body(named(entries, "usage.events")[0], lambda one: one["data"].reverse())


NO_BREAKDOWN: Final = drop("usage.breakdown.input.visual")
LATER: Final = "2026-05-08T10:00:08Z"
DAMAGES: Final[dict[str, Damage]] = {
    # Money
    "a hold stays after a DELETE": Damage(deleted, balances((0, 4), (0, 4)), ("cred-5",)),
    "what was held before the recording ends in part": Damage(
        deleted, lambda all_: balances((0, 4), (0, 1))(midway(all_))
    ),
    "a retry is charged": Damage(ordered, balances((-1, 0), (-1, 0), (-1, 0), (-1, 0)), ("idem-3",)),
    "a save costs a credit": Damage(ordered, balances((-1, 0)), ("save-5",)),
    "an order without its response leaves the balance open": Damage(
        cancelled, lambda all_: named(all_, "images.create", 201)[0]["response"].update(status=0, content={})
    ),
    "a cancel is missing": Damage(cancelled, without("images.cancel")),
    "a review and its save are missing while others were reviewed": Damage(
        two_saved, lambda all_: all_.__delitem__(slice(10, 14))
    ),
    "a published character is reviewed again": Damage(
        two_saved, fields("characters.retrieve", put("status", "reviewing"), nth=5), ("save-6",)
    ),
    "a chat from before the recording is read": Damage(
        chatted,
        lambda all_: (
            all_.pop(0),
            fields("chat.retrieve", lambda chat: chat.update(created=chat["created"] - 3600), nth=0)(all_),
        ),
    ),
    "the first cancel of two is missing": Damage(
        cancelled_often, lambda all_: (all_.pop(2), header("images.cancel", "x-ratelimit-remaining", "117")(all_))
    ),
    "an order is missing": Damage(cancelled, without("images.create", 201)),
    # Gaps
    "the first attempt is missing": Damage(ordered, without("images.create", 201)),
    "a DELETE is missing": Damage(deleted, without("characters.delete")),
    "a character that a list has left out is seen again": Damage(
        deleted, lambda all_: body(named(all_, "characters.list")[0], lambda one: one["data"].pop()), ("list-2",)
    ),
    # What little shows
    "a signed URL that was never seen says nothing": Damage(
        signed,
        begin(1),
        also=lambda found: (
            [*found.rules["time-2"].doubts] == ["the response with its signed URL is not in the recording"]
        ),
    ),
    "a stored response shows that a record is in review": Damage(kept, readings={"get-2": "readable"}),
    "a stored response shows what was before": Damage(saved, begin(5)),
    "an old path does not redirect": Damage(
        redirected, both(begin(1), lambda all_: all_[0]["response"].update(status=200)), ("legacy-1",)
    ),
    "outputs alone show that there are records": Damage(
        outputs, oldest_expired, also=lambda found: found.rules["time-4"].agreed == 2
    ),
    "only orders name styles, files and characters": Damage(named_only),
    "pages of usage follow their tokens": Damage(used),
    "null is where there is always a value": Damage(
        used, fields("usage.events", lambda one: one["data"][0].update(id=None, completed_at=None)), ("usage-3",)
    ),
    "a list goes on": Damage(
        first_page,
        also=lambda found: found.inferred["a list goes on with rows that the recording does not show"] == 1,
    ),
    "a delivery was made elsewhere": Damage(
        "account",
        fields("webhook_endpoints.list", lambda one: one["data"][0].update(last_success_at="2026-05-08T11:00:00Z")),
    ),
    "an optional field is null": Damage(
        "characters",
        fields("characters.retrieve", put("client_reference_id", None)),
        also=lambda found: found.omitted["characters.retrieve body.client_reference_id"] > 1,
    ),
    "a file was deleted elsewhere": Damage(
        "account",
        without("files.delete"),
        also=lambda found: any("was deleted" in text for text in found.rules["time-3"].reasons),
    ),
    "credits are held for unknown work": Damage(exempted, begin(1)),
    "the first balance comes after the work": Damage(
        ended, also=lambda found: sum("has ended" in text for text in found.inferred) == 1
    ),
    **{
        f"work has ended before it is ordered again: {reading}, from {first}": Damage(
            unpolled, begin(first), readings={"create-4": reading, "idem-5": "generation"}
        )
        for reading in ("reviewing", "ready")
        for first in (0, 2)
    },
    "a retry is replayed during the work": Damage("characters", rules=("idem-5",), readings={"idem-5": "generation"}),
    "a 429 on an order is no order": Damage(limited),
    "instants are no instants": Damage(
        "images", both(begin(3), fields("images.retrieve", put("created_at", "soon"))), ("time-1",)
    ),
    "an image has the id of a character": Damage("characters", other_kind, ("img-5",)),
    "a pose is unknown": Damage("account", fields("characters.uploads.classify", put("pose", "profile")), ("up-5",)),
    "records are used before they are shown": Damage(mixed, readings={"get-2": "readable"}),
    "a record is used before its own time": Damage(
        old_one, fields("characters.retrieve", lambda one: one.update(created_at=LATER, updated_at=LATER))
    ),
    "a ticket is classified once": Damage(ticketed, lambda all_: all_.pop()),
    "a ticket that was there is not found, and nobody can delete it": Damage(
        ticketed, lambda all_: all_[1].update(response=all_.pop()["response"]), ("up-5",)
    ),
    "a number of tokens is no number": Damage(
        "images",
        header("images.create", "x-ratelimit-remaining", "many", 201),
        ("rate-1",),
        also=lambda found: [one.where for one in found.rules["rate-1"].differences] == ["header.x-ratelimit-remaining"],
    ),
    "an unknown path has no response": Damage("images", dreams),
    **{
        f"{name} of a list is {value}": Damage("characters", fields("characters.list", put(name, value)), ("list-1",))
        for name, value in (("has_more", None), ("data", None), ("next_cursor", 3))
    },
    "an attribute and a header are new": Damage(
        "characters",
        both(
            fields("characters.retrieve", put("attributes.mood", "sunny")),
            header("characters.list", "x-ratelimit-policy", "240;w=120"),
        ),
        also=lambda found: (
            {one.where for one, _ in found.uncovered.values()} == {"body.attributes.*", "header.x-ratelimit-policy"}
        ),
    ),
    "an attribute is another": Damage(
        "characters", fields("characters.create", put("attributes.age", 99), 201, 0), ("create-4",)
    ),
    "new fields are listed in their order": Damage(
        polled,
        fields("images.retrieve", lambda one: one.update({f"field_{number}": number for number in range(20)})),
        also=lambda found: [where for _, where, _ in found.uncovered] == [f"body.field_{one}" for one in range(20)],
    ),
    "too little credit shows that the rest was there": Damage(poor),
    "an order without its response shows that there was credit": Damage(poor, unanswered(1, status=503)),
    "a picture shows that its character was saved": Damage(saved, unanswered(4)),
    "a poll shows that a picture was ordered": Damage(saved, unanswered(5)),
    "a poll alone shows that a picture was ordered": Damage(saved, unanswered(5, first=5)),
    "an upload belongs to the team that uses it": Damage(classified, unkeyed),
    "a refusal shows the status before the record is seen": Damage(
        early, begin(1), also=lambda found: found.rules["save-3"].agreed == 1
    ),
    "a refusal has no body": Damage(
        poor,
        lambda all_: all_[0]["response"].update(content={"size": 9, "mimeType": "application/json"}),
        also=lambda found: "the body of the response is missing" in found.rules["img-1"].doubts,
    ),
    "poses show what classify has found": Damage(posed),
    "the id of an upload is a number": Damage(posed, odd_upload, ("create-6",)),
    "the recording begins with actions": Damage(acting),
    "the recording begins with an action of a ready character": Damage(acting, begin(2)),
    "a synthesis has an unknown status": Damage(
        held, fields("characters.retrieve", put("status", "paused")), ("get-4",)
    ),
    "an image has an unknown status": Damage(polled, fields("images.retrieve", put("status", "paused")), ("img-6",)),
    "each character has an unknown status": Damage(
        "characters", fields("characters.retrieve", put("status", "paused")), ("cred-5", "get-4")
    ),
    "less is held than was ordered": Damage(held, fields("balance.retrieve", put("held_credits", 0)), ("cred-2",)),
    "a record was not found before": Damage(unknown, found),
    # Rate buckets
    "requests at the same time take tokens in any order": Damage(read_often, reversed_bursts),
    "other clients take tokens": Damage(
        listed_much,
        keep(*(burst * 42 + number for burst in range(3) for number in (0, 20, 40, 41))),
        also=lambda found: found.rules["rate-1"].word == "as written, but",
    ),
    **{
        f"each request takes {tokens} tokens": Damage(listed, costs(tokens), () if tokens == 1 else ("rate-1",))
        for tokens in (0, 1, 2)
    },
    "buckets are full later": Damage("images", dated(0), ("rate-1",)),
    "buckets are full later, and so is the Date": Damage("images", dated(40)),
    # Other clients
    "a lost order that the fake refuses is made up for": Damage(
        published,
        both(unanswered(-2), lambda all_: all_.pop(-3)),
        also=lambda found: found.rules["img-6"].agreed == 1,
    ),
    "a refusal contradicts the state before and after": Damage(failed, misnamed, ("resyn-1",)),
    "a refusal in a state that has changed elsewhere": Damage(redrawn, both(lambda all_: all_.pop(3), misnamed)),
    "a refusal at the end contradicts the state before": Damage(
        failed, both(lambda all_: all_.pop(), misnamed), ("resyn-1",)
    ),
    "a refusal at the end shows no state of a shared team": Damage(
        failed, both(lambda all_: all_.pop(), misnamed), shared=True
    ),
    "another credit is held": Damage(
        balanced, balances((0, 1)), ("cred-4",), also=lambda found: found.rules["cred-4"].differences[0].alone
    ),
    "another credit is held for a shared team": Damage(
        balanced, balances((0, 1)), shared=True, also=lambda found: found.rules["cred-4"].word == "not judged"
    ),
    "a list lacks a row that is seen again": Damage(two, short_lists, ("list-1", "list-2")),
    "a list lacks a row that may be deleted": Damage(two, both(lambda all_: all_.pop(), short_lists)),
    "a shared character was saved before it is drawn again": Damage(
        drawn_at_once, lambda all_: all_.pop(2), shared=True
    ),
    "an output expired before its image is shown": Damage(
        expired, begin(1), also=lambda found: found.rules["time-4"].agreed == 1
    ),
    # Requests, and what they say of themselves
    "two responses have one request id": Damage(
        cancelled, everywhere("aurous-request-id", lambda _: "req_01KRMEXM017R6QKY9FRGVYXRJ9"), ("err-3",)
    ),
    "a refusal is stored": Damage(
        refused, header("images.create", "aurous-idempotent-replayed", "true", 400, 1), ("idem-4",)
    ),
    "a refusal is stored although the order is right": Damage(
        ordered,
        lambda all_: (
            instead("images.create", 201, 400, "invalid_format")(all_),
            instead("images.create", 201, 400, "invalid_format")(all_),
        ),
        ("idem-4", "img-1"),
    ),
    "a request is marked as none of a retry": Damage(
        cancelled, header("balance.retrieve", "aurous-idempotent-replayed", "false")
    ),
    "an attempt in flight says when to retry": Damage(ordered, in_flight, ("idem-5",)),
    "the prompt is blocked": Damage(refused, instead("images.create", 400, 422, "prompt_blocked")),
    "a scope is too narrow for a 401": Damage(
        refused, instead("images.create", 403, 401, "missing_scope"), ("auth-5",)
    ),
    "an unknown character is forbidden": Damage(
        refused, instead("characters.retrieve", 404, 403, "forbidden_resource"), ("auth-7",)
    ),
    "an unknown character is gone": Damage(refused, status_of("characters.save", 404, 410), ("err-5",)),
    "an order without its response may have been charged": Damage(
        twice,
        lambda all_: (
            named(all_, "images.create", 201)[0]["response"].update(status=0, content={}),
            balances((0, -2))(all_),
        ),
    ),
    "a page says that it is the last": Damage(
        paged, fields("characters.list", lambda one: one.update(has_more=False, next_cursor=None)), ("list-1",)
    ),
    "a scope that was wide enough is too narrow": Damage(
        ordered, instead("images.create", 201, 403, "missing_scope", nth=1), ("auth-5",)
    ),
    "a list leaves a field out": Damage(
        paged, fields("characters.list", lambda one: [row.pop("updated_at") for row in one["data"]]), ("list-5",)
    ),
    "all characters leave a field out": Damage(
        drawn,
        lambda all_: [
            fields(f"characters.{name}", drop("updated_at"), status, nth)(all_)
            for name, status, count in (("create", 201, 1), ("retrieve", 200, 3), ("save", 200, 1))
            for nth in range(count)
        ],
        ("get-4",),
    ),
    "the upload host has other paths": Damage(classified, elsewhere),
    # What earlier responses show
    "one pose is drawn again, and all are new": Damage(
        drawn, lambda all_: body(named(all_, "characters.retrieve")[1], fresh), ("regen-2",)
    ),
    "all poses are drawn again, and none is new": Damage(drawn, same_pictures(1, 2), ("resyn-2",)),
    "a poll leaves its pictures out": Damage(drawn, fields("characters.retrieve", drop("refs"), 200, 1), ("get-4",)),
    "a save leaves a picture out": Damage(drawn, fields("characters.save", lambda one: one["refs"].pop()), ("save-1",)),
    "a deleted character is unknown": Damage(
        drawn, instead("images.create", 400, 404, "resource_not_found"), ("del-4",)
    ),
    "a secret stays the same": Damage(registered, same_secret, ("hook-2",)),
    "the oldest event comes first": Damage(registered, turned, ("usage-3",)),
    "an event has another charge": Damage(
        registered, fields("usage.events", lambda one: one["data"][1].update(credits_charged=9)), ("usage-3",)
    ),
    "classify changes its mind": Damage(
        classified,
        lambda all_: (
            fields("characters.uploads.classify", put("pose", "front"), nth=0)(all_),
            fields("characters.uploads.classify", put("pose", "back"), nth=1)(all_),
            fields("characters.create", lambda one: one["refs"][0].update(pose="back"), 201)(all_),
        ),
        ("up-5",),
    ),
    "a video is not found among the images": Damage(
        filmed,
        lambda all_: [instead("images.retrieve", 200, 404, "resource_not_found")(all_) for _ in range(3)],
        ("vid-3",),
    ),
    "a value that never changes has another one later": Damage(
        "images",
        lambda all_: body(named(all_, "images.retrieve")[-1], lambda one: one.update(seed=7, creation_request_id="x")),
        ("img-5",),
        also=lambda found: (
            {one.where for one in found.rules["img-5"].differences} == {"body.seed", "body.creation_request_id"}
        ),
    ),
    "work ends before it begins": Damage(
        "images",
        fields("images.retrieve", put("completed_at", "2026-01-01T00:00:00Z"), nth=-1),
        ("time-1",),
    ),
    "an event names another request": Damage(
        registered, fields("usage.events", lambda one: one["data"][1].update(request_id=None)), ("usage-3",)
    ),
    "a file outlives its day": Damage(stored, outlives, ("time-3",)),
    "a chat has another total, which it keeps": Damage(
        chatted,
        lambda all_: (
            fields("chat.create", put("usage.total_tokens", 999), nth=0)(all_),
            fields("chat.retrieve", put("usage.total_tokens", 999), nth=0)(all_),
        ),
        ("chat-4",),
    ),
    "a stream does not say what it used": Damage(chatted, own_words, ("stream-1",)),
    # Values
    "a PATCH leaves the time of the last change": Damage(ordered, unsaved, ("patch-1",)),
    "a file has the same URL twice": Damage(read, same_url, ("time-3",)),
    "a token of text costs more": Damage(
        embedded, fields("embeddings.create", put("usage.breakdown.input.text", 0.001)), ("emb-5",)
    ),
    "tokens do not add up": Damage(
        embedded, fields("embeddings.create", put("usage.prompt_tokens", 3)), ("emb-1", "emb-5")
    ),
    "an estimate is not the sum of its lines": Damage(
        embedded, fields("embeddings.estimate", put("credits_estimated", 7)), ("emb-8",)
    ),
    "an embedding has no line for its image": Damage(embedded, fields("embeddings.create", NO_BREAKDOWN), ("emb-5",)),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damage_refutes_the_rules_that_it_contradicts(tmp_path: Path, name: str) -> None:
    """And no other; a gap refutes nothing."""
    damage = DAMAGES[name]
    if isinstance(damage.client, str):
        entries = told(damage.client)
    else:
        teller = Teller(readings=damage.readings)
        damage.client(teller)
        entries = teller.entries()
    damage.change(entries)
    result = checked(tmp_path, entries, damage.readings, shared=damage.shared)

    assert refuted(result) == list(damage.rules)
    assert damage.also(result.verdicts)


def test_an_exchange_that_was_recorded_twice_is_left_out(tmp_path: Path) -> None:
    """By its request id; a retry has an id of its own."""
    entries = [json.loads(json.dumps(entry)) for entry in told("characters") for _ in range(2)]
    result = checked(tmp_path, entries)

    assert refuted(result) == []
    assert result.verdicts.exchanges == len(entries) / 2
    assert "recorded.har: exchange 2: recorded twice, and left out" in result.notes


def test_a_long_recording_keeps_no_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal of the fake is emptied now and then."""
    monkeypatch.setattr(replay, "_KEPT_CALLS", 3)

    assert refuted(checked(tmp_path, told("characters"))) == []


def test_a_recording_without_times_may_begin_midway(tmp_path: Path) -> None:
    """Its records are there from the start."""
    recording = read_recording(write(tmp_path, told("images")[3:]))
    for exchange in recording.exchanges:
        exchange.at = None

    assert refuted(check_recordings([recording])) == []


@pytest.mark.parametrize(("size", "rules"), [(2048, []), (1536, ["emb-3"])])
def test_a_vector_has_the_documented_size(tmp_path: Path, size: int, rules: list[str]) -> None:
    """A test may have chosen the vectors of a fake; vectors of the API have the documented size."""
    teller = Teller()
    teller.call("POST", "/v1/embeddings", json={"model": "aurous-embed-vision-1.0", "input": "hair"})
    entries = teller.entries()
    fields("embeddings.create", lambda one: one["data"][0].update(embedding=[0.5] * size))(entries)
    everywhere_sent(entries, "al_live_" + "ab" * 32)
    file = tmp_path / "vendor.har"
    file.write_text(json.dumps({"log": {"creator": {"name": "browser"}, "entries": entries}}), encoding="utf-8")

    assert refuted(check_files([file])) == rules


def everywhere_sent(entries: Entries, key: str) -> None:
    """Let each request have another key."""
    for entry in entries:
        others = [
            one for one in entry["request"]["headers"] if one["name"].lower() not in {"x-api-key", "authorization"}
        ]
        entry["request"]["headers"] = [*others, {"name": "X-Api-Key", "value": key}]


def test_too_many_possible_balances_are_not_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so."""
    monkeypatch.setattr(money, "_MOST", 1)
    teller = Teller()
    teller.call("GET", "/v1/balance")
    for name in ("Aurora", "Borea"):
        teller.call("POST", "/v1/characters", json={"name": name, "generate": True, "attributes": ATTRIBUTES})
    teller.call("GET", "/v1/balance")
    result = checked(tmp_path, teller.entries())

    assert refuted(result) == []
    assert "nothing shows when much of the work has ended" in result.verdicts.rules["cred-2"].doubts
