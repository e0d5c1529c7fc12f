"""What is known of each paper, as JSON."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import cast

from core.metadata import PaperMetadata


def put(db: sqlite3.Connection, papers: Mapping[str, PaperMetadata], now: float) -> None:
    """Add records or enrich known ones: a new value wins, an empty one erases nothing."""
    known = get(db, papers)
    rows = [(name, json.dumps(_enrich(known.get(name, {}), paper)), now) for name, paper in papers.items()]
    db.executemany(
        "INSERT INTO papers (paper_id, metadata, updated_at) VALUES (?, ?, ?)"
        " ON CONFLICT (paper_id) DO UPDATE SET metadata = excluded.metadata, updated_at = excluded.updated_at",
        rows,
    )


def _enrich(old: PaperMetadata, new: PaperMetadata) -> PaperMetadata:
    return cast(PaperMetadata, {**old, **{key: value for key, value in new.items() if value not in (None, "", [])}})


def get(db: sqlite3.Connection, ids: Iterable[str]) -> dict[str, PaperMetadata]:
    """Return the records of those `ids` that are known."""
    rows = db.execute(
        "SELECT papers.paper_id, metadata FROM json_each(?) AS wanted CROSS JOIN papers ON paper_id = wanted.value",
        (json.dumps(list(ids)),),
    )
    return {name: json.loads(metadata) for name, metadata in rows}
