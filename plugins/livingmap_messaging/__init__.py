"""The source `messaging`: channels and how lively they are, from messaging-service."""
