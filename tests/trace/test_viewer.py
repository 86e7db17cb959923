"""The page of a trace in a real browser. These tests need Playwright, axe-core and Chromium."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from pytest_aurous import Aurous
from pytest_aurous._core.world.settings import used_for
from pytest_aurous._trace.page import page as page_of
from tests.conftest import OTHER_SETTINGS, axe_options, load, synthesis_price

from . import samples

sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright: the dependency group `browser`")
axe_of = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the dependency group `browser`")

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # of Playwright, when its driver ends
Open = Callable[..., Any]
INHERITED: Final = ("constructor", "toString", "hasOwnProperty", "__proto__")


@pytest.fixture
def show(tab: Any, said: list[str], tmp_path: Path) -> Iterator[Open]:
    """Open the page of *data*; when the test is over, the console has neither an error nor a warning."""
    files: list[Path] = []

    def show(data: dict[str, Any], anchor: str = "", size: str = "wide", theme: str = "light") -> Any:
        # A file of its own: to another anchor of the page that is open, a browser only moves.
        file = tmp_path / f"trace-{len(files)}.html"
        files.append(file)
        file.write_text(page_of(data, "A trace"), encoding="utf-8")
        load(tab, f"{file.as_uri()}{anchor}", size, theme)
        return tab

    def request(request: Any) -> None:
        if request.url.startswith("http"):
            said.append(request.url)

    tab.on("request", request)
    yield show
    tab.goto("about:blank")
    tab.remove_listener("request", request)
    assert said == []


@pytest.fixture(scope="module")
def charge() -> dict[str, Any]:
    """The trace of a client that orders twice."""
    return samples.traced(samples.double_charge)


@pytest.fixture(scope="module")
def exploring() -> dict[str, Any]:
    """The trace of an exploration, one of whose cases is known."""
    data = samples.traced(samples.explored)
    data["exploration"]["cases"]["characters.save#1 down"]["known"] = "no keys before March"
    return data


def selected(tab: Any) -> str:
    return str(tab.locator("#call-title").inner_text())


def test_calls_with_their_marks_and_what_happened_in_between(show: Open, charge: dict[str, Any]) -> None:
    """The list has each call with operation, status and marks, and what the test did between two."""
    tab = show(charge)
    rows = tab.locator(".calls li").all_inner_texts()
    text = "\n".join(rows)

    assert len(rows) == len(charge["steps"]) + 1
    assert all(mark in text for mark in ("fault", "pitfall", "replay", "unmatched", "no response"))
    assert "fault added: timeout (read) on characters.create" in text
    assert "slept 15 s, skipped" in text
    assert "the test moved the clock by 1 m" in text
    assert "character.completed delivered (200)" in text
    assert tab.locator(".calls [aria-current]").count() == 1


def test_a_long_wait_looks_like_one(show: Open, charge: dict[str, Any]) -> None:
    """The row of a minute is higher than the row of 15 seconds, which is higher than the row of two."""
    tab = show(charge)

    def height(text: str) -> float:
        return float(tab.locator(".calls li", has_text=text).first.bounding_box()["height"])

    assert height("by 1 m") > height("slept 15 s") > height("slept 2 s")
    assert tab.get_by_text("Waits are drawn on a logarithmic scale").is_visible()


def test_the_selected_call_with_all_that_is_known(show: Open, charge: dict[str, Any]) -> None:
    """It shows request, response, what differs, pitfall, rules with provenance, and the state after it."""
    tab = show(charge, "#call-6")
    details, state = tab.locator(".pane.call"), tab.locator(".pane.world")

    assert selected(tab).startswith("POST /v1/characters/char_")
    assert "reviewing -> ready" in details.inner_text()
    assert "Call 3 got 400" in details.inner_text()
    details.get_by_text("Rules of this endpoint").click()
    assert details.locator(".provenance.documented").first.is_visible()
    assert details.locator(".rule a").first.get_attribute("href").endswith("#rule-save-1")
    assert "reviewing → ready" in state.inner_text()
    states = state.locator("svg.machine").get_attribute("aria-label")
    assert "now ready; so far synthesizing, reviewing, ready" in states
    edges = {name: state.locator(f"svg.machine .edge.{name}").count() for name in ("taken", "changed", "possible")}
    assert edges == {"taken": 1, "changed": 1, "possible": 2}
    assert state.locator(".record.changed", has_text="char_…").count() == 1
    each = synthesis_price()
    assert [row.split("\n")[:2] for row in state.locator(".spark").all_inner_texts()] == [
        ["available", str(1000 - 2 * each)], ["held", str(each)], ["spent", str(each)]]  # fmt: skip


def test_the_poll_before_is_compared(show: Open, charge: dict[str, Any]) -> None:
    """What differs from the previous call of the operation is listed, and marked in the JSON."""
    tab = show(charge, "#call-13")

    differs = tab.locator(".since").inner_text()
    assert "Differs from call 12" in differs
    assert 'status "processing" → "succeeded"' in differs
    assert tab.locator(".pane.call .leaf.changed", has_text="status").count() == 1


def test_references_and_outputs_are_pictures(show: Open, charge: dict[str, Any]) -> None:
    """The state shows them in small, also those that the test did not fetch; a call that fetched one shows its body."""
    tab = show(charge, "#call-14")

    assert tab.locator("img.picture").evaluate("it => it.naturalWidth") > 0
    for name, count in (("a cat", 1), ("evil", 4)):
        row = tab.locator(".record", has=tab.locator("summary", has_text=name))
        row.locator("summary").first.click()
        row.locator(".pictures img").nth(count - 1).wait_for()
        assert row.locator(".pictures img").evaluate_all("all => all.map((it) => it.naturalWidth)") == [76] * count


def test_hint_place_and_refusal(show: Open, charge: dict[str, Any]) -> None:
    """A refused call shows the rules about its code; a call shows its line with the neighbors, and what called it."""
    data = json.loads(json.dumps(charge))
    call = next(step for step in data["steps"] if step.get("number") == 3)
    call["hint"] = "Poll until `reviewing`."
    source = [[11, "    pay()"], [12, "    save(character)"], [13, "<script>alert(1)</script>"]]
    call["place"] = {"file": "app/publisher.py", "line": 12, "function": "publish", "source": source}
    call["stack"] = [{"file": "tests/test_x.py", "line": 3, "function": "test_x"}]
    tab = show(data, "#call-3")
    details = tab.locator(".pane.call")

    assert "Poll until reviewing." in details.inner_text()
    assert "app/publisher.py:12 in publish" in details.inner_text()
    assert details.locator(".source .here").inner_text().split() == ["12", "save(character)"]
    assert details.locator(".source li").nth(2).inner_text().endswith("<script>alert(1)</script>")
    details.get_by_text("Called from 1 place").click()
    assert details.get_by_text("tests/test_x.py:3").is_visible()
    assert details.get_by_text("Rules about").is_visible()


def test_the_phases_that_failed_are_named(show: Open, charge: dict[str, Any]) -> None:
    """Where it was not only the call."""
    for phase, text in (
        ("call", "failed"),
        ("setup", "failed in setup"),
        ("call, teardown", "failed in call, teardown"),
    ):
        tab = show({**charge, "test": {**charge["test"], "phase": phase}})
        assert tab.locator(".page-head .status").inner_text() == text


def test_hostile_text_stays_text(show: Open, charge: dict[str, Any]) -> None:
    """Markup in a name makes no element, and a mark that turns the direction is written out."""
    tab = show(charge, "#call-7")

    assert tab.locator("b, [onerror]").count() == 0
    assert "</script><b>\\u202eevil" in tab.locator(".pane.call").inner_text()
    assert "\u202e" not in tab.locator("#app").inner_text()


@pytest.mark.parametrize("anchor", ["", "#step-1", "#call-2", "#call-3", "#case-constructor"])
def test_names_that_each_object_inherits_are_names(show: Open, exploring: dict[str, Any], anchor: str) -> None:
    """An id, a field or a case may be called as what JavaScript's objects inherit: it is a name like any other."""

    def run(aurous: Aurous, client: httpx.Client) -> None:
        for name in INHERITED:
            aurous.models.add(name)
            aurous.script("synthesizing -> ready", name=name)
        client.get("/v1/models")
        client.post("/v1/characters", json={"name": "A"})
        client.post("/v1/characters", json={"name": "A", **dict.fromkeys(INHERITED, 1)})

    tab = show(exploring if anchor.startswith("#case") else samples.traced(run), anchor)

    if anchor.startswith("#case"):
        assert tab.locator("#case-title").inner_text() == "characters.create#1 lost"
        return
    models = tab.locator(".world .section", has_text="Models").first
    assert [name for name in INHERITED if models.locator(".id", has_text=name).count() != 1] == []
    if anchor == "#step-1":
        assert models.locator(".badge").all_inner_texts() == ["new"] * len(INHERITED)
    if anchor == "#call-3":
        changed = tab.locator(".since .diff").first.inner_text()
        assert [name for name in INHERITED if f"{name} + 1" not in changed] == []


