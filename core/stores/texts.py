"""The Markdown of files: at most one text for a file and a converter."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.conversion.converter import Converted, PageSpan
from core.errors import StoreError
from core.stores import images, objects
from core.stores.database import encodable
from core.stores.images import Image
from core.stores.objects import Places
from core.stores.records import StoredText

#: The columns of a text, and whether it has images.
COLUMNS = "texts.*, EXISTS (SELECT 1 FROM images WHERE text_sha256 = texts.sha256) AS illustrated"


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


@dataclass(frozen=True)
class Staged:
    """The objects of a new text, in the scratch folder: its Markdown, with its hash, and its images."""

    path: Path
    sha256: str
    images: list[Image]


def encode(markdown: str) -> bytes:
    """Return the bytes of a text; what has none is replaced one to one, so that no offset moves."""
    return encodable(markdown).encode()


def decode(data: bytes) -> str:
    """Return the text of bytes, line ends untouched."""
    return data.decode()


def add(db: sqlite3.Connection, places: Places, paper_id: str, staged: Staged, new: NewText, now: float) -> StoredText:
    """Store a text, which ends its paper. If this converter already made one of this file, that one is returned."""
    copy = (paper_id, new.file_sha256)
    if db.execute("SELECT 1 FROM copies WHERE paper_id = ? AND sha256 = ?", copy).fetchone() is None:
        raise StoreError(f"{new.file_sha256} is not an accepted file of {paper_id}: add the file before its text")
    db.execute("DELETE FROM failures WHERE paper_id = ?", (paper_id,))
    row = _row(db, new)
    if row is None or not intact(places, row):
        _insert(db, places, staged, new, now)
    elif row["sha256"] == staged.sha256:  # the very same text: what is known of it besides may be news
        db.execute(
            "UPDATE texts SET why = ?, metadata = ? WHERE file_sha256 = ? AND fingerprint = ?",
            (new.converted.why, _json(new.converted.metadata), *new.key),
        )
        images.add(db, places, staged.sha256, staged.images)
    return record(places, _row(db, new))


def _insert(db: sqlite3.Connection, places: Places, staged: Staged, new: NewText, now: float) -> None:
    size = staged.path.stat().st_size
    objects.settle(staged.path, places.text(staged.sha256))
    images.add(db, places, staged.sha256, staged.images)
    converted = new.converted
    pages = json.dumps([(page.number, page.start, page.end) for page in converted.pages])
    warnings = json.dumps(converted.warnings)
    made = (converted.rank, converted.engine, pages, len(converted.markdown), warnings, new.seconds)
    db.execute(
        "INSERT OR REPLACE INTO texts (file_sha256, fingerprint, sha256, size, rank, engine, pages, chars, warnings,"
        " seconds, added_at, why, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*new.key, staged.sha256, size, *made, now, converted.why, _json(converted.metadata)),
    )


def _json(metadata: Mapping[str, Any]) -> str:
    return json.dumps(dict(metadata), ensure_ascii=False)


def _row(db: sqlite3.Connection, new: NewText) -> Any:
    return db.execute(f"SELECT {COLUMNS} FROM texts WHERE file_sha256 = ? AND fingerprint = ?", new.key).fetchone()


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
        why=row["why"],
        metadata=json.loads(row["metadata"]),
        images=places.images(row["sha256"]) if row["illustrated"] else None,
    )


def of_paper(db: sqlite3.Connection, places: Places, paper_id: str) -> list[StoredText]:
    """Return every text of the paper's accepted files, the best first."""
    rows = db.execute(
        f"SELECT {COLUMNS} FROM copies JOIN texts ON file_sha256 = copies.sha256 WHERE paper_id = ?"
        " ORDER BY rank DESC, texts.added_at DESC, fingerprint",
        (paper_id,),
    )
    return [record(places, row) for row in rows]
