"""A simulated network, for demos and tests."""
