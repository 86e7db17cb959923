"""Control requests: with them another process, another language or the page prepares and reads a served fake."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from .._core.base.errors import AurousError, AurousLookupError, nearest, shown
from .._core.wire.call import Call
from .._core.wire.headers import shown_header
from .._core.wire.hosts import UPLOAD_HOST, host_of
from .._core.wire.reply import Break, Reply
from .._facade import Aurous
from .actions import Action, perform, prepared
from .arguments import FREE, NUMBER, TEXT, Takes, parsed, read_arguments
from .copied import written
from .live import LiveTrace
from .reads import HEADERS, JSON, READS, numbers_in
from .replies import CONTROL, json_reply, refused, reply_of
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
    """

    def __init__(self, aurous: Aurous, keep: int = KEEP) -> None:
        self.aurous: Aurous = aurous
        self.url: str = ""
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
        return ["GET"] * get + ["POST"] * (name in {*operations(), "send"})

    def _read(self, name: str, asked: Mapping[str, str]) -> Reply:
        if name.startswith("steps/"):
            seq = seq_of(name.removeprefix("steps/"))
            found = None if seq is None else self.live.step(seq)
            if found is not None:
                return reply_of(200, found.encode(), JSON)
            kept = f"the steps {self.tape.dropped + 1} to {self.tape.last} are"
            return refused(404, f"Step {shown(name.removeprefix('steps/'))} is not kept: {kept}.")
        read = READS[name]
        arguments = read_arguments(name or "index", numbers_in(asked, read.takes), read.takes)
        run: Callable[..., Any] = read.run
        found = run(self, **arguments)
        if isinstance(found, str):
            return reply_of(200, found.encode(errors="backslashreplace"), read.media_type)
        return self._json(200, found)

    def _json(self, status: int, content: Any) -> Reply:
        keys = self.aurous._session.app.world.keys
        return json_reply(status, content, keep=[key for team in self.aurous.teams for key in keys.of(team.id)])

    def _post(self, name: str, asked: Mapping[str, str], body: dict[str, Any]) -> Reply:
        if name == "send":
            arguments = read_arguments("send", body, SEND)
            call = self._call_of(**arguments)
            headers = {
                name: value and shown_header(name, value) for name, value in arguments.get("headers", {}).items()
            }
            told = arguments | ({"headers": headers} if headers else {})
            action = Action("send", told, expression=written(self.aurous, call))
            return self._json(200, self._sent(call, action).json(self.url))
        action = self.do(name, body, undo=bool(asked.get("undo")))
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

    def _call_of(
        self,
        of: int | None = None,
        method: str | None = None,
        path: str = "",
        headers: Mapping[str, Any] | None = None,
        body: str | None = None,
    ) -> Call:
        """Return a request to the fake: the request of a step again, with the given changes, or a new one.

        Raises:
            AurousError: If the step is not kept, or is no request.
        """
        app = self.aurous._session.app
        steps = self.tape.after(of - 1, 1) if of is not None else []
        model = steps[0].call if steps and steps[0].seq == of else None
        if of is not None and model is None:
            raise AurousLookupError(f"send: step {of} is not a request that is kept.")
        if (model is None or path) and not path.startswith("/"):
            raise AurousError(f"send: {shown(path)} is not a path: expected one such as '/v1/characters'.")
        home = urlsplit(UPLOAD_HOST if path.startswith("/characters/") else app.world.settings.base_url)
        scheme, host = (home.scheme, host_of(home)) if model is None else (model.scheme, model.host)
        old = model or Call(method or "GET", scheme, host, path, "", (("X-Api-Key", str(self.aurous.api_key)),))
        content = old.content if body is None else body.encode()
        sent = {name.lower(): (name, value) for name, value in old._headers if name.lower() != "content-length"}
        for name, value in (headers or {}).items():
            sent.pop(name.lower(), None)
            sent.update({} if value is None else {name.lower(): (name, str(value))})
        if content:
            sent.setdefault("content-type", ("Content-Type", "application/json"))
            sent["content-length"] = ("Content-Length", str(len(content)))
        where, _, query = path.partition("?") if path else (old.path, "", old.query)
        return Call(method or old.method, scheme, host, where, query, tuple(sent.values()), content)

    def _sent(self, call: Call, action: Action) -> Action:
        """Send a request, and read a stream to its end, as a client would."""
        outcome = self.aurous._session.app.handle(call)
        stream = outcome.stream if isinstance(outcome, Reply) else None
        while stream is not None and (part := stream.read()) is not None and not isinstance(part, Break):
            pass
        result = {"seq": self.tape.last, "number": call.number, "status": call.status, "error_code": call.error_code}
        return action._replace(result=result, at=call.at)


SEND: Final = Takes({"of": NUMBER, "method": TEXT, "path": TEXT, "headers": HEADERS, "body": FREE})


def index() -> dict[str, str]:
    """Return all control requests, each with what it does."""
    reads = {f"GET {CONTROL}/{name}": read.text for name, read in READS.items()}
    dotted = {f"POST {CONTROL}/{name}": one.text for name, one in operations().items()}
    send = {f"POST {CONTROL}/send": '{"of": 7} sends the request of step 7 anew; its parts can be replaced'}
    return {**reads, **dotted, **send}
