"""What the store has of many papers, in one go."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from core.stores import files, jobs, ledger, objects, texts
from core.stores.objects import Places
from core.stores.records import Holding, StoredFile, StoredText

T = TypeVar("T")

_TEXTS = f"""
SELECT copies.paper_id, {texts.COLUMNS} FROM json_each(:ids) AS wanted
CROSS JOIN copies ON copies.paper_id = wanted.value
CROSS JOIN texts ON texts.file_sha256 = copies.sha256
WHERE texts.rank >= :rank
ORDER BY texts.rank DESC, texts.fingerprint = :fingerprint DESC, texts.added_at DESC
"""
_FILES = """
SELECT copies.*, files.size, files.media_type FROM json_each(:ids) AS wanted
CROSS JOIN copies ON copies.paper_id = wanted.value
CROSS JOIN files ON files.sha256 = copies.sha256
WHERE files.lost_at IS NULL
ORDER BY copies.added_at DESC, copies.rowid DESC
"""
_FAILURES = """
SELECT failures.* FROM json_each(:ids) AS wanted
CROSS JOIN failures ON failures.paper_id = wanted.value
WHERE failures.expires_at > :now AND (failures.stage = 'acquire' OR failures.fingerprint = :fingerprint)
ORDER BY failures.at DESC, failures.stage DESC
"""
_JOBS = """
SELECT jobs.* FROM json_each(:ids) AS wanted
CROSS JOIN jobs ON jobs.paper_id = wanted.value AND jobs.closed_at IS NULL
ORDER BY jobs.number DESC
"""


@dataclass
class Found:
    """The holdings, and the hashes of texts and files whose objects were not there in full."""

    holdings: dict[str, Holding]
    bad_texts: set[str] = field(default_factory=set)
    bad_files: set[str] = field(default_factory=set)


def find(
    db: sqlite3.Connection, places: Places, ids: Iterable[str], *, rank: int, fingerprint: str, now: float
) -> Found:
    """Return a holding for every one of `ids`; what names a missing or shortened object is passed over and reported."""
    names = list(dict.fromkeys(ids))
    asked = {"ids": json.dumps(names), "rank": rank, "fingerprint": fingerprint, "now": now}
    found = Found({})

    def text(row: sqlite3.Row) -> StoredText | None:
        if texts.intact(places, row):
            return texts.record(places, row)
        found.bad_texts.add(row["sha256"])
        return None

    def file(row: sqlite3.Row) -> StoredFile | None:
        made = best_texts.get(row["paper_id"])
        if made and made.file_sha256 != row["sha256"]:
            return None
        if objects.has_size(places.file(row["sha256"], row["media_type"]), row["size"]):
            return files.record(places, row)
        found.bad_files.add(row["sha256"])
        return None

    best_texts = _first(db.execute(_TEXTS, asked), text)
    best_files = _first(db.execute(_FILES, asked), file)
    failures = _first(db.execute(_FAILURES, asked), ledger.failure)
    open_jobs = _first(db.execute(_JOBS, asked), jobs.record)
    found.holdings = {
        name: Holding(best_texts.get(name), best_files.get(name), failures.get(name), open_jobs.get(name))
        for name in names
    }
    return found


def _first(rows: Iterable[sqlite3.Row], record: Callable[[sqlite3.Row], T | None]) -> dict[str, T]:
    """Return the first usable record of each paper."""
    best: dict[str, T] = {}
    for row in rows:
        if row["paper_id"] not in best and (made := record(row)) is not None:
            best[row["paper_id"]] = made
    return best
