"""A long recording of the fake, to be checked as it is and with differences."""

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, Final, TypeAlias

import jsonschema

from pytest_aurous import Aurous
from pytest_aurous._check.check import Checked, check_recordings
from pytest_aurous._check.recording.read import read_recording
from pytest_aurous._check.sanitize import Sanitizer
from pytest_aurous._cli.main import main
from pytest_aurous._core.resources.content.pictures import picture
from pytest_aurous._core.wire.har import har
from tests.check import stories
from tests.conftest import NOW, SYNTHESIS, TICKET

CHAT: Final = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "How is the weather?"}]}
Entries = list[dict[str, Any]]
Story: TypeAlias = "Callable[[Teller], object]"
SCHEMA: Final = json.loads((Path(__file__).parents[2] / "docs/reference/check.schema.json").read_text(encoding="utf-8"))


def check_files(files: Iterable[Path], settings: Mapping[str, Any] | None = None) -> Checked:
    """Check recordings, each on a fake of its own."""
    return check_recordings(map(read_recording, files), settings)


class Teller:
    """Tells the story to a fake."""

    def __init__(self, **settings: Any) -> None:
        self.aurous = Aurous(now=NOW, pitfalls="off", strict="off", **settings)
        self.aurous._session.app.world.journal.whole = True
        self.client = self.aurous.client()

    def call(self, method: str, path: str, **options: Any) -> Any:
        """Send a request, five seconds after the one before."""
        response = self.client.request(method, path, **options)
        self.aurous.clock.advance(seconds=5)
        return response.json() if response.headers.get("content-type") == "application/json" else response.content

    def poll(self, path: str, times: int = 3) -> Any:
        """Poll a record, and return what was seen the last time."""
        return [self.call("GET", path) for _ in range(times)][-1]

    def synthesize(self, name: str, key: str | None = None) -> str:
        """Order a synthesis, and return the path of the character."""
        headers = {} if key is None else {"Idempotency-Key": key}
        made = self.call("POST", "/v1/characters", json={**SYNTHESIS, "name": name}, headers=headers)
        return f"/v1/characters/{made['id']}"

    def image(self, **body: Any) -> str:
        """Order an image, and return its path."""
        return f"/v1/images/{self.call('POST', '/v1/images', json={'prompt': 'On a bench', **body})['id']}"

    def upload(self, *, classified: int = 0) -> str:
        """Upload a picture of a character, let it be classified that many times, and return its id."""
        made = self.call("POST", "/v1/characters/uploads/init", json=TICKET)
        data = picture(["me"], 64, 64, "")
        self.call("PUT", made["upload_url"], content=data, headers=made["upload_headers"])
        for _ in range(classified):
            self.call("POST", "/v1/characters/uploads/classify", json={"upload_id": made["upload_id"]})
        return str(made["upload_id"])

    def file(self, **options: Any) -> Any:
        form = {"files": {"file": ("a.png", picture(["a"], 8, 8, ""), "image/png")}, "data": {"purpose": "reference"}}
        return self.call("POST", "/v1/files", **form, **options)

    def chat(self, key: str | None = None, **body: Any) -> Any:
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.call("POST", "/v1/chat/completions", json={**CHAT, **body}, headers=headers)

    def entries(self) -> Entries:
        found: Entries = har(self.aurous.calls)["log"]["entries"]
        return found


def characters(teller: Teller) -> None:
    """From a name to a picture that is drawn again, and the refusals on the way."""
    call = teller.call
    call("GET", "/v1/balance")
    path = teller.synthesize("Aurora", "order-1")
    call("GET", "/v1/balance")
    call("POST", "/v1/characters", json=SYNTHESIS, headers={"Idempotency-Key": "order-1"})
    call("POST", "/v1/characters", json={"name": "Another"}, headers={"Idempotency-Key": "order-2"})
    call("POST", f"{path}/save")
    call("POST", "/v1/characters", json={**SYNTHESIS, "name": "B"}, headers={"Idempotency-Key": "order-1"})
    teller.poll(path)
    call("GET", "/v1/balance")
    call("POST", f"{path}/save")
    call("POST", f"{path}/save")
    call("PATCH", path, json={"name": "Aurora Vale"})
    call("PATCH", path, json={"color": "red"})
    call("POST", "/v1/characters", json={"generate": True})
    call("POST", "/v1/characters", json={"name": "B", "generate": True, "upload_ids": ["x"]})
    call("POST", "/v1/characters/char_01KRMEXM017R6QKY9FRGVYXRJ9/save")
    call("POST", f"{path}/resynthesize", json={})
    teller.poll(path)
    call("POST", f"{path}/refs/regenerate", json={"pose": "front"})
    teller.poll(path, 2)
    call("GET", "/v1/balance")
    other = teller.synthesize("Borea")
    teller.aurous.characters.last.fail("provider_timeout")
    teller.poll(other, 2)
    call("GET", "/v1/balance")
    first = call("GET", "/v1/characters", params={"limit": 1})
    call("GET", "/v1/characters", params={"limit": 1, "starting_after": first["next_cursor"]})
    call("GET", "/v1/characters", params={"limit": 0})
    call("GET", "/v1/characters", params={"status": "sleeping"})
    call("DELETE", other)
    call("GET", other)
    another = teller.synthesize("Cirra")
    call("GET", "/v1/balance")
    teller.aurous.characters.last.fail("provider_timeout")
    call("GET", another)
    call("GET", "/v1/balance")
    teller.image(character_id=path.rpartition("/")[2])


