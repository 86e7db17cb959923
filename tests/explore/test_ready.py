"""The files of ready tests; that they fail and pass as they should is shown with pytest, in `tests/plugin`."""

from __future__ import annotations

import ast
import os
from typing import TYPE_CHECKING

from pytest_aurous._explore.suites.suite import write_test

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

TEST, CASE = "tests/test_shop.py::test_it[a/b]", "characters.create#1 lost"


def test_a_ready_test_finds_its_suite_from_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a relative path; on Windows, another drive has none."""
    finding = 'It returned "a\\b".'

    file = write_test(tmp_path / "bad" / "days", tmp_path, TEST, CASE, finding)

    assert file.name == "test_it_a_b_characters_create_1_lost.py"
    module = ast.parse(file.read_text())
    (function,) = (one for one in module.body if isinstance(one, ast.FunctionDef))
    assert (function.name, ast.get_docstring(function)) == (file.stem, "It returned 'a\\b'.")
    assert "Path(__file__).parent / '../..'" in file.read_text()

    def relpath(*_: object) -> str:
        raise ValueError("path is on mount 'C:', start on mount 'D:'")

    monkeypatch.setattr(os.path, "relpath", relpath)
    assert f"parent / {tmp_path.as_posix()!r}" in write_test(tmp_path, tmp_path, TEST, CASE, finding).read_text()
