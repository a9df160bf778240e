"""The core: the fold of events into the scene, and what it is made of. No I/O, no clock, no library."""
