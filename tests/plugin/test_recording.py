"""A suite records what it exchanges with the real API, for which a fake on a local port stands here."""

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_aurous import Aurous, AurousServer
from pytest_aurous._check.check import check_recordings
from pytest_aurous._check.recording.read import read_recording

KEY: Final = "al_live_" + "canary0" * 9
PRIVATE: Final = (KEY, "canary", "Wilhelmina", "bench", "mine.example")

SUITE: Final = """
    import os
    import httpx
    import pytest

    URL = os.environ["TWIN"]
    HEADERS = {"X-Api-Key": os.environ["TWIN_KEY"]}
    CREATE = {"name": "Wilhelmina Canary", "generate": True, "attributes": {"age": 28, "gender": "female"}}

    @pytest.fixture
    def client():
        with httpx.Client(base_url=URL, headers=HEADERS) as client:
            yield client
"""
STORY: Final = """
    @pytest.mark.aurous(network="allow", base_url=URL)
    @pytest.mark.parametrize("to", ["canary@mine.example"])
    def test_publishes(client, to):
        assert client.get("/v1/balance").status_code == 200
        created = client.post("/v1/characters", json=CREATE, headers={"X-Trace": to, "Cookie": "canary=1"}).json()
        path = f"/v1/characters/{created['id']}"
        for _ in range(3):
            seen = client.get(path).json()
        client.post(f"{path}/save")
        image = client.post("/v1/images", json={"prompt": "canary on a bench", "character_id": created["id"]}).json()
        for _ in range(3):
            client.get(f"/v1/images/{image['id']}")
        hook = {"url": f"https://mine.example/{to}", "events": ["*"], "metadata": {"canary": to}}
        assert client.post("/v1/webhook_endpoints", json=hook).status_code == 201
        with client.stream("GET", f"/v1/images/{image['id']}/output") as response:
            assert next(response.iter_bytes())
"""


@contextmanager
def twin(monkeypatch: pytest.MonkeyPatch, **settings: Any) -> Generator[Aurous, None, None]:
    """Serve a fake in place of the real API."""
    fake = Aurous(api_key=KEY, pitfalls="off", strict="off", **settings)
    with AurousServer(fake) as server:
        monkeypatch.setenv("TWIN", server.url)
        monkeypatch.setenv("TWIN_KEY", KEY)
        yield fake


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aurous]:
    """A twin that keeps every rule."""
    with twin(monkeypatch) as fake:
        yield fake


def recorded(pytester: pytest.Pytester) -> dict[str, Path]:
    return {file.name.rpartition("-")[0]: file for file in sorted((pytester.path / "rec").glob("*"))}


def urls(file: Path) -> list[str]:
    return [entry["request"]["url"] for entry in json.loads(file.read_text(encoding="utf-8"))["log"]["entries"]]


def test_a_recording_of_the_plain_twin_checks_clean(pytester: pytest.Pytester, plain: Aurous) -> None:
    """One file for each test, in which nothing private is left, not even in its name."""
    pytester.makepyfile(test_it=SUITE + STORY)

    result = pytester.runpytest("--aurous-record=rec")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*= aurous recordings =*", "1 in rec. To compare them: pytest-aurous check rec"])
    (file,) = recorded(pytester).values()
    assert file.name.startswith("test_it.py_test_publishes-")
    text = file.read_text(encoding="utf-8").lower()
    assert [word for word in PRIVATE if word.lower() in text] == []
    assert '"key-1"' in text
    checked = check_recordings([read_recording(file)])
    assert checked.verdicts.refuted == []
    assert checked.verdicts.uncovered == {}
    assert checked.verdicts.rules["save-1"].word == "as written"
    assert checked.verdicts.exchanges == len(plain.calls) == 12
    assert "_omitted" in text  # the output, which the test has not read


OTHERS: Final = """
    @pytest.fixture(scope="module")
    def created():
        return httpx.post(f"{URL}/v1/characters", json=CREATE, headers=HEADERS).json()["id"]

    @pytest.mark.aurous(network="allow", base_url=URL)
    class TestIt:
        def test_get(self, client, created):
            client.get(f"/v1/characters/{created}")
            assert client.get("http://127.0.0.1:1").status_code == 200

        def test_nothing(self):
            pass

        def test_unreachable(self):
            with httpx.Client() as client, pytest.raises(httpx.ConnectError):
                client.get("http://127.0.0.1:1")

        def test_fake(self, aurous):
            assert aurous.client().get("/v1/balance").status_code == 200
            assert httpx.get(f"{URL}/v1/balance").status_code == 401

    def test_get(client, created):
        client.get(f"/v1/characters/{created}")
"""


