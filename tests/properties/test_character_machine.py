"""The state machine of characters, against a model that was written from the contract alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pytest_aurous import Aurous, AurousTransitionError, Call, Character
from pytest_aurous._core.resources.characters.row import CharacterRow
from pytest_aurous._core.wire.call import Response
from pytest_aurous._core.wire.reply import Reply
from pytest_aurous._core.world.tables import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CALLS: Final = ("save", "poll", "resynthesize", "poll", "delete", "rename", "regenerate", "poll", "poll")
MANY: Final = 3
SYNTHESIS: Final = 4
START: Final = datetime(2026, 5, 8, 10, tzinfo=timezone.utc)
SYNTHESIZED: Final = ("portrait", "front", "side", "back")
POSES: Final = (*SYNTHESIZED, "other")
STATUSES: Final = ("synthesizing", "reviewing", "ready", "failed")
EDGES: Final = {  # the table at the end of characters.md; what a script may leave out is a client's own call
    "synthesizing": ("reviewing", "ready", "failed", "deleted"),
    "reviewing": ("ready", "synthesizing", "deleted"),
    "ready": ("ready", "synthesizing", "deleted"),
    "failed": ("synthesizing", "deleted"),
    "deleted": (),
}


class Step(NamedTuple):
    """One step of a script: what is seen, and what ends it: N polls, N seconds, or the test (None)."""

    status: str
    polls: int | None = None
    seconds: int | None = None

    def __str__(self) -> str:
        if self.polls is not None:
            return f"{self.status}*{self.polls}"
        return f"{self.status}:{self.seconds}s" if self.seconds is not None else f"{self.status}!"


Run = tuple[Step, ...]


def walks(length: int) -> list[tuple[str, ...]]:
    """Every way along the edges that begins with a synthesis and takes at most this many steps."""
    found: list[tuple[str, ...]] = [("synthesizing",)]
    for walk in found:  # grows while it is walked
        if len(walk) < length:
            found += [(*walk, status) for status in EDGES[walk[-1]]]
    return found


def run_of(walk: tuple[str, ...], holds: list[tuple[int | None, int | None]]) -> Run:
    """Hold each status of a walk by polls, by seconds, or by hand."""
    return tuple(Step(status, polls, seconds) for status, (polls, seconds) in zip(walk, holds, strict=False))


HOLDS: Final = ((1, None), (0, None), (2, None), (None, 7), (None, 0), (None, None))
LONGEST: Final = 5

runs = st.builds(
    run_of, st.sampled_from(walks(LONGEST)), st.lists(st.sampled_from(HOLDS), min_size=LONGEST, max_size=LONGEST)
)
scripts = st.lists(runs, min_size=1, max_size=2)
some = st.integers(0, 11)


@dataclass
class Model:
    """What the contract says of one character.

    Attributes:
        script: The runs that are still to be taken by syntheses.
        published: Whether it ever was ``ready`` (save-6, resyn-3).
        held: Credits held for the run under way.
        charged: Credits that were charged for it.
        run: The steps of the present run; empty where there is none.
    """

    script: list[Run]
    name: str
    attributes: dict[str, Any] | None
    now: float
    status: str = "ready"
    refs: list[tuple[str, int]] = field(default_factory=list)
    updated: float = 0
    published: bool = False
    gone: bool = False
    held: int = 0
    charged: int = 0
    taken: int = 0
    redraw: Sequence[str] = SYNTHESIZED
    run: Run = ()
    index: int = 0
    seen: int = 0
    since: float = 0

    def __post_init__(self) -> None:
        self.updated = self.now

    @property
    def alive(self) -> bool:
        """Whether it was not deleted."""
        return self.status != "deleted"

    @property
    def going(self) -> bool:
        """Whether steps follow."""
        return self.index < len(self.run) - 1

    def begin(self, cost: int, redraw: Sequence[str], now: float) -> None:
        """Take the next run; the last one repeats."""
        self.run = self.script[min(self.taken, len(self.script) - 1)]
        self.taken += 1
        self.index, self.seen, self.since = 0, 0, now
        self.status, self.held, self.redraw, self.updated = "synthesizing", cost, redraw, now
        if self.going and self.run[0].polls == 0:
            self.step(now)

    def step(self, at: float) -> None:
        """Go to the next step, and on where that one lasts no poll."""
        while True:
            self.index, self.seen, self.since = self.index + 1, 0, at
            self.enter(self.shown(self.run[self.index].status), at)
            if not self.going or self.run[self.index].polls != 0:
                return

    def shown(self, status: str) -> str:
        """What a scripted status means here: a published character never returns to review."""
        return "ready" if status == "reviewing" and self.published else status

    def enter(self, status: str, at: float) -> None:
        """Take an edge."""
        if status == self.status:  # ready -> ready: a save of what is saved
            return
        self.updated = at
        if status == "deleted":
            self.delete(at)
            return
        if self.status == "synthesizing" and status in {"reviewing", "ready"}:
            self.draw()
            self.charged, self.held = self.charged + self.held, 0
        if status == "failed":
            self.held = 0
        if status == "synthesizing":
            self.redraw = SYNTHESIZED
        self.status = status
        self.published = self.published or status == "ready"

    def draw(self) -> None:
        """Make the pictures of the run (resyn-2, regen-2, regen-3)."""
        versions: dict[str, int] = {}
        for pose, version in self.refs:
            versions.setdefault(pose, version)
        if len(self.redraw) > 1:
            self.refs = [(pose, versions.get(pose, 0) + 1) for pose in self.redraw]
            return
        (pose,) = self.redraw
        new = (pose, versions.get(pose, 0) + 1)
        at = next((at for at, ref in enumerate(self.refs) if ref[0] == pose), None)
        self.refs = [*self.refs, new] if at is None else [*self.refs[:at], new, *self.refs[at + 1 :]]

    def found(self) -> int:
        """The index of the step that a poll would find."""
        index, seen = self.index, self.seen
        while index < len(self.run) - 1:
            polls = self.run[index].polls
            if polls is None or seen < polls:
                break
            index, seen = index + 1, 0
        return index

    def peek(self) -> str:
        """The status that a poll would find."""
        return self.shown(self.run[self.found()].status) if self.run else self.status

    def polled(self, now: float, *, counts: bool = True) -> None:
        """A client polls."""
        if self.run and self.found() != self.index:
            self.step(now)
        self.seen += counts

    def settle(self, now: float) -> None:
        """Let time end what it ends."""
        while self.going:
            seconds = self.run[self.index].seconds
            if seconds is None or self.since + seconds > now:
                return
            self.step(self.since + seconds)

    def stop(self) -> None:
        """Forget the run."""
        self.run, self.index = (), 0

    def save(self, now: float) -> None:
        """save-1, save-2."""
        self.stop()
        if self.status == "reviewing":
            self.status, self.published, self.updated = "ready", True, now

    def fail(self, now: float) -> None:
        """The test ends the work badly."""
        self.stop()
        self.status, self.held, self.updated = "failed", 0, now

    def delete(self, now: float) -> None:
        """del-2, del-5, cred-5."""
        self.stop()
        self.gone, self.status, self.held, self.updated = self.status == "reviewing", "deleted", 0, now


class Watched(Table[CharacterRow]):
    """A table that lets no character leave the edges of the contract."""

    def replace(self, row: CharacterRow) -> CharacterRow:
        """Check the edge that the row takes."""
        before = self[row.id].status
        assert row.status == before or row.status in EDGES[before], f"{before} -> {row.status}"
        return super().replace(row)


class Characters(RuleBasedStateMachine):
    """A client, a clock and a test author do what they like with a handful of characters."""

    @initialize(money=st.sampled_from((6, 30, 300)), script=scripts)
    def begin(self, money: int, script: list[Run]) -> None:
        """Start a fake with little money or much, and one character."""
        self.money = money
        self.aurous = Aurous(now=START, credits=money)
        world = self.aurous._session.app.world
        world._tables["CharacterRow"] = Watched(world.state, "CharacterRow")
        self.models: dict[str, Model] = {}
        self.paths: dict[str, tuple[str, str, int]] = {}
        self.create_from_uploads(["front"], script)

    @property
    def now(self) -> float:
        """The instant."""
        return self.aurous.clock.time()

    def settle(self) -> None:
        """Bring every model up to the clock."""
        for model in self.models.values():
            model.settle(self.now)

    def call(self, method: str, path: str, query: str = "", json: bytes = b"") -> Response:
        """Send one call; every character has been brought up to the clock before it is decided."""
        self.settle()
        headers = (("X-Api-Key", self.aurous.api_key),)
        call = Call(method, "https", "api.aurous-labs.com", f"/v1/characters{path}", query, headers, json)
        assert isinstance(self.aurous._session.app.handle(call), Reply)
        assert call.response is not None
        return call.response

    def pick(self, number: int) -> tuple[str, Model]:
        """Choose one of the living characters, or now and then the latest dead one."""
        self.settle()
        living = [one for one in self.models.items() if one[1].alive]
        known = living * 3 + [one for one in self.models.items() if not one[1].alive][-1:]
        return known[number % len(known)]

    def agree(self, found: Any, model: Model) -> None:
        """An object in a response is what the contract says."""
        assert found["status"] == model.status
        assert found["name"] == model.name
        assert found["attributes"] == model.attributes
        assert (found["error_message"] is not None) == (model.status == "failed")
        assert [ref["pose"] for ref in found["refs"]] == [pose for pose, _ in model.refs]
        assert found["updated_at"] == stamp(model.updated)

    def refused(self, response: Response, status: int, code: str) -> None:
        """A response is this refusal."""
        assert (response.status, response.json["error"]["code"]) == (status, code)

    def available(self) -> int:
        """What new work can use."""
        self.settle()
        return self.money - sum(model.held + model.charged for model in self.models.values())

    @rule(poses=st.lists(st.sampled_from(POSES), min_size=1, max_size=6), script=scripts)
    def create_from_uploads(self, poses: list[str], script: list[Run]) -> None:
        """create-2: ready at once, free."""
        if self.enough():
            return
        self.aurous.script(text_of(script))
        tickets = ",".join(f'"{self.aurous.uploads.add(pose=pose).id}"' for pose in poses)
        response = self.call("POST", "", json=f'{{"name": "Aurora", "upload_ids": [{tickets}]}}'.encode())
        assert response.status == 201
        model = Model(script, "Aurora", None, self.now, refs=[(pose, 1) for pose in poses], published=True)
        self.models[response.json["id"]] = model
        self.agree(response.json, model)

    @rule(script=scripts)
    def create_by_synthesis(self, script: list[Run]) -> None:
        """create-4, create-5, cred-3."""
        if self.enough():
            return
        self.aurous.script(text_of(script))
        response = self.call("POST", "", json=b'{"name": "Iris", "generate": true, "attributes": {"age": 28}}')
        if self.available() < SYNTHESIS:
            self.refused(response, 402, "insufficient_credits")
            return
        assert response.status == 201
        model = Model(script, "Iris", {"age": 28}, self.now)
        model.begin(SYNTHESIS, SYNTHESIZED, self.now)
        self.models[response.json["id"]] = model
        self.agree(response.json, model)

    def enough(self) -> bool:
        """Whether one character more would leave each too little to go through."""
        return sum(model.alive for model in self.models.values()) >= MANY

    @rule(which=some, calls=st.lists(st.sampled_from(CALLS), min_size=3, max_size=8))
    def use(self, which: int, calls: list[str]) -> None:
        """The client makes some of its calls on one character, one after the other."""
        one, _ = self.pick(which)
        for call in calls:
            getattr(self, call)(one)
            self.records_agree()

    @rule(which=some, pose=st.sampled_from(POSES))
    def ask_for_a_pose(self, which: int, pose: str) -> None:
        """The client wants any of the five poses anew."""
        self.regenerate(self.pick(which)[0], pose)

    def poll(self, one: str) -> None:
        """get-1, get-2."""
        response = self.call("GET", f"/{one}")
        model = self.models[one]
        if model.alive:
            model.polled(self.now)
        if model.alive:
            assert response.status == 200
            self.agree(response.json, model)
        else:
            self.refused(response, 404, "resource_not_found")

    @rule(wanted=st.sampled_from((None, *STATUSES)), limit=st.integers(1, 4))
    def list_page(self, wanted: str | None, limit: int) -> None:
        """list-1, list-4, list-5: a poll of each row, which is shown and filtered as that poll finds it."""
        response = self.call("GET", "", f"limit={limit}" + (f"&status={wanted}" if wanted else ""))
        living = [one for one, model in self.models.items() if model.alive][::-1]
        page: list[str] = []
        while living and len(page) < limit:
            one = living.pop(0)
            status = self.models[one].peek()
            held = status != "deleted" and wanted in {None, status}
            self.models[one].polled(self.now, counts=held)
            page += [one] if held else []
        more = any(
            status != "deleted" and wanted in {None, status} for status in (self.models[one].peek() for one in living)
        )
        assert response.status == 200
        assert [row["id"] for row in response.json["data"]] == page
        assert (response.json["has_more"], response.json["next_cursor"]) == (more, page[-1] if more else None)
        for row in response.json["data"]:
            self.agree(row, self.models[row["id"]])

    def save(self, one: str) -> None:
        """save-1 to save-4."""
        response = self.call("POST", f"/{one}/save")
        model = self.models[one]
        if not model.alive:
            self.refused(response, 404, "resource_not_found")
        elif model.status in {"reviewing", "ready"}:
            model.save(self.now)
            assert response.status == 200
            self.agree(response.json, model)
        else:
            self.refused(response, 400, "invalid_request_error")

    def resynthesize(self, one: str) -> None:
        """resyn-1 to resyn-4."""
        self.run_again(one, "resynthesize", b"", SYNTHESIS, SYNTHESIZED)

    def regenerate(self, one: str, pose: str = "front") -> None:
        """regen-1 to regen-3."""
        self.run_again(one, "refs/regenerate", f'{{"pose": "{pose}"}}'.encode(), 1, (pose,))

    def run_again(self, one: str, action: str, body: bytes, cost: int, redraw: Sequence[str]) -> None:
        """Start a run, or be refused."""
        response = self.call("POST", f"/{one}/{action}", json=body)
        model = self.models[one]
        if not model.alive:
            self.refused(response, 404, "resource_not_found")
        elif model.status == "synthesizing":
            self.refused(response, 400, "invalid_request_error")
        elif self.available() < cost:
            self.refused(response, 402, "insufficient_credits")
        else:
            model.begin(cost, redraw, self.now)
            assert response.status == 200
            self.agree(response.json, model)

    def rename(self, one: str) -> None:
        """patch-1, patch-3."""
        response = self.call("PATCH", f"/{one}", json=b'{"name": "Ada"}')
        model = self.models[one]
        if model.alive:
            model.name, model.updated = "Ada", self.now
            assert response.status == 200
            self.agree(response.json, model)
        else:
            self.refused(response, 404, "resource_not_found")

    def delete(self, one: str) -> None:
        """del-1 to del-3, del-5."""
        response = self.call("DELETE", f"/{one}")
        model = self.models[one]
        if model.alive:
            model.delete(self.now)
            assert response.json == {"id": one, "object": "character", "deleted": True}
        else:
            self.refused(response, 404, "resource_not_found")

    @rule(seconds=st.integers(1, 20))
    def pass_time(self, seconds: int) -> None:
        """Time passes."""
        self.aurous.clock.advance(seconds=seconds)

    @rule(which=some, verb=st.sampled_from(("advance", "finish", "fail")))
    def take_in_hand(self, which: int, verb: str) -> None:
        """The author of the test moves a record, or is told that it cannot be moved."""
        one, model = self.pick(which)
        if verb == "finish":
            self.aurous.characters[one].finish()
            while model.going:
                model.step(self.now)
        elif model.going if verb == "advance" else model.status == "synthesizing":
            getattr(self.aurous.characters[one], verb)()
            if verb == "advance":
                model.step(self.now)
            else:
                model.fail(self.now)
        else:
            with pytest.raises(AurousTransitionError):
                getattr(self.aurous.characters[one], verb)()

    @invariant()
    def records_agree(self) -> None:
        """Each record has the status of the model, and the same records live."""
        self.settle()
        for one, model in self.models.items():
            record = self.aurous.characters[one]
            assert (record.status, record.gone) == (model.status, model.gone)
            assert [(ref.pose, ref.version) for ref in record.refs] == model.refs
            self.agree(record.json(), model)
            self.remember_paths(record)
        assert [record.id for record in self.aurous.characters] == [
            one for one, model in self.models.items() if model.alive
        ]

    def remember_paths(self, record: Character) -> None:
        """A path belongs to one picture for ever."""
        for at, ref in enumerate(record.refs):
            path = ref.url.partition("?")[0]
            picture = (record.id, ref.pose, ref.version)
            assert self.paths.setdefault(path, picture) == picture, at

    @invariant()
    def money_is_conserved(self) -> None:
        """What the team has and what was charged are what it began with; what is held is held by runs under way."""
        self.settle()
        team = self.aurous.team
        assert team.credits == self.money - sum(model.charged for model in self.models.values())
        assert team.held_credits == sum(model.held for model in self.models.values())
        assert team.available_credits == self.available() >= 0
        assert all(model.status == "synthesizing" for model in self.models.values() if model.held)

    @invariant()
    def nothing_broke(self) -> None:
        """No call met a bug of ours."""
        assert self.aurous._session.app.problems == []


def text_of(script: list[Run]) -> str:
    """Write a script."""
    return " ; ".join(" -> ".join(str(step) for step in run) for run in script)


def stamp(instant: float) -> str:
    """Write an instant as the API does."""
    return (START + timedelta(seconds=instant - START.timestamp())).strftime("%Y-%m-%dT%H:%M:%SZ")


TestCharacters = Characters.TestCase
TestCharacters.settings = settings(max_examples=80, stateful_step_count=40)
