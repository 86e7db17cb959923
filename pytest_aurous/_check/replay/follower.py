"""A fake that follows: its records, its credits and its chat model are set from outside, as somebody has seen them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any, Final, cast

from ..._core.base.amounts import total
from ..._core.base.data import as_list, as_object
from ..._core.base.instants import instant_of, iso, moment
from ..._core.engine.pipeline import App
from ..._core.resources.base.schema import written_columns
from ..._core.resources.catalog import LIFECYCLES, RECORDS, UNDER_WAY
from ..._core.resources.characters import machine
from ..._core.resources.characters.endpoints import SYNTHESIS_COST
from ..._core.resources.characters.row import ATTRIBUTES, CharacterRow, draw
from ..._core.resources.chat.replies import NOTHING, ScriptedReply, replies
from ..._core.resources.chat.row import FINISH_REASONS
from ..._core.resources.content.pictures import picture
from ..._core.resources.generations.orders import image_price, video_price
from ..._core.resources.generations.row import GenerationRow
from ..._core.resources.styles import LoraRow, VideoLoraRow, find_style, make
from ..._core.resources.team import create_team
from ..._core.resources.uploads import POSES, UploadRow
from ..._core.resources.webhooks import EVENTS
from ..._core.wire.call import Call
from ..._core.wire.reply import Reply
from ..._core.world.ids import IdSource
from ..._core.world.script import Hold, Plan, Step
from ..._core.world.settings import Settings, read_setting
from ..._core.world.world import World

_STREAMS: Final = {"generations": "generation", "loras": "style", "video_loras": "style"}
_WAIT: Final = Hold("!")
_BYTES: Final = 1024
"""The size of a picture that no request shows."""
_PREVIEW: Final = "whsec_..."
_PICTURE: Final = picture(["A file"], 32, 32, "")
_OWN: Final = ("object", "refs", "output_urls", "output_video_url", "url", "loras", "secret", "credits", "id")
"""Fields that the fake writes for itself."""


class _ExpectedIds(IdSource):
    """Makes an id that somebody has seen for the next record of its kind, and any other as always."""

    __slots__ = ("expected",)

    def __init__(self, world: World) -> None:
        super().__init__(world.state, world.ids._seed)
        self.expected: dict[str, str] = {}

    def new(self, prefix: str, stream: str = "") -> str:
        expected = self.expected.pop(prefix, "")
        return self.choose(expected, prefix, stream) if expected else super().new(prefix, stream)


class Follower:
    """A fake whose state somebody sets between its requests: what *seen* shows is a record as a response has it.

    Work that is ordered here ends only where `order` or `move` say so.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        read: dict[str, Any] = {name: read_setting(name, value) for name, value in settings.items()}
        self._app: App = App(Settings(**read))
        world = self._world = self._app.world
        world.ids = self._ids = _ExpectedIds(world)
        self.first_team: str = world.default_team
        self.accounts = world.accounts  # the credits of each team, to be read
        self.add_key, self.end_key, self.sign = world.keys.issue, world.keys.end, world.urls.sign
        self.row, self.reading = world.row, world.settings.reading  # a row is to be read
        self.whole, self.mark, self.undo_to = world.state.whole, world.state.mark, world.state.undo_to

    @property
    def now(self) -> float:
        return self._world.clock.time()

    def go_to(self, instant: float) -> None:
        self._world.clock.freeze(moment(instant))

    def send(self, call: Call) -> Reply:
        return cast("Reply", self._app.handle(call))  # no fault breaks a connection here

    def forget_calls(self, most: int) -> None:
        if len(self._world.journal.entries) > most:
            self._world.journal.clear()

    def expect(self, prefix: str, record: str) -> None:
        """Let the next record whose id has a *prefix* have the id *record*, unless it is taken; "" expects none."""
        self._ids.expected = {prefix: record} if prefix and record and self.row(record) is None else {}

    def add_team(self, balance: float) -> str:
        return create_team(self._world, "Team", balance)

    def set_account(self, team: str, **changes: Any) -> None:
        """Change the credits of a team, whatever it has spent and holds."""
        self.accounts[team] = self.accounts[team]._replace(**changes)

    def status(self, record: str) -> str:
        """Return the status of a record; empty for an unknown one, and for one without status."""
        return str(getattr(self.row(record), "status", "")) if record else ""

    def kind(self, record: str) -> str:
        """Return the collection of a record; empty for an unknown one, and for one of another kind."""
        row = self.row(record)
        return next((name for name, kind in RECORDS.items() if isinstance(row, kind.row)), "")

    def is_under_way(self, record: str) -> bool:
        return self.status(record) in UNDER_WAY

    def lives(self, record: str) -> bool:
        row = self.row(record) if record else None
        return row is not None and self._world.lives(row)

    def put(self, kind: str, team: str, seen: Mapping[str, Any], status: str = "", **columns: Any) -> None:
        """Add a record that shows what *seen* shows, in another *status* if one is passed."""
        record = str(seen["id"])
        self._world.ids.choose(record, record.partition("_")[0], _STREAMS.get(kind, ""))
        row = self._new(kind, team, seen, status or str(seen.get("status")))
        row = replace(row, **_shown(row, seen, {"status"}), **columns)
        table = self._world.table(RECORDS[kind].row)
        table.insert(row)
        if getattr(row, "status", None) == "deleted":
            table.retire(row)

    def follow(self, kind: str, seen: Mapping[str, Any]) -> None:
        """Let a record have what *seen* shows of it, as far as it can."""
        table = self._world.table(RECORDS[kind].row)
        if seen["id"] not in table:
            return
        row = table[seen["id"]]
        changes = _shown(row, seen, {"cost", "cfg_rescale"})  # which is the same all the time
        if changes.get("status") not in RECORDS[kind].edges:
            changes.pop("status", None)
        if isinstance(row, CharacterRow):
            changes["plan"] = _plan("characters")
            poses = _poses(seen)
            if "refs" in seen and poses != [ref.pose for ref in row.refs] and {*poses} <= {*POSES}:
                changes["refs"] = tuple(draw(self._world, pose) for pose in poses)
            if changes.get("status") == "ready":
                changes["published"] = True
        if isinstance(row, GenerationRow):
            changes |= _times(row, seen)
        if changes:
            table.replace(replace(row, **changes))

    def change(self, record: str, **columns: Any) -> None:
        """Set columns of a record, whatever its state machine says."""
        row: Any = self.row(record)
        kind: type[Any] = row.__class__
        self._world.table(kind).replace(replace(row, **columns))

    def remove(self, record: str) -> None:
        row: Any = self.row(record)
        kind: type[Any] = row.__class__
        if isinstance(row, CharacterRow):
            machine.delete(self._world, row)
        else:
            self._world.table(kind).retire(row)

    def style(self, kind: str, team: str, name: str) -> LoraRow | VideoLoraRow | None:
        """Return the style that a team can use under an id or a slug, to be read; None if there is none."""
        return find_style(self._world, RECORDS[kind].row, team, name)

    def order(self, resource: str, status: str = "", record: str = "") -> None:
        """Let the work that is ordered next, on new records or on one *record*, come to a *status* at once.

        Without a status it waits for `move`.
        """
        plan = _plan(resource, status)
        if record:
            self.change(record, plan=plan)
        else:
            self._world.scripts[resource, None, None] = plan

    def move(self, record: str, status: str, error: str | None = None) -> None:
        """Bring a record to a status by its state machine, with all that follows from it."""
        runs = self._world.runs
        runs.drop(record)
        resource = "characters" if isinstance(self.row(record), CharacterRow) else "images"
        runs.machines[resource](record, Step(status, error, _WAIT), self.now)

    def hold(self, team: str, record: str) -> Decimal:
        """Hold what the work on a record costs if it is under way, whatever the team has, and return its price."""
        row: Any = self.row(record)
        price = total([SYNTHESIS_COST if isinstance(row, CharacterRow) else row.cost["amount"] or _price_of(row)])
        if self.is_under_way(record):
            account = self.accounts[team]
            if account.available < price:
                self.set_account(team, credits=account.held + price)
            self.change(record, hold=self._world.ledger(team).hold(price, "insufficient_credits"))
        return price

    def put_upload(self, team: str, upload: str) -> None:
        """Add an upload ticket that has its picture, or let one that is there have it."""
        old: Any = self.row(upload)
        if old is None:
            self._world.ids.choose(upload, "upl")
            row = UploadRow(
                id=upload, filename="picture.png", extension="png", content_type="image/png", size=_BYTES,
                created_at=self.now, team=team,
            )  # fmt: skip
            self._world.table(UploadRow).insert(row)
        elif isinstance(old, UploadRow) and not old.size:
            self.change(upload, size=_BYTES)

    def set_pose(self, upload: str, pose: object, confidence: object) -> None:
        """Let classify find a pose in an upload that it has not seen, if it is one."""
        row = self.row(upload)
        if isinstance(row, UploadRow) and row.pose is None and pose in POSES and isinstance(confidence, (int, float)):
            self.change(upload, pose=pose, confidence=confidence)

    def say(
        self, text: str | None, refusal: str | None, calls: tuple[tuple[str, Any], ...], reason: Any, tokens: Any
    ) -> None:
        """Let the model say this next, once; it invents what is None, as it does for an unknown *reason* to stop."""
        replies(self._world)[1] = ScriptedReply(
            number=1, text=text, tool_calls=calls, json=NOTHING, refuse=refusal, error=None, tokens=tokens,
            finish_reason=reason if reason in FINISH_REASONS else None, delay=0, ttft=0, tps=None, chunking="words",
            when=None, times=1, place="outside", fits=False,
        )  # fmt: skip

    def _new(self, kind: str, team: str, seen: Mapping[str, Any], status: str) -> Any:
        """Return a row with what every record of its kind has; only its columns of these are taken."""
        record, row_class, name = str(seen["id"]), RECORDS[kind].row, _text(seen, "name", "?")
        if kind in {"loras", "video_loras"}:
            slug, public = _text(seen, "slug", record), seen.get("is_public") is not False
            return make(row_class, record, name, slug, team="" if public else team)
        now, at = self.now, iso(self.now)
        status = status if status in RECORDS[kind].edges else "ready" if kind == "characters" else "succeeded"
        expires = instant_of(seen.get("expires_at")) or now
        styles = [as_object(one) for one in as_list(seen.get("loras"))]
        hooks = kind == "webhook_endpoints"
        columns: dict[str, Any] = {
            "id": record, "name": name, "status": status, "team": team, "created_at": at, "updated_at": at,
            "began": now, "started": now, "plan": _plan("characters" if kind == "characters" else "images"),
            "refs": tuple(draw(self._world, pose) for pose in _poses(seen)), "published": status == "ready",
            "media_type": "video" if record.startswith("vid_") else "image", "inference_type": "t2i",
            "cost": {"amount": 0, "currency": "credit", "breakdown": {"base": 0, "enhance": 0}},
            "loras": tuple((str(one.get("id")), str(one.get("name"))) for one in styles) if styles else None,
            "charged": self.reading("cred-2") == "at_create",
            "purpose": "reference", "mime_type": "image/png", "size_bytes": len(_PICTURE), "data": _PICTURE,
            "width_px": 32, "height_px": 32, "expires_at": iso(expires), "expires": expires,
            "url": _text(seen, "url", "https://receiver.example") if hooks else None, "events": EVENTS,
            "secret_preview": _PREVIEW, "signing_secret": _PREVIEW, "metadata": {} if hooks else None,
        }  # fmt: skip
        row = row_class(**{one.name: columns[one.name] for one in fields(row_class) if one.name in columns})
        return replace(row, **_times(row, seen)) if isinstance(row, GenerationRow) else row


