"""A suite as a user writes it after the documentation: each feature once, annotated, and without an exception.

It runs, so that what it shows to type checkers is so; and it imports nothing private, neither `Any` nor `cast`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_aurous import (
    ApiKey,
    Aurous,
    AurousExplorationError,
    AurousLookupError,
    AurousScriptError,
    AurousSignatureError,
    AurousTransitionError,
    Call,
    Calls,
    Character,
    CharacterStatus,
    Clock,
    Delivery,
    ErrorCode,
    Event,
    Exploration,
    Fault,
    File,
    GenerationStatus,
    Image,
    Limit,
    Pitfall,
    Script,
    Team,
    Upload,
    Video,
    WebhookEndpoint,
    aurous_explore,
    aurous_settings,
    sign_webhook,
    verify_webhook,
)
from pytest_aurous.hypothesis import attributes, scripts

if TYPE_CHECKING:
    import faker

pytestmark = aurous_settings(now="2026-05-08T10:00:00Z", credits=100)

ORDER = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}


def publish(api: httpx.Client, key: str = "order-1") -> str:
    """Order a character; a lost response is no loss, as the key makes it one order."""
    for _ in range(5):
        try:
            response = api.post("/v1/characters", json=ORDER, headers={"Idempotency-Key": key})
            response.raise_for_status()
            made: str = response.json()["id"]
        except (httpx.HTTPError, ValueError):
            continue
        return made
    raise TimeoutError("the API does not respond")


@pytest.fixture
def aurora(aurous: Aurous) -> Character:
    return aurous.characters.add("Aurora", status="reviewing", attributes={"age": 28}, refs=["portrait", "front"])


# Fixtures


def test_fixtures(
    aurous: Aurous, aurous_client: httpx.Client, aurous_api_key: str, aurous_base_url: str, aurous_seed: int
) -> None:
    key: ApiKey = aurous.api_key
    clock: Clock = aurous.clock

    assert key == aurous_api_key
    assert str(aurous_client.base_url).rstrip("/") == aurous.base_url == aurous_base_url
    assert (aurous_seed, clock.frozen, aurous.seed == aurous_seed) == (20, True, False)


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_async_client(aurous: Aurous, aurous_async_client: httpx.AsyncClient) -> None:
    response = await aurous_async_client.get("/v1/balance")
    async with aurous.async_client(timeout=3, headers={"X-Trace": "a"}) as api:
        again = await api.get("/v1/balance")

    assert response.json() == again.json()


def test_faker(aurous_faker: faker.Faker, aurous: Aurous) -> None:
    name: str = aurous_faker.name()

    assert name
    assert aurous.faker.name()


def test_a_fake_of_its_own() -> None:
    with Aurous(credits=10, strict="warn", pitfalls="off", seed=3, sparse="optional", grease="fields") as fake:
        assert fake.team.credits == 10


def test_other_clients(aurous: Aurous) -> None:
    with httpx.Client(transport=aurous.transport, base_url=aurous.base_url) as api:
        assert api.get("/v1/balance").status_code == 401
    with aurous.client(follow_redirects=True, timeout=httpx.Timeout(3.0)) as api:
        assert api.get("/v1/balance").status_code == 200


# Settings


@aurous_settings(sleep="skip", script="synthesizing*2 -> reviewing", network="block", report="all", observed=None)
def test_settings(aurous: Aurous, aurous_client: httpx.Client) -> None:
    assert aurous.characters[publish(aurous_client)].status == "synthesizing"


@aurous_explore(faults=["lost", "unavailable"], laws="-ends", may_raise=TimeoutError, known={})
def test_explored(aurous: Aurous, aurous_client: httpx.Client) -> None:
    assert publish(aurous_client)
    assert len(aurous.characters) == 1


# Records


def test_records(aurous: Aurous, aurora: Character, aurous_client: httpx.Client) -> None:
    last: Character = aurous.characters.last
    found: Character | None = aurous.characters.get("char_1")
    poses: list[str] = [ref.pose for ref in aurora.refs]
    names: list[str] = [character.name for character in aurous.characters]
    age: int = aurora.attributes["age"] if aurora.attributes is not None else 0
    reference: str | None = aurora.client_reference_id

    aurous_client.post(f"/v1/characters/{aurora.id}/save").raise_for_status()

    assert (last, found, poses, names, age, reference) == (aurora, None, ["portrait", "front"], ["Aurora"], 28, None)
    assert aurora in aurous.characters
    assert aurora.json()["status"] == aurora.status == "ready"
    assert not aurora.gone


@pytest.mark.parametrize("status", ["synthesizing", "ready", "failed"])
def test_statuses(aurous: Aurous, status: str) -> None:
    assert aurous.characters.add(status=status).status == status


STATUSES: tuple[tuple[CharacterStatus, GenerationStatus], ...] = (("failed", "failed"), ("ready", "succeeded"))


@pytest.mark.parametrize(("character", "image"), STATUSES)
def test_annotated_statuses(aurous: Aurous, character: CharacterStatus, image: GenerationStatus) -> None:
    aurous.characters.add(status=character)
    aurous.images.add(status=image)


def test_other_records(aurous: Aurous, aurora: Character) -> None:
    image: Image = aurous.images.add("On a bench", character=aurora, size="2k_16_9", count=2)
    video: Video = aurous.videos.add(status="pending", resolution="720p", ratio="9:16", duration=4)
    file: File = aurous.files.add(purpose="first_frame", metadata={"scene": 4})
    upload: Upload = aurous.uploads.add(pose="side", confidence=0.5)
    endpoint: WebhookEndpoint = aurous.webhook_endpoints.add("https://app.example/hooks", ["image.completed"])
    style = aurous.loras.add("House Style", default_steps=20, public=True)
    film_style = aurous.video_loras.add(slug="slow", default_ratio="1:1")

    picture: bytes = image.picture(1)
    urls: list[str] = image.output_urls
    video.finish()
    film: bytes = video.film()

    assert picture
    assert film
    assert len(urls) == 2
    assert (file.status, upload.pose, endpoint.is_active) == ("stored", "side", True)
    assert (style.default_steps, film_style.slug) == (20, "slow")


def test_moving_a_record(aurous: Aurous) -> None:
    character = aurous.characters.add(status="synthesizing", script="synthesizing! -> reviewing")
    character.advance()
    assert character.status == "reviewing"
    with pytest.raises(AurousTransitionError):
        character.fail("provider_timeout")
    character.delete()

    image = aurous.images.add(status="processing")
    image.cancel()
    assert image.status == "cancelled"


def test_scripts(aurous: Aurous) -> None:
    script: Script = Script.parse("pending -> failed(provider_timeout)", "images")
    aurous.images.script(script, name="On a bench")
    aurous.script("synthesizing:45s -> reviewing")
    aurous.characters.add(status="synthesizing").script("synthesizing -> failed")

    with pytest.raises(AurousScriptError, match="column"):
        Script.parse("synthesizing -> succeeded")
    with pytest.raises(AurousLookupError):
        aurous.characters["char_1"]


def test_uploads(aurous: Aurous, aurous_client: httpx.Client) -> None:
    aurous.uploads.pose("front", confidence=0.92, times=1)
    ticket = aurous.uploads.add()

    seen = aurous_client.post("/v1/characters/uploads/classify", json={"upload_id": ticket.id}).json()

    assert seen["pose"] == "front"


# Time, teams, limits


def test_clock(aurous: Aurous) -> None:
    start = aurous.clock.now()
    aurous.clock.advance(seconds=30)
    aurous.clock.advance(timedelta(minutes=1))
    assert aurous.clock.now() - start == timedelta(seconds=90)
    with aurous.clock.skip_sleeps():
        aurous.clock.freeze("2026-06-01T00:00:00Z")


def test_teams(aurous: Aurous) -> None:
    other: Team = aurous.teams.add("Acme Studio", credits=3, billing_mode="exempt")
    reading: ApiKey = other.add_key(scope="read")
    rotated: ApiKey = reading.rotate()
    other.credits = 5
    other.balance_low_threshold = 1
    aurous.characters.add(team=other)

    with aurous.client(headers={"X-Api-Key": rotated}) as api:
        assert api.get("/v1/balance").json()["credits"] == 5
    rotated.revoke()

    assert (len(other.characters), len(aurous.characters), other.held_credits) == (1, 0, 0)
    assert (rotated.scope, other.billing_mode, other.available_credits) == ("read", "exempt", 5)


def test_limits(aurous: Aurous, aurous_client: httpx.Client) -> None:
    limit: Limit = aurous.limits["reads"]
    limit.set(burst=2, per_minute=0.5)
    limit.exhaust()
    aurous_client.get("/v1/balance")

    assert (limit.capacity, limit.remaining, limit.overruns) == (2, 0, 1)
    assert [bucket.name for bucket in aurous.limits.values() if bucket.overruns] == ["reads"]


# Calls


def test_calls(aurous: Aurous, aurous_client: httpx.Client) -> None:
    made = publish(aurous_client)
    aurous_client.get(f"/v1/characters/{made}")

    calls: Calls = aurous.calls.where("characters.*", status=201, method="POST", replayed=False)
    call: Call = calls.last
    key: str = call.request.headers["Idempotency-Key"]
    name: str = call.request.json["name"]
    status: int | None = call.response.status if call.response is not None else None
    failed: list[ErrorCode | str | None] = [one.error_code for one in aurous.calls if one.error_code]

    assert (key, name, status, failed) == ("order-1", "Aurora", 201, [])
    assert aurous.calls.count("characters.retrieve") == len(aurous.calls[1:]) == 1
    aurous.assert_called("characters.create", times=1, json={"name": "Aurora"}, headers={"Idempotency-Key": key})
    aurous.assert_called("characters.*", at_least=1, at_most=2)
    aurous.assert_not_called("images.*")
    aurous.assert_called_in_order("characters.create", "characters.retrieve")
    aurous.assert_polled(aurous.characters.last, at_least=1)
    aurous.assert_polled(made, at_most=1)
    calls.assert_called("characters.create")


@aurous_settings(pitfalls="off")
def test_pitfalls(aurous: Aurous, aurora: Character, aurous_client: httpx.Client) -> None:
    aurous_client.patch(f"/v1/characters/{aurora.id}", json={"attributes": {"hair_color": "red"}})
    pitfalls: list[Pitfall] = aurous.pitfalls

    assert [(one.id, one.call.operation) for one in pitfalls] == [("wiping-patch", "characters.update")]
    assert all(one.message and one.place for one in pitfalls)


# Faults


def is_third(call: Call) -> bool:
    return call.number == 3


@aurous_settings(strict="off")
def test_faults(aurous: Aurous) -> None:
    faults = aurous.faults
    added: list[Fault] = [
        faults.status(
            "characters.retrieve", 503, code="provider_unavailable", message="Later.", retry_after=3, times=2
        ),
        faults.status("*", 400, headers={"X-Request-Id": None}, after=1, when=is_third),
        faults.rate_limited("images.create", retry_after=30),
        faults.timeout("characters.*", phase="connect", commit=False),
        faults.connect_error("characters.create", when=lambda call: call.request.json["name"] == "Aurora"),
        faults.disconnect("characters.create", after_bytes=20, commit=True),
        faults.delay("images.create", seconds=20.5),
        faults.malformed("characters.list", "html"),
        faults.greased("characters.*", "all", times=3),
        faults.outage(60, commit=True),
        faults.drop("image.completed"),
        faults.duplicate("image.*", times=2),
        faults.reorder("video.completed", when=lambda delivery: delivery.attempt == 1),
        faults.late("character.failed", seconds=30),
        faults.bad_signature("*", after=1),
    ]

    assert [fault.fired for fault in added] == [0] * len(added)
    assert faults.unfired == list(faults) == added


# Webhooks

EVENTS: list[Event] = ["image.completed", "image.failed"]
Message = MutableMapping[str, object]


def test_a_function_receives(aurous: Aurous) -> None:
    received: list[str] = []

    def receive(delivery: Delivery) -> int:
        verify_webhook(delivery.body, delivery.headers["Aurous-Webhook-Signature"], "whsec_mine", at=delivery.at)
        received.append(delivery.event)
        return 200

    endpoint: WebhookEndpoint = aurous.webhooks.deliver_to(receive, events=EVENTS, secret="whsec_mine")  # noqa: S106 - it opens nothing
    aurous.images.add(status="processing").finish()
    made: list[Delivery] = aurous.webhooks.flush()

    assert endpoint in aurous.webhook_endpoints
    assert received == [one.payload["type"] for one in made] == ["image.completed"]
    assert [one.response_status for one in aurous.webhooks.deliveries] == [200]


def test_a_lambda_receives(aurous: Aurous) -> None:
    statuses = iter([503, 200])
    seen: list[Delivery] = []
    aurous.webhooks.deliver_to(lambda _: next(statuses))
    aurous.webhooks.deliver_to(seen.append)
    aurous.webhooks.route("https://app.example/*", lambda delivery: 200 if delivery.attempt > 1 else 503)
    aurous.images.add(status="processing", webhook_url="https://app.example/hook").finish()
    aurous.webhooks.flush()

    assert {one.status for one in aurous.webhooks.deliveries if one.attempt == 1} == {"failed", "delivered"}


def test_applications_receive(aurous: Aurous) -> None:
    paths: list[object] = []

    async def asgi(
        scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        paths.append(scope["path"])
        await receive()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def wsgi(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
        paths.append(environ["PATH_INFO"])
        start_response("204 No Content", [])
        return []

    aurous.webhooks.deliver_to(asgi, url="https://app.example/asgi")
    aurous.webhooks.deliver_to(wsgi, url="https://app.example/wsgi")
    aurous.images.add(status="processing").finish()
    aurous.webhooks.flush()

    assert paths == ["/asgi", "/wsgi"]


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_coroutine_receives(aurous: Aurous) -> None:
    received: list[Delivery] = []

    async def receive(delivery: Delivery) -> None:
        received.append(delivery)

    aurous.webhooks.deliver_to(receive)
    aurous.images.add(status="processing").finish()

    assert await aurous.webhooks.aflush() == received


def test_signatures() -> None:
    header: str = sign_webhook(b"{}", "whsec_mine", at=1_000)

    verify_webhook(b"{}", header, "whsec_mine", tolerance=60, at=1_010)
    with pytest.raises(AurousSignatureError):
        verify_webhook(b"[]", header, "whsec_mine", at=1_010)


# Bad days


def test_explore(aurous: Aurous, aurous_client: httpx.Client) -> None:
    found: Exploration = aurous.explore(
        lambda: publish(aurous_client),
        may_raise=(httpx.HTTPError, TimeoutError),
        may_return=lambda made: not made,
        faults=["refused", "lost"],
        laws=("tells", "pays_once"),
        fresh=lambda: None,
    )

    assert [case.id for case in found.broken] == []
    assert {case.operation for case in found.cases} == {"characters.create"}
    assert found.good_day.credits > 0


def test_explore_one_case(aurous: Aurous) -> None:
    def careless() -> None:
        aurous.client().post("/v1/characters", json=ORDER)

    with pytest.raises(AurousExplorationError):
        aurous.explore(careless, may_raise=httpx.TransportError, known={"characters.create#1 garbled": "until March"})


def test_interleave(aurous: Aurous, aurous_client: httpx.Client) -> None:
    def order(key: str) -> int:
        headers = {"Idempotency-Key": key}
        return aurous_client.post("/v1/characters", json=ORDER, headers=headers).status_code

    found: Exploration = aurous.interleave(order, order, fresh=lambda: "1", returns=True, patience=5, only=None)

    assert {"first#1", "second#1"} <= {case.id for case in found.cases}


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_ainterleave(aurous: Aurous, aurous_async_client: httpx.AsyncClient) -> None:
    async def balance() -> float:
        credits_left: float = (await aurous_async_client.get("/v1/balance")).json()["credits"]
        return credits_left

    found: Exploration = await aurous.ainterleave(balance, balance)

    assert not found.broken


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_aexplore(aurous: Aurous, aurous_async_client: httpx.AsyncClient) -> None:
    async def balance() -> float:
        for _ in range(3):
            try:
                response = await aurous_async_client.get("/v1/balance")
                credits_left: float = response.json()["credits"]
            except (httpx.HTTPError, ValueError, KeyError):
                continue
            return credits_left
        raise TimeoutError("the API does not respond")

    found = await aurous.aexplore(balance, faults="-greased", laws="tells,pays_once", returns=True)

    assert not found.broken


@settings(deadline=None, max_examples=5)
@given(described=attributes(), script=scripts("characters"), status=st.sampled_from(["ready", "failed"]))
def test_strategies(aurous: Aurous, described: dict[str, str | int], script: Script, status: str) -> None:
    aurous.characters.add(status=status, attributes=described, script=script)
