"""Hostile and large files: a message or a skipped entry, in bounded time and memory."""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import sys
import threading
import zlib
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_aurous import AurousError
from pytest_aurous._check.live import sender
from pytest_aurous._check.live.run import run_probes
from pytest_aurous._check.live.sender import Sender
from pytest_aurous._check.recording import parse
from pytest_aurous._check.recording.read import read_recording
from pytest_aurous._cli import main as cli
from pytest_aurous._cli.main import main
from pytest_aurous._core.wire import bodies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

URL: Final = "https://api.aurous-labs.com/v1/balance"
DEEP: Final = "[" * 900 + "]" * 900
GIGABYTE: Final = 1024**3
MEASURED: Final = """
import resource, sys
from pytest_aurous._cli.main import main
status = main(sys.argv[1:])
print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
sys.exit(status)
"""


def entry(body: str, **content: Any) -> dict[str, Any]:
    """Return an entry of HAR with this body of a response."""
    return {
        "startedDateTime": "2026-05-08T10:00:00Z",
        "request": {"method": "GET", "url": URL, "headers": []},
        "response": {
            "status": 200,
            "headers": [],
            "content": {"text": body, "mimeType": "application/json", **content},
        },
    }


def har(folder: Path, *entries: dict[str, Any]) -> Path:
    """Write a HAR file."""
    file = folder / "hostile.har"
    file.write_text(json.dumps({"log": {"entries": entries}}), encoding="utf-8")
    return file


