"""The verdict on a test, straight from what the fake has seen."""

import re
from collections.abc import Callable
from math import inf

import pytest

from pytest_aurous import AurousError, AurousUnfiredFault, AurousUnmatchedRequest, AurousWarning, Call, Fault
from pytest_aurous._core.faults.collection import Faults
from pytest_aurous._core.world.ledger import Ledger
from pytest_aurous._fake.verdict import Verdict
from tests.conftest import SYNTHESIS, Api


@pytest.fixture(name="broken")
def _broken(monkeypatch: pytest.MonkeyPatch) -> Callable[[Api], None]:
    """Let a handler of ours fail."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError("on purpose")

    def meet(api: Api) -> None:
        monkeypatch.setattr(Ledger, "hold", fail)
        response = api.post("/v1/characters", json=SYNTHESIS)
        assert (response.status, response.json["error"]["code"]) == (500, "internal_error")
        assert "on purpose" not in response.json["error"]["message"]

    return meet


def unmatched(api: Api) -> None:
    assert api.get("/v1/character").status == 404


def unfired(api: Api) -> None:
    api.aurous.faults.timeout("characters.save", after=2, when=bool)


@pytest.mark.parametrize("strict", ["error", "warn", "off"])
def test_where_nothing_is_wrong_nothing_is_said(make_api: Callable[..., Api], strict: str) -> None:
    """Refusals of the API and faults that were met are the test's own business."""
    api = make_api(strict=strict)
    api.aurous.faults.status("balance.retrieve", 503)
    assert (api.get("/v1/balance").status, api.get("/v1/characters/char_x").status) == (503, 404)

    Verdict(api.app).judge()


@pytest.mark.parametrize(
    ("meet", "error", "text"),
    [
        (unmatched, AurousUnmatchedRequest, "GET https://api.aurous-labs.com/v1/character"),
        (
            unfired,
            AurousUnfiredFault,
            "was never met",
        ),
    ],
)
def test_strict_error_raises(api: Api, meet: Callable[[Api], None], error: type[AurousError], text: str) -> None:
    """What was unmatched, or never met, fails the test, as an assertion."""
    meet(api)

    with pytest.raises(error, match=text) as caught:
        Verdict(api.app).judge()
    assert isinstance(caught.value, AssertionError)


@pytest.mark.parametrize(
    ("calls", "times", "after", "told"),
    [
        (0, 1, 2, "did not call"),
        (1, 1, 2, "called once, but each"),
        (2, 1, 2, "called twice, but each"),
        (1, 3, 0, "1 of 3 times"),
        (2, 3, 0, "2 of 3 times"),
        (2, 3, 1, "called twice, but the other"),
    ],
)
def test_an_unfired_fault_says_whether_there_were_calls(
    api: Api, calls: int, times: int, after: int, told: str
) -> None:
    """A call that did not come is another mistake than one that came and was let pass."""
    api.aurous.faults.status("characters.retrieve", 503, times=times, after=after)
    api.get("/v1/balance")
    for _ in range(calls):
        assert api.get("/v1/characters/char_x").status in {404, 503}

    with pytest.raises(AurousUnfiredFault, match=told):
        Verdict(api.app).judge()


@pytest.mark.parametrize("give", [lambda f: f.outage(60), lambda f: f.connect_error("*", times=inf)])
def test_a_fault_without_an_end_is_met_once_at_least(api: Api, give: Callable[[Faults], Fault]) -> None:
    """An outage, or ``times=inf``: one call is enough, none is not."""
    fault = give(api.aurous.faults)
    assert api.aurous.faults.unfired == [fault]
    with pytest.raises(AurousUnfiredFault, match="was never met"):
        Verdict(api.app).judge()

    api.broken("GET", "/v1/balance")

    Verdict(api.app).judge()


def test_meetings_before_a_restore_count(api: Api) -> None:
    """What the fault met stays met, although `fired` goes back with everything else."""
    fault = api.aurous.faults.status("balance.retrieve", 503, times=2)
    start = api.aurous.snapshot()
    for met in (1, 2):
        assert api.get("/v1/balance").status == 503
        assert (fault.fired, fault.met, fault.outstanding) == (1, met, met == 1)
        api.aurous.restore(start)
    assert fault.fired == 0

    Verdict(api.app).judge()


def test_a_delivery_fault_that_was_met_too_few_times_is_told(api: Api) -> None:
    """Likewise, with what to check."""
    api.aurous.webhooks.deliver_to(print)
    api.aurous.faults.drop("image.failed", times=2)
    api.aurous.images.add(status="failed")
    api.aurous.webhooks.flush()

    told = "was met 1 of 2 times: no other such delivery was made. Was there an endpoint, and did the test call"
    with pytest.raises(AurousUnfiredFault, match=re.escape(told)):
        Verdict(api.app).judge()


def test_a_when_that_raises_fails_the_test_with_its_traceback(api: Api) -> None:
    """The client gets a response as if there were no fault, so the code under test cannot swallow the mistake."""

    def when(call: Call) -> bool:
        return bool(call.request.json["nonsense"])

    api.aurous.faults.status("characters.create", 503, when=when)
    assert api.post("/v1/characters", json=SYNTHESIS).status == 201
    assert (len(api.characters), api.aurous.calls.last.fault) == (1, None)

    with pytest.raises(
        AurousError, match=r"when= of a fault raised(?s:.*)Traceback(?s:.*)KeyError: 'nonsense'"
    ) as caught:
        Verdict(api.app).judge()
    assert type(caught.value) is AurousError
    assert "POST https://api.aurous-labs.com/v1/characters;" in str(caught.value)
    assert "call.request.json[" in str(caught.value)


@pytest.mark.parametrize(
    ("kinds", "error"),
    [
        (("unmatched", "unfired"), AurousUnmatchedRequest),
        (("broken", "unfired"), AurousError),
        (("unmatched", "broken", "unfired"), AurousError),
    ],
)
def test_all_that_is_wrong_is_told_at_once(
    api: Api, broken: Callable[[Api], None], kinds: tuple[str, ...], error: type[AurousError]
) -> None:
    """Problems come in order, faults last, and the gravest decides the type."""
    texts = {"unmatched": "/v1/character", "broken": "itself failed", "unfired": "was never met"}
    for kind in kinds:
        {"unmatched": unmatched, "broken": broken, "unfired": unfired}[kind](api)

    with pytest.raises(error, match="(?s:.*)".join(re.escape(texts[kind]) for kind in kinds)) as caught:
        Verdict(api.app).judge()
    assert type(caught.value) is error


def test_strict_warn_warns_once_of_everything(make_api: Callable[..., Api]) -> None:
    """One `AurousWarning` holds what would have been the error."""
    api = make_api(strict="warn")
    unmatched(api)
    unfired(api)

    with pytest.warns(AurousWarning, match=r"/v1/character(?s:.*)was never met") as caught:
        Verdict(api.app).judge()
    assert len(caught) == 1


def test_each_problem_is_told_once(api: Api) -> None:
    """What failed one verdict does not fail the next; what came after it does."""
    verdict = Verdict(api.app)
    unmatched(api)
    with pytest.raises(AurousUnmatchedRequest):
        verdict.judge()

    verdict.judge()
    verdict.close("test_x")
    api.delete("/v1/nonsense")

    with pytest.raises(AurousUnmatchedRequest, match="DELETE") as caught:
        verdict.judge()
    assert "/v1/character\n" not in str(caught.value)
