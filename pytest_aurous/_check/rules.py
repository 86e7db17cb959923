"""The rule of each place of a response: where the rules say that they show, and a table of what decides else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from http import HTTPStatus
from typing import Final, TypeAlias

from .._core.base.data import as_list
from .._core.wire.refusal import CONTENT_CODES, GLOBAL_CODES, USUAL_CODES
from .._facade import ASSUMED_SIZES, CATALOG, Endpoint, load_rules
from .recording.flights import BALANCE, bucket_of, key_of, list_of
from .recording.survey import OF_STATES
from .recording.view import DELETABLE, KINDS, NOT_LET_IN, RUNNING, STATUSES, UNKNOWN, View, kind_of
from .replay import SHARED, Replayed
from .shapes import schema_of
from .shown import shown_by
from .values import Point

_PLACES: Final = ("body", "error", "header")
"""How a place begins; what else a rule says that it shows in is an outcome, or the work of a request."""
_SILENT: Final[dict[str, str]] = dict.fromkeys(
    ("header.x-ratelimit-* added", "header.retry-after added", "body* added"), ""
)
"""The places that no rule is about, unless one says so."""
_LAST: Final = {"header.content-type": "=", "header.*": "", "body*": "="}
"""Where no rule says that it shows there, the first that fits; `=` is the rule of the operation's success."""

_BUCKET: Final = "header.x-ratelimit-*"
_RATES: Final = ("header.x-ratelimit-limit", "header.x-ratelimit-remaining", "header.x-ratelimit-reset")
_DAY: Final = 86_400.0
_GENERAL: Final = frozenset((*USUAL_CODES.values(), *GLOBAL_CODES))
"""Codes that only repeat the status, and do not say what is wrong with the request."""
_IN_USE: Final = USUAL_CODES[HTTPStatus.CONFLICT]
_REVOKED: Final = "revoked_api_key"
_OF_A_BODY: Final = ("missing_field", "invalid_format")
"""The codes of a body that is missing or malformed (err-8)."""
_OF_A_NULL: Final = ("invalid_format", "invalid_request")
"""The codes of a null, which err-9 is about."""
_LONGEST_KEY: Final = 256


