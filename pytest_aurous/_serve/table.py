"""Every operation of Python on a fake, from the public signatures: its arguments, and where it finds its object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from inspect import getattr_static, getdoc, isfunction
from typing import Any, Final, NamedTuple, cast

from .._core.base.errors import AurousLookupError
from .._core.faults.collection import Faults
from .._core.faults.fault import Fault
from .._core.resources.base.fields import Reader
from .._core.resources.characters import Character, Characters
from .._core.resources.chat import Chat, Completion, Completions
from .._core.resources.embeddings import Embeddings
from .._core.resources.files import File, Files
from .._core.resources.generations import Image, Images, Video, Videos
from .._core.resources.models import Model, Models
from .._core.resources.styles import Lora, Loras, VideoLora, VideoLoras
from .._core.resources.team import ApiKey
from .._core.resources.uploads import Upload, Uploads
from .._core.resources.webhooks import WebhookEndpoint, WebhookEndpoints
from .._core.time.clock import Clock
from .._fake.aurous import Aurous
from .._fake.calls import Calls
from .._fake.limits import Limit, Limits
from .._fake.team import Team, Teams
from .._fake.webhooks import Webhooks
from .arguments import NUMBER, TEXT, Takes, taken_by


class At(NamedTuple):
    """A step to an object: the item of a collection that an argument names."""

    argument: str
    reader: Reader = TEXT


class Subject(NamedTuple):
    """An object of a fake: its class, and the steps to it from `aurous`, or from one of its teams.

    Attributes:
        kind: Its class.
        steps: The attributes and items that lead to it.
        of_team: Whether the argument ``team`` chooses whose it is.
        default: What the steps begin with for the default team.
    """

    kind: type[Any]
    steps: tuple[str | At, ...] = ()
    of_team: bool = False
    default: tuple[str, ...] = ()

    def named(self, arguments: Mapping[str, Any]) -> list[str | tuple[Any]]:
        """Return the steps for some arguments: a name is an attribute, and a tuple has the key of an item."""
        team = arguments.get("team") if self.of_team else None
        first: list[str | tuple[Any]] = list(self.default) if team is None else ["teams", (team,)]
        return first + [one if isinstance(one, str) else (arguments[one.argument],) for one in self.steps]

    def find(self, aurous: Aurous, arguments: Mapping[str, Any]) -> Any:
        """Return the object.

        Raises:
            AurousLookupError: If it is not there.
        """
        found: Any = aurous
        for step in self.named(arguments):
            found = getattr(found, step) if isinstance(step, str) else _item(found, step[0])
        return found


def _item(items: Any, key: Any) -> Any:
    last = len(items) - 1
    if type(items) is list and key not in range(last + 1):  # the keys of a team
        raise AurousLookupError(f"There is no item {key}: the items have the numbers 0 to {last}.")
    return items[key]  # pyright: ignore[reportUnknownVariableType] - of any class


def _record(collection: str) -> tuple[str, At]:
    return collection, At("id")


SUBJECTS: Final[dict[str, Subject]] = {
    "": Subject(Aurous),
    "clock": Subject(Clock, ("clock",)),
    "faults": Subject(Faults, ("faults",)),
    "fault": Subject(Fault, ("faults", At("number", NUMBER))),
    "webhooks": Subject(Webhooks, ("webhooks",)),
    "characters": Subject(Characters, ("characters",), of_team=True),
    "character": Subject(Character, _record("characters"), of_team=True),
    "uploads": Subject(Uploads, ("uploads",), of_team=True),
    "upload": Subject(Upload, _record("uploads"), of_team=True),
    "images": Subject(Images, ("images",), of_team=True),
    "image": Subject(Image, _record("images"), of_team=True),
    "videos": Subject(Videos, ("videos",), of_team=True),
    "video": Subject(Video, _record("videos"), of_team=True),
    "files": Subject(Files, ("files",), of_team=True),
    "file": Subject(File, _record("files"), of_team=True),
    "loras": Subject(Loras, ("loras",), of_team=True),
    "lora": Subject(Lora, _record("loras"), of_team=True),
    "video_loras": Subject(VideoLoras, ("video_loras",), of_team=True),
    "video_lora": Subject(VideoLora, _record("video_loras"), of_team=True),
    "chat": Subject(Chat, ("chat",), of_team=True),
    "completions": Subject(Completions, ("chat", "completions"), of_team=True),
    "completion": Subject(Completion, ("chat", *_record("completions")), of_team=True),
    "embeddings": Subject(Embeddings, ("embeddings",)),
    "models": Subject(Models, ("models",), of_team=True),
    "model": Subject(Model, _record("models"), of_team=True),
    "webhook_endpoints": Subject(WebhookEndpoints, ("webhook_endpoints",), of_team=True),
    "webhook_endpoint": Subject(WebhookEndpoint, _record("webhook_endpoints"), of_team=True),
    "teams": Subject(Teams, ("teams",)),
    "team": Subject(Team, (), of_team=True, default=("team",)),
    "key": Subject(ApiKey, ("keys", At("number", NUMBER)), of_team=True, default=("team",)),
    "limits": Subject(Limits, ("limits",), of_team=True),
    "limit": Subject(Limit, ("limits", At("bucket")), of_team=True),
    "calls": Subject(Calls, ("calls",)),
}
"""The objects of a fake, by the word that an operation begins with."""

READ: Final[dict[str, str]] = {
    "export": "export",
    "snapshots": "snapshots",
    "calls": "calls",
    "pitfalls": "pitfalls",
    "webhooks.deliveries": "deliveries",
    "faults.unfired": "state",
    "chat.completions": "completions",
    "team.keys": "keys",
    "limits": "limits",
    "key.scope": "keys",
    "key.ended": "keys",
    "limit.capacity": "limits",
    "limit.overruns": "limits",
    "limit.remaining": "limits",
    "calls.where": "calls",
    "calls.count": "calls",
    "calls.last": "calls",
    "calls.timeline": "log",
    "clock.now": "state",
}
"""What is read by a GET other than `state`, by its name in Python."""
_OWN_CLIENT: Final = "each HTTP client reaches the server itself"
_IN_PROCESS: Final = "it calls code of your own, in the process of the test"
REASONS: Final[dict[str, str]] = {
    "client": _OWN_CLIENT,
    "async_client": _OWN_CLIENT,
    "transport": _OWN_CLIENT,
    "route": _IN_PROCESS,
    "faker": "it is a library of Python",
    "explore": _IN_PROCESS,
    "aexplore": _IN_PROCESS,
    "interleave": _IN_PROCESS,
    "ainterleave": _IN_PROCESS,
    "day": _IN_PROCESS,
    "script": "the same as `characters.script`",
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
INTERNAL: Final = frozenset(
    {"clock.move", "clock.rewind", "clock.jump", "clock.restore", "clock.time", "clock.position", "clock.waiting_for"}
    | {f"fault.{name}" for name in ("accepts", "concerns", "count_in", "due", "faced_by", "fire", "over")}
    | {f"fault.{name}" for name in ("conditional", "outstanding", "scope")}
    | {"key.of", "calls.index"}
)
"""Public names that are for the package alone, and not documented."""
_LOOKUPS: Final = frozenset({"get", "last", "json", "items", "keys", "values", "count"})
_DESTROYING: Final = frozenset({"reset", "restore", "import_", "character.delete", "fault.remove", "snapshots.remove"})


class Operation(NamedTuple):
    """One operation that changes a fake, or judges it.

    Attributes:
        name: Its name, such as ``character.advance``.
        verb: The method, or the attribute that it sets; empty for what Python writes in another way.
        subject: The object that has it.
        takes: All arguments, also those that choose the object.
        own: The names of the arguments of the method itself.
        sets: Whether it sets an attribute.
        text: What it does.
    """

    name: str
    verb: str
    subject: Subject
    takes: Takes
    own: tuple[str, ...]
    sets: bool
    text: str

    @property
    def destroys(self) -> bool:
        """Whether something is lost by it."""
        return self.name in _DESTROYING


def public(kind: type[Any]) -> list[str]:
    """Return the public names of a class that are its own, in order."""
    inherited = {name for name in dir(str) if issubclass(kind, str)}
    return [name for name in dir(kind) if not name.startswith("_") and name not in inherited]


@cache
def operations() -> Mapping[str, Operation]:
    """Return all operations by name."""
    found = [
        operation
        for word, subject in SUBJECTS.items()
        for name in public(subject.kind)
        if (operation := _operation(word, name, subject)) is not None
    ]
    return {one.name: one for one in (*found, *_SNAPSHOTS)}


def name_of(word: str, name: str) -> str:
    """Return the name of an operation or an attribute."""
    return f"{word}.{name}" if word else name


def _operation(word: str, name: str, subject: Subject) -> Operation | None:
    """Return the operation that a method or a settable attribute is; None if it is none."""
    full = name_of(word, name)
    if full in READ or full in REASONS or full in INTERNAL or name in _LOOKUPS:
        return None
    member = getattr_static(subject.kind, name)
    if isfunction(member):
        own = taken_by(member)
    elif isinstance(member, property) and member.fset is not None:
        setter = cast("Callable[..., Any]", member.fset)
        (reader,) = taken_by(setter).readers.values()
        own = Takes({name: reader}, (name,))
    else:
        return None
    choosing = {step.argument: step.reader for step in subject.steps if isinstance(step, At)}
    readers = {**choosing, **own.readers}
    if subject.of_team and "team" not in readers:
        readers["team"] = TEXT
    takes = Takes(readers, (*choosing, *own.required), own.defaults, own.many)
    text = (getdoc(member) or "").partition("\n")[0]
    return Operation(full, name, subject, takes, tuple(own.readers), not isfunction(member), text)


def _of_snapshots(verb: str, text: str, *names: str) -> Operation:
    takes = Takes(dict.fromkeys(names, TEXT), names)
    return Operation(f"snapshots.{verb}", "", Subject(Aurous), takes, names, sets=False, text=text)


_SNAPSHOTS: Final = (
    _of_snapshots("rename", "Give a snapshot another name.", "name", "to"),
    _of_snapshots("remove", "Forget a snapshot.", "name"),
)


def parity() -> list[tuple[str, str, str]]:
    """Return each public name of a fake: the control request for it, or the reason why there is none."""
    rows: list[tuple[str, str, str]] = []
    for word, subject in SUBJECTS.items():
        for name in public(subject.kind):
            full = name_of(word, name)
            if full not in INTERNAL:
                rows.append((full, *_counterpart(full)))
    return rows


def _counterpart(full: str) -> tuple[str, str]:
    if full in operations():
        return f"POST {full}", ""
    if full in REASONS:
        return "", REASONS[full]
    return f"GET {READ.get(full, 'state')}", ""


def team_of(aurous: Aurous, record: object) -> str | None:
    """Return the team that a record belongs to, if it is not the default team."""
    world = aurous._session.app.world
    row = world.row(record) if isinstance(record, str) else None
    return row.team if row is not None and row.team not in {"", world.default_team} else None
