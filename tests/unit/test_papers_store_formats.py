"""Paper stores of earlier versions are brought up to date where they lie; `FIRST` is how version 1 made its tables."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core.errors import StoreVersionError
from core.stores import schema
from core.stores.answers import KEPT_S
from core.stores.papers import PaperStore
from tests.integration.test_store_processes import together
from tests.storing import PDF, faults, markdown, pdf, sha256

A = "10.1/a"
FIRST = """
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
    PRIMARY KEY (file_sha256, fingerprint)
);
CREATE INDEX texts_by_content ON texts (sha256);

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
"""


def first(home: Path, statements: str = FIRST) -> None:
    """Make a home of version 1 with a paper, its file and its text."""
    content, text = pdf(1), markdown(1).markdown.encode()
    names = sha256(content), sha256(text)
    for place, data in (
        (f"files/{names[0][:2]}/{names[0]}.pdf", content),
        (f"texts/{names[1][:2]}/{names[1]}.md", text),
    ):
        (home / place).parent.mkdir(parents=True)
        (home / place).write_bytes(data)
    with closing(sqlite3.connect(home / "papers.sqlite")) as db:
        db.executescript(statements)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(f"PRAGMA application_id = {0x414C5201}")
        db.execute("PRAGMA user_version = 1")
        db.execute("INSERT INTO papers VALUES (?, ?, 1)", (A, json.dumps({"doi": A})))
        db.execute("INSERT INTO files VALUES (?, ?, ?, NULL)", (names[0], PDF, len(content)))
        db.execute("INSERT INTO copies VALUES (?, ?, 'arxiv', 'u', '', '', '', 1)", (A, names[0]))
        row = (names[0], "old/1", names[1], len(text), 10, "old", "[[1, 0, 9]]", len(text), "[]", 1.5, 1)
        db.execute(f"INSERT INTO texts VALUES ({', '.join('?' * len(row))})", row)
        db.commit()


def shape(home: Path) -> dict[str, Any]:
    """Return the columns of every table, in any order."""
    with closing(sqlite3.connect(home / "papers.sqlite")) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        columns = {table: {row[1:] for row in db.execute(f"PRAGMA table_info({table})")} for table in tables}
        return {"version": db.execute("PRAGMA user_version").fetchone(), **columns}


async def test_a_store_of_the_first_version_opens_and_keeps_what_it_has(tmp_path: Path) -> None:
    first(tmp_path)

    async with PaperStore.open(tmp_path) as store:
        held = (await store.lookup([A], rank=0, fingerprint="new/1"))[A]
        assert held.text is not None
        assert held.file is not None
        assert (held.text.engine, held.text.why, held.text.metadata, held.text.images) == ("old", "", {}, None)
        assert await store.read_text(held.text.sha256) == markdown(1).markdown
        assert await store.paper(A) == {"doi": A}
        await store.add_text(A, held.file.sha256, markdown(2), seconds=1.0)
    assert faults(tmp_path) == []


async def test_what_was_brought_up_to_date_is_as_if_made_today(tmp_path: Path) -> None:
    first(tmp_path / "old")
    for home in ("old", "new"):
        async with PaperStore.open(tmp_path / home):
            pass

    assert shape(tmp_path / "old") == shape(tmp_path / "new")


def test_several_processes_may_find_an_old_store_at_once(tmp_path: Path) -> None:
    first(tmp_path)

    assert len(together(tmp_path, (0, 5), (5, 5), (10, 5), (15, 5))) == 20
    assert faults(tmp_path) == []


async def test_a_step_that_fails_leaves_the_old_store_as_it_was(tmp_path: Path) -> None:
    first(tmp_path, FIRST + "CREATE TABLE images (mine TEXT);")
    before = shape(tmp_path)

    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        async with PaperStore.open(tmp_path):
            pass
    assert shape(tmp_path) == before


def test_a_store_that_became_newer_between_two_looks_is_left_alone(tmp_path: Path) -> None:
    first(tmp_path)
    with closing(sqlite3.connect(tmp_path / "papers.sqlite", isolation_level=None)) as db:
        schema.check(db)
        db.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
        with pytest.raises(StoreVersionError, match=f"format {schema.VERSION + 1}"):
            schema.create(db)


async def test_an_answer_is_kept_for_as_long_as_it_is_believed(tmp_path: Path) -> None:
    now = [1_000_000.0]
    async with PaperStore.open(tmp_path, clock=lambda: now[0]) as store:
        await store.put_answer("openalex:1", b"{}" * 1000)
        now[0] += 100

        assert await store.answer("openalex:1", 100) == b"{}" * 1000
        assert await store.answer("openalex:1", 99) is None
        assert await store.answer("openalex:2", 100) is None

    async with PaperStore.open(tmp_path, clock=lambda: now[0] + KEPT_S) as store:
        await store.put_answer("openalex:2", b"[]")
        assert await store.answer("openalex:1", 2 * KEPT_S) is None
        assert await store.answer("openalex:2", 0) == b"[]"
