"""Living Map: the state of a whole network of services, gathered live by plugins into one picture."""

__version__ = "1.0.0"
