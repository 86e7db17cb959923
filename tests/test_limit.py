"""No test of this project may hang: each has a limit."""

import signal
from pathlib import Path

import pytest


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no such timers on Windows")
def test_a_test_that_hangs_fails_with_its_name_and_the_stacks(pytester: pytest.Pytester) -> None:
    """At once, also if it swallows the failure, or hangs after it; the others go on, in the same worker."""
    conftest = Path(__file__).with_name("conftest.py").read_text("utf-8")
    conftest = conftest.replace("\nLIMIT: Final = 300\n", "\nLIMIT = 1\n")
    conftest = conftest.replace("\nAGAIN: Final = 20\n", "\nAGAIN = 2\n")
    pytester.makeconftest(conftest)
    pytester.makepyfile(
        """
        import threading, pytest

        def wait():
            threading.Event().wait(60)

        def test_swallows():
            threading.Thread(target=wait, name="busy", daemon=True).start()
            try:
                wait()
            except BaseException:
                wait()

        @pytest.fixture
        def ends_late():
            yield
            wait()

        def test_fails(ends_late):
            assert False

        def test_passes():
            print("in time")
        """
    )
    result = pytester.runpytest_subprocess(
        "-p", "xdist", "-n2", "--dist=loadfile", "-p", "pytest_timeout", "-rA", timeout=120
    )

    result.assert_outcomes(passed=1, failed=2, errors=1)
    result.stdout.fnmatch_lines_random(
        [
            "*Stack of busy*",
            "FAILED *::test_swallows - Failed: Timeout *>1s*",
            "ERROR *::test_fails - Failed: Timeout *>1s*",
            "PASSED *::test_passes",
        ]
    )
    before_the_summary = result.stdout.str().partition("= FAILURES =")[0]
    assert "FAILED in its call: test_a_test_that_hangs_fails_with_its_name_and_the_stacks.py::test_swallows" in (
        before_the_summary
    )
    assert "FAILED in its teardown: " in before_the_summary
    assert "crashed" not in result.stdout.str()
    assert "in serve" not in result.stderr.str(), "the worker without a test must be allowed to wait for the other"


def test_a_thread_that_never_ends_does_not_keep_the_process(pytester: pytest.Pytester) -> None:
    """After the limit, the process ends with the stacks."""
    conftest = Path(__file__).with_name("conftest.py").read_text("utf-8")
    pytester.makeconftest(conftest.replace("\nLIMIT: Final = 300\n", "\nLIMIT = 1\n"))
    pytester.makepyfile(
        """
        import threading

        def waits_forever():
            threading.Event().wait()

        def test_passes():
            threading.Thread(target=waits_forever).start()
        """
    )
    result = pytester.runpytest_subprocess(timeout=120)

    result.assert_outcomes(passed=1)
    assert result.ret == 1
    result.stderr.fnmatch_lines(["Timeout *", "*in waits_forever"])
