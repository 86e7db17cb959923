"""What fails a test: in its call phase, once, with what to do about it, and never instead of its own error."""

from __future__ import annotations

import sys
from textwrap import indent
from typing import Final

import pytest

NONSENSE: Final = "https://api.aurous-labs.com/v1/charcters"

SWALLOWED: Final = {
    "looked at": f"assert httpx.get('{NONSENSE}').status_code == 404",
    "ignored": f"httpx.get('{NONSENSE}')",
    "except Exception": f"""
try:
    httpx.get('{NONSENSE}').raise_for_status()
except Exception:
    pass
""",
    "in a thread": f"""
thread = threading.Thread(target=httpx.get, args=('{NONSENSE}',))
thread.start()
thread.join()
""",
}
"""How code under test may come to hide an unmatched request."""
HOW: Final = [*enumerate(SWALLOWED, start=1)]


def module(body: str, *, marker: str = "", args: str = "aurous", more: str = "") -> str:
    """Return a test module with one test."""
    return f"import httpx, pytest, threading\n{more}\n{marker}\ndef test_it({args}):\n{indent(body, '    ')}\n"


def hidden(*, marker: str = "") -> str:
    """Return a test module with a test for each way to hide an unmatched request."""
    tests = (f"{marker}\ndef test_{number}(aurous):\n{indent(SWALLOWED[how], '    ')}\n" for number, how in HOW)
    return "import httpx, pytest, threading\n" + "".join(tests)


def test_an_unmatched_request_fails_the_test_once(pytester: pytest.Pytester) -> None:
    """However the code under test took the response, the report is one FAILED in the call phase and no ERROR."""
    pytester.makepyfile(hidden())

    result = pytester.runpytest("-rA")

    result.assert_outcomes(failed=len(SWALLOWED))
    for number, _ in HOW:
        result.stdout.fnmatch_lines(
            [
                f"*_ test_{number} _*",
                "*AurousUnmatchedRequest: *has no such operation: GET https://api.aurous-labs.com/v1/charcters",
                "*nearest: characters.list, GET https://api.aurous-labs.com/v1/characters",
                "*differs: 'charcters' instead of 'characters'",
                '*allow it with @pytest.mark.aurous(strict="off"), or "warn".',
                "Read on: pytest-aurous docs *",
                f"FAILED *::test_{number} - *AurousUnmatchedRequest: *",
            ]
        )
    result.stdout.no_fnmatch_line("*ERROR*")


def test_the_failure_is_about_the_request_and_not_about_our_hooks(pytester: pytest.Pytester) -> None:
    """No frame of pytest or of ours is shown, and the timeline is there once."""
    pytester.makepyfile(module(SWALLOWED["ignored"]))

    result = pytester.runpytest()

    result.stdout.no_fnmatch_line("*plugin.py*")
    result.stdout.no_fnmatch_line("*site-packages*")
    assert sum("Aurous timeline" in line for line in result.stdout.lines) == 1


def test_strict_warn_warns(pytester: pytest.Pytester) -> None:
    """With ``strict="warn"`` the test passes, and an `AurousWarning` says the same."""
    pytester.makepyfile(hidden(marker='@pytest.mark.aurous(strict="warn")'))

    result = pytester.runpytest("-p", "no:randomly")

    result.assert_outcomes(passed=len(SWALLOWED), warnings=len(SWALLOWED))
    for number, _ in HOW:
        result.stdout.fnmatch_lines(
            [
                f"*.py::test_{number}",
                "*AurousWarning: pytest-aurous has no such operation: GET *",
                "*nearest: characters.list*",
            ]
        )


def test_strict_warn_under_warnings_as_errors_fails_once(pytester: pytest.Pytester) -> None:
    """Where warnings are errors ``strict="warn"`` is one FAILED as well, and no ERROR."""
    pytester.makepyfile(module(SWALLOWED["ignored"], marker='@pytest.mark.aurous(strict="warn")'))

    result = pytester.runpytest("-W", "error::pytest_aurous.AurousWarning")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*AurousWarning: pytest-aurous has no such operation: *"])


