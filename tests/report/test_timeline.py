"""The timeline of a test, as its report shows it."""

import re
from collections.abc import Callable
from typing import Any, Final

import pytest

from pytest_aurous._core.resources.catalog import LIFECYCLES
from pytest_aurous._report.timeline import colored, timeline
from tests.conftest import Api

CHARACTERS: Final = "/v1/characters"
KEY: Final = f"al_live_{'0123456789abcdef' * 4}"
UPLOAD: Final = "https://aurous.storage/characters/upl_x/upload"
ANSI: Final = re.compile(r"\x1b\[\d+m")


def lines(api: Api, again: str = "") -> list[str]:
    return timeline(api.app, again).split("\n")


def below(api: Api, number: int) -> list[str]:
    """Return what stands below the line of a call, up to the next."""
    text = lines(api)
    start = next(index for index, line in enumerate(text) if line.startswith(f"{number:>5}  "))
    rest = text[start + 1 :]
    end = next(index for index, line in enumerate(rest) if not line.startswith(" " * 7))
    return [line.strip() for line in rest[:end]]


# What it tells


def test_a_call_is_told_with_what_it_changed(make_api: Callable[..., Api]) -> None:
    """New records, new states and money stand below the call that did it."""
    api = make_api(script="synthesizing -> reviewing")
    character = api.synthesize()
    cost = api.team.held_credits
    api.poll(character, times=2)

    assert lines(api)[0] == "    1  10:00:00  characters.create  POST   /v1/characters -> 201"
    assert sorted(below(api, 1)) == [f"{character.id}: new, synthesizing", f"held credits 0 -> {cost}"]
    assert below(api, 2) == []
    assert sorted(below(api, 3)) == [f"{character.id}: synthesizing -> reviewing", f"credits 1000 -> {1000 - cost}"]


def test_what_the_test_changed_stands_between_the_calls(api: Api) -> None:
    """It was not the call before that did it."""
    api.get("/v1/balance")
    character = api.characters.add(status="reviewing")
    api.get("/v1/balance")

    assert below(api, 1) == [f"(the test) {character.id}: new, reviewing"]
    assert below(api, 2) == []


def test_what_time_changed_is_not_laid_to_the_next_call(api: Api) -> None:
    """The clock ended the synthesis, and the call that came next only found it so."""
    character = api.synthesize("synthesizing:45s -> reviewing")
    api.clock.advance(seconds=60)
    api.get("/v1/balance")

    assert f"(the clock) {character.id}: synthesizing -> reviewing" in below(api, 1)
    assert below(api, 2) == []


@pytest.mark.parametrize("resource", ["characters", "images", "videos"])
def test_a_record_is_added_in_its_status(api: Api, resource: str) -> None:
    """It never had another status, so the timeline tells of no other."""
    collection: Any = getattr(api.aurous, resource)
    added = [collection.add(status=status) for status in LIFECYCLES[resource].edges]

    assert [line.strip() for line in lines(api)[: len(added)]] == [
        f"(the test) {one.id}: new, {one.status}" for one in added
    ]


def test_equal_changes_in_a_row_are_folded(api: Api) -> None:
    """The set-up of 31 equal records takes three lines; three of them are not folded."""
    made = [api.aurous.images.add() for _ in range(31)]
    api.get("/v1/balance")
    few = [api.aurous.images.add(status="failed") for _ in range(3)]

    assert [line.strip() for line in lines(api)[:3]] == [
        f"(the test) {made[0].id}: new, succeeded",
        "x 31",
        f"(the test) {made[-1].id}: new, succeeded",
    ]
    assert lines(api)[3].startswith("    1  ")
    assert below(api, 1) == [f"(the test) {one.id}: new, failed" for one in few]


def test_set_up_is_cut_and_requests_are_not(api: Api) -> None:
    """Of many changes before a request the last are shown, and the others are counted."""
    series = [api.aurous.images.add() for _ in range(6)]
    made = [api.aurous.images.add(status=status) for status in ["failed", "succeeded"] * 10]
    api.get("/v1/balance")

    text = [line.strip() for line in lines(api)]
    assert text[0] == "... 6 earlier changes"
    assert text[1:21] == [f"(the test) {one.id}: new, {one.status}" for one in made]
    assert text[21].startswith("1  ")
    assert not any(one.id in line for one in series for line in text[:22])


# Deliveries


