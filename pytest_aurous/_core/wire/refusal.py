"""Refusals of the vendor, and the error envelope in which each of them is sent (err-1 to err-6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from . import messages as say

BODY_ERRORS: Final = ("400 invalid_format", "400 invalid_request", "400 missing_field", "400 value_out_of_range")
"""How an endpoint can refuse its body."""
_TYPES: Final = {
    401: "authentication",
    403: "authentication",
    404: "not_found",
    410: "not_found",
    429: "rate_limit",
}
ERROR_TYPES: Final = ("invalid_request", "authentication", "not_found", "rate_limit", "server_error")
GLOBAL_CODES: Final = {"invalid_request_error": "invalid_request", "insufficient_credits": "balance_too_low"}
"""The codes of the global list in place of those on the pages of some calls (err-6)."""
_DOCS: Final = "https://docs.aurous-labs.com/errors#"
_SERVER: Final = 500
USUAL_CODES: Final = {
    400: "invalid_request",
    401: "invalid_api_key",
    402: "balance_too_low",
    403: "missing_scope",
    404: "resource_not_found",
    405: "method_not_allowed",
    409: "idempotency_key_in_use",
    410: "output_expired",
    422: "output_not_available",
    429: "too_many_requests",
    500: "internal_error",
    502: "provider_unavailable",
    503: "provider_unavailable",
    504: "provider_timeout",
}
"""The code that usually comes with a status."""
CONTENT_CODES: Final = ("prompt_blocked", "reference_blocked", "output_moderation_rejected")
"""The codes of refusals that are about the content of a request, which the fake does not judge."""
LIMIT_CODES: Final = ("too_many_requests", "concurrency_limit_exceeded")
"""The codes of a 429."""


@dataclass(eq=False)
class ApiProblem(Exception):  # noqa: N818 - a response of the vendor, not an error of this package
    """Refuse a request: the pipeline turns this into an error response, in one place.

    Attributes:
        param: Name of the field that is wrong, or None.
        headers: Headers to set on the response; None removes a header.

    Example:
        ``raise ApiProblem(404, "resource_not_found", "No such character.")``
    """

    status: int
    code: str
    message: str
    param: str | None = None
    headers: tuple[tuple[str, str | None], ...] = ()

    def __post_init__(self) -> None:
        super().__init__(self.message)


class Unscripted(Exception):  # noqa: N818 - a mistake of the test, which is reported at its end
    """Something that a test has scripted does not fit the request; the text says what, for its author."""


def type_of(status: int) -> str:
    return _TYPES.get(status, "server_error" if status >= _SERVER else "invalid_request")


def envelope(problem: ApiProblem, request_id: str, *, all_global: bool, null_param: bool) -> dict[str, Any]:
    """Return the JSON body of a refusal.

    Its code is one of the global list if *all_global*, also where the endpoint's page has another (err-6). Where no
    field is wrong, ``param`` is null if *null_param*, or else absent (err-4).
    """
    param = {} if problem.param is None and not null_param else {"param": problem.param}
    code = GLOBAL_CODES.get(problem.code, problem.code) if all_global else problem.code
    return {
        "error": {
            "type": type_of(problem.status),
            "code": code,
            "message": problem.message,
            **param,
            "doc_url": f"{_DOCS}{code}",
            "request_id": request_id,
        }
    }


def not_found(resource: str, row_id: str, param: str | None = None) -> ApiProblem:
    """Return the 404 for an id that is unknown, deleted or another team's, which look the same (auth-7)."""
    return ApiProblem(404, "resource_not_found", f"No such {resource}: {row_id!r}.", param)


def missing_field(param: str) -> ApiProblem:
    return ApiProblem(400, "missing_field", say.MISSING_FIELD.format(param=param), param)


def not_one_of(param: str, allowed: Iterable[str], got: str, code: str = "invalid_format") -> ApiProblem:
    """Return the 400 for a value outside of a fixed set; *got* is the value as the message quotes it."""
    return ApiProblem(400, code, f"{param} must be one of {', '.join(allowed)}, not {got}.", param)
