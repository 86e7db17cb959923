"""The command ``serve`` beside serving: what it prints, logs, delivers and keeps, and how it ends."""

import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

import pytest_aurous
from pytest_aurous import Aurous, AurousError
from pytest_aurous._cli.main import main
from pytest_aurous._core.wire.har import HarWriter, har
from pytest_aurous._serve import command as serve
from pytest_aurous._serve.control import Control
from pytest_aurous._serve.tape import KEEP
from tests.conftest import ON_WINDOWS, needs_links

pytest.importorskip("uvicorn", reason="needs the extra, server")

NOW = "2026-05-08T10:00:00Z"
STOP: Final = getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM)
"""What a command is sent that another process ends: on Windows, SIGTERM would end it at once."""
OF_ITS_OWN: Final = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
"""Without a group of its own, Ctrl-Break would end the tests as well."""


def test_a_line_for_each_request_and_action(capsys: pytest.CaptureFixture[str]) -> None:
    """Time, method, path, operation, status, what it changed, and what is nearest where nothing matches."""
    aurous = Aurous(now=NOW, strict="off", pitfalls="off")
    control = Control(aurous)
    aurous.faults.timeout("balance.retrieve")
    with aurous.client() as client:
        client.post("/v1/images", json={"prompt": "x"})
        client.post("/v1/charcters?a=1", json={})
        with pytest.raises(httpx.ReadTimeout):
            client.get("/v1/balance")
    control.do("clock.advance", {"seconds": 5})
    aurous.characters.add("Aurora")
    control.tape.note(None)
    serve.print_lines(aurous, control.tape.steps)
    made, unmatched, lost, action = capsys.readouterr().out.splitlines()
    assert made.startswith("10:00:00  POST   /v1/images  images.create  201  held credits 0 -> 1; img_")
    assert "/v1/charcters?a=1  unmatched  404  resource_not_found" in unmatched
    assert "nearest: characters.create, POST " in unmatched
    assert lost == "10:00:00  GET    /v1/balance  balance.retrieve  no response  (timeout (read))"
    assert action.startswith("10:00:00  clock.advance(seconds=5) -> ")


def test_the_log_is_complete_after_each_request(tmp_path: Path) -> None:
    """It is a HAR file that grows at its end, names keys and secrets in one way, and refutes no rule of its own."""
    aurous = Aurous(now=NOW, strict="off", pitfalls="off")
    control = Control(aurous)
    file = tmp_path / "log.har"
    file.write_text(json.dumps(har([])), encoding="utf-8")
    writer = HarWriter()
    keys = [str(aurous.teams.add(credits=amount).api_key) for amount in (10, 20, 30)]
    seen, counts = 0, list[int]()
    with aurous.client() as client:
        for key in [keys[number] for number in (0, 1, 2, 2, 0)]:
            own = {"X-Api-Key": key}
            client.post("/v1/characters", json={"name": "Aurora"}, headers=own)
            client.post("/v1/webhook_endpoints", json={"url": "https://shop.example", "events": ["*"]}, headers=own)
            client.get("/v1/characters", headers=own)
            client.get("/v1/balance", headers=own)
            control.do("clock.advance", {"seconds": 1})
            serve.log(file, control.tape.after(seen, KEEP), writer)
            seen = control.tape.last
            counts.append(len(json.loads(file.read_text(encoding="utf-8"))["log"]["entries"]))
    assert counts == [4, 8, 12, 16, 20]
    text = file.read_text(encoding="utf-8")
    assert [one for one in writer.names if one in text] == []
    assert json.loads(text) == json.loads(control.respond("GET", "/__aurous__/calls.har").body)
    assert main(["check", str(file)]) == 0


