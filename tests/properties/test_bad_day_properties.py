"""Laws that hold on a bad day: under any calls, faults and moves of the clock."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_aurous._core.resources.catalog import LIFECYCLES
from pytest_aurous._core.resources.characters.row import CharacterRow
from pytest_aurous._core.world.tables import Table
from tests.conftest import Api

MakeApi = Callable[..., Api]

pytestmark = pytest.mark.slow

CREDITS: Final = 30
COSTS: Final = {"characters.create": 4, "characters.resynthesize": 4, "characters.regenerate_ref": 1}
SCRIPTS: Final = (
    "synthesizing -> reviewing",
    "synthesizing! -> reviewing",
    "synthesizing:30s -> failed(provider_timeout) ; synthesizing*2 -> reviewing",
    "synthesizing*0 -> ready",
    "synthesizing:5s -> deleted",
)
KINDS: Final = (
    *("create", "create", "resynthesize", "regenerate", "poll", "list", "save", "delete"),
    *("fault", "fault", "advance", "script", "finish"),
)
cheap: Final = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Act(NamedTuple):
    """One thing that happens: a call, a fault, a move of the clock, or the test's own hand."""

    kind: str
    number: int
    key: str | None
    patience: float | None


acts: Final = st.lists(
    st.builds(
        Act,
        st.sampled_from(KINDS),
        st.integers(0, 11),
        st.sampled_from([None, "a", "b"]),
        st.sampled_from([None, 5.0]),
    ),
    max_size=25,
)


@dataclass
class Day:
    """A fake that meets acts."""

    api: Api

    def meet(self, act: Act) -> None:
        rows = [character.id for character in self.api.characters]
        row = rows[act.number % len(rows)] if rows else "char_x"
        if act.kind == "fault":
            self._fault(act.number)
        elif act.kind == "advance":
            self.api.clock.advance(seconds=act.number * act.number * 0.7)
        elif act.kind == "script":
            self.api.aurous.script(SCRIPTS[act.number % len(SCRIPTS)])
        elif act.kind == "finish":
            if rows:
                self.api.characters[row].finish()
        else:
            self._call(act, row)

    def _call(self, act: Act, row: str) -> None:
        path = f"/v1/characters/{row}"
        method, url, body = {
            "create": (
                "POST",
                "/v1/characters",
                {"name": "A", "generate": True, "attributes": {"age": 20 + act.number % 2}},
            ),
            "resynthesize": ("POST", f"{path}/resynthesize", None),
            "regenerate": ("POST", f"{path}/refs/regenerate", {"pose": "front"}),
            "poll": ("GET", path, None),
            "list": ("GET", "/v1/characters", None),
            "save": ("POST", f"{path}/save", None),
            "delete": ("DELETE", path, None),
        }[act.kind]
        headers = {"Idempotency-Key": act.key} if act.key else None
        sent: dict[str, Any] = {"json": body, "headers": headers, "patience": act.patience}
        self.api.outcome(method, url, **sent)

    def _fault(self, number: int) -> None:
        faults, commit = self.api.aurous.faults, bool(number % 2)
        (
            lambda: faults.status("characters.*", 503, commit=commit),
            lambda: faults.timeout("*", commit=commit),
            lambda: faults.malformed("*", "html", commit=commit),
            lambda: faults.disconnect("*", after_bytes=3, commit=commit),
            lambda: faults.delay("characters.*", 30, commit=commit),
            lambda: faults.rate_limited("*", commit=commit),
        )[number // 2]()

    def paid(self) -> float:
        """Return what the calls that took effect have cost, whatever became of their work."""
        return sum(COSTS.get(call.operation or "", 0) for call in self.api.aurous.calls if call.committed)


@pytest.mark.parametrize("rate_limits", ["report", "enforce"])
@cheap
@given(acts=acts)
def test_cred_2_money_is_conserved(make_api: MakeApi, rate_limits: str, acts: list[Act]) -> None:
    """Every call that took effect placed one hold, which is open, committed or given back; nothing else moves money."""
    day = Day(make_api(credits=CREDITS, rate_limits=rate_limits))
    world = day.api.app.world
    for act in acts:
        before = world.accounts[day.api.team.id].credits
        day.meet(act)
        balance, held = day.api.money()
        holds = world.state.section("holds")
        assert held == sum(holds.values())
        open_holds = sum(character.status == "synthesizing" for character in day.api.characters)
        assert len(holds) == open_holds
        assert 0 <= held <= balance <= before
        assert CREDITS - balance + held <= day.paid()
    for character in day.api.characters:
        character.finish()
    assert day.api.team.held_credits == 0 or any(c.status == "synthesizing" for c in day.api.characters)


class Watched(Table[CharacterRow]):
    """A table that lets no character leave the edges of its machine."""

    def replace(self, row: CharacterRow, after: float = 0) -> CharacterRow:
        """Check the edge that the row takes."""
        before = self[row.id].status
        assert row.status in {before, *LIFECYCLES["characters"].edges[before]}, before
        return super().replace(row, after)


@cheap
@given(acts=acts, script=st.sampled_from(SCRIPTS))
def test_save_6_a_character_takes_only_edges(make_api: MakeApi, acts: list[Act], script: str) -> None:
    """Whatever happens to it, and no call meets an error of ours."""
    day = Day(make_api(credits=CREDITS, script=script))
    world = day.api.app.world
    world.tables["CharacterRow"] = Watched(world.state, "CharacterRow")
    for act in acts:
        day.meet(act)
    assert day.api.app.problems == []


@cheap
@given(acts=acts)
def test_idem_3_replays_change_nothing(make_api: MakeApi, acts: list[Act]) -> None:
    """Whatever has happened, a call whose response is stored, or an error, leaves everything as it was."""
    day = Day(make_api(credits=CREDITS, script="synthesizing! -> reviewing"))
    for act in acts:
        before, calls, now = day.api.state(), len(day.api.aurous.calls), day.api.clock.time()
        day.meet(act)
        still = day.api.clock.time() == now
        if len(day.api.aurous.calls) > calls and still and act.kind not in {"poll", "list"}:
            call = day.api.aurous.calls.last
            assert not (call.replayed and call.committed)
            if not call.committed:
                assert day.api.state() == before


@cheap
@given(before=acts, after=acts)
def test_restore_is_the_inverse_of_whatever_happened(make_api: MakeApi, before: list[Act], after: list[Act]) -> None:
    """After a restore the state is as in the snapshot, and the same day happens once more, as it did."""
    day = Day(make_api(credits=CREDITS))
    for act in before:
        day.meet(act)
    snapshot, state = day.api.aurous.snapshot(), day.api.state()
    seen = []
    for _ in range(2):
        for act in after:
            day.meet(act)
        seen.append((day.api.state(), [fault.fired for fault in day.api.aurous.faults], day.api.clock.time()))
        day.api.aurous.restore(snapshot)
        assert day.api.state() == state

    assert seen[0] == seen[1]
