"""The command `pytest-aurous check`, and what it writes."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from pytest_aurous import Aurous
from pytest_aurous._core.resources.base.rules import load_rules
from tests.check.changes import balances, both, error, fields, header, lacks, put, refused, renamed, shows, status
from tests.check.story import Entries, Teller, body, checked, command, refuted, told, validated, write
from tests.check.test_table import ROWS
from tests.conftest import needs_links, synthesis_price


def twisted(name: str) -> Entries:
    """Return the recording of a twisted twin."""
    entries = told(ROWS[name].story)
    ROWS[name].change(entries)
    return entries


def test_a_clean_recording_is_a_0(tmp_path: Path) -> None:
    """The text has 100 columns, and counts at its end; the rules that agree are listed with --explain."""
    lines = command(0, write(tmp_path, told("characters"))).splitlines()

    assert max(map(len, lines)) <= 100
    assert lines[0] == "No rule is refuted."
    assert not any("save-1" in line for line in lines)
    assert lines[-1].startswith(f"{len(told('characters'))} exchanges; rules: 0 refuted, ")
    explained = command(0, tmp_path / "recorded.har", "--explain")
    assert "save-1" in explained.partition("\nAs written:\n")[2].partition("\n\n")[0]
    assert "img-1" in explained.partition("\nNot seen:\n")[2].partition("\n\n")[0]
    assert "hook-7" in explained.partition("\nNot judged, as no recording decides them:\n")[2].partition("\n\n")[0]


def test_a_refuted_rule_is_a_1_and_names_the_reading(tmp_path: Path) -> None:
    """The lines of the reading can be pasted; under it nothing is refuted."""
    out = command(1, write(tmp_path, twisted("a synthesis ends in ready")))

    assert 'characters.retrieve body.status: "ready", not "reviewing"' in out
    assert "    aurous_readings =\n        create-4 = ready\n" in out
    out = command(0, tmp_path / "recorded.har", "--readings", "create-4=ready", "--quiet")
    assert out.startswith("41 exchanges; rules: 0 refuted, ")


@pytest.mark.parametrize("arguments", [["absent.har"], [".", "--readings", "create-4=never"], [".", "--json", "x/y"]])
def test_what_cannot_be_read_or_written_is_a_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    """With one message that says what was expected."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, told("images")[:1])
    (tmp_path / "x").write_text("", encoding="utf-8")

    assert "pytest-aurous: " in command(2, *arguments)


def test_the_explanation_shows_what_was_inferred(tmp_path: Path) -> None:
    """Scripts in polls, what was there before, and what was assumed."""
    entries = told("images")[2:]
    foreign = json.loads(json.dumps(entries[0]))
    foreign["request"]["url"] = "https://www.example.org/"

    out = command(0, write(tmp_path, [*entries, foreign]), "--explain")
    assert "pending -> processing -> succeeded" in out
    assert "was there before exchange" in out
    assert "exchanges are not with the API, and left out" in out
    assert "Assumptions about what" not in out

    assert "\nAssumptions about what the recordings leave out: " in command(0, tmp_path / "recorded.har")
    (line,) = command(0, tmp_path / "recorded.har", "--quiet").splitlines()
    assert line.endswith("; notes on the files: 1")


def test_a_refuted_rule_is_shown_in_full(tmp_path: Path) -> None:
    """The place, both values and the statement, with its assumption, wrapped; nothing is cut, not even a long word."""
    entries = told("characters")
    fields("characters.list", lambda content: content["data"][0].update(created_at="2026-05-08T10:00:00.123Z"))(entries)
    fields("characters.retrieve", put("mood", f"{'x' * 200} y"))(entries)
    long = write(tmp_path, entries).rename(tmp_path / f"{'a recording ' * 12}.har")

    out = command(1, long, "--explain")
    lines = out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("refuted: time-1, documented; "))
    block = " ".join(" ".join(lines[at : at + 12]).split())
    assert load_rules()["time-1"].statement.replace("`", "") in block
    assert "Assumed: To the second: " in block
    assert 'characters.list body.data[].created_at: "2026-05-08T10:00:00.123Z", not "2026-05-08T10:' in block
    assert f"in {long.name}, exchange 31" in block
    assert "..." not in out
    assert [line for line in lines if len(line) > 100 and "aaaa" not in line.lower()] == []


