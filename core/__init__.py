"""Winnow's core: three desks on one ledger, over servers, media and a store. Never imports a terminal library."""
