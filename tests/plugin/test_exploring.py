"""Exploring a whole suite: each test runs again, once for each request and each way to break it."""

import json
import re
from typing import Final

import pytest

from pytest_aurous._explore.runs import run as runs

CLIENT: Final = """
import time
import httpx

BODY = {"name": "Aurora", "generate": True, "attributes": {"age": 20}}

def publish(client, key=None, times=3):
    headers = {"Idempotency-Key": key} if key else {}
    for left in reversed(range(times)):
        try:
            made = client.post("/v1/characters", json=BODY, headers=headers).raise_for_status().json()
            break
        except httpx.TransportError:
            if not left:
                raise
    path = f"/v1/characters/{made['id']}"
    while client.get(path).raise_for_status().json()["status"] == "synthesizing":
        time.sleep(60)
    return client.post(path + "/save").raise_for_status().json()
"""
COLUMNS: Final = ("cases", "returned", "raised", "other", "unmet", "broken")


@pytest.fixture(autouse=True)
def _as_documented() -> None:
    """Compare no response with the OpenAPI document: other tests do, and here are many thousands of them."""


@pytest.fixture
def explored(pytester: pytest.Pytester) -> pytest.Pytester:
    """A pytester with a client, whose tests need no real second."""
    pytester.makepyfile(client=CLIENT)
    pytester.makeini("[pytest]\naurous_sleep = skip")
    return pytester


def rows(result: pytest.RunResult) -> dict[str, dict[str, int]]:
    """Return the table of the summary: for each test the numbers of its columns."""
    found = [re.fullmatch(r"((?: +\d+){6})  (\S.*)", line) for line in result.outlines]
    return {one[2]: dict(zip(COLUMNS, map(int, one[1].split()), strict=True)) for one in found if one}


def joined(result: pytest.RunResult) -> str:
    return " ".join(line.strip() for line in result.outlines)


def test_a_suite(explored: pytest.Pytester) -> None:
    """Each kind of test is explored, with the same findings; each finding names its tests, and has one timeline."""
    explored.makepyfile(
        test_all="""
        import unittest
        import pytest
        from client import publish

        started = []

        @pytest.fixture(scope="module")
        def wide():
            started.append(1)
            yield started
            print("the wide fixture ends")

        def test_blind(aurous, aurous_client, wide, tmp_path):
            (tmp_path / "order").mkdir()  # each run has another folder
            publish(aurous_client)
            assert aurous.characters.last.status == "ready"
            assert wide == [1]

        @pytest.mark.parametrize("key", ["a", "{b}"])
        def test_careful(aurous, aurous_client, key):
            publish(aurous_client, key)

        class TestMethods:
            number = 0

            def test_method(self, aurous, aurous_client):
                self.number += 1
                assert self.number == 1
                publish(aurous_client)

        class TestUnit(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def fake(self, aurous, aurous_client):
                self.aurous, self.client = aurous, aurous_client

            def test_unit(self):
                assert not hasattr(self, "used")
                self.used = True
                publish(self.client)
                self.assertEqual(self.aurous.characters.last.status, "ready")

        def test_by_name(request):
            publish(request.getfixturevalue("aurous_client"), "key")

        def test_swallows(aurous, aurous_client):
            assert aurous_client.get("/v1/balance").status_code == 200

        def test_without_a_fake(request):
            pass

        def test_unrelated():
            pass
        """
    )

    result = explored.runpytest("--aurous-explore=report", "--aurous-explore-json=out/explored.json", "-p", "no:anyio")

    result.assert_outcomes(passed=9)
    found = {test.removeprefix("test_all.py::"): row for test, row in rows(result).items()}
    blind, careful, swallows = found["test_blind"], found["test_careful[a]"], found["test_swallows"]
    assert found == {
        "TestMethods::test_method": blind,
        "TestUnit::test_unit": blind,
        "test_blind": blind,
        "test_by_name": careful,
        "test_careful[a]": careful,
        "test_careful[{b}]": careful,
        "test_swallows": swallows,
    }
    assert (blind["other"], blind["unmet"], blind["broken"], careful["broken"]) == (0, 0, 3, 0)
    assert blind["cases"] == blind["returned"] + blind["raised"]
    assert swallows["cases"] == swallows["returned"] + swallows["raised"] + swallows["other"]
    result.stdout.fnmatch_lines(
        [
            "1 finding in 3 tests:",
            "1  The response to characters.create #1 was lost, and *",
            "   at client.py:10 in publish   pays_once   characters.create#1 lost (and 2 more)   3 tests",
            "   again: pytest test_all.py::TestMethods::test_method --aurous-explore-only=characters.create-1-lost",
            "1  characters.create#1 lost, in test_all.py::TestMethods::test_method,",
        ]
    )
    result.stdout.no_fnmatch_line("the wide fixture ends")
    tests = {
        one["test"]: one
        for one in json.loads((explored.path / "out/explored.json").read_text(encoding="utf-8"))["tests"]
    }
    assert tests["test_all.py::test_blind"]["cases"] == blind["cases"]
    assert {case["outcome"] for case in tests["test_all.py::test_blind"]["data"]["cases"]} >= {"returned", "raised"}


