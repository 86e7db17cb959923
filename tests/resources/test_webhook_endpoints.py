"""The six calls on webhook endpoints, and what a test sees of them: hook-1 to hook-3, hook-10."""

import re
from typing import Any, Final

import pytest

from pytest_aurous import AurousError
from pytest_aurous._core.resources.base.rules import load_rules
from tests.conftest import Api

PATH: Final = "/v1/webhook_endpoints"
URL: Final = "https://app.test/hooks"
EVENTS: Final = sorted({one for rule in load_rules().values() for one in re.findall(r"`(\w+\.\w+)`", rule.statement)})
"""The events that the rules of the contract name."""
MISSING: Final = "we_00000000000000000000000000"


def make(api: Api, **body: Any) -> Any:
    response = api.post(PATH, json={"url": URL, "events": ["*"], **body})
    assert response.status == 201, response.body
    return response.json


def test_hook_1_every_field_comes_back(api: Api) -> None:
    """What is sent is what is registered, in the response and in each later one."""
    sent = {"url": URL, "events": ["image.failed"], "description": "staging", "metadata": {"env": "test"}}

    made = make(api, **sent)

    assert {name: made[name] for name in sent} == sent
    assert api.get(f"{PATH}/{made['id']}").json == {**made, "secret": None}


def test_hook_1_a_star_is_expanded_at_once(api: Api) -> None:
    """An endpoint that wants everything lists everything; naming an event twice is naming it once."""
    assert sorted(make(api, events=["image.failed", "*"])["events"]) == EVENTS
    assert make(api, events=["image.failed", "image.failed"])["events"] == ["image.failed"]


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"url": None}, "missing_field", "url"),
        ({"events": None}, "missing_field", "events"),
        ({"url": "https://"}, "invalid_format", "url"),
        ({"url": "https:///hooks"}, "invalid_format", "url"),
        ({"url": "https://:443/hooks"}, "invalid_format", "url"),
    ],
    ids=str,
)
def test_hook_1_refuses_what_it_does_not_take(api: Api, body: dict[str, Any], code: str, param: str) -> None:
    """Beyond the bounds and types of the schema, which `test_refusals.py` goes over."""
    whole = {"url": URL, "events": ["*"], **body}
    sent = {name: value for name, value in whole.items() if value is not None}

    api.refused("POST", PATH, json=sent, status=400, code=code, param=param)


def test_hook_1_a_refusal_leaves_the_deliveries_that_wait(api: Api) -> None:
    """A request that is refused changes nothing, and no delivery either."""
    made = make(api)
    assert api.post(f"{PATH}/{made['id']}/test", json={"event_type": "image.failed"}).status == 200
    assert [one.status for one in api.aurous.webhooks.deliveries] == ["pending"]

    api.refused("POST", PATH, json={"events": ["*"]}, status=400, code="missing_field", param="url")


def test_hook_2_the_whole_object(api: Api) -> None:
    """A new endpoint is active, has failed nothing yet, and shows its secret this once."""
    made = make(api, events=["image.failed"])

    assert re.fullmatch(r"we_[0-9A-HJKMNP-TV-Z]{26}", made["id"])
    assert re.fullmatch(r"whsec_\w{20,}", made["secret"])
    assert made == {
        "id": made["id"],
        "object": "webhook_endpoint",
        "url": URL,
        "events": ["image.failed"],
        "secret_preview": f"{made['secret'][:10]}...{made['secret'][-4:]}",
        "secret": made["secret"],
        "is_active": True,
        "consecutive_failures": 0,
        "last_success_at": None,
        "last_failure_at": None,
        "metadata": {},
        "description": None,
        "created_at": "2026-05-08T10:00:00Z",
        "updated_at": "2026-05-08T10:00:00Z",
    }


def test_hook_2_a_rotation_shows_the_new_secret(api: Api) -> None:
    """The secret is another one, shown in this response alone, and the time of the change is noted."""
    made = make(api)
    api.clock.advance(seconds=60)

    rotated = api.post(f"{PATH}/{made['id']}/rotate_secret").json

    assert rotated["secret"] != made["secret"]
    assert rotated["secret_preview"] == f"{rotated['secret'][:10]}...{rotated['secret'][-4:]}"
    assert rotated["updated_at"] == "2026-05-08T10:01:00Z"
    assert api.get(f"{PATH}/{made['id']}").json == {**rotated, "secret": None}


