"""The guard is there from the moment that the plugin is loaded until the interpreter exits."""

import socket
import sys
import threading
from pathlib import Path
from typing import Final

import pytest

import pytest_aurous
from tests.plugin.conftest import INSTALLED, OTHERS

STUB: Final = """
    import socket

    def resolve(host=None, *args, **options):
        raise socket.gaierror(-2, f"the real resolver was asked for {host}")

    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        setattr(socket, name, resolve)
"""
"""A plugin that is loaded before ours, and stands for the system's resolver."""

ATTEMPT: Final = """
    import os, socket

    def attempt(moment):
        try:
            socket.getaddrinfo("api.aurous-labs.com", 443)
        except Exception as error:
            with open("attempts.txt", "a") as file:
                print(moment, type(error).__name__, file=file)
"""

ENDS: Final = """
    import atexit, threading
    from attempt import attempt

    atexit.register(attempt, "atexit")
    main = threading.main_thread()
    threading.Thread(target=lambda: (main.join(), attempt("thread after the session"))).start()
"""
CONFTEST: Final = """
    import pytest
    from attempt import attempt

    attempt("conftest")

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure():
        attempt("configure")

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish():
        attempt("sessionfinish")
        result = yield
        attempt("after sessionfinish")
        return result

    def pytest_unconfigure():
        attempt("unconfigure")
"""
MOMENTS: Final = (
    "next plugin",
    "conftest",
    "configure",
    "test module",
    "sessionfinish",
    "after sessionfinish",
    "unconfigure",
    "thread after the session",
    "atexit",
)


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A suite that tries to reach the vendor at each moment, and writes down what it met."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    paths = (str(pytester.path), str(Path(pytest_aurous.__file__).parents[1]))
    monkeypatch.setenv("PYTHONPATH", ":".join(paths))
    pytester.makepyfile(
        stub=STUB,
        attempt=ATTEMPT,
        next_plugin="from attempt import attempt\nattempt('next plugin')",
        test_module="from attempt import attempt\nattempt('test module')\ndef test_it(): ...",
    )
    pytester.makeconftest(f"{ENDS}\n{CONFTEST}")
    return pytester


def attempts(pytester: pytest.Pytester) -> list[str]:
    return (pytester.path / "attempts.txt").read_text(encoding="utf-8").splitlines()


PLUGINS: Final = ("-p", "pytest_aurous", "-p", "next_plugin")
WAYS: Final = {"-p, twice": (*PLUGINS, "-p", "pytest_aurous"), "installed": OTHERS}


