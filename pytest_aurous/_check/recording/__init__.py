"""Recordings: read from files, and what they show of each record."""
