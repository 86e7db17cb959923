"""What the user reads: few lines, one for each fact, and the last one says what to do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_aurous import Aurous
from pytest_aurous._cli.main import main
from pytest_aurous.errors import AurousError
from tests.check.changes import both, error, fields, lacks, put, shows, status
from tests.check.story import told, write

if TYPE_CHECKING:
    from pathlib import Path

TO_DO = (
    "To have the fake follow these: --observed observed.json, then aurous_observed = observed.json in the ini file. "
    "To report them: --report found.md."
)


@pytest.mark.parametrize(("columns", "most"), [(60, 50), (80, 33), (100, 30), (120, 30)])
def test_six_differences_fit_on_a_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int, most: int
) -> None:
    """No line is wider than the terminal, and the last words say what to do."""
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
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)

    main(["check", str(write(tmp_path, entries))])

    out = capsys.readouterr().out
    lines = out.splitlines()
    assert len(lines) <= most
    assert max(map(len, lines)) <= columns
    assert " ".join(out.split()).endswith(TO_DO)


def test_a_fact_has_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """However many operations and values it has; and the value of an unknown field is named by its type."""
    entries = told("characters")
    for name in ("create", "retrieve", "save"):
        fields(f"characters.{name}", lambda one: one.update(team_id=f"team_{one['updated_at']}", rank=7))(entries)

    main(["check", str(write(tmp_path, entries))])

    (team,) = [line for line in capsys.readouterr().out.splitlines() if "team_id" in line]
    assert team.startswith("  characters body.team_id, in ")
    assert ": a text, not absent; first in recorded.har, exchange " in team


def test_a_field_of_another_name_is_two_observations(tmp_path: Path) -> None:
    """The old one is left out, and the new one is added with a value of its type."""
    entries = told("characters")
    fields("balance.retrieve", lambda one: one.update(held=one.pop("held_credits")))(entries)
    observed = tmp_path / "observed.json"

    main(["check", str(write(tmp_path, entries)), "--quiet", "--observed", str(observed)])

    rows = json.loads(observed.read_text(encoding="utf-8"))["observed"]
    assert [(row["where"], row["what"], row.get("type")) for row in rows] == [
        ("body.held_credits", "left out", None),
        ("body.held", "added", "number"),
    ]
    with Aurous(observed=str(observed)).client() as client:
        balance: Any = client.get("/v1/balance").json()
    assert balance["held"] == 1
    assert "held_credits" not in balance


def test_an_observation_has_a_type_or_a_value(tmp_path: Path) -> None:
    """A type that JSON does not have is refused."""
    observed = tmp_path / "observed.json"
    row = {"operation": "team.retrieve", "where": "body.x", "what": "added"}
    for more in ({}, {"type": "integer"}):
        observed.write_text(json.dumps({"observed": [row | more]}), encoding="utf-8")
        with pytest.raises(AurousError, match="is not a difference"):
            Aurous(observed=str(observed))


def test_an_added_number_is_a_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not one that stands for it."""
    entries = told("images")
    fields("images.list", put("total", 4))(entries)

    main(["check", str(write(tmp_path, entries))])

    assert "images.list body.total: a number, not absent; in recorded.har, exchange" in capsys.readouterr().out
