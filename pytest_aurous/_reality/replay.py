"""The replay: each recorded request is sent to a fresh fake, whose state follows what the recording shows."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import Any, Final, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

from .._engine.pipeline import App
from .._resources.characters import CharacterRow
from .._resources.characters import machine as character_machine
from .._resources.generations import GenerationRow
from .._resources.styles import find_style
from .._resources.team import TeamRow, create_team
from .._resources.webhooks import EVENTS
from .._time.clock import moment
from .._wire.call import Call
from .._wire.data import as_list, as_object
from .._wire.hosts import UPLOAD_HOST, is_upload
from .._wire.reply import Pairs, Reply
from .._world.buckets import BUCKETS, Bucket
from .._world.ids import IdSource
from .._world.ledger import Account, total
from .._world.script import Hold, Plan, Step, plan_of
from .._world.settings import Settings, read_setting
from .money import Money, Work, amount_of
from .rows import KINDS, WAIT, WAITING, follow, instant_of, put, put_ticket, set_pose
from .survey import ROWS, Sighting, Survey, View
from .survey import RUNNING as UNDER_WAY

_PLENTY: Final = 10**9
"""Credits of a team whose balance was not seen yet."""
_API: Final = "https://api.aurous-labs.com"
_UNKNOWN_KEY: Final = "al_live_unknown"
_PREFIXES: Final = {
    "characters.create": "char",
    "characters.uploads.init": "upl",
    "images.create": "img",
    "videos.create": "vid",
    "files.create": "file",
    "webhook_endpoints.create": "we",
}
"""The prefix of the id that each operation makes."""
_NEEDED: Final = {
    ("characters.save", "invalid_request_error"): "synthesizing",
    ("characters.save", "invalid_request"): "synthesizing",
    ("characters.resynthesize", "invalid_request_error"): "synthesizing",
    ("characters.resynthesize", "invalid_request"): "synthesizing",
    ("characters.regenerate_ref", "invalid_request_error"): "ready",
    ("characters.update", "invalid_request"): "ready",
    ("images.cancel", "generation_not_cancellable"): "succeeded",
    ("images.output", "output_not_available"): "failed",
    ("videos.output", "output_not_available"): "failed",
    ("images.output", "output_expired"): "succeeded",
    ("videos.output", "output_expired"): "succeeded",
}
"""The status of a record that nothing else shows, by the refusal that it caused."""
_POLLS: Final = ("characters.retrieve", "characters.list", "images.retrieve", "images.list", "videos.retrieve")
_DEAD_KEYS: Final = ("invalid_api_key", "revoked_api_key")
_REFUSED: Final = 400
_NO_TOKEN: Final = (401, 403, 429)
_CLOSE: Final = 2.0


class RecordedIds(IdSource):
    """Makes the ids that a recording has, where it has one; the *expected* id of each prefix."""

    __slots__ = ("expected",)

    def __init__(self, source: IdSource, app: App) -> None:
        super().__init__(app.world.state, source._seed)
        self.expected: dict[str, str] = {}

    def new(self, prefix: str, stream: str = "") -> str:
        expected = self.expected.pop(prefix, "")
        return self.choose(expected, prefix, stream) if expected else super().new(prefix, stream)


@dataclass
class Replayed:
    """One exchange after its replay.

    Attributes:
        view: The exchange.
        reply: The response of the fake; None if the request was not sent, or its response does not count.
        why: Why nothing can be told; empty if it can.
        ignored: The places that say nothing, because the fake was made to agree there.
        rules: For some places the rule that a difference refutes; empty: none.
        inferred: What was assumed about the test or the operator.
        replays: Whether the fake returned a stored response.
        was: The status of the record in the path, before the request.
        code: The error code of the fake's response; empty without one.
        again: Returns the status in which a record is seen the next time; "" if it is not.
    """

    view: View
    reply: Reply | None = None
    why: str = ""
    ignored: set[str] = field(default_factory=set[str])
    rules: dict[str, str] = field(default_factory=dict[str, str])
    inferred: list[str] = field(default_factory=list[str])
    replays: bool = False
    was: str = ""
    code: str = ""
    again: Callable[[str], object] = str


class Replay:
    """Replays one recording on a fresh fake.

    Attributes:
        survey: What the recording says as a whole.
        bound: URLs and page tokens of the recording, each with that of the fake.
        seeds: What was put into the fake before the first request that needs it.
        scripts: What the pollers of each record saw: statuses, each with the number of polls.
    """

    def __init__(self, survey: Survey, settings: Mapping[str, Any]) -> None:
        read: dict[str, Any] = {name: read_setting(name, value) for name, value in settings.items()}
        read |= {"credits": _PLENTY, "now": moment(survey.views[0].at) if survey.views else None}
        self._app: App = App(Settings(**read))
        self._world = self._app.world
        self._ids: RecordedIds = RecordedIds(self._world.ids, self._app)
        self._world.ids = self._ids
        self.survey: Survey = survey
        self.bound: dict[str, str] = {}
        self.seeds: list[str] = []
        self.scripts: dict[str, list[list[Any]]] = {}
        self._seeds = survey.seeds()
        self._teams: dict[str, str] = {}
        self._keys: dict[str, str] = {}
        self._money: dict[str, Money] = {}
        self._buckets: dict[tuple[str, str], bool] = {}
        self._deleted: set[str] = set()

    def step(self, view: View) -> Replayed:
        """Replay one exchange."""
        done = Replayed(view, again=partial(self._again, view))
        self._world.clock.freeze(moment(view.at))
        for sighting in self._seeds.pop(view.index, ()):
            self._seed(sighting)
        if view.lost and view.index not in self.survey.lost:
            done.why = _reason(view)
            self._forget_bucket(view)
            return done
        if view.exchange.content is None and view.row is not None and view.row.body:
            self._forget_bucket(view)
            self._money[self._team_of(view)].known = False
            done.why = "the body of the request is missing"
            self._adopt(done)
            return done
        done.why = self.survey.unknown_attempt(view)
        if done.why:
            return done
        request = self._prepare(done)
        if request is None:
            return done
        self._world.state.whole(self._send, done, request)
        self._count(done)
        if view.lost:
            done.reply, done.why = None, _reason(view)
            self._forget_bucket(view)
        return done

    def finish(self, done: Replayed) -> None:
        """Let the fake follow the recording, after the comparison."""
        view = done.view
        if view.lost:
            return
        self._adopt(done)
        if view.succeeded and view.operation.endswith(".delete"):
            self._deleted.add(view.record)
        if len(self._world.journal.entries) > _KEPT_CALLS:
            self._world.journal.clear()

    def _again(self, view: View, record: str) -> object:
        history = self.survey.history(record)
        later = history.from_(view.index + 1) if history is not None else None
        return "" if later is None else later.row.get("status")

    # The request

    def _prepare(self, done: Replayed) -> Callable[[], Call] | None:
        """Prepare the state for a request, and return what makes it; None if it cannot be sent."""
        view = done.view
        url = self._url_of(done)
        if url is None:
            return None
        headers = self._headers_of(view)
        self._need(view)
        row = self._world.row(view.record) if view.record else None
        if view.operation in _POLLS:
            self._poll(done)
        elif row is not None:
            self._act(view, row)
        if view.replayed:
            stored = self._world.row(str(view.answer.get("id")))
            history = self.survey.history(str(view.answer.get("id")))
            later = history.from_(view.index + 1) if history is not None else None
            goes_on = later is not None and later.row.get("status") in UNDER_WAY and later.view.operation in _POLLS
            if getattr(stored, "status", "") in UNDER_WAY and not goes_on:
                self._end(view, stored)
        done.was = str(getattr(self._world.row(view.record), "status", "")) if view.record else ""
        if row is not None and view.code == "resource_not_found":
            self._vanish(done, row)
        self._expect(view)
        self._script(view)
        self._fill_bucket(done)
        if view.operation in {"balance.retrieve", "team.retrieve"} and view.succeeded:
            self._balance(done)
        if view.code in {"insufficient_credits", "balance_too_low"}:
            self._empty(done)
        parts = urlsplit(url)
        content = b"left out" if view.exchange.content is None else view.exchange.content
        method, scheme, host = view.exchange.method, parts.scheme, parts.netloc
        return lambda: Call(method, scheme, host, parts.path, parts.query, headers, content)

    def _send(self, done: Replayed, request: Callable[[], Call]) -> None:
        """Send a request; undo it where the recording has a refusal."""
        view, state = done.view, self._world.state
        mark = state.mark()
        call = request()
        reply = self._handle(call)
        if reply.status == 402 and view.succeeded and not view.lost:  # noqa: PLR2004 - payment
            state.back_to(mark)
            self._fund(self._team_of(view))
            done.inferred.append("credits were added")
            self._expect(view)
            call = request()
            reply = self._handle(call)
        if reply.status < _REFUSED and view.refused:
            state.back_to(mark)
        done.reply, done.replays, done.code = reply, call.replayed, call.error_code or ""

    def _handle(self, call: Call) -> Reply:
        outcome = self._app.handle(call)
        return cast("Reply", outcome)  # no fault breaks a connection here

    def _url_of(self, done: Replayed) -> str | None:
        """Return the URL of a request as the fake has it; None for a signed one that was never seen."""
        view = done.view
        url = view.exchange.url
        if url in self.bound:
            return self.bound[url]
        parts = urlsplit(url)
        query = parts.query
        if "page_token" in view.query:
            pairs = [(name, self.bound.get(value, value)) for name, value in parse_qsl(query, keep_blank_values=True)]
            query = urlencode(pairs)
        base = UPLOAD_HOST if is_upload(view.exchange.host) else _API
        signed = view.row is not None and view.row.signed and view.exchange.status not in _NO_TOKEN
        if signed and {"token", "signature"} & view.query.keys():
            if view.operation == "storage.get":
                done.why = "the response with its signed URL is not in the recording"
                return None
            param = "signature" if view.operation == "characters.uploads.put" else "token"
            if view.operation == "characters.uploads.put" and self._world.row(view.args["upload_id"]) is None:
                put_ticket(self._world, self._team_of(view), view.args["upload_id"])
            return self._world.urls.sign(base, parts.path, self._world.clock.time() + 60, param)
        return f"{base}{parts.path}{'?' + query if query else ''}"

    def _headers_of(self, view: View) -> Pairs:
        """Return the headers of a request, with a key of the fake."""
        key = self._key_of(view)
        pairs = [(name, value) for name, value in view.exchange.headers if name.lower() not in _REPLACED]
        if key:
            bearer = "x-api-key" not in view.exchange.sent and "authorization" in view.exchange.sent
            pairs.append(("Authorization", f"Bearer {key}") if bearer else ("X-Api-Key", key))
        return tuple(pairs)

    def _key_of(self, view: View) -> str:
        """Return the fake's key for that of a request; empty where none was sent."""
        world, now = self._world, self._world.clock.time()
        if view.exchange.status == 401 and not view.code:  # noqa: PLR2004 - its body is missing
            return _UNKNOWN_KEY if view.key else ""
        if view.code in _DEAD_KEYS and view.key in self._keys:
            world.keys.end(self._keys[view.key], now)
        elif view.code == "revoked_api_key":
            dead = world.keys.issue(self._team_of(view), "write")
            world.keys.end(dead, now)
            return dead
        elif view.code == "invalid_api_key":
            return _UNKNOWN_KEY
        if view.code == "missing_api_key" or (view.row is not None and view.row.signed and not view.key):
            return ""
        if view.key not in self._keys:
            scope: Any = "read" if view.key in self.survey.scopes else "write"
            self._keys[view.key] = world.keys.issue(self._team_of(view), scope)
        return self._keys[view.key]

    def _team_of(self, view: View) -> str:
        """Return the fake's team for the key of a request."""
        name = self.survey.teams.get(view.key, "")
        if name not in self._teams:
            first = not self._teams
            self._teams[name] = self._world.default_team if first else create_team(self._world, "Team", _PLENTY)
            self._money[self._teams[name]] = Money()
        return self._teams[name]

    # What was there before

    def _seed(self, sighting: Sighting) -> None:
        """Add a record that no exchange created."""
        view, row = sighting
        kind = ROWS[view.operation]
        team = self._team_of(view)
        if kind in {"loras", "video_loras"} and find_style(self._world, KINDS[kind], team, str(row["id"])):
            return
        status = self._status_before(sighting)
        columns: dict[str, Any] = {}
        if kind == "characters":
            columns["published"] = status == "ready" or (bool(row.get("refs")) and self._ends_ready(row["id"]))
        put(self._world, kind, team, row, status, **columns)
        self.seeds.append(
            f"{row['id']}{f' ({status})' if status else ''}: was there before exchange {view.exchange.number}"
        )
        if status in UNDER_WAY:
            self._owe(view, row["id"], kind)

    def _status_before(self, sighting: Sighting) -> str:
        """Return the status that a record had before its first sighting; empty if it has none."""
        view, row = sighting
        shown = str(row.get("status") or "")
        moved = abs((instant_of(row.get("updated_at") or row.get("completed_at")) or 0) - view.at) <= _CLOSE
        if view.operation == "characters.save":
            return "reviewing" if moved else "ready"
        if view.operation in {"characters.resynthesize", "characters.regenerate_ref"}:
            return "ready" if self._ends_ready(row["id"]) else "reviewing"
        if view.operation == "images.cancel":
            return "pending" if moved else shown
        return shown

    def _ends_ready(self, record: str) -> bool:
        """Whether a character is ready when it is next seen at rest."""
        for one in self.survey.histories[record].sightings:
            if one.row.get("status") in {"reviewing", "ready"}:
                return one.row.get("status") == "ready" and one.view.operation != "characters.save"
        return False

    def _owe(self, view: View, record: str, kind: str) -> None:
        """Hold credits for work that was under way before the recording."""
        world, team = self._world, self._team_of(view)
        table = world.table(KINDS[kind])
        row = table[record]
        price = 4 if kind == "characters" else row.cost["amount"]
        hold = world.ledger(team).hold(price, "insufficient_credits")
        table.replace(replace(row, hold=hold))
        self._money[team].begin(Work(record, total([price]), record.startswith("vid_")))

    def _need(self, view: View) -> None:
        """Add the records that only a refusal, or the use of an id, shows."""
        status = _NEEDED.get((view.operation, view.code))
        if view.operation.endswith(".output") and view.exchange.status in _SHOWN:
            status = "succeeded"
        if status is None and view.operation in _ON_ROWS and not _before_rows(view):
            status = "ready"
        if status is not None and view.record and self._world.row(view.record) is None:
            self._need_record(view, status)
        self._need_cursors(view)
        self._need_uploads(view)
        if view.succeeded:
            self._need_styles(view)
            self._need_files(view)
        character = view.order.get("character_id")
        if view.succeeded or view.code == "character_not_ready":
            self._need_id(view, "characters", character, "ready" if view.succeeded else "deleted")

    def _need_id(self, view: View, kind: str, record: object, status: str = "", **columns: Any) -> None:
        """Add a record that a request names."""
        if isinstance(record, str) and self._world.row(record) is None:
            put(self._world, kind, self._team_of(view), {"id": record}, status, **columns)

    def _need_cursors(self, view: View) -> None:
        if view.succeeded and view.operation in ROWS:
            self._need_id(view, ROWS[view.operation], view.query.get("starting_after"))
        if view.succeeded and view.operation == "usage.events":
            self._need_id(view, "generations", view.query.get("cursor"), "succeeded")

    def _need_uploads(self, view: View) -> None:
        """Add the tickets that a request names: of another team, if they were not found."""
        if view.operation not in _TICKETS or not (view.succeeded or view.code == "resource_not_found"):
            return
        team = self._team_of(view) if view.succeeded else ""
        poses = [as_object(ref).get("pose") for ref in as_list(view.answer.get("refs"))]
        named = as_list(view.order.get("upload_ids")) or [view.order.get("upload_id")]
        for number, upload in enumerate(named):
            if isinstance(upload, str) and self._world.row(upload) is None:
                put_ticket(self._world, team, upload)
                set_pose(self._world, upload, poses[number] if number < len(poses) else None, 1)
        set_pose(self._world, str(named[0]), view.answer.get("pose"), view.answer.get("confidence"))

    def _need_styles(self, view: View) -> None:
        for name, kind in (("lora_id", "loras"), ("video_lora_id", "video_loras")):
            style, body = view.order.get(name), view.answer
            if isinstance(style, str) and not find_style(self._world, KINDS[kind], self._team_of(view), style):
                parts = ("resolution", "ratio", "duration") if kind == "video_loras" else ()
                shown = {f"default_{part}": body.get(f"video_{part}") for part in parts}
                shown["name"] = next((as_object(one).get("name") for one in as_list(body.get("loras"))), None)
                put(self._world, kind, self._team_of(view), {"id": style, "slug": style, **shown})

    def _need_record(self, view: View, status: str) -> None:
        """Add the record that a request is about, which no response shows."""
        world, seen = self._world, {"id": view.record, "image_count": 4}
        kind = next(
            (name for name in ("characters", "webhook_endpoints") if view.operation.startswith(name)), "generations"
        )
        columns: dict[str, Any] = {}
        if kind == "generations":
            finished = world.clock.time() - (_LONG if view.code == "output_expired" else 0)
            medium = "video" if view.operation.startswith("videos.") else "image"
            columns = {"media_type": medium, "video_duration": 5, "video_resolution": "480p", "finished": finished}
        elif kind == "webhook_endpoints":
            columns = {"events": EVENTS}
        put(world, kind, self._team_of(view), seen, status, **columns)

    def _need_files(self, view: View) -> None:
        order = view.order
        used = [*as_list(order.get("reference_image_urls")), order.get("first_frame_url"), order.get("last_frame_url")]
        for name in used:
            if str(name).startswith("file_"):
                self._need_id(view, "files", name, expires=self._world.clock.time() + _LONG)

    # What happened meanwhile

    def _poll(self, done: Replayed) -> None:
        """Let each record that a poll shows be in the status that it shows, if it can get there."""
        view = done.view
        if view.succeeded:
            for row in view.records:
                self._bring(str(row["id"]), row)
                self._note_poll(str(row["id"]), str(row.get("status")))
        elif view.record:
            self._note_poll(view.record, "")

    def _note_poll(self, record: str, status: str) -> None:
        steps = self.scripts.setdefault(record, [])
        if steps and steps[-1][0] == status:
            steps[-1][1] += 1
        elif status:
            steps.append([status, 1])

    def _bring(self, record: str, seen: Mapping[str, Any]) -> None:
        """Move a record to a status that it was seen in, as its state machine allows; the rest is a difference."""
        row, status = self._world.row(record), seen.get("status")
        if isinstance(row, CharacterRow) and row.status != status:
            first = row.status == "synthesizing" and not row.published and status in {"reviewing", "ready"}
            if first:
                status = self._world.settings.reading("create-4")
            if status in character_machine.LIFECYCLE.edges[row.status] and record not in self._deleted:
                self._move(record, str(status), seen.get("error_message"))
        elif (
            isinstance(row, GenerationRow)
            and row.status in UNDER_WAY
            and status in {"processing", *_ENDS} - {row.status}
        ):
            self._move(record, str(status), seen.get("error_message"))

    def _move(self, record: str, status: str, error: object = None) -> None:
        world = self._world
        world.runs.drop(record)
        row = world.row(record)
        resource = "characters" if isinstance(row, CharacterRow) else "images"
        code = error if isinstance(error, str) and error else None
        step = Step(status, code if status == "failed" else None, WAIT)
        world.runs.machines[resource](record, step, world.clock.time())
        for money in self._money.values():
            money.end(record, "" if status in UNDER_WAY else "good" if status in _GOOD else "bad")

    def _act(self, view: View, row: Any) -> None:
        """Let work end before a request that shows that it has ended."""
        status = str(getattr(row, "status", ""))
        if view.operation == "characters.update" and view.records:
            self._bring(row.id, view.records[0])
            return
        if status not in UNDER_WAY:
            if view.record not in self.survey.histories:
                self._expire(view)
            return
        ended = (
            (view.succeeded and view.operation in _AFTER_WORK)
            or (view.operation in _AFTER_WORK and view.exchange.status == 402)  # noqa: PLR2004 - payment
            or view.code in {"generation_not_cancellable", "output_not_available", "output_expired"}
            or (view.succeeded and view.operation in {"images.output", "videos.output"})
        )
        if ended:
            self._end(view, row)
            self._expire(view)

    def _expire(self, view: View) -> None:
        """Let an output have expired, where nothing shows when its work has ended."""
        if view.code == "output_expired":
            table = self._world.table(GenerationRow)
            table.replace(replace(table[view.record], finished=self._world.clock.time() - _LONG))

    def _end(self, view: View, row: Any) -> None:
        """End the work on a record as later exchanges show it, else well."""
        later = self.survey.histories[row.id].from_(view.index + 1) if row.id in self.survey.histories else None
        status = later.row.get("status") if later is not None else None
        if isinstance(row, CharacterRow):
            end = "failed" if status == "failed" else "ready" if row.published else "reviewing"
            if view.operation != "characters.save" and self._world.settings.reading("create-4") == "ready":
                end = "ready" if end == "reviewing" else end
        else:
            end = str(status) if status in _ENDS else "failed" if view.code == "output_not_available" else "succeeded"
        self._move(row.id, end)

    def _vanish(self, done: Replayed, row: Any) -> None:
        """Delete a record that is never seen again, as somebody else may have done."""
        view = done.view
        history = self.survey.history(view.record)
        later = history is not None and history.from_(view.index) is not None
        kind = ROWS.get(view.operation, "characters" if view.operation.startswith("characters.") else "")
        team = self._team_of(view)
        if later or kind not in {"characters", "files"} or row.team != team or view.record in self._deleted:
            return
        table = self._world.table(KINDS[kind])
        if table.lives(row):
            if kind == "characters":
                character_machine.delete(self._world, row)
            else:
                table.retire(row)
            self._deleted.add(view.record)
            done.ignored.add("status")
            done.inferred.append(f"{view.record} was deleted by somebody else")

    def _expect(self, view: View) -> None:
        """Expect the id that the recording has for what this request creates."""
        self._ids.expected.clear()
        prefix = _PREFIXES.get(view.operation)
        if prefix is None:
            return
        made = self.survey.lost.get(view.index, "")
        if view.succeeded and not view.lost:
            made = str(view.answer.get("upload_id" if prefix == "upl" else "id") or "")
        if made and self._world.row(made) is None:
            self._ids.expected[prefix] = made

    def _script(self, view: View) -> None:
        """Set the script of the work that this request orders: it ends when the recording says so."""
        status = "" if view.lost else str(view.answer.get("status"))
        for resource, plan in WAITING.items():
            self._world.scripts[resource, None] = plan
        if view.replayed:
            return
        if status in {"reviewing", "ready", "failed"}:
            end = status if status == "failed" else self._world.settings.reading("create-4")
            plan = plan_of(f"synthesizing*0 -> {end}", character_machine.LIFECYCLE)
            if view.operation == "characters.create" and self._synthesizes(view):
                self._world.scripts["characters", None] = plan
            row = self._world.row(view.record) if view.record else None
            if isinstance(row, CharacterRow) and view.operation in _AFTER_WORK[1:]:
                self._world.table(CharacterRow).replace(replace(row, plan=plan))
        if view.operation in {"images.create", "videos.create"} and status in {"processing", *_ENDS}:
            steps = (Step("pending", None, _AT_ONCE), Step(status, None, WAIT))
            self._world.scripts[view.operation.partition(".")[0], None] = Plan((steps,))

    def _synthesizes(self, view: View) -> bool:
        return view.order.get("generate") is True

    # Rate limits

    def _bucket_of(self, view: View) -> tuple[str, str] | None:
        if view.row is None or view.row.signed or "x-ratelimit-remaining" not in view.exchange.received:
            return None
        name = view.row.bucket
        if callable(name):
            name = "characters_synthesize" if self._synthesizes(view) else "characters_post"
        return self._team_of(view), name

    def _fill_bucket(self, done: Replayed) -> None:
        """Let a bucket have as many tokens as the first response of it shows."""
        view = done.view
        place = self._bucket_of(view)
        if place is None:
            done.ignored |= _RATE_PLACES
            return
        received = view.exchange.received
        left, limit = _number(received.get("x-ratelimit-remaining")), _number(received.get("x-ratelimit-limit"))
        if left is None or limit is None or not self.survey.timed:
            done.ignored |= {"header.x-ratelimit-remaining", "header.x-ratelimit-reset"} if left is not None else set()
            return
        now = self._world.clock.time()
        capacity, per_minute = BUCKETS[place[1]]
        if limit != capacity:
            done.ignored |= _RATE_PLACES
            done.inferred.append(f"the limit of {place[1]} is {limit}, not {capacity}")
            return
        spent = 0 if view.exchange.status in _NO_TOKEN else 1
        bucket = self._world.buckets.get(*place, now)
        if self._buckets.get(place) is None or (left == 0 and bucket.left > spent + 1):
            rate = per_minute / 60
            reset = _number(received.get("x-ratelimit-reset"))
            tokens = float(left)
            if reset is not None:
                tokens = min(max(tokens, capacity - (reset - now) * rate), left + 0.999)
            state: Any = self._world.state.section("buckets")
            state[place] = Bucket(capacity, rate, min(float(capacity), tokens + spent), now)
            self._buckets[place] = True
            done.ignored |= {"header.x-ratelimit-remaining", "header.x-ratelimit-reset"}

    def _forget_bucket(self, view: View) -> None:
        """Whether a request without a usable response cost a token, only the next response shows."""
        if view.row is not None and not view.row.signed:
            name = view.row.bucket
            names = ("characters_post", "characters_synthesize") if callable(name) else (name,)
            for one in names:
                self._buckets.pop((self._team_of(view), one), None)

    # Credits

    def _count(self, done: Replayed) -> None:
        """Note the work that a request has ordered, or ended."""
        view = done.view
        reply = done.reply
        if reply is None or reply.status >= _REFUSED or done.replays or (view.refused and not view.lost):
            return
        record = view.record
        if view.operation in {"characters.create", "images.create", "videos.create"}:
            record = self.survey.lost.get(view.index, "") if view.lost else str(view.answer.get("id"))
        row: Any = self._world.row(record) if record else None
        money = self._money[self._team_of(view)]
        hold = getattr(row, "hold", None)
        if row is not None and view.operation in _ORDERS and (hold is not None or getattr(row, "status", "") in _GOOD):
            prices = {"characters.regenerate_ref": 1}
            price = row.cost["amount"] if isinstance(row, GenerationRow) else prices.get(view.operation, 4)
            end = "" if row.status in UNDER_WAY else "good"
            if not (
                isinstance(row, CharacterRow) and view.operation == "characters.create" and not self._synthesizes(view)
            ):
                money.begin(Work(record, total([price]), record.startswith("vid_"), end))
        elif view.operation in {"characters.delete", "images.cancel"}:
            money.end(record, "bad")

    def _balance(self, done: Replayed) -> None:
        """Let the credits of the fake be those of the first response that shows them; explain differences later."""
        view, world = done.view, self._world
        team = self._team_of(view)
        money, body = self._money[team], view.answer
        credit, held = amount_of(body.get("credits")), amount_of(body.get("held_credits"))
        if view.operation == "team.retrieve":
            row = world.table(TeamRow)[team]
            name, mail = body.get("name"), body.get("billing_email")
            world.table(TeamRow).replace(
                replace(row, name=str(name), billing_email=mail if isinstance(mail, str) else None)
            )
        if credit is None:
            return
        account = world.accounts[team]
        if body.get("billing_mode") == "exempt" and account.billing_mode != "exempt":
            self._set(team, billing_mode="exempt")
        if not money.known:
            self._set(team, credits=credit, held=max(account.held, held or account.held))
            done.ignored |= {"body.credits"}
            account = world.accounts[team]
            if held is not None and held < account.held:
                self._explain(done, money, Decimal(0), held - account.held, free=True)
        else:
            self._explain(done, money, credit - account.credits, None if held is None else held - account.held)
        account = world.accounts[team]
        self._judge(done, money, credit, held, account)
        money.known = True

    def _explain(
        self, done: Replayed, money: Money, credit: Decimal, held: Decimal | None, *, free: bool = False
    ) -> None:
        """Let work end that has ended, as far as that explains the credits."""
        if not credit and not held:
            return
        index = done.view.index
        ends: list[tuple[str, tuple[str, ...]]] = []
        for work in money.works:
            history = self.survey.history(work.record)
            later = history.from_(index) if history is not None else None
            status = later.row.get("status") if later is not None else None
            if not work.end and status not in UNDER_WAY:
                ends.append(
                    (work.record, ("good", "bad") if status is None else ("good",) if status in _GOOD else ("bad",))
                )
        for guess in money.guesses(ends, None if free else credit, held):
            row: Any = self._world.row(guess.record)
            before = self._world.accounts[self._team_of(done.view)]
            self._end_as(row, guess.end, index)
            if free:  # the balance was seen after the charge
                self._set(self._team_of(done.view), credits=before.credits)
            done.inferred.append(f"the work on {guess.record} has ended")

    def _end_as(self, row: Any, end: str, index: int) -> None:
        later = self.survey.histories[row.id].from_(index) if row.id in self.survey.histories else None
        status = str(later.row.get("status")) if later is not None else ""
        if isinstance(row, CharacterRow):
            good = "ready" if row.published else self._world.settings.reading("create-4")
            self._move(row.id, good if end == "good" else "failed")
        else:
            self._move(row.id, "succeeded" if end == "good" else status if status in _ENDS else "failed")

    def _judge(self, done: Replayed, money: Money, credit: Decimal, held: Decimal | None, account: Account) -> None:
        """Choose the rules that differences of a balance refute, and go on from what was seen."""
        if held is not None and held != account.held:
            done.rules["body.held_credits"] = money.rule_of_held(held, account.held)
            done.ignored.add("body.available_credits")
        if credit != account.credits:
            rule = money.rule_of_credits(credit - account.credits)
            if rule:
                done.rules["body.credits"] = rule
            else:
                done.ignored.add("body.credits")
                done.inferred.append("somebody else has changed the credits")
            done.ignored.add("body.available_credits")

    def _empty(self, done: Replayed) -> None:
        """Let a team have too little, where that is not known to be wrong."""
        view = done.view
        team = self._team_of(view)
        money, account = self._money[team], self._world.accounts[team]
        if not money.known or not self._enough_later(view, account.available):
            self._set(team, credits=account.held)
            money.known = False
            done.inferred.append("the team had too little credit")

    def _enough_later(self, view: View, available: Decimal) -> bool:
        """Whether the next balance of the recording still shows the credits that were available."""
        at = self._balances_from(view.index)
        shown = amount_of(at.answer.get("available_credits")) if at is not None else None
        return shown is not None and shown >= available

    def _balances_from(self, index: int) -> View | None:
        balances = self.survey.balances
        at = bisect_left(balances, index, key=lambda view: view.index)
        return balances[at] if at < len(balances) else None

    def _fund(self, team: str) -> None:
        self._set(team, credits=Decimal(_PLENTY))
        self._money[team].known = False

    def _set(self, team: str, **changes: Any) -> None:
        self._world.accounts[team] = self._world.accounts[team]._replace(**changes)

    # Afterwards

    def _adopt(self, done: Replayed) -> None:
        """Let the fake have what the recording shows, so that each difference counts once."""
        view, world = done.view, self._world
        for row in view.records:
            record = str(row["id"])
            kind = ROWS[view.operation]
            if world.row(record) is None:
                if not done.replays or done.again(record):  # a retry that happened twice may leave nothing behind
                    put(world, kind, self._team_of(view), row)
            else:
                follow(world, kind, row)
        if view.operation == "balance.retrieve" and view.succeeded:
            team = self._team_of(view)
            credit, held = amount_of(view.answer.get("credits")), amount_of(view.answer.get("held_credits"))
            account = world.accounts[team]
            self._set(team, credits=account.credits if credit is None else credit)
            self._set(team, held=account.held if held is None else held)
            self._money[team].settle()


