"""Problems: every kind of them defined once, and those that are open now, of the network and of the map itself."""