def test_keyboard(show: Open, charge: dict[str, Any]) -> None:
    """Arrows select calls, a slash filters, Escape clears, a question mark helps; the address follows."""
    tab = show(charge, "#call-2")
    current = tab.locator(".calls [aria-current]")

    tab.keyboard.press("ArrowRight")
    sync_api.expect(tab).to_have_url(re.compile(r"#call-3$"))
    tab.keyboard.press("Home")
    sync_api.expect(current).to_contain_text("Start of the test")
    tab.keyboard.press("End")
    sync_api.expect(tab).to_have_url(re.compile(r"#call-14$"))
    sync_api.expect(tab.locator("#said")).to_contain_text("call 14 of 14")
    tab.keyboard.press("/")
    tab.keyboard.type("unmatched")
    sync_api.expect(tab.locator(".calls li")).to_have_count(1)
    tab.keyboard.press("Escape")
    sync_api.expect(tab.locator(".calls li").nth(1)).to_be_visible()
    tab.keyboard.press("?")
    sync_api.expect(tab.locator("dialog")).to_be_visible()
    tab.keyboard.press("Escape")
    sync_api.expect(tab.locator("dialog")).to_be_hidden()
    tab.locator(".calls li a").first.focus()
    tab.keyboard.press("ArrowUp")
    tab.locator(".calls a[aria-current]:focus").wait_for()
    tab.keyboard.press("t")
    sync_api.expect(tab.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_slider_moves_through_time(show: Open, charge: dict[str, Any]) -> None:
    tab = show(charge, "#call-2")
    slider = tab.get_by_role("slider", name="Time")

    slider.press("ArrowRight")
    sync_api.expect(tab).to_have_url(re.compile(r"#call-3$"))
    assert slider.get_attribute("aria-valuetext") == "call 3 of 14, characters.save, 400, 7 s after the start"
    slider.press("Home")
    sync_api.expect(tab).to_have_url(re.compile(r"#start$"))


def test_a_link_selects_its_call(show: Open, charge: dict[str, Any]) -> None:
    """The button copies an address that selects the call, also when the page is open already."""
    tab = show(charge, "#call-5")
    tab.get_by_role("button", name="Link").click()

    assert tab.evaluate("navigator.clipboard.readText()").endswith("trace-0.html#call-5")
    tab.evaluate("location.hash = '#call-1'")
    assert selected(tab) == "POST /v1/characters"


def test_identical_polls_are_one_row_that_unfolds(show: Open) -> None:
    """The row says how many, and stands for the last; a button and a key unfold it, without losing the focus."""
    tab = show(samples.traced(samples.long_poll))
    rows = tab.locator(".calls li")
    button = tab.locator(".fold button")

    assert [text.split("\n")[0] for text in rows.all_inner_texts()[2:]] == ["1", "2\u201360", "slept 4 s, skipped"]
    assert button.inner_text() == "59 identical polls in 3 m 52 s"
    assert rows.nth(3).bounding_box()["height"] > rows.nth(2).bounding_box()["height"] + 60  # like any long wait
    sync_api.expect(rows.nth(3).locator("a")).to_have_attribute("aria-current", "step")
    tab.keyboard.press("ArrowUp")
    sync_api.expect(tab).to_have_url(re.compile(r"#call-1$"))
    tab.keyboard.press("ArrowDown")
    sync_api.expect(tab).to_have_url(re.compile(r"#call-60$"))
    button.focus()
    tab.keyboard.press("Enter")
    sync_api.expect(button).to_have_attribute("aria-expanded", "true")
    sync_api.expect(button).to_be_focused()
    sync_api.expect(tab).to_have_url(re.compile(r"#call-2$"))
    sync_api.expect(rows).to_have_count(3 + 59 * 2)
    tab.keyboard.press("f")
    sync_api.expect(button).to_have_attribute("aria-expanded", "false")
    sync_api.expect(tab).to_have_url(re.compile(r"#call-60$"))
    tab.keyboard.press("/")
    tab.keyboard.type("#17")
    sync_api.expect(rows).to_have_count(1)


def test_a_link_into_identical_polls_unfolds_them(show: Open) -> None:
    """They stay unfolded when the selection moves on; polls that see something else are not folded."""

    def run(aurous: Any, client: Any) -> None:
        aurous.characters.script("synthesizing:20s -> reviewing")
        body = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}
        path = f"/v1/characters/{client.post('/v1/characters', json=body).json()['id']}"
        for _ in range(6):
            client.get(path)
            aurous.clock.advance(seconds=4)
        for _ in range(2):
            client.get(path)

    tab = show(samples.traced(run), "#call-4")

    assert selected(tab).startswith("GET")
    assert tab.locator(".calls [aria-current]").inner_text().startswith("4")
    tab.keyboard.press("End")
    assert tab.locator(".fold button").inner_text() == "5 identical polls in 16 s"
    numbers = tab.locator(".calls .call-row .number").all_inner_texts()
    assert numbers == [str(number) for number in range(1, 10)]


