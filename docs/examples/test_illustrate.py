import httpx
import pytest

from illustrator import IllustrateError, illustrate
from publisher import PublishError, publish
from pytest_aurous import Aurous


def test_from_a_name_to_a_picture(aurous: Aurous) -> None:
    """A character is created and saved, and an image of it is downloaded."""
    aurous.script("synthesizing*2 -> reviewing")
    aurous.images.script("pending -> processing*2 -> succeeded")

    character = publish("Aurora", {"age": 28})
    pictures = illustrate("On a bench", character=character["id"])

    assert aurous.images.last.character_id == character["id"]
    assert pictures == [aurous.images.last.picture()]
    aurous.assert_called_in_order("characters.save", "images.create", "images.output")
    aurous.assert_polled(aurous.images.last, at_least=4, at_most=4)


def test_a_character_in_review_cannot_be_used(aurous: Aurous) -> None:
    """Without the save the image is refused, and nothing is charged."""
    character = aurous.characters.add("Aurora", status="reviewing")

    with pytest.raises(PublishError, match=r"^character_not_ready"):
        illustrate("On a bench", character=character.id)

    assert len(aurous.images) == 0
    assert aurous.team.held_credits == 0


def test_a_picture_that_moderation_rejects(aurous: Aurous) -> None:
    """The credit is held during the work, and released when it fails."""
    rejected = "pending -> processing -> failed(output_moderation_rejected)"
    aurous.images.script(rejected, name="On a bench")

    with pytest.raises(IllustrateError, match=r"^output_moderation_rejected"):
        illustrate("On a bench")

    assert aurous.images.last.cost["amount"] == 0
    assert aurous.team.available_credits == 1000
    aurous.assert_not_called("images.output")


def test_the_image_is_cancelled_while_polling(
    aurous: Aurous, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The application stops polling when the image is cancelled."""
    aurous.images.script("pending! -> processing")

    def cancel(_seconds: float) -> None:
        aurous.images.last.cancel()

    monkeypatch.setattr("time.sleep", cancel)

    with pytest.raises(IllustrateError, match=r"^cancelled"):
        illustrate("On a bench")

    aurous.assert_polled(aurous.images.last, at_most=1)


def test_the_image_takes_too_long(aurous: Aurous) -> None:
    """The application cancels the image, and the credit is released."""
    aurous.images.script("pending -> processing! -> succeeded")

    with pytest.raises(IllustrateError, match=r"^took_too_long"):
        illustrate("On a bench", patience=60)

    assert aurous.images.last.status == "cancelled"
    assert aurous.team.available_credits == 1000


def test_an_image_from_a_reference_picture(aurous: Aurous) -> None:
    """The picture is uploaded as a multipart form, and arrives unchanged."""
    picture = aurous.images.add("A face").picture()

    illustrate("The same face, older", references=[picture])

    (file,) = aurous.files
    assert (file.mime_type, file.width_px) == ("image/png", 256)
    assert httpx.get(file.url).content == picture
    assert aurous.images.last.reference_image_urls == (file.id,)


def test_a_reference_that_is_not_a_picture(aurous: Aurous) -> None:
    """The API reads the type from the bytes, whatever the form says."""
    with pytest.raises(PublishError, match=r"^invalid_format"):
        illustrate("The same face", references=[b"GIF89a"])

    aurous.assert_not_called("images.create")


@pytest.mark.aurous(pitfalls="off")
@pytest.mark.parametrize(
    "days",
    [
        pytest.param(7, marks=pytest.mark.aurous(readings={"time-4": "7d"})),
        pytest.param(1, marks=pytest.mark.aurous(readings={"time-4": "24h"})),
    ],
)
def test_an_output_expires(aurous: Aurous, days: int) -> None:
    """Code that kept only the URL has lost the picture."""
    (url,) = aurous.images.add("On a bench").output_urls

    aurous.clock.advance(seconds=days * 24 * 3600 - 60)
    assert httpx.get(url).status_code == 200
    aurous.clock.advance(seconds=60)

    refused = httpx.get(url)
    assert refused.status_code == 410
    assert refused.json()["error"]["code"] == "output_expired"
