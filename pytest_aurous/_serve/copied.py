"""The actions and the requests of a served fake as one pytest test, which does the same again and expects the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

from .._core.base.data import as_object
from .._core.base.forms import ID, URL
from .._core.base.instants import moment
from .._core.base.redaction import SECRET, redacted
from .._core.wire.call import Call, is_digest, key_of, without_secrets
from .._core.wire.headers import shown_header
from .._core.wire.hosts import host_of
from .._facade import Aurous
from .actions import Action, call, fitted, literal

if TYPE_CHECKING:
    from .tape import Tape, Taped

_OWN: Final = re.compile(
    r"host|accept|accept-.*|connection|user-agent|content-length|x-api-key|authorization|sec-.*|origin|referer|cookie|cache-control"
    r"|pragma|priority|dnt|upgrade-.*|transfer-encoding|keep-alive|traceparent|te",
    re.IGNORECASE,
)
"""Headers that each client chooses for itself."""
_BOUND: Final = re.compile(rf"{ID.pattern}|{URL.pattern}|whsec_\S+")
"""Values that are others in each fake, so that a test takes them from the responses."""
_AUTOMATIC: Final = re.compile(r"before [\w.]+ \d+")
"""The names of snapshots that the page has taken."""
_LEAST: Final = 1.0
"""Seconds that may pass on the clock without a line of the test, unless something has happened meanwhile."""
_SETTINGS: Final = ("credits", "script", "rate_limits", "readings", "sparse", "grease", "reply", "base_url")
_STANDS: Final = frozenset({"clock.speed"})


def copied(aurous: Aurous, tape: Tape, after: int = 0, until: int | None = None, name: str = "copied") -> str:
    """Return a part of the session, from the last reset on, as a test that runs as it is.

    Args:
        aurous: The fake.
        tape: Its steps.
        after: The number of the step before the first one.
        until: The number of the last step; by default the newest.
        name: What the test is called, in any words.
    """
    with aurous._session.app.world.lock:
        steps = [step for step in tape.after(after, tape.keep) if until is None or step.seq <= until]
        return _Test(aurous, tape, steps, after, name).text()


class _Test:
    """Writes one test."""

    def __init__(self, aurous: Aurous, tape: Tape, steps: list[Taped], after: int, name: str) -> None:
        self._session = aurous._session
        self._name = name
        self._own = str(aurous.api_key)
        self._remarks: list[str] = []
        if after:
            self._remarks.append(f"It begins after step {after}: what was before is not in it.")
        elif tape.dropped:
            self._remarks.append(f"The first {tape.dropped} steps are not kept: what they did is not in it.")
        start = _start(steps)
        self._steps = steps[start:]
        self._loaded = [] if after else tape.loaded
        first = self._steps[0].began if self._steps else tape.began
        self._began = self._loaded[0].at if self._loaded else first
        self._names: dict[str, str] = {self._own: "aurous.api_key"}
        self._taken: dict[str, int] = {}
        self._lines: list[str] = []
        self._raises = False
        self._at = self._began
        self._snapshots: dict[str, float] = {}
        self._restored = {
            one.action.arguments["snapshot"] for one in self._steps if one.action and one.action.operation == "restore"
        }
        self._wanted = " ".join(_texts(self._steps))

    def text(self) -> str:
        """Return the module."""
        for action in self._loaded:
            self._act(action)
        for step in self._steps:
            self._wait(step)
            if step.call is not None:
                self._request(step.call)
            elif step.action is not None:
                self._act(step.action)
            self._at = max(self._at, step.at) if step.action is None else self._after(step.action, step.at)
        calls = sum(step.call is not None for step in self._steps)
        actions = sum(step.action is not None for step in self._steps)
        head = [f'"""Copied from a served fake: {calls} requests and {actions} actions."""', ""]
        head += [f"# {remark}" for remark in self._remarks]
        head += ["import httpx"] * self._raises + ["import pytest"] * self._raises + [""] * self._raises
        head += ["from pytest_aurous import Aurous", "", "", f"def {_function(self._name)}() -> None:"]
        head += ['    """The same actions and requests, and the same responses."""']
        # The rest of the line, which follows, has about 50 characters.
        begin = call("    with Aurous", list(self._settings()), 50).replace("\n", "\n    ")
        head += [f"{begin} as aurous, aurous.client(timeout=None) as client:"]
        body = self._lines or ["assert not aurous.calls"]
        lines = [*head, *(f"        {line}".rstrip() for part in body for line in part.split("\n"))]
        return str(
            without_secrets("\n".join([*lines, ""]), (step.call for step in self._steps if step.call is not None))
        )

    def _settings(self) -> Iterator[str]:
        """Yield the settings of the fake, and what keeps the test from failing for another reason than a response."""
        settings = self._session.settings
        yield f"now={literal(moment(self._began).isoformat())}"
        for name, value in {"seed": settings.seed, **settings.unusual(_SETTINGS)}.items():
            plain = {key: str(one) for key, one in as_object(value).items()}  # the text of a script says the same
            yield f"{name}={literal(plain or value)}"
        unmatched = any(step.call is not None and step.call.operation is None for step in self._steps)
        if unmatched or self._session.verdict.unmet:
            yield 'strict="off"'
        if self._session.app.pitfalls.seen:
            yield 'pitfalls="off"'

    def _wait(self, step: Taped) -> None:
        """Let the clock go on, where that matters: for a second or more, or where something has happened meanwhile."""
        passed = round(step.began - self._at, 3)
        happened = bool(step.notes) and step.call is None and step.action is None
        if passed >= _LEAST or (happened and passed > 0):
            self._lines.append(f"aurous.clock.advance(seconds={passed:g})")
            self._at = step.began

    def _after(self, action: Action, at: float) -> float:
        """Return where the clock of the test is after an action."""
        if action.operation in {"restore", "reset"}:
            return self._snapshots.get(str(action.arguments.get("snapshot")), self._began)
        if action.operation == "snapshot":
            self._snapshots[action.result["name"]] = self._at
            return self._at
        moves = action.operation.startswith(("clock.", "import_")) and action.operation not in _STANDS
        return at if moves else self._at

    def _act(self, action: Action) -> None:
        name = action.result["name"] if action.operation == "snapshot" else ""
        if _AUTOMATIC.fullmatch(name) and name not in self._restored:
            return
        if action.operation in _STANDS:
            self._lines.append(f"# {action.python()}: here, the clock goes on by advance()")
            return
        line = action.python(self._names)
        found = self._made(action)
        if found is not None:
            line = f"{found} = {line}"
        self._lines.append(line)
        if action.operation == "import_":  # its clock goes on in real time
            self._lines.append(f"aurous.clock.freeze(at={literal(moment(action.at).isoformat())})")

    def _made(self, action: Action) -> str | None:
        """Return a name for what an action has made, if something later needs it."""
        result = cast("dict[str, Any]", action.result) if type(action.result) is dict else {}  # pyright: ignore[reportUnknownMemberType]
        word = action.operation.partition(".")[0].removesuffix("s")
        if action.operation.startswith("faults.") and f"fault {result.get('number')}" in self._wanted:
            name = self._names[f"fault {result['number']}"] = self._new("fault")
            return name
        key = str(result.get("key") or result.get("api_key"))
        if action.operation.endswith((".add_key", ".rotate")) and key in self._wanted:
            name = self._names[key] = self._new("key")
            return name
        record = str(result.get("id"))
        used = record in self._wanted or ("api_key" in result and key in self._wanted)
        if not action.operation.endswith(".add") or not used or record == action.arguments.get("id"):
            return None
        name = self._new(word)
        self._names[record] = f"{name}.id"
        if "api_key" in result:
            self._names[key] = f"{name}.api_key"
        return name

    def _new(self, word: str) -> str:
        count = self._taken[word] = self._taken.get(word, 0) + 1
        return word if count == 1 else f"{word}_{count}"

    def _request(self, sent: Call) -> None:
        line = f"response = {_written(sent, self._session.settings.base_url, self._own, self._names)}"
        if is_digest(sent.content):
            self._remarks.append(f"The body of request {sent.number} is not kept: {sent.content.decode()[1:-1]}.")
        if sent.status is None:
            self._raises = True
            self._lines += ["with pytest.raises(httpx.TransportError):", f"    {line[11:]}".replace("\n", "\n    ")]
            return
        hidden = sent.url not in self._names and "(redacted)" in redacted(sent.url, SECRET)
        if hidden or is_digest(sent.content):
            what = "URL is redacted" if hidden else "body is not kept"
            self._lines += [line, f"# its {what}, so that the response may be another than {sent.status}"]
            return
        self._lines += [line, f"assert response.status_code == {sent.status}"]
        body = sent.response.json if sent.response is not None else None
        if sent.error_code is not None and isinstance(body, dict) and "error" in body:
            self._lines.append(f'assert response.json()["error"]["code"] == {literal(sent.error_code)}')
        elif isinstance(body, dict) and isinstance(body.get("status"), str):  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
            self._lines.append(f'assert response.json()["status"] == {literal(body["status"])}')
        for value, path in _leaves(body, ""):
            if value not in self._names and value in self._wanted and value != sent.path:
                name = self._new(_word(sent, path))
                self._names[value] = name
                self._lines.append(f"{name} = response.json(){path}")


def written(aurous: Aurous, sent: Call) -> str:
    """Return the line of a test that sends a request."""
    return str(without_secrets(_written(sent, aurous.base_url, str(aurous.api_key), {}), [sent]))


def _written(sent: Call, home: str, own: str, names: Mapping[str, str]) -> str:
    url = sent.url.removeprefix(home) if sent.host == host_of(urlsplit(home)) else sent.url
    parts = [literal(sent.url if sent.url in names else url, names)]
    headers = {name: shown_header(name, value) for name, value in sent._headers if not _OWN.fullmatch(name)}
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    body = _body(sent.content, kind, names)
    if body.startswith("json="):
        headers = {name: value for name, value in headers.items() if name.lower() != "content-type"}
    key = key_of(sent)
    if key != own:
        headers["X-Api-Key"] = key if key in names else "al_live_unknown" if key else ""
    parts += [body] if body else []
    if headers:
        given = [f"{json.dumps(name)}: {literal(value, names)}" for name, value in headers.items()]
        parts.append(fitted("headers={", given, "}"))
    method = sent.method.lower()
    if method not in {"get", "post", "put", "patch", "delete"} or (body and method in {"get", "delete"}):
        return call("client.request", [literal(sent.method), *parts])
    return call(f"client.{method}", parts)


def _body(content: bytes, kind: str, names: Mapping[str, str]) -> str:
    if not content or is_digest(content):
        return 'content=b""' if content else ""
    try:
        if kind.partition(";")[0] == "application/json":
            return f"json={literal(json.loads(content), names)}"
        return f"content={literal(content.decode(), names)}.encode()"
    except (ValueError, RecursionError):
        # As Latin-1, each byte is a character: so keys are found in bytes, too.
        return f"content={redacted(content.decode('latin-1'), as_code=True).encode('latin-1')!r}"


def _function(name: str) -> str:
    """Return the name of a test for what somebody has called it."""
    words = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_").removeprefix("test_")
    return f"test_{words or 'copied'}"


def _start(steps: list[Taped]) -> int:
    """Return where the test begins: after the last reset that no later step goes back behind."""
    made: set[str] = set()
    back: set[str] = set()
    for index in range(len(steps) - 1, -1, -1):
        action = steps[index].action
        if action is None:
            continue
        if action.operation == "reset" and back <= made:
            return index + 1
        if action.operation == "snapshot":
            made.add(action.result["name"])
        if action.operation == "restore":
            back.add(action.arguments["snapshot"])
    return 0


def _texts(steps: Iterable[Taped]) -> Iterator[str]:
    """Yield everything that requests and actions mention."""
    for step in steps:
        if step.call is not None:
            yield f"{step.call.url} {step.call._headers} "
            yield step.call.content.decode(errors="replace")
        elif step.action is not None:
            yield json.dumps(step.action.arguments, ensure_ascii=False)
            yield f"fault {step.action.arguments.get('number')}" if step.action.operation == "fault.remove" else ""


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield the values in a response that a later request may need, each with the path to it."""
    if isinstance(value, dict):
        for key, item in cast("dict[str, Any]", value).items():
            yield from _leaves(item, f"{path}[{literal(key)}]")
    elif isinstance(value, list):
        for index, item in enumerate(value):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            yield from _leaves(item, f"{path}[{index}]")
    elif isinstance(value, str) and _BOUND.fullmatch(value):
        yield value, path


def _word(sent: Call, path: str) -> str:
    """Return a name for a value in a response, such as ``character_id``."""
    thing = (sent.operation or "response").split(".")[0].removesuffix("s")
    last = re.findall(r'"(\w+)"', path)
    return f"{thing}_{last[-1] if last else 'value'}"
