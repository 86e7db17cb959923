"""An operation is described by its row alone: whatever reads the catalog judges one that is new."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

import pytest_aurous

ROOT: Final = Path(__file__).parents[2]
ROWS: Final = '''

@endpoint(
    "characters.duplicate",
    "POST /v1/characters/{id}/duplicate",
    bucket="characters_post",
    status=201,
    errors=_STATE_ERRORS,
    shape=_ONE,
    rules=("img-9",),
    makes="char",
)
def duplicate(ctx: Context) -> dict[str, Any]:
    """POST /v1/characters/{id}/duplicate: another character with the same pictures."""
    row, now = _row(ctx), iso(ctx.world.clock.time())
    machine.require_state(row, "duplicate", "ready")
    new = replace(row, id=ctx.world.ids.new("char"), name=f"{row.name} again", created_at=now, updated_at=now)
    return render(ctx.world, ctx.world.table(CharacterRow).insert(new))


@endpoint(
    "characters.restyle",
    "POST /v1/characters/{id}/restyle",
    bucket="characters_synthesize",
    idempotent=True,
    errors=(*_STATE_ERRORS, *_CREDIT_ERRORS),
    shape=_ONE,
    rules=("usage-3",),
)
def restyle(ctx: Context) -> dict[str, Any]:
    """POST /v1/characters/{id}/restyle: draws all poses again, for seven credits."""
    return _run_again(ctx, _row(ctx), "restyle", 7, SYNTHESIZED)


@endpoint(
    "characters.lock",
    "POST /v1/characters/{id}/lock",
    bucket="characters_post",
    shape={"type": "object", "properties": {"id": {"type": "string"}, "locked": {"type": "boolean"}}},
    rules=("style-1",),
)
def lock(ctx: Context) -> dict[str, Any]:
    """POST /v1/characters/{id}/lock: shows no record."""
    return {"id": _row(ctx).id, "locked": True}


@endpoint(
    "team.seats.free",
    "POST /v1/team/seats/{id}/free",
    bucket="characters_post",
    shape={"type": "object", "properties": {"id": {"type": "string"}, "free": {"type": "boolean"}}},
    rules=("style-2",),
)
def free(ctx: Context) -> dict[str, Any]:
    """POST /v1/team/seats/{id}/free: acts on no record."""
    return {"id": ctx.record_id, "free": True}


@endpoint("characters.look", "GET /v1/characters/{id}/look", bucket="reads", shape=_ONE, rules=("hook-3",))
def look(ctx: Context) -> dict[str, Any]:
    """GET /v1/characters/{id}/look: a poll."""
    return retrieve.handler(ctx)


@endpoint(
    "images.forget",
    "DELETE /v1/images/{id}",
    bucket="characters_post",
    shape={"type": "object", "properties": {"id": {"type": "string"}, "gone": {"const": True}}},
    rules=("hook-5",),
)
def forget(ctx: Context) -> dict[str, Any]:
    """DELETE /v1/images/{id}: no other operation deletes an image."""
    from ..generations import GenerationRow

    row = ctx.world.table(GenerationRow).retire(ctx.row_of(GenerationRow, "generation"))
    return {"id": row.id, "gone": True}


recent = endpoint("recent.show", "GET /v1/recent", bucket="reads", shape=listing(CharacterRow), query=PAGE,
    errors=PAGE_ERRORS, rules=("hook-4",))(list_all.handler)
ENDPOINTS = (*ENDPOINTS, duplicate, restyle, lock, free, look, recent, forget)
'''
"""Seven operations at the bottom of `endpoints.py`; the rule of each is about something else."""
SHOWN: Final = {"file-1": "characters.duplicate 400 invalid_request_error", "style-3": "characters.lock body.locked"}
"""Where two rules show."""
COLUMN: Final = (
    '    team: str = column("Id of the owning team.", seen="never")\n',
    (
        '    shade: str = column("Its shade.", default="light", rule="style-4")\n'
        '    team: str = column("Id of the owning team.", seen="never")\n'
    ),
)
"""A column of characters, before those that no response shows."""
CHECK: Final = """
from copy import deepcopy
from pathlib import Path

from tests.check.changes import begin, error, fields, lacks, left_out, named, refused, shows, turn
from tests.check.story import Teller, checked, refuted

teller = Teller()
call = teller.call
image = f"/v1/images/{teller.aurous.images.add().id}"
teller.aurous.clock.advance(seconds=60)
call("GET", "/v1/balance")
path = teller.synthesize("Aurora")
teller.poll(path)
call("POST", f"{path}/duplicate")
call("POST", f"{path}/save")
copy = "/v1/characters/" + call("POST", f"{path}/duplicate")["id"]
call("GET", copy)
call("GET", "/v1/balance")
call("POST", f"{copy}/restyle")
call("POST", f"{copy}/restyle")
call("GET", "/v1/balance")
teller.poll(copy)
call("GET", "/v1/balance")
call("POST", f"{copy}/lock")
call("POST", "/v1/team/seats/first/free")
call("GET", "/v1/characters")
call("GET", f"{copy}/look")
call("GET", "/v1/recent")
call("GET", image)
call("DELETE", image)
call("GET", image)
story = teller.entries()


def without_body(entries):
    for entry in named(entries, "characters.duplicate"):
        del entry["response"]["content"]["text"]