class _Case:
    """A place that was compared, and the facts that decide its rule."""

    def __init__(self, done: Replayed, point: Point) -> None:
        view, first, where = done.view, done.first, point.where
        self.done = done
        self.point = point
        self.view = view
        self.where = where
        self.place: str = _place(view.operation, where, point.kind)  # the rule there; ``=`` for that of a success
        self.at: Mapping[str, str] = shown_by(view.operation).rules  # that show in the operation alone
        # What the fake has responded. Where only the code is compared, the recording has the same status.
        self.outcome: str = str(point.fake) if where == "status" else done.outcome
        self.code: str = str(point.fake) if where == "error.code" else self.outcome.partition(" ")[2]
        self.codes: set[str] = {view.code, self.code}
        self.status: object = view.result.get("status")  # of the record in the response
        self.is_refused: bool = point.differs and bool(view.code)
        self.is_in_use: bool = point.differs and view.code == _IN_USE
        self.repeats: bool = first is not None and first.exchange.content == view.exchange.content
        self.is_late: bool = first is not None and view.at - first.at > _DAY
        self.is_other_status: bool = self.is_refused and len(self.codes) == 1  # one code, two statuses
        self.is_of_key: bool = self.outcome[:3] == "401" or self.code == USUAL_CODES[HTTPStatus.FORBIDDEN]
        self.ignores_key: bool = bool(view.idempotency) and not view.row.idempotent
        self.lacks_body: bool = view.sent is None and view.code in _OF_A_BODY
        self.lacks_version: bool = view.code == "unknown_version" and "aurous-version" not in view.exchange.sent
        self.id: str = point.record or str(view.result.get("id"))
        self.is_same_record: bool = first is not None and first.result.get("id") == view.result.get("id")
        self.is_same_code: bool = first is not None and first.code == view.code
        key, malformed = view.idempotency, view.sent is None and bool(view.exchange.content)
        wrong_key = key is not None and not 1 <= len(key) <= _LONGEST_KEY  # the fake may say so, or overlook it
        self.is_of_wrong_key: bool = wrong_key and self.outcome[:3] in {"400", "201"}
        self.is_malformed: bool = malformed and view.row.takes.endswith("json")
        self.is_reviewed: bool = view.polls and {str(point.seen), str(point.fake)} == {"reviewing", "ready"}
        self.is_saved: bool = point.fake == "ready" and done.was in {"ready", ""} and bool(view.record)
        # The synthesis runs again, so its pictures may differ from the earlier ones.
        self.is_drawn_anew: bool = self.status == "synthesizing" and not view.creates and point.kind != "missing"
        self.is_of_output: bool = view.row.signed and f"200 {done.was}".rstrip() in self.at
        # A generation is over without success, and costs nothing on one side.
        self.is_free: bool = not view.creates and self.status != "succeeded" and 0 in (point.seen, point.fake)

    @property
    def alone(self) -> str:
        """The rule that is about the code or the param of a refusal, and not about all of it; empty without one."""
        rules, part = {**shown_by("").rules, **self.at}, self.where.removeprefix("error.")
        return rules.get(f"{self.done.outcome} {part}") or rules.get(f"{self.view.exchange.status} {part}", "")

    @property
    def refusal(self) -> str:
        return _refusal(self.view.operation, self.outcome, self.done.param)

    @property
    def refused_as(self) -> str:
        """The rule of the vendor's refusal if the request has what it is about; else that of the fake's success."""
        view, seen = self.view, str(self.point.seen)
        rule = _refusal(view.operation, seen, view.param)
        stated = seen in self.at and view.code not in _GENERAL
        named = view.param in {*view.order, *view.query}
        return rule if stated or named or _is_met(view, rule) else _success(self.done)

    @property
    def is_null_or_same(self) -> bool:
        """Whether a param is the same on both sides, or null or absent on one, and belongs to no other refusal."""
        sides = self.point.seen, self.point.fake
        named = any(isinstance(one, str) for one in sides)
        unset = not {"absent", "None"}.isdisjoint(map(repr, sides))
        return not self.point.differs or (unset and not (named and self.view.code != self.done.code))

    @property
    def is_of_page(self) -> bool:
        """Whether the recording and the fake each have a code of the operation's page, or its code in the global list.

        The two lists of the vendor name some refusals differently (err-6).
        """
        pages = {outcome.partition(" ")[2] for outcome in self.view.row.outcomes} & GLOBAL_CODES.keys()
        return any(self.codes <= {page, GLOBAL_CODES[page]} for page in pages)

    @property
    def is_promised(self) -> bool:
        """Whether the place is a field that each whole character has, and the response shows one."""
        field = self.where.removeprefix(f"{self.done.record_at}.")
        whole = self.view.polls or self.view.saves or _creation(self.view)
        return bool(field in schema_of("characters.retrieve").required and whole)

    @property
    def is_retold(self) -> bool:
        """Whether the response shows pictures of a record that was there before, and none are drawn."""
        row = self.view.row
        own = self.view.creates or row.lists or row.reruns or self.point.kind == "missing"
        return not own and self.status != "synthesizing"


_Row: TypeAlias = tuple[str, str, Callable[[_Case], object], str | Callable[[_Case], str]]


def _always(_: _Case) -> bool:
    return True


_OUTCOME: Final = "status|error.code"
_ANY: Final = "status|error.code|error.param"
_REPLAYED: Final = "header.aurous-idempotent-replayed"
_RATE: Final = "|".join(_RATES)
_LEFT: Final = "header.x-ratelimit-remaining"
_KEY: Final = "request.header.idempotency-key"
_BODY: Final = "request.body body"

