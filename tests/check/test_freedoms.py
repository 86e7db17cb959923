"""What no page states: free values refute nothing, and what is an assumption is called one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_aurous._cli.main import main
from tests.check.story import Entries, Teller, body, checked, refuted, told, write
from tests.check.test_chat import BODY, TOOL
from tests.check.test_seeded import drop, fields, header, named, put, refusal, status_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TODAY: Final = {"start_time": "2026-05-08T00:00:00Z"}
TICKET: Final = {"filename": "me.png", "extension": "png", "content_type": "image/png"}


def others(teller: Teller) -> None:
    """What the long stories do not show: pages of usage, an estimate of an embedding, a tool in a stream."""
    call = teller.call
    teller.aurous.chat.reply(tool_calls=[("get_weather", {"city": "Tokyo"})])
    teller.aurous.chat.reply("It rains.")
    teller.aurous.chat.reply("It rains again.")
    call("GET", "/v1/models")
    call("POST", "/v1/chat/completions", json={**BODY, "tools": [TOOL], "stream": True})
    call("POST", "/v1/chat/completions", json=BODY, headers={"Idempotency-Key": "one"})
    call("POST", "/v1/chat/completions", json=BODY, headers={"Idempotency-Key": "one"})
    call("POST", "/v1/chat/completions", json={**BODY, "model": "nobody"})
    call("POST", "/v1/embeddings/estimate", json={"model": "aurous-embed-vision-1.0", "input": "hair and more"})
    call("POST", "/v1/characters", json={"name": "B"})
    ticket = call("POST", "/v1/characters/uploads/init", json=TICKET)
    call("PUT", ticket["upload_url"], content=b"\x89PNG")
    first = call("GET", "/v1/usage/events", params={**TODAY, "limit": 1})
    call("GET", "/v1/usage/events", params={**TODAY, "limit": 1, "cursor": first["next_cursor"]})
    teller.aurous.clock.advance(seconds=86_400)
    call("POST", "/v1/chat/completions", json=BODY)
    call("GET", "/v1/usage", params=TODAY)


def recording(story: str) -> Entries:
    """Return a recording of a story."""
    if story != "others":
        return told(story)
    teller = Teller()
    others(teller)
    return teller.entries()


def text(old: str, new: str) -> Callable[[Entries], None]:
    """Replace a text in all responses and requests."""

    def change(entries: Entries) -> None:
        entries[:] = json.loads(json.dumps(entries).replace(old, new))
        for entry in entries:
            entry["response"]["content"]["size"] = 0

    return change


def cursors(entries: Entries) -> None:
    """Let the cursors of usage be opaque."""
    page, following = named(entries, "usage.events")
    old = json.loads(page["response"]["content"]["text"])["next_cursor"]
    fields("usage.events", put("next_cursor", "Mjo2Z2k0OTk="), nth=0)(entries)
    following["request"]["url"] = following["request"]["url"].replace(old, "Mjo2Z2k0OTk=")


def first_page(entries: Entries) -> None:
    """Leave out the page that shows the cursor of the next one."""
    entries.remove(named(entries, "usage.events")[0])


def blocked(status: int = 422) -> Callable[[Entries], None]:
    """Let the first image be refused by a moderation, and show nothing else."""

    def change(entries: Entries) -> None:
        entry = named(entries, "images.create", 201)[0]
        own = json.loads(json.dumps(named(entries, "images.create", 400)[0]["response"]))
        own["headers"] = entry["response"]["headers"]
        error = json.loads(own["content"]["text"])["error"]
        request_id = next(one["value"] for one in own["headers"] if one["name"] == "aurous-request-id")
        error |= {"code": "prompt_blocked", "doc_url": "https://x/#prompt_blocked", "request_id": request_id}
        own["content"] = {"mimeType": "application/json", "text": json.dumps({"error": error}), "size": 0}
        entry["response"] = {**own, "status": status}
        entries[:] = [entries[0], entry, entries[0]]

    return change


def tokens(content: Any) -> None:
    """Let a text have another number of tokens than the fake's guess, at the same rate."""
    content["tokens"] |= {"text": 2 * content["tokens"]["text"], "total": 2 * content["tokens"]["total"]}
    content["credits_estimated"] *= 2
    content["breakdown"]["input"]["text"] *= 2


def capable(content: Any) -> None:
    """Let a model be able to do more, in another order."""
    content["data"][0]["aurous_metadata"]["capabilities"] = ["tool_choice_required", "audio", "multimodal_input"]
    content["data"][0] |= {"owned_by": "somebody-else", "created": 1}


def other_bucket(entries: Entries) -> None:
    """Let a create request that asks for neither flow spend from the other bucket."""
    for name, value in (("limit", "12"), ("remaining", "11")):
        header("characters.create", f"x-ratelimit-{name}", value, 400)(entries)


def with_tokens(entries: Entries) -> None:
    """Let refusals and replays of chats show the tokens of their bucket."""
    for entry in [*named(entries, "chat.create", 404), named(entries, "chat.create")[2]]:
        names = {one["name"].lower() for one in entry["response"]["headers"]}
        assert "x-ratelimit-tpm-limit" not in names
        entry["response"]["headers"].append({"name": "X-RateLimit-TPM-Limit", "value": "200000"})


