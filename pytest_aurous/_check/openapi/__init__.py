"""Compare OpenAPI documents with the fake's.

Begin with `compare.py`; `document.py` reads a document.
It must not know recordings.
"""
