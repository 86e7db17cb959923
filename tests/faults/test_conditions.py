"""The `when` of faults as data: requests and deliveries are chosen without a function."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_aurous import Aurous, AurousError

IMAGE = {"prompt": "Aurora has black hair"}


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
    ("when", "message"),
    [
        ({}, "expected at least one part, such as {'path': '/v1/images/*'}."),
        ({"jsn": 1}, "expected parts out of 'json', 'path', 'header' or 'pattern'; did you mean 'json'?"),
        ({"system": "x"}, "expected parts out of 'json', 'path', 'header' or 'pattern'."),
        ({"path": 5}, "when['path']=5): expected text such as '/v1/images/*'."),
        ({"header": {5: "x"}}, "when={5: 'x'}): expected a dict with text as keys."),
        ({"header": {"A": 5}}, "when['header']['A']=5): expected text, such as '5'."),
        ({"pattern": "("}, "expected a regular expression (missing )"),
        ({"json": {1, 2}}, "expected a dict that JSON can carry"),
    ],
)
def test_a_condition_that_cannot_be_is_refused(when: Any, message: str) -> None:
    """At once, with what is valid."""
    aurous = Aurous()
    with pytest.raises(AurousError) as caught:
        aurous.faults.status("*", 503, when=when)
    assert message in str(caught.value)
    assert len(aurous.faults) == 0


def test_deliveries_have_no_headers_to_choose_by() -> None:
    """They are written when it is sent."""
    with pytest.raises(AurousError, match="expected parts out of 'json', 'path' or 'pattern'"):
        Aurous().faults.drop("*", when={"header": "X"})
