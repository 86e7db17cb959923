"""Recordings: read from files, and what they show of each record.

Begin with `read.py`; `view.py` says what one exchange shows.
It must not know the replay, or the fake that it is compared with.
"""
