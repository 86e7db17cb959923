"""The texts that explain a test: the timeline, unmatched requests, HAR files, and the coverage of outcomes.

It reads what the engine recorded and may import the engine and everything below. It knows no HTTP client and no pytest.
"""
