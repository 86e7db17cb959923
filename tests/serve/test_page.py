"""The live page of a served fake in a real browser. These tests need Playwright, axe-core and Chromium."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any, NamedTuple

import httpx
import pytest

from pytest_aurous import Aurous, AurousServer
from pytest_aurous._core.resources.content.pictures import drawn
from tests.conftest import SIZES, axe_options, load, synthesis_price

pytest.importorskip("uvicorn", reason="needs the extra, server")
sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright: the dependency group `browser`")
axe_of = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the dependency group `browser`")

HOSTILE = "</script><b>\u202eevil<img src=x onerror=alert(1)>"
ORDER = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}
CHAT = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "What color is her hair?"}]}

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # of Playwright, when its driver ends


class Watched(NamedTuple):
    """A served fake, a client of its own, and the page that shows it."""

    aurous: Aurous
    server: AurousServer
    client: httpx.Client
    tab: Any

    @property
    def rows(self) -> Any:
        return self.tab.locator(".calls li")

    @property
    def state(self) -> Any:
        return self.tab.locator(".pane.world")

    @property
    def step(self) -> Any:
        """The column of the selected step."""
        return self.tab.locator(".pane.call")

    def click(self, name: str, within: Any = None, *, exact: bool = True) -> None:
        """Click a button, here or within a part of the page."""
        (within or self.tab).get_by_role("button", name=name, exact=exact).click()

    def copied(self, what: str) -> str:
        """Return what was copied last, which the page calls so."""
        sync_api.expect(self.tab.locator("#said")).to_have_text(f"Copied {what}")
        return str(self.tab.evaluate("navigator.clipboard.readText()"))

    def record(self, text: str) -> Any:
        """Return a record of the state, opened."""
        record = self.state.locator(".record", has=self.tab.locator("summary", has_text=text))
        if record.get_attribute("open") is None:
            record.locator("summary").first.click()
        return record


Watch = Callable[..., Watched]


@pytest.fixture
def watch(tab: Any, said: list[str]) -> Iterator[Watch]:
    """Serve a fake, and open its page; afterwards the console has no error but refusals."""
    with ExitStack() as stack:

        def watch(size: str = "wide", theme: str = "light", aurous: Aurous | None = None, **serving: Any) -> Watched:
            if aurous is None:
                aurous = stack.enter_context(Aurous(seed=3, strict="off", pitfalls="off"))
            server = stack.enter_context(AurousServer(aurous, **serving))
            client = httpx.Client(
                base_url=f"{server.url}/v1", headers={"X-API-Key": str(aurous.api_key)}, trust_env=False
            )
            stack.enter_context(client)
            stack.callback(tab.goto, "about:blank")
            load(tab, f"{server.url}/__aurous__/", size, theme)
            return Watched(aurous, server, client, tab)

        yield watch
    refused = re.compile(
        r"status of 4\d\d|net::ERR_"
    )  # the console tells of each refusal, and of a server that is gone
    assert [text for text in said if not refused.search(text)] == []


def test_requests_arrive_in_the_three_columns(watch: Watch) -> None:
    """A request is listed as it arrives, with its details and the state now; an older one shows the state after it."""
    page, price = watch(), synthesis_price()
    created = page.client.post("/characters", json=ORDER).json()
    sync_api.expect(page.rows.last).to_contain_text("characters.create")
    sync_api.expect(page.step.locator("h2")).to_have_text("POST /v1/characters")
    sync_api.expect(page.state.locator("h2")).to_have_text("State now")
    page.client.get(f"/characters/{created['id']}")
    sync_api.expect(page.step.locator("h2")).to_have_text(f"GET /v1/characters/{created['id']}")
    sync_api.expect(page.state.locator(".spark strong")).to_have_text([f"{1000 - price:g}", f"{price:g}", "0"])

    page.rows.filter(has_text="characters.create").locator("a").click()
    sync_api.expect(page.step).to_contain_text('"generate": true'.replace('"', ""))
    sync_api.expect(page.state.locator("h2")).to_have_text("State after call 1")
    sync_api.expect(page.state.locator(".record.changed .badge")).to_have_text(["new"])
    assert page.state.get_by_role("button", name="Reset").count() == 0  # controls act on the present only
    page.client.get("/balance")
    sync_api.expect(page.rows.last).to_contain_text("balance")
    sync_api.expect(page.step.locator("h2")).to_have_text("POST /v1/characters")  # what is read does not move away
    page.tab.keyboard.press("End")
    sync_api.expect(page.step.locator("h2")).to_have_text("GET /v1/balance")
    page.click("Now")
    sync_api.expect(page.state.locator("h2")).to_have_text("State now")
    page.tab.keyboard.press("/")
    page.tab.keyboard.type("characters.create")
    sync_api.expect(page.rows).to_have_count(1)
    page.tab.keyboard.press("Escape")
    page.click("Follow")
    page.client.get("/team")
    sync_api.expect(page.step.locator("h2")).to_have_text("GET /v1/team")


def test_a_call_is_compared_and_copied_as_in_a_trace(watch: Watch) -> None:
    """It shows what differs from the previous call of its operation, its rules, and copies of it."""
    page = watch()
    character = page.aurous.characters.add("Aurora", status="synthesizing", script="synthesizing*2 -> reviewing")
    for _ in range(3):
        page.client.get(f"/characters/{character.id}")

    differs = page.step.locator(".since").last
    sync_api.expect(differs).to_contain_text('status "synthesizing" → "reviewing"')
    page.click("curl", page.step.get_by_role("group", name="Copy this call"))
    assert page.copied("call as curl").startswith("curl -X GET")
    sync_api.expect(page.step).to_contain_text("Rules of this endpoint")
    page.click("As a test")
    assert f'id="{character.id}"' in page.copied("call as a test")


def test_pause_and_clear(watch: Watch) -> None:
    """A paused page counts what arrives, and shows it afterwards; a cleared one leaves the fake as it is."""
    page = watch()
    page.client.get("/balance")
    sync_api.expect(page.rows).to_have_count(2)
    page.click("Pause")
    for _ in range(3):
        page.client.get("/team")
    page.tab.get_by_role("button", name="Pause (3 new)").click()
    sync_api.expect(page.rows).to_have_count(5)
    page.click("Clear")
    sync_api.expect(page.rows).to_have_count(1)
    sync_api.expect(page.tab.locator(".missing")).to_contain_text("Cleared here; the fake stays as it is.")
    page.client.get("/styles")
    sync_api.expect(page.rows).to_have_count(2)
    assert len(page.aurous.calls) == 5
    page.click("Show again")
    sync_api.expect(page.rows).to_have_count(6)
    page.aurous.faults.status("characters.list", 503)
    page.client.get("/balance")
    page.click("Clear")
    page.click("Remove", page.state)
    sync_api.expect(page.rows.last).to_contain_text("fault removed: status 503 on characters.list")


def test_a_record_is_controlled_where_it_is_shown(watch: Watch) -> None:
    """Finish, fail, delete, and the way back; what another client has deleted is refused in words."""
    page = watch()
    character = page.aurous.characters.add("Aurora", status="synthesizing", script="synthesizing*9 -> reviewing")
    page.client.get("/balance")
    page.click("Finish", page.record("Aurora"))
    sync_api.expect(page.state.locator(".record .state").first).to_contain_text("reviewing")
    action = page.tab.get_by_role("complementary", name="Last action")
    sync_api.expect(action).to_contain_text("finish()")
    page.click("curl", action)
    assert f'/__aurous__/character.finish --json \'{{"id": "{character.id}"}}\'' in page.copied("curl")
    page.click("Python", action)
    assert page.copied("line of Python") == f'aurous.characters["{character.id}"].finish()'

    page.click("Delete", page.record("Aurora"))
    sync_api.expect(action).to_contain_text("delete()")
    assert character.status == "deleted"
    page.click("Undo", action)
    sync_api.expect(action).to_contain_text("restore(")
    assert page.aurous.characters[character.id].status == "reviewing"

    other = page.aurous.characters.add("Selene", status="synthesizing", script="synthesizing*9 -> reviewing")
    page.client.get("/balance")
    record = page.record("Selene")
    page.click("Fail…", record)
    record.get_by_label("error").fill("generation_failed")
    page.aurous.reset()  # the page has not heard of it
    page.click("Fail", record)
    sync_api.expect(action).to_contain_text("Refused.")
    sync_api.expect(action).to_contain_text(other.id)


def test_the_next_request_breaks(watch: Watch) -> None:
    """A button of a request adds a fault to its operation; the list of faults counts it, and removes others."""
    page = watch()
    page.client.get("/balance")
    sync_api.expect(page.rows).to_have_count(2)
    page.click("Break the next one like this…")
    page.click("Break it")
    faults = page.state.locator(".facts-list li", has_text="balance")
    sync_api.expect(faults).to_contain_text("0 of 1 met")
    assert page.client.get("/balance").status_code == 503
    sync_api.expect(faults).to_contain_text("1 of 1 met")
    assert page.client.get("/balance").status_code == 200
    page.click("Add a fault…")
    opened = page.state.locator(".opened")
    opened.get_by_label("kind").first.select_option("faults.disconnect")
    opened.get_by_label("operation").fill("characters.list")
    page.click("Add", opened)
    sync_api.expect(page.state.locator(".facts-list li", has_text="disconnect")).to_have_count(1)
    page.click("Remove", page.state.locator(".facts-list li", has_text="disconnect"))
    sync_api.expect(page.state.locator(".facts-list li", has_text="disconnect")).to_have_count(0)


def test_a_request_is_sent_again_edited(watch: Watch) -> None:
    """With another body and the key that it had, which the page never shows."""
    page = watch()
    page.client.post("/characters", json=ORDER)
    page.click("Send again…")
    form = page.tab.get_by_role("form", name="Send again")
    body = form.get_by_label("body")
    body.fill(body.input_value().replace("Aurora", "Selene"))
    page.click("Send", form)
    sync_api.expect(page.step.locator(".call-head")).to_contain_text("call 2")
    assert [one.name for one in page.aurous.characters] == ["Aurora", "Selene"]
    assert str(page.aurous.api_key) not in page.tab.content()


def test_the_world_is_controlled(watch: Watch) -> None:
    """Clock, credits, webhooks, buckets, keys and teams; each action is a step of the list."""
    page = watch()
    state, action = page.state, page.tab.get_by_role("complementary", name="Last action")
    before = page.aurous.clock.now()
    page.click("+1 h", state)
    sync_api.expect(page.rows.last).to_contain_text("aurous.clock.advance(seconds=3600)")
    assert (page.aurous.clock.now() - before).total_seconds() >= 3600
    page.click("Freeze", state)
    sync_api.expect(state.locator(".clock")).to_contain_text("frozen")
    assert page.aurous.clock.frozen
    page.click("Run", state)
    sync_api.expect(state.locator(".clock")).to_contain_text("runs in real time")

    page.click("Set credits…", state)
    state.get_by_label("credits").fill("3")
    page.click("Set credits", state.locator(".opened"))
    sync_api.expect(state.locator(".spark strong").first).to_have_text("3")
    assert page.aurous.team.available_credits == 3

    page.aurous.webhooks.deliver_to(lambda _: 200)
    page.aurous.images.add()
    page.client.get("/balance")
    sync_api.expect(state).to_contain_text("1 pending")
    page.click("Deliver what is due", state)
    sync_api.expect(state).to_contain_text("0 pending")

    state.locator("summary", has_text="Rate buckets").click()
    bucket = state.locator(".facts-list li", has_text="images_post")
    page.click("Empty", bucket)
    sync_api.expect(bucket.locator("meter")).to_have_attribute("value", "0")
    page.click("Refill", bucket)
    sync_api.expect(bucket.locator("meter")).to_have_attribute("value", "120")

    keys = state.locator(".section", has=page.tab.locator("summary", has_text="API keys"))
    page.click("Add key…", keys)
    page.click("Add key", keys.locator(".opened"))
    sync_api.expect(keys.locator("li")).to_have_count(2)
    page.click("Revoke", keys.locator("li").last)
    sync_api.expect(keys.locator("li").last).to_contain_text("ended")
    sync_api.expect(action).to_contain_text("revoke()")
    assert [key.ended for key in page.aurous.team.keys] == [False, True]

    rivals = page.aurous.teams.add("Rivals")
    page.aurous.video_loras.add("Slow")
    page.client.get("/balance")
    sync_api.expect(keys.locator("li")).to_have_count(3)
    page.click("Revoke", keys.locator("li").last)
    sync_api.expect(keys.locator("li").last).to_contain_text("ended")
    assert [key.ended for key in rivals.keys] == [True]
    for title in ("Video loras 1", "Teams 2"):
        sync_api.expect(state.locator(".section > summary", has_text=re.compile(f"^{title}"))).to_have_count(1)


def test_snapshots_and_reset(watch: Watch) -> None:
    """Taken, restored, exported and imported; a reset from the page can be undone."""
    page = watch()
    page.aurous.characters.add("Aurora")
    action = page.tab.get_by_role("complementary", name="Last action")
    section = page.state.locator(".section", has=page.tab.locator("summary", has_text="Snapshots"))
    page.click("Take…", section)
    section.get_by_label("name").fill("with Aurora")
    page.click("Take", section.locator(".opened"))
    sync_api.expect(section.locator("li")).to_contain_text(["with Aurora"])
    with page.tab.expect_download() as saved:
        page.click("Export the state", section)
    page.click("Reset")
    sync_api.expect(section.locator("li")).to_contain_text(["automatic", "with Aurora"])
    assert len(page.aurous.characters) == 0
    page.click("Undo")
    sync_api.expect(action).to_contain_text("restore")
    assert [one.name for one in page.aurous.characters] == ["Aurora"]
    page.aurous.reset()
    section.get_by_label("Import").set_input_files(saved.value.path())
    sync_api.expect(action).to_contain_text("import_")
    assert [one.name for one in page.aurous.characters] == ["Aurora"]
    page.click("Restore", section.locator("li", has_text="with Aurora"))
    sync_api.expect(action).to_contain_text("with Aurora")


def test_a_session_is_copied_as_a_test(watch: Watch, pytester: pytest.Pytester) -> None:
    """What was clicked and requested is one test, which passes."""
    page = watch()
    page.client.post("/characters", json=ORDER)
    page.click("Break the next one like this…")
    page.click("Break it")
    page.tab.get_by_role("complementary", name="Last action").wait_for()
    assert page.client.post("/characters", json=ORDER).status_code == 503

    page.click("Session as a test")
    shown = page.tab.get_by_role("dialog", name="The session as a test")
    sync_api.expect(shown.locator("pre")).to_contain_text("aurous.faults.status(")
    shown.get_by_label("from call").fill("2")
    shown.get_by_label("name").fill("a lost order")
    sync_api.expect(shown.locator("pre")).to_contain_text("def test_a_lost_order")
    sync_api.expect(shown.locator("pre")).to_contain_text("nothing is asserted about them")
    sync_api.expect(shown.locator("pre")).to_contain_text("def test_a_lost_order")
    for wrong in ("abc", "99"):
        shown.get_by_label("from call").fill(wrong)
        sync_api.expect(shown.locator("pre")).to_have_text(f"There is no call {wrong} in the list.")
        assert shown.get_by_role("button", name="Copy").count() == 0
    shown.get_by_label("from call").fill("")
    sync_api.expect(shown.locator("pre")).not_to_contain_text("nothing is asserted about them")
    page.click("Copy", shown)
    copied = page.copied("session as a test")
    page.click("Close", shown)

    assert "aurous.faults.status(" in copied
    pytester.makepyfile(copied)
    pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_hostile_text_stays_text(watch: Watch) -> None:
    """In names, paths, headers, bodies and snapshots: no element is made of it, and no script runs."""
    page = watch()
    page.aurous.characters.add(HOSTILE)
    page.aurous.snapshot(HOSTILE)
    page.client.post("/characters", json={**ORDER, "name": HOSTILE}, headers={"X-Note": "<b>note</b>"})
    page.client.get("/%3Cb%3E", params={"q": "<b>"})
    sync_api.expect(page.rows.last).to_contain_text("/v1/")
    sync_api.expect(page.state).to_contain_text("</script><b>\\u202eevil")
    page.rows.filter(has_text="characters.create").locator("a").click()
    sync_api.expect(page.step).to_contain_text("</script><b>\\u202eevil")

    assert page.tab.locator("b, #app img[src=x], [onerror]").count() == 0
    assert "\u202e" not in page.tab.locator("#app").inner_text()


def test_names_that_each_object_inherits_are_ids(watch: Watch) -> None:
    """A model called `constructor`, there from the start, added while the page is open, and deleted by a reset."""
    page = watch(aurous=Aurous(seed=3, strict="off", pitfalls="off"))
    sync_api.expect(page.tab.get_by_role("heading", name="State now")).to_be_visible()
    for name in ("constructor", "__proto__"):
        page.server._asgi.control.do("models.add", {"id": name})
        sync_api.expect(page.state.locator(".id", has_text=name)).to_be_visible()
    page.client.get("/models")
    sync_api.expect(page.step.locator("h2")).to_have_text("GET /v1/models")
    page.tab.reload()
    sync_api.expect(page.state.locator(".id", has_text="constructor")).to_be_visible()
    page.server._asgi.control.do("reset", {})
    sync_api.expect(page.state.locator(".id", has_text="constructor")).to_have_count(0)


def test_a_page_of_another_origin_cannot_act(watch: Watch, browser: Any) -> None:
    """Neither with JSON, nor with a form's types, nor with an image; and it reads nothing."""
    page = watch()
    page.aurous.characters.add("Aurora")

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 - named so in the base

    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as elsewhere:
        threading.Thread(target=elsewhere.serve_forever, daemon=True).start()
        context = browser.new_context()
        tab = context.new_page()
        tab.goto(f"http://127.0.0.1:{elsewhere.server_port}/")
        home = f"{page.server.url}/__aurous__"
        tried = tab.evaluate(
            """async (home) => {
              const json = { "Content-Type": "application/json" };
              const tries = [
                fetch(`${home}/reset`, { method: "POST" }),
                fetch(`${home}/reset`, { method: "POST", body: "{}", headers: json }),
                fetch(`${home}/reset`, { method: "POST", body: "{}", mode: "no-cors" }),
                fetch(`${home}/send`, { method: "POST", body: '{"method": "GET", "path": "/v1/team"}', headers: json }),
                fetch(`${home}/state`), fetch(`${home}/trace`), fetch(`${home}/events`),
              ];
              const read = async (one) => (await one).text();
              return (await Promise.allSettled(tries.map(read))).map((one) => one.value ?? "failed");
            }""",
            home,
        )
        framed = tab.evaluate(
            """(home) => new Promise((done) => {
              const frame = Object.assign(document.createElement("iframe"), { src: `${home}/` });
              frame.onload = () => done(frame.contentDocument ? "drawn" : "refused");
              document.body.append(frame);
            })""",
            home,
        )
        context.close()
        elsewhere.shutdown()

    assert [one for one in tried if one not in {"failed", ""}] == []
    assert framed == "refused"
    assert [one.name for one in page.aurous.characters] == ["Aurora"]
    assert len(page.aurous.calls) == 0


