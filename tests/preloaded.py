"""What a process that is to be killed needs, loaded once, before it is forked."""

import duplicates_victim
import ledger_victim
import move_victim
import numpy
import PIL.Image
import removal_victim
import storm_victim

import core.demo.cases
import core.demo.world
from core.servers.http import trusted_certificates

trusted_certificates()
__all__ = [
    "PIL",
    "core",
    "duplicates_victim",
    "ledger_victim",
    "move_victim",
    "numpy",
    "removal_victim",
    "storm_victim",
]
