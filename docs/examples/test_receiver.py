import hmac
from hashlib import sha256

import pytest

from pytest_aurous import Aurous

pytest.importorskip("fastapi", reason="needs FastAPI")

from fastapi import FastAPI, Request, Response

SECRET = "whsec_of_this_test"
app = FastAPI()
finished: dict[str, str] = {}


@app.post("/hooks")
async def hook(request: Request) -> Response:
    """Check the signature, as the vendor documents it, and store what has happened."""
    signature = request.headers.get("Aurous-Webhook-Signature", "")
    stamp, _, sent = signature.removeprefix("t=").partition(",v1=")
    signed = stamp.encode() + b"." + await request.body()
    expected = hmac.new(SECRET.encode(), signed, sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), sent.encode()):
        return Response(status_code=401)
    event = await request.json()
    finished[event["data"]["id"]] = event["type"]
    return Response(status_code=200)


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
    assert finished[image.id] == "image.completed"


def test_a_delivery_with_a_wrong_signature(aurous: Aurous) -> None:
    """The delivery is refused, and its event is not stored."""
    aurous.faults.bad_signature("image.*")
    image = aurous.images.add(status="processing")
    image.finish()

    (delivery,) = aurous.webhooks.flush()

    assert delivery.response_status == 401
    assert image.id not in finished
