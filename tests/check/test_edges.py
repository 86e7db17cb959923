"""What a replay infers from little, and what it leaves open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_aurous._check.check import check_recordings
from pytest_aurous._check.recording.read import read_recording
from pytest_aurous._check.replay import replay
from pytest_aurous._check.sanitize import Sanitizer
from pytest_aurous._cli.main import main
from pytest_aurous._resources.content.pictures import blank, picture
from tests.check.story import Teller, body, checked, refuted, told, write
from tests.check.test_seeded import TWISTS, fields, header, named, put


def test_a_long_recording_keeps_no_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal of the fake is emptied now and then."""
    monkeypatch.setattr(replay, "_KEPT_CALLS", 3)

    assert refuted(checked(tmp_path, told("characters"))) == []


def test_a_signed_url_that_was_never_seen_says_nothing(tmp_path: Path) -> None:
    """A picture of the storage cannot be asked for without it."""
    teller = Teller()
    character = teller.aurous.characters.add("Aurora")
    found = teller.call("GET", f"/v1/characters/{character.id}")
    teller.call("GET", found["refs"][0]["url"])
    result = checked(tmp_path, teller.entries()[1:])

    assert result.verdicts.rules["time-2"].word == "cannot tell"
    assert list(result.verdicts.rules["time-2"].doubts) == ["the response with its signed URL is not in the recording"]


def test_a_stored_response_shows_how_a_record_was(tmp_path: Path) -> None:
    """It is in review by then, so that deleting it is for good, under any reading of get-2."""
    readings = {"get-2": "readable"}
    teller = Teller(readings=readings)
    path = teller.synthesize("Aurora", "order-1")
    teller.poll(path)
    teller.synthesize("Aurora", "order-1")
    teller.call("DELETE", path)
    teller.call("GET", path)

    assert refuted(checked(tmp_path, teller.entries(), readings)) == []


def test_a_deprecated_path_that_does_not_redirect_refutes_its_rule(tmp_path: Path) -> None:
    """Also where the output that it returns is all that shows the image."""
    teller = Teller()
    path = teller.image()
    teller.call("GET", f"{path.replace('images', 'generations')}/output/0", follow_redirects=False)
    entries = teller.entries()[1:]
    entries[0]["response"]["status"] = 200

    assert refuted(checked(tmp_path, entries)) == ["legacy-1"]


def test_outputs_alone_show_that_there_are_records(tmp_path: Path) -> None:
    """Of an image and of a video; and one that has expired, or whose work has ended unseen."""
    teller = Teller()
    image, video = teller.aurous.images.add(), teller.aurous.videos.add()
    teller.call("GET", f"/v1/images/{image.id}/output/0")
    teller.call("GET", str(video.output_video_url))
    path = teller.image()
    teller.aurous.images.last.finish()
    old = teller.image()
    teller.aurous.images.last.finish()
    teller.call("GET", f"{path}/output/0")
    teller.aurous.clock.advance(seconds=8 * 86_400)
    teller.call("GET", f"{old}/output/0")
    teller.call("GET", f"/v1/images/{image.id}/output/0")
    entries = teller.entries()
    entries[-1]["startedDateTime"] = entries[0]["startedDateTime"]  # its end was never shown, and may be long ago
    result = checked(tmp_path, entries)

    assert refuted(result) == []
    assert result.verdicts.rules["time-4"].agreed == 2


def test_styles_and_files_that_only_an_order_names(tmp_path: Path) -> None:
    """They were there before: a style of the team, one for videos with its defaults, a reference, a character."""
    teller = Teller()
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

    assert refuted(checked(tmp_path, teller.entries())) == []


