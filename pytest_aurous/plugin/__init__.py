"""The pytest plugin: options, markers, fixtures, the network guard, and the sections of reports.

The top layer: it may import everything below, and nothing imports it. pytest finds the hooks in this module, which the
entry point and ``-p pytest_aurous`` name; they register the fixtures.
(PYTEST_DONT_REWRITE: a conftest.py that names the plugin may import a marker from the package before.)
"""

from .finder import skip_rewriting

skip_rewriting()  # before the other modules are imported

from .hooks import *  # noqa: E402, F403 - pytest takes those that begin with pytest_
