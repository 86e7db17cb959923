"""`AurousProvider`: payloads of the API for any Faker. This is the only module that imports Faker."""

from __future__ import annotations

from typing import Any, Final

from faker import Faker
from faker.providers import BaseProvider

from ...base.arguments import Check
from ...base.errors import hide_mistakes
from ...base.instants import iso
from ...world.ids import ulid
from . import people

__tracebackhide__ = hide_mistakes

# All instants are in 2026, whenever a test runs: the same seed has to give the same payload.
_FIRST_MS: Final = 1_767_225_600_000
_YEAR_MS: Final = 31_536_000_000
_POSES: Final = ("portrait", "front", "side", "back")


class AurousProvider(BaseProvider):
    """Faker methods for the Aurous Labs API.

    Example:
        >>> from faker import Faker
        >>> fake = Faker()
        >>> fake.add_provider(AurousProvider)
        >>> fake.seed_instance(7)
        >>> fake.aurous_attributes()["age"] >= 18
        True
    """

    def aurous_attributes(self) -> dict[str, Any]:
        """Return the eight attributes of a coherent person, 18 or older."""
        return people.attributes(self.generator.random)

    def aurous_character_name(self, attributes: dict[str, Any] | None = None) -> str:
        """Return a name such as ``Aurora the Adventurer``, with a first name of the Faker's locale.

        Args:
            attributes: The person that the name should fit.
        """
        if attributes is not None:
            Check("aurous_character_name").pairs("attributes", attributes)
        gender = people.gender_of(attributes, self.generator.random)
        first = getattr(self.generator, f"first_name_{gender}", self.generator.first_name)
        return f"{first()} the {self.random_element(people.EPITHETS)}"

    def aurous_character(self) -> dict[str, Any]:
        """Return a character as the API would return it: ``ready``, four refs, eight attributes."""
        person = self.aurous_attributes()
        character = self.aurous_character_id()
        stamp = iso(_FIRST_MS / 1000 + self.generator.random.randrange(_YEAR_MS // 1000))
        return {
            "id": character,
            "object": "character",
            "name": self.aurous_character_name(person),
            "status": "ready",
            "refs": [{"pose": pose, "url": self.aurous_ref_url(pose, character)} for pose in _POSES],
            "created_at": stamp,
            "updated_at": stamp,
            "attributes": person,
            "error_message": None,
            "aurous_version": "2026-05-15",
        }

    def aurous_ref_url(self, pose: str = "front", character: str | None = None) -> str:
        """Return the URL of a reference picture, in the documented form.

        Args:
            pose: ``portrait``, ``front``, ``side``, ``back`` or ``other``.
            character: Id of the character; drawn by default.
        """
        check = Check("aurous_ref_url")
        check.text("pose", pose, "front")
        if character is not None:
            check.text("character", character, "char_01HXMQ7Z3K8Y2NABCDEFGHJKMR")
        owner = character or self.aurous_character_id()
        return f"https://api.aurous-labs.com/storage/characters/{owner}/{pose}.bin?token={self._hex(32)}"

    def aurous_api_key(self) -> str:
        """Return a random API key of the documented form (auth-2)."""
        return f"al_live_{self._hex(64)}"

    def aurous_character_id(self) -> str:
        """Return an id such as ``char_01HXMQ7Z3K8Y2NABCDEFGHJKMR``."""
        return self.aurous_id("char")

    def aurous_upload_id(self) -> str:
        """Return the id of an upload ticket."""
        return self.aurous_id("upl")

    def aurous_image_id(self) -> str:
        """Return the id of a generated image."""
        return self.aurous_id("img")

    def aurous_request_id(self) -> str:
        """Return a request id, as in ``Aurous-Request-Id``."""
        return self.aurous_id("req")

    def aurous_team_id(self) -> str:
        """Return the id of a team."""
        return self.aurous_id("team")

    def aurous_id(self, prefix: str) -> str:
        """Return *prefix*, an underscore and a valid ULID.

        Args:
            prefix: Such as ``char``, ``img`` or ``req``.
        """
        Check("aurous_id").text("prefix", prefix, "char")
        random = self.generator.random
        return f"{prefix}_{ulid(_FIRST_MS + random.randrange(_YEAR_MS), random.randbytes(16))}"

    def _hex(self, digits: int) -> str:
        return f"{self.generator.random.getrandbits(digits * 4):0{digits}x}"


def seeded_faker(seed: int, locale: str | list[str] | None = None) -> Faker:
    """Return a separate, seeded Faker with `AurousProvider`."""
    fake = Faker(locale)
    fake.add_provider(AurousProvider)
    fake.seed_instance(seed)
    return fake
