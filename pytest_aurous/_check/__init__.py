"""Compare the fake with recordings of the real API, and give a verdict for each rule.

Begin with `check.py`; `recording` reads files, `replay` sends each request to a fresh fake, `compare.py` compares.
It must not know pytest, or any other instrument.
"""
