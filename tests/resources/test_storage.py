"""The pictures behind the ref URLs: get-3, time-2, run-1."""

import io
from urllib.parse import urlsplit

from PIL import Image

from pytest_aurous._core.resources.content.pictures import picture
from tests.conftest import Api


def url_of(api: Api, character_id: str) -> str:
    """The URL of the first ref, as a retrieve shows it."""
    return str(api.get(f"/v1/characters/{character_id}").json["refs"][0]["url"])


def test_get_3_a_ref_leads_to_a_picture(api: Api) -> None:
    """Each ref URL leads to a PNG without a key, and each pose has its own."""
    character = api.characters.add()

    responses = [api.get(ref.url, key=None) for ref in character.refs]

    assert {(response.status, response.headers["Content-Type"]) for response in responses} == {(200, "image/png")}
    assert all(response.body.startswith(b"\x89PNG\r\n\x1a\n") for response in responses)
    assert len({response.body for response in responses}) == 4


def test_time_2_get_3_urls_are_fresh_at_each_read(api: Api) -> None:
    """Reading again later gives another URL for the same picture, by retrieve and by list."""
    character = api.characters.add()
    first = url_of(api, character.id)
    api.clock.advance(seconds=1)

    second = url_of(api, character.id)

    assert first != second
    assert urlsplit(first).path == urlsplit(second).path
    assert api.get("/v1/characters").json["data"][0]["refs"][0]["url"] == second
    assert [api.get(url, key=None).status for url in (first, second)] == [200, 200]


def test_get_3_a_picture_names_character_and_pose(api: Api) -> None:
    """It has the pose, the name of today and the id of the character written on it, and which picture it is."""
    character = api.characters.add("Aurora", refs=["side"])
    (ref,) = character.refs
    path = urlsplit(ref.url).path
    _, _, _, drawn, _ = path.split("/")

    body = api.get(ref.url, key=None).body

    assert body == picture(["side", "Aurora", character.id, drawn], 192, 192, path)
    with Image.open(io.BytesIO(body)) as found:
        assert found.size == (192, 192)
    api.patch(f"/v1/characters/{character.id}", json={"name": "Iris"})
    assert api.get(ref.url, key=None).body == picture(["side", "Iris", character.id, drawn], 192, 192, path)


def test_del_4_the_picture_of_a_deleted_character_stays(api: Api) -> None:
    character = api.characters.add(refs=["side"])
    (ref,) = character.refs
    before = api.get(ref.url, key=None).body

    character.delete()

    assert api.get(ref.url, key=None).body == before


def test_run_1_a_new_picture_is_another(api: Api) -> None:
    """What a regenerate drew is another picture under another path, and the old URL is still readable."""
    character = api.characters.add(refs=["front"], script="synthesizing*0 -> ready")
    old = url_of(api, character.id)
    before = api.get(old, key=None).body

    api.post(f"/v1/characters/{character.id}/refs/regenerate", json={"pose": "front"})

    new = url_of(api, character.id)
    assert urlsplit(new).path != urlsplit(old).path
    assert api.get(new, key=None).body != before
    assert api.get(old, key=None).status == 200
