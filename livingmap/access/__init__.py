"""Who may read what: credentials become actors, policies become rights, and rights decide what is seen."""
