import re
from datetime import datetime
from typing import Any

import pytest
from faker import Faker
from faker.providers import date_time

from pytest_aurous import AurousProvider
from pytest_aurous._core.resources.content.provider import seeded_faker

pytestmark = pytest.mark.lowest

ULID = "[0-7][0-9A-HJKMNP-TV-Z]{25}"


@pytest.fixture(name="fake")
def _fake() -> Any:  # the provider's methods are not in Faker's stub
    return seeded_faker(7)


@pytest.mark.parametrize(
    ("method", "pattern"),
    [
        ("aurous_api_key", "al_live_[0-9a-f]{64}"),
        ("aurous_character_id", f"char_{ULID}"),
        ("aurous_upload_id", f"upl_{ULID}"),
        ("aurous_image_id", f"img_{ULID}"),
        ("aurous_request_id", f"req_{ULID}"),
        ("aurous_team_id", f"team_{ULID}"),
        (
            "aurous_ref_url",
            f"https://api\\.aurous-labs\\.com/storage/characters/char_{ULID}/front\\.bin\\?token=[0-9a-f]{{32}}",
        ),
        ("aurous_character_name", r"[^\W\d]+ the [A-Z][a-z]+"),
    ],
)
def test_each_method_gives_the_documented_form(fake: Any, method: str, pattern: str) -> None:
    """Twenty of each are well formed, and no two alike."""
    made = [getattr(fake, method)() for _ in range(20)]

    assert all(re.fullmatch(pattern, one) for one in made)
    assert len(set(made)) > 15


def test_a_name_is_of_the_locale() -> None:
    fake: Any = seeded_faker(7, "ja_JP")

    assert not fake.aurous_character_name().split(" the ")[0].isascii()


def test_a_character_has_what_the_api_would_show(fake: Any) -> None:
    """Ready, with four refs of its own id, all fields of the contract and no other."""
    character = fake.aurous_character()

    assert list(character) == [
        "id",
        "object",
        "name",
        "status",
        "refs",
        "created_at",
        "updated_at",
        "attributes",
        "error_message",
        "aurous_version",
    ]
    assert (character["object"], character["status"], character["error_message"]) == ("character", "ready", None)
    assert [ref["pose"] for ref in character["refs"]] == ["portrait", "front", "side", "back"]
    assert all(character["id"] in ref["url"] for ref in character["refs"])
    assert character["created_at"] == character["updated_at"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", character["created_at"])


def test_the_same_seed_gives_the_same_character_on_any_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """A seeded payload does not depend on the wall clock: what repeats today repeats next year."""

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime(2031, 11, 30, 12, tzinfo=tz)

    today: Any = seeded_faker(7)
    before = today.aurous_character()
    monkeypatch.setattr(date_time, "datetime", Later, raising=False)
    monkeypatch.setattr(date_time, "dtdatetime", Later, raising=False)
    later: Any = seeded_faker(7)

    assert later.aurous_character() == before


def test_no_other_faker_is_disturbed() -> None:
    suite, twin = Faker(), Faker()
    suite.seed_instance(1)
    twin.seed_instance(1)
    ours: Any = seeded_faker(1)
    ours.aurous_character()

    assert suite.pystr() == twin.pystr()
    assert not hasattr(suite, "aurous_character")


def test_the_provider_joins_any_faker() -> None:
    """`add_provider(AurousProvider)` is all that it takes."""
    fake: Any = Faker()
    fake.add_provider(AurousProvider)

    assert fake.aurous_character_id().startswith("char_")
