"""The source `prometheus`: what a Prometheus scrapes, which alerts it has, and numbers that it is asked for."""