def test_the_page_begins_with_the_call_that_explains_the_failure(show: Open, charge: dict[str, Any]) -> None:
    """That is the last one with a refusal, a fault, a hint or a pitfall; without any, the last one."""

    def run(_: Any, client: Any) -> None:
        client.get("/v1/balance")
        client.get("/v1/team")

    for data, call in ((charge, "GET /v1/nothing"), (samples.traced(run), "GET /v1/team")):
        assert selected(show(data)) == call


def test_copied_commands(show: Open, charge: dict[str, Any]) -> None:
    """A call is copied as curl and as httpx, without a key."""
    tab = show(charge, "#call-9")

    tab.get_by_role("button", name="curl").click()
    assert tab.get_by_role("button", name="Copied").count() == 1  # for a moment
    curl = tab.evaluate("navigator.clipboard.readText()")
    assert curl.startswith("curl -X POST 'https://api.aurous-labs.com/v1/images'")
    assert "'Idempotency-Key: k-1'" in curl
    assert '"X-API-Key: $AUROUS_API_KEY"' in curl
    tab.get_by_role("button", name="httpx").click()
    assert tab.get_by_role("button", name="httpx").count() == 0  # it says "Copied", too
    code = tab.evaluate("navigator.clipboard.readText()")
    ast.parse(code)
    assert '"prompt": "a cat"' in code


