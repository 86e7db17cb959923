"""Compare a recorded response with that of the fake, place by place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, NamedTuple

from .._wire.data import as_list, as_object
from .._wire.reply import Reply
from .replay import Replayed
from .survey import Survey
from .words import Words, name_of

_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_ID: Final = re.compile(r"([a-z]+)_[0-9A-Za-z]{8,}")
_URL: Final = re.compile(r"https?://\S+")
_BOUND_NAMES: Final = ("url", "upload_url", "output_urls", "output_video_url", "next_page")
_FREE: Final = frozenset({
    "message", "description", "request_id", "creation_request_id", "duration_ms", "error_message", "doc_url",
    "secret", "secret_preview", "preview_image_url", "preview_video_url", "next_page", "confidence",
    "default_denoise_strength", "default_guidance_scale", "default_steps", "has_template", "slug",
    "event_id", "default_resolution", "default_ratio", "default_duration", "consecutive_failures",
})  # fmt: skip
"""Fields whose values no rule states: presence, null, type and form are compared, and nothing else."""
_LOOSE: Final = frozenset({"last_success_at", "last_failure_at", "description"})
"""Fields that are null, or not, for a reason that no request shows."""
_MAPS: Final = frozenset({"metadata", "upload_headers"})
"""Objects of the client's own: compared as a whole."""
_TEXTS: Final = {
    "team.retrieve": frozenset({"id", "name", "billing_email"}),
    "pricing.retrieve": frozenset({"description"}),
    "loras.list": frozenset({"name"}),
    "loras.retrieve": frozenset({"name"}),
    "video_loras.list": frozenset({"name"}),
    "video_loras.retrieve": frozenset({"name"}),
    "characters.uploads.classify": frozenset({"pose"}),
}
"""The fields of some operations whose values are texts."""
_SHAPES_ONLY: Final = ("usage.list", "usage.events")
"""Operations whose values depend on what was before the recording."""
_GENERATIONS: Final = {"id img", "id vid"}
_VENDORS: Final = re.compile("aurous-|x-ratelimit-|retry-after$|sunset$|deprecation$")
_REQUEST_ID: Final = Words("the value of Aurous-Request-Id")
_CURSOR: Final = Words("the id of the last row, or null on the last page")
_ORDER: Final = (Words("another order"), Words("the newest first"))
_REMAINING: Final = 1
_RESET: Final = 2
_TYPES: Final[dict[type, str]] = {
    str: "string", bool: "boolean", int: "number", float: "number", list: "array", dict: "object", type(None): "null"
}  # fmt: skip


class Point(NamedTuple):
    """One place of a response that was compared.

    Attributes:
        where: The place, such as ``status``, ``error.code``, ``header.retry-after`` or ``body.refs[].url``.
        kind: What was compared: ``status``, ``code``, ``type``, ``param``, ``missing``, ``added``, ``null``,
            ``json type``, ``enum``, ``form``, ``value``, ``rows``, ``order`` or ``omitted``.
        differs: Whether it differs.
        seen: What the recording has.
        fake: What the fake has.
    """

    where: str
    kind: str
    differs: bool
    seen: Any = None
    fake: Any = None


class _Absent:
    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = _Absent()
SAME: Final = False
OTHER: Final = True


