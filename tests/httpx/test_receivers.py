"""Where deliveries arrive: callables, ASGI apps, WSGI apps, and URLs through httpx."""

import asyncio
import json
from collections.abc import Callable, Iterable
from typing import Any, Final

import httpx
import pytest
import respx

from pytest_aurous import AurousError, Delivery, sign_webhook
from pytest_aurous._report.timeline import timeline
from tests.conftest import Api

pytestmark = pytest.mark.lowest

URL: Final = "https://app.test/hooks/aurous"


def delivered(api: Api, target: Any, url: str = URL) -> Delivery:
    """Let an image succeed, deliver that to *target*, and return the delivery."""
    api.aurous.webhooks.deliver_to(target, url=url)
    api.aurous.images.add(status="succeeded")
    (made,) = api.aurous.webhooks.flush()
    return made


def asgi(seen: list[Any], status: int = 204) -> Callable[..., Any]:
    """An ASGI app that notes path, signature and body."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0)
        body = (await receive())["body"]
        seen.append((scope["path"], dict(scope["headers"])[b"aurous-webhook-signature"].decode(), body))
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return app


def wsgi(seen: list[Any], status: str = "204 No Content") -> Callable[..., Any]:
    """A WSGI app that notes likewise."""

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        length = int(environ["CONTENT_LENGTH"])
        body = environ["wsgi.input"].read(length)
        seen.append((environ["PATH_INFO"], environ["HTTP_AUROUS_WEBHOOK_SIGNATURE"], body))
        start_response(status, [])
        return [b""]

    return app


@pytest.mark.parametrize(
    ("reply", "status", "response"),
    [
        (None, "delivered", 200),
        (200, "delivered", 200),
        (299, "delivered", 299),
        (300, "failed", 300),
        (404, "failed", 404),
        (500, "failed", 500),
        (199, "failed", 199),
    ],
)
def test_hook_8_a_callable_responds_with_its_status(api: Api, reply: int | None, status: str, response: int) -> None:
    """It is given the delivery, and what it returns is the response; nothing is 200, and only 2xx is good."""
    made = delivered(api, lambda _: reply)

    assert (made.status, made.response_status, made.attempt) == (status, response, 1)


def test_hook_8_a_callable_that_raises_has_failed(api: Api) -> None:
    """An exception of the receiver is no response; it is kept, and shown in the timeline."""
    why = RuntimeError("no such order")

    def target(delivery: Delivery) -> None:
        if delivery.attempt == 1:
            raise why

    made = delivered(api, target)

    assert (made.status, made.response_status, made.error) == ("failed", None, why)
    shown = f"<Delivery image.completed to {URL}, attempt 1: failed (RuntimeError('no such order'))>"
    assert repr(made) == shown
    told = f"delivery 1: image.completed to {URL} -> no response: RuntimeError('no such order')"
    assert told in " ".join(timeline(api.app).split())
    api.clock.advance(seconds=5)
    (again,) = api.aurous.webhooks.flush()
    assert (again.error, repr(again)) == (None, f"<Delivery image.completed to {URL}, attempt 2: delivered (200)>")


def test_hook_8_a_builtin_can_receive(api: Api) -> None:
    """`received.append` is a receiver, and so is a class, which has no signature to read."""
    got: list[Delivery] = []

    assert delivered(api, got.append) is got[0]
    assert delivered(api, dict).status == "failed"  # it takes no delivery


@pytest.mark.parametrize(("make", "bad"), [(asgi, 500), (wsgi, "500 Oops")], ids=["asgi", "wsgi"])
def test_hook_8_an_app_sees_path_headers_and_body(api: Api, make: Callable[..., Any], bad: Any) -> None:
    """An ASGI or WSGI app gets the request that its URL would get, and responds."""
    seen: list[Any] = []

    made = delivered(api, make(seen))

    assert (made.status, made.response_status) == ("delivered", 204)
    assert seen == [("/hooks/aurous", made.headers["Aurous-Webhook-Signature"], made.body)]
    assert json.loads(made.body) == made.payload
    failed = delivered(api, make(seen, bad))
    assert (failed.status, failed.response_status) == ("failed", 500)


def test_hook_8_a_url_is_called_through_httpx(api: Api) -> None:
    """Without a target the suite's own mock of its receiver is asked, with method, headers and body."""
    with respx.mock:
        route = respx.post(URL).respond(202)
        made = delivered(api, None)

    request = route.calls.last.request
    assert (made.status, made.response_status) == ("delivered", 202)
    assert (request.method, request.content, request.headers["Content-Type"]) == ("POST", made.body, "application/json")
    assert request.headers["Aurous-Webhook-Signature"] == made.headers["Aurous-Webhook-Signature"]
    assert request.extensions["timeout"]["read"] == 10


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ReadTimeout])
def test_hook_8_a_refused_connection_or_a_timeout_has_failed(api: Api, error: type[Exception]) -> None:
    """What the stack raises is a failed attempt."""
    with respx.mock:
        respx.post(URL).mock(side_effect=error)
        made = delivered(api, None)

    assert (made.status, made.response_status) == ("failed", None)


