"""The doctor: reaches everything that a configuration names, and says what is wrong and what would mend it."""
