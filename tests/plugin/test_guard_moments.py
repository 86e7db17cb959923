"""The guard is there from the moment that the plugin is loaded until the interpreter exits."""

from __future__ import annotations

import socket
import sys
import threading
from importlib.metadata import entry_points
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest

import pytest_aurous
from pytest_aurous.plugin.options import early_network

INSTALLED: Final = any(entry.name == "pytest_aurous" for entry in entry_points(group="pytest11"))

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
SESSION: Final = (
    "next plugin",
    "conftest",
    "configure",
    "test module",
    "sessionfinish",
    "after sessionfinish",
    "unconfigure",
)
MOMENTS: Final = (*SESSION, "thread after the session", "atexit")


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A suite that tries to reach the vendor at each moment, and writes down what it met."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", raising=False)
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
    return (pytester.path / "attempts.txt").read_text().splitlines()


PLUGINS: Final = ("-p", "pytest_aurous", "-p", "next_plugin")
WAYS: Final = {
    "-p, twice": (*PLUGINS, "-p", "pytest_aurous"),
    "PYTEST_ADDOPTS": ("-p", "next_plugin"),
    "installed": (),
    "xdist": ("-p", "xdist", *PLUGINS, "-n", "1"),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_moment_is_guarded(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """However the plugin is loaded: imports, hooks, a thread that outlives the session, and atexit. None is silent."""
    if way == "installed":
        if not INSTALLED:
            pytest.skip("pytest-aurous is not installed here, says importlib.metadata")
    else:
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    if way == "PYTEST_ADDOPTS":
        monkeypatch.setenv("PYTEST_ADDOPTS", "-p stub -p pytest_aurous")

    result = suite.runpytest_subprocess("-p", "stub", *WAYS[way])

    assert result.ret == 0
    found = attempts(suite)
    assert {line.rpartition(" ")[2] for line in found} == {"AurousNetworkBlocked"}
    moments = {line.rpartition(" ")[0] for line in found}
    # Processes of pytest-xdist end without atexit, and an installed plugin comes after the plugins of `-p`.
    missing = {"atexit"} if way == "xdist" else {"next plugin"} if way == "installed" else set()
    assert moments | missing == set(MOMENTS)
    text = f"{result.stdout}\n{result.stderr}"
    assert "AurousWarning: outside of any test: a connection to api.aurous-labs.com was blocked." in text
    if way != "xdist":
        told = str(result.stderr).count("pytest-aurous: outside of any test, after test_module.py::test_it: ")
        assert told == 3, "unconfigure, the thread, atexit"


def test_a_root_conftest_that_asks_for_it_is_followed_by_guarded_ones(suite: pytest.Pytester) -> None:
    """With ``pytest_plugins`` the guard is there when the conftest has been read."""
    (suite.path / "conftest.py").write_text(
        "pytest_plugins = ['pytest_aurous', 'next_plugin']\n"
        "import pytest\nfrom attempt import attempt\n"
        "@pytest.hookimpl(tryfirst=True)\ndef pytest_configure():\n    attempt('configure')\n"
        "def pytest_unconfigure():\n    attempt('unconfigure')\n"
    )

    result = suite.runpytest_subprocess("-p", "stub")

    assert result.ret == 0
    assert attempts(suite) == [
        f"{moment} AurousNetworkBlocked" for moment in ("next plugin", "configure", "test module", "unconfigure")
    ]


ALLOWED: Final = {
    "ini": (),
    "-o": ("-o", "aurous_network=allow"),
    "-o over ini": ("-o", "aurous_network=allow"),
    "PYTEST_ADDOPTS": (),
}


@pytest.mark.parametrize("place", ALLOWED)
def test_allow_opens_the_whole_period(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """In the ini file, or by ``-o`` on the command line or in its variable: from the first import until exit.

    Until exit in a process of its own, and otherwise in this one.
    """
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    alone = place == "ini"
    if not alone:
        suite.makeconftest(CONFTEST)
        for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
            monkeypatch.setattr(socket, name, getattr(socket, name))  # the stub replaces it
        suite.syspathinsert()
    if place == "ini":
        suite.makeini("[pytest]\naurous_network = allow")
    elif place == "-o over ini":
        suite.makeini("[pytest]\naurous_network = block")
    elif place == "PYTEST_ADDOPTS":
        monkeypatch.setenv("PYTEST_ADDOPTS", "-o aurous_network=allow")

    run = suite.runpytest_subprocess if alone else suite.runpytest_inprocess
    result = run("-p", "stub", *PLUGINS, *ALLOWED[place])

    assert result.ret == 0
    assert sorted(attempts(suite)) == sorted(f"{moment} gaierror" for moment in (MOMENTS if alone else SESSION))
    assert "AurousWarning" not in str(result.stdout)


def test_the_command_line_closes_what_the_ini_file_opens(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the last word at each moment."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    suite.makeini("[pytest]\naurous_network = allow")

    suite.runpytest_subprocess("-p", "stub", *PLUGINS, "-oaurous_network=block")

    assert sorted(attempts(suite)) == sorted(f"{moment} AurousNetworkBlocked" for moment in MOMENTS)


@pytest.mark.parametrize("module", ["pytest_aurous", "pytest_aurous.plugin"])
def test_an_import_guards_nothing(pytester: pytest.Pytester, module: str) -> None:
    """Only pytest does, when it registers the plugin."""
    result = pytester.runpython_c(
        "import socket, threading\nbefore = socket.getaddrinfo, threading.Thread.start\n"
        f"import {module}\nfrom pytest_aurous import Aurous\n"
        "assert (socket.getaddrinfo, threading.Thread.start) == before"
    )

    assert result.ret == 0


def test_a_second_run_in_one_process_replaces_the_guard_of_the_first(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The setting of the later run counts, in both directions."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (suite.path / "conftest.py").unlink()
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


def test_an_early_attempt_before_pytest_has_read_its_ini_file_is_refused(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plugin that is passed to `pytest.main` comes before every setting."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
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
    """On stderr, as there is no summary."""
    result = suite.runpytest_subprocess("-p", "stub", *PLUGINS, "-oaurous_strict=loud")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "pytest-aurous: outside of any test: a connection to api.aurous-labs.com was blocked." in str(result.stderr)


@pytest.mark.parametrize("options", [("-W", "error"), ("-p", "no:warnings")], ids=["-W error", "no warnings"])
def test_no_filter_hides_it_or_blames_a_test(pytester: pytest.Pytester, options: tuple[str, ...]) -> None:
    """Under ``-W error`` it stays a warning; without the plugin of warnings, it is on stderr."""
    pytester.makepyfile(
        """
        import socket
        try:
            socket.getaddrinfo("api.aurous-labs.com", 443)
        except Exception:
            pass

        def test_it(): ...
        """
    )

    result = pytester.runpytest(*options)

    result.assert_outcomes(passed=1)
    assert result.ret == 0
    shown = result.stdout if options[0] == "-W" else result.stderr
    shown.fnmatch_lines(["*: outside of any test: a connection to *"])


def test_a_user_can_ignore_it(pytester: pytest.Pytester) -> None:
    """By a filter, as any warning."""
    pytester.makepyfile(
        """
        import socket
        try:
            socket.getaddrinfo("api.aurous-labs.com", 443)
        except Exception:
            pass

        def test_it(): ...
        """
    )

    result = pytester.runpytest("-W", "ignore::pytest_aurous.AurousWarning")

    result.assert_outcomes(passed=1, warnings=0)


def test_an_inner_run_restores_what_it_found(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Resolvers, threads, pools and the contexts of `pytest.raises`, whatever guard is around them."""
    import concurrent.futures.thread as futures
    import unittest.case

    def real(*args: Any, **options: Any) -> Any:
        raise socket.gaierror(-2, "the real resolver was asked")

    monkeypatch.setattr(socket, "getaddrinfo", real)
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


@pytest.mark.parametrize("network", ["allow", "block"])
def test_a_conftest_is_guarded_by_the_ini_file(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, network: str
) -> None:
    """Before pytest itself knows our options."""

    def real(*args: Any, **options: Any) -> Any:
        raise socket.gaierror(-2, "the real resolver was asked")

    monkeypatch.setattr(socket, "getaddrinfo", real)
    pytester.makeini(f"[pytest]\naurous_network = {network}")
    pytester.makepyfile(attempt=ATTEMPT, test_it="def test_it(): ...")
    pytester.makeconftest("from attempt import attempt\nattempt('conftest')")
    pytester.syspathinsert()

    pytester.runpytest_inprocess().assert_outcomes(passed=1, warnings=int(network == "block"))

    assert attempts(pytester) == [f"conftest {'gaierror' if network == 'allow' else 'AurousNetworkBlocked'}"]


def test_before_the_ini_file_is_read_nothing_is_allowed(pytester: pytest.Pytester) -> None:
    """There is no setting yet."""
    assert early_network(SimpleNamespace()) == ""  # type: ignore[arg-type]
