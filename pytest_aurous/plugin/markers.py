"""The markers as functions, so that type checkers know their arguments and editors suggest them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from typing_extensions import Unpack  # type checkers bundle it

    from .._core.world.settings import AurousSettings
    from .._explore.options import MarkerOptions


def aurous_settings(**settings: Unpack[AurousSettings]) -> pytest.MarkDecorator:
    """Return ``pytest.mark.aurous`` with these settings, which editors suggest and type checkers know.

    Args:
        **settings: The settings, named as in the ini file without ``aurous_``.

    Example:
        ``@aurous_settings(sleep="skip", credits=10)``
    """
    return pytest.mark.aurous(**settings)


def aurous_explore(**options: Unpack[MarkerOptions]) -> pytest.MarkDecorator:
    """Return ``pytest.mark.aurous_explore`` with these options, which editors suggest and type checkers know.

    Args:
        **options: ``faults``, ``laws``, ``may_raise``, ``limit``, ``patience`` and ``known``, as in `Aurous.explore`.

    Example:
        ``@aurous_explore(laws="pays_once", limit=20)``
    """
    return pytest.mark.aurous_explore(**options)
