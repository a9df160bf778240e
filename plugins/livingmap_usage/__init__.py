"""The source `usage`: the language models, tools and agents in use, from usage-engine."""
