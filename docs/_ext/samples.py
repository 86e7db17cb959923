"""Requests and responses: the fields of each request, and what a seeded fake responds, refuses and delivers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from cogapp.cogapp import CogGeneratedError as NotShown
from shared import as_list, rule_link
from tables import fields_of

from pytest_aurous import Aurous, Delivery
from pytest_aurous._core.resources.base.endpoint import NO_RESPONSE, Endpoint
from pytest_aurous._core.resources.catalog import CATALOG, ENDPOINTS
from pytest_aurous._core.resources.content.pictures import picture
from pytest_aurous._core.resources.webhooks import EVENTS
from pytest_aurous._core.wire.refusal import LIMIT_CODES, USUAL_CODES

__all__ = ("events", "old_paths", "refusals", "samples", "stream")

_WIDTH: Final = 100
_LONGEST: Final = 48
_MOST: Final = 3
"""How many texts of a list are shown."""
_DAY: Final = 86_400
_START: Final = "2026-05-08T10:00:00Z"
_ASKED: Final = CATALOG.by_operation["chat.create"].sample or {}
_CHATS: Final = "/v1/chat/completions"
_MORE: Final = {"...": "..."}
"""Stands for the fields that are left out."""
_RECORDS: Final = {
    "characters.create": "Character",
    "images.create": "Generation",
    "files.create": "File",
    "loras.retrieve": "Lora",
    "video_loras.retrieve": "VideoLora",
    "webhook_endpoints.create": "Endpoint",
    "team.retrieve": "team.retrieve",
    "balance.retrieve": "balance.retrieve",
}
"""The operations below which the fields of a record are listed."""


_SHOWN: Final = ("array of strings", "boolean", "integer", "string")
"""The types that a sample shows."""
_SECTIONS: Final = {
    "Characters": ("characters",),
    "Uploads of a character": ("characters.uploads",),
    "Images": ("images",),
    "Videos": ("videos",),
    "Files": (
        "files",
        "storage",
    ),
    "Styles": (
        "loras",
        "video_loras",
    ),
    "Models, chats and embeddings": (
        "models",
        "chat",
        "embeddings",
    ),
    "The account": (
        "balance",
        "team",
        "pricing",
        "usage",
    ),
    "Webhook endpoints": ("webhook_endpoints",),
}
"""The sections of the page, and which resources each has; other resources have sections of their own names."""
_CHANCE: Final = ("id", "seed", "creation_request_id", "created_at", "updated_at")
"""The fields that differ between any two records."""


class _Sample(NamedTuple):
    """A request and its response."""

    sent: Any
    got: Any


def samples() -> None:
    """Print each operation, by section: its request, its response, and one sample of both."""
    tags = dict.fromkeys(
        row.operation.rpartition(".")[0] for row in ENDPOINTS if not row.operation.startswith("legacy.")
    )
    listed = {tag for section in _SECTIONS.values() for tag in section}
    others = {tag.replace("_", " ").capitalize(): (tag,) for tag in tags if tag not in listed}
    for title, section in (_SECTIONS | others).items():
        rows = [row for row in ENDPOINTS if row.operation.rpartition(".")[0] in section]
        _print(f"## {title}", *(part for row in rows for part in _operation(row)))


def _print(*parts: str) -> None:
    print("\n" + "\n\n".join(parts) + "\n")


def _operation(row: Endpoint) -> Iterator[str]:
    sample = _tour().samples[row.operation]
    host = " on the upload host" if row.host == "upload" else ""
    key = "; takes an `Idempotency-Key`" if row.idempotent else ""
    path = rule_link(row.rules[0], f"`{row.method} {row.template}`")
    yield f"### {row.operation}"
    yield f"{path}{host}: {row.status}; {_bucket(row)}{key}"
    sends = row.body or (row.query if not row.signed else {})
    same = next(other for other in ENDPOINTS if (other.body or other.query) == (row.body or row.query))
    if sends and same is not row:
        yield f"The request has the fields of {_link(same)}."
    elif sends:
        yield _once(row, _fields)
    if sample.sent and same is row:
        yield f"Request: {sample.sent}" if isinstance(sample.sent, str) else _block(sample.sent)
    yield from _response(row, sample)
    if row.operation in _RECORDS:
        yield _once(row, _fields_of_record)


def _once(row: Endpoint, fields: Callable[[Endpoint], list[tuple[str, str]]]) -> str:
    """List fields; those that a similar operation has are listed there."""
    rows, family = fields(row), row.operation.split(".")[0].removeprefix("video_")
    for other in ENDPOINTS[: ENDPOINTS.index(row)]:
        known = fields(other) if other.operation.startswith(family) else []
        if len(set(known) & set(rows)) >= _MOST:
            new = [one for one in rows if one not in known]
            return as_list([*new, ("the other fields", f"as in {_link(other)}")])
    return as_list(rows)


def _fields_of_record(row: Endpoint) -> list[tuple[str, str]]:
    found = fields_of(_RECORDS[row.operation]) if row.operation in _RECORDS else []
    return [(name, means if kind in _SHOWN else f"{kind}. {means}") for name, kind, means in found]


def _response(row: Endpoint, sample: _Sample) -> Iterator[str]:
    """Yield a response: of a record that was shown before, only what is different."""
    got = sample.got
    same = [other for other in ENDPOINTS[: ENDPOINTS.index(row)] if row.shows and other.shape == row.shape]
    homes = [other for other in same if other.operation.endswith((".create", ".retrieve"))]
    label = ["Response:"] if sample.sent else []
    if row.shows and "$ref" not in (row.shape or {}):
        page = next((other for other in ENDPOINTS if other.operation.endswith(".list")), row)
        if page is not row and isinstance(got, dict) and got.keys() == _tour().samples[page.operation].got.keys():
            yield f"Response: a page as in {_link(page)}."
        else:
            yield from (*label, _block(_listed(got)))
    elif homes:
        differences = [(home, _changed(_tour().samples[home.operation].got, got)) for home in homes]
        home, changed = min(differences, key=lambda one: len(one[1]))
        yield f"[The record](#{_anchor(home)}){', here with:' if changed != _MORE else '.'}"
        if changed != _MORE:
            yield _block(changed)
    elif isinstance(got, str):
        yield f"Response: {got}"
    else:
        yield from (*label, _block(got))


def _changed(before: Any, got: Any) -> Any:
    """Return what differs in a record, also within its objects."""
    if not isinstance(before, dict) or not isinstance(got, dict):
        return got
    names = [name for name, one in got.items() if before.get(name) != one and name not in _CHANCE]
    changed = {name: _changed(before.get(name), got[name]) for name in names}
    return changed if len(changed) == len(got) else {**changed, **_MORE}


def _bucket(row: Endpoint) -> str:
    if callable(row.bucket):
        return "`characters_post`, or `characters_synthesize` for a synthesis"
    return f"`{row.bucket}`" if row.bucket else "no API key"


def _link(row: Endpoint) -> str:
    return f"[{row.operation}](#{_anchor(row)})"


def _anchor(row: Endpoint) -> str:
    return row.operation.replace(".", "")


def _listed(got: Any) -> Any:
    """Return a list of records, each with its id alone."""
    if isinstance(got, dict):
        return {**got, "data": _listed(got["data"])}
    return [{"id": one["id"], **_MORE} for one in got]


def _block(value: Any) -> str:
    text = "\n".join(_lines(value, _WIDTH))
    return f"```{'js' if '...' in text else 'json'}\n{text}\n```"


def _lines(value: Any, width: int) -> Iterator[str]:
    """Write JSON with each value on one line that fits there."""
    value = _short(value)
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) <= width or not isinstance(value, dict | list):
        yield flat.replace('"...": "..."', "...").replace('"..."', "...")
        return
    pairs = value.items() if isinstance(value, dict) else [("", one) for one in value]
    yield "{" if isinstance(value, dict) else "["
    for number, (name, one) in enumerate(pairs):
        if name == "...":
            yield "  ..."
            continue
        head = f"  {json.dumps(name)}: " if isinstance(value, dict) else "  "
        first, *rest = _lines(one, width - len(head))
        lines = [head + first, *("  " + line for line in rest)]
        yield from lines[:-1]
        yield lines[-1] + ("," if number < len(value) - 1 else "")
    yield "}" if isinstance(value, dict) else "]"


def _short(value: Any) -> Any:
    """Shorten long texts, such as signed URLs and vectors, and ids of requests, which count all samples before."""
    if isinstance(value, dict):
        return {name: _short(one) for name, one in value.items()}
    if isinstance(value, list):
        shown = value[: _MOST if value and isinstance(value[0], str) else 1]
        return [*map(_short, shown), *(["..."] if len(shown) < len(value) else [])]
    if isinstance(value, str) and value.startswith("https://") and len(value) > _LONGEST:
        return f"{value[: _LONGEST - 8]}..."
    if isinstance(value, str) and value.startswith("req_"):
        return "req_..."
    return value


def old_paths() -> None:
    """Print what the deprecated paths redirect to, and the names of their operations."""
    rows = [row for row in ENDPOINTS if row.operation.startswith("legacy.")]
    paths = {row.template.split("/")[2]: row.operation.split(".")[1] for row in rows}
    moved = " and ".join(f"`/v1/{old}` to `/v1/{new}`" for old, new in paths.items())
    names = ", ".join(f"`{row.operation}`" for row in rows)
    print(
        f"\nThe API redirects {moved}, with {rows[0].status} and {', '.join(f'`{name}`' for name in rows[0].headers)}"
    )
    print(f"({rule_link(rows[0].rules[0])}); an httpx client follows it only with `follow_redirects=True`.")
    print(f"The operations: {names}\n")


def events() -> None:
    """Print the payload of one event, and the data of the others."""
    found = _tour().events
    rows = [(f"`{name}`", f"`{_line(_short_of(found[name]['data'], 'status', 'error_message'))}`") for name in EVENTS]
    first = {**found[EVENTS[0]], "data": _short_of(found[EVENTS[0]]["data"], "id", "object", "status")}
    _print(_block(first), as_list(rows))


def _short_of(data: dict[str, Any], *kept: str) -> dict[str, Any]:
    """Return some fields of a record; all of another object."""
    if "object" not in data:
        return data
    return {**{name: data[name] for name in kept if data[name] is not None}, **_MORE}


def _line(value: Any) -> str:
    return json.dumps(_short(value), ensure_ascii=False).replace('"...": "..."', "...")


def stream() -> None:
    """Print the events of a short stream."""
    fake = Aurous(seed=7, now=_START)
    fake.chat.reply("Aurora has black hair.")
    client = fake.client(headers={"Idempotency-Key": "retry-1"})
    text = client.post(_CHATS, json={**_ASKED, "stream": True}).text
    _print(f"```text\n{text.strip()}\n```")


def refusals() -> None:
    """Print one refusal whole, and the codes of each status."""
    usual = {f"{status} {code}" for status, code in [*USUAL_CODES.items(), *((429, code) for code in LIMIT_CODES)]}
    outcomes = usual | {outcome for row in ENDPOINTS for outcome in row.outcomes if outcome != NO_RESPONSE}
    codes: dict[str, list[str]] = {}
    for status, _, code in sorted(outcome.partition(" ") for outcome in outcomes):
        if code:
            codes.setdefault(status, []).append(f"`{code}`")
    _print(
        _block(_tour().client.post("/v1/characters", json={}).json()),
        as_list((status, ", ".join(names)) for status, names in codes.items()),
    )


# The fields of requests


def _fields(row: Endpoint) -> list[tuple[str, str]]:
    """Return a row for each field, or for several that are equal: names, and type with default."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for name, one, kind in _flat(row, row.body or {"properties": row.query}):
        default = f"; by default `{json.dumps(one['default'])}`" if "default" in one else ""
        default += f". {one['description']}" if "description" in one else ""
        rows.setdefault((name.rpartition(".")[0], kind, default), []).append(name)
    return [(", ".join(names), kind + default) for (_, kind, default), names in rows.items()]


