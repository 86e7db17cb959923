"""`pytest-aurous check --live`: probes of an API over real sockets, which here is a twisted twin."""

from __future__ import annotations

import json
import socket
import time
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_aurous import AurousError
from pytest_aurous._check.check import check_recordings
from pytest_aurous._check.live import sender
from pytest_aurous._check.live.probes import PROBES
from pytest_aurous._check.live.run import run_probes
from pytest_aurous._check.live.sender import Sender
from pytest_aurous._cli.main import main
from pytest_aurous._core.resources.catalog import CATALOG
from pytest_aurous._core.wire.exchange import Exchange
from pytest_aurous._core.wire.reply import Break
from tests.check.story import refuted, validated
from tests.check.twin import KEY, READER, at, body, error, header, same, serving, status, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_aurous._check.check import Checked
    from pytest_aurous._core.wire.call import Call
    from pytest_aurous._core.wire.reply import Reply
    from tests.check.twin import Twin

pytest.importorskip("uvicorn", reason="needs the extra, server")
AGING: Final = "img_01KRMEXM02"
GONE: Final = {"error": {"code": "output_expired"}}
EMPTY: Final = {"object": "list", "data": [], "has_more": False, "next_cursor": None}


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
    """Set the variables of somebody who has a key."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("AUROUS_CHECK_KEY", key)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def probed(twin: Twin) -> Checked:
    """Probe a twin, and return the verdicts."""
    return check_recordings([run_probes(twin.url, Path("live.har"), yes=True).recording])


def check(twin: Twin, *arguments: str) -> int:
    """Run the command."""
    return main(["check", "--live", "--base-url", twin.url, *arguments])


def limited(code: int, headers: dict[str, str]) -> Exchange:
    """Return a response with these headers."""
    return Exchange(1, "GET", "", status=code, response_headers=tuple(headers.items()))


class Sleeps:
    """A clock whose sleeps take no time."""

    def __init__(self) -> None:
        self.at = 1_795_000_000.0
        self.slept: list[float] = []

    def time(self) -> float:
        """Return the instant."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Be later."""
        self.slept.append(seconds)
        self.at += seconds


