"""The records of the fake between the requests of a recording: each comes to the status in which it is seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

from ..._resources.characters import CharacterRow
from ..._resources.characters import machine as character_machine
from ..._resources.generations import GenerationRow
from ..._resources.generations.row import ENDS
from ..._world.script import Hold, Plan, Step, plan_of
from ..._world.world import World
from ..recording.survey import Survey
from ..recording.view import AT_REST, KINDS, RUNNING, View
from ..words import id_of
from .follow import LONG, WAIT, WAITING, has_all, redraw, rename
from .replayed import Replayed
from .teams import Teams

GOOD: Final = ("reviewing", "ready", "succeeded")
"""The statuses in which work ends well."""
_TOO_EARLY: Final = ("generation_not_cancellable", "output_not_available", "output_expired")
"""The codes of refusals that show that work has ended."""
_DELETABLE: Final = ("characters", "files", "webhook_endpoints")
_AT_ONCE: Final = Hold("*", 0)


class Records:
    """Moves the records of the fake.

    Attributes:
        scripts: What the pollers of each record saw: statuses, each with the number of polls.
        deleted: The ids of the records that were deleted.
    """

    def __init__(self, world: World, survey: Survey, teams: Teams) -> None:
        self._world = world
        self._survey = survey
        self._teams = teams
        self.scripts: dict[str, list[list[Any]]] = {}
        self.deleted: set[str] = set()
        self._elsewhere: set[str] = set()

    def prepare(self, done: Replayed) -> None:
        """Let the records that a request is about be where its response shows them."""
        view = done.view
        row = self._world.row(view.record) if view.record else None
        for shown in () if {"name", "attributes"} & view.order.keys() else view.records:
            rename(self._world, shown)
        if view.polls:
            self._poll(done)
        elif view.edits and row is not None and view.records:
            self._bring(row.id, view.records[0])
        elif row is not None:
            self._act(view, row)
            if isinstance(row, CharacterRow) and view.reruns and view.records:
                self._draw_again(done, row, view.records[0])
        if view.replayed:
            self._end_before_retry(view)
        if view.operation == "characters.delete":
            self._doubt(view)

    def script(self, view: View) -> None:
        """Set the script of the work that a request orders: it ends when the recording says so."""
        world, shown = self._world, self._survey.stored(view) if view.lost else view
        status = "" if shown is None else str(shown.result.get("status"))
        for resource, plan in WAITING.items():
            world.scripts[resource, None] = plan
        if view.replayed:
            return
        if status in AT_REST:
            end = "failed" if status == "failed" else world.settings.reading("create-4")
            plan = plan_of(f"synthesizing*0 -> {end}", character_machine.LIFECYCLE)
            if view.creates and view.synthesizes:
                world.scripts["characters", None] = plan
            row = world.row(view.record) if view.record else None
            if isinstance(row, CharacterRow) and view.reruns:
                world.table(CharacterRow).replace(replace(row, plan=plan))
        if view.creates and view.kind == "generations" and status in {"processing", *ENDS}:
            steps = (Step("pending", None, _AT_ONCE), Step(status, None, WAIT))
            world.scripts[view.operation.partition(".")[0], None] = Plan((steps,))

    def vanish(self, done: Replayed) -> None:
        """Delete a record that is not found and never seen again, as another client may have done."""
        view = done.view
        row: Any = self._world.row(view.record) if view.record else None
        kind = view.collection
        if view.code != "resource_not_found" or row is None or kind not in _DELETABLE:
            return
        later = self._survey.histories.seen(view.record, view.index)
        there = later is not None and later.status != "deleted"
        if there or row.team != self._teams.of(view) or view.record in self.deleted:
            return
        table = self._world.table(KINDS[kind])
        if table.lives(row):
            if kind == "characters":
                self._doubt(view)
                character_machine.delete(self._world, row)
            else:
                table.retire(row)
            self.deleted.add(view.record)
            done.ignored.add("status")
            done.inferred.append(f"{id_of(view.record)} was deleted by another client")

    def end(self, view: View, row: Any, status: str, *, good: bool) -> None:
        """End the work on a record before a request: well, or by the *status* in which it is seen the next time."""
        if isinstance(row, CharacterRow):
            first = "reviewing" if view.saves else self._world.settings.reading("create-4")
            best = "ready" if row.published else first
        else:
            best = "succeeded"
        self._move(row.id, best if good else status if status in ENDS else "failed")

    def _doubt(self, view: View) -> None:
        """Leave open how the work on a record ends that is deleted: it may have ended just before."""
        row: Any = self._world.row(view.record)
        if getattr(row, "status", "") in RUNNING:
            self._teams.money[row.team].known = False

    def _poll(self, done: Replayed) -> None:
        """Let each record that a poll shows be in the status that it shows, if it can get there."""
        view = done.view
        for row in view.records:
            self._compare_end(done, row)
            self._run_elsewhere(done, str(row["id"]), row)
            self._bring(str(row["id"]), row)
            steps, status = self.scripts.setdefault(str(row["id"]), []), str(row.get("status"))
            if steps and steps[-1][0] == status:
                steps[-1][1] += 1
            else:
                steps.append([status, 1])

    def _compare_end(self, done: Replayed, seen: Mapping[str, Any]) -> None:
        """Note that a synthesis has ended as expected; or not, but perhaps another client has saved the character."""
        record, index, histories = str(seen["id"]), done.view.index, self._survey.histories
        row, before = self._world.row(record), histories.before(record, index)
        if not isinstance(row, CharacterRow) or row.status != "synthesizing" or row.published:
            return
        polled = before is not None and before.view.polls
        if seen.get("status") == self._world.settings.reading("create-4"):
            done.agrees.add("create-4")
        elif not (polled and histories.saved(record, index)):
            _doubt_status(done, record)

    def _draw_again(self, done: Replayed, row: CharacterRow, seen: Mapping[str, Any]) -> None:
        """Let a character that is drawn again be as another client may have left it: with pictures, or saved."""
        if not row.refs and has_all(seen):
            redraw(self._world, seen)
        if seen.get("status") == "ready" and not row.published:
            _doubt_status(done, row.id)

    def _run_elsewhere(self, done: Replayed, record: str, seen: Mapping[str, Any]) -> None:
        """Begin work that another client has ordered, or a request of which nothing shows that it took effect."""
        row, status, histories = self._world.row(record), seen.get("status"), self._survey.histories
        if not isinstance(row, CharacterRow) or row.status == status or record in self.deleted:
            return
        if status == "synthesizing" or (row.status in AT_REST and "failed" in {status, row.status}):
            self._move(record, "synthesizing")
            self._elsewhere.add(record)
            _doubt_status(done, record)
        elif row.status == "synthesizing" and (
            record in self._elsewhere or not histories.ordered(record, done.view.index)
        ):
            self._elsewhere.discard(record)
            _doubt_status(done, record)
            self._bring(record, seen)
            redraw(self._world, seen)

    def _bring(self, record: str, seen: Mapping[str, Any]) -> None:
        """Move a record to a status that it was seen in, as its state machine allows; the rest is a difference."""
        row, status = self._world.row(record), str(seen.get("status"))
        if isinstance(row, CharacterRow) and status == "synthesizing" and not row.refs and has_all(seen):
            redraw(self._world, seen)  # another client has it drawn once more
        if isinstance(row, CharacterRow) and row.status != status:
            if row.status == "synthesizing" and not row.published and status in {"reviewing", "ready"}:
                status = self._world.settings.reading("create-4")
            if status in character_machine.LIFECYCLE.edges[row.status] and record not in self.deleted:
                self._move(record, status, seen.get("error_message"))
        elif (
            isinstance(row, GenerationRow) and row.status in RUNNING and status in {"processing", *ENDS} - {row.status}
        ):
            self._move(record, status, seen.get("error_message"))

    def _act(self, view: View, row: Any) -> None:
        """Let work end before a request that shows that it has ended."""
        if getattr(row, "status", "") in RUNNING:
            at_rest = view.at_rest and (view.succeeded or view.exchange.status == HTTPStatus.PAYMENT_REQUIRED)
            output = view.succeeded and view.operation.endswith(".output")
            if not (at_rest or output or view.code in _TOO_EARLY):
                return
            self._end_unseen(view, row)
        elif view.record in self._survey.histories:
            return
        if view.code == "output_expired":  # nothing shows when the work has ended
            table = self._world.table(GenerationRow)
            table.replace(replace(table[view.record], finished=self._world.clock.time() - LONG))

    def _end_before_retry(self, view: View) -> None:
        """End the work whose stored response is returned, unless a later poll shows that it goes on."""
        record = str(view.result.get("id"))
        row, later = self._world.row(record), self._survey.histories.seen(record, view.index + 1)
        goes_on = later is not None and later.status in RUNNING and later.view.polls
        if getattr(row, "status", "") in RUNNING and not goes_on:
            self._end_unseen(view, row)

    def _end_unseen(self, view: View, row: Any) -> None:
        """End work that no poll has seen end, as the response or a later one shows it, else well."""
        if view.reruns:  # what is seen later is the new work
            refs = view.records[0].get("refs") if view.records and not row.refs else None
            status, known, good = "", refs is not None, refs != []
        else:
            status = self._survey.histories.end(row.id, view.index + 1)
            bad = view.code == "output_not_available" or status in ENDS
            known, good = bad or view.succeeded or status in GOOD, status in GOOD or not bad
        self.end(view, row, status, good=good)
        if not known:
            self._teams.money[row.team].known = False

    def _move(self, record: str, status: str, error: object = None) -> None:
        world = self._world
        world.runs.drop(record)
        resource = "characters" if isinstance(world.row(record), CharacterRow) else "images"
        code = error if status == "failed" and isinstance(error, str) and error else None
        world.runs.machines[resource](record, Step(status, code, WAIT), world.clock.time())
        for money in self._teams.money.values():
            money.end(record, end_of(status))


def end_of(status: str) -> str:
    """Return how work has ended whose record is in *status*: ``good``, ``bad``, or empty while it is under way."""
    return "" if status in RUNNING else "good" if status in GOOD else "bad"


def _doubt_status(done: Replayed, record: str) -> None:
    """Leave open whether another client has caused that the status of a record differs."""
    done.elsewhere["body.data[].status" if done.view.operation.endswith(".list") else "body.status"] = record
