"""API keys as tests hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._world.keys import Scope
from ..._world.world import World
from ...errors import AurousError, hide_mistakes, see

if TYPE_CHECKING:
    from typing_extensions import Self  # type checkers bundle it

__tracebackhide__ = hide_mistakes


class ApiKey(str):
    """An API key of the fake: a string for a header, which a test can revoke and rotate.

    Example:
        ``client = aurous.client(headers={"X-Api-Key": aurous.team.add_key(scope="read")})``
    """

    __slots__ = ("_world",)

    _world: World

    def __new__(cls, *_: object) -> Self:
        """Raise: only the fake creates keys."""
        raise AurousError(
            "ApiKey(...): the fake issues its keys. Use aurous.api_key, or aurous.team.add_key(scope='read').\n"
            f"{see('reference/api.html')}"
        )

    @classmethod
    def of(cls, world: World, key: str) -> ApiKey:
        """Return *key* as an `ApiKey`."""
        made = str.__new__(cls, key)
        made._world = world
        return made

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """Copy and pickle as a plain string, for settings objects that hold the key."""
        return str, (str(self),)

    @property
    def scope(self) -> Scope:
        """What the key may do: ``read``, ``write`` or ``full`` (auth-5)."""
        with self._world.lock:
            return self._world.keys.grant(self).scope

    def revoke(self) -> None:
        """Make the key invalid from now on (auth-4)."""
        with self._world.lock:
            self._world.keys.end(self, self._world.clock.time())

    def rotate(self) -> ApiKey:
        """Return a new key of the same scope; this key stays valid for 24 h on the clock (auth-8)."""
        with self._world.lock:
            return ApiKey.of(self._world, self._world.keys.rotate(self, self._world.clock.time()))
