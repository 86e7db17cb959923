"""The credits of a recording: each balance is compared with what its work holds and costs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from http import HTTPStatus
from itertools import product
from typing import Any, Final

from ..._resources.characters import CharacterRow
from ..._resources.generations import GenerationRow
from ..._resources.team import TeamRow
from ..._world.ledger import total
from ..._world.state import Section
from ..._world.world import World
from ..recording.histories import Sighting
from ..recording.survey import Survey
from ..recording.view import RUNNING, View, instant_of
from ..words import id_of
from .records import GOOD, Records, end_of
from .replayed import SHARED, Replayed
from .teams import PLENTY, Kind, Money, Teams, Work, amount_of

_ALWAYS: Final = float("inf")
_PLACES: Final = ("body.credits", "body.held_credits", "body.available_credits")


class Credits:
    """Follows the credits of the teams."""

    def __init__(self, world: World, survey: Survey, teams: Teams, records: Records) -> None:
        self._world = world
        self._survey = survey
        self._teams = teams
        self._records = records

    def prepare(self, done: Replayed) -> None:
        """Let the credits of a team be as far known as the responses before a request show them."""
        view = done.view
        if view.shows_team:
            self._name(view)
        if view.shows_credits:
            self._balance(done)
        if view.reason == "insufficient_credits":
            self._empty(done)

    def count(self, done: Replayed) -> None:
        """Note the work that a request has ordered, or ended."""
        view, reply = done.view, done.reply
        if (
            reply is None
            or reply.status >= HTTPStatus.BAD_REQUEST
            or done.replays
            or done.is_new
            or (view.refused and not view.lost)
        ):
            return
        record, money = view.record, self._teams.money_of(view)
        money.deleted |= view.operation == "characters.delete"
        if view.creates:
            record = self._survey.lost.get(view.index, "") if view.lost else str(view.result.get("id"))
        row = self._world.row(record) if record else None
        if view.row.acts and not view.row.reruns:
            money.end(record, end_of(getattr(row, "status", "")))
        drafted = view.creates and view.kind == "characters" and not view.synthesizes
        if not view.row.pays or drafted or not isinstance(row, (CharacterRow, GenerationRow)):
            return
        if row.hold is not None or row.status in GOOD:
            kind: Kind = "pose" if view.row.reruns and "pose" in view.order else kind_of_work(row)
            money.works.append(Work(record, done.price, kind, end_of(row.status)))

    def doubt(self, view: View, why: str) -> None:
        """Judge no balance of a team any more, once an order of it may or may not have taken effect."""
        if view.row.pays and view.exchange.status != HTTPStatus.TOO_MANY_REQUESTS:
            text = f"exchange {view.exchange.number} may have been charged or not: {why}"
            self._teams.money_of(view).leave_open(_ALWAYS, text)

    def is_known(self, view: View) -> bool:
        """Whether the recording shows what a team can spend."""
        return self._teams.money_of(view).known and not self._survey.shared

    def fund(self, done: Replayed) -> None:
        """Give a team more credits than it needs: it is not known how many it had."""
        self._set(self._teams.of(done.view), credits=Decimal(PLENTY))
        self._teams.money_of(done.view).known = False

    def adopt(self, view: View) -> None:
        """Go on from the balance that a response shows."""
        if not view.shows_balance:
            return
        team, money = self._teams.of(view), self._teams.money_of(view)
        shown = {"credits": view.result.get("credits"), "held": view.result.get("held_credits")}
        amounts = {name: amount for name, value in shown.items() if (amount := amount_of(value)) is not None}
        self._set(team, **amounts)
        money.settle()
        money.extra = self._world.accounts[team].held - self._open_holds(team)
        money.earlier = money.extra > 0 and (money.earlier or not money.known)
        money.known = len(amounts) == len(shown) and view.index > money.blind[0]
        if money.known:
            money.blind = (-1, "")

    def _name(self, view: View) -> None:
        """Give a team the name and the address that its response shows."""
        table, name, mail = self._world.table(TeamRow), view.result.get("name"), view.result.get("billing_email")
        row = table[self._teams.of(view)]
        table.replace(replace(row, name=str(name), billing_email=mail if isinstance(mail, str) else None))

    def _balance(self, done: Replayed) -> None:
        """Compare a balance with what the work since the last one lets expect."""
        view = done.view
        team, money = self._teams.of(view), self._teams.money_of(view)
        credit, held = amount_of(view.result.get("credits")), amount_of(view.result.get("held_credits"))
        if view.result.get("billing_mode") == "exempt":
            self._set(team, billing_mode="exempt")
        if self._survey.shared or credit is None:
            done.ignored |= set(_PLACES) if self._survey.shared else set()
            done.doubts |= dict.fromkeys(("cred-1", *money.rules()), SHARED) if self._survey.shared else {}
            return
        unsure = self._end_works(view, money)
        self._set(team, held=self._open_holds(team) + money.extra)
        if unsure:
            account = self._world.accounts[team]
            self._guess(done, money, unsure, (credit, account.held if held is None else held))
            self._set(team, held=self._open_holds(team) + money.extra)
        account = self._world.accounts[team]
        change = Decimal(0) if held is None else held - account.held
        if money.known:
            self._judge(done, money, unsure, (credit - account.credits, change))
        else:
            self._begin(done, money, credit, change)

    def _begin(self, done: Replayed, money: Money, credit: Decimal, change: Decimal) -> None:
        """Go on from a balance that nothing before lets expect; only what is held must be there."""
        done.ignored |= set(_PLACES)
        if money.blind[1]:
            done.doubts |= dict.fromkeys(money.rules() or {"cred-2"}, money.blind[1])
        elif change < 0:
            done.rules["body.held_credits"] = money.rule(Decimal(0), change)
            done.ignored.discard("body.held_credits")
        team = self._teams.of(done.view)
        self._set(team, credits=credit, held=self._world.accounts[team].held + max(Decimal(0), change))

    def _judge(self, done: Replayed, money: Money, unsure: list[Work], changes: tuple[Decimal, Decimal]) -> None:
        """Choose the rule that differences of a balance refute."""
        if not any(changes):
            money.right |= {work.kind for work in money.works}
            done.agrees |= money.rules()
            return
        exempt = self._world.accounts[self._teams.of(done.view)].billing_mode == "exempt"
        returned = money.deleted and changes[0] > 0
        rule = "cred-1" if exempt else "del-1" if returned else money.rule(*changes)
        done.rules |= dict.fromkeys(_PLACES, rule)
        done.ignored.add("body.available_credits")
        if money.earlier:
            done.set_aside(_PLACES, "credits were held for work that was ordered before the recording")
        elif len(unsure) > 1:
            why = f"nothing shows when the work on {id_of(unsure[0].record)} has ended"
            done.set_aside(_PLACES, why)
            money.leave_open(done.view.index, why)

    def _end_works(self, view: View, money: Money) -> list[Work]:
        """End the works that later responses show to have ended by now, and return those of which nothing shows it."""
        unsure: list[Work] = []
        for work in filter(self._goes_on, money.running()):
            later, status = self._later(work, view)
            if later is not None and status in RUNNING:
                continue
            end = None if later is None else instant_of(later.row.get("completed_at") or later.row.get("updated_at"))
            own = later is not None and (
                later.view.polls or "completed_at" in later.row
            )  # else it shows a later change
            if end is None or not own or int(end) == int(view.at):
                unsure.append(work)
            elif end < view.at:
                self._end(view, work, status, good=status in GOOD)
        return unsure

    def _later(self, work: Work, view: View) -> tuple[Sighting | None, str]:
        """Return the first sighting of a record behind *view*, and the status in which its work has ended by then."""
        histories = self._survey.histories
        later = histories.seen(work.record, view.index)
        while later is not None and later.view.replayed:  # a stored response shows how it was
            later = histories.seen(work.record, later.view.index + 1)
        return later, "" if later is None else histories.end(work.record, later.view.index)

    def _guess(self, done: Replayed, money: Money, unsure: list[Work], shown: tuple[Decimal, Decimal]) -> None:
        """End the works that may have ended: none, or all of them well or badly, whatever is nearest to a balance.

        With one work these are all possibilities; with several, a balance that no possibility explains is not judged.
        """
        account = self._world.accounts[self._teams.of(done.view)]
        ends = [_ends_of(self._later(work, done.view)[1]) for work in unsure]
        choices: list[tuple[str, ...]] = [("",) * len(unsure), *product(*ends)] if len(unsure) == 1 else [
            ("",) * len(unsure), *((end,) * len(unsure) for end in ("good", "bad") if all(end in some for some in ends))
        ]  # fmt: skip

        def distance(choice: Iterable[str]) -> Decimal:
            pairs = list(zip(unsure, choice, strict=True))
            held = account.held - total(work.price for work, end in pairs if end)
            credit = account.credits - total(work.price for work, end in pairs if end == "good")
            return abs((credit if money.known else shown[0]) - shown[0]) + abs(held - shown[1])

        for work, end in zip(unsure, min(choices, key=distance), strict=True):
            if end:
                self._end(done.view, work, self._later(work, done.view)[1], good=end == "good")
                done.inferred.append(f"the work on {id_of(work.record)} has ended")

    def _end(self, view: View, work: Work, status: str, *, good: bool) -> None:
        self._records.end(view, self._world.row(work.record), status, good=good)

    def _goes_on(self, work: Work) -> bool:
        """Whether the fake works on a record: a response may have shown another status, which is a difference."""
        return getattr(self._world.row(work.record), "status", "") in RUNNING

    def _empty(self, done: Replayed) -> None:
        """Set the credits of a team too low, unless they are known."""
        view = done.view
        team, money = self._teams.of(view), self._teams.money_of(view)
        if not self.is_known(view):
            self._set(team, credits=self._world.accounts[team].held)
            money.known = False
            done.inferred.append("the team had too little credit")

    def _open_holds(self, team: str) -> Decimal:
        """Return what the fake holds for the works that it knows."""
        holds: Section[tuple[str, int], Decimal] = self._world.state.section("holds")
        return total(price for (owner, _), price in holds.items() if owner == team)

    def _set(self, team: str, **changes: Any) -> None:
        self._world.accounts[team] = self._world.accounts[team]._replace(**changes)


def kind_of_work(row: CharacterRow | GenerationRow) -> Kind:
    """Return the kind of the work on a record that was ordered last."""
    if isinstance(row, GenerationRow):
        return "video" if row.media_type == "video" else "image"
    return "synthesis"


def _ends_of(status: str) -> tuple[str, ...]:
    """Return how work may have ended whose record is next seen in *status*."""
    if not status:
        return ("good", "bad")
    return ("good",) if status in GOOD else ("bad",)
