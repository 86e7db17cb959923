"""The error envelope: how every refusal looks on the wire (err-1 to err-6)."""

from __future__ import annotations

from typing import Any, Final

from .call import ApiProblem

__all__ = ("USUAL_CODES", "envelope")

_TYPES: Final = {
    401: "authentication",
    403: "authentication",
    404: "not_found",
    410: "not_found",
    429: "rate_limit",
}
_GLOBAL_CODES: Final = {"invalid_request_error": "invalid_request", "insufficient_credits": "balance_too_low"}
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
"""The code that a status usually comes with."""


def envelope(problem: ApiProblem, request_id: str, *, all_global: bool) -> dict[str, Any]:
    """Write a refusal.

    Args:
        problem: What is refused and why.
        request_id: Also the header ``Aurous-Request-Id`` (err-3).
        all_global: Whether codes are those of the global list even where the endpoint's page prints others (err-6).
    """
    code = _GLOBAL_CODES.get(problem.code, problem.code) if all_global else problem.code
    return {
        "error": {
            "type": _TYPES.get(problem.status, "server_error" if problem.status >= _SERVER else "invalid_request"),
            "code": code,
            "message": problem.message,
            "param": problem.param,
            "doc_url": f"{_DOCS}{code}",
            "request_id": request_id,
        }
    }
