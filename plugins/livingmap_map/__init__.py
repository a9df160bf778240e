"""The source `map`: another Living Map, followed live."""
