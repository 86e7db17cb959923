"""What a resource is made of: endpoints, readers of fields, schemas, pages of lists, and live records.

It knows the world but no resource. It may import the world and everything below.
"""
