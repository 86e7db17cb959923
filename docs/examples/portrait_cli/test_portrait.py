"""Tests of the command, on good days and on bad days."""

from pathlib import Path
from tempfile import mkdtemp

import pytest

from portrait import main
from pytest_aurous import Aurous

# Skip sleeps, and fail each test that misuses the API.
pytestmark = pytest.mark.aurous(sleep="skip", pitfalls="error")


def run(folder: Path, *more: str) -> int:
    """Run the command as a shell does."""
    command = ["Aurora", "--age=28", "--prompt=On a bench", *more]
    return main([*command, f"--output={folder / 'aurora.png'}"])


def test_a_portrait_is_made(
    aurous: Aurous,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The good day: nothing is ordered before "y" is typed."""
    questions: list[str] = []

    def agree(question: str) -> str:
        aurous.assert_not_called("characters.create")
        questions.append(question)
        return "y"

    monkeypatch.setattr("builtins.input", agree)

    assert run(tmp_path) == 0

    assert questions == ["It costs 5 of 1000 credits. Continue? [y/N] "]
    assert aurous.team.credits == 995
    assert (tmp_path / "aurora.png").read_bytes() == aurous.images.last.picture()
    assert [file.name for file in tmp_path.iterdir()] == ["aurora.png"]
    assert "\rprocessing, 5 s" in capsys.readouterr().out


def test_a_no_costs_nothing(
    aurous: Aurous, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command shows the price, and orders nothing."""
    monkeypatch.setattr("builtins.input", str.lower)  # no y in it

    assert run(tmp_path) == 1

    aurous.assert_called("images.estimate", times=1)
    assert aurous.team.credits == 1000


@pytest.mark.aurous(credits=4)
def test_too_few_credits(
    aurous: Aurous, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command says so, and does not ask."""
    assert run(tmp_path) == 1

    assert "it costs 5 credits, and there are 4" in capsys.readouterr().err
    aurous.assert_not_called("characters.create")


def test_any_bad_day(aurous: Aurous, tmp_path: Path) -> None:
    """Whatever breaks, this run or the next one makes the picture, for one price."""

    def command(folder: Path) -> int:
        status = run(folder, "--yes")
        if status == 0:
            picture = (folder / "aurora.png").read_bytes()
            assert picture == aurous.images.last.picture()
        return status

    aurous.explore(
        command,
        fresh=lambda: Path(mkdtemp(dir=tmp_path)),
        may_raise=(),
        may_return=lambda status: status == 1,
    )


@pytest.mark.aurous(credits=4)
def test_credits_run_out_between_character_and_picture(
    aurous: Aurous, tmp_path: Path
) -> None:
    """The next run uses the character that is already paid."""
    assert run(tmp_path, "--yes") == 1

    aurous.team.credits = 1

    assert run(tmp_path, "--yes") == 0
    assert len(aurous.characters) == 1


def test_lost_responses_are_not_paid_twice(aurous: Aurous, tmp_path: Path) -> None:
    """Requests that took effect without a response are found by their keys."""
    aurous.faults.outage(seconds=120, commit=True)
    assert run(tmp_path, "--yes") == 1
    aurous.assert_called("characters.create", times=6)

    aurous.clock.advance(seconds=120)

    assert run(tmp_path) == 0
    assert len(aurous.characters) == 1
    assert aurous.team.credits == 995


def test_a_rate_limit_is_respected(
    aurous: Aurous, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command waits as long as Retry-After says, and prints that."""
    aurous.faults.rate_limited("images.create", retry_after=30)

    assert run(tmp_path, "--yes") == 0

    assert "Retry after 30s. Next try in 30 s." in capsys.readouterr().err


def test_patience_ends(
    aurous: Aurous, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After two minutes the command gives up; the next run finds the character."""
    aurous.script("synthesizing:1h -> reviewing")

    assert run(tmp_path, "--yes", "--patience=120") == 1
    assert "portrait: still synthesizing after 120 s" in capsys.readouterr().err
    aurous.clock.advance(seconds=3600)

    assert run(tmp_path) == 0
    assert len(aurous.characters) == 1


def test_control_c(
    aurous: Aurous, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit status is 130, and the next run continues the order."""

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("portrait.time.sleep", interrupt)
        assert run(tmp_path, "--yes") == 130

    aurous.clock.advance(seconds=60)
    assert run(tmp_path) == 0
    assert len(aurous.characters) == 1
    assert aurous.team.credits == 995


def test_a_failed_character_is_ordered_again(aurous: Aurous, tmp_path: Path) -> None:
    """A failed character costs nothing, and the next run orders another one."""
    aurous.script("synthesizing -> failed(provider_timeout)")
    assert run(tmp_path, "--yes") == 1

    aurous.script("synthesizing -> reviewing")

    assert run(tmp_path, "--yes") == 0
    assert aurous.team.credits == 995
