"""The source `postgres`: rows of queries that a PostgreSQL answers."""
