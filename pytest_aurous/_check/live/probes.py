"""The probes of ``check --live``: requests that create nothing and cost nothing, and the rules that they ask about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ..._core.base.data import as_list
from ..._core.base.errors import AurousError, see
from ..._core.base.instants import instant_of

_MORE: Final = see("reference/check.html#probes-of-the-real-api")
_PLACE: Final = re.compile(r"\{(\w+)\}")
_PLAIN: Final = re.compile(
    r"(?:https?://[^/]+(?:/[^/?#]+)*?(?=/v1/))?((?:/v1/[a-z]+/\w+/output(?:/0)?\?token=)?[\w.~-]{1,500})", re.ASCII
)
"""What may go from a response into a request: a word, or the path and the token of a signed URL."""
_CHARACTER: Final = f"char_{'0' * 26}"
_IMAGE: Final = f"img_{'0' * 26}"
_NO_KEY: Final = {"X-Api-Key": ""}
_UNKNOWN_KEY: Final = f"al_live_{'fa4e' * 16}"
"""Of the documented form, and of nobody."""
_VIDEO: Final = '{"video_lora_id": "{video_style}", "duration": 4, "resolution": "480p"}'


@dataclass(frozen=True)
class Probe:
    """One request: a GET, or a POST of its body.

    Attributes:
        rules: The rules that its response says something about, separated by spaces.
        target: The path, and the query. A name in braces stands for what a list has shown: see `shown_by`.
        headers: Its headers, besides those that all probes have; one of them that is empty here is not sent.
        body: Its body, which may have names in braces, too.
    """

    rules: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: str = ""

    @property
    def method(self) -> str:
        """The HTTP method."""
        return "POST" if self.body else "GET"

    @property
    def path(self) -> str:
        """The path."""
        return self.target.partition("?")[0]

    @property
    def needs(self) -> list[str]:
        """The names of what lists have to show."""
        return _PLACE.findall(self.target + self.body)


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return *text* with the *values* of the names in it."""
    return _PLACE.sub(lambda place: values[place[1]], text)


_LISTS: Final = {
    "character": "/v1/characters",
    "image": "/v1/images",
    "video_style": "/v1/video_loras",
    "style": "/v1/loras",
    "video": "/v1/images",
    "endpoint": "/v1/webhook_endpoints",
}
"""The lists, by what the names of what they show end with."""
_AGES: Final = {"fresh": range(23), "aging": range(25, 167), "old": range(169, 10**6)}
"""How many hours ago work was completed whose output is there, may be there, and is gone."""


def shown_by(path: str, row: Mapping[str, Any], now: float) -> Iterator[tuple[str, str]]:
    """Yield the names and the values of what a record in a list shows for later requests."""
    record, status = str(row.get("id")), row.get("status")
    kind = "video" if record.startswith("vid_") else next((kind for kind, one in _LISTS.items() if one == path), "")
    found = {kind: record, f"{status}_{kind}": record, f"slug_of_{kind}": row.get("slug")}
    hours = int(now - (instant_of(row.get("completed_at")) or now)) // 3600
    if status == "succeeded":
        found |= {f"{age}_{kind}": record for age, some in _AGES.items() if hours in some}
    if f"fresh_{kind}" in found:
        found[f"output_of_{kind}"] = (as_list(row.get("output_urls")) or [row.get("output_video_url")])[0]
    for name, value in found.items():
        plain = _PLAIN.fullmatch(value) if isinstance(value, str) else None
        if plain is not None:
            yield name, plain[1]


