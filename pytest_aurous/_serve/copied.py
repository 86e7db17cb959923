"""The actions and the requests of a served fake as one pytest test, which does the same again and expects the same."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from inspect import getsource
from itertools import islice
from json import dumps, loads
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from .._core.base.data import as_list, as_object, parsed
from .._core.base.errors import AurousError, see, shown
from .._core.base.forms import ID, URL
from .._core.base.instants import moment
from .._core.base.redaction import protecting, redacted
from .._core.wire.call import BY_CLIENT, COMPLETE, Call, is_digest, key_of, reply_to, secret_of
from .._core.wire.headers import shown_header
from .._core.wire.hosts import host_of
from .._fake.aurous import Aurous
from .._fake.objects import session_of
from .actions import Action, fault_name, perform
from .literals import Names, call, fitted, tokens
from .tape import Taped

if TYPE_CHECKING:
    from .tape import Tape

_OWN: Final = re.compile(
    r"host|accept|accept-.*|connection|user-agent|content-length|x-api-key|authorization|sec-.*|origin|referer|cookie|cache-control"
    r"|pragma|priority|dnt|upgrade-.*|transfer-encoding|keep-alive|traceparent|tracestate|te|x-stainless-.*",
    re.IGNORECASE,
)
"""Headers that each client chooses for itself."""
_BOUND: Final = re.compile(rf"{ID.pattern}|{URL.pattern}|whsec_\S+")
"""Values that are others in each fake, so that a test takes them from the responses."""
_KEY: Final = "aurous.api_key"
_REMARK: Final = "It tests the fake as the session has used it: let your application send the requests instead."
_MOVING: Final = {"clock", "reset", "restore", "snapshot", "snapshots"}
"""What the actions begin with that do something with the clock or the snapshots."""
_CHECKED: Final = ("reset", "restore", "clock.freeze", "import_")
"""The actions after which nobody sees where the clock was."""
_NEEDED: Final = {"restore": "snapshot", "snapshots.rename": "name", "snapshots.remove": "name"}
"""The arguments that name a snapshot which must be there."""
_READ: Final = {"", COMPLETE, BY_CLIENT}
"""How streams have ended that a test reads as far as their clients have."""
_ROUTE: Final = 'aurous.webhooks.route("*", receive)'
_KINDS: Final = ("characters", "uploads", "images", "videos", "files", "chat.completions")
_STYLES: Final = ("webhook_endpoints", "loras", "video_loras", "models")
_LEFT: Final = (
    "len(aurous.calls)",
    *(f"Counter(one.status for team in aurous.teams for one in team.{name})" for name in _KINDS),
    *(f"[len(team.{name}) for team in aurous.teams]" for name in _STYLES),
    (
        "{name: len(found) for state in [aurous.export()] for kind in ('sections', 'lists')"
        " for name, found in state[kind].items() if name in ('chat replies', 'poses', 'scripts', 'vectors')}"
    ),
    "[team.balance_low_threshold for team in aurous.teams]",
    "[[one.kind, one.fired] for one in aurous.faults]",
    "[one.ended for team in aurous.teams for one in team.keys]",
    "[[one.event, one.status, one.response_status] for one in aurous.webhooks.deliveries]",
    "[team.available_credits for team in aurous.teams]",
)
"""What a test asserts at its end, if it is not as in each new fake; the credits in any case."""
_SOON: Final = 1e-6
_LATE: Final = 30.0
"""Seconds by which the clock of a test may be wrong, where something may depend on it and where nothing does."""
_TIMED: Final = ("runs", "idempotency", "deliveries", "limit.", "faults.outage", "reset")
"""The sections of the state that depend on the clock, and what actions begin with after which something may."""
_IMPORTS: Final = (
    "from collections import Counter",
    "from collections.abc import Iterable",
    "from contextlib import ExitStack",
    "from itertools import islice",
    "from json import loads",
    "from typing import Any",
    "from unittest.mock import ANY",
    "from unittest.mock import Mock",
    "\nimport httpx",
    "import pytest",
)


def copied(aurous: Aurous, tape: Tape, after: int = 0, until: int | None = None, name: str = "copied") -> str:
    """Return the steps after *after* as a test that runs as it is; what was before is done, but not asserted."""
    with tape.fake.lock:
        test = _Test(aurous, tape, after, tape.last if until is None else until)
    with protecting(tape.fake.default_key):  # without the lock: it takes seconds
        return test.text(name)


class _Opened(NamedTuple):
    """A stream beside which something happens: the name of its response, and how many of its events were read."""

    name: str
    sent: Call
    asserted: bool
    read: int = 0

    @property
    def seen(self) -> str:
        return f"{self.name}_seen"

    def lines(self) -> list[str]:
        """Return the lines of its body, as far as it is known."""
        return reply_to(self.sent).body.decode(errors="replace").splitlines()

    def reading(self, events: int | None = None) -> str:
        """Return the line that reads so many events, or all."""
        return f"told({self.name}_lines, {events}, {self.seen})"


class _Test:
    """Writes one test.

    It takes all that it needs when it is created, under the lock of the fake.
    """

    def __init__(self, aurous: Aurous, tape: Tape, after: int, until: int) -> None:
        taped = tape.after(0, tape.keep)
        steps = [step for step in taped if step.seq <= until and (step.call or step.action)]
        steps = steps[_start(steps, tape.dropped) :]
        within = {of for step in steps for of, _ in step.streams} & {step.seq for step in steps}
        self._remarks = [f"Steps 1 to {after} are repeated, but nothing is asserted about them."] * bool(after)
        ends = {step.seq for step in taped if step.part and step.part.ended and step.part.of in within}
        shown = {step.seq for step in steps} | {seq for seq in ends if seq <= until}
        steps = [step for step in taped if step.seq in shown]
        for index, (seq, sent, *_) in enumerate(steps):
            if sent is not None and is_digest(sent.content):
                self._remarks.append(f"It ends before request {sent.number}, whose body is too large to be kept.")
                steps, until = steps[:index], seq - 1
                break
        self._loaded = tape.loaded
        loaded = (Taped(action=one, began=one.at) for one in self._loaded)
        self._steps, self._after = [*loaded, *steps], after
        self._within, self._open = within, dict[int, _Opened]()
        self._waits, self._delays = _delays(taped, within)
        self._settings = session_of(aurous).start.settings
        self._sent = [step.call for step in self._steps if step.call is not None]
        self._actions = [step.action for step in self._steps if step.action is not None]
        self._began = moment(self._steps[0].began if self._steps else tape.began).isoformat()
        self._fake = Aurous(now=self._began)  # whose clock and snapshots do what those of the test will do
        self._clock = self._fake.clock
        self._names = Names({str(aurous.api_key): _KEY}, secret_of(self._sent))
        self._taken = Counter[str]()
        self._lines: list[str] = []
        self._slack = _SOON if self._loaded or self._settings.rate_limits == "enforce" else _LATE
        # What was after a part may have gone back behind it.
        self._end: list[str] = []
        self._ended = aurous.clock.time()
        for expression in _LEFT if until >= tape.last and not tape.streams else ():
            left, start = (eval(expression, {**globals(), "aurous": one}) for one in (aurous, self._fake))  # noqa: S307
            if left != start or "credits" in expression:
                self._end.append(f"assert {expression} == {Names().literal(left)}")

    def text(self, name: str) -> str:
        self._names.said, self._wanted = _known(self._steps)
        flushes = [as_list(one.result) for one in self._actions if one.operation == "webhooks.flush"]
        answers = [str(one["response_status"] or "ConnectionError()") for made in flushes for one in made]
        self._routes = [_ROUTE] * bool(answers)
        if answers:
            self._lines += [call("receive = Mock", [f"side_effect={fitted('[', answers, ']')}"]), *self._routes]
        for step in self._steps:
            operation = "" if step.action is None else step.action.operation
            if operation.startswith(_TIMED) or any(change[0] in _TIMED for change in step.changes):
                self._slack = _SOON
            self._read_on(step)
            self._wait(step.began)
            if step.action is not None and operation != "clock.speed":  # the lines say how long each step has taken
                self._act(step.action)
            if step.call is not None:
                self._request(step.call, step)
                self._clock.move(self._delays.get(step.seq, 0.0))
        if self._end:
            self._wait(self._ended)
        self._check()
        if any(one.operation.startswith("snapshot") for one in self._actions):
            self._lines.append(f"assert list(aurous.snapshots) == {self._names.literal(list(self._fake.snapshots))}")
        return self._module(name)

    def _module(self, name: str) -> str:
        words = re.sub(r"[^a-z0-9]+", "_", redacted(name).lower()).strip("_").removeprefix("test_")
        settings = self._settings.unusual("start", "responses", "address")
        settings |= {"now": self._began, "seed": self._settings.seed}
        settings |= {"strict": "off", "pitfalls": "off"}  # it fails for what it asserts alone
        begin = call("Aurous", [f"{name}={self._names.literal(value)}" for name, value in settings.items()])
        body = "\n".join([*self._lines, *self._end])
        text = f"def test_{words or 'copied'}() -> None:\n"
        text += '    """The same actions and requests, and the same responses."""\n'
        text += f"    aurous = {_indented(begin)}\n"
        streams = ", ExitStack() as streams" if self._open else ""
        text += f"    with aurous, aurous.client(timeout=None) as client{streams}:\n"
        text += f"        {_indented(_indented(body))}\n"
        text = f"{getsource(told)}\n\n{text}" if "told(" in body else text
        counts = f"{len(self._sent)} requests and {len(self._actions)} actions"
        remarks = [f"# {remark}" for remark in (_REMARK, *self._remarks)]
        names = "|".join(line.split()[-1] for line in _IMPORTS)
        used = {one for line in text.split("\n") for one in re.findall(rf"\b(?:{names})\b(?!-)", line)}
        imports = [line for line in _IMPORTS if line.split()[-1] in used]
        head = [f'"""Copied from a served fake: {counts}."""', "", *remarks, "", *imports]
        return "\n".join([*head, "", "from pytest_aurous import Aurous", "", "", text])

    def _wait(self, until: float) -> None:
        """Let the clock go on to where it was, if something may depend on it."""
        passed = round(until - self._clock.time(), 6)
        if passed >= self._slack:
            self._lines.append(f"aurous.clock.advance(seconds={passed:.12g})")
            self._clock.advance(seconds=passed)
        elif passed <= -self._slack:  # two requests were delayed at the same time
            self._freeze(until)

    def _check(self) -> None:
        """Assert where the clock is, which nobody can see after a step back."""
        self._lines.append(f'assert aurous.clock.now().isoformat() == "{self._clock.now().isoformat()}"')

    def _freeze(self, at: float) -> None:
        instant = moment(at).isoformat()
        self._lines.append(f'aurous.clock.freeze(at="{instant}")')
        self._clock.freeze(instant)

    def _act(self, action: Action) -> None:
        """Write an action, and do with the clock and the snapshots what it does with those of the test."""
        operation, given = action.operation, action.arguments
        if operation.startswith(_CHECKED):
            self._check()
        line = action.python(self._names)
        if operation == "webhooks.deliver_to" and self._routes:
            line = line.replace("(", "(receive, ", 1)
        if operation.startswith("assert_") and not action.result["passed"]:
            line = f"with pytest.raises(AssertionError):  # as in the session\n    {_indented(line)}"
        self._assign(action, line)
        if operation.startswith("limit."):  # a bucket fills by itself: soon nobody sees it
            bucket = line.rpartition(operation.removeprefix("limit"))[0]
            self._lines.append(f"assert {bucket}.remaining == {action.result['remaining']}")
        if operation.partition(".")[0] in _MOVING:
            perform(self._fake, operation, given)
        if operation == "reset":  # a served fake returns to the state of its start, but a test to an empty fake
            self._lines += self._routes
            for one in self._loaded:
                self._act(one)
            if self._loaded and "credits" in as_object(given.get("settings")):
                self._lines.append(f"aurous.team.credits = {given['settings']['credits']!r}")
        if operation == "import_":  # its clock goes on in real time
            self._freeze(action.at)

    def _assign(self, action: Action, line: str) -> None:
        """Write the line of an action, and give names to what it has made, if something later needs it."""
        result, operation, named = as_object(action.result), action.operation, dict[str, str]()
        paths: dict[str, tuple[Any, ...]] = {}
        if operation.startswith("faults."):
            named[fault_name(result["number"])] = ""
        elif operation.endswith((".add_key", ".rotate")):
            named[result["key"]] = ""
        elif operation.endswith((".add", ".deliver_to")) and "id" in result:
            named = {result[key]: f".{key}" for key in ("id", "api_key") if key in result}
            paths = dict(_leaves(result))
        needed = self._wanted - self._names.keys()
        named = {value: path for value, path in named.items() if value in needed}
        paths = {value: path for value, path in paths.items() if value in needed and value not in named}
        if not named and not paths:
            self._lines.append(line)
            return
        name = self._new("key" if "key" in result else operation.partition(".")[0].removesuffix("s"))
        self._names.update((value, f"{name}{path}") for value, path in named.items())
        self._lines.append(f"{name} = {line}")
        for value, path in paths.items():
            self._bind(name, value, f"{name}.json()", path)

    def _bind(self, thing: str, value: str, got: str, path: tuple[Any, ...]) -> None:
        """Give a value at a path a name: an f-string may have no expression with quotes in it."""
        keys = [key for key in path if isinstance(key, str) and key.isidentifier()]
        self._names[value] = name = self._new("_".join([thing, *keys[-1:]]))
        indices = "".join(f"[{self._names.literal(key)}]" for key in path)
        self._lines.append(f"{name} = {got}{indices}")

    def _new(self, word: str) -> str:
        self._taken[word] += 1
        return word if self._taken[word] == 1 else f"{word}_{self._taken[word]}"

    def _read_on(self, step: Taped) -> None:
        """Read the open streams as far as their clients had at a step, so that it happens at the same event."""
        for of, events in step.streams:
            if (one := self._open.get(of)) is not None and events > one.read:
                self._lines.append(one.reading(events - one.read))
                self._open[of] = one._replace(read=events)
                self._bind_all(one.seen, told(one.lines(), events), "chat")
        if step.part is not None and (one := self._open.get(step.part.of)) is not None:
            self._lines += self._last_of(one)
        self._clock.move(self._waits.get(step.seq, 0.0))

    def _last_of(self, one: _Opened) -> Iterator[str]:
        """Yield how a stream ends that something happened beside."""
        if one.sent.ended not in _READ:
            yield f"with pytest.raises(httpx.TransportError):\n    {one.reading()}"
            return
        yield one.reading() if one.sent.ended == COMPLETE else one.reading(one.sent.events - one.read)
        yield f"{one.name}.close()"
        if one.asserted:
            found = told(one.lines(), None if one.sent.ended == COMPLETE else one.sent.events)
            yield f"assert {one.seen} == {self._names.literal(found, expected=True)}"

    def _bind_all(self, got: str, found: Any, thing: str) -> None:
        """Give names to what something later needs of a response."""
        for value, path in _leaves(found):
            if value in self._wanted and value not in self._names:
                self._bind(thing, value, got, path)

    def _request(self, sent: Call, step: Taped) -> None:
        names, asserted = self._names, step.seq > self._after
        names.hides = False
        function, parts = _written(sent, self._settings.base_url, names)
        malformed = str(sent.fault).startswith("malformed")  # whose client sees an end
        if step.seq in self._within and not malformed:
            opened = call("client.stream", [names.literal(sent.method), *parts])
            one = _Opened(
                self._new("stream"), sent, asserted and not names.hides and not is_digest(reply_to(sent).body)
            )
            self._lines += [
                f"{one.name} = streams.enter_context({opened})",
                f"{one.name}_lines = {one.name}.iter_lines()",
                f"{one.seen} = told(())",
                f"assert {one.name}.status_code == {sent.status}",
            ]
            self._open[step.seq] = one
            return
        if sent.status is None or (sent.streamed and not malformed and sent.ended not in _READ):
            parts += [] if sent.patience is None else [f"timeout={sent.patience:g}"]
            self._lines.append(f"with pytest.raises(httpx.TransportError):\n    {_indented(call(function, parts))}")
            return
        self._lines += ["# A secret is left out, so its response is not asserted."] * (asserted and names.hides)
        asserted = asserted and not names.hides
        body = reply_to(sent).body
        line, got, found = f"response = {call(function, parts)}", "response.json()", parsed(body)
        if sent.streamed and not malformed:
            parts = [names.literal(sent.method), *parts]
            some = "" if sent.ended == COMPLETE else f", {sent.events}"
            line = f"with {call('client.stream', parts)} as response:\n    seen = told(response.iter_lines(){some})"
            got, found = "seen", told(body.decode(errors="replace").splitlines())
            asserted = asserted and sent.ended != "" and not is_digest(body)  # its body is known at its end
        elif found is None:  # no JSON, or not kept
            length = int(body[1:].split()[0]) if is_digest(body) else len(body)
            got, found = "len(response.content)", length
        self._lines.append(line)
        self._lines += [f"assert response.status_code == {sent.status}"] * asserted
        if asserted and (later := dict(reply_to(sent).headers).get("Retry-After")) is not None:
            self._lines.append(f'assert response.headers["Retry-After"] == "{later}"')
        self._bind_all(got, found, (sent.operation or "response").split(".")[0].removesuffix("s"))
        self._lines += [f"assert {got} == {names.literal(found, expected=True)}"] * asserted


def written(aurous: Aurous, sent: Call) -> str:
    """Return the line of a test that sends a request."""
    names = Names({str(aurous.api_key): _KEY}, secret_of([sent]))
    return call(*_written(sent, aurous.base_url, names))


def _written(sent: Call, home: str, names: Names) -> tuple[str, list[str]]:
    """Return what sends a request, and its arguments."""
    url = sent.url.removeprefix(home) if sent.host == host_of(urlsplit(home)) else sent.url
    parts = [names.literal(sent.url if sent.url in names else url)]
    kind = sent.sent_headers.get("content-type", "")
    body = _body(sent.content, kind, names)
    pairs = sent.sent_headers.multi_items()
    own = [(name, value) for name, value in pairs if not _OWN.fullmatch(name) and value.isascii()]
    headers = {name: shown_header(name, value) for name, value in own}
    if body.startswith("json="):
        headers = {name: value for name, value in headers.items() if name.lower() != "content-type"}
    key = key_of(sent)
    if names.get(key) != _KEY:
        headers["X-Api-Key"] = key if key in names else "al_live_redacted" if key else ""
    parts += [body] if body else []
    if headers:
        parts.append(f"headers={names.literal(headers)}")
    method = sent.method.lower()
    if method in {"post", "put", "patch"} or (method in {"get", "delete"} and not body):
        return f"client.{method}", parts
    return "client.request", [names.literal(sent.method), *parts]


def _body(content: bytes, kind: str, names: Names) -> str:
    if not content:
        return ""
    try:
        text = content.decode()
        if kind.partition(";")[0] != "application/json":
            return f"content={names.literal(text)}.encode()"
        value = loads(text)
        dumps(value, allow_nan=False, ensure_ascii=False).encode()  # as httpx does
        return f"json={names.literal(value)}"
    except (ValueError, RecursionError):
        return f"content={names.literal(content)}"


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")


def _delays(steps: list[Taped], within: set[int]) -> tuple[dict[int, float], dict[int, float]]:
    """Return by how much the clock moves before and after each step.

    A test reads a stream at once, unless something happens *within* it: then as far as it had come before each step.
    """
    waits, delays, stream, pending = dict[int, float](), dict[int, float](), 0, 0.0
    for step in steps:
        waited = sum(seconds for how, seconds in step.events if how == "fault")
        if step.call is not None:
            delays[step.seq] = waited
            stream = step.seq if step.call.streamed else stream
        elif stream in within:
            pending += waited
        else:
            delays[stream] = delays.get(stream, 0.0) + waited
        if step.call or step.action or (step.part and step.part.ended):
            waits[step.seq], pending = pending, 0.0
    return waits, delays


def _start(steps: list[Taped], dropped: int) -> int:
    """Return where the test begins: after the last reset that no later step goes back behind.

    Raises:
        AurousError: If it would have to repeat what is not kept, such as steps that were *dropped*.
    """
    needed: set[str] = set()
    for index in range(len(steps) - 1, -1, -1):
        operation, given, *_ = steps[index].action or Action("", {})
        if operation == "reset" and not needed:
            return index if given.get("settings") else index + 1
        needed -= {given.get("name" if operation == "snapshot" else "to")}
        needed |= {given[_NEEDED[operation]]} if operation in _NEEDED else set()
    if dropped or needed:
        what = f"the first {dropped} steps" if dropped else f"the step that took the snapshot {shown(min(needed))}"
        raise AurousError(
            f"The fake does not have {what}, so no test can repeat the session. Reset it before what is to be a test"
            f"{', or keep more steps with --keep' if dropped else ''}.\n{see('how-to/server.html#a-session-as-a-test')}"
        )
    return 0


def _known(steps: list[Taped]) -> tuple[set[str], set[str]]:
    """Return the tokens that a test says itself, and those that it takes from responses: what it sends, and ids."""
    said, wanted, seen = set[str](), set[str](), set[str]()
    for _, sent, action, *_ in steps:
        says, hears = "", ""
        if action is not None:
            says, hears = (dumps(one, ensure_ascii=False) for one in (action.arguments, action.result))
            wanted |= {fault_name(action.arguments["number"])} if action.operation.startswith("fault.") else set()
        if sent is not None:
            says = f"{sent.url} {sent.sent_headers.multi_items()} {sent.content.decode(errors='replace')}"
            hears = reply_to(sent).body.decode(errors="replace")
        spoken, drawn = set(tokens(says)), set(tokens(hears))
        said |= spoken - seen
        wanted |= seen & (spoken | {one for one in drawn if ID.fullmatch(one) and not one.startswith("req_")})
        seen |= drawn - said
    return said, wanted


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield the values in a response that a later request may need, each with the keys that lead to it."""
    if isinstance(value, str) and _BOUND.fullmatch(value):
        yield value, path
    for key, item in (*as_object(value).items(), *enumerate(as_list(value))):
        if isinstance(item, str | dict | list):  # for speed
            yield from _leaves(item, (*path, key))


# A copied test brings it along, so it knows nothing else of this package.
def told(lines: Iterable[str], events: int | None = None, said: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return what a stream says, or so many of its events, after what it has *said*."""
    said = {"text": "", "tool calls": ""} if said is None else said
    for line in islice((line for line in lines if line.startswith("data: {")), events):
        chunk = loads(line.removeprefix("data: "))
        said |= {name: chunk[name] for name in ("id", "usage") if chunk.get(name)}
        for choice in chunk.get("choices", ()):
            said["text"] += choice["delta"].get("content") or ""
            said |= {"finish_reason": choice["finish_reason"]} if choice.get("finish_reason") else {}
            for one in choice["delta"].get("tool_calls") or ():
                said["tool calls"] += "".join(one["function"].values())
    return said
