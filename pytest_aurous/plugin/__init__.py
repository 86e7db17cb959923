"""The pytest plugin: options, markers, fixtures, the network guard, and the sections of reports.

The top layer: it may import everything below, and nothing imports it. pytest finds the hooks and fixtures in this
module, which the entry point and ``-p pytest_aurous`` name.
"""

from .fixtures import *  # noqa: F403 - each name in `__all__` there
from .hooks import *  # noqa: F403 - pytest takes those that begin with pytest_