COPIED: Final[dict[str, tuple[samples.Run, dict[str, Any]]]] = {
    "double_charge": (samples.double_charge, {}),
    "trouble": (samples.trouble, {"rate_limits": "enforce"}),
    "every_fault": (samples.every_fault, {}),
    **{name: (samples.settings, {name: OTHER_SETTINGS[name]}) for name in used_for("responses", "address")},
}
"""What is copied, and the settings that the test of each call then needs: each one that changes responses."""


def test_each_call_as_a_test_passes(show: Open, pytester: pytest.Pytester, charge: dict[str, Any]) -> None:
    """Each call, copied as a test, is a complete file that gets the status of the trace."""
    tab = show(charge)
    total = 0
    for name, (run, settings) in COPIED.items():
        data = samples.traced(run, **settings)
        written = tab.evaluate(
            "(data) => { const it = modelOf(data); return it.calls.map((one) => asTest(it, one)); }", data
        )
        assert all(tab.evaluate("(data) => modelOf(data).calls.map((one) => asCurl(one) && asHttpx(one))", data))
        assert name not in OTHER_SETTINGS or all(re.search(rf"\b{name}=", text) for text in written)
        delays = [text for text in written if 'faults.delay("images.create", seconds=20, commit=True)' in text]
        assert len(delays) == (3 if name == "trouble" else 0)
        for number, text in enumerate(written, 1):
            pytester.makepyfile(**{f"test_{name}_{number}": text})
        total += len(written)

    result = pytester.runpytest_subprocess("-q", "-W", "error", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=total)


