import pytest

from pytest_aurous import Call
from pytest_aurous._core.wire.call import to_json
from pytest_aurous._core.wire.reply import Reply

KEPT = 64 * 1024


@pytest.fixture(name="call")
def _call() -> Call:
    headers = (("X-Api-Key", "k"), ("Accept", "a"), ("accept", "b"), ("X-Empty", ""))
    return Call("POST", "https", "api.test", "/v1/x", "limit=2&status=", headers, b'{"a": 1}')


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": [1, None, True]}, b'{"a":[1,null,true]}'),
        ("é", '"é"'.encode()),
        ("\ud800", b'"?"'),
    ],
)
def test_json_is_compact_utf_8_whatever_is_in_the_text(value: object, expected: bytes) -> None:
    """Responses are UTF-8 without blanks, and half a surrogate pair does not break one."""
    assert to_json(value) == expected


ODD_HEADERS = (("X-Two", "a"), ("X-Lines", "one\ntwo: three\r\n\n"), ("X-Empty", ""), ("x-two", "b"))


def test_odd_headers_stay_as_they_were_sent() -> None:
    """Line breaks, empty values and repeated names survive in the request and in the response of a call."""
    call = Call("GET", "https", "h", "/", _headers=ODD_HEADERS)
    call.record_response(Reply(200, ODD_HEADERS, b""), {})

    assert call.response is not None
    for headers in (call.request.headers, call.response.headers):
        assert headers.multi_items() == list(ODD_HEADERS)
        assert len(headers) == len({name.lower() for name, _ in ODD_HEADERS})
        assert headers["x-lines"] == "one\ntwo: three\r\n\n"
        assert headers["X-Empty"] == ""
        assert headers["x-two"] == "a, b"
        assert "'x-two': 'a, b'" in repr(headers)


def test_equal_calls_share_their_values() -> None:
    """Calls that repeat each other hold the same objects, so that a poll costs little memory."""
    same: dict[object, object] = {}
    calls = [Call("GET", "https", "h", "/p" * 9, _headers=(("A", str(1e9)),), content=bytes(9)) for _ in range(2)]
    for call in calls:
        call.record_response(Reply(200, (("A", str(1e9)),), bytes(9)), same)
    one, other = calls

    assert one.path is other.path
    assert one.content is other.content
    assert one.response is not None
    assert other.response is not None
    assert one.response.content is other.response.content


def test_of_a_header_sent_twice_the_pipeline_reads_the_first(call: Call) -> None:
    """The dict that handlers read holds the first value, the kept text holds both."""
    assert call.incoming["accept"] == "a"
    assert call.request.headers["accept"] == "a, b"


def test_a_call_shows_its_request_as_it_was_sent(call: Call) -> None:
    """Headers, query, bytes and parsed JSON are all there, empty values included."""
    assert call.request.params == {"limit": "2", "status": ""}
    assert call.request.headers["x-empty"] == ""
    assert call.request.content == call.content == b'{"a": 1}'
    assert call.request.json == {"a": 1}
    assert call.url == "https://api.test/v1/x?limit=2&status="


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b"\xff\xfe\xff", id="not text"),
        pytest.param(b"[" * 100_000, id="too deep"),
    ],
)
def test_a_body_that_is_not_json_reads_as_none(body: bytes) -> None:
    """Reading a call never fails, whatever the client sent."""
    assert Call("POST", "https", "h", "/", content=body).request.json is None


def test_a_call_without_a_response_has_no_response(call: Call) -> None:
    """Where the connection broke, `response` and `status` are None."""
    call.record_response(None, {})

    assert call.response is None
    assert call.status is None
    assert call.content == b'{"a": 1}'


@pytest.mark.parametrize(("size", "whole"), [(KEPT, True), (KEPT + 1, False)])
def test_of_a_large_body_a_digest_is_kept(size: int, whole: bool) -> None:  # noqa: FBT001
    """Bodies up to the limit are kept whole, larger ones as their size and check sum, both ways."""
    body = b"x" * size
    call = Call("POST", "https", "h", "/", content=body)
    assert call.content == body

    call.record_response(Reply(200, (), body), {})

    assert call.response is not None
    assert (call.content == body) is whole
    assert (call.response.content == body) is whole
    if not whole:
        assert call.content.startswith(f"<{size} bytes, sha256 ".encode())
        assert call.response.content == call.content


def test_a_call_is_shown_with_what_became_of_it(call: Call) -> None:
    """The repr tells number, operation, request and status, or that there was none."""
    assert repr(call) == "<Call 0 unmatched: POST /v1/x -> no response>"

    call.number, call.operation = 3, "characters.save"
    call.record_response(Reply(200, (), b"{}"), {})

    assert repr(call) == "<Call 3 characters.save: POST /v1/x -> 200>"
