"""Events and their deliveries: hook-3 to hook-9, hook-11."""

import hmac
import json
from hashlib import sha256
from typing import Any, Final

import pytest
import respx

from pytest_aurous import AurousError, Character, Delivery
from tests.conftest import Api

ENDPOINTS: Final = "/v1/webhook_endpoints"
URL: Final = "https://app.test/hooks"
HOUR: Final = 3600
START: Final = 1_778_234_400  # 2026-05-08T10:00:00Z
WAITS: Final = [0, 5, 30, 150, 750, 4350]  # hook-8: 5 s, 25 s, 2 min, 10 min, 1 h, summed up


class Receiver:
    """One that notes what it got, and responds as it is told."""

    def __init__(self, api: Api, **told: Any) -> None:
        self.got: list[Delivery] = []
        self.status: int | None = None
        api.aurous.webhooks.deliver_to(self, **told)

    def __call__(self, delivery: Delivery) -> int | None:
        self.got.append(delivery)
        return self.status

    @property
    def events(self) -> list[str]:
        """What it was told of, in order."""
        return [one.event for one in self.got]


def flushed(api: Api, receiver: Receiver) -> list[str]:
    """Flush, and return the events that the receiver got by that."""
    before = len(receiver.got)
    api.aurous.webhooks.flush()
    return receiver.events[before:]


def image(api: Api, script: str | None = None, **body: Any) -> str:
    """Create an image through the API, and return its id."""
    if script is not None:
        api.aurous.images.script(script)
    response = api.post("/v1/images", json={"prompt": "Aurora", **body})
    assert response.status == 201, response.body
    image_id: str = response.json["id"]
    return image_id


def video(api: Api, script: str | None = None, **body: Any) -> str:
    """Create a video through the API, and return its id."""
    if script is not None:
        api.aurous.videos.script(script)
    style = next(iter(api.aurous.video_loras))
    response = api.post("/v1/videos", json={"video_lora_id": style.id, "prompt": "Aurora turns", **body})
    assert response.status == 201, response.body
    video_id: str = response.json["id"]
    return video_id


@pytest.mark.parametrize("make", [image, video])
@pytest.mark.parametrize(
    ("end", "event"),
    [
        ("succeeded", "completed"),
        ("failed(provider_timeout)", "failed"),
        ("cancelled", "cancelled"),
        ("expired", "failed"),
        ("moderation_rejected", "failed"),
    ],
)
def test_hook_3_img_6_a_generation_tells_its_end_by_time(api: Api, make: Any, end: str, event: str) -> None:
    """Nobody polls: the end comes on the clock, with the instant at which it came and the response of GET."""
    receiver = Receiver(api)
    record = make(api, f"pending:10s -> {'processing:20s -> ' if end == 'succeeded' else ''}{end}")

    assert flushed(api, receiver) == []
    api.clock.advance(seconds=60)
    assert flushed(api, receiver) == [f"{make.__name__}.{event}"]

    payload = receiver.got[0].payload
    assert payload["created_at"] == f"2026-05-08T10:00:{30 if end == 'succeeded' else 10}Z"
    assert payload["data"] == api.get(f"/v1/images/{record}").json


def test_hook_3_only_what_was_subscribed_is_told(api: Api) -> None:
    """Two endpoints get what each wants; another team's endpoint and a deleted endpoint get nothing."""
    some, all_of_it = Receiver(api, events=["image.failed"]), Receiver(api)
    gone = Receiver(api)
    api.delete(f"{ENDPOINTS}/{api.aurous.webhook_endpoints.last.id}")
    other = Receiver(api, url=api.aurous.teams.add().webhook_endpoints.add("https://other.test").url)

    api.aurous.images.add(status="succeeded")
    api.aurous.images.add(status="failed")
    api.aurous.webhooks.flush()

    assert some.events == ["image.failed"]
    assert all_of_it.events == ["image.completed", "image.failed"]
    assert gone.got == other.got == []


def by_time(api: Api, character: Character) -> None:
    """Let the script run, and let nobody poll."""
    api.clock.advance(seconds=HOUR)


def by_save(api: Api, character: Character) -> None:
    """Publish it, twice. Reviewing was no end."""
    character.finish()
    assert api.aurous.webhooks.flush() == []
    for _ in range(2):
        api.post(f"/v1/characters/{character.id}/save")


def by_failing(api: Api, character: Character) -> None:
    character.fail("provider_timeout")


