"""The rule of each place of a response: one table for agreement and for differences."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

from .._resources.catalog import CATALOG
from .points import Point
from .replay import Replayed

_PAGE_CODES: Final = (
    {"invalid_request_error", "invalid_request"},
    {"insufficient_credits", "balance_too_low"},
)
"""The codes between which the readings of err-6 decide."""
_OF_A_NULL: Final = ("invalid_format", "invalid_request")
"""The codes of a null, which err-9 is about."""

_REFUSALS: Final = {
    "400 unknown_version": "ver-3",
    "401 revoked_api_key": "auth-4",
    "401": "auth-3",
    "402": "cred-3",
    "403": "auth-5",
    "405": "err-8",
    "409": "idem-6",
}
"""The rules of refusals that no row has, by status and code, or by status for all other codes."""

_SUCCESSES: Final = {("characters.save", "ready"): "save-2", ("characters.retrieve", "deleted"): "get-2"}
"""The rules of successes that depend on the status of the record before; of all others the row of the endpoint."""

_PLACES: Final = (
    # Operation, place, kind of comparison, rule: the first that fits; a rule of `=` is that of the operation's success.
    ("*", "header.aurous-version", "*", "ver-2"),
    ("*", "header.aurous-request-id", "*", "err-3"),
    ("*", "header.x-ratelimit-*", "added", ""),
    ("*", "header.x-ratelimit-*", "*", "rate-1"),
    ("*", "header.retry-after", "*", "rate-2"),
    ("*", "header.aurous-idempotent-replayed", "*", "idem-3"),
    ("legacy.*", "header.*", "*", "legacy-1"),
    ("videos.output", "header.content-range", "*", "vid-5"),
    ("*", "header.content-type", "*", "="),
    ("*", "header.*", "*", ""),
    ("*", "error.type", "*", "err-1"),
    ("*", "error.doc_url", "*", "err-2"),
    ("*", "error.request_id", "*", "err-3"),
    ("*", "error.message", "*", "err-7"),
    ("*", "error.param", "param", "err-4"),
    ("*", "error", "*", "err-1"),
    ("*", "error.*", "*", ""),
    ("*", "body*", "added", ""),
    ("*", "body*_at", "form", "time-1"),
    ("*", "body*_at", "json type", "time-1"),
    ("usage.list", "body*", "*", "usage-1"),
    ("usage.events", "body*", "*", "usage-3"),
    ("*.list", "body", "*", "="),
    ("*.list", "body.data", "order", "list-2"),
    ("*.list", "body.data", "rows", "list-2"),
    ("*.list", "body.data", "*", "list-1"),
    ("*.list", "body.object", "*", "list-1"),
    ("*.list", "body.has_more", "*", "list-1"),
    ("*.list", "body.next_cursor", "*", "list-1"),
    ("*", "body*.aurous_version", "*", "ver-4"),
    ("balance.retrieve", "body.*", "*", "cred-1"),
    ("team.retrieve", "body.*", "*", "team-1"),
    ("pricing.retrieve", "body.video*", "*", "vid-2"),
    ("pricing.retrieve", "body*", "*", "cred-4"),
    ("*.estimate", "body.estimated_cost*", "*", "="),
    ("characters.*", "body*.client_reference_id", "*", "create-7"),
    ("characters.uploads.init", "body.expires_at", "*", "up-2"),
    ("characters.uploads.*", "body*", "*", "="),
    ("characters.*", "body*.refs*.url", "*", "get-3"),
    ("characters.*", "body*.refs*", "*", "refs"),
    ("characters.delete", "body*", "*", "del-1"),
    ("characters.update", "body.name", "*", "patch-1"),
    ("characters.update", "body.attributes*", "*", "patch-1"),
    ("characters.*", "body*.status", "*", "status"),
    ("characters.*", "body*", "*", "="),
    ("*.create", "body.cost*", "*", "price"),
    ("*", "body*.cost*", "*", "cost"),
    ("images.cancel", "body.status", "*", "img-7"),
    ("images.*", "body*.status", "*", "img-6"),
    ("videos.*", "body*.status", "*", "img-6"),
    ("images.*", "body*.width", "*", "img-2"),
    ("images.*", "body*.height", "*", "img-2"),
    ("images.*", "body*.character_id", "*", "img-12"),
    ("images.create", "body*", "*", "img-5"),
    ("images.retrieve", "body*", "*", "img-5"),
    ("images.list", "body.data*", "*", "img-5"),
    ("images.cancel", "body*", "*", "img-5"),
    ("videos.*", "body*", "*", "img-5"),
    ("files.*", "body.url", "*", "time-3"),
    ("files.*", "body.expires_at", "*", "time-3"),
    ("files.delete", "body*", "*", "file-2"),
    ("files.*", "body*", "*", "file-1"),
    ("webhook_endpoints.*", "body*.secret", "*", "hook-2"),
    ("webhook_endpoints.*", "body*.events*", "*", "hook-1"),
    ("webhook_endpoints.*", "body*.metadata", "*", "hook-1"),
    ("*", "body*", "*", "="),
    ("*", "request.header.idempotency-key", "limit", "idem-1"),
    ("*", "request.header.idempotency-key", "required", ""),
    ("*", "request.header.idempotency-key", "*", "idem-2"),
    ("*", "request.header.aurous-version", "*", "ver-1"),
    ("*", "request.header.x-api-key", "*", "auth-1"),
    ("*", "request.header.content-type", "*", "="),
    ("*", "request.header.*", "*", ""),
    ("*", "request.path.*", "*", "="),
    ("*", "request.query.token", "*", "="),
    ("*", "request.query.signature", "*", "="),
    ("usage.*", "request.query.*", "*", "="),
    ("characters.list", "request.query.status", "*", "list-4"),
    ("*.list", "request.query.limit", "*", "list-2"),
    ("*.list", "request.query.starting_after", "*", "list-2"),
    ("characters.save", "request.body", "body", "save-7"),
    ("*", "request.body", "body", ""),
    ("characters.update", "request.body", "closed", "patch-2"),
    ("*", "request.body*", "closed", "err-8"),
    ("*", "request.body*", "null", "err-9"),
    ("characters.create", "request.body.client_reference_id", "*", "create-7"),
    ("characters.create", "request.body.upload_ids*", "*", "create-1"),
    ("characters.create", "request.body.generate", "*", "create-1"),
    ("images.create", "request.body.size", "*", "img-2"),
    ("images.create", "request.body.width", "*", "img-3"),
    ("images.create", "request.body.height", "*", "img-3"),
    ("images.create", "request.body.character_id", "*", "img-4"),
    ("*", "request.*", "*", "?"),
    ("*", "*", "*", ""),
)
"""A rule of `?` is that of the refusal that a request gets which does otherwise."""

_REFUSED_AS: Final = {"required": "missing_field", "missing": "missing_field", "limit": "value_out_of_range"}
"""The codes of requests that differ from what a document states; the others are of a wrong form."""

_STATUS_RULES: Final = {
    "characters.create": "create-4",
    "characters.save": "save-1",
    "characters.resynthesize": "resyn-1",
    "characters.regenerate_ref": "regen-3",
    "characters.list": "list-5",
    "characters.update": "patch-1",
}
"""The rules of the status of a character; `get-1` for all other operations."""

_REFS_RULES: Final = {
    "characters.create": "create-4",
    "characters.resynthesize": "run-1",
    "characters.regenerate_ref": "run-1",
    "characters.list": "list-5",
}
"""The rules of the refs of a character; `get-3` for all other operations."""


def rule_of(done: Replayed, point: Point) -> str:
    """Return the rule that a place rests on; empty without one."""
    if point.where in done.rules:
        return done.rules[point.where]
    operation = done.view.operation
    if point.where in {"status", "error.code", "error.param"}:
        return _rule_of_outcome(done, point)
    rule = _place(operation, point.where, point.kind)
    if done.replays and point.where.startswith("body") and point.kind == "value":
        return "idem-3"
    if rule == "=":
        return "err-1" if done.view.refused else _success(operation, done.was)
    if rule == "status":
        return _rule_of_status(done, point)
    if rule == "refs":
        return _rule_of_refs(done)
    if rule in {"price", "cost"}:
        if rule == "cost" and 0 in (point.seen, point.fake):
            return "cred-2"
        return "vid-2" if _is_video(done) else "cred-4"
    if point.where == "header.aurous-idempotent-replayed" and point.kind == "added":
        return "idem-2"
    return rule


def rule_of_statement(operation: str, where: str, kind: str, outcome: str = "") -> str:
    """Return the rule of what a document states about a place, or about an outcome; empty without one."""
    if outcome:
        return _success(operation) if outcome[0] in "23" else _refusal(operation, outcome)
    rule = _place(operation, where, kind)
    if rule == "?":
        return _refusal(operation, f"400 {_REFUSED_AS.get(kind, 'invalid_format')}")
    priced = "vid-2" if operation.startswith("videos") else "cred-4"
    own = {
        "=": _success(operation),
        "status": _STATUS_RULES.get(operation, "get-1"),
        "refs": _REFS_RULES.get(operation, "get-3"),
        "price": priced,
        "cost": priced,
    }
    return own.get(rule, rule)


def _rule_of_outcome(done: Replayed, point: Point) -> str:
    """Return the rule of a status, a code or a param."""
    operation, view = done.view.operation, done.view
    if not operation and not view.refused:  # an operation that the fake does not have
        return ""
    reply_code = _code_of(point.fake) if point.where == "status" else str(point.fake)
    seen_code = view.code
    if point.where == "error.param":
        return _rule_of_param(done, point)
    fake = str(point.fake) if point.where == "status" else _outcome(done)
    special = _rule_of_codes({seen_code, reply_code}) or _rule_of_request(done, fake, reply_code)
    if special:
        return special
    if point.where == "status" and point.differs and seen_code and seen_code == reply_code:
        return "err-5"
    if not fake.startswith(("2", "3")):
        if fake.startswith("409") and done.view.succeeded and point.differs and done.view.replayed:
            return "idem-5"
        return _refusal(operation, fake)
    if point.differs and seen_code:
        if seen_code == "idempotency_key_in_use" and done.replays:
            return "idem-5"
        rule = _refusal(operation, str(point.seen))
        generic = rule.partition("-")[0] in {"auth", "ver", "idem", "cred", "rate", "time"}
        return rule if generic and rule != "auth-7" else _success(operation, done.was)
    if done.replays:
        return "idem-3"
    return _success(operation, done.was)


def _rule_of_param(done: Replayed, point: Point) -> str:
    """Return the rule of a param."""
    outcome = _outcome(done)
    named = isinstance(point.seen, str) or isinstance(point.fake, str)
    if point.differs and named and done.view.code != done.code:  # another refusal, of another field or of none
        return _rule_of_request(done, outcome, done.code) or _refusal(done.view.operation, outcome)
    absent = {repr(point.seen), repr(point.fake)} & {"absent", "None"}
    return "err-4" if absent or not point.differs else _refusal(done.view.operation, outcome)


def _rule_of_codes(codes: set[str]) -> str:
    """Return the rule whose readings decide between two codes; empty without one."""
    if codes in _PAGE_CODES:
        return "err-6"
    return "auth-4" if "revoked_api_key" in codes and codes <= {"revoked_api_key", "invalid_api_key"} else ""


def _rule_of_request(done: Replayed, fake: str, code: str) -> str:
    """Return the rule that a request is about whatever its operation is; empty without one."""
    if None in done.view.order.values() and code in _OF_A_NULL:
        return "err-9"
    unknown = done.view.operation == "characters.retrieve" and fake.startswith("404") and not done.was
    return "auth-7" if unknown else ""  # get-2 is about one that was there


def _rule_of_status(done: Replayed, point: Point) -> str:
    """Return the rule of the status of a character."""
    pair = {str(point.seen), str(point.fake)}
    if pair == {"reviewing", "ready"} and done.view.operation in {
        "characters.retrieve",
        "characters.list",
        "characters.create",
    }:
        return "save-6" if point.seen == "reviewing" and _saved(done, point) else "create-4"
    if done.view.operation == "characters.save" and done.was == "ready":
        return "save-2"
    return _STATUS_RULES.get(done.view.operation, "get-1")


def _saved(done: Replayed, point: Point) -> bool:
    """Whether the record was ready before this poll."""
    return point.fake == "ready" and done.was in {"ready", ""} and done.view.operation == "characters.retrieve"


def _rule_of_refs(done: Replayed) -> str:
    if "upload_ids" in done.view.order and done.view.operation == "characters.create":
        return "create-2"
    return _REFS_RULES.get(done.view.operation, "get-3")


def _is_video(done: Replayed) -> bool:
    rows = done.view.records
    return bool(rows) and str(rows[0]["id"]).startswith("vid_")


def _outcome(done: Replayed) -> str:
    """Return the outcome of the fake, which is that of the recording where only the code is compared."""
    status = done.reply.status if done.reply is not None else ""
    code = done.code
    return f"{status} {code}".strip()


def _code_of(outcome: object) -> str:
    return str(outcome).partition(" ")[2]


@lru_cache(maxsize=4096)
def _refusal(operation: str, outcome: str) -> str:
    """Return the rule of a refusal: the row's, or what holds for all; a code goes before a status."""
    row = CATALOG.by_operation.get(operation)
    own: Mapping[str, str] = {} if row is None else row.refuses
    status = outcome.partition(" ")[0]
    for rules, name in ((own, outcome), (_REFUSALS, outcome), (own, status), (_REFUSALS, status), (own, "*")):
        if name in rules:
            return rules[name]
    return "auth-7" if status == "404" and row is not None else "err-8"


def _success(operation: str, status: str = "") -> str:
    """Return the rule of a success; *status* is that of the record before."""
    row = CATALOG.by_operation.get(operation)
    return _SUCCESSES.get((operation, status), row.rules[0] if row is not None and row.rules else "")


@lru_cache(maxsize=4096)
def _place(operation: str, where: str, kind: str) -> str:
    where = where.replace("[", "(").replace("]", ")")  # brackets are a pattern to fnmatch
    return next(
        rule
        for name, wanted, compared, rule in _PLACES
        if fnmatchcase(operation, name) and fnmatchcase(where, wanted) and fnmatchcase(kind, compared)
    )
