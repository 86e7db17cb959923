"""The probes of ``check --live``: requests that create nothing and cost nothing, and the rules that they ask about."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any, Final, NamedTuple

from ..._base.errors import AurousError, see
from ..._resources.catalog import CATALOG
from ..._time.clock import iso
from ..._wire.data import as_list, as_object, parsed
from ..recording.view import instant_of
from .sender import OWN_KEY

_MORE: Final = see("reference/check.html#probes-of-the-real-api")
_PLACE: Final = re.compile(r"\{(\w+)\}")
_PLAIN: Final = re.compile(
    r"(?:https?://[^/]+(?:/[^/?#]+)*?(?=/v1/))?((?:/v1/[a-z]+/\w+/output(?:/0)?\?token=)?[\w.~-]{1,500})", re.ASCII
)
"""What may go from a response into a request: a word, or the path and the token of a signed URL."""
_CHARACTER: Final = f"char_{'0' * 26}"
_IMAGE: Final = f"img_{'0' * 26}"
_UNKNOWN_KEY: Final = f"al_live_{'fa4e' * 16}"
"""Of the documented form, and of nobody."""
_JSON: Final = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Probe:
    """One request. A name in braces stands for something that an earlier response has shown: see `PICKS`.

    Attributes:
        method: The HTTP method.
        target: The path, and the query.
        rules: The rules that its response says something about.
        headers: Its headers, besides the key and those that all probes have.
        body: Its body; empty if it has no body.
        key: The API key; empty: none.
    """

    method: str
    target: str
    rules: tuple[str, ...]
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: str = ""
    key: str = OWN_KEY

    @property
    def path(self) -> str:
        """The path."""
        return self.target.partition("?")[0]

    @property
    def sent(self) -> dict[str, str]:
        """The headers, with the key."""
        return ({"X-Api-Key": self.key} if self.key else {}) | dict(self.headers)

    @property
    def needs(self) -> list[str]:
        """The names of what earlier responses have to show."""
        return _PLACE.findall(self.target + self.body)

    @property
    def bucket(self) -> str:
        """The name of the rate bucket that it spends from, as far as the fake knows."""
        found = CATALOG.find("api", self.path).get(self.method)
        return "" if found is None else str(found[0].bucket)


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return *text* with the *values* of the names in it."""
    return _PLACE.sub(lambda place: values[place[1]], text)


class Pick(NamedTuple):
    """What later requests take from a list.

    Attributes:
        what: What the record is, for a message.
        path: The list.
        prefix: What the id of the record begins with.
        status: Its status; empty: any.
        hours: How long ago it was completed: from, and up to.
        field: The field that is taken; of a URL, the path and the token.
    """

    what: str
    path: str
    prefix: str = ""
    status: str = ""
    hours: tuple[float, float] = (0, inf)
    field: str = "id"

    def of(self, row: Mapping[str, Any], now: float) -> str:
        """Return what a record shows; empty if it is another one, or shows nothing that may go into a request."""
        hours = (now - (instant_of(row.get("completed_at")) or now)) / 3600
        fits = str(row.get("id")).startswith(self.prefix) and self.status in {"", row.get("status")}
        if not fits or not self.hours[0] <= hours < self.hours[1]:
            return ""
        value = (as_list(row.get(self.field)) or [row.get(self.field)])[0]
        found = _PLAIN.fullmatch(value) if isinstance(value, str) else None
        return "" if found is None else found[1]


_IMAGES: Final = "/v1/images"
_CHARACTERS: Final = "/v1/characters"
_DAY: Final = (0, 23)
PICKS: Final[Mapping[str, Pick]] = {
    "character": Pick("a character", _CHARACTERS),
    "ready": Pick("a character that is ready", _CHARACTERS, status="ready"),
    "reviewing": Pick("a character that is reviewing", _CHARACTERS, status="reviewing"),
    "failed": Pick("a character that is failed", _CHARACTERS, status="failed"),
    "image": Pick("an image", _IMAGES, "img_"),
    "video": Pick("a video", _IMAGES, "vid_"),
    "fresh_image": Pick("an image of the last day", _IMAGES, "img_", "succeeded", _DAY),
    "aging_image": Pick("an image of two to six days ago", _IMAGES, "img_", "succeeded", (25, 167)),
    "old_image": Pick("an image of a week ago", _IMAGES, "img_", "succeeded", (169, inf)),
    "failed_image": Pick("an image that failed", _IMAGES, "img_", "failed"),
    "signed_image": Pick("an image of the last day", _IMAGES, hours=_DAY, field="output_urls"),
    "signed_video": Pick("a video of the last day", _IMAGES, hours=_DAY, field="output_video_url"),
    "style": Pick("a style of images", "/v1/loras"),
    "style_slug": Pick("a style of images", "/v1/loras", field="slug"),
    "video_style": Pick("a style of videos", "/v1/video_loras"),
    "endpoint": Pick("a webhook endpoint", "/v1/webhook_endpoints"),
}
"""What responses show for later probes."""


