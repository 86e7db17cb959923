from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_aurous import AurousScriptError, Script
from pytest_aurous._core.resources.catalog import LIFECYCLES
from pytest_aurous._core.world.script import Hold, Lifecycle, Plan, Status, Step, plan_of

CHARACTERS = LIFECYCLES["characters"]
IMAGES = Lifecycle("images", {"pending": Status({"done": "", "failed": ""}), "done": Status(), "failed": Status()})


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("synthesizing -> reviewing", [[("synthesizing",), ("reviewing",)]]),
        ("synthesizing*3 -> reviewing", [[("synthesizing", None, Hold("*", 3)), ("reviewing",)]]),
        ("synthesizing*0 -> reviewing", [[("synthesizing", None, Hold("*", 0)), ("reviewing",)]]),
        ("synthesizing:45s -> reviewing", [[("synthesizing", None, Hold(":", 45, "s")), ("reviewing",)]]),
        ("synthesizing! -> reviewing", [[("synthesizing", None, Hold("!")), ("reviewing",)]]),
        (
            "synthesizing*2 -> failed(provider_timeout) ; synthesizing -> reviewing",
            [
                [("synthesizing", None, Hold("*", 2)), ("failed", "provider_timeout")],
                [("synthesizing",), ("reviewing",)],
            ],
        ),
        (
            "synthesizing → failed ( content.policy-1 ) * 2",
            [[("synthesizing",), ("failed", "content.policy-1", Hold("*", 2))]],
        ),
        (
            "synthesizing*123456789 -> reviewing:123456789ms",
            [[("synthesizing", None, Hold("*", 123456789)), ("reviewing", None, Hold(":", 123456789, "ms"))]],
        ),
        ("synthesizing→failed(x)→synthesizing", [[("synthesizing",), ("failed", "x"), ("synthesizing",)]]),
        ("synthesizing;synthesizing!", [[("synthesizing",)], [("synthesizing", None, Hold("!"))]]),
        ("\n  synthesizing : 5 ms\n  -> ready\n", [[("synthesizing", None, Hold(":", 5, "ms")), ("ready",)]]),
    ],
)
def test_a_script_says_what_a_poller_sees(text: str, runs: list[list[tuple[Any, ...]]]) -> None:
    """Every form of the grammar, with and without blanks, is read into runs of steps."""
    script = Script.parse(text)

    assert script.runs == tuple(tuple(Step(*step) for step in run) for run in runs)
    assert Script.parse(str(script)) == script


ARROWS: Final = ("=>", ",", "-->", ">", "==>", "|", "\u21d2", "then")


