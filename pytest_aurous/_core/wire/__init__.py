"""HTTP messages: requests, responses, headers, refusals, the vendor's error messages, and HAR files of them.

Begin with `call.py`, a request on its way through the fake, and `reply.py`, what comes back.
It must not know state: nothing here remembers an earlier message.
"""
