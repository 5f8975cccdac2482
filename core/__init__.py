"""Winnow's core: three desks on one ledger, over servers, media and a store. Never imports a terminal library."""

import logging

logging.getLogger(__name__).addHandler(logging.NullHandler())  # who uses the core decides what becomes of its remarks