def _before_rows(view: View) -> bool:
    """Whether a request was refused before its record was looked for."""
    return view.exchange.status in {401, 403, 404, 405, 409} or view.code == "unknown_version"


def _reason(view: View) -> str:
    if view.exchange.fault:
        return "it met a fault of the fake"
    if view.exchange.status is None:
        return "there was no response"
    if view.succeeded:
        return "the body of the response is missing"
    return f"a {view.exchange.status} refutes nothing by itself"


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and len(text) < _DIGITS else None


_DIGITS: Final = 12
_KEPT_CALLS: Final = 500
_LONG: Final = 30 * 86_400.0
_GOOD: Final = ("reviewing", "ready", "succeeded")
_ENDS: Final = ("succeeded", "failed", "cancelled", "expired", "moderation_rejected")
_ON_ROWS: Final = (
    "characters.delete",
    "characters.save",
    "characters.update",
    "characters.resynthesize",
    "characters.regenerate_ref",
    "webhook_endpoints.test",
)
"""Operations on a record whose response may not show it."""
_TICKETS: Final = ("characters.create", "characters.uploads.classify")
_SHOWN: Final = (200, 206, 416)
"""The statuses of an output that is there."""
_AT_ONCE: Final = Hold("*", 0)
_AFTER_WORK: Final = ("characters.save", "characters.resynthesize", "characters.regenerate_ref")
_ORDERS: Final = (
    "characters.create",
    "characters.resynthesize",
    "characters.regenerate_ref",
    "images.create",
    "videos.create",
)
_REPLACED: Final = ("x-api-key", "authorization", "content-encoding", "content-length")
_RATE_PLACES: Final = {"header.x-ratelimit-limit", "header.x-ratelimit-remaining", "header.x-ratelimit-reset"}
