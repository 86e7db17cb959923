"""Recorded actions: whatever changes a fake from outside, as one record, from which its other forms follow."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from .._core.base.arguments import Check
from .._core.base.redaction import redacted, shortened
from .._core.wire.headers import shown_header
from .._fake.aurous import Aurous
from .._fake.objects import as_json, say_place, session_of
from .arguments import PAGE, check_names
from .literals import Names, call
from .replies import CONTROL
from .table import ControlOperation, operations


class Action(NamedTuple):
    """One action.

    Attributes:
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

    def python(self, names: Names | None = None) -> str:
        """Return the line of a test; *names* has expressions for values that a test knows under a name."""
        names = Names() if names is None else names
        given = self.arguments
        if self.operation == "snapshots.rename":
            old, new = names.literal(given["name"]), names.literal(given["to"])
            return f"aurous.snapshots[{new}] = aurous.snapshots.pop({old})"
        if self.operation == "snapshots.remove":
            return f"del aurous.snapshots[{names.literal(given['name'])}]"
        if self.expression:
            return self.expression
        operation = operations()[self.operation]
        subject = _subject(operation, given, names)
        own = {name: given[name] for name in operation.own if name in given}
        if operation.sets:
            return f"{subject}.{operation.verb} = {names.literal(own[operation.verb])}"
        return call(f"{subject}.{operation.verb}", list(_parts(operation, own, names)))

    def line(self) -> str:
        result = "" if self.result is None else f" -> {shortened(json.dumps(self.result, ensure_ascii=False), 60)}"
        return f"{redacted(self.python().removeprefix('aurous.'))}{result}"

    def json(self, url: str, curl: str = "curl") -> dict[str, Any]:
        """Return all of it, with its other forms; *curl* is the command of a shell with what each request needs."""
        sent = ["--json", json.dumps(self.arguments, ensure_ascii=False)] if self.arguments else ["-X", "POST"]
        command = f"{curl} {shlex.join([f'{url}{CONTROL}/{self.operation}', *sent])}"
        told = {"version": 1, **self._asdict(), "curl": command, "python": self.python(), "line": self.line()}
        del told["expression"]
        return told


def _subject(operation: ControlOperation, given: Mapping[str, Any], names: Names) -> str:
    """Return the expression of the object that has the method."""
    word = operation.name.partition(".")[0]
    if word == "fault" and (name := names.get(fault_name(given["number"]))):
        return name
    handle = names.get(str(given.get("id")), "")
    if ("id",) in operation.subject.steps and handle.endswith(".id"):
        return handle.removesuffix(".id")
    text = "aurous"
    for step in operation.subject.named(given):
        text += f".{step}" if isinstance(step, str) else f"[{names.literal(step[0])}]"
    return text


def fault_name(number: object) -> str:
    """Return what stands for a fault among the values that a test knows under a name."""
    return f"fault/{number}"


def _parts(operation: ControlOperation, own: Mapping[str, Any], names: Names) -> Any:
    """Yield the arguments of a call: those that are required without their names."""
    leading = True
    for name in operation.own:
        leading = leading and name in operation.takes.required and name in own
        if name == operation.takes.many:
            yield from (names.literal(item) for item in own[name])
        elif name in own:
            value = names.literal(own[name])
            yield value if leading else f"{name}={value}"


def perform(aurous: Aurous, name: str, arguments: Mapping[str, Any], undo: str | None = None) -> Action:
    """Do something to a fake, and return it as an action.

    Raises:
        AurousError: If it is not possible; then nothing has changed.
    """
    operation = operations()[name]
    check_names(name, arguments, operation.takes)
    given = {key: arguments[key] for key in operation.own if key in arguments}
    subject = operation.subject.find(aurous, arguments, name)
    if name.startswith("snapshots."):
        result: Any = _snapshots(aurous, **given)
    elif operation.sets:
        setattr(subject, operation.verb, given[operation.verb])
        result = as_json(subject)
    elif name.startswith("assert_"):
        result = {"passed": True, "report": not_kept(aurous) or None}
        try:
            _called(operation, subject, given)
        except AssertionError as error:
            result = {"passed": False, "report": "\n".join(filter(None, [str(error), not_kept(aurous)]))}
    else:
        returned: Any = _called(operation, subject, given)
        for fault in [returned] if name.startswith("faults.") else aurous.faults if name == "import_" else []:
            say_place(fault, f"{CONTROL}/{name}")
        if name == "chat.reply":
            say_place(subject, f"{CONTROL}/{name}")
        result = {"name": given["name"]} if name == "snapshot" else as_json(subject if returned is None else returned)
    return Action(name, shown_arguments(arguments), result, at=session_of(aurous).handle.clock.time(), undo=undo)


def not_kept(aurous: Aurous) -> str:
    """Return that the oldest calls count for nothing anymore; empty if all are kept."""
    dropped = session_of(aurous).handle.journal.dropped
    return f"{dropped:,} older calls are no longer kept, and do not count: choose a larger --keep." if dropped else ""


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


def _snapshots(aurous: Aurous, name: str, to: str | None = None) -> dict[str, Any]:
    check = Check("snapshots", PAGE)
    session_of(aurous).named(check.text("name", name, "before the payment"))
    if to is not None:
        check.text("to", to, "before the payment")
    kept = aurous.snapshots.pop(name)
    aurous.snapshots.update({} if to is None else {to: kept})
    return {"snapshots": list(aurous.snapshots)}
