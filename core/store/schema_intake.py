"""The third and the fourth step of the schema: what the intake desk keeps. As in `core.store.schema`, none changes."""

from __future__ import annotations

from typing import Final

THIRD: Final = """
CREATE TABLE downloads (        -- everything that ever came in, and what became of it
    id             INTEGER PRIMARY KEY,
    token          BLOB NOT NULL UNIQUE,      -- of its source and its address, content or place: added twice, it is one
    state          TEXT NOT NULL,
    source         TEXT NOT NULL,             -- who handed it over
    url            TEXT NOT NULL DEFAULT '',
    origin         BLOB,                      -- the path it was handed over as
    file_path      BLOB,                      -- where it is now
    filename       TEXT NOT NULL,
    file_hash      BLOB,                      -- SHA-256
    sha1           BLOB,
    md5            BLOB,
    size           INTEGER,
    expected_size  INTEGER,                   -- what the server said
    fetching       BLOB,                      -- JSON: what a download needs to be continued
    created_at     REAL NOT NULL,
    download_date  REAL,                      -- it was whole
    next_at        REAL NOT NULL,             -- not to be worked on before
    attempts       INTEGER NOT NULL DEFAULT 0,
    error          TEXT NOT NULL DEFAULT '',
    asset_id       TEXT NOT NULL DEFAULT '',  -- in Immich
    faces          BLOB,                      -- JSON
    outcome        BLOB,                      -- JSON
    category       TEXT NOT NULL DEFAULT '',  -- of the review it went to first
    person_id      TEXT NOT NULL DEFAULT '',
    person_name    TEXT NOT NULL DEFAULT '',
    auto_sorted    INTEGER NOT NULL DEFAULT 0,
    is_duplicate   INTEGER NOT NULL DEFAULT 0,
    finished_at    REAL
);
CREATE INDEX downloads_to_do ON downloads (next_at, id) WHERE state IN ('added', 'fetched', 'pending');
CREATE INDEX downloads_by_hash ON downloads (file_hash) WHERE file_hash IS NOT NULL;
CREATE INDEX downloads_by_date ON downloads (created_at);

CREATE TABLE review_queue (
    id                   INTEGER PRIMARY KEY,
    download_id          INTEGER NOT NULL UNIQUE REFERENCES downloads (id),
    file_path            BLOB NOT NULL,
    filename             TEXT NOT NULL,
    category             TEXT NOT NULL,
    file_hash            BLOB,
    size                 INTEGER NOT NULL,
    source               TEXT NOT NULL,
    reason               TEXT NOT NULL,
    faces_detected       INTEGER NOT NULL,
    suggested_person     TEXT NOT NULL DEFAULT '',
    suggested_person_id  TEXT NOT NULL DEFAULT '',
    searched             TEXT NOT NULL,       -- name, source and suggestion, folded
    created_at           REAL NOT NULL,
    reviewed_at          REAL,
    reviewed_by          TEXT NOT NULL DEFAULT '',
    action               TEXT NOT NULL DEFAULT 'pending',
    person_name          TEXT NOT NULL DEFAULT ''
);
CREATE INDEX review_queue_by_date ON review_queue (action, created_at DESC, id);
CREATE INDEX review_queue_by_category ON review_queue (action, category, created_at DESC, id);

CREATE TABLE known_hashes (     -- contents that are known from elsewhere: SHA-256, or MD5 where that is all there is
    hash   BLOB NOT NULL,
    place  TEXT NOT NULL,       -- library or deleted
    path   BLOB NOT NULL,
    at     REAL,
    scan   INTEGER NOT NULL,    -- the job that saw it last
    PRIMARY KEY (hash, place, path)
) WITHOUT ROWID;

CREATE TABLE person_folders (   -- whose a folder of sorted pictures is
    folder     TEXT PRIMARY KEY,
    person_id  TEXT NOT NULL,
    name       TEXT NOT NULL    -- as it was last seen
) WITHOUT ROWID;
"""

FOURTH: Final = """
ALTER TABLE downloads ADD COLUMN device INTEGER;    -- what the file was when it was last seen, with its size
ALTER TABLE downloads ADD COLUMN inode INTEGER;
ALTER TABLE downloads ADD COLUMN mtime_ns INTEGER;
ALTER TABLE downloads ADD COLUMN asset_is_ours INTEGER NOT NULL DEFAULT 0;  -- Winnow itself put it into Immich
ALTER TABLE downloads ADD COLUMN near TEXT NOT NULL DEFAULT '';             -- what it looks like, in words

CREATE INDEX downloads_with_asset ON downloads (id) WHERE asset_is_ours;
CREATE INDEX library_files_by_size ON library_files (size);

ALTER TABLE review_queue ADD COLUMN skipped_at REAL;
ALTER TABLE review_queue ADD COLUMN near TEXT NOT NULL DEFAULT '';
CREATE INDEX review_queue_in_turn ON review_queue (action, (skipped_at IS NOT NULL), created_at DESC, id);

CREATE INDEX downloads_by_path ON downloads (file_path) WHERE file_path IS NOT NULL;
"""
