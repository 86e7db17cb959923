"""Run pytest with the arguments of this process, and without the garbage collector, whose moments are chance."""

import gc
import sys

import pytest

gc.disable()
sys.exit(pytest.main(sys.argv[1:]))