MARKED: Final = """
    import pytest
    from client import publish

    @pytest.mark.aurous_explore
    def test_blind(aurous_client):
        publish(aurous_client)

    @pytest.mark.aurous_explore(faults="lost", known={"characters.create-1-lost": "no keys before March"})
    def test_known(aurous_client):
        publish(aurous_client)

    @pytest.mark.aurous_explore(known={"characters.create#1 lots": "a slip"})
    def test_unknown(aurous_client):
        publish(aurous_client, "key")

    @pytest.mark.aurous_explore
    def test_without():
        pass

    @pytest.mark.aurous_explore(faults="unavailable", may_raise=())
    class TestNearest:
        def test_class(self, aurous_client):
            publish(aurous_client)

        @pytest.mark.aurous_explore(faults="refused")
        def test_function(self, aurous_client):
            publish(aurous_client)
"""


def test_markers(explored: pytest.Pytester) -> None:
    """A marker explores its test, with its own arguments, and lets it fail for a broken law."""
    explored.makepyfile(test_marked=MARKED)

    result = explored.runpytest("--aurous-explore-json=explored.json")

    result.assert_outcomes(passed=3, failed=3)
    found = {name.removeprefix("test_marked.py::"): row for name, row in rows(result).items()}
    every = found.pop("test_blind")["cases"]
    cases = {name: row["cases"] for name, row in found.items()}
    assert cases == {"TestNearest::test_class": 4, "TestNearest::test_function": 4, "test_known": 2}
    assert found["TestNearest::test_class"]["other"] == 4
    assert found["TestNearest::test_function"]["raised"] == 3
    assert found["test_known"]["broken"] == 0
    result.stdout.fnmatch_lines_random(
        [
            "FAILED test_marked.py::test_without - *The test cannot be explored: it does not use the fixture aurous*",
            f"FAILED test_marked.py::test_blind - *AurousExplorationError: 1 finding in 3 of {every} cases*",
            "FAILED test_marked.py::test_unknown - *AurousError: explore(known='characters.create#1 lots'): *",
        ]
    )
    result.stdout.no_fnmatch_line("*bad days of*")  # the failures say it
    assert len(json.loads((explored.path / "explored.json").read_text(encoding="utf-8"))["tests"]) == 6


def test_fail(explored: pytest.Pytester) -> None:
    """It lets a test fail in its call phase, also from the ini file."""
    explored.makepyfile(
        """
        from client import publish

        def test_blind(aurous_client):
            publish(aurous_client)

        def test_careful(aurous_client):
            publish(aurous_client, "key")
        """
    )
    explored.makeini("[pytest]\naurous_sleep = skip\naddopts = --aurous-explore=fail")

    result = explored.runpytest("-x")

    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(
        [
            "left out: *::test_careful: pytest stopped before its bad days were run",
            "FAILED *::test_blind - *AurousExplorationError: 1 finding in *",
        ]
    )