def test_a_browser_that_does_not_copy_shows_the_text(show: Open, charge: dict[str, Any]) -> None:
    """Neither way of copying works there; the page says so, and shows what it would have copied."""
    tab = show(charge, "#call-2")
    tab.evaluate("document.execCommand = () => false; navigator.clipboard.writeText = () => Promise.reject(); void 0")

    tab.get_by_role("button", name="As a test").click()

    box = tab.get_by_role("textbox", name="This browser does not let the page copy the call as a test")
    assert "def test_call_2_characters_create" in box.input_value()
    assert tab.locator("#said").inner_text() == "Could not copy call as a test"
    assert tab.get_by_role("button", name="Copied").count() == 0
    tab.keyboard.press("ArrowRight")
    sync_api.expect(tab.locator(".by-hand")).to_have_count(0)


def test_a_page_in_a_frame_copies(show: Open, browser: Any, charge: dict[str, Any], tmp_path: Path) -> None:
    """The pages of a CI server stand in a frame, where a policy forbids the newer way of copying."""
    tab = show(charge)
    frame = tmp_path / "frame.html"
    frame.write_text(
        '<iframe sandbox="allow-scripts" src="trace-0.html#call-2" width="1200" height="700"></iframe>',
        encoding="utf-8",
    )
    context = browser.new_context()
    outside = context.new_page()
    outside.goto(frame.as_uri())
    outside.frame_locator("iframe").get_by_role("button", name="curl").click(timeout=60_000)
    context.close()

    tab.bring_to_front()
    assert tab.evaluate("navigator.clipboard.readText()").startswith("curl -X POST")


def test_a_trace_of_deliveries(show: Open) -> None:
    """It opens at them, without any call: each with its number, URL, status and fault, also one that was made twice."""
    data = samples.traced(samples.deliveries)
    tab = show(data)
    details = tab.locator(".pane.call")

    assert "0 calls\n7 deliveries" in tab.locator(".page-head .facts").inner_text()
    assert tab.locator(".pane.calls h2").inner_text() == "Calls 0, 7 deliveries"
    assert details.locator("h2").inner_text() == "Without calls"
    url = "https://receiver-1.example/webhooks"
    assert [text.split("\n") for text in details.locator(".record > summary").all_inner_texts()] == [
        ["1", "image.completed", url, "duplicate", "delivered 200"],
        ["2", "video.completed", url, "drop", "failed"],
        ["3", "image.failed", url, "failed 503"],
        ["4", "character.failed", url, "failed KeyError"],
        ["5", "image.completed", url, "delivered 200"],
        ["6", "image.failed", url, "delivered 200"],
        ["7", "character.failed", url, "failed KeyError"],
    ]
    assert tab.locator(".pane.world .record", has_text=url).count() == 9  # and the endpoint


def test_a_failed_delivery_after_calls_is_where_the_page_opens(show: Open) -> None:
    """It explains a failure as a refusal does; deliveries that succeeded do not."""

    def run(aurous: Any, client: Any, status: int) -> None:
        aurous.webhooks.deliver_to(lambda _: status)
        client.get("/v1/balance")
        aurous.images.add()
        aurous.webhooks.flush()

    failed = show(samples.traced(partial(run, status=500)))
    assert failed.locator(".pane.call h2").inner_text() == "Between calls"
    assert failed.locator(".timeline .tick").count() == 2
    assert failed.locator(".timeline output").inner_text() == "1 delivery, +0 s"
    assert selected(show(samples.traced(partial(run, status=200)))) == "GET /v1/balance"


