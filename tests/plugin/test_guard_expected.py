"""Which refusals a test expects: those that leave its body, or reach a context manager that accepts them."""

from __future__ import annotations

import pytest

HEAD = """
    import contextlib, gc, socket, threading, time, unittest
    import pytest
    from pytest_aurous import AurousError, AurousNetworkBlocked

    def look_up():
        socket.getaddrinfo("api.aurous-labs.com", 443)

    def swallow():
        try:
            look_up()
        except Exception:
            pass
"""


def test_a_refusal_that_is_accepted_is_expected(pytester: pytest.Pytester) -> None:
    """By `pytest.raises` or `assertRaises`, whatever type they name; also three in a row, nested, and in a thread."""
    pytester.makepyfile(
        HEAD
        + """
    KINDS = [AurousNetworkBlocked, AurousError, Exception, (ValueError, AurousNetworkBlocked)]

    @pytest.mark.parametrize("kind", KINDS)
    def test_raises(kind):
        with pytest.raises(kind):
            look_up()

    def test_three_in_a_row():
        for _ in range(3):
            with pytest.raises(AurousNetworkBlocked):
                look_up()

    def test_nested():
        with pytest.raises(AurousNetworkBlocked):
            with pytest.raises(ValueError):
                with contextlib.suppress(ValueError):
                    look_up()

    def test_exit_stack():
        with contextlib.ExitStack() as stack:
            stack.enter_context(pytest.raises(AurousNetworkBlocked))
            look_up()

    def test_kept_and_raised_later():
        try:
            look_up()
        except AurousError as error:
            kept = error
        with pytest.raises(AurousNetworkBlocked):
            raise kept

    def test_in_a_thread():
        def run():
            with pytest.raises(AurousNetworkBlocked):
                look_up()
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()

    class TestUnittest(unittest.TestCase):
        def test_assert_raises(self):
            with self.assertRaises(AurousNetworkBlocked):
                look_up()

        def test_assert_raises_regex(self):
            with self.assertRaisesRegex(AurousNetworkBlocked, "blocked"):
                look_up()

        def test_called(self):
            self.assertRaises(AurousNetworkBlocked, look_up)

        @unittest.expectedFailure
        def test_expected_failure(self):
            look_up()

    @pytest.mark.xfail(raises=AurousNetworkBlocked, strict=True)
    def test_xfail_raises():
        look_up()

    @pytest.mark.xfail(strict=True)
    def test_xfail():
        look_up()
    """
    )

    result = pytester.runpytest("-W", "error")

    result.assert_outcomes(passed=12, xfailed=3)
    result.stdout.no_fnmatch_line("*AurousWarning*")


@pytest.mark.skipif(not hasattr(pytest, "RaisesGroup"), reason="came with pytest 8.4")
def test_so_is_one_in_a_group(pytester: pytest.Pytester) -> None:
    """Accepted by `pytest.RaisesGroup`, by a `pytest.raises` that names no type, or that names the group's."""
    pytester.makepyfile(
        HEAD
        + """
    import sys
    if sys.version_info < (3, 11):
        from exceptiongroup import ExceptionGroup

    def both():
        errors = []
        for _ in range(2):
            try:
                look_up()
            except AurousError as error:
                errors.append(error)
        raise ExceptionGroup("two", [errors[0], ExceptionGroup("one", [errors[1]])])

    def test_group():
        with pytest.RaisesGroup(AurousError, AurousError, flatten_subgroups=True):
            both()

    def test_raises():
        with pytest.raises(ExceptionGroup):
            both()

    def test_match_alone():
        with pytest.raises(match="blocked"):
            look_up()

    def test_called():
        pytest.raises(AurousNetworkBlocked, look_up)

    @pytest.mark.xfail(raises=ExceptionGroup, strict=True)
    def test_xfail():
        both()

    def test_wrong_type():
        swallow()
        with pytest.RaisesGroup(ValueError):
            raise ExceptionGroup("x", [ValueError()])
    """
    )

    pytester.runpytest("-W", "error").assert_outcomes(passed=4, xfailed=1, failed=1)


