"""The result of an exploration, and its report: the cases, the causes that they share, and the matrix."""
