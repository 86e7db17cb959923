"""pytest-socket and pytest-randomly: no socket is needed, and no order and no seed of the run changes the fake."""

import json
from typing import Final

import pytest

pytest.importorskip("pytest_socket")
pytest.importorskip("pytest_randomly")


def test_sockets_may_be_closed(pytester: pytest.Pytester) -> None:
    """Under ``--disable-socket`` each way to send a synchronous request meets the fake; other hosts stay closed."""
    pytester.makepyfile(
        """
        import httpx, pytest, pytest_socket
        httpx2 = pytest.importorskip("httpx2")

        @pytest.mark.parametrize("stack", [httpx, httpx2], ids=["httpx", "httpx2"])
        def test_it(aurous, aurous_client, stack):
            url, headers = aurous.base_url + "/v1/balance", {"X-Api-Key": aurous.api_key}
            assert stack.get(url, headers=headers).status_code == 200
            with stack.Client(headers=headers) as client:
                assert client.get(url).status_code == 200
            assert aurous_client.get("/v1/balance").status_code == 200
            with pytest.raises(pytest_socket.SocketBlockedError):
                stack.get("http://127.0.0.1:9/")
            assert aurous.calls.count() == 3

        def test_unmatched(aurous):
            httpx.get(aurous.base_url + "/v1/charcters")

        @pytest.mark.enable_socket
        def test_open(aurous_client):
            assert aurous_client.get("/v1/balance").status_code == 200
            with pytest.raises(httpx.ConnectError):
                httpx.get("http://127.0.0.1:9/")
        """
    )

    result = pytester.runpytest("-p", "socket", "--disable-socket")

    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["FAILED *::test_unmatched - *AurousUnmatchedRequest: *"])
    limited = ("-p", "socket", "--allow-hosts", "127.0.0.1", "-k", "open")  # the vendor's host need not be named
    pytester.runpytest(*limited).assert_outcomes(passed=1, deselected=3)


WRITES_DATA: Final = """
    import json, random
    import pytest

    @pytest.mark.parametrize("number", range(5))
    def test_it(aurous, aurous_client, aurous_faker, number):
        body = {"name": "Aurora", "generate": True, "attributes": {"age": 20}}
        made = aurous_client.post("/v1/characters", json=body).json()
        data = [number, aurous.seed, aurous.api_key, made["id"], aurous.characters.add().name, aurous_faker.name()]
        with open("data.jsonl", "a") as file:
            print(json.dumps([*data, random.random()]), file=file)
"""


def data_of(pytester: pytest.Pytester, *args: str, tests: int = 5) -> list[list[object]]:
    """Run `WRITES_DATA`, and return what its tests were given, in the order they ran in."""
    written = pytester.path / "data.jsonl"
    written.unlink(missing_ok=True)
    pytester.runpytest("-p", "randomly", *args).assert_outcomes(passed=tests)
    return [json.loads(line) for line in written.read_text(encoding="utf-8").splitlines()]


def test_its_seed_is_ours(pytester: pytest.Pytester) -> None:
    """With one ``--randomly-seed`` a test has the same people, ids and key in any order; ours is not drawn from it."""
    pytester.makepyfile(test_data=WRITES_DATA)

    shuffled = data_of(pytester, "--randomly-seed", "3")
    in_order = data_of(pytester, "--randomly-seed", "3", "--randomly-dont-reorganize")
    alone = data_of(pytester, "--randomly-seed", "3", "test_data.py::test_it[4]", tests=1)
    other = data_of(pytester, "--randomly-seed", "4", "--randomly-dont-reorganize")

    assert [each[0] for each in in_order] == [0, 1, 2, 3, 4] != [each[0] for each in shuffled]
    assert sorted(shuffled) == in_order
    assert alone == in_order[4:]
    assert not {each[1] for each in other} & {each[1] for each in in_order}
    one, two = (data_of(pytester, "--aurous-seed", "7", "--randomly-seed", seed) for seed in ("1", "2"))
    assert sorted(each[:-1] for each in one) == sorted(each[:-1] for each in two)


def test_we_draw_nothing_from_the_global_chance(pytester: pytest.Pytester) -> None:
    """Neither the fixtures nor the calls of a test move the `random` that pytest-randomly has seeded for it."""
    pytester.makepyfile(
        """
        import random

        def test_it(request):
            state = random.getstate()
            names = ("aurous", "aurous_client", "aurous_faker")
            aurous, aurous_client, aurous_faker = map(request.getfixturevalue, names)
            aurous.characters.add()
            body = {"name": "Aurora", "generate": True, "attributes": {"age": 20}}
            assert aurous_client.post("/v1/characters", json=body).status_code == 201
            aurous_faker.name()
            assert random.getstate() == state
        """
    )

    pytester.runpytest("-p", "randomly", "--randomly-seed", "1").assert_outcomes(passed=1)
