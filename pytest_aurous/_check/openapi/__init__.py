"""Compare OpenAPI documents with the fake's."""
