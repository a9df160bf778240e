"""Mutation tests of one room, as `scripts/mutate` runs them; docs/mutation.md describes them."""
