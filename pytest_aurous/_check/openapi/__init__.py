"""OpenAPI documents, compared with that of the fake."""
