import pytest

from pytest_aurous import Aurous
from receiver import Receiver

pytest.importorskip("fastapi", reason="needs FastAPI")

from receiver_app import create_app

SECRET = "whsec_of_this_test"

receiver = Receiver(SECRET)


@pytest.fixture(autouse=True)
def registered(aurous: Aurous) -> None:
    """Register the application for webhooks in each test of this file."""
    app = create_app(receiver)
    aurous.webhooks.deliver_to(app, url="https://app.example/hooks", secret=SECRET)


def test_a_finished_image_is_reported(aurous: Aurous) -> None:
    """The application gets a request, as from its server."""
    image = aurous.images.add(status="processing")
    image.finish()

    (delivery,) = aurous.webhooks.flush()

    assert delivery.response_status == 200
    assert receiver.finished[image.id] == "image.completed"


def test_a_delivery_with_a_wrong_signature(aurous: Aurous) -> None:
    """The delivery is refused, and its event is not stored."""
    aurous.faults.bad_signature("image.*")
    image = aurous.images.add(status="processing")
    image.finish()

    (delivery,) = aurous.webhooks.flush()

    assert delivery.response_status == 401
    assert image.id not in receiver.finished
