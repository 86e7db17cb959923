"""The credits of a recording: each balance that it shows is explained by work that has ended, or refutes a rule."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from ..._resources.characters import CharacterRow
from ..._resources.generations import GenerationRow
from ..._resources.team import TeamRow
from ..._world.ledger import total
from ..._world.world import World
from ..recording.survey import Survey
from ..recording.view import RUNNING, View
from ..words import id_of
from .records import GOOD, Records, end_of
from .replayed import Replayed
from .teams import PLENTY, Money, Teams, Work, amount_of


class Credits:
    """Follows the credits of the teams."""

    def __init__(self, world: World, survey: Survey, teams: Teams, records: Records) -> None:
        self._world = world
        self._survey = survey
        self._teams = teams
        self._records = records
        self._balances = [view for view in survey.views if view.operation == "balance.retrieve"]

    def prepare(self, done: Replayed) -> None:
        """Set the credits of a team to those that the response to a request shows."""
        view = done.view
        if view.operation == "team.retrieve" and view.succeeded:
            self._name(view)
        if view.operation in {"balance.retrieve", "team.retrieve"} and view.succeeded:
            self._balance(done)
        if view.reason == "insufficient_credits":
            self._empty(done)

    def count(self, done: Replayed) -> None:
        """Note the work that a request has ordered, or ended."""
        view, reply = done.view, done.reply
        if reply is None or reply.status >= HTTPStatus.BAD_REQUEST or done.replays or (view.refused and not view.lost):
            return
        record, money = view.record, self._teams.money_of(view)
        if view.creates:
            record = self._survey.lost.get(view.index, "") if view.lost else str(view.result.get("id"))
        row = self._world.row(record) if record else None
        if view.acts and not view.reruns:
            money.end(record, end_of(getattr(row, "status", "")))
        drafted = view.creates and view.kind == "characters" and not view.synthesizes
        if not view.pays or drafted or not isinstance(row, (CharacterRow, GenerationRow)):
            return
        if row.hold is not None or row.status in GOOD:
            end = end_of(row.status)
            money.begin(Work(record, done.price, record.startswith("vid_"), end, view.exchange.number))

    def doubt(self, view: View) -> None:
        """Judge no balance of a team any more, once an order of it may or may not have taken effect."""
        if view.pays and view.exchange.status != HTTPStatus.TOO_MANY_REQUESTS:
            self._teams.money_of(view).doubtful = True

    def fund(self, done: Replayed) -> None:
        """Give a team more credits than it needs, as another client has done."""
        self._set(self._teams.of(done.view), credits=Decimal(PLENTY))
        self._teams.money_of(done.view).known = False
        done.inferred.append("credits were added")

    def adopt(self, view: View) -> None:
        """Go on from the balance that a response shows."""
        if view.operation != "balance.retrieve" or not view.succeeded:
            return
        team = self._teams.of(view)
        shown = {"credits": view.result.get("credits"), "held": view.result.get("held_credits")}
        amounts = {name: amount_of(value) for name, value in shown.items()}
        self._set(team, **{name: amount for name, amount in amounts.items() if amount is not None})
        self._teams.money_of(view).settle()

    def _name(self, view: View) -> None:
        """Give a team the name and the address that its response shows."""
        table, name, mail = self._world.table(TeamRow), view.result.get("name"), view.result.get("billing_email")
        row = table[self._teams.of(view)]
        table.replace(replace(row, name=str(name), billing_email=mail if isinstance(mail, str) else None))

    def _balance(self, done: Replayed) -> None:
        """Set the credits of the fake to those of the first response that shows them; explain differences later."""
        view, world = done.view, self._world
        team, money = self._teams.of(view), self._teams.money_of(view)
        credit, held = amount_of(view.result.get("credits")), amount_of(view.result.get("held_credits"))
        if credit is None:
            return
        if view.result.get("billing_mode") == "exempt":
            self._set(team, billing_mode="exempt")
        if money.doubtful:
            done.ignored |= {"body.credits", "body.held_credits", "body.available_credits"}
            done.inferred.append("an order that the recording shows incompletely may have been charged")
            return
        account = world.accounts[team]
        if not money.known:
            self._set(team, credits=credit, held=max(account.held, held or account.held))
            done.ignored.add("body.credits")
            if held is not None and held < account.held:
                self._explain(done, money, None, held - account.held)
                self._set(team, credits=credit)  # the balance was seen after the charge
        else:
            if (credit, held) == (account.credits, account.held):
                done.agrees |= money.rules()
            change: Decimal | None = credit - account.credits
            if not money.rule_of_credits(credit - account.credits):  # another client has changed them
                change = None
            self._explain(done, money, change, None if held is None else held - account.held)
        self._judge(done, money, credit, held)
        money.known = money.known or held is not None  # a team does not show what is held

    def _explain(self, done: Replayed, money: Money, credit: Decimal | None, held: Decimal | None) -> None:
        """Let work end that has ended, as far as that explains the differences; one that is not known is None."""
        if not credit and not held:
            return
        ends: list[tuple[str, tuple[str, ...]]] = []
        for work in money.works:
            status = self._survey.histories.end(work.record, done.view.index)
            if not work.end and status not in RUNNING:
                ends.append((work.record, _ends_of(status)))
        for guess in money.guesses(ends, credit, held):
            status = self._survey.histories.end(guess.record, done.view.index)
            self._records.end(done.view, self._world.row(guess.record), status, good=guess.end == "good")
            done.inferred.append(f"the work on {id_of(guess.record)} has ended")

    def _judge(self, done: Replayed, money: Money, credit: Decimal, held: Decimal | None) -> None:
        """Choose the rules that differences of a balance refute.

        Other clients may have spent and held credits; what the work under way holds is at least there.
        """
        account = self._world.accounts[self._teams.of(done.view)]
        order = f"order {money.works[0].order}" if money.works else ""
        if held is not None and held != account.held:
            done.rules["body.held_credits"] = money.rule_of_held(held, account.held)
            done.ignored.add("body.available_credits")
            if not order or (held > account.held > 0 and done.rules["body.held_credits"] == "cred-2"):
                done.ignored.add("body.held_credits")
                done.inferred.append("another client has changed the held credits")
            elif held >= self._under_way(done.view, money):
                done.elsewhere["body.held_credits"] = order
        if credit != account.credits:
            rule = money.rule_of_credits(credit - account.credits)
            if rule:
                done.rules["body.credits"] = rule
                done.elsewhere["body.credits"] = order
            else:
                done.ignored.add("body.credits")
                done.inferred.append("another client has changed the credits")
            done.ignored.add("body.available_credits")

    def _under_way(self, view: View, money: Money) -> Decimal:
        """Return what the works hold that a later poll shows to be still under way."""
        ordered = (work for work in money.works if work.order and not work.end)  # others may have begun later
        return total(work.price for work in ordered if self._survey.histories.runs_on(work.record, view.index))

    def _empty(self, done: Replayed) -> None:
        """Set the credits of a team too low, unless that is known to be wrong."""
        view = done.view
        team, money = self._teams.of(view), self._teams.money_of(view)
        account = self._world.accounts[team]
        if not money.known or not self._enough_later(view, account.available):
            self._set(team, credits=account.held)
            money.known = False
            done.inferred.append("the team had too little credit")

    def _enough_later(self, view: View, available: Decimal) -> bool:
        """Whether the next balance of the recording still shows the credits that were available, and no more."""
        at = bisect_left(self._balances, view.index, key=lambda one: one.index)
        shown = amount_of(self._balances[at].result.get("available_credits")) if at < len(self._balances) else None
        return shown == available

    def _set(self, team: str, **changes: Any) -> None:
        self._world.accounts[team] = self._world.accounts[team]._replace(**changes)


def _ends_of(status: str) -> tuple[str, ...]:
    """Return how work may have ended whose record is next seen in *status*; empty: never."""
    if not status:
        return ("good", "bad")
    return ("good",) if status in GOOD else ("bad",)
