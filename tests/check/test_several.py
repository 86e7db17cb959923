"""Several differences in one recording: each is named, and none hides what does not follow from it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_aurous._check.adapt import find_readings
from tests.check.story import Entries, Teller, check_files, refuted, write
from tests.check.test_attribution import ready
from tests.check.test_chat import BODY
from tests.check.test_seeded import fields, put

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
