"""Embeddings: one vector for each request, its price, and the vectors that a test has set."""

from __future__ import annotations

from .endpoints import ENDPOINTS
from .record import Embeddings
from .row import EmbeddingRow

__all__ = ("ENDPOINTS", "EmbeddingRow", "Embeddings")
