"""The file of accepted cases."""

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_aurous import AurousError
from pytest_aurous._explore.baseline import Baseline
from pytest_aurous._explore.options import Known

LOST, LATE = "characters.create#1 lost", "characters.create#1 late"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "baseline.json"


def write(file: Path, cases: Any, **more: Any) -> None:
    file.write_text(json.dumps({"version": 1, "tests": {"t.py::test_a": cases}, **more}), encoding="utf-8")


def result(*cases: tuple[str, list[str]], test: str = "t.py::test_a", not_run: int = 0) -> dict[str, Any]:
    """Return the data of one test: its cases, each with the laws that it breaks."""
    found = [{"id": name, "broken": broken, "finding": f"{name} broke it."} for name, broken in cases]
    return {"test": test, "data": {"cases": found, "not_run": not_run}}


def test_an_update_keeps_reasons_adds_what_breaks_and_removes_what_holds(file: Path) -> None:
    """Of tests and cases that were not run, it keeps all."""
    accepted = {"breaks": ["tells"], "reason": "until March"}
    write(file, {LOST: accepted, LATE: accepted, "characters.save#1 lost": accepted})
    baseline = Baseline(file, update=True)

    baseline.update(
        [result((LOST, ["pays_once"]), (LATE, [])), {"test": "left_out"}, result((LATE, ["ends"]), test="b")]
    )

    again = Baseline(file, update=False)
    assert again.of("t.py::test_a") == {LOST: Known("until March", ("pays_once",), str(file))}
    assert again.of("b") == {LATE: Known(f"{LATE} broke it.", ("ends",), str(file))}
    assert again.of("other") == {}


def test_an_update_that_fails_leaves_the_file_as_it_was(file: Path) -> None:
    """The reasons in it took people time to write."""
    write(file, {LOST: {"breaks": ["tells"], "reason": "until March"}})
    before = file.read_bytes()

    with pytest.raises(UnicodeEncodeError):
        Baseline(file, update=True).update([result((LATE, ["ends"]), test="t.py::test_a[\ud800]")])
    assert file.read_bytes() == before


def test_what_was_not_run_is_neither_stale_nor_removed(file: Path) -> None:
    """Time cuts cases, and of several that do not end for one reason, one runs."""
    write(file, {LOST: {"breaks": ["tells"], "reason": "until March"}})
    baseline = Baseline(file, update=False)
    cut = result((LATE, []), not_run=3)

    assert (baseline.stale([cut, {"test": "t.py::test_a"}]), baseline.unknown(cut)) == ([], None)
    baseline.update([cut])
    assert list(Baseline(file, update=False).of("t.py::test_a")) == [LOST]
    write(file, {LOST: {"breaks": ["ends"], "reason": "another case that does not end stands for it"}})
    assert Baseline(file, update=False).unknown(result((LATE, ["ends"]))) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "No such file or directory. Write it with --aurous-explore-baseline-update"),
        ("{", "is no baseline of version 1, which .*JSONDecodeError"),
        ("[]", "is no baseline of version 1"),
        ('{"version": 2}', "is no baseline of version 1"),
        ('{"version": 1, "tests": {"t.py::test_a": []}}', "is no baseline of version 1"),
        ({LOST: {"reason": "x"}}, r"is no baseline of version 1, which .*KeyError\('breaks'\)"),
        ({LOST: []}, "is no baseline of version 1"),
    ],
)
def test_bad_input_is_named(file: Path, text: Any, message: str) -> None:
    """With the file."""
    if isinstance(text, str):
        file.write_text(text, encoding="utf-8")
    elif text is not None:
        write(file, text)

    with pytest.raises(AurousError, match=message) as raised:
        Baseline(file, update=False)
    assert str(raised.value).startswith(str(file))