lock = story.index(named(story, "characters.lock")[0])
CHANGES = {
    "nothing": (len, []),
    "begun late": (begin(8), []),
    "only the lock": (lambda entries: entries.__setitem__(slice(None), [entries[lock]]), []),
    "without a DELETE": (left_out(-2), []),
    "only the DELETE": (begin(len(story) - 2), []),
    "the body is lost": (without_body, []),
    "a name": (shows("characters.duplicate", "name", "Borea"), ["img-9"]),
    "a prefix": (shows("characters.duplicate", "id", "dup_01KRMEXM017R6QKY9FRGVYXRJ9"), ["img-9"]),
    "a field": (lacks("characters.duplicate", "created_at"), ["img-9"]),
    "a refusal": (refused("characters.duplicate", 400, "invalid_request_error"), ["img-9"]),
    "a field of a run": (lacks("characters.restyle", "updated_at"), ["usage-3"]),
    "a field of a poll": (lacks("characters.look", "created_at"), ["get-4"]),
    "rows of a list": (fields("recent.show", turn("data")), ["list-2"]),
    "a type": (shows("characters.lock", "locked", "yes"), ["style-3"]),
    "a column": (shows("characters.duplicate", "shade", "dark"), ["style-4"]),
    "the code of a refusal": (error("characters.duplicate 400", code="busy"), ["file-1"]),
    "a charge": (shows("balance.retrieve#2", "held_credits", 4), ["cred-4"]),
}
for name, (change, rules) in CHANGES.items():
    entries = deepcopy(story)
    change(entries)
    found = refuted(checked(Path(), entries))
    assert found == rules, (name, found)
verdicts = checked(Path(), story).verdicts
assert {verdicts.rules[one].word for one in ("img-9", "usage-3", "file-1", "style-1", "style-2")} == {"as written"}
"""
"""What a recording of the new operations refutes, as it is, in part, and with one difference."""
SUITE: Final = """
import pytest

def publish(client):
    path = "/v1/characters/char_01KRMEXM017R6QKY9FRGVYXRJ9"
    client.post(f"{path}/restyle").raise_for_status()
    return client.post(f"{path}/lock").raise_for_status().json()

def test_good(aurous, aurous_client):
    aurous.characters.add(id="char_01KRMEXM017R6QKY9FRGVYXRJ9", status="ready")
    assert publish(aurous_client)["locked"]
    for _ in range(2):
        aurous_client.get("/v1/characters/char_01KRMEXM017R6QKY9FRGVYXRJ9/look")
    aurous.assert_polled(aurous.characters.last, at_least=2, at_most=2)

def test_bad(aurous, aurous_client):
    aurous.characters.add(id="char_01KRMEXM017R6QKY9FRGVYXRJ9", status="ready")
    assert not publish(aurous_client)["locked"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with more operations, one more column and where two rules show, and no other change."""
    folder = tmp_path_factory.mktemp("copy")
    package = Path(pytest_aurous.__file__).parent
    shutil.copytree(package, folder / "pytest_aurous", ignore=shutil.ignore_patterns("__pycache__"))
    calls = folder / "pytest_aurous" / "_core" / "resources" / "characters" / "endpoints.py"
    calls.write_text(calls.read_text(encoding="utf-8") + ROWS, encoding="utf-8")
    row = folder / "pytest_aurous" / "_core" / "resources" / "characters" / "row.py"
    text = row.read_text(encoding="utf-8")
    assert COLUMN[0] in text
    row.write_text(text.replace(*COLUMN), encoding="utf-8")
    rules = folder / "pytest_aurous" / "_core" / "resources" / "rules.json"
    table = json.loads(rules.read_text(encoding="utf-8"))
    for rule in table:
        rule["at"] = [*rule.get("at", ()), *filter(None, [SHOWN.get(rule["id"])])]
    rules.write_text(json.dumps(table), encoding="utf-8")
    (folder / "prove.py").write_text(CHECK, encoding="utf-8")
    (folder / "test_suite.py").write_text(SUITE, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\naurous_sleep = skip\n", encoding="utf-8")
    return folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python on the copy, which comes first on the path."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "COVERAGE_", "PYTEST_"))}
    return subprocess.run(  # noqa: S603 - our own text
        [sys.executable, *arguments],
        cwd=folder,
        env={**env, "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT))), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=240,
        check=False,
    )


def test_new_operations_are_judged_by_the_rules_of_their_rows(folder: Path) -> None:
    """The rule of the place, of the column or of the row; the first one of a success, and that of each refusal."""
    result = run(folder, "prove.py")
    assert result.returncode == 0, result.stderr


def test_coverage_exploring_and_the_trace_know_new_operations(folder: Path) -> None:
    """A suite that uses them is covered, explored and traced like any other."""
    explored, traces = folder / "explored.json", folder / "traces"
    # The file is named: an installed package brings the examples of its pages along, which are tests, too.
    options = ("test_suite.py", "--aurous-coverage", "--aurous-explore=report", f"--aurous-explore-json={explored}")
    result = run(folder, "-m", "pytest", "-p", "no:cacheprovider", *options, f"--aurous-trace-json={traces}")

    assert "1 failed, 1 passed in " in result.stdout, result.stdout + result.stderr
    assert "characters.restyle\n  met    200 x2\n" in result.stdout
    tests = json.loads(explored.read_text(encoding="utf-8"))["tests"]
    cases = [case for test in tests for case in (test.get("data") or {}).get("cases", ())]
    faults = [case["fault"] for case in cases if case["operation"] == "characters.restyle"]
    assert {"lost", "fails"} <= set(faults)
    (trace,) = traces.iterdir()
    steps = json.loads(trace.read_text(encoding="utf-8"))["steps"]
    assert [(step["operation"], step["rules"]) for step in steps if step.get("operation")] == [
        ("characters.restyle", ["usage-3"]),
        ("characters.lock", ["style-1"]),
    ]