def images(teller: Teller) -> None:
    """Images and videos, with every end."""
    call, images = teller.call, teller.aurous.images
    call("GET", "/v1/balance")
    path = teller.image(count=2)
    call("GET", "/v1/balance")
    done = teller.poll(path)
    call("GET", "/v1/balance")
    call("GET", done["output_urls"][0])
    call("GET", f"{path}/output/9")
    failed = teller.image()
    images.last.fail("provider_timeout")
    call("GET", failed)
    call("GET", "/v1/balance")
    call("GET", f"{failed}/output/0")
    cancelled = teller.image(width=1025, height=2000)
    call("POST", f"{cancelled}/cancel")
    call("POST", f"{path}/cancel")
    call("POST", "/v1/images", json={"prompt": " "})
    call("POST", "/v1/images/estimate", json={"prompt": "On a bench", "enhance_prompt": True})
    call("GET", "/v1/images")
    styles = call("GET", "/v1/video_loras")
    video = call("POST", "/v1/videos", json={"video_lora_id": styles[0]["id"], "duration": 4, "resolution": "480p"})
    teller.poll(f"/v1/images/{video['id']}")
    call("GET", f"/v1/videos/{video['id']}")
    call("GET", "/v1/balance")
    another = teller.image()
    images.last.fail("provider_timeout")
    call("GET", another)
    call("GET", "/v1/balance")


def account(teller: Teller) -> None:
    """Keys, versions, files, uploads, endpoints, and what an account shows."""
    call = teller.call
    call("GET", "/v1/team", headers={"X-Api-Key": ""})
    call("GET", "/v1/team", headers={"X-Api-Key": "al_live_nobody"})
    reader = teller.aurous.team.add_key(scope="read")
    call("GET", "/v1/team", headers={"X-Api-Key": reader})
    call("POST", "/v1/images", json={"prompt": "x"}, headers={"X-Api-Key": reader})
    call("GET", "/v1/team", headers={"Aurous-Version": "1999-01-01"})
    call("GET", "/v1/team")
    call("GET", "/v1/pricing")
    poor = teller.aurous.teams.add(credits=1).api_key
    call("GET", "/v1/balance", headers={"X-Api-Key": poor})
    call("POST", "/v1/characters", json=SYNTHESIS, headers={"X-Api-Key": poor})
    call("GET", "/v1/balance", headers={"X-Api-Key": poor})
    file = teller.file()
    call("GET", f"/v1/files/{file['id']}")
    call("DELETE", f"/v1/files/{file['id']}")
    call("GET", f"/v1/files/{file['id']}")
    upload = teller.upload(classified=1)
    call("POST", "/v1/characters", json={"name": "D", "upload_ids": [upload], "client_reference_id": "d"})
    endpoint = call("POST", "/v1/webhook_endpoints", json={"url": "https://receiver.example/a", "events": ["*"]})
    call("GET", f"/v1/webhook_endpoints/{endpoint['id']}")
    call("POST", f"/v1/webhook_endpoints/{endpoint['id']}/test", json={"event_type": "image.completed"})
    call("GET", "/v1/webhook_endpoints")
    call("DELETE", f"/v1/webhook_endpoints/{endpoint['id']}")
    call("GET", "/v1/loras")
    call("GET", "/v1/usage", params={"start_time": "2026-05-08T00:00:00Z"})
    call("GET", "/v1/usage/events", params={"start_time": "2026-05-08T00:00:00Z"})
    call("POST", "/v1/generations", json={})


STORIES: Final[dict[str, Story]] = {"characters": characters, "images": images, "account": account}
"""The long stories."""
_TOLD: Final[dict[str, str]] = {}


def told(story: str, **settings: Any) -> Entries:
    """Return the recording of a story, which the caller may change; under the same settings it is told once."""
    name = f"{story} {sorted(settings.items())}"
    if name not in _TOLD:
        teller = Teller(**settings)
        tell: Story = STORIES.get(story) or getattr(stories, story)
        tell(teller)
        _TOLD[name] = json.dumps(teller.entries())
    found: Entries = json.loads(_TOLD[name])
    return found


def checked(folder: Path, entries: Entries, readings: Mapping[str, str] | None = None, **settings: Any) -> Checked:
    return check_files([write(folder, entries)], {"readings": readings or {}, **settings})


def write(folder: Path, entries: Entries) -> Path:
    file = folder / "recorded.har"
    file.write_text(json.dumps({"log": {"creator": {"name": "pytest-aurous"}, "entries": entries}}), encoding="utf-8")
    return file


def sanitized(folder: Path, entries: Entries) -> Entries:
    """Return a recording without anything private."""
    found: Entries = Sanitizer().har(read_recording(write(folder, entries)))["log"]["entries"]
    return found


def complete(result: Checked) -> dict[str, Any]:
    """Return all that a check has found: of each rule the verdict and the counts, and what no rule covers."""
    rules = {one.rule: (one.word, one.agreed, one.differing, one.doubts, one.aside) for one in result.verdicts}
    return {**rules, **{str(place): one.times for place, one in result.verdicts.uncovered.items()}}


def command(status: int, *arguments: object) -> str:
    """Run the command, which must exit with this status, and return what it prints."""
    with redirect_stdout(StringIO()) as printed, redirect_stderr(printed):
        assert main(["check", *map(str, arguments)]) == status, printed.getvalue()
    return printed.getvalue()


def refuted(result: Checked) -> list[str]:
    return [verdict.rule for verdict in result.verdicts.refuted]


def body(entry: dict[str, Any], change: Callable[[Any], object]) -> None:
    content = json.loads(entry["response"]["content"]["text"])
    change(content)
    entry["response"]["content"]["text"] = json.dumps(content)
    entry["response"]["content"]["size"] = 0


def validated(file: Path) -> Any:
    """Return the result of a check that `--json` wrote, which its schema allows."""
    result = json.loads(file.read_text(encoding="utf-8"))
    jsonschema.validate(result, SCHEMA)
    return result