def bomb(size: int) -> str:
    """Return zeros of a compressed body in Base64."""
    pack = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    zeros = bytes(1024 * 1024)
    return b64encode(b"".join([*(pack.compress(zeros) for _ in range(size // len(zeros))), pack.flush()])).decode()


def laughs(place: str) -> str:
    """Return a cassette whose second interaction has aliases for a thousand million texts in this place."""
    head = "a: &a [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(9)
    )
    good = (
        f"{{request: {{method: GET, uri: '{URL}', body: null, headers: {{}}}}, "
        "response: {status: {code: 200}, headers: {}, body: {string: '{}'}}}"
    )
    changes = {
        "uri": (f"uri: '{URL}'", "uri: *j"),
        "method": ("method: GET", "method: *j"),
        "header": ("body: null, headers: {}", "body: null, headers: {x: *j}"),
        "body": ("body: null", "body: *j"),
        "response": ("{string: '{}'}", "*j"),
        "text": ("string: '{}'", "string: *j"),
    }
    return f"{head}interactions:\n- {good}\n- {good.replace(*changes[place])}\n"


@pytest.mark.parametrize("place", ["uri", "method", "header", "body", "response", "text"])
def test_aliases_that_expand_to_gigabytes_are_refused(tmp_path: Path, place: str) -> None:
    """Before they are written out."""
    pytest.importorskip("yaml")
    file = tmp_path / "laughs.yaml"
    file.write_text(laughs(place), encoding="utf-8")

    with pytest.raises(AurousError, match=r"laughs\.yaml: its aliases make it too large"):
        read_recording(file)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("- 1", "neither a HAR file nor a cassette"),
        ("interactions: 3", "neither a HAR file nor a cassette"),
        ("", "neither a HAR file nor a cassette"),
        ("interactions: *a", "truncated, or not plain YAML"),
        ("interactions: [{request: {method: [GET], uri: x}, response: {status: 200}}]", "exchange 1 cannot be read"),
        ('interactions: [{request: {method: GET, uri: "http://[x"}, response: {status: 200}}]', "another type or form"),
    ],
)
def test_yaml_of_another_shape_is_refused(tmp_path: Path, text: str, why: str) -> None:
    """With a message that says what it is not."""
    pytest.importorskip("yaml")
    file = tmp_path / "hostile.yaml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(AurousError, match=why):
        read_recording(file)


def test_an_alias_of_itself_is_refused(tmp_path: Path) -> None:
    """It has no end."""
    pytest.importorskip("yaml")
    file = tmp_path / "hostile.yaml"
    file.write_text("interactions: &a [*a]", encoding="utf-8")

    with pytest.raises(AurousError, match="its aliases make it too large, or endless"):
        read_recording(file)


def test_yaml_with_too_many_values_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before any of them is made."""
    pytest.importorskip("yaml")
    monkeypatch.setattr(parse, "_MOST_NODES", 20)
    file = tmp_path / "many.yaml"
    file.write_text("interactions: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]", encoding="utf-8")

    with pytest.raises(AurousError, match="it has more than 20 values"):
        read_recording(file)


@pytest.mark.parametrize("text", [DEEP, "[" * 100_000 + "]" * 100_000, '{"a":' * 101 + "1" + "}" * 101])
def test_deep_json_in_a_body_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    """What walks through values would need a stack as deep."""
    sanitized = tmp_path / "out.har"
    assert main(["check", str(har(tmp_path, entry(text), entry("{}"))), "--sanitize", str(sanitized)]) in {0, 1}
    out = capsys.readouterr().out
    assert "exchange 1: the body of the response was left out: its JSON is nested more than" in out
    assert "2 exchanges; left out, over a limit: 1; rules:" in out
    assert json.loads(sanitized.read_text(encoding="utf-8"))["log"]["entries"][0]["response"]["content"]["_omitted"]


def test_what_is_within_the_limits_is_read(tmp_path: Path) -> None:
    """A hundred objects in each other, many objects beside each other, and brackets that are a text or no JSON."""
    texts = ("[" * 100 + "]" * 100, json.dumps([{}] * 101), "[" * 101, json.dumps("[" * 101))
    recording = read_recording(har(tmp_path, *map(entry, texts)))

    assert [exchange.body for exchange in recording.exchanges] == [text.encode() for text in texts]
    assert recording.left_out == 0


def test_a_compressed_body_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not decompressed any further."""
    monkeypatch.setattr(bodies, "MOST_BYTES", 1024 * 1024)
    recording = read_recording(har(tmp_path, entry(bomb(2 * 1024 * 1024), encoding="base64")))

    assert recording.exchanges[0].body is None
    assert recording.notes == ["exchange 1: the body of the response was left out: it expands to 1 MB or more"]


def test_bodies_together_have_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is over a limit is left out, and smaller bodies after it are read."""
    monkeypatch.setattr(parse, "MOST_BYTES", 1024 * 1024)
    monkeypatch.setattr(parse, "_MOST_PARTS", 100)
    file = har(tmp_path, entry('"' + "a" * 524_288 + '"'), entry('"' + "a" * 524_288 + '"'), entry("{}"))
    with pytest.raises(AurousError, match="it is larger than 1 MB"):
        read_recording(file)
    file = har(
        tmp_path,
        entry(b64encode(gzip.compress(b"a" * 700_000)).decode(), encoding="base64"),
        entry(b64encode(gzip.compress(b"a" * 700_000)).decode(), encoding="base64"),
        entry(b64encode(gzip.compress(b"[" * 99)).decode(), encoding="base64"),
        entry("[" * 60),
        entry("[]"),
    )
    recording = read_recording(file)

    assert [exchange.body is None for exchange in recording.exchanges] == [False, True, False, True, False]
    assert recording.left_out == 2
    assert "the sum of all bodies is larger than 1 MB" in recording.notes[0]
    assert "the sum of all bodies has more than 100 objects and lists" in recording.notes[1]

    file.write_text("[" * 101, encoding="utf-8")
    with pytest.raises(AurousError, match="it has more than 100 objects and lists"):
        read_recording(file)


def measured(*arguments: str, seconds: float = 120) -> tuple[int, str, int]:
    """Run a command in a process of its own, and return its exit status, its output and the most memory it used."""
    if sys.platform == "win32":
        pytest.skip("resource is a module of Unix")
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", MEASURED, *arguments],
        capture_output=True, text=True, timeout=seconds, check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith("COV")},
    )  # fmt: skip
    out, _, peak = done.stdout.rpartition("peak ")
    return done.returncode, out + done.stderr, int(peak)


def test_compressed_bodies_that_expand_to_gigabytes_take_no_memory(tmp_path: Path) -> None:
    """Three bodies of 200 MB each are left out, each with its number."""
    one = entry(bomb(200 * 1024 * 1024), encoding="base64")
    status, out, peak = measured("check", str(har(tmp_path, *[one] * 3)))

    assert status == 0
    assert "exchange 1: the body of the response was left out: it expands to 64 MB or more" in out
    assert "3 exchanges; left out, over a limit: 3; rules:" in out
    assert peak < GIGABYTE


def test_many_bodies_below_the_limit_take_no_memory(tmp_path: Path) -> None:
    """Eight bodies of 60 MB each: the first is read, and the others are left out."""
    one = entry(bomb(60 * 1024 * 1024), encoding="base64")
    status, out, peak = measured("check", str(har(tmp_path, *[one] * 8)))

    assert status in {0, 1}
    assert "left out, over a limit: 7" in out
    assert peak < GIGABYTE


def test_a_file_of_two_gigabytes_is_refused(tmp_path: Path) -> None:
    """Without being read."""
    file = tmp_path / "large.har"
    with file.open("wb") as stream:
        stream.truncate(2 * GIGABYTE)  # no byte of it is on the disk
    status, out, peak = measured("check", str(file))

    assert (status, "it is larger than 64 MB" in out) == (2, True)
    assert peak < GIGABYTE


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes in folders")
def test_pipes_and_devices_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They may never end."""
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    for file in (str(pipe), os.devnull):
        assert main(["check", file]) == 2
        assert "it is not a regular file. Save it as one first" in capsys.readouterr().err


def test_an_error_of_our_own_is_no_refutation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its exit status is 2; Python's own, 1, would mean a refuted rule."""

    def broken(_: Any) -> int:
        raise RuntimeError("al_live_0123456789abcdef0123456789abcdef")

    monkeypatch.setattr(cli, "_check", broken)
    assert main(["check", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "RuntimeError: al_live_…" in error
    assert "an error of pytest-aurous itself" in error


@pytest.fixture
def answering() -> Iterator[Callable[[bytes, bytes], str]]:
    """Serve one head, and then the same bytes again and again, until the client or the test has had enough."""
    over = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def serve(head: bytes, part: bytes, pause: float) -> None:
        server.settimeout(0.1)
        while not over.is_set():
            try:
                connection, _ = server.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(1)
                try:
                    connection.recv(65_536)
                    connection.sendall(head)
                    while part and not over.wait(pause):
                        connection.sendall(part)
                except OSError:  # the client has hung up
                    continue

    def start(head: bytes, part: bytes, pause: float = 0) -> str:
        threads.append(threading.Thread(target=serve, args=(head, part, pause), daemon=True))
        threads[-1].start()
        return f"http://127.0.0.1:{server.getsockname()[1]}"

    yield start
    over.set()
    for thread in threads:
        thread.join(10)
    server.close()


HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize("head", [HEAD + b"\r\n", HEAD + b"X-Slow: "], ids=["body", "headers"])
def test_a_response_has_a_limit_as_a_whole(
    answering: Callable[..., str], monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    """A server that sends a byte now and then is not waited for."""
    monkeypatch.setattr(sender, "_WHOLE", 0.5)
    sent = Sender(answering(head, b"a", 0.05), "al_live_" + "a" * 64).send("GET", "/v1/team", {}, "")

    assert (sent.status, sent.why) == (None, "no complete response within 0 s")


@pytest.mark.parametrize(
    ("head", "part", "why"),
    [
        (HEAD + b"\r\n", b" " * 65_536, "it is larger than 8 MB"),
        (HEAD + b"Content-Encoding: br\r\n\r\n", b"\x1b", "it is compressed (br), although it must not be"),
        (HEAD + b"Content-Encoding: gzip\r\n\r\n", b"\x1f\x8b", "it is compressed (gzip), although it must not be"),
    ],
    ids=["long", "brotli", "gzip"],
)
def test_a_body_of_a_response_has_limits(answering: Callable[..., str], head: bytes, part: bytes, why: str) -> None:
    """It is not decompressed, because any size could come out, and is left out with the reason."""
    sent = Sender(answering(head, part), "al_live_" + "a" * 64).send("GET", "/v1/team", {}, "")

    assert (sent.status, sent.body, sent.why) == (200, None, why)


def test_a_team_that_cannot_be_read_names_the_limit(
    answering: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first response decides whether to go on."""
    monkeypatch.setenv("AUROUS_CHECK_KEY", "al_live_" + "a" * 64)
    url = answering(HEAD + b"Aurous-Request-Id: req_1\r\n\r\n", b" " * 65_536)

    with pytest.raises(AurousError, match=r"cannot be read: its body was left out: it is larger than 8 MB"):
        run_probes(url, Path("live.har"), yes=True)
