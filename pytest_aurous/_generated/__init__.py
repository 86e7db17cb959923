"""What is generated: the names for type checkers, and the rules of the API. `tox -e generate` writes them."""