def test_each_delivery_is_told_with_its_number_and_outcome(api: Api) -> None:
    """Delivered, failed, delivered twice, and lost ones, each with its URL, status and fault."""
    statuses = iter([200, 200, 503, 200])
    endpoint = api.aurous.webhooks.deliver_to(lambda _: next(statuses))
    assert endpoint is not None
    api.aurous.faults.duplicate("image.completed")
    api.aurous.faults.drop("video.completed")
    api.aurous.images.add()
    api.aurous.webhooks.flush()
    api.aurous.videos.add()
    api.aurous.webhooks.flush()
    api.aurous.images.add(status="failed")
    api.aurous.webhooks.flush()
    api.clock.advance(seconds=5)
    api.aurous.webhooks.flush()

    told = [line.strip() for line in lines(api) if "delivery" in line]
    assert told == [
        f"delivery 1: image.completed to {endpoint.url} -> 200 (duplicate)",
        f"delivery 2: image.completed to {endpoint.url} -> 200",
        f"delivery 3: video.completed to {endpoint.url} -> not sent (drop)",
        f"delivery 4: image.failed to {endpoint.url} -> 503",
        f"delivery 5: image.failed to {endpoint.url} -> 200, attempt 2",
    ]


def test_a_delivery_that_a_reset_took_away_is_not_told(api: Api) -> None:
    """The journal began anew while its receiver was at work."""
    api.aurous.webhooks.deliver_to(lambda _: api.aurous.reset())
    api.aurous.images.add()
    api.aurous.webhooks.flush()

    assert "delivery" not in timeline(api.app)


def test_a_refusal_shows_what_was_sent_and_said(api: Api) -> None:
    """Beside the code stand the body and the vendor's own sentence."""
    api.post(CHARACTERS, json={"name": ""})

    assert below(api, 1) == ['sent: {"name": ""}', "said: name must be 1 to 120 characters long, not 0."]


def test_a_pitfall_stands_below_its_call(api: Api) -> None:
    """With its id and its sentence, at the call that did it and at no other."""
    url = f"{CHARACTERS}/{api.characters.add(attributes={'age': 28, 'gender': 'female'}).id}"
    api.get(url)
    api.patch(url, json={"attributes": {"age": 29}})

    assert below(api, 1) == []
    (pitfall,) = api.aurous.pitfalls
    assert " ".join(below(api, 2)) == f"pitfall: [wiping-patch] {pitfall.message}"


def test_the_end_shows_each_record_and_where_its_script_is(api: Api) -> None:
    """A record whose script has ended, or that never had one, has no position."""
    polled = api.synthesize("synthesizing*3 -> reviewing", name="Polled")
    cost = api.team.held_credits
    api.poll(polled, times=2)
    held = api.synthesize("synthesizing! -> reviewing", name="Held")
    saved = api.synthesize("synthesizing*0 -> reviewing", name="Saved")
    api.post(f"{CHARACTERS}/{saved.id}/save")
    api.uploads.add()

    text = timeline(api.app).partition("at the end:\n")[2].split("\n")

    assert text[:4] == [
        f"  {polled.id}  synthesizing Polled  script step 1 of 2, seen 2 of 3 times",
        f"  {held.id}  synthesizing Held  script step 1 of 2",
        f"  {saved.id}  ready        Saved",
        f"  {api.team.id}  credits {1000 - cost}, held {2 * cost}",
    ]


def test_the_last_lines_say_how_to_see_it_again(make_api: Callable[..., Api]) -> None:
    """The seed always; the command where there is one."""
    api = make_api(seed=42)

    assert lines(api)[-1] == "seed: 42"
    assert lines(api, "pytest x.py::test --aurous-seed=0")[-2:] == [
        "seed: 42",
        "again: pytest x.py::test --aurous-seed=0",
    ]


def test_a_report_counts_and_changes_nothing(api: Api) -> None:
    """A report is no poll, and can be asked for twice."""
    character = api.synthesize("synthesizing -> reviewing")
    before = api.state()

    assert timeline(api.app) == timeline(api.app)
    assert api.state() == before
    assert api.poll(character) == ["synthesizing"]


# Width