def test_pages_of_usage_are_followed_by_their_tokens(tmp_path: Path) -> None:
    """A token of the recording stands for the fake's token; null where there is always a value is a difference."""
    teller = Teller()
    for _ in range(2):
        teller.image()
        teller.aurous.clock.advance(seconds=86_400)
    query = {"start_time": "2026-05-01T00:00:00Z", "limit": 1}
    page = teller.call("GET", "/v1/usage", params=query)
    teller.call("GET", "/v1/usage", params={"page_token": page["next_page"]})
    teller.call("GET", "/v1/usage/events", params=query)
    entries = teller.entries()
    assert refuted(checked(tmp_path, entries)) == []

    fields("usage.events", lambda content: content["data"][0].update(id=None, completed_at=None))(entries)
    assert refuted(checked(tmp_path, entries)) == ["usage-3"]


def test_of_a_list_only_the_first_page_may_be_seen(tmp_path: Path) -> None:
    """There are older rows, which nothing shows."""
    teller = Teller()
    for name in "AB":
        teller.aurous.characters.add(name)
    teller.call("GET", "/v1/characters", params={"limit": 1})
    result = checked(tmp_path, teller.entries())

    assert refuted(result) == []
    assert result.verdicts.inferred["a list goes on with rows that the recording does not show"] == 1


def test_what_happens_elsewhere_refutes_nothing(tmp_path: Path) -> None:
    """A delivery, and an optional field that is null instead of absent."""
    entries = told("account")
    for entry in named(entries, "webhook_endpoints.list"):
        body(entry, lambda content: content["data"][0].update(last_success_at="2026-05-08T10:00:00Z"))
    assert refuted(checked(tmp_path, entries)) == []

    entries = told("characters")
    fields("characters.retrieve", put("client_reference_id", None))(entries)
    result = checked(tmp_path, entries)
    assert refuted(result) == []
    assert result.verdicts.omitted["characters.retrieve body.client_reference_id"] > 1


def test_a_file_that_somebody_deletes_is_gone(tmp_path: Path) -> None:
    """Although no request of the recording deletes it."""
    entries = [one for one in told("account") if one["comment"] != "files.delete"]
    result = checked(tmp_path, entries)

    assert refuted(result) == []
    assert any("was deleted" in text for text in result.verdicts.rules["time-3"].reasons)


def test_held_credits_of_unknown_work_are_taken_over(tmp_path: Path) -> None:
    """The order was before the recording, and no response shows it; an exempt team is one from the start."""
    teller = Teller()
    teller.synthesize("Unseen")
    exempt = teller.aurous.teams.add(billing_mode="exempt").api_key
    teller.call("GET", "/v1/balance")
    teller.call("GET", "/v1/balance", headers={"X-Api-Key": exempt})
    teller.synthesize("Aurora")
    teller.call("GET", "/v1/balance")

    assert refuted(checked(tmp_path, teller.entries()[1:])) == []


def test_the_first_balance_may_come_after_the_work(tmp_path: Path) -> None:
    """Work that nobody polled has ended by then, well or badly."""
    teller = Teller()
    teller.synthesize("Aurora")
    teller.aurous.characters.last.finish()
    teller.call("GET", "/v1/balance")
    result = checked(tmp_path, teller.entries())

    assert refuted(result) == []
    assert sum("has ended" in text for text in result.verdicts.inferred) == 1


@pytest.mark.parametrize("reading", ["reviewing", "ready"])
def test_work_that_nobody_polled_has_ended_before_it_is_ordered_again(tmp_path: Path, reading: str) -> None:
    """Else the order would have been refused; a retry shows that the work is over, too."""
    teller = Teller(readings={"create-4": reading, "idem-5": "generation"})
    path = teller.synthesize("Aurora", "one-key")
    teller.aurous.characters.last.finish()
    teller.synthesize("Aurora", "one-key")
    teller.call("POST", f"{path}/resynthesize")
    teller.aurous.characters.last.finish()
    teller.call("POST", f"{path}/refs/regenerate", json={"pose": "front"})
    entries = teller.entries()

    assert refuted(checked(tmp_path, entries, {"create-4": reading, "idem-5": "generation"})) == []
    assert refuted(checked(tmp_path, entries[2:], {"create-4": reading})) == []


def test_a_retry_during_the_work_decides_idem_5(tmp_path: Path) -> None:
    """It is replayed although the work goes on."""
    assert refuted(checked(tmp_path, told("characters"), {"idem-5": "generation"})) == ["idem-5"]


