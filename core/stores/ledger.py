"""Every attempt at a paper, and what is known not to work for a while."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from core.stores.records import Attempt, StoredFailure


def add(db: sqlite3.Connection, paper_id: str, attempts: Iterable[Attempt], now: float) -> None:
    """Append attempts at a paper."""
    db.executemany(
        "INSERT INTO attempts (paper_id, source, url, verdict, detail, status, hops, sniffed, size, seconds, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_row(paper_id, attempt, now) for attempt in attempts],
    )


def _row(paper_id: str, attempt: Attempt, now: float) -> tuple[str | float | None, ...]:
    answer = (attempt.status, json.dumps(attempt.hops), attempt.sniffed, attempt.size, attempt.seconds)
    return paper_id, attempt.source, attempt.url, attempt.verdict, attempt.detail, *answer, attempt.at or now


def attempts(db: sqlite3.Connection, paper_id: str) -> list[Attempt]:
    """Return the attempts at a paper in the order they were recorded."""
    rows = db.execute("SELECT * FROM attempts WHERE paper_id = ? ORDER BY number", (paper_id,))
    return [
        Attempt(
            source=row["source"],
            url=row["url"],
            verdict=row["verdict"],
            detail=row["detail"],
            status=row["status"],
            hops=tuple(json.loads(row["hops"])),
            sniffed=row["sniffed"],
            size=row["size"],
            seconds=row["seconds"],
            at=row["at"],
        )
        for row in rows
    ]


def fail(db: sqlite3.Connection, paper_id: str, failure: StoredFailure, *, ttl_s: float, now: float) -> None:
    """Remember a failure for `ttl_s` seconds instead of the last one of its kind."""
    kind = (paper_id, failure.stage, failure.fingerprint)
    db.execute("DELETE FROM failures WHERE paper_id = ? AND stage = ? AND fingerprint = ?", kind)
    if ttl_s > 0:
        db.execute(
            "INSERT INTO failures (paper_id, stage, fingerprint, reason, detail, at, expires_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*kind, failure.reason, failure.detail, now, now + ttl_s),
        )


def forgive(db: sqlite3.Connection, ids: Iterable[str]) -> None:
    """Forget the failures of these papers."""
    db.execute("DELETE FROM failures WHERE paper_id IN (SELECT value FROM json_each(?))", (json.dumps(list(ids)),))


def failure(row: sqlite3.Row) -> StoredFailure:
    """Return a row of `failures`."""
    return StoredFailure(row["reason"], row["detail"], row["stage"], row["fingerprint"])
