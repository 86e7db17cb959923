"""What goes wrong between the vendor and a receiver: `faults.duplicate`, `reorder`, `drop`, `late`, `bad_signature`."""

from typing import Any, Final

import pytest

from pytest_aurous import (
    AurousLookupError,
    AurousSignatureError,
    Delivery,
    verify_webhook,
)
from tests.conftest import Api

KINDS: Final = ["duplicate", "reorder", "drop", "late", "bad_signature"]


def give(api: Api, kind: str, event: str, **terms: Any) -> Any:
    more = {"seconds": 60} if kind == "late" else {}
    return getattr(api.aurous.faults, kind)(event, **more, **terms)


def received(api: Api) -> list[Delivery]:
    """Return the list in which a receiver of everything notes what it got."""
    got: list[Delivery] = []
    api.aurous.webhooks.deliver_to(got.append)
    return got


def happen(api: Api, *, seconds: float = 0) -> None:
    """Let an image succeed, and *seconds* later one fail."""
    api.aurous.images.add(status="succeeded")
    api.clock.advance(seconds=seconds)
    api.aurous.images.add(status="failed")


def events(deliveries: list[Delivery]) -> list[str]:
    return [one.event for one in deliveries]


def test_hook_8_drop_loses_a_delivery(api: Api) -> None:
    """Nobody receives it, nobody tries again, and the endpoint has failed nothing."""
    got = received(api)
    fault = api.aurous.faults.drop("image.completed")
    happen(api)

    made = api.aurous.webhooks.flush()

    assert events(got) == events(made) == ["image.failed"]
    lost = api.aurous.webhooks.deliveries[0]
    assert (lost.status, lost.response_status, lost.fault, fault.fired) == ("failed", None, "drop", 1)
    assert api.aurous.webhook_endpoints.last.consecutive_failures == 0


def test_hook_8_duplicate_delivers_the_same_event_twice(api: Api) -> None:
    """Both deliveries bear the same event id and body: a receiver has to tell by the id."""
    got = received(api)
    api.aurous.faults.duplicate("image.completed")
    happen(api)

    api.aurous.webhooks.flush()

    assert sorted(events(got)) == ["image.completed", "image.completed", "image.failed"]
    first, again = (one for one in got if one.event == "image.completed")
    assert (first.body, first.attempt, first.payload["id"]) == (again.body, again.attempt, again.payload["id"])
    assert (first.fault, again.fault) == ("duplicate", None)


def test_hook_8_reorder_delivers_what_is_due_later_first(api: Api) -> None:
    """The event that happened first arrives last; where nothing else is due there is no other order."""
    got = received(api)
    api.aurous.faults.reorder("image.completed")
    happen(api, seconds=5)

    api.aurous.webhooks.flush()

    assert events(got) == ["image.failed", "image.completed"]
    api.aurous.faults.reorder("image.completed")
    api.aurous.images.add(status="succeeded")
    assert events(api.aurous.webhooks.flush()) == ["image.completed"]


@pytest.mark.parametrize("terms", [{}, {"when": lambda _: True, "times": float("inf")}], ids=["once", "always"])
def test_hook_8_late_waits_on_the_clock(api: Api, terms: dict[str, Any]) -> None:
    """The delivery is late once, however often the fault may happen, and others overtake it."""
    got = received(api)
    api.aurous.faults.late("image.completed", 60, **terms)
    happen(api)

    api.aurous.webhooks.flush()
    api.clock.advance(seconds=59)
    assert api.aurous.webhooks.flush() == []
    api.clock.advance(seconds=1)
    api.aurous.webhooks.flush()

    assert events(got) == ["image.failed", "image.completed"]


def test_hook_7_bad_signature_is_one_that_a_receiver_refuses(api: Api) -> None:
    """The body is the event's, the signature is not; the next delivery is signed well again."""
    got = received(api)
    secret = api.aurous.webhook_endpoints.last.signing_secret
    api.aurous.faults.bad_signature("image.*")
    happen(api)

    api.aurous.webhooks.flush()

    forged, good = got
    now = api.clock.now().timestamp()
    with pytest.raises(AurousSignatureError):
        verify_webhook(forged.body, forged.headers["Aurous-Webhook-Signature"], secret, at=now)
    verify_webhook(good.body, good.headers["Aurous-Webhook-Signature"], secret, at=now)


@pytest.mark.parametrize("kind", KINDS)
def test_hook_3_a_misspelt_event_is_refused(api: Api, kind: str) -> None:
    """The nearest event is named, and no fault is added; an operation is no event."""
    with pytest.raises(AurousLookupError, match=r"image\.completed"):
        give(api, kind, "image.complete")
    with pytest.raises(AurousLookupError):
        give(api, kind, "characters.save")

    assert len(api.aurous.faults) == 0


def test_hook_8_after_when_and_times_count_deliveries(api: Api) -> None:
    """The terms of every fault hold here, too: `when` is given the delivery."""
    got = received(api)
    api.aurous.faults.drop("*", times=2, after=1, when=lambda one: one.operation == "image.completed")
    for _ in range(4):
        happen(api)

    api.aurous.webhooks.flush()

    assert events(got).count("image.completed") == 2
    assert events(got).count("image.failed") == 4


def test_hook_8_calls_meet_no_fault_of_deliveries(api: Api) -> None:
    """A fault on every event spares every call, and one on every call spares every event."""
    got = received(api)
    dropped = api.aurous.faults.drop("*")
    lost = api.aurous.faults.status("*", 503)

    assert api.get("/v1/balance").status == 503
    api.aurous.images.add(status="succeeded")
    assert (api.aurous.webhooks.flush(), got) == ([], [])

    assert (dropped.fired, lost.fired) == (1, 1)


def test_hook_7_what_is_sent_unsigned_meets_no_bad_signature(api: Api) -> None:
    """The `webhook_url` of a request is told first; the fault waits for the endpoint, whose delivery is signed."""
    api.post("/v1/images", json={"prompt": "x", "webhook_url": "https://app.example/done"})
    api.aurous.webhooks.deliver_to(lambda _: None, url="https://app.example/done")
    api.aurous.webhooks.deliver_to(lambda _: None)
    api.aurous.faults.bad_signature("image.*")
    api.aurous.images.last.finish()

    assert [one.fault for one in api.aurous.webhooks.flush()] == [None, "bad_signature"]