def test_a_429_on_an_order_is_no_order(tmp_path: Path) -> None:
    """Nothing that later exchanges show can come from it."""
    teller = Teller()
    teller.aurous.faults.rate_limited("characters.create", times=1)
    teller.call("POST", "/v1/characters", json={"name": "A", "generate": True, "attributes": {"age": 30}})
    teller.poll(teller.synthesize("A"))

    assert refuted(checked(tmp_path, teller.entries())) == []


def test_a_recording_without_times_may_begin_midway(tmp_path: Path) -> None:
    """Its records are there from the start; an instant that is none is a wrong form."""
    recording = read_recording(write(tmp_path, told("images")[3:]))
    for exchange in recording.exchanges:
        exchange.at = None
    assert refuted(check_recordings([recording])) == []

    entries = told("images")[3:]
    for entry in named(entries, "images.retrieve")[:3]:
        body(entry, put("created_at", "soon"))
    assert refuted(checked(tmp_path, entries)) == ["time-1"]


def test_an_id_of_another_kind_of_record_is_left_alone(tmp_path: Path) -> None:
    """A recording may have anything in it."""
    entries = told("characters")
    character = json.loads(named(entries, "characters.create", 201)[0]["response"]["content"]["text"])["id"]
    body(named(entries, "images.create", 201)[0], put("id", character))

    assert refuted(checked(tmp_path, entries)) == ["img-5"]


def test_poses_of_a_recording_may_be_unknown(tmp_path: Path) -> None:
    """Then classify finds what it finds."""
    entries = told("account")
    fields("characters.uploads.classify", put("pose", "profile"))(entries)

    assert refuted(checked(tmp_path, entries)) == ["up-5"]


def test_texts_that_are_keys_or_look_like_ids_are_replaced() -> None:
    """A key has its name wherever it is the whole text; the kind of an id stays."""
    mask = Sanitizer()
    mask.key("the-key-of-a-team")

    assert mask.at("images.retrieve", "body.prompt", "the-key-of-a-team") == "key-1"
    assert mask.at("images.retrieve", "body.character_id", "char_of_mine") == "char_" + mask.mask("of_mine")
    assert mask.at("", "error.param", "attributes.age") == "attributes.age"
    assert mask.at("", "error.param", "metadata.canary") == "metadata." + mask.mask("canary")
    assert b"ab" not in blank(b"\xff\xd8\xff\xe0\x00\x04ab")


