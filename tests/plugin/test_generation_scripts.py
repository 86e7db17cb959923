"""Scripts of images and videos, from wherever they are given."""

from __future__ import annotations

import pytest

BOTH = """\
aurous_script =
    images = pending*0 -> processing*0 -> succeeded
    videos = pending*0 -> failed(provider_timeout)
"""
ASKS = """
import pytest

def ends(client):
    image = client.post("/v1/images", json={"prompt": "A cat"}).json()
    video = client.post("/v1/videos", json={"video_lora_id": "seedance-1-pro"}).json()
    return [client.get(f"/v1/images/{made['id']}").json()["status"] for made in (image, video)]
"""


def test_scripts_of_images_and_videos_by_ini_marker_and_call(pytester: pytest.Pytester) -> None:
    """The ini file holds for all, a marker replaces one of them for its test, a call whatever comes after it."""
    pytester.makeini(f"[pytest]\n{BOTH}")
    pytester.makepyfile(
        ASKS
        + """
def test_ini(aurous_client):
    assert ends(aurous_client) == ["succeeded", "failed"]

@pytest.mark.aurous(script={"images": "pending! -> processing -> succeeded"})
def test_marker(aurous_client):
    assert ends(aurous_client) == ["pending", "failed"]

def test_call(aurous, aurous_client):
    aurous.videos.script("pending*0 -> processing!")
    aurous.images.script("pending*0 -> failed(output_moderation_rejected)")
    assert ends(aurous_client) == ["failed", "processing"]
    aurous.images.script("pending*0 -> cancelled", "A cat")
    assert ends(aurous_client) == ["cancelled", "processing"]
"""
    )

    pytester.runpytest().assert_outcomes(passed=3)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("images = pending -> ready", "*'ready' is no status of images*"),
        ("videos = pending -> succeeded -> failed", "*succeeded*"),
        ("image = pending", "*'image' is no resource*; did you mean 'images'?*"),
    ],
)
def test_a_script_that_cannot_be_played_is_told(pytester: pytest.Pytester, script: str, message: str) -> None:
    """Before any test has run, with what would be legal."""
    pytester.makeini(f"[pytest]\naurous_script = {script}")
    pytester.makepyfile("def test_it(aurous):\n    pass\n")

    result = pytester.runpytest()

    assert result.ret != 0
    (result.stderr if result.errlines else result.stdout).fnmatch_lines([message])
