"""The source `agents`: who works in the network, from agents-service."""
