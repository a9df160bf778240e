"""The source `city`: microDAOs, public places, residents and nodes, from city-service."""