def by_api(api: Api, character: Character) -> None:
    api.delete(f"/v1/characters/{character.id}")


def by_record(api: Api, character: Character) -> None:
    character.delete()


@pytest.mark.parametrize(
    ("script", "act", "event"),
    [
        ("synthesizing! -> reviewing", by_save, "completed"),
        ("synthesizing:10s -> ready", by_time, "completed"),
        ("synthesizing:5s -> reviewing:5s -> ready", by_time, "completed"),
        ("synthesizing:10s -> failed(provider_timeout)", by_time, "failed"),
        ("synthesizing!", by_failing, "failed"),
        ("synthesizing:10s -> deleted", by_time, "cancelled"),
        ("synthesizing!", by_api, "cancelled"),
        ("synthesizing!", by_record, "cancelled"),
    ],
)
def test_hook_4_a_character_tells_its_end(api: Api, script: str, act: Any, event: str) -> None:
    """Once, whoever ends its work: with the instant at which that came, and the record as it is then."""
    receiver, character = Receiver(api), api.synthesize(script)
    act(api, character)

    assert flushed(api, receiver) == [f"character.{event}"]
    payload = receiver.got[0].payload
    assert payload["created_at"] == f"2026-05-08T10:00:{10 if act is by_time else 0:02}Z"
    assert payload["data"] == character.json()


@pytest.mark.parametrize("status", ["reviewing", "ready", "failed"])
def test_hook_4_a_character_at_rest_is_deleted_in_silence(api: Api, status: str) -> None:
    """No work, no event."""
    receiver = Receiver(api)
    api.delete(f"/v1/characters/{api.characters.add(status=status).id}")

    assert flushed(api, receiver) == []


def test_hook_5_the_whole_envelope(api: Api) -> None:
    """An endpoint is sent exactly this, and the body is that payload."""
    receiver, record = Receiver(api), api.aurous.images.add(status="succeeded")
    api.aurous.webhooks.flush()

    (delivery,) = receiver.got
    assert delivery.payload["id"].startswith("evt_")
    assert delivery.payload == {
        "id": delivery.payload["id"],
        "object": "event",
        "type": "image.completed",
        "created_at": "2026-05-08T10:00:00Z",
        "aurous_version": "2026-05-15",
        "data": record.json(),
        "synthetic": False,
    }
    assert json.loads(delivery.body) == delivery.payload
    assert delivery.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("make", [image, video])
@pytest.mark.parametrize(("end", "event"), [("finish", "completed"), ("fail", "failed")])
def test_hook_6_the_url_of_a_request_is_told_unsigned(api: Api, make: Any, end: str, event: str) -> None:
    """The body is event and data, as GET responds; no endpoint is needed, and no signature is there."""
    record = make(api, "pending! -> processing -> succeeded", webhook_url=URL)
    receiver = Receiver(api, url=URL)
    live = api.aurous.images.get(record) or api.aurous.videos[record]
    _ = live.finish() if end == "finish" else live.fail("provider_timeout")

    assert flushed(api, receiver) == [f"{make.__name__}.{event}"]

    (delivery,) = receiver.got
    assert json.loads(delivery.body) == {"event": delivery.event, "data": api.get(f"/v1/images/{record}").json}
    assert "Aurous-Webhook-Signature" not in delivery.headers
    assert len(api.aurous.webhook_endpoints) == 0


def test_hook_6_a_cancellation_is_not_told(api: Api) -> None:
    """The URL of a request hears of completed and failed work; endpoints hear of cancelled work, too."""
    record = image(api, "pending!", webhook_url=URL)
    receiver, endpoint = Receiver(api, url=URL), Receiver(api, events=["image.cancelled"])

    api.post(f"/v1/images/{record}/cancel")

    assert (flushed(api, receiver), endpoint.events) == ([], ["image.cancelled"])


def test_hook_6_three_attempts_two_seconds_apart(api: Api) -> None:
    """Then nobody tries any more."""
    image(api, "pending:1s -> processing:1s -> succeeded", webhook_url=URL)
    receiver = Receiver(api, url=URL)
    receiver.status = 500
    for _ in range(40):
        api.clock.advance(seconds=0.5)
        api.aurous.webhooks.flush()

    assert [(one.attempt, one.at - START, one.status) for one in receiver.got] == [
        (1, 2, "failed"),
        (2, 4, "failed"),
        (3, 6, "failed"),
    ]


