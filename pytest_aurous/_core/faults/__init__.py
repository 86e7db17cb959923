"""The faults of requests and deliveries: ``aurous.faults``.

Begin with `fault.py`, one fault around one request; `collection.py` has the method of each, and `queue.py` decides
which requests meet it. It must not know the pipeline. `Faults` is imported on first access: most tests have none.
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
