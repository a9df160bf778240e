"""The source `registry`: the nodes of the network and their heartbeats, from node-registry."""
