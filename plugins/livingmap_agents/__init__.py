"""The source `agents`: the agents of the network, from agents-service."""
