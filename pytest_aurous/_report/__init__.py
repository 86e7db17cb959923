"""What a failed test shows: the timeline, the hints for unmatched requests, and the state of the fake as JSON.

Begin with `timeline.py`.
It must not know HTTP clients or pytest: it reads what the engine recorded.
"""
