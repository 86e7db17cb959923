"""Each public callable meets each kind of bad value: it works, or refuses at the author's line and changes nothing.

The callables are found by their signatures, so a new public method is tested as soon as it is there.
"""

import inspect
import operator
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from _pytest._code import ExceptionInfo

import pytest_aurous
from pytest_aurous import Aurous, AurousError, AurousServer, AurousUnfiredFault, Script, sign_webhook, verify_webhook
from pytest_aurous._core.resources.content.provider import seeded_faker


class NoRepr:
    """An object whose ``repr`` fails, as for a half-built model."""

    def __repr__(self) -> str:
        raise RuntimeError("no repr")


def _other() -> Aurous:
    other = Aurous(seed=9)
    other.characters.add("Elsewhere")
    return other


OTHER: Final = _other()
BAD: Final[dict[str, Callable[[], Any]]] = {
    "None": lambda: None,
    "True": lambda: True,
    "0": lambda: 0,
    "-3": lambda: -3,
    "7": lambda: 7,
    "1.5": lambda: 1.5,
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "-inf": lambda: float("-inf"),
    "10**400": lambda: 10**400,
    "10**5000": lambda: 10**5000,
    "1j": lambda: 1j,
    "empty": lambda: "",
    "blank": lambda: "  ",
    "2": lambda: "2",
    "word": lambda: "nonsense",
    "bracket": lambda: "https://[",
    "line break": lambda: "a\nb",
    "NUL": lambda: "a\0b",
    "surrogate": lambda: "\ud800",
    "long": lambda: "x" * 10_000,
    "bytes": lambda: b"bytes",
    "list": lambda: [1],
    "tuple": lambda: ("front", 2),
    "dict": lambda: {"a": 1},
    "no JSON": lambda: {"a": float("nan")},
    "odd keys": lambda: {1: NoRepr()},
    "set": lambda: {"a"},
    "object": object,
    "no repr": NoRepr,
    "class": lambda: int,
    "function": lambda: lambda: None,
    "generator": lambda: (one for one in "ab"),
    "datetime": lambda: datetime(2026, 1, 1),  # noqa: DTZ001 - a naive one is the point
    "timedelta": lambda: timedelta(seconds=-1),
    "exception": lambda: ValueError("x"),
    "record of another": lambda: OTHER.characters.last,
    "team of another": lambda: OTHER.team,
    "id of another": lambda: OTHER.characters.last.id,
    "snapshot of another": OTHER.snapshot,
}

SKIPPED: Final = {
    "index": "a method of every sequence in Python, with Python's own message",
    "clock.move": "moves the clock for the fake itself, and is not documented",
    "clock.jump": "moves the clock for skipped sleeps, and is not documented",
    "clock.restore": "part of a snapshot, and not documented",
    "of": "makes the handle of a key, and is not documented",
    "state": "part of a snapshot, and not documented",
    "undo_move": "undoes a move of the clock for a served fake, and is not documented",
}
"""Public methods that this test does not call, each with its reason."""

VALID: Final[dict[str, Any]] = {
    "operation": "balance.retrieve",
    "event": "image.completed",
    "status": 503,
    "seconds": 1,
    "text": "synthesizing",
    "pose": "front",
    "body": b"{}",
    "secret": "whsec_x",
    "header": "t=1,v1=00",
    "prefix": "char",
    "record": "char_1",
    "record_id": "char_1",
}
"""Values for arguments that are required, while another one is bad."""


def _construct(kind: Callable[..., object], world: object, record_id: str = "char_1") -> str:
    return repr(kind(world, record_id))


def _serve(aurous: Any, **options: Any) -> None:
    AurousServer(aurous, **options).stop()