def test_the_state_has_no_secret_of_a_header(watch: Watch) -> None:
    """What a client sent as a token is redacted also where the state or a later response has it."""
    page = watch()
    token = "hush-12345678901234567890"
    page.client.post("/images", json={"prompt": token}, headers={"X-Auth-Token": token})
    page.client.get("/images")
    sync_api.expect(page.step.locator("h2")).to_have_text("GET /v1/images")
    sync_api.expect(page.record("img_").locator("summary").first).to_contain_text("(redacted)")
    assert token not in page.tab.content()
    told = [page.client.get(f"{page.server.url}/__aurous__/{name}").text for name in ("trace", "present", "steps/2")]
    assert [token in one for one in told] == [False, False, False]


def test_the_page_asks_for_the_token(watch: Watch) -> None:
    """Where the server has one; a wrong one is refused in words."""
    page = watch(control_token="open-sesame")
    box = page.tab.get_by_label("token")
    box.fill("wrong")
    page.click("Watch")
    sync_api.expect(page.tab.get_by_role("alert")).to_contain_text("This is not the token of this server")
    box.fill("open-sesame")
    page.click("Watch")
    page.client.get("/balance")
    sync_api.expect(page.rows.last).to_contain_text("balance")


def test_what_was_dropped_is_said(watch: Watch) -> None:
    """A server that keeps few steps, and its page."""
    page = watch(keep=5)
    for number in range(8):
        page.client.get(f"/nothing/{number}")
    page.tab.reload()
    sync_api.expect(page.rows).to_have_count(6)
    sync_api.expect(page.tab.locator(".missing")).to_have_text("3 earlier steps dropped: the server keeps the last 5.")


