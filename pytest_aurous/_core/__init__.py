"""The fake itself: the vendor's API in plain Python, from a call to its reply.

Begin with `engine/pipeline.py`, which takes one call from top to bottom; `world/state.py` is what it reads and changes.
It must not know HTTP clients, pytest, or any instrument: exploring, checks, the server and traces are upstairs.
"""
