"""One table: what is wrong with a recording, and which rules it refutes; what a gap explains refutes nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from pytest_aurous._check.check import check_files
from pytest_aurous._check.replay import money
from pytest_aurous._resources.content.pictures import picture
from tests.check.story import ATTRIBUTES, Entries, Teller, body, checked, refuted
from tests.check.test_seeded import drop, everywhere, fields, header, instead, more, named, put, status_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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
    """A recording, what is wrong with it, and the rules that this refutes."""

    client: Callable[[Teller], None]
    change: Callable[[Entries], object]
    rules: tuple[str, ...] = ()


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
    "an order is missing": Damage(cancelled, without("images.create", 201)),
    # Gaps
    "the first attempt is missing": Damage(ordered, without("images.create", 201)),
    "a DELETE is missing": Damage(deleted, without("characters.delete")),
    "a character that a list has left out is seen again": Damage(
        deleted, lambda all_: body(named(all_, "characters.list")[0], lambda one: one["data"].pop()), ("list-2",)
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
    client, change, rules = DAMAGES[name]
    teller = Teller()
    client(teller)
    entries = teller.entries()
    change(entries)

    assert refuted(checked(tmp_path, entries)) == list(rules)


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
