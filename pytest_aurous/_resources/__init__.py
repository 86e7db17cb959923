"""One room per resource of the vendor, each with its rows, its machine, its handlers and its ENDPOINTS table."""