_TABLE: Final[tuple[_Row, ...]] = (
    # Place, perhaps of one kind of record alone; kind of comparison; what must hold; rule.
    # The first row that fits counts, and several rules could explain most differences, so the order is the verdict: it
    # blames the rule after which nothing is left to explain. Who may not send a request is refused before anybody
    # reads it, so a wrong key explains any outcome; a malformed body is refused before its operation looks at it; and
    # what remains is about the operation. Below, what holds for values that few requests have goes before what holds
    # for all, and the name of a place is the last resort.
    # What the replay itself has found out is no guess.
    ("*", "*", lambda c: c.where in c.done.rules, lambda c: c.done.rules[c.where]),
    (_REPLAYED, "added", lambda c: c.point.seen == "false", ""),
    # A 429 says nothing about the request, and an operation that the fake does not have breaks no rule.
    (_ANY, "*", lambda c: c.view.exchange.status == HTTPStatus.TOO_MANY_REQUESTS, "rate-2"),
    (_ANY, "*", lambda c: not (c.view.operation or c.view.refused), ""),
    # A param of the same refusal; where the refusals differ, it only follows from that, below.
    ("error.param", "*", lambda c: c.alone, lambda c: c.alone),
    ("error.param", "*", lambda c: c.is_null_or_same, "err-4"),
    # A refusal that is stored: nobody has read the request.
    (_OUTCOME, "*", lambda c: c.view.replayed and c.view.refused and c.is_same_code, "idem-4"),
    # Two codes for the same thing say nothing about the operation.
    (_OUTCOME, "*", lambda c: len(c.codes) == 2 and c.is_of_page, "err-6"),  # noqa: PLR2004 - one on each side
    (_OUTCOME, "*", lambda c: len(c.codes) == 1 and c.code in CONTENT_CODES, "err-5"),
    (_OUTCOME, "*", lambda c: _REVOKED in c.codes and c.codes <= {_REVOKED, "invalid_api_key"}, "auth-4"),
    # What is wrong with a request whatever its operation is.
    (_ANY, "*", lambda c: c.view.code == "missing_api_key" and c.view.key and c.outcome[:3] != "401", "auth-1"),
    (_ANY, "*", lambda c: c.is_of_wrong_key, "idem-1"),
    (_ANY, "*", lambda c: c.done.was == "expired", "time-3"),
    (_ANY, "*", lambda c: c.is_malformed and c.outcome.startswith("400"), "err-8"),
    (_ANY, "*", lambda c: None in c.view.order.values() and c.code in _OF_A_NULL, "err-9"),
    # The rule of an operation that may show a deleted record is about one that was there.
    (_ANY, "*", lambda c: "200 deleted" in c.at and c.outcome[:3] == "404" and c.done.was != "deleted", "auth-7"),
    ("error.param", "*", _always, lambda c: c.refusal),
    # The fake refuses. A code that is right under a wrong status is no wrong refusal, unless it is about the key.
    (_OUTCOME, "*", lambda c: c.alone, lambda c: c.alone),
    ("status", "*", lambda c: c.is_other_status and c.is_of_key, lambda c: c.refusal),
    ("status", "*", lambda c: c.is_other_status, "err-5"),
    (_OUTCOME, "*", lambda c: c.is_of_output, lambda c: rule_of_success(c.done)),
    (_OUTCOME, "*", lambda c: c.outcome[:3] == "409" and c.view.succeeded and c.view.replayed and c.repeats, "idem-5"),
    (_OUTCOME, "*", lambda c: not c.outcome.startswith(("2", "3")), lambda c: c.refusal),
    # The fake has a success, and the vendor refuses: for the key, which comes before all that is in the request.
    (_OUTCOME, "*", lambda c: c.is_in_use and c.is_late, "idem-8"),
    (_OUTCOME, "*", lambda c: c.is_in_use and c.done.replays and c.view.row.fingerprint, "idem-7"),
    (_OUTCOME, "*", lambda c: c.is_in_use and c.done.replays and c.repeats, "idem-5"),
    (_OUTCOME, "*", lambda c: c.is_in_use and c.ignores_key, lambda c: c.at.get(_KEY, "idem-2")),
    (_OUTCOME, "*", lambda c: c.done.replays and c.view.exchange.status not in NOT_LET_IN, "idem-3"),
    (_OUTCOME, "*", lambda c: c.is_refused and c.lacks_version, "ver-1"),
    (_OUTCOME, "*", lambda c: c.is_refused and c.lacks_body and _BODY in c.at, lambda c: c.at[_BODY]),
    (_OUTCOME, "*", lambda c: c.is_refused, lambda c: c.refused_as),
    (_OUTCOME, "*", _always, lambda c: rule_of_success(c.done)),
    # Headers whose values depend on more than their names.
    (_RATE, "added", _always, "rate-1"),
    (_RATE, "*", lambda c: c.view.row.bucket in ASSUMED_SIZES, lambda c: ASSUMED_SIZES[str(c.view.row.bucket)]),
    (_REPLAYED, "added", lambda c: c.view.refused, "idem-4"),
    (_REPLAYED, "added", lambda c: c.done.is_new and c.is_late, "idem-8"),
    (_REPLAYED, "added", _always, "idem-2"),
    # The fake reads the key under its other names: the vendor may not have, unless it returned the same record.
    (_REPLAYED, "missing", lambda c: "idempotency-key" not in c.view.exchange.sent and not c.is_same_record, "idem-1"),
    ("header.aurous-request-id", "replayed", _always, "rate-5"),
    (_LEFT, "value|more", lambda c: c.done.replays, "rate-5"),
    (_LEFT, "value|more", lambda c: c.view.refused, "rate-4"),
    # Bodies. A stored response is that of before, whatever it shows; and where no rule is, no value brings one.
    ("body*", "value|null|rows", lambda c: c.done.replays, "idem-3"),
    ("*", "*", lambda c: not c.place, ""),
    # Characters: a missing field before its value, a status before the pictures that follow from it.
    ("characters *", "missing|enum", lambda c: c.is_promised, "get-4"),
    ("characters *.refs*.url", "*", _always, lambda c: c.place),
    ("characters body.status|characters body.refs*", "*", lambda c: _creation(c.view), lambda c: _creation(c.view)),
    ("characters *.status", "*", lambda c: c.is_reviewed and c.is_saved, "save-6"),
    ("characters *.status", "*", lambda c: c.is_reviewed, "create-4"),
    ("characters *.refs*", "*", lambda c: c.is_drawn_anew, "run-1"),
    ("characters body.refs", "rows", lambda c: c.view.saves, "save-1"),
    ("characters *.refs*", "*", lambda c: c.is_retold, lambda c: shown_by(c.done.drawn).rules.get("drawn", "create-4")),
    ("*", "*", lambda c: c.place == "=" and c.view.refused, "err-1"),
    ("*", "*", lambda c: c.place == "=", lambda c: rule_of_success(c.done)),
    # Generations: one that has failed or was cancelled costs nothing, whatever its price is.
    ("generations *.cost*currency", "*", _always, "img-5"),
    ("generations *.cost*amount", "value|enum", lambda c: c.is_free and c.status == "cancelled", "img-7"),
    ("generations *.cost*amount", "value|enum", lambda c: c.is_free, "cred-2"),
    ("generations *.cost*", "value|enum", lambda c: c.id.startswith("vid_"), "vid-2"),
    ("generations *.cost*", "value|enum", _always, "cred-4"),
    ("generations *.cost*", "*", _always, "img-5"),
    ("body.width|body.height", "value", lambda c: "width" in c.view.order, "img-3"),
    # All other places rest on what their names say.
    ("*", "*", _always, lambda c: c.place),
)


