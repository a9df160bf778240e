"""The source `nats`: a NATS server or a cluster, its streams and their consumers."""
