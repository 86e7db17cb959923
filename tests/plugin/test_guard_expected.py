"""Which refusals a test expects: those that leave its body, or reach a context manager that accepts them."""

from collections.abc import Callable

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
    """By `pytest.raises` or `assertRaises`, whatever type they name; also nested, and in a thread."""
    pytester.makepyfile(
        HEAD
        + """
    KINDS = [AurousNetworkBlocked, AurousError, Exception, (ValueError, AurousNetworkBlocked)]

    @pytest.mark.parametrize("kind", KINDS)
    def test_raises(kind):
        with pytest.raises(kind):
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

    result.assert_outcomes(passed=10, xfailed=3)
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
    def test_swallowed():
        swallow()

    def test_open_but_swallowed_inside():
        with pytest.raises(Exception):
            swallow()
            raise ValueError

    def test_suppressed():
        with contextlib.suppress(Exception):
            look_up()

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

    result = pytester.runpytest("-W", "ignore::DeprecationWarning", "--junitxml=report.xml")

    result.assert_outcomes(failed=16)
    assert str(result.stdout).count("FAILED ") == 16
    assert (pytester.path / "report.xml").read_text(encoding="utf-8").count(
        "<failure "
    ) == 16  # also of what was to fail
    result.stdout.no_fnmatch_line("*AurousWarning*")


def test_what_comes_of_it_in_each_phase(
    pytester: pytest.Pytester, outcomes: Callable[[pytest.RunResult], dict[str, str]]
) -> None:
    """A skip in setup hides no connection; a test's own error stays; what a teardown swallows is a warning."""
    pytester.makepyfile(
        HEAD
        + """
    @pytest.fixture
    def careless():
        swallow()

    @pytest.fixture
    def offline():
        swallow()
        pytest.skip("offline")

    @pytest.fixture
    def careful():
        with pytest.raises(AurousNetworkBlocked):
            look_up()
        pytest.skip("offline")

    @pytest.fixture
    def raising():
        yield
        look_up()

    @pytest.fixture
    def swallowing():
        yield
        swallow()

    def test_careless(careless): ...
    def test_offline(offline): ...
    def test_careful(careful): ...
    def test_raising(raising): ...
    def test_swallowing(swallowing): ...
    def test_own_error():
        swallow()
        raise OSError
    """
    )

    result = pytester.runpytest("-rA")

    assert outcomes(result) == {
        "test_careless": "failed: AurousNetworkBlocked",
        "test_offline": "error: AurousNetworkBlocked",
        "test_raising": "passed, error: AurousNetworkBlocked",
        "test_swallowing": "passed",
        "test_own_error": "failed: OSError",
    }
    result.assert_outcomes(passed=2, failed=2, errors=2, skipped=1, warnings=1)
    result.stdout.fnmatch_lines(["*Aurous network guard*", "*::test_own_error: *"])
    result.stdout.fnmatch_lines(["*AurousWarning: *::test_swallowing: *"])
