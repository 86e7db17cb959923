"""A webhook receiver: it checks the signature, and stores what each event reports.

Like publisher.py, it knows nothing about the tests.
"""

import hmac
import json
from hashlib import sha256


class Receiver:
    """Verifies each delivery by hand, as the vendor documents it.

    Args:
        secret: The whole ``whsec_...`` string of the endpoint.
    """

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.finished: dict[str, str] = {}
        self.seen: set[str] = set()

    def receive(self, body: bytes, signature: str) -> int:
        """Process one delivery, and return the status of the response."""
        stamp, _, sent = signature.removeprefix("t=").partition(",v1=")
        signed = stamp.encode() + b"." + body
        expected = hmac.new(self.secret.encode(), signed, sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), sent.encode()):
            return 401
        event = json.loads(body)
        if event["id"] not in self.seen:
            self.seen.add(event["id"])
            self.finished[event["data"]["id"]] = event["type"]
        return 200