LEFT_OUT: Final = """
    import pytest
    from client import publish
    from pytest_aurous import BadDay

    order = []

    @pytest.fixture(scope="class")
    def kept():
        return []

    class TestKept:
        def test_accumulates(self, aurous_client, kept):
            order.append("accumulates")
            kept.append(1)
            aurous_client.get("/v1/balance")
            if len(kept) < 4:
                aurous_client.get("/v1/team")

    def test_served(aurous_client, aurous_server):
        aurous_client.get("/v1/balance")

    def test_differs(aurous_client, seen=[]):
        if aurous_client.get("/v1/balance").status_code == 503:
            seen.append(1)
            if len(seen) == 1:
                publish(aurous_client)

    def test_stops(aurous_client, seen=[]):
        seen.append(1)
        if len(seen) == 1:
            aurous_client.get("/v1/balance")

    def test_once(aurous_client, seen=[]):
        seen.append(1)
        aurous_client.get("/v1/balance")
        assert len(seen) == 1, "once"

    def test_other_fake(request, seen=[]):
        seen.append(1)
        if len(seen) == 1:
            request.getfixturevalue("aurous_client").get("/v1/balance")

    @pytest.mark.aurous_explore(faults="ends_early")
    def test_no_stream(aurous_client):
        aurous_client.get("/v1/balance").raise_for_status()

    def test_fails(aurous_client):
        publish(aurous_client)
        assert False

    def test_both(aurous, aurous_client):
        aurous.explore(lambda: publish(aurous_client))

    def test_breaks_itself(aurous, aurous_client):
        aurous.faults.status("balance.retrieve", 503)
        assert aurous_client.get("/v1/balance").status_code == 503

    def test_explores(aurous, aurous_client):
        aurous.explore(lambda: aurous_client.get("/v1/balance").raise_for_status())

    def test_plays(aurous, aurous_client):
        with aurous.day(BadDay()):
            aurous_client.get("/v1/balance")

    def test_sends_nothing(aurous):
        pass

    @pytest.mark.aurous_explore(False)
    def test_excluded(aurous_client):
        publish(aurous_client)

    @pytest.mark.xfail
    def test_expected(aurous):
        assert False

    def test_skips(aurous):
        pytest.skip("not today")

    def test_last():
        assert order == ["accumulates"]
"""
REASONS: Final = {
    "TestKept::test_accumulates": "it differs from run to run: the last undisturbed run",
    "test_served": "it uses a server",
    "test_stops": "it differs from run to run: when it is run again, it does not send balance.retrieve",
    "test_once": "it does not pass when it is run again: AssertionError: once",
    "test_other_fake": "it does not use the fixture aurous when it is run again",
    "test_no_stream": "no case was run, because no request of the good day fits these faults: ends_early.",
    "test_fails": "it fails",
    "test_both": "it explores code itself",
    "test_breaks_itself": "no case was run, because no request is left to break: 1 request was not",
    "test_explores": "it explores code itself",
    "test_plays": "it explores code itself",
    "test_sends_nothing": "it sends no request",
    "test_expected": "it is expected to fail",
}


def test_what_is_left_out_is_loud(explored: pytest.Pytester) -> None:
    """With `fail`, a test that cannot be explored fails with the reason. No run comes before a test.

    A test that sends no request, breaks each itself, explores itself or is excluded is no failure.
    """
    explored.makepyfile(test_it=LEFT_OUT)

    options = ("--aurous-explore=fail", "--aurous-explore-json=explored.json")
    result = explored.runpytest("-p", "faker", *options)

    result.assert_outcomes(passed=6, failed=9, skipped=1, xfailed=1)
    text = joined(result)
    assert text.count("left out: ") == len(REASONS)
    for test, why in REASONS.items():
        assert f"left out: test_it.py::{test}: {why}" in text
    assert (
        "later run: no other request. What stays between its runs, such as a fixture of a wider scope, may be" in text
    )
    result.stdout.fnmatch_lines(
        [
            "FAILED test_it.py::TestKept::test_accumulates - *The test cannot be explored: it differs*",
            "FAILED test_it.py::test_served - *The test cannot be explored: it uses a server*",
            "FAILED test_it.py::test_differs - *AurousExplorationError: *: differs from run to run*",
        ]
    )
    tests = {
        one["test"]: one for one in json.loads((explored.path / "explored.json").read_text(encoding="utf-8"))["tests"]
    }
    explores = "test_it.py::test_explores"
    assert tests[explores] == {"test": explores, "left_out": "it explores code itself"}


def test_a_report_says_what_is_undecided(explored: pytest.Pytester) -> None:
    """In a section of its own, because no failure says it."""
    explored.makepyfile(test_it=LEFT_OUT)

    result = explored.runpytest("--aurous-explore=report", "-k", "test_differs")

    result.assert_outcomes(passed=1, deselected=16)
    result.stdout.fnmatch_lines(["*bad days of test_it.py::test_differs*"])
    assert "balance.retrieve#1 unavailable: differs from run to run. It broke a law, and held" in joined(result)
    assert "not judged in suites: the laws spares, returns, recovers, the faults crash, dies, and fa" in joined(result)
    assert "and races of two workers, which aurous.interleave finds" in joined(result)


def test_a_suite_whose_own_sleeps_do_nothing(explored: pytest.Pytester) -> None:
    """Nothing about time is judged: a line says so, and a warning at the test, which fails nothing."""
    explored.makepyfile(
        """
        import time
        from client import publish

        def test_it(aurous, aurous_client, monkeypatch):
            aurous.script("synthesizing*2 -> reviewing")
            monkeypatch.setattr(time, "sleep", lambda _: None)
            publish(aurous_client, "key")
        """
    )

    for options, warned in ((), 1), (("-W", "error"), 0):
        result = explored.runpytest("--aurous-explore=report", *options)
        result.assert_outcomes(passed=1, warnings=warned)
        assert "remark: Work in progress was polled" in joined(result)
        assert (".py:4: AurousWarning: explore(): Work" in joined(result)) == bool(warned)


