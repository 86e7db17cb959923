"""Exploring: run code repeatedly, break one request in each run, and judge the result.

Begin with `explorer.py`; `interleaver.py` does the same with two workers. What can go wrong is the table in `kinds.py`,
and what has to hold, the table in `laws.py`.
It must not know pytest or an HTTP client.
"""
