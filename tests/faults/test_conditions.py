"""The `when` of faults as data: requests and deliveries are chosen without a function."""

import json
from typing import Any

import pytest

from pytest_aurous import Aurous, AurousError

IMAGE = {"prompt": "Aurora has black hair"}


async def when_async(_: object) -> bool:
    return True


@pytest.mark.parametrize(
    ("when", "statuses"),
    [
        ({"json": {"prompt": "Aurora has black hair"}}, [503, 200, 200]),
        ({"json": {"prompt": "Aurora"}}, [201, 200, 200]),
        ({"path": "/v1/image*"}, [503, 200, 200]),
        ({"path": "/v1/balance"}, [201, 503, 503]),
        ({"header": "x-trace"}, [201, 200, 503]),
        ({"header": {"X-Trace": "1"}}, [201, 200, 503]),
        ({"header": {"X-Trace": "2"}}, [201, 200, 200]),
        ({"pattern": "hai?r"}, [503, 200, 200]),
        ({"path": "/v1/*", "pattern": "^$"}, [201, 503, 503]),
    ],
)
def test_requests_are_chosen_by_data(when: dict[str, Any], statuses: list[int]) -> None:
    """All parts must hold; an export has the condition, as it is no function."""
    aurous = Aurous(strict="off")
    aurous.faults.status("*", 503, times=9, when=when)
    exported = json.loads(json.dumps(aurous.export()))
    other = Aurous(strict="off")
    other.import_(exported)
    assert exported["left_out"] == []
    for one in (aurous, other):
        with one.client() as client:
            responses = [
                client.post("/v1/images", json=IMAGE),
                client.get("/v1/balance"),
                client.get("/v1/balance", headers={"X-Trace": "1"}),
            ]
        assert [response.status_code for response in responses] == statuses


@pytest.mark.parametrize(
    ("when", "count"),
    [({"json": {"type": "image.completed"}}, 0), ({"path": "/hook"}, 0), ({"pattern": "nothing"}, 1)],
)
def test_deliveries_are_chosen_by_data(when: dict[str, Any], count: int) -> None:
    """By their payload, the path of their URL, or their text."""
    aurous = Aurous()
    received: list[object] = []
    aurous.webhooks.deliver_to(received.append, url="https://shop.example/hook")
    aurous.faults.drop("image.completed", when=when)
    aurous.images.add(status="processing").finish()
    aurous.webhooks.flush()
    assert len(received) == count


@pytest.mark.parametrize(
    ("when", "word"),
    [
        ({}, "at least one part"),
        ({"jsn": 1}, "did you mean 'json'"),
        ({"system": "x"}, "'pattern'"),
        ({"path": 5}, "text"),
        ({"header": {5: "x"}}, "text as keys"),
        ({"header": {"A": 5}}, "such as '5'"),
        ({"pattern": "("}, "regular expression"),
        ({"json": {1, 2}}, "JSON"),
        (when_async, "not async, or a dict"),
        (3, "not async, or a dict"),
    ],
)
def test_a_condition_that_cannot_be_is_refused(when: Any, word: str) -> None:
    """At once, with what is valid."""
    aurous = Aurous()
    with pytest.raises(AurousError, match=word):
        aurous.faults.status("*", 503, when=when)
    assert len(aurous.faults) == 0


def test_deliveries_have_no_headers_to_choose_by() -> None:
    """They are written when it is sent."""
    with pytest.raises(AurousError, match="'path' or 'pattern'"):
        Aurous().faults.drop("*", when={"header": "X"})


def test_a_condition_may_add_a_fault() -> None:
    """The new one counts from the next request on."""
    with Aurous(strict="off") as aurous, aurous.client() as client:

        def add(call: Any) -> bool:
            if call.number == 1:
                aurous.faults.status("*", 503, after=1)
            return False

        aurous.faults.status("*", 500, when=add)
        statuses = [client.get("/v1/balance").status_code for _ in range(3)]

    assert statuses == [200, 200, 503]
