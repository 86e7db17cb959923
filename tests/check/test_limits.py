"""Hostile and large files: a message or a skipped entry, in bounded time and memory."""

import gzip
import json
import os
import socket
import subprocess
import sys
import threading
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

import pytest

from pytest_aurous import AurousError
from pytest_aurous._check import command as entrance
from pytest_aurous._check.live import probing
from pytest_aurous._check.live.probing import send
from pytest_aurous._check.recording import parse
from pytest_aurous._check.recording.read import read_recording
from pytest_aurous._check.recording.view import View
from pytest_aurous._cli.main import main
from pytest_aurous._core.wire import bodies
from tests.check.changes import unheard
from tests.check.story import Teller, check_files, command, told, write
from tests.check.test_recording import entry as shown_entry
from tests.check.test_recording import har

GIGABYTE: Final = 1024**3
MEASURED: Final = """
import resource, sys
from pytest_aurous._cli.main import main
status = main(sys.argv[1:])
print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
sys.exit(status)
"""


def entry(body: str, **content: Any) -> dict[str, Any]:
    return shown_entry(content={"text": body, "mimeType": "application/json", **content})


def bomb(size: int) -> str:
    """Return zeros of a compressed body in Base64."""
    pack = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    zeros = bytes(1024 * 1024)
    return b64encode(b"".join([*(pack.compress(zeros) for _ in range(size // len(zeros))), pack.flush()])).decode()


LEVELS: Final = "a: &a [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(9)
)
"""A list of a thousand million texts."""
MERGES: Final = "a: &a {k: 1}\n" + LEVELS.partition("\n")[2].replace("[", "{<<: [").replace("]", "]}")
NEITHER: Final = "neither a HAR file nor a cassette of VCR.py"
NO_JSON: Final = "truncated, or not valid JSON"
NO_YAML: Final = "truncated, endless, or not plain YAML"
HOSTILE: Final = {
    "truncated.har": ('{"log": {"entries": [{"zo\u00eb canary": "canary', NO_JSON),
    "control.json": ('{"log": "\x01 canary"}', NO_JSON),
    "other.json": ('{"canary": "canary"}', NEITHER),
    "number.har": ('{"log": {"entries": [{"request": {"method": "GET", "url": "canary", "bodySize": "canary"}}]}}',
                   "request.bodySize has another type or form"),
    "time.har": ('{"log": {"entries": [{"request": {"method": "GET", "url": "x"}, "startedDateTime": "canary"}]}}',
                 "startedDateTime has another type or form"),
    "method.har": ('{"log": {"entries": [{"request": {"canary": 1}}]}}', "it has no request.url"),
    "base64.har": (('{"log": {"entries": [{"request": {"method": "GET", "url": "x", "postData": '
                   '{"encoding": "base64", "text": "canary"}}}]}}'), "request.postData has another type or form"),
    "url.har": ('{"log": {"entries": [{"request": {"method": "GET", "url": "https://[canary/"}}]}}',
                "request.url has another type or form"),
    "cassette.json": (('{"interactions": [{"request": {"method": "GET", "uri": "x"}, '
                      '"response": {"status": {"code": "canary"}}}]}'), "response.status has another type or form"),
    "date.json": (('{"interactions": [{"request": {"method": "GET", "uri": "x"}, '
                  '"response": {"status": 200, "headers": {"Date": ["canary"]}}}]}'), "no exchange with the API"),
    "list.yaml": ("- canary", NEITHER),
    "number.yaml": ("interactions: 3", NEITHER),
    "empty.yaml": ("", NEITHER),
    "alias.yaml": ("interactions: *canary", NO_YAML),
    "itself.yaml": ("interactions: &a [*a]", NO_YAML),
    "key.yaml": ("interactions: [{? [canary]: b}]", NO_YAML),
    "aliases.yaml": (f"{LEVELS}interactions: *j", "with its aliases, it is larger than 64 MB"),
    "merges.yaml": (f"{MERGES}interactions: *j", NO_YAML),
    "values.yaml": (f"interactions: [{'1, ' * 1_100_000}]", "it is larger than 64 MB"),
    "deep.yaml": ("interactions: " + "[" * 5000, NO_YAML),
    "tag.yaml": ("interactions:\n- !!python/object/apply:canary.Canary [canary]\n", NO_YAML),
    "own-tag.yaml": ("interactions: !canary {a: canary}\n", NO_YAML),
    "colons.yaml": ("interactions: canary: canary\n", NO_YAML),
    "date.yaml": ("interactions: 2026-99-99\n", NO_YAML),
    "method.yaml": ("interactions: [{request: {method: [GET], uri: canary}, response: {status: 200}}]",
                    "request.method has another type or form"),
    "url.yaml": ('interactions: [{request: {method: GET, uri: "http://[canary"}, response: {status: 200}}]',
                 "request.url has another type or form"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    """Before it fills the memory; the message says why, and not what is there."""
    if name.endswith("yaml"):
        pytest.importorskip("yaml")
    text, why = HOSTILE[name]
    (tmp_path / name).write_text(text, encoding="utf-8")

    shown = command(2, tmp_path / name)
    assert shown.startswith(f"pytest-aurous: check {(tmp_path / name).as_posix()}: ")
    assert why in shown
    assert "canary" not in shown.replace(str(tmp_path), "").lower()


def test_deep_json_in_a_body_is_left_out(tmp_path: Path) -> None:
    """What walks through values would need a stack as deep; what is no JSON, or less deep, is read."""
    texts = (
        "[" * 100 + "]" * 100,
        json.dumps([{}] * 101),
        "[" * 101,
        json.dumps("[" * 101),
        '{"a":' * 101 + "1" + "}" * 101,
    )
    file, sanitized = har(tmp_path, *map(entry, texts)), tmp_path / "out.har"

    assert [one.body for one in read_recording(file).exchanges] == [*(text.encode() for text in texts[:-1]), None]
    out = " ".join(command(1, file, "--sanitize", sanitized).split())
    assert "exchange 5: the body of the response was left out: its JSON is nested more than 100 deep" in out
    assert "left out, over a limit: 1; rules:" in out
    assert json.loads(sanitized.read_text(encoding="utf-8"))["log"]["entries"][4]["response"]["content"]["_omitted"]


def test_a_file_and_all_its_bodies_have_one_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of bytes, objects and lists; a body that is over it is left out, and smaller bodies after it are read."""
    monkeypatch.setattr(parse, "MOST_BYTES", 1024 * 1024)
    monkeypatch.setattr(bodies, "MOST_BYTES", 1024 * 1024)
    packed = [
        b64encode(gzip.compress(text)).decode() for text in (b"a" * 700_000, b"a" * 700_000, b"[" * 5_000, b"[" * 99)
    ]
    file = har(tmp_path, *(entry(text, encoding="base64") for text in (*packed, bomb(2 * 1024 * 1024))), entry("[]"))
    recording = read_recording(file)

    assert [one.body is None for one in recording.exchanges] == [False, True, False, False, True, False]
    assert recording.left_out == 2
    assert "the sum of all bodies is larger than 1 MB" in recording.notes[0]
    assert recording.notes[1].endswith("it expands to 1 MB or more")

    for text in (" " * 1024 * 1025, "[" * 20_000):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(AurousError, match="it is larger than 1 MB"):
            read_recording(file)
    with ZipFile(tmp_path / "page.zip", "w") as writer:
        writer.writestr("har.har", "[]" + " " * 1024 * 1025, 8)
    with pytest.raises(AurousError, match=r"page\.zip: har\.har is larger than 1 MB"):
        read_recording(tmp_path / "page.zip")


def measured(*arguments: str, seconds: float = 240) -> tuple[int, str, int]:
    """Run a command in a process of its own, and return its exit status, its output and the most memory it used."""
    pytest.importorskip("resource", reason="the peak of memory is measured with a module that Windows lacks")
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", MEASURED, *arguments],
        capture_output=True, text=True, timeout=seconds, check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith("COV")},
    )  # fmt: skip
    out, _, peak = done.stdout.rpartition("peak ")
    return done.returncode, " ".join(f"{out} {done.stderr}".split()), int(peak)


def test_bodies_that_expand_to_gigabytes_take_no_memory(tmp_path: Path) -> None:
    """Of eight bodies of 60 MB, and one of 200 MB, the first is read, and the others are left out."""
    large, larger = (entry(bomb(size * 1024 * 1024), encoding="base64") for size in (60, 200))
    status, out, peak = measured("check", str(har(tmp_path, *[large] * 8, larger)))

    assert status in {0, 1}
    assert "left out, over a limit: 8" in out
    assert "it expands to 64 MB or more" in out
    assert peak < GIGABYTE


def test_a_file_of_two_gigabytes_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "large.har"
    with file.open("wb") as stream:
        stream.truncate(2 * GIGABYTE)  # no byte of it is on the disk
    status, out, peak = measured("check", str(file))

    assert (status, "it is larger than 64 MB" in out) == (2, True)
    assert peak < GIGABYTE


def test_an_error_of_our_own_is_no_refutation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its exit status is 2; Python's own, 1, would mean a refuted rule."""

    def broken(_: Any) -> int:
        raise RuntimeError("al_live_0123456789abcdef0123456789abcdef")

    monkeypatch.setattr(entrance, "run", broken)
    error = command(2, tmp_path)
    assert "RuntimeError: al_live_…" in error
    assert "an error of pytest-aurous itself" in error


@pytest.fixture
def responding() -> Iterator[Callable[[bytes, bytes], str]]:
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
                connection.settimeout(60)
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
        thread.join(60)
    server.close()


HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "begin", [Teller.image, lambda teller: teller.synthesize("A", "one-key")], ids=["image", "character"]
)
@pytest.mark.parametrize("lost", [False, True])
def test_an_exchange_costs_the_same_however_many_there_were(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    begin: Callable[[Teller], str],
    lost: bool,  # noqa: FBT001 - a parameter
) -> None:
    """Also in loops: each read of the place of an exchange counts; also retries, and such that get no response."""
    place = property(lambda view: vars(view)["index"], lambda view, index: vars(view).update(index=index))
    monkeypatch.setattr(View, "index", place, raising=False)

    def calls(times: int) -> int:
        teller = Teller()
        path = begin(teller)
        for name in "AB" * times:
            teller.call("GET", path)
            teller.call("PATCH", path, json={"name": name})
            teller.call("POST", f"{path}/save")
            begin(teller)
        entries = teller.entries()
        if lost:
            unheard("characters.create" if "characters" in path else "images.create")(entries)
        file, found = write(tmp_path, entries), count()
        sys.setprofile(lambda _frame, event, _: next(found) if event == "call" else None)
        try:
            check_files([file])
        finally:
            sys.setprofile(None)
        return next(found)

    calls(1)  # which fills caches
    few, more, most = map(calls, (10, 20, 30))
    assert most - more < 1.02 * (more - few)


def test_a_long_recording_has_a_line_of_progress(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a terminal alone, on stderr; nothing of it remains."""
    monkeypatch.setattr("pytest_aurous._check.check._OFTEN", 20)
    file = write(tmp_path, told("characters"))
    assert "20 of 41" not in command(0, file)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    main(["check", str(file)])
    lines = [line.strip() for line in capsys.readouterr().err.split("\r")]
    assert lines == ["", "recorded.har: 20 of 41 exchanges", "", "recorded.har: 40 of 41 exchanges", "", "", ""]


@pytest.mark.parametrize("head", [HEAD + b"\r\n", HEAD + b"X-Slow: "], ids=["body", "headers"])
def test_a_response_has_a_limit_as_a_whole(
    responding: Callable[..., str], monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    """A server that sends a byte now and then is not waited for."""
    monkeypatch.setattr(probing, "_PATIENCE", 0.5)
    sent = send(responding(head, b"a", 0.05), "al_live_" + "a" * 64, "GET /v1/team", {})

    assert (sent.status, sent.why) == (None, "its response did not arrive within 0 s")


@pytest.mark.parametrize(
    ("head", "part", "why"),
    [
        (HEAD + b"\r\n", b" " * 65_536, "it is larger than 8 MB"),
        (HEAD + b"Content-Encoding: gzip\r\n\r\n", b"\x1f\x8b", "it is compressed (gzip), although it must not be"),
    ],
    ids=["long", "gzip"],
)
def test_a_body_of_a_response_has_limits(responding: Callable[..., str], head: bytes, part: bytes, why: str) -> None:
    """It is not decompressed, because any size could come out, and is left out with the reason."""
    sent = send(responding(head, part), "al_live_" + "a" * 64, "GET /v1/team", {})

    assert (sent.status, sent.body, sent.why) == (200, None, why)
