"""Outbound: every change of the map to everybody who watches, by WebSocket and by server-sent events."""