@lru_cache(maxsize=4096)
def _rows_about(kind: str, where: str, compared: str) -> tuple[_Row, ...]:
    """Return the rows of the table about a place in a response that shows a kind of record."""
    where = _plain(where)
    return tuple(
        row
        for row in _TABLE
        if any(fnmatchcase(where, one) or fnmatchcase(f"{kind} {where}", one) for one in row[0].split("|"))
        and any(fnmatchcase(compared, one) for one in row[1].split("|"))
    )


def rule_of(done: Replayed, point: Point) -> str:
    """Return the rule that a place rests on; empty without one."""
    case = _Case(done, point)
    *_, rule = next(row for row in _rows_about(done.view.kind, point.where, point.kind) if row[2](case))
    return rule if isinstance(rule, str) else rule(case)


def agreeing(done: Replayed, point: Point) -> set[str]:
    """Return the rules with which a place agrees: that on which it rests, and those that another code would refute."""
    found = {rule_of(done, point)}
    if point.where == "error.code" and done.view.refused:
        found |= {"err-5", *(["err-6"] if _Case(done, point).is_of_page else [])}
    return found


UNCOMPARED: Final = {
    "chat-4": "what a chat holds",
    "emb-1": "the numbers of a vector",
    "get-3": "for how long a URL is valid",
    "regen-2": "the pictures of the other poses",
    "resyn-2": "which pictures are new",
    "time-2": "for how long a URL is valid",
    "usage-1": "totals",
    "usage-3": "what was charged",
}
"""What `check` does not compare of rules that it judges."""


