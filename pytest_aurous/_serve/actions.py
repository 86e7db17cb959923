"""Recorded actions: whatever changes a fake from outside, as one record, from which its other forms follow."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, cast

from .._core.base.arguments import Check
from .._core.base.redaction import SECRET, redacted, shortened
from .._core.wire.headers import shown_header
from .._facade import Aurous, as_json
from .arguments import PAGE, check_names
from .replies import CONTROL
from .table import ControlOperation, operations, team_of

_WIDE: Final = 80


class Action(NamedTuple):
    """One action.

    Attributes:
        operation: Its name, such as ``clock.advance``.
        arguments: Its arguments, as JSON.
        result: What it returned, as JSON.
        number: 1 for the first.
        at: When it was done on the clock, in epoch seconds.
        undo: The name of the snapshot that was taken before.
        expression: What Python writes for it, where no operation says so.
    """

    operation: str
    arguments: Mapping[str, Any]
    result: Any = None
    number: int = 0
    at: float = 0.0
    undo: str | None = None
    expression: str = ""

    def curl(self, url: str) -> str:
        """Return the command for a shell."""
        parts = ["curl", f"{url}{CONTROL}/{self.operation}"]
        parts += ["--json", json.dumps(self.arguments, ensure_ascii=False)] if self.arguments else ["-X", "POST"]
        return shlex.join(parts)

    def python(self, names: Mapping[str, str] | None = None) -> str:
        """Return the line of a test; *names* has expressions for values that a test knows under a name."""
        names = names or {}
        given = self.arguments
        if self.operation == "snapshots.rename":
            old, new = literal(given["name"], names), literal(given["to"], names)
            return f"aurous.snapshots[{new}] = aurous.snapshots.pop({old})"
        if self.operation == "snapshots.remove":
            return f"del aurous.snapshots[{literal(given['name'], names)}]"
        if self.expression:
            return self.expression
        operation = operations()[self.operation]
        subject = _subject(operation, given, names)
        own = {name: given[name] for name in operation.own if name in given}
        if operation.sets:
            return f"{subject}.{operation.verb} = {literal(own[operation.verb], names)}"
        return call(f"{subject}.{operation.verb}", list(_parts(operation, own, names)))

    def line(self) -> str:
        """Return the line of a log."""
        result = "" if self.result is None else f" -> {shortened(json.dumps(self.result, ensure_ascii=False), 60)}"
        return f"{redacted(self.python().removeprefix('aurous.'))}{result}"

    def json(self, url: str) -> dict[str, Any]:
        """Return all of it, with its other forms."""
        told = {"version": 1, **self._asdict(), "curl": self.curl(url), "python": self.python(), "line": self.line()}
        del told["expression"]
        return told


def _subject(operation: ControlOperation, given: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return the expression of the object that has the method."""
    word = operation.name.partition(".")[0]
    if word == "fault" and f"fault {given['number']}" in names:
        return names[f"fault {given['number']}"]
    handle = names.get(str(given.get("id")), "")
    if word in _SINGULAR and handle.endswith(".id"):
        return handle.removesuffix(".id")
    text = "aurous"
    for step in operation.subject.named(given):
        text += f".{step}" if isinstance(step, str) else f"[{literal(step[0], names)}]"
    return text


_SINGULAR: Final = frozenset({"character", "image", "video"})


def _parts(operation: ControlOperation, own: Mapping[str, Any], names: Mapping[str, str]) -> Any:
    """Yield the arguments of a call: those that are required without their names."""
    leading = True
    for name in operation.own:
        leading = leading and name in operation.takes.required and name in own
        if name == operation.takes.many:
            yield from (literal(item, names) for item in own[name])
        elif name in own:
            value = literal(own[name], names)
            yield value if leading else f"{name}={value}"


def call(function: str, parts: list[str], more: int = 0) -> str:
    """Return a call, on several lines if it is long; *more* characters follow it."""
    return fitted(f"{function}(", parts, ")", more)


def literal(value: Any, names: Mapping[str, str] | None = None) -> str:
    """Write JSON as a Python literal; a text in *names* is its expression, also inside of another text."""
    names = names or {}
    if isinstance(value, str):
        return _text(value, names)
    if isinstance(value, list):
        return fitted("[", [literal(item, names) for item in value], "]")  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        pairs = [f"{literal(key, names)}: {literal(item, names)}" for key, item in value.items()]  # pyright: ignore[reportUnknownVariableType]
        return fitted("{", pairs, "}")
    return repr(value)


