import pytest

from pytest_aurous._core.wire.refusal import USUAL_CODES, ApiProblem, envelope

CODES = {  # err-5, written from the contract; what is not listed there has no usual code
    400: "missing_field invalid_format value_out_of_range unknown_version parameter_invalid_combination "
    "mutually_exclusive_input character_not_ready upload_invalid unsupported_lora_for_mode "
    "generation_not_cancellable invalid_page_token invalid_request invalid_request_error",
    401: "missing_api_key invalid_api_key revoked_api_key",
    402: "balance_too_low insufficient_credits",
    403: "missing_scope",
    404: "resource_not_found",
    405: "method_not_allowed",
    409: "idempotency_key_in_use",
    410: "output_expired",
    422: "prompt_blocked reference_blocked output_moderation_rejected output_not_available",
    429: "too_many_requests concurrency_limit_exceeded",
    500: "internal_error",
    502: "provider_unavailable",
    503: "provider_unavailable",
    504: "provider_timeout",
}


@pytest.mark.parametrize(
    ("kind", "statuses"),
    [
        ("invalid_request", (400, 402, 405, 409, 422)),
        ("authentication", (401, 403)),
        ("not_found", (404, 410)),
        ("rate_limit", (429,)),
        ("server_error", (500, 502, 503, 504)),
    ],
)
def test_err_1_the_type_follows_from_the_status(kind: str, statuses: tuple[int, ...]) -> None:
    """Each status belongs to one of the five types."""
    for status in statuses:
        problem = ApiProblem(status, "some_code", "Some message.")
        assert envelope(problem, "req_1", all_global=False, null_param=True)["error"]["type"] == kind


@pytest.mark.parametrize("param", ["name", None])
def test_err_4_param_may_be_absent_instead_of_null(param: str | None) -> None:
    """A field that is at fault is named all the same."""
    problem = ApiProblem(400, "missing_field", "name is required.", param)

    error = envelope(problem, "req_1", all_global=False, null_param=False)["error"]

    assert error.get("param", "absent") == (param or "absent")


@pytest.mark.parametrize(
    ("status", "code", "in_general"),
    [
        (400, "invalid_request_error", "invalid_request"),
        (402, "insufficient_credits", "balance_too_low"),
        (400, "missing_field", "missing_field"),
        (402, "balance_too_low", "balance_too_low"),
    ],
)
def test_err_6_codes_are_those_of_the_page_or_of_the_global_list(status: int, code: str, in_general: str) -> None:
    """The reading `global` renames what character pages print, in `doc_url` as well."""
    problem = ApiProblem(status, code, "Some message.")

    for all_global, told in ((False, code), (True, in_general)):
        error = envelope(problem, "req_1", all_global=all_global, null_param=True)["error"]
        assert (error["code"], error["doc_url"].partition("#")[2]) == (told, told)


@pytest.mark.parametrize("status", USUAL_CODES)
def test_err_5_each_usual_code_is_a_documented_one_of_its_status(status: int) -> None:
    """A fault that names no code uses one that the documentation lists beside the status."""
    assert USUAL_CODES[status] in CODES[status].split()
