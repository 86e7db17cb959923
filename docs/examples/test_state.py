import httpx
import pytest

from pytest_aurous import Aurous


def test_start_from_any_state(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """A record in any state needs no request, and costs no credits."""
    character = aurous.characters.add("Aurora", status="failed")

    response = aurous_client.post(f"/v1/characters/{character.id}/save")

    assert response.json()["error"]["code"] == "invalid_request_error"
    assert character.error_message == "provider_timeout"


def test_the_id_of_a_fixture_file(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """A record can have the id that a fixture file or a documentation page uses."""
    aurous.characters.add("Aurora", id="char_01HXMQ7Z3K8Y2NABCDEFGHJKMR")

    response = aurous_client.get("/v1/characters/char_01HXMQ7Z3K8Y2NABCDEFGHJKMR")

    assert response.json()["name"] == "Aurora"


def test_step_by_step(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """A step with `!` lasts until advance(), however often the client polls."""
    character = aurous.characters.add(
        "Aurora", status="synthesizing", script="synthesizing! -> reviewing"
    )
    path = f"/v1/characters/{character.id}"

    seen = {aurous_client.get(path).json()["status"] for _ in range(50)}
    assert seen == {"synthesizing"}
    character.advance()
    assert aurous_client.get(path).json()["status"] == "reviewing"


def test_reading_is_not_polling(aurous: Aurous) -> None:
    """Reading a record in the test shows its state, and never moves a script."""
    character = aurous.characters.add("Aurora", status="synthesizing")

    assert [character.status for _ in range(5)] == ["synthesizing"] * 5
    assert character.json()["status"] == "synthesizing"
    assert len(aurous.calls) == 0


def test_one_pose_is_regenerated(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """The regenerated pose has a new version; the others keep theirs."""
    character = aurous.characters.add("Aurora", status="reviewing")
    aurous_client.post(
        f"/v1/characters/{character.id}/refs/regenerate", json={"pose": "side"}
    )

    character.finish()

    versions = {ref.pose: ref.version for ref in character.refs}
    assert versions == {"portrait": 1, "front": 1, "side": 2, "back": 1}


def test_restore_a_snapshot(aurous: Aurous) -> None:
    """restore() brings back records, credits, keys, scripts, faults and the clock."""
    character = aurous.characters.add("Aurora", status="reviewing")
    before = aurous.snapshot()

    character.delete()
    aurous.restore(before)

    assert character.status == "reviewing"


@pytest.mark.aurous(pitfalls="off")
def test_a_url_expires_after_a_day(aurous: Aurous) -> None:
    """After a day on the clock, the URL of the picture is refused."""
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
