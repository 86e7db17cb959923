"""Coherent people from word lists, the same on every machine and with every release of Faker."""

from __future__ import annotations

from random import Random
from typing import Any, Final

# Each block: ethnicity; hair colors; eye colors; female names; male names.
_ORIGINS: Final = tuple(
    tuple(part.split() for part in block.split(";"))
    for block in (
        "east-asian;black dark-brown;brown dark-brown;Mei Yuna Hana Linh Sakura Jia;Kenji Wei Minjun Haruto Tao Jun",
        "south-asian;black dark-brown;brown hazel;Anaya Priya Meera Isha Tara;Arjun Rohan Vikram Kabir Dev",
        "black;black dark-brown;brown dark-brown;Amara Zuri Imani Nia Ayana Thandi;Kofi Jabari Malik Tunde Kwame Sefu",
        "middle-eastern;black dark-brown brown;brown hazel green;Layla Yasmin Noor Samira;Omar Karim Tariq Idris",
        "latina-latino;black brown dark-brown;brown hazel;Valentina Lucia Camila Ximena;Mateo Diego Rafael Emilio",
        "white;blond brown auburn red;blue green grey hazel;Aurora Freya Ingrid Elena;Soren Felix Anton Hugo Lars",
        "mixed;black brown auburn dark-brown;brown hazel green;Maya Naomi Iris Juno Celeste;Jonah Silas Milo Ezra Theo",
    )
)
EPITHETS: Final = tuple(
    """
    Adventurer Apothecary Archivist Astronomer Baker Beekeeper Botanist Cartographer Clockmaker Composer Courier
    Dancer Detective Diver Explorer Falconer Gardener Glassblower Herbalist Inventor Juggler Lamplighter Librarian
    Locksmith Mapmaker Mechanic Navigator Painter Pilot Potter Ranger Sailor Scholar Smith Stargazer Storyteller
    Tailor Tinkerer Traveller Violinist Voyager Wanderer Weaver
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
_HAIR: Final = {
    "female": (
        "shoulder-length straight",
        "long wavy",
        "short bob",
        "braided crown",
        "loose curls",
        "high ponytail",
        "pixie cut",
    ),
    "male": ("short cropped", "side-parted", "shoulder-length wavy", "close curls", "swept back", "tied in a low knot"),
}
_BUILDS: Final = ("athletic", "slim", "average", "muscular", "curvy", "petite", "stocky", "tall and lean")
_MARKS: Final = (
    "small scar above {side} eyebrow",
    "freckles across the nose",
    "a mole under the {side} eye",
    "dimple in the {side} cheek when smiling",
    "thin silver ring in the {side} ear",
    "a faint burn mark on the {side} wrist",
    "slightly crooked nose",
    "a chipped front tooth",
)
_MANNERS: Final = (
    "warm smile",
    "calm, attentive gaze",
    "laughs with the whole face",
    "ink-stained fingertips",
    "stands very straight",
    "always wears a knitted scarf",
    "looks as if about to ask a question",
    "sleeves rolled to the elbow",
)
_OLDER: Final = ("crow's feet and a kind look", "reading glasses on a cord", "deep laugh lines")
# From this age on, hair is grey and the details are an older person's, so that a person looks like one.
_GREY_FROM: Final = 58


def attributes(random: Random) -> dict[str, Any]:
    """Return the attributes of a coherent person, 18 or older."""
    gender = random.choice(("female", "male"))
    # Adults alone, more of them young than old: half are under 31, and few over 80.
    age = min(18 + int(random.expovariate(1 / 18)), 90)
    (ethnicity,), hair, eyes, _, _ = random.choice(_ORIGINS)
    older = age >= _GREY_FROM
    mark = random.choice(_MARKS).format(side=random.choice(("left", "right")))
    return {
        "gender": gender,
        "age": age,
        "ethnicity": ethnicity,
        "hair_color": random.choice(("grey", "silver", "white") if older else hair),
        "hair_style": random.choice(_HAIR[gender]),
        "eye_color": random.choice(eyes),
        "body_type": random.choice(_BUILDS),
        "additional_details": f"{mark}; {random.choice(_OLDER if older else _MANNERS)}",
    }


def gender_of(person: dict[str, Any] | None, random: Random) -> str:
    """Return ``female`` or ``male``, which selects the first name; drawn unless *person* has one of the two."""
    gender = (person or {}).get("gender")
    return gender if isinstance(gender, str) and gender in _HAIR else random.choice(("female", "male"))


def full_name(random: Random, person: dict[str, Any] | None = None) -> str:
    """Return a name such as ``Aurora the Adventurer`` that fits *person*."""
    ethnicity = (person or {}).get("ethnicity")
    origins = [origin for origin in _ORIGINS if origin[0] == [ethnicity]] or _ORIGINS
    women, men = random.choice(origins)[3:]
    first = random.choice(women if gender_of(person, random) == "female" else men)
    return f"{first} the {random.choice(EPITHETS)}"
