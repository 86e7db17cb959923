"""Several differences in one recording: each is named, and none hides what does not follow from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from pytest_aurous._check.adapt import find_readings
from tests.check.changes import Change, both, costs, drop, events, fields, named, renamed, shown
from tests.check.story import check_files, told, write
from tests.check.test_table import readings_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.check.story import Entries


class Several(NamedTuple):
    """A story, what is changed in its recording, and each difference that is named.

    Attributes:
        story: What a client does, and perhaps the readings of the server.
        change: What is changed in its recording.
        places: The differences: rule, operation, place, and what the recording has there.
        readings: The readings that are offered.
    """

    story: str
    change: Change
    places: str
    readings: str = ""


def merged(content: Any) -> None:
    """Let a PATCH merge attributes."""
    if content["attributes"] == {"age": 40}:
        content["attributes"]["gender"] = "female"


def leaky(entries: Entries) -> None:
    """Let an endpoint show `*` and its first secret in each response."""
    secret = shown(entries, "webhook_endpoints.create")["secret"]
    for operation in ("create", "retrieve", "rotate_secret"):
        fields(f"webhook_endpoints.{operation}", lambda one: one.update(events=["*"], secret=secret))(entries)


def limited_401(entries: Entries) -> None:
    """Let a 401 have the rate headers of the response before."""
    before = named(entries, "team.retrieve")[0]["response"]["headers"]
    named(entries, "team.retrieve 401")[0]["response"]["headers"] += [
        pair for pair in before if pair["name"].startswith("x-ratelimit-")
    ]


def other_names(content: Any) -> None:
    """Let fields have other names."""
    content.update(createdAt=content.pop("created_at"), error=content.pop("error_message"))


def on_rows(change: Any) -> Any:
    """Change each row of a list."""
    return lambda content: [change(row) for row in content["data"]]


SEVERAL: Final[dict[str, Several]] = {
    "a synthesis that ends in ready, poses in another order, and a PATCH that merges": Several(
        "patched create-4=ready",
        both(
            *(
                fields(f"characters.{name}", lambda one: one["refs"].reverse())
                for name in ("retrieve", "save", "update")
            ),
            *(fields(f"characters.{name}", merged) for name in ("retrieve", "update")),
        ),
        """
        create-4 characters.retrieve body.refs[].pose back
        create-4 characters.retrieve body.status ready
        patch-1 characters.update body.attributes.* female
        """,
        "create-4=ready",
    ),
    "all events as a star, a secret in a read, and the old secret after a rotation": Several(
        "hooked",
        leaky,
        """
        hook-1 webhook_endpoints.create body.events ['*']
        hook-1 webhook_endpoints.retrieve body.events ['*']
        hook-1 webhook_endpoints.rotate_secret body.events ['*']
        hook-2 webhook_endpoints.retrieve body.secret whsec_...
        hook-2 webhook_endpoints.rotate_secret body.secret the old secret
        """,
    ),
    "two words of another API": Several(
        "chatted",
        fields(
            "chat.create",
            lambda one: one.update(status="succeeded", choices=[{**one["choices"][0], "finish_reason": "tool_use"}]),
        ),
        """
        chat-1 chat.create body.choices[].finish_reason tool_use
        chat-10 chat.create body.status succeeded
        """,
    ),
    "a stream without its end": Several(
        "streamed", events(lambda some: some[:-1]), "stream-1 chat.create body.stream.end no [DONE]"
    ),
    "rate headers in a 401": Several(
        "keys",
        limited_401,
        """
        rate-1 team.retrieve header.x-ratelimit-limit 1200
        rate-1 team.retrieve header.x-ratelimit-remaining 1199
        rate-1 team.retrieve header.x-ratelimit-reset 1778234401
        """,
    ),
    "a header of another name": Several(
        "stored",
        renamed("aurous-idempotent-replayed", "idempotent-replayed"),
        "idem-3 images.create header.aurous-idempotent-replayed absent, but there is idempotent-replayed",
    ),
    "fields of other names": Several(
        "priced",
        both(*(fields(f"images.{name}", other_names) for name in ("create", "retrieve", "cancel"))),
        "".join(
            f"img-5 images.{name} body.{old} absent, but there is {new}\n"
            for name in ("cancel", "create", "retrieve")
            for old, new in (("created_at", "createdAt"), ("error_message", "error"))
        ),
    ),
    "a column that is missing everywhere": Several(
        "added", fields("characters.list", on_rows(drop("object"))), "get-4 characters.list body.data[].object absent"
    ),
    "a column that is missing in lists": Several(
        "listed", fields("characters.list", on_rows(drop("object"))), "list-5 characters.list body.data[].object absent"
    ),
    "each request takes two tokens, a replay as well": Several(
        "replayed",
        both(renamed("x-ratelimit-reset", ""), costs(2)),
        """
        rate-1 images.create header.x-ratelimit-remaining 237
        rate-1 images.create header.x-ratelimit-reset absent
        """,
    ),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_each_of_several_differences_is_named(tmp_path: Path, name: str) -> None:
    """With its rule and no other; a reading is offered that explains some of them, although others remain."""
    row = SEVERAL[name]
    story, _, settings = row.story.partition(" ")
    entries = told(story, **readings_of(settings))
    row.change(entries)
    file = write(tmp_path, entries)

    verdicts = check_files([file]).verdicts

    found = sorted(
        f"{one.rule} {each.operation} {each.where} {'whsec_...' if 'whsec_' in str(each.seen) else each.seen}"
        for one in verdicts.refuted
        for each in one.differences
    )
    assert found == [line.strip() for line in row.places.strip().splitlines()]
    assert verdicts.uncovered == {}
    again = find_readings(verdicts, {}, lambda chosen: check_files([file], {"readings": chosen}))
    assert again == readings_of(row.readings).get("readings", {})


def test_a_field_that_is_missing_everywhere_is_no_sparse_form(tmp_path: Path) -> None:
    """A sparse form leaves out null alone."""
    entries = told("priced")
    for name in ("create", "retrieve", "cancel"):
        fields(f"images.{name}", drop("completed_at"))(entries)

    verdicts = check_files([write(tmp_path, entries)]).verdicts

    assert verdicts.omitted
    assert not verdicts.sparse
