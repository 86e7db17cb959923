"""What the code under test got away with: that each misuse is seen, and that correct code is left alone."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from pytest_aurous import Aurous, AurousError, AurousPitfallWarning, AurousUnmatchedRequest, AurousWarning, Character
from pytest_aurous._core.engine.detectors import DETECTORS
from pytest_aurous._core.wire.reply import Break, Reply
from pytest_aurous._fake.verdict import Verdict
from tests.conftest import SYNTHESIS, TICKET, Api, Story

CHARACTERS: Final = "/v1/characters"
BALANCE: Final = "/v1/balance"
CHAT: Final = "/v1/chat/completions"
UPLOAD: Final = "https://aurous.storage/characters/upl_x/upload"
ATTRIBUTES: Final = {"age": 28, "hair_color": "black"}
KEY: Final = {"Idempotency-Key": "once"}


def ids(api: Api) -> list[str]:
    return [one.id for one in api.aurous.pitfalls]


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def save(api: Api, character: Character) -> int:
    return api.post(f"{CHARACTERS}/{character.id}/save").status


def create(api: Api, **sent: Any) -> int | str:
    """Ask for the same synthesis each time, and return the status or the exception."""
    outcome = api.outcome("POST", CHARACTERS, json=SYNTHESIS, **sent)
    return outcome.error if isinstance(outcome, Break) else outcome.status


def ticket(api: Api) -> str:
    return str(api.post(f"{CHARACTERS}/uploads/init", json=TICKET).json["upload_url"])


def test_a_refused_request_whose_body_cannot_be_read_is_no_misuse(api: Api) -> None:
    """Its body is not looked at before its version is refused, and no detector fails because of it."""
    headers = {**KEY, "Aurous-Version": "1005-81-60"}

    assert api.post(CHAT, content=b"p", headers=headers).status == 400
    assert ids(api) == []


# One misuse of each kind


def early_save(api: Api) -> None:
    character = api.synthesize("synthesizing*9 -> reviewing")
    assert [save(api, character), *api.poll(character), save(api, character)] == [400, "synthesizing", 400]


def endless_poll(api: Api) -> None:
    character = api.characters.add(status="failed")
    assert api.poll(character, times=4) == ["failed"] * 4


def double_charge(api: Api) -> None:
    before = len(api.characters)
    api.aurous.faults.timeout("characters.create", commit=True)
    assert [create(api), create(api)] == ["ReadTimeout", 201]
    assert len(api.characters) == before + 2


def new_key_per_attempt(api: Api) -> None:
    before = len(api.characters)
    api.aurous.faults.timeout("characters.create", commit=True)
    keys = [keyed(f"{attempt} of order {before}") for attempt in range(2)]
    assert [create(api, headers=key) for key in keys] == ["ReadTimeout", 201]
    assert len(api.characters) == before + 2


def early_retry(api: Api) -> None:
    api.aurous.faults.rate_limited("balance.retrieve", retry_after=12)
    assert api.get(BALANCE).status == 429
    api.clock.advance(seconds=11)
    assert api.get(BALANCE).status == 200


def wiping_patch(api: Api) -> None:
    character = api.characters.add(attributes=ATTRIBUTES)
    assert api.patch(f"{CHARACTERS}/{character.id}", json={"attributes": {"age": 29}}).status == 200
    assert character.attributes == {"age": 29}


def stale_url(api: Api) -> None:
    url = api.characters.add().refs[0].url
    api.clock.advance(seconds=24 * 3600)
    assert api.get(url, key=None).status == 403


def leaked_key(api: Api) -> None:
    assert api.put(ticket(api), key=api.aurous.api_key, content=b"png").status == 200


def made_up_cursor(api: Api) -> None:
    assert api.get(f"{CHARACTERS}?starting_after=char_25").status == 400


def ask(api: Api, *, key: str | None = None, **more: Any) -> Any:
    """Ask for a stream."""
    sent = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "Hi"}], "stream": True, **more}
    outcome = api.outcome("POST", CHAT, json=sent, headers=keyed(key) if key else {})
    assert isinstance(outcome, Reply)
    return outcome.stream


def unread_stream(api: Api) -> None:
    stream = ask(api)
    assert stream.read()
    stream.close()
    assert api.aurous.chat.completions.last.status == "cancelled_client_disconnect"


def embed(api: Api, given: object) -> int:
    return api.post("/v1/embeddings", json={"model": "aurous-embed-vision-1.0", "input": given}).status


def string_batch(api: Api) -> None:
    assert [embed(api, ["a", "b"]), embed(api, ["a"])] == [400, 400]


def key_on_stream(api: Api) -> None:
    stream = ask(api, key="once")
    while stream.read():
        pass


def base64_floats(api: Api) -> None:
    sent = {"model": "aurous-embed-vision-1.0", "input": "Hi", "encoding_format": "base64"}
    assert api.post("/v1/embeddings", json=sent, headers={"X-Stainless-Lang": "js"}).status == 200


def ignored_field(api: Api) -> None:
    sent = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "Hi"}], "n": 2}
    assert len(api.post(CHAT, json=sent).json["choices"]) == 1


# Each detector has the function of its name.
MISUSES: Final[dict[str, Story]] = {kind.id: globals()[kind.id.replace("-", "_")] for kind in DETECTORS}

each = pytest.mark.parametrize("kind", MISUSES)


@each
def test_a_misuse_is_seen_once(api: Api, kind: str) -> None:
    """With the call that did it, a sentence, and a link to its section; on another record it is another."""
    MISUSES[kind](api)

    (seen,) = api.aurous.pitfalls
    assert seen.id == kind
    assert seen.call is api.aurous.calls.last
    page = f"Read on: pytest-aurous docs reference/pitfalls#{kind}"
    assert str(seen) == f"[{kind}] {seen.message} ({seen.call.method} {seen.call.path})\n{page}"

    MISUSES[kind](api)

    places = {(one.call.method, one.call.path) for one in api.aurous.pitfalls}
    assert set(ids(api)) == {kind}
    assert len(api.aurous.pitfalls) == len(places)


@each
def test_a_reset_forgets(api: Api, kind: str) -> None:
    """Neither what was seen nor what was half done is known afterwards."""
    MISUSES[kind](api)
    api.aurous.reset()
    assert api.aurous.pitfalls == []

    MISUSES[kind](api)

    assert ids(api) == [kind]


# Other ways into each


def test_save_after_a_poll_that_was_lost_is_early(api: Api) -> None:
    """A poll shows something only if its response arrives and can be read."""
    character = api.synthesize("synthesizing -> reviewing")
    save(api, character)
    api.aurous.faults.timeout("characters.retrieve", commit=True)
    api.aurous.faults.malformed("characters.retrieve", kind="html", commit=True)
    for _ in range(2):
        api.outcome("GET", f"{CHARACTERS}/{character.id}")

    assert save(api, character) == 200
    assert ids(api) == ["early-save"]


@pytest.mark.parametrize(
    ("records", "ending"),
    [
        ("characters", "failed"),
        ("characters", "deleted"),
        ("characters", None),
        ("images", "failed"),
        ("images", "expired"),
        ("images", "moderation_rejected"),
    ],
)
def test_three_more_polls_are_endless(make_api: Callable[..., Api], records: str, ending: str | None) -> None:
    """After each bad end and after 404, the third poll that comes after it is one too many."""
    api = make_api(readings={"get-2": "readable"})
    record = getattr(api.aurous, records).add(status=ending).id if ending else "char_x"
    for _ in range(3):
        api.get(f"/v1/{records}/{record}")
    assert ids(api) == []

    api.get(f"/v1/{records}/{record}")

    assert ids(api) == ["endless-poll"]


def test_a_poll_that_was_refused_begins_no_new_count(api: Api) -> None:
    """A 503 between the polls shows nothing new."""
    character = api.characters.add(status="failed")
    api.aurous.faults.status("characters.retrieve", 503, after=1)

    assert api.poll(character, times=4) == ["failed", "provider_unavailable", "failed", "failed"]
    assert ids(api) == ["endless-poll"]


lost = pytest.mark.parametrize(
    "give",
    [
        lambda faults: faults.status("*", 503),
        lambda faults: faults.status("*", 500, commit=True),
        lambda faults: faults.timeout("*"),
        lambda faults: faults.disconnect("*"),
        lambda faults: faults.disconnect("*", after_bytes=9),
        lambda faults: faults.connect_error("*", commit=True),
    ],
    ids=["503", "500 committed", "read timeout", "disconnect", "cut body", "connect error committed"],
)


@lost
@pytest.mark.parametrize("path", ["", "/{}/resynthesize", "/{}/refs/regenerate"], ids=["create", "again", "one pose"])
def test_a_paid_call_that_may_have_happened_is_charged_twice(
    api: Api, give: Callable[[Any], object], path: str
) -> None:
    """Whatever hid the outcome of the first attempt, and whichever paid call it was."""
    url = CHARACTERS + path.format(api.characters.add().id)
    body: Any = {"": SYNTHESIS, "/{}/resynthesize": {}, "/{}/refs/regenerate": {"pose": "front"}}[path]
    give(api.aurous.faults)
    for _ in range(2):
        api.outcome("POST", url, json=body)

    assert ids(api) == ["double-charge"]


@lost
@pytest.mark.parametrize("header", ["Idempotency-Key", "aurous-idempotent-key"])
@pytest.mark.parametrize(
    ("path", "body"), [(CHARACTERS, SYNTHESIS), ("/v1/images", {"prompt": "Aurora"})], ids=["character", "image"]
)
def test_another_key_for_the_same_order_may_be_charged_twice(
    api: Api, give: Callable[[Any], object], header: str, path: str, body: Any
) -> None:
    """Whatever hid the outcome of the first attempt, and under whichever name the key was sent."""
    give(api.aurous.faults)
    for key in ("first", "second"):
        api.outcome("POST", path, json=body, headers={header: key})

    assert ids(api) == ["new-key-per-attempt"]


def test_each_key_that_was_lost_may_be_sent_again(api: Api) -> None:
    """What makes the pitfall is a third key, not the way back to one that was sent before."""
    api.aurous.faults.timeout("characters.create", times=2)
    for key in ("first", "second", "first"):
        create(api, headers=keyed(key))

    assert [(one.id, one.call.number) for one in api.aurous.pitfalls] == [("new-key-per-attempt", 2)]


@pytest.mark.parametrize(
    ("path", "status", "seen"),
    [("/v1/characters", 200, []), ("/v1/characters", 503, ["double-charge"]), ("/v1/images", 200, ["double-charge"])],
)
def test_who_polls_before_ordering_again_needs_no_key(api: Api, path: str, status: int, seen: list[str]) -> None:
    """A list that came shows whether the first attempt took effect; one that did not come, or of images, does not."""
    api.aurous.faults.timeout("characters.create")
    if status != 200:
        api.aurous.faults.status("characters.list", status)
    create(api)
    api.get(path)
    create(api)

    assert [one.id for one in api.aurous.pitfalls] == seen


def test_an_order_that_nobody_knows_the_outcome_of_is_not_settled_by_a_refusal(api: Api) -> None:
    """A 409 says that the first attempt is under way, and a 429 nothing at all: another key is another order."""
    api.aurous.faults.timeout("characters.create", commit=True)
    api.aurous.faults.status("characters.create", 429)
    api.aurous.faults.status("characters.create", 409)
    assert [create(api, headers=KEY) for _ in range(3)] == ["ReadTimeout", 429, 409]
    assert "new-key-per-attempt" not in ids(api)

    create(api, headers=keyed("another"))

    assert "new-key-per-attempt" in ids(api)


@pytest.mark.parametrize(
    ("go_wrong", "keys"),
    [
        (lambda faults: faults.timeout("*"), "AA"),
        (lambda _: None, "AB"),
        (lambda faults: faults.timeout("*", commit=True), "AAB"),
        (lambda faults: [faults.status("*", 503), faults.status("*", 402)], "AAB"),
        (lambda faults: faults.status("*", 400), "AB"),
        (lambda faults: faults.status("*", 429), "AB"),
        (lambda faults: faults.connect_error("*"), "AB"),
        (lambda faults: faults.timeout("*", phase="connect"), "AB"),
    ],
    ids=["same key", "good response", "replay", "402", "400", "429", "connect error", "connect timeout"],
)
def test_a_new_key_for_a_new_order_is_fine(api: Api, go_wrong: Callable[[Any], object], keys: str) -> None:
    """Where nothing can have been charged twice, nothing is said."""
    go_wrong(api.aurous.faults)
    for key in keys:
        create(api, headers=keyed(key))

    assert "new-key-per-attempt" not in ids(api)


@pytest.mark.parametrize(
    "order",
    [
        lambda api: create(api, headers=keyed("2"), key=api.aurous.teams.add(credits=50).api_key),
        lambda api: api.post(CHARACTERS, json={**SYNTHESIS, "name": "Iris"}, headers=keyed("2")),
    ],
    ids=["of another team", "with another body"],
)
def test_another_order_is_no_retry(api: Api, order: Story) -> None:
    """It has a key of its own."""
    api.aurous.faults.timeout("*")
    create(api, headers=KEY)
    order(api)

    assert ids(api) == []


@pytest.mark.parametrize(("count", "named"), [("0", 0), ("1", 1)])
def test_a_retry_of_the_openai_sdk_is_named(api: Api, count: str, named: int) -> None:
    """The SDK numbers its retries; a second request of the code itself has the number 0."""
    api.aurous.faults.timeout("chat.create")
    sent = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "Hi"}]}
    for retry in ("0", count):
        api.outcome("POST", CHAT, json=sent, headers={"X-Stainless-Retry-Count": retry})

    (seen,) = api.aurous.pitfalls
    assert seen.id == "double-charge"
    assert seen.message.count("max_retries=0") == named


def _drain(stream: Any) -> None:
    while stream.read():
        pass
    stream.close()


@pytest.mark.parametrize(("language", "form"), [("python", "base64"), ("js", "float"), (None, "base64"), ("js", None)])
def test_other_clients_read_floats(api: Api, language: str | None, form: str | None) -> None:
    """The Python SDK asks for base64, too, and takes the floats that come."""
    sent = {"model": "aurous-embed-vision-1.0", "input": "Hi", **({"encoding_format": form} if form else {})}
    assert (
        api.post("/v1/embeddings", json=sent, headers={"X-Stainless-Lang": language} if language else {}).status == 200
    )

    assert ids(api) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_completion_tokens", 5),
        ("n", 2),
        ("logit_bias", {"50256": -100}),
        ("parallel_tool_calls", False),
        ("functions", [{"name": "fly"}]),
        ("prediction", {"type": "content", "content": "Hi"}),
        ("modalities", ["text", "audio"]),
    ],
)
def test_a_field_that_is_ignored_is_named(api: Api, field: str, value: Any) -> None:
    """Once a test, also if a stream has it; the message says what to do instead."""
    _drain(ask(api, **{field: value}))
    _drain(ask(api, **{field: value}))  # from another line

    (seen,) = api.aurous.pitfalls
    assert (seen.id, seen.call.number) == ("ignored-field", 1)
    assert f" {field} (" in seen.message


def test_a_field_that_asks_for_nothing_else_is_no_pitfall(api: Api) -> None:
    """Its usual value, a null, a refused request, and fields that change nothing that a client sees."""
    usual: dict[str, Any] = {
        "n": 1,
        "logit_bias": {},
        "parallel_tool_calls": True,
        "functions": [],
        "modalities": ["text"],
    }
    _drain(ask(api, **usual, max_completion_tokens=None, prediction=None, user="me", store=False))
    api.refused("POST", CHAT, json={"n": 2}, status=400, code="missing_field", param="model")

    assert ids(api) == []


@pytest.mark.parametrize(("seconds", "found"), [(11.6, []), (11.4, ["early-retry"])])
def test_half_a_second_is_not_early(api: Api, seconds: float, found: list[str]) -> None:
    """Retry-After has whole seconds, and the clock of a client is not that of the fake."""
    api.aurous.faults.rate_limited("balance.retrieve", retry_after=12)
    assert api.get(BALANCE).status == 429
    api.clock.advance(seconds=seconds)
    assert api.get(BALANCE).status == 200

    assert ids(api) == found


def test_a_full_bucket_says_when_to_come_back(make_api: Callable[..., Api]) -> None:
    """The 429 of a bucket counts like the 429 of a fault; a 503 may have a Retry-After, too."""
    api = make_api(rate_limits="enforce")
    api.team.limits["reads"].exhaust()
    for _ in range(2):
        assert api.get(BALANCE).status == 429
    api.aurous.faults.status("characters.list", 503, retry_after=1)
    for status in (503, 200):
        assert api.get(CHARACTERS).status == status

    assert ids(api) == ["early-retry", "early-retry"]


def test_what_has_no_id_is_no_record_that_is_polled(api: Api) -> None:
    """A balance that responds 404 four times is a fault, not a character that is gone."""
    api.aurous.faults.status("balance.retrieve", 404, times=4)
    for _ in range(4):
        assert api.get(BALANCE).status == 404

    assert ids(api) == []


def test_err_9_a_null_wipes_too(make_api: Callable[..., Api]) -> None:
    """A null that is accepted drops an attribute just as leaving it out does; one that was null before is no loss."""
    api = make_api(readings={"err-9": "accepted"})
    character = api.characters.add(attributes={"age": 28})
    path = f"{CHARACTERS}/{character.id}"

    assert api.patch(path, json={"attributes": {"age": 29, "gender": None}}).status == 200
    assert ids(api) == []
    assert api.patch(path, json={"attributes": {"age": None}}).status == 200
    assert ids(api) == ["wiping-patch"]


def test_an_output_expires(api: Api) -> None:
    """Its signed URL and its endpoint both refuse with 410 then; on one path that is one pitfall."""
    video = api.aurous.videos.add()
    url = str(video.output_video_url)
    api.clock.advance(seconds=24 * 3600)

    assert api.get(url, key=None).status == 410
    assert api.get(f"/v1/videos/{video.id}/output").status == 410
    assert ids(api) == ["stale-url"]


@pytest.mark.parametrize("header", ["X-Api-Key", "Authorization"])
@pytest.mark.parametrize("url", [UPLOAD, "https://aurous.storage/elsewhere"], ids=["ticket", "unknown path"])
def test_the_upload_host_must_not_see_the_key(api: Api, header: str, url: str) -> None:
    """In neither header, and whatever the path."""
    api.put(url, headers={header: f"Bearer {api.aurous.api_key}"})

    assert ids(api) == ["leaked-key"]


@pytest.mark.parametrize(
    "query", ["starting_after=char_x", "ending_before=char_x", "limit=5&ending_before=%20", "limit=0&starting_after=9"]
)
def test_a_cursor_that_is_a_guess(api: Api, query: str) -> None:
    """In either direction, and whatever else is wrong with the call."""
    api.characters.add()
    api.get(f"{CHARACTERS}?{query}")

    assert ids(api) == ["made-up-cursor"]


def test_a_refusal_that_quotes_an_id_has_not_given_it(api: Api) -> None:
    """Only a good response gives cursors: an error repeats what the client itself has sent."""
    api.get(f"{CHARACTERS}/char_x")
    api.get(f"{CHARACTERS}?starting_after=char_x")

    assert ids(api) == ["made-up-cursor"]


class TestCorrectCodeIsLeftAlone:
    """What the documentation says to do is no pitfall, nor is what the API refuses by itself."""

    @pytest.fixture(autouse=True)
    def _left_alone(self, api: Api) -> Iterator[None]:
        yield
        assert ids(api) == []

    def test_polls_then_saves(self, api: Api) -> None:
        character = api.synthesize("synthesizing*2 -> reviewing")
        assert api.poll(character, times=3)[-1] == "reviewing"
        assert [save(api, character), save(api, character)] == [200, 200]

    def test_saves_too_early_once(self, api: Api) -> None:
        character = api.synthesize("synthesizing*2 -> reviewing")
        assert save(api, character) == 400
        assert api.poll(character, times=3)[-1] == "reviewing"
        assert save(api, character) == 200

    def test_polls_a_list(self, api: Api) -> None:
        character = api.synthesize("synthesizing -> reviewing")
        other = api.synthesize("synthesizing! -> reviewing")
        assert [save(api, character), save(api, other)] == [400, 400]
        for _ in range(2):
            api.get(CHARACTERS)
        assert save(api, character) == 200

    def test_saves_what_has_failed(self, api: Api) -> None:
        character = api.characters.add(status="failed")
        assert [save(api, character), save(api, character)] == [400, 400]

    def test_polls_on_after_a_resynthesis(self, api: Api) -> None:
        character = api.synthesize("synthesizing*0 -> failed ; synthesizing*5 -> reviewing")
        assert api.poll(character, times=2) == ["failed"] * 2
        assert api.post(f"{CHARACTERS}/{character.id}/resynthesize").status == 200
        assert api.poll(character, times=6) == ["synthesizing"] * 5 + ["reviewing"]

    def test_polls_once_after_each_resynthesis(self, api: Api) -> None:
        character = api.synthesize("synthesizing:5s -> failed")
        for _ in range(5):
            api.clock.advance(seconds=10)
            assert api.poll(character) == ["failed"]
            assert api.post(f"{CHARACTERS}/{character.id}/resynthesize").status == 200

    def test_retries_what_was_never_sent(self, api: Api) -> None:
        api.aurous.faults.connect_error("characters.create")
        api.aurous.faults.timeout("characters.create", phase="connect")
        api.aurous.faults.timeout("characters.create", phase="pool")
        assert [create(api) for _ in range(4)] == ["ConnectError", "ConnectTimeout", "PoolTimeout", 201]

    def test_retries_with_a_key(self, api: Api) -> None:
        api.aurous.faults.timeout("characters.create", commit=True)
        api.aurous.faults.status("characters.create", 503)
        assert [create(api, headers=KEY) for _ in range(3)] == ["ReadTimeout", 503, 201]
        assert len(api.characters) == 1

    def test_asks_again_after_a_refusal(self, api: Api) -> None:
        api.team.credits = 0
        assert create(api) == 402
        api.team.credits = 1000
        assert [create(api), create(api)] == [201, 201]

    def test_retries_what_is_free(self, api: Api) -> None:
        character = api.characters.add(status="reviewing")
        api.aurous.faults.timeout("characters.*", commit=True, times=2)
        for _ in range(2):
            api.outcome("POST", f"{CHARACTERS}/{character.id}/save")
        for _ in range(2):
            api.outcome("POST", CHARACTERS, json={"name": "A", "upload_ids": [api.uploads.add().id]})

    def test_retries_for_another_team(self, api: Api) -> None:
        other = api.aurous.teams.add()
        api.aurous.faults.status("characters.create", 503)
        assert [create(api), create(api, key=other.api_key)] == [503, 201]

    def test_calls_something_else_meanwhile(self, api: Api) -> None:
        api.aurous.faults.rate_limited("characters.list", retry_after=12)
        assert api.get(f"{CHARACTERS}?limit=1").status == 429
        assert [api.get(url).status for url in (BALANCE, f"{CHARACTERS}?limit=2", CHARACTERS)] == [200] * 3

    def test_calls_for_another_team_meanwhile(self, api: Api) -> None:
        other = api.aurous.teams.add()
        api.aurous.faults.rate_limited("balance.retrieve", retry_after=12)
        assert [api.get(BALANCE).status, api.get(BALANCE, key=other.api_key).status] == [429, 200]

    def test_is_not_told_how_long(self, api: Api) -> None:
        api.aurous.faults.status("*", 503)
        api.aurous.faults.status("*", 503, headers={"Retry-After": "Fri, 08 May 2026 11:00:00 GMT"})
        assert [api.get(BALANCE).status for _ in range(3)] == [503, 503, 200]

    def test_patches_all(self, api: Api) -> None:
        character = api.characters.add(attributes=ATTRIBUTES)
        url = f"{CHARACTERS}/{character.id}"
        attributes = {**api.get(url).json["attributes"], "age": 29, "gender": "female"}
        assert api.patch(url, json={"attributes": attributes}).status == 200

    def test_patches_the_name_at_length(self, api: Api) -> None:
        character = api.characters.add(attributes=ATTRIBUTES)
        content = b'{"name": "Borealis"' + b" " * 70_000 + b"}"
        assert api.patch(f"{CHARACTERS}/{character.id}", content=content).status == 200

    def test_patches_what_had_none(self, api: Api) -> None:
        made = api.post(CHARACTERS, json={"name": "A", "upload_ids": [api.uploads.add().id]})
        assert made.json["attributes"] is None
        assert api.patch(f"{CHARACTERS}/{made.json['id']}", json={"attributes": {"age": 29}}).status == 200

    def test_patches_with_null(self, api: Api) -> None:
        character = api.characters.add(attributes=ATTRIBUTES)
        for attributes in (None, {**ATTRIBUTES, "age": None}, {"age": 5}):
            api.patch(f"{CHARACTERS}/{character.id}", json={"attributes": attributes})
        assert api.patch(f"{CHARACTERS}/char_x", json={"attributes": {}}).status == 404

    def test_takes_a_fresh_url(self, api: Api) -> None:
        character = api.characters.add()
        for _ in range(2):
            url = api.get(f"{CHARACTERS}/{character.id}").json["refs"][0]["url"]
            assert api.get(url, key=None).status == 200
            api.clock.advance(seconds=24 * 3600)

    def test_pages_by_row(self, api: Api) -> None:
        newest, *_ = [api.characters.add() for _ in range(3)][::-1]
        row = api.get(f"{CHARACTERS}?limit=2").json["data"][1]["id"]
        for query in (f"starting_after={row}", f"ending_before={row}", f"starting_after={newest.id}"):
            assert api.get(f"{CHARACTERS}?{query}").status == 200

    def test_pages_by_what_is_gone(self, api: Api) -> None:
        character = api.characters.add(status="reviewing")
        character.delete()
        assert api.get(f"{CHARACTERS}?starting_after={character.id}").status == 200

    def test_polls_what_was_hidden_once(self, api: Api) -> None:
        api.aurous.faults.status("characters.retrieve", 404)
        assert api.poll(api.characters.add(), times=6)[1:] == ["ready"] * 5

    def test_sends_an_empty_cursor(self, api: Api) -> None:
        for url in (f"{CHARACTERS}?starting_after=", f"{CHARACTERS}?limit=3", f"{BALANCE}?starting_after=char_x"):
            api.get(url)

    def test_pages_by_what_a_restore_took(self, api: Api) -> None:
        for times in (1, 100):
            start = api.aurous.snapshot()
            rows = [api.characters.add() for _ in range(times)]
            api.get(f"{CHARACTERS}?limit=100")
            api.aurous.restore(start)
            assert api.get(f"{CHARACTERS}?starting_after={rows[0].id}").status == 400

    def test_reads_a_stream(self, api: Api) -> None:
        _drain(ask(api))

    def test_cancels_a_stream(self, api: Api) -> None:
        stream = ask(api)
        stream.read()
        assert api.post(f"{CHAT}/{api.aurous.chat.completions.last.id}/cancel").status == 200
        stream.close()

    def test_reads_a_stream_that_breaks(self, api: Api) -> None:
        api.aurous.faults.disconnect("chat.create", after_events=1)
        stream = ask(api)
        while isinstance(stream.read(), bytes):
            pass
        stream.close()

    def test_asks_again_after_a_failure_that_costs_nothing(self, api: Api) -> None:
        api.aurous.chat.reply(error="chat_provider_unavailable", times=1)
        sent = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "Hi"}]}
        assert [api.post(CHAT, json=sent).status for _ in range(2)] == [502, 200]

    def test_sends_a_list_once(self, api: Api) -> None:
        assert [embed(api, ["a", "b"]), embed(api, "a"), embed(api, "b")] == [400, 200, 200]

    def test_loses_a_stream(self, api: Api) -> None:
        api.aurous.faults.timeout("chat.create", commit=True)
        sent = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
        api.broken("POST", CHAT, json=sent)


def test_a_restore_goes_back_to_before_the_first_half(api: Api) -> None:
    """What was refused or told to wait after the snapshot has not happened, though the misuses seen stay listed."""
    start = api.aurous.snapshot()
    leaked_key(api)
    api.aurous.restore(start)
    api.aurous.faults.rate_limited("balance.retrieve")
    api.get(BALANCE)
    lost = api.synthesize("synthesizing! -> reviewing")
    save(api, lost)
    api.aurous.restore(start)

    assert api.get(BALANCE).status == 200
    again = api.synthesize("synthesizing! -> reviewing")
    again.finish()
    assert (again.id, save(api, again)) == (lost.id, 200)
    assert ids(api) == ["leaked-key"]


# Telling


def two(api: Api) -> Verdict:
    leaked_key(api)
    wiping_patch(api)
    return Verdict(api.app)


def test_error_raises_with_all_of_them(make_api: Callable[..., Api]) -> None:
    """The verdict is one exception; each pitfall has its sentence, its link and its place; told once."""
    api = make_api(pitfalls="error")
    verdict = two(api)

    with pytest.raises(AurousPitfallWarning, match=r"^\[leaked-key\](?s:.*)\n\n\[wiping-patch\]") as caught:
        verdict.judge()
    for one in api.aurous.pitfalls:
        assert str(one) in str(caught.value)
    verdict.judge()


def test_warn_warns_of_each(make_api: Callable[..., Api]) -> None:
    """Each is a warning of its own, and begins with its id; told once."""
    api = make_api(pitfalls="warn")
    verdict = two(api)

    with pytest.warns(AurousPitfallWarning) as caught:
        verdict.judge()

    assert [str(one.message) for one in caught] == [str(one) for one in api.aurous.pitfalls]
    assert issubclass(AurousPitfallWarning, AurousWarning)
    verdict.judge()


def test_what_fails_the_test_comes_first(make_api: Callable[..., Api]) -> None:
    """An unmatched request is graver than bad manners, and the pitfalls have not been told by it."""
    api = make_api(pitfalls="error")
    verdict = two(api)
    api.get("/v1/nonsense")

    with pytest.raises(AurousUnmatchedRequest) as caught:
        verdict.judge()
    assert "leaked-key" not in str(caught.value)
    with pytest.raises(AurousPitfallWarning):
        verdict.judge()


# The place


@pytest.mark.parametrize("pitfalls", ["error", "warn"])
def test_the_end_of_the_block_tells(pitfalls: Any) -> None:
    """As a context manager the fake says at its exit what it saw, and never hides an error of the block."""

    def leak(error: Exception | None) -> None:
        with Aurous(pitfalls=pitfalls) as aurous:
            aurous.client().put(UPLOAD)
            if error is not None:
                raise error

    with pytest.raises(AurousPitfallWarning, match="leaked-key"):
        leak(None)
    with pytest.raises(AurousError, match="of the block"):
        leak(AurousError("of the block"))