def test_of_many_polls_the_log_costs_little(tmp_path: Path) -> None:
    """Where each is written alone, the texts that they have in common are redacted once."""
    control, file, writer = Control(Aurous(now=NOW)), tmp_path / "log.har", HarWriter()
    file.write_text(json.dumps(har([])))
    with control.aurous.client() as client:
        for _ in range(20):
            client.get("/v1/balance")
    counts = list[int]()
    for step in list(control.tape.steps):
        counts.append(0)
        sys.setprofile(lambda frame, *_: counts.append(counts.pop() + (frame.f_code.co_name == "redacted")))
        serve.log(file, [step], writer)
        sys.setprofile(None)
    assert sum(counts[1:]) < 10 * counts[0]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit that stands for a full disk")
def test_the_log_stays_complete_if_the_disk_is_full(tmp_path: Path) -> None:
    """It has the requests before, says how many it lacks, and goes on when there is room."""
    import resource

    control = Control(Aurous(now=NOW))
    file = tmp_path / "log.har"
    file.write_text(json.dumps(har([])))
    with control.aurous.client() as client:
        for _ in range(3):
            client.get("/v1/balance")
    steps = list(control.tape.steps)
    serve.log(file, steps[:1], HarWriter())
    old, (soft, hard) = file.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    for room in (0, 1, len(old) // 2):
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(old) + room, hard))
        try:
            with pytest.raises(AurousError, match="too large; 2 of the last requests are not in it"):
                serve.log(file, steps[1:], HarWriter())
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert file.read_bytes() == old
    serve.log(file, steps[2:], HarWriter())
    assert len(json.loads(file.read_text())["log"]["entries"]) == 2


def test_deliveries_that_are_due_are_made() -> None:
    """Each is an action of the session; while none is due, nothing happens."""
    aurous = Aurous(now=NOW)
    control = Control(aurous)
    serve.deliver(control)
    assert control.tape.last == 0
    received: list[Any] = []
    aurous.webhooks.deliver_to(received.append)
    aurous.images.add(status="processing").finish()
    serve.deliver(control)
    assert len(received) == 1
    assert control.tape.steps[-1].action is not None


def test_a_state_is_kept_and_a_crash_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is written beside the file and renamed; a kill in the middle, or a full disk, changes nothing."""
    file = tmp_path / "state.json"
    aurous = Aurous(now=NOW)
    aurous.characters.add("Aurora")
    serve.save(aurous, file)
    aurous.characters.add("Nova")

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            serve.save(aurous, file)
    other = Aurous()
    serve.load(other, file)
    assert [character.name for character in other.characters] == ["Aurora"]
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(AurousError, match="No space left on device"):
            serve.save(aurous, file)
    assert [one.name for one in tmp_path.iterdir()] == ["state.json"]
    serve.save(aurous, file)
    serve.load(other, file)
    assert len(other.characters) == 2


def test_a_state_has_a_limit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is large enough for whatever `--save` writes, and the message names it."""
    assert serve._MOST_STATE == 1024**3
    monkeypatch.setattr(serve, "_MOST_STATE", 1024**2)
    file = tmp_path / "state.json"
    file.write_text(f'{{"characters": []}}{" " * 1024**2}', encoding="utf-8")
    assert main(["serve", "--port", "0", "--state", str(file)]) == 2
    assert f"--state {file}: it is larger than 1 MB. Expected what " in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="needs a signal in the place of Ctrl-Break")
