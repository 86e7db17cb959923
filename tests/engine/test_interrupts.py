"""A request that an exception interrupts takes effect wholly or not at all, wherever the exception comes."""

import logging
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, Final

import httpx
import pytest
from coverage import Coverage

import pytest_aurous
from pytest_aurous import Aurous
from pytest_aurous._core.base.chains import isolated
from pytest_aurous._core.world.outbox import Delivery
from tests.conftest import SYNTHESIS, Api, synthesis_price

Scene = Callable[[Api], Callable[[], object]]

OURS: Final = str(Path(pytest_aurous.__file__).parent)


class LateError(Exception):
    """What a handler of SIGALRM raises, as in many suites."""


def create(api: Api) -> Callable[[], object]:
    """Order a synthesis that ends at once, with a key, while somebody listens."""
    api.aurous.webhooks.deliver_to(lambda _: None)
    api.aurous.script("synthesizing*0 -> ready")
    return lambda: api.post("/v1/characters", json=SYNTHESIS, headers={"Idempotency-Key": "one"})


def end(api: Api) -> Callable[[], object]:
    """Poll an image for the last time, which charges its hold and tells its maker, and the team of low credits."""
    api.aurous.webhooks.deliver_to(lambda _: None)
    api.aurous.images.script("pending -> processing -> succeeded")
    api.team.credits = 5
    api.post("/v1/images", json={"prompt": "x", "webhook_url": "https://app.example/hook"})
    image = api.aurous.images.last
    for _ in range(2):
        api.get(f"/v1/images/{image.id}")
    return lambda: api.get(f"/v1/images/{image.id}")


def settle(api: Api) -> Callable[[], object]:
    """Meet what time has changed: each run ends, is charged and announced."""
    api.aurous.webhooks.deliver_to(lambda _: None)
    api.aurous.script("synthesizing:5s -> ready")
    for _ in range(2):
        api.post("/v1/characters", json=SYNTHESIS)
    api.team.credits = 12
    api.clock.advance(seconds=10)
    return lambda: api.get("/v1/characters")


def slow(api: Api) -> Callable[[], object]:
    """Meet a fault that moves the clock."""
    api.aurous.faults.delay("images.create", 30, commit=True)
    return lambda: api.outcome("POST", "/v1/images", json={"prompt": "x"}, patience=5)


def spoilt(api: Api) -> Callable[[], object]:
    """Meet a fault whose request is taken back."""
    api.aurous.faults.malformed("images.create", times=2)
    return lambda: api.post("/v1/images", json={"prompt": "x"})


def poll_too_much(api: Api) -> Callable[[], object]:
    """Fall into a pitfall."""
    character = api.characters.add(status="failed")
    api.poll(character, 3)
    return lambda: api.poll(character)


def condition(api: Api) -> Callable[[], object]:
    """Meet a fault that has a condition."""
    api.aurous.faults.status("images.create", 503, when=lambda call: bool(call.number), commit=True)
    return lambda: api.post("/v1/images", json={"prompt": "x"})


SCENES: Final = (create, end, settle, slow, spoilt, poll_too_much, condition)


def moment(api: Api) -> Any:
    """Return everything that a request can change."""
    world = api.app.world
    saved = world.state.copy()
    names = [field.name for field in fields(Delivery)]
    return {
        **saved._asdict(),
        "sections": {**saved.sections, "deliveries": None},
        "lists": {**saved.lists, "due": None, "waiting": None},  # heaps, whose stale entries are skipped
        "chance": world.random.getstate(),
        "outbox": [[getattr(one, name) for name in names] for one in world.outbox.entries.values()],
        "notes": [note[:2] + note[3:] for note in world.journal.notes],
        "calls": [(call.number, call.operation, call.status, call.fault) for call in world.journal.entries],
        "faults": [(fault.fired, fault.met, fault._count) for fault in api.aurous.faults],
        "pitfalls": [one.key for one in api.aurous.pitfalls],
        "problems": [problem.call.number for problem in api.app.problems],
    }


