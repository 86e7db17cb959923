"""The rule of each place of a response: what rows and columns say, and what holds for all operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from http import HTTPStatus
from typing import Final

from .._core.resources.base.endpoint import ASSUMED, REFUSALS, Endpoint
from .._core.resources.base.pages import PLACES
from .._core.resources.base.rules import load_rules
from .._core.resources.base.schema import record, rules_of
from .._core.resources.catalog import CATALOG
from .._core.resources.characters import CharacterRow
from .._core.wire.refusal import CONTENT_CODES, GLOBAL_CODES, USUAL_CODES
from .._core.world.buckets import ASSUMED_SIZES
from .points import Point
from .recording.histories import OF_STATES
from .recording.view import DELETABLE, KINDS, NOT_LET_IN, RUNNING, STATUSES, View, kind_of
from .replay import SHARED, Replayed

_OF_A_NULL: Final = ("invalid_format", "invalid_request")
"""The codes of a null, which err-9 is about."""

_FIRST: Final = (
    # Place, kind of comparison, rule: the first that fits; `=` stands for the rule of the operation's success.
    ("header.aurous-version", "*", "ver-2"),
    ("header.aurous-request-id", "*", "err-3"),
    ("header.x-ratelimit-*", "added", ""),
    ("header.x-ratelimit-tpm-*", "*", "tpm-1"),
    ("header.x-ratelimit-*", "*", "rate-1"),
    ("header.retry-after", "added", ""),
    ("header.retry-after", "*", "rate-2"),
    ("header.aurous-idempotent-replayed", "*", "idem-3"),
    ("error.type", "*", "err-1"),
    ("error.doc_url", "*", "err-2"),
    ("error.request_id", "*", "err-3"),
    ("error.message", "*", "err-7"),
    ("error.param", "param", "err-4"),
    ("error", "*", "err-1"),
    ("error.*", "*", ""),
    ("body*", "added", ""),
    ("body*_at", "form", "time-1"),
    ("body*_at", "instant", "time-1"),
    ("body*_at", "json type", "time-1"),
    ("request.body", "body", ""),
    ("request.body*", "closed", "err-8"),
    ("request.body*", "null", "err-9"),
)
"""What goes before the places of a row, unless those name a kind of comparison."""
_LAST: Final = (
    ("header.content-type", "*", "="),
    ("header.*", "*", ""),
    ("body*", "*", "="),
    ("request.header.idempotency-key", "limit", "idem-1"),
    ("request.header.idempotency-key", "required", ""),
    ("request.header.idempotency-key", "*", "idem-2"),
    ("request.header.aurous-version", "*", "ver-1"),
    ("request.header.x-api-key", "*", "auth-1"),
    ("request.header.content-type", "*", "="),
    ("request.header.*", "*", ""),
    ("request.path.*", "*", "="),
    ("request.query.token", "*", "="),
    ("request.query.signature", "*", "="),
    ("request.*", "*", "?"),
    ("*", "*", ""),
)
"""`?` stands for the rule of the refusal that a request gets if it does otherwise."""

_BY_VALUE: Final = frozenset({
    "auth-1", "auth-7", "create-2", "cred-2", "cred-4", "cred-5", "err-4", "err-5", "err-6", "get-4", "idem-3",
    "idem-5", "idem-7", "idem-8", "img-11", "rate-4", "rate-5", "save-6", "vid-2",
})  # fmt: skip
"""The rules that depend on values, on the request or on several exchanges."""

_BUCKET: Final = "header.x-ratelimit-*"
_RATES: Final = ("header.x-ratelimit-limit", "header.x-ratelimit-remaining", "header.x-ratelimit-reset")
_DAY: Final = 86_400.0
_GENERAL: Final = frozenset((*USUAL_CODES.values(), *GLOBAL_CODES))
"""Codes that only repeat the status, and do not say what is wrong with the request."""
_UNKNOWN: Final = USUAL_CODES[HTTPStatus.NOT_FOUND]
_IN_USE: Final = USUAL_CODES[HTTPStatus.CONFLICT]
_OF_A_BODY: Final = ("missing_field", "invalid_format")
"""The codes of a body that is missing or malformed (err-8)."""
_LONGEST_KEY: Final = 256
_SIDES: Final = ("body.width", "body.height")
_REFUSED_AS: Final = {"required": "missing_field", "missing": "missing_field", "limit": "value_out_of_range"}
"""The codes of requests that differ from what a document states; the others are of a wrong form."""


def rule_of(done: Replayed, point: Point) -> str:
    """Return the rule that a place rests on; empty without one."""
    where, view = point.where, done.view
    if where in done.rules:
        return done.rules[where]
    if (where, point.kind, point.seen) == ("header.aurous-idempotent-replayed", "added", "false"):
        return ""
    if where in {"status", "error.code", "error.param"}:
        return _rule_of_outcome(done, point)
    rule = _place(view.operation, where, point.kind)
    if done.replays and where.startswith("body") and point.kind in {"value", "null", "rows"}:
        return "idem-3"
    if view.kind == "characters" and rule:
        rule = _rule_of_character(done, point) or rule
    if rule == "=":
        return "err-1" if view.refused else _rule_of_create(view) or _success_of(done)
    if view.kind == "generations" and ".cost" in where and rule:
        return _rule_of_cost(done, point) if point.kind in {"value", "enum"} else "img-5"
    if where in _SIDES and "width" in view.order and point.kind == "value":
        return "img-3"
    return _rule_of_header(done, point) or rule


_DECISIVE: Final = ("id", "status", "events")
"""The fields of a record that decide what later requests about it get."""


def cause_of(done: Replayed, point: Point, rule: str, causes: dict[tuple[str, str], str]) -> str:
    """Return the rule of a difference, or of an earlier one that it follows from.

    That is one in the same field of its record, in a field that decides what requests about the record get, or about
    the same idempotency key; for a balance, one in whether work is under way.
    """
    view, where = done.view, point.where
    if where in _CREDITS and view.shows_credits:
        rule = causes.get(("", "balance"), rule)
        if rule == "cred-2":  # what is held is told by costs, too
            causes.setdefault(("", "cost"), rule)
        return rule
    if rule.startswith("idem-") and view.idempotency:
        return causes.setdefault(("idem", view.idempotency), rule)
    record = point.record or view.record or str(view.result.get("id", ""))
    if where == "status":
        of_named = (causes.get((name, field)) for name in (*view.named, record) for field in _DECISIVE)
        return next(filter(None, of_named), rule)
    if not where.startswith("body") or not record:
        return rule
    field = _field(done, where)
    found = [causes.get((record, name)) for name in (field, *_DECISIVE)]
    found += [causes.get(("", "cost"))] * (field == "cost" and point.fake == 0)
    if point.kind == "missing":
        found.append(causes.setdefault((record, f"missing in {view.index}"), rule))
    rule = causes.setdefault((record, field), next(filter(None, found), rule))
    if field == "status" and (point.seen in RUNNING) != (point.fake in RUNNING):
        causes.setdefault(("", "balance"), rule)
    return rule


def _field(done: Replayed, where: str) -> str:
    """Return the field of a record that a place is in."""
    return where.removeprefix(done.record_at).lstrip(".").partition(".")[0].partition("[")[0]


def rule_of_success(done: Replayed) -> str:
    """Return the rule that a success of a request would be about; empty without an operation."""
    return _rule_of_create(done.view) or _success(done.view.operation, done.was)


def is_assumed(done: Replayed, point: Point, rule: str) -> bool:
    """Whether no page of the vendor states what differs at a place, only a rule of ours."""
    if point.assumed or not rule or _provenance(rule) == "A":
        return bool(rule)
    view, row, where = done.view, done.view.row, point.where
    if where == "error.param":
        return isinstance(point.fake, str) and f"{view.exchange.status} {view.code}" not in row.params
    if where in _RATES:
        other = row.assumed + (_BUCKET,) * (row.makes == "char" and not view.synthesizes)
        return row.bucket in ASSUMED_SIZES or _BUCKET in other
    if where not in {"status", "error.code"}:
        return rule == "create-4" and where.endswith(".refs[].pose") and point.kind == "value"  # their order
    fake = _outcome(done)
    if fake.startswith("2"):
        return view.succeeded and "status" in row.assumed
    return not {fake, fake[:3]}.isdisjoint(row.assumed) or (view.refused and fake in ASSUMED)


@cache
def _provenance(rule: str) -> str:
    return load_rules()[rule].provenance


def _rule_of_header(done: Replayed, point: Point) -> str:
    """Return the rule of a header that depends on more than its name; empty for any other place."""
    view, what = done.view, (point.where, point.kind)
    if what == ("header.retry-after", "in flight"):
        return "idem-5"
    if point.where in _RATES and view.row.bucket in ASSUMED_SIZES:
        return ASSUMED_SIZES[str(view.row.bucket)]
    if what == ("header.aurous-idempotent-replayed", "added"):
        if view.refused:
            return "idem-4"
        return "idem-8" if done.is_new and done.first is not None and view.at - done.first.at > _DAY else "idem-2"
    if what == ("header.aurous-idempotent-replayed", "missing") and "idempotency-key" not in view.exchange.sent:
        same = done.first is not None and done.first.result.get("id") == view.result.get("id")
        return "" if same else "idem-1"  # it was sent under another name
    if what == ("header.aurous-request-id", "replayed"):
        return "rate-5"
    spends = what == ("header.x-ratelimit-remaining", "value")
    if spends and done.replays:
        return "rate-5"
    return "rate-4" if spends and view.exchange.status in NOT_LET_IN else ""


def rule_of_statement(operation: str, where: str, kind: str, outcome: str = "") -> str:
    """Return the rule of what a document states about a place, or about an outcome; empty without one."""
    if outcome:
        return _success(operation) if outcome[0] in "23" else _refusal(operation, outcome)
    rule = _place(operation, where, kind)
    if rule == "?":
        return _refusal(operation, f"400 {_REFUSED_AS.get(kind, 'invalid_format')}")
    return _success(operation) if rule == "=" else rule


_CREDITS: Final = frozenset({"body.credits", "body.held_credits", "body.available_credits"})
_ROWS: Final = frozenset({"body.data", "body.has_more"})
_OF_ONE: Final = frozenset({"missing", "added", "form", "json type", "enum", "order", "filter"})
"""The kinds of comparison that one response decides, whatever happened before."""
_CHANGING: Final = frozenset({"status", "name", "attributes", "refs", "error_message"})
"""The fields of a character that requests change."""


def why_aside(done: Replayed, point: Point) -> str:
    """Return why a difference refutes nothing: another client or a gap in the recording explains it; else empty."""
    if _is_decided(done, point):
        return ""
    others = SHARED if done.shared else done.gap_at(point.where)
    return done.aside_at(point.where) or (others if rests_on_all(done, point) else "")


def rests_on_all(done: Replayed, point: Point) -> bool:
    """Whether a place differs only if the recording has every request that the team has sent."""
    view, where = done.view, point.where
    if _is_decided(done, point):
        return False
    if where in _CREDITS:
        return view.shows_credits
    if where in {"status", "error.code"}:
        paid = HTTPStatus.PAYMENT_REQUIRED in {view.exchange.status, getattr(done.reply, "status", None)}
        return _is_of_state(done) or (where == "status" and paid)
    if where == "header.x-ratelimit-remaining" or (where in _ROWS and view.row.lists):
        return True
    return view.kind == "characters" and (view.polls or view.row.reruns) and _field(done, where) in _CHANGING


def _is_decided(done: Replayed, point: Point) -> bool:
    """Whether a response alone decides a difference, whoever else sends requests."""
    return point.kind in _OF_ONE or (point.where != "header.x-ratelimit-remaining" and _is_final(done))


def _is_of_state(done: Replayed) -> bool:
    """Whether an outcome may be about the state of a record that a request names, and not about its other fields."""
    view = done.view
    other = view.order.get(done.param or view.param)
    reasons = {view.reason, done.code}
    return bool(view.named) and other in (None, *view.named) and len(reasons) > 1 and not OF_STATES.isdisjoint(reasons)


def _is_final(done: Replayed) -> bool:
    """Whether a record is in a state that nothing changes any more, or the request gets the same in each state."""
    view = done.view
    gone = view.code == _UNKNOWN and not view.row.signed and view.collection not in DELETABLE
    ended = view.cancels and done.was not in RUNNING
    return view.row.any_id or bool(view.collection in STATUSES and done.was and (gone or ended))


def _rule_of_outcome(done: Replayed, point: Point) -> str:
    """Return the rule of a status, a code or a param."""
    operation, view = done.view.operation, done.view
    if view.exchange.status == HTTPStatus.TOO_MANY_REQUESTS:
        return "rate-2"
    if not operation and not view.refused:  # an operation that the fake does not have
        return ""
    reply_code = _code_of(point.fake) if point.where == "status" else str(point.fake)
    seen_code = view.code
    alone = point.where.removeprefix("error.")
    stated = {**REFUSALS, **view.row.refuses}
    own = stated.get(f"{_outcome(done)} {alone}") or stated.get(f"{view.exchange.status} {alone}", "")
    if point.where == "error.param":
        return own or _rule_of_param(done, point)
    if special := _rule_of_sender(done, seen_code, reply_code):
        return special
    fake = str(point.fake) if point.where == "status" else _outcome(done)
    special = _rule_of_codes(view, {seen_code, reply_code}) or _rule_of_request(done, fake, reply_code)
    if special or own:
        return special or own
    if point.where == "status" and point.differs and seen_code and seen_code == reply_code:
        return _refusal(operation, fake) if fake.startswith("401") or seen_code == "missing_scope" else "err-5"
    if view.row.signed and done.was in view.row.succeeds:
        return _success_of(done)
    if not fake.startswith(("2", "3")):
        same = done.first is not None and done.first.exchange.content == view.exchange.content
        if fake.startswith("409") and view.succeeded and point.differs and view.replayed and same:
            return "idem-5"
        return _refusal(operation, fake, done.param)
    return _rule_of_success(done, point)


def _rule_of_sender(done: Replayed, seen_code: str, reply_code: str) -> str:
    """Return the rule of a refusal that is about the key or its scope, or of a stored one; empty for any other."""
    view = done.view
    if view.exchange.status == HTTPStatus.FORBIDDEN and view.exchange.method == "GET" and done.code == _UNKNOWN:
        return "auth-7"
    if seen_code == "missing_scope" != reply_code:
        return "auth-5"
    stored = view.replayed and view.refused and done.first is not None and done.first.code == seen_code
    return "idem-4" if stored else ""


def _rule_of_success(done: Replayed, point: Point) -> str:
    """Return the rule of a status where the fake has a success."""
    view = done.view
    if point.differs and view.code:
        return _rule_of_refused(done, str(point.seen))
    if done.replays:
        return "idem-3"
    return _rule_of_create(view) or _success_of(done)


def _rule_of_refused(done: Replayed, seen: str) -> str:
    """Return the rule of a refusal where the fake has a success: its own if the request has what it is about."""
    view, places = done.view, done.view.row.places
    if view.code == _IN_USE and done.first is not None and view.at - done.first.at > _DAY:
        return "idem-8"
    if view.code == _IN_USE and done.replays:
        same = done.first is not None and done.first.exchange.content == view.exchange.content
        return "idem-7" if view.row.fingerprint else "idem-5" if same else "idem-6"
    if view.code == _IN_USE and view.idempotency and not view.row.idempotent:
        return places.get("request.header.idempotency-key", "idem-2")
    if view.sent is None and view.code in _OF_A_BODY and "request.body body" in places:
        return places["request.body body"]
    rule = _refusal(view.operation, seen, view.param)
    stated = seen in view.row.refuses and view.code not in _GENERAL
    named = view.param in {*view.order, *view.query}
    return rule if stated or named or _is_met(done, rule) else _success_of(done)


def _is_met(done: Replayed, rule: str) -> bool:
    """Whether a refusal is about something that a request has, whatever its operation is."""
    view, family = done.view, rule.partition("-")[0]
    if family == "idem":
        return view.idempotency is not None and bool(view.row.idempotent)
    if family == "ver":
        return "aurous-version" in view.exchange.sent
    if family == "cred":
        return view.row.pays or view.operation.endswith(".estimate")
    return family in {"auth", "rate", "time"} and rule != "auth-7"


def _rule_of_param(done: Replayed, point: Point) -> str:
    """Return the rule of a param."""
    outcome = _outcome(done)
    named = isinstance(point.seen, str) or isinstance(point.fake, str)
    if point.differs and named and done.view.code != done.code:  # another refusal, of another field or of none
        return _rule_of_request(done, outcome, done.code) or _refusal(done.view.operation, outcome, done.param)
    absent = {repr(point.seen), repr(point.fake)} & {"absent", "None"}
    return "err-4" if absent or not point.differs else _refusal(done.view.operation, outcome, done.param)


def _rule_of_codes(view: View, codes: set[str]) -> str:
    """Return the rule that decides between two codes whatever the operation is; empty without one."""

    def of_page(code: str) -> bool:
        return any(outcome.endswith(f" {code}") for outcome in view.row.outcomes)

    if any({code, GLOBAL_CODES[code]} == codes and of_page(code) for code in codes & GLOBAL_CODES.keys()):
        return "err-6"
    if len(codes) == 1 and codes <= {*CONTENT_CODES}:
        return "err-5"
    return "auth-4" if "revoked_api_key" in codes and codes <= {"revoked_api_key", "invalid_api_key"} else ""


def _rule_of_request(done: Replayed, fake: str, code: str) -> str:
    """Return the rule that a request is about whatever its operation is; empty without one."""
    view = done.view
    if view.code == "missing_api_key" and view.key and not fake.startswith("401"):
        return "auth-1"
    if view.idempotency is not None and not 1 <= len(view.idempotency) <= _LONGEST_KEY and fake[:3] in {"400", "201"}:
        return "idem-1"
    if done.was == "expired":
        return "time-3"
    malformed = view.sent is None and view.exchange.content and view.row.takes.endswith("json")
    if malformed and fake.startswith("400"):
        return "err-8"
    if None in view.order.values() and code in _OF_A_NULL:
        return "err-9"
    shows_deleted = "deleted" in done.view.row.succeeds
    unknown = shows_deleted and fake.startswith("404") and done.was != "deleted"
    return "auth-7" if unknown else ""  # the row's own rule is about one that was there


def _rule_of_character(done: Replayed, point: Point) -> str:
    """Return the rule of a place in a character that depends on the request or on values; empty for any other."""
    view = done.view
    field = point.where.removeprefix(f"{done.record_at}.")
    if point.kind == "missing" and point.where.startswith("body.data[]"):
        return "list-5"
    whole = view.polls or view.saves or _rule_of_create(view)
    if point.kind in {"missing", "enum"} and field in record(CharacterRow)["required"] and whole:
        return "get-4"
    reviewed = point.where.endswith(".status") and {str(point.seen), str(point.fake)} == {"reviewing", "ready"}
    if view.creates and field == "status":
        return _rule_of_create(view)
    if reviewed and (view.polls or view.creates):
        saved = point.fake == "ready" and done.was in {"ready", ""} and view.record
        return "save-6" if saved else "create-4"
    if ".refs" not in point.where or point.where.endswith(".url"):
        return ""
    if view.result.get("status") == "synthesizing" and point.kind != "missing":
        return "" if view.creates else "run-1"
    if view.creates:
        return "create-2" if "upload_ids" in view.order else ""
    if view.row.lists or view.row.reruns or point.kind == "missing":
        return ""
    return CATALOG.by_operation[done.drawn].places.get("drawn", "create-4") if done.drawn else "create-4"


def _rule_of_create(view: View) -> str:
    """Return the rule of how a new character begins: from uploads or by a synthesis; empty for anything else."""
    if not (view.creates and view.kind == "characters"):
        return ""
    return "create-4" if view.synthesizes else "create-2" if "upload_ids" in view.order else ""


def _rule_of_cost(done: Replayed, point: Point) -> str:
    """Return the rule of a cost: a generation that has failed costs nothing."""
    status = done.view.result.get("status")
    if point.where.endswith("currency"):
        return "img-5"
    ended = not done.view.creates and status != "succeeded"
    if ended and 0 in (point.seen, point.fake) and point.where.endswith("amount"):
        return "img-7" if status == "cancelled" else "cred-2"
    rows = done.view.records
    return "vid-2" if rows and str(rows[0]["id"]).startswith("vid_") else "cred-4"


def _outcome(done: Replayed) -> str:
    """Return the outcome of the fake; where only the code is compared, the recording has the same."""
    status = done.reply.status if done.reply is not None else ""
    return f"{status} {done.code}".strip()


def _code_of(outcome: object) -> str:
    return str(outcome).partition(" ")[2]


@lru_cache(maxsize=4096)
def _refusal(operation: str, outcome: str, param: str = "") -> str:
    """Return the rule of a refusal: the row's, or what holds for all; the most exact outcome counts."""
    row = CATALOG.by_operation.get(operation)
    own: Mapping[str, str] = {} if row is None else row.refuses
    status = outcome.partition(" ")[0]
    for rules, name in (
        (own, f"{outcome} {param}"),
        (own, outcome),
        ({} if row is None else row.places, f"request.body.{param}"),
        (REFUSALS, outcome),
        (own, status),
        (REFUSALS, status),
        (own, "*"),
    ):
        if name in rules:
            return rules[name]
    return "auth-7" if status == "404" and row is not None else "err-8"


