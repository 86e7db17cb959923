"""One call from top to bottom: the pipeline, the delivery of webhooks, signatures, and the pitfalls.

Begin with `App.handle` in `pipeline.py`, and read it from top to bottom.
It must not know HTTP clients or pytest.
"""