def test_each_signal_that_asks_for_the_end_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows sends nobody SIGTERM, but has SIGBREAK. What a shell keeps from the command is left alone."""
    assert {signal.SIGINT, signal.SIGTERM} <= set(serve._ENDING)
    monkeypatch.setattr(serve, "_ENDING", [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2])
    # A shell that runs the tests in the background lets them ignore SIGINT.
    replaced = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler),
        signal.SIGUSR2: signal.signal(signal.SIGUSR2, signal.SIG_IGN),
    }
    before = [signal.getsignal(one) for one in serve._ENDING]
    try:
        for one in serve._ENDING[:3]:
            with ExitStack() as stack:
                ended = serve._hear(stack)
                assert signal.getsignal(signal.SIGUSR2) is signal.SIG_IGN
                signal.raise_signal(one)
                signal.raise_signal(one)
                assert ended == [one, one]
        assert [signal.getsignal(one) for one in serve._ENDING] == before
    finally:
        for one, handler in replaced.items():
            signal.signal(one, handler)


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_where_nobody_reads_the_output_it_goes_on(tmp_path: Path, unbuffered: str) -> None:
    """As after ``serve | head -1``: one line says that no more are printed, and a save is made all the same."""
    code = "import sys; from pytest_aurous._cli.main import main; sys.exit(main(sys.argv[1:]))"
    path = str(Path(pytest_aurous.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": unbuffered}
    command = [sys.executable, "-c", code, "serve", "--port", "0", "--state", "state.json", "--save"]
    with subprocess.Popen(  # noqa: S603
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=tmp_path,
        creationflags=OF_ITS_OWN,
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            process.stdout.close()
            for _ in range(4):
                assert httpx.get(f"{url}/v1/balance", trust_env=False).status_code == 401
                time.sleep(0.25)
            process.send_signal(STOP)
            assert process.wait(60) == 0
            assert process.stderr is not None
            (line,) = process.stderr.read().splitlines()
        finally:
            process.kill()
    why = "Invalid argument" if ON_WINDOWS else "Broken pipe"
    assert line == f"pytest-aurous: no more lines are printed ({why}), and the fake goes on."
    assert (tmp_path / "state.json").exists()


def test_a_problem_that_cannot_be_said_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody reads the error output either."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8", buffering=1) as pipe, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", pipe)
        serve._say("The disk is full.")
        os.dup2(os.open(os.devnull, os.O_WRONLY), writing)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text[:-20], "not valid JSON"),
        (lambda text: text.replace('"version": 1', '"version": 7', 1), "of version 7"),
        (lambda text: text.replace('"credits"', '"credit"', 1), "has other fields"),
        (lambda _: '{"kind": [[]]}', "not an export"),
        (lambda _: "[" * 100_000, "not valid JSON"),
        (lambda _: '{"characters": [{"name": NaN}]}', "NaN is not a finite number"),
        (lambda _: "[]", "the JSON is not an object with lists. Expected"),
        (lambda _: '{"characters": 5}', "the JSON is not an object with lists. Expected"),
        (lambda _: '{"characters": ["x"]}', "'x' is not a record"),
        (lambda _: '{"charcters": []}', "'charcters' is not a collection; did you mean 'characters'? Expected"),
        (lambda _: '{"characters": [{"collection": "images"}]}', "has no argument 'collection'"),
    ],
    ids=itertools.count(),
)
def test_a_bad_state_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Callable[[str], str], said: str
) -> None:
    """It says what is wrong with the file, and where to read on."""
    file = tmp_path / "state.json"
    file.write_text(change(json.dumps(Aurous(now=NOW).export())), encoding="utf-8")
    assert main(["serve", "--port", "0", "--state", str(file)]) == 2
    line, more = capsys.readouterr().err.splitlines()
    assert line.startswith(f"pytest-aurous: --state {file}: ")
    assert said in line
    assert more.startswith("Read on: ")


def test_what_is_repeated_ends_with_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Once more at the end; a problem is said, and ends nothing."""
    done = threading.Event()
    times: list[int] = []

    def work() -> None:
        times.append(1)
        if len(times) > 2:
            done.set()
        raise OSError(28, "No space left on device")

    with ExitStack() as stack:
        serve._repeat(stack, 0.001, work)
        assert done.wait(60)
    count = len(times)
    time.sleep(0.02)
    assert len(times) == count
    assert "No space left on device" in capsys.readouterr().err


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the command in a process of its own, with a port in a file, and yield it and its URL."""
    code = (
        "import signal, sys; from pytest_aurous._cli.main import main\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # who runs us behind may have it ignored\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    path = str(Path(pytest_aurous.__file__).parents[1])
    command = [sys.executable, "-c", code, "serve", "--port", "0", "--port-file", "port", *options]
    environment = {**os.environ, "PYTHONPATH": path}
    with subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.PIPE, text=True, env=environment, cwd=folder, creationflags=OF_ITS_OWN
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            assert url == f"http://127.0.0.1:{(folder / 'port').read_text(encoding='utf-8')}"
            yield process, url
        finally:
            process.kill()


def test_it_ends_by_a_signal_and_keeps_the_state(tmp_path: Path) -> None:
    """With a log, a faster clock and lines. The port is in its file only while it can be used."""
    (tmp_path / "port").write_text("1", encoding="utf-8")  # of a start that was killed
    with serving(tmp_path, "--log", "log.har", "--state", "state.json", "--save", "--speed", "60") as (process, url):
        with httpx.Client(base_url=url, trust_env=False) as client:
            assert client.post("/__aurous__/characters.add", json={"name": "Aurora"}).status_code == 200
            assert client.get("/__aurous__/state").json()["clock"]["speed"] == 60
            client.get("/v1/balance")
        process.send_signal(STOP)
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
    assert "GET    /v1/balance  balance.retrieve  401" in out
    assert sorted(one.name for one in tmp_path.iterdir()) == ["log.har", "state.json"]
    other = Aurous()
    serve.load(other, tmp_path / "state.json")
    assert other.characters.last.name == "Aurora"
    assert len(json.loads((tmp_path / "log.har").read_text(encoding="utf-8"))["log"]["entries"]) == 1


@pytest.mark.skipif(
    ON_WINDOWS, reason="is about SIGINT to a process, SIGTERM and the rights of a file as POSIX has them"
)
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_soon_whatever_a_receiver_does(tmp_path: Path, how: signal.Signals) -> None:
    """One that never answers; and a second Ctrl-C does not interrupt the save, which only its owner can read."""
    (tmp_path / "state.json").write_text('{"characters": []}', encoding="utf-8")
    (tmp_path / "state.json").chmod(0o644)
    options = ("--webhooks", "auto", "--state", "state.json", "--save", "--quiet")
    with closing(socket.create_server(("127.0.0.1", 0))) as receiver, serving(tmp_path, *options) as (process, url):
        hook = f"http://127.0.0.1:{receiver.getsockname()[1]}/hook"
        with httpx.Client(base_url=f"{url}/__aurous__/", trust_env=False, timeout=60) as client:
            client.post("webhook_endpoints.add", json={"url": hook})
            client.post("faults.status", json={"operation": "characters.save", "status": 503})
            client.post("images.add", json={})
            receiver.settimeout(60)
            wire, _ = receiver.accept()
        with closing(wire):
            process.send_signal(how)
            time.sleep(0.3)
            process.send_signal(how)
            assert process.wait(60) == 0
    assert [one.name for one in tmp_path.iterdir()] == ["state.json"]
    assert (tmp_path / "state.json").stat().st_mode & 0o777 == 0o600
    other = Aurous()
    serve.load(other, tmp_path / "state.json")
    # It has not failed, as nobody waited for the receiver; the next start makes it.
    assert [one.status for one in other.webhooks.deliveries] == ["pending"]
    assert "added at state.json" in repr(other.faults[1])


IN_A_FILE: Final = "No such file or directory" if ON_WINDOWS else "Not a directory"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--save", "--state", "no/such/state.json"], f"{Path('no/such/state.json')} cannot be written: "),
        (["--port-file", "file/port"], f"{Path('file/port')} cannot be written: {IN_A_FILE}"),
        (["--log", "file/log.har"], f"{Path('file/log.har')} cannot be written: {IN_A_FILE}"),
        (["--port-file", "."], ". is not a regular file. Choose another file."),
    ],
)
def test_what_cannot_be_written_is_refused_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    """And not only said, or not even that, when there is something to lose."""
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    assert main(["serve", "--port", "0", *options]) == 2
    out, err = capsys.readouterr()
    assert (out, err.startswith(f"pytest-aurous: {said}")) == ("", True)


@needs_links
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="is about named pipes, which are no files on Windows")
def test_links_are_followed_and_pipes_are_left_alone(tmp_path: Path) -> None:
    """What is saved goes where a link leads, and nothing takes the place of a link, a pipe or a device."""
    real, link, pipe = (tmp_path / name for name in ("real", "link", "pipe"))
    link.symlink_to(real)
    os.mkfifo(pipe)
    serve._write(link, "text", 0o600)
    assert (link.is_symlink(), real.read_text(encoding="utf-8")) == (True, "text")
    serve._remove(link)
    assert (link.is_symlink(), real.exists()) == (True, False)
    for deed in (serve._remove, lambda file: serve._write(file, "text", 0o600)):
        with pytest.raises(AurousError, match="pipe is not a regular file"):
            deed(pipe)
    assert pipe.is_fifo()


def test_a_file_that_cannot_be_removed_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next command would read its old port."""

    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "port").write_bytes(b"\xff")
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(AurousError, match="port cannot be removed: Permission denied"):
        serve._remove(tmp_path / "port")


