"""pytest-xdist: however the tests are dealt out, each has the fake that it has in one process."""

from __future__ import annotations

import json
from typing import Final

import pytest

pytest.importorskip("xdist")

SUITE: Final = """
    import json, os
    import httpx, pytest

    def write(name, aurous, aurous_client, aurous_faker):
        aurous.script("synthesizing*2 -> reviewing")
        body = {"name": "Aurora", "generate": True, "attributes": {"age": 20}}
        made = aurous_client.post("/v1/characters", json=body).json()
        seen = [aurous_client.get(f"/v1/characters/{made['id']}").json()["status"] for _ in range(3)]
        added = aurous.characters.add()
        data = [aurous.seed, aurous.api_key, made["id"], seen, added.id, added.name, added.attributes,
                aurous_faker.aurous_attributes(), aurous_faker.name(), aurous.faker.name()]
        with open(f"{name}.json", "x") as file:
            json.dump({"data": data, "worker": os.environ.get("PYTEST_XDIST_WORKER")}, file)

    @pytest.mark.parametrize("number", range(4))
    def test_plain(number, aurous, aurous_client, aurous_faker):
        write(f"plain{number}", aurous, aurous_client, aurous_faker)

    @pytest.mark.xdist_group("together")
    class TestTogether:
        @pytest.mark.parametrize("number", range(3))
        def test_it(self, number, aurous, aurous_client, aurous_faker):
            write(f"together{number}", aurous, aurous_client, aurous_faker)

    def test_unmatched(aurous):
        httpx.get(aurous.base_url + "/v1/charcters")
"""


def run(pytester: pytest.Pytester, *args: str) -> tuple[dict[str, object], dict[str, str | None]]:
    """Run `SUITE`, and return what each test was given, and the worker it ran in."""
    result = pytester.runpytest("-p", "xdist", *args)
    result.assert_outcomes(passed=7, failed=1)
    result.stdout.fnmatch_lines(["FAILED *::test_unmatched - *Aurous*Request: *no such operation: GET *charcters"])
    found = {path.stem: json.loads(path.read_text()) for path in pytester.path.glob("*.json")}
    for path in pytester.path.glob("*.json"):
        path.unlink()
    return {name: each["data"] for name, each in found.items()}, {name: each["worker"] for name, each in found.items()}


def test_data_and_verdict_are_those_of_one_process(pytester: pytest.Pytester) -> None:
    """With ``-n 2``, dealt out singly or by group, people, ids, keys, seeds and failures are as without xdist."""
    pytester.makepyfile(test_data=SUITE)

    alone, nobody = run(pytester)
    assert set(nobody.values()) == {None}
    assert len({str(data) for data in alone.values()}) == len(alone) == 7
    data, workers = run(pytester, "-n", "2", "--dist", "loadgroup")  # tests without a group are dealt out singly
    assert data == alone
    assert set(workers.values()) == {"gw0", "gw1"}
