"""Forms come back as they were sent."""

from typing import Final

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aurous._core.wire.bodies import FormPart, read_parts

BOUNDARY: Final = "b0undary"
KIND: Final = f"multipart/form-data; boundary={BOUNDARY}"


def form(*parts: tuple[bytes, bytes]) -> bytes:
    """Write a form of what stands behind ``name=`` and the data of each part."""
    lines = [b"--%s\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (BOUNDARY.encode(), *part) for part in parts]
    return b"".join(lines) + b"--%s--\r\n" % BOUNDARY.encode()


def sent(**options: object) -> list[FormPart] | None:
    """Send a form as httpx does, and read it."""
    request = httpx.Request("POST", "https://x", **options)  # type: ignore[arg-type]
    return read_parts(request.read(), request.headers["Content-Type"])


@pytest.mark.parametrize("line_end", [b"\n", b"\r"])
def test_a_delimiter_begins_with_a_whole_line_end(line_end: bytes) -> None:
    """The boundary behind half a line end is data (RFC 2046: CRLF)."""
    data = b"a" + line_end + f"--{BOUNDARY}".encode() + b"\r\nb"

    assert read_parts(form((b'name="a"', data)), KIND) == [FormPart("a", None, data)]


@pytest.mark.parametrize(
    "name",
    ['a "quoted" one', "a\r\nb", "a\nb", "a\rb", "tab\t", "\0", "back\\slash", "end\\", '\\"', 'x"; name="y', "100%"],
)
def test_names_with_quotes_and_line_breaks_come_back(name: str) -> None:
    """What httpx escapes in a name, and in a file name, is read back."""
    assert sent(files={name: (name, b"x")}) == [FormPart(name, name, b"x")]


@pytest.mark.parametrize(
    ("head", "name", "filename"),
    [
        (b"name=file; filename=look.png", "file", "look.png"),
        (b'Name="file";FILENAME="look.png"', "file", "look.png"),
        (b'name="a\\b"; filename="C:\\look.png"', "a\\b", "C:\\look.png"),
        (b'name=""; filename=""', "", ""),
        (b"name=\"a\"; filename*=UTF-8''b", "a", None),
    ],
)
def test_other_clients_write_names_in_other_ways(head: bytes, name: str, filename: str | None) -> None:
    """Without quotes, in capitals, with single backslashes; a file name in an encoding is none (RFC 7578)."""
    assert read_parts(form((head, b"x")), KIND) == [FormPart(name, filename, b"x")]


def test_a_form_may_have_words_around_it_and_blanks_behind_its_boundaries() -> None:
    """What stands before the first and after the last boundary is no part (RFC 2046)."""
    head = b'Content-Disposition: form-data; name="a"'
    content = b"words\r\n--b0undary  \r\n%s\r\n\r\nx\r\n--b0undary--\r\nmore\r\n--b0undary\r\n" % head

    assert read_parts(content, KIND) == [FormPart("a", None, b"x")]


@pytest.mark.parametrize("cut", range(1, len(form((b'name="a"', b"x"), (b'name="b"', b"y"))) - 1))
def test_a_form_that_was_cut_off_has_no_fields(cut: int) -> None:
    """Without its last boundary a form is not whole, wherever it ends; only the last line break may be missing."""
    whole = form((b'name="a"', b"x"), (b'name="b"', b"y"))

    assert read_parts(whole[:-2], KIND) == [FormPart("a", None, b"x"), FormPart("b", None, b"y")]
    assert read_parts(whole[: cut - 1], KIND) == []


@pytest.mark.parametrize(
    "part",
    [
        b'Content-Disposition: form-data; name="a"\r\nContent-Type: multipart/mixed; boundary=other',
        b'content-type:multipart/form-data; boundary=b\r\nContent-Disposition: form-data; name="a"',
        b"Content-Disposition: form-data",
        b'Content-Disposition: form-data; filename="a"',
        b'Content-Disposition: attachment; name="a"',
        b"Content-Type: text/plain",
        b"X: y",
    ],
)
def test_a_part_that_is_no_field_spoils_the_form(part: bytes) -> None:
    """Parts of parts, and parts without a name, are none of a form (RFC 7578)."""
    good = b'--b0undary\r\nContent-Disposition: form-data; name="b"\r\n\r\ny\r\n'

    assert read_parts(good + b"--b0undary--\r\n", KIND) == [FormPart("b", None, b"y")]
    assert read_parts(good + b"--b0undary\r\n" + part + b"\r\n\r\nx\r\n--b0undary--\r\n", KIND) == []


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "x-uuencode", "binary"])
def test_a_transfer_encoding_is_not_obeyed(encoding: str) -> None:
    """No HTTP client sends one (RFC 7578), so data that look encoded are not decoded."""
    head = f'name="a"\r\nContent-Transfer-Encoding: {encoding}'.encode()

    assert read_parts(form((head, b"YWJj=41")), KIND) == [FormPart("a", None, b"YWJj=41")]


@pytest.mark.parametrize("boundary", [BOUNDARY, f'"{BOUNDARY}"'])
def test_the_boundary_may_be_quoted(boundary: str) -> None:
    assert read_parts(form((b'name="a"', b"x")), f"multipart/form-data; boundary={boundary}") == [
        FormPart("a", None, b"x")
    ]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", ""),
        (b"{}", "application/json"),
        (form((b'name="a"', b"x")), "application/x-www-form-urlencoded"),
        (form((b'name="a"', b"x")), "multipart/mixed; boundary=b0undary"),
        (form((b'name="a"', b"x")), "multipart/form-data"),
        (b"", KIND),
    ],
    ids=["nothing", "json", "urlencoded", "mixed", "no boundary", "empty"],
)
def test_a_body_that_is_not_a_form_has_no_fields(content: bytes, kind: str) -> None:
    """Another type, no boundary, or nothing in it."""
    assert not read_parts(content, kind)


@given(st.binary(max_size=64), st.text(st.characters(exclude_categories=["C"]), max_size=32))
def test_nothing_breaks_it(content: bytes, kind: str) -> None:
    """Garbage is no form, or a form of something; it raises nothing."""
    read_parts(content, kind)
    read_parts(content, KIND)