def test_hook_7_a_receiver_with_hmac_alone_verifies(api: Api) -> None:
    """A receiver that knows only the documentation finds each signature right, retries and test fires included."""
    secret = api.post(ENDPOINTS, json={"url": URL, "events": ["*"]}).json["secret"]
    checked: list[bool] = []

    def receive(delivery: Delivery) -> int:
        fields = dict(field.split("=") for field in delivery.headers["Aurous-Webhook-Signature"].split(","))
        signed = fields["t"].encode() + b"." + delivery.body
        good = fields["v1"] == hmac.new(secret.encode(), signed, sha256).hexdigest()
        checked.append(good and int(fields["t"]) == api.clock.time())
        return 503

    api.aurous.webhooks.deliver_to(receive, url=URL)
    api.aurous.images.add(status="succeeded")
    api.post(f"{ENDPOINTS}/{api.aurous.webhook_endpoints.last.id}/test", json={"event_type": "image.failed"})
    api.aurous.webhooks.flush()
    api.clock.advance(seconds=5)
    api.aurous.webhooks.flush()

    assert checked == [True] * 4


def test_hook_7_after_a_rotation_the_new_secret_signs(api: Api) -> None:
    """What was queued before, too: a signature is made when it is sent."""
    receiver = Receiver(api, secret="whsec_old")
    api.aurous.images.add(status="succeeded")
    secret = api.post(f"{ENDPOINTS}/{api.aurous.webhook_endpoints.last.id}/rotate_secret").json["secret"]
    api.aurous.webhooks.flush()

    body = receiver.got[0].body
    digest = hmac.new(secret.encode(), f"{START}.".encode() + body, sha256).hexdigest()
    assert receiver.got[0].headers["Aurous-Webhook-Signature"] == f"t={START},v1={digest}"


def test_hook_8_nothing_is_delivered_by_itself(api: Api) -> None:
    """A delivery is pending until the test says `flush`; a second flush finds nothing."""
    receiver = Receiver(api)
    api.aurous.images.add(status="succeeded")
    api.clock.advance(seconds=HOUR)

    (pending,) = api.aurous.webhooks.deliveries
    assert (pending.status, pending.headers, pending.response_status, receiver.got) == ("pending", {}, None, [])
    assert api.aurous.webhooks.flush() == [pending]
    assert (pending.status, pending.response_status) == ("delivered", 200)
    assert api.aurous.webhooks.flush() == []


def test_hook_8_deliveries_come_in_the_order_of_their_instants(api: Api) -> None:
    """Whoever was made first: what ended first is told first."""
    receiver = Receiver(api)
    late = image(api, "pending:20s -> failed(x)")
    soon = image(api, "pending:10s -> failed(x)")
    api.clock.advance(seconds=60)
    api.aurous.webhooks.flush()

    assert [one.payload["data"]["id"] for one in receiver.got] == [soon, late]


def test_hook_8_failures_are_retried_on_the_clock(api: Api) -> None:
    """After 5 s, 25 s, 2 min, 10 min and 1 h, with the same body, and then no more."""
    receiver = Receiver(api)
    receiver.status = 500
    api.aurous.images.add(status="succeeded")
    api.aurous.webhooks.flush()
    for wait in (5, 25, 120, 600, 3600):
        api.clock.advance(seconds=wait - 1)
        assert flushed(api, receiver) == []
        api.clock.advance(seconds=1)
        assert flushed(api, receiver) == ["image.completed"]
    api.clock.advance(seconds=24 * HOUR)

    assert flushed(api, receiver) == []
    assert [one.at - START for one in receiver.got] == WAITS
    assert [one.attempt for one in receiver.got] == [1, 2, 3, 4, 5, 6]
    assert len({one.body for one in receiver.got}) == 1


def test_hook_8_a_success_ends_the_retries_and_the_count(api: Api) -> None:
    """The endpoint tells of its failures, and forgets them at the first success."""
    receiver, endpoint = Receiver(api), api.aurous.webhook_endpoints.last
    receiver.status = 503
    api.aurous.images.add(status="succeeded")
    api.aurous.webhooks.flush()
    failed = api.get(f"{ENDPOINTS}/{endpoint.id}").json
    shown = ("consecutive_failures", "last_failure_at", "last_success_at")
    assert [failed[name] for name in shown] == [1, "2026-05-08T10:00:00Z", None]

    receiver.status = 204
    api.clock.advance(seconds=5)
    api.aurous.webhooks.flush()

    good = api.get(f"{ENDPOINTS}/{endpoint.id}").json
    assert [good[name] for name in shown] == [0, "2026-05-08T10:00:00Z", "2026-05-08T10:00:05Z"]
    api.clock.advance(seconds=HOUR)
    assert flushed(api, receiver) == []


