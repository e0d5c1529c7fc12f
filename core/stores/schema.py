"""The tables of the paper store. A file or text is on disk before its row is; a row never names a missing object."""

from __future__ import annotations

import sqlite3

from core.errors import StoreError, StoreVersionError

#: Marks the database as ours in `PRAGMA application_id`: "ALR" and a 1.
APPLICATION = 0x414C5201
VERSION = 3

TABLES = """
CREATE TABLE papers (
    paper_id    TEXT PRIMARY KEY,
    metadata    TEXT NOT NULL,                      -- PaperMetadata as JSON
    updated_at  REAL NOT NULL
);

CREATE TABLE files (                                -- contents, whichever papers they belong to
    sha256      TEXT PRIMARY KEY CHECK (length(sha256) = 64),
    media_type  TEXT NOT NULL,
    size        INTEGER NOT NULL CHECK (size >= 0),
    lost_at     REAL                                -- set when the object was found damaged or gone
);

CREATE TABLE copies (                               -- this content is accepted as the full text of this paper
    paper_id    TEXT NOT NULL,
    sha256      TEXT NOT NULL REFERENCES files ON DELETE CASCADE,
    source      TEXT NOT NULL,
    url         TEXT NOT NULL,
    license     TEXT NOT NULL,
    license_evidence TEXT NOT NULL,
    version     TEXT NOT NULL,
    added_at    REAL NOT NULL,
    PRIMARY KEY (paper_id, sha256)
);
CREATE INDEX copies_of_file ON copies (sha256);

CREATE TABLE refusals (                             -- this content is not the full text of this paper
    paper_id    TEXT NOT NULL,
    sha256      TEXT NOT NULL CHECK (length(sha256) = 64),
    size        INTEGER NOT NULL,
    source      TEXT NOT NULL,
    url         TEXT NOT NULL,
    reason      TEXT NOT NULL,
    detail      TEXT NOT NULL,
    at          REAL NOT NULL,
    PRIMARY KEY (paper_id, sha256)
);

CREATE TABLE texts (
    file_sha256 TEXT NOT NULL REFERENCES files ON DELETE CASCADE,
    fingerprint TEXT NOT NULL,
    sha256      TEXT NOT NULL CHECK (length(sha256) = 64),
    size        INTEGER NOT NULL CHECK (size >= 0),
    rank        INTEGER NOT NULL,
    engine      TEXT NOT NULL,
    pages       TEXT NOT NULL,                      -- JSON: [[number, start, end], ...]
    chars       INTEGER NOT NULL,
    warnings    TEXT NOT NULL,                      -- JSON: [text, ...]
    seconds     REAL NOT NULL,
    added_at    REAL NOT NULL,
    why         TEXT NOT NULL DEFAULT '',           -- why this converter was taken for this file
    metadata    TEXT NOT NULL DEFAULT '{}',         -- JSON: what the converter knows besides
    PRIMARY KEY (file_sha256, fingerprint)
);
CREATE INDEX texts_by_content ON texts (sha256);

CREATE TABLE images (                               -- of a text, under the names by which it refers to them
    text_sha256 TEXT NOT NULL CHECK (length(text_sha256) = 64),
    name        TEXT NOT NULL,
    sha256      TEXT NOT NULL CHECK (length(sha256) = 64),
    size        INTEGER NOT NULL CHECK (size >= 0),
    PRIMARY KEY (text_sha256, name)
);

CREATE TABLE attempts (
    number      INTEGER PRIMARY KEY,
    paper_id    TEXT NOT NULL,
    source      TEXT NOT NULL,
    url         TEXT NOT NULL,
    verdict     TEXT NOT NULL,
    detail      TEXT NOT NULL,
    status      INTEGER,
    hops        TEXT NOT NULL,                      -- JSON: [url, ...]
    sniffed     TEXT NOT NULL,
    size        INTEGER NOT NULL,
    seconds     REAL NOT NULL,
    at          REAL NOT NULL
);
CREATE INDEX attempts_of_paper ON attempts (paper_id);

CREATE TABLE failures (
    paper_id    TEXT NOT NULL,
    stage       TEXT NOT NULL CHECK (stage IN ('acquire', 'convert')),
    fingerprint TEXT NOT NULL CHECK ((stage = 'convert') = (fingerprint != '')),
    reason      TEXT NOT NULL,
    detail      TEXT NOT NULL,
    at          REAL NOT NULL,
    expires_at  REAL NOT NULL,
    PRIMARY KEY (paper_id, stage, fingerprint)
);

CREATE TABLE jobs (
    number      INTEGER PRIMARY KEY,
    paper_id    TEXT NOT NULL,
    service     TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    job_id      TEXT,
    state       TEXT NOT NULL CHECK (state IN ('intended', 'submitted', 'completed', 'failed', 'abandoned')),
    detail      TEXT NOT NULL DEFAULT '',
    created_at  REAL NOT NULL,
    submitted_at REAL,
    closed_at   REAL,
    CHECK (state != 'submitted' OR (job_id IS NOT NULL AND submitted_at IS NOT NULL)),
    CHECK ((closed_at IS NULL) = (state IN ('intended', 'submitted')))
);
CREATE UNIQUE INDEX one_open_job ON jobs (paper_id, service) WHERE closed_at IS NULL;

CREATE TABLE answers (                              -- of catalogues, believed for a while
    key         TEXT PRIMARY KEY,
    body        BLOB NOT NULL,                      -- deflated
    at          REAL NOT NULL
);
CREATE INDEX answers_by_age ON answers (at);
"""