def test_a_long_set_up_is_folded(show: Open) -> None:
    """Equal changes in a row are three lines; of many others, the row shows the last."""

    def run(aurous: Any, client: Any) -> None:
        for _ in range(31):
            aurous.images.add()
        client.get("/v1/balance")
        for status in ("failed", "expired") * 4:
            aurous.images.add(status=status)

    tab = show(samples.traced(run), "#step-1")
    folded, cut = tab.locator(".calls .between .lines").all()[1:]

    assert re.fullmatch(r"img_…\w{6}: new, succeeded\nx 31\nimg_…\w{6}: new, succeeded", folded.inner_text())
    assert [line.split(": ")[-1] for line in cut.inner_text().split("\n")] == [
        "4 more before", "new, failed", "new, expired", "new, failed", "new, expired"]  # fmt: skip
    tab.keyboard.press("End")
    sync_api.expect(tab.locator(".timeline output")).to_contain_text("new, failed, and 7 more")


def test_a_body_that_is_not_in_the_trace_skips_the_test(show: Open, pytester: pytest.Pytester) -> None:
    """A long body is a digest, also where not even its beginning was kept; the copied test says so."""

    def run(_: Any, client: Any) -> None:
        client.post("/v1/images", json={"prompt": "x" * 6000})
        client.post("/v1/images", json={"prompt": "x" * 100_000})

    tab = show(samples.traced(run))
    for text in tab.evaluate("{ const it = modelOf(source.load()); it.calls.map((call) => asTest(it, call)) }"):
        pytester.makepyfile(**{f"test_{len(text)}": text})

    assert "100,013 bytes; sha256" in tab.locator(".pane.call").inner_text()
    pytester.runpytest_subprocess("-q").assert_outcomes(skipped=2)


def test_the_har_is_saved(show: Open, charge: dict[str, Any], tmp_path: Path) -> None:
    """The download is a HAR 1.2 file of all calls, without a key."""
    tab = show(charge)
    with tab.expect_download() as saved:
        tab.get_by_role("button", name="HAR").click()
    saved.value.save_as(tmp_path / "saved.har")
    text = (tmp_path / "saved.har").read_text(encoding="utf-8")
    log = json.loads(text)["log"]

    assert saved.value.suggested_filename == "test_double_charge.har"
    assert log["version"] == "1.2"
    assert len(log["entries"]) == 14
    needed = {"startedDateTime", "time", "request", "response", "cache", "timings"}
    assert all(needed <= entry.keys() for entry in log["entries"])
    assert log["entries"][0]["response"]["_error"] == "timeout (read), committed"
    assert "al_live_" not in text


def test_an_exploration(show: Open, exploring: dict[str, Any]) -> None:
    """It begins with the case that costs most; each cell opens its case beside the good day; arrows move."""
    tab = show(exploring)

    assert tab.locator("caption").inner_text() == exploring["exploration"]["headline"]
    assert exploring["exploration"]["cases"]["characters.create#1 timeout"]["broken"] == ["no_pitfall"]  # comes before
    assert tab.locator("#case-title").inner_text() == "characters.create#1 lost"
    assert tab.locator(".aligned tr.changed").count() == 2
    assert tab.locator(".absent").count() == 1
    known = tab.get_by_role("button", name="characters.save#1 down: raised, breaks recovers", exact=False)
    assert known.inner_text() == "k"
    assert tab.get_by_text("Running the code twice orders twice").is_visible()
    tab.get_by_role("button", name="characters.create#1 late: returned, breaks pays_once, tells, no_pitfall").click()
    assert "exists twice" in tab.locator(".case").inner_text()
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("Enter")
    assert tab.locator("#case-title").inner_text() == "characters.create#1 unavailable"
    sync_api.expect(tab).to_have_url(re.compile(r"\#case\-characters\.create%231%20unavailable$"))
    tab.get_by_role("button", name="Trace").click()
    assert tab.locator(".calls li").count() > 1


