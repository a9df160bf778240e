"""Any moment that the history keeps: what the map was, what has changed since, and what happened in between."""
