"""The state of one fake: rows, runs, keys, credits, limits, deliveries, and the journal of its calls.

It may import time and the wire. Two fakes share nothing.
"""
