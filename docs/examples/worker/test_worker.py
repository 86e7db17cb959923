"""Tests of the worker, on a good day and on bad days."""

from pathlib import Path
from tempfile import mkdtemp

import pytest

from jobs import Jobs
from pytest_aurous import Aurous
from worker import TryLaterError, Worker

# Skip sleeps, and fail each test that misuses the API.
pytestmark = pytest.mark.aurous(sleep="skip", pitfalls="error")


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    """A queue with one job."""
    queue = Jobs(tmp_path / "jobs.sqlite")
    queue.add("Aurora", 28, "On a bench")
    return queue


def test_a_job_becomes_a_picture(aurous: Aurous, jobs: Jobs, tmp_path: Path) -> None:
    """The good day: a published character, a picture of it in the folder, 5 credits."""
    Worker(jobs, tmp_path).work()

    (job,) = jobs.all()
    assert job.state == "done"
    assert (tmp_path / "1.png").read_bytes() == aurous.images.last.picture()
    assert aurous.characters.last.status == "ready"
    assert aurous.images.last.character_id == aurous.characters.last.id
    assert aurous.team.available_credits == 995


def test_any_bad_day(aurous: Aurous, tmp_path: Path) -> None:
    """Whatever breaks, the job succeeds, fails, or succeeds in the next run."""

    def fresh() -> tuple[Jobs, Path]:
        folder = Path(mkdtemp(dir=tmp_path))
        jobs = Jobs(folder / "jobs.sqlite")
        jobs.add("Aurora", 28, "On a bench")
        return jobs, folder

    def work(shop: tuple[Jobs, Path]) -> str:
        jobs, folder = shop
        Worker(jobs, folder).work()
        (job,) = jobs.all()
        if job.state == "done":
            assert (folder / "1.png").read_bytes() == aurous.images.last.picture()
        return job.state

    aurous.explore(
        work,
        fresh=fresh,
        may_raise=TryLaterError,
        may_return=lambda state: state == "failed",
    )


def test_lost_responses_are_not_paid_twice(
    aurous: Aurous, jobs: Jobs, tmp_path: Path
) -> None:
    """Requests that took effect without a response are found by their keys."""
    aurous.faults.outage(seconds=120, commit=True)
    with pytest.raises(TryLaterError, match="no success in 6 attempts"):
        Worker(jobs, tmp_path).work()

    aurous.clock.advance(seconds=120)
    Worker(jobs, tmp_path).work()

    assert jobs.all()[0].state == "done"
    assert len(aurous.characters) == 1
    assert aurous.team.available_credits == 995


def test_a_killed_worker_continues(
    aurous: Aurous, jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next process polls the character that the first one has created."""

    def die(_: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("worker.time.sleep", die)
        with pytest.raises(KeyboardInterrupt):
            Worker(jobs, tmp_path).work()

    Worker(jobs, tmp_path).work()

    aurous.assert_called("characters.create", times=1)
    assert jobs.all()[0].state == "done"


@pytest.mark.aurous(credits=4)
def test_credits_run_out_between_character_and_picture(
    aurous: Aurous, jobs: Jobs, tmp_path: Path
) -> None:
    """The job waits in the queue, and its character is not drawn again."""
    with pytest.raises(TryLaterError, match="out of credits"):
        Worker(jobs, tmp_path).work()
    assert jobs.all()[0].state == "open"

    aurous.team.credits = 1
    Worker(jobs, tmp_path).work()

    assert jobs.all()[0].state == "done"
    assert aurous.team.credits == 0


@pytest.mark.aurous(rate_limits="enforce")
def test_a_rate_limit_is_respected(aurous: Aurous, jobs: Jobs, tmp_path: Path) -> None:
    """There is one retry, after the seconds that Retry-After says."""
    aurous.limits["characters_synthesize"].exhaust()

    Worker(jobs, tmp_path).work()

    refused, drawn = aurous.calls.where("characters.create")
    assert (refused.status, drawn.status) == (429, 201)
    assert drawn.at - refused.at >= 10


def test_a_drawing_that_takes_hours(aurous: Aurous, jobs: Jobs, tmp_path: Path) -> None:
    """After one hour the worker gives up, and a later run finds the drawing."""
    aurous.script("synthesizing:2h -> reviewing")
    start = aurous.clock.now()
    with pytest.raises(TryLaterError, match="synthesizing for too long"):
        Worker(jobs, tmp_path).work()
    assert (aurous.clock.now() - start).total_seconds() == pytest.approx(3600, abs=10)

    aurous.clock.advance(seconds=3600)
    Worker(jobs, tmp_path).work()

    assert jobs.all()[0].state == "done"
    assert len(aurous.characters) == 1


def test_a_rejected_drawing_is_drawn_again(
    aurous: Aurous, jobs: Jobs, tmp_path: Path
) -> None:
    """Nothing is published before the review ends; each drawing is paid."""
    verdicts = iter([False, True])

    Worker(jobs, tmp_path, review=lambda _: next(verdicts)).work()

    aurous.assert_called("characters.resynthesize", times=1)
    aurous.assert_called_in_order("characters.resynthesize", "characters.save")
    assert aurous.team.available_credits == 991


def test_a_failed_job_does_not_block_the_queue(
    aurous: Aurous, jobs: Jobs, tmp_path: Path
) -> None:
    """After three failures the job has failed, and the next one succeeds."""
    aurous.script("synthesizing -> failed(provider_timeout)", name="Aurora")
    jobs.add("Borealis", 31, "At sea")

    Worker(jobs, tmp_path).work()

    failed, done = jobs.all()
    assert (failed.state, done.state) == ("failed", "done")
    assert failed.error == "no success in 3 drawings: provider_timeout"
    assert aurous.team.available_credits == 995