def test_strict_off_says_nothing(pytester: pytest.Pytester) -> None:
    """With ``strict="off"`` an unmatched request is a response like any other."""
    pytester.makepyfile(hidden(marker='@pytest.mark.aurous(strict="off")'))

    pytester.runpytest("-W", "error").assert_outcomes(passed=len(SWALLOWED), warnings=0)


DIFFERENT: Final = [
    ("PUT", "https://api.aurous-labs.com/v1/characters", ["the method: PUT instead of *"]),
    ("DELETE", "https://api.aurous-labs.com/v1/balance", ["the method: DELETE instead of GET"]),
    ("GET", "https://api.aurous-labs.com/characters", ["missing /v1"]),
    ("GET", "http://api.aurous-labs.com/v1/characters", ["http:// instead of https://"]),
    ("GET", "https://api.aurous-labs.com/v1/characters/", ["a trailing slash"]),
    ("GET", "https://api.aurous-labs.com/v1//characters", ["a double slash"]),
    ("GET", "https://aurous-labs.com/v1/balance", ["the host: aurous-labs.com instead of api.aurous-labs.com"]),
    ("GET", "https://aurous.storage/v1/balance", ["the host: aurous.storage instead of api.aurous-labs.com"]),
    ("POST", "https://api.aurous-labs.com/v1/characters/x/sav", ["'sav' instead of 'save'"]),
    ("POST", "https://api.aurous-labs.com/v1/characters/x/save/now", ["unexpected 'now' at the end"]),
    ("POST", "http://api.aurous-labs.com/characters/x/save", ["http:// instead of https://", "missing /v1"]),
]
"""The method and URL of an unmatched request, and what differs."""


def test_it_says_what_differs(pytester: pytest.Pytester) -> None:
    """Method, typo, prefix, scheme, slash and host are each named, and the line names nothing that does not differ."""
    pytester.makepyfile(
        "import httpx\n"
        + "".join(
            f"def test_{number}(aurous):\n    httpx.request('{method}', '{url}')\n"
            for number, (method, url, _) in enumerate(DIFFERENT)
        )
    )

    result = pytester.runpytest()

    result.assert_outcomes(failed=len(DIFFERENT))
    for method, url, said in DIFFERENT:
        result.stdout.fnmatch_lines([f"*no such operation: {method} {url}", f"*differs: {'; '.join(said)}"])


def test_a_wrong_method_is_405_in_band(pytester: pytest.Pytester) -> None:
    """The client is answered as the API would, with the methods that there are, and the test fails afterwards."""
    pytester.makepyfile(
        module(
            "response = aurous_client.put('/v1/characters')\n"
            "assert (response.status_code, response.headers['Allow']) == (405, 'GET, POST')\n"
            "assert response.json()['error']['code'] == 'method_not_allowed'\n"
            "print('<answered>')",
            args="aurous_client",
        )
    )

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*AurousUnmatchedRequest: *PUT *", "<answered>"])


def test_several_requests_are_all_told(pytester: pytest.Pytester) -> None:
    """One failure names each of them."""
    pytester.makepyfile(module(f"httpx.get('{NONSENSE}')\nhttpx.delete('{NONSENSE}')"))

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*no such operation: GET *", "*no such operation: DELETE *"])


def test_what_the_api_refuses_is_no_failure(pytester: pytest.Pytester) -> None:
    """401, 400 and 404 of a known path are the test's own business."""
    pytester.makepyfile(
        module(
            "assert httpx.get('https://api.aurous-labs.com/v1/balance').status_code == 401\n"
            "assert aurous_client.get('/v1/characters/char_x').status_code == 404\n"
            "assert aurous_client.post('/v1/characters').status_code == 400",
            args="aurous_client",
        )
    )

    pytester.runpytest("-W", "error").assert_outcomes(passed=1)


@pytest.mark.parametrize("strict", ["error", "warn"])
def test_a_late_request_is_a_warning_that_names_the_test(pytester: pytest.Pytester, strict: str) -> None:
    """What arrives in teardown comes after the verdict, so it is an `AurousWarning` with the node id."""
    pytester.makepyfile(
        f"""
        import httpx, pytest

        @pytest.fixture
        def careless(aurous):
            yield
            httpx.get("{NONSENSE}")

        class TestIt:
            @pytest.mark.aurous(strict="{strict}")
            @pytest.mark.parametrize("number", [1])
            def test_it(self, careless, number): ...
        """
    )

    result = pytester.runpytest()

    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(
        ["*AurousWarning: After the body of *.py::TestIt::test_it[[]1]:", "*has no such operation: GET *charcters"]
    )