@pytest.mark.parametrize(
    ("text", "column", "word"),
    [
        ("", 1, "begins with"),
        ("reviewing", 1, "begins with"),
        ("synthezising -> ready", 1, "did you mean 'synthesizing'"),
        ("synthesizing -> reviewed", 17, "did you mean 'reviewing'"),
        ("synthesizing -> Ready_2", 17, "did you mean 'ready'"),
        ("synthesizing -> failed -> reviewing", 27, "'synthesizing' or 'deleted'"),
        ("synthesizing -> deleted -> ready", 28, "final"),
        ("synthesizing -> 3", 17, "found '3'"),
        ("synthesizing -> ", 17, "found the end"),
        ("synthesizing ;", 15, "found the end"),
        ("synthesizing ready", 14, "unexpected 'ready'"),
        ("synthesizing*2*3", 15, "unexpected '*3'"),
        *((f"synthesizing*3 {arrow} ready", 16, "arrow") for arrow in ARROWS),
        ("synthesizing = ready", 14, "arrow"),
        ("synthesizing(x)", 13, "takes no error"),
        ("synthesizing -> failed(a b)", 23, "error"),
        ("synthesizing -> failed()", 23, "error"),
        ("synthesizing*", 13, "hold"),
        ("synthesizing:45", 13, "hold"),
        ("synthesizing:4d", 13, "hold"),
        ("synthesizing:4sx", 13, "hold"),
        ("synthesizing*1234567890", 13, "hold"),
        ("synthesizing*-1", 13, "hold"),
        (f"synthesizing:{'9' * 5000}s -> ready", 13, "hold"),
        ("synthesizing\n -> nowhere", 18, "can be followed by"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_wrong_script_is_explained_at_its_column(text: str, column: int, word: str) -> None:
    """The error says what was wrong, at which column, and shows the place."""
    with pytest.raises(AurousScriptError) as caught:
        Script.parse(text)

    head, line, caret, hint, _ = str(caught.value).split("\n")
    assert f"characters, column {column}: " in head
    assert line == f"    {text}".replace("\n", " ")
    assert caret == f"    {' ' * (column - 1)}^"
    assert word in head + hint


@pytest.mark.parametrize("text", ["ready", "synthesizing -> ", "synthesizing(x)", "synthesizing*", "synthesizing )", 3])
def test_an_error_points_at_the_line_of_the_author(text: Any) -> None:
    """None of the frames in which the script was read is shown."""
    with pytest.raises(AurousScriptError) as caught:
        plan_of(text, CHARACTERS)

    frames = [frame for frame in caught.traceback if Path(frame.path).name == "script.py"]
    assert frames
    assert [frame.name for frame in frames if not frame.ishidden(caught)] == []


@pytest.mark.parametrize("text", [None, 3, b"synthesizing", ["synthesizing"]], ids=repr)
def test_a_script_is_text(text: Any) -> None:
    """Anything else is refused, with an example, wherever a script is asked for."""
    for read in (Script.parse, partial(plan_of, lifecycle=CHARACTERS)):
        with pytest.raises(AurousScriptError, match="text"):
            read(text)


@pytest.mark.parametrize("resource", ["character", "files", ""])
def test_a_resource_without_a_lifecycle_is_refused(resource: str) -> None:
    """The error lists the resources that have one."""
    with pytest.raises(AurousScriptError, match="'characters'"):
        Script.parse("synthesizing", resource)


def test_scripts_are_values() -> None:
    """Equal text is an equal script, whatever the blanks, and fit for a set."""
    one, other = Script.parse("synthesizing*3 -> ready"), Script.parse("synthesizing * 3 → ready")

    assert one == other
    assert len({one, other, Script.parse("synthesizing*2 -> ready")}) == 2
    with pytest.raises(AttributeError):
        one.runs = ()  # type: ignore[misc]


@pytest.mark.parametrize("script", [Script.parse("synthesizing*3 -> ready")])
def test_a_script_is_its_own_parametrize_id(request: pytest.FixtureRequest, script: Script) -> None:
    """The name of a test shows the script as text."""
    assert request.node.name.endswith("[synthesizing*3 -> ready]")
    assert script.__name__ == str(script)


def test_text_and_parsed_scripts_are_both_plans() -> None:
    """Where a script is asked for, either will do."""
    text = "synthesizing*3 -> ready"

    assert plan_of(text, CHARACTERS) == plan_of(Script.parse(text), CHARACTERS) == Plan(Script.parse(text).runs)
    assert repr(plan_of(text, CHARACTERS)) == "<Plan 'synthesizing*3 -> ready'>"


def test_a_script_of_another_resource_is_refused() -> None:
    """A parsed script is checked against the state machine that it is given to."""
    with pytest.raises(AurousScriptError, match="images"):
        plan_of(Script.parse("synthesizing -> ready"), IMAGES)

    assert str(plan_of("pending*2 -> done", IMAGES)) == "pending*2 -> done"


def test_a_script_shows_itself_as_it_is_written() -> None:
    """A failing test shows the text, not the parts that we made of it."""
    assert repr(Script.parse("synthesizing*3->reviewing")) == 'Script.parse("synthesizing*3 -> reviewing")'
