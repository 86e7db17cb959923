"""Where we stand between clients and their transports."""

from __future__ import annotations

from abc import ABC
from functools import lru_cache, wraps
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, Final

from respx.mocks import Mocker
from respx.models import PassThrough

from .neighbours import step_aside, step_back
from .stacks import STACKS

if TYPE_CHECKING:
    from .router import AurousRouter

__all__ = ("AurousMocker",)

_MARK: Final = "_aurous_original"


def _below(standing: Any, patched: list[Any]) -> Any:
    """Return what stands there, or below a wrapper of ours that somebody has put back when its time was over."""
    while hasattr(standing, _MARK) and not any(ours is standing for *_, ours in patched):
        standing = getattr(standing, _MARK)
    return standing


class AurousMocker(Mocker, ABC):
    """The respx mocker at transport level.

    `ABC` keeps its name out of respx's registry, where a second class of that name would be an error.
    """

    name = "aurous"
    routers: ClassVar[list[Any]] = []
    _owners: ClassVar[dict[bytes, list[AurousRouter]]] = {}
    _patched: ClassVar[list[tuple[type[Any], str, Any, Any]]] = []

    @classmethod
    def start(cls) -> None:
        """Put ourselves before the transports of httpx and httpx2, and before whoever stands there.

        Again while a fake stands: pytest-httpx and vcrpy hook in at the same place, and the last one answers.
        """
        cls._owners = {}  # another: a thread may be writing into this one
        if not cls.routers:
            return
        step_aside(cls.router_for)
        if cls._patched and all(getattr(owner, method) is ours for owner, method, _, ours in cls._patched):
            return
        for stack in STACKS:
            for owner, method, wrap in (
                (stack.HTTPTransport, "handle_request", cls._sync),
                (stack.AsyncHTTPTransport, "handle_async_request", cls._async),
            ):
                standing = _below(getattr(owner, method), cls._patched)
                before = [entry for entry in cls._patched if entry[:2] == (owner, method)]
                if any(ours is standing for *_, ours in before):
                    continue
                for entry in before[1:]:  # whom we had to pass before has gone; the first knows the way back
                    cls._patched.remove(entry)
                ours = wrap(stack, standing)
                setattr(ours, _MARK, standing)
                setattr(owner, method, ours)
                cls._patched.append((owner, method, standing, ours))

    @classmethod
    def stop(cls, force: bool = False) -> None:  # noqa: FBT001, FBT002 - respx's signature
        """Take ourselves out again when the last router has gone."""
        cls._owners = {}
        if cls.routers and not force:
            return
        step_back()
        while cls._patched:
            owner, method, original, ours = cls._patched.pop()
            if getattr(owner, method) is ours:  # else somebody stands before us; idle, we only pass on
                setattr(owner, method, original)

    @classmethod
    def router_for(cls, request: Any) -> AurousRouter | None:
        """Return the router that answers *request*: of those that its host belongs to, the one that it suits best."""
        host, known = request.url.netloc, cls._owners
        owners = known[host] if host in known else known.setdefault(host, cls._owners_of(host.decode("ascii")))
        if len(owners) < 2:  # noqa: PLR2004 - more than one
            return owners[0] if owners else None
        name, target = host.decode("ascii"), request.url.raw_path.decode("ascii")
        return max(owners, key=lambda owner: owner.app.fit(name, target))  # of equals, the one started last

    @classmethod
    def _owners_of(cls, host: str) -> list[AurousRouter]:
        """Return the routers with the best claim to *host*, the one started last first."""
        claims = [(router.app.addresses.claim(host), router) for router in reversed(cls.routers)]
        best = max((claim for claim, _ in claims), default=0)
        return [router for claim, router in claims if claim == best > 0]

    @classmethod
    def in_front(cls) -> list[str]:
        """Return the modules of those who stand before us."""
        ours = [entry[3] for entry in cls._patched]
        standing = {getattr(owner, method) for owner, method, *_ in cls._patched}
        # Not `__module__`: who wraps the original bears its name.
        return sorted({one.__globals__["__name__"] for one in standing if one not in ours})

    @classmethod
    @lru_cache(maxsize=8)  # a fake for each test would make them for each test
    def _sync(cls, stack: ModuleType, original: Any) -> Any:
        @wraps(original)
        def handle_request(transport: Any, request: Any) -> Any:
            router = cls.router_for(request)
            if router is None:
                return original(transport, request)
            try:
                return router.answer(stack, request)
            except PassThrough:
                return original(transport, request)

        return handle_request

    @classmethod
    @lru_cache(maxsize=8)
    def _async(cls, stack: ModuleType, original: Any) -> Any:
        @wraps(original)
        async def handle_async_request(transport: Any, request: Any) -> Any:
            router = cls.router_for(request)
            if router is None:
                return await original(transport, request)
            try:
                return await router.aanswer(stack, request)
            except PassThrough:
                return await original(transport, request)

        return handle_async_request