def test_failed_work_that_nobody_reads(explored: pytest.Pytester) -> None:
    """It is a finding if the test passes; if the test fails with its own assertion, that is listed, and no verdict."""
    explored.makepyfile(
        """
        import time

        def picture(client):
            image = client.post("/v1/images", json={"prompt": "a cat"}, headers={"Idempotency-Key": "1"})
            path = f"/v1/images/{image.raise_for_status().json()['id']}"
            while client.get(path).raise_for_status().json()["status"] in ("pending", "processing"):
                time.sleep(5)
            return path

        def test_bare(aurous_client):
            picture(aurous_client)

        def test_thorough(aurous, aurous_client):
            picture(aurous_client)
            assert aurous.images.last.status == "succeeded"
        """
    )

    result = explored.runpytest("--aurous-explore=fail")

    result.assert_outcomes(failed=1, passed=1)
    text = joined(result)
    assert "and the test passed, but the image 'a cat' has failed; the test may ignore what the code returned" in text
    assert re.search(
        r"the code returned as if all was well, and then test_\w+.py:15 `assert .+` failed "
        r"\(images.create#1 fails, and 1 more\)",
        text,
    )


def test_what_fails_in_a_line_of_the_test_is_listed(explored: pytest.Pytester) -> None:
    """A look at a record that there is not, and what Python raises there; not what a call of the line raises."""
    explored.makepyfile(
        app="""
        def order(client):
            image = client.post("/v1/images", json={"prompt": "x"})
            return [image.json()["id"]] if image.is_success else []

        def counted(found):
            if not found:
                raise ValueError("none")
        """,
        test_it="""
        from app import counted, order

        def test_looks(aurous, aurous_client):
            order(aurous_client)
            aurous.images.last

        def test_unpacks(aurous, aurous_client):
            [image] = order(aurous_client)

        def test_raises(aurous, aurous_client):
            counted(order(aurous_client))
            aurous_client.get("/v1/balance").raise_for_status()
        """,
    )

    result = explored.runpytest("--aurous-explore=fail", "-oaurous_pitfalls=off")

    text = joined(result)
    where = r"failed \(images.create#1 \w+, and \d+ more\)"
    assert re.search(
        rf"and then test_it.py:5 `aurous.images.last` {where} test_it.py:8 `\[image\] = .+` {where} =", text
    )
    assert [row["other"] > 0 for row in rows(result).values()] == [True, False, True]


def test_a_thorough_test_shows_a_payment_too(explored: pytest.Pytester) -> None:
    """Whatever it asserts; and a finding of several tests is headed by the worst law."""
    explored.makepyfile(
        """
        import pytest
        from client import publish

        @pytest.mark.aurous_explore(laws="no_pitfall")
        def test_any(aurous_client):
            publish(aurous_client)

        @pytest.mark.aurous_explore
        def test_thorough(aurous, aurous_client):
            assert publish(aurous_client)["status"] == "ready"
            assert [one.status for one in aurous.characters] == ["ready"]
            assert aurous.team.available_credits == 996
        """
    )

    result = explored.runpytest("-oaurous_pitfalls=off")

    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["1 finding in 2 tests:", "   at client.py:10 in publish   pays_once   characters.*"])


def test_what_a_fault_has_deleted_is_no_matter_of_the_test(explored: pytest.Pytester) -> None:
    """Whether the record may be missing, nobody knows."""
    explored.makepyfile(
        """
        import pytest

        @pytest.mark.aurous_explore(faults="gone")
        def test_reads(aurous_client):
            order = {"name": "Nova", "generate": True, "attributes": {"age": 30}}
            made = aurous_client.post("/v1/characters", json=order, headers={"Idempotency-Key": "1"})
            aurous_client.get(f"/v1/characters/{made.json()['id']}")
        """
    )

    result = explored.runpytest("--aurous-explore=fail")

    (row,) = rows(result).values()
    assert (row["cases"], row["broken"]) == (1, 0)


def test_everyday_tests_are_no_finding(explored: pytest.Pytester) -> None:
    """Polls that yield only, and a slow model; what code does that a test explores is in `tests/explore`."""
    explored.makepyfile(
        """
        import time
        import httpx
        import pytest

        ORDER = {"json": {"prompt": "x"}, "headers": {"Idempotency-Key": "1"}}

        def test_slow_model(aurous, aurous_client):
            aurous.chat.reply("Never seen.", delay=20)
            chat = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "x"}]}
            with pytest.raises(httpx.ReadTimeout):
                aurous_client.post("/v1/chat/completions", json=chat, headers=ORDER["headers"], timeout=10)

        def test_reads(aurous_client):
            made = aurous_client.post("/v1/images", **ORDER).json()
            aurous_client.get(f"/v1/images/{made['id']}")

        def test_yields(aurous, aurous_client):
            path = f"/v1/images/{aurous_client.post('/v1/images', **ORDER).raise_for_status().json()['id']}"
            while (status := aurous_client.get(path).raise_for_status().json()["status"]) in {"pending", "processing"}:
                time.sleep(0)
            time.sleep(5)
            assert status == "succeeded"
        """
    )

    result = explored.runpytest("--aurous-explore=fail", "-W", "ignore:explore")

    result.assert_outcomes(passed=3)
    found = rows(result).values()
    assert {row["broken"] for row in found} == {0}
    assert min(row["cases"] for row in found) > 7


