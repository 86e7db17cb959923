"""The rate limits of a team, for a test to read, exhaust and resize."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, cast

from .._core.base.arguments import Check, Public
from .._core.base.errors import AurousLookupError, hide_mistakes, nearest, see, shown
from .._core.base.redaction import redacted
from .._core.world.buckets import BUCKETS, Bucket
from .._core.world.world import World

if TYPE_CHECKING:
    from .._core.base.names import BucketName

__tracebackhide__ = hide_mistakes

_PAGE: Final = "reference/records.html#rate-limits"
_SLOWEST: Final = 0.001
"""The lowest refill, in calls per minute: one in 17 hours."""


class Limit(Public):
    """One rate bucket of one team.

    Example:
        ``aurous.limits["characters_synthesize"].exhaust()``
    """

    _page = _PAGE

    def __init__(self, world: World, team: str, name: str) -> None:
        self._world = world
        self._team = team
        self.name: str = name

    def __repr__(self) -> str:
        return redacted(f"<Limit {self.name}: {self.remaining} of {self.capacity} left, {self.overruns} overruns>")

    @property
    def _bucket(self) -> Bucket:
        with self._world.lock:
            return self._world.buckets.get(self._team, self.name, self._world.clock.time())

    @property
    def capacity(self) -> int:
        """The burst: how many requests a full bucket allows."""
        return self._bucket.capacity

    @property
    def remaining(self) -> int:
        """How many more requests the bucket allows now."""
        return self._bucket.left

    @property
    def overruns(self) -> int:
        """How many requests found the bucket empty, whether they were refused or not."""
        return self._bucket.overruns

    def exhaust(self) -> None:
        """Empty the bucket, which refills on the clock."""
        with self._world.lock:
            self._world.buckets.fill(self._team, self.name, 0, self._world.clock.time())

    def refill(self) -> None:
        """Fill the bucket."""
        with self._world.lock:
            self._world.buckets.fill(self._team, self.name, self.capacity, self._world.clock.time())

    def set(self, *, burst: int | None = None, per_minute: float | None = None) -> None:
        """Resize the bucket, and fill it.

        Args:
            burst: New capacity, 1 or more.
            per_minute: New refill, in requests per minute, more than 0.

        Raises:
            AurousError: If a size is invalid.
        """
        check = Check(f"limits[{self.name!r}].set", _PAGE)
        if burst is not None:
            check.whole("burst", burst, 1)
        if per_minute is not None:
            check.number("per_minute", per_minute, _SLOWEST)
        with self._world.lock:
            self._world.buckets.resize(self._team, self.name, burst, per_minute, self._world.clock.time())


class Limits(Public, Mapping[str, Limit]):
    """The rate buckets of a team, by the vendor's names; an unknown name raises `AurousLookupError`.

    Example:
        ``[bucket.name for bucket in aurous.limits.values() if bucket.overruns]``
    """

    _page = _PAGE

    def __init__(self, world: World, team: str) -> None:
        self._world = world
        self._team = team

    def __getitem__(self, name: BucketName | str) -> Limit:
        if not isinstance(cast("object", name), str) or name not in BUCKETS:
            raise AurousLookupError(
                f"No rate bucket is called {shown(name)}{nearest(name, BUCKETS)} Buckets: {', '.join(BUCKETS)}.\n"
                f"{see(_PAGE)}"
            )
        return Limit(self._world, self._team, name)

    def __iter__(self) -> Iterator[str]:
        return iter(BUCKETS)

    def __len__(self) -> int:
        return len(BUCKETS)

    def __repr__(self) -> str:
        return f"<Limits: {list(self.values())!r}>"
