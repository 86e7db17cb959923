"""Several differences in one recording: what is named with a rule, and what follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_aurous._cli.main import main
from tests.check.changes import fields, named
from tests.check.stories import listed, priced, stored
from tests.check.story import Entries, Teller, account, check_files, told, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _limited_401(entries: Entries) -> None:
    """Let a 401 have the rate headers of the response before."""
    before = named(entries, "team.retrieve")[0]["response"]["headers"]
    for entry in named(entries, "team.retrieve 401"):
        entry["response"]["headers"] += [pair for pair in before if pair["name"].startswith("x-ratelimit-")]


def _renamed_header(entries: Entries) -> None:
    for pair in named(entries, "images.create")[1]["response"]["headers"]:
        pair["name"] = pair["name"].replace("aurous-idempotent", "idempotent")


def _renamed_fields(entries: Entries) -> None:
    for operation in ("images.create", "images.retrieve"):
        fields(operation, lambda row: row.update(createdAt=row.pop("created_at"), error=row.pop("error_message")))(
            entries
        )


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
            for name, value in (("limit", "1200"), ("remaining", "1199"), ("reset", "1778234411"))
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
    entries = told("priced")
    for operation in ("images.create", "images.retrieve", "images.cancel"):
        fields(operation, lambda row: row.pop("completed_at"))(entries)

    main(["check", str(write(tmp_path, entries))])

    out = capsys.readouterr().out
    assert "refuted: img-5" in out
    assert "aurous_sparse" not in out
