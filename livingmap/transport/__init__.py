"""Messages from outside: how they are received, and how they are parsed into messages for the log."""
