"""The replay: each recorded request is sent to a fresh fake, whose state follows what the recording shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from ..._core.base.instants import moment
from ..._core.wire.call import Call
from ..._core.wire.reply import Reply
from ..recording.survey import Survey
from ..recording.view import View
from .adopt import Adopter
from .chat import CALL_IDS, completion_of, say, unknown_completion
from .credits import Credits
from .follower import Follower
from .gaps import Gaps
from .rates import Rates
from .replayed import Replayed
from .requests import Requests
from .teams import PLENTY, ReplayTeams

_KEPT_CALLS: Final = 500


class Replay:
    """Replays one recording on a fresh fake."""

    def __init__(self, survey: Survey, settings: Mapping[str, Any]) -> None:
        now = {"now": moment(survey.views[0].at)} if survey.views else {}
        follower = self._follower = Follower({**settings, "credits": PLENTY, **now})
        self._survey = survey
        self._teams = ReplayTeams(follower, survey)
        self.rates: Rates = Rates(survey)
        self._gaps = Gaps(survey, self.rates.gaps)
        self.requests: Requests = Requests(follower, self._teams)
        self.adopter: Adopter = Adopter(follower, survey, self._teams, self._gaps)
        self._credits = Credits(follower, survey, self._teams, self.adopter, self._gaps)
        self._drawn: dict[str, str] = {}

    def step(self, view: View) -> Replayed:
        done = Replayed(view, self._survey, self._gaps, first=self._survey.earlier(view))
        done.rules |= self.rates.rules.get(view.index, {})
        self._follower.go_to(view.at)
        self.adopter.plant(view.index)
        if view.lost and view.index not in self._survey.lost:
            done.why = _reason(view)
        elif not view.whole:
            done.why = "the body of the request is missing"
        if done.why:
            self._credits.doubt(view, done.why)
            return done
        in_flight = self._survey.timed and done.first is not None and view.at < done.first.ends
        if in_flight and view.code == "idempotency_key_in_use":
            done.agrees.add("idem-5")  # a replay is one request after the other
            done.rules["header.retry-after"] = "idem-5"
            return done
        stored = view.replayed and view.refused and done.first is not None and done.first.code == view.code
        done.why = "" if stored else self._survey.unknown_attempt(view)
        done.why = done.why or unknown_completion(self._follower, view) or self.adopter.untold(view)
        if done.why and view.succeeded:
            self._credits.doubt(view, done.why)
        request = None if done.why else self.requests.make(done)
        if request is None:
            return done
        self._prepare(done)
        self._follower.whole(self._send, done, request)
        self.adopter.judge_deleted(done)
        self._credits.count(done)
        if view.lost:
            done.reply, done.why = None, _reason(view)
        return done

    def finish(self, done: Replayed) -> None:
        """Let the fake have what the recording shows, after the comparison, so that each difference counts once."""
        view = done.view
        if view.lost:
            return
        if view.row.reruns and view.succeeded:
            self._drawn[view.record] = view.operation
        self.adopter.follow(done)
        self._credits.adopt(view)
        self._follower.forget_calls(_KEPT_CALLS)

    def _prepare(self, done: Replayed) -> None:
        """Let the fake be as the response to a request shows it."""
        view = done.view
        self.adopter.adopt(done)
        done.was = self.adopter.state_of(view)
        done.drawn = self._drawn.get(view.record, "")
        self.adopter.script(view)
        self._expect(view)
        done.ignored |= set(CALL_IDS)
        say(self._follower, (self._survey.stored(view) if view.lost else None) or view)
        self._credits.prepare(done)

    def _expect(self, view: View) -> None:
        """Let the fake make the id that the recording has for what a request creates."""
        prefix = view.row.makes
        made: object = self._survey.lost.get(view.index, "")
        if view.succeeded and not view.lost:
            shown = completion_of(view) if prefix == "cmp" else view.result
            made = shown.get("upload_id" if prefix == "upl" else "id")
        self._follower.expect(prefix, made if isinstance(made, str) else "")

    def _send(self, done: Replayed, request: Callable[[], Call]) -> None:
        """Send a request; undo it where the recording has a refusal."""
        view, undo_to = done.view, self._follower.undo_to
        mark = self._follower.mark()
        reply = self._handle(done, request())
        unpaid = reply.status == HTTPStatus.PAYMENT_REQUIRED and (view.succeeded or view.lost)
        if unpaid and not self._credits.is_known(view):
            undo_to(mark)
            self._credits.fund(done)
            self._expect(view)
            reply = self._handle(done, request())
        if reply.status < HTTPStatus.BAD_REQUEST and view.refused:
            undo_to(mark)
        if done.is_new:  # what was stored has happened once
            undo_to(mark)

    def _handle(self, done: Replayed, call: Call) -> Reply:
        team = self._teams.of(done.view)
        before = self._follower.accounts[team].available
        done.reply = reply = self._follower.send(call)
        done.price = before - self._follower.accounts[team].available
        if reply.stream is not None:
            done.streamed = b"".join(part for part in iter(reply.stream.read, None) if isinstance(part, bytes))
        done.replays, done.code = call.replayed, call.error_code or ""
        return reply


def _reason(view: View) -> str:
    if view.exchange.fault:
        return "it met a fault of the fake"
    if view.exchange.status is None:
        return "there was no response"
    if view.foreign:
        return "the response may not be the API's own"
    if view.succeeded or view.mute:
        return "the body of the response is missing"
    return f"a {view.exchange.status} refutes nothing by itself"
