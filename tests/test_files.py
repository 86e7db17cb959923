"""Files that are written whole, or not at all."""

import os
import re
import threading
from pathlib import Path

import pytest

import pytest_aurous
from pytest_aurous._core.base.files import write_whole

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has neither these permissions nor these limits")


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def test_a_file_is_written_as_it_is(tmp_path: Path) -> None:
    """On each system with the same ends of lines, as text or as bytes."""
    write_whole(tmp_path / "file", "a\nb\r\nü")
    assert (tmp_path / "file").read_bytes() == "a\nb\r\nü".encode()
    write_whole(tmp_path / "file", b"\xff\n")
    assert (tmp_path / "file").read_bytes() == b"\xff\n"
    assert names(tmp_path) == ["file"]


@posix
def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    """A limit of the process stands for the disk."""
    import resource

    file = tmp_path / "file"
    file.write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            write_whole(file, "new" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (file.read_text(), names(tmp_path)) == ("old", ["file"])


def test_what_cannot_be_renamed_leaves_nothing_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows, nothing replaces a file that another program has open."""

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(PermissionError):
        write_whole(tmp_path / "file", "new")
    assert names(tmp_path) == []


@posix
def test_permissions_links_and_pipes_stay(tmp_path: Path) -> None:
    """What is written goes where a link leads, and nothing takes the place of a link, a pipe or a device."""
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    write_whole(link, "new")
    assert (link.is_symlink(), real.read_text(), real.stat().st_mode & 0o777) == (True, "new", 0o640)
    write_whole(link, "secret", 0o600)
    assert (real.read_text(), real.stat().st_mode & 0o777) == ("secret", 0o600)
    write_whole(Path(os.devnull), "text")
    assert not Path(os.devnull).is_file()


def test_several_writers_do_not_meet(tmp_path: Path) -> None:
    """The file is of one of them, whole."""
    texts = [f"{number}" * 100_000 for number in range(4)]
    errors: list[BaseException] = []

    def write(text: str) -> None:
        try:
            for _ in range(20):
                write_whole(tmp_path / "file", text)
        except BaseException as error:  # noqa: BLE001 - a thread would lose it
            errors.append(error)

    threads = [threading.Thread(target=write, args=(text,), daemon=True) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if os.name != "nt":  # where two renames at once may refuse each other
        assert errors == []
    assert (tmp_path / "file").read_text() in texts
    assert names(tmp_path) == ["file"]


def test_nothing_else_in_the_package_writes_a_file() -> None:
    """Where a file is written in another way, it is for one reader, or grows: the list says why."""
    others = {
        "plugin/doctor.py": "for the process that waits for it",
        "_core/base/files.py": "it is this function",
        "_check/command.py": "for itself, in a folder that it deletes",
    }
    package = Path(pytest_aurous.__file__).parent
    files = [file for file in package.rglob("*.py") if re.search(r"\.write_(?:text|bytes)\(", file.read_text("utf-8"))]
    found = {file.relative_to(package).as_posix() for file in files} - {"_fake/aurous.py"}  # which shows an example
    found = {name for name in found if not name.startswith("_docs/")}  # nor what the examples of the pages write

    assert found == set(others)
