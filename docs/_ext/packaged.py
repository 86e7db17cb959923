"""What is generated into the package: names for type checkers, and the rules.

As a program it writes them, before the pages, which read them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Final

from rules import load_rules, read_toml
from shared import DOCS, PACKAGE

from pytest_aurous._core.resources.base.endpoint import NO_RESPONSE
from pytest_aurous._core.resources.catalog import ENDPOINTS, LIFECYCLES
from pytest_aurous._core.resources.generations.orders import PRESETS
from pytest_aurous._core.resources.styles import FACTORS, RATIOS
from pytest_aurous._core.resources.webhooks import EVENTS
from pytest_aurous._core.wire.refusal import USUAL_CODES
from pytest_aurous._core.world.buckets import BUCKETS
from pytest_aurous._explore.kinds import KINDS
from pytest_aurous._explore.laws import LAWS

__all__ = ("FILES",)

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
    "BucketName": (BUCKETS, "The name of a rate bucket."),
    "ImageSize": (PRESETS, "The size of an image."),
    "Resolution": (FACTORS, "The resolution of a video."),
    "Ratio": (RATIOS, "The aspect ratio of a video."),
    "BadDayFault": (KINDS, "A fault that exploring tries."),
    "Law": (LAWS, "A law that exploring judges by."),
}


def names() -> str:
    """Return the module with the names.

    A parameter takes `Operation | str`, not `Operation` alone: editors suggest the names all the same, and a pattern, a
    computed name or the `str` of a parametrized test is no error.
    """
    lines = [
        '"""The names that type checkers know and editors suggest: `tox -e generate` writes them.',
        "",
        "A parameter takes `Operation | str`: editors suggest the names, and patterns and computed ones are no errors.",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        "from typing import Literal, TypeAlias",
        "",
    ]
    for name, (words, text) in _NAMES.items():
        lines += [f"{name}: TypeAlias = Literal[", *(f'    "{word}",' for word in words), "]", f'"""{text}"""']
    return "\n".join(lines) + "\n"


def rules() -> str:
    """Return the rules as JSON, one a line, so that changes can be read and merged."""
    rows = read_toml(DOCS / "rules.toml")["rule"]
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"


FILES: Final = {"_core/base/names.py": names, "_core/resources/rules.json": rules}
"""What makes each file, by its path in the package."""

if __name__ == "__main__":
    try:
        load_rules(DOCS)
    except ValueError as problem:
        sys.exit(f"Error: {problem}")
    for name, text in FILES.items():
        (PACKAGE / name).write_text(text(), encoding="utf-8", newline="\n")