def fail_often(api: Api, times: int) -> None:
    """Let deliveries fail, each of its own event, without time for retries."""
    for _ in range(times):
        api.aurous.images.add(status="succeeded")
    api.aurous.webhooks.flush()


def test_hook_9_twenty_failures_in_a_day_turn_an_endpoint_off(api: Api) -> None:
    """After 24 h without a success it is off at the 20th, nothing is sent there, and the others are told once."""
    bad = Receiver(api, events=["image.completed", "webhook.endpoint_disabled"])
    endpoint = api.aurous.webhook_endpoints.last
    other = Receiver(api, events=["webhook.endpoint_disabled"])
    api.clock.advance(seconds=24 * HOUR)
    bad.status = 500
    fail_often(api, 19)
    assert (endpoint.is_active, other.events) == (True, [])

    fail_often(api, 1)

    assert (endpoint.is_active, endpoint.consecutive_failures) == (False, 20)
    assert other.events == ["webhook.endpoint_disabled"]
    assert other.got[0].payload["data"]["endpoint_id"] == endpoint.id
    assert api.get(f"{ENDPOINTS}/{endpoint.id}").json["is_active"] is False
    before = len(api.aurous.webhooks.deliveries)
    api.aurous.images.add(status="succeeded")
    assert len(api.aurous.webhooks.deliveries) == before
    assert "webhook.endpoint_disabled" not in bad.events


def test_hook_9_a_success_within_the_day_keeps_it_on(api: Api) -> None:
    """Twenty failures are not enough until the last success is 24 h ago."""
    bad, endpoint = Receiver(api), api.aurous.webhook_endpoints.last
    api.clock.advance(seconds=24 * HOUR)
    fail_often(api, 1)
    bad.status = 500
    api.clock.advance(seconds=24 * HOUR - 1)
    fail_often(api, 25)
    assert (endpoint.is_active, endpoint.consecutive_failures) == (True, 25)

    api.clock.advance(seconds=1)
    fail_often(api, 1)

    assert endpoint.is_active is False


def test_hook_9_a_new_endpoint_has_a_day(api: Api) -> None:
    """One that never had a success is counted from when it was made."""
    bad, endpoint = Receiver(api), api.aurous.webhook_endpoints.last
    bad.status = 500
    fail_often(api, 30)

    assert endpoint.is_active is True


def test_hook_10_a_test_fire_is_delivered_and_marked(api: Api) -> None:
    """It is delivered as any other event, signed, and says that it is synthetic."""
    receiver, endpoint = Receiver(api), api.aurous.webhook_endpoints.last
    other = Receiver(api)
    fired = api.post(f"{ENDPOINTS}/{endpoint.id}/test", json={"event_type": "video.failed"}).json

    assert flushed(api, receiver) == ["video.failed"]

    payload = receiver.got[0].payload
    assert (payload["id"], payload["type"], payload["synthetic"]) == (fired["event_id"], "video.failed", True)
    assert payload["data"] == {"object": "inference"}
    assert "Aurous-Webhook-Signature" in receiver.got[0].headers
    assert other.got == []


def test_hook_10_a_test_fire_sends_the_object_of_real_events(api: Api) -> None:
    """For each kind of event: the resource, the figures of a balance, the endpoint that was disabled."""
    receiver, endpoint = Receiver(api), api.aurous.webhook_endpoints.last
    api.aurous.images.add()
    api.aurous.videos.add(status="failed")
    api.synthesize("synthesizing*0 -> failed")
    api.team.credits = 10
    flushed(api, receiver)
    real = {one.event: one.payload["data"] for one in receiver.got}
    assert {event: data.get("object") for event, data in real.items()} == {
        "image.completed": "inference",
        "video.failed": "inference",
        "character.failed": "character",
        "usage.balance_low": None,
    }

    receiver.got.clear()
    for event in (*real, "webhook.endpoint_disabled"):
        api.post(f"{ENDPOINTS}/{endpoint.id}/test", json={"event_type": event})
    flushed(api, receiver)

    *fired, balance, disabled = (one.payload["data"] for one in receiver.got)
    assert fired == [{"object": "inference"}, {"object": "inference"}, {"object": "character"}]
    assert balance == real["usage.balance_low"]
    assert disabled == {"endpoint_id": endpoint.id, "url": endpoint.url, "consecutive_failures": 0}