def test_the_address_of_an_error_is_compared_by_its_anchor(tmp_path: Path) -> None:
    """The anchor is the code of the same error; what differs is shown, and not two addresses that are replaced."""
    for doc_url, shown in (("https://x.example/y#resource_not_found", "#resource_not_found"), (None, "no anchor")):
        entries = told("characters")
        error("characters.save 404", code="not_found", doc_url=doc_url)(entries)

        assert f"characters.save error.doc_url: {shown}, not #not_found\n" in command(1, write(tmp_path, entries))


def test_nothing_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many differences there are; of notes that are alike, the number; lines fit into the columns."""
    entries = told("images")
    for number in range(60):
        fields("images.list", put(f"field_{number}", number))(entries)
    file = write(tmp_path, [one for entry in entries for one in (entry, entry)])

    out = command(0, file)
    assert out.startswith("No rule is refuted; no rule covers 60 other differences.\n")
    assert out.count("body.field_") == 60
    assert f"recorded twice, and left out ({len(entries) - 1} others like it)" in out

    monkeypatch.setenv("COLUMNS", "60")
    out = command(0, file, "--explain")
    assert " ".join(out.split()).count("recorded twice, and left out") == len(entries)
    assert max(len(line) for line in out.splitlines()) <= 60


def test_a_report_shows_an_exchange_without_its_secrets(tmp_path: Path) -> None:
    """What was refuted, in words and as an exchange that a bug report can have."""
    entries = twisted("a save is refused")
    fields("characters.retrieve", put("mood", "Sunny day"))(entries)
    fields("characters.list", lambda content: content["data"].reverse())(entries)
    out = tmp_path / "report.md"

    command(1, write(tmp_path, entries), "--quiet", "--report", out)
    text = out.read_text(encoding="utf-8")
    assert "## save-1 (documented)" in text
    assert "Contradicted: The changelog of 2026-06-19 says" in text
    assert "- characters.save status: 400 invalid_request_error, not 200" in text
    assert '"value": "key-1"' in text
    assert "## No rule: characters.retrieve body.mood" in text
    assert "Aurora" not in text
    assert "Sunny" not in text


def test_a_report_says_what_was_set_aside(tmp_path: Path) -> None:
    """Each rule whose exchanges differ, with the gap that explains it."""
    out = tmp_path / "report.md"

    command(0, write(tmp_path, twisted("a drawing is missing")), "--quiet", "--report", str(out))
    told_aside = out.read_text(encoding="utf-8").partition("## As written, but\n\n")[2]
    assert re.match(r"- cred-1: .* drawn again.*\n- get-1: .* drawn again", told_aside)


def test_one_sanitized_recording_may_be_a_file(tmp_path: Path) -> None:
    """A name with .har names the file; several recordings need a folder."""
    file, out = write(tmp_path, told("account")).rename(tmp_path / "recording-1.har"), tmp_path / "clean.har"
    before = file.read_bytes()

    command(0, file, "--quiet", "--sanitize", out)
    command(0, out, "--quiet")
    said = command(2, file, "--quiet", "--sanitize", tmp_path)
    assert "recording-1.har: this file is an input, and would be replaced." in said
    assert file.read_bytes() == before
    said = command(2, file, out, "--quiet", "--sanitize", tmp_path / "new.har")
    assert "new.har: expected a folder for 2 recordings" in said


@pytest.mark.parametrize(
    ("option", "name"),
    [
        *((option, "recorded.har") for option in ("--report", "--observed", "--sanitize", "--json")),
        ("--json", "sub/../recorded.har"),
        ("--json", "hard.har"),
        pytest.param("--json", "symbolic.har", marks=needs_links),
    ],
)
def test_an_output_replaces_no_input(tmp_path: Path, option: str, name: str) -> None:
    """Under whatever name: a file, or one of a folder; nothing is checked, and the message names the option."""
    (tmp_path / "sub").mkdir()
    file = write(tmp_path, told("images")[:3])
    before, out = file.read_bytes(), tmp_path / name
    if name == "hard.har":
        out.hardlink_to(file)
    elif name == "symbolic.har":
        out.symlink_to(file)

    for given in (file, tmp_path) if "recorded" in name else (file,):
        said = command(2, given, option, out)
        assert said.startswith(f"pytest-aurous: {option} {out}: this file is an input, and would be replaced.")
        assert file.read_bytes() == before


def test_an_output_replaces_no_other_file(tmp_path: Path) -> None:
    """Neither another output, however it is spelled, nor a link to an input, nor the file of --follow."""
    (tmp_path / "sub").mkdir()
    file, out, other = str(write(tmp_path, told("images")[:3])), tmp_path / "out", tmp_path / "found.har"
    first, again, respelled = str(out / "recording-1.har"), str(other), str(tmp_path / "sub" / ".." / other.name)
    out.mkdir()
    observed = tmp_path / "observed.json"
    observed.write_text('{"observed": []}', encoding="utf-8")
    for arguments, why in (
        ([file, "--report", again, "--json", again], f"--report {other}: --json writes this file, too, and would be"),
        ([file, "--report", again, "--json", respelled], "--json writes this file, too"),
        ([file, "--sanitize", again, "--observed", respelled], "--observed writes this file, too"),
        (["--live", "--dry-run", "--record", again, "--json", again], "--json writes this file, too"),
        ([file, "--report", first, "--sanitize", str(out)], "--report writes this file, too"),
        ([file, "--follow", str(observed), "--json", str(observed)], "this file is an input, and would be replaced"),
    ):
        assert why in command(2, *arguments)
    assert not other.exists()
    (out / "recording-1.har").hardlink_to(file)
    assert "this file is an input" in command(2, file, "--sanitize", out)
    command(0, file, "--quiet", "--follow", observed, "--observed", observed)  # it adds


def test_recordings_of_one_name_are_kept_apart(tmp_path: Path) -> None:
    """In the table, in the report, and sanitized, where their names, which may be private, are left out."""
    for folder, entries in (("a", told("account")), ("b", twisted("a save is refused"))):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder, entries)
    out, report = tmp_path / "out", tmp_path / "report.md"

    assert "in b/recorded.har, exchange" in command(1, tmp_path, "--sanitize", out, "--report", report)
    assert report.read_text(encoding="utf-8").count("/save") > 0
    assert sorted(file.name for file in out.iterdir()) == ["recording-1.har", "recording-2.har"]


OBSERVED = [
    "no refs",
    "a ticket has no headers",
    "no reset",
    "a field that is new",
    "a header that is new",
    "timestamps have milliseconds",
    "a missing name is a 422",
    "a scope has another code",
    "a blank prompt has another code",
]


@pytest.mark.parametrize("name", OBSERVED)
def test_the_fake_follows_an_observed_difference(tmp_path: Path, name: str) -> None:
    """Under the setting `observed` the same recording refutes nothing."""
    file, observed = write(tmp_path, twisted(name)), tmp_path / "observed.json"

    command(bool(ROWS[name].refutes), file, "--quiet", "--observed", observed)
    result = checked(tmp_path, twisted(name), observed=str(observed))

    assert (refuted(result), result.verdicts.uncovered) == ([], {})


def test_a_check_follows_what_was_observed(tmp_path: Path) -> None:
    """It refutes nothing a second time; no rule is judged by what the file changes, and values are not compared."""
    entries = twisted("a missing name is a 422")
    tier = {"name": "gold", "limits": [{"images": 3}]}
    fields("characters.retrieve", lambda one: one.update(queue_position=len(one["refs"]), tier=tier))(entries)
    file, observed = write(tmp_path, entries), tmp_path / "observed.json"
    command(1, file, "--quiet", "--observed", observed)
    first = observed.read_text(encoding="utf-8")

    out = command(0, file, "--follow", observed, "--observed", observed)
    assert "Differences that no rule covers" not in out
    assert "  observed.json: the fake follows it, and no rule is judged by what it changes" in out
    assert "as written   create-6" not in out
    assert observed.read_text(encoding="utf-8") == first


def test_what_contradicts_the_followed_file_refutes_no_rule(tmp_path: Path) -> None:
    """It is shown; the file keeps what it has, and gets what is new."""
    entries = told("characters")
    fields("characters.list", put("mood", "calm"))(entries)
    rows: list[dict[str, Any]] = [
        {"operation": "characters.retrieve", "where": "body.mood", "what": "added", "value": "x"},
        {"operation": "characters.retrieve", "where": "status", "what": "refusal", "of": "404 resource_not_found",
         "status": 410, "code": "gone"},
    ]  # fmt: skip
    file, observed, new = write(tmp_path, entries), tmp_path / "observed.json", tmp_path / "new.json"
    observed.write_text(json.dumps({"observed": rows}), encoding="utf-8")

    out = command(0, file, "--follow", observed, "--observed", new)
    assert "characters.retrieve body.mood: absent, not " in out
    assert "characters.retrieve status: 404 resource_not_found, not 410 gone" in out
    found = json.loads(new.read_text(encoding="utf-8"))["observed"]
    assert found[:2] == rows
    assert [(row["operation"], row["where"]) for row in found[2:]] == [("characters.list", "body.mood")]


def test_every_place_of_a_difference_is_observed(tmp_path: Path) -> None:
    """Not only those that the table shows; in lists, too, and for keys, but no header of a refusal alone."""
    entries = told("account")
    fields("loras.list", lambda content: [row.pop("is_public") for row in content])(entries)
    for entry in entries:
        response = entry["response"]
        if response["status"] < 400 or entry["comment"].startswith("images.create"):
            response["headers"] = [pair for pair in response["headers"] if pair["name"] != "aurous-request-id"]
        if response["status"] == 401:
            code = {"code": "bad_key", "doc_url": "https://docs.aurous-labs.com/errors#bad_key"}
            body(entry, lambda content, code=code: content["error"].update(code))  # type: ignore[misc]
    file, observed, out = write(tmp_path, entries), tmp_path / "observed.json", tmp_path / "out.json"

    command(1, file, "--quiet", "--observed", observed, "--json", out)
    rows = json.loads(observed.read_text(encoding="utf-8"))["observed"]
    places = {(row["operation"], row["where"]) for row in rows}
    assert {("loras.list", "body[].is_public"), ("team.retrieve", "status")} <= places
    assert ("images.create", "header.aurous-request-id") not in places
    assert len([place for place in places if place[1] == "header.aurous-request-id"]) > 10
    refused = [row["of"] for row in rows if row["what"] == "refusal"]
    assert refused == ["401 missing_api_key", "401 invalid_api_key"]
    assert validated(out)["rules"]["auth-3"]["differing"] == 2


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("two images cost three", "images.create body.cost.amount"),
        ("a time has an offset", "characters.retrieve body.created_at"),
        ("a synthesis ends in ready", ""),
    ],
)
def test_what_cannot_be_followed_is_no_observation(tmp_path: Path, name: str, place: str) -> None:
    """Another value or form is for a rule or a script, as a note says; what a reading explains is for the reading."""
    observed = tmp_path / "observed.json"

    out = " ".join(command(1, write(tmp_path, twisted(name)), "--observed", observed).split())
    assert json.loads(observed.read_text(encoding="utf-8")) == {"observed": []}
    assert out.partition("observed.json: cannot be followed: ")[2].startswith(place)
    assert ("cannot be followed" in out) is bool(place)


def test_what_would_differ_anew_is_not_followed(tmp_path: Path) -> None:
    """A header of replays, which a first response would have, too; one that is missing everywhere is left out."""
    entries, observed = told("stored"), tmp_path / "observed.json"
    renamed("aurous-idempotent", "idempotent")(entries)
    renamed("aurous-version", "")(entries)

    out = " ".join(command(1, write(tmp_path, entries), "--observed", observed).split())
    rows = json.loads(observed.read_text(encoding="utf-8"))["observed"]
    assert {row["where"]: row["what"] for row in rows} == {
        "header.aurous-idempotent-replayed": "left out", "header.aurous-version": "left out",
    }  # fmt: skip
    assert {row["operation"] for row in rows} == {entry["comment"].partition(";")[0] for entry in entries}
    assert "observed.json: cannot be followed: images.create header.idempotent-replayed" in out


@pytest.mark.parametrize(
    ("at", "new", "code", "anew"),
    [("characters.list 400#1", 400, "unknown_cursor", "starting_after"), ("images.output 422", 404, "no_output", "")],
)
def test_a_refusal_is_followed_unless_another_one_would_change(
    tmp_path: Path, at: str, new: int, code: str, anew: str
) -> None:
    """``limit=ten`` has the code of an unknown cursor in the fake; and a 404 has the type of a 404."""
    teller = Teller()
    for query in ({"limit": "ten"}, {"starting_after": "x"}):
        teller.call("GET", "/v1/characters", params=query)
    entries, observed = [*teller.entries(), *told("images")], tmp_path / "observed.json"
    refused(at, new, code)(entries)
    if anew:
        error(at, param=anew)(entries)
    out = " ".join(command(1, write(tmp_path, entries), "--shared", "--observed", observed).split())

    rows = json.loads(observed.read_text(encoding="utf-8"))["observed"]
    assert [(row["status"], row["code"]) for row in rows] == ([] if anew else [(new, code)])
    assert ("cannot be followed: characters.list " in out) is bool(anew)


def test_what_a_difference_hides_is_refuted_too(tmp_path: Path) -> None:
    entries = told("removed", readings={"create-4": "ready"})
    refused("characters.retrieve 404#0", 410, "gone")(entries)

    out = command(1, write(tmp_path, entries))

    assert "refuted: create-4" in out
    assert "refuted: get-2" in out
    assert "create-4 = ready" in out


def test_a_reading_is_offered_only_if_it_helps(tmp_path: Path) -> None:
    """A rule with readings may be refuted by what no reading says."""
    entries = told("characters")
    error("characters.retrieve 404", param="id")(entries)

    assert "aurous_readings" not in command(1, write(tmp_path, entries))


def test_the_table_names_what_is_left_out_and_what_is_out_of_order(tmp_path: Path) -> None:
    """Optional fields by the setting, an order in words, and pictures by their type."""
    entries: Any = told("images", sparse="optional")
    ROWS["the oldest comes first"].change(entries)

    out = command(1, write(tmp_path, entries), "--explain")
    assert "    aurous_sparse = optional\n" in out
    assert "images.list body.data: another order, not the newest first" in out


def test_outputs_show_amounts_that_differ(tmp_path: Path) -> None:
    """As text, also where the parts of a balance do not add up to the total; the folder of an output may be new."""
    entries, out = told("images"), tmp_path / "deep" / "verdicts.json"
    fields("balance.retrieve#0", put("available_credits", 990.5))(entries)
    fields("images.list", put("mood", "x"))(entries)

    command(1, write(tmp_path, entries), "--json", out, "--report", tmp_path / "r.md")
    result = validated(out)
    (difference,) = result["rules"]["cred-1"]["differences"]
    assert (difference["where"], difference["seen"]) == ("body.available_credits", "990.5")
    assert [one["where"] for one in result["uncovered"]] == ["body.mood"]


def test_a_refutation_that_rests_on_all_traffic_says_so(tmp_path: Path) -> None:
    """With --shared nothing is refuted, one line says what is not judged, and the rule counts as not judged."""
    entries = told("characters")
    cost = int(synthesis_price())
    balances((0, 0), (-cost, 0), (-cost, 0), (-2 * cost, 0))(entries)
    file = write(tmp_path, entries)

    out = command(1, file)
    assert "    If another client used this team meanwhile, check again with --shared.\n" in out
    assert out.startswith("1 rule is refuted.\n")
    assert "\nrefuted: cred-5, " in out
    out = command(0, file, "--shared", "--explain")
    assert "With --shared, balances, holds, remaining tokens" in out
    assert "cred-2" in out.partition("Not judged, as other clients may have used the team:\n")[2].partition("\n\n")[0]


def test_another_capacity_is_a_line_for_the_suite(tmp_path: Path) -> None:
    """As no observed difference can express it."""
    entries = told("characters")
    header("characters.list", "x-ratelimit-limit", "500")(entries)

    assert 'aurous.limits["characters_get"].set(burst=500)\n' in command(1, write(tmp_path, entries))


def test_a_field_that_is_missing_everywhere_is_missing_and_no_sparse_form(tmp_path: Path) -> None:
    """A sparse form leaves out null alone."""
    entries = told("priced")
    for name in ("create", "retrieve", "cancel"):
        lacks(f"images.{name}", "completed_at")(entries)

    out = command(1, write(tmp_path, entries))

    assert "refuted: img-5" in out
    assert "aurous_sparse" not in out


TO_DO = (
    "To have the fake follow these: --observed observed.json, then aurous_observed = observed.json in the ini file. "
    "To report them: --report found.md."
)


@pytest.mark.parametrize(("columns", "most"), [(60, 50), (80, 33), (100, 30), (120, 30)])
def test_six_differences_fit_on_a_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: int, most: int
) -> None:
    """No line is wider than COLUMNS says, also without a terminal, and the last words say what to do."""
    entries = told("characters")
    both(
        status("characters.create 400 missing_field", 422),
        error("characters.create 409", code="conflict"),
        error("characters.save 404", request_id="req_other"),
        shows("characters.save#0", "status", "reviewing"),
        lacks("characters.retrieve", "refs"),
        lacks("balance.retrieve", "held_credits"),
    )(entries)
    monkeypatch.setenv("COLUMNS", str(columns))

    out = command(1, write(tmp_path, entries))

    lines = out.splitlines()
    assert len(lines) <= most
    assert max(map(len, lines)) <= columns
    assert " ".join(out.split()).endswith(TO_DO)


def test_a_fact_has_one_line(tmp_path: Path) -> None:
    """However many operations and values it has; and the value of an unknown field is named by its type."""
    entries = told("characters")
    for name in ("create", "retrieve", "save"):
        fields(f"characters.{name}", lambda one: one.update(team_id=f"team_{one['updated_at']}", rank=7))(entries)

    (team,) = [line for line in command(0, write(tmp_path, entries)).splitlines() if "team_id" in line]
    assert team.startswith("  characters body.team_id, in ")
    assert ": a text, not absent; first in recorded.har, exchange " in team


def test_a_field_of_another_name_is_two_observations(tmp_path: Path) -> None:
    """The old one is left out, and the new one is added with a value of its type."""
    entries = told("characters")
    fields("balance.retrieve", lambda one: one.update(held=one.pop("held_credits")))(entries)
    observed = tmp_path / "observed.json"

    command(1, write(tmp_path, entries), "--quiet", "--observed", observed)

    rows = json.loads(observed.read_text(encoding="utf-8"))["observed"]
    assert [(row["where"], row["what"], row.get("type")) for row in rows] == [
        ("body.held_credits", "left out", None),
        ("body.held", "added", "number"),
    ]
    with Aurous(observed=str(observed)).client() as client:
        balance: Any = client.get("/v1/balance").json()
    assert balance["held"] == 1
    assert "held_credits" not in balance