@pytest.mark.parametrize("way", WAYS)
def test_every_moment_is_guarded(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """However the plugin is loaded: imports, hooks, a thread that outlives the session, and atexit. None is silent."""
    if way == "installed":
        if not INSTALLED:
            pytest.skip("pytest-aurous is not installed here, says importlib.metadata")
        monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")

    result = suite.runpytest_subprocess("-p", "stub", *WAYS[way])

    assert result.ret == 0
    found = attempts(suite)
    assert {line.rpartition(" ")[2] for line in found} == {"AurousNetworkBlocked"}
    moments = {line.rpartition(" ")[0] for line in found}
    missing = {"next plugin"} if way == "installed" else set()  # it comes after the plugins of `-p`
    assert moments | missing == set(MOMENTS)
    result.stdout.fnmatch_lines(["*AurousWarning: *api.aurous-labs.com*"])
    told = str(result.stderr).count(", after test_module.py::test_it: ")
    assert told == 3, "unconfigure, the thread, atexit"


def test_allow_opens_the_whole_period(suite: pytest.Pytester) -> None:
    """In the ini file: from the first import until exit."""
    suite.makeini("[pytest]\naurous_network = allow")

    result = suite.runpytest_subprocess("-p", "stub", *PLUGINS)

    assert result.ret == 0
    assert sorted(attempts(suite)) == sorted(f"{moment} gaierror" for moment in MOMENTS)
    result.stdout.no_fnmatch_line("*AurousWarning*")


def test_an_import_guards_nothing(pytester: pytest.Pytester) -> None:
    """Only pytest does, when it registers the plugin."""
    result = pytester.runpython_c(
        "import socket, threading\nbefore = socket.getaddrinfo, threading.Thread.start\n"
        "import pytest_aurous.plugin\nfrom pytest_aurous import Aurous\n"
        "assert (socket.getaddrinfo, threading.Thread.start) == before"
    )

    assert result.ret == 0


def test_a_second_run_in_one_process_replaces_the_guard_of_the_first(suite: pytest.Pytester) -> None:
    """The setting of the later run counts, in both directions, and the command line before the ini file."""
    (suite.path / "conftest.py").unlink()
    suite.makeini("[pytest]\naurous_network = allow")
    options = ["-p", "pytest_aurous", "-p", "next_plugin"]
    suite.makepyfile(
        twice=f"""
        import sys
        import pytest
        import stub
        from attempt import attempt
        for network in ("block", "allow", "block"):
            for name in ("test_module", "next_plugin"):
                sys.modules.pop(name, None)
            pytest.main([*{options}, "-o", "aurous_network=" + network])
        attempt("end")
        """
    )

    suite.runpython(suite.path / "twice.py")

    assert attempts(suite) == [
        f"{moment} {kind}"
        for kind in ("AurousNetworkBlocked", "gaierror", "AurousNetworkBlocked")
        for moment in ("next plugin", "test module")
    ] + ["end AurousNetworkBlocked"]


def test_an_early_attempt_before_pytest_has_read_its_ini_file_is_refused(suite: pytest.Pytester) -> None:
    """A plugin that is passed to `pytest.main` comes before every setting."""
    (suite.path / "conftest.py").unlink()
    suite.makeini("[pytest]\naurous_network = allow")
    suite.makepyfile(
        run="""
        import pytest
        import stub
        raise SystemExit(pytest.main([], plugins=["pytest_aurous", "next_plugin"]))
        """
    )

    result = suite.runpython(suite.path / "run.py")

    assert result.ret == 0
    assert attempts(suite) == ["next plugin AurousNetworkBlocked", "test module gaierror"]


def test_what_is_swallowed_before_a_usage_error_is_shown(suite: pytest.Pytester) -> None:
    """On stderr, as there is no summary, and so is what comes until the process ends."""
    result = suite.runpytest_subprocess("-p", "stub", *PLUGINS, "-oaurous_strict=loud")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert str(result.stderr).count("pytest-aurous: ") == 3, "all until then, the thread, atexit"


def test_no_filter_blames_a_test(pytester: pytest.Pytester) -> None:
    """Under ``-W error`` it stays a warning, which a filter can ignore; without warnings, it is on stderr."""
    pytester.makepyfile(
        attempt=ATTEMPT, test_it="from attempt import attempt\nattempt('test module')\ndef test_it(): ..."
    )
    pytester.syspathinsert()

    warned = pytester.runpytest("-W", "error")
    ignored = pytester.runpytest("-W", "ignore::pytest_aurous.AurousWarning")
    without = pytester.runpytest("-p", "no:warnings")

    for result, count in ((warned, 1), (ignored, 0), (without, 0)):
        result.assert_outcomes(passed=1, warnings=count)
    without.stderr.fnmatch_lines(["pytest-aurous: *api.aurous-labs.com*"])


@pytest.mark.usefixtures("no_resolver")
def test_an_inner_run_restores_what_it_found(pytester: pytest.Pytester) -> None:
    """Resolvers, threads, pools and the contexts of `pytest.raises`, whatever guard is around them."""
    import concurrent.futures.thread as futures
    import unittest.case

    watched = [
        (socket, "getaddrinfo"),
        (socket, "gethostbyname"),
        (threading.Thread, "start"),
        (futures.ThreadPoolExecutor, "submit"),
        (type(pytest.raises(OSError, match="x")), "__exit__"),
        (type(unittest.case.TestCase().assertRaises(OSError)), "__exit__"),  # noqa: PT027 - its context manager
    ]
    before = [getattr(owner, name) for owner, name in watched]
    pytester.makepyfile("def test_it(): ...")

    for options in ((), ("-oaurous_network=allow",), ("--collect-only",), ("--help",), ("-oaurous_strict=loud",)):
        pytester.runpytest_inprocess(*options)
        assert [getattr(owner, name) for owner, name in watched] == before, options


@pytest.mark.skipif(not INSTALLED and "-p" not in sys.argv, reason="the plugin must be around this test")
def test_the_outer_guard_stays(pytester: pytest.Pytester) -> None:
    """While an inner run goes on with ``network = "allow"``, and afterwards."""
    pytester.makepyfile(
        test_outer="""
        pytest_plugins = ["pytester"]
        import socket
        import pytest
        from pytest_aurous import AurousNetworkBlocked

        def test_it(pytester):
            pytester.makepyfile('''
                import socket
                def test_inner():
                    socket.getaddrinfo("api.aurous-labs.com", 443)
            ''')
            result = pytester.runpytest_inprocess("-oaurous_network=allow", "-p", "pytest_aurous")
            result.assert_outcomes(failed=1)
            result.stdout.fnmatch_lines(["*AurousNetworkBlocked: test_outer.py::test_it: a connection*"])
            with pytest.raises(AurousNetworkBlocked):
                socket.getaddrinfo("api.aurous-labs.com", 443)
        """
    )

    result = pytester.runpytest_subprocess("-p", "pytest_aurous")

    # The attempt of the inner run was not expected by the outer test.
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["FAILED test_outer.py::test_it - *AurousNetworkBlocked: test_outer.py::test_it: *"])