def interrupted(act: Callable[[], object], line: int, error: type[BaseException]) -> bool:
    """Let *error* come at that line of ours, of all that *act* runs; return whether it came."""
    left = line

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        if event == "line":
            left -= 1
            if left == 0:
                raise error
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        isolated(act)
    except error:
        return True
    finally:
        sys.settrace(before)
    return False


@pytest.mark.parametrize("error", [KeyboardInterrupt, LateError])
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_an_interrupted_request_takes_effect_wholly_or_not_at_all(
    make_api: Callable[..., Api], scene: Scene, error: type[BaseException]
) -> None:
    """State, journal, money and idempotency are as before the request, or as after it, and the next one works."""
    begin = partial(make_api, credits=100)
    api = begin()
    act = scene(api)
    before = moment(api)
    act()
    after = moment(api)
    assert before != after
    outcomes: list[bool] = []
    line, step = 1, 17 if error is LateError else 2 if scene in {create, condition} else 7
    while True:
        api = begin()
        act = scene(api)
        if not interrupted(act, line, error):
            break
        found = moment(api)
        assert found in (before, after), line
        outcomes.append(found == after)
        if found == before and line % 49 == 1:
            act()
            seen_anew = {"pitfalls": found["pitfalls"]}  # what was watched for a pitfall is forgotten
            assert {**moment(api), **seen_anew} == {**after, **seen_anew}, line
        line += step
    assert outcomes[0] is False
    assert outcomes == sorted(outcomes)  # from some line on it has happened


def handler(_: int, frame: FrameType) -> bool:
    """Interrupt a frame, as a signal handler does."""
    raise LateError(frame.f_code.co_name)


def test_what_a_signal_handler_raises_is_no_bug_of_ours(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """It leaves the request as it came, in the server's work and in a condition alike, and nothing has happened."""
    with monkeypatch.context() as patch:
        patch.setattr(type(api.app.world.keys), "authenticate", lambda *_: handler(14, sys._getframe()))
        with pytest.raises(LateError):
            api.get("/v1/balance")
    fault = api.aurous.faults.status("balance.retrieve", 503, when=lambda _: handler(14, sys._getframe()))
    with pytest.raises(LateError):
        api.get("/v1/balance")

    assert (fault.fired, len(api.aurous.calls), api.app.problems) == (0, 0, [])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a handler can run in a finalizer, too
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no such timers on Windows")
@pytest.mark.skipif(Coverage.current() is not None, reason="an interrupted coverage.py leaves its own lock locked")
def test_a_signal_handler_interrupts_a_real_client() -> None:
    """Held and available stay the credits, and every hold belongs to a character, however often a timer fires."""

    def handle(*_: object) -> None:
        raise LateError

    def post(number: int) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.00005 + number * 0.000004)
        client.post("/v1/characters", json=SYNTHESIS, headers={"Idempotency-Key": str(number)})
        signal.setitimer(signal.ITIMER_REAL, 0)

    each = synthesis_price()
    with Aurous(script="synthesizing! -> reviewing", credits=100_000) as aurous, aurous.client() as client:
        limit, previous = signal.getitimer(signal.ITIMER_REAL), signal.signal(signal.SIGALRM, handle)
        try:
            for number in range(300):
                with suppress(LateError):
                    isolated(partial(post, number))
                assert aurous.team.held_credits == each * len(aurous.characters)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)
            signal.setitimer(signal.ITIMER_REAL, *limit)  # the limit of this test
            lock: Any = vars(logging)["_lock"]  # httpx logs; an exception between acquire and try leaves this locked
            while lock._is_owned():
                lock.release()
        assert len(aurous.calls) == len(aurous.characters)
        assert [call.number for call in aurous.calls] == list(range(1, len(aurous.calls) + 1))
        assert isinstance(client.get("/v1/balance"), httpx.Response)
