"""The event stream of the page: the steps of the tape, in batches, to each client from its own position."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Final

from .live import with_steps

if TYPE_CHECKING:
    from .control import Control

BATCH: Final = 500
PAUSE: Final = 0.1
"""Seconds between two batches."""
_QUIET: Final = 15.0


class Hub:
    """Wakes those who wait for the next step of a tape; while nobody waits, a step costs nothing."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._waiting: dict[asyncio.Future[None], asyncio.AbstractEventLoop] = {}
        self._last: tuple[int, int, str] = (-1, -1, "")
        control.tape.on_step.append(self._wake)

    def _wake(self, _: object) -> None:
        while self._waiting:
            future, loop = self._waiting.popitem()
            loop.call_soon_threadsafe(_finish, future)

    async def step(self, seconds: float) -> None:
        """Wait for the next step, at most so long."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._waiting[future] = loop
        await asyncio.wait([future], timeout=seconds)
        self._waiting.pop(future, None)

    async def stream(self, after: int, closing: Callable[[], bool]) -> AsyncIterator[bytes]:
        """Yield the bytes of the stream, from the step after *after* on, until the server stops."""
        tape = self._control.tape
        yield b"retry: 1000\n\n"
        while not closing():
            if tape.last <= after:
                waited = asyncio.get_running_loop().time()
                while tape.last <= after and not closing():
                    await self.step(1.0)
                    if asyncio.get_running_loop().time() - waited > _QUIET:
                        waited += _QUIET
                        yield b": nothing new\n\n"
                continue
            after, text = self._batch(after)
            yield text.encode()
            await asyncio.sleep(PAUSE)

    def _batch(self, after: int) -> tuple[int, str]:
        """Return the next steps as one event, and the last of them; clients at the same position share it."""
        control = self._control
        if self._last[:2] == (after, control.tape.last):
            *_, text = self._last
            return min(after + BATCH, control.tape.last), text
        missed = max(0, control.tape.dropped - after)
        steps = control.tape.after(after, BATCH)
        last = steps[-1].seq
        told = {"version": 1, **control.live.now(), "last": last, "missed": missed}
        text = f"id: {last}\nevent: steps\ndata: {with_steps(told, control.live.briefs(steps))}\n\n"
        if last == control.tape.last:
            self._last = (after, last, text)
        return last, text


def _finish(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
