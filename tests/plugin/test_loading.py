"""However the plugin is asked for, it is there once, and costs nothing until it is used."""

from importlib.util import find_spec

import pytest

from tests.plugin.conftest import INSTALLED, OTHERS

pytestmark = pytest.mark.lowest

# Everything of the plugin that a test can see, and how often pytest has it.
USES_IT = """
    import os

    def test_it_is_there_once(aurous, pytestconfig):
        assert os.environ["AUROUS_API_KEY"] == aurous.api_key
        plugins = {id(plugin) for plugin in pytestconfig.pluginmanager.get_plugins()
                   if getattr(plugin, "__name__", "") == "pytest_aurous.plugin"}
        assert len(plugins) == 1
        named = [name for name, plugin in pytestconfig.pluginmanager.list_name_plugin()
                 if getattr(plugin, "__name__", "") == "pytest_aurous.plugin"]
        assert len(named) == 1
"""

HEAVY = """
    import sys

    def heavy():
        return sorted({"faker", "httpx", "httpx2", "respx"} & set(sys.modules))
"""


@pytest.mark.skipif(not INSTALLED, reason="pytest-aurous is not installed here, says importlib.metadata")
def test_an_installed_plugin(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """It loads by itself, once also with ``-p``; without autoload, or with ``-p no:pytest_aurous``, it waits."""
    monkeypatch.delenv("PYTEST_ADDOPTS")
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    pytester.makepyfile(USES_IT)

    for asked in ((), ("-p", "pytest_aurous")):
        pytester.runpytest(*OTHERS, *asked).assert_outcomes(passed=1)
    pytester.runpytest(*OTHERS, "-p", "no:pytest_aurous").assert_outcomes(errors=1)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.runpytest().assert_outcomes(errors=1)
    pytester.runpytest("-p", "pytest_aurous").assert_outcomes(passed=1)


def test_a_root_conftest_can_ask_for_it(pytester: pytest.Pytester) -> None:
    """``pytest_plugins = ["pytest_aurous"]`` works beside ``-p``, and a conftest may import from it without a warning.

    Pytest does not complain that it cannot rewrite what is imported already.
    """
    pytester.makeconftest('from pytest_aurous import aurous_settings\npytest_plugins = ["pytest_aurous"]')
    pytester.makepyfile(USES_IT)

    pytester.runpytest_subprocess("-W", "error").assert_outcomes(passed=1)


STARTUP = """
    _core _core.base _core.base.arguments _core.base.chains _core.base.errors _core.base.frames _core.base.instants
    _core.base.redaction _core.base.work _core.wire _core.wire.hosts _core.world _core.world.settings _fake
    _fake.environment plugin plugin.fixtures plugin.guard plugin.hooks plugin.options
    plugin.outcome plugin.sections plugin.stash
"""
"""The modules of the package that each run of pytest imports, if it uses the plugin or not."""

NOT_FIRST = """
    _core.resources.content.provider _core.engine.dispatch _core.engine.signing _explore _facade _fake.findings
    _fake.webhooks _check _report _core.resources.openapi _serve _core.time.loops _core.time.skipping
    _core.time.turns _core.faults.collection _core.faults.deliveries _core.faults.observed _core.wire.bodies
    _trace hypothesis plugin.modes
"""
"""Folders and modules that a test imports only if it uses what they do."""

IMPORTS = f"""
    import sys

    import pytest
    from weight import heavy

    def ours():
        return {{name.removeprefix("pytest_aurous.") for name in sys.modules if name.startswith("pytest_aurous.")}}

    @pytest.mark.aurous(strict="warn", seed=3)
    def test_a_run_that_uses_nothing_imports_the_plugin_alone():
        assert ours() == {set(STARTUP.split())!r}
        assert heavy() == []

    def test_the_first_use_of_the_fixture_loads_the_client(aurous):
        assert heavy() == ["httpx"]

    def test_reports_explorations_servers_webhooks_and_faults_come_with_the_test_that_uses_them(aurous_client):
        assert aurous_client.get("/v1/balance").status_code == 200
        rest = {set(NOT_FIRST.split())!r}
        assert {{name for name in ours() if rest & {{name, name.partition(".")[0]}}}} == set()
        assert {{"faker", "http.server", "httpx2", "hypothesis", "statistics"}} & set(sys.modules) == set()

    def test_pytest_rewrites_nothing_of_the_package_but_what_is_there_before_the_finder():
        rewritten = {{name for name, module in sys.modules.items()
                     if name.startswith("pytest_aurous") and "Rewriting" in type(module.__loader__).__name__}}
        assert rewritten <= {{"pytest_aurous", "pytest_aurous.plugin"}}
        assert "Rewriting" in type(sys.modules[__name__].__loader__).__name__

    def test_faker_comes_with_its_fixture(aurous_faker):
        assert "faker" in heavy()
"""


def test_each_test_imports_no_more_than_it_uses(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one process: before a test uses the fake, with the first that does, with the first request, and with Faker."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makepyfile(IMPORTS, weight=HEAVY)

    pytester.runpytest_subprocess("-p", "pytest_aurous", "-o", "aurous_strict=error").assert_outcomes(passed=5)


def test_what_the_first_test_does_not_import_exists() -> None:
    """The list above is of modules that there are, so that it proves something."""
    assert [name for name in NOT_FIRST.split() if find_spec(f"pytest_aurous.{name}") is None] == []


def test_a_warning_filter_for_our_warning_can_be_given_on_the_command_line(pytester: pytest.Pytester) -> None:
    """``-W error::pytest_aurous.AurousWarning`` imports us early, without a word from pytest's assert rewriting."""
    pytester.makepyfile("def test_it(aurous): ...")

    result = pytester.runpytest_subprocess("-W", "error::pytest_aurous.AurousWarning")

    result.assert_outcomes(passed=1, warnings=0)
    result.stdout.no_fnmatch_line("*PytestAssertRewriteWarning*")


def test_a_run_without_any_test_of_ours_says_nothing(pytester: pytest.Pytester) -> None:
    """A suite that never mentions us sees no section, no warning and no failure of ours."""
    pytester.makepyfile("def test_it(): assert False")

    result = pytester.runpytest("-rA")

    result.assert_outcomes(failed=1)
    assert [line for line in result.outlines if "aurous" in line.lower() and not line.startswith("plugins: ")] == []
