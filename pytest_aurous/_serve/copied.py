"""The actions and the requests of a served fake as one pytest test, which does the same again and expects the same."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from inspect import getsource
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from .._core.base.data import as_list, as_object, is_object, parsed
from .._core.base.forms import ID, URL
from .._core.base.instants import moment
from .._core.base.redaction import SECRET, protecting, redacted
from .._core.wire.call import BY_CLIENT, COMPLETE, Call, is_digest, key_of, secret_of
from .._core.wire.headers import shown_header
from .._core.wire.hosts import host_of
from .._facade import Aurous, Clock
from .actions import Action, fault_name
from .literals import Names, call, fitted, tokens
from .stand_ins import receiver, told

if TYPE_CHECKING:
    from .tape import Tape, Taped

_OWN: Final = re.compile(
    r"host|accept|accept-.*|connection|user-agent|content-length|x-api-key|authorization|sec-.*|origin|referer|cookie|cache-control"
    r"|pragma|priority|dnt|upgrade-.*|transfer-encoding|keep-alive|traceparent|tracestate|te|x-stainless-.*",
    re.IGNORECASE,
)
"""Headers that each client chooses for itself."""
_BOUND: Final = re.compile(rf"{ID.pattern}|{URL.pattern}|whsec_\S+")
"""Values that are others in each fake, so that a test takes them from the responses."""
_DRAWN: Final = re.compile(r"[a-z]+_[0-7][0-9A-Z]{3}|\d{4}-\d\d-\d\d|https?:|whsec_")
"""Where something begins in a text that is another one in each fake, even if its end is cut off."""
_AUTOMATIC: Final = re.compile(r"before [\w.]+ \d+")
"""The names of snapshots that the page has taken."""
_LEAST: Final = 0.1
"""Seconds that may pass on the clock without a line of the test, unless something depends on them."""
_SETTINGS: Final = ("credits", "script", "rate_limits", "readings", "sparse", "grease", "observed", "reply", "base_url")
_KINDS: Final = ("characters", "uploads", "images", "videos", "files", "chat.completions", "webhook_endpoints", "loras")
"""Records of a team that a test counts at its end."""
_IMPORTS: Final = (
    ("def told(", "import json"),
    (" Counter(", "from collections import Counter"),
    ("def told(", "from collections.abc import Iterator"),
    (", Any]:", "from typing import Any"),
    ("-> Any:", "from typing import Any"),
    ("ANY", "from unittest.mock import ANY"),
    ("(httpx.", "\nimport httpx"),
    ("pytest.raises(", "import pytest"),
)
"""The imports of a test, each by what needs it."""


def copied(aurous: Aurous, tape: Tape, after: int = 0, until: int | None = None, name: str = "copied") -> str:
    """Return a part of the session as a test that runs as it is; what was before it is done, but not asserted.

    Args:
        aurous: The fake.
        tape: Its steps.
        after: The number of the step before the first one.
        until: The number of the last step; by default the newest.
        name: What the test is called, in any words.
    """
    with aurous._session.app.world.lock:
        test = _Test(aurous, tape, after, tape.last if until is None else until)
    with protecting(aurous._session.app.world.default_key):  # without the lock: it takes seconds
        return test.text(name)


class _Test:
    """Writes one test.

    It takes all that it needs when it is created, under the lock of the fake.
    """

    def __init__(self, aurous: Aurous, tape: Tape, after: int, until: int) -> None:
        taped = tape.after(0, tape.keep)
        steps = [step for step in taped if step.seq <= until]
        session, start = aurous._session, _start(steps)
        self._delays = _delays(taped)
        self._settings = session.first_settings
        self._enforced = "enforce" in {session.settings.rate_limits, self._settings.rate_limits}
        self._own = str(aurous.api_key)
        self._after = after
        self._steps = steps[start:]
        self._loaded = tape.loaded[:]
        self._remarks = [f"The first {tape.dropped} steps are not kept: what they did is not in it."]
        self._remarks *= bool(tape.dropped and not start)
        self._remarks += [f"What was until step {after} is done, but not asserted."] * bool(after)
        first = self._steps[0].began if self._steps else tape.began
        self._began = moment(self._loaded[0].at if self._loaded else first).isoformat()
        wrong = {id(problem.call) for problem in session.app.problems}
        part = until < tape.last  # what was after it may have gone back behind it
        lax = part or session.verdict.unmet or any(id(step.call) in wrong for step in steps)
        self._off = ["strict"] * lax + ["pitfalls"] * (part or bool(session.app.pitfalls.seen))
        self._end = [] if part else list(_left(aurous, self._steps))
        self._names = Names({self._own: "aurous.api_key"}, secret_of(aurous.calls))
        self._taken: dict[str, int] = {}
        self._lines: list[str] = []
        self._clock = Clock(self._began)  # which does what the clock of the test will do
        self._start = self._clock.position
        self._snapshots: dict[str, Any] = {}
        self._calls = 0
        self._checked = (self._began, 0)

    def text(self, name: str) -> str:
        """Return the module."""
        self._last = _last(self._steps, self._after)
        self._back = {name for step in self._steps if step.action is not None for name in _snapshots_of(step.action)}
        answers = [status for step in self._steps for status in _answers(step.action)]
        self._receive = [f'aurous.webhooks.route("{scheme}://*", receive)' for scheme in ("https", "http")]
        self._receive *= bool(answers)
        for action in self._loaded:
            self._act(action, -1)
        self._lines += [call("receive = receiver", list(map(str, answers)))] * bool(answers) + self._receive
        for index, step in enumerate(self._steps):
            self._step(step, index)
        self._check()
        self._lines += [f"assert list(aurous.snapshots) == {self._names.literal(list(self._snapshots))}"] * bool(
            self._back or self._snapshots
        )
        return self._module(name, [*self._lines, *self._end])

    def _module(self, name: str, body: list[str]) -> str:
        calls = sum(step.call is not None for step in self._steps)
        actions = sum(step.action is not None for step in self._steps)
        # The rest of the line, which follows, has about 50 characters.
        begin = call("    with Aurous", list(self._given()), 50).replace("\n", "\n    ")
        lines = [f"def {_function(name)}() -> None:"]
        lines += ['    """The same actions and requests, and the same responses."""']
        lines += [f"{begin} as aurous, aurous.client(timeout=None) as client:"]
        body = body or ["assert not aurous.calls"]
        lines += [f"        {line}".rstrip() for part in body for line in part.split("\n")]
        text = "\n".join(lines)
        helpers = [getsource(one) for one in (told, receiver) if f" {one.__name__}(" in text]
        text = "\n\n".join([*helpers, text])
        head = [f'"""Copied from a served fake: {calls} requests and {actions} actions."""', ""]
        head += ["# It tests the fake as the session has used it: let your application send the requests instead."]
        head += [*(f"# {remark}" for remark in self._remarks), ""]
        head += dict.fromkeys(line for word, line in _IMPORTS if word in text)
        return "\n".join([*head, "", "from pytest_aurous import Aurous", "", "", text, ""])

    def _given(self) -> Iterator[str]:
        """Yield the settings of the fake, and what keeps the test from failing for another reason than a response."""
        yield f'now="{self._began}"'
        for name, value in {"seed": self._settings.seed, **self._settings.unusual(_SETTINGS)}.items():
            plain = {key: str(one) for key, one in as_object(value).items()}  # the text of a script says the same
            yield f"{name}={self._names.literal(plain or value)}"
        yield from (f'{name}="off"' for name in self._off)

    def _step(self, step: Taped, index: int) -> None:
        self._wait(step)
        if step.call is not None:
            self._request(step.call, index)
            self._calls += 1
            self._clock.move(self._delays.get(step.seq, 0.0))
        elif step.action is not None:
            self._act(step.action, index)

    def _wait(self, step: Taped) -> None:
        """Let the clock go on to where it was: to the millisecond where something depends on it."""
        passed = round(step.began - self._clock.time(), 3)
        operation = step.action.operation if step.action is not None else ""
        exact = operation == "webhooks.flush" or (step.call is not None and self._enforced)
        exact = exact or any(
            section == "runs" and getattr(before, "current", -1) != getattr(now, "current", -1)
            for section, _, before, now in step.changes
        )
        if passed >= _LEAST or (exact and passed > 0):
            self._lines.append(f"aurous.clock.advance(seconds={passed:.12g})")
            self._clock.advance(seconds=passed)
        elif passed <= -_LEAST:  # two requests were delayed at the same time
            self._freeze(step.began)

    def _check(self) -> None:
        """Assert what nobody could see after a step back: the clock, and how many calls there were."""
        instant = self._clock.now().isoformat()
        if instant != self._checked[0]:
            self._lines.append(f'assert aurous.clock.now().isoformat() == "{instant}"')
        if self._calls != self._checked[1]:
            self._lines.append(f"assert len(aurous.calls) == {self._calls}")
        self._checked = (instant, self._calls)

    def _freeze(self, at: float) -> None:
        instant = moment(at).isoformat()
        self._lines.append(f'aurous.clock.freeze(at="{instant}")')
        self._clock.freeze(instant)

    def _act(self, action: Action, index: int) -> None:
        operation, given = action.operation, action.arguments
        if (
            operation == "snapshot"
            and _AUTOMATIC.fullmatch(action.result["name"])
            and action.result["name"] not in self._back
        ):
            return
        if operation == "clock.speed":
            self._lines.append(f"# {action.python()}: here, the clock goes on by advance()")
            return
        if operation in {"reset", "restore", "clock.freeze", "import_"}:
            self._check()
        self._say(json.dumps(given, ensure_ascii=False))
        line = action.python(self._names)
        if operation == "webhooks.deliver_to" and self._receive:
            line = line.replace("(", "(receive, ", 1)
        if operation == "webhooks.flush" and action.result:
            events = self._names.literal([one["event"] for one in action.result])
            line = f"assert [one.event for one in {line}] == {events}"
        self._lines.append(f"{self._made(action, index)}{line}")
        self._moved(action)

    def _moved(self, action: Action) -> None:
        """Do with the clock, and with the snapshots, what an action does with those of the test."""
        given = action.arguments
        match action.operation:
            case "clock.advance":
                self._clock.advance(seconds=given.get("seconds", 0))
            case "clock.freeze":
                self._clock.freeze(given.get("at"))
            case "snapshot":
                self._snapshots[action.result["name"]] = self._clock.position
            case "snapshots.rename":
                self._snapshots[given["to"]] = self._snapshots.pop(given["name"], self._start)
            case "snapshots.remove":
                self._snapshots.pop(given["name"], None)
            case "restore":
                self._clock.restore(self._snapshots.get(given["snapshot"], self._start))
            case "reset":
                self._reset(as_object(given.get("settings")))
            case "import_":  # its clock goes on in real time
                self._freeze(action.at)
            case _:
                pass

    def _reset(self, settings: dict[str, Any]) -> None:
        """Do again what made the state of the start: a served fake returns to it, but a test to an empty fake."""
        self._clock.restore(self._start)
        for action in self._loaded:
            self._act(action, -1)
        if self._loaded and "credits" in settings:
            self._lines.append(f"aurous.team.credits = {settings['credits']!r}")
        if now := settings.get("now"):
            self._lines += [f"aurous.clock.freeze(at={json.dumps(now)})"] * bool(self._loaded)
            self._clock.freeze(now)
        self._lines += self._receive
        self._calls, self._checked = 0, (self._began, 0)

    def _made(self, action: Action, index: int) -> str:
        """Return the left side of an assignment, if something later needs what an action has made."""
        result, operation, paths = as_object(action.result), action.operation, dict[str, str]()
        if operation.startswith("faults."):
            paths[fault_name(result["number"])] = ""
        elif operation.endswith((".add_key", ".rotate")):
            paths[result["key"]] = ""
        elif operation.endswith(".add") and result["id"] != action.arguments.get("id"):
            paths = {value: f".json(){self._path(path)}" for value, path in _leaves(result)}
            paths |= {result[key]: f".{key}" for key in ("id", "api_key") if key in result}
        wanted = {value: path for value, path in paths.items() if self._last.get(value, -1) > index}
        if not wanted:
            return ""
        name = self._new("key" if "key" in result else operation.partition(".")[0].removesuffix("s"))
        self._names.update((value, f"{name}{path}") for value, path in wanted.items())
        return f"{name} = "

    def _new(self, word: str) -> str:
        count = self._taken[word] = self._taken.get(word, 0) + 1
        return word if count == 1 else f"{word}_{count}"

    def _path(self, keys: tuple[Any, ...]) -> str:
        return "".join(f"[{self._names.literal(key)}]" for key in keys)

    def _say(self, text: str) -> None:
        """Note what the test sends itself."""
        self._names.said.update(token for token in tokens(text) if token not in self._names)

    def _request(self, sent: Call, index: int) -> None:
        names = self._names
        self._say(_sent(sent))
        function, parts = _written(sent, self._settings.base_url, self._own, names)
        broken = sent.streamed and sent.ended not in {"", COMPLETE, BY_CLIENT} and not _ends(sent)
        if sent.patience is not None and (broken or sent.status is None):
            parts.append(f"timeout={sent.patience:g}")
        if sent.status is None:
            self._lines += ["with pytest.raises(httpx.TransportError):", _indented(call(function, parts))]
            return
        hidden = sent.url not in names and "(redacted)" in redacted(sent.url, SECRET)
        self._remarks += [f"The URL of request {sent.number} is redacted, so its response is not asserted."] * hidden
        lost = is_digest(sent.content)
        if lost:
            self._remarks.append(f"The body of request {sent.number} is not kept: {sent.content.decode()[1:-1]}.")
        asserted = self._steps[index].seq > self._after and not hidden and not lost
        if sent.streamed:
            self._lines.append(f"with {call(function, parts, 15)} as response:")
            self._lines += map(_indented, _read(sent, names, broken=broken))
        else:
            self._lines.append(f"response = {call(function, parts)}")
        self._lines += [f"assert response.status_code == {sent.status}"] * asserted
        body = b"" if sent.response is None else sent.response.content
        found = parsed(body)
        for value, path in _leaves(found):
            if self._last.get(value, -1) > index and value not in names and value not in names.said:
                names[value] = self._new(_word(sent, path))
                self._lines.append(f"{names[value]} = response.json(){self._path(path)}")
        if sent.streamed:
            self._bind_completion(body, index)
        elif asserted:
            self._lines += _shown(sent, body, found, names)

    def _bind_completion(self, body: bytes, index: int) -> None:
        """Give a name to the id that the events of a stream have, if something later needs it."""
        ids = ID.findall(body.decode(errors="replace"))
        if ids and ids[0] not in self._names and self._last.get(ids[0], -1) > index:
            self._names[ids[0]] = self._new("completion_id")
            self._lines.append(f"{self._names[ids[0]]} = aurous.chat.completions.last.id")


def written(aurous: Aurous, sent: Call) -> str:
    """Return the line of a test that sends a request."""
    return call(*_written(sent, aurous.base_url, str(aurous.api_key), Names(secret=secret_of([sent]))))


def _written(sent: Call, home: str, own: str, names: Names) -> tuple[str, list[str]]:
    """Return what sends a request, and its arguments."""
    url = sent.url.removeprefix(home) if sent.host == host_of(urlsplit(home)) else sent.url
    parts = [names.literal(sent.url if sent.url in names else url)]
    headers = {name: shown_header(name, value) for name, value in sent._headers if not _OWN.fullmatch(name)}
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    body = _body(sent.content, kind, names)
    if body.startswith("json="):
        headers = {name: value for name, value in headers.items() if name.lower() != "content-type"}
    key = key_of(sent)
    if key != own:
        headers["X-Api-Key"] = key if key in names else "al_live_redacted" if key else ""
    parts += [body] if body else []
    if headers:
        parts.append(f"headers={names.literal(headers)}")
    method = sent.method.lower()
    if (
        sent.streamed
        or method not in {"get", "post", "put", "patch", "delete"}
        or (body and method in {"get", "delete"})
    ):
        return f"client.{'stream' if sent.streamed else 'request'}", [names.literal(sent.method), *parts]
    return f"client.{method}", parts


def _body(content: bytes, kind: str, names: Names) -> str:
    if not content or is_digest(content):
        return 'content=b""' if content else ""
    try:
        if kind.partition(";")[0] == "application/json":
            return f"json={names.literal(json.loads(content))}"
        return f"content={names.literal(content.decode())}.encode()"
    except (ValueError, RecursionError):
        # As Latin-1, each byte is a character: so keys are found in bytes, too.
        return f"content={redacted(content.decode('latin-1'), names.secret, as_code=True).encode('latin-1')!r}"


def _ends(sent: Call) -> bool:
    """Whether a fault has cut a stream so that its client sees an end."""
    return str(sent.fault).startswith("malformed")


def _read(sent: Call, names: Names, *, broken: bool) -> Iterator[str]:
    """Yield the lines that read a stream as far as its client has, or until it breaks."""
    body = b"" if sent.response is None else sent.response.content
    some = "" if sent.ended == COMPLETE or _ends(sent) else f", {sent.events}"
    yield "lines = response.iter_lines()"
    seen = [names.expected(one) for one in told(iter(body.decode(errors="replace").splitlines()))]
    kept = body and not is_digest(body)
    yield f"assert told(lines{some}) == {fitted('(', seen, ')')}" if kept else f"told(lines{some})"
    if broken:
        yield "with pytest.raises(httpx.TransportError):\n    list(lines)"


def _shown(sent: Call, body: bytes, found: Any, names: Names) -> Iterator[str]:
    """Yield what a test asserts of the body of a response."""
    if is_digest(body):
        yield f"assert len(response.content) == {body[1:].split()[0].decode()}"
    elif is_object(found) and is_object(error := found.get("error")):
        for name in ("code", "param"):
            if name in error:
                yield f'assert response.json()["error"]["{name}"] {_is(error[name], names)}'
    elif found is not None:
        yield f"assert response.json() == {names.expected(found)}"
    elif (sent.response.headers.get("content-type", "") if sent.response else "").startswith(("image/", "video/")):
        yield f"assert len(response.content) == {len(body)}"
    else:
        text = body.decode(errors="replace")
        drawn = _DRAWN.search(text)
        begin = names.literal(text[: drawn.start() if drawn else None])
        yield f"assert response.text.startswith({begin})" if drawn else f"assert response.text == {begin}"


def _is(value: Any, names: Names) -> str:
    return "is None" if value is None else f"== {names.expected(value)}"


def _indented(text: str) -> str:
    return "    " + text.replace("\n", "\n    ")


def _left(aurous: Aurous, steps: list[Taped]) -> Iterator[str]:
    """Yield what a test asserts at its end: records, faults, keys, deliveries and credits."""
    operations = (step.action.operation if step.action else step.call and step.call.operation for step in steps)
    touched = {str(operation).partition(".")[0] for operation in operations}
    for name in _KINDS:
        records = [one for team in aurous.teams for one in attrgetter(name)(team)]
        if not records or touched.isdisjoint(name.split(".")):
            continue
        each = f"for team in aurous.teams for one in team.{name}"
        if hasattr(records[0], "status"):
            counts = Names().literal(Counter(one.status for one in records))
            yield f"assert Counter(one.status {each}) == {counts}"
        else:
            yield f"assert len([one {each}]) == {len(records)}"
    if faults := [[one.kind, one.fired] for one in aurous.faults]:
        yield f"assert [[one.kind, one.fired] for one in aurous.faults] == {Names().literal(faults)}"
    keys = [len(team.keys) for team in aurous.teams]
    if max(keys) > 1:
        yield f"assert [len(one.keys) for one in aurous.teams] == {keys}"
    if made := [[one.event, one.status, one.response_status] for one in aurous.webhooks.deliveries]:
        found = "[[one.event, one.status, one.response_status] for one in aurous.webhooks.deliveries]"
        yield f"assert {found} == {Names().literal(made)}"
    available = [team.available_credits for team in aurous.teams]
    yield f"assert [one.available_credits for one in aurous.teams] == {Names().literal(available)}"


def _answers(action: Action | None) -> list[int]:
    """Return how the receivers of webhooks have responded, 0 where they have not."""
    made = action.result if action is not None and action.operation == "webhooks.flush" else None
    return [one["response_status"] or 0 for one in made or ()]


def _snapshots_of(action: Action) -> list[str | None]:
    """Return the names of snapshots that an action needs."""
    if action.operation == "restore":
        return [action.arguments["snapshot"]]
    return [action.arguments["name"]] if action.operation.startswith("snapshots.") else []


def _function(name: str) -> str:
    """Return the name of a test for what somebody has called it."""
    words = re.sub(r"[^a-z0-9]+", "_", redacted(name).lower()).strip("_").removeprefix("test_")
    return f"test_{words or 'copied'}"


def _delays(steps: list[Taped]) -> dict[int, float]:
    """Return by how many seconds each request moves the clock: a test reads a stream to its end, and then goes on."""
    found: dict[int, float] = {}
    stream = 0
    for step in steps:
        if step.call is not None and step.call.streamed:
            stream = step.seq
        cause = stream if step.call is None else step.seq
        found[cause] = found.get(cause, 0.0) + sum(seconds for how, seconds in step.events if how == "fault")
    return found


def _start(steps: list[Taped]) -> int:
    """Return where the test begins: after the last reset that no later step goes back behind."""
    needed: set[str | None] = set()
    for index in range(len(steps) - 1, -1, -1):
        action = steps[index].action
        if action is None:
            continue
        if action.operation == "reset" and not needed:
            return index + (not action.arguments.get("settings"))
        if action.operation == "snapshot":
            needed.discard(action.result["name"])
        needed.discard(action.arguments.get("to"))
        needed.update(_snapshots_of(action))
    return 0


def _sent(sent: Call) -> str:
    return f"{sent.url} {sent._headers} {sent.content.decode(errors='replace')}"


def _last(steps: list[Taped], after: int) -> dict[str, int]:
    """Return at which step the test mentions something drawn for the last time."""
    last: dict[str, int] = {}
    for index, step in enumerate(steps):
        if step.action is not None:
            last |= dict.fromkeys(tokens(json.dumps(step.action.arguments, ensure_ascii=False)), index)
            last[fault_name(step.action.arguments.get("number"))] = index
        if step.call is not None:
            last |= dict.fromkeys(tokens(_sent(step.call)), index)
            shown = step.seq > after and step.call.error_code is None and not step.call.streamed
            body = step.call.response.content if shown and step.call.response is not None else b""
            # That a record is still the same one is worth a line; the ids of requests and URLs are not.
            ids = (one for one in ID.findall(body.decode(errors="replace")) if not one.startswith("req_"))
            last |= dict.fromkeys(ids, index)
    return last


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield the values in a response that a later request may need, each with the keys that lead to it."""
    if isinstance(value, str) and _BOUND.fullmatch(value):
        yield value, path
    for key, item in (*as_object(value).items(), *enumerate(as_list(value))):
        if isinstance(item, str | dict | list):  # for speed
            yield from _leaves(item, (*path, key))


def _word(sent: Call, path: tuple[Any, ...]) -> str:
    """Return a name for a value in a response, such as ``character_id``."""
    thing = (sent.operation or "response").split(".")[0].removesuffix("s")
    names = [key for key in path if isinstance(key, str) and key.isidentifier()]
    return f"{thing}_{names[-1] if names else 'value'}"