def _success(operation: str, status: str = "") -> str:
    """Return the rule of a success; *status* is the record's status before the request."""
    row = CATALOG.by_operation.get(operation)
    return "" if row is None else row.succeeds.get(status, next(iter(row.rules), ""))


def _success_of(done: Replayed) -> str:
    """Return the rule of a success by the kind of record in the path, or by its status before."""
    prefix = done.view.record.partition("_")[0]
    return _success(done.view.operation, prefix if prefix and prefix in done.view.row.succeeds else done.was)


@lru_cache(maxsize=4096)
def _place(operation: str, where: str, kind: str) -> str:
    row = CATALOG.by_operation.get(operation)
    where = where.replace("[", "(").replace("]", ")")  # brackets are a pattern to fnmatch
    table = (*_FIRST, *_LAST) if row is None else _table(row)
    return next(rule for place, compared, rule in table if fnmatchcase(where, place) and fnmatchcase(kind, compared))


def _table(row: Endpoint) -> Iterator[tuple[str, str, str]]:
    """Yield places, kinds of comparison and rules: the first that fits counts."""
    own = list(_rows(row.places))
    yield from (one for one in own if one[1] != "*")
    yield from _FIRST
    yield from (one for one in own if one[1] == "*")
    yield from _rows(PLACES) if row.lists else ()
    yield from _columns(row)
    yield from _LAST


def _rows(places: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield place, kind of comparison and rule."""
    for name, rule in places.items():
        place, _, kind = name.partition(" ")
        yield place, kind or "*", rule


def _columns(row: Endpoint) -> Iterator[tuple[str, str, str]]:
    """Yield what the columns of the record say that a response shows."""
    kind = kind_of(row)
    rules = dict(rules_of(KINDS[kind])) if kind else {}
    record = "body.data()" if row.lists else "body"
    whole = rules.pop("", "")
    for name, rule in rules.items():
        yield f"{record}.{name}", "*", rule
        yield f"{record}.{name}[.(]*", "*", rule
    if whole:
        yield f"{record}*", "*", whole


@cache
def judged_rules() -> frozenset[str]:
    """Return the rules that a recording can refute."""
    found = {rule for *_, rule in (*_FIRST, *_LAST, *_rows(PLACES))} | {*REFUSALS.values(), *_BY_VALUE}
    for row in CATALOG.by_operation.values():
        found |= {*row.rules[:1], *row.refuses.values(), *row.succeeds.values(), *row.places.values()}
        found |= {rule for *_, rule in _columns(row)}
    return frozenset(found - {"", "=", "?"})
