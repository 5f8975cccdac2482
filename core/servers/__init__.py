"""Clients of the servers Winnow speaks to: one HTTP layer, GraphQL on it, then Stash and stash-box."""

import sys

# httpx's own command line loads rich wherever that is installed; without it httpx works and loads in half the time.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None: "do not import", as Python defines it
