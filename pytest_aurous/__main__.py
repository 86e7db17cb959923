"""``python -m pytest_aurous``: the same as the command ``pytest-aurous``."""

import sys

from ._cli.main import main

sys.exit(main())
