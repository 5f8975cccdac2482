"""Clients of the servers Winnow speaks to: one HTTP layer, GraphQL on it, then Stash and stash-box."""
