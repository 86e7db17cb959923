"""What fails a test: in its call phase, once, with what to do about it, and never instead of its own error."""

import sys
from collections.abc import Callable
from typing import Final

import pytest

Outcomes = Callable[[pytest.RunResult], dict[str, str]]

NONSENSE: Final = "https://api.aurous-labs.com/v1/charcters"
WAYS: Final = f"""
import contextlib, threading
import httpx, pytest

def looked_at():
    assert httpx.get("{NONSENSE}").status_code == 404

def ignored():
    httpx.get("{NONSENSE}")

def swallowed():
    with contextlib.suppress(Exception):
        httpx.get("{NONSENSE}").raise_for_status()

def in_a_thread():
    thread = threading.Thread(target=ignored)
    thread.start()
    thread.join()

HOW = [looked_at, ignored, swallowed, in_a_thread]
"""
"""How code under test may come to hide an unmatched request."""


@pytest.fixture(autouse=True)
def _ways(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(ways=WAYS)
    pytester.syspathinsert()


@pytest.mark.parametrize("strict", ["error", "warn", "off"])
def test_strict_decides_what_comes_of_it(pytester: pytest.Pytester, outcomes: Outcomes, strict: str) -> None:
    """Of an unmatched request, however it is hidden, an unmet fault and a bug of ours: FAILED, a warning or nothing."""
    pytester.makepyfile(
        f"""
        import pytest
        from pytest_aurous._core.world.ledger import Ledger
        from ways import HOW

        pytestmark = pytest.mark.aurous(strict="{strict}")

        @pytest.mark.parametrize("how", HOW)
        def test_unmatched(aurous, how): how()

        def test_unfired(aurous): aurous.faults.timeout("characters.create")

        def test_bug(aurous_client, monkeypatch):
            monkeypatch.setattr(Ledger, "hold", lambda *args: 1 // 0)
            body = {{"name": "Aurora", "generate": True, "attributes": {{"age": 20}}}}
            assert aurous_client.post("/v1/characters", json=body).json()["error"]["code"] == "internal_error"

        def test_good(aurous, aurous_client):
            aurous.faults.status("balance.retrieve", 503)
            assert aurous_client.get("/v1/balance").status_code == 503
            assert aurous_client.get("/v1/characters/char_x").status_code == 404
        """
    )

    result = pytester.runpytest("-rA")

    errors = {f"test_unmatched[{how}]": "AurousUnmatchedRequest" for how in ("looked_at", "ignored", "swallowed")}
    errors |= {"test_unmatched[in_a_thread]": "AurousUnmatchedRequest", "test_unfired": "AurousUnfiredFault"}
    errors["test_bug"] = "AurousError"
    expected = {name: f"failed: {error}" if strict == "error" else "passed" for name, error in errors.items()}
    assert outcomes(result) == {**expected, "test_good": "passed"}
    assert result.parseoutcomes().get("warnings", 0) == (6 if strict == "warn" else 0)
    if strict == "error":
        result.stdout.fnmatch_lines(["*Traceback (most recent call last):*", "*ZeroDivisionError*"])
        result.stdout.no_fnmatch_line("*/plugin/*.py*")


def test_strict_warn_under_warnings_as_errors_fails_once(pytester: pytest.Pytester, outcomes: Outcomes) -> None:
    """It is one FAILED as well, and no ERROR."""
    pytester.makepyfile("import ways\ndef test_it(aurous): ways.ignored()")

    result = pytester.runpytest("-rA", "-o", "aurous_strict=warn", "-W", "error::pytest_aurous.AurousWarning")

    assert outcomes(result) == {"test_it": "failed: AurousWarning"}


LATE: Final = """
    import threading
    import pytest, ways

    @pytest.fixture
    def careless(aurous):
        yield
        ways.ignored()

    @pytest.fixture
    def worker(aurous):
        go = threading.Event()
        thread = threading.Thread(target=lambda: (go.wait(), ways.ignored()))
        thread.start()
        yield
        go.set()
        thread.join()

    @pytest.fixture
    def hasty(aurous, aurous_client):
        yield
        aurous.faults.rate_limited("balance.*", retry_after=9)
        for _ in range(2):
            aurous_client.get("/v1/balance")

    class TestIt:
        @pytest.mark.parametrize("number", [1])
        def test_teardown(self, careless, number): ...

    def test_thread(worker): ...
    def test_pitfall(hasty): ...
    def test_failed(aurous):
        ways.ignored()
        assert False
"""


@pytest.mark.parametrize(("setting", "warned"), [("error", 3), ("warn", 3), ("off", 0)])
def test_what_comes_after_the_body_is_a_warning(pytester: pytest.Pytester, setting: str, warned: int) -> None:
    """A late request or pitfall cannot fail a test that has its verdict; what was told with a failure is not again."""
    pytester.makepyfile(LATE)

    result = pytester.runpytest("-o", f"aurous_strict={setting}", "-o", f"aurous_pitfalls={setting}")

    result.assert_outcomes(passed=3, failed=1, warnings=warned)
    if warned:
        result.stdout.fnmatch_lines(["*AurousWarning: *::TestIt::test_teardown[[]1]:*"])
        result.stdout.fnmatch_lines(["*AurousWarning: *::test_thread:*"])


def test_a_test_keeps_its_own_outcome(pytester: pytest.Pytester, outcomes: Outcomes) -> None:
    """Its own error, skip or expected failure comes before the verdict, which `raises=` of an xfail knows, too."""
    pytester.makepyfile(
        """
        import unittest
        import pytest
        from pytest_aurous import Aurous, AurousError, AurousLookupError, AurousUnmatchedRequest
        from ways import ignored

        def expects(raises):
            return pytest.mark.xfail(raises=raises, strict=True)

        @pytest.fixture
        def broken(aurous):
            raise OSError("disk")

        def test_own_error(aurous):
            ignored()
            raise OSError("my own")

        def test_setup(broken): ...

        def test_skipped(aurous):
            ignored()
            pytest.skip("not today")

        @expects(OSError)
        def test_raises(aurous):
            ignored()
            raise OSError

        def test_called(aurous):
            ignored()
            pytest.xfail("known")

        @expects(AurousUnmatchedRequest)
        def test_own(aurous): ignored()

        @expects((OSError, AssertionError))
        def test_base(aurous): ignored()

        @expects(AurousError)
        def test_family(aurous): ignored()

        @expects(AurousLookupError)
        def test_other(aurous): ignored()

        @pytest.mark.usefixtures("aurous")
        class TestFixture(unittest.TestCase):
            def test_good(self): ...
            def test_bad(self): ignored()
            def test_both(self):
                ignored()
                self.assertEqual(1, 2)

        class TestBlock(unittest.TestCase):
            def run_in(self, check):
                with Aurous() as aurous:
                    check(aurous)

            def test_good(self): self.run_in(lambda aurous: aurous.client().get("/v1/balance"))
            def test_bad(self): self.run_in(lambda aurous: ignored())
            def test_both(self): self.run_in(lambda aurous: (ignored(), self.assertEqual(1, 2)))
        """
    )

    result = pytester.runpytest("-rA", "-W", "error")

    unmatched = "failed: AurousUnmatchedRequest"
    assert outcomes(result) == {
        "test_own_error": "failed: OSError",
        "test_setup": "error: OSError",
        **dict.fromkeys(["test_raises", "test_called", "test_own", "test_base", "test_family"], "xfail"),
        "test_other": unmatched,
        **{f"{name}::test_good": "passed" for name in ("TestFixture", "TestBlock")},
        **{f"{name}::test_bad": unmatched for name in ("TestFixture", "TestBlock")},
        **{f"{name}::test_both": "failed: AssertionError" for name in ("TestFixture", "TestBlock")},
    }
    assert result.parseoutcomes()["skipped"] == 1


def test_the_next_test_is_not_blamed(pytester: pytest.Pytester) -> None:
    """The verdict is on the test that sent the request; under ``-x`` the run stops there."""
    pytester.makepyfile("import ways\ndef test_bad(aurous): ways.ignored()\ndef test_good(aurous): ...")

    pytester.runpytest("-p", "no:randomly").assert_outcomes(failed=1, passed=1)
    pytester.runpytest("-p", "no:randomly", "-x").assert_outcomes(failed=1, warnings=0)


def test_a_debugger_is_entered_once(pytester: pytest.Pytester) -> None:
    """Under ``--pdb`` it is there for each verdict while the fake still stands, and the report is one FAILED."""
    pytester.makepyfile(
        debugger="""
        import os

        class Debugger:
            quitting = False

            def __init__(self, *args, **kwargs): ...

            def reset(self): ...

            def interaction(self, frame, traceback):
                print(f"<entered, {os.environ['AUROUS_BASE_URL']}>")
        """,
        test_pdb="""
        import unittest
        import pytest
        from ways import swallowed

        def test_function(aurous): swallowed()

        class TestIt:
            def test_method(self, aurous): swallowed()

        @pytest.mark.usefixtures("aurous")
        class TestUnit(unittest.TestCase):
            def test_unit(self): swallowed()
        """,
    )

    result = pytester.runpytest("--pdb", "--pdbcls=debugger:Debugger")

    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["*AurousUnmatchedRequest: *", "*Aurous timeline*", "*<entered, https://api.*"] * 3)
    assert sum("<entered" in line for line in result.stdout.lines) == 3


def test_the_real_debugger_can_go_on(pytester: pytest.Pytester) -> None:
    """Python's own, in a process of its own, that is told to continue."""
    pytester.makepyfile("import ways\ndef test_bad(aurous): ways.ignored()\ndef test_good(aurous): ...")

    result = pytester.run(sys.executable, "-m", "pytest", "--pdb", "-p", "no:randomly", stdin=b"c\n")

    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["*AurousUnmatchedRequest: *", "*Aurous timeline*", "*(Pdb)*"])


@pytest.mark.skipif(pytest.version_tuple < (9,), reason="subtests came with pytest 9")
def test_a_subtest_leaves_the_verdict_to_its_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("import ways\ndef test_it(aurous, subtests):\n    with subtests.test('a'): ways.ignored()")

    result = pytester.runpytest()

    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines(["*AurousUnmatchedRequest: *"])