def test_hook_11_a_low_balance_is_told_once_an_hour(api: Api) -> None:
    """At the threshold or below it, and again only when an hour has passed."""
    receiver = Receiver(api, events=["usage.balance_low"])
    api.team.credits = 11
    assert flushed(api, receiver) == []
    api.team.credits = 10
    assert flushed(api, receiver) == ["usage.balance_low"]
    assert receiver.got[0].payload["data"] == {"team_id": api.team.id, "credits": 10, "balance_low_threshold": 10}

    api.clock.advance(seconds=HOUR - 1)
    api.team.credits = 9
    assert flushed(api, receiver) == []
    api.clock.advance(seconds=1)
    api.team.credits = 8
    assert flushed(api, receiver) == ["usage.balance_low"]


@pytest.mark.parametrize("make", [image, video])
def test_hook_11_a_charge_that_crosses_the_threshold_is_told(api: Api, make: Any) -> None:
    """A hold is no fall; the charge at the end is."""
    receiver = Receiver(api, events=["usage.balance_low"])
    api.team.balance_low_threshold = api.team.credits - 0.5
    record = make(api, "pending! -> processing -> succeeded")
    assert flushed(api, receiver) == []

    (api.aurous.images.get(record) or api.aurous.videos[record]).finish()

    assert flushed(api, receiver) == ["usage.balance_low"]


def test_hook_11_what_is_not_charged_is_no_fall(api: Api) -> None:
    """Work that is given up gives its hold back, and nobody is warned, however low the balance is."""
    receiver = Receiver(api, events=["usage.balance_low"])
    api.team.balance_low_threshold = api.team.credits

    api.aurous.images[image(api, "pending!")].cancel()
    api.synthesize("synthesizing!").fail()

    assert flushed(api, receiver) == []


def test_hook_1_deliver_to_registers_an_endpoint(api: Api) -> None:
    """Several receivers stand side by side, each at a URL of its own, with the events and the secret it was given."""
    some = api.aurous.webhooks.deliver_to(lambda _: None, events="image.failed", secret="whsec_mine")
    rest = api.aurous.webhooks.deliver_to(lambda _: None)

    assert some is not None
    assert rest is not None
    assert (some.events, some.signing_secret) == (("image.failed",), "whsec_mine")
    assert some.url != rest.url
    assert list(api.aurous.webhook_endpoints) == [some, rest]


def test_hook_1_deliver_to_registers_anew_what_was_deleted(api: Api) -> None:
    """The URL of a deleted endpoint is free."""
    first = api.aurous.webhooks.deliver_to(lambda _: None, url=URL)
    assert first is not None
    api.delete(f"{ENDPOINTS}/{first.id}")

    assert api.aurous.webhooks.deliver_to(lambda _: None, url=URL) not in {first, None}


def test_hook_6_deliver_to_the_url_of_a_request_registers_nothing(api: Api) -> None:
    image(api, webhook_url=URL)

    assert api.aurous.webhooks.deliver_to(lambda _: None, url=URL) is None
    assert len(api.aurous.webhook_endpoints) == 0


@pytest.mark.parametrize("told", [{"events": ["image.completed"]}, {"secret": "whsec_other"}])
@pytest.mark.parametrize("known", ["endpoint", "webhook_url"])
def test_hook_1_deliver_to_changes_nothing_that_is_known(api: Api, known: str, told: dict[str, Any]) -> None:
    """Events or a secret that a known URL does not have are refused, and the target before stays."""
    if known == "endpoint":
        api.post(ENDPOINTS, json={"url": URL, "events": ["image.failed"]})
    else:
        image(api, "pending:1s -> failed(x)", webhook_url=URL)
    first = Receiver(api, url=URL)

    with pytest.raises(AurousError, match=rf"deliver_to\({next(iter(told))}=\.\.\.\): {URL} is .* only routes it"):
        Receiver(api, url=URL, **told)

    api.aurous.images.add(status="failed")
    api.clock.advance(seconds=1)
    assert flushed(api, first)[-1] == "image.failed"