def test_only_tests_that_may_reach_the_vendor_have_a_file(pytester: pytest.Pytester, plain: Aurous) -> None:
    """Whether they pass or fail, with what their fixtures send; what a fake responds is not recorded."""
    pytester.makepyfile(test_it=SUITE + OTHERS)

    pytester.runpytest("--aurous-record=rec").assert_outcomes(passed=4, failed=1)

    files = recorded(pytester)
    assert list(files) == ["test_it.py_TestIt_test_get"]
    one, two = urls(files["test_it.py_TestIt_test_get"])
    assert one.endswith("/v1/characters")
    assert "/v1/characters/char_" in two
    assert len(plain.calls) == 3


def test_a_run_that_recorded_nothing_says_why(pytester: pytest.Pytester, plain: Aurous) -> None:
    """No test may reach the vendor, or none did."""
    pytester.makepyfile(
        test_blocked="def test_it(): ...",
        test_fake='import pytest\n@pytest.mark.aurous(network="allow")\ndef test_it(aurous_client): ...',
    )

    blocked = pytester.runpytest("--aurous-record=rec", "test_blocked.py")
    fake = pytester.runpytest("--aurous-record=rec", "test_fake.py")
    collected = pytester.runpytest("--aurous-record=rec", "--collect-only")
    without = pytester.runpytest("test_fake.py")

    blocked.stdout.fnmatch_lines(["Nothing *: no test *"])
    fake.stdout.fnmatch_lines(["Nothing *: 1 tests *"])
    for result in (collected, without):
        result.stdout.no_fnmatch_line("Nothing *")
    assert not (pytester.path / "rec").exists()
    assert not plain.calls


def test_a_folder_that_cannot_be_written_to_is_a_warning(pytester: pytest.Pytester, plain: Aurous) -> None:
    """The test passes all the same."""
    pytester.makepyfile(test_it=SUITE + STORY)
    (pytester.path / "rec").write_text("a file", encoding="utf-8")

    result = pytester.runpytest("--aurous-record=rec", "-W", "error")

    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*The recording of *test_publishes* to rec: *", "Nothing *: rec *"])
    assert plain.calls


def test_a_gateway_stands_for_the_vendors_host(pytester: pytest.Pytester, plain: Aurous) -> None:
    """Its own name is not in the file; another service behind it is none of the vendor's."""
    pytester.makepyfile(
        test_it=SUITE
        + """
    @pytest.mark.aurous(network="allow", base_url="http://gateway.example/aurous/")
    def test_it():
        with httpx.Client(proxy=URL, headers=HEADERS) as client:
            assert client.get("http://gateway.example/aurous/v1/balance").status_code
            assert client.get("http://gateway.example/other/v1/balance").status_code
    """
    )

    pytester.runpytest("--aurous-record=rec").assert_outcomes(passed=1)

    (file,) = recorded(pytester).values()
    assert urls(file) == ["https://api.aurous-labs.com/v1/balance"]
    assert "gateway" not in file.read_text(encoding="utf-8")
    assert plain.calls is not None


def test_a_thread_of_an_older_test_is_not_recorded(pytester: pytest.Pytester, plain: Aurous) -> None:
    """It belongs to a test whose file is written already."""
    pytester.makepyfile(
        test_it=SUITE
        + """
    import threading
    pytestmark = pytest.mark.aurous(network="allow", base_url=URL)
    GO, DONE = threading.Event(), threading.Event()

    def late():
        GO.wait(60)
        httpx.get(f"{URL}/v1/late", headers=HEADERS)
        DONE.set()

    def test_one():
        threading.Thread(target=late).start()

    def test_two(client):
        GO.set()
        assert DONE.wait(60)
        client.get("/v1/balance")
    """
    )

    pytester.runpytest("--aurous-record=rec").assert_outcomes(passed=2)

    (file,) = recorded(pytester).values()
    assert [url.rpartition("/")[2] for url in urls(file)] == ["balance"]
    assert len(plain.calls) == 2
