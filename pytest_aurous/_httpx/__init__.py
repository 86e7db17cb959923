"""httpx and httpx2 on one side, `Call` and `Reply` on the other; the only folder that imports httpx, httpx2 and respx.

It intercepts where a client passes a request to its transport, above httpcore: there the request is still whole, and
a request that is not for the fake goes on to the original transport. It may import the engine and everything below.
The module `sender` is a client itself, for `pytest-aurous check --live`.
"""