class Shown(dict[str, list[Any]]):
    """The records that the lists have shown, by the paths of the lists."""

    def learn(self, path: str, body: bytes | None) -> None:
        """Learn the records of a successful response."""
        content = parsed(body)
        self.setdefault(path, []).extend(as_list(as_object(content).get("data")) or as_list(content))

    def picked(self, names: list[str], now: float) -> dict[str, str]:
        """Return the value of each name that has a value."""
        found = {"yesterday": iso(now - 24 * 3600)}
        for name in (one for one in names if one in PICKS):
            pick = PICKS[name]
            values = (pick.of(as_object(row), now) for row in self.get(pick.path, ()))
            found[name] = next(filter(None, values), "")
        return {name: value for name, value in found.items() if value}


def _get(target: str, rules: str, **more: Any) -> Probe:
    return Probe("GET", target, tuple(rules.split()), **more)


def _estimate(kind: str, rules: str, body: str) -> Probe:
    return Probe("POST", f"/v1/{kind}/estimate", tuple(rules.split()), _JSON, body)


PROBES: Final = (
    # Keys, versions, and what a team is
    _get("/v1/team", "team-1 err-3 rate-1"),
    _get("/v1/team", "auth-3 err-1 err-2", key=""),
    _get("/v1/team", "auth-3", key="not-a-key"),
    _get("/v1/team", "auth-3", key=_UNKNOWN_KEY),
    _get("/v1/team", "ver-2", headers={"Aurous-Version": "2026-05-15"}),
    _get("/v1/team", "ver-3", headers={"Aurous-Version": "2026-05-14"}),
    _get("/v1/team", "ver-3", headers={"Aurous-Version": "1999-01-01"}),
    _get("/v1/pricing", "ver-3", headers={"Aurous-Version": "yesterday"}),
    _get("/v1/balance", "cred-1"),
    _get("/v1/pricing", "cred-4 vid-2"),
    # Characters
    _get("/v1/characters?limit=100", "list-1 list-2 list-5"),
    _get("/v1/characters?limit=1&starting_after={character}", "list-2"),
    _get("/v1/characters?status=ready", "list-5"),
    _get("/v1/characters?status=sleeping", "list-4"),
    _get("/v1/characters?status=deleted", "list-4"),
    _get("/v1/characters?limit=0", "list-3"),
    _get("/v1/characters?limit=101", "list-3"),
    _get("/v1/characters?limit=many", "list-3"),
    _get(f"/v1/characters?starting_after={_CHARACTER}", "list-3"),
    _get("/v1/characters/{ready}", "get-1 get-3 ver-4"),
    _get("/v1/characters/{reviewing}", "get-1 get-3"),
    _get("/v1/characters/{failed}", "get-1"),
    _get(f"/v1/characters/{_CHARACTER}", "auth-7"),
    _get("/v1/characters/no-id", "auth-7"),
    # Images and videos
    _get("/v1/images?limit=100", "img-10 list-1 list-2"),
    _get("/v1/images?limit=1&starting_after={image}", "list-2"),
    _get("/v1/images?limit=1&ending_before={image}", "list-2"),
    _get("/v1/images?limit=1&starting_after={image}&ending_before={image}", "list-3"),
    _get(f"/v1/images?ending_before={_IMAGE}", "list-3"),
    _get("/v1/images/{image}", "img-5 img-6 time-1"),
    _get("/v1/images/{video}", "img-5 img-6"),
    _get("/v1/videos/{video}", "vid-4"),
    _get(f"/v1/images/{_IMAGE}", "auth-7"),
    _get("{signed_image}", "img-8", key=""),
    _get("/v1/images/{fresh_image}/output/0", "img-8", key=""),
    _get("/v1/images/{fresh_image}/output/0", "img-8"),
    _get("/v1/images/{fresh_image}/output/99", "img-8"),
    _get("/v1/images/{failed_image}/output/0", "img-8"),
    _get("/v1/images/{aging_image}/output/0", "time-4"),
    _get("/v1/images/{old_image}/output/0", "time-4"),
    _get("{signed_video}", "vid-5", headers={"Range": "bytes=0-9"}, key=""),
    # Files, styles, webhook endpoints
    _get(f"/v1/files/file_{'0' * 26}", "file-2"),
    _get("/v1/loras", "style-1"),
    _get("/v1/loras/{style}", "style-2"),
    _get("/v1/loras/{style_slug}", "style-2"),
    _get(f"/v1/loras/lora_{'0' * 26}", "style-2"),
    _get("/v1/video_loras", "style-3"),
    _get("/v1/video_loras/{video_style}", "style-4"),
    _get("/v1/webhook_endpoints", "hook-2 list-1"),
    _get("/v1/webhook_endpoints?limit=0", "list-3"),
    _get("/v1/webhook_endpoints/{endpoint}", "hook-2"),
    _get(f"/v1/webhook_endpoints/we_{'0' * 26}", "auth-7"),
    # Usage
    _get("/v1/usage?start_time={yesterday}&bucket_width=1h", "usage-1"),
    _get("/v1/usage", "usage-1"),
    _get("/v1/usage?start_time=1999-01-01T00:00:00Z", "usage-1"),
    _get("/v1/usage?start_time={yesterday}&bucket_width=fortnight", "usage-1"),
    _get("/v1/usage?page_token=nonsense", "usage-2"),
    _get("/v1/usage/events?start_time={yesterday}", "usage-3"),
    _get("/v1/usage/events?start_time={yesterday}&limit=501", "usage-3"),
    # Former paths, unknown paths, and methods that a path does not have
    _get("/v1/generations", "legacy-1"),
    _get(f"/v1/video-generations/vid_{'0' * 26}", "legacy-1"),
    _get("/v1/nothing", "err-8"),
    _get(f"/v1/characters/{_CHARACTER}/save", "err-8"),
    # Estimates: the only POSTs
    _estimate("images", "img-9", '{"prompt": "On a bench", "count": 2}'),
    _estimate("images", "img-9", '{"prompt": "On a bench", "enhance_prompt": true}'),
    _estimate("images", "img-9", "{}"),
    _estimate("images", "img-9", '{"prompt": "On a bench", "color": "red"}'),
    _estimate("images", "img-9", '{"prompt": '),
    _estimate("images", "err-9", '{"prompt": "On a bench", "negative_prompt": null}'),
    _estimate("videos", "vid-2", '{"video_lora_id": "{video_style}", "duration": 4, "resolution": "480p"}'),
    _estimate("videos", "vid-2", "{}"),
)
"""All probes, in order: lists before what they show."""
_COMMON: Final = """\
Each request goes to {base_url} with the headers
  X-Api-Key: (AUROUS_CHECK_KEY)
  Accept: application/json
  User-Agent: pytest-aurous check --live
unless a line below it says otherwise. A name in braces is replaced by what a list has shown."""

