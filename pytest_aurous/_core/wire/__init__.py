"""HTTP messages: requests, responses, headers, refusals, and the vendor's error messages.

It may import only the errors and the other modules of the lowest layer.
"""
