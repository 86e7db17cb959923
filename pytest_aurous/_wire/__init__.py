"""What goes over the wire: calls, replies, headers, refusals, and the vendor's words.

It may import the errors alone.
"""