def test_a_late_request_under_strict_off_says_nothing(pytester: pytest.Pytester) -> None:
    """``strict="off"`` is off in teardown too."""
    pytester.makepyfile(
        module(
            "",
            marker='@pytest.mark.aurous(strict="off")',
            args="careless",
            more=f"@pytest.fixture\ndef careless(aurous):\n    yield\n    httpx.get('{NONSENSE}')",
        )
        + "    pass"
    )

    pytester.runpytest("-W", "error").assert_outcomes(passed=1, warnings=0)


def test_a_late_thread_is_a_warning(pytester: pytest.Pytester) -> None:
    """So is what a thread of the test sends while the test is being torn down."""
    pytester.makepyfile(
        module(
            "",
            args="worker",
            more=f"""
@pytest.fixture
def worker(aurous):
    go = threading.Event()
    def work():
        go.wait()
        httpx.get('{NONSENSE}')
    thread = threading.Thread(target=work)
    thread.start()
    yield
    go.set()
    thread.join()
""",
        )
        + "    pass"
    )

    result = pytester.runpytest()

    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*AurousWarning: After the body of *.py::test_it:"])


def test_a_failed_body_does_not_become_a_late_warning(pytester: pytest.Pytester) -> None:
    """What was told with the failure is not told again in teardown."""
    pytester.makepyfile(module(f"httpx.get('{NONSENSE}')\nassert False"))

    result = pytester.runpytest()

    result.assert_outcomes(failed=1, warnings=0)


@pytest.mark.parametrize("strict", ["error", "warn", "off"])
def test_a_failed_body_keeps_its_own_error(pytester: pytest.Pytester, strict: str) -> None:
    """The test's own error is the failure; the timeline shows the calls, and what was wrong with them."""
    pytester.makepyfile(
        module(
            f"aurous_client.get('/v1/balance')\nhttpx.get('{NONSENSE}')\nassert 1 == 2, 'my own'",
            marker=f'@pytest.mark.aurous(strict="{strict}")',
            args="aurous_client",
        )
    )

    result = pytester.runpytest("-rA")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E*AssertionError: my own",
            "*Aurous timeline*",
            "*1 *GET *balance -> 200",
            "*2 *GET */v1/charcters -> 404 resource_not_found",
            "*no such operation: GET *charcters",
            "FAILED *::test_it - AssertionError: my own*",
        ]
    )
    result.stdout.no_fnmatch_line("*ERROR*")


def test_a_failed_body_shows_the_timeline_without_any_call(pytester: pytest.Pytester) -> None:
    """That nothing was called may be the very clue."""
    pytester.makepyfile(module("assert False"))

    result = pytester.runpytest()

    result.stdout.fnmatch_lines(["*Aurous timeline*", "*no calls*"])


def test_a_passing_test_shows_no_timeline(pytester: pytest.Pytester) -> None:
    """The report of a passing test is as it would be without us, with -rA too."""
    pytester.makepyfile(module("aurous_client.get('/v1/balance')", args="aurous_client"))

    result = pytester.runpytest("-rA")

    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*Aurous timeline*")


BUG: Final = """
from pytest_aurous._core.engine import pipeline
from pytest_aurous._core.resources.base.endpoint import Endpoint
from pytest_aurous._core.resources.catalog import Catalog

@pytest.fixture(autouse=True)
def bug(monkeypatch):
    def balance(ctx):
        return 1 // 0
    rows = (Endpoint("balance.retrieve", "GET", "/v1/balance", balance, bucket="reads"),)
    monkeypatch.setattr(pipeline, "CATALOG", Catalog(rows))
"""


