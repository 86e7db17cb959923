"""The command `pytest-aurous`."""

import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import pytest_aurous
from pytest_aurous import Aurous, AurousServer
from pytest_aurous._cli.main import _Parser, _parser, main
from pytest_aurous._core.world.settings import read_setting, used_for
from tests.conftest import OTHER_SETTINGS, needs_links


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody presses Ctrl-C while it starts."""
    pytest.importorskip("uvicorn", reason="needs the extra, server")
    monkeypatch.setattr("pytest_aurous._serve.command._hear", lambda _: [signal.SIGINT])
    monkeypatch.setattr("pytest_aurous._serve.command.PORT", 0)


class TestServe:
    """Serving."""

    @pytest.mark.usefixtures("interrupted")
    def test_welcome(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        """What one needs is on the screen: the URL, the variables, the control requests."""
        file = tmp_path / "state.json"
        file.write_text(json.dumps({"characters": [{"name": "Aurora"}], "uploads": []}), encoding="utf-8")
        options = ["--state", str(file), "--script", "synthesizing*3 -> reviewing", "--now", "2026-05-08T10:00:00Z"]
        assert main(["serve", *options, "--seed", "3", "--rate-limits", "enforce"]) == 0
        out = capsys.readouterr().out
        assert "offline, at http://127.0.0.1:" in out
        assert "export AUROUS_BASE_URL=http://127.0.0.1:" in out
        assert "export AUROUS_API_KEY=" in out
        assert "/__aurous__/reset" in out

    @pytest.mark.usefixtures("interrupted")
    @pytest.mark.parametrize("token", ["", "chosen"])
    def test_welcome_of_others(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, token: str
    ) -> None:
        """Who lets other machines in gets a token for control requests, unless the environment has one."""
        monkeypatch.setenv("AUROUS_CONTROL_TOKEN", token)
        assert main(["serve", "--allow-remote"]) == 0
        out = capsys.readouterr().out
        assert ("export AUROUS_CONTROL_TOKEN=" in out) is not bool(token)
        assert "chosen" not in out
        assert 'curl -H "Authorization: Bearer $AUROUS_CONTROL_TOKEN" -X POST http' in out

    @pytest.mark.usefixtures("interrupted")
    def test_key_of_others(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Nobody who has read the documentation has the key that other machines need: it is drawn at each start."""
        keys: list[str] = []
        for options in ([], ["--allow-remote"], ["--allow-remote", "--seed", "0"]):
            assert main(["serve", *options]) == 0
            keys += re.findall("AUROUS_API_KEY=(.*)", capsys.readouterr().out)
        assert keys[0] == str(Aurous().api_key)
        assert len({*keys}) == 3

    def test_token_in_another_encoding(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """No client could send it, and nothing of it is shown."""
        monkeypatch.setenv("AUROUS_CONTROL_TOKEN", "hunter2-\udcff")
        assert main(["serve"]) == 2
        out, err = capsys.readouterr()
        assert "control_token=...): expected text" in err
        assert "hunter2" not in out + err

    @needs_links
    @pytest.mark.parametrize("options", ["--port-file", "--log", "--state", "--save --state"])
    def test_a_link_to_itself(self, options: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """It is a mistake on each Python, and no file takes its place."""
        link = tmp_path / "loop"
        link.symlink_to(link)
        assert main(["serve", "--port", "0", *options.split(), str(link)]) == 2
        err = capsys.readouterr().err
        assert "is not a regular file" in err or "symbolic links" in err
        assert "Read on" in err
        assert link.is_symlink()

    @pytest.mark.usefixtures("interrupted")
    @pytest.mark.parametrize("name", used_for("start", "responses"))
    def test_settings(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        """Each setting of a served fake is an option; one that is a dict can be repeated."""

        def chosen(server: AurousServer, _curl: str) -> str:
            return str(getattr(server.aurous._session.settings, name))

        monkeypatch.setattr("pytest_aurous._serve.command.welcome", chosen)
        value = OTHER_SETTINGS[name]
        values = {"script": [value, "images=pending -> failed"], "readings": ["create-4=ready", "err-6 = global"]}
        given = values.get(name, [str(value)])
        option = f"--{name.replace('_', '-')}"
        assert main(["serve", *(part for one in given for part in (option, one))]) == 0
        assert capsys.readouterr().out == f"{read_setting(name, chr(10).join(given))}\n"

    @pytest.mark.usefixtures("interrupted")
    def test_the_start(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """A reset returns to the state of the file and to the speed, and a copied test begins with that state."""
        file = tmp_path / "state.json"
        added = {"characters": [{"name": "Aurora", "status": "reviewing"}]}

        def session(server: AurousServer, _curl: str) -> str:
            aurous, control = server.aurous, server._asgi.control
            for _ in range(2):
                assert (aurous.clock.speed, aurous.characters.last.status) == (60, "reviewing")
                with aurous.client() as client:
                    client.post(f"/v1/characters/{aurous.characters.last.id}/save")
                text = control.respond("GET", "/__aurous__/session.py").body.decode()
                file.write_text(json.dumps(aurous.export()), encoding="utf-8")
                control.do("reset", {})
            return text

        monkeypatch.setattr("pytest_aurous._serve.command.welcome", session)
        for content, begins in ((added, "character = aurous.characters.add("), (None, "aurous.import_(")):
            if content is not None:
                file.write_text(json.dumps(content), encoding="utf-8")
            else:
                state = Aurous()
                state.characters.add("Aurora", status="reviewing")
                file.write_text(json.dumps(state.export()), encoding="utf-8")
            assert main(["serve", "--state", str(file), "--speed", "60"]) == 0
            text = capsys.readouterr().out
            assert begins in text
            names: dict[str, Any] = {}
            exec(text, names)  # noqa: S102 - our own text
            names["test_copied"]()

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (["--credits", "many"], "credits='many'"),
            (["--readings", "create4=ready"], "did you mean 'create-4'?"),
            (["--host", "0.0.0.0"], "--allow-remote"),  # noqa: S104 - refused
            (["--state", "missing.json"], "--state missing.json: "),
            (["--save"], "add --state FILE"),
            (["--port", "99999"], "AurousServer(port=99999): expected a whole number from 0 to 65535"),
            (["--state", os.devnull], f"--state {os.devnull}: it is not a regular file"),
        ],
    )
    def test_bad_settings(self, capsys: pytest.CaptureFixture[str], options: list[str], said: str) -> None:
        """What cannot be served is told on stderr, without a traceback, with exit code 2."""
        assert main(["serve", *options]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("pytest-aurous: ")
        assert said in err.splitlines()[0]
        assert "Traceback" not in err

    def test_usage(self, capsys: pytest.CaptureFixture[str]) -> None:
        """An unknown command is a usage error that lists those there are; no command at all asks for help."""
        with pytest.raises(SystemExit, match="2"):
            main(["serv"])
        assert "choose from" in capsys.readouterr().err
        assert main([]) == 0
        out, err = capsys.readouterr()
        assert "commands:" in out
        assert err == ""


@pytest.mark.parametrize(
    ("module", "command"),
    [
        ("pytest_aurous._check.arguments", "serve"),
        ("pytest_aurous._serve.command", "serve"),
        ("pytest_aurous._fake.aurous", "serve"),
        ("uvicorn", "serve"),
        ("pytest_aurous._check.command", "check"),
    ],
)
def test_an_interruption_while_it_starts(module: str, command: str) -> None:
    """Ctrl-C ends the command without a traceback, whatever is being imported."""
    pytest.importorskip("uvicorn", reason="needs the extra, server")
    code = (
        "import sys\n"
        "class CtrlC:\n"
        "    def find_spec(self, name, path, target=None):\n"
        f"        if name == {module!r}: raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, CtrlC())\n"
        "from pytest_aurous._cli.main import main\n"
        f"sys.exit(main([{command!r}]))"
    )
    path = str(Path(pytest_aurous.__file__).parents[1])
    told = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert (told.stdout, told.stderr) == ("", "")
    assert told.returncode == (0 if module == "uvicorn" else 130)


COMMANDS: dict[str, Any] = next(one.choices for one in _parser()._actions if isinstance(one.choices, dict))
VALUES = {
    f"{command} {(*action.option_strings, '')[0]}".strip(): (command, action)
    for command, parser in COMMANDS.items()
    for action in parser._actions
    if action.nargs != 0
}


class TestEmptyValues:
    """A shell passes an empty value for a variable that is not set."""

    @pytest.mark.parametrize("value", ["", " "])
    @pytest.mark.parametrize(("command", "action"), VALUES.values(), ids=VALUES)
    def test_of_each_argument_of_each_command_is_an_error(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str, action: Any, value: str
    ) -> None:
        """It names the argument, says what may be the reason, and nothing is done."""
        started: list[Any] = []
        monkeypatch.setattr(_Parser, "set_defaults", lambda parser, **_: parser._defaults.update(run=started.append))
        options: list[list[str]] = [[f"{name}={value}"] for name in action.option_strings]
        options += [[name, value] for name in action.option_strings]
        for given in options or [[value]]:
            assert main([command, *given]) == 2
            out, err = capsys.readouterr()
            name = action.option_strings[0] if action.option_strings else action.metavar
            assert err.startswith(f"pytest-aurous: {name} is empty, perhaps because the variable that you pass for it")
            assert (out, started) == ("", [])

    def test_a_value_that_cannot_be_read_is_called_so(self, capsys: pytest.CaptureFixture[str]) -> None:
        """With its type, as argparse does."""
        with pytest.raises(SystemExit, match="2"):
            main(["check", "--max", "many"])
        assert "argument --max: invalid int value: 'many'" in capsys.readouterr().err


class TestHelp:
    """What a newcomer reads."""

    @pytest.mark.parametrize(
        "command", [[], ["doctor"], ["serve"], ["openapi"], ["check"]], ids=["", "doctor", "serve", "openapi", "check"]
    )
    def test_help(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: list[str]
    ) -> None:
        """It fits 80 columns, says where to read on, and each of its examples is a command that is understood.

        What an option takes has one of a few names.
        """
        monkeypatch.setenv("COLUMNS", "200")
        with pytest.raises(SystemExit, match="0"):
            main([*command, "--help"])
        lines = capsys.readouterr().out.splitlines()
        assert max(map(len, lines)) <= 80
        assert lines[-1].startswith("Read on: pytest-aurous docs ")
        named = {one.rstrip("],") for line in lines for one in re.findall(r"--[a-z-]+ ([A-Z][^ ]*)", line)}
        assert named <= {"ADDRESS", "FACTOR", "FILE", "ID=VALUE", "N", "OUT", "PORT", "RULE,...", "URL", "VALUE"}
        examples = [shlex.split(line)[1:] for line in lines if line.startswith("  pytest-aurous ")]
        assert len(examples) >= 2
        assert [_parser().parse_args(example).run for example in examples]


@pytest.mark.parametrize("arguments", [["openapi"], ["--help"], ["serve"]], ids=" ".join)
def test_a_reader_that_has_seen_enough(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    """``| head`` ends the command without a word, with the exit code of one that SIGPIPE has ended."""
    pytest.importorskip("uvicorn", reason="needs the extra, server")
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        assert main(arguments) == 141
    assert capsys.readouterr().err == ""


class TestOpenApi:
    """The document."""

    def test_printed_or_written(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        """It goes to the screen, or into a file, and is the same."""
        assert main(["openapi"]) == 0
        text = capsys.readouterr().out
        assert json.loads(text)["openapi"] == "3.1.0"
        assert main(["openapi", "--output", str(tmp_path / "api.json")]) == 0
        assert capsys.readouterr().out == ""
        assert (tmp_path / "api.json").read_text(encoding="utf-8") == text


def test_it_prints_to_any_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that calls it may have replaced the standard output by something simpler than Python's own."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)

    assert main(["openapi"]) == 0
    assert json.loads(stream.getvalue())["openapi"].startswith("3.1")