def test_every_line_fits_into_100_columns(api: Api) -> None:
    """However long what was sent, said or named, and no line obeys a terminal."""

    def receive(_: object) -> None:
        raise RuntimeError("\x1b[31mno " * 100)

    faults, character = api.aurous.faults, api.characters.add(status="reviewing")
    api.get(f"/v1/{'nothing/' * 40}?status={'ready' * 60}")
    api.post(CHARACTERS, json={"x" * 400: 1, "attributes": {"additional_details": "many words " * 500}})
    faults.status("*", 503, message="It is all too much, sorry. " * 20)
    api.get("/v1/balance")
    faults.status("*", 409, code="insufficient_credits_of_the_team", commit=True)
    api.post(f"{CHARACTERS}/{character.id}/save")
    faults.malformed("characters.regenerate_ref", kind="truncated")._place = f"test_{'x' * 30}.py:1234"
    api.synthesize("synthesizing*3 -> reviewing", name="Aurora " * 17)
    api.characters.add(name="Aurora\nseed: 7\x1b[31m")
    api.patch(f"{CHARACTERS}/{character.id}", json={"attributes": {}})
    api.put(UPLOAD, key=KEY, content=b"\x89PNG\r\n\x1a\n\x00\x1b[31mred\x07\x08")
    api.aurous.webhooks.deliver_to(receive, url=f"https://app.example/{'hooks/' * 100}")
    api.aurous.images.add()
    api.aurous.webhooks.flush()

    assert [line for line in lines(api) if len(line) > 100 or not line.isprintable()] == []


def test_of_earlier_calls_those_that_changed_something_are_shown(api: Api) -> None:
    """A loop without an end begins where the record failed: a thousand requests later, that is still to be seen."""
    api.get("/v1/balance")
    made = api.post("/v1/characters", json={"name": "Aurora", "generate": True, "attributes": {"age": 28}}).json["id"]
    api.characters.last.fail("provider_timeout")
    for number in range(200):
        api.get(f"/v1/characters/{made}" if number % 2 else "/v1/balance")

    text = lines(api)

    assert text[0].startswith("    2  10:00:00  characters.create")
    assert f"       (the test) {made}: synthesizing -> failed" in text
    assert any("pitfall: [endless-poll]" in line for line in text)
    assert "  ... 140 other earlier calls" in text
    assert text[text.index("  ... 140 other earlier calls") + 1].startswith("  143  ")


# Colors


def test_colors_add_nothing_but_codes(api: Api) -> None:
    """Without them the text is what it was, and good, refused, broken and told have one each."""
    api.get("/v1/balance")
    api.get("/v1/balance", key=None)
    api.aurous.faults.status("*", 503)
    api.aurous.faults.timeout("*")
    api.get("/v1/balance")
    api.broken("GET", "/v1/balance")
    api.put(UPLOAD, key=KEY)
    text = timeline(api.app, "pytest")

    painted = colored(text)

    assert ANSI.sub("", painted) == text
    for green, yellow, red, cyan in [("32", "33", "31", "36")]:
        assert f"\x1b[{green}m -> 200\x1b[0m" in painted
        assert f"\x1b[{yellow}m -> 401 missing_api_key\x1b[0m" in painted
        assert f"\x1b[{red}m -> 503 provider_unavailable (status 503)\x1b[0m" in painted
        assert f"\x1b[{red}m -> no response (timeout (read))\x1b[0m" in painted
        assert f"       \x1b[{yellow}mhint: no API key was sent" in painted
        assert f"       \x1b[{yellow}mpitfall: [leaked-key]" in painted
        for word in ("at the end:", "faults:", "seed: 0", "again: pytest"):
            assert f"\x1b[{cyan}m{word}\x1b[0m" in painted


@pytest.mark.parametrize("count", [1, 2, 25])
def test_deliveries_that_were_never_flushed_are_shown(api: Api, count: int) -> None:
    """Those that are due, with what makes them; the first twenty."""
    for number in range(count):
        api.aurous.images.add(webhook_url=f"https://app.test/hooks/{number}")

    lines = timeline(api.app).split("\n")

    what = "1 webhook delivery is" if count == 1 else f"{count} webhook deliveries are"
    at = lines.index(f"not delivered: {what} due. aurous.webhooks.flush() makes them:")
    assert lines[at + 1] == "  image.completed to https://app.test/hooks/0"
    assert lines[min(at + count, at + 20)].endswith(f"/{min(count, 20) - 1}")
    assert ("  ... 5 more" in lines) == (count == 25)


def test_polls_that_show_the_same_are_one_line(api: Api) -> None:
    """The first and the last are shown, and between them how many there were."""
    character = api.characters.add(script="synthesizing! -> reviewing", status="synthesizing")
    for _ in range(12):
        api.poll(character)

    shown = [line for line in lines(api) if "characters.retrieve" in line or " x " in line]
    assert len(shown) == 3
    assert "x 12" in shown[1]
