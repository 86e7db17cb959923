"""Probes of the real API: requests that create nothing and cost nothing."""
