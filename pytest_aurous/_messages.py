"""The vendor's words (err-7): for people, with the offending value and what was allowed, and no internals."""

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
LENGTH: Final = "{param} must be {low} to {high} {unit} long, not {got}."
RANGE: Final = "{param} must be between {low} and {high}, not {got}."

LIMIT_NOT_A_NUMBER: Final = "limit must be a whole number, not {got!r}."
UNKNOWN_CURSOR: Final = "{param} is not an id from this list: {got!r}."
TWO_CURSORS: Final = "Send either starting_after or ending_before, not both."

NO_CREDITS: Final = "Team available balance is {available:.1f} credits, generation requires {needed:.1f}."

ONE_FLOW: Final = "Send exactly one of upload_ids and generate: true."
WRONG_STATE: Final = "Character {id} is {status}; {action} needs {allowed}."
UPLOAD_INVALID: Final = "Upload {id!r} cannot be used: {reason}."
TYPES_DISAGREE: Final = "extension {extension!r} does not go with content_type {content_type!r}."
EXPIRED: Final = "it has expired"
URL_REFUSED: Final = "This signed URL cannot be used: {reason}."

RATE_LIMIT: Final = "Rate limit exceeded for {bucket}. Retry after {seconds}s."
KEY_LENGTH: Final = "Idempotency-Key must be 1 to 256 characters long, not {got}."
KEY_IN_USE: Final = "This Idempotency-Key is in use by {why}."
BY_FAULT: Final = "The request could not be served ({status})."