def test_hook_8_an_async_callable_is_awaited(api: Api) -> None:
    """Outside a loop `flush` runs one; what the coroutine returns is the response, and what it raises is none."""

    async def target(delivery: Delivery) -> int:
        await asyncio.sleep(0)
        if delivery.attempt == 2:
            raise RuntimeError
        return 503

    assert delivered(api, target).response_status == 503
    api.clock.advance(seconds=5)
    (again,) = api.aurous.webhooks.flush()
    assert (again.attempt, again.status, again.response_status) == (2, "failed", None)
    assert isinstance(again.error, RuntimeError)


def test_hook_8_flush_inside_a_loop_sends_to_aflush(api: Api) -> None:
    """An async target cannot be awaited there; the delivery is not lost, and `aflush` makes it."""
    seen: list[Any] = []
    api.aurous.webhooks.deliver_to(asgi(seen), url=URL)
    api.aurous.images.add(status="succeeded")

    async def main() -> list[Delivery]:
        with pytest.raises(AurousError, match=r"await aurous\.webhooks\.aflush\(\)"):
            api.aurous.webhooks.flush()
        assert seen == []
        return await api.aurous.webhooks.aflush()

    assert [one.status for one in asyncio.run(main())] == ["delivered"]
    assert len(seen) == 1


def test_hook_8_a_flush_that_was_refused_uses_up_no_fault(api: Api) -> None:
    """`aflush` makes the delivery as it was to be made: twice, and the second time with a forged signature."""
    secret = "whsec_mine"
    seen: list[Any] = []
    api.aurous.webhooks.deliver_to(asgi(seen), url=URL, secret=secret)
    duplicate = api.aurous.faults.duplicate("image.completed")
    forged = api.aurous.faults.bad_signature("image.completed", after=1)
    api.aurous.images.add(status="succeeded")

    async def main() -> None:
        for _ in range(2):
            with pytest.raises(AurousError, match="aflush"):
                api.aurous.webhooks.flush()
        await api.aurous.webhooks.aflush()

    asyncio.run(main())

    assert (duplicate.fired, forged.fired) == (1, 1)
    good = sign_webhook(seen[0][2], secret, api.clock.time())
    assert [signature == good for _, signature, _ in seen] == [True, False]


def test_hook_8_aflush_serves_every_target(api: Api) -> None:
    """In order, sync or async, good or bad; what a fault drops is not among them."""

    async def failing(_: Delivery) -> int:
        raise RuntimeError

    async def main() -> list[Delivery]:
        targets: list[Any] = [asgi([]), wsgi([]), [].append, failing]
        for target in targets:
            api.aurous.webhooks.deliver_to(target)
        api.aurous.images.add(status="succeeded")
        api.aurous.images.add(status="failed")
        return await api.aurous.webhooks.aflush()

    api.aurous.faults.drop("image.failed", times=4)
    assert [one.response_status for one in asyncio.run(main())] == [204, 204, 200, None]


def test_hook_8_aflush_calls_a_url_that_its_own_loop_serves(api: Api) -> None:
    """The loop goes on meanwhile, so that a receiver which runs in it can respond."""
    seen: list[bytes] = []

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readline())
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async def main() -> list[Delivery]:
        async with await asyncio.start_server(receive, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            api.aurous.webhooks.deliver_to(url=f"http://127.0.0.1:{port}/hooks")
            api.aurous.images.add(status="succeeded")
            return await api.aurous.webhooks.aflush()

    assert [one.response_status for one in asyncio.run(main())] == [204]
    assert seen == [b"POST /hooks HTTP/1.1\r\n"]
