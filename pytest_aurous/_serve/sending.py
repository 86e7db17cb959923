"""The control request `send`: a request to the fake, a new one or an earlier one with changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .._core.base.arguments import Check
from .._core.base.errors import AurousLookupError, see
from .._core.wire.call import Call
from .._core.wire.hosts import UPLOAD_HOST
from .._core.wire.reply import Break, Reply
from .._facade import Handle
from .arguments import PAGE, taken_by
from .tape import Tape

_UPLOAD: Final = ("https", UPLOAD_HOST.removeprefix("https://"), "")


def home_of(fake: Handle, path: str) -> tuple[str, str, str]:
    """Return scheme, host and root of the URL of a request: only paths of the upload host begin as they do."""
    return _UPLOAD if path.startswith("/characters/") else fake.home


def call_of(
    tape: Tape,
    of: int | None = None,
    method: str | None = None,
    path: str | None = None,
    headers: Mapping[str, Any] | None = None,
    body: str | None = None,
) -> Call:
    """Return a request to the fake: the request of a step again, with the given changes, or a new one.

    Raises:
        AurousError: If the step is not kept, or is no request, or an argument is invalid.
    """
    fake, check = tape.fake, Check("send", PAGE)
    model = None
    if of is not None:
        steps = tape.after(check.whole("of", of, 1) - 1, 1)
        model = steps[0].call if steps and steps[0].seq == of else None
        if model is None:
            raise AurousLookupError(f"send: step {of} is not a request that is kept.\n{see(PAGE)}")
    if method is not None:
        check.text("method", method, "POST")
    if (model is None or path is not None) and not check.text("path", path, "/v1/characters").startswith("/"):
        raise check.refuse("path", path, "a path such as '/v1/characters'.")
    check.instance("body", body, str | None, "text, such as '{}'.")
    root = ""
    if model is None:
        scheme, host, root = home_of(fake, str(path))
        key = fake.keys.first(fake.default_team)
        model = Call("GET", scheme, host, "", "", (("X-Api-Key", key),))
    content = model.content if body is None else body.encode()
    sent = {name.lower(): (name, value) for name, value in model.sent_headers.multi_items()}
    sent.pop("content-length", None)
    for name, value in check.pairs("headers", headers or {}).items():
        sent.pop(name.lower(), None)
        sent.update({} if value is None else {name.lower(): (name, str(value))})
    if content:
        sent.setdefault("content-type", ("Content-Type", "application/json"))
        sent["content-length"] = ("Content-Length", str(len(content)))
    where, _, query = (model.path, "", model.query) if path is None else f"{root}{path}".partition("?")
    return Call(method or model.method, model.scheme, model.host, where, query, tuple(sent.values()), content)


def send(tape: Tape, call: Call) -> dict[str, Any]:
    """Send a request, read a stream to its end, as a client would, and return the outcome as JSON."""
    outcome = tape.fake.respond(call)
    stream = outcome.stream if isinstance(outcome, Reply) else None
    while stream is not None and (part := stream.read()) is not None and not isinstance(part, Break):
        pass
    return {"seq": tape.last, "number": call.number, "status": call.status, "error_code": call.error_code}


SEND: Final = taken_by(call_of)