def test_every_other_refusal_fails_the_test(pytester: pytest.Pytester) -> None:
    """Whatever swallowed it, and whatever objects of `pytest.raises` there are."""
    pytester.makepyfile(
        HEAD
        + """
    STALE = pytest.raises(Exception)
    with pytest.raises(Exception) as OVER:
        raise ValueError

    @pytest.fixture(scope="session")
    def held():
        with pytest.raises(Exception) as waiting:
            yield waiting
            raise ValueError

    def test_swallowed():
        swallow()

    @pytest.mark.parametrize("expectation", [pytest.raises(Exception)])
    def test_parametrized(expectation):
        swallow()

    def test_stale():
        waiting = pytest.raises(Exception)
        swallow()

    def test_session_fixture(held):
        swallow()

    def test_open_but_swallowed_inside():
        with pytest.raises(Exception):
            swallow()
            raise ValueError

    def test_suppressed():
        with contextlib.suppress(Exception):
            look_up()

    def test_retried():
        for _ in range(3):
            swallow()

    def test_the_first_is_swallowed():
        swallow()
        with pytest.raises(AurousNetworkBlocked):
            look_up()

    def test_translated():
        with pytest.raises(ValueError):
            try:
                look_up()
            except AurousError as error:
                raise ValueError from error

    def test_not_matched_and_swallowed():
        with contextlib.suppress(BaseException):
            with pytest.raises(OSError):
                look_up()

    def test_skipped():
        try:
            look_up()
        except Exception:
            pytest.skip("offline")

    def test_expected_to_fail():
        swallow()
        pytest.xfail("known")

    @pytest.mark.xfail(raises=ValueError)
    def test_expected_for_another_reason():
        swallow()
        raise ValueError

    @pytest.mark.xfail(raises=AurousNetworkBlocked)
    def test_expected_but_swallowed():
        swallow()

    @pytest.mark.xfail
    def test_expected_for_any_reason():
        swallow()

    def test_a_thread():
        thread = threading.Thread(target=swallow)
        thread.start()
        thread.join()

    class TestUnittest(unittest.TestCase):
        def test_swallowed(self):
            swallow()

        def test_another(self):
            with self.assertRaises(ValueError):
                swallow()
                raise ValueError

        def test_skipped(self):
            swallow()
            self.skipTest("offline")

        @unittest.expectedFailure
        def test_fails_for_another_reason(self):
            swallow()
            self.fail()
    """
    )

    result = pytester.runpytest("-W", "ignore::DeprecationWarning")

    result.assert_outcomes(failed=20)
    assert str(result.stdout).count("FAILED ") == 20
    result.stdout.no_fnmatch_line("*AurousWarning*")


def test_a_fixture_that_skips_instead_is_an_error(pytester: pytest.Pytester) -> None:
    """A skip in setup hides no connection either; one that expects it may skip."""
    pytester.makepyfile(
        HEAD
        + """
    @pytest.fixture
    def offline():
        swallow()
        pytest.skip("offline")

    @pytest.fixture
    def careful():
        with pytest.raises(AurousNetworkBlocked):
            look_up()
        pytest.skip("offline")

    def test_it(offline): ...

    def test_other(careful): ...
    """
    )

    result = pytester.runpytest()

    result.assert_outcomes(errors=1, skipped=1)
    result.stdout.fnmatch_lines(["*AurousNetworkBlocked: *::test_it: a connection to *"])


def test_a_test_that_fails_by_itself_shows_it_too(pytester: pytest.Pytester) -> None:
    """Its own error stays the failure; what was blocked is a section of the report."""
    pytester.makepyfile(HEAD + "\n    def test_it():\n        swallow()\n        assert not 'data'\n")

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E*AssertionError*", "*Aurous network guard*", "*::test_it: a connection to *", "FAILED *AssertionError*"]
    )


def test_teardown(pytester: pytest.Pytester) -> None:
    """What leaves a teardown is its error, told once; what a teardown swallows is a warning."""
    pytester.makepyfile(
        HEAD
        + """
    @pytest.fixture
    def raising():
        yield
        look_up()

    @pytest.fixture
    def swallowing():
        yield
        swallow()

    def test_raising(raising): ...

    def test_swallowing(swallowing): ...
    """
    )

    result = pytester.runpytest()

    result.assert_outcomes(passed=2, errors=1, warnings=1)
    result.stdout.fnmatch_lines(["*AurousWarning: *::test_swallowing: a connection to *"])


def test_many_attempts_cost_little_however_much_is_in_memory(pytester: pytest.Pytester) -> None:
    """200 refusals with two million objects in memory: far below two seconds of work."""
    pytester.makepyfile(
        HEAD
        + """
    def test_it():
        objects = [[] for _ in range(2_000_000)]
        start = time.process_time()
        for _ in range(200):
            with pytest.raises(AurousNetworkBlocked):
                look_up()
        assert time.process_time() - start < 2
    """
    )

    pytester.runpytest().assert_outcomes(passed=1)
