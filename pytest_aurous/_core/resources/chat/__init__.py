"""Chat completions: the record, its end and its stream, what the model says, and the endpoints.

Begin with `row.py`; `request.py` reads what a client sends, `replies.py` decides what the model says.
It must not know characters or images.
"""
