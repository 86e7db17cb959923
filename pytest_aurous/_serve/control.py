"""Control requests: with them another process, another language or the page prepares and reads a served fake."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from .._core.base.errors import AurousError, nearest, shown, version_of_package
from .._core.wire.reply import Reply
from .._facade import Aurous
from .actions import Action, perform, prepared, shown_arguments
from .arguments import NOTHING, check_names, parsed, read_query
from .copied import written
from .document import UNDO, index
from .live import LiveTrace
from .reads import JSON, READS
from .replies import CONTROL, json_reply, refused, reply_of
from .sending import SEND, call_of, send
from .table import operations
from .tape import KEEP, Tape, seq_of

_UNDOS: Final = 20
"""How many snapshots the page's own actions keep: each is a copy of the state, and nobody undoes more."""
_FAILED: Final = 422
"""The status of an assertion that does not hold."""


class Control:
    """The control requests of one fake, and the record of what they have done.

    Args:
        aurous: The fake.
        keep: How many of the last steps to keep.

    Attributes:
        tape: The last requests and actions.
        url: The URL of the server, for commands of a shell.
        version: The version of this package, which takes long to find.
    """

    def __init__(self, aurous: Aurous, keep: int = KEEP) -> None:
        self.aurous: Aurous = aurous
        self.url: str = ""
        self.version: str = version_of_package()
        self.tape: Tape = Tape(aurous, keep)
        self.live: LiveTrace = LiveTrace(aurous, self.tape)
        self._count = 0

    def respond(self, method: str, path: str, body: bytes = b"", query: str = "") -> Reply:
        """Respond to a control request; one with a mistake changes nothing."""
        name = f"{path}/".removeprefix(f"{CONTROL}/").strip("/")
        asked = dict(parse_qsl(query, keep_blank_values=True))
        methods = self.methods(name)
        try:
            if not methods:
                near = nearest(name, [*READS, *operations()])
                return refused(404, f"There is no control request {path!r}{near}", calls=index())
            if method not in methods:
                why = f"{CONTROL}/{name} takes {' or '.join(methods)}, not {method}."
                refusal = refused(405, why, calls=index())
                return refusal._replace(headers=(*refusal.headers, ("Allow", ", ".join(methods))))
            if method == "GET":
                return self._read(name, asked)
            return self._post(name, asked, parsed(body))
        except AurousError as error:
            return refused(400, str(error))

    def methods(self, name: str) -> list[str]:
        """Return the methods of a control request; an empty list if there is no such request."""
        get = name in READS or name.startswith("steps/")
        return ["GET"] * get + ["POST"] * (name in operations() or name == "send")

    def _read(self, name: str, asked: Mapping[str, str]) -> Reply:
        if name.startswith("steps/"):
            seq = seq_of(name.removeprefix("steps/"))
            found = None if seq is None else self.live.step(seq)
            if found is not None:
                return reply_of(200, found.encode(), JSON)
            kept = f"the steps {self.tape.dropped + 1} to {self.tape.last} are"
            return refused(404, f"Step {shown(name.removeprefix('steps/'))} is not kept: {kept}.")
        read = READS[name]
        arguments = read_query(name or "index", asked, read.takes)
        run: Callable[..., Any] = read.run
        found = run(self, **arguments)
        if isinstance(found, str):
            return reply_of(200, found.encode(errors="backslashreplace"), read.media_type)
        return self._json(200, found)

    def _json(self, status: int, content: Any) -> Reply:
        return json_reply(status, content, keep=self.aurous._session.app.world.keys.all())

    def _post(self, name: str, asked: Mapping[str, str], body: dict[str, Any]) -> Reply:
        query = read_query(name, asked, NOTHING if name == "send" else UNDO)
        if name == "send":
            check_names("send", body, SEND)
            call = call_of(self.tape, **body)
            action = Action("send", shown_arguments(body), expression=written(self.aurous, call))
            action = action._replace(result=send(self.tape, call), at=call.at)
            return self._json(200, action.json(self.url))
        action = self.do(name, body, undo=bool(query.get("undo")))
        failed = name.startswith("assert_") and not action.result["passed"]
        told = {"seq": self.tape.last, **action.json(self.url)}
        return self._json(_FAILED if failed else 200, {**told, "reset": True} if name == "reset" else told)

    def do(self, name: str, body: Mapping[str, Any], *, undo: bool = False) -> Action:
        """Do something, and record it.

        Args:
            name: The operation.
            body: Its arguments.
            undo: Take a snapshot first.

        Raises:
            AurousError: If it is not possible.
        """
        arguments = prepared(self.aurous, name, body)
        if name == "webhooks.flush":  # without the lock: a receiver may send requests
            return self._done(name, arguments, None)
        with self.aurous._session.app.world.lock:
            back = self._snapshot(f"before {name} {self._count + 2}") if undo else None
            if name == "snapshot" and arguments.get("name") is None:
                arguments["name"] = f"snapshot {self._count + 1}"
            try:
                return self._done(name, arguments, back)
            except AurousError:
                if back is not None:
                    self._forget(back)
                raise

    def _snapshot(self, name: str) -> str:
        """Take a snapshot before something is lost, and forget the oldest of these."""
        self._done("snapshot", {"name": name}, None)
        automatic = self.live.automatic
        automatic[name] = self.aurous._session.app.world.clock.time()
        for old in list(automatic)[:-_UNDOS]:
            self._forget(old)
        return name

    def _forget(self, name: str) -> None:
        self.live.automatic.pop(name, None)
        self.aurous.snapshots.pop(name, None)

    def _done(self, name: str, arguments: Mapping[str, Any], undo: str | None) -> Action:
        clock = self.aurous._session.app.world.clock
        self.tape.note(None)
        began = clock.time()
        action = perform(self.aurous, name, arguments, undo)
        self._count += 1
        action = action._replace(number=self._count, at=clock.time())
        self.tape.note(action, began)
        return action
