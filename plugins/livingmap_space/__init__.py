"""The source `space`: DAO planets, the nodes that orbit them and their loads, from space-service."""
