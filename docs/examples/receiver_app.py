"""The receiver as a web application, with FastAPI."""

import os

from fastapi import FastAPI, Request, Response

from receiver import Receiver

SECRET = os.environ.get("WEBHOOK_SECRET", "whsec_for_tests")
receiver = Receiver(SECRET)
app = FastAPI()


@app.post("/hooks")
async def hook(request: Request) -> Response:
    """Respond 200, or 401 to a wrong signature."""
    signature = request.headers.get("Aurous-Webhook-Signature", "")
    return Response(status_code=receiver.receive(await request.body(), signature))
