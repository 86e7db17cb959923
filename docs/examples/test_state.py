import httpx
import pytest

from pytest_aurous import Aurous


def test_begin_in_the_middle(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """A state is made without a request, and costs no credits."""
    character = aurous.characters.add("Aurora", status="failed")

    answer = aurous_client.post(f"/v1/characters/{character.id}/save")

    assert answer.json()["error"]["code"] == "invalid_request_error"
    assert character.error_message == "provider_timeout"


def test_the_id_of_a_fixture_file(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """A record can have an id of a fixture file, or of a page of the vendor."""
    aurous.characters.add("Aurora", id="char_01HXMQ7Z3K8Y2NABCDEFGHJKMR")

    response = aurous_client.get("/v1/characters/char_01HXMQ7Z3K8Y2NABCDEFGHJKMR")

    assert response.json()["name"] == "Aurora"


def test_step_by_step(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """A step with `!` lasts until advance(), however often the client looks."""
    character = aurous.characters.add(
        "Aurora", status="synthesizing", script="synthesizing! -> reviewing"
    )
    path = f"/v1/characters/{character.id}"

    seen = {aurous_client.get(path).json()["status"] for _ in range(50)}
    assert seen == {"synthesizing"}
    character.advance()
    assert aurous_client.get(path).json()["status"] == "reviewing"


def test_reading_is_not_polling(aurous: Aurous) -> None:
    """A record shows the state now; however often the test looks, no script moves."""
    character = aurous.characters.add("Aurora", status="synthesizing")

    assert [character.status for _ in range(5)] == ["synthesizing"] * 5
    assert character.json()["status"] == "synthesizing"
    assert len(aurous.calls) == 0


def test_one_pose_is_drawn_again(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """A pose that was drawn again has another version; the others stay."""
    character = aurous.characters.add("Aurora", status="reviewing")
    aurous_client.post(
        f"/v1/characters/{character.id}/refs/regenerate", json={"pose": "side"}
    )

    character.finish()

    versions = {ref.pose: ref.version for ref in character.refs}
    assert versions == {"portrait": 1, "front": 1, "side": 2, "back": 1}


def test_back_to_a_moment(aurous: Aurous) -> None:
    """A snapshot brings back rows, money, keys, scripts, faults and the clock."""
    character = aurous.characters.add("Aurora", status="reviewing")
    before = aurous.snapshot()

    character.delete()
    aurous.restore(before)

    assert character.status == "reviewing"


@pytest.mark.aurous(pitfalls="off")
def test_a_url_dies_after_a_day(aurous: Aurous) -> None:
    """A day passes at once, and the URL of the picture is refused."""
    url = aurous.characters.add("Aurora").refs[0].url
    assert httpx.get(url).status_code == 200

    aurous.clock.advance(seconds=24 * 3600)

    assert httpx.get(url).status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_pages(aurous: Aurous, aurous_client: httpx.Client, count: int) -> None:
    """A list has the newest first, and a cursor for what is left."""
    for _ in range(count + 1):
        aurous.characters.add()

    page = aurous_client.get("/v1/characters", params={"limit": count}).json()

    assert page["data"][0]["id"] == aurous.characters.last.id
    assert page["next_cursor"] == page["data"][-1]["id"]
