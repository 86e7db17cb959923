import ast
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

import pytest_aurous

PACKAGE = Path(pytest_aurous.__file__).parent
MODULES = sorted(file for file in PACKAGE.rglob("*.py") if "_docs" not in file.parts)  # whose examples are no modules
WALL_CLOCKS = {"time", "monotonic", "perf_counter", "now", "utcnow", "today", "localtime", "gmtime"}
TIMEKEEPERS = {
    "clock",
    "skipping",
    "turns",
    "stillness",
    "loops",
    "command",
    "server",
    "tape",
    "signing",
    "traffic",
    "probing",
    "exploring",
    "watchdog",
    "work",
}
# The clock, what makes sleeps move it, a real server with its command and what it shows of a stream, a signature that
# a receiver verifies in real time, what is exchanged with the real API, a stopwatch, the pace of probes, how long a run
# does nothing in real time, the time for exploring a suite, and the clock of the process that no test can patch.
MUTATORS = {"append", "add", "clear", "extend", "insert", "pop", "popitem", "remove", "setdefault", "update"}
MARKERS = {"aurous_explore", "aurous_settings"}  # which are pytest's
CONTAINERS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)


@pytest.fixture(scope="module")
def trees() -> dict[str, ast.Module]:
    """Each module of the package, parsed, by its path in it."""
    return {module.relative_to(PACKAGE).as_posix(): ast.parse(module.read_text("utf-8")) for module in MODULES}


@cache
def nodes(tree: ast.Module) -> list[ast.AST]:
    """Return all nodes of a module, which each test asks for again."""
    return list(ast.walk(tree))


def imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((str(node.module), alias.name) for alias in node.names)


def module_names(tree: ast.Module) -> Iterator[tuple[str, ast.expr | None, str]]:
    """Names that are bound at the top of a module, with their value and annotation."""
    for node in tree.body:
        if isinstance(node, ast.Assign):
            yield from ((target.id, node.value, "") for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node.value, ast.unparse(node.annotation)


def in_each(trees: dict[str, ast.Module], found: Callable[[ast.Module], list[str]]) -> dict[str, list[str]]:
    """Return what was found in the modules where something was."""
    return {module: names for module, tree in trees.items() if (names := found(tree))}


def test_time_comes_from_the_clock_alone(trees: dict[str, ast.Module]) -> None:
    """No module but the clock's reads the wall clock, so that a test can move all of time."""

    def of_the_wall(tree: ast.Module) -> list[str]:
        return [name for name, _ in imports(tree) if name == "time"] + [
            ast.unparse(node)
            for node in nodes(tree)
            if isinstance(node, ast.Attribute)
            and node.attr in WALL_CLOCKS
            and ast.unparse(node.value).split(".")[-1] in {"time", "datetime", "date"}
        ]

    others = {module: tree for module, tree in trees.items() if Path(module).stem not in TIMEKEEPERS}
    assert in_each(others, of_the_wall) == {}


def test_chance_comes_from_seeded_instances_alone(trees: dict[str, ast.Module]) -> None:
    """Only `random.Random` is ever imported, and one without a seed is followed by `setstate` in its function."""

    def unseeded(tree: ast.Module) -> list[str]:
        functions = [(node.name, ast.unparse(node)) for node in nodes(tree) if isinstance(node, ast.FunctionDef)]
        return [
            *(name for name, text in functions if "Random()" in text and ".setstate(" not in text),
            *(name for source, name in imports(tree) if source == "random" and name != "Random"),
            *(name for source, name in imports(tree) if {source, name} & {"secrets", "uuid"}),
            *("urandom" for node in nodes(tree) if isinstance(node, ast.Attribute) and node.attr == "urandom"),
        ]

    # What no seed may draw: the token and the key that nobody can guess, and names that no other process has.
    assert in_each(trees, unseeded) == {
        "_core/base/files.py": ["token_hex"],
        "_serve/command.py": ["randbits"],
        "_serve/live.py": ["token_hex"],
        "_serve/server.py": ["token_urlsafe"],
    }


def test_no_module_holds_state(trees: dict[str, ast.Module]) -> None:
    """A container at the top of a module is `Final`, and no code writes into one or rebinds a global."""

    def variable(tree: ast.Module) -> list[str]:
        return [
            name
            for name, value, annotation in module_names(tree)
            if isinstance(value, CONTAINERS) and not annotation.startswith("Final")
        ]

    def written(tree: ast.Module) -> list[str]:
        named = {name for name, _, _ in module_names(tree)}
        return [
            ast.unparse(node)
            for node in nodes(tree)
            if isinstance(node, ast.Global)
            or (
                isinstance(node, ast.Subscript)
                and isinstance(node.ctx, ast.Store | ast.Del)
                and isinstance(node.value, ast.Name)
                and node.value.id in named
            )
            or (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in MUTATORS
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id in named
            )
        ]

    assert in_each(trees, variable) == {}
    assert sorted(in_each(trees, written).values()) == [
        ["_protected.append(key)"],  # the keys that no text may show, whoever writes it
    ]


def test_two_classes_never_share_a_name(trees: dict[str, ast.Module]) -> None:
    names = Counter(node.name for tree in trees.values() for node in nodes(tree) if isinstance(node, ast.ClassDef))

    assert [name for name, count in names.items() if count > 1] == []


def test_every_public_name_is_there() -> None:
    """`__all__`, `dir` and the attributes agree; a type of names is a `Literal`."""
    assert dir(pytest_aurous) == sorted(pytest_aurous.__all__)
    named = {name: getattr(pytest_aurous, name).__name__ for name in pytest_aurous.__all__}

    assert {name: found for name, found in named.items() if found not in {name, "Literal"}} == {}


def test_the_errors_are_an_attribute() -> None:
    """`pytest_aurous.errors.AurousError` needs no import of its own, and is the name that a traceback shows."""
    loaded("import pytest_aurous; assert pytest_aurous.errors.AurousError.__module__ == 'pytest_aurous.errors'")


def loaded(code: str) -> set[str]:
    """Run *code* in a new Python and return the top-level modules that it has loaded then."""
    heads = "{name.partition('.')[0] for name in sys.modules}"
    run = subprocess.run(  # noqa: S603 - our own Python
        [sys.executable, "-c", f"import sys\n{code}\nprint(*{heads})"],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    )
    return set(run.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import pytest_aurous",
        "from pytest_aurous import " + ", ".join(sorted({*pytest_aurous.__all__} - {"AurousProvider", *MARKERS})),
        "import pytest_aurous; pytest_aurous.Aurous(); dir(pytest_aurous)",
    ],
    ids=["package", "names", "use"],
)
def test_the_public_names_are_light(code: str) -> None:
    """Neither an HTTP client nor respx, Faker or pytest is loaded before it is needed."""
    assert loaded(code) & {"faker", "httpcore", "httpx", "httpx2", "pytest", "respx"} == set()
