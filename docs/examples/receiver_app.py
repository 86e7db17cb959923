"""The receiver as a web application, with FastAPI."""

from fastapi import FastAPI, Request, Response

from receiver import Receiver


def create_app(receiver: Receiver) -> FastAPI:
    """Return an application that responds 200, or 401 to a wrong signature."""
    app = FastAPI()

    @app.post("/hooks")
    async def hook(request: Request) -> Response:
        signature = request.headers.get("Aurous-Webhook-Signature", "")
        return Response(status_code=receiver.receive(await request.body(), signature))

    return app