def test_a_page_outlives_its_server(watch: Watch) -> None:
    """It says that it has lost it, and shows what the next server on the port knows, also one that began alike."""
    page = watch(aurous=Aurous(now="2026-05-08T10:00:00Z", strict="off"))
    page.client.get("/balance")
    sync_api.expect(page.rows.last).to_contain_text("balance")
    page.server.stop()
    status = page.tab.locator(".page-head .status")
    sync_api.expect(status).to_have_text("reconnecting")
    with Aurous(strict="off", now="2026-05-08T10:00:00Z") as other, AurousServer(other, port=page.server.port):
        sync_api.expect(status).to_have_text("live")
        sync_api.expect(page.rows).to_have_count(1)
        page.click("+1 h", page.state)
        page.click("+1 day", page.state)
        sync_api.expect(page.rows.last).to_contain_text("86400")
        sync_api.expect(page.rows).to_have_count(3)


def test_settings_are_shown_and_changed_by_a_reset(watch: Watch) -> None:
    """Those that differ from the defaults; a reset takes others. Armed faults stand at the head."""
    page = watch(aurous=Aurous(credits=7, strict="off"))
    page.aurous.faults.status("balance.retrieve", 503)
    page.client.get("/team")
    sync_api.expect(page.tab.locator(".page-head .facts")).to_contain_text("1 fault armed")
    section = page.state.locator(".section", has=page.tab.locator("summary", has_text="Settings"))
    sync_api.expect(section.locator("li").first).to_have_text("credits 7")
    page.click("Reset with…", section)
    section.get_by_label("settings").fill('{"credits": 3, "rate_limits": "enforce"}')
    page.click("Reset with", section.locator(".opened"))
    sync_api.expect(section.locator("li", has_text="rate_limits enforce")).to_have_count(1)
    assert page.client.get("/balance").json()["credits"] == 3
    sync_api.expect(page.tab.locator(".page-head .facts")).not_to_contain_text("armed")


