"""Probes of the real API: requests that create nothing and cost nothing.

Begin with `probing.py`; `probes.py` is the table of requests.
It must not know how recordings are compared.
"""