def _text(value: str, names: Mapping[str, str]) -> str:
    if value in names:
        return names[value]
    # Ids and URLs are longer; anything shorter could stand in a text by chance. The longest first, as one may begin
    # with another.
    found = sorted((one for one in names if len(one) > 8 and one in value), key=len, reverse=True)  # noqa: PLR2004
    if not found:
        return _quoted(value)
    pattern = re.compile("|".join(map(re.escape, found)))
    parts: list[str] = []
    done = 0
    for match in pattern.finditer(value):
        parts += [_escaped(value[done : match.start()]), f"{{{names[match[0]]}}}"]
        done = match.end()
    return f'f"{"".join(parts)}{_escaped(value[done:])}"'


def _quoted(value: str) -> str:
    value = redacted(value, SECRET, as_code=True)
    plain = json.dumps(value, ensure_ascii=not value.isprintable())
    return plain if json.loads(plain) == value and "\\u" not in plain else repr(value)


def _escaped(value: str) -> str:
    return _quoted(value)[1:-1].replace("{", "{{").replace("}", "}}")


def fitted(left: str, parts: list[str], right: str, more: int = 0) -> str:
    """Put parts between brackets, on one line if that fits; *more* characters follow it."""
    line = f"{left}{', '.join(parts)}{right}"
    if len(line) + more <= _WIDE and "\n" not in line:
        return line
    inner = "".join(f"    {part},\n".replace("\n", "\n    ").removesuffix("    ") for part in parts)
    return f"{left}\n{inner}{right}" if parts else line


# What actions do


def prepared(aurous: Aurous, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a known operation, whose values Python reads, and change nothing.

    Raises:
        AurousError: If one does not exist, or is missing.
    """
    check_names(name, body, operations()[name].takes)
    arguments = dict(body)
    if (
        operations()[name].subject.of_team
        and "team" not in arguments
        and (team := team_of(aurous, arguments.get("id")))
    ):
        arguments["team"] = team
    return arguments


def perform(aurous: Aurous, name: str, arguments: Mapping[str, Any], undo: str | None = None) -> Action:
    """Do something to a fake, and return it as an action.

    Raises:
        AurousError: If it is not possible; then nothing has changed.
    """
    operation = operations()[name]
    given = {key: arguments[key] for key in operation.own if key in arguments}
    if name.startswith("snapshots."):
        result: Any = _snapshots(aurous, **given)
    elif operation.sets:
        subject = operation.subject.find(aurous, arguments)
        setattr(subject, operation.verb, given[operation.verb])
        result = as_json(subject)
    elif name.startswith("assert_"):
        result = _judged(operation, operation.subject.find(aurous, arguments), given)
    else:
        subject = operation.subject.find(aurous, arguments)
        returned: Any = _called(operation, subject, given)
        for fault in [returned] if name.startswith("faults.") else aurous.faults if name == "import_" else []:
            fault._place = f"{CONTROL}/{name}"
        if name == "chat.reply":
            subject._place(f"{CONTROL}/{name}")
        result = {"name": given["name"]} if name == "snapshot" else as_json(subject if returned is None else returned)
    return Action(name, shown_arguments(arguments), result, undo=undo)


def shown_arguments(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the arguments of an action as they may be shown: without values of secret headers, also in a `when`."""
    shown = dict(arguments)
    for name in ("headers", "header"):
        if isinstance(headers := arguments.get(name), dict):
            pairs = cast("dict[str, Any]", headers).items()
            shown[name] = {one: value and shown_header(one, value) for one, value in pairs}
    if isinstance(when := arguments.get("when"), dict):
        shown["when"] = shown_arguments(cast("dict[str, Any]", when))
    return shown


def _called(operation: ControlOperation, subject: Any, given: dict[str, Any]) -> Any:
    many = given.pop(operation.takes.many, [])
    Check(operation.name, PAGE).instance(operation.takes.many, many, list, "a list.")
    return getattr(subject, operation.verb)(*many, **given)


def _judged(operation: ControlOperation, subject: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Return whether an assertion holds, and its report if not."""
    try:
        _called(operation, subject, given)
    except AssertionError as error:
        return {"passed": False, "report": str(error)}
    return {"passed": True, "report": None}


def _snapshots(aurous: Aurous, name: str, to: str | None = None) -> dict[str, Any]:
    """Rename a snapshot, or forget it."""
    check = Check("snapshots", PAGE)
    aurous._named(check.text("name", name, "before the payment"))
    if to is not None:
        check.text("to", to, "before the payment")
    kept = aurous.snapshots.pop(name)
    aurous.snapshots.update({} if to is None else {to: kept})
    return {"snapshots": list(aurous.snapshots)}
