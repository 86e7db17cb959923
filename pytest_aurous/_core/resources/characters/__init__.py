"""Characters: what is stored, the states, the endpoints, and what a test holds.

Begin with `row.py`, then `machine.py`; in `endpoints.py`, each endpoint stands above its function.
It must not know images, or anything else that uses a character.
"""
