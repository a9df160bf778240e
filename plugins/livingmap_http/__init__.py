"""The source `http`: any service that answers with JSON, described in the YAML without code."""
