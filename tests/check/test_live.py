"""`pytest-aurous check --live`: probes of an API over real sockets, which here is a twisted twin."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from io import StringIO
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from pytest_aurous import AurousError
from pytest_aurous._check.check import Checked, check_recordings
from pytest_aurous._check.live import probing
from pytest_aurous._check.live.probes import PROBES, chosen_probes
from pytest_aurous._check.live.probing import pause_after, run_probes, send
from pytest_aurous._core.wire.call import Call
from pytest_aurous._core.wire.exchange import Exchange
from pytest_aurous._core.wire.reply import Break, Reply
from tests.check.story import command, refuted, validated
from tests.check.twin import KEY, READER, Twin, at, body, error, header, same, serving, status, whole

pytest.importorskip("uvicorn", reason="needs the extra, server")

PATIENCE: Final = probing._PATIENCE


@pytest.fixture(scope="module")
def served() -> Iterator[Twin]:
    """A twin, served once for all tests of this module."""
    with serving() as twin:
        yield twin


@pytest.fixture
def twin(served: Twin, monkeypatch: pytest.MonkeyPatch) -> Twin:
    """The twin as it was at first, and the environment of somebody who has a key."""
    served.begin()
    prepare(monkeypatch)
    return served


def prepare(monkeypatch: pytest.MonkeyPatch, key: str = KEY) -> None:
    """Set the variables of somebody who has a key, and wait longer for a busy machine."""
    monkeypatch.setattr(probing, "_PATIENCE", 2 * PATIENCE)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("AUROUS_CHECK_KEY", key)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def probed(twin: Twin) -> Checked:
    return check_recordings([run_probes(twin.url, Path("live.har"), yes=True)])


def check(status: int, url: str, *arguments: object) -> str:
    """Probe an API by the command, which must exit with this status, and return what it prints."""
    return command(status, "--live", "--base-url", url, *arguments)


class TestPlainTwin:
    """The fake itself refutes nothing."""

    def test_with_full_access_each_probe_has_a_verdict(self, twin: Twin) -> None:
        """All rules that the probes ask about are as written; no record is new or changed, and no credit is gone."""

        def state() -> list[str]:
            kinds = (twin.aurous.characters, twin.aurous.images, twin.aurous.videos, twin.aurous.webhook_endpoints)
            return [repr(record) for kind in kinds for record in kind] + [str(twin.aurous.team.credits)]

        before = state()
        checked = probed(twin)

        words = {verdict.rule: verdict.word for verdict in checked.verdicts}
        assert (refuted(checked), checked.verdicts.uncovered) == ([], {})
        assert checked.verdicts.exchanges == len(PROBES)
        assert {words[rule] for probe in PROBES for rule in probe.rules.split()} == {"as written"}
        assert state() == before

    def test_with_a_read_key_it_goes_as_far_as_that_goes(
        self, twin: Twin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """Estimates are a 403, which refutes nothing, and says nothing of their rules."""
        prepare(monkeypatch, READER)
        out = tmp_path / "out.json"

        check(0, twin.url, "--yes", "--quiet", "--json", out)
        rules = validated(out)["rules"]
        assert (rules["img-9"]["verdict"], rules["auth-5"]["verdict"]) == ("not seen", "as written")

    def test_a_new_team_has_nothing_to_probe(self, twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
        """What no list shows is not asked for, and named."""
        prepare(monkeypatch, twin.aurous.teams.add(credits=5).api_key)

        out = check(0, twin.url, "--yes")
        assert "not asked for, as no list shows one: character, ready character, " in out
        assert "old image" in " ".join(out.split())

    def test_other_readings_are_found_and_agree(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """Under the readings of the twin nothing is refuted, also where its recording is checked again."""
        prepare(monkeypatch)
        out, recorded = tmp_path / "out.json", tmp_path / "live.har"
        found = {"ver-3": "prior_dates", "time-4": "24h", "err-4": "absent", "err-9": "accepted"}
        settings = {**found, "create-4": "ready", "err-6": "global"}
        chosen = [word for rule, reading in settings.items() for word in ("--readings", f"{rule}={reading}")]
        with serving(readings=settings) as twin:
            check(1, twin.url, "--yes", "--quiet", "--json", out, "--record", recorded)
            twin.begin()
            check(0, twin.url, "--yes", "--quiet", *chosen)
        assert validated(out)["readings"] == found
        command(0, recorded, "--quiet", *chosen)


class TestSendsOnlyReads:
    """Whatever the table of probes says, nothing but reads leaves."""

    def test_each_probe_is_a_get_or_an_estimate(self) -> None:
        others = {probe.line for probe in PROBES if not probe.line.startswith("GET /v1/")}
        assert others == {"POST /v1/images/estimate", "POST /v1/videos/estimate"}

    @pytest.mark.parametrize(
        "line",
        [
            "POST /v1/images",
            "POST /v1/images/estimate/x",
            "POST /v1/generations/estimate",
            "DELETE /v1/characters/x",
            "PUT /v1/images/estimate",
            "get /v1/team",
            "GET /__aurous__/reset",
            "GET https://elsewhere.example/v1/team",
            "GET //elsewhere.example/v1/team",
            "GET /v1/../control",
            "GET /v1/images/a%2fb",
            "GET /v1",
        ],
    )
    def test_any_other_request_is_refused(self, twin: Twin, line: str) -> None:
        """Before anything is sent."""
        with pytest.raises(AurousError, match="does not send"):
            send(twin.url, KEY, line, {})
        assert twin.calls == []

    def test_ids_of_another_shape_go_nowhere(self, twin: Twin) -> None:
        """What a response shows gets into a path only as a plain word."""
        twin.change = at("video_loras.list", body(lambda rows: [row.update(id="../../x") for row in rows]))

        assert "no list shows one: video style" in check(0, twin.url, "--yes")


class TestBeforeSending:
    """Who may start it, and what is shown."""

    def test_a_dry_run_sends_nothing_and_needs_no_key(self, twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
        """It shows each request, with the rules that it asks about."""
        monkeypatch.delenv("AUROUS_CHECK_KEY")
        monkeypatch.setenv("CI", "true")

        out = check(0, twin.url, "--dry-run")
        assert twin.calls == []
        assert f"Each request goes to {twin.url} with the headers" in out
        assert all(probe.line.split()[1] in out for probe in PROBES)
        assert " 5  ver-2                  GET  /v1/team\n            Aurous-Version: 2026-05-15\n" in out
        assert max(map(len, out.splitlines())) <= 100

    def test_ci_needs_a_yes(self, twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
        """A pipeline does not probe by accident."""
        monkeypatch.setenv("CI", "true")

        assert "where the variable CI is set, unless you pass --yes" in check(2, twin.url)
        assert twin.calls == []
        check(0, twin.url, "--yes", "--max", "2")

    @pytest.mark.parametrize(
        ("key", "message"),
        [
            ("", "needs a key of the real API"),
            ("two words, no key", "characters that a header cannot carry"),
            ("tiny", "is too short"),
        ],
    )
    def test_no_other_key_will_do(self, twin: Twin, monkeypatch: pytest.MonkeyPatch, key: str, message: str) -> None:
        """`AUROUS_API_KEY` is never used, and the message does not show the value."""
        monkeypatch.setenv("AUROUS_CHECK_KEY", key)
        monkeypatch.setenv("AUROUS_API_KEY", KEY)

        out = check(2, twin.url, "--yes")
        assert twin.calls == []
        assert message in out
        assert not key or key not in out

    @pytest.mark.parametrize(("answer", "sent"), [("y\n", 3), ("n\n", 1), ("", 1)])
    def test_at_a_terminal_it_shows_the_team_and_asks(
        self, twin: Twin, monkeypatch: pytest.MonkeyPatch, answer: str, sent: int
    ) -> None:
        """Only a yes goes on; --yes does not ask."""

        class Terminal(StringIO):
            def isatty(self) -> bool:
                return True

        monkeypatch.setattr("sys.stdin", Terminal(answer))
        out = check(0 if sent > 1 else 2, twin.url, "--max", "3")
        assert len(twin.calls) == sent
        assert twin.calls[0][:2] == ("GET", "/v1/team")
        assert out.startswith("Team 'Acme Studio', 'team_01")
        assert "Go on? [y/N] " in out
        assert "Go on?" not in check(0, twin.url, "--yes", "--max", "2")

    @pytest.mark.parametrize(
        "url",
        [
            "http://api.staging.example",
            "api.staging.example",
            "https://x.example/a b",
            "https://a:b@x.example",
            "ftp://x",
        ],
    )
    def test_the_key_goes_only_where_nobody_can_read_it(self, url: str) -> None:
        """HTTPS, unless it is this machine."""
        assert "expected a URL such as https://api.staging.example" in check(2, url, "--dry-run")

    @pytest.mark.parametrize("url", ["https://x.example/v1/", "http://[::1]:8787", "http://localhost:8787/"])
    def test_a_base_url_may_have_the_version(self, url: str) -> None:
        assert f"goes to {url.rstrip('/').removesuffix('/v1')} with" in check(0, url, "--dry-run")

    @pytest.mark.parametrize(
        "arguments",
        [["live.har", "--live"], ["--live", "--max", "0"], ["--yes"], ["--dry-run"], ["x.har", "--record", "y"], []],
    )
    def test_options_that_do_not_fit_are_refused(self, arguments: list[str]) -> None:
        """A recording or --live, the other options only with --live, and at least one request."""
        assert ("expected at least 1" if "--max" in arguments else "--live") in command(2, *arguments)

    @pytest.mark.parametrize("number", [1, 3])
    def test_no_more_requests_are_sent_than_allowed(self, twin: Twin, number: int) -> None:
        """The one for the team counts, too."""
        out = check(0, twin.url, "--yes", "--max", number)
        assert len(twin.calls) == number
        assert f"stopped after {number} of {len(PROBES)} requests: --max {number}.\n" in out

    @pytest.mark.parametrize("only", ["nonsense-1", "cred-4,nope", "save-1", ","])
    def test_unknown_rules_are_refused(self, only: str) -> None:
        assert "no request asks about" in command(2, "--live", "--dry-run", "--only", only)

    def test_only_some_probes_are_chosen(self) -> None:
        """With the team, and with the lists that show what they need."""
        assert chosen_probes(None) == list(PROBES)
        assert chosen_probes("cred,save-1") == chosen_probes("cred")
        assert [probe.line for probe in chosen_probes(" file, style-4")] == [
            "GET /v1/team",
            f"GET /v1/files/file_{'0' * 26}",
            "GET /v1/video_loras",
            "GET /v1/video_loras/{video_style}",
        ]


class TestSecrets:
    """The key is in no output, whatever the API sends back."""

    @pytest.mark.parametrize("key", [KEY, "sk-staging-of-another-form-0123456789"])
    def test_the_key_is_nowhere(self, twin: Twin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key: str) -> None:
        """An API that repeats it in messages, headers, names, cursors and redirects is shown without it."""

        def leaky(call: Call, reply: Reply) -> Reply:
            reply = header("aurous-key", key)(header("x-ratelimit-limit", key)(reply))
            if call.operation == "team.retrieve" and reply.status == 200:
                return body(lambda content: content.update(name=f"Acme {key}", note=key))(reply)
            if call.operation == "balance.retrieve":
                return header("location", f"https://{key}.example/{key}")(status(302)(reply))
            return error(code=key, message=f"No {key}.")(reply) if b'"error"' in reply.body else reply

        prepare(monkeypatch, key)
        if key != KEY:
            twin.world.keys.issue(twin.world.default_team, "full", key)
        twin.change = leaky
        names = ("json", "report", "observed", "record")
        files = [word for name in names for word in (f"--{name}", tmp_path / name)]

        said = check(1, twin.url, "--yes", "--explain", *files, "--sanitize", tmp_path / "out")
        written = [file.read_text(encoding="utf-8") for file in tmp_path.rglob("*") if file.is_file()]
        assert len(written) == 5
        assert [text for text in (said, *written) if key[8:30] in text] == []
        others = {probe.headers.get("X-Api-Key") for probe in PROBES}
        assert {sent for _, _, sent in twin.calls if sent} - others == {key}

    def test_the_recording_has_no_secrets_and_no_names(self, twin: Twin, tmp_path: Path) -> None:
        """It is sanitized, names the vendor's own host, and checks as the probes did."""
        file, out = tmp_path / "live.har", [tmp_path / "a.json", tmp_path / "b.json"]
        twin.change = at("images.retrieve", body(lambda content: content.pop("seed")))

        check(1, twin.url, "--yes", "--quiet", "--record", file, "--json", out[0])
        command(1, file, "--quiet", "--json", out[1])
        first, second = (json.loads(one.read_text(encoding="utf-8")) for one in out)
        assert first["rules"] == second["rules"]
        text = file.read_text(encoding="utf-8")
        private = ("Acme Studio", "billing@", "receiver.example", twin.url.removeprefix("http://"), "On a bench")
        assert [name for name in private if name in text] == []
        assert '"value": "key-1"' in text

    def test_the_recording_has_the_duration_of_each_exchange(
        self, twin: Twin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """By it, a check knows which of them overlap."""
        file, now = tmp_path / "live.har", count(1_778_234_400.0, 0.25)
        monkeypatch.setattr(probing, "time", SimpleNamespace(time=lambda: next(now), sleep=None))

        check(1, twin.url, "--yes", "--max", "3", "--record", file)  # by a clock that is wrong
        assert [one["time"] for one in json.loads(file.read_text(encoding="utf-8"))["log"]["entries"]] == [250] * 3


def too_slow(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """Let the response to a GET of *path* arrive when its time is over, which no test has to wait for."""
    received = probing._received

    async def late(sent: Exchange, *others: Any) -> Exchange:
        exchange = await received(sent, *others)
        if urlsplit(sent.url).path == path:
            raise asyncio.TimeoutError
        return exchange

    monkeypatch.setattr(probing, "_received", late)
    monkeypatch.setattr(probing, "_PATIENCE", PATIENCE)


class TestTrouble:
    """What is not the API's response refutes nothing, and is said."""

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (whole(200, "<html>", "text/html"), "200 with a web page in place of JSON"),
            (header("location", "https://user:password@login.example:8443/in"), "307, a redirect to login.example, "),
            (header("location", "https://[login/in"), "307, a redirect to an invalid address, "),
            (whole(502, {"error": {"code": "provider_unavailable"}}), "gets 502 provider_unavailable"),
            (whole(401, {"error": {"code": "invalid_api_key"}}), "AUROUS_CHECK_KEY gets 401 invalid_api_key"),
            (whole(200, "nothing"), "gets 200 without a team"),
            (whole(200, "[]"), "gets 200 without a team"),
        ],
    )
    def test_without_a_team_nothing_else_is_sent(self, twin: Twin, change: Any, message: str) -> None:
        """The exit status is 2, and the message says what was there instead, what was sent, and what to do."""
        twin.change = at("team.retrieve", change)
        if "redirect" in message:
            twin.change = at("team.retrieve", lambda reply: status(307)(change(reply)))

        out = check(2, twin.url, "--yes")
        assert len(twin.calls) == 1
        assert message in out
        assert "Nothing but GET /v1/team was sent, which costs nothing. See whether the address and the key" in out

    def test_pages_of_proxies_refute_nothing(self, twin: Twin, tmp_path: Path) -> None:
        """Nor do redirects, 5xx, and bodies over a limit; the notes say which exchanges did not count."""
        changes: dict[str, Callable[[Reply], Reply]] = {
            "balance.retrieve": whole(200, "<html>", "text/html"),
            "pricing.retrieve": lambda reply: status(302)(header("location", "/login")(reply)),
            "loras.list": whole(503, "busy", "text/plain"),
            "usage.list": whole(502, "busy", "text/plain"),
            "video_loras.list": whole(200, "[" + " " * 9_000_000 + "]"),
        }
        twin.change = lambda call, reply: changes[str(call.operation)](reply) if call.operation in changes else reply
        out = tmp_path / "out.json"

        check(0, twin.url, "--yes", "--quiet", "--json", out)
        result = validated(out)
        notes = "\n".join(result["notes"])
        assert "(GET /v1/balance) does not count: 200 with a web page" in notes
        assert "(GET /v1/pricing) does not count: 302, a redirect to another path" in notes
        assert "(GET /v1/video_loras) does not count: it is larger than 8 MB" in notes
        words = {result["rules"][rule]["verdict"] for rule in ("cred-1", "style-1", "style-3", "usage-1")}
        assert words == {"cannot tell"}

    @pytest.mark.parametrize(
        "why", ["its response did not arrive within 30 s", "RemoteProtocol"], ids=["late", "broken"]
    )
    def test_the_first_request_without_a_response_is_the_last(
        self, twin: Twin, monkeypatch: pytest.MonkeyPatch, why: str
    ) -> None:
        """It says what happened, what was sent and costs nothing, and what to do; what has arrived is judged."""
        if why == "RemoteProtocol":
            broken: Any = lambda _: Break("ReadError", "gone")  # noqa: E731 - of another type than other changes
            twin.change = at("balance.retrieve", broken)
        else:
            too_slow(monkeypatch, "/v1/balance")

        out = check(0, twin.url, "--yes")
        assert f"stopped after 9 of {len(PROBES)} requests: GET /v1/balance: {why}" in out
        assert "Sent so far: 9 GET requests and 0 estimates. They create and cost nothing.\n" in out
        assert "To ask for the rest, try again later, or with --only.\n" in out
        assert f"(GET /v1/balance) does not count: {why}" in out
        assert "\n9 exchanges; rules: 0 refuted, " in out
        assert [path for _, path, _ in twin.calls][8:] == ["/v1/balance"]

    @pytest.mark.parametrize(("line", "number"), [("GET /v1/balance", 8), ("GET /v1/team", 0)])
    def test_an_interruption_keeps_what_was_seen(
        self, twin: Twin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str, number: int
    ) -> None:
        """It is recorded and judged, if there is anything."""
        file = tmp_path / "live.har"

        def interrupted(base_url: str, key: str, sent: str, headers: Any, body: str) -> Exchange:
            if sent == line:
                raise KeyboardInterrupt
            return send(base_url, key, sent, headers, body)

        monkeypatch.setattr(probing, "send", interrupted)
        out = check(0 if number else 130, twin.url, "--yes", "--record", file)

        assert (file.exists(), len(twin.calls)) == (number > 0, number)
        assert (f"stopped after 9 of {len(PROBES)} requests: interrupted." in out) == file.exists()
        assert ("9 GET requests and 0 estimates. They create and cost nothing." in out) == file.exists()

    @pytest.mark.parametrize(
        ("proxy", "url", "why"),
        [
            ("", "http://127.0.0.1:9", "ConnectError: "),
            ("", "https://itself", "ConnectError: [SSL"),
            ("http://itself", "https://api.staging.example", "ProxyError: "),
            ("socks5://user:secret@x.example:1", "https://api.staging.example", "ImportError: "),
            ("nonsense://user:secret@x", "https://api.staging.example", "ValueError: Unknown scheme for proxy URL"),
        ],
    )
    def test_it_says_why_there_is_no_connection(
        self, twin: Twin, monkeypatch: pytest.MonkeyPatch, proxy: str, url: str, why: str
    ) -> None:
        """In the words of httpx, without passwords and keys."""
        host = twin.url.removeprefix("http://")
        monkeypatch.setenv("ALL_PROXY", proxy.replace("itself", host))
        url = url.replace("itself", host)

        out = check(2, url)
        assert f"{url} cannot be read: {why}" in out
        assert [secret for secret in ("secret", KEY[8:30]) if secret in out] == []


