"""Jobs handed to a retrieval service: an intention is on disk before the submission, so none is submitted twice."""

from __future__ import annotations

import sqlite3

from core.stores.records import ClosedJobState, StoredJob


def intend(db: sqlite3.Connection, paper_id: str, service: str, idempotency_key: str, now: float) -> StoredJob:
    """Return the open job of the paper at the service, a new intention if there is none."""
    found = _open(db, paper_id, service)
    if found is None:
        db.execute(
            "INSERT INTO jobs (paper_id, service, idempotency_key, state, created_at) VALUES (?, ?, ?, 'intended', ?)",
            (paper_id, service, idempotency_key, now),
        )
    return found or StoredJob(paper_id, service, idempotency_key)


def _open(db: sqlite3.Connection, paper_id: str, service: str) -> StoredJob | None:
    row = db.execute(
        "SELECT * FROM jobs WHERE paper_id = ? AND service = ? AND closed_at IS NULL", (paper_id, service)
    ).fetchone()
    return record(row) if row else None


def submitted(db: sqlite3.Connection, paper_id: str, service: str, job_id: str, at: float) -> None:
    """Note that the service took the open job in. A job closed meanwhile by another process stays closed."""
    db.execute(
        "UPDATE jobs SET state = 'submitted', job_id = ?, submitted_at = ?"
        " WHERE paper_id = ? AND service = ? AND closed_at IS NULL",
        (job_id, at, paper_id, service),
    )


def close(db: sqlite3.Connection, paper_id: str, service: str, state: ClosedJobState, detail: str, now: float) -> None:
    """End the open job, if there is one."""
    db.execute(
        "UPDATE jobs SET state = ?, detail = ?, closed_at = ? WHERE paper_id = ? AND service = ? AND closed_at IS NULL",
        (state, detail, now, paper_id, service),
    )


def record(row: sqlite3.Row) -> StoredJob:
    """Return a row of `jobs`."""
    return StoredJob(
        paper_id=row["paper_id"],
        service=row["service"],
        idempotency_key=row["idempotency_key"],
        job_id=row["job_id"],
        state=row["state"],
        submitted_at=row["submitted_at"],
    )