_DECISIVE: Final = ("id", "status", "events")
"""The fields of a record that decide which outcome later requests about it get."""


def cause_of(done: Replayed, point: Point, rule: str, causes: dict[tuple[str, str], str]) -> str:
    """Return the rule of a difference, or of an earlier one that it follows from.

    That is one in the same field of its record, or about the same idempotency key; for an outcome, one in a field that
    decides it; for a balance, one in whether work is under way.
    """
    view, where = done.view, point.where
    if where in _CREDITS and view.shows_credits:
        rule = causes.get(("", "balance"), rule)
        if rule == "cred-2":  # what is held is told by costs, too
            causes.setdefault(("", "cost"), rule)
        return rule
    if rule.startswith("idem-") and view.idempotency:
        return causes.setdefault(("idem", view.idempotency), rule)
    record = point.record or ("" if view.creates else view.record) or str(view.result.get("id", ""))
    if where == "status":
        of_named = (causes.get((name, field)) for name in (*view.named, record) for field in _DECISIVE)
        return next(filter(None, of_named), rule)
    if not where.startswith("body") or not record:
        return rule
    field = _field(done, where)
    part = where.removeprefix(f"{done.record_at}.") if field == "refs" else field  # URLs do not follow from poses
    found = [causes.get((record, field)), causes.get((record, part))]
    found += [causes.get(("", "cost"))] * (field == "cost" and point.fake == 0)
    if point.kind == "missing":
        found.append(causes.setdefault((record, f"missing in {view.index}"), rule))
    rule = causes.setdefault((record, part), next(filter(None, found), rule))
    if field == "status" and (point.seen in RUNNING) != (point.fake in RUNNING):
        causes.setdefault(("", "balance"), rule)
    return rule


def _field(done: Replayed, where: str) -> str:
    return where.removeprefix(done.record_at).lstrip(".").partition(".")[0].partition("[")[0]


def rule_of_success(done: Replayed) -> str:
    """Return the rule that a success of a request would be about; empty without an operation."""
    return _creation(done.view) or _success(done)


def is_assumed(done: Replayed, point: Point, rule: str) -> bool:
    """Whether no page of the vendor states what differs at a place, only a rule of ours."""
    if point.assumed or not rule or load_rules()[rule].provenance == "A":
        return bool(rule)
    view, where, own = done.view, point.where, shown_by(done.view.operation)
    if where == "error.param":
        return isinstance(point.fake, str) and f"{view.exchange.status} {view.code}" not in own.params
    if where in _RATES:
        free = view.row.makes == "char" and not view.synthesizes
        return free or point.kind == "added" or view.row.bucket in ASSUMED_SIZES or _BUCKET in own.assumed
    if where not in {"status", "error.code"}:
        return rule == "create-4" and where.endswith(".refs[].pose") and point.kind == "value"  # their order
    fake = done.outcome
    if view.refused and fake in shown_by("").assumed:
        return True
    # That a request which costs nothing needs no credits, no page says.
    free = view.exchange.status == HTTPStatus.PAYMENT_REQUIRED and not view.row.pays
    return (free or view.succeeded or not fake.startswith("2")) and not {fake, fake[:3]}.isdisjoint(own.assumed)


