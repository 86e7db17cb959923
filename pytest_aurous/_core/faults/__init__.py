"""The faults of requests and deliveries: ``aurous.faults``.

Begin with `fault.py`, one fault around one request; `collection.py` has the method of each, and `queue.py` decides
which requests meet it. It must not know the pipeline. Nothing loads `collection.py` before a test adds a fault.
"""