@pytest.mark.parametrize(
    ("strict", "outcome"), [("error", {"failed": 1}), ("warn", {"passed": 1, "warnings": 1}), ("off", {"passed": 1})]
)
def test_a_bug_of_ours_is_a_500_and_its_traceback(
    pytester: pytest.Pytester, strict: str, outcome: dict[str, int]
) -> None:
    """The code under test meets a server error; the test is told that it was us, and where."""
    pytester.makepyfile(
        module(
            "response = aurous_client.get('/v1/balance')\n"
            "assert response.status_code == 500\n"
            "assert response.json()['error']['code'] == 'internal_error'",
            args="aurous_client",
            marker=f'@pytest.mark.aurous(strict="{strict}")',
            more=BUG,
        )
    )

    result = pytester.runpytest()

    result.assert_outcomes(**outcome)
    if strict != "off":
        result.stdout.fnmatch_lines(
            [
                "*pytest-aurous itself failed while it handled GET https://api.aurous-labs.com/v1/balance*",
                "*Traceback (most recent call last):*",
                "*return 1 // 0*",
                "*ZeroDivisionError*",
            ]
        )
        result.stdout.no_fnmatch_line("*AurousUnmatchedRequest*")


def test_an_unmatched_request_can_be_expected(pytester: pytest.Pytester) -> None:
    """``xfail(raises=...)`` knows our verdict by its class and by the classes above it."""
    expected = ["AurousUnmatchedRequest", "AssertionError", "AurousError", "(OSError, AurousUnmatchedRequest)"]
    other = ["AurousLookupError", "ValueError"]
    pytester.makepyfile(
        "import httpx, pytest\nfrom pytest_aurous import AurousError, AurousLookupError, AurousUnmatchedRequest\n"
        + "".join(
            f"@pytest.mark.xfail(raises={raises}, strict=True)\n"
            f"def test_{number}(aurous):\n    {SWALLOWED['ignored']}\n"
            for number, raises in enumerate([*expected, *other])
        )
    )

    result = pytester.runpytest("-rA")

    result.assert_outcomes(xfailed=4, failed=2)
    result.stdout.fnmatch_lines_random(["FAILED *::test_4 *", "FAILED *::test_5 *"])


def test_a_skipped_test_is_skipped(pytester: pytest.Pytester) -> None:
    """A test that skips itself after an unmatched request is a skipped one."""
    pytester.makepyfile(module(f"httpx.get('{NONSENSE}')\npytest.skip('not today')"))

    pytester.runpytest("-W", "error").assert_outcomes(skipped=1)


def test_an_expected_failure_is_one(pytester: pytest.Pytester) -> None:
    """A test that fails as expected after an unmatched request is an xfail, with no warning after it."""
    pytester.makepyfile(
        f"""
        import httpx, pytest

        @pytest.mark.xfail(raises=OSError, strict=True)
        def test_raises(aurous):
            httpx.get("{NONSENSE}")
            raise OSError

        def test_called(aurous):
            httpx.get("{NONSENSE}")
            pytest.xfail("known")

        @pytest.mark.xfail(strict=True)
        def test_marked(aurous):
            httpx.get("{NONSENSE}")
            assert False
        """
    )

    pytester.runpytest("-W", "error").assert_outcomes(xfailed=3)


@pytest.mark.parametrize(
    ("strict", "outcome"),
    [("error", {"failed": 1}), ("warn", {"passed": 1, "warnings": 1}), ("off", {"passed": 1, "warnings": 0})],
)
def test_a_fault_that_was_never_met(pytester: pytest.Pytester, strict: str, outcome: dict[str, int]) -> None:
    """A fault that no call met is reported as `strict` says, in the call phase, with the line that gave it."""
    pytester.makepyfile(
        test_fault=module(
            "aurous.faults.timeout('characters.create')",
            marker=f'@pytest.mark.aurous(strict="{strict}")',
        )
    )

    result = pytester.runpytest()

    result.assert_outcomes(**outcome)
    if strict != "off":
        kind = "Unfired" if strict == "error" else "Warning"
        result.stdout.fnmatch_lines(
            [f"*Aurous{kind}*: <Fault timeout*characters.create*test_fault.py:* was never met:*"]
        )
    result.stdout.no_fnmatch_line("*ERROR*")


def test_a_fault_that_was_met_is_none(pytester: pytest.Pytester) -> None:
    """A fault that did its work is no problem, whatever the client made of it."""
    pytester.makepyfile(
        module(
            "aurous.faults.timeout('balance.retrieve', times=2)\n"
            "for _ in range(2):\n"
            "    with pytest.raises(httpx.ReadTimeout): aurous.client().get('/v1/balance')"
        )
    )

    pytester.runpytest("-W", "error").assert_outcomes(passed=1)