def _flat(row: Endpoint, schema: Any, prefix: str = "") -> Iterator[tuple[str, Any, str]]:
    """Yield each field with its schema and its type; an object that was shown before only refers to it."""
    for name, one in schema.get("properties", {}).items():
        required = " *required*" if name in schema.get("required", ()) else ""
        inside = one.get("items", one)
        first = next(
            (other for other in ENDPOINTS if name in _properties(other) and _properties(other)[name] == one), row
        )
        again = first is not row and "properties" in inside
        yield f"`{prefix}{name}`{required}", one, f"as in {_link(first)}" if again else _type(one)
        if not again:
            yield from _flat(row, inside, f"{prefix}{name}{'[]' if inside is not one else ''}.")


def _properties(row: Endpoint) -> dict[str, Any]:
    found: dict[str, Any] = (row.body or {}).get("properties", {})
    return found


def _type(schema: Any) -> str:
    if "anyOf" in schema:
        return ", ".join(map(_type, schema["anyOf"]))
    if "enum" in schema:
        events = "an event [as below](#events-of-webhooks)" if set(EVENTS) <= set(schema["enum"]) else ""
        return events + (" or `*`" if "*" in schema["enum"] else "") or ", ".join(
            f"`{value}`" for value in schema["enum"]
        )
    kind = schema.get("type", "string")
    if kind == "array":
        items = schema.get("items", {})
        inside = f": {_type(items)}" if items and "properties" not in items else ""
        return f"array{_range(schema, 'Items', ' of')}{inside}"
    if kind == "string":
        return f"{'https URL' if 'pattern' in schema else 'string'}{_range(schema, 'Length', ',')}"
    if kind == "object":
        return f"object{_range(schema, 'Properties', ',', ' keys')}"
    low, high = schema.get("minimum"), schema.get("maximum")
    return kind if high is None or high == 2**63 - 1 else f"{kind}, {low:,} to {high:,}"


