"""The steps of the schema, as SQL. A step that was published never changes; what changes is added as a new one."""

from __future__ import annotations

from typing import Final

FIRST: Final = """
CREATE TABLE endpoints (
    url            TEXT PRIMARY KEY,
    name           TEXT NOT NULL DEFAULT '',
    is_enabled     INTEGER NOT NULL DEFAULT 1,
    last_ok_at     REAL,
    last_error     TEXT,
    last_error_at  REAL
) WITHOUT ROWID;

CREATE TABLE facts (            -- single values that outlive a run: watermarks, digests
    name   TEXT PRIMARY KEY,
    value  TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE scenes (           -- what the last crawl saw
    id          INTEGER PRIMARY KEY,
    updated_at  TEXT NOT NULL,
    digest      TEXT NOT NULL,  -- of the fingerprints of all files
    links       TEXT NOT NULL,  -- JSON array of the endpoints it holds an id for
    snapshot    BLOB            -- JSON of the scene, while some endpoint lacks an id
);

CREATE INDEX scenes_open ON scenes (id) WHERE snapshot IS NOT NULL;
CREATE INDEX scenes_unlinked ON scenes (id) WHERE links = '[]';

CREATE TABLE lookups (          -- what was asked where, and when
    scene_id      INTEGER NOT NULL,
    endpoint      TEXT NOT NULL,
    digest        TEXT NOT NULL,
    looked_up_at  REAL NOT NULL,
    matched       INTEGER NOT NULL,
    PRIMARY KEY (scene_id, endpoint)
) WITHOUT ROWID;

CREATE TABLE recommendations (
    id                  INTEGER PRIMARY KEY,
    type                TEXT NOT NULL,
    endpoint            TEXT NOT NULL,
    scene_id            INTEGER NOT NULL,
    candidate_id        TEXT NOT NULL,
    status              TEXT NOT NULL,
    score               REAL NOT NULL,
    group_score         REAL NOT NULL,     -- the best score among the rivals: keeps them together in a list
    is_high_confidence  INTEGER NOT NULL,
    is_ambiguous        INTEGER NOT NULL,
    is_offered          INTEGER NOT NULL,  -- the endpoint named it in the last look-up
    local_title         TEXT NOT NULL,
    match_title         TEXT NOT NULL,
    studio              TEXT NOT NULL,
    performers          TEXT NOT NULL,
    date                TEXT NOT NULL,
    created_at          REAL NOT NULL,
    updated_at          REAL NOT NULL,
    decided_at          REAL,
    UNIQUE (type, endpoint, scene_id, candidate_id)
);
CREATE INDEX recommendations_by_score
    ON recommendations (type, status, group_score DESC, scene_id, endpoint, score DESC, id);
CREATE INDEX recommendations_by_confidence ON recommendations (type, status, is_high_confidence, endpoint);
CREATE INDEX recommendations_by_scene ON recommendations (scene_id, endpoint);

CREATE TABLE recommendation_details (
    id      INTEGER PRIMARY KEY REFERENCES recommendations (id) ON DELETE CASCADE,
    detail  BLOB NOT NULL       -- JSON: candidate, evidence, reasons, path
);

CREATE TABLE dismissals (
    id               INTEGER PRIMARY KEY,
    scene_id         INTEGER NOT NULL,
    endpoint         TEXT NOT NULL,
    candidate_id     TEXT NOT NULL,
    reason           TEXT NOT NULL,
    until_next_scan  INTEGER NOT NULL,
    created_at       REAL NOT NULL,
    ended_at         REAL               -- withdrawn, or the next scan came
);
CREATE UNIQUE INDEX dismissals_in_force ON dismissals (scene_id, endpoint, candidate_id) WHERE ended_at IS NULL;

CREATE TABLE batches (
    id           INTEGER PRIMARY KEY,
    kind         TEXT NOT NULL,
    title        TEXT NOT NULL,
    state        TEXT NOT NULL,
    owner        TEXT NOT NULL,
    created_at   REAL NOT NULL,
    finished_at  REAL
);

CREATE TABLE effects (          -- the journal: written before an effect starts, and after it is done
    id          INTEGER PRIMARY KEY,
    batch_id    INTEGER NOT NULL REFERENCES batches (id),
    kind        TEXT NOT NULL,
    title       TEXT NOT NULL,
    subject     INTEGER,        -- the recommendation it decides, if any
    payload     BLOB NOT NULL,  -- JSON: what to do
    before      BLOB,           -- JSON: what was there, all that an undo needs
    after       BLOB,           -- JSON: what Winnow left there
    state       TEXT NOT NULL,
    words       TEXT NOT NULL DEFAULT '',
    owner       TEXT NOT NULL,
    started_at  REAL,
    ended_at    REAL,
    undone_at   REAL
);
CREATE INDEX effects_by_batch ON effects (batch_id, id);
CREATE INDEX effects_open ON effects (state) WHERE state IN ('started', 'undoing');
CREATE INDEX effects_by_subject ON effects (subject) WHERE subject IS NOT NULL;

CREATE TABLE jobs (
    id           INTEGER PRIMARY KEY,
    kind         TEXT NOT NULL,
    title        TEXT NOT NULL,
    parameters   TEXT NOT NULL,
    state        TEXT NOT NULL,
    request      TEXT NOT NULL DEFAULT '',  -- cancel or pause, asked for by any process
    owner        TEXT NOT NULL,
    done         INTEGER NOT NULL DEFAULT 0,
    total        INTEGER,
    message      TEXT NOT NULL DEFAULT '',
    created_at   REAL NOT NULL,
    started_at   REAL,
    finished_at  REAL,
    result       TEXT,
    error        TEXT
);
CREATE INDEX jobs_by_kind ON jobs (kind, id);
CREATE INDEX jobs_open ON jobs (state) WHERE state IN ('running', 'paused');

CREATE TABLE job_log (
    id      INTEGER PRIMARY KEY,
    job_id  INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    at      REAL NOT NULL,
    level   TEXT NOT NULL,
    text    TEXT NOT NULL
);
CREATE INDEX job_log_by_job ON job_log (job_id, id);
"""

