"""The web application: it stores orders and events, and works in the background."""

import asyncio
import hmac
import json
import logging
import os
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Header, HTTPException, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel

from gallery import Gallery

logger = logging.getLogger(__name__)

PAGE = Path(__file__).with_name("gallery.html")
TOLERANCE = 300.0  # the maximum age of a signature, in seconds
PAUSE = 60.0  # between two runs without a new order or event


class Order(BaseModel):
    """What a customer orders."""

    prompt: str


def create_app(gallery: Gallery, secret: str) -> FastAPI:
    """Make the application.

    Args:
        gallery: Where orders and events are kept.
        secret: The secret of the webhook endpoint, `whsec_...`.
    """
    news = asyncio.Event()

    async def work_forever() -> None:
        while True:
            news.clear()
            try:
                await gallery.work()
            except Exception:
                logger.exception("The next try is in a minute.")
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(news.wait(), PAUSE)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        task = asyncio.create_task(work_forever())
        yield
        task.cancel()

    web = FastAPI(lifespan=lifespan)
    add_page(web, gallery)

    @web.put("/orders/{number}", status_code=202)
    async def order(number: int, order: Order) -> None:
        gallery.order(number, order.prompt)
        news.set()

    @web.get("/orders/{number}")
    async def state(number: int) -> str | None:
        return gallery.state(number)

    @web.post("/hooks", status_code=202)
    async def receive(
        request: Request, aurous_webhook_signature: Annotated[str, Header()] = ""
    ) -> None:
        body = await request.body()
        if not is_signed(body, aurous_webhook_signature, secret):
            raise HTTPException(401)
        event = json.loads(body)
        if event["type"].startswith("image."):
            gallery.store(event)
            news.set()

    return web


def add_page(web: FastAPI, gallery: Gallery) -> None:
    """Serve the page for customers, and their pictures."""

    @web.get("/")
    async def page() -> FileResponse:
        return FileResponse(PAGE)

    @web.get("/orders/{number}/picture")
    async def picture(number: int) -> FileResponse:
        if gallery.state(number) != "done":
            raise HTTPException(404)
        return FileResponse(gallery.picture(number), media_type="image/png")


def is_signed(body: bytes, signature: str, secret: str) -> bool:
    """Return whether the vendor has signed these bytes, in the last five minutes."""
    stamp, _, sent = signature.removeprefix("t=").partition(",v1=")
    expected = hmac.new(secret.encode(), f"{stamp}.".encode() + body, sha256)
    if not hmac.compare_digest(expected.hexdigest().encode(), sent.encode()):
        return False
    return abs(time.time() - float(stamp)) <= TOLERANCE


def app() -> FastAPI:
    """Make the application for a server, configured by the environment."""
    gallery = Gallery(Path(os.environ["GALLERY_FOLDER"]))
    return create_app(gallery, os.environ["AUROUS_WEBHOOK_SECRET"])
