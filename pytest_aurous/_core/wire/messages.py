"""Messages of the error envelope (err-7): each quotes the wrong value and names the allowed ones."""

from __future__ import annotations

from typing import Final

MISSING_KEY: Final = "No API key provided. Send it in the X-Api-Key header."
INVALID_KEY: Final = "The API key provided is not valid."
REVOKED_KEY: Final = "The API key provided has been revoked."
MISSING_SCOPE: Final = "This API key has scope {scope}; {method} requests need {needed}."
UNKNOWN_VERSION: Final = "Unknown API version {version!r}. Known versions: {known}."

UNKNOWN_PATH: Final = "No route matches {method} {path}."
WRONG_METHOD: Final = "{method} is not allowed on {path}. Allowed: {allowed}."
NOT_FOUND: Final = "No such {resource}: {id!r}."
INTERNAL: Final = "An internal error occurred."

MALFORMED_JSON: Final = "The request body is not valid JSON: {reason}."
NOT_AN_OBJECT: Final = "The request body must be a JSON object, not {got}."
UNKNOWN_FIELDS: Final = "Unknown or read-only fields: {names}. Allowed: {allowed}."
MISSING_FIELD: Final = "{param} is required."
WRONG_TYPE: Final = "{param} must be {expected}, not {got}."
NOT_ONE_OF: Final = "{param} must be one of {allowed}, not {got}."
ASSUMED: Final = (
    " No page of the vendor says that {what} is refused; the fake assumes it ({rule}). "
    "The setting readings={{{rule!r}: {reading!r}}} accepts it."
)
"""What follows a refusal that another reading does not make."""
IN_LIST: Final = "An item of {message}"
LENGTH: Final = "{param} must be {low} to {high} {unit} long, not {got}."
RANGE: Final = "{param} must be between {low} and {high}, not {got}."

LIMIT_NOT_A_NUMBER: Final = "limit must be a whole number, not {got!r}."
UNKNOWN_CURSOR: Final = "{param} is not an id from this list: {got!r}."
TWO_CURSORS: Final = "Send either starting_after or ending_before, not both."

NO_CREDITS: Final = "Team available balance is {available} credits, generation requires {needed}."

BLANK: Final = "{param} must have more than blanks, not {got!r}."
SIZE_TWICE: Final = "Send either size, or width and height."
ONE_SOURCE: Final = "Send either character_id or reference_image_urls."
NO_PICTURE: Final = "{param} must be file ids or https URLs, not {got!r}."
OTHER_MEDIUM: Final = "{param} {got!r} is a style of another medium: {medium} needs one of its own."
NO_OUTPUT: Final = "Generation {id} is {status}: it never had an output."
OUTPUT_EXPIRED: Final = "The output of {id} has expired."
NO_FORM: Final = "The request body must be a complete multipart/form-data form, and no part may have parts of its own."
NO_IMAGE: Final = "file must be a PNG, a JPEG or a WebP."
FILE_TOO_LARGE: Final = "file must have at most {most} bytes, not {got}."
PICTURE_TOO_LARGE: Final = "file must have at most {most} pixels a side, not {width}x{height}."
NO_METADATA: Final = "metadata must be a JSON object, as text, not {got}."
NO_URL: Final = "{param} must be an https URL, not {got!r}."
BAD_RANGE: Final = "start_time must be before end_time and at most 730 days ago, not from {start} to {end}."
TOO_MANY_BUCKETS: Final = "bucket_width {got!r} makes more than {most} buckets of this range: choose a wider one."
FOREIGN_PAGE: Final = "page_token is invalid, or belongs to another team."
DRIFTED_PAGE: Final = "page_token does not go with these query parameters: they have changed between the pages."
EXPIRED_PAGE: Final = "page_token has expired (token_expired)."
ONE_FLOW: Final = "Send exactly one of upload_ids and generate: true."
WRONG_STATE: Final = "{kind} {id} is {status}; {action} needs {allowed}."
UPLOAD_INVALID: Final = "Upload {id!r} cannot be used: {reason}."
TYPES_DISAGREE: Final = "extension {extension!r} does not go with content_type {content_type!r}."
EXPIRED: Final = "it has expired"
UNKNOWN_HERE: Final = "what it leads to does not exist"
URL_REFUSED: Final = "This signed URL cannot be used: {reason}."

RATE_LIMIT: Final = "Rate limit exceeded for {bucket}. Retry after {seconds}s."
CONCURRENCY_LIMIT: Final = "Concurrency limit exceeded. Retry after {seconds}s."
PROVIDER_FAILED: Final = "The provider of the model failed ({code})."
TOKENS: Final = "Token rate limit exceeded for {bucket}. Retry after {seconds}s."
WRONG_KIND: Final = "{model} is a model of kind {kind}; {operation} needs one of kind {needed}."
OVER_CAP: Final = "max_tokens {got} is above the hard cap of {cap} of {model}."
TOO_MANY_TOKENS: Final = "The input has about {got} tokens; {model} takes at most {most}."
NO_REQUIRED_TOOL: Final = "{model} does not support tool_choice 'required'."
UNSUPPORTED_SCHEMA: Final = "The schema is outside the supported subset: {found}."
PRIVATE_URL: Final = (
    "{param} must be an https URL of a public host, not a private, loopback or link-local one, not {got!r}."
)
CANCELLED: Final = {
    "cancelled_by_request": "The completion was cancelled by a request.",
    "cancelled_client_disconnect": "The client closed the connection before the end.",
}
NO_COMPLETION: Final = "No such completion to cancel: {id!r}."
COMPLETION_ENDED: Final = "Completion {id} is {status} already."
NOT_CANCELLABLE: Final = "Completion {id} cannot be cancelled: only a streamed completion can."
NO_BATCH: Final = (
    "POST /v1/embeddings does not accept string[] batch input: send one request for each text. "
    "See https://docs.aurous-labs.com/api-reference/embeddings/openai-batch-incompat."
)
NO_VIDEO: Final = "Embeddings do not accept video since 2026-05-24."
TOO_MANY_PARTS: Final = (
    "Embedding request has {got} {what}; the cap is {most} {total} per request. "
    "See https://docs.aurous-labs.com/api-reference/embeddings/limits."
)
INPUT_TOO_LARGE: Final = "The input has about {got} tokens; the cap is {most}."
BAD_DIMENSIONS: Final = "dimensions must be one of {allowed} for {model}, not {got}."
KEY_LENGTH: Final = "Idempotency-Key must be 1 to {most} characters long, not {got}."
KEY_IN_USE: Final = "This Idempotency-Key is in use by {why}."
BY_FAULT: Final = "The request could not be served ({status})."