FREE: Final[dict[str, tuple[str, Any]]] = {
    "no references are null": ("images", fields("images.create", put("reference_image_urls", None), 201)),
    "no outputs are null": ("images", fields("images.create", put("output_urls", None), 201)),
    "a default of the platform is not shown": ("images", fields("images.create", put("cfg_rescale", None), 201)),
    "a default of the platform is shown": ("images", fields("images.create", put("denoise_strength", 0.7), 201)),
    "a cancelled image has no duration": ("images", fields("images.cancel", put("duration_ms", None))),
    "no metadata are empty": ("account", fields("files.create", put("metadata", {}), 201)),
    "a style has another name": ("images", fields("video_loras.list", lambda content: content[0].update(name="?"))),
    "a model can do more": ("others", fields("models.list", capable)),
    "a tool call has another id": ("others", text("call_01", "01")),
    "a text has more tokens": ("others", fields("embeddings.estimate", tokens)),
    "cursors of usage are opaque": ("others", cursors),
    "a cursor of usage was not seen": ("others", first_page),
    "neither flow takes from the other bucket": ("others", other_bucket),
    "refusals show the tokens of a text": ("others", with_tokens),
    "a style has no slug": ("images", fields("video_loras.list", lambda content: content[0].pop("slug"))),
    "the output of a video is among those of images": ("images", fields("videos.retrieve", put("output_urls", ["x"]))),
    "a model has no owner": ("others", fields("models.list", lambda content: content["data"][0].pop("owned_by"))),
    "prices have another version": ("others", text('pricing_version\\": 1', 'pricing_version\\": 7')),
    "a moderation refuses": ("images", blocked()),
    "credits are rounded in another way": (
        "others",
        fields("chat.create", put("usage.credits_charged", 0.0026), nth=3),
    ),
    "two cursors at once name one": (
        "characters",
        refusal("characters.list", 400, {"param": "starting_after"}, "combination"),
    ),
}


@pytest.mark.parametrize("name", FREE)
def test_what_no_rule_states_refutes_nothing(tmp_path: Path, name: str) -> None:
    """Nothing is refuted, and nothing is listed as a difference."""
    story, change = FREE[name]
    entries = recording(story)
    change(entries)

    result = checked(tmp_path, entries)

    assert (refuted(result), result.verdicts.uncovered) == ([], {})


def test_a_refusal_that_no_request_shows_is_judged_by_its_form(tmp_path: Path) -> None:
    """Its type, its status and its parts are the rules' of all refusals, and it costs nothing."""
    entries = told("images")
    blocked()(entries)
    assert checked(tmp_path, entries).verdicts.rules["err-5"].word == "as written"
    refusal("images.create", 422, {"type": "moderation"})(entries)
    assert refuted(checked(tmp_path, entries)) == ["err-1"]
    entries = told("images")
    blocked(400)(entries)
    assert refuted(checked(tmp_path, entries)) == ["err-5"]


def reordered(entries: Entries) -> None:
    """Let a new character show its poses in another order, and nothing come after it."""
    first = next(number for number, entry in enumerate(entries) if '"pose"' in entry["response"]["content"]["text"])
    body(entries[first], lambda content: content["refs"].reverse())
    del entries[first + 1 :]


ASSUMED: Final[dict[str, tuple[str, Any, str]]] = {
    "a size has other sides": ("images", fields("images.create", put("width", 2080), 201, nth=0), "img-2"),
    "a ticket is a 200": ("others", status_of("characters.uploads.init", 201, 200), "up-1"),
    "a PUT is a 204": ("others", status_of("characters.uploads.put", 200, 204), "up-3"),
    "a param has another name": ("images", refusal("images.create", 400, {"param": "text"}), "img-1"),
    "a refusal names no param": ("characters", refusal("characters.list", 400, {"param": None}, "value_out"), "err-4"),
    "an estimate is a 201": ("images", status_of("images.estimate", 200, 201), "img-9"),
    "256K are 262,144": ("others", text("256000", "262144"), "model-1"),
    "poses have another order": ("characters", reordered, "create-4"),
    "a deleted endpoint has no object": ("account", fields("webhook_endpoints.delete", drop("object")), "hook-2"),
    "chats have another capacity": ("others", header("chat.create", "x-ratelimit-limit", "500"), "tpm-1"),
    "an unknown model is a 400": ("others", status_of("chat.create", 404, 400, "resource_not_found"), "err-5"),
}


@pytest.mark.parametrize("name", ASSUMED)
def test_what_only_we_assume_is_called_so(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """The headline has the ground of what differs, not of the whole rule."""
    story, change, rule = ASSUMED[name]
    entries = recording(story)
    change(entries)

    assert main(["check", str(write(tmp_path, entries))]) == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("refuted: ")]
    assert [line.partition(";")[0] for line in lines] == [f"refuted: {rule}, assumed"]
