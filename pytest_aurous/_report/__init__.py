"""What explains a test: the timeline, unmatched requests, HAR files, the coverage of outcomes, and traces.

It reads what the engine recorded and may import the engine and everything below. It knows no HTTP client and no pytest.
"""
