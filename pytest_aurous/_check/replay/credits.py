"""The credits of a recording: each balance is compared with the balances that its work allows."""

from __future__ import annotations

import json
from decimal import Decimal
from http import HTTPStatus
from typing import Final

from ..._core.base.amounts import plain
from ..._core.base.data import as_object
from ..._core.base.instants import instant_of
from ..._facade import Follower, shown_by
from ..recording.histories import Sighting
from ..recording.survey import Survey
from ..recording.view import RUNNING, View
from ..values import OTHER, Point, Words, id_of
from .adopt import Adopter
from .gaps import Gaps
from .money import Change, Money, PaidWork, ends_of, is_in
from .replayed import SHARED, Replayed
from .teams import PLENTY, ReplayTeams, amount_of

_ALWAYS: Final = float("inf")
_PLACES: Final = ("body.credits", "body.held_credits", "body.available_credits")


class Credits:
    """Follows the credits of the teams."""

    def __init__(self, follower: Follower, survey: Survey, teams: ReplayTeams, records: Adopter, gaps: Gaps) -> None:
        self._follower = follower
        self._gaps = gaps
        self._survey = survey
        self._teams = teams
        self._records = records
        self._ordered: dict[str, PaidWork] = {}

    def prepare(self, done: Replayed) -> None:
        """Let the credits of a team be as far known as the responses before a request show them."""
        view = done.view
        if view.shows_team:
            self._name(view)
        if view.shows_credits:
            self._balance(done)
        if view.reason == "insufficient_credits" and not self.is_known(view):
            team = self._teams.of(view)
            self._follower.set_account(team, credits=self._follower.accounts[team].held)
            self._teams.money_of(view).base = None
            done.inferred.append("the team had too little credit")

    def count(self, done: Replayed) -> None:
        """Note the work that a request has ordered or ended, and the requests that cost nothing."""
        view, money = done.view, self._teams.money_of(done.view)
        if done.replays:
            self._count_again(done, money.works)
        elif done.reply is None or done.is_new or (view.refused and not view.lost):
            pass
        elif done.reply.status < HTTPStatus.BAD_REQUEST:
            self._count(done, money)
        elif view.row.pays and view.succeeded and not _drafts(view):
            why = f"the fake does not know what exchange {view.exchange.number} has ordered"
            money.leave_open(view.index + 1, why)

    def _count(self, done: Replayed, money: Money) -> None:
        """Note what a request has done that was not refused."""
        view, rules = done.view, shown_by(done.view.operation).rules
        record = view.record
        if view.creates:
            record = self._survey.lost.get(view.index, "") if view.lost else str(view.result.get("id"))
        status = self._follower.status(record)
        if view.row.acts and not view.row.reruns:
            money.end(record, ends_of(status))
        if "balance" in rules:
            money.works.append(PaidWork("", Decimal(0), rules["balance"], now={"free"}))
        elif "price" in rules:  # a chat or an embedding
            money.works.append(PaidWork("", done.price, rules["price"], shown=True, now={"good"}))
        elif view.row.pays and not _drafts(view) and status:
            shown = amount_of(as_object(view.result.get("cost")).get("amount")) == done.price
            ordered = "pose" if view.row.reruns and "pose" in view.order else "synthesis"
            kind = str(getattr(self._follower.row(record), "media_type", ordered))
            rule = "vid-2" if kind == "video" else "cred-4"
            self._ordered[record] = PaidWork(record, done.price, rule, kind, shown, view.at, ends_of(status))
            money.works.append(self._ordered[record])

    def _count_again(self, done: Replayed, works: list[PaidWork]) -> None:
        """Note a retry, which costs nothing, unless the recording shows that it has made something new."""
        replayed = as_object(json.loads(done.reply.body)) if done.reply is not None else {}
        first, record = self._ordered.get(str(replayed.get("id"))), str(done.view.result.get("id"))
        if first is not None and record == first.record:
            works.append(PaidWork(record, first.price, "idem-3", now={"free"}))
        elif first is not None and done.view.succeeded:
            works.append(PaidWork(record, first.price, first.rule, first.kind, first.shown, now={"run", "good", "bad"}))

    def doubt(self, view: View, why: str) -> None:
        """Judge no balance of a team any more, once an order of it may or may not have taken effect."""
        if view.row.pays and view.exchange.status != HTTPStatus.TOO_MANY_REQUESTS:
            text = f"exchange {view.exchange.number} may have been charged or not: {why}"
            self._teams.money_of(view).leave_open(_ALWAYS, text)

    def is_known(self, view: View) -> bool:
        """Whether the recording shows what a team can spend: no work may have failed unseen."""
        money = self._teams.money_of(view)
        unsure = any("bad" in now and len(now) > 1 for now in (self._now(work, view) for work in money.works))
        return money.base is not None and not unsure and not self._survey.shared

    def fund(self, done: Replayed) -> None:
        """Give a team more credits than it needs: it is not known how many it had."""
        self._follower.set_account(self._teams.of(done.view), credits=Decimal(PLENTY))
        self._teams.money_of(done.view).base = None

    def adopt(self, view: View) -> None:
        """Go on from the balance that a response shows."""
        credit, held = _shown(view)
        if not view.shows_balance or credit is None:
            return
        money = self._teams.money_of(view)
        self._follower.set_account(self._teams.of(view), credits=credit, **({} if held is None else {"held": held}))
        known = held is not None and not self._survey.shared and view.index > money.blind[0]
        money.base = (credit, held) if known and held is not None else None
        money.blind = (-1, "") if known else money.blind
        money.at = view.index
        money.settle()

    def _balance(self, done: Replayed) -> None:
        """Compare a balance with those that the work since the last one allows."""
        view = done.view
        team, money, (credit, held) = self._teams.of(view), self._teams.money_of(view), _shown(view)
        if view.result.get("billing_mode") == "exempt":
            self._follower.set_account(team, billing_mode="exempt")
        if credit is None:
            return
        done.ignored |= set(_PLACES)
        if self._survey.shared:
            done.doubts |= dict.fromkeys(("cred-1", *money.rules()), SHARED)
            return
        running = [work for work in money.works if work.record and "run" in work.now]
        for work in money.works:
            work.now = self._now(work, view)
        possible = money.possible()
        if money.base is None:
            self._begin(done, money, possible, held)
        elif possible[-1]:
            self._judge(done, money, possible, (credit, held))
        else:
            done.doubts |= dict.fromkeys(money.rules() | {"cred-2"}, "nothing shows when much of the work has ended")
        for work in running:
            if not {"new", "run"} & work.now and self._follower.is_under_way(work.record):
                self._records.end(view, work.record, self._later(work, view)[1], good="good" in work.now)
                done.inferred.append(f"the work on {id_of(work.record)} has ended")
        available = amount_of(view.result.get("available_credits"))
        if not done.points and held is not None and available is not None:
            left = credit - held
            done.points.append(Point(_PLACES[2], "value", available != left, available, Words(plain(left))))

    def _begin(self, done: Replayed, money: Money, possible: list[set[Change]], held: Decimal | None) -> None:
        """Go on from a balance that nothing before lets expect; only what is held must be there."""
        if money.blind[1]:
            done.doubts |= dict.fromkeys(money.rules() or {"cred-2"}, money.blind[1])
        if held is None or not possible[-1]:
            return
        most = max((one[1] for one in possible[-1] if one[1] <= held), default=None)
        if most is not None:
            money.narrow(possible, {one for one in possible[-1] if one[1] == most})
            self._hold_more(money, held - most)
            money.earlier = held > most
        elif not money.blind[1]:
            least = min(one[1] for one in possible[-1])
            self._differ(done, {"body.held_credits": (held, least)}, money.contradicted(None, held))

    def _judge(
        self, done: Replayed, money: Money, possible: list[set[Change]], shown: tuple[Decimal, Decimal | None]
    ) -> None:
        """Compare a balance with the one before."""
        base = money.base or (Decimal(0), Decimal(0))
        credit, held = shown[0] - base[0], None if shown[1] is None else shown[1] - base[1]
        fitting = {one for one in possible[-1] if is_in({one}, credit, held)}
        if fitting:
            money.narrow(possible, fitting)
            money.right |= {work.kind for work in money.works if len(work.now) == 1}
            done.agrees |= {"cred-1", *money.rules()}
            return

        def distance(one: Change) -> tuple[Decimal, Change]:
            return abs(one[0] - credit) + (Decimal(0) if held is None else abs(one[1] - held)), one

        nearest = min(possible[-1], key=distance)
        expected = {"body.credits": (shown[0], base[0] + nearest[0])}
        expected["body.held_credits"] = (base[1] + nearest[1] if shown[1] is None else shown[1], base[1] + nearest[1])
        exempt = self._follower.accounts[self._teams.of(done.view)].billing_mode == "exempt"
        uncharged = done.view.shows_team and not any(one[0] for one in possible[-1])
        rule = "team-1" if uncharged else "cred-1" if exempt else money.contradicted(credit, held, credit - nearest[0])
        self._differ(done, expected, rule)
        gap = self._gap(done.view, money, nearest[0] - nearest[1] - credit + (nearest[1] if held is None else held))
        done.set_aside(_PLACES if gap else (), gap)
        self._hold_more(money, (nearest[1] if held is None else held) - nearest[1])
        if money.earlier and any(not work.record and not work.free for work in money.works):
            done.set_aside(_PLACES, "credits were held for work that was ordered before the recording")

    def _gap(self, view: View, money: Money, spent: Decimal) -> str:
        """Return the gap since the last balance that may have cost what was *spent* without an order; else empty."""
        gaps = self._gaps.costs(view, money.at)
        sums = {Decimal(0)}
        for gap in gaps:
            sums |= {one + price for one in sums for price in gap.prices}
        fits = spent in sums or any(not gap.prices for gap in gaps)
        return self._gaps.text(gaps[0]) if gaps and spent > 0 and fits else ""

    def _differ(self, done: Replayed, places: dict[str, tuple[Decimal, Decimal]], rule: str) -> None:
        for where, (seen, expected) in places.items():
            if seen != expected:
                done.rules[where] = rule
                done.points.append(Point(where, "value", OTHER, Words(plain(seen)), Words(plain(expected))))

    def _hold_more(self, money: Money, amount: Decimal) -> None:
        """Note credits that are held for work that no exchange shows."""
        if amount > 0:
            money.works.append(PaidWork("", amount, "", now={"run", "good", "bad"}))

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
        soon = int(view.at), view.at + view.exchange.seconds + 1
        unsure = end is None or not own or end < int(work.at) or soon[0] <= end <= soon[1]
        return {"run", *ends} if unsure else ends if (end or 0) < view.at else {"run"}

    def _later(self, work: PaidWork, view: View) -> tuple[Sighting | None, str]:
        """Return the first sighting of a record behind *view*, and the status in which its work has ended by then."""
        histories = self._survey.histories
        later = histories.seen(work.record, view.index)
        while later is not None and later.view.replayed:  # a stored response shows how it was
            later = histories.seen(work.record, later.view.index + 1)
        return later, "" if later is None else histories.end(work.record, later.view.index)

    def _name(self, view: View) -> None:
        """Give a team the name and the address that its response shows."""
        name, email = view.result.get("name"), view.result.get("billing_email")
        email = email if isinstance(email, str) else None
        self._follower.change(self._teams.of(view), name=str(name), billing_email=email)


def _shown(view: View) -> tuple[Decimal | None, Decimal | None]:
    """Return the credits and the held credits of a response."""
    return amount_of(view.result.get("credits")), amount_of(view.result.get("held_credits"))


def _drafts(view: View) -> bool:
    """Whether it makes a character from uploads, which is free."""
    return view.creates and view.kind == "characters" and not view.synthesizes