def _range(schema: Any, of: str, before: str, unit: str = "") -> str:
    low, high = schema.get(f"min{of}"), schema.get(f"max{of}")
    if high is None:
        return ""
    return f"{before} {low} to {high:,}{unit}" if low else f"{before} at most {high:,}{unit}"


# What the fake does


@cache
def _tour() -> _Tour:
    return _Tour()


def _picture() -> bytes:
    return picture(["a lake"], 64, 64, "a lake")


class _Tour:
    """A walk through the whole API: `samples` has what was sent and what came back.

    It sends by hand what needs a record in some state. The rest are requests that a row describes alone.
    """

    def __init__(self) -> None:
        self.fake = Aurous(seed=7, now=_START)
        self.client = self.fake.client()
        self.samples: dict[str, _Sample] = {}
        self.events: dict[str, Any] = {}
        self.fake.webhooks.deliver_to(self._receive)
        self._characters()
        self._media()
        self._chat()
        self._account()
        self._end()
        self._rest()

    def send(self, operation: str, sent: Any = None, *, url: str = "", query: Any = None, **options: Any) -> Any:
        """Send a request, by default the sample of its row, and keep what comes back."""
        row = CATALOG.by_operation[operation]
        place = options.pop("place", "")
        target = url or row.template.replace("{id}", place)
        sent = row.sample if sent is None else sent
        if isinstance(sent, Mapping):
            options["json"] = sent
        response = self.client.request(row.method, target, params=query, **options)
        if response.status_code != row.status:
            raise NotShown(
                f"{operation} has no sample for its page: the fake responds {response.text!r}. If its row says what to "
                "send, and it only needs a record in another state, send it by hand in docs/_ext/samples.py, in _Tour."
            )
        kind = response.headers.get("content-type", "")
        got = response.json() if kind == "application/json" else f"bytes, as `{kind}`" if kind else "no body"
        shown = sent if query is None else f"`{target}?{'&'.join(f'{name}={value}' for name, value in query.items())}`"
        self.samples[operation] = _Sample(shown, got)
        return got

    def _receive(self, delivery: Delivery) -> None:
        self.events.setdefault(delivery.event, delivery.payload)

    def _characters(self) -> None:
        fake = self.fake
        ticket = self.send("characters.uploads.init")
        picture = {"content": _picture(), "headers": ticket["upload_headers"]}
        self.send("characters.uploads.put", "the bytes, with `upload_headers`", url=ticket["upload_url"], **picture)
        self.send("characters.uploads.classify", {"upload_id": ticket["upload_id"]})
        place = self.send("characters.create")["id"]
        fake.characters.last.finish()
        fake.clock.advance(seconds=30)
        self.send("characters.retrieve", place=place)
        self.send("characters.save", place=place)
        self.send("characters.list", query={"status": "ready", "limit": 1})
        self.send("characters.update", place=place)
        self.send("characters.regenerate_ref", place=place)
        fake.characters.last.finish()
        self.send("characters.resynthesize", place=place)
        fake.characters.last.finish()
        self.send("storage.get", url=fake.characters.last.refs[0].url)

    def _media(self) -> None:
        fake = self.fake
        form = {"files": {"file": ("lake.png", _picture())}, "data": {"purpose": "reference"}}
        file = self.send("files.create", "a form with `file` and `purpose`", **form)["id"]
        self.send("files.retrieve", place=file)
        fake.loras.add("Oil on canvas")
        self.send("loras.list", query={"limit": 1})
        self.send("loras.retrieve", place=fake.loras.last.id)
        self.send("video_loras.list", query={"limit": 1})
        self.send("video_loras.retrieve", place="seedance-1-pro")
        body = {**(CATALOG.by_operation["images.create"].sample or {}), "character_id": fake.characters.last.id}
        place = self.send("images.create", body)["id"]
        self.send("images.estimate", body)
        self._finish(fake.images)
        self.send("images.retrieve", place=place)
        self.send("images.list", query={"limit": 1})
        self.send("images.output", url=fake.images.last.output_urls[0])
        self.send("images.cancel", place=self.client.post("/v1/images", json=body).json()["id"])
        place = self.send("videos.create")["id"]
        self.send("videos.estimate")
        self._finish(fake.videos)
        self.send("videos.retrieve", place=place)
        self.send("videos.output", url=fake.videos.last.output_video_url)
        self.send("files.delete", place=file)

    def _finish(self, records: Any) -> None:
        self.fake.clock.advance(seconds=12)
        records.last.finish()

    def _chat(self) -> None:
        fake = self.fake
        fake.chat.reply("Aurora has black hair.")
        self.send("chat.retrieve", place=self.send("chat.create")["id"])
        with self.client.stream("POST", _CHATS, json={**_ASKED, "stream": True}) as response:
            next(response.iter_lines())
            self.send("chat.cancel", place=fake.chat.completions.last.id)

    def _account(self) -> None:
        self.send("embeddings.create")
        self.send("balance.retrieve")
        self.send("team.retrieve")
        self.send("usage.list", query={"start_time": _START, "group_by": "type", "limit": 1})
        self.send("usage.events", query={"start_time": _START, "limit": 1})
        place = self.send("webhook_endpoints.create")["id"]
        self.send("webhook_endpoints.list", query={"limit": 1})
        self.send("webhook_endpoints.retrieve", place=place)
        self.send("webhook_endpoints.rotate_secret", place=place)
        self.send("webhook_endpoints.test", place=place)
        self.send("webhook_endpoints.delete", place=place)
        self.fake.webhooks.flush()

    def _rest(self) -> None:
        """Send each other request that needs no record, or one that was made before; then each event has happened."""
        for row in sorted(ENDPOINTS, key=lambda row: row.method == "DELETE"):
            made = self.samples.get(f"{row.operation.partition('.')[0]}.create")
            place = str(made.got["id"]) if made is not None and "{id}" in row.template else ""
            if row.operation not in self.samples and row.status < 300:
                self.send(row.operation, place=place, query={"limit": 1} if "limit" in row.query else None)
        self.fake.webhooks.flush()
        if missing := set(EVENTS) - set(self.events):
            raise NotShown(
                f"docs/_ext/samples.py lets no {', '.join(sorted(missing))} happen. The page of webhooks shows each "
                "event: let it happen in _Tour._end."
            )

    def _end(self) -> None:
        """Let each event happen that no request lets happen, and delete a character."""
        fake = self.fake
        fake.images.add(status="processing").fail()
        fake.videos.add(status="processing").fail()
        fake.characters.add(status="synthesizing").fail()
        fake.videos.add(status="processing").cancel()
        fake.characters.add(status="synthesizing").delete()
        fake.team.balance_low_threshold = fake.team.credits
        self.client.post(_CHATS, json=_ASKED)
        fake.webhooks.flush()
        broken = "https://broken.example/hooks"
        fake.webhooks.deliver_to(lambda _: 500, url=broken, events=["image.completed"])
        for _ in range(100):
            fake.images.add(status="processing").finish()
            fake.clock.advance(seconds=_DAY / 3)
            fake.webhooks.flush()
        self.send("characters.delete", place=fake.characters.last.id)
