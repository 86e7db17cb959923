"""The result of an exploration, and its report: the cases, the causes that they share, and the matrix.

Begin with `result.py`, which a test gets; `text.py` writes it.
It must not know how runs are made.
"""
