"""Small pictures of references and outputs, with the colors and the pattern of those that the fake serves."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from .._core.resources.content.pictures import picture

_SIDE: Final = 76
_MOST: Final = 48 * 1024
"""The most bytes of all pictures together."""


def small_pictures(records: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the pictures of records as data URLs, by the path of their own URL."""
    found: dict[str, str] = {}
    left = _MOST
    for path, lines, seed in _described(records):
        if path not in found:
            url = f"data:image/png;base64,{b64encode(picture(lines, _SIDE, _SIDE, seed)).decode()}"
            left -= len(url)
            if left < 0:
                break
            found[path] = url
    return found


def _described(records: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, list[str], str]]:
    """Yield the path, the lines and the seed of each picture, as the endpoints that serve them choose them."""
    for record in records:
        row = record["json"]
        for ref in row.get("refs", ()):
            path = _path(ref["url"])
            yield path, [ref["pose"], row["name"]], path[path.index("/storage/") :]
        prompt, seed = row.get("prompt") or "", f"{row.get('seed')}/{row['id']}"
        outputs = row.get("output_urls") or ()
        for number, url in enumerate(outputs):
            yield _path(url), [f"{number + 1} of {len(outputs)}", prompt], f"{seed}/{number}"
        if row.get("output_video_url"):
            yield _path(row["output_video_url"]), [f"{row['video_duration']:g} s", prompt], seed


def _path(url: str) -> str:
    return urlsplit(url).path
