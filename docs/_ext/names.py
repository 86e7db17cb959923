"""The names that type checkers know and editors suggest, from the tables of the package.

As a program it writes them to `pytest_aurous/_generated/names.py`, where annotations find them.
A parameter takes `Operation | str`, not `Operation` alone: editors suggest the names all the same, and a pattern, a
computed name or the `str` of a parametrized test is no error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from pytest_aurous._explore.kinds import KINDS
from pytest_aurous._explore.laws import LAWS
from pytest_aurous._resources.base.endpoint import NO_RESPONSE
from pytest_aurous._resources.catalog import ENDPOINTS, LIFECYCLES
from pytest_aurous._resources.files.row import PURPOSES
from pytest_aurous._resources.generations.images import PRESETS
from pytest_aurous._resources.generations.videos import FACTORS, RATIOS
from pytest_aurous._resources.uploads import POSES
from pytest_aurous._resources.webhooks import EVENTS
from pytest_aurous._wire.refusal import USUAL_CODES
from pytest_aurous._world.buckets import BUCKETS
from pytest_aurous._world.settings import READINGS

__all__ = ("as_python",)

_FILE: Final = Path(__file__).parents[2] / "pytest_aurous" / "_generated/names.py"
_OUTCOMES: Final = {outcome for row in ENDPOINTS for outcome in row.outcomes if outcome != NO_RESPONSE}
_NAMES: Final[Mapping[str, tuple[Iterable[str], str]]] = {
    "Operation": ([row.operation for row in ENDPOINTS], "The name of an operation."),
    "ErrorCode": (
        sorted({*USUAL_CODES.values(), *(outcome.split()[1] for outcome in _OUTCOMES if " " in outcome)}),
        "A code of an error response.",
    ),
    "Event": (EVENTS, "The name of an event that webhooks deliver."),
    "Resource": (LIFECYCLES, "A resource with a lifecycle, which a script can play."),
    "CharacterStatus": (LIFECYCLES["characters"].edges, "The status of a character."),
    "GenerationStatus": (LIFECYCLES["images"].edges, "The status of an image or a video."),
    "Pose": (POSES, "The pose that a picture shows."),
    "BucketName": (BUCKETS, "The name of a rate bucket."),
    "ImageSize": (PRESETS, "The size of an image."),
    "Resolution": (FACTORS, "The resolution of a video."),
    "Ratio": (RATIOS, "The aspect ratio of a video."),
    "Purpose": (PURPOSES, "What a file is for."),
    "BadDayFault": (KINDS, "A fault that exploring tries."),
    "Law": (LAWS, "A law that exploring judges by."),
}


def as_python() -> str:
    """Return the module."""
    lines = [
        '"""The names that type checkers know and editors suggest: made from the tables by `docs/_ext/names.py`.',
        "",
        "A parameter takes `Operation | str`: editors suggest the names, and patterns and computed ones are no errors.",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        "from typing import Literal, TypeAlias, TypedDict",
        "",
    ]
    for name, (words, text) in _NAMES.items():
        lines += [f"{name}: TypeAlias = Literal[", *(f'    "{word}",' for word in words), "]", f'"""{text}"""']
    lines += ["", "Readings = TypedDict(", '    "Readings",', "    {"]
    for rule, readings in READINGS.items():
        words = ", ".join(f'"{reading}"' for reading in readings)
        lines.append(f'        "{rule}": Literal[{words}],')
    lines += ["    },", "    total=False,", ")", '"""The chosen reading of each rule that has two."""']
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    _FILE.write_text(as_python(), encoding="utf-8")