def test_the_way_back_leads_to_the_step_before(watch: Watch) -> None:
    """The back button of the browser; the state of the past says where its controls are."""
    page = watch()
    for path in ("/balance", "/team", "/pricing"):
        page.client.get(path)
    sync_api.expect(page.rows).to_have_count(4)
    for number in (1, 2):
        page.rows.nth(number).locator("a").click()
    sync_api.expect(page.step.locator("h2")).to_have_text("GET /v1/team")
    sync_api.expect(page.state).to_contain_text("To change the fake, choose Now.")
    page.tab.go_back()
    sync_api.expect(page.step.locator("h2")).to_have_text("GET /v1/balance")
    page.tab.go_back()
    sync_api.expect(page.step.locator("h2")).to_have_text("GET /v1/pricing")
    assert page.tab.evaluate("nameOf({kind: 'call', number: 8}, {data: {live: true}, calls: []})").startswith("call 8,")


def test_a_tab_that_nobody_sees_has_no_connection(watch: Watch) -> None:
    """A browser opens six connections to a server: others of its tabs need them. What came meanwhile is shown."""
    page = watch()
    streams = page.server._asgi._hub._streams
    page.client.get("/balance")
    sync_api.expect(page.rows).to_have_count(2)
    look = "hidden => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
    look += " document.dispatchEvent(new Event('visibilitychange')); }"
    page.tab.evaluate(look, True)  # noqa: FBT003 - it is sent to the page
    until = time.monotonic() + 60
    while any(streams.values()):
        assert time.monotonic() < until, streams
        time.sleep(0.02)
    page.client.get("/team")
    assert page.rows.count() == 2
    page.tab.evaluate(look, False)  # noqa: FBT003 - it is sent to the page
    sync_api.expect(page.rows).to_have_count(3)


