"""The source `dao`: who governs the network and how they vote, from dao-service."""
