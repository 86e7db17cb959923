"""The vendor's API: one folder for each resource, and the catalog of all endpoints.

A folder has `endpoints` (the handlers, with their table at the bottom), `row` (what is stored), `machine` (the state
machine, where there is one) and `record` (what a test holds). `base` has what all of them need, `content` the payloads.
A small resource, such as `team` or `styles`, is one module.
"""
