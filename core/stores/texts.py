"""The Markdown of files: at most one text for a file and a converter."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.conversion.converter import Converted, PageSpan
from core.errors import StoreError
from core.stores import objects
from core.stores.database import encodable
from core.stores.objects import Places
from core.stores.records import StoredText


@dataclass(frozen=True)
class NewText:
    """A text that is not stored yet, and in how many seconds it was made."""

    file_sha256: str
    converted: Converted
    seconds: float

    @property
    def key(self) -> tuple[str, str]:
        """Return what `texts` holds one row for: the file and the converter."""
        return self.file_sha256, self.converted.fingerprint


def encode(markdown: str) -> bytes:
    """Return the bytes of a text; what has none is replaced one to one, so that no offset moves."""
    return encodable(markdown).encode()


def decode(data: bytes) -> str:
    """Return the text of bytes, line ends untouched."""
    return data.decode()


def add(
    db: sqlite3.Connection, places: Places, paper_id: str, staged: Path, sha256: str, new: NewText, now: float
) -> StoredText:
    """Store a text, which ends its paper. If this converter already made one of this file, that one is returned."""
    copy = (paper_id, new.file_sha256)
    if db.execute("SELECT 1 FROM copies WHERE paper_id = ? AND sha256 = ?", copy).fetchone() is None:
        raise StoreError(f"{new.file_sha256} is not an accepted file of {paper_id}: add the file before its text")
    db.execute("DELETE FROM failures WHERE paper_id = ?", (paper_id,))
    return _existing(db, places, new) or _insert(db, places, staged, sha256, new, now)


def _existing(db: sqlite3.Connection, places: Places, new: NewText) -> StoredText | None:
    row = _row(db, new)
    return record(places, row) if row and intact(places, row) else None


def _insert(db: sqlite3.Connection, places: Places, staged: Path, sha256: str, new: NewText, now: float) -> StoredText:
    size = staged.stat().st_size
    objects.settle(staged, places.text(sha256))
    converted = new.converted
    pages = json.dumps([(page.number, page.start, page.end) for page in converted.pages])
    warnings = json.dumps(converted.warnings)
    made = (converted.rank, converted.engine, pages, len(converted.markdown), warnings, new.seconds)
    db.execute(
        "INSERT OR REPLACE INTO texts (file_sha256, fingerprint, sha256, size, rank, engine, pages, chars, warnings,"
        " seconds, added_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*new.key, sha256, size, *made, now),
    )
    return record(places, _row(db, new))


def _row(db: sqlite3.Connection, new: NewText) -> Any:
    return db.execute("SELECT * FROM texts WHERE file_sha256 = ? AND fingerprint = ?", new.key).fetchone()


def intact(places: Places, row: sqlite3.Row) -> bool:
    """Tell whether the object of a row of `texts` is there in its full size."""
    return objects.has_size(places.text(row["sha256"]), row["size"])


def record(places: Places, row: sqlite3.Row) -> StoredText:
    """Return a row of `texts`."""
    return StoredText(
        sha256=row["sha256"],
        path=places.text(row["sha256"]),
        file_sha256=row["file_sha256"],
        fingerprint=row["fingerprint"],
        rank=row["rank"],
        engine=row["engine"],
        pages=tuple(PageSpan(*page) for page in json.loads(row["pages"])),
        chars=row["chars"],
        warnings=tuple(json.loads(row["warnings"])),
    )


def of_paper(db: sqlite3.Connection, places: Places, paper_id: str) -> list[StoredText]:
    """Return every text of the paper's accepted files, the best first."""
    rows = db.execute(
        "SELECT texts.* FROM copies JOIN texts ON file_sha256 = copies.sha256 WHERE paper_id = ?"
        " ORDER BY rank DESC, texts.added_at DESC, fingerprint",
        (paper_id,),
    )
    return [record(places, row) for row in rows]