_CREDITS: Final = frozenset({"body.credits", "body.held_credits", "body.available_credits"})
_ROWS: Final = frozenset({"body.data", "body.has_more"})
_OF_ONE: Final = frozenset({"missing", "added", "form", "json type", "enum", "order", "filter"})
"""The kinds of comparison that one response decides, whatever happened before."""
_OF_ORDER: Final = OF_STATES | {"insufficient_credits", USUAL_CODES[402], USUAL_CODES[409]}
"""The codes of refusals that depend on what other requests have done before."""
_CHANGING: Final = frozenset({"status", "name", "attributes", "refs", "error_message"})


def why_aside(done: Replayed, point: Point, *, alone: bool) -> str:
    """Return why a difference refutes nothing: an overlap, another client or a gap explains it; else empty."""
    overlap = done.survey.flights.why(done.view, _subjects(done, point))
    own = overlap or ("" if _is_decided(done, point) else done.aside_at(point.where))
    return own or (alone and (SHARED if done.survey.shared else done.gaps.explanation(done.view, point.where))) or ""


def _subjects(done: Replayed, point: Point) -> Iterator[str]:
    """Yield the subjects of a place that depend on the order in which the API has handled requests."""
    view, where = done.view, point.where
    if where.startswith("header.aurous-idempotent-") or done.replays or view.replayed:
        yield key_of(view)
    if where.startswith("header.x-ratelimit-"):
        yield from () if where in done.rules else (bucket_of(view),)  # tokens that fit in no order refute rate-1
    elif where == "status" or where.startswith("error."):
        if not {view.reason, done.code}.isdisjoint(_OF_ORDER) or done.replays or view.replayed:
            yield from (*view.named, BALANCE, key_of(view))
    elif point.kind in _OF_ONE or not where.startswith("body"):
        return
    elif where in _CREDITS:
        yield BALANCE
    elif where in _ROWS:
        yield list_of(view)
    else:
        yield point.record or str(view.result.get("id"))


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
    classified = where.endswith(".pose") and _creation(view) == "create-2"
    if where == "header.x-ratelimit-remaining" or (where in _ROWS and view.row.lists) or classified:
        return True
    own = {*view.order, *(("status", "refs") if view.saves else ())}  # which the request itself has changed
    told = view.polls or view.row.acts
    return view.kind == "characters" and told and _field(done, where) in _CHANGING - own


def _is_decided(done: Replayed, point: Point) -> bool:
    """Whether a response alone decides a difference, whoever else sends requests."""
    alone = point.kind in _OF_ONE and ".attributes." not in point.where  # a PATCH replaces all attributes
    return alone or (point.where != "header.x-ratelimit-remaining" and _is_final(done))


def _is_of_state(done: Replayed) -> bool:
    """Whether the vendor's outcome may be about the state of a record that a request names."""
    view = done.view
    other, reason = view.order.get(done.param or view.param), view.reason if view.refused else done.code
    own = bool(view.named) and {None, *view.named}.issuperset(as_list(other) or [other])
    return own and reason in OF_STATES and view.reason != done.code


def _is_final(done: Replayed) -> bool:
    """Whether a record is in a state that nothing changes any more, or the request gets the same in each state."""
    view = done.view
    gone = view.code == USUAL_CODES[HTTPStatus.NOT_FOUND] and not view.row.signed and view.collection not in DELETABLE
    ended = view.cancels and done.was not in RUNNING
    return view.row.any_id or bool(view.collection in STATUSES and done.was and (gone or ended))


def _is_met(view: View, rule: str) -> bool:
    """Whether a refusal is about something that a request has, whatever its operation is."""
    family = rule.partition("-")[0]
    if family == "idem":
        return view.idempotency is not None and bool(view.row.idempotent)
    if family == "ver":
        return "aurous-version" in view.exchange.sent
    if family == "cred":
        return view.row.pays
    return family in {"auth", "rate", "time"} and rule != "auth-7"


def _creation(view: View) -> str:
    """Return the rule of how a new character begins: from uploads or by a synthesis; empty for anything else."""
    if not (view.creates and view.kind == "characters"):
        return ""
    return "create-4" if view.synthesizes else "create-2" if "upload_ids" in view.order else ""


