"""Everything one fake knows: rows, runs, keys, money, limits, deliveries, and the journal of its calls.

It may import time and the wire. Two fakes share nothing.
"""
