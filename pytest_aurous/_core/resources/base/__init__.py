"""The parts of every resource: endpoints, field readers, schemas, pages of lists, and live records.

Nothing here knows a resource. It may import the world and the layers below it.
"""