ONE_CASE: Final = """
    import pytest
    from client import publish

    def test_blind(aurous_client):
        publish(aurous_client)

    def test_explores(aurous, aurous_client):
        aurous.explore(lambda: publish(aurous_client))

    @pytest.mark.aurous_explore(False)
    def test_excluded(aurous_client):
        publish(aurous_client)

    def test_served(aurous_client, aurous_server):
        aurous_client.get("/v1/balance")
"""


@pytest.mark.parametrize(
    ("case", "test", "lines"),
    [
        ("characters.retrieve-1-refused", "blind", ["*publish(aurous_client)*", "*ConnectError*", "*Aurous timeline*"]),
        ("characters.create#1 lost", "blind", ["*Error: 1 finding in 1 of 1 cases", "*characters.create  POST*"]),
        ("characters.create#2 lost", "blind", ["*there is no such case; did you mean 'characters.create#1 *"]),
        ("characters.retrieve#1 refused", "explores", ["*ConnectError*"]),
        ("characters.retrieve#1 refused", "served", ["*--aurous-explore-only: the test cannot be explored: it uses*"]),
        ("characters.create#1 greased", "blind", []),
        ("characters.create-1-greased", "explores", []),
        ("characters.create#1 lost", "excluded", []),
    ],
)
def test_one_case(explored: pytest.Pytester, case: str, test: str, lines: list[str]) -> None:
    """``--aurous-explore-only`` lets the test run with one fault, and what it raises is the result of the test."""
    explored.makepyfile(ONE_CASE)

    result = explored.runpytest(f"--aurous-explore-only={case}", "-k", test)

    result.assert_outcomes(failed=int(bool(lines)), passed=int(not lines), deselected=3)
    if lines:
        result.stdout.fnmatch_lines(lines)
    result.stdout.no_fnmatch_line("*bad days*")


def test_fixtures_that_send_requests(explored: pytest.Pytester) -> None:
    """Their requests are broken, too: the body does not run then, and the one case fails in its setup."""
    explored.makepyfile(
        """
        import pytest

        @pytest.fixture
        def balance(aurous_client):
            return aurous_client.get("/v1/balance").raise_for_status().json()["credits"]

        def test_it(balance):
            assert balance == 1000
        """
    )
    explored.makepyfile(test_doc='"""\n>>> getfixture("aurous").calls.count()\n0\n"""')

    every = explored.runpytest("--aurous-explore=report", "--doctest-modules")
    without = ("-p", "no:capture", "-p", "no:tmpdir")
    one = explored.runpytest("--aurous-explore-only=balance.retrieve#1 refused", "-k", "test_it", *without)

    every.assert_outcomes(passed=2)
    (row,) = rows(every).values()
    assert (row["other"], row["unmet"], row["broken"]) == (0, 0, 0)
    assert row["cases"] == row["returned"] + row["raised"] > row["returned"]
    one.assert_outcomes(errors=1)
    one.stdout.fnmatch_lines(["ERROR *::test_it - httpx.ConnectError: *"])


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--aurous-explore", "tests"], "--aurous-explore=report tests"),
        (["--aurous-explore=all"], "--aurous-explore=all"),
        (["--aurous-explore-only=foo"], "-only=foo"),
        (["--aurous-explore=report", "--reruns=2"], "--reruns"),
        (["--aurous-explore-baseline=none.json"], "none.json"),
        (["--aurous-explore-baseline-update"], "--aurous-explore-baseline=FILE"),
        (["--aurous-explore-seconds=soon"], "'soon' is no number of seconds above 0, such as 60"),
        (["--aurous-explore-seconds=0"], "'0' is no number of seconds above 0, such as 60"),
        (["'lost'"], "keywords"),
        (["faults='crash'"], "faults='crash'"),
        (["limit=2"], "'limit'"),
    ],
)
def test_usage_errors(explored: pytest.Pytester, options: list[str], word: str) -> None:
    """An option or a marker that cannot work ends the run; the table of arguments is in `tests/explore`."""
    explored.mkdir("tests")
    marker = "False" if options[0].startswith("--") else options.pop()
    explored.makepyfile(f"import pytest\n@pytest.mark.aurous_explore({marker})\ndef test_it(aurous): ...")
    explored.makeconftest("def pytest_addoption(parser): parser.addoption('--reruns', type=int)")

    result = explored.runpytest(*options)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert word in str(result.stderr)


