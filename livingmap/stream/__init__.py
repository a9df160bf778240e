"""Outbound: every change of the map, to all viewers, by WebSocket and by server-sent events."""
