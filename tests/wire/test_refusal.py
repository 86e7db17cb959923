import pytest

from pytest_aurous._core.wire.refusal import ApiProblem, envelope


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