class TestPlainTwin:
    """The fake itself refutes nothing."""

    def test_with_full_access_each_probe_has_a_verdict(self, twin: Twin) -> None:
        """All rules that the probes ask about are as written."""
        checked = probed(twin)

        words = {verdict.rule: verdict.word for verdict in checked.verdicts}
        assert refuted(checked) == []
        assert checked.verdicts.uncovered == {}
        assert checked.verdicts.exchanges == len(PROBES)
        assert {
            rule: words[rule] for probe in PROBES for rule in probe.rules.split() if words[rule] != "as written"
        } == {}

    def test_with_a_read_key_it_goes_as_far_as_that_goes(
        self, twin: Twin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """Estimates are a 403, which refutes nothing; of their rules nothing can be told."""
        prepare(monkeypatch, READER)
        out = tmp_path / "out.json"

        assert check(twin, "--yes", "--quiet", "--json", str(out)) == 0
        rules = validated(out)["rules"]
        assert rules["img-9"]["verdict"] == "cannot tell"
        assert rules["img-9"]["doubts"] == {"the key has no permission for it": 5}
        assert rules["auth-5"]["verdict"] == "as written"

    @pytest.mark.parametrize(
        ("settings", "found"),
        [
            pytest.param({"ver-3": "prior_dates"}, {"ver-3": "prior_dates"}, marks=pytest.mark.slow),
            pytest.param({"time-4": "24h"}, {"time-4": "24h"}, marks=pytest.mark.slow),
            pytest.param({"img-8": "anonymous"}, {"img-8": "anonymous"}, marks=pytest.mark.slow),
            pytest.param({"err-4": "absent"}, {"err-4": "absent"}, marks=pytest.mark.slow),
            pytest.param({"err-9": "accepted"}, {"err-9": "accepted"}, marks=pytest.mark.slow),
            (
                {"ver-3": "prior_dates", "time-4": "24h", "create-4": "ready", "err-6": "global"},
                {"ver-3": "prior_dates", "time-4": "24h"},
            ),
        ],
    )
    def test_another_reading_is_found_and_agrees(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: dict[str, str], found: dict[str, str]
    ) -> None:
        """Under the reading of the twin nothing is refuted, also where its recording is checked again."""
        prepare(monkeypatch)
        out, recorded = tmp_path / "out.json", tmp_path / "live.har"
        chosen = [word for rule, reading in settings.items() for word in ("--readings", f"{rule}={reading}")]
        with serving(readings=settings) as twin:
            assert check(twin, "--yes", "--quiet", "--json", str(out), "--record", str(recorded)) == 1
            twin.begin()
            assert check(twin, "--yes", "--quiet", *chosen) == 0
        result = validated(out)
        assert result["readings"] == found
        assert [rule for rule, one in result["rules"].items() if one["verdict"] == "refuted"] == sorted(
            found, key=list(result["rules"]).index
        )
        assert main(["check", str(recorded), "--quiet", *chosen]) == 0

    def test_a_new_team_has_nothing_to_probe(self, twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
        """What no list shows is said, and `cannot tell`."""
        key = twin.aurous.teams.add(credits=5).api_key
        prepare(monkeypatch, key)
        live = run_probes(twin.url, Path("live.har"), yes=True)

        assert refuted(check_recordings([live.recording])) == []
        assert ("time-4", "nothing to probe: no list shows old image") in live.doubts
        assert ("vid-5", "nothing to probe: no list shows output of video") in live.doubts


def _reverse(content: Any) -> None:
    content["data"].reverse()


def _precise(content: Any) -> None:
    content["updated_at"] = content["updated_at"].replace("Z", ".123Z")


def _put(**fields: Any) -> Callable[[Reply], Reply]:
    return body(lambda content: content.update(fields))


def _drop(name: str) -> Callable[[Reply], Reply]:
    return body(lambda content: content.pop(name))


def _dearer(kind: str, name: str) -> Callable[[Reply], Reply]:
    return body(lambda content: content[kind].update({name: 7}))


TWISTS: Final[dict[str, tuple[Any, str]]] = {
    # Keys, versions, errors
    "an unknown key has another code": (at("team.retrieve", error(code="unauthorized"), 401, "invalid"), "auth-3"),
    "a missing key is a 403": (at("team.retrieve", status(400), 401, "missing"), "auth-3"),
    "no version in responses": (at("balance.retrieve", header("aurous-version", None)), "ver-2"),
    "a version of 1999": (at("team.retrieve", whole(200, {"id": "team_1"}), 400, "unknown_version"), "ver-3"),
    "an unknown version has another code": (at("*", error(code="bad_version"), 400, "unknown_version"), "ver-3"),
    "errors have another type": (at("*", error(type="validation_error"), 400), "err-1"),
    "no envelope": (at("characters.list", whole(400, {"detail": "no"}), 400), "err-1"),
    "errors have no address": (at("*", error(doc_url=None), 404), "err-2"),
    "request ids of another form": (at("*", header("aurous-request-id", "1")), "err-3"),
    "param is absent": (at("*", body(lambda content: content["error"].pop("param")), 404), "err-4"),
    "no message": (at("usage.list", body(lambda content: content["error"].pop("message")), 400), "err-7"),
    "an invalid path is a 400": (at("", whole(400, {"error": {"code": "bad_path"}}), 404), "err-8"),
    "an unknown character has another code": (
        at("characters.retrieve", error(code="no_character"), 404),
        "auth-7",
    ),
    "an unknown endpoint is a 410": (at("webhook_endpoints.retrieve", status(410), 404), "err-5"),
    # Rate limits, lists
    "no reset": (at("characters.list", header("x-ratelimit-reset", None)), "rate-1"),
    "a limit in words": (at("images.list", header("x-ratelimit-remaining", "many")), "rate-1"),
    "a limit of 0 has another code": (at("webhook_endpoints.list", error(code="bad_limit"), 400), "list-3"),
    "any limit is taken": (at("characters.list", whole(200, EMPTY), 400, "value_out_of_range"), "list-3"),
    "a status has another param": (at("characters.list", error(param="filter"), 400, "invalid_request"), "list-4"),
    "the oldest comes first": (at("images.list", body(_reverse)), "list-2"),
    "no next cursor": (at("characters.list", _drop("next_cursor")), "list-1"),
    # Account
    "a team has no date": (at("team.retrieve", _drop("created_at")), "team-1"),
    "credits are text": (at("balance.retrieve", _put(credits="1000")), "cred-1"),
    "an image is dearer": (at("pricing.retrieve", _dearer("image", "base")), "cred-4"),
    "usage needs no start": (at("usage.list", whole(200, EMPTY), 400, "missing_field"), "usage-1"),
    "a page token has another code": (at("usage.list", error(code="bad_token"), 400, "page_token"), "usage-2"),
    "events have another limit": (at("usage.events", error(code="bad_limit"), 400), "usage-3"),
    # Records
    "timestamps have milliseconds": (at("characters.retrieve", body(_precise)), "time-1"),
    "no refs": (at("characters.retrieve", _drop("refs")), "get-4"),
    "no version in a record": (at("characters.retrieve", _drop("aurous_version")), "ver-4"),
    "a status that is new": (at("images.retrieve", _put(status="queued")), "img-6"),
    "an image has no seed": (at("images.retrieve", _drop("seed")), "img-5"),
    "a video has no page": (at("videos.retrieve", status(404)), "vid-4"),
    "an output needs no key": (at("images.output", whole(200, "x", "image/png"), 401), "img-8"),
    "an output is gone sooner": (
        lambda call, reply: whole(410, GONE)(reply) if AGING in call.path and call.path.endswith("/0") else reply,
        "time-4",
    ),
    "a range is ignored": (at("videos.output", status(200), 206), "vid-5"),
    "an unknown file has another code": (at("files.retrieve", error(code="no_file"), 404), "file-2"),
    "styles are in an object": (
        lambda call, reply: reply.with_body(b'{"data": %s}' % reply.body) if call.operation == "loras.list" else reply,
        "style-1",
    ),
    "an unknown style has another code": (at("loras.retrieve", error(code="no_style"), 404), "style-2"),
    "a style of videos has no id": (at("video_loras.retrieve", _drop("name")), "style-4"),
    "endpoints show no preview": (at("webhook_endpoints.retrieve", _drop("secret_preview")), "hook-2"),
    # Estimates, old paths
    "an estimate is dearer": (at("images.estimate", _dearer("estimated_cost", "amount")), "img-9"),
    "an estimate without a prompt": (at("images.estimate", error(code="no_prompt"), 400, "missing_field"), "img-9"),
    "null is accepted": (
        lambda call, reply: (
            whole(200, {"estimated_cost": {"amount": 1, "currency": "credit"}})(reply)
            if b": null" in call.content
            else reply
        ),
        "err-9",
    ),
    "a second of video is dearer": (at("videos.estimate", _dearer("estimated_cost", "amount")), "vid-2"),
    "no date of an end": (at("legacy.images.list", header("sunset", None), 308), "legacy-1"),
    "an old path is gone": (at("legacy.videos.retrieve", whole(404, {"error": {}}), 308), "legacy-1"),
    # Without a rule
    "a field that is new": (at("images.retrieve", _put(queue_position=3)), ""),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", TWISTS)
def test_a_seeded_difference_refutes_its_rule_and_no_other(twin: Twin, name: str) -> None:
    """A probe finds it, and it is attributed to the rule that it is about."""
    twin.change, rule = TWISTS[name]

    checked = probed(twin)

    assert refuted(checked) == ([rule] if rule else [])
    assert bool(checked.verdicts.uncovered) == (not rule)


class TestSendsOnlyReads:
    """Whatever the table of probes says, nothing but reads leaves."""

    @pytest.mark.parametrize("probe", PROBES, ids=lambda probe: f"{probe.method} {probe.target}")
    def test_each_probe_is_a_get_or_an_estimate(self, probe: Any) -> None:
        """Nothing else."""
        assert probe.method == "GET" or probe.path in {"/v1/images/estimate", "/v1/videos/estimate"}

    @pytest.mark.parametrize(
        ("method", "target"),
        [
            ("POST", "/v1/images"),
            ("POST", "/v1/characters"),
            ("POST", "/v1/images/estimate/x"),
            ("POST", "/v1/generations/estimate"),
            ("PATCH", "/v1/characters/x"),
            ("DELETE", "/v1/characters/x"),
            ("PUT", "/v1/images/estimate"),
            ("get", "/v1/team"),
            ("GET", "/__aurous__/reset"),
            ("GET", "https://elsewhere.example/v1/team"),
            ("GET", "//elsewhere.example/v1/team"),
            ("GET", "/v1/../control"),
            ("GET", "/v1/images/a%2fb"),
            ("GET", "/v1"),
        ],
    )
    def test_any_other_request_is_refused(self, twin: Twin, method: str, target: str) -> None:
        """Before anything is sent."""
        sending = Sender(twin.url, KEY)
        with pytest.raises(AurousError, match="does not send"):
            sending.send(method, target, {}, "")
        sending.close()
        assert twin.calls == []

    def test_the_twin_is_as_it_was(self, twin: Twin) -> None:
        """After all probes no record is new or changed, and no credit is gone."""

        def state() -> list[str]:
            kinds = (twin.aurous.characters, twin.aurous.images, twin.aurous.videos, twin.aurous.webhook_endpoints)
            return [repr(record) for kind in kinds for record in kind] + [str(twin.aurous.team.credits)]

        before = state()
        probed(twin)

        assert state() == before
        posts = {path for method, path, _ in twin.calls if method != "GET"}
        assert posts == {"/v1/images/estimate", "/v1/videos/estimate"}

    def test_ids_of_another_shape_go_nowhere(self, twin: Twin) -> None:
        """What a response shows gets into a path only as a plain word."""
        twin.change = at("video_loras.list", body(lambda rows: [row.update(id="../../x") for row in rows]))
        live = run_probes(twin.url, Path("live.har"), yes=True)

        assert ("style-4", "nothing to probe: no list shows video style") in live.doubts


class TestBeforeSending:
    """Who may start it, and what is shown."""

    def test_a_dry_run_sends_nothing_and_needs_no_key(
        self, twin: Twin, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """It shows each request, with the rules that it asks about."""
        monkeypatch.delenv("AUROUS_CHECK_KEY")
        monkeypatch.setenv("CI", "true")

        assert check(twin, "--dry-run") == 0
        out = capsys.readouterr().out
        assert f"Each request goes to {twin.url} with the headers" in out
        assert all(probe.target in out for probe in PROBES)
        assert " 5  ver-2                  GET  /v1/team\n            Aurous-Version: 2026-05-15\n" in out
        assert max(map(len, out.splitlines())) <= 100
        assert twin.calls == []

    def test_ci_needs_a_yes(
        self, twin: Twin, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A pipeline does not probe by accident."""
        monkeypatch.setenv("CI", "true")

        assert check(twin) == 2
        assert "where the variable CI is set, unless you pass --yes" in capsys.readouterr().err
        assert twin.calls == []
        assert check(twin, "--yes", "--quiet") == 0

    @pytest.mark.parametrize(
        ("key", "message"),
        [
            ("", "needs a key of the real API"),
            ("two words, no key", "characters that a header cannot carry"),
            ("tiny", "is too short"),
        ],
    )
    def test_no_other_key_will_do(
        self,
        twin: Twin,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        key: str,
        message: str,
    ) -> None:
        """`AUROUS_API_KEY` is never used, and the message does not show the value."""
        monkeypatch.setenv("AUROUS_CHECK_KEY", key)
        monkeypatch.setenv("AUROUS_API_KEY", KEY)

        assert check(twin, "--yes") == 2
        err = capsys.readouterr().err
        assert message in err
        assert not key or key not in err
        assert twin.calls == []

    @pytest.mark.parametrize(("answer", "sent"), [("y\n", len(PROBES)), ("n\n", 1), ("", 1)])
    def test_at_a_terminal_it_shows_the_team_and_asks(
        self,
        twin: Twin,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        answer: str,
        sent: int,
    ) -> None:
        """Only a yes goes on; --yes does not ask."""

        class Terminal:
            def isatty(self) -> bool:
                return True

            def readline(self) -> str:
                return answer

        monkeypatch.setattr("sys.stdin", Terminal())
        assert check(twin, "--quiet") == (0 if sent > 1 else 2)
        err = capsys.readouterr().err
        assert err.startswith("Team 'Acme Studio', 'team_01")
        assert "Go on? [y/N] " in err
        assert len(twin.calls) == sent
        assert twin.calls[0][:2] == ("GET", "/v1/team")
        assert check(twin, "--quiet", "--yes") == 0
        assert "Go on?" not in capsys.readouterr().err

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
    def test_the_key_goes_only_where_nobody_can_read_it(self, capsys: pytest.CaptureFixture[str], url: str) -> None:
        """HTTPS, unless it is this machine."""
        assert main(["check", "--live", "--dry-run", "--base-url", url]) == 2
        assert "expected a URL such as https://api.staging.example" in capsys.readouterr().err

    @pytest.mark.parametrize("url", ["https://x.example/v1/", "http://[::1]:8787", "http://localhost:8787/"])
    def test_a_base_url_may_have_the_version(self, capsys: pytest.CaptureFixture[str], url: str) -> None:
        """As in the settings of clients."""
        assert main(["check", "--live", "--dry-run", "--base-url", url]) == 0
        assert f"goes to {url.rstrip('/').removesuffix('/v1')} with" in capsys.readouterr().out

    @pytest.mark.parametrize(
        "arguments", [["live.har", "--live"], ["--yes"], ["--dry-run"], ["x.har", "--record", "y.har"], []]
    )
    def test_options_that_do_not_fit_are_refused(
        self, capsys: pytest.CaptureFixture[str], arguments: list[str]
    ) -> None:
        """A recording or --live, and the other options only with --live."""
        assert main(["check", *arguments]) == 2
        assert "--live" in capsys.readouterr().err


class TestSecrets:
    """The key is in no output, whatever the API sends back."""

    @pytest.mark.parametrize("key", [KEY, "sk-staging-of-another-form-0123456789"])
    def test_the_key_is_nowhere(
        self,
        twin: Twin,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        tmp_path: Path,
        key: str,
    ) -> None:
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
        files = [word for name in names for word in (f"--{name}", str(tmp_path / name))]

        assert check(twin, "--yes", "--explain", *files, "--sanitize", str(tmp_path / "out")) == 1
        written = [file.read_text(encoding="utf-8") for file in tmp_path.rglob("*") if file.is_file()]
        assert len(written) == 5
        for text in (*capsys.readouterr(), *written):
            assert key not in text
            assert key[8:30] not in text
        others = {probe.headers.get("X-Api-Key") for probe in PROBES}
        assert {sent for _, _, sent in twin.calls if sent} - others == {key}

    def test_the_key_is_in_no_message(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Of a connection that fails."""
        prepare(monkeypatch)

        assert main(["check", "--live", "--base-url", "http://127.0.0.1:9"]) == 2
        out, err = capsys.readouterr()
        assert "http://127.0.0.1:9 cannot be read: no connection: " in err
        assert KEY[8:30] not in out + err

    def test_the_recording_has_no_secrets_and_no_names(self, twin: Twin, tmp_path: Path) -> None:
        """It is sanitized, names the vendor's own host, and checks as the probes did."""
        file, out = tmp_path / "live.har", [tmp_path / "a.json", tmp_path / "b.json"]
        twin.change = TWISTS["an image has no seed"][0]

        assert check(twin, "--yes", "--quiet", "--record", str(file), "--json", str(out[0])) == 1
        assert main(["check", str(file), "--quiet", "--json", str(out[1])]) == 1
        first, second = (json.loads(one.read_text(encoding="utf-8")) for one in out)
        assert first["rules"] == second["rules"]
        text = file.read_text(encoding="utf-8")
        for private in ("Acme Studio", "billing@", "receiver.example", twin.url.removeprefix("http://"), "On a bench"):
            assert private not in text
        assert '"value": "key-1"' in text


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
            (whole(200, "nothing"), "not a JSON object"),
            (whole(200, "[]"), "not a JSON object"),
        ],
    )
    def test_without_a_team_nothing_else_is_sent(
        self, twin: Twin, capsys: pytest.CaptureFixture[str], change: Any, message: str
    ) -> None:
        """The exit status is 2, and the message says what was there instead."""
        twin.change = at("team.retrieve", change)
        if "redirect" in message:
            twin.change = at("team.retrieve", lambda reply: status(307)(change(reply)))

        assert check(twin, "--yes") == 2
        assert message in capsys.readouterr().err
        assert len(twin.calls) == 1

    def test_pages_of_proxies_refute_nothing(self, twin: Twin, tmp_path: Path) -> None:
        """Nor do redirects and 5xx; the notes say which exchanges did not count."""
        changes: dict[str, Callable[[Reply], Reply]] = {
            "balance.retrieve": whole(200, "<html>", "text/html"),
            "pricing.retrieve": lambda reply: status(302)(header("location", "/login")(reply)),
            "loras.list": whole(503, "busy", "text/plain"),
            "usage.list": whole(502, "busy", "text/plain"),
        }
        twin.change = lambda call, reply: changes[str(call.operation)](reply) if call.operation in changes else reply
        out = tmp_path / "out.json"

        assert check(twin, "--yes", "--quiet", "--json", str(out)) == 0
        result = validated(out)
        notes = "\n".join(result["notes"])
        assert "(GET /v1/balance) does not count: 200 with a web page" in notes
        assert "(GET /v1/pricing) does not count: 302, a redirect to another path" in notes
        for rule in ("cred-1", "style-1", "usage-1"):
            assert result["rules"][rule]["verdict"] == "cannot tell"

    def test_it_says_why_there_is_no_connection(
        self, twin: Twin, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A server without TLS, a proxy that refuses, and a server that does not respond."""
        assert main(["check", "--live", "--base-url", twin.url.replace("http:", "https:")]) == 2
        assert "cannot be read: no trusted connection (TLS): " in capsys.readouterr().err

        monkeypatch.setenv("HTTPS_PROXY", twin.url)
        assert main(["check", "--live", "--base-url", "https://api.staging.example"]) == 2
        assert "cannot be read: the proxy refused: " in capsys.readouterr().err

        monkeypatch.setattr(sender, "_PATIENCE", 0.01)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            assert main(["check", "--live", "--base-url", f"http://127.0.0.1:{silent.getsockname()[1]}"]) == 2
        assert "cannot be read: no response within 0 s" in capsys.readouterr().err

    def test_three_times_no_response_is_the_end(self, twin: Twin, capsys: pytest.CaptureFixture[str]) -> None:
        """What was seen before is judged, the rest cannot be told."""
        broken = Break("ReadError", "gone")
        twin.change = lambda call, reply: reply if call.operation == "team.retrieve" else broken

        assert check(twin, "--yes") == 0
        out, err = capsys.readouterr()
        assert "requests: the connection broke: " in err
        assert "\n    cred-1 " in out.partition("\nCannot tell:\n")[2]
        assert len(twin.calls) == 3 + sum(probe.path == "/v1/team" for probe in PROBES)

    @pytest.mark.parametrize(
        ("limit", "late"),
        [("_WHOLE", "no complete response within 1 s"), ("_PATIENCE", "no response within 1 s")],
    )
    def test_a_response_that_comes_too_late_is_the_end(
        self, twin: Twin, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], limit: str, late: str
    ) -> None:
        """The first one: a server that is slow to respond once may be so each time."""

        def slow(reply: Reply) -> Reply:
            time.sleep(2)
            return reply

        assert sender._WHOLE == sender._PATIENCE == 30
        monkeypatch.setattr(sender, limit, 1.0)
        twin.change = at("balance.retrieve", slow)

        assert check(twin, "--yes") == 0
        out, err = capsys.readouterr()
        assert f"requests: {late}." in err
        assert f"does not count: {late}" in out
        assert [path for _, path, _ in twin.calls].count("/v1/balance") == 1
        assert twin.calls[-1][1] == "/v1/balance"

    def test_a_key_that_ends_meanwhile_is_the_end(self, twin: Twin, capsys: pytest.CaptureFixture[str]) -> None:
        """The other probes would say nothing."""
        twin.change = at("balance.retrieve", whole(401, {"error": {"code": "invalid_api_key"}}))

        check(twin, "--yes", "--quiet")
        assert "the key is no longer accepted" in capsys.readouterr().err
        assert twin.calls[-1][1] == "/v1/balance"

    @pytest.mark.parametrize("operation", ["team.retrieve", "characters.list"])
    def test_an_interruption_keeps_what_was_seen(
        self,
        twin: Twin,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        operation: str,
    ) -> None:
        """It is recorded and judged, if there is anything."""
        send = Sender.send

        def interrupted(self: Sender, method: str, target: str, headers: Any, body: str) -> Any:
            if CATALOG.find("api", target.partition("?")[0])["GET"][0].operation == operation:
                raise KeyboardInterrupt
            return send(self, method, target, headers, body)

        monkeypatch.setattr(Sender, "send", interrupted)
        file = tmp_path / "live.har"

        assert check(twin, "--yes", "--record", str(file)) == (2 if operation == "team.retrieve" else 0)
        assert "interrupted" in capsys.readouterr().err
        assert file.exists() == (operation != "team.retrieve")

    def test_long_and_binary_bodies_are_not_read(self, twin: Twin, tmp_path: Path) -> None:
        """The verdict does without them."""
        twin.change = at("loras.list", whole(200, "[" + " " * 9_000_000 + "]"))
        live = run_probes(twin.url, tmp_path, yes=True)

        unread = [one for one in live.recording.exchanges if one.body is None]
        assert len(unread) == 5

    @pytest.mark.parametrize("proxy", ["socks5://user:secret@x.example:1", "nonsense://x"])
    def test_proxies_that_cannot_be_used_are_named_without_passwords(
        self, twin: Twin, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], proxy: str
    ) -> None:
        """The environment decides about proxies, as for any client of httpx."""
        monkeypatch.setenv("ALL_PROXY", proxy)

        assert check(twin, "--yes") == 2
        err = capsys.readouterr().err
        assert "settings of the environment for proxies" in err
        assert "secret" not in err


class TestPace:
    """The rate headers of the responses say how fast it goes."""

    @pytest.fixture
    def sleeps(self, monkeypatch: pytest.MonkeyPatch) -> Sleeps:
        """A clock whose sleeps take no time."""
        found = Sleeps()
        monkeypatch.setattr(sender, "time", found)
        return found

    def test_full_buckets_are_not_waited_for(self, twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
        """As long as more than a tenth is left."""
        slept: list[float] = []
        monkeypatch.setattr("pytest_aurous._check.live.sender.time.sleep", slept.append)
        probed(twin)

        assert slept == []

    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"x-ratelimit-remaining": "1", "x-ratelimit-limit": "11", "x-ratelimit-reset": "1795000020"}, 2.0),
            ({"x-ratelimit-remaining": "1", "x-ratelimit-limit": "11", "x-ratelimit-reset": "20"}, 2.0),
            ({"x-ratelimit-remaining": "1", "x-ratelimit-limit": "11"}, 0.0),
            ({"x-ratelimit-remaining": "2", "x-ratelimit-limit": "11", "x-ratelimit-reset": "20"}, 0.0),
            ({"x-ratelimit-remaining": "some", "x-ratelimit-limit": "11", "x-ratelimit-reset": "20"}, 0.0),
        ],
    )
    def test_nearly_empty_buckets_are_refilled(self, sleeps: Sleeps, headers: dict[str, str], seconds: float) -> None:
        """It waits for one token, and other buckets do not wait with it."""
        notices: list[float] = []
        found = sender.Pace(notices.append)
        found.learn("reads", limited(200, headers))

        found.wait("characters_get")
        assert sleeps.slept == []
        found.wait("reads")
        assert sleeps.slept == notices == ([seconds] if seconds else [])
        found.wait("reads")
        assert len(sleeps.slept) == len(notices) <= 1

    @pytest.mark.parametrize(
        ("headers", "seconds"), [({"retry-after": "7"}, 7.0), ({"x-ratelimit-reset": "30"}, 30.0), ({}, 1.0)]
    )
    def test_a_429_is_obeyed(self, sleeps: Sleeps, headers: dict[str, str], seconds: float) -> None:
        """By its `Retry-After`, else until the bucket is full."""
        found = sender.Pace(lambda _: None)
        found.learn("reads", limited(429, headers))
        found.wait("reads")

        assert sleeps.slept == [seconds]

    def test_a_minute_is_too_long(self, sleeps: Sleeps) -> None:
        """Then nobody waits."""
        found = sender.Pace(lambda _: None)
        found.learn("reads", limited(429, {"retry-after": "61"}))

        with pytest.raises(sender.Stopped, match="another 61 s"):
            found.wait("reads")
        assert sleeps.slept == []

    def _limiting(self, twin: Twin, times: int, after: str) -> Any:
        left = [times]

        def change(call: Call, reply: Reply) -> Reply:
            if call.operation != "balance.retrieve" or not left[0]:
                return reply
            left[0] -= 1
            twin.aurous.limits["reads"].refill()  # what is refused takes no token
            return header("retry-after", after)(whole(429, {"error": {"code": "too_many_requests"}})(reply))

        return change

    def test_a_limited_team_is_asked_again(
        self, twin: Twin, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """After the time that the API has said; the 429 refutes nothing."""
        slept: list[float] = []
        monkeypatch.setattr("pytest_aurous._check.live.sender.time.sleep", slept.append)
        twin.change = self._limiting(twin, 1, "12")

        assert check(twin, "--yes", "--quiet") == 0
        out, err = capsys.readouterr()
        assert out.startswith(f"{len(PROBES)} exchanges; rules: 0 refuted, ")  # one has no place in the API
        assert "The API limits this team: waiting 12 s." in err
        assert 11 < slept[0] <= 12

    def test_no_more_requests_are_sent_than_allowed(self, twin: Twin, capsys: pytest.CaptureFixture[str]) -> None:
        """The one for the team counts, too; `--only` sends what asks about some rules."""
        assert check(twin, "--yes", "--max", "3") == 0
        assert f"stopped after 3 of {len(PROBES)} requests: --max 3" in capsys.readouterr().err
        assert len(twin.calls) == 3

        twin.calls.clear()
        assert check(twin, "--yes", "--only", "ver,cred-1") == 0
        assert 3 < len(twin.calls) < 10

    @pytest.mark.parametrize(("times", "after"), [(1, "90"), (2, "1")])
    def test_a_team_that_stays_limited_is_left_alone(
        self, twin: Twin, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], times: int, after: str
    ) -> None:
        """What was seen until then is judged."""
        monkeypatch.setattr("pytest_aurous._check.live.sender.time.sleep", lambda _: None)
        twin.change = self._limiting(twin, times, after)

        assert check(twin, "--yes", "--explain") == 0
        out, err = capsys.readouterr()
        assert "the API limits this team" in err
        assert "auth-3" in out.partition("\nAs written:\n")[2].partition("\n\n")[0]
        assert "\n    list-1 " in out.partition("\nCannot tell:\n")[2]

    @pytest.mark.parametrize(("date", "found"), [("now", []), ("never", ["rate-1"]), ("", ["rate-1"])])
    def test_the_clock_of_the_api_counts(
        self, twin: Twin, monkeypatch: pytest.MonkeyPatch, date: str, found: list[str]
    ) -> None:
        """A machine whose clock is an hour ahead records the times of the API, if responses have a `Date`."""

        class Ahead:
            def time(self) -> float:
                return time.time() + 3600

        def dated(_call: Call, reply: Reply) -> Reply:
            return header("date", formatdate(usegmt=True) if date == "now" else date)(reply)

        monkeypatch.setattr(sender, "time", Ahead())
        twin.change = dated if date else same
        live = run_probes(twin.url, Path("live.har"), yes=True)

        assert refuted(check_recordings([live.recording])) == found
