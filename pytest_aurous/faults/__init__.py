"""What can go wrong with a request or a delivery: ``aurous.faults``.

It may import the world and everything below.
"""

from __future__ import annotations

from .collection import Faults
from .fault import Fault

__all__ = ("Fault", "Faults")
