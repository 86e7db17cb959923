"""Generations: images and videos are one kind of record, with one state machine and one history.

Begin with `row.py`, then `machine.py`; `orders.py` reads requests and knows prices.
It must not know chats.
"""
