"""What rests on a recording being complete, and what a check sets aside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytest_aurous import AurousError
from pytest_aurous._check.command import check_base_url
from pytest_aurous._check.live.probes import PROBES, chosen_probes
from pytest_aurous._check.rules import judged_rules
from pytest_aurous._check.verdict import Verdicts
from pytest_aurous._cli.main import main
from pytest_aurous._core.resources.base.rules import load_rules
from tests.check.story import NOW, Teller, body, checked, refuted, told, write
from tests.check.test_attribution import ready, uploaded
from tests.check.test_seeded import charged, fields, header, instead, named, put

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.check.story import Entries

SENTENCE = "If another client used this team meanwhile, check again with --shared."


def test_a_refutation_that_rests_on_all_traffic_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --shared nothing is refuted, one line says what is not judged, and the rule counts as not judged."""
    entries = told("characters")
    charged(4, 4, 6)(entries)
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


def test_a_difference_that_nobody_else_can_cause_is_refuted_in_both_cases(tmp_path: Path) -> None:
    """The form of a field, for example, and without the sentence."""
    entries = told("characters")
    fields("characters.retrieve", put("id", 3))(entries)
    header("characters.list", "x-ratelimit-limit", "7")(entries)

    for shared in (True, False):
        verdicts = checked(tmp_path, entries, shared=shared).verdicts
        assert {one.alone for one in verdicts.rules["rate-1"].differences} == {False}

    entries = told("characters")
    fields("characters.list", lambda one: one["data"][0].pop("attributes"))(entries)
    assert refuted(checked(tmp_path, entries, shared=True)) == ["list-5"]
    entries = told("characters")
    header("characters.list", "x-ratelimit-remaining", None)(entries)
    assert refuted(checked(tmp_path, entries, shared=True)) == ["rate-1"]


def test_a_gap_that_the_recording_proves_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A save that is missing; a synthesis that nobody ordered costs what it costs."""
    teller = Teller()
    path = teller.synthesize("Aurora")
    teller.poll(path)
    teller.call("POST", f"{path}/save")
    teller.poll(path, 1)
    teller.call("GET", "/v1/balance")
    teller.poll(teller.synthesize("Borea"))
    teller.call("GET", "/v1/balance")
    entries = [one for one in teller.entries() if one["comment"] != "characters.save"]
    entries.remove(named(entries, "characters.create", 201)[1])
    file = write(tmp_path, entries)

    assert main(["check", str(file)]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "between exchange 4 and 5, char_" in out
    assert " was saved" in out


def test_a_rule_with_an_exchange_that_was_set_aside_reads_as_written_but(tmp_path: Path) -> None:
    """In JSON as well, with the reason."""
    teller = Teller()
    path = ready(teller)
    teller.poll(path, 2)
    entries = [one for one in teller.entries() if one["comment"] != "characters.save"]
    verdict = checked(tmp_path, entries).verdicts.rules["create-4"]

    assert verdict.word == "as written, but"
    assert "was saved" in next(iter(verdict.aside))


def test_each_rule_that_no_recording_decides_is_not_judged() -> None:
    """The others are not seen; no endpoint row or column names these rules for anything that a response shows."""
    words = {verdict.rule: verdict.word for verdict in Verdicts(load_rules())}

    assert {rule for rule, word in words.items() if word == "not seen"} == judged_rules() & words.keys()
    assert {rule for rule in words if rule.startswith("hook-")} - judged_rules() == {
        f"hook-{number}" for number in (3, 4, 5, 6, 7, 8, 9, 11)
    }
    assert {words["save-1"], words["cred-2"], words["rate-1"]} == {"not seen"}


def test_names_and_attributes_that_change_unseen_are_a_gap(tmp_path: Path) -> None:
    """A PATCH is missing; without a change of updated_at, the response itself is wrong."""
    teller = Teller()
    path = ready(teller)
    teller.call("PATCH", path, json={"name": "Borea"})
    teller.poll(path, 1)
    entries = [one for one in teller.entries() if one["comment"] != "characters.update"]
    result = checked(tmp_path, entries)
    assert refuted(result) == []
    assert any("was changed" in why for verdict in result.verdicts for why in verdict.aside)

    body(entries[-1], lambda one: one.update(updated_at=one["created_at"]))
    for entry in entries[2:]:
        body(entry, lambda one: one.update(updated_at=one["created_at"]))
    assert refuted(checked(tmp_path, entries)) != []


@pytest.mark.parametrize("only", ["cred", "cred-4,list-3", " img-8 "])
def test_only_some_probes_are_chosen(only: str) -> None:
    """With the team, and with the lists that they need."""
    probes = chosen_probes(only)

    assert probes[0] is PROBES[0]
    assert 1 < len(probes) < len(PROBES)
    assert chosen_probes(None) == list(PROBES)


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


def _one_key(entries: Entries) -> None:
    for entry in entries:
        for pair in entry["request"]["headers"]:
            if pair["name"] == "x-api-key" and pair["value"]:
                pair["value"] = "REDACTED"


def _own_slug(entries: Entries) -> None:
    """Let the first style of the list have another id than the fake's, and be read by its slug."""
    listed = named(entries, "loras.list")[0]
    body(listed, lambda rows: rows[0].update(id="lora_01KRMEXM09AAAAAAAAAAAAAAAA"))
    row = json.loads(listed["response"]["content"]["text"])[0]
    for entry in named(entries, "loras.retrieve"):
        body(entry, lambda one: one.update(row))