def test_more_tabs_than_connections_take_turns(watch: Watch) -> None:
    """A browser opens six connections to a server: a tab opens beside seven streams, too; each shows each call."""
    page = watch()
    page.client.get("/balance")
    page.tab.evaluate("""() => {
      window.told = Array(6).fill(0);
      told.forEach((_, number) => new EventSource("/__aurous__/events?after=0").addEventListener(
        "steps", (event) => { told[number] = JSON.parse(event.data).last; }));
    }""")
    with closing(page.tab.context.new_page()) as other:
        other.goto(page.tab.url)
        sync_api.expect(other.locator(".calls li")).to_have_count(2)
        page.client.get("/team")
        for tab in (page.tab, other):
            sync_api.expect(tab.locator(".calls li")).to_have_count(3)
            sync_api.expect(tab.locator(".page-head .status")).to_have_text("live")
        page.tab.wait_for_function("last => told.every((one) => one === last)", arg=page.server._asgi.control.tape.last)


def test_a_page_that_stays_open_forgets(watch: Watch) -> None:
    """Of more steps than it can show, it keeps the last, each with its place in the list."""
    kept = watch().tab.evaluate(
        """() => {
          const start = { records: {}, money: { team_1: { credits: 9, held: 0, available: 9 } }, buckets: {}, keys: {},
            faults: {}, scripts: {}, deliveries: {} };
          let model = modelOf({ live: true, began: 0, start, steps: [], machines: {} });
          for (let seq = 1; seq <= 25000; seq++) {
            const path = `/v1/images/img_${seq}`;
            const call = { kind: "call", brief: true, method: "GET", path, query: "", operation: "images.retrieve" };
            const rest = { seq, number: seq, at: seq, arrived: seq, status: 200, pitfalls: [], quiet: true, body: 1 };
            model = grown(model, [{ ...call, ...rest, money: {} }]);
          }
          const { steps, calls, byId, latest, money } = model;
          return [steps.length, calls.length, byId.size, Object.keys(latest).length, money.team_1.length,
            steps[1].seq, steps.at(-1).seq];
        }"""
    )

    *sizes, first, last = kept
    assert max(sizes) <= 11_002
    assert (last, last - first + 1) == (25_000, sizes[1])


def test_thousands_of_requests_are_smooth(watch: Watch) -> None:
    """With 2,000 in the list only what is seen is drawn, and a hundred new ones are little work."""
    page = watch()
    paths = ("/balance", "/team", "/nothing")
    app = page.aurous.client()
    for number in range(2000):
        app.get(paths[number % 3])
    page.tab.reload()
    sync_api.expect(page.tab.locator(".page-head .facts")).to_contain_text("2,000 calls")
    assert page.rows.count() < 80
    session = page.tab.context.new_cdp_session(page.tab)
    session.send("Performance.enable")

    def worked() -> float:
        """Return the seconds that the page has worked."""
        metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
        return float(metrics["ScriptDuration"] + metrics["LayoutDuration"] + metrics["RecalcStyleDuration"])

    before = worked()
    for number in range(100):
        app.get(paths[number % 3])
    sync_api.expect(page.tab.locator(".page-head .facts")).to_contain_text("2,100 calls")
    assert worked() - before < 2


@pytest.mark.parametrize(("size", "theme"), [("wide", "light"), ("narrow", "light"), ("wide", "dark")])
def test_axe_finds_nothing(watch: Watch, size: str, theme: str) -> None:
    """axe-core finds nothing in any size and theme, with forms open; nothing is wider than the screen."""
    options = axe_options(size, theme)
    page = watch(size, theme)
    page.aurous.webhook_endpoints.add("http://127.0.0.1:9/hook")
    page.client.post("/characters", json=ORDER)
    page.aurous.faults.status("images.create", 503)
    page.client.get("/balance")
    panes = page.tab.locator("nav.panes button")
    page.client.post("/chat/completions", json={**CHAT, "stream": True})
    page.rows.nth(4).wait_for(state="attached")
    page.click("Session as a test")
    sync_api.expect(page.tab.locator("dialog[open] pre")).to_contain_text("def test_copied")
    found = axe_of.Axe().run(page.tab, options=options).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    page.tab.keyboard.press("Escape")
    for number in range(3 if size == "narrow" else 1):
        if size == "narrow":
            panes.nth(number).click()
        page.tab.wait_for_timeout(200)
        page.tab.evaluate("document.querySelectorAll('details').forEach((it) => { it.open = true; })")
        page.tab.evaluate("document.querySelectorAll('.opens[aria-expanded=false]').forEach((it) => it.click())")
        found = axe_of.Axe().run(page.tab, options=options).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
        assert page.tab.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]


