import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aurous import AurousScriptError, Script
from pytest_aurous._core.resources.catalog import LIFECYCLES
from pytest_aurous.hypothesis import scripts

pytestmark = pytest.mark.slow

CHARACTERS = LIFECYCLES["characters"]
BLANKS = st.sampled_from(["", " ", "  ", "\n", "\t"])
FRAGMENTS = st.sampled_from(
    [*CHARACTERS.edges, "->", "→", ";", "*", "*3", ":", ":4", "s", "ms", "!", "(", ")", "(x)", " ", "\n", "-", "1", "é"]
)


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
