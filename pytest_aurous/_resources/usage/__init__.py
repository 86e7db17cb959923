"""Usage: buckets and events, computed from the generations that the test has made."""

from __future__ import annotations

from .calls import ENDPOINTS

__all__ = ("ENDPOINTS",)