def test_a_stream_ends_where_one_looks(watch: Watch) -> None:
    """Its words show while it speaks; its end shows the completion and its price, without another request."""
    page = watch()
    page.aurous.chat.reply("Her hair is as red as the evening over the bay", delay=0.3)
    spent = page.state.locator(".spark.spent strong")
    words = page.step.locator(".message").last
    with page.client.stream("POST", "/chat/completions", json={**CHAT, "stream": True}) as response:
        lines = response.iter_lines()
        while "Her hair is" not in next(lines):
            pass
        sync_api.expect(words).to_contain_text("Her hair is")
        sync_api.expect(page.step.locator(".message.user")).to_contain_text("What color is her hair?")
        sync_api.expect(page.step).to_contain_text("speaks…")
        for _ in lines:
            pass
    sync_api.expect(words).to_contain_text("Her hair is as red as the evening over the bay")
    sync_api.expect(page.step).to_contain_text("finish reason stop")
    sync_api.expect(page.rows.last).to_contain_text("complete")
    usage = page.aurous.chat.completions.last.usage
    assert usage is not None
    price = str(usage["credits_charged"])
    sync_api.expect(page.tab.locator(".page-head .facts")).to_contain_text(f"{price} credits spent")
    sync_api.expect(page.step.locator(".section", has_text="Conversation")).to_contain_text(f"{price} credits")
    sync_api.expect(spent).to_have_text(price)
    completion = page.record("cmp_")
    sync_api.expect(completion.locator(".state").first).to_contain_text("completed")
    sync_api.expect(page.rows).to_have_count(4)  # the start, the reply, the request, and its parts
    page.rows.last.locator("a").click()
    sync_api.expect(page.state.locator("h2")).to_have_text("State after this step")
    sync_api.expect(page.state.locator(".record.changed .state").first).to_contain_text("completed")
    sync_api.expect(spent).to_have_text(price)
    events = page.step.locator("details.section", has=page.tab.locator("summary", has_text="Events"))
    sync_api.expect(events.locator("li").first).to_be_hidden()
    events.locator("summary").first.click()
    sync_api.expect(events.locator("li").last).to_have_text("data: [DONE]")


def test_rows_do_not_lie_on_each_other(watch: Watch) -> None:
    """The parts of a stream are a row, which ends where the next one begins."""
    page = watch()
    page.aurous.chat.reply("It is as red as the evening", delay=0.1)
    page.client.post("/chat/completions", json={**CHAT, "stream": True})
    page.client.get("/nothing")
    sync_api.expect(page.rows.last).to_contain_text("nothing")
    sync_api.expect(page.rows.locator(".fold")).to_contain_text("parts in")
    rows = page.rows.evaluate_all("rows => rows.map((row) => row.getBoundingClientRect().toJSON())")
    for row, following in pairwise(rows):
        assert row["bottom"] <= following["top"]
    within = page.rows.evaluate_all("""rows => rows.map((row) => Math.max(
        ...[...row.querySelectorAll("*")].map((one) => one.getBoundingClientRect().bottom)))""")
    assert all(end <= row["bottom"] + 0.5 for end, row in zip(within, rows, strict=True))


def test_a_chat_is_a_conversation(watch: Watch) -> None:
    """Its messages, its tool calls with their arguments, and what it has cost; also while it is streamed."""
    page = watch()
    asked = [
        *CHAT["messages"],
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"at": "hair"}'}}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "It is red."},
    ]  # fmt: skip
    tools = [{"type": "function", "function": {"name": "paint", "parameters": {"type": "object"}}}]
    for stream in (False, True):
        page.aurous.chat.reply(tool_calls=[("paint", {"color": "red"})])
        page.client.post("/chat/completions", json={**CHAT, "messages": asked, "tools": tools, "stream": stream})
        messages = page.step.locator(".message")
        sync_api.expect(messages).to_have_count(4)
        sync_api.expect(messages.nth(1)).to_contain_text('at: "hair"')
        sync_api.expect(messages.nth(2)).to_contain_text("It is red.")
        sync_api.expect(messages.last).to_contain_text('color: "red"')
        sync_api.expect(page.step).to_contain_text("finish reason tool_calls")
    page.client.post("/chat/completions", json={**CHAT, "messages": [{"role": [], "tool_calls": "x"}, 3, None]})
    sync_api.expect(page.step.locator(".status").first).to_have_text("400")


def test_an_unmatched_request_has_its_nearest_endpoint(watch: Watch) -> None:
    """On the page as in the terminal."""
    page = watch()
    page.client.get("/charakters")
    notice = page.step.locator(".notice.unmatched")
    sync_api.expect(notice).to_contain_text("nearest: characters.list, GET /v1/characters;")
    sync_api.expect(page.step).not_to_contain_text("timeout")  # a server does not know how long its client waits


def test_each_kind_of_record_can_be_added(watch: Watch) -> None:
    """Also those of which some are there from the start: teams, models and styles."""
    page = watch()
    adds = page.state.locator(".section", has=page.tab.locator("summary", has_text="Add a record"))
    adds.locator("summary").click()
    records = {"team": "Second", "model": "constructor", "lora": "Watercolor", "video lora": "Slow pan"}
    for name, record in records.items():
        page.click(f"Add {name}…", adds)
        form = adds.locator(".opened")
        form.get_by_label("id" if name == "model" else "name", exact=False).first.fill(record)
        page.click(f"Add {name}", form)
        sync_api.expect(form).to_have_count(0)
        shown = page.state.locator(".record summary").get_by_text(record, exact=True).first
        sync_api.expect(shown).to_be_attached()
    assert [one.name for one in page.aurous.teams][1:] == ["Second"]


def test_the_next_response_is_written(watch: Watch) -> None:
    """With the body of this one, edited; of a stream, with what the model says."""
    page = watch()
    page.client.get("/balance")
    page.click("Respond to the next one like this with…")
    body = page.step.get_by_role("form").get_by_label("body")
    body.fill(body.input_value().replace("1000", "12345678901234567890"))
    page.click("Respond with it")
    action = page.tab.get_by_role("complementary", name="Last action")
    sync_api.expect(action).to_contain_text("faults.body(")
    assert "12345678901234567890" in page.client.get("/balance").text
    assert "12345678901234567890" not in page.client.get("/balance").text
    page.client.post("/chat/completions", json={**CHAT, "stream": True})
    sync_api.expect(page.rows.last).to_contain_text("complete")
    page.rows.last.locator("a").click()
    sync_api.expect(page.step).to_contain_text("finish reason stop")
    page.click("Respond to the next one like this with…")
    page.step.get_by_role("form").get_by_label("text").fill("Blue.")
    page.click("Respond with it")
    sync_api.expect(action).to_contain_text("chat.reply(")
    assert "Blue." in page.client.post("/chat/completions", json={**CHAT, "stream": True}).text