@pytest.mark.parametrize(("strict", "outcome"), [("error", "failed"), ("warn", "passed"), ("off", "passed")])
def test_a_fault_that_was_met_too_few_times_follows_strict(
    pytester: pytest.Pytester, strict: str, outcome: str
) -> None:
    """As one that was never met does; the message has both numbers."""
    pytester.makepyfile(
        module(
            "aurous.faults.status('balance.retrieve', 503, times=3)\n"
            "assert aurous.client().get('/v1/balance').status_code == 503"
        )
    )

    result = pytester.runpytest("-o", f"aurous_strict={strict}")

    result.assert_outcomes(**{outcome: 1}, warnings=strict == "warn")
    told = [line for line in result.outlines if "was met 1 of 3 times: the code under test called" in line]
    assert bool(told) == (strict != "off")


def test_faults_and_requests_are_told_together(pytester: pytest.Pytester) -> None:
    """One failure names every problem; where one is an unmatched request it is of that kind."""
    pytester.makepyfile(module(f"aurous.faults.timeout('characters.save')\nhttpx.get('{NONSENSE}')"))

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*AurousUnmatchedRequest: *no such operation*", "<Fault timeout* was never met:*"])


UNITTEST: Final = """
import unittest
import httpx, pytest
from pytest_aurous import Aurous
"""


@pytest.mark.parametrize(
    ("body", "outcome", "line"),
    [
        ("aurous.client().get('/v1/balance')", {"passed": 1}, "*1 passed*"),
        (f"httpx.get('{NONSENSE}')", {"failed": 1}, "*AurousUnmatchedRequest: *no such operation: GET *"),
        (f"httpx.get('{NONSENSE}'); self.assertEqual(1, 2)", {"failed": 1}, "*AssertionError: 1 != 2"),
    ],
    ids=["good", "unmatched", "own error"],
)
def test_a_unittest_can_enter_the_fake(
    pytester: pytest.Pytester, body: str, outcome: dict[str, int], line: str
) -> None:
    """In a `unittest.TestCase`, ``with Aurous()`` gives the verdict at its end, and hides no error of the block."""
    pytester.makepyfile(
        f"{UNITTEST}\nclass TestIt(unittest.TestCase):\n    def test_it(self):\n"
        f"        with Aurous() as aurous:\n            {body}\n"
    )

    result = pytester.runpytest()

    result.assert_outcomes(**outcome)
    result.stdout.fnmatch_lines([line])


@pytest.mark.parametrize(
    ("body", "outcome", "lines"),
    [
        ("pass", {"passed": 1}, ["*1 passed*"]),
        (f"httpx.get('{NONSENSE}')", {"failed": 1}, ["*AurousUnmatchedRequest: *", "*Aurous timeline*"]),
        ("self.assertEqual(1, 2)", {"failed": 1}, ["*AssertionError: 1 != 2", "*Aurous timeline*"]),
        (
            f"httpx.get('{NONSENSE}'); self.assertEqual(1, 2)",
            {"failed": 1},
            ["*AssertionError: 1 != 2", "*Aurous timeline*"],
        ),
    ],
    ids=["good", "unmatched", "own error", "both"],
)
def test_a_unittest_can_use_the_fixture(
    pytester: pytest.Pytester, body: str, outcome: dict[str, int], lines: list[str]
) -> None:
    """With ``usefixtures("aurous")`` a `unittest.TestCase` has the same verdict, error and timeline as a function."""
    pytester.makepyfile(
        f"{UNITTEST}\n@pytest.mark.usefixtures('aurous')\nclass TestIt(unittest.TestCase):\n"
        f"    def test_it(self):\n        {body}\n"
    )

    result = pytester.runpytest()

    result.assert_outcomes(**outcome)
    result.stdout.fnmatch_lines(lines)


def test_an_error_in_a_later_fixture_stays_that_error(pytester: pytest.Pytester) -> None:
    """Where setup fails after `aurous` was set up there is one ERROR, and no verdict of ours in its place."""
    pytester.makepyfile(
        module("", args="broken", more="@pytest.fixture\ndef broken(aurous): raise OSError('disk')") + "    pass"
    )

    result = pytester.runpytest()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*OSError: disk"])


