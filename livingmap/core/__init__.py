"""The pure heart: events come in, the scene changes, views read it. No I/O, no clock, no library."""
