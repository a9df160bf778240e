"""The HTTP API of the map."""
