"""Values that tests of broken servers share."""

from __future__ import annotations

from core.model.fingerprints import Algorithm, Fingerprint
from core.servers.call import Policy

SECRET = "sEcReT-0123456789"
IMPATIENT = Policy(
    attempts=3,
    rate_limited_attempts=3,
    wait_initial=0.02,
    wait_max=0.2,
    wait_jitter=0.01,
    read_seconds=5,
    answer_seconds=5,
)
PAGE = "<html><body><h1>504 Gateway Time-out</h1></body></html>"
ENDPOINT = "https://box.example/graphql"
A, B = "0192f000-0000-7000-8000-00000000000a", "0192f000-0000-7000-8000-00000000000b"
OSHASH = Fingerprint(Algorithm.OSHASH, 77)
GROUPS = [[OSHASH], [Fingerprint(Algorithm.OSHASH, 78)], [Fingerprint(Algorithm.OSHASH, 79)]]
FIELD = "findScenesBySceneFingerprints"
