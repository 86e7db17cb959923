"""The fake over HTTP: the server, the ASGI application, the control requests and the live page.

Begin with `asgi.py`; the control requests are the tables in `table.py` and `reads.py`.
It must not know pytest, or any other instrument than the trace, whose viewer shows the live page.
"""
