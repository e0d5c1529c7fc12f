"""Accepted and refused files. A content is stored once; a verdict is about one content and one paper."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from core.stores import objects
from core.stores.objects import Places
from core.stores.records import Refusal, StoredFile


def accept(
    db: sqlite3.Connection, places: Places, paper_id: str, staged: Path, file: StoredFile, now: float
) -> StoredFile:
    """Move a staged file to its place and make it the newest file of the paper.

    What failed to be acquired is forgotten, and with a content new to the paper what failed to be converted, too.
    """
    known = db.execute("SELECT 1 FROM copies WHERE paper_id = ? AND sha256 = ?", (paper_id, file.sha256)).fetchone()
    _settle(db, places, staged, file)
    db.execute(
        "INSERT INTO copies (paper_id, sha256, source, url, license, license_evidence, version, added_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (paper_id, sha256) DO UPDATE SET"
        " source = excluded.source, url = excluded.url, version = excluded.version, added_at = excluded.added_at,"
        " license_evidence = iif(excluded.license = '', license_evidence, excluded.license_evidence),"
        " license = iif(excluded.license = '', license, excluded.license)",
        (paper_id, file.sha256, file.source, file.url, file.license, file.license_evidence, file.version, now),
    )
    db.execute("DELETE FROM refusals WHERE paper_id = ? AND sha256 = ?", (paper_id, file.sha256))
    db.execute("DELETE FROM failures WHERE paper_id = ? AND (stage = 'acquire' OR ?)", (paper_id, known is None))
    row = db.execute(
        "SELECT * FROM copies JOIN files USING (sha256) WHERE paper_id = ? AND sha256 = ?", (paper_id, file.sha256)
    ).fetchone()
    return record(places, row)


def _settle(db: sqlite3.Connection, places: Places, staged: Path, file: StoredFile) -> None:
    """Put the object where its first row says: the same content may have come under another media type."""
    db.execute(
        "INSERT INTO files (sha256, media_type, size) VALUES (?, ?, ?)"
        " ON CONFLICT (sha256) DO UPDATE SET lost_at = NULL",
        (file.sha256, file.media_type, file.size),
    )
    (media_type,) = db.execute("SELECT media_type FROM files WHERE sha256 = ?", (file.sha256,)).fetchone()
    objects.settle(staged, places.file(file.sha256, media_type))


def record(places: Places, row: sqlite3.Row) -> StoredFile:
    """Return a row of `copies` joined with `files`."""
    return StoredFile(
        sha256=row["sha256"],
        path=places.file(row["sha256"], row["media_type"]),
        size=row["size"],
        media_type=row["media_type"],
        source=row["source"],
        url=row["url"],
        license=row["license"],
        license_evidence=row["license_evidence"],
        version=row["version"],
    )


def refuse(db: sqlite3.Connection, places: Places, paper_id: str, staged: Path, size: int, refusal: Refusal) -> None:
    """Move a staged file aside with its verdict; what was accepted before is accepted no more."""
    objects.settle(staged, places.refused(refusal.sha256))
    db.execute(
        "INSERT OR REPLACE INTO refusals (paper_id, sha256, size, source, url, reason, detail, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (paper_id, refusal.sha256, size, refusal.source, refusal.url, refusal.reason, refusal.detail, refusal.at),
    )
    if db.execute("DELETE FROM copies WHERE paper_id = ? AND sha256 = ?", (paper_id, refusal.sha256)).rowcount:
        forget_unused(db)


def refusals(db: sqlite3.Connection, places: Places, paper_id: str) -> list[Refusal]:
    """Return what was refused for the paper, oldest first."""
    rows = db.execute("SELECT * FROM refusals WHERE paper_id = ? ORDER BY at, rowid", (paper_id,))
    return [
        Refusal(
            sha256=row["sha256"],
            path=places.refused(row["sha256"]),
            source=row["source"],
            url=row["url"],
            reason=row["reason"],
            detail=row["detail"],
            at=row["at"],
        )
        for row in rows
    ]


def forget_unused(db: sqlite3.Connection) -> None:
    """Forget contents no paper accepts, and their texts; the objects go with the next sweep."""
    db.execute("DELETE FROM files WHERE sha256 NOT IN (SELECT sha256 FROM copies)")