#: What brings the tables of a version up to the next; what an older program still writes has to fit them.
_STEPS = {
    1: """
ALTER TABLE texts ADD COLUMN why TEXT NOT NULL DEFAULT '';
ALTER TABLE texts ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}';
CREATE TABLE images (
    text_sha256 TEXT NOT NULL CHECK (length(text_sha256) = 64),
    name        TEXT NOT NULL,
    sha256      TEXT NOT NULL CHECK (length(sha256) = 64),
    size        INTEGER NOT NULL CHECK (size >= 0),
    PRIMARY KEY (text_sha256, name)
);
""",
    2: """
CREATE TABLE answers (
    key         TEXT PRIMARY KEY,
    body        BLOB NOT NULL,
    at          REAL NOT NULL
);
CREATE INDEX answers_by_age ON answers (at);
""",
}


def check(db: sqlite3.Connection) -> None:
    """Raise StoreError when the database is not ours to use; an empty one is. Call it in a transaction."""
    empty = _empty(db)
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (application,) = db.execute("PRAGMA application_id").fetchone()
    if not empty and application != APPLICATION:
        raise StoreError("papers.sqlite belongs to another program: move it away or choose another home")
    if version > VERSION:
        raise StoreVersionError(
            f"papers.sqlite has format {version}, this program knows formats up to {VERSION}: "
            "update academic-lit-review or choose another home"
        )


def create(db: sqlite3.Connection) -> bool:
    """Make the tables in an empty database, or bring those of an older version up to date; tell whether it was empty.

    Call it in the transaction of the only writer: of several processes that open an old store at once, one finds work.
    """
    check(db)  # again: since the first look another process may have made it a newer one
    empty = _empty(db)
    if empty:
        _run(db, TABLES)
        db.execute(f"PRAGMA application_id = {APPLICATION}")
    else:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        for step in range(version, VERSION):
            _run(db, _STEPS[step])
    db.execute(f"PRAGMA user_version = {VERSION}")
    return empty


def _run(db: sqlite3.Connection, statements: str) -> None:
    """Run statements one by one: `executescript` would commit the transaction we are in."""
    for statement in statements.split(";\n"):
        if statement.strip():
            db.execute(statement)


def _empty(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM sqlite_master").fetchone() is None
