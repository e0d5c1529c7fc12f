"""What catalogues answered, kept for a while."""

from __future__ import annotations

import sqlite3
import zlib

#: What is older than any age that is asked for is dropped, seconds.
KEPT_S = 90 * 86400.0


def put(db: sqlite3.Connection, key: str, deflated: bytes, now: float) -> None:
    """Keep an answer, dated `now`, and drop those that are too old for anybody."""
    db.execute(
        "INSERT INTO answers (key, body, at) VALUES (?, ?, ?)"
        " ON CONFLICT (key) DO UPDATE SET body = excluded.body, at = excluded.at",
        (key, deflated, now),
    )
    db.execute("DELETE FROM answers WHERE at < ?", (now - KEPT_S,))


def get(db: sqlite3.Connection, key: str, since: float, now: float) -> bytes | None:
    """Return the answer that was kept at `since` or later; one from the future does not count."""
    row = db.execute("SELECT body FROM answers WHERE key = ? AND at BETWEEN ? AND ?", (key, since, now)).fetchone()
    return zlib.decompress(row["body"]) if row else None
