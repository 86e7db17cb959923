"""Tests of the storyteller, on good days and on bad days."""

from pathlib import Path
from tempfile import mkdtemp

import pytest

from pytest_aurous import Aurous, Call
from storyteller import StoryError, tell

# Skip sleeps, and fail each test that misuses the API.
pytestmark = pytest.mark.aurous(sleep="skip", pitfalls="error")

STORY = "Aurora walks to the lake, and the moon follows her."


def script(aurous: Aurous, *prompts: str) -> None:
    """Say what the model says: it asks for these pictures, and then it writes."""
    for prompt in prompts:
        aurous.chat.reply(tool_calls=[("draw", {"prompt": prompt})], times=1)
    aurous.chat.reply("I have all pictures.", times=1)
    aurous.chat.reply(STORY, when="Write it.")


def streams(call: Call) -> bool:
    """Whether a request asks for a stream."""
    return "stream" in call.request.json


def test_a_story_with_two_pictures(aurous: Aurous, tmp_path: Path) -> None:
    """The good day: the text arrives as a stream, the pictures are files."""
    script(aurous, "Aurora", "The moon")

    assert tell("job-1", "the moon", tmp_path) == STORY

    first, second = aurous.images
    assert [first.prompt, second.prompt] == ["Aurora", "The moon"]
    assert (tmp_path / "2.png").read_bytes() == second.picture()


def test_a_lost_response_draws_nothing_twice(aurous: Aurous, tmp_path: Path) -> None:
    """The picture was ordered, but no response arrived: the retry finds it."""
    script(aurous, "Aurora", "The moon")
    aurous.faults.timeout("images.create", commit=True)

    tell("job-1", "the moon", tmp_path)

    aurous.assert_called("images.create", times=3)
    assert len(aurous.images) == 2


def test_a_killed_process_draws_nothing_twice(aurous: Aurous, tmp_path: Path) -> None:
    """The next process repeats the steps, and gets the same calls and pictures."""
    script(aurous, "Aurora", "The moon")
    aurous.faults.disconnect("images.output", times=6)
    with pytest.raises(StoryError):
        tell("job-1", "the moon", tmp_path)

    assert tell("job-1", "the moon", tmp_path) == STORY
    assert len(aurous.images) == 2


def test_a_stream_that_breaks_off(aurous: Aurous, tmp_path: Path) -> None:
    """Half a story is no story: it is asked for again."""
    script(aurous, "Aurora", "The moon")
    aurous.faults.disconnect("chat.create", after_events=2, when=streams)
    aurous.faults.malformed("chat.create", "half_event", when=streams)

    assert tell("job-1", "the moon", tmp_path) == STORY


def test_a_picture_that_is_refused(aurous: Aurous, tmp_path: Path) -> None:
    """The model is told, and the story goes on without it."""
    script(aurous, "Aurora", "The moon")
    aurous.images.script("pending -> failed(prompt_blocked)", name="Aurora")

    assert tell("job-1", "the moon", tmp_path) == STORY

    assert [file.name for file in tmp_path.iterdir()] == ["2.png"]
    told = aurous.chat.completions.last.messages[2]
    assert told["content"] == "There is no picture: prompt_blocked."


def test_any_bad_day(aurous: Aurous, tmp_path: Path) -> None:
    """Whatever breaks: a whole story or a StoryError, and no picture is paid twice."""
    script(aurous, "Aurora")

    def run(folder: Path) -> tuple[str, int]:
        return tell("job-1", "the moon", folder), len(list(folder.iterdir()))

    aurous.explore(
        run,
        fresh=lambda: Path(mkdtemp(dir=tmp_path)),
        may_raise=(StoryError,),
        may_return=lambda told: told[1] == 0,
    )
