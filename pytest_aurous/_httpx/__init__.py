"""The fake meets HTTP clients: httpx and httpx2 on one side, `Call` and `Reply` on the other.

Begin with `interception.py`: it hooks in where a client passes a request to its transport, above httpcore. There the
request is still whole, and a request that is not for the fake goes on to the original transport.
It must not know resources or state: `router.py` hands each call to the engine.
"""