def test_a_case_shows_the_state_beside_that_of_the_good_day(show: Open, exploring: dict[str, Any]) -> None:
    """At first the state at the end; each row of calls has a button for the state after it."""
    tab = show(exploring)
    good, case = tab.locator(".states .world").all()

    assert tab.locator("#case-title").inner_text() == "characters.create#1 lost"
    assert tab.locator(".aligned .absent").count() == 1
    assert good.locator("h2").inner_text() == "The good day, after 4 calls"
    assert case.locator("h2").inner_text() == "This case, after 5 calls"
    assert good.locator(".record .state").all_inner_texts() == ["reviewing → ready"]
    assert case.locator(".record .state").all_inner_texts() == ["synthesizing", "reviewing → ready"]
    each = synthesis_price()
    assert good.locator(".spark strong").all_inner_texts() == [str(1000 - each), "0", str(each)]
    assert case.locator(".spark strong").all_inner_texts() == [str(1000 - 2 * each), str(each), str(each)]
    assert case.locator(".pictures img").count() == 4
    tab.get_by_role("button", name="State after row 1, characters.create").click()
    sync_api.expect(case.locator("h2")).to_have_text("This case, after 1 call")
    assert case.locator(".record .badge").all_inner_texts() == ["new"]
    tab.get_by_role("button", name="State after row 2, characters.create").click()
    sync_api.expect(good.locator("h2")).to_have_text("The good day, after 1 call")
    sync_api.expect(case.locator(".record .state")).to_have_count(2)
    tab.get_by_role("button", name="characters.create#1 late: ").click()
    sync_api.expect(case.locator("h2")).to_have_text("This case, after 5 calls")
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.get_by_role("button", name="State after row 2, characters.create").click()
    sync_api.expect(good.locator("h2")).to_be_in_viewport()


def test_the_index_sorts_and_filters(show: Open) -> None:
    """The index lists the traces with links; a heading sorts, a filter keeps what it names."""
    tab = show(samples.index())
    names = tab.locator(".test-name a")

    assert names.count() == 12
    assert names.first.get_attribute("href") == "test_portraits-0.html"
    assert tab.locator(".test-name").first.inner_text().split()[:2] == ["tests/test_portraits.py", "test_portrait[0]"]
    tab.get_by_role("button", name="Calls").click()
    assert names.first.inner_text().endswith("[11]")
    assert tab.get_by_role("columnheader", name="Calls").get_attribute("aria-sort") == "descending"
    tab.keyboard.press("/")
    tab.keyboard.type("failed")
    sync_api.expect(names).to_have_count(3)


def test_the_index_shows_errors_and_explorations(show: Open) -> None:
    """A failed test shows how it failed, an explored one how many of its cases break a law; a filter finds errors."""
    tab = show(samples.index(), size="narrow")
    row = tab.locator(".test-name", has_text="[4]")

    assert row.locator(".error").inner_text() == "assert 5 == 4"
    assert row.locator(".about").inner_text() == "Explored: 15 of 34 cases break a law"
    assert (
        tab.locator(".test-name", has_text="[5]").locator(".about").inner_text()
        == "Explored: 0 of 20 cases break a law"
    )
    tab.get_by_role("searchbox").fill("assert 9")
    sync_api.expect(tab.locator(".test-name a")).to_have_text(["test_portrait[8]"])
    box = tab.get_by_role("region", name="Tests")
    assert box.evaluate("it => it.scrollWidth > it.clientWidth")
    assert "linear-gradient" in box.evaluate("it => getComputedStyle(it).backgroundImage")  # shadows where it goes on


