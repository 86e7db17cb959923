"""What a detector of pitfalls can know beside the call itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .._headers import idempotency_key
from .._wire import Call

if TYPE_CHECKING:
    from .._endpoint import Context, Endpoint
    from .._world import World

__all__ = ("Scene",)


class Scene:
    """What a detector can know beside the call. There is one for each call, so it works out only what it is asked.

    Attributes:
        body: The body that was sent.
        upload: Whether the call went to the upload host.
    """

    __slots__ = ("_match", "_sent", "_world", "body", "upload")

    def __init__(self, world: World, call: Call, match: tuple[Endpoint, Context] | None, *, upload: bool) -> None:
        self._world = world
        self._match = match
        self._sent = call.incoming  # this and the body the call itself forgets, when it has its answer
        self.body: bytes = call.content
        self.upload: bool = upload

    @property
    def record(self) -> str:
        """The id in the path, or nothing."""
        return self._match[1].args.get("id", "") if self._match is not None else ""

    @property
    def paid(self) -> bool:
        """Whether the call costs credits and would honour an ``Idempotency-Key``."""
        match = self._match
        return match is not None and not match[0].free and match[0].honours_key(match[1])

    @property
    def key(self) -> str:
        """The API key that came along: the client, as far as anybody can tell."""
        return self._sent.get("x-api-key") or self._sent.get("authorization", "")

    @property
    def keyed(self) -> bool:
        """Whether the call brought an ``Idempotency-Key``."""
        return idempotency_key(self._sent) is not None

    @property
    def earlier(self) -> Sequence[Call]:
        """The calls before it."""
        return self._world.journal.entries

    def row(self, row_id: str) -> Any:
        """Return the row of any kind that has this id, or None if there never was one."""
        return self._world.row(row_id)
