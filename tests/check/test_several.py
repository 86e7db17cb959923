"""Several differences in one recording: each is named, and none hides what does not follow from it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_aurous._check.adapt import find_readings
from pytest_aurous._cli.main import main
from tests.check.story import Entries, Teller, check_files, refuted, write
from tests.check.test_attribution import account, listed, priced, ready, stored, told_by
from tests.check.test_chat import BODY
from tests.check.test_seeded import fields, named, put

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

POLLS: Final = 3


def drawn_and_renamed(teller: Teller) -> None:
    """Draw a character, save it, and replace its attributes."""
    path = ready(teller)
    teller.call("PATCH", path, json={"attributes": {"age": 40}})
    teller.poll(path)


def endpoint(teller: Teller) -> None:
    """Register an endpoint for all events, read it, and rotate its secret."""
    made = teller.call("POST", "/v1/webhook_endpoints", json={"url": "https://receiver.example/a", "events": ["*"]})
    path = f"/v1/webhook_endpoints/{made['id']}"
    teller.call("GET", path)
    teller.call("POST", f"{path}/rotate_secret")
    teller.call("GET", path)


def chat(teller: Teller) -> None:
    """Chat once, and once as a stream."""
    teller.aurous.chat.reply("It rains.", tokens=(31, 77))
    teller.call("POST", "/v1/chat/completions", json=BODY)
    teller.call("POST", "/v1/chat/completions", json={**BODY, "stream": True})


def _poses_and_attributes(entries: Entries) -> None:
    """Let the poses have another order, and a PATCH merge the attributes."""
    for operation in ("characters.retrieve", "characters.save", "characters.update"):
        fields(operation, lambda row: row["refs"].reverse())(entries)
    fields("characters.update", put("attributes.gender", "female"))(entries)
    fields("characters.retrieve", _merge)(entries)


def _merge(row: Any) -> None:
    if row["attributes"].get("age") == 40:
        row["attributes"]["gender"] = "female"


def _leaky_endpoint(entries: Entries) -> None:
    """Let an endpoint show its secret and `*` everywhere, and keep its secret."""
    secrets: list[str] = []

    def change(row: Any) -> None:
        row["events"] = ["*"]
        secrets.append(row.setdefault("secret", "".join(secrets[:1])))
        row["secret"] = secrets[0]

    for operation, status in (("create", 201), ("retrieve", 200), ("rotate_secret", 200)):
        fields(f"webhook_endpoints.{operation}", change, status)(entries)


def _other_words(entries: Entries) -> None:
    """Let a chat have a status and a reason of another API."""
    entry = entries[0]
    content = json.loads(entry["response"]["content"]["text"])
    content["status"] = "succeeded"
    content["choices"][0]["finish_reason"] = "tool_use"
    entry["response"]["content"]["text"] = json.dumps(content)


def _endless(entries: Entries) -> None:
    """Let a stream have no end."""
    content = entries[1]["response"]["content"]
    content["text"] = content["text"].replace("data: [DONE]", "")


@pytest.mark.parametrize(
    ("story", "settings", "change", "rules", "readings"),
    [
        pytest.param(
            drawn_and_renamed, {"create-4": "ready"}, _poses_and_attributes, ["create-4", "patch-1"],
            {"create-4": "ready"}, id="a synthesis that ends in ready, poses in another order, a PATCH that merges",
        ),
        pytest.param(
            endpoint, {}, _leaky_endpoint, ["hook-1", "hook-2"], {},
            id="all events as a star, a secret in GET, and the old secret after a rotation",
        ),
    ],
)  # fmt: skip
def test_each_of_several_differences_is_named(
    tmp_path: Path,
    story: Callable[[Teller], object],
    settings: dict[str, str],
    change: Callable[[Entries], object],
    rules: list[str],
    readings: dict[str, str],
) -> None:
    """And the reading that explains most of one rule is offered, although the rest of it remains."""
    teller = Teller(readings=settings)
    story(teller)
    entries = teller.entries()
    change(entries)
    file = write(tmp_path, entries)

    result = check_files([file])

    assert refuted(result) == rules
    again = find_readings(result.verdicts, {}, lambda chosen: check_files([file], {"readings": chosen}))
    assert again == readings


def test_each_field_that_differs_is_named(tmp_path: Path) -> None:
    """A secret in a read and a secret that was not renewed are two differences of one rule; so are two words."""
    for story, change, wanted in (
        (endpoint, _leaky_endpoint, {("webhook_endpoints.retrieve", "body.secret"),
                                     ("webhook_endpoints.rotate_secret", "body.secret"),
                                     ("webhook_endpoints.create", "body.events")}),
        (chat, _other_words, {("chat.create", "body.status"), ("chat.create", "body.choices[].finish_reason")}),
        (chat, _endless, {("chat.create", "body.stream.end")}),
    ):  # fmt: skip
        teller = Teller()
        story(teller)
        entries = teller.entries()
        change(entries)
        verdicts = check_files([write(tmp_path, entries)]).verdicts

        found = {(one.operation, one.where) for verdict in verdicts.refuted for one in verdict.differences}

        assert wanted <= found


def _limited_401(entries: Entries) -> None:
    """Let a 401 have the rate headers of the response before."""
    before = named(entries, "team.retrieve")[0]["response"]["headers"]
    for entry in named(entries, "team.retrieve", 401):
        entry["response"]["headers"] += [pair for pair in before if pair["name"].startswith("x-ratelimit-")]


def _renamed_header(entries: Entries) -> None:
    for pair in named(entries, "images.create", 201)[1]["response"]["headers"]:
        pair["name"] = pair["name"].replace("aurous-idempotent", "idempotent")


def _renamed_fields(entries: Entries) -> None:
    for operation, status in (("images.create", 201), ("images.retrieve", 200)):
        fields(operation, lambda row: row.update(createdAt=row.pop("created_at"), error=row.pop("error_message")),
               status)(entries)  # fmt: skip


def _lists_alone(teller: Teller) -> None:
    """Read characters that are not shown otherwise."""
    for _ in range(2):
        teller.aurous.characters.add(status="ready")
    teller.call("GET", "/v1/characters")


def _replayed(teller: Teller) -> None:
    """Order two images, and then one with a key, three times."""
    teller.image()
    teller.image()
    for _ in range(3):
        teller.call("POST", "/v1/images", json={"prompt": "x"}, headers={"Idempotency-Key": "order-1"})


def two_tokens(entries: Entries) -> None:
    """Let each request take two tokens."""
    for number, entry in enumerate(entries):
        for pair in entry["response"]["headers"]:
            if pair["name"] == "x-ratelimit-remaining":
                pair["value"] = str(int(pair["value"]) - 1 - number)


def _unnamed(entries: Entries) -> None:
    fields("characters.list", lambda page: [row.pop("object") for row in page["data"]])(entries)


@pytest.mark.parametrize(
    ("story", "change", "found"),
    [
        pytest.param(account, _limited_401, {
            ("rate-1", "team.retrieve", f"header.x-ratelimit-{name}", value)
            for name, value in (("limit", "1200"), ("remaining", "1199"), ("reset", "1778234401"))
        }, id="rate headers in a 401"),
        pytest.param(stored, _renamed_header, {
            ("idem-3", "images.create", "header.aurous-idempotent-replayed",
             "absent, but there is idempotent-replayed")
        }, id="a header of another name"),
        pytest.param(priced, _renamed_fields, {
            ("img-5", operation, f"body.{name}", f"absent, but there is {other}")
            for operation in ("images.create", "images.retrieve")
            for name, other in (("created_at", "createdAt"), ("error_message", "error"))
        }, id="fields of another name"),
        pytest.param(_lists_alone, _unnamed, {("get-4", "characters.list", "body.data[].object", "absent")},
                     id="a column that is missing everywhere"),
        pytest.param(listed, _unnamed, {("list-5", "characters.list", "body.data[].object", "absent")},
                     id="a column that is missing in lists"),
        pytest.param(_replayed, two_tokens, {
            ("rate-1", "images.create", "header.x-ratelimit-remaining", "117"),
            ("rate-1", "images.create", "header.x-ratelimit-reset", "1778234421"),
        }, id="each request takes two tokens, a replay as well"),
    ],
)  # fmt: skip
def test_a_difference_is_named_with_its_rule_alone(
    tmp_path: Path,
    story: Callable[[Teller], object],
    change: Callable[[Entries], object],
    found: set[tuple[str, str, str, str]],
) -> None:
    """What follows from it, and what is there in its place, is no difference of its own."""
    teller = Teller()
    story(teller)
    entries = teller.entries()
    change(entries)

    verdicts = check_files([write(tmp_path, entries)]).verdicts

    assert {
        (one.rule, each.operation, each.where, str(each.seen)) for one in verdicts.refuted for each in one.differences
    } == found
    assert verdicts.uncovered == {}


def test_a_field_that_is_missing_everywhere_is_missing_and_no_sparse_form(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A sparse form leaves out null alone."""
    entries = told_by(priced)
    for operation, status in (("images.create", 201), ("images.retrieve", 200), ("images.cancel", 200)):
        fields(operation, lambda row: row.pop("completed_at"), status)(entries)

    main(["check", str(write(tmp_path, entries))])

    out = capsys.readouterr().out
    assert "refuted: img-5" in out
    assert "aurous_sparse" not in out
