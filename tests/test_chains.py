"""Walks along exceptions: every one once, whatever their chain looks like."""

import pytest

from pytest_aurous._core.base.chains import connected, grouped, leaves

LONG = 3000


class Group(Exception):  # noqa: N818 - as the backport on Python 3.10, which has no ExceptionGroup
    """A group as far as its attribute goes."""

    def __init__(self, *members: object) -> None:
        super().__init__()
        self.exceptions = members


def test_members_of_groups() -> None:
    """Leaves are what is in the innermost groups; whatever else an exception calls its exceptions does not count."""
    one, other, plain = ValueError(1), KeyError(2), OSError()
    inner = Group(other)
    group = Group(one, inner, one)

    assert leaves(None) == []
    assert leaves(plain) == [*grouped(plain)] == [plain]
    assert leaves(group) == [one, other]
    assert [*grouped(group)] == [group, one, inner, other]

    empty, odd, listed = Group(), Group("text", 3), Group()
    listed.exceptions = [one]  # type: ignore[assignment]
    assert [leaves(error) for error in (empty, odd, listed)] == [[empty], [odd], [listed]]


def test_connected_exceptions() -> None:
    """Causes, contexts and members, however they are linked."""
    error, cause, context, member = Group(), ValueError(), KeyError(), OSError()
    error.__cause__, cause.__context__, error.exceptions = cause, context, (member,)

    assert [*connected(error)] == [error, cause, context, member]


def test_chains_that_lead_back() -> None:
    """A chain that contains itself is walked once."""
    own = ValueError()
    own.__cause__ = own
    first, second = ValueError(), ValueError()
    first.__context__, second.__context__ = second, first
    group = Group()
    group.exceptions = (group,)

    assert [*connected(own)] == [own]
    assert [*connected(first)] == [first, second]
    assert [*connected(group)] == [*grouped(group)] == leaves(group) == [group]


@pytest.mark.parametrize("link", ["__cause__", "__context__", "exceptions"])
def test_long_chains(link: str) -> None:
    """Their length is limited by nothing."""
    error: BaseException = ValueError()
    for _ in range(LONG):
        outer = Group()
        setattr(outer, link, (error,) if link == "exceptions" else error)
        error = outer

    assert len([*connected(error)]) == LONG + 1
    assert len([*grouped(error)]) == (LONG + 1 if link == "exceptions" else 1)
