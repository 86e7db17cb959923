"""Strategies of Hypothesis for what clients send, what they see, and what goes wrong; install the extra `hypothesis`.

Importing this module does not import Hypothesis; its functions do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from fnmatch import fnmatchcase
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from ._core.base.arguments import Check
from ._core.base.errors import AurousError, hide_mistakes, nearest, see
from ._core.resources.catalog import LIFECYCLES, UNDER_WAY, Script, lifecycle_of
from ._core.resources.characters.row import ATTRIBUTES, CREATE
from ._core.wire.fields import Shape, body_of
from ._core.world.script import Hold, Step
from ._explore import day
from ._explore.day import BadDay
from ._explore.ids import operations
from ._explore.kinds import KINDS
from ._explore.options import read_names

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    from ._core.base.names import BadDayFault, Operation, Resource

__all__ = ("BadDay", "attributes", "bad_days", "characters", "scripts")
__tracebackhide__ = hide_mistakes

_PAGE: Final = "reference/exploring.html#strategies"
_MOST_RUNS: Final = 3
_MOST_STEPS: Final = 6
_MOST_REQUESTS: Final = 4
_CHOICES: Final = 419
"""Divisible by few and many: each place and each fault is about as likely as any other."""
_FEW_DAYS: Final = 15
"""So few days may repeat: Hypothesis fails a test that rejects 50 examples before it has accepted ten."""
_USUAL: Final = tuple(f"{name}.{verb}" for name in LIFECYCLES for verb in ("create", "retrieve", "save"))
"""What most clients call, if it exists."""


def attributes() -> SearchStrategy[dict[str, Any]]:
    """Return a strategy for the attributes of a character: one or more, with any values that the API accepts.

    Example:
        ``aurous.characters.add(attributes=attributes)``, in a test with ``@given(attributes=attributes())``
    """
    _require_hypothesis()
    from hypothesis import strategies as st

    return st.fixed_dictionaries({}, optional=_fields(body_of(ATTRIBUTES))).filter(bool)


def characters() -> SearchStrategy[dict[str, Any]]:
    """Return a strategy for bodies of ``POST /v1/characters`` that order a synthesis, and that the API accepts.

    Example:
        ``client.post("/v1/characters", json=body)``, in a test with ``@given(body=characters())``
    """
    _require_hypothesis()
    from hypothesis import strategies as st

    fields = _fields(body_of(CREATE))
    return st.fixed_dictionaries(
        {"name": fields["name"], "generate": st.just(value=True), "attributes": attributes()},
        optional={"client_reference_id": fields["client_reference_id"]},
    )


def scripts(resource: Resource | str = "characters") -> SearchStrategy[Script]:
    """Return a strategy for scripts whose runs all end without ``advance()``.

    Args:
        resource: ``characters``, ``images`` or ``videos``.

    Raises:
        AurousScriptError: If it has no lifecycle.

    Example:
        ``aurous.script(script)``, in a test with ``@given(script=scripts())``
    """
    _require_hypothesis()
    from hypothesis import strategies as st

    lifecycle = lifecycle_of(resource)
    holds = st.one_of(
        st.none(),
        st.integers(0, 5).map(lambda polls: Hold("*", polls)),
        st.integers(1, 60).map(lambda seconds: Hold(":", seconds, "s")),
    )
    errors = st.sampled_from([None, "provider_timeout"])

    @st.composite
    def runs(draw: DrawFn) -> tuple[Step, ...]:
        status, steps = lifecycle.start, list[Step]()
        while True:
            steps.append(Step(status, draw(errors) if status == "failed" else None, draw(holds)))
            following, long = lifecycle.edges[status], len(steps) >= _MOST_STEPS
            if status not in UNDER_WAY and (long or not following or not draw(st.booleans())):
                return tuple(steps)
            ends = [one for one in following if one not in UNDER_WAY]
            status = draw(st.sampled_from(ends if long else following))

    @st.composite  # of a value from `map`, Hypothesis would show the function
    def script(draw: DrawFn) -> Script:
        return Script(tuple(draw(st.lists(runs(), min_size=1, max_size=_MOST_RUNS))))

    return script()


def bad_days(
    max_faults: int = 2,
    *,
    operations: Operation | str | Iterable[Operation | str] = "*",
    faults: BadDayFault | str | Iterable[BadDayFault | str] = "*",
) -> SearchStrategy[BadDay]:
    """Return a strategy for days on which requests or deliveries go wrong; a failing one shrinks to what it needs.

    It shrinks to fewer faults, at earlier requests, and to simpler faults. If it shrinks to ``BadDay()``, the code
    fails without a fault.

    Args:
        max_faults: The largest number of faults on a day.
        operations: Names or patterns of the operations that the code calls, such as ``characters.*``, and of events
            such as ``webhooks.character.completed``. Naming them finds more in fewer examples.
        faults: The faults to choose from, as `Aurous.explore` takes them.

    Raises:
        AurousError: If an argument is invalid.

    Example:
        ``with aurous.day(day): ...``, in a test with ``@given(day=bad_days())``
    """
    _require_hypothesis()
    from hypothesis import assume
    from hypothesis import strategies as st

    check = Check("bad_days", _PAGE)
    check.whole("max_faults", max_faults, 1)
    chosen = read_names(check, "faults", faults, tuple(KINDS))
    possible = {
        operation: kinds
        for operation in _matching(check, operations)
        if (kinds := [kind for kind in day.faults_at(operation) if kind in chosen])
    }
    if not possible:
        raise check.refuse("faults", faults, "a fault that can happen to one of the operations.")
    usual = [operation for operation in _USUAL if operation in possible] or list(possible)
    places = [f"{operation}#{number}" for number in range(1, _MOST_REQUESTS + 1) for operation in usual]
    drawn_before = dict[BadDay, list[tuple[int, int]]]()
    index = st.integers(0, _CHOICES)
    faults_of_a_day = st.lists(st.tuples(index, index), max_size=max_faults)

    def note(used: list[str]) -> None:
        counts = Counter(place.partition("#")[0] for place in used)
        retries = [f"{name}#{count + more}" for name, count in counts.items() for more in range(1, max_faults)]
        places[:] = [place for place in (*used, *retries) if place.partition("#")[0] in possible] or places

    @st.composite
    def bad_day(draw: DrawFn) -> BadDay:
        # What is drawn must not depend on earlier examples, or Hypothesis could not repeat one: only its meaning does.
        drawn = draw(faults_of_a_day)
        if not drawn or not drawn_before:  # each search begins with the good day, which shows the places
            good_day = BadDay()
            good_day.seen = note
            drawn_before.clear()
            drawn_before[good_day] = []
            return good_day
        found = {where % len(places): kind for where, kind in drawn}
        assume(len(found) == len(drawn))
        kinds = [possible[place.partition("#")[0]] for place in places]
        bad_day = BadDay(*(f"{places[at]} {kinds[at][found[at] % len(kinds[at])]}" for at in sorted(found)))
        is_new = drawn_before.setdefault(bad_day, drawn) == drawn
        assume(is_new or _number_of_days(map(len, kinds), max_faults) <= max(_FEW_DAYS, len(drawn_before)))
        return bad_day

    return bad_day()


def _number_of_days(kinds: Iterable[int], most: int) -> int:
    """Return how many days there are with at most that many faults at places with so many kinds of faults each."""
    days = [1]  # without a fault, with one fault, with two ...
    for number in kinds:
        days = [fewer * number + same for fewer, same in zip([0, *days], [*days, 0], strict=True)][: most + 1]
    return sum(days)


def _require_hypothesis() -> None:
    """Refuse to go on without Hypothesis, and say what to install."""
    try:
        import_module("hypothesis")
    except ImportError:
        raise AurousError(
            "The strategies need Hypothesis, the extra hypothesis: install it with python -m pip install hypothesis.\n"
            f"{see(_PAGE)}"
        ) from None


def _fields(shape: Shape) -> dict[str, Any]:
    """Return a strategy for each text and each number of a request body."""
    from hypothesis import strategies as st

    found = dict[str, Any]()
    for name, field in shape["properties"].items():
        if field["type"] == "string":
            found[name] = st.text(min_size=field["minLength"], max_size=field["maxLength"])
        elif field["type"] == "integer":
            found[name] = st.integers(field["minimum"], field["maximum"])
    return found


def _matching(check: Check, patterns: str | Iterable[str]) -> list[str]:
    known = operations()
    words = [word.strip() for word in patterns.split(",")] if isinstance(patterns, str) else list(patterns)
    for word in words:
        if not any(fnmatchcase(name, word) for name in known):
            raise check.refuse("operations", word, f"an operation, an event or a pattern of them{nearest(word, known)}")
    return [name for name in known if any(fnmatchcase(name, word) for word in words)]
