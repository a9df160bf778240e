"""The source `usage`: what models, agents and tools are used, from usage-engine."""