def test_of_thousands_of_calls_only_those_that_are_seen_are_drawn(show: Open) -> None:
    """So 3,000 calls open and move without a wait."""
    tab = show(samples.many_calls(3000))
    assert tab.locator(".calls li").count() < 80
    tab.keyboard.press("Home")
    for _ in range(21):
        tab.keyboard.press("ArrowRight")
    sync_api.expect(tab).to_have_url(re.compile(r"#call-11$"))
    tab.keyboard.press("End")
    tab.keyboard.press("ArrowLeft")
    sync_api.expect(tab.locator("#said")).to_contain_text("call 3000 of 3000")
    assert tab.locator(".calls li").count() < 80


def test_large_payloads_are_cut(show: Open, charge: dict[str, Any]) -> None:
    """A megabyte in a record, and a list of thousands, do not stop the page."""
    data = json.loads(json.dumps(charge))
    record = next(iter(data["steps"][-1]["changes"].setdefault("records", {}).values()), None)
    record = record or json.loads(json.dumps(next(iter(data["start"]["records"].values()))))
    record["json"] = {"id": "char_big", "name": "\u202e" + "x" * 1_000_000, "list": list(range(5000))}
    record["kind"] = "character"
    data["steps"][-1]["changes"]["records"] = {"char_big": record}
    data["test"]["message"] = "E" * 1_000_000
    tab = show(data, "#step-99" if data["steps"][-1]["kind"] != "call" else "#call-14")

    tab.keyboard.press("End")
    assert "more characters" in tab.locator(".pane.world").inner_text()
    assert tab.locator(".pane.world .leaf").count() < 300


def test_a_narrow_screen_shows_one_pane(show: Open, charge: dict[str, Any]) -> None:
    """On a phone a call opens its pane; nothing is wider than the screen."""
    tab = show(charge, size="narrow")

    assert tab.locator(".pane.calls").is_visible()
    assert tab.locator(".columns").bounding_box()["y"] < 844 * 0.18  # what is above leaves the screen to the calls
    tab.locator(".calls li a", has_text="images.create").first.click()
    assert tab.locator(".pane.call").is_visible()
    assert not tab.locator(".pane.calls").is_visible()
    tab.get_by_role("button", name="State").click()
    assert tab.locator(".pane.world").is_visible()
    assert tab.evaluate("document.documentElement.scrollWidth") == 390


REST: Final = "main *:nth-child(n+9):not(:has([aria-current]))"
"""What follows eight neighbors, and looks as they do, but the selected row, to which the Tab key leads.

The contrast of each element takes long to compute.
"""


@pytest.mark.parametrize(("size", "theme"), [("wide", "light"), ("narrow", "light"), ("wide", "dark")])
def test_axe_finds_nothing(
    show: Open, charge: dict[str, Any], exploring: dict[str, Any], size: str, theme: str
) -> None:
    options = axe_options(size, theme)
    views = [(charge, "#call-2"), (exploring, ""), (samples.index(), "")]
    if (size, theme) == ("wide", "light"):  # the rest has the same elements with other data
        deliveries, polls = samples.traced(samples.deliveries), samples.traced(samples.long_poll)
        views += [(charge, "#call-13"), (deliveries, ""), (polls, "#call-60")]
    for data, anchor in views:
        tab = show(data, anchor, size, theme)
        panes = tab.locator("nav.panes button")
        for number in range(panes.count() if size == "narrow" else 1):
            if size == "narrow" and panes.count():
                panes.nth(number).click()
            tab.evaluate("document.querySelectorAll('details').forEach((it) => { it.open = true; })")
            if size == "wide":  # nothing is drawn again
                tab.evaluate("(rest) => document.querySelectorAll(rest).forEach((it) => it.remove())", REST)
            found = axe_of.Axe().run(tab, options=options).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


def test_calls_with_the_same_number_have_addresses_of_their_own(show: Open) -> None:
    """After a reset calls begin at 1 again."""

    def run(aurous: Any, client: Any) -> None:
        client.get("/v1/balance")
        aurous.reset()
        client.get("/v1/team")

    tab = show(samples.traced(run), "#call-1")

    assert selected(tab) == "GET /v1/balance"
    tab.keyboard.press("End")
    sync_api.expect(tab).to_have_url(re.compile(r"#step-\d$"))
    tab.reload()
    assert selected(tab) == "GET /v1/team"
