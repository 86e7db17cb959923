"""What a test sees of characters: live records, and the collection that makes them without a request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from ... import _people
from ..._clock import iso
from ..._fields import read_fields
from ..._records import Collection, Live
from ..._script import Plan, plan_of
from ..._wire import ApiProblem
from ...errors import AurousError, AurousTransitionError, choices, nearest, see
from ..uploads import POSES
from . import machine
from .record import CREATE, SYNTHESIZED, CharacterRow, draw, render, show_ref

__all__ = ("Character", "CharacterRef", "Characters")

if TYPE_CHECKING:  # what the row has, the handle has
    _CharacterFields = CharacterRow
else:
    _CharacterFields = object


class CharacterRef(NamedTuple):
    """A reference picture of a live character.

    Attributes:
        pose: What it shows.
        url: Where it is; dies 24 h from now on the clock.
        version: 1, 2, ... as it is redrawn.
    """

    pose: str
    url: str
    version: int


class Character(Live, _CharacterFields):
    """A character, live: its attributes are those of the wire, read now, and reading never counts as a poll.

    Example:
        ``assert aurous.characters.last.status == "ready"``
    """

    __slots__ = ()

    _kind = CharacterRow

    def __repr__(self) -> str:
        row = self._row
        return f"<Character {row.id} {row.name!r} {row.status}>"

    @property
    def refs(self) -> list[CharacterRef]:  # type: ignore[override]  # the row keeps paths, a test sees URLs
        """The reference pictures, in order."""
        return [CharacterRef(ref.pose, show_ref(self._world, ref)["url"], ref.version) for ref in self._row.refs]

    def json(self) -> dict[str, Any]:
        """Return what GET would answer, without counting as a poll."""
        return render(self._world, self._row)

    def script(self, text: str | Plan) -> None:
        """Rebind the script, for the runs to come; outside a synthesis the next run is the script's first.

        Raises:
            AurousScriptError: If it cannot be played.
        """
        __tracebackhide__ = True
        plan = plan_of(text, machine.LIFECYCLE)
        with self._world.lock:
            row = self._row
            taken = 1 if row.status == "synthesizing" else 0
            self._world.table(CharacterRow).replace(replace(row, plan=plan, runs=taken))

    def advance(self) -> None:
        """End the present step of the script.

        Raises:
            AurousTransitionError: If no step follows.
        """
        __tracebackhide__ = True
        with self._world.lock:
            row = self._row
            run = self._world.runs.get(self.id)
            if run is None or run.last:
                raise self._illegal(row, "advance()", "its script has no further step")
            self._world.runs.advance(self.id)

    def finish(self) -> None:
        """Run the present run of the script to its end; at its end already, nothing happens."""
        with self._world.lock:
            _ = self._row  # or say that it is gone
            while (run := self._world.runs.get(self.id)) is not None and not run.last:
                self._world.runs.advance(self.id)

    def fail(self, error: str = "provider_timeout") -> None:
        """End the synthesis badly: the hold is released, and `error_message` says *error*.

        Raises:
            AurousTransitionError: If no synthesis is under way.
        """
        __tracebackhide__ = True
        with self._world.lock:
            row = self._row
            if row.status != "synthesizing":
                raise self._illegal(row, f"fail({error!r})", "only a synthesis can fail")
            machine.fail(self._world, row, error)

    def delete(self) -> None:
        """Delete as the API would: for good while in review, softly in any other state.

        Raises:
            AurousTransitionError: If it is deleted already.
        """
        __tracebackhide__ = True
        with self._world.lock:
            row = self._row
            if row.status == "deleted":
                raise self._illegal(row, "delete()", "it was deleted before")
            machine.delete(self._world, row)

    def _illegal(self, row: CharacterRow, verb: str, why: str) -> AurousTransitionError:
        run = self._world.runs.get(self.id)
        legal = ["advance()", "finish()"] if run is not None and not run.last else []
        legal += ["fail(error)"] if row.status == "synthesizing" else []
        legal += ["delete()"] if row.status != "deleted" else []
        can = f"Legal now: {', '.join(legal)}." if legal else "Nothing is legal any more."
        return AurousTransitionError(
            f"{verb} on {row.id} ({row.name}): {why}, and the character is {row.status!r}.\n"
            f"{can}\n{see('reference/records.html')}"
        )


class Characters(Collection[Character]):
    """The characters of a team."""

    _record = Character

    def script(self, text: str | Plan, name: str | None = None) -> None:
        """Give a script to the characters that will be made from now on, whatever their team.

        Args:
            text: Such as ``"synthesizing*3 -> reviewing"``.
            name: Only to those that are created with this name.

        Raises:
            AurousScriptError: If it cannot be played.
        """
        __tracebackhide__ = True
        plan = plan_of(text, machine.LIFECYCLE)
        with self._world.lock:
            self._world.scripts["characters", name] = plan

    def add(
        self,
        name: str | None = None,
        *,
        status: str = "ready",
        attributes: Mapping[str, Any] | None = None,
        refs: Iterable[str] | None = None,
        script: str | Plan | None = None,
        client_reference_id: str | None = None,
        team: Live | None = None,
    ) -> Character:
        """Make a character, without a request and without touching credits. What is left out is realistic and seeded.

        Args:
            name: Display name.
            status: ``synthesizing``, ``reviewing``, ``ready``, ``failed`` or ``deleted``.
            attributes: Some or all of the eight attributes; no others are added.
            refs: The poses of its pictures; left out, the four of a synthesis where one has ended well.
            script: Its own script; else that of its name, or of characters.
            client_reference_id: What its creator called it.
            team: Another owner, out of `Aurous.teams`.

        Raises:
            AurousError: If the API could not have made such a character.

        Example:
            ``aurous.characters.add("Aurora", status="reviewing")``
        """
        __tracebackhide__ = True
        if status not in machine.LIFECYCLE.edges:
            known = machine.LIFECYCLE.edges
            raise AurousError(f"characters.add(status={status!r}): expected {choices(known)}{nearest(status, known)}")
        world = self._world
        drawn = status in {"reviewing", "ready", "deleted"}
        poses = tuple(refs) if refs is not None else SYNTHESIZED if drawn else ()
        for pose in poses:
            if pose not in POSES:
                raise AurousError(
                    f"characters.add(refs=...): {pose!r} is no pose{nearest(pose, POSES)} Poses: {choices(POSES)}."
                )
        described: Any = dict(attributes) if isinstance(attributes, Mapping) else attributes
        _check(name=name, attributes=described, client_reference_id=client_reference_id)
        plan = plan_of(script, machine.LIFECYCLE) if script is not None else None
        with world.lock:
            person = described if described is not None else _people.attributes(world.random)
            name = name or _people.full_name(world.random, person)
            now = iso(world.clock.time())
            row = CharacterRow(
                id=world.ids.new("char"),
                name=name,
                status="synthesizing" if status == "deleted" else status,
                refs=tuple(draw(world, pose) for pose in poses),
                created_at=now,
                updated_at=now,
                attributes=person,
                error_message="provider_timeout" if status == "failed" else None,
                client_reference_id=client_reference_id,
                team=team.id if team is not None else self._team,
                plan=plan or world.script_for("characters", name, machine.DEFAULT),
                published=status == "ready",
            )
            world.table(CharacterRow).insert(row)
            if status == "synthesizing":
                machine.begin_run(world, row, settle=False)
            elif status == "deleted":
                machine.delete(world, row)
            return self._live(row.id)


def _check(**given: Any) -> None:
    try:
        read_fields({name: value for name, value in given.items() if value is not None}, CREATE)
    except ApiProblem as problem:
        raise AurousError(f"characters.add({problem.param}=...): {problem.message}") from None
