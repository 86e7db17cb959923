"""The parts of every resource: endpoints, rules, schemas, pages of lists, and live records.

Begin with `endpoint.py`, what a row of a table of endpoints says.
It must not know a resource.
"""
