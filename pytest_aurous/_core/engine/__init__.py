"""One call from top to bottom: the pipeline, the delivery of webhooks, signatures, and the pitfalls.

It may import resources and everything below. It knows no HTTP client and no pytest.
"""
