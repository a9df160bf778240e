"""The configuration: the sections of the YAML file, how they are loaded, and what is said about faults in them."""