def test_the_next_response_keeps_what_this_one_was(watch: Watch) -> None:
    """The status and the code of an error, the tool calls of a chat; JSON is on several lines."""
    page = watch()
    action = page.tab.get_by_role("complementary", name="Last action")
    opening = page.tab.get_by_role("button", name="Respond to the next one like this with…")
    page.client.get("/team", headers={"X-API-Key": "no"})
    sync_api.expect(page.step.locator(".status").first).to_have_text("401")
    opening.click()
    page.click("Respond with it")
    sync_api.expect(action).to_contain_text("faults.status(")
    refused = page.client.get("/team")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")

    page.click("Follow")
    page.client.get("/balance")
    sync_api.expect(page.step.locator("h2")).to_have_text("GET /v1/balance")
    opening.click()
    assert "\n  " in page.step.get_by_role("form").get_by_label("body").input_value()

    page.aurous.chat.reply(tool_calls=[("paint", {"color": "red", "number": 12345678901234567890})])
    tools = [{"type": "function", "function": {"name": "paint", "parameters": {"type": "object"}}}]
    chat = {**CHAT, "tools": tools, "stream": True}
    page.click("Follow")
    page.client.post("/chat/completions", json=chat)
    sync_api.expect(page.step).to_contain_text("finish reason tool_calls")
    opening.click()
    called = page.step.get_by_role("form").get_by_label("tool calls")
    called.fill(called.input_value().replace("red", "blue"))
    page.click("Respond with it")
    sync_api.expect(action).to_contain_text("chat.reply(")
    sync_api.expect(page.rows.filter(has_text="aurous.chat.reply(tool_calls=")).to_be_visible()
    page.client.post("/chat/completions", json=chat)
    said = page.aurous.chat.completions.last.tool_calls
    assert [tuple(one) for one in said] == [("paint", {"color": "blue", "number": 12345678901234567890})]


def test_a_form_stays_while_requests_arrive(watch: Watch) -> None:
    """Also where it is opened while the page loads the newest request."""
    page, loads = watch(), "**/__aurous__/steps/*"
    page.client.get("/balance")
    sync_api.expect(page.step.locator("h2")).to_have_text("GET /v1/balance")
    held: list[Any] = []
    opened: list[bool] = []
    page.tab.route(loads, lambda route: route.continue_() if opened else held.append(route))
    with page.tab.expect_request(loads, timeout=60_000):
        for _ in range(3):
            page.client.get("/team")
    sync_api.expect(page.rows.last).to_contain_text("team.retrieve")
    page.click("Respond to the next one like this with…")
    opened.append(True)
    for route in held:
        route.continue_()
    page.tab.wait_for_timeout(1500)
    sync_api.expect(page.step.get_by_role("form")).to_be_visible()


def test_what_is_not_kept_is_not_responded_with(watch: Watch) -> None:
    """A picture, a body that is not kept, and one with a secret, which the page does not know."""
    page = watch()
    opening = page.tab.get_by_role("button", name="Respond to the next one like this with…")
    image = page.aurous.images.add(status="succeeded")
    for _ in range(100):
        page.aurous.characters.add("X" * 110)
    endpoint = {"url": "https://shop.example/hook", "events": ["image.completed"]}
    page.client.get("/balance")
    sync_api.expect(opening).to_be_visible()
    assert page.client.post("/webhook_endpoints", json=endpoint).status_code == 201
    sync_api.expect(page.step.locator("h2")).to_have_text("POST /v1/webhook_endpoints")
    sync_api.expect(opening).to_have_count(0)
    page.client.get("/balance")
    sync_api.expect(opening).to_be_visible()
    assert len(page.client.get("/characters", params={"limit": 100}).content) > 65_536
    sync_api.expect(page.step.locator("h2")).to_contain_text("/v1/characters")
    sync_api.expect(opening).to_have_count(0)
    page.client.get("/balance")
    sync_api.expect(opening).to_be_visible()
    page.client.get(str(image.output_urls[0]).replace("https://api.aurous-labs.com", page.server.url))
    sync_api.expect(page.step.locator("img.picture")).to_be_visible()
    sync_api.expect(opening).to_have_count(0)


def test_an_empty_page_helps(watch: Watch) -> None:
    """With what a client needs, to be copied, and with a first request, which it shows."""
    page = watch()
    page.click("AUROUS_BASE_URL")
    assert page.copied("AUROUS_BASE_URL") == f"export AUROUS_BASE_URL={page.server.url}"
    page.click("AUROUS_API_KEY")
    assert page.copied("AUROUS_API_KEY") == f"export AUROUS_API_KEY={page.aurous.api_key}"
    page.click("curl")
    url, sent = page.copied("curl").removeprefix("curl ").split(" -H ")
    page.click("Create a character")
    sync_api.expect(page.step.locator("h2")).to_have_text("POST /v1/characters")
    name, key = sent.strip('"').split(": ")
    assert httpx.get(url, headers={name: key}, trust_env=False).status_code == 200
    assert [one.name for one in page.aurous.characters] == ["Aurora"]


def test_a_search_looks_into_bodies(watch: Watch) -> None:
    """Of requests and responses, and finds a request by its keys."""
    page = watch()
    page.client.post("/characters", json=ORDER, headers={"Idempotency-Key": "order-7"})
    page.client.post("/characters", json={**ORDER, "name": "Selene"})
    page.client.get("/balance")
    page.client.post("/images", json={"prompt": 'a portrait of hair, "quoted", in C:\\dir'})
    sync_api.expect(page.rows).to_have_count(5)
    search = page.tab.get_by_role("searchbox")
    key = str(page.aurous.api_key)
    for text, found in (
        *(("selene", 1), ("order-7 201", 1), ("constructor", 0), ("available_credits", 1), ("  ", 5)),
        *(("a portrait of hair", 1), ("of hair", 1), ("of selene", 1), ("of nobody", 0), ("error", 3)),
        *(('"quoted"', 1), ("C:\\dir", 1), (key, 4), (key[:20], 4)),
    ):
        search.fill(text)
        sync_api.expect(page.rows).to_have_count(found)