@pytest.mark.parametrize("url", ["http://app.test/hooks", "app.test/hooks", "", "http://[", 7])
def test_hook_1_deliver_to_takes_no_url_that_an_endpoint_cannot_have(api: Api, url: Any) -> None:
    """The API takes https alone, and so does a test that stands in for it."""
    with pytest.raises(AurousError, match=r"webhooks\.deliver_to\(url=\.\.\.\): url must be .* on this machine"):
        api.aurous.webhooks.deliver_to(lambda _: None, url=url)

    assert len(api.aurous.webhook_endpoints) == 0


def route(api: Api, url: str) -> list[Delivery]:
    """Route a URL, and return what its target gets."""
    got: list[Delivery] = []
    api.aurous.webhooks.route(url, got.append)
    return got


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("url", [URL, "https://app.test/*", "https://app.test/hooks*", "https://*", "*"])
def test_hook_1_a_route_serves_a_url_that_is_registered_before_or_after(api: Api, when: str, url: str) -> None:
    """An endpoint of the code under test, signed; the route itself registers nothing."""
    got = route(api, url) if when == "before" else []
    api.post(ENDPOINTS, json={"url": URL, "events": ["image.failed"]})
    got = got if when == "before" else route(api, url)

    api.aurous.images.add(status="failed")
    api.aurous.webhooks.flush()

    assert [one.event for one in got] == ["image.failed"]
    assert "Aurous-Webhook-Signature" in got[0].headers
    assert len(api.aurous.webhook_endpoints) == 1


@pytest.mark.parametrize("medium", ["images", "videos"])
@pytest.mark.parametrize("by", ["route", "prefix", "deliver_to"])
def test_hook_6_what_a_test_adds_has_a_webhook_url_too(api: Api, medium: str, by: str) -> None:
    """`add(webhook_url=...)` is delivered to the target of that URL, at once or when the work ends."""
    got: list[Delivery] = []
    if by == "deliver_to":
        api.aurous.webhooks.deliver_to(got.append, url=URL)
    else:
        got = route(api, URL if by == "route" else "https://app.test/*")
    collection = getattr(api.aurous, medium)
    event = f"{medium[:-1]}.completed"

    assert collection.add(webhook_url=URL).webhook_url == URL
    api.aurous.webhooks.flush()
    at_once = [one.event for one in got if one.endpoint is None]
    collection.add(status="pending", webhook_url=URL).finish()
    api.aurous.webhooks.flush()

    assert at_once == [event]
    assert [one.event for one in got if one.endpoint is None] == [event, event]


def test_the_nearest_route_wins(api: Api) -> None:
    """An exact URL over a prefix, the longest prefix over the others, in whatever order they were given."""
    longest, shortest = route(api, "https://app.test/hooks/*"), route(api, "*")
    exact, short = route(api, f"{URL}/exact"), route(api, "https://app.test/*")
    for url in (f"{URL}/exact", f"{URL}/other", f"{URL}", "https://else.test/"):
        api.aurous.images.add(status="failed", webhook_url=url)

    api.aurous.webhooks.flush()

    assert [[one.url for one in got] for got in (exact, longest, short, shortest)] == [
        [f"{URL}/exact"],
        [f"{URL}/other"],
        [URL],
        ["https://else.test/"],
    ]


def test_a_reset_forgets_routes(api: Api, respx_mock: respx.MockRouter) -> None:
    """A URL that has none is requested through the suite's own HTTP stack again."""
    called = respx_mock.post(URL).respond(204)
    exact, prefix = route(api, URL), route(api, "https://app.test/*")
    api.aurous.reset()
    api.aurous.images.add(status="failed", webhook_url=URL)

    api.aurous.webhooks.flush()

    assert (exact, prefix, called.call_count) == ([], [], 1)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://app.test/hooks", "url"),
        ("app.test", "url"),
        ("", "url"),
        (None, "url"),
        (7, "url"),
        ("https://app.test/*/hooks", r"the beginning of one and a \* at its end"),
        ("https://*.test/*", r"the beginning of one and a \* at its end"),
        ("app.test/*", r"the beginning of one and a \* at its end"),
    ],
)
def test_a_route_of_no_url_is_refused(api: Api, url: Any, told: str) -> None:
    """It would never serve anything."""
    with pytest.raises(AurousError, match=rf"webhooks\.route.*{told}"):
        api.aurous.webhooks.route(url, print)
