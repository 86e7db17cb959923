"""The vendor's API: one folder for each resource with a state machine, one module for any other, and the catalog.

Begin with `characters`: `row` (what is stored), `machine` (its states), `endpoints` (handlers, and their table at the
bottom), `record` (what a test holds). A resource in one module, such as `files`, has the same parts.
`base` has what all of them need, `content` the payloads.
It must not know faults, or the pipeline that calls the handlers.
"""
