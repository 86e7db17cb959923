"""What goes out: a `Reply`, or a `Break` where no answer arrives."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

__all__ = ("Break", "Reply")


class Reply:
    """An answer.

    Attributes:
        status: The status.
        names: The names of its headers.
        values: What they say, line by line.
        body: The body.
    """

    __slots__ = ("body", "names", "status", "values")

    def __init__(self, status: int, names: tuple[str, ...], values: Iterable[str], body: bytes) -> None:
        self.status: int = status
        self.names: tuple[str, ...] = names
        self.values: str = "\n".join(values)
        self.body: bytes = body

    @classmethod
    def of(cls, status: int, headers: tuple[tuple[str, str], ...], body: bytes) -> Reply:
        """Return an answer whose headers come in pairs."""
        names, values = zip(*headers, strict=True) if headers else ((), ())
        return cls(status, _one(names), values, body)

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Its headers, in order."""
        return tuple(zip(self.names, self.values.split("\n"), strict=False))

    def with_body(self, body: bytes) -> Reply:
        """Return the same answer with another body, its length told truly."""
        headers = tuple((name, str(len(body)) if name == "Content-Length" else value) for name, value in self.headers)
        return Reply.of(self.status, headers, body)


class Break(NamedTuple):
    """No answer: the exception of the client's stack that it meets instead.

    *error* is a class name that httpx and httpx2 share, such as ``ReadTimeout``. With a *reply* the
    connection breaks inside the body: its first *after_bytes* bytes arrive.
    """

    error: str
    message: str
    reply: Reply | None = None
    after_bytes: int = 0


@lru_cache(maxsize=256)  # answers bear their names in few combinations: each is kept once, not with every call
def _one(names: tuple[str, ...]) -> tuple[str, ...]:
    return names
