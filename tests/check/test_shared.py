"""What rests on a recording being complete, and what a check sets aside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytest_aurous import AurousError
from pytest_aurous._check.command import check_base_url
from pytest_aurous._check.live.probes import chosen_probes
from pytest_aurous._check.rules import judged_rules
from pytest_aurous._check.verdict import Verdicts
from pytest_aurous._cli.main import main
from pytest_aurous._core.resources.base.rules import load_rules
from tests.check.changes import balances, header, lacks, times
from tests.check.story import told, write

if TYPE_CHECKING:
    from pathlib import Path

SENTENCE = "If another client used this team meanwhile, check again with --shared."


def test_a_refutation_that_rests_on_all_traffic_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --shared nothing is refuted, one line says what is not judged, and the rule counts as not judged."""
    entries = told("characters")
    balances((0, 0), (-4, 0), (-4, 0), (-8, 0))(entries)
    file = str(write(tmp_path, entries))

    assert main(["check", file]) == 1
    out = capsys.readouterr().out
    assert f"    {SENTENCE}\n" in out
    assert out.startswith("1 rule is refuted.\n")
    assert "\nrefuted: cred-5, " in out
    assert main(["check", file, "--shared", "--explain"]) == 0
    out = capsys.readouterr().out
    assert "With --shared, balances, holds, remaining tokens" in out
    assert "cred-2" in out.partition("Not judged, as other clients may have used the team:\n")[2].partition("\n\n")[0]


def test_each_rule_that_no_recording_decides_is_not_judged() -> None:
    """The others are not seen; no endpoint row or column names these rules for anything that a response shows."""
    words = {verdict.rule: verdict.word for verdict in Verdicts(load_rules())}

    assert {rule for rule, word in words.items() if word == "not seen"} == judged_rules() & words.keys()
    assert {rule for rule in words if rule.startswith("hook-")} - judged_rules() == {
        f"hook-{number}" for number in (3, 4, 5, 6, 7, 8, 9, 11)
    }
    assert {words["save-1"], words["cred-2"], words["rate-1"]} == {"not seen"}


@pytest.mark.parametrize("only", ["nonsense-1", "cred-4,nope", ","])
def test_unknown_rules_are_refused(only: str) -> None:
    """With the rules that there are."""
    with pytest.raises(AurousError, match="no request asks about"):
        chosen_probes(only)


def test_a_number_of_requests_is_at_least_one(capsys: pytest.CaptureFixture[str]) -> None:
    """The team is always asked for."""
    assert main(["check", "--live", "--max", "0"]) == 2
    assert "expected at least 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "base"),
    [("https://x.example/api/v1/", "https://x.example/api"), ("http://localhost:8787", "http://localhost:8787")],
)
def test_a_base_url_may_have_a_path(url: str, base: str) -> None:
    """But not the version, which begins each path."""
    assert check_base_url(url) == base


def test_an_offset_is_no_precision(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The fake cannot follow it: it is listed by name, and not in the file."""
    entries = told("characters")
    times("characters.retrieve", "created_at", "+00:00")(entries)
    observed = tmp_path / "observed.json"

    assert main(["check", str(write(tmp_path, entries)), "--observed", str(observed)]) == 1
    assert json.loads(observed.read_text(encoding="utf-8")) == {"observed": []}
    out = " ".join(capsys.readouterr().out.split())
    assert "characters.retrieve body.created_at" in out.partition("cannot follow them: ")[2]


def test_another_capacity_is_a_line_for_the_suite(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As no observed difference can express it."""
    entries = told("characters")
    header("characters.list", "x-ratelimit-limit", "500")(entries)

    assert main(["check", str(write(tmp_path, entries))]) == 1
    assert '  aurous.limits["characters_get"].set(burst=500)\n' in capsys.readouterr().out


def test_a_field_that_is_missing_everywhere_is_missing_and_no_sparse_form(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A sparse form leaves out null alone."""
    entries = told("priced")
    for name in ("create", "retrieve", "cancel"):
        lacks(f"images.{name}", "completed_at")(entries)

    main(["check", str(write(tmp_path, entries))])

    out = capsys.readouterr().out
    assert "refuted: img-5" in out
    assert "aurous_sparse" not in out