def test_the_next_test_is_not_blamed(pytester: pytest.Pytester) -> None:
    """The verdict is on the test that sent the request, and on no other."""
    pytester.makepyfile(
        f"""
        import httpx

        def test_bad(aurous): httpx.get("{NONSENSE}")
        def test_good(aurous): ...
        def test_without(): ...
        """
    )

    pytester.runpytest("-p", "no:randomly").assert_outcomes(failed=1, passed=2)


def test_a_run_that_stops_at_the_first_failure_stops(pytester: pytest.Pytester) -> None:
    """Under ``-x`` an unmatched request is that failure, and nothing is left over for the end of the session."""
    pytester.makepyfile(
        f"import httpx\ndef test_bad(aurous): httpx.get('{NONSENSE}')\ndef test_never(aurous): assert False"
    )

    result = pytester.runpytest("-x", "-p", "no:randomly")

    result.assert_outcomes(failed=1, warnings=0)
    result.stdout.fnmatch_lines(["*AurousUnmatchedRequest: *", "*stopping after 1 failures*"])
    result.stdout.no_fnmatch_line("*ERROR*")


@pytest.mark.parametrize("kind", ["function", "method", "unittest"])
def test_a_debugger_is_entered_once(pytester: pytest.Pytester, kind: str) -> None:
    """Under ``--pdb`` it is there for the verdict while the fake still stands, and the report is one FAILED."""
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
        test_pdb="import httpx, pytest, threading, unittest\n"
        + {
            "function": "def test_it(aurous):\n",
            "method": "class TestIt:\n  def test_it(self, aurous):\n",
            "unittest": "@pytest.mark.usefixtures('aurous')\nclass TestIt(unittest.TestCase):\n  def test_it(self):\n",
        }[kind]
        + indent(SWALLOWED["except Exception"], "    "),
    )
    pytester.syspathinsert()

    result = pytester.runpytest("--pdb", "--pdbcls=debugger:Debugger")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*AurousUnmatchedRequest: *no such operation: GET *", "*Aurous timeline*", "*<entered, https://api.*"]
    )
    assert sum("<entered" in line for line in result.stdout.lines) == 1
    result.stdout.no_fnmatch_line("*ERROR*")


def test_the_real_debugger_can_go_on(pytester: pytest.Pytester) -> None:
    """Python's own, in a process of its own, that is told to continue."""
    pytester.makepyfile(
        f"import httpx\ndef test_bad(aurous): httpx.get('{NONSENSE}')\ndef test_good(aurous): assert not aurous.calls"
    )

    result = pytester.run(sys.executable, "-m", "pytest", "--pdb", "-p", "no:randomly", stdin=b"c\n")

    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["*AurousUnmatchedRequest: *", "*Aurous timeline*", "*(Pdb)*"])
    result.stdout.no_fnmatch_line("*ERROR*")


@pytest.mark.skipif(pytest.version_tuple < (9,), reason="subtests came with pytest 9")
def test_a_subtest_leaves_the_verdict_to_its_test(pytester: pytest.Pytester) -> None:
    """What was unmatched within a subtest fails the test, once."""
    pytester.makepyfile(
        """
        def test_it(aurous_client, subtests):
            with subtests.test("a"):
                aurous_client.get("/v1/charcters")
        """
    )

    result = pytester.runpytest()

    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines(["*AurousUnmatchedRequest: pytest-aurous has no such operation: GET *"])


@pytest.mark.parametrize(("pitfalls", "warned"), [("error", 1), ("warn", 1), ("off", 0)])
def test_a_pitfall_in_teardown_is_a_warning(pytester: pytest.Pytester, pitfalls: str, warned: int) -> None:
    """The test has its verdict already; what comes after it is told, whatever the setting would make of it."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def late(aurous, aurous_client):
            yield
            aurous.faults.rate_limited("balance.*", retry_after=9)
            for _ in range(2):
                aurous_client.get("/v1/balance")

        def test_it(late): ...
        """
    )

    pytester.runpytest("-o", f"aurous_pitfalls={pitfalls}").assert_outcomes(passed=1, warnings=warned)
