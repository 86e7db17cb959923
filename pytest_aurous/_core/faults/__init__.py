"""The faults of requests and deliveries: ``aurous.faults``.

It may import the world and everything below. `Faults` is imported on first access: most tests have no faults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .fault import Fault

if TYPE_CHECKING:
    from .collection import Faults

__all__ = ("Fault", "Faults")


def __getattr__(name: str) -> Any:
    if name != "Faults":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .collection import Faults

    return Faults
