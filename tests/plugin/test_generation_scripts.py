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
        ("images = pending -> ready", "*'ready' is not a status of images*"),
        ("videos = pending -> succeeded -> failed", "*succeeded*"),
        ("image = pending", "*'image' is not a resource*; did you mean 'images'?*"),
    ],
)
def test_a_script_that_cannot_be_played_is_told(pytester: pytest.Pytester, script: str, message: str) -> None:
    """Before any test has run, with what would be legal."""
    pytester.makeini(f"[pytest]\naurous_script = {script}")
    pytester.makepyfile("def test_it(aurous):\n    pass\n")

    result = pytester.runpytest()

    assert result.ret != 0
    (result.stderr if result.errlines else result.stdout).fnmatch_lines([message])


@pytest.mark.parametrize("place", ["ini", "command line", "marker"])
@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("synthesizing => reviewing", "column 14: unexpected '=>': the arrow between two steps is '->'"),
        ("synthesizing, reviewing", "column 13: unexpected ',': the arrow between two steps is '->'"),
        ("images = pending => succeeded", "column 9: unexpected '=>': the arrow between two steps is '->'"),
        (
            "pending -> processing",
            "'pending -> processing' is a script for images or videos: aurous.images.script(...)",
        ),
        ("images = synthesizing", "'synthesizing' is a script for characters: aurous.characters.script(...)"),
    ],
    ids=["arrow", "comma", "of-images", "for-images", "for-characters"],
)
def test_a_script_that_is_wrong_as_a_setting_is_pointed_at(
    pytester: pytest.Pytester, place: str, script: str, message: str
) -> None:
    """In an ini file, on the command line and in a marker the error has the caret, and names the place."""
    mark = f"@pytest.mark.aurous(script={script!r})" if place == "marker" else ""
    pytester.makepyfile(f"import pytest\n\n{mark}\ndef test_it(aurous):\n    pass\n")
    if place == "ini":
        pytester.makeini(f"[pytest]\naurous_script = {script}\n")

    result = pytester.runpytest(*(["-o", f"aurous_script={script}"] if place == "command line" else []))

    told = "\n".join(result.outlines + result.errlines)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in told
    assert ("test_it" if place == "marker" else "ini option aurous_script") in told
    assert any(line.strip() == "^" for line in told.splitlines())