def test_hook_2_a_list_holds_the_living_of_the_team(api: Api) -> None:
    """Newest first, without deleted endpoints and endpoints of others."""
    first, gone, last = make(api), make(api), make(api)
    api.delete(f"{PATH}/{gone['id']}")
    api.aurous.teams.add().webhook_endpoints.add()

    page = api.get(PATH).json

    assert [one["id"] for one in page["data"]] == [last["id"], first["id"]]
    assert (page["object"], page["has_more"]) == ("list", False)
    assert api.get(f"{PATH}?limit=1").json["has_more"] is True
    assert [one["id"] for one in api.get(f"{PATH}?starting_after={last['id']}").json["data"]] == [first["id"]]


def test_hook_2_delete_is_a_200_whatever_the_id(api: Api) -> None:
    """Once, twice, never there and somebody else's: the response is the same, and others keep theirs."""
    made, other = make(api), api.aurous.teams.add().webhook_endpoints.add()

    for one in (made["id"], made["id"], MISSING, other.id):
        response = api.delete(f"{PATH}/{one}")
        assert (response.status, response.json) == (200, {"id": one, "object": "webhook_endpoint", "deleted": True})

    assert api.get(PATH).json["data"] == []
    assert (other.is_active, api.aurous.webhook_endpoints[made["id"]].is_active) == (True, False)


@pytest.mark.parametrize("event", EVENTS)
def test_hook_3_each_event_can_be_subscribed_alone(api: Api, event: str) -> None:
    """Every event of the contract is a name that create and test take."""
    made = make(api, events=[event])

    assert made["events"] == [event]
    assert api.post(f"{PATH}/{made['id']}/test", json={"event_type": event}).status == 200


def test_hook_10_the_response_names_the_event(api: Api) -> None:
    made = make(api)

    fired = api.post(f"{PATH}/{made['id']}/test", json={"event_type": "image.completed"}).json

    (delivery,) = api.aurous.webhooks.deliveries
    assert fired == {
        "object": "webhook_test_fire",
        "endpoint_id": made["id"],
        "event_id": delivery.payload["id"],
        "enqueued": True,
    }
    assert (delivery.event, delivery.url, delivery.status) == ("image.completed", URL, "pending")


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "missing_field", "event_type"),
        ({"event_type": "image.failed"}, "invalid_format", "event_type"),
        ({"event_type": "*"}, "invalid_format", "event_type"),
    ],
)
def test_hook_10_refuses_what_is_not_subscribed(api: Api, body: dict[str, Any], code: str, param: str) -> None:
    """Only an event that the endpoint wants can be fired; nothing is queued else."""
    made = make(api, events=["image.completed"])

    api.refused("POST", f"{PATH}/{made['id']}/test", json=body, status=400, code=code, param=param)

    assert api.aurous.webhooks.deliveries == []


def test_hook_1_add_registers_without_a_request(api: Api) -> None:
    """An endpoint of a test is the one that the API shows; left out, the URL, the events and the secret are made up."""
    endpoint, other = api.aurous.webhook_endpoints.add(URL, ["image.failed"], secret="whsec_mine"), make(api)

    assert (endpoint.url, endpoint.events, endpoint.signing_secret) == (URL, ("image.failed",), "whsec_mine")
    assert api.get(f"{PATH}/{endpoint.id}").json == endpoint.json()
    assert repr(endpoint) == f"<WebhookEndpoint {endpoint.id} '{URL}' active>"
    assert (len(api.aurous.webhook_endpoints), api.aurous.webhook_endpoints.last.id) == (2, other["id"])
    more = api.aurous.webhook_endpoints.add()
    assert (more.url[:8], sorted(more.events), more.signing_secret[:6]) == ("https://", EVENTS, "whsec_")


def test_hook_1_add_takes_events_of_the_api(api: Api) -> None:
    """One name is not read letter by letter; a misspelled one, or none, is refused."""
    assert api.aurous.webhook_endpoints.add(events="image.failed").events == ("image.failed",)
    with pytest.raises(AurousError, match=r"image\.completed"):
        api.aurous.webhook_endpoints.add(events=["image.complete"])
    with pytest.raises(AurousError, match="events"):
        api.aurous.webhook_endpoints.add(events=[])


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/hooks", "http://[::1]/hooks", "http://localhost/hooks"])
def test_hook_1_add_takes_a_receiver_on_this_machine(api: Api, url: str) -> None:
    """A receiver of the test has no TLS."""
    assert api.aurous.webhook_endpoints.add(url).url == url


@pytest.mark.parametrize("url", ["http://app.test/hooks", "ftp://127.0.0.1/hooks", "https://app.test/" + "x" * 2048])
def test_hook_1_add_refuses_a_url_as_the_api_does(api: Api, url: str) -> None:
    """Nothing is registered that code under test could not have registered."""
    with pytest.raises(AurousError, match="url must be"):
        api.aurous.webhook_endpoints.add(url)

    assert len(api.aurous.webhook_endpoints) == 0