def test_the_table_names_what_is_left_out_and_what_is_out_of_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Optional fields by the setting, an order in words, and pictures by their type."""
    entries: Any = told("images", sparse="optional")
    TWISTS["the oldest comes first"].change(entries)

    assert main(["check", str(write(tmp_path, entries)), "--explain"]) == 1
    out = capsys.readouterr().out
    assert "    aurous_sparse = optional\n" in out
    assert "images.list body.data: another order, not the newest first" in out


def test_a_record_may_be_used_before_it_is_shown(tmp_path: Path) -> None:
    """It is put there once; one that was deleted is there as such; a newer one is put behind what was created."""
    teller = Teller(readings={"get-2": "readable"})
    old = teller.aurous.characters.add("Old")
    gone = teller.aurous.characters.add("Gone", status="deleted")
    teller.image(character_id=old.id)
    teller.synthesize("New")
    teller.aurous.clock.freeze("2026-05-08T10:00:05Z")
    teller.aurous.characters.add("Newest")
    teller.call("GET", "/v1/characters")
    teller.call("GET", f"/v1/characters/{gone.id}")

    assert refuted(checked(tmp_path, teller.entries(), {"get-2": "readable"})) == []


def test_a_record_may_be_used_before_its_own_time(tmp_path: Path) -> None:
    """Where the clocks of the vendor differ, it is there from its first use on."""
    teller = Teller()
    character = teller.aurous.characters.add("Aurora")
    teller.image(character_id=character.id)
    for _ in range(3):
        teller.call("GET", f"/v1/characters/{character.id}")
    entries = teller.entries()
    fields("characters.retrieve", put("created_at", "2026-05-08T10:00:08Z"))(entries)

    assert refuted(checked(tmp_path, entries)) == []


def test_a_ticket_is_classified_once(tmp_path: Path) -> None:
    """The second result of the recording may differ from the first only by mistake."""
    teller = Teller()
    ticket = teller.aurous.uploads.add(pose="side")
    for _ in range(2):
        teller.call("POST", "/v1/characters/uploads/classify", json={"upload_id": ticket.id})

    assert refuted(checked(tmp_path, teller.entries())) == []


def test_a_picture_that_is_sent_as_such_shows_nothing(tmp_path: Path) -> None:
    """The bytes of an upload, by their media type; a reference keeps its kind."""
    teller = Teller()
    ticket = {"filename": "me.png", "extension": "png", "content_type": "image/png"}
    upload = teller.call("POST", "/v1/characters/uploads/init", json=ticket)
    headers = {"Content-Type": "image/png"}
    teller.call("PUT", upload["upload_url"], content=b"\x89PNG CANARY", headers=headers)
    teller.call("POST", "/v1/images", json={"prompt": "x", "reference_image_urls": ["file_of canary"]})
    entries = Sanitizer().har(read_recording(write(tmp_path, teller.entries())))["log"]["entries"]

    assert "CANARY" not in entries[1]["request"]["postData"]["text"]
    assert json.loads(entries[2]["request"]["postData"]["text"])["reference_image_urls"][0].startswith("file_")
    assert "canary" not in json.dumps(entries)


def test_a_remaining_that_is_no_number_is_a_wrong_form(tmp_path: Path) -> None:
    """No bucket can be filled by it; the other two headers may still agree."""
    entries = told("images")
    header("images.create", "x-ratelimit-remaining", "many", 201)(entries)
    result = checked(tmp_path, entries)

    assert refuted(result) == ["rate-1"]
    assert [one.where for one in result.verdicts.rules["rate-1"].differences] == ["header.x-ratelimit-remaining"]


def test_an_unknown_path_without_a_response_says_nothing(tmp_path: Path) -> None:
    """It has no rate bucket that the request may have used."""
    entries = told("images")
    entries[1]["request"]["url"] = "https://api.aurous-labs.com/v1/dreams"
    entries[1]["response"] = {"status": 503, "headers": [], "content": {"size": 0}}

    assert refuted(checked(tmp_path, entries)) == []


def test_a_frame_of_a_list_that_is_none_is_a_difference(tmp_path: Path) -> None:
    """Null instead of has_more, and instead of the rows."""
    for name, value in (("has_more", None), ("data", None), ("next_cursor", 3)):
        entries = told("characters")
        fields("characters.list", put(name, value))(entries)
        result = checked(tmp_path, entries)

        assert (name, refuted(result)) == (name, ["list-1"])


def test_what_is_new_among_attributes_and_limits_refutes_nothing(tmp_path: Path) -> None:
    """Each new field and header is named; another value of an attribute is a difference."""
    entries = told("characters")
    fields("characters.retrieve", put("attributes.mood", "sunny"))(entries)
    header("characters.list", "x-ratelimit-policy", "240;w=120")(entries)
    result = checked(tmp_path, entries)
    assert refuted(result) == []
    assert {one.where for one, _ in result.verdicts.uncovered.values()} == {
        "body.attributes.*",
        "header.x-ratelimit-policy",
    }

    entries = told("characters")
    fields("characters.create", put("attributes.age", 99), 201, 0)(entries)
    assert refuted(checked(tmp_path, entries)) == ["create-4"]


def test_a_long_name_of_a_file_is_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And the number of the exchange follows it."""
    entries = told("characters")
    fields("characters.list", put("has_more", None))(entries)
    file = write(tmp_path, entries).rename(tmp_path / f"{'long_' * 30}.har")

    assert main(["check", str(file)]) == 1
    assert f"in {file.name}, exchange 3" in " ".join(capsys.readouterr().out.split())


