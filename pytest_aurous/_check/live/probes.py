"""The probes of ``check --live``, which create nothing and cost nothing, as a table, and what lists show for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ..._core.base.data import as_list
from ..._core.base.errors import AurousError, see
from ..._core.base.instants import instant_of
from ..._facade import load_rules

_MORE: Final = see("reference/check.html#probes-of-the-real-api")
PLACE: Final = re.compile(r"\{(\w+)\}")
"""What stands in a row for a value that a list has shown: see `shown_by`."""
_PLAIN: Final = re.compile(r"(?:https?:.*[?&]token=)?([\w.~-]{1,500})", re.ASCII)
"""What may go from a response into a request: a word, or the token of a signed URL, and never a path."""
_NO_CHARACTER: Final = f"char_{'0' * 26}"
_NO_IMAGE: Final = f"img_{'0' * 26}"
_NO_KEY: Final = {"X-Api-Key": ""}
_VIDEO: Final = '{"video_lora_id": "{video_style}", "duration": 4, "resolution": "480p"}'


@dataclass(frozen=True)
class Probe:
    """One row of the table: an operation with its arguments, and the rules that its response says something about.

    A header that is empty here is not sent, although all probes have it.
    """

    line: str
    rules: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: str = ""

    @property
    def path(self) -> str:
        return self.line.split()[1].partition("?")[0]

    @property
    def about(self) -> set[str]:
        """The rules, and their families."""
        return {name for rule in self.rules.split() for name in (rule, rule.partition("-")[0])}

    @property
    def needs(self) -> list[str]:
        """The names of what lists have to show."""
        return PLACE.findall(self.line + self.body)


PROBES: Final = (
    # Keys, versions, and what a team is
    Probe("GET /v1/team", "team-1 err-3 rate-1"),
    Probe("GET /v1/team", "auth-3 err-1 err-2", _NO_KEY),
    Probe("GET /v1/team", "auth-3", {"X-Api-Key": "not-a-key"}),
    Probe("GET /v1/team", "auth-3", {"X-Api-Key": f"al_live_{'fa4e' * 16}"}),  # a key of nobody
    Probe("GET /v1/team", "ver-2", {"Aurous-Version": "2026-05-15"}),
    Probe("GET /v1/team", "ver-3", {"Aurous-Version": "2026-05-14"}),
    Probe("GET /v1/team", "ver-3", {"Aurous-Version": "1999-01-01"}),
    Probe("GET /v1/pricing", "ver-3", {"Aurous-Version": "yesterday"}),
    Probe("GET /v1/balance", "cred-1"),
    Probe("GET /v1/pricing", "cred-4 vid-2"),
    # Characters
    Probe("GET /v1/characters?limit=100", "list-1 list-2 list-5"),
    Probe("GET /v1/characters?limit=1&starting_after={character}", "list-2"),
    Probe("GET /v1/characters?status=ready", "list-5"),
    Probe("GET /v1/characters?status=sleeping", "list-4"),
    Probe("GET /v1/characters?status=deleted", "list-4"),
    Probe("GET /v1/characters?limit=0", "list-3"),
    Probe("GET /v1/characters?limit=101", "list-3"),
    Probe("GET /v1/characters?limit=many", "list-3"),
    Probe(f"GET /v1/characters?starting_after={_NO_CHARACTER}", "list-3"),
    Probe("GET /v1/characters/{ready_character}", "get-1 get-3 ver-4"),
    Probe("GET /v1/characters/{reviewing_character}", "get-1 get-3"),
    Probe("GET /v1/characters/{failed_character}", "get-1"),
    Probe(f"GET /v1/characters/{_NO_CHARACTER}", "auth-7"),
    Probe("GET /v1/characters/no-id", "auth-7"),
    # Images and videos
    Probe("GET /v1/images?limit=100", "img-10 list-1 list-2"),
    Probe("GET /v1/images?limit=1&starting_after={image}", "list-2"),
    Probe("GET /v1/images?limit=1&ending_before={image}", "list-2"),
    Probe("GET /v1/images?limit=1&starting_after={image}&ending_before={image}", "list-3"),
    Probe(f"GET /v1/images?ending_before={_NO_IMAGE}", "list-3"),
    Probe("GET /v1/images/{image}", "img-5 img-6 time-1"),
    Probe("GET /v1/images/{video}", "img-5 img-6"),
    Probe("GET /v1/videos/{video}", "vid-4"),
    Probe(f"GET /v1/images/{_NO_IMAGE}", "auth-7"),
    Probe("GET /v1/images/{fresh_image}/output/0?token={token_of_image}", "img-8", _NO_KEY),
    Probe("GET /v1/images/{fresh_image}/output/0", "img-8", _NO_KEY),
    Probe("GET /v1/images/{fresh_image}/output/0", "img-8"),
    Probe("GET /v1/images/{fresh_image}/output/99", "img-8"),
    Probe("GET /v1/images/{failed_image}/output/0", "img-8"),
    Probe("GET /v1/images/{aging_image}/output/0", "time-4"),
    Probe("GET /v1/images/{old_image}/output/0", "time-4"),
    Probe("GET /v1/videos/{fresh_video}/output?token={token_of_video}", "vid-5", {**_NO_KEY, "Range": "bytes=0-9"}),
    # Files, styles, webhook endpoints
    Probe(f"GET /v1/files/file_{'0' * 26}", "file-2"),
    Probe("GET /v1/loras", "style-1"),
    Probe("GET /v1/loras/{image_style}", "style-2"),
    Probe("GET /v1/loras/{slug_of_image_style}", "style-2"),
    Probe(f"GET /v1/loras/lora_{'0' * 26}", "style-2"),
    Probe("GET /v1/video_loras", "style-3"),
    Probe("GET /v1/video_loras/{video_style}", "style-4"),
    Probe("GET /v1/webhook_endpoints", "hook-2 list-1"),
    Probe("GET /v1/webhook_endpoints?limit=0", "list-3"),
    Probe("GET /v1/webhook_endpoints/{endpoint}", "hook-2"),
    Probe(f"GET /v1/webhook_endpoints/we_{'0' * 26}", "auth-7"),
    # Usage
    Probe("GET /v1/usage?start_time={yesterday}&bucket_width=1h", "usage-1"),
    Probe("GET /v1/usage", "usage-1"),
    Probe("GET /v1/usage?start_time=1999-01-01T00:00:00Z", "usage-1"),
    Probe("GET /v1/usage?start_time={yesterday}&bucket_width=fortnight", "usage-1"),
    Probe("GET /v1/usage?page_token=nonsense", "usage-2"),
    Probe("GET /v1/usage/events?start_time={yesterday}", "usage-3"),
    Probe("GET /v1/usage/events?start_time={yesterday}&limit=501", "usage-3"),
    # Former paths, unknown paths, and methods that a path does not have
    Probe("GET /v1/generations", "legacy-1"),
    Probe(f"GET /v1/video-generations/vid_{'0' * 26}", "legacy-1"),
    Probe("GET /v1/nothing", "err-8"),
    Probe(f"GET /v1/characters/{_NO_CHARACTER}/save", "err-8"),
    # Estimates: the only POSTs
    Probe("POST /v1/images/estimate", "img-9", body='{"prompt": "On a bench", "count": 2}'),
    Probe("POST /v1/images/estimate", "img-9", body='{"prompt": "On a bench", "enhance_prompt": true}'),
    Probe("POST /v1/images/estimate", "img-9", body="{}"),
    Probe("POST /v1/images/estimate", "img-9", body='{"prompt": "On a bench", "color": "red"}'),
    Probe("POST /v1/images/estimate", "img-9", body='{"prompt": '),
    Probe("POST /v1/images/estimate", "err-9", body='{"prompt": "On a bench", "negative_prompt": null}'),
    Probe("POST /v1/videos/estimate", "vid-2", body=_VIDEO),
    Probe("POST /v1/videos/estimate", "vid-2", body="{}"),
)
_LISTS: Final = {
    "/v1/characters": ("character",),
    "/v1/images": ("image", "video"),
    "/v1/loras": ("image_style",),
    "/v1/video_loras": ("video_style",),
    "/v1/webhook_endpoints": ("endpoint",),
}
"""What the names of what each list shows end with."""
_AGES: Final = {"fresh": range(23), "aging": range(25, 167), "old": range(169, 10**6)}
"""How many hours ago work was completed whose output is there, may be there (time-4), and is gone."""


def shown_by(path: str, row: Mapping[str, Any], now: float) -> Iterator[tuple[str, str]]:
    """Yield the names and the values of what a record in a list shows for later requests."""
    record, status = str(row.get("id")), row.get("status")
    kind = "video" if record.startswith("vid_") else _LISTS.get(path, ("",))[0]
    found = {kind: record, f"{status}_{kind}": record, f"slug_of_{kind}": row.get("slug")}
    hours = int(now - (instant_of(row.get("completed_at")) or now)) // 3600
    if status == "succeeded":
        found |= {f"{age}_{kind}": record for age, some in _AGES.items() if hours in some}
    if f"fresh_{kind}" in found:
        found[f"token_of_{kind}"] = (as_list(row.get("output_urls")) or [row.get("output_video_url")])[0]
    for name, value in found.items():
        plain = _PLAIN.fullmatch(value) if isinstance(value, str) else None
        if plain is not None:
            yield name, plain[1]


def chosen_probes(only: str | None) -> list[Probe]:
    """Return the probes that ask about some rules or families, separated by commas; the first reads the team.

    The lists that show what these probes need are asked for, too. AurousError: no probe asks about a name.
    """
    if only is None:
        return list(PROBES)
    names = {name.strip() for name in only.split(",") if name.strip()}
    about = set[str]().union(*(probe.about for probe in PROBES))
    known_names = {name for rule in load_rules() for name in (rule, rule.partition("-")[0])}
    wrong = names - known_names if names & about else names
    if wrong or not names:
        known = sorted({rule for probe in PROBES for rule in probe.rules.split()})
        raise AurousError(
            f"check --only {only}: no request asks about {', '.join(sorted(wrong)) or 'nothing'}. Expected some of "
            f"{', '.join(known)}, or of their families.\n{_MORE}"
        )
    wanted = [PROBES[0], *(probe for probe in PROBES if probe.about & names)]
    needs = [need for probe in wanted for need in probe.needs]
    lists = [path for path, ends in _LISTS.items() if any(need.endswith(ends) for need in needs)]
    return [one for one in PROBES if one in wanted or one.line.removesuffix("?limit=100").removeprefix("GET ") in lists]


def dry_run(base_url: str, probes: Sequence[Probe] = PROBES) -> str:
    lines = [
        f"Each request goes to {base_url} with the headers",
        "  X-Api-Key: (AUROUS_CHECK_KEY)",
        "  Accept: application/json",
        "  User-Agent: pytest-aurous check --live",
        "unless a line below it says otherwise. A name in braces is replaced by what a list has shown.\n",
        "    about                  request\n",
    ]
    for number, probe in enumerate(probes, 1):
        method, target = probe.line.split()
        lines.append(f"{number:>2}  {', '.join(probe.rules.split()):<23}{method:<5}{target}")
        headers = [f"{name}: {value}" if value else f"no {name}" for name, value in probe.headers.items()]
        lines += [f"{' ' * 12}{one}" for one in (*headers, probe.body) if one]
    return "\n".join([*lines, "", f"{len(probes)} requests. Nothing was sent."])
