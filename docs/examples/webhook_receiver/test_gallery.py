"""Tests of the gallery, on good days and on bad days."""

import asyncio
import time
from pathlib import Path
from tempfile import mkdtemp

import httpx
import pytest

from pytest_aurous import Aurous, AurousServer, sign_webhook

pytest.importorskip("fastapi", reason="needs FastAPI: python -m pip install fastapi")

from gallery import Gallery, TryLaterError
from gallery_app import create_app

SECRET = "whsec_of_this_test"

# Skip sleeps, and fail each test that misuses the API.
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.aurous(
        sleep="skip",
        pitfalls="error",
        script={"images": "pending:5s -> processing:15s -> succeeded"},
    ),
]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def gallery(aurous: Aurous, tmp_path: Path) -> Gallery:
    """A gallery whose application receives the events of images."""
    return open_gallery(aurous, tmp_path)


def open_gallery(aurous: Aurous, folder: Path) -> Gallery:
    gallery = Gallery(folder)
    aurous.webhooks.deliver_to(
        create_app(gallery, SECRET),
        url="https://gallery.example/hooks",
        events=["image.completed", "image.failed"],
        secret=SECRET,
    )
    return gallery


async def order(gallery: Gallery) -> None:
    """Order a picture, as a customer's browser does."""
    transport = httpx.ASGITransport(create_app(gallery, SECRET))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as web:
        response = await web.put("/orders/1", json={"prompt": "On a bench"})
    assert response.status_code == 202


async def test_an_event_leads_to_a_picture(aurous: Aurous, gallery: Gallery) -> None:
    """The good day: order, event, picture. The handlers send nothing to the API."""
    await order(gallery)
    aurous.assert_not_called("*")
    await gallery.work()
    await asyncio.sleep(20)

    (delivery,) = await aurous.webhooks.aflush()

    assert delivery.response_status == 202
    aurous.assert_not_called("images.retrieve")
    await gallery.work()
    assert gallery.state(1) == "done"
    assert gallery.picture(1).read_bytes() == aurous.images.last.picture()


async def test_the_page_shows_a_picture(
    aurous: Aurous, aurous_server: AurousServer, tmp_path: Path
) -> None:
    """The requests of the page; the served fake has a live page of its own."""
    gallery = open_gallery(aurous, tmp_path)
    transport = httpx.ASGITransport(create_app(gallery, SECRET))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as web:
        assert "/picture" in (await web.get("/")).text
        await web.put("/orders/1", json={"prompt": "On a bench"})
        await gallery.work()
        assert (await web.get("/orders/1")).json() == "ordered"
        assert (await web.get("/orders/1/picture")).status_code == 404
        await asyncio.sleep(20)
        await aurous.webhooks.aflush()
        await gallery.work()
        picture = await web.get("/orders/1/picture")
        live = f"{aurous_server.url}/__aurous__/"
        shown = await asyncio.to_thread(
            httpx.get, live, headers={"Accept": "text/html"}
        )

    assert "<title>Aurous Labs API, served</title>" in shown.text
    assert picture.content == aurous.images.last.picture()
    assert aurous.calls.last.request.headers["host"] in aurous_server.url


async def test_any_bad_day(aurous: Aurous, tmp_path: Path) -> None:
    """Whatever breaks, the order ends within an hour, and is paid once."""

    def fresh() -> Gallery:
        return open_gallery(aurous, Path(mkdtemp(dir=tmp_path)))

    async def live(gallery: Gallery) -> str | None:
        await order(gallery)
        for _ in range(60):
            await gallery.work()
            await asyncio.sleep(60)
            await aurous.webhooks.aflush()
            if gallery.state(1) in {"done", "failed"}:
                break
        if gallery.state(1) == "done":
            assert gallery.picture(1).read_bytes() == aurous.images.last.picture()
        return gallery.state(1)

    await aurous.aexplore(
        live,
        fresh=fresh,
        may_raise=TryLaterError,
        may_return=lambda state: state == "failed",
    )


