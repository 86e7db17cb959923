"""Random walks of a client through the fake, and of a test that interferes."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random
from typing import Any, Final

import httpx

from pytest_aurous import AurousError
from pytest_aurous._core.world.settings import READINGS
from tests.check.story import Entries, Teller
from tests.conftest import ATTRIBUTES, TICKET

SCRIPTS: Final = {
    "characters": (
        "synthesizing*0 -> {end}",
        "synthesizing*2 -> {end}",
        "synthesizing:12s -> {end}",
        "synthesizing -> failed",
        "synthesizing*0 -> failed(provider_timeout)",
    ),
    "images": (
        "pending*0 -> processing -> succeeded",
        "pending -> processing*0 -> succeeded",
        "pending:3s -> processing:4s -> succeeded",
        "pending -> failed(content_moderated)",
        "pending*0 -> processing -> expired",
        "pending -> moderation_rejected",
    ),
}
UNKNOWN: Final = "01KRMEXM017R6QKY9FRGVYXRJ9"


class Walk(Teller):
    """One walk: each step is one request, and now and then the test interferes."""

    def __init__(self, seed: int, **settings: Any) -> None:
        self.chance = chance = Random(seed)
        rules = READINGS.keys() - {"get-2"}  # whether a character was in review when it was deleted, nothing may show
        self.readings = {rule: chance.choice(READINGS[rule]) for rule in sorted(rules) if chance.random() < 0.3}
        scripts = {
            kind: chance.choice(some).format(end=self.readings.get("create-4", "reviewing"))
            for kind, some in SCRIPTS.items()
            if chance.random() < 0.5
        }
        super().__init__(seed=seed, readings=self.readings, script=scripts, credits=200, **settings)
        self.kept = self.aurous.snapshot()
        self.ids: dict[str, list[str]] = {}
        self.keys: list[str] = []
        self.urls: list[str] = []

    def go(self, steps: int, *, shared: bool = False) -> Entries:
        """Take this many steps, and return the recording; *shared*: the test also does what other clients may do."""
        acts = (*ACTS, *OTHERS) if shared else ACTS
        for _ in range(steps):
            with suppress(httpx.HTTPError, ValueError, IndexError):  # a fault breaks connections and bodies
                self.note(self.chance.choice(STEPS)(self))
            if self.chance.random() < 0.2:
                with suppress(AurousError, IndexError):  # it cannot be done in the present state
                    self.chance.choice(acts)(self)
        return self.entries()

    def note(self, content: Any) -> None:
        """Remember the ids and URLs of a response."""
        for row in content if isinstance(content, list) else [content]:
            kind = str(row.get("id", row.get("upload_id", ""))).partition("_")[0] if isinstance(row, dict) else ""
            if kind:
                self.ids.setdefault(kind, []).append(row.get("id") or row["upload_id"])
                self.urls += [ref["url"] for ref in row.get("refs") or ()] + (row.get("output_urls") or [])
                self.urls += [row[name] for name in ("output_video_url", "upload_url") if row.get(name)]

    def one(self, kind: str) -> str:
        """Return an id of a kind: mostly one that there is."""
        known = self.ids.get(kind, [])
        return self.chance.choice(known) if known and self.chance.random() < 0.95 else f"{kind}_{UNKNOWN}"

    def any_of(self, values: Sequence[Any]) -> Any:
        return self.chance.choice(values)

    def headers(self) -> dict[str, str]:
        """Return headers: an idempotency key now and then, or another API key."""
        found = {}
        if self.chance.random() < 0.5:
            self.keys.append(f"order-{len(self.keys)}")
            found["Idempotency-Key"] = self.any_of(self.keys[-4:])
        if self.chance.random() < 0.05:
            found["X-Api-Key"] = self.any_of(["", "al_live_nobody"])
        if self.chance.random() < 0.05:
            found["Aurous-Version"] = self.any_of(["2026-05-15", "1999-01-01"])
        return found

    def post(self, path: str, **body: Any) -> Any:
        return self.call("POST", path, json=body, headers=self.headers())

    def get(self, path: str, **query: Any) -> Any:
        return self.call("GET", path, params={name: value for name, value in query.items() if value is not None})


def _page(walk: Walk, kind: str) -> dict[str, Any]:
    return {
        "limit": walk.any_of([None, None, 1, 2, 0, 100]),
        "starting_after": walk.any_of([None, None, walk.one(kind)]),
        "status": walk.any_of([None, None, None, "ready", "failed", "succeeded", "asleep"]),
    }


STEPS: Final[tuple[Callable[[Walk], Any], ...]] = (
    lambda walk: walk.post(
        "/v1/characters",
        name=walk.any_of("ABC"),
        generate=walk.any_of([True, True, True, False]),
        attributes=ATTRIBUTES,
    ),
    lambda walk: walk.post("/v1/characters", name="D", upload_ids=[walk.one("upl")]),
    *[lambda walk: walk.get(f"/v1/characters/{walk.one('char')}")] * 5,
    lambda walk: walk.get("/v1/characters", **_page(walk, "char")),
    *[lambda walk: walk.post(f"/v1/characters/{walk.one('char')}/save")] * 2,
    lambda walk: walk.post(f"/v1/characters/{walk.one('char')}/resynthesize"),
    lambda walk: walk.post(f"/v1/characters/{walk.one('char')}/refs/regenerate", pose=walk.any_of(["front", "up"])),
    lambda walk: walk.call(
        "PATCH", f"/v1/characters/{walk.one('char')}", json=walk.any_of([{"name": "E"}, {"color": 1}, {}])
    ),
    lambda walk: walk.call("DELETE", f"/v1/characters/{walk.one('char')}"),
    lambda walk: walk.call("POST", "/v1/characters/uploads/init", json=TICKET),
    lambda walk: walk.post("/v1/characters/uploads/classify", upload_id=walk.one("upl")),
    lambda walk: walk.post("/v1/images", prompt=walk.any_of(["x", " "]), count=walk.any_of([1, 2, 3])),
    lambda walk: walk.post(
        "/v1/images", prompt="x", character_id=walk.one("char"), width=walk.any_of([512, 1025, 2048])
    ),
    lambda walk: walk.post("/v1/images", prompt="x", lora_id=walk.one("lora"), seed=walk.any_of([-1, 7])),
    lambda walk: walk.post("/v1/images", prompt="x", reference_image_urls=[walk.one("file")]),
    lambda walk: walk.post("/v1/images/estimate", prompt="x", enhance_prompt=walk.any_of([True, False])),
    *[lambda walk: walk.get(f"/v1/images/{walk.one('img')}")] * 4,
    lambda walk: walk.get(f"/v1/images/{walk.one('img')}/output/{walk.any_of([0, 0, 1, 9])}"),
    lambda walk: walk.get("/v1/images", **_page(walk, "img")),
    lambda walk: walk.post(f"/v1/images/{walk.one(walk.any_of(['img', 'vid']))}/cancel"),
    lambda walk: walk.post("/v1/videos", video_lora_id=walk.one("lora"), duration=walk.any_of([3, 5])),
    *[lambda walk: walk.get(f"/v1/videos/{walk.one('vid')}")] * 3,
    *[lambda walk: walk.get("/v1/balance")] * 3,
    lambda walk: walk.get("/v1/team"),
    lambda walk: walk.get("/v1/pricing"),
    lambda walk: walk.get("/v1/loras"),
    lambda walk: walk.get("/v1/video_loras"),
    lambda walk: walk.get(f"/v1/{walk.any_of(['loras', 'video_loras'])}/{walk.one('lora')}"),
    Teller.file,
    lambda walk: walk.get(f"/v1/files/{walk.one('file')}"),
    lambda walk: walk.call("DELETE", f"/v1/files/{walk.one('file')}"),
    lambda walk: walk.post("/v1/webhook_endpoints", url="https://receiver.example/a", events=["*"]),
    lambda walk: walk.get("/v1/webhook_endpoints"),
    lambda walk: walk.get(f"/v1/webhook_endpoints/{walk.one('we')}"),
    lambda walk: walk.call("DELETE", f"/v1/webhook_endpoints/{walk.one('we')}"),
    lambda walk: walk.post(f"/v1/webhook_endpoints/{walk.one('we')}/test", event_type="image.completed"),
    lambda walk: walk.post(f"/v1/webhook_endpoints/{walk.one('we')}/rotate_secret"),
    lambda walk: walk.get("/v1/usage", start_time="2026-05-01T00:00:00Z"),
    lambda walk: walk.get("/v1/usage/events", start_time="2026-05-01T00:00:00Z", limit=2),
    lambda walk: walk.call("GET", walk.any_of(walk.urls[-8:])),
)
"""The requests of a client."""

ACTS: Final[tuple[Callable[[Walk], Any], ...]] = (
    lambda walk: setattr(walk, "kept", walk.aurous.snapshot()),
    lambda walk: walk.aurous.restore(walk.kept),
    lambda walk: walk.aurous.clock.advance(seconds=walk.any_of([1, 30, 3600, 86_400, 8 * 86_400])),
    lambda walk: walk.aurous.characters.last.finish(),
    lambda walk: walk.aurous.characters.last.fail("provider_timeout"),
    lambda walk: walk.aurous.images.last.finish(),
    lambda walk: walk.aurous.faults.status("*", walk.any_of([500, 503]), times=1),
    lambda walk: walk.aurous.faults.status("*.create", 503, times=1, commit=True),
    lambda walk: walk.aurous.faults.timeout("*", times=1, commit=walk.any_of([True, False])),
    lambda walk: walk.aurous.faults.rate_limited("*", times=1),
    lambda walk: walk.aurous.faults.disconnect("*", times=1),
    lambda walk: walk.aurous.faults.malformed("*", times=1),
    lambda walk: walk.aurous.faults.greased("*", times=1),
)
"""What happens meanwhile, and what a test does to the recording client."""
OTHERS: Final[tuple[Callable[[Walk], Any], ...]] = (
    lambda walk: walk.aurous.characters.last.delete(),
    lambda walk: walk.aurous.characters.add("Old", status=walk.any_of(["ready", "reviewing", "failed"])),
    lambda walk: walk.aurous.images.last.cancel(),
    lambda walk: walk.aurous.images.add(),
    lambda walk: walk.aurous.files.add(),
    lambda walk: walk.aurous.loras.add("Mine"),
    lambda walk: setattr(walk.aurous.team, "credits", walk.aurous.team.credits + walk.chance.randrange(300, 900) + 0.3),
)
"""What other clients of the team may do as well."""