@pytest.mark.skipif(ON_WINDOWS, reason="is about a script for POSIX, whose `kill` lets the command clean up")
@pytest.mark.skipif(not all(map(shutil.which, ("sh", "curl", "jq"))), reason="needs a shell, curl and jq")
@pytest.mark.parametrize("code", [0, 3])
def test_the_script_of_the_page_runs_a_command_with_a_fake(tmp_path: Path, code: int) -> None:
    """It ends as the command does, and leaves nothing."""
    script = Path(__file__).parents[2] / "docs" / "examples" / "with_fake.sh"
    command = tmp_path / "bin" / "pytest-aurous"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pytest_aurous "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    path = str(Path(pytest_aurous.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": path, "TMPDIR": str(tmp_path), "no_proxy": "*"}
    environment["PATH"] = f"{command.parent}{os.pathsep}{environment['PATH']}"
    read = 'curl -s -H "X-Api-Key: $AUROUS_API_KEY" "$AUROUS_BASE_URL/v1/balance"'
    told = subprocess.run(  # noqa: S603
        ["sh", str(script), "sh", "-c", f"{read}; exit {code}"],  # noqa: S607 - wherever it is
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (told.returncode, json.loads(told.stdout)["credits"], told.stderr) == (code, 1000, "")
    assert [one.name for one in tmp_path.iterdir()] == ["bin"]


def test_the_shop_of_the_page_has_the_key_of_the_fake() -> None:
    config = Path(__file__).parents[2] / "docs" / "examples" / "shop" / "playwright.config.mjs"
    assert str(Aurous(strict="off").api_key) in config.read_text(encoding="utf-8")


def test_the_port_of_another_server_is_left_in_its_file(tmp_path: Path) -> None:
    """It was started before this one has ended."""
    file = tmp_path / "port"
    file.write_text("8788", encoding="utf-8")
    serve._remove(file, "8787")
    assert file.exists()
    serve._remove(file, "8788")
    assert not file.exists()


def test_it_opens_the_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``--open`` does, when the fake is ready; a thread other than the main one takes no signals."""
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    hear = serve._hear

    def heard(stack: ExitStack) -> list[int]:
        return [*hear(stack), signal.SIGINT]

    monkeypatch.setattr(serve, "_hear", heard)
    codes: list[int] = []
    options = ["--port", "0", "--open", "--quiet", "--save", "--state", str(tmp_path / "new.json")]
    thread = threading.Thread(target=lambda: codes.append(main(["serve", *options])), daemon=True)
    thread.start()
    thread.join(60)
    assert codes == [0]
    assert opened[0].endswith("/__aurous__/")
    assert opened[0] in capsys.readouterr().out
    assert json.loads((tmp_path / "new.json").read_text(encoding="utf-8"))["version"] == 1
