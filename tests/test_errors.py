import pytest

from pytest_aurous._core.base import errors


@pytest.mark.parametrize(
    ("error", "also"),
    [
        (errors.AurousUnmatchedRequest, AssertionError),
        (errors.AurousScriptError, ValueError),
        (errors.AurousTransitionError, Exception),
        (errors.AurousLookupError, KeyError),
        (errors.AurousWarning, UserWarning),
    ],
)
def test_each_error_is_caught_by_its_family_and_by_its_builtin(error: type[Exception], also: type[Exception]) -> None:
    """Whoever catches `AurousError`, or the builtin that the surface names, catches the child."""
    assert issubclass(error, also)
    assert issubclass(error, errors.AurousError) or error is errors.AurousWarning


def test_a_lookup_error_reads_as_it_was_written() -> None:
    """A `KeyError` would show quotes and escaped line breaks; ours shows the message."""
    assert str(errors.AurousLookupError("no 'such'\nid")) == "no 'such'\nid"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("strikt", "; did you mean 'strict'?"),
        ("zzz", "."),
        (7, "."),
        (None, "."),
    ],
)
def test_the_nearest_name_is_offered_if_it_is_near(word: object, expected: str) -> None:
    """A suggestion is made for a slip of the finger, and for nothing else."""
    assert errors.nearest(word, ("strict", "seed")) == expected


@pytest.mark.parametrize(
    ("known", "expected"),
    [(("a",), "'a'"), (("a", "b"), "'a' or 'b'"), (("a", "b", "c"), "'a', 'b' or 'c'")],
)
def test_choices_are_joined_as_a_person_would(known: tuple[str, ...], expected: str) -> None:
    """One choice stands alone, the last of several comes after an 'or'."""
    assert errors.choices(known) == expected


def test_the_last_line_of_a_message_is_a_command_that_prints_its_page() -> None:
    """It works offline, and names a page or a section of it."""
    assert errors.see("reference/x.html") == "Read on: pytest-aurous docs reference/x"
    assert errors.see("reference/x.html#y") == "Read on: pytest-aurous docs reference/x#y"


def test_a_long_value_is_shortened_in_the_middle() -> None:
    """The end of a path is the name of the file, which the message is about."""
    path = f"/{'long/' * 40}observed.json"

    assert errors.shown(path).startswith("'/long/long/")
    assert errors.shown(path).endswith("/observed.json'")
    assert "..." in errors.shown(path)
    assert len(errors.shown(path)) <= 80