PROBES: Final = (
    # Keys, versions, and what a team is
    Probe("team-1 err-3 rate-1", "/v1/team"),
    Probe("auth-3 err-1 err-2", "/v1/team", _NO_KEY),
    Probe("auth-3", "/v1/team", {"X-Api-Key": "not-a-key"}),
    Probe("auth-3", "/v1/team", {"X-Api-Key": _UNKNOWN_KEY}),
    Probe("ver-2", "/v1/team", {"Aurous-Version": "2026-05-15"}),
    Probe("ver-3", "/v1/team", {"Aurous-Version": "2026-05-14"}),
    Probe("ver-3", "/v1/team", {"Aurous-Version": "1999-01-01"}),
    Probe("ver-3", "/v1/pricing", {"Aurous-Version": "yesterday"}),
    Probe("cred-1", "/v1/balance"),
    Probe("cred-4 vid-2", "/v1/pricing"),
    # Characters
    Probe("list-1 list-2 list-5", "/v1/characters?limit=100"),
    Probe("list-2", "/v1/characters?limit=1&starting_after={character}"),
    Probe("list-5", "/v1/characters?status=ready"),
    Probe("list-4", "/v1/characters?status=sleeping"),
    Probe("list-4", "/v1/characters?status=deleted"),
    Probe("list-3", "/v1/characters?limit=0"),
    Probe("list-3", "/v1/characters?limit=101"),
    Probe("list-3", "/v1/characters?limit=many"),
    Probe("list-3", f"/v1/characters?starting_after={_CHARACTER}"),
    Probe("get-1 get-3 ver-4", "/v1/characters/{ready_character}"),
    Probe("get-1 get-3", "/v1/characters/{reviewing_character}"),
    Probe("get-1", "/v1/characters/{failed_character}"),
    Probe("auth-7", f"/v1/characters/{_CHARACTER}"),
    Probe("auth-7", "/v1/characters/no-id"),
    # Images and videos
    Probe("img-10 list-1 list-2", "/v1/images?limit=100"),
    Probe("list-2", "/v1/images?limit=1&starting_after={image}"),
    Probe("list-2", "/v1/images?limit=1&ending_before={image}"),
    Probe("list-3", "/v1/images?limit=1&starting_after={image}&ending_before={image}"),
    Probe("list-3", f"/v1/images?ending_before={_IMAGE}"),
    Probe("img-5 img-6 time-1", "/v1/images/{image}"),
    Probe("img-5 img-6", "/v1/images/{video}"),
    Probe("vid-4", "/v1/videos/{video}"),
    Probe("auth-7", f"/v1/images/{_IMAGE}"),
    Probe("img-8", "{output_of_image}", _NO_KEY),
    Probe("img-8", "/v1/images/{fresh_image}/output/0", _NO_KEY),
    Probe("img-8", "/v1/images/{fresh_image}/output/0"),
    Probe("img-8", "/v1/images/{fresh_image}/output/99"),
    Probe("img-8", "/v1/images/{failed_image}/output/0"),
    Probe("time-4", "/v1/images/{aging_image}/output/0"),
    Probe("time-4", "/v1/images/{old_image}/output/0"),
    Probe("vid-5", "{output_of_video}", {**_NO_KEY, "Range": "bytes=0-9"}),
    # Files, styles, webhook endpoints
    Probe("file-2", f"/v1/files/file_{'0' * 26}"),
    Probe("style-1", "/v1/loras"),
    Probe("style-2", "/v1/loras/{style}"),
    Probe("style-2", "/v1/loras/{slug_of_style}"),
    Probe("style-2", f"/v1/loras/lora_{'0' * 26}"),
    Probe("style-3", "/v1/video_loras"),
    Probe("style-4", "/v1/video_loras/{video_style}"),
    Probe("hook-2 list-1", "/v1/webhook_endpoints"),
    Probe("list-3", "/v1/webhook_endpoints?limit=0"),
    Probe("hook-2", "/v1/webhook_endpoints/{endpoint}"),
    Probe("auth-7", f"/v1/webhook_endpoints/we_{'0' * 26}"),
    # Usage
    Probe("usage-1", "/v1/usage?start_time={yesterday}&bucket_width=1h"),
    Probe("usage-1", "/v1/usage"),
    Probe("usage-1", "/v1/usage?start_time=1999-01-01T00:00:00Z"),
    Probe("usage-1", "/v1/usage?start_time={yesterday}&bucket_width=fortnight"),
    Probe("usage-2", "/v1/usage?page_token=nonsense"),
    Probe("usage-3", "/v1/usage/events?start_time={yesterday}"),
    Probe("usage-3", "/v1/usage/events?start_time={yesterday}&limit=501"),
    # Former paths, unknown paths, and methods that a path does not have
    Probe("legacy-1", "/v1/generations"),
    Probe("legacy-1", f"/v1/video-generations/vid_{'0' * 26}"),
    Probe("err-8", "/v1/nothing"),
    Probe("err-8", f"/v1/characters/{_CHARACTER}/save"),
    # Estimates: the only POSTs
    Probe("img-9", "/v1/images/estimate", body='{"prompt": "On a bench", "count": 2}'),
    Probe("img-9", "/v1/images/estimate", body='{"prompt": "On a bench", "enhance_prompt": true}'),
    Probe("img-9", "/v1/images/estimate", body="{}"),
    Probe("img-9", "/v1/images/estimate", body='{"prompt": "On a bench", "color": "red"}'),
    Probe("img-9", "/v1/images/estimate", body='{"prompt": '),
    Probe("err-9", "/v1/images/estimate", body='{"prompt": "On a bench", "negative_prompt": null}'),
    Probe("vid-2", "/v1/videos/estimate", body=_VIDEO),
    Probe("vid-2", "/v1/videos/estimate", body="{}"),
)
"""All probes, in order: lists before what they show."""
_COMMON: Final = """\
Each request goes to {base_url} with the headers
  X-Api-Key: (AUROUS_CHECK_KEY)
  Accept: application/json
  User-Agent: pytest-aurous check --live
unless a line below it says otherwise. A name in braces is replaced by what a list has shown.

    about                  request
"""