def test_reports_come_last(explored: pytest.Pytester) -> None:
    """Other plugins see one test: its reports, in order, without what its other runs print, warn of or record."""
    explored.makepyfile(
        """
        import warnings
        import pytest

        @pytest.fixture(scope="module")
        def broken():
            yield
            raise RuntimeError("the end of the module")

        def test_it(aurous_client, broken, record_property, caplog):
            record_property("run", 1)
            print("a run")
            warnings.warn("a run", stacklevel=1)
            aurous_client.get("/v1/balance").raise_for_status()
            assert caplog.records

        def test_last(aurous_client, broken):
            aurous_client.get("/v1/balance").raise_for_status()
        """
    )
    explored.makeconftest(
        """
        def pytest_runtest_logreport(report):
            print("\\nreported:", report.when, report.outcome, report.user_properties)

        def pytest_runtest_logstart(nodeid): print("\\nstart")
        def pytest_runtest_logfinish(nodeid): print("\\nfinish")
        """
    )

    result = explored.runpytest("--aurous-explore=report", "-rA", "-o", "log_level=INFO")

    result.assert_outcomes(passed=2, errors=1, warnings=1)
    seen = [line for line in result.outlines if re.match("reported|start|finish", line)]
    one = ["start", *(f"reported: {when} passed" for when in ("setup", "call", "teardown")), "finish"]
    assert [line.split(" [")[0] for line in seen] == [*one, *one[:-1], "reported: teardown failed", "finish"]
    assert result.outlines.count("a run") == 1
    result.stdout.fnmatch_lines(["*RuntimeError: the end of the module*"])
    assert rows(result)["test_reports_come_last.py::test_it"]["returned"] == 2


def test_subtests_are_left_out(explored: pytest.Pytester) -> None:
    """A subtest reports at once, also on a bad day, so its test is not explored."""
    explored.makepyfile("def test_it(aurous_client): aurous_client.get('/v1/balance').raise_for_status()")
    explored.makeconftest(  # before 9.0 pytest itself reports no subtest that passes
        """
        import pytest

        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_call(item):
            report = pytest.TestReport("sub", ("", 0, ""), {}, "passed", None, "call")
            item.ihook.pytest_runtest_logreport(report=report)
            return (yield)
        """
    )

    result = explored.runpytest("--aurous-explore=report")

    assert "it has subtests, which report what happens in each run" in joined(result)


def test_anyio(explored: pytest.Pytester) -> None:
    """Coroutines are explored as functions are, on both backends."""
    pytest.importorskip("trio")
    explored.makepyfile(
        test_it="""
        import httpx
        import pytest
        from client import BODY

        pytestmark = pytest.mark.anyio

        @pytest.fixture(params=["asyncio", "trio"])
        def anyio_backend(request):
            return request.param

        async def test_blind(aurous_async_client):
            try:
                made = await aurous_async_client.post("/v1/characters", json=BODY)
            except httpx.TransportError:
                made = await aurous_async_client.post("/v1/characters", json=BODY)
            made.raise_for_status()

        async def test_reads(aurous_async_client):
            (await aurous_async_client.get("/v1/balance")).raise_for_status()
        """
    )

    result = explored.runpytest("-p", "anyio", "--aurous-explore=report")

    result.assert_outcomes(passed=4)
    found = {name.removeprefix("test_it.py::test_"): row["broken"] for name, row in rows(result).items()}
    assert found == {"blind[asyncio]": 3, "blind[trio]": 3, "reads[asyncio]": 0, "reads[trio]": 0}


