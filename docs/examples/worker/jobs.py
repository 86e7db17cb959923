"""The queue: a SQLite table with one row for each job."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

TABLE = """
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    age INTEGER NOT NULL,
    prompt TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open',
    character_id TEXT,
    drawings INTEGER NOT NULL DEFAULT 1,
    image_id TEXT,
    pictures INTEGER NOT NULL DEFAULT 1,
    error TEXT
)
"""


@dataclass(frozen=True)
class Job:
    """One job and its progress.

    Attributes:
        state: `open`, `done` or `failed`.
        drawings: How many drawings of its character were started.
        pictures: How many pictures of it were created.
    """

    number: int
    name: str
    age: int
    prompt: str
    state: str
    character_id: str | None
    drawings: int
    image_id: str | None
    pictures: int
    error: str | None


class Jobs:
    """All jobs, in a file that outlives the process."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._execute(TABLE)

    def add(self, name: str, age: int, prompt: str) -> None:
        """Queue a job."""
        statement = "INSERT INTO jobs (name, age, prompt) VALUES (?, ?, ?)"
        self._execute(statement, (name, age, prompt))

    def all(self) -> list[Job]:
        """Return all jobs, the oldest first."""
        return [Job(*row) for row in self._execute("SELECT * FROM jobs")]

    def update(self, job: Job, **changes: Any) -> Job:
        """Store changes of a job and return it as it is now."""
        job = replace(job, **changes)
        statement = "REPLACE INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        self._execute(statement, astuple(job))
        return job

    def _execute(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        """Execute a statement, and commit it."""
        with closing(sqlite3.connect(self._file)) as database, database:
            return database.execute(statement, values).fetchall()