SECOND: Final = """
ALTER TABLE effects ADD COLUMN part TEXT NOT NULL DEFAULT '';  -- actions of one batch that stand and fall together

CREATE TABLE hash_cache (       -- what was found out about a content, by what the file is
    device        INTEGER NOT NULL,
    inode         INTEGER NOT NULL,
    size          INTEGER NOT NULL,
    mtime_ns      INTEGER NOT NULL,
    phash         INTEGER,      -- as a signed number
    phash_method  TEXT NOT NULL DEFAULT '',
    second        INTEGER,      -- the independent hash of a picture, signed
    oshash        INTEGER,      -- signed
    md5           BLOB,
    sha1          BLOB,
    sha256        BLOB,
    facts         BLOB,         -- JSON: what the file states about itself
    problem       TEXT NOT NULL DEFAULT '',
    used_at       REAL NOT NULL,
    PRIMARY KEY (device, inode, size, mtime_ns)
) WITHOUT ROWID;
CREATE INDEX hash_cache_by_sha256 ON hash_cache (sha256) WHERE sha256 IS NOT NULL;

CREATE TABLE library_records (  -- scenes and images as the last scan for duplicates saw them
    media     TEXT NOT NULL,
    id        INTEGER NOT NULL,
    scan      INTEGER NOT NULL, -- the job that saw it last
    snapshot  BLOB NOT NULL,    -- JSON
    PRIMARY KEY (media, id)
) WITHOUT ROWID;

CREATE TABLE library_files (    -- every file that a source named in its last scan
    id             INTEGER PRIMARY KEY,
    place          BLOB NOT NULL UNIQUE,  -- the local path's bytes, or "stash:" and the path where there is none
    media          TEXT NOT NULL,
    size           INTEGER NOT NULL,
    phash          INTEGER,     -- signed
    duration       REAL,
    record_id      INTEGER,     -- of a scene or an image, by media
    stash_file_id  INTEGER,
    scan           INTEGER NOT NULL,
    detail         BLOB NOT NULL
);
CREATE INDEX library_files_by_stash_id ON library_files (stash_file_id) WHERE stash_file_id IS NOT NULL;

CREATE TABLE duplicate_groups (
    id                 INTEGER PRIMARY KEY,
    identity           TEXT NOT NULL UNIQUE,  -- of its kind and its members' contents
    kind               TEXT NOT NULL,
    media              TEXT NOT NULL,
    status             TEXT NOT NULL,
    is_weak            INTEGER NOT NULL,
    keeper_id          INTEGER,
    record_keeper_id   INTEGER,
    reason             TEXT NOT NULL,
    gate               TEXT NOT NULL DEFAULT '',  -- its code
    gate_words         TEXT NOT NULL DEFAULT '',
    is_merging         INTEGER NOT NULL DEFAULT 0,
    files              INTEGER NOT NULL,
    bytes              INTEGER NOT NULL,
    reclaimable_bytes  INTEGER NOT NULL,
    marked_bytes       INTEGER NOT NULL DEFAULT 0,
    distance           INTEGER NOT NULL,
    path               TEXT NOT NULL,             -- of the first member, as it is shown
    searched           TEXT NOT NULL,             -- paths and titles of all members, folded
    scan               INTEGER NOT NULL,
    created_at         REAL NOT NULL,
    updated_at         REAL NOT NULL,
    decided_at         REAL
);
CREATE INDEX duplicate_groups_by_size ON duplicate_groups (status, is_weak, reclaimable_bytes DESC, id);

CREATE TABLE duplicate_members (
    group_id   INTEGER NOT NULL REFERENCES duplicate_groups (id) ON DELETE CASCADE,
    file_id    INTEGER NOT NULL,
    position   INTEGER NOT NULL,
    distance   INTEGER,
    mark       TEXT NOT NULL DEFAULT '',
    protected  TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (group_id, file_id)
) WITHOUT ROWID;
CREATE INDEX duplicate_members_by_file ON duplicate_members (file_id);

CREATE TABLE kept_contents (    -- "not duplicates", by content: survives renames, a new member reopens the group
    id          INTEGER PRIMARY KEY,
    contents    TEXT NOT NULL,  -- JSON array of content keys
    title       TEXT NOT NULL,
    reason      TEXT NOT NULL DEFAULT '',
    created_at  REAL NOT NULL,
    ended_at    REAL
);
CREATE INDEX kept_contents_in_force ON kept_contents (id) WHERE ended_at IS NULL;

CREATE TABLE plans (            -- what was worked out to be removed; nothing of it is done yet
    id          INTEGER PRIMARY KEY,
    kind        TEXT NOT NULL,
    title       TEXT NOT NULL,
    created_at  REAL NOT NULL,
    batch_id    INTEGER,        -- the batch that carried it out
    detail      BLOB NOT NULL   -- JSON
);

CREATE TABLE source_states (    -- a source of files as the last scan met it
    source         TEXT PRIMARY KEY,
    files          INTEGER NOT NULL DEFAULT 0,
    last_ok_at     REAL,
    last_error     TEXT NOT NULL DEFAULT '',
    last_error_at  REAL
) WITHOUT ROWID;

CREATE TABLE trash (
    id          INTEGER PRIMARY KEY,
    effect_id   INTEGER NOT NULL UNIQUE REFERENCES effects (id),
    path        BLOB NOT NULL,  -- where it was
    place       BLOB NOT NULL,  -- where it is now
    size        INTEGER NOT NULL,
    detail      BLOB NOT NULL,  -- JSON: identity, hashes, server ids, metadata, sidecars
    trashed_at  REAL NOT NULL,
    ended_at    REAL,           -- restored or emptied
    ended_how   TEXT NOT NULL DEFAULT ''
);
CREATE INDEX trash_held ON trash (trashed_at) WHERE ended_at IS NULL;
"""
