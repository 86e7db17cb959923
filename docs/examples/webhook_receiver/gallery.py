"""A gallery: pictures that customers order, and events that report the finished ones.

Web handlers only write to the database. `Gallery.work` sends the requests to the API.
Each call continues where the last call or process stopped.
"""

import asyncio
import os
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

Json = dict[str, Any]

TABLES = """
CREATE TABLE IF NOT EXISTS orders (
    number INTEGER PRIMARY KEY,
    prompt TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'new', -- then ordered, then done or failed
    image_id TEXT,
    ordered_at REAL
);
CREATE TABLE IF NOT EXISTS events (
    id TEXT PRIMARY KEY,
    image_id TEXT NOT NULL
);
"""
DUE = """
SELECT number, image_id FROM orders WHERE state = 'ordered'
AND (ordered_at < ? OR image_id IN (SELECT image_id FROM events))
"""

WORTH_A_RETRY = {409, 429, 500, 502, 503, 504}
ATTEMPTS = 6  # of one request: the pauses add up to half a minute
PATIENCE = 600.0  # an order without an event is polled after that many seconds
PNG_END = b"IEND\xaeB`\x82"


class TryLaterError(Exception):
    """The API cannot be reached, or the credits have run out: call `work` again."""


class RefusedError(Exception):
    """The API refuses this request, now and later."""


class Gallery:
    """All orders and events.

    Args:
        folder: Where the pictures and the database are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "gallery.sqlite"
        with closing(sqlite3.connect(self._file)) as database:
            database.executescript(TABLES)

    def order(self, number: int, prompt: str) -> None:
        """Store an order, unless it was stored before."""
        statement = "INSERT OR IGNORE INTO orders (number, prompt) VALUES (?, ?)"
        self._execute(statement, (number, prompt))

    def store(self, event: Json) -> None:
        """Store an event, unless it was stored before."""
        row = (event["id"], event["data"]["id"])
        self._execute("INSERT OR IGNORE INTO events VALUES (?, ?)", row)

    def state(self, number: int) -> str | None:
        """Return the state of an order; None if there is no such order."""
        statement = "SELECT state FROM orders WHERE number = ?"
        rows = self._execute(statement, (number,))
        return rows[0][0] if rows else None

    def picture(self, number: int) -> Path:
        """Return where the picture of an order is, once it is done."""
        return self._folder / f"{number}.png"

    async def work(self) -> None:
        """Create images for new orders, and download finished ones.

        An image is polled when an event reports that it has ended, and when it is
        overdue, since events can be lost.

        Raises:
            TryLaterError: If the API cannot be reached, or the credits have run out.
        """
        new = "SELECT number, prompt FROM orders WHERE state = 'new'"
        async with connect() as api:
            for number, prompt in self._execute(new):
                await self._try(number, self._order(api, number, prompt))
            for number, image_id in self._execute(DUE, (time.time() - PATIENCE,)):
                await self._try(number, self._poll(api, number, image_id))

    async def _try(self, number: int, step: Awaitable[None]) -> None:
        try:
            await step
        except RefusedError:
            self._end(number, "failed")

    async def _order(self, api: httpx.AsyncClient, number: int, prompt: str) -> None:
        key = f"order-{number}"  # the same in each attempt, so it is paid once
        image = await send(api, "POST", "/v1/images", key=key, body={"prompt": prompt})
        statement = (
            "UPDATE orders SET state = 'ordered', image_id = ?, ordered_at = ? "
            "WHERE number = ?"
        )
        self._execute(statement, (image["id"], time.time(), number))

    async def _poll(self, api: httpx.AsyncClient, number: int, image_id: str) -> None:
        image = await send(api, "GET", f"/v1/images/{image_id}")
        if image["status"] == "succeeded":
            async with httpx.AsyncClient(timeout=10) as web:  # without the key
                url = image["output_urls"][0]
                content = await send(web, "GET", url, read=whole_picture)
            part = self._folder / f"{number}.part"
            part.write_bytes(content)
            part.replace(self.picture(number))  # never half a picture
            self._end(number, "done")
        elif image["status"] not in {"pending", "processing"}:
            self._end(number, "failed")

    def _end(self, number: int, state: str) -> None:
        statement = "UPDATE orders SET state = ? WHERE number = ?"
        self._execute(statement, (state, number))

    def _execute(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        """Execute a statement, and commit it."""
        with closing(sqlite3.connect(self._file)) as database, database:
            return database.execute(statement, values).fetchall()


def connect() -> httpx.AsyncClient:
    """Return a client of the API."""
    url = os.environ.get("AUROUS_BASE_URL", "https://api.aurous-labs.com")
    key = {"X-Api-Key": os.environ["AUROUS_API_KEY"]}
    return httpx.AsyncClient(base_url=url, headers=key, timeout=10)


async def send(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    key: str | None = None,
    body: Json | None = None,
    read: Callable[[httpx.Response], Any] = httpx.Response.json,
) -> Any:
    """Send a request until it succeeds, and return the content of its response."""
    headers = {"Idempotency-Key": key} if key else {}
    for attempt in range(ATTEMPTS):
        pause = 2.0**attempt
        try:
            response = await client.request(method, url, json=body, headers=headers)
            if response.is_success:
                return read(response)
        except (httpx.TransportError, ValueError):
            pass  # it may have taken effect: only the key makes a retry safe
        else:
            if response.status_code == 402:
                raise TryLaterError(f"out of credits: {response.text}")
            if response.status_code not in WORTH_A_RETRY:
                raise RefusedError(f"{response.status_code}: {response.text}")
            pause = max(pause, float(response.headers.get("Retry-After", 0)))
        await asyncio.sleep(pause)
    raise TryLaterError(f"{method} {url}: no success in {ATTEMPTS} attempts")


def whole_picture(response: httpx.Response) -> bytes:
    """Return the picture; raise an error if it was cut off."""
    if not response.content.endswith(PNG_END):
        raise ValueError("the picture was cut off")
    return response.content
