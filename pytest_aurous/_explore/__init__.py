"""Exploring: run code again and again, break one request in each run, and judge what comes of it.

It uses a fake from above: snapshots, faults, the journal and the clock. It may import reports, the engine and
everything below, and knows neither pytest nor an HTTP client.
"""
