"""Live characters, and the collection that tests add characters to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ...base.errors import hide_mistakes
from ...base.instants import iso
from ...world.script import Plan, plan_of
from ..base.record import Instant, Live, Playable, Scripted, check_fields
from ..content import people
from ..uploads import POSES, Pose
from . import machine
from .row import CREATE, LIFECYCLE, SYNTHESIZED, CharacterRow, draw, render, show_refs

__tracebackhide__ = hide_mistakes

if TYPE_CHECKING:  # type checkers find the attributes of the row
    from ...base.names import CharacterStatus

    _CharacterFields = CharacterRow
else:
    _CharacterFields = object


class CharacterRef(NamedTuple):
    """A reference picture of a live character.

    Attributes:
        pose: The pose that it shows.
        url: Its URL, valid for 24 h on the clock.
        version: 1, and one more each time it is redrawn.
    """

    pose: str
    url: str
    version: int


class Character(Playable, _CharacterFields):
    """A live character: it has the attributes of the API, always current, and reading never counts as a poll.

    Example:
        ``assert aurous.characters.last.status == "ready"``
    """

    _kind = CharacterRow
    _prefix = "char"
    _lifecycle = LIFECYCLE
    _summary = "{0.name!r} {0.status}"

    @property
    def refs(self) -> list[CharacterRef]:  # type: ignore[override]  # the row stores paths, a test reads URLs
        """The reference pictures, in order."""
        refs = self._row.refs
        urls = [ref["url"] for ref in show_refs(self._world, refs)]
        return [CharacterRef(ref.pose, url, ref.version) for ref, url in zip(refs, urls, strict=True)]

    def json(self) -> dict[str, Any]:
        """Return the body of the GET response, without counting as a poll."""
        return render(self._world, self._row)

    def delete(self) -> None:
        """Delete as the API would: permanently during the review, softly in any other state.

        Raises:
            AurousTransitionError: If the character is already deleted.
        """
        with self._world.lock:
            row = self._row
            if not LIFECYCLE.statuses[row.status].lives:
                raise self._illegal("delete()", "it is already deleted")
            machine.delete(self._world, row)

    def _set_failed(self, row: CharacterRow, error: str) -> None:
        machine.fail(self._world, row, error)

    def _legal(self) -> list[str]:
        return [*super()._legal(), *(["delete()"] if LIFECYCLE.statuses[self._row.status].lives else [])]


class Characters(Scripted[Character]):
    """The characters of a team."""

    _record = Character

    def add(
        self,
        name: str | None = None,
        *,
        status: CharacterStatus | str = "ready",
        attributes: Mapping[str, Any] | None = None,
        refs: Iterable[Pose | str] | None = None,
        script: str | Plan | None = None,
        client_reference_id: str | None = None,
        team: Live | None = None,
        id: str | None = None,  # noqa: A002 - the vendor's word
        created_at: Instant | None = None,
    ) -> Character:
        """Add a character, without a request and without spending credits. Defaults are realistic and seeded.

        Args:
            name: Display name.
            status: Any status of a character, such as ``reviewing``.
            attributes: Some or all of the eight attributes; no others are added.
            refs: The poses of its pictures; by default the four of a synthesis, if one has succeeded.
            script: Its script; by default the script of its name, or of characters.
            client_reference_id: The client's own id for it.
            team: Another owner, from `Aurous.teams`.
            id: Its id, such as one of the vendor's pages; drawn by default.
            created_at: When it was created: a `datetime` with a time zone, or ISO 8601 text; now by default.

        Raises:
            AurousError: If the API could not have made such a character, or if the id is taken.

        Example:
            ``aurous.characters.add("Aurora", status="reviewing")``
        """
        check = self._check("add")
        check.choice("status", status, LIFECYCLE.statuses)
        world, follows = self._world, LIFECYCLE.statuses[status]
        poses = check.items("refs", refs, POSES) if refs is not None else SYNTHESIZED if follows.drawn else ()
        described = None if attributes is None else dict(check.pairs("attributes", attributes))
        fields = {"name": name, "attributes": described, "client_reference_id": client_reference_id}
        check_fields("characters.add", CREATE, **{key: value for key, value in fields.items() if value is not None})
        owner = self._owner_of(team)
        plan = plan_of(script, LIFECYCLE, world.lifecycles) if script is not None else None
        with self._world.lock, self._adding(owner, id, created_at) as row_id:
            random = world.random
            person = described if described is not None else people.attributes(random)
            name = name or people.full_name(random, person)
            now = iso(world.clock.time())
            row = CharacterRow(
                id=row_id,
                name=name,
                status=status,
                refs=tuple(draw(world, pose) for pose in poses),
                created_at=now,
                updated_at=now,
                attributes=person,
                error_message=follows.error,
                client_reference_id=client_reference_id,
                team=owner,
                plan=plan or machine.script_for(world, name, owner),
                published=follows.published,
            )
            world.table(CharacterRow).insert(row)
            if not follows.end:
                machine.begin_run(world, row, settle=False)
            elif not follows.lives:
                world.table(CharacterRow).retire(row)
            return self._live(row.id)
