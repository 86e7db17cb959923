import httpx

from pytest_aurous import Aurous, AurousSignatureError, Delivery, verify_webhook
from receiver import Receiver

SECRET = "whsec_of_this_test"


def test_a_receiver_verifies_what_it_is_sent(aurous: Aurous) -> None:
    """The event is signed, and delivered when the test calls flush()."""
    receiver = Receiver(SECRET)

    def deliver(delivery: Delivery) -> int:
        signature = delivery.headers["Aurous-Webhook-Signature"]
        return receiver.receive(delivery.body, signature)

    aurous.webhooks.deliver_to(deliver, events=["image.completed"], secret=SECRET)
    image = aurous.images.add(status="processing")
    image.finish()
    assert receiver.finished == {}

    (delivery,) = aurous.webhooks.flush()

    assert delivery.status == "delivered"
    assert receiver.finished == {image.id: "image.completed"}


def test_a_failed_delivery_is_retried(aurous: Aurous) -> None:
    """The second attempt follows five seconds later, on the clock of the fake."""
    statuses = iter([503, 200])
    aurous.webhooks.deliver_to(lambda _: next(statuses))
    aurous.images.add(status="processing").finish()

    aurous.webhooks.flush()
    aurous.clock.advance(seconds=5)
    aurous.webhooks.flush()

    attempts = [(one.attempt, one.status) for one in aurous.webhooks.deliveries]
    assert attempts == [(1, "failed"), (2, "delivered")]


def test_why_a_delivery_failed(aurous: Aurous) -> None:
    """The delivery keeps the exception of the receiver."""

    def broken(_: Delivery) -> None:
        raise KeyError("color")

    aurous.webhooks.deliver_to(broken)
    aurous.images.add(status="processing").finish()

    (delivery,) = aurous.webhooks.flush()

    assert delivery.status == "failed"
    assert repr(delivery.error) == "KeyError('color')"


def test_a_duplicate_event_has_the_same_id(aurous: Aurous) -> None:
    """A receiver can recognize a duplicate by the id of the event."""
    ids: list[str] = []
    aurous.webhooks.deliver_to(lambda one: ids.append(one.payload["id"]))
    aurous.faults.duplicate("image.*")
    aurous.images.add(status="processing").finish()

    aurous.webhooks.flush()

    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_a_forged_delivery_is_refused(aurous: Aurous) -> None:
    """A delivery that is signed with another secret is refused."""
    receiver = Receiver(SECRET)
    refused: list[bytes] = []

    def deliver(delivery: Delivery) -> int:
        signature = delivery.headers["Aurous-Webhook-Signature"]
        try:
            verify_webhook(delivery.body, signature, SECRET)
        except AurousSignatureError:
            refused.append(delivery.body)
        return receiver.receive(delivery.body, signature)

    aurous.webhooks.deliver_to(deliver, secret=SECRET)
    aurous.faults.bad_signature("image.completed")
    aurous.images.add(status="processing").finish()

    (delivery,) = aurous.webhooks.flush()

    assert delivery.response_status == 401
    assert refused == [delivery.body]
    assert receiver.finished == {}


def test_the_url_of_one_request(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """A `webhook_url` gets the event of its own image, without a signature."""
    received: list[Delivery] = []
    aurous.webhooks.route("https://app.example/*", received.append)
    body = {"prompt": "On a bench", "webhook_url": "https://app.example/done"}
    aurous_client.post("/v1/images", json=body).raise_for_status()
    aurous.images.last.finish()

    aurous.webhooks.flush()

    assert received[0].payload["event"] == "image.completed"
    assert "Aurous-Webhook-Signature" not in received[0].headers
