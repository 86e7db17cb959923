"""What a page can call, in a comment, to be written by the code and the examples: see `docs/generate.py`."""

from drawn import drawn
from examples import beside, example, file, include, lines, message
from fidelity import fidelity, fidelity_summary, planned_rules
from fields import attributes, fields
from layers import layers
from mutants import surviving_mutants
from public import public_names
from shared import table
from speed import speed_machine, speed_table
from states import states
from tables import buckets, lifecycle, operations, probes, reading_names, readings, setting_names, sizes
from terminal import (
    check_output,
    command_help,
    doctor_output,
    live_output,
    pytest_output,
    pytest_picture,
    record_output,
)

__all__ = (
    "attributes",
    "beside",
    "buckets",
    "check_output",
    "command_help",
    "doctor_output",
    "drawn",
    "example",
    "fidelity",
    "fidelity_summary",
    "fields",
    "file",
    "include",
    "layers",
    "lifecycle",
    "lines",
    "live_output",
    "message",
    "operations",
    "planned_rules",
    "probes",
    "public_names",
    "pytest_output",
    "pytest_picture",
    "reading_names",
    "readings",
    "record_output",
    "setting_names",
    "sizes",
    "speed_machine",
    "speed_table",
    "states",
    "surviving_mutants",
    "table",
)
