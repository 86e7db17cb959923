"""gevent: its sleeps are not skipped, and a warning says so."""

import pytest

pytest.importorskip("gevent")


@pytest.mark.parametrize("early", [True, False])
def test_sleeps_of_gevent_are_real(pytester: pytest.Pytester, *, early: bool) -> None:
    """Whether its monkey patch comes before the fake or during a test, and in each greenlet."""
    patch = "from gevent import monkey; monkey.patch_all()"
    pytester.makepyfile(
        f"""
    {patch if early else ""}
    import time
    import gevent, pytest

    @pytest.mark.aurous(sleep="skip", now="2026-05-08T10:00:00Z")
    def test_it(aurous):
        {"" if early else patch}
        gevent.joinall([gevent.spawn(time.sleep, 0.1) for _ in range(3)], raise_error=True)
        assert aurous.clock.now().second == 0
    """
    )
    ended = pytester.runpytest_subprocess(timeout=120)
    ended.assert_outcomes(passed=1)
    ended.stdout.fnmatch_lines(["*AurousWarning: A sleep takes its real time*sleep of greenlets (gevent, eventlet)*"])