def test_an_action_and_its_snapshot_are_one_row(watch: Watch) -> None:
    """What the page takes by itself before something is lost is no row of its own."""
    page = watch()
    page.aurous.characters.add("Aurora")
    record = page.record("Aurora")
    page.client.get("/balance")
    sync_api.expect(record.locator(".badge")).to_have_count(0)  # it is not new any more, so that no row closes it
    page.click("Delete", page.record("Aurora"))
    sync_api.expect(page.rows.last).to_contain_text("delete()")
    sync_api.expect(page.rows).to_have_count(4)
    sync_api.expect(page.tab.locator(".calls")).not_to_contain_text("snapshot(")


def test_a_refused_script_keeps_its_lines(watch: Watch) -> None:
    """As the terminal shows it, with a mark below the mistake; no request that arrives meanwhile closes its form."""
    page = watch()
    page.client.post("/characters", json=ORDER)
    record = page.record("Aurora")
    page.click("Script…", record)
    record.get_by_label("text").fill("synthesizing -> lost")
    page.client.get("/balance")
    sync_api.expect(record.locator(".badge")).to_have_count(0)  # it is not new any more
    page.click("Script", record.locator(".opened"))
    said = page.tab.get_by_role("complementary", name="Last action").locator("p")
    sync_api.expect(said).to_contain_text("Refused.")
    assert said.inner_text().count("\n") >= 2


def test_the_first_control_is_near(watch: Watch) -> None:
    """By keyboard: a link leads to the controls; in a long list only the selected row is a stop."""
    page = watch()
    for _ in range(12):
        page.client.get("/team")
        page.client.get("/nothing")
    sync_api.expect(page.rows).to_have_count(25)
    page.tab.keyboard.press("Tab")
    page.tab.keyboard.press("Tab")
    sync_api.expect(page.tab.locator(":focus")).to_have_text("Skip to the controls")
    page.tab.keyboard.press("Enter")
    sync_api.expect(page.tab.locator(":focus")).to_have_text("+10 s")
    assert page.tab.locator(".calls li :is(a, button):not([tabindex])").count() == 1


def test_what_was_made_is_seen_in_its_step(watch: Watch) -> None:
    """The picture, and the film, which the browser plays: it lasts as long as ordered, and has the color drawn."""
    page = watch()
    image, video = page.aurous.images.add(), page.aurous.videos.add(duration=5)
    page.client.get(f"/images/{image.id}/output/0")
    picture = page.step.get_by_role("img", name="Picture of")
    sync_api.expect(picture).to_have_js_property("naturalWidth", 256)
    page.client.get(f"/videos/{video.id}/output")
    film = page.step.get_by_label("Film of")
    sync_api.expect(film).to_have_js_property("duration", 5)
    look = """async (film) => {
      film.currentTime = 4.5;
      await new Promise((done) => film.addEventListener("seeked", done, { once: true }));
      const canvas = Object.assign(document.createElement("canvas"), { width: 192, height: 108 });
      canvas.getContext("2d").drawImage(film, 0, 0);
      return [...canvas.getContext("2d").getImageData(96, 80, 1, 1).data];
    }"""
    paper = drawn([], 192, 108, f"{video.json()['seed']}/{video.id}").palette[:3]
    assert film.evaluate(look)[:3] == pytest.approx(list(paper), abs=3)  # a film has other numbers for its colors


def test_chips_filter_the_list(watch: Watch) -> None:
    """By status, fault, operation and team, which is told by its name and its color; the state is that team's, too."""
    page = watch()
    rivals = page.aurous.teams.add("Rivals")
    page.client.get("/balance")
    page.client.get("/characters/4xx-is-no-id")
    page.aurous.faults.status("team.retrieve", 503)
    page.client.get("/team")
    for _ in range(2):
        page.client.get("/balance", headers={"X-API-Key": str(rivals.api_key)})
    calls = page.tab.locator(".call-row")
    sync_api.expect(calls).to_have_count(5)
    chips = page.tab.locator(".chips")
    for name, count in (("4xx", 1), ("5xx", 1), ("Faults", 1)):
        page.click(name, chips)
        sync_api.expect(calls).to_have_count(count)
        page.click(name, chips)
        sync_api.expect(calls).to_have_count(5)
    chips.get_by_label("Operation").select_option("balance.retrieve")
    sync_api.expect(calls).to_have_count(3)
    chips.get_by_label("Team").select_option("Rivals")
    sync_api.expect(calls).to_have_count(2)
    sync_api.expect(calls.locator(".team").first).to_have_text("Rivals")
    sync_api.expect(page.state.locator(".money")).to_have_count(1)
    chips.get_by_label("Operation").select_option("All operations")
    chips.get_by_label("Team").select_option("All teams")
    sync_api.expect(page.tab.get_by_label("Filter calls")).to_have_value("")
    sync_api.expect(page.state.locator(".money")).to_have_count(2)
    colors = calls.locator(".team i").evaluate_all("all => all.map((one) => getComputedStyle(one).backgroundColor)")
    assert len(set(colors)) == 2


def test_a_request_costs_what_it_costs_with_few_records(watch: Watch) -> None:
    """With 1,000 records, the page loads what a request has changed, not the state; the past has its own state."""
    with Aurous(seed=3, strict="off", pitfalls="off") as aurous:
        for number in range(1000):
            aurous.characters.add(f"Aurora {number}")
        page = watch(aurous=aurous)
        page.tab.get_by_role("button", name="Create a character").wait_for()  # all of it is loaded, once
        sizes: list[int] = []
        page.tab.on("response", lambda response: sizes.append(int(response.headers.get("content-length", 0))))
        page.client.post("/characters", json={**ORDER, "name": "Luna"})
        sync_api.expect(page.step.locator("h2")).to_have_text("POST /v1/characters")
        sync_api.expect(page.state.locator(".record", has_text="Luna")).to_have_count(1)
        page.client.get("/balance")
        sync_api.expect(page.step.locator("h2")).to_have_text("GET /v1/balance")
        assert sum(sizes) < 100_000
        page.click("Call 2", page.state)
        sync_api.expect(page.state.locator("h2")).to_have_text("State after call 2")
        sync_api.expect(page.state.locator(".section > summary", has_text="Characters 1001")).to_have_count(1)
        sync_api.expect(page.state.locator(".record", has_text="Luna")).to_have_count(1)
