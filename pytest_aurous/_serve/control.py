"""Control requests: with them another process, another language or the page prepares and reads a served fake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from .._core.base.errors import AurousError, nearest
from .._core.wire.call import without_secrets
from .._core.wire.reply import Reply
from .._facade import Handle
from .._fake.aurous import Aurous
from .actions import Action, perform, shown_arguments
from .arguments import check_names, parsed, read_query
from .copied import written
from .document import index, requests
from .live import LiveTrace
from .replies import CONTROL, json_reply, refused, reply_of
from .sending import SEND, call_of, send
from .table import operations
from .tape import KEEP, Tape

_UNDOS: Final = 20
"""How many snapshots the page's own actions keep: each is a copy of the state, and nobody undoes more."""


class Control:
    """The control requests of one fake, and the record of what they have done.

    Args:
        keep: How many of the last steps to keep.

    Attributes:
        curl: What a command of a shell begins with that sends one.
    """

    def __init__(self, aurous: Aurous, keep: int = KEEP) -> None:
        self.aurous: Aurous = aurous
        self.url: str = ""
        self.curl: str = "curl"
        self.tape: Tape = Tape(aurous, keep)
        self.fake: Handle = self.tape.fake
        self.live: LiveTrace = LiveTrace(aurous, self.tape)
        self._count = 0

    def respond(self, method: str, path: str, body: bytes = b"", query: str = "") -> Reply:
        """Respond to a control request; one with a mistake changes nothing."""
        name = f"{path}/".removeprefix(f"{CONTROL}/").strip("/")
        asked = dict(parse_qsl(query, keep_blank_values=True))
        if name.startswith("steps/"):
            name, asked["seq"] = "steps/{seq}", name.removeprefix("steps/")
        one = requests().get(name)
        if one is None:
            return refused(404, f"There is no control request {path!r}{nearest(name, requests())}", calls=index())
        if method != one.method:
            refusal = refused(405, f"{CONTROL}/{name} takes {one.method}, not {method}.", calls=index())
            return refusal._replace(headers=(*refusal.headers, ("Allow", one.method)))
        try:
            given = read_query(name or "index", asked, one.takes)
            if one.run is None:
                return self._post(name, parsed(body), undo=bool(given.get("undo")))
            found = one.run(self, given)
        except AurousError as error:
            return refused(400, str(error))
        if isinstance(found, str):
            found = self._shown(found) if name == "log" else found  # the others have done it, each in its way
            return reply_of(200, found.encode(errors="backslashreplace"), one.media_type)
        return found if isinstance(found, Reply) else self._json(200, found)

    def _json(self, status: int, content: Any) -> Reply:
        return json_reply(status, self._shown(content), keep=self.fake.keys.all())

    def _shown(self, content: Any) -> Any:
        """Return content without the secrets that any request has sent."""
        witnesses = self.tape.witnesses()
        return without_secrets(content, witnesses) if witnesses else content

    def _post(self, name: str, body: dict[str, Any], *, undo: bool) -> Reply:
        if name == "send":
            check_names("send", body, SEND)
            call = call_of(self.tape, **body)
            action = Action("send", shown_arguments(body), expression=written(self.aurous, call))
            action = action._replace(result=send(self.tape, call), at=call.at)
            return self._json(200, action.json(self.url, self.curl))
        action = self.do(name, body, undo=undo)
        failed = name.startswith("assert_") and not action.result["passed"]
        told = {"seq": self.tape.last, **action.json(self.url, self.curl)}
        told |= {"reset": True} if name == "reset" else {}
        return self._json(422 if failed else 200, told)

    def do(self, name: str, body: Mapping[str, Any], *, undo: bool = False) -> Action:
        """Do something, and record it; with *undo*, take a snapshot first.

        Raises:
            AurousError: If it is not possible.
        """
        operation, fake = operations()[name], self.fake
        record = body.get("id")
        row = fake.row(record) if operation.subject.of_team and isinstance(record, str) else None
        arguments = dict(body)
        if row is not None and row.team not in {"", fake.default_team}:
            arguments.setdefault("team", row.team)
        if name == "webhooks.flush":  # without the lock: a receiver may send requests
            return self._done(name, arguments, None)
        with fake.lock:
            back = f"before {name} {self._count + 2}" if undo else None
            if back is not None:
                self._done("snapshot", {"name": back}, None)
                self.live.automatic[back] = fake.clock.time()
                for old in list(self.live.automatic)[:-_UNDOS]:
                    self._forget(old)
            if name == "snapshot" and arguments.get("name") is None:
                arguments["name"] = f"snapshot {self._count + 1}"
            try:
                return self._done(name, arguments, back)
            except AurousError:
                if back is not None:
                    self._forget(back)
                raise

    def _forget(self, name: str) -> None:
        self.live.automatic.pop(name, None)
        self.aurous.snapshots.pop(name, None)

    def _done(self, name: str, arguments: Mapping[str, Any], undo: str | None) -> Action:
        clock = self.fake.clock
        self.tape.note(None)
        began = clock.time()
        action = perform(self.aurous, name, arguments, undo)
        self._count += 1
        action = action._replace(number=self._count)
        self.tape.note(action, began)
        return action
