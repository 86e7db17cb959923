"""A queue in sqlite: workers claim jobs, and publish a character for each."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from uuid import uuid4

from clients.common import PublishError, Shop
from programs.base import Program

SCHEMA = """
create table job (id integer primary key, name text, key text, owner text, state text default 'new');
insert into job (name) values ('Aurora'), ('Boreas');
"""


class Careful(Program):
    """Claims a job in one statement, and commits what an attempt needs before it sends anything."""

    def fresh(self) -> Path:
        path = Path(mkdtemp(dir=self.folder)) / "queue"
        with closing(self.open(path)) as db:
            db.executescript(SCHEMA)
        return path

    def open(self, path: Path) -> sqlite3.Connection:
        """Open a queue; the tests need not survive a power cut."""
        db = sqlite3.connect(path)
        db.execute("pragma synchronous = off")
        return db

    def run(self, state: Path, me: str = "first") -> list[str]:
        """Work until no job is free, and raise what went wrong."""
        errors, done = list[PublishError](), list[str]()
        with closing(self.open(state)) as db:
            db.execute("update job set owner = null where owner = ? and state = 'new'", [me])
            db.commit()
            refused = set[int]()
            while (job := self.claim(db, me, refused)) is not None:
                try:
                    self.work(db, *job)
                    done.append(job[1])
                except PublishError as error:
                    refused.add(job[0])
                    db.execute("update job set owner = null where id = ?", [job[0]])
                    db.commit()
                    errors.append(error)
        if errors:
            raise errors[0]
        return done

    def claim(self, db: sqlite3.Connection, me: str, refused: set[int]) -> tuple[int, str] | None:
        """Return the id and the name of a job that is now ours."""
        while (job := self.look(db, refused)) is not None:
            self.check_balance()
            taken = db.execute("update job set owner = ? where id = ? and owner is null", [me, job[0]]).rowcount
            db.commit()
            if taken:
                return job
        return None

    def look(self, db: sqlite3.Connection, refused: set[int]) -> tuple[int, str] | None:
        for job, name in db.execute("select id, name from job where owner is null and state = 'new'").fetchall():
            if job not in refused:
                return job, name
        return None

    def check_balance(self) -> None:
        """Raise if there are too few credits for a job."""
        with Shop() as shop:
            if shop.send("GET", "/v1/balance")["credits"] < 4:
                raise PublishError("no credits")

    def work(self, db: sqlite3.Connection, job: int, name: str) -> None:
        key = self.key(db, job)
        with Shop() as shop:
            shop.finish(shop.order(name, key))
        db.execute("update job set state = 'done' where id = ?", [job])
        db.commit()

    def key(self, db: sqlite3.Connection, job: int) -> str:
        """Return the key of a job, which survives a crash."""
        db.execute("update job set key = coalesce(key, ?) where id = ?", [str(uuid4()), job])
        db.commit()
        return self.stored_key(db, job)

    def stored_key(self, db: sqlite3.Connection, job: int) -> str:
        key: str = db.execute("select key from job where id = ?", [job]).fetchone()[0]
        return key

    def workers(self) -> tuple[Any, Any] | None:
        return partial(self.publish_all, me="first"), partial(self.publish_all, me="second")

    def publish_all(self, state: Path, me: str) -> None:
        """Work, whoever publishes what."""
        self.run(state, me)


class TakesTheJobOut(Careful):
    """Deletes the job when it is claimed."""

    seen_by = "a law"
    found = {"characters.create#1 dies": "recovers"}

    def claim(self, db: sqlite3.Connection, me: str, refused: set[int]) -> tuple[int, str] | None:
        job = self.look(db, refused)
        if job is not None:
            self.check_balance()
            db.execute("delete from job where id = ?", [job[0]])
            db.commit()
        return job

    def key(self, db: sqlite3.Connection, job: int) -> str:
        return f"job {job}"


class CommitsTheKeyLate(Careful):
    """Commits the key together with the result."""

    seen_by = "a law"
    found = {"characters.create#1 crash": "recovers"}

    def key(self, db: sqlite3.Connection, job: int) -> str:
        """Store the key, and leave the transaction open."""
        db.execute("update job set key = coalesce(key, ?) where id = ?", [str(uuid4()), job])
        return self.stored_key(db, job)


class LooksAndThenTakes(Careful):
    """Takes a job that was free when it looked, with a key that it draws if it has seen none."""

    seen_by = "two workers"
    found = {"first#2 | second#1": "serial"}

    def claim(self, db: sqlite3.Connection, me: str, refused: set[int]) -> tuple[int, str] | None:
        job = self.look(db, refused)
        if job is not None:
            key = self.stored_key(db, job[0]) or str(uuid4())
            self.check_balance()
            db.execute("update job set owner = ?, key = ? where id = ?", [me, key, job[0]])
            db.commit()
        return job