def test_too_little_credit_shows_that_the_rest_was_there(tmp_path: Path) -> None:
    """Credit is checked last: character, style, file and upload of the request existed."""
    teller = Teller()
    character = teller.aurous.characters.add("Aurora")
    teller.aurous.team.credits = 0
    teller.call("POST", "/v1/images", json={"prompt": "On a bench", "character_id": character.id})

    assert refuted(checked(tmp_path, teller.entries())) == []


def test_a_stored_response_shows_what_was_before(tmp_path: Path) -> None:
    """A recording that begins behind the first attempt learns the status from what follows."""
    teller = Teller()
    path = teller.synthesize("Aurora", "order-1")
    teller.poll(path)
    teller.call("POST", f"{path}/save")
    teller.image(character_id=path.rpartition("/")[2])
    teller.synthesize("Aurora", "order-1")
    teller.call("GET", path)

    assert refuted(checked(tmp_path, teller.entries()[-3:])) == []


@pytest.mark.parametrize("lost", [4, 5])
def test_what_follows_from_a_lost_order_decides_whether_it_took_effect(tmp_path: Path, lost: int) -> None:
    """A picture of a character shows that it was saved; a poll shows that the picture was ordered."""
    teller = Teller()
    path = teller.synthesize("Aurora")
    teller.poll(path)
    teller.call("POST", f"{path}/save")
    picture = teller.image(character_id=path.rpartition("/")[2])
    teller.call("GET", picture)
    entries = teller.entries()
    entries[lost]["response"] = {"status": 0, "headers": [], "content": {"size": 0}}

    assert refuted(checked(tmp_path, entries)) == []
    if lost == 5:
        assert refuted(checked(tmp_path, entries[lost:])) == []


def test_a_lost_order_shows_that_there_was_credit(tmp_path: Path) -> None:
    """After a 402 somebody has added some."""
    teller = Teller(credits=0)
    teller.call("POST", "/v1/images", json={"prompt": "On a bench"})
    teller.aurous.team.credits = 9
    picture = teller.image()
    teller.call("GET", picture)
    entries = teller.entries()
    entries[1]["response"] = {"status": 503, "headers": [], "content": {"size": 0}}

    assert refuted(checked(tmp_path, entries)) == []


def test_an_upload_belongs_to_the_team_that_uses_it(tmp_path: Path) -> None:
    """A signed URL is sent without a key."""
    teller = Teller()
    ticket = teller.call(
        "POST",
        "/v1/characters/uploads/init",
        json={"filename": "a.png", "extension": "png", "content_type": "image/png"},
    )
    teller.client.put(ticket["upload_url"], content=picture(["me"], 64, 64, ""), headers=ticket["upload_headers"])
    teller.call("POST", "/v1/characters/uploads/classify", json={"upload_id": ticket["upload_id"]})
    upload, classify = teller.entries()[1:]
    upload["request"]["headers"] = [one for one in upload["request"]["headers"] if one["name"] != "x-api-key"]

    assert refuted(checked(tmp_path, [upload, classify])) == []


def test_new_fields_are_listed_in_their_order(tmp_path: Path) -> None:
    """Each run writes the same."""
    entries = told("images")
    new = {f"field_{number}": number for number in range(20)}
    fields("images.retrieve", lambda content: content.update(new))(entries)
    found = checked(tmp_path, entries).verdicts.uncovered

    assert [where for _, where, _ in found] == [f"body.{name}" for name in new]


def test_a_refusal_shows_the_status_before_a_record_is_seen(tmp_path: Path) -> None:
    """It was still being drawn when it was saved, and is in review when it is first read."""
    teller = Teller()
    path = teller.synthesize("Aurora")
    teller.call("POST", f"{path}/save")
    teller.aurous.characters.last.finish()
    teller.call("GET", path)
    result = checked(tmp_path, teller.entries()[1:])

    assert refuted(result) == []
    assert result.verdicts.rules["save-3"].agreed == 1


