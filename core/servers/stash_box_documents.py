"""Every GraphQL document Winnow sends to a stash-box, or to a server that speaks like one."""

from __future__ import annotations

from core.servers.documents import Document, introspection, table

# `date` pads what is not known with 01 and is deprecated; it is asked for only where nothing better exists.
_SCENE = """
    id title <<Scene.code: code>> <<Scene.director: director>> <<Scene.details: details>>
    <<Scene.release_date: release_date>> <<!Scene.release_date: date>> <<Scene.duration: duration>>
    <<Scene.deleted: deleted>>
    urls { url } images { url }
    studio { id name <<Studio.aliases: aliases>> }
    performers { as performer { id name <<Performer.aliases: aliases>> } }
    tags { id name <<Tag.aliases: aliases>> }
    fingerprints {
        hash algorithm duration <<Fingerprint.submissions: submissions>> <<Fingerprint.reports: reports>>
    }
"""

LOOK_UP = Document(
    "WinnowLookUp",
    f"""query WinnowLookUp($fingerprints: [[FingerprintQueryInput!]!]!) {{
        findScenesBySceneFingerprints(fingerprints: $fingerprints) {{ {_SCENE} }}
    }}""",
)
SCENE = Document("WinnowRemoteScene", f"query WinnowRemoteScene($id: ID!) {{ findScene(id: $id) {{ {_SCENE} }} }}")
CHECK = Document(
    "WinnowCheck", "query WinnowCheck { me { name <<User.roles: roles>> } <<Query.version: version { version }>> }"
)
SUBMIT = Document(
    "WinnowSubmit",
    "mutation WinnowSubmit($input: FingerprintSubmission!) { submitFingerprint(input: $input) }",
    is_write=True,
)
SUBMIT_MANY = Document(
    "WinnowSubmitMany",
    """mutation WinnowSubmitMany($input: [FingerprintBatchSubmission!]!) {
        submitFingerprints(input: $input) { hash scene_id error }
    }""",
    is_write=True,
)

_QUESTIONS = (LOOK_UP, SCENE, CHECK, SUBMIT, SUBMIT_MANY)
# FingerprintHash exists since stash-box 0.8.0, which also dropped the MD5s it held.
COORDINATES = frozenset(
    {name for document in _QUESTIONS for name in document.coordinates}
    | {"Mutation.submitFingerprints", "FingerprintHash"}
    | {"FingerprintAlgorithm", *(f"FingerprintAlgorithm.{name}" for name in ("OSHASH", "PHASH", "MD5"))}
)
FEATURES = introspection("WinnowStashBoxFeatures", (name.partition(".")[0] for name in COORDINATES))
DOCUMENTS = table(FEATURES, *_QUESTIONS)