def _plan(resource: str, status: str = "") -> Plan:
    """Return the script of work that comes to a status at once; without one, of work that waits."""
    start = LIFECYCLES[resource].start
    return Plan(((Step(start, None, Hold("*", 0)), Step(status)) if status else (Step(start, None, _WAIT),),))


def _price_of(row: GenerationRow) -> float:
    """Return the documented price of work that has cost nothing, as far as its row shows it."""
    if row.media_type == "video":
        cost = video_price(row.video_resolution or "480p", row.video_duration or 0)
    else:
        cost = image_price(row.image_count or 1, enhance=False)
    return float(cost["amount"])


def _shown(row: Any, seen: Mapping[str, Any], without: set[str]) -> dict[str, Any]:
    """Return the columns in which *seen* differs from a row, if their values fit."""
    changes: dict[str, Any] = {}
    for entry in written_columns(row.__class__):
        name = entry.name
        if name in seen and name not in _OWN and name not in without:
            old: Any = getattr(row, name)
            value = _fitting(name, seen[name], old)
            fits = old is None or isinstance(value, type(old)) or (value is None and entry.default is None)
            if value != old and fits:
                changes[name] = value
    return changes


def _fitting(name: str, value: Any, old: Any) -> Any:
    """Return the value of a column as a row has it, where it is *old* now."""
    if name == "cost":
        return _cost(old, value)
    if name == "media_type":  # it never changes: another one is a difference each time
        return old
    if name == "attributes" and value is not None:  # new ones are a difference each time
        return {key: one for key, one in as_object(value).items() if key in ATTRIBUTES}
    if name == "events":  # a name that is no event is a difference each time
        return old if set(map(str, as_list(value))) - set(EVENTS) else tuple(as_list(value))
    if name.endswith("_at") and value is not None:
        instant = instant_of(value)
        return old if instant is None else iso(instant)
    return tuple(as_list(value)) if isinstance(old, tuple) else value


def _cost(old: dict[str, Any], seen: Any) -> dict[str, Any]:
    """Return a cost with the amounts that were seen, as far as they are numbers."""
    shown = as_object(seen)
    split = {name: as_object(shown.get("breakdown")).get(name) for name in old["breakdown"]}
    good = all(isinstance(one, (int, float)) for one in (shown.get("amount"), *split.values()))
    return {**old, "amount": shown["amount"], "breakdown": split} if good else old


def _times(row: GenerationRow, seen: Mapping[str, Any]) -> dict[str, Any]:
    """Return the times of a generation as numbers, by which its output expires."""
    started, finished = instant_of(seen.get("created_at")), instant_of(seen.get("completed_at"))
    found = {"started": row.started if started is None else started, "finished": finished or row.finished}
    return {name: value for name, value in found.items() if value != getattr(row, name)}


def _poses(seen: Mapping[str, Any]) -> list[str]:
    return [str(as_object(ref).get("pose")) for ref in as_list(seen.get("refs"))]


def _text(seen: Mapping[str, Any], name: str, default: str) -> str:
    value = seen.get(name)
    return value if isinstance(value, str) else default
