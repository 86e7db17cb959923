import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aurous import AurousScriptError, Script
from pytest_aurous._core.resources.catalog import LIFECYCLES
from pytest_aurous._core.world.script import Hold, Step

pytestmark = pytest.mark.slow

# A machine that is busy, or builds Hypothesis' tables for the first time, is no finding.
CHARACTERS = LIFECYCLES["characters"]
CODES = st.text("abcxyz019_.-", min_size=1, max_size=20)
HOLDS = st.none() | st.one_of(
    st.builds(Hold, st.just("*"), st.integers(0, 10_000), st.just("")),
    st.builds(Hold, st.just(":"), st.integers(0, 10_000), st.sampled_from(["ms", "s", "m", "h"])),
    st.just(Hold("!")),
)
BLANKS = st.sampled_from(["", " ", "  ", "\n", "\t"])
FRAGMENTS = st.sampled_from(
    [*CHARACTERS.edges, "->", "→", ";", "*", "*3", ":", ":4", "s", "ms", "!", "(", ")", "(x)", " ", "\n", "-", "1", "é"]
)


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    """Draw a legal script: each run a walk along the edges."""
    runs = []
    for _ in range(draw(st.integers(1, 4))):
        status, steps = CHARACTERS.start, list[Step]()
        for _ in range(draw(st.integers(1, 6))):
            error = draw(st.none() | CODES) if status == "failed" else None
            steps.append(Step(status, error, draw(HOLDS)))
            if not CHARACTERS.edges[status]:
                break
            status = draw(st.sampled_from(CHARACTERS.edges[status]))
        runs.append(tuple(steps))
    return Script(tuple(runs))


@given(scripts())
def test_parse_and_str_are_inverse(script: Script) -> None:
    """Every legal script survives being written and read, as a value."""
    again = Script.parse(str(script))

    assert again == script
    assert hash(again) == hash(script)
    assert str(again) == str(script)


@given(scripts(), st.sampled_from(["->", "→"]), st.data())
def test_blanks_and_arrows_mean_nothing(script: Script, arrow: str, data: st.DataObject) -> None:
    """Whatever stands between the words, the script is the same."""
    words = re.split(r"\s*(->|;)\s*", str(script))
    spaced = "".join(f"{data.draw(BLANKS)}{arrow if word == '->' else word}{data.draw(BLANKS)}" for word in words)

    assert Script.parse(spaced) == script


@given(st.text() | st.lists(FRAGMENTS, max_size=12).map("".join))
def test_any_text_is_a_script_or_a_script_error_with_a_column(text: str) -> None:
    """Nothing else is ever raised, and the column is one of the text, or the place where it ends."""
    problem = None
    try:
        script = Script.parse(text)
    except AurousScriptError as error:
        problem = error

    if problem is None:
        assert Script.parse(str(script)) == script
    else:
        found = re.match(r"Script for characters, column (\d+): ", str(problem))
        assert found is not None
        assert 1 <= int(found[1]) <= len(text) + 1


@given(st.none() | st.integers() | st.binary() | st.lists(st.text()))
def test_anything_but_text_is_a_script_error(value: Any) -> None:
    """A wrong type is no crash either."""
    with pytest.raises(AurousScriptError, match="A script is text such as"):
        Script.parse(value)
