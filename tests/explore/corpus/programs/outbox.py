"""A shop with an outbox: a sale and the order that it needs are stored together, and a relay sends the orders."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clients.common import Json, PublishError, connect, send
from programs.base import RUNNING, Program

if TYPE_CHECKING:
    import httpx

SCHEMA = """
create table sale (prompt text primary key, price real, image text, state text default 'paid');
create table outbox (prompt text primary key, tries integer default 0, sent integer default 0);
"""


class Careful(Program):
    """Stores both rows in one transaction, and marks an order as sent when it was sent."""

    def fresh(self) -> Path:
        """Make a shop without sales."""
        path = self.new_path()
        with closing(self.open(path)) as db:
            db.executescript(SCHEMA)
        return path

    def open(self, path: Path) -> sqlite3.Connection:
        """Open a shop; the tests need not survive a power cut."""
        db = sqlite3.connect(path)
        db.execute("pragma synchronous = off")
        return db

    def run(self, state: Path) -> str:
        """Sell a picture, send the outbox, and deliver what is finished."""
        with closing(self.open(state)) as db, connect() as api:
            if not db.execute("select 1 from sale where prompt = 'dawn'").fetchone():
                self.sell(db, api, "dawn")
            for (prompt,) in db.execute("select prompt from outbox where sent = 0").fetchall():
                self.relay(db, api, prompt)
            for prompt, image in db.execute("select prompt, image from sale where image is not null").fetchall():
                self.deliver(db, api, prompt, image)
        return "done"

    def sell(self, db: sqlite3.Connection, api: httpx.Client, prompt: str) -> None:
        """Store the sale and its order."""
        price = self.estimate(api, prompt)
        db.execute("insert into sale (prompt, price) values (?, ?)", [prompt, price])
        db.execute("insert into outbox (prompt) values (?)", [prompt])
        db.commit()

    def estimate(self, api: httpx.Client, prompt: str) -> float:
        """Return what a picture costs."""
        send(api, "POST", "/v1/images/estimate", body={"prompt": prompt})
        return 9.90

    def relay(self, db: sqlite3.Connection, api: httpx.Client, prompt: str) -> None:
        """Send an order of the outbox."""
        image = self.order(db, api, prompt)
        db.execute("update sale set image = ? where prompt = ?", [image["id"], prompt])
        db.execute("update outbox set sent = 1 where prompt = ?", [prompt])
        db.commit()

    def order(self, db: sqlite3.Connection, api: httpx.Client, prompt: str) -> Json:
        """Order a picture."""
        return send(api, "POST", "/v1/images", key=f"sale of {prompt}", body={"prompt": prompt})

    def deliver(self, db: sqlite3.Connection, api: httpx.Client, prompt: str, image: str) -> None:
        """Wait for a picture, and close its sale."""
        while (seen := send(api, "GET", f"/v1/images/{image}"))["status"] in RUNNING:
            time.sleep(10)
        if seen["status"] != "succeeded":
            raise PublishError(seen["error_message"])
        db.execute("update sale set state = 'delivered' where prompt = ?", [prompt])
        db.commit()

    def check(self, state: Any, *, returned: bool) -> None:
        """Each sale is delivered."""
        if returned:
            with closing(self.open(state)) as db:
                assert db.execute("select state from sale").fetchall() == [("delivered",)]


class MarksFirst(Careful):
    """Marks an order as sent, and then sends it."""

    seen_by = "a law"
    found = {"images.create#1 dies": "recovers", "images.create#1 down": "recovers"}

    def relay(self, db: sqlite3.Connection, api: httpx.Client, prompt: str) -> None:
        """Mark, and send."""
        db.execute("update outbox set sent = 1 where prompt = ?", [prompt])
        db.commit()
        image = self.order(db, api, prompt)
        db.execute("update sale set image = ? where prompt = ?", [image["id"], prompt])
        db.commit()


class TwoTransactions(Careful):
    """Stores the sale, asks for its price, and then stores its order."""

    seen_by = "a law"
    found = {"images.estimate#1 dies": "recovers"}

    def sell(self, db: sqlite3.Connection, api: httpx.Client, prompt: str) -> None:
        """Store the sale, and later its order."""
        db.execute("insert into sale (prompt) values (?)", [prompt])
        db.commit()
        db.execute("update sale set price = ? where prompt = ?", [self.estimate(api, prompt), prompt])
        db.execute("insert into outbox (prompt) values (?)", [prompt])
        db.commit()


class ThrowsPoisonAway(Careful):
    """Takes an order that cannot be sent for poison, and removes it from the outbox."""

    seen_by = "a law"
    found = {"images.create#1 down": "tells", "images.create#1 broke": "tells"}

    def relay(self, db: sqlite3.Connection, api: httpx.Client, prompt: str) -> None:
        """Send, or remove."""
        try:
            super().relay(db, api, prompt)
        except PublishError:
            db.execute("delete from outbox where prompt = ?", [prompt])
            db.commit()


class CountsTriesInTheKey(Careful):
    """Makes the key from the number of the try."""

    seen_by = "a law"
    found = {"images.create#1 crash": "recovers"}

    def order(self, db: sqlite3.Connection, api: httpx.Client, prompt: str) -> Json:
        """Count, and order."""
        db.execute("update outbox set tries = tries + 1 where prompt = ?", [prompt])
        db.commit()
        (tries,) = db.execute("select tries from outbox where prompt = ?", [prompt]).fetchone()
        return send(api, "POST", "/v1/images", key=f"{prompt} {tries}", body={"prompt": prompt})