@lru_cache(maxsize=4096)
def _refusal(operation: str, outcome: str, param: str = "") -> str:
    """Return the rule of a refusal: the operation's own, or what holds for all; the most exact outcome counts."""
    own, general = shown_by(operation).rules, shown_by("").rules
    status = outcome.partition(" ")[0]
    for rules, name in (
        (own, f"{outcome} {param}"),
        (own, outcome),
        (own, f"request.body.{param}"),
        (general, outcome),
        (own, status),
        (general, status),
        (own, "*"),
    ):
        if name in rules:
            return rules[name]
    return "auth-7" if status == "404" and operation in CATALOG.by_operation else "err-8"


def _success(done: Replayed) -> str:
    """Return the rule of a success by the kind of record in the path, or by its status before."""
    row, prefix = done.view.row, done.view.record.partition("_")[0]
    rules = shown_by(done.view.operation).rules
    own = prefix and f"{row.status} {prefix}" in rules
    return rules.get(f"{row.status} {prefix if own else done.was}".rstrip(), next(iter(row.rules), ""))


def _plain(where: str) -> str:
    return where.replace("[", "(").replace("]", ")")  # brackets are a pattern to fnmatch


@lru_cache(maxsize=4096)
def _place(operation: str, where: str, kind: str) -> str:
    where = _plain(where)
    table = _places(operation)
    found = (rule for name, compared, rule in table if compared in {"", kind} and fnmatchcase(where, name))
    return next(found, "")


@cache
def _places(operation: str) -> tuple[tuple[str, str, str], ...]:
    """Return places, kinds of comparison and rules: the first that fits counts.

    What rules say of the operation or of all operations goes before what they say of all lists, and that before
    columns, which hold wherever a record is shown.
    """
    row = CATALOG.by_operation.get(operation, UNKNOWN)
    lists = shown_by("lists").rules if row.lists else dict[str, str]()
    stated = [*_rows(shown_by(operation).rules), *_rows(shown_by("").rules), *_rows(_SILENT)]
    return (*sorted(stated, key=_exactness), *sorted(_rows(lists), key=_exactness), *_columns(row), *_rows(_LAST))


def _exactness(row: tuple[str, str, str]) -> tuple[bool, int]:
    """Sort a place for one kind of comparison before one for all, and a longer name before a shorter one."""
    place, compared, _ = row
    return not compared, -len(place.replace("*", ""))


def _rows(places: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield place, kind of comparison, empty for all, and rule."""
    for name, rule in places.items():
        place, _, kind = name.partition(" ")
        if place.startswith(_PLACES):
            yield place, kind, rule


def _columns(row: Endpoint) -> Iterator[tuple[str, str, str]]:
    """Yield what the columns of the record say that a response shows."""
    kind = kind_of(row)
    if not kind:
        return
    record = "body.data()" if row.lists else "body"
    for column in fields(KINDS[kind]):
        if column.metadata.get("rule"):
            yield f"{record}.{column.name}", "", column.metadata["rule"]
            yield f"{record}.{column.name}[.(]*", "", column.metadata["rule"]
    if hasattr(KINDS[kind], "RULE"):
        yield f"{record}*", "", KINDS[kind].RULE


_ELSEWHERE: Final = {"cred-5", "create-2", "del-4"}
"""The rules for which more decides than a place: balances, how a character was made, and what was deleted before."""
_SAYS_NOTHING: Final = re.compile(r"\b(429|5\d\d)\b")
"""The outcomes that refute nothing by themselves, whichever the fake has."""


@cache
def judged_rules() -> frozenset[str]:
    """Return the rules that a recording can refute: `tests/check/test_table.py` has one for each."""
    found = {rule for *_, rule in _TABLE if isinstance(rule, str)} | _ELSEWHERE
    found |= {rule.id for rule in load_rules().values() if any(not _SAYS_NOTHING.search(one) for one in rule.at)}
    for row in CATALOG.by_operation.values():
        found |= {*row.rules[:1], *(rule for *_, rule in _columns(row))}
    return frozenset(found - {""})
