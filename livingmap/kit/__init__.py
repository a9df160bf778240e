"""The kit for authors of plugins: what they start from, and what shows them what a plugin does."""
