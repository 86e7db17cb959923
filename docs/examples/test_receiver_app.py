from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

import pytest

from pytest_aurous import Aurous
from receiver import Receiver

SECRET = "whsec_of_this_test"

receiver = Receiver(SECRET)


def app(
    environ: dict[str, Any], start_response: Callable[..., object]
) -> Iterable[bytes]:
    """The application as a WSGI app, like a Flask or Django app."""
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    signature = environ.get("HTTP_AUROUS_WEBHOOK_SIGNATURE", "")
    status = receiver.receive(body, signature)
    start_response(f"{status} {HTTPStatus(status).phrase}", [])
    return []


@pytest.fixture(autouse=True)
def registered(aurous: Aurous) -> None:
    """Register the application for webhooks in each test of this file."""
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
