"""The settings: one table for the ini file, markers and `Aurous(...)`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict, cast, get_args
from urllib.parse import urlsplit

from ..base.errors import AurousError, UnknownArgument, choices, hide_mistakes, nearest, see, shown
from ..base.instants import calendar_instant
from ..wire.hosts import BASE_URL, host_of

if TYPE_CHECKING:
    from datetime import datetime

    from .script import Plan

__tracebackhide__ = hide_mistakes

MORE: Final = see("reference/settings.html")
Readings = TypedDict(
    "Readings",
    {
        "auth-4": Literal["invalid_api_key", "revoked_api_key"],
        "chat-6": Literal["256", "64"],
        "chat-14": Literal["refused", "accepted"],
        "create-4": Literal["reviewing", "ready"],
        "cred-2": Literal["on_completion", "at_create"],
        "emb-3": Literal["2048", "1024"],
        "emb-4": Literal["refused", "one_accepted"],
        "emb-6": Literal["own", "shared"],
        "err-4": Literal["null", "absent"],
        "err-6": Literal["page", "global"],
        "err-9": Literal["refused", "accepted"],
        "get-2": Literal["not_found", "readable"],
        "idem-5": Literal["first_answer", "generation"],
        "img-8": Literal["token", "anonymous"],
        "model-4": Literal["page", "guide"],
        "time-4": Literal["7d", "24h"],
        "ver-3": Literal["pinned", "prior_dates"],
    },
    total=False,
)
"""The chosen reading of each rule that has two; its default reading is first."""
READINGS: Final[dict[str, tuple[str, ...]]] = {
    rule: get_args(readings) for rule, readings in Readings.__annotations__.items()
}

_MOST_CREDITS: Final = 10**12
"""Up to here a float, as JSON has it, is exact to three decimals."""
_MOST_BITS: Final = 10_000
"""Python refuses to format much longer numbers, as a message would have to."""

Strictness = Literal["error", "warn", "off"]
Sleep = Literal["real", "skip"]
Network = Literal["block", "allow"]
Report = Literal["failed", "all", "off"]
RateLimits = Literal["report", "enforce"]
Sparse = Literal["none", "optional"]
Grease = Literal["off", "fields", "all"]
Use = Literal["start", "responses", "address", "test", "run"]
"""What a setting decides: how a fake starts, how it responds, its URL, or something about its test or the whole run."""


def _refuse(name: str, value: object, expected: str) -> AurousError:
    return AurousError(f"{name}={shown(value)} is not a valid setting: expected {expected}\n{MORE}")


class _Choice:
    def __init__(self, *allowed: str) -> None:
        self.allowed = allowed

    def __call__(self, name: str, value: Any) -> Any:
        if not isinstance(value, str) or value not in self.allowed:
            raise _refuse(name, value, f"{choices(self.allowed)}.")
        return value


def _whole(name: str, value: Any) -> int:
    if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,4300}", value.strip()):  # Python converts no more digits
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value.bit_length() > _MOST_BITS:
        raise _refuse(name, value, "a whole number.")
    return value


def _amount(name: str, value: Any) -> float:
    try:
        number = float(value) if isinstance(value, (str, Decimal)) else value
    except ValueError:
        number = None
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not 0 <= number <= _MOST_CREDITS:
        raise _refuse(name, value, "a number of credits, 0 or more, and at most 10**12.")
    return int(number) if number == int(number) else number


def _said(name: str, value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise _refuse(name, value, "text, such as 'Aurora has black hair.'")
    return value


def _instant(name: str, value: Any) -> Any:
    try:
        return value if value is None else calendar_instant(value)
    except AurousError:
        raise _refuse(
            name, value, "an ISO 8601 instant such as '2026-05-08T10:00:00Z', in the years 1 to 9999 (UTC)."
        ) from None


def _url(name: str, value: Any) -> str:
    if value == BASE_URL:  # as in most suites
        return BASE_URL
    with suppress(ValueError, KeyError):  # unclosed brackets, an invalid port, another scheme
        parts = urlsplit(value if isinstance(value, str) else "")
        host_of(parts)
        if parts.hostname and not parts.query and not parts.fragment:
            url = str(value).rstrip("/")
            if parts.path.rstrip("/").endswith("/v1"):
                raise _refuse(
                    name, value, f"the URL without /v1, which each request adds: {url.removesuffix('/v1')!r}."
                )
            return url
    raise _refuse(name, value, f"a URL such as {BASE_URL!r}.")


def _file(name: str, value: Any) -> str | None:
    with suppress(OSError):  # such as a name that is too long
        if value is None or (isinstance(value, str) and Path(value).is_file()):
            return value
    raise _refuse(name, value, "the path of a file that pytest-aurous check --observed has written.")


def _scripts(name: str, value: Any) -> dict[str, Any]:
    """Read one script, or a dict of them, as text ``key = value`` lines; the resources check whether they are valid."""
    if isinstance(value, str):
        return _lines(name, value, default="characters") or {"characters": value}
    return dict(cast("Mapping[str, Any]", value)) if isinstance(value, Mapping) else {"characters": value}


def _readings(name: str, value: Any) -> dict[str, str]:
    chosen = _lines(name, value) if isinstance(value, str) else value
    if not isinstance(chosen, Mapping):
        raise _refuse(name, value, "a dict such as {'get-2': 'readable'}.")
    readings = dict(cast("Mapping[str, str]", chosen))
    for rule, reading in readings.items():
        if rule not in READINGS:
            raise _refuse(name, value, f"rules out of {choices(READINGS)}{nearest(rule, READINGS)}")
        if reading not in READINGS[rule]:
            raise _refuse(name, value, f"{choices(READINGS[rule])} for {rule}{nearest(reading, READINGS[rule])}")
    return readings


def _lines(name: str, text: str, default: str | None = None) -> dict[str, str]:
    """Read ``key = value`` lines; a line without a key continues the value before it, or has the key *default*."""
    found: dict[str, str] = {}
    key = default
    for line in text.splitlines():
        keyed = re.match(_KEYED, line)
        key = keyed[1] if keyed else key
        value = line[keyed.end() :].strip() if keyed else line.strip()
        if key is None and value:
            raise _refuse(name, text, "lines of the form 'key = value'.")
        if value:
            found[str(key)] = f"{'' if keyed else found.get(str(key), '')} {value}".strip()
    return found


_KEYED: Final = r"\s*([\w-]*)\s*=(?![=>])"
"""The key of a line; ``=>`` is a mistyped arrow."""


def _setting(
    use: Use, default: Any, read: Callable[[str, Any], Any], text: str, *, merge: bool = False, shown: str | None = None
) -> Any:
    shown = shown or ("none" if default in (None, {}) else str(default))
    return {"use": use, "read": read, "default": default, "shown": shown, "help": text, "merge": merge}


class Settings:
    """All settings with their defaults; each is an ini option, a marker argument and a keyword of `Aurous`.

    The class has the row of each setting, and an instance its value; nothing changes it.
    """

    script: dict[str, Any] = _setting(
        "start",
        {},
        _scripts,
        "the statuses that polling a character returns, such as 'synthesizing*3 -> reviewing', or of another "
        "resource: 'images = pending -> failed'",
        merge=True,
        shown="synthesizing -> reviewing",  # as in `_core.resources.characters`, which --help does not import
    )
    strict: Strictness = _setting(
        "test",
        "error",
        _Choice("error", "warn", "off"),
        "what a request that the API does not know does to the test: error fails it, warn warns, off does nothing",
    )
    pitfalls: Strictness = _setting(
        "test",
        "warn",
        _Choice("error", "warn", "off"),
        "what misuse of the API that caused no error response does to the test: error fails it, warn warns, off does "
        "nothing",
    )
    now: datetime | None = _setting(
        "start", None, _instant, "freeze the clock at this instant, such as 2026-05-08T10:00:00Z"
    )
    rate_limits: RateLimits = _setting(
        "responses",
        "report",
        _Choice("report", "enforce"),
        "report: the headers are right, but no request is refused; enforce: an empty bucket returns 429",
    )
    sleep: Sleep = _setting(
        "test",
        "real",
        _Choice("real", "skip"),
        "real: sleeps block; skip: they return at once, and the clock jumps instead",
    )
    seed: int = _setting(
        "start",
        0,
        _whole,
        "the base seed of names, ids and all random data; if unset, the faker_seed of the suite, if there is one",
    )
    credits: float = _setting("start", 1000, _amount, "the credits of the default team at the start")
    network: Network = _setting(
        "run",
        "block",
        _Choice("block", "allow"),
        "block: every connection to the vendor is refused, in all tests; allow: it is made, and can cost money",
    )
    base_url: str = _setting("address", BASE_URL, _url, "the base URL of the fake, without /v1")
    readings: dict[str, str] = _setting(
        "responses",
        {},
        _readings,
        "another reading of a rule where the vendor's documentation contradicts itself or is silent, such as "
        "'get-2 = readable'",
        merge=True,
    )
    sparse: Sparse = _setting(
        "responses",
        "none",
        _Choice("none", "optional"),
        "none: no field is omitted; optional: fields that the vendor's pages mark as optional are, where they are null",
    )
    grease: Grease = _setting(
        "responses",
        "off",
        _Choice("off", "fields", "all"),
        "off: responses are as documented; fields: each object has an unknown field; all: each status is unknown, too",
    )
    observed: str | None = _setting(
        "responses",
        None,
        _file,
        "a file that pytest-aurous check --observed has written: the fake follows it where it differs from the rules",
    )
    reply: str | None = _setting(
        "responses", None, _said, "what the chat model says to each request that no chat.reply() of the test is for"
    )
    report: Report = _setting(
        "test", "failed", _Choice("failed", "all", "off"), "which tests show the timeline of their requests"
    )

    def __init__(self, **chosen: Any) -> None:
        defaults: dict[str, Any] = {name: {} if row["merge"] else row["default"] for name, row in ROWS.items()}
        vars(self).update(defaults, **chosen)

    def reading(self, rule: str) -> str:
        return self.readings.get(rule, READINGS[rule][0])

    def changed(self, chosen: Mapping[str, Any]) -> Settings:
        """Return these settings with others in their place; one that is a dict keeps its other keys."""
        found = dict(vars(self))
        for name, value in chosen.items():
            read = read_setting(name, value)
            found[name] = {**found[name], **read} if ROWS[name]["merge"] else read
        return Settings(**found)

    def unusual(self, *uses: Use) -> dict[str, Any]:
        """Return the settings for these uses that are not the default."""
        return {name: getattr(self, name) for name in used_for(*uses) if getattr(self, name) != ROWS[name]["default"]}


class Scripts(TypedDict, total=False):
    """The setting ``script`` of several resources."""

    characters: str | Plan
    images: str | Plan
    videos: str | Plan


class AurousSettings(TypedDict, total=False):
    """The settings, as keyword arguments of `Aurous` and `aurous_settings`."""

    script: str | Plan | Scripts | Mapping[str, str | Plan]
    strict: Strictness
    pitfalls: Strictness
    now: datetime | str | None
    rate_limits: RateLimits
    sleep: Sleep
    seed: int
    credits: float | Decimal
    network: Network
    base_url: str
    readings: Readings
    sparse: Sparse
    grease: Grease
    observed: str | None
    reply: str | None
    report: Report


ROWS: Final[dict[str, dict[str, Any]]] = {name: getattr(Settings, name) for name in Settings.__annotations__}
"""The settings by name, each with its use, how it is read, its default, and what ``--help`` says of it."""


def used_for(*uses: Use) -> list[str]:
    return [name for name, row in ROWS.items() if row["use"] in uses]


def read_setting(name: str, value: Any) -> Any:
    if name not in ROWS:
        raise UnknownArgument(f"{name!r} is not a setting{nearest(name, ROWS)} Settings: {', '.join(ROWS)}.\n{MORE}")
    return ROWS[name]["read"](name, value)
