"""Messages that several refusals have (err-7); what only one says, stands there. Each quotes the wrong value."""

from __future__ import annotations

from typing import Final

INVALID_KEY: Final = "The API key provided is not valid."
INTERNAL: Final = "An internal error occurred."
MISSING_FIELD: Final = "{param} is required."
WRONG_TYPE: Final = "{param} must be {expected}, not {got}."
ASSUMED: Final = (
    " No page of the vendor says that {what} is refused; the fake assumes it ({rule}). "
    "The setting readings={{{rule!r}: {reading!r}}} accepts it."
)
"""What follows a refusal that another reading does not make."""
LENGTH: Final = "{param} must be {low} to {high} {unit} long, not {got}."
UNKNOWN_CURSOR: Final = "{param} is not an id from this list: {got!r}."
FOREIGN_PAGE: Final = "page_token is invalid, or belongs to another team."
WRONG_STATE: Final = "{kind} {id} is {status}; {action} needs {allowed}."
TYPES_DISAGREE: Final = "extension {extension!r} does not go with content_type {content_type!r}."
EXPIRED: Final = "it has expired"
URL_REFUSED: Final = "This signed URL cannot be used: {reason}."
RATE_LIMIT: Final = "Rate limit exceeded for {bucket}. Retry after {seconds}s."
CONCURRENCY_LIMIT: Final = "Concurrency limit exceeded. Retry after {seconds}s."
CANCELLED: Final = {
    "cancelled_by_request": "The completion was cancelled by a request.",
    "cancelled_client_disconnect": "The client closed the connection before the end.",
}
NO_BATCH: Final = (
    "POST /v1/embeddings does not accept string[] batch input: send one request for each text. "
    "See https://docs.aurous-labs.com/api-reference/embeddings/openai-batch-incompat."
)
KEY_IN_USE: Final = "This Idempotency-Key is in use by {why}."
