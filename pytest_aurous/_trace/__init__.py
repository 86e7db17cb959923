"""The trace of a test: its requests, and the state of the fake before and after each of them.

The page that shows a trace is in `viewer`; it knows nothing but the JSON that `data` writes.
"""
