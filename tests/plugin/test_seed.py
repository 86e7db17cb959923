"""The data of a test: the same on each platform, in any company, and again with each seed that a report shows."""

import re
import sys
from textwrap import dedent
from types import SimpleNamespace
from typing import Any, Final

import pytest

from pytest_aurous.plugin.fixtures import _seed_of

# A person, an id, a key and a name are all that chance decides.
WRITES_DATA: Final = """
    import json
    import pytest

    def write(name, aurous, aurous_faker):
        character = aurous.characters.add()
        data = [aurous.seed, aurous.api_key, character.id, character.name, character.attributes,
                aurous_faker.aurous_attributes(), aurous_faker.name(), aurous.faker.name()]
        with open(f"{name}.jsonl", "a") as file:
            print(json.dumps(data), file=file)

    def test_one(aurous, aurous_faker):
        write("one", aurous, aurous_faker)

    class TestIt:
        @pytest.mark.parametrize("number", [1, 2])
        def test_two(self, number, aurous, aurous_faker):
            write(f"two{number}", aurous, aurous_faker)

    def test_three(aurous_faker, aurous):
        write("three", aurous, aurous_faker)
"""


def data_of(pytester: pytest.Pytester) -> dict[str, set[str]]:
    """Return what the tests of `WRITES_DATA` have written until now."""
    return {path.stem: set(path.read_text(encoding="utf-8").splitlines()) for path in pytester.path.glob("*.jsonl")}


def test_the_data_depends_on_the_seed_and_the_test_alone(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not on selection, order, process, PYTHONHASHSEED or current folder; another seed gives each test other data."""
    pytester.makeini("[pytest]")
    folder = pytester.mkdir("folder")
    text = dedent(WRITES_DATA).replace("{name}.jsonl", f"{pytester.path}/{{name}}.jsonl")
    (folder / "test_data.py").write_text(text, encoding="utf-8")

    pytester.runpytest("folder", "-p", "no:randomly").assert_outcomes(passed=4)
    before = data_of(pytester)
    pytester.runpytest("folder", "-k", "three or two").assert_outcomes(passed=3, deselected=1)
    order = (f"folder/test_data.py::{name}" for name in ("test_three", "TestIt::test_two", "test_one"))
    pytester.runpytest("-p", "no:randomly", *order).assert_outcomes(passed=4)
    monkeypatch.setenv("PYTHONHASHSEED", "1")
    monkeypatch.chdir(folder)
    assert pytester.run(sys.executable, "-m", "pytest").ret == 0

    assert data_of(pytester) == before
    assert [len(lines) for lines in before.values()] == [1] * 4
    assert len(set.union(*before.values())) == 4
    pytester.runpytest("--aurous-seed", "1").assert_outcomes(passed=4)
    assert [len(lines) for lines in data_of(pytester).values()] == [2] * 4


@pytest.mark.parametrize(
    ("windows", "posix"),
    [
        (("tests\\api\\test_x.py", 3, "test_it"), ("tests/api/test_x.py", 3, "test_it")),
        (("test_x.py", 3, "test_it[data\\\\one.json]"), ("test_x.py", 3, "test_it[data/one.json]")),
    ],
    ids=["path", "parameter, as pytest escapes it"],
)
def test_the_style_of_paths_changes_nothing(windows: Any, posix: Any) -> None:
    """A test has the same seed where paths are written with backslashes."""
    one, two = (_seed_of(SimpleNamespace(location=place), 7) for place in (windows, posix))  # type: ignore[arg-type]

    assert one == two
    assert one != _seed_of(SimpleNamespace(location=posix), 8)  # type: ignore[arg-type]


FAKER_SEED: Final = """
    import pytest
    from pytest_aurous import Aurous

    class TestNumber:
        @pytest.fixture
        def faker_seed(self): return 11

        @pytest.mark.aurous(seed=0)
        def test_zero(self, aurous_seed): assert aurous_seed == 0

        @pytest.mark.aurous(seed=5)
        def test_five(self, aurous_seed): assert aurous_seed == 5

        def test_faker(self, aurous_seed): assert aurous_seed == 11

    class TestText:
        @pytest.fixture(scope="session")
        def faker_seed(self): return "text"

        def test_others(self, aurous_seed, seen=set()):
            assert isinstance(aurous_seed, int)
            assert aurous_seed not in seen
            seen.add(aurous_seed)

    class TestAnother(TestText):
        @pytest.fixture
        def faker_seed(self): return "another"

    class TestNone(TestText):
        @pytest.fixture
        def faker_seed(self): return None

    class TestBroken:
        @pytest.fixture
        def faker_seed(self, no_such_fixture): return 11

        def test_broken(self, aurous): ...
"""


def test_faker_seed_is_the_base_seed(pytester: pytest.Pytester) -> None:
    """A suite that seeds Faker seeds us, if no setting does; a fixture that is broken is an error of the suite."""
    pytester.makepyfile(FAKER_SEED)

    result = pytester.runpytest()

    result.assert_outcomes(passed=6, errors=1)
    result.stdout.fnmatch_lines(["*fixture 'no_such_fixture' not found"])


@pytest.mark.parametrize("seed", ["'a text'", "-(10**30)"])
def test_each_seed_of_a_report_is_accepted(pytester: pytest.Pytester, seed: str) -> None:
    """The command after `again:` makes the same data, of any seed; the effective one is taken, too."""
    fixture = "faker_seed" if "text" in seed else "aurous_seed"
    pytester.makepyfile(
        f"""
        import pytest
        from pytest_aurous import Aurous

        @pytest.fixture
        def {fixture}():
            return {seed}

        def test_it(aurous):
            assert Aurous(seed=aurous.seed).characters.add().name == aurous.characters.add().name
            raise OSError(f"< {{aurous.characters.add().name}} {{aurous.seed}} >")
        """
    )
    first = str(pytester.runpytest().stdout)
    again = re.search(r"again: pytest (\S+) (--aurous-seed=\S+)", first)
    effective = re.search(r"OSError: < .* (\d+) >", first)
    assert again is not None
    assert effective is not None

    pytester.runpytest(*again.groups()).stdout.fnmatch_lines([f"*{effective[0]}"])
    pytester.runpytest(f"--aurous-seed={effective[1]}").stdout.fnmatch_lines(["*OSError: < *"])
