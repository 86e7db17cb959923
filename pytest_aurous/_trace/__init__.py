"""The trace of a test: its requests, and the state of the fake before and after each of them.

Begin with `recorder.py`, which watches, and `data.py`, which writes JSON; the page in `viewer` knows nothing else.
It must not know pytest, or what explored or served the fake.
"""