def _equal_times(entries: Entries) -> None:
    for entry in entries:
        entry["startedDateTime"] = NOW


def _lost_patch(entries: Entries) -> None:
    named(entries, "characters.update")[0]["response"] = {"status": 0, "headers": [], "content": {"size": 0}}


def _without_headers_of_the_storage(entries: Entries) -> None:
    for entry in entries:
        if "/storage/" in entry["request"]["url"] or "aurous.storage" in entry["request"]["url"]:
            entry["response"]["headers"] = []


def innocent(teller: Teller) -> None:
    """Meet what a check once accused wrongly."""
    call = teller.call
    call("GET", "/v1/team", headers={"X-Api-Key": "al_live_nobody"})
    call("GET", "/v1/team")
    styles = call("GET", "/v1/loras")
    call("GET", f"/v1/loras/{styles[0]['slug']}")
    path = ready(teller)
    call("PATCH", path, json={"name": "Borea"})
    character = call("GET", path)
    call("GET", character["refs"][0]["url"])
    uploaded(teller)
    call("GET", path)


@pytest.mark.parametrize("change", [_one_key, _own_slug, _equal_times, _lost_patch, _without_headers_of_the_storage])
def test_what_says_nothing_about_a_rule_refutes_nothing(tmp_path: Path, change: Callable[[Entries], None]) -> None:
    """Nor is it listed as a difference without a rule."""
    teller = Teller()
    innocent(teller)
    entries = teller.entries()
    change(entries)
    result = checked(tmp_path, entries)

    assert refuted(result) == []
    assert result.verdicts.uncovered == {}


def test_an_offset_is_no_precision(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The fake cannot follow it: it is listed by name, and not in the file."""
    entries = told("characters")
    fields("characters.retrieve", lambda one: one.update(created_at=one["created_at"].replace("Z", "+00:00")))(entries)
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


def test_tokens_that_no_request_took_are_a_gap(tmp_path: Path) -> None:
    """What the missing request may have cost cannot be told."""
    teller = Teller()
    teller.call("GET", "/v1/balance")
    for _ in range(4):
        teller.client.post("/v1/images", json={"prompt": "x"})
    teller.call("GET", "/v1/balance")
    entries = teller.entries()
    del entries[3]
    result = checked(tmp_path, entries)

    assert refuted(result) == []
    assert result.verdicts.rules["rate-1"].word == "as written, but"
    assert "took tokens" in next(iter(result.verdicts.rules["cred-2"].aside))


def test_a_character_that_is_gone_is_a_gap(tmp_path: Path) -> None:
    """It was deleted, although no request did that; and a refused version is about versions."""
    teller = Teller()
    path = ready(teller)
    teller.call("GET", path, headers={"Aurous-Version": "2026-05-15"})
    teller.call("DELETE", path)
    teller.call("GET", path)
    entries = [one for one in teller.entries() if one["comment"] != "characters.delete"]
    result = checked(tmp_path, entries)
    assert refuted(result) == []
    assert any("was deleted" in why for verdict in result.verdicts for why in verdict.aside)

    instead("characters.retrieve", 200, 400, "unknown_version", nth=-1)(entries)
    assert refuted(checked(tmp_path, entries)) == ["ver-3"]


def test_idem_4_is_judged() -> None:
    """A recording of a retried refusal can refute it, so without one it is not seen."""
    assert "idem-4" in judged_rules()