class TestPace:
    """The rate headers of the responses say how fast it goes."""

    @pytest.mark.parametrize(
        ("left", "limit", "reset", "seconds"),
        [
            ("1", "11", "1795000020", 2.0),
            ("2", "11", "1795000020", 0.0),
            ("1", "11", "1794999999", 0.0),
            ("some", "11", "1795000020", 0.0),
            ("1", "11", "", 0.0),
        ],
        ids=["nearly empty", "a tenth left", "in the past", "in words", "no reset"],
    )
    @pytest.mark.parametrize("ahead", [0, 3600])
    def test_nearly_empty_buckets_are_refilled(
        self, monkeypatch: pytest.MonkeyPatch, left: str, limit: str, reset: str, seconds: float, ahead: int
    ) -> None:
        """It waits for one token, by the clock of the API, where responses have a `Date`."""
        now = 1_795_000_000.0
        monkeypatch.setattr("time.time", lambda: now + ahead)
        headers = {"x-ratelimit-remaining": left, "x-ratelimit-limit": limit, "x-ratelimit-reset": reset}
        dated = {**headers, "date": formatdate(now, usegmt=True)} if ahead else headers

        assert pause_after(Exchange(1, "GET", "", status=200, response_headers=tuple(dated.items()))) == seconds

    @pytest.mark.parametrize(("pause", "said"), [(12.0, "waiting 12 s"), (61.0, "limits this team for another 61 s")])
    def test_a_minute_is_too_long(self, twin: Twin, monkeypatch: pytest.MonkeyPatch, pause: float, said: str) -> None:
        """Then nobody waits, and what was seen until then is judged."""
        slept: list[float] = []
        monkeypatch.setattr(probing, "pause_after", lambda _: pause)
        monkeypatch.setattr("time.sleep", slept.append)

        assert said in check(0, twin.url, "--yes", "--max", "3")
        assert (slept.count(pause), len(twin.calls)) == ((2, 3) if pause < 60 else (0, 1))

    @pytest.mark.parametrize(
        ("refused", "code", "why", "status"),
        [
            (429, "too_many_requests", "the API limits this team.", 0),
            (401, "invalid_api_key", "the key is no longer accepted.", 1),
        ],
    )
    def test_a_429_is_the_end_and_so_is_a_401(self, twin: Twin, refused: int, code: str, why: str, status: int) -> None:
        """Other clients of the team need the rest of its limits, or no probe would say anything."""

        def refuse(reply: Reply) -> Reply:
            twin.aurous.limits["reads"].refill()  # what is refused takes no token
            return header("retry-after", "1")(whole(refused, {"error": {"code": code}})(reply))

        twin.change = at("balance.retrieve", refuse)

        assert f"stopped after 9 of {len(PROBES)} requests: {why}" in check(status, twin.url, "--yes")
        assert twin.calls[-1][1] == "/v1/balance"

    @pytest.mark.parametrize(("date", "found"), [("now", []), ("never", ["rate-1"]), ("", ["rate-1"])])
    def test_the_clock_of_the_api_counts(
        self, twin: Twin, monkeypatch: pytest.MonkeyPatch, date: str, found: list[str]
    ) -> None:
        """A machine whose clock is an hour ahead records the times of the API, if responses have a `Date`."""
        ahead = SimpleNamespace(time=lambda: time.time() + 3600, sleep=None)

        def dated(_call: Call, reply: Reply) -> Reply:
            return header("date", formatdate(usegmt=True) if date == "now" else date)(reply)

        monkeypatch.setattr(probing, "time", ahead)
        twin.change = dated if date else same

        assert refuted(probed(twin)) == found