def test_a_refusal_without_its_body_says_nothing(tmp_path: Path) -> None:
    """Its code would say what was wrong."""
    teller = Teller(credits=0)
    teller.call("POST", "/v1/images", json={"prompt": "On a bench"})
    entries = teller.entries()
    entries[0]["response"]["content"] = {"size": 9, "mimeType": "application/json"}
    result = checked(tmp_path, entries)

    assert refuted(result) == []
    assert list(result.verdicts.rules["img-1"].doubts) == ["the body of the response is missing"]


def test_poses_show_what_classify_has_found_before(tmp_path: Path) -> None:
    """The recording begins with the character; an id of an upload that is none is a difference, and no crash."""
    teller = Teller()
    upload = teller.aurous.uploads.add(pose="side")
    teller.call("POST", "/v1/characters", json={"name": "A", "upload_ids": [upload.id]})
    entries = teller.entries()
    assert refuted(checked(tmp_path, entries)) == []

    sent = entries[0]["request"]["postData"]
    sent["text"] = json.dumps({"name": "A", "upload_ids": [7, upload.id]})
    assert refuted(checked(tmp_path, entries)) == ["create-6"]


def test_a_recording_may_begin_with_an_action(tmp_path: Path) -> None:
    """What a save and a new drawing show of a character was so before, or has just changed."""
    teller = Teller()
    drawn, saved = teller.aurous.characters.add(status="reviewing"), teller.aurous.characters.add(status="ready")
    for path in (f"{drawn.id}/save", f"{saved.id}/save", f"{saved.id}/resynthesize", f"{drawn.id}/resynthesize"):
        teller.call("POST", f"/v1/characters/{path}")
    entries = teller.entries()

    assert refuted(checked(tmp_path, entries)) == []
    assert refuted(checked(tmp_path, entries[2:])) == []


def test_a_status_that_work_cannot_have_moves_nothing(tmp_path: Path) -> None:
    """Neither an image under way nor a synthesis; the status is a difference of its own."""
    for kind, path, rule in (("characters", None, "get-4"), ("images", "image", "img-6")):
        teller = Teller()
        teller.call("GET", teller.image() if path else teller.synthesize("Aurora"))
        entries = teller.entries()
        fields(f"{kind}.retrieve", put("status", "paused"))(entries)

        assert refuted(checked(tmp_path, entries)) == [rule]


def test_less_is_held_than_was_ordered(tmp_path: Path) -> None:
    """The first balance must show the credits that are held for work of the recording."""
    teller = Teller()
    path = teller.synthesize("Aurora")
    teller.call("GET", "/v1/balance")
    teller.call("GET", path)
    entries = teller.entries()
    fields("balance.retrieve", put("held_credits", 0))(entries)

    assert refuted(checked(tmp_path, entries)) == ["cred-2"]


def test_a_record_that_was_not_found_before_is_put_behind_that(tmp_path: Path) -> None:
    """Another exchange, which the recording lacks, has created it."""
    teller = Teller()
    character = teller.aurous.characters.add()
    other = "char_01KRMEXM017R6QKY9FRGVYXRJ9"
    teller.call("GET", f"/v1/characters/{other}")
    teller.call("GET", f"/v1/characters/{character.id}")
    entries = json.loads(json.dumps(teller.entries()).replace(other, character.id))

    assert refuted(checked(tmp_path, entries)) == []


def test_a_ticket_that_was_there_is_not_put_there_again(tmp_path: Path) -> None:
    """A response that does not find it shows that somebody has changed it."""
    teller = Teller()
    ticket = teller.aurous.uploads.add(pose="side")
    for _ in range(2):
        teller.call("POST", "/v1/characters/uploads/classify", json={"upload_id": ticket.id})
    teller.call("GET", "/v1/characters/char_01KRMEXM017R6QKY9FRGVYXRJ9")
    entries = teller.entries()
    entries[1]["response"] = entries[2]["response"]

    assert refuted(checked(tmp_path, entries[:2])) == []
