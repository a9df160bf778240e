"""The source `microdao`: the microDAOs of the network, from microdao-service."""
