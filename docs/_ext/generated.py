"""Pages that are made of what the code says and does. Each module beside this one has directives of one kind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import beside
import drawn
import fidelity
import fields
import layers
import mutants
import railroads
import speed
import states
import tables
import terminal
from fields import RULE

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def _docstring(_app: Sphinx, what: str, _name: str, _obj: object, _options: object, lines: list[str]) -> None:
    """Link the rules, and keep napoleon from taking what stands before a colon for the type of a property."""
    lines[:] = [re.sub(RULE, r":rule:`\1`", line) for line in lines]
    if what == "property":
        lines[:0] = [".. whole", ""]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives and the roles."""
    for module in (drawn, fidelity, fields, layers, mutants, railroads, speed, states, tables, terminal):
        for name, directive in module.DIRECTIVES.items():
            app.add_directive(name, directive)
    for name, role in beside.ROLES.items():
        app.add_role(name, role)
    app.add_object_type("fixture", "fixture", objname="pytest fixture", indextemplate="pair: %s; fixture")
    app.add_object_type("setting", "setting", objname="setting", indextemplate="pair: %s; setting")
    app.add_object_type("rule", "rule", objname="rule")
    app.connect("autodoc-process-docstring", _docstring, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