_INDENT: Final = " " * 12


def chosen_probes(only: str | None) -> list[Probe]:
    """Return the probes that ask about some rules or families, separated by commas; the first reads the team.

    What the lists show that these probes need is asked for, too.

    Raises:
        AurousError: If no probe asks about one of the rules.
    """
    if only is None:
        return list(PROBES)
    names = [name.strip() for name in only.split(",") if name.strip()]
    known = {rule for probe in PROBES for rule in probe.rules}
    families = {rule.partition("-")[0] for rule in known}
    wrong = [name for name in names if name not in known | families]
    if wrong or not names:
        raise AurousError(
            f"check --only {only}: no request asks about {', '.join(wrong) or 'nothing'}. Expected some of "
            f"{', '.join(sorted(known))}, or of their families.\n{_MORE}"
        )
    wanted = [probe for probe in PROBES if any({rule, rule.partition("-")[0]} & {*names} for rule in probe.rules)]
    paths = {PICKS[name].path for probe in wanted for name in probe.needs if name in PICKS}
    lists = {probe.path: probe for probe in reversed(PROBES) if probe.path in paths and not probe.needs}
    return [probe for probe in PROBES if probe is PROBES[0] or probe in wanted or probe in lists.values()]


def dry_run(base_url: str, probes: Sequence[Probe] = PROBES) -> str:
    """Return what would be sent, as text of 100 columns."""
    lines = [_COMMON.format(base_url=base_url), "", f"    {'about':<23}request", "-" * 100]
    for number, probe in enumerate(probes, 1):
        lines.append(f"{number:>2}  {', '.join(probe.rules):<23}{probe.method:<5}{probe.target}")
        if probe.key != OWN_KEY:
            lines.append(f"{_INDENT}X-Api-Key: {probe.key}" if probe.key else f"{_INDENT}no X-Api-Key")
        lines += [f"{_INDENT}{name}: {value}" for name, value in probe.headers.items()]
        lines += [f"{_INDENT}{probe.body}"] if probe.body else []
    return "\n".join([*lines, "", f"{len(probes)} requests. Nothing was sent."])