def targets(aurous: Aurous) -> Iterator[tuple[str, Any]]:
    """Yield every object that a test reaches, with its name."""
    yield "aurous", aurous
    for name in ("characters", "uploads", "images", "videos", "files", "loras", "video_loras", "webhook_endpoints"):
        yield name, getattr(aurous, name)
    yield "teams", aurous.teams
    yield "character", aurous.characters.last
    yield "image", aurous.images.last
    yield "video", aurous.videos.last
    yield "team", aurous.team
    yield "key", aurous.teams.add().api_key
    yield "limit", aurous.limits["reads"]
    yield "clock", aurous.clock
    yield "calls", aurous.calls
    yield "faults", aurous.faults
    yield "webhooks", aurous.webhooks


def callables(aurous: Aurous) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield every public callable that takes arguments, with its name."""
    for owner, target in targets(aurous):
        inherited = set(dir(str)) if owner == "key" else set()
        for name in sorted(set(dir(type(target))) - inherited - set(SKIPPED)):
            method = None if name.startswith("_") else inspect.getattr_static(type(target), name)
            if (
                f"{owner}.{name}" not in SKIPPED
                and inspect.isroutine(method)
                and inspect.signature(getattr(target, name)).parameters
            ):
                yield f"{owner}.{name}", getattr(target, name)
        if hasattr(type(target), "__getitem__") and owner != "key":
            yield f"{owner}[]", partial(operator.getitem, target)
        if hasattr(type(target), "__contains__") and owner != "key":
            yield f"in {owner}", partial(operator.contains, target)
        for name in dir(type(target)):
            made = inspect.getattr_static(type(target), name)
            if isinstance(made, property) and made.fset is not None:
                yield f"{owner}.{name} =", partial(setattr, target, name)
    provider = seeded_faker(1)
    for name in ("aurous_character_name", "aurous_ref_url", "aurous_id"):
        yield name, getattr(provider, name)
    yield "Aurous", Aurous
    yield "AurousServer", partial(_serve, aurous)
    yield "Script", Script
    yield "Script.parse", Script.parse
    yield "sign_webhook", sign_webhook
    yield "verify_webhook", verify_webhook
    for name in ("Character", "Image", "Team", "ApiKey"):
        kind = getattr(pytest_aurous, name)
        yield name, partial(_construct, kind)


OPEN: Final[dict[str, tuple[str, ...]]] = {
    "Aurous": ("api_key", "script", "strict", "pitfalls", "now", "rate_limits", "sleep", "seed", "credits", "network",
               "base_url", "readings", "sparse", "grease", "report", "settigns"),
    "AurousServer": ("host", "port", "allow_remote", "prot"),
    "faults": ("times", "after", "when", "commit", "tmies"),
    "aurous.client": ("headers", "timeout", "base_url", "transport", "heders", "event_hooks", "params"),
    "aurous.async_client": ("headers", "timeout", "base_url", "transport", "heders"),
    "calls.where": ("status", "method", "sttaus"),
    "loras.add": ("default_steps", "description", "has_template", "dfault"),
    "video_loras.add": ("default_ratio", "default_duration"),
}  # fmt: skip
"""What is passed to ``**keywords``, real names and misspelled ones."""


def state_of(aurous: Aurous) -> tuple[Any, ...]:
    """Return everything that a refused call must leave unchanged."""
    with aurous._session.app.world.lock:
        world = aurous._session.app.world.state.copy()
    return world, len(aurous.calls), aurous.clock.now(), dict(aurous.webhooks._targets)


def bad_calls(name: str, method: Callable[..., Any]) -> Iterator[tuple[str, dict[str, Any], list[Any]]]:
    """Yield keyword and positional arguments with one bad value each."""
    parameters = inspect.signature(method).parameters
    required = {
        one.name: VALID.get(one.name, "x")
        for one in parameters.values()
        if one.default is inspect.Parameter.empty and one.kind is one.POSITIONAL_OR_KEYWORD
    }
    for parameter in parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            names = OPEN.get(name) or OPEN.get(name.partition(".")[0], ("nonsense",))
            for one in names:
                for label, make in BAD.items():
                    yield f"{one}={label}", {**required, one: make()}, []
        elif parameter.kind is parameter.VAR_POSITIONAL:
            for label, make in BAD.items():
                yield f"*{label}", {}, [make()]
        elif parameter.kind is parameter.POSITIONAL_ONLY:  # of an operator: [], in, or =
            for label, make in BAD.items():
                yield label, {}, [make()]
        else:
            for label, make in BAD.items():
                yield f"{parameter.name}={label}", {**required, parameter.name: make()}, []
    yield "too many", {}, list(range(9))
    yield "unknown keyword", {**required, "nonsens": 1}, []


def visible(error: BaseException) -> str:
    """Return the file in which the traceback that pytest shows ends."""
    info = ExceptionInfo.from_exception(error)
    return str(info.traceback.filter(info)[-1].path)


def objection(error: BaseException, argument: str) -> str | None:
    """Return what is wrong with the way in which a bad value was refused."""
    trace = ExceptionInfo.from_exception(error).traceback
    by_python = isinstance(error, TypeError) and not any(
        "/pytest_aurous/" in Path(one.path).as_posix() for one in trace
    )
    if not by_python and not isinstance(error, AurousError | AssertionError | IndexError):  # `calls[7]`, as of any list
        return f"{type(error).__name__} from within"
    if isinstance(error, AurousError) and "Read on: pytest-aurous docs " not in str(error).splitlines()[-1]:
        return f"no place to read on: {error}"
    if isinstance(error, AurousError) and argument not in str(error):
        return f"{argument} is not named: {error}"
    return None if visible(error) == __file__ else f"ends in {visible(error)}"


@pytest.mark.filterwarnings("ignore")  # httpx deprecates some of the values
def test_a_bad_value_works_or_is_refused_where_it_is_written() -> None:
    """No bad value of any argument leads to an error from within, to a changed state, or to a fake that is broken."""
    aurous = Aurous(seed=1, now="2026-05-08T10:00:00Z")
    aurous.characters.add(status="synthesizing")
    aurous.images.add(status="processing")
    aurous.videos.add(status="processing")
    for _, target in targets(aurous):  # a table is made when it is first read
        str(target)
    aurous._session.start_here()  # so that a reset leaves them
    todo, before, state = list(callables(aurous)), aurous.snapshot(), state_of(aurous)
    found: list[str] = []
    tried = refused = 0

    for name, method in todo:
        for label, named, given in bad_calls(name, method):
            tried += 1
            try:
                method(*given, **named)
                if state_of(aurous) == state:
                    continue
                str([repr(target) for _, target in targets(aurous)])
            except Exception as error:  # noqa: BLE001 - which errors there are is the question
                refused += 1
                argument = label.partition("=")[0] if "=" in label and name.endswith(".add") else ""
                if wrong := objection(error, argument):
                    found.append(f"{name}({label}): {wrong}")
                if state_of(aurous) == state:
                    continue
                found.append(f"{name}({label}): it was refused, and changed something")
            aurous.restore(before)
            aurous.webhooks._forget()
            state = state_of(aurous)

    assert found == []
    assert tried > 8000
    assert refused > 5000


def test_a_bug_of_ours_keeps_its_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames are hidden for the author's mistakes alone: an unexpected error shows where it comes from."""
    aurous = Aurous()
    monkeypatch.setattr(aurous._session.app.world.clock, "waiting_for", None)
    monkeypatch.setattr("pytest_aurous._fake.limits.Check.whole", lambda *_: 1 / 0)

    with pytest.raises(ZeroDivisionError) as caught:
        aurous.limits["reads"].set(burst=2)

    assert "limits.py" in [Path(entry.path).name for entry in caught.traceback.filter(caught)]


@pytest.mark.parametrize("counts", [{"times": 1, "at_least": 1}, {"at_least": 3, "at_most": 2}])
def test_counts_that_contradict_each_other_are_refused(counts: dict[str, Any]) -> None:
    with pytest.raises(AurousError, match="expected"):
        Aurous().assert_called("*", **counts)


def test_a_verdict_is_shown_at_the_end_of_the_block() -> None:
    with pytest.raises(AurousUnfiredFault) as caught, Aurous() as aurous:
        aurous.faults.timeout("characters.save")
    assert visible(caught.value) == __file__
