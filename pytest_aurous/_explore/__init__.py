"""Exploring: run code repeatedly, break one request in each run, and judge the result.

It uses a fake from above: snapshots, faults, the journal and the clock. It may import reports, the engine and
everything below, and knows neither pytest nor an HTTP client.
"""
