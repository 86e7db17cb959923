"""The vendor's API: one folder for each resource, and the catalog of all endpoints.

A folder has `calls` (the handlers, with their table at the bottom), `record` (the stored row), `machine` (the state
machine, where there is one) and `live` (what a test holds). It may import the framework and everything below it.
A small resource, such as `team` or `styles`, is one module.
"""