async def test_an_event_that_is_lost(aurous: Aurous, gallery: Gallery) -> None:
    """After ten minutes the gallery polls the image that no event reported."""
    aurous.faults.drop("image.completed")
    await order(gallery)
    await gallery.work()
    await asyncio.sleep(20)
    await aurous.webhooks.aflush()
    await gallery.work()
    assert gallery.state(1) == "ordered"

    await asyncio.sleep(600)
    await gallery.work()

    assert gallery.state(1) == "done"


async def test_an_event_that_arrives_twice(aurous: Aurous, gallery: Gallery) -> None:
    """The second delivery is accepted too, and the picture is downloaded once."""
    aurous.faults.duplicate("image.completed")
    await order(gallery)
    await gallery.work()
    await asyncio.sleep(20)

    deliveries = await aurous.webhooks.aflush()
    await gallery.work()

    assert [one.response_status for one in deliveries] == [202, 202]
    aurous.assert_called("images.output", times=1)


async def test_a_delivery_that_is_retried(
    aurous: Aurous, gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the disk is full, the handler fails, and the API retries after 5 s."""

    def fail(_: object) -> None:
        raise OSError("no space left on device")

    await order(gallery)
    await gallery.work()
    await asyncio.sleep(20)
    with monkeypatch.context() as patched:
        patched.setattr(gallery, "store", fail)
        await aurous.webhooks.aflush()

    aurous.clock.advance(seconds=5)
    await aurous.webhooks.aflush()
    await gallery.work()

    attempts = [(one.attempt, one.status) for one in aurous.webhooks.deliveries]
    assert attempts == [(1, "failed"), (2, "delivered")]
    assert gallery.state(1) == "done"


@pytest.mark.parametrize(("secret", "age"), [("whsec_forged", 0), (SECRET, 301)])
async def test_a_signature_that_is_forged_or_old(
    gallery: Gallery, secret: str, age: int
) -> None:
    """Forged and old deliveries are refused."""
    body = b'{"id": "evt_1", "type": "image.completed", "data": {"id": "img_1"}}'
    signature = sign_webhook(body, secret, at=time.time() - age)
    transport = httpx.ASGITransport(create_app(gallery, SECRET))

    async with httpx.AsyncClient(transport=transport, base_url="http://test") as web:
        headers = {"Aurous-Webhook-Signature": signature}
        response = await web.post("/hooks", content=body, headers=headers)

    assert response.status_code == 401


async def test_lost_responses_are_not_paid_twice(
    aurous: Aurous, gallery: Gallery
) -> None:
    """Requests that took effect without a response are found by their keys."""
    aurous.faults.outage(seconds=120, commit=True)
    await order(gallery)
    with pytest.raises(TryLaterError, match="no success in 6 attempts"):
        await gallery.work()

    aurous.clock.advance(seconds=120)
    await gallery.work()

    assert gallery.state(1) == "ordered"
    assert len(aurous.images) == 1


@pytest.mark.aurous(credits=0)
async def test_credits_run_out(aurous: Aurous, gallery: Gallery) -> None:
    """The order waits until there are credits again."""
    await order(gallery)
    with pytest.raises(TryLaterError, match="out of credits"):
        await gallery.work()
    assert gallery.state(1) == "new"

    aurous.team.credits = 1
    await gallery.work()

    assert gallery.state(1) == "ordered"


@pytest.mark.aurous(rate_limits="enforce")
async def test_a_rate_limit_is_respected(aurous: Aurous, gallery: Gallery) -> None:
    """There is one retry, after the seconds that Retry-After says."""
    aurous.limits["images_post"].set(burst=1, per_minute=2)
    aurous.limits["images_post"].exhaust()
    await order(gallery)

    await gallery.work()

    refused, ordered = aurous.calls.where("images.create")
    assert (refused.status, ordered.status) == (429, 201)
    assert ordered.at - refused.at >= 30


async def test_the_background_task_does_the_work(
    aurous: Aurous, gallery: Gallery
) -> None:
    """The application wakes up for an order, and once a minute for overdue images."""
    gallery.order(1, "On a bench")
    app = create_app(gallery, SECRET)

    async with app.router.lifespan_context(app):
        await asyncio.sleep(60)
        assert gallery.state(1) == "ordered"
        await asyncio.sleep(700)

    assert gallery.state(1) == "done"
    aurous.assert_called("images.retrieve", times=1)
