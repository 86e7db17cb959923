import httpx

from pytest_aurous import Aurous, AurousSignatureError, Delivery, verify_webhook
from receiver import Receiver

SECRET = "whsec_of_this_test"


def test_a_receiver_verifies_what_it_is_sent(aurous: Aurous) -> None:
    """The end of an image is delivered, signed, when the test says so."""
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


def test_a_receiver_that_is_down_is_tried_again(aurous: Aurous) -> None:
    """The second attempt comes five seconds later, on the clock of the fake."""
    answers = iter([503, 200])
    aurous.webhooks.deliver_to(lambda _: next(answers))
    aurous.images.add(status="processing").finish()

    aurous.webhooks.flush()
    aurous.clock.advance(seconds=5)
    aurous.webhooks.flush()

    attempts = [(one.attempt, one.status) for one in aurous.webhooks.deliveries]
    assert attempts == [(1, "failed"), (2, "delivered")]


def test_why_a_delivery_failed(aurous: Aurous) -> None:
    """What the receiver raised is kept, so that a test can look at it, or raise it."""

    def broken(_: Delivery) -> None:
        raise KeyError("colour")

    aurous.webhooks.deliver_to(broken)
    aurous.images.add(status="processing").finish()

    (delivery,) = aurous.webhooks.flush()

    assert delivery.status == "failed"
    assert repr(delivery.error) == "KeyError('colour')"


def test_an_event_that_comes_twice_counts_once(aurous: Aurous) -> None:
    """A receiver tells a duplicate by the id of the event."""
    ids: list[str] = []
    aurous.webhooks.deliver_to(lambda one: ids.append(one.payload["id"]))
    aurous.faults.duplicate("image.*")
    aurous.images.add(status="processing").finish()

    aurous.webhooks.flush()

    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_a_forged_delivery_is_refused(aurous: Aurous) -> None:
    """Who is not the vendor does not know the secret."""
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
    """A `webhook_url` is told of its own image, without a signature."""
    told: list[Delivery] = []
    aurous.webhooks.route("https://app.example/*", told.append)
    order = {"prompt": "On a bench", "webhook_url": "https://app.example/done"}
    aurous_client.post("/v1/images", json=order).raise_for_status()
    aurous.images.last.finish()

    aurous.webhooks.flush()

    assert told[0].payload["event"] == "image.completed"
    assert "Aurous-Webhook-Signature" not in told[0].headers
