"""The credits of a recording: each balance is compared with the balances that its work allows."""

from __future__ import annotations

import json
from decimal import Decimal
from http import HTTPStatus
from typing import Final

from ..._core.base.amounts import plain
from ..._core.base.data import as_object
from ..._core.base.instants import instant_of
from ..recording.survey import Sighting, Survey
from ..recording.view import RUNNING, View
from ..shown import shown_by
from ..values import OTHER, Point, Words, id_of
from .adopt import Adopter
from .chat import completion_of
from .follower import Follower
from .gaps import Gaps
from .money import NOTHING, Change, Money, PaidWork, Seen, ends_of
from .replayed import SHARED, Replayed
from .teams import PLENTY, ReplayTeams, amount_of

_SYNTHESIS: Final = 15.0
"""Seconds in which no synthesis ends: the vendor says that most take 30 to 90 seconds."""
_CREDITS: Final = "body.credits"
_HELD: Final = "body.held_credits"
_LEFT: Final = "body.available_credits"


class Credits:
    def __init__(self, follower: Follower, survey: Survey, teams: ReplayTeams, records: Adopter, gaps: Gaps) -> None:
        self._follower = follower
        self._gaps = gaps
        self._survey = survey
        self._teams = teams
        self._records = records
        self._ordered: dict[str, PaidWork] = {}

    def prepare(self, done: Replayed) -> None:
        """Let the credits of a team be as far known as the responses before a request show them."""
        view, team = done.view, self._teams.of(done.view)
        if view.shows_team:
            email = view.result.get("billing_email")
            named = {"name": str(view.result.get("name")), "billing_email": email if isinstance(email, str) else None}
            self._follower.change(team, **named)
        if view.shows_credits:
            self._balance(done)
        if view.reason == "insufficient_credits" and not self.is_known(view):
            self._follower.set_account(team, credits=self._follower.accounts[team].held)
            self._teams.money_of(view).base = None
            done.inferred.append("the team had too little credit")

    def count(self, done: Replayed) -> None:
        """Note the work that a request has ordered or ended, and the requests that cost nothing."""
        view, money = done.view, self._teams.money_of(done.view)
        if done.replays:
            self._count_again(done, money)
        elif done.reply is None or done.is_new or (view.refused and not view.lost):
            pass
        elif done.reply.status < HTTPStatus.BAD_REQUEST:
            self._count(done, money)
        elif view.row.pays and view.succeeded and not _drafts(view):
            why = f"the fake does not know what exchange {view.exchange.number} has ordered"
            money.leave_open(why)

    def _count(self, done: Replayed, money: Money) -> None:
        """Note what a request has done that was not refused."""
        view, rules = done.view, shown_by(done.view.operation).rules
        record = view.record
        if view.creates:
            record = self._survey.lost.get(view.index, "") if view.lost else str(view.result.get("id"))
        status = self._follower.status(record)
        if view.row.acts and not view.row.reruns:
            first = self._ordered.get(record)
            late = first is None or first.kind != "synthesis" or view.at - first.at > _SYNTHESIS
            unsure = late or self._survey.flights.other(view, record) is not None
            money.end(record, {"good", "bad"} if view.deletes and unsure else ends_of(status))
        if "balance" in rules:
            money.works.append(PaidWork("", NOTHING, rules["balance"], now={"free"}))
        elif "price" in rules:  # a chat or an embedding
            charged = amount_of(as_object(completion_of(view).get("usage")).get("credits_charged"))
            if charged is None:
                money.leave_open(f"exchange {view.exchange.number} does not show how many tokens it has used")
            else:
                money.works.append(PaidWork("", charged, rules["price"], now={"good"}))
        elif view.row.pays and not _drafts(view) and status:
            shown = amount_of(as_object(view.result.get("cost")).get("amount")) if done.price else None
            ordered = "pose" if view.row.reruns and "pose" in view.order else "synthesis"
            kind = str(getattr(self._follower.row(record), "media_type", ordered))
            rule = "vid-2" if kind == "video" else "cred-4"
            self._ordered[record] = PaidWork(record, done.price, rule, kind, shown, view.at, ends_of(status))
            money.works.append(self._ordered[record])

    def _count_again(self, done: Replayed, money: Money) -> None:
        """Note a retry, which costs nothing, unless the recording shows that it has made something new."""
        replayed = as_object(json.loads(done.reply.body)) if done.reply is not None else {}
        first, record = self._ordered.get(str(replayed.get("id"))), str(done.view.result.get("id"))
        if first is not None and record == first.record and not done.view.replayed:
            money.leave_open(f"exchange {done.view.exchange.number} may have been charged again or not")
        elif first is not None and record == first.record:
            money.works.append(PaidWork(record, first.price, "idem-3", shown=first.shown, now={"free"}))
        elif first is not None and done.view.succeeded:
            again = {"run", "good", "bad"}
            money.works.append(PaidWork(record, first.price, first.rule, first.kind, first.shown, now=again))

    def doubt(self, view: View, why: str) -> None:
        """Do not judge the next balance of a team, once an order of it may or may not have taken effect."""
        if view.row.pays and view.exchange.status != HTTPStatus.TOO_MANY_REQUESTS:
            why = f"exchange {view.exchange.number} may have been charged or not: {why}"
            self._teams.money_of(view).leave_open(why)

    def is_known(self, view: View) -> bool:
        """Whether the recording shows what a team can spend: no work may have failed unseen, or has another price."""
        money = self._teams.money_of(view)
        unsure = any("bad" in now and len(now) > 1 for now in (self._now(work, view) for work in money.works))
        unsure = unsure or any(work.shown not in {None, work.price} for work in self._ordered.values())
        return money.base is not None and not unsure and not self._survey.shared

    def fund(self, done: Replayed) -> None:
        """Give a team more credits than it needs: it is not known how many it had."""
        self._follower.set_account(self._teams.of(done.view), credits=Decimal(PLENTY))
        self._teams.money_of(done.view).base = None

    def adopt(self, view: View) -> None:
        """Go on from the balance that a response shows."""
        credit, held = _shown(view)
        if view.shows_balance and credit is not None:
            self._follower.set_account(self._teams.of(view), credits=credit, **({} if held is None else {"held": held}))
            base = None if held is None or self._survey.shared else (credit, held)
            self._teams.money_of(view).go_on(base, view.index)

    def _balance(self, done: Replayed) -> None:
        """Compare a balance with those that the work since the last one allows, and end the work that it shows over."""
        view, money, (credit, held) = done.view, self._teams.money_of(done.view), _shown(done.view)
        if view.result.get("billing_mode") == "exempt":
            self._follower.set_account(self._teams.of(view), billing_mode="exempt")
        if credit is None:
            return
        done.ignored |= {_CREDITS, _HELD, _LEFT}
        if self._survey.shared:
            done.doubts |= dict.fromkeys(("cred-1", *money.rules()), SHARED)
            return
        running = [work for work in money.works if work.record and "run" in work.now]
        for work in money.works:
            work.now = self._now(work, view)
        self._judge(done, money, credit, held)
        for work in running:
            if not {"new", "run"} & work.now and self._follower.is_under_way(work.record):
                self._records.end(view, work.record, self._later(work, view)[1], good="good" in work.now)
                done.inferred.append(f"the work on {id_of(work.record)} has ended")
        available = amount_of(view.result.get("available_credits"))
        if not done.points and held is not None and available is not None:
            left, slack = credit - held, _slack(credit, held, available)
            done.points.append(Point(_LEFT, "value", abs(available - left) > slack, available, Words(plain(left))))

    def _judge(self, done: Replayed, money: Money, credit: Decimal, held: Decimal | None) -> None:
        """Compare a balance with the one before; without one, only what is held must be there."""
        possible = money.possible()
        if not possible:
            done.doubts |= dict.fromkeys(money.rules() | {"cred-2"}, "nothing shows when much of the work has ended")
        elif money.base is not None:
            self._compare(done, money, credit, held, money.base, possible)
        elif money.open:
            done.doubts |= dict.fromkeys(money.rules() or {"cred-2"}, money.open)
            money.begin(held or NOTHING)
        elif held is not None and not money.begin(held):
            rule = money.contradicted(Seen(None, held)) or "cred-2"
            _differ(done, rule, _HELD, held, min(one[1] for one in possible))

    def _compare(
        self, done: Replayed, money: Money, credit: Decimal, held: Decimal | None, base: Change, possible: set[Change]
    ) -> None:
        seen = Seen(credit - base[0], None if held is None else held - base[1], _slack(credit, base[0]), money.earlier)
        if money.fits(seen):
            money.right |= {work.kind for work in money.works if len(work.now) == 1}
            done.agrees |= {"cred-1", *money.rules()}
            return
        more, more_held = min(map(seen.more, possible), key=lambda one: (abs(one[0]) + abs(one[1]), one))
        money.earlier = max(NOTHING, money.earlier + more_held)
        gap = self._gaps.cost(done.view, money.at) if more < more_held else ""
        if gap:
            rule = "cred-2" if any(work.kind for work in money.works) else "cred-1"
            done.set_aside((_CREDITS, _HELD), gap)
        elif self._follower.accounts[self._teams.of(done.view)].billing_mode == "exempt":
            rule = "cred-1"
        else:
            rule = money.contradicted(seen) or money.unexplained(more)
        _differ(done, rule, _CREDITS, credit, credit - more)
        _differ(done, rule, _HELD, held, (held or NOTHING) - more_held)

    def _now(self, work: PaidWork, view: View) -> set[str]:
        """Return the states in which work may be at an exchange, as later responses show it."""
        first = self._survey.histories.seen(work.record, -1)
        if "new" in work.now and first is not None:
            if view.index < first.view.index:
                return {"new", "run", "good", "bad"}
            work.now = ends_of(first.status)
        if "run" not in work.now or not work.record:
            return work.now
        later, status = self._later(work, view)
        if later is None or not self._follower.is_under_way(work.record):  # another status is a difference of its own
            return {"run", "good", "bad"}
        if status in RUNNING:
            return {"run"}
        ends = ends_of(status) if status else {"good", "bad"}
        end = instant_of(later.row.get("completed_at") or later.row.get("updated_at"))
        own = later.view.polls or "completed_at" in later.row  # else it shows a later change
        soon = int(view.at), view.ends + 1
        unsure = end is None or not own or end < int(work.at) or soon[0] <= end <= soon[1]
        return {"run", *ends} if unsure else ends if (end or 0) < view.at else {"run"}

    def _later(self, work: PaidWork, view: View) -> tuple[Sighting | None, str]:
        """Return the first sighting of a record behind *view*, and the status in which its work has ended by then."""
        histories = self._survey.histories
        later = histories.seen(work.record, view.index)
        while later is not None and later.view.replayed:  # a stored response shows how it was
            later = histories.seen(work.record, later.view.index + 1)
        return later, "" if later is None else histories.status(work.record, later.view.index)


def _differ(done: Replayed, rule: str, where: str, seen: Decimal | None, expected: Decimal) -> None:
    """Note that an amount is another, and which rule that refutes."""
    if seen is not None and seen != expected:
        done.rules[where] = rule
        done.points.append(Point(where, "value", OTHER, Words(plain(seen)), Words(plain(expected))))


def _shown(view: View) -> tuple[Decimal | None, Decimal | None]:
    return amount_of(view.result.get("credits")), amount_of(view.result.get("held_credits"))


def _slack(*amounts: Decimal) -> Decimal:
    """Return by how much a sum of rounded amounts may be off: by half of the last digit of each.

    At most by half a credit: with balances in whole credits, a missing credit would not show otherwise.
    """
    last = min(Decimal(1).scaleb(min(int(one.as_tuple().exponent), 0)) for one in amounts)
    return min(last * len(amounts) / 2, Decimal("0.5"))


def _drafts(view: View) -> bool:
    """Whether it makes a character from uploads, which is free."""
    return view.creates and view.kind == "characters" and not view.synthesizes
