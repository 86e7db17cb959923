"""Every operation of Python on a fake, from the public signatures: its arguments, and where it finds its object."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from inspect import getattr_static, getdoc, isfunction
from typing import Any, Final, NamedTuple, cast

from .._core.base.arguments import Check
from .._fake.aurous import Aurous
from .._fake.objects import class_at
from .arguments import PAGE, TEXT, WHOLE, Takes, taken_by


class Subject(NamedTuple):
    """An object of a fake: the steps to it from `aurous`, or from one of its teams.

    Attributes:
        steps: What leads to it: a name is an attribute, and a tuple the argument that names an item.
        of_team: Whether the argument ``team`` chooses whose it is.
        default: What the steps begin with for the default team.
    """

    steps: tuple[str | tuple[str], ...] = ()
    of_team: bool = False
    default: tuple[str, ...] = ()

    def named(self, arguments: Mapping[str, Any]) -> list[str | tuple[Any]]:
        """Return the steps for some arguments: a name is an attribute, and a tuple has the key of an item."""
        team = arguments.get("team") if self.of_team else None
        first: list[str | tuple[Any]] = list(self.default) if team is None else ["teams", (team,)]
        return first + [one if isinstance(one, str) else (arguments[one[0]],) for one in self.steps]

    def find(self, aurous: Aurous, arguments: Mapping[str, Any], who: str = "") -> Any:
        """Return the object; *who* needs it.

        Raises:
            AurousError: If it is not there.
        """
        found: Any = aurous
        for step in self.named(arguments):
            keys = found
            if isinstance(keys, list) and not isinstance(step, str):  # of a team
                Check(who, PAGE).whole("number", step[0], 0, len(cast("Sequence[Any]", keys)) - 1)
            found = getattr(found, step) if isinstance(step, str) else found[step[0]]
        return found


def _records(*collections: str) -> dict[str, Subject]:
    """Return collections of a team, each followed by the record in it that the argument ``id`` names."""
    found: dict[str, Subject] = {}
    for path in collections:
        steps = tuple(path.split("."))
        found[steps[-1]] = Subject(steps, of_team=True)
        found[steps[-1].removesuffix("s")] = Subject((*steps, ("id",)), of_team=True)
    return found


_CHOOSING: Final = {"id": TEXT, "bucket": TEXT, "number": WHOLE}
"""The arguments that name an item."""
SUBJECTS: Final[dict[str, Subject]] = {
    "": Subject(),
    "clock": Subject(("clock",)),
    "faults": Subject(("faults",)),
    "fault": Subject(("faults", ("number",))),
    "webhooks": Subject(("webhooks",)),
    **_records("characters", "uploads", "images", "videos", "files", "loras", "video_loras"),
    "chat": Subject(("chat",), of_team=True),
    **_records("chat.completions"),
    "embeddings": Subject(("embeddings",)),
    **_records("models", "webhook_endpoints"),
    "teams": Subject(("teams",)),
    "team": Subject(of_team=True, default=("team",)),
    "key": Subject(("keys", ("number",)), of_team=True, default=("team",)),
    "limits": Subject(("limits",), of_team=True),
    "limit": Subject(("limits", ("bucket",)), of_team=True),
    "calls": Subject(("calls",)),
}
"""The objects of a fake, by the word that an operation begins with."""

READ: Final = frozenset({"export", "calls.where", "calls.timeline", "clock.now"})
"""The methods that a GET reads."""
REASONS: Final[dict[str, str]] = {
    **dict.fromkeys(("client", "async_client", "transport"), "each HTTP client reaches the server itself"),
    **dict.fromkeys(
        ("route", "explore", "aexplore", "interleave", "ainterleave", "day"),
        "it calls code of your own, in the process of the test",
    ),
    "faker": "it is a library of Python",
    "script": "the same as `characters.script`",
    **dict.fromkeys(("image.script", "video.script"), "a generation has one run; `images.script` scripts later ones"),
    "clock.skip_sleeps": "it skips sleeps of its own process; `clock.speed` serves others",
    "webhooks.route": "its target is code of your own; over HTTP, each delivery goes to its URL",
    "webhooks.aflush": "the same as `webhooks.flush`",
    "image.picture": "a request to its `output_urls` returns it",
    "video.film": "a request to its `output_video_url` returns it",
    **dict.fromkeys(
        ("calls.assert_called", "calls.assert_not_called", "calls.assert_called_in_order", "calls.assert_polled"),
        "the same as of `aurous`, for all calls",
    ),
}
"""What has no control request, by its name in Python, each with the reason."""
LEFT_OUT: Final[dict[str, str]] = {
    "clock.advance(delta)": "`seconds` says the same",
    "webhooks.deliver_to(target)": "it is code of your own; over HTTP, each delivery goes to its URL",
    "files.add(data)": "`POST /v1/files` uploads bytes",
    "get": "it chooses one record; the response has all",
}
"""The arguments that no control request has, each with the reason."""
INTERNAL: Final = frozenset(
    {f"clock.{name}" for name in ("jump", "move", "position", "restore", "undo_move", "shared", "skipping", "time")}
    | {"clock.waiting_for"}
    | {f"fault.{name}" for name in ("accepts", "concerns", "count_in", "fire", "is_due", "outstanding")}
    | {"key.of", "calls.index"}
)
"""Public names that are for the package alone, and not documented."""
_LOOKUPS: Final = frozenset({"get", "last", "json", "items", "keys", "values", "count"})
DESTROYING: Final = frozenset({"reset", "restore", "import_", "character.delete", "fault.remove", "snapshots.remove"})
"""The operations by which something is lost."""


class ControlOperation(NamedTuple):
    """One operation that changes a fake, or judges it.

    Attributes:
        verb: The method, or the attribute that it sets; empty for what Python writes in another way.
        subject: The object that has it.
        takes: All arguments, also those that choose the object.
        own: The names of the arguments of the method itself.
        sets: Whether it sets an attribute.
    """

    name: str
    verb: str
    subject: Subject
    takes: Takes
    own: tuple[str, ...]
    sets: bool
    text: str


def members() -> Iterator[tuple[str, Subject, Any]]:
    """Yield each public name of a fake with the object that has it, and what the name is of its class."""
    for word, subject in SUBJECTS.items():
        kind = class_at(*subject.default, *(step if isinstance(step, str) else None for step in subject.steps))
        inherited = {name for name in dir(str) if issubclass(kind, str)}
        for name in dir(kind):
            if not name.startswith("_") and name not in inherited:
                yield f"{word}.{name}".lstrip("."), subject, getattr_static(kind, name)


@cache
def operations() -> Mapping[str, ControlOperation]:
    found = (operation for one in members() if (operation := _operation(*one)) is not None)
    return {one.name: one for one in (*found, *_SNAPSHOTS)}


def collections() -> list[str]:
    return [name.removesuffix(".add") for name in operations() if name.endswith(".add")]


def _operation(full: str, subject: Subject, member: Any) -> ControlOperation | None:
    """Return the operation that a method or a settable attribute is; None if it is none."""
    name = full.rpartition(".")[2]
    if full in READ or full in REASONS or full in INTERNAL or name in _LOOKUPS:
        return None
    if isfunction(member):
        own = taken_by(member)
    elif isinstance(member, property) and member.fset is not None:
        setter = cast("Callable[..., Any]", member.fset)
        (shape,) = taken_by(setter).schemas.values()
        own = Takes({name: shape}, (name,))
    else:
        return None
    choosing = {step[0]: _CHOOSING[step[0]] for step in subject.steps if isinstance(step, tuple)}
    schemas = {**choosing, **own.schemas}
    if subject.of_team:
        schemas.setdefault("team", TEXT)
    takes = Takes(schemas, (*choosing, *own.required), own.many)
    text = (getdoc(member) or full).partition("\n")[0].removesuffix(" A test may set it.")
    text = text if isfunction(member) else f"Set {text[0].lower()}{text[1:]}"
    return ControlOperation(full, name, subject, takes, tuple(own.schemas), not isfunction(member), text)


def _of_snapshots(verb: str, text: str, *names: str) -> ControlOperation:
    takes = Takes(dict.fromkeys(names, TEXT), names)
    return ControlOperation(f"snapshots.{verb}", "", Subject(), takes, names, sets=False, text=text)


_SNAPSHOTS: Final = (
    _of_snapshots("rename", "Give a snapshot another name.", "name", "to"),
    _of_snapshots("remove", "Forget a snapshot.", "name"),
)