def chosen_probes(only: str | None) -> list[Probe]:
    """Return the probes that ask about some rules or families, separated by commas; the first reads the team.

    The lists that show what these probes need are asked for, too.

    Raises:
        AurousError: If no probe asks about one of the rules.
    """
    if only is None:
        return list(PROBES)
    names = [name.strip() for name in only.split(",") if name.strip()]
    wrong = [name for name in names if not any(_asks(probe, name) for probe in PROBES)]
    if wrong or not names:
        known = sorted({rule for probe in PROBES for rule in probe.rules.split()})
        raise AurousError(
            f"check --only {only}: no request asks about {', '.join(wrong) or 'nothing'}. Expected some of "
            f"{', '.join(known)}, or of their families.\n{_MORE}"
        )
    wanted = [probe for probe in PROBES if probe is PROBES[0] or any(_asks(probe, name) for name in names)]
    needs = [need for probe in wanted for need in probe.needs]
    paths = {path for kind, path in _LISTS.items() if any(need.endswith(kind) for need in needs)}
    return [probe for probe in PROBES if probe in wanted or probe.target.removesuffix("?limit=100") in paths]


def _asks(probe: Probe, name: str) -> bool:
    """Whether a probe asks about a rule, or about a rule of a family."""
    return any(name in {rule, rule.partition("-")[0]} for rule in probe.rules.split())


def dry_run(base_url: str, probes: Sequence[Probe] = PROBES) -> str:
    """Return what would be sent, as text of 100 columns."""
    lines = [_COMMON.format(base_url=base_url)]
    for number, probe in enumerate(probes, 1):
        lines.append(f"{number:>2}  {', '.join(probe.rules.split()):<23}{probe.method:<5}{probe.target}")
        headers = [f"{name}: {value}" if value else f"no {name}" for name, value in probe.headers.items()]
        lines += [f"{' ' * 12}{one}" for one in (*headers, probe.body) if one]
    return "\n".join([*lines, "", f"{len(probes)} requests. Nothing was sent."])
