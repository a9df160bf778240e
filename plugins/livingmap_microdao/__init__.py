"""The source `microdao`: the communities of the network, from microdao-service."""
