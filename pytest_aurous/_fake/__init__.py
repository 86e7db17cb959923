"""The fake meets a test: ``Aurous``, teams, calls and assertions, limits, webhooks, and the verdict on a test.

Begin with `aurous.py`, the object that a test holds; `session.py` is what stands behind it.
It must not know pytest, or an instrument, except that `Aurous.explore` and similar methods import exploring.
"""
