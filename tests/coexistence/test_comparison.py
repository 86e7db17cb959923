"""What the page Comparison says of the same test in each tool is measured here."""

import sys
from pathlib import Path
from shutil import copytree, ignore_patterns, rmtree
from typing import Final

import pytest

for tool in ("pytest_httpx", "pytest_recording", "responses", "uvicorn", "vcr"):
    pytest.importorskip(tool)
yaml = pytest.importorskip("yaml")

BESIDE: Final = Path(__file__).parents[2] / "docs" / "beside"
PLUGINS: Final = ("-p", "respx", "-p", "pytest_httpx", "-p", "recording")

# In the order of the columns.
FILES: Final = {
    "pytest-aurous": "test_aurous.py",
    "by hand": "test_by_hand.py",
    "respx": "test_respx.py",
    "pytest-httpx": "test_pytest_httpx.py",
    "responses": "test_responses.py",
    "VCR.py": "test_vcr.py",
}

# What is replaced, in which files, and by what. What a test believes, too, is replaced in all of them.
CODE: Final = "application*.py"
BELIEVED: Final = "*.py"
MISTAKES: Final = {
    "the code sends the retry with another key": (CODE, "=once", '={"Idempotency-Key": str(uuid4())}'),
    "the code saves without waiting": (CODE, 'while character["status"] == "synthesizing"', "while False"),
    "the code misspells an attribute": (CODE, '"age"', '"aeg"'),
    "code and test misspell an attribute": (BELIEVED, '"age"', '"aeg"'),
    "code and test omit `generate`": (BELIEVED, '"generate": True, ', ""),
    "code and test send the API key in another header": (BELIEVED, "X-Api-Key", "Api-Key"),
}


@pytest.fixture
def beside(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the files that the page includes."""
    pytester.syspathinsert()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # they are changed within a second, some to the same size
    return copy(pytester.path)


def copy(folder: Path) -> Path:
    """Put all files back as the page includes them."""
    return copytree(BESIDE, folder, dirs_exist_ok=True, ignore=ignore_patterns("__pycache__"))


def table(rows: list[tuple[str, ...]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def test_what_each_catches(pytester: pytest.Pytester, beside: Path) -> None:
    """Mistakes are made one after the other; the table on the page says whose test fails."""
    rows = [("", *FILES), ("---", *[":-:"] * len(FILES))]

    for mistake, (files, old, new) in MISTAKES.items():
        copy(beside)
        for file in beside.glob(files):
            right = file.read_text(encoding="utf-8")
            assert old in right or not file.match(CODE)
            file.write_text(right.replace(old, new), encoding="utf-8")
        run = pytester.inline_run(*PLUGINS, "-p", "no:cacheprovider", *FILES.values())
        reports = run.getreports("pytest_runtest_logreport")
        assert sum(report.when == "call" for report in reports) == 2 * len(FILES)
        caught = {report.location[0] for report in reports if report.failed}
        rows.append((mistake, *("yes" if file in caught else "no" for file in FILES.values())))

    assert table(rows) == Path(__file__).with_name("mistakes.md").read_text(encoding="utf-8")


def tapes(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return what the cassettes in a folder hold, but for what differs from one recording to the next."""

    def tape(text: str) -> list[tuple[object, ...]]:
        pairs = [(each["request"], each["response"]) for each in yaml.safe_load(text)["interactions"]]
        return [(sent["method"], sent["uri"], sent["body"], response["status"]) for sent, response in pairs]

    return {file.name: tape(file.read_text(encoding="utf-8")) for file in folder.glob("*.yaml")}


def test_the_cassettes_are_what_the_recording_makes(pytester: pytest.Pytester, beside: Path) -> None:
    """Recorded again, they hold the same requests and responses."""
    rmtree(beside / "cassettes" / "test_vcr")

    assert pytester.run(sys.executable, "record.py").ret == 0

    recorded = tapes(beside / "cassettes" / "test_vcr")
    assert recorded == tapes(BESIDE / "cassettes" / "test_vcr")
    assert len(recorded) == 2
