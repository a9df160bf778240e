"""The source `dao`: DAOs, their treasuries, proposals and votes, from dao-service."""
