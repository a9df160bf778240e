"""Inbound: which plugins there are, how their services are asked, and how often."""
