"""Two workers at once: the schedules in which they take turns, and what one after the other gives."""
