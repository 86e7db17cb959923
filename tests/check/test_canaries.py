"""No secret, name, address or free text of a recording appears in anything that a check shows or writes."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import reduce
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest

from tests.check.story import STORIES, Entries, command, told, write

pytestmark = pytest.mark.slow  # each place, one after the other

CANARIES: Final = (
    "Zo\u00eb Canary <zoe@canary.example>",
    "al_live_CANARY0123456789abcdefCANARY",
    "whsec_CANARY0123456789",
    "Basic " + b64encode(b"canary:canary-password").decode(),
    "https://canary:password@canary.example/canary?token=CANARY01#canary-1",
    "data:image/png;base64," + b64encode(b"canary canary canary").decode(),
    "session=canary; Path=/canary",
    quote("canary \u00e9\u6f22\u5b57"),
    "+49 1512 3456789",
)
HEADERS: Final = (
    "Authorization", "Aurous-Mood", "Aurous-Version", "Content-Disposition", "Cookie", "Location",
    "Proxy-Authorization", "Referer", "Set-Cookie", "X-Api-Key", "X-Canary", "X-Forwarded-For",
)  # fmt: skip
ODD: Final[tuple[Any, ...]] = (
    None, 7, -1.5, True, [], {}, ["x", {}], {"x": [1]}, "x", "2026-13-99T00:00:00Z", 1e308, 10**30,
)  # fmt: skip
TRACES: Final = ("canary", b64encode(b"canary").decode().lower(), "\u6f22", "zo\u00eb", "3456789", "%C3%A9".lower())
"""What must be in no output, in lower case."""


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the places of all values and names in JSON data."""
    if isinstance(value, (dict, list)):
        for name, one in [*(value.items() if isinstance(value, dict) else enumerate(value[:2]))]:
            yield (*path, name)
            yield from places(one, (*path, name))


def changed_bodies(entry: dict[str, Any], change: Callable[[Any, Any, int], None]) -> Iterator[dict[str, Any]]:
    """Yield an entry with a change in each place of its bodies; it gets the holder, the name there, and a number."""
    for side, holder in (("request", "postData"), ("response", "content")):
        try:
            content = json.loads(entry[side].get(holder, {}).get("text"))
        except (TypeError, ValueError):
            continue
        for number, path in enumerate(places(content)):
            other, changed = deepcopy(entry), deepcopy(content)
            change(reduce(lambda value, step: value[step], path[:-1], changed), path[-1], number)
            if changed != content:
                other[side][holder]["text"] = json.dumps(changed)
                yield other


def put_canary(holder: Any, name: Any, number: int) -> None:
    """Write a canary to a place, or instead of its name."""
    canary = CANARIES[number % len(CANARIES)]
    if number % 3 == 0 and isinstance(holder, dict):
        holder[canary] = holder.pop(name)
    else:
        holder[name] = canary


def put_odd(holder: Any, name: Any, number: int) -> None:
    holder[name] = ODD[number % len(ODD)]


def with_changes(
    change: Callable[[Any, Any, int], None], more: Callable[[Any], Iterator[Any]] | None = None
) -> Entries:
    """Return exchanges of every operation, and each again with a change in one place; of some there are *more*."""
    seen: set[str] = set()
    found: Entries = []
    for entry in (entry for story in STORIES for entry in told(story)):
        found.append(entry)
        if entry["comment"] not in seen:
            seen.add(entry["comment"])
            found += changed_bodies(entry, change)
            found += more(entry) if more is not None and len(seen) % 5 == 0 else ()
    return found


def around(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield an entry with canaries in its URL, headers, types and forms."""
    for canary in CANARIES:
        other = deepcopy(entry)
        for side in ("request", "response"):
            for pair in other[side]["headers"]:
                pair["value"] = canary
            other[side]["headers"] += [{"name": name, "value": canary} for name in HEADERS]
            other[side]["cookies"] = [{"name": canary, "value": canary}]
        other["request"]["queryString"] = [{"name": canary, "value": canary}]
        other["comment"] = other["pageref"] = other["_initiator"] = canary
        other["serverIPAddress"] = other["connection"] = canary
        yield other
    base = entry["request"]["url"].partition("?")[0]
    for url in (
        *(f"{base}?api_key={quote(one)}&{quote(one)}=1&token={quote(one)}&phone=4915123456789" for one in CANARIES),
        *(f"{base}/{quote(one, safe='')};canary={quote(one)}#{quote(one)}" for one in CANARIES),
        f"{base}/images.canary0123456789",
        base.replace("://", "://canary:canary@"),
        "https://canary.example/canary?x=canary",
    ):
        yield {**entry, "request": {**entry["request"], "url": url}}
    for kind in ("text/html; canary=1", "multipart/form-data; boundary=canary", "application/canary", CANARIES[0]):
        other = deepcopy(entry)
        part = 'Content-Disposition: form-data; name="canary"; filename="name"'
        for side, holder in (("request", "postData"), ("response", "content")):
            other[side]["headers"].append({"name": "content-type", "value": kind})
            other[side][holder] = {"mimeType": kind, "text": f"--canary\r\n{part}\r\n\r\n{kind}\r\n--canary--\r\n"}
        yield other


def test_no_canary_appears_in_any_output(tmp_path: Path) -> None:
    """Neither in the table and its explanation, nor in any file that a check writes."""
    file, out = write(tmp_path, with_changes(put_canary, around)), tmp_path / "out"
    options = [part for name in ("json", "report", "observed", "sanitize") for part in (f"--{name}", out / name)]

    texts = {"what is printed": command(1, file, "--explain", *options) + command(1, file, "--quiet")}
    texts |= {str(one.relative_to(out)): one.read_text(encoding="utf-8") for one in out.rglob("*") if one.is_file()}

    assert len(texts) == 5
    assert min(map(len, texts.values())) > 20
    found = [
        f"{name}: {line[:200]}"
        for name, text in texts.items()
        for line in text.splitlines()
        if any(one in line.lower() for one in TRACES)
    ]
    assert found == []


def test_an_odd_value_in_any_place_is_judged(tmp_path: Path) -> None:
    """A recording may have anything in it: each exchange is compared, or cannot be told."""
    entries = with_changes(put_odd)
    out = tmp_path / "out"
    file = write(tmp_path, entries)

    command(1, file, "--quiet", "--report", out / "report", "--observed", out / "observed")
    command(1, file, "--quiet", "--sanitize", out, "--json", out / "json")
    exchanges = json.loads((out / "json").read_text(encoding="utf-8"))["exchanges"]
    assert exchanges == len(entries) - 1  # two stories begin alike