@dataclass(frozen=True)
class Shapes:
    """The schemas of the responses, from the OpenAPI document."""

    responses: Mapping[str, Any]
    components: Mapping[str, Any]

    def of(self, operation: str) -> Mapping[str, Any]:
        """Return the schema of a successful response."""
        shape: Mapping[str, Any] = self.responses.get(operation, {})
        return shape

    def resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a schema, or that which it refers to; of several the first that is not null."""
        if "$ref" in schema:
            found: Mapping[str, Any] = self.components[schema["$ref"].rpartition("/")[2]]
            return found
        options = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
        return self.resolved(options[0]) if options else schema


def load_shapes() -> Shapes:
    """Read the OpenAPI document of the package."""
    document = json.loads(files("pytest_aurous").joinpath("openapi.json").read_text(encoding="utf-8"))
    responses: dict[str, Any] = {}
    for path in document["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                content = response.get("content", {}).get("application/json", {})
                if status.startswith("2"):
                    responses[operation["operationId"]] = content.get("schema", {})
    return Shapes(responses, document["components"]["schemas"])


class Comparer:
    """Compares an exchange after its replay; *bind* learns the URLs and tokens of the fake by those recorded."""

    def __init__(self, shapes: Shapes, survey: Survey, bind: Callable[[str, str], object]) -> None:
        self._shapes = shapes
        self._survey = survey
        self._bind = bind

    def points(self, done: Replayed) -> Iterator[Point]:
        """Yield what was compared."""
        view, reply = done.view, done.reply
        if reply is None:
            return
        exchange = view.exchange
        fake = _json(reply)
        if exchange.status != reply.status:
            yield Point("status", "status", OTHER, _outcome(exchange.status, view.code), _outcome_of(reply))
            return
        if "status" not in done.ignored:
            yield Point("status", "status", SAME, fake=_outcome_of(reply))
        yield from self._headers(done, reply)
        if view.refused:
            yield from self._refusal(done, view.body, fake)
        elif exchange.body is not None and fake is not None:
            if view.body is None:
                yield Point("body", "form", OTHER, Words("no JSON"), Words("JSON"))
                return
            yield from self._body(done, fake)

    def _headers(self, done: Replayed, reply: Reply) -> Iterator[Point]:
        received = done.view.exchange.received
        if not received:
            return
        names = {name.lower(): value for name, value in reply.headers}
        for name, value in names.items():
            where = f"header.{name}"
            if name in _OWN_HEADERS or where in done.ignored:
                continue
            if name not in received:
                yield Point(where, "missing", OTHER, ABSENT, value)
                continue
            yield Point(where, "missing", SAME)
            yield self._header(where, name, received[name], value)
        for name in received:
            if name not in names and _VENDORS.match(name) and f"header.{name}" not in done.ignored:
                yield Point(f"header.{name}", "added", OTHER, received[name], ABSENT)

    def _header(self, where: str, name: str, seen: str, fake: str) -> Point:
        if name in {"x-ratelimit-remaining", "x-ratelimit-reset"}:
            tolerance = _REMAINING if name.endswith("remaining") else _RESET
            differs = not seen.isdecimal() or abs(int(seen) - int(fake)) > tolerance
            return Point(where, "value" if seen.isdecimal() else "form", differs, seen, fake)
        if name == "aurous-request-id":
            form = _ID.fullmatch(seen)
            return Point(where, "form", form is None or form[1] != "req", seen, fake)
        if name == "content-type":
            seen, fake = seen.partition(";")[0], fake.partition(";")[0]
            return Point(where, "value", seen.partition("/")[0] != fake.partition("/")[0], seen, fake)
        if name in _STATED_HEADERS:
            return Point(where, "value", seen != fake, seen, fake)
        return Point(where, "form", SAME)

    def _refusal(self, done: Replayed, seen: Any, fake: Any) -> Iterator[Point]:
        """Compare two error envelopes."""
        if done.view.exchange.body is None or fake is None:
            return
        found, expected = as_object(as_object(seen).get("error")), fake["error"]
        if not found:
            yield Point("error", "form", OTHER, Words("no envelope"), Words("an envelope"))
            return
        yield Point("error", "form", SAME)
        for name in ("code", "type"):
            yield Point(
                f"error.{name}", name, found.get(name) != expected[name], found.get(name, ABSENT), expected[name]
            )
        param = (found.get("param", ABSENT), expected.get("param", ABSENT))
        yield Point("error.param", "param", param[0] != param[1], *param)
        yield Point(
            "error.message", "form", not isinstance(found.get("message"), str), found.get("message"), Words("text")
        )
        link = str(found.get("doc_url") or "").partition("#")[2]
        yield Point("error.doc_url", "form", link != str(found.get("code")), found.get("doc_url"), expected["doc_url"])
        own = done.view.exchange.received.get("aurous-request-id")
        same = own is None or found.get("request_id") == own
        yield Point("error.request_id", "value", not same, found.get("request_id"), _REQUEST_ID)
        for name in [name for name in found if name not in expected and name != "param"]:
            yield Point(f"error.{name_of(name)}", "added", OTHER, found[name], ABSENT)

    def _body(self, done: Replayed, fake: Any) -> Iterator[Point]:
        view = done.view
        schema = self._shapes.of(view.operation)
        free = _FREE | _TEXTS.get(view.operation, frozenset())
        if view.order.get("seed") in {None, -1}:
            free |= {"seed"}
        walk = _Walk(self._shapes, self._bind, free, values=view.operation not in _SHAPES_ONLY, ignored=done.ignored)
        seen = view.body
        if view.operation.endswith(".list") and isinstance(fake, dict) and view.result:
            seen, fake = dict(view.result), dict(as_object(fake))
            cursor = next((name for name in ("next_cursor", "next_page") if name in fake), "next_cursor")
            if isinstance(seen.get("data"), list) and isinstance(seen.get("has_more"), bool) and cursor in seen:
                yield from self._page(seen, fake, cursor, done)
                for name in ("has_more", "next_cursor"):
                    seen.pop(name, None)
                    fake.pop(name, None)
            if isinstance(seen.get("data"), list) and view.operation not in _SHAPES_ONLY:
                seen["data"], fake["data"] = _aligned(as_list(seen["data"]), as_list(fake["data"]))
        elif isinstance(view.body, list) and isinstance(fake, list):
            seen, fake = _aligned(as_list(seen), as_list(fake))
        yield from walk.compare("body", seen, fake, schema)

    def _page(self, seen: dict[str, Any], fake: dict[str, Any], cursor: str, done: Replayed) -> Iterator[Point]:
        """Compare the frame of a list, which the rows decide (list-1, list-2)."""
        rows, more = [as_object(row) for row in as_list(seen["data"])], seen["has_more"]
        ids = [_id_of(row) for row in rows]
        following = seen[cursor]
        good = (following is not None) == more and (cursor == "next_page" or not more or following == ids[-1:][0])
        yield Point(f"body.{cursor}", "value", not good, following, _CURSOR)
        stamps = [str(row["created_at"])[:19] for row in rows if _STAMP.fullmatch(str(row.get("created_at")))]
        yield Point("body.data", "order", stamps != sorted(stamps, reverse=True), *_ORDER)
        status = {row.get("id"): row.get("status") for row in map(as_object, fake["data"])}
        known = more == fake["has_more"] or (not more and self._survey.goes_on(done.view))
        yield Point("body.has_more", "value", known and more != fake["has_more"], more, fake["has_more"])
        if not known:
            done.inferred.append(f"there are {'older' if more else 'fewer'} rows than the recording shows")
        if more:
            return
        index = done.view.index
        extra = {one for one in status.keys() - set(ids) if self._survey.steady(str(one), index) == status[one]}
        yield Point("body.data", "rows", bool(extra), Words(f"{len(ids)} rows"), Words(f"{len(status)} rows"))


def _aligned(seen: list[Any], fake: list[Any]) -> tuple[list[Any], list[Any]]:
    """Return the rows that both have, in the same order."""
    own = {_id_of(row): row for row in fake}
    both = [row for row in seen if _id_of(row) in own]
    return both, [own[_id_of(row)] for row in both]


def _id_of(row: Any) -> str:
    return str(as_object(row).get("id"))


class _Walk:
    """Compares two JSON values and a schema, side by side."""

    def __init__(
        self,
        shapes: Shapes,
        bind: Callable[[str, str], object],
        free: frozenset[str],
        *,
        values: bool,
        ignored: set[str],
    ) -> None:
        self._shapes = shapes
        self._bind = bind
        self._free = free
        self._values = values
        self._ignored = ignored

    def compare(self, where: str, seen: Any, fake: Any, schema: Mapping[str, Any], name: str = "") -> Iterator[Point]:
        """Yield the points of one value and of all that is in it."""
        if where in self._ignored:
            return
        if (seen is None) != (fake is None):
            if name not in _LOOSE:
                yield Point(where, "null", self._states_null(schema, seen), seen, fake)
            return
        if seen is None:
            yield Point(where, "null", SAME)
            return
        kinds = _TYPES[type(seen)], _TYPES[type(fake)]
        if kinds[0] != kinds[1]:
            yield Point(where, "json type", OTHER, Words(kinds[0]), Words(kinds[1]))
            return
        if name in _MAPS:
            yield Point(where, "value", seen != fake, seen, fake)
        elif isinstance(fake, dict):
            yield from self._object(where, as_object(seen), as_object(fake), self._shapes.resolved(schema))
        elif isinstance(fake, list):
            yield from self._array(where, as_list(seen), as_list(fake), self._shapes.resolved(schema), name)
        else:
            yield from self._scalar(where, seen, fake, self._shapes.resolved(schema), name)

    def _states_null(self, schema: Mapping[str, Any], seen: Any) -> bool:
        """Whether null instead of a value, or the reverse, is a difference."""
        return self._values or (seen is None and not _nullable(schema))

    def _object(
        self, where: str, seen: dict[str, Any], fake: dict[str, Any], schema: Mapping[str, Any]
    ) -> Iterator[Point]:
        properties: Mapping[str, Any] = schema.get("properties", {})
        for name, value in fake.items():
            inner = f"{where}.{name}"
            if name in seen:
                yield from self.compare(inner, seen[name], value, properties.get(name, {}), name)
            else:
                optional = value is None and name not in schema.get("required", ())
                yield Point(inner, "omitted" if optional else "missing", OTHER, ABSENT, value)
        for name in [name for name in seen if name not in fake]:
            if seen[name] is None and name in properties:
                yield Point(f"{where}.{name}", "omitted", OTHER, None, ABSENT)
            else:
                yield Point(f"{where}.{name_of(name)}", "added", OTHER, seen[name], ABSENT)

    def _array(
        self, where: str, seen: list[Any], fake: list[Any], schema: Mapping[str, Any], name: str
    ) -> Iterator[Point]:
        items = schema.get("items", {})
        if len(seen) != len(fake) and self._values:
            yield Point(where, "rows", OTHER, Words(f"{len(seen)} items"), Words(f"{len(fake)} items"))
        elif self._values and fake and not isinstance(fake[0], (dict, list)) and name not in _BOUND_NAMES:
            yield Point(where, "value", seen != fake, seen, fake)
        for one, other in zip(seen, fake, strict=False):
            yield from self.compare(f"{where}[]", one, other, items, name)

    def _scalar(self, where: str, seen: Any, fake: Any, schema: Mapping[str, Any], name: str) -> Iterator[Point]:
        if isinstance(fake, str):
            allowed = schema.get("enum", (schema["const"],) if "const" in schema else None)
            if allowed is not None:
                yield Point(where, "enum", seen not in allowed, seen, fake)
                if seen not in allowed:
                    return
            forms = _form(seen), _form(fake)
            if forms[1]:
                either = not self._values and set(forms) <= _GENERATIONS  # of a row that the fake does not have
                yield Point(where, "form", forms[0] != forms[1] and not either, f"{seen}", f"{fake}")
                if forms[1].startswith("url") or name in _BOUND_NAMES:
                    self._bind(seen, fake)
                if not forms[1].startswith("id"):
                    return
        if name == "next_page":
            self._bind(seen, fake)
        if self._values and name not in self._free:
            yield Point(where, "value", seen != fake, seen, fake)


def _form(text: str) -> str:
    """Return the form of a text: that of a timestamp, an id or a URL; empty for any other."""
    stamp = _STAMP.fullmatch(text)
    if stamp is not None:
        return f"timestamp {len(stamp[1] or '.') - 1} {'Z' if stamp[2] == 'Z' else 'offset'}"
    record = _ID.fullmatch(text)
    if record is not None:
        return f"id {record[1]}"
    return "url" if _URL.fullmatch(text) else ""


def _nullable(schema: Mapping[str, Any]) -> bool:
    kinds = schema.get("type", ())
    return "null" in kinds or any(one.get("type") == "null" for one in schema.get("anyOf", ()))


def _json(reply: Reply) -> Any:
    try:
        return json.loads(reply.body)
    except ValueError:
        return None


def _outcome(status: int | None, code: str) -> str:
    return f"{status} {code}".strip()


def _outcome_of(reply: Reply) -> str:
    body = _json(reply)
    return _outcome(reply.status, str(as_object(as_object(body).get("error")).get("code", "")))


_STATED_HEADERS: Final = ("aurous-version", "aurous-idempotent-replayed", "aurous-deprecated", "x-ratelimit-limit")
"""Headers whose values a rule states."""
_OWN_HEADERS: Final = ("content-length", "x-content-type-options", "accept-ranges", "allow")
