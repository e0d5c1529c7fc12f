"""The store as a whole: how much it holds, and forgetting a paper."""

from __future__ import annotations

import sqlite3

from core.stores.files import forget_unused
from core.stores.records import Stats

_STATS = """
SELECT
    (SELECT count(*) FROM papers) AS papers,
    (SELECT count(*) FROM files WHERE lost_at IS NULL) AS files,
    (SELECT coalesce(sum(size), 0) FROM files WHERE lost_at IS NULL) AS file_bytes,
    (SELECT count(*) FROM texts) AS texts,
    (SELECT coalesce(sum(size), 0) FROM (SELECT DISTINCT sha256, size FROM texts)) AS text_bytes,
    (SELECT count(*) FROM images WHERE text_sha256 IN (SELECT sha256 FROM texts)) AS images,
    (SELECT coalesce(sum(size), 0) FROM images WHERE text_sha256 IN (SELECT sha256 FROM texts)) AS image_bytes,
    (SELECT count(*) FROM refusals) AS refused,
    (SELECT coalesce(sum(size), 0) FROM (SELECT DISTINCT sha256, size FROM refusals)) AS refused_bytes,
    (SELECT count(*) FROM attempts) AS attempts,
    (SELECT count(*) FROM failures WHERE expires_at > :now) AS failures,
    (SELECT count(*) FROM jobs WHERE closed_at IS NULL) AS open_jobs
"""


def stats(db: sqlite3.Connection, now: float) -> Stats:
    """Count everything."""
    return Stats(**dict(db.execute(_STATS, {"now": now}).fetchone()))


def forget(db: sqlite3.Connection, paper_id: str) -> None:
    """Forget everything about a paper; the objects go with the next sweep."""
    for table in ("papers", "copies", "refusals", "attempts", "failures", "jobs"):
        db.execute(f"DELETE FROM {table} WHERE paper_id = ?", (paper_id,))
    forget_unused(db)