def test_time(explored: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each run sleeps at once and starts at the same instant, whatever the setting is; an endless wait is ended."""
    monkeypatch.setattr(runs, "MOST_SLEEPS", 500)
    explored.makeini("[pytest]\naurous_sleep = real")
    explored.makepyfile(
        """
        import time
        from client import BODY

        starts = []

        def test_endless(aurous, aurous_client):
            aurous.script("synthesizing -> reviewing")
            starts.append(aurous.clock.now())
            made = aurous_client.post("/v1/characters", json=BODY).raise_for_status().json()
            while aurous_client.get(f"/v1/characters/{made['id']}").json().get("status") != "reviewing":
                if len(starts) > 1:
                    time.sleep(60)

        def teardown_module():
            assert len(set(starts[1:])) == 1, starts
        """
    )

    result = explored.runpytest("--aurous-explore=report")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*ends   characters.create#1 fails*"])


@pytest.mark.parametrize(
    ("option", "ending", "lines"),
    [
        ("--aurous-explore=report", "raise KeyboardInterrupt", ["*KeyboardInterrupt: while exploring balance*-1-*"]),
        (
            "--aurous-explore-only=balance.retrieve#1 greased",
            "raise KeyboardInterrupt",
            ["*KeyboardInterrupt: while exploring balance.retrieve-1-greased:*", "0 of 0 cases hold*"],
        ),
        (
            "--aurous-explore=report",
            "pytest.exit('enough')",
            ["*Exit: enough", "while exploring balance.retrieve-1-refused:", "0 of 0 cases hold*"],
        ),
    ],
)
def test_what_ends_the_run(explored: pytest.Pytester, option: str, ending: str, lines: list[str]) -> None:
    """Ctrl-C and `pytest.exit` end it, and show the table so far."""
    explored.makepyfile(
        f"""
        import pytest

        def test_it(aurous_client, runs=[]):
            runs.append(1)
            if len(runs) == 4:
                {ending}
            aurous_client.get("/v1/balance").raise_for_status()
        """
    )

    result = explored.runpytest_inprocess(option, no_reraise_ctrlc=True)

    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(lines)
    assert result.stdout.str().count("0 of 0 cases hold") == 1


@pytest.mark.parametrize("option", ["--aurous-explore=report", "--aurous-explore-only=balance.retrieve#1 greased"])
def test_a_bug_of_ours_fails_the_test(explored: pytest.Pytester, option: str) -> None:
    """The session goes on, and the failure names itself and has our traceback."""
    explored.makepyfile(
        """
        import pytest
        from pytest_aurous._explore import explorer

        def test_it(aurous_client):
            aurous_client.get("/v1/balance")

        @pytest.fixture(autouse=True, scope="module")
        def bug():
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(explorer, "judge", None)
                yield

        @pytest.mark.aurous_explore(False)
        def test_after():
            pass
        """
    )

    result = explored.runpytest(option)

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*: pytest-aurous itself failed, *", "*judge(judged)*", "TypeError: *", "FAILED *::test_it*"]
    )


def test_hangs(explored: pytest.Pytester) -> None:
    """A run that hangs is a case that breaks `ends`, the teardown runs, and the next test is whole."""
    explored.makepyfile(
        """
        import threading
        import pytest

        pytestmark = pytest.mark.aurous_explore(faults="unavailable, greased", patience=0.3)

        @pytest.fixture
        def resource(ended=[]):
            assert not ended
            ended.append(1)
            yield
            ended.clear()

        def test_waits(aurous_client, resource):
            if aurous_client.get("/v1/balance").status_code != 200:
                threading.Event().wait()

        def test_after(aurous_client, resource):
            aurous_client.get("/v1/balance")
        """
    )

    result = explored.runpytest_subprocess("-p", "no:xdist", "--tb=short", timeout=120)

    result.assert_outcomes(passed=1, failed=1)
    found = {name.partition("::")[2]: row["broken"] for name, row in rows(result).items()}
    assert found == {"test_waits": 1, "test_after": 0}
    assert "test_hangs.py:15 in test_waits" in result.stdout.str()


def test_traces_har_and_coverage_are_of_the_own_run(explored: pytest.Pytester) -> None:
    """Bad days write neither a trace nor a HAR file, and cover nothing; the one case that is asked for is written."""
    explored.makepyfile("def test_it(aurous_client): aurous_client.get('/v1/balance').raise_for_status()")
    options = ("--aurous-trace=traces", "--aurous-har=har")

    result = explored.runpytest("--aurous-explore=report", "--aurous-coverage", *options)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*1 of * outcomes*", "balance.retrieve", "*met *200 x1"])
    assert not [*explored.path.glob("traces/*it*"), *explored.path.glob("har/*")]

    explored.runpytest("--aurous-explore-only=balance.retrieve#1 refused", *options).assert_outcomes(failed=1)
    assert len([*explored.path.glob("traces/*it*"), *explored.path.glob("har/*")]) == 2


SHOP: Final = """
    import logging
    import httpx
    from client import BODY

    runs = []

    def order(client):
        runs.append(1)
        print("ordered", len(runs))
        logging.warning("logged %s", len(runs))
        for _ in range(2):
            try:
                return client.post("/v1/characters", json=BODY).status_code < 400 or None
            except httpx.TransportError:
                pass
"""


def test_what_broke_last_time_runs_first(explored: pytest.Pytester) -> None:
    """While one fixes, with ``-x`` an exploration takes as long as one case, also of a test that explores itself."""
    explored.makepyfile(
        shop=SHOP,
        test_x="""
        import shop

        def test_whole(aurous_client):
            shop.order(aurous_client)

        def test_own(aurous, aurous_client):
            try:
                aurous.explore(lambda: shop.order(aurous_client), laws="pays_once", faults="refused, lost, down")
            finally:
                print("runs:", len(shop.runs))
        """,
    )

    for options, whole in (((), 0), (("--aurous-explore=fail",), 1)):
        tests = ("-k", "whole" if whole else "own", *options)
        first = explored.runpytest(*tests)
        again = explored.runpytest(*tests, "-x")
        first.assert_outcomes(failed=1, deselected=1)
        again.assert_outcomes(failed=1, deselected=1)
        again.stdout.fnmatch_lines(["*AurousExplorationError: 1 finding in 1 of 1 cases; * of * not run*"])
        if not whole:
            runs = [int(re.findall(r"\nruns: (\d+)", one.stdout.str())[0]) for one in (first, again)]
            assert runs[0] > runs[1] == 5  # the good day twice, the case twice, and the good day
    one = explored.runpytest("-k", "own", "--aurous-explore-only=characters.create-1-refused")
    one.assert_outcomes(passed=1, deselected=1)
    kept = json.loads((explored.path / ".pytest_cache/v/aurous/broken").read_text(encoding="utf-8"))
    assert "characters.create#1 lost" in kept["test_x.py::test_own"]
    assert kept["test_x.py::test_whole"][0] == "characters.create#1 lost"


def test_only_broken_cases_show_what_they_print(explored: pytest.Pytester) -> None:
    """What the good days and the other cases print and log is dropped; what the test itself prints stays."""
    explored.makepyfile(
        shop=SHOP,
        test_x="""
        import pytest, shop

        def test_own(aurous, aurous_client):
            print("before")
            aurous.explore(lambda: shop.order(aurous_client), laws="pays_once", faults="refused, lost, down")

        def test_fails(aurous, aurous_client):
            def run():
                print("at first")
                raise LookupError
            aurous.explore(run)
        """,
    )

    result = explored.runpytest("-p", "no:randomly")

    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["before", "-- characters.create-1-lost --", "ordered *", "*Captured log call*"])
    result.stdout.fnmatch_lines(["-- characters.create-1-lost --", "WARNING*logged *", "at first"])
    assert result.stdout.str().count("\nordered ") == 1
    assert (
        result.stdout.str().count("The requests of the undisturbed run: aurous.explore() ") == 1
    )  # of the test whose good day fails


def test_a_timeline_names_the_method_that_left_its_requests(explored: pytest.Pytester) -> None:
    """Whatever fails later."""
    explored.makepyfile(
        """
        def test_it(aurous, aurous_client):
            aurous.interleave(*[lambda: aurous_client.get("/v1/balance")] * 2)
            raise LookupError
        """
    )

    result = explored.runpytest()

    result.stdout.fnmatch_lines("The requests of the undisturbed run: aurous.interleave() leaves the fake *")


def test_the_time_is_for_the_whole_run(explored: pytest.Pytester) -> None:
    """Also for tests that explore or interleave code themselves; the report says what was not run."""
    explored.makepyfile(
        test_it="""
        def test_own(aurous, aurous_client):
            explored = aurous.explore(lambda: aurous_client.get("/v1/balance").raise_for_status() and None)
            assert explored.not_run > 2
            assert not aurous.explore(lambda: aurous_client.get("/v1/balance")).cases
            assert not aurous.interleave(*[lambda: aurous_client.get("/v1/balance")] * 2).cases

        def test_whole(aurous_client):
            aurous_client.get("/v1/balance").raise_for_status()
        """
    )

    result = explored.runpytest("--aurous-explore-seconds=1e-6", "--aurous-explore=report", "-p", "no:randomly")
    enough = explored.runpytest("--aurous-explore-seconds=99", "--aurous-explore=report", "-k", "whole")

    result.assert_outcomes(passed=2, warnings=4)
    result.stdout.fnmatch_lines(["cut: test_it.py::test_whole: * of * cases not run"])
    result.stdout.no_fnmatch_line("never ran*")
    enough.stdout.no_fnmatch_line("cut: *")


def test_the_command_of_a_race_runs_one_schedule(explored: pytest.Pytester) -> None:
    """`--aurous-explore-only` replays it, beside other explorations of the test; a traced test has its serial run."""
    explored.makepyfile(
        """
        def test_both(aurous, aurous_client):
            def work():
                if not aurous_client.get("/v1/characters").json()["data"]:
                    body = {"name": "Nova", "generate": True, "attributes": {"age": 28}}
                    aurous_client.post("/v1/characters", json=body)

            aurous.explore(lambda: aurous_client.get("/v1/balance"), faults="refused")
            aurous.interleave(work, work)
        """
    )
    again = "--aurous-explore-only=first-2"
    for options, lines in (
        (("--aurous-trace=traces",), ["E *'Nova'*", f"E *again: pytest *{again}"]),
        ((again, "--aurous-explore=report"), ["E *'Nova'*"]),
        (("--aurous-explore-only=balance.retrieve#1 refused",), ["E *ConnectError*"]),
    ):
        result = explored.runpytest(*options)
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(lines)
