"""What clients see of the map over HTTP."""
