"""Exploring: run code repeatedly, break one request in each run, and judge the result.

It uses a fake from above: snapshots, faults, the journal and the clock. It may import reports, the engine and
everything below, and knows neither pytest nor an HTTP client.

Begin with `explorer`. What can go wrong is the table in `kinds`, and what has to hold, the table in `laws`.
"""
