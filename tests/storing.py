"""What tests of the paper store share: papers made of numbers, and an audit that knows nothing of the store's code."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from dataclasses import replace
from pathlib import Path

from core.conversion.converter import Converted, PageSpan
from core.stores.papers import PaperStore
from core.stores.records import StoredFile, StoredText

PDF = "application/pdf"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def pdf(number: int) -> bytes:
    return b"%PDF-1.7\n" + f"paper {number}\n".encode() * 2000


def markdown(number: int) -> Converted:
    text = f"# Paper {number}\n\n" + f"Sentence {number}. " * 1000
    return Converted(text, (PageSpan(1, 0, len(text)),), "fake", "fake/1", 10)


def downloaded(store: PaperStore, data: bytes) -> Path:
    """Put a finished download into the scratch folder, as the HTTP client does."""
    path = store.scratch / sha256(data)
    path.write_bytes(data)
    return path


async def accept(store: PaperStore, paper_id: str, data: bytes, *, source: str = "arxiv") -> StoredFile:
    return await store.add_file(
        paper_id, downloaded(store, data), sha256=sha256(data), media_type=PDF, source=source, url="https://host/a.pdf"
    )


async def convert(
    store: PaperStore, paper_id: str, file: StoredFile, text: Converted, *, fingerprint: str = "fake/1", rank: int = 10
) -> StoredText:
    made = replace(text, fingerprint=fingerprint, rank=rank)
    return await store.add_text(paper_id, file.sha256, made, seconds=1.5)


async def read_paper(store: PaperStore, number: int) -> None:
    """Take one paper all the way."""
    paper_id = f"10.1/{number}"
    await store.put_papers({paper_id: {"doi": paper_id, "title": f"Paper {number}"}})
    await store.open_job(paper_id, service="s", idempotency_key=paper_id)
    await store.job_submitted(paper_id, "s", f"job-{number}")
    file = await accept(store, paper_id, pdf(number))
    await store.close_job(paper_id, "s", "completed")
    await convert(store, paper_id, file, markdown(number))


def faults(home: Path) -> list[str]:
    """Return every way in which the index promises something the disk does not hold; it must be empty at any time."""
    if not (home / "papers.sqlite").exists():
        return []
    db = sqlite3.connect(home / "papers.sqlite")
    try:
        found = [f"sqlite: {row}" for row in db.execute("PRAGMA integrity_check") if row != ("ok",)]
        found += [f"foreign key: {row}" for row in db.execute("PRAGMA foreign_key_check")]
        if not db.execute("SELECT 1 FROM sqlite_master").fetchone():
            return found
        files = [
            _object(home / "files", sha) for (sha,) in db.execute("SELECT sha256 FROM files WHERE lost_at IS NULL")
        ]
        texts = [home / f"texts/{sha[:2]}/{sha}.md" for (sha,) in db.execute("SELECT sha256 FROM texts")]
        refused = [home / f"refused/{sha}" for (sha,) in db.execute("SELECT sha256 FROM refusals")]
        found += [f"torn or missing: {path}" for path in files + texts + refused if not _holds(path)]
        found += [f"torn or missing: {path}" for path, sha in _images(home, db) if not _holds(path, sha)]
        found += [f"metadata: {row}" for (row,) in db.execute("SELECT metadata FROM papers") if not json.loads(row)]
        return found
    finally:
        db.close()


def _object(folder: Path, sha: str) -> Path:
    """Return the place of an object of whatever kind."""
    return next((folder / sha[:2]).glob(f"{sha}.*"), folder / sha)


def _images(home: Path, db: sqlite3.Connection) -> list[tuple[Path, str]]:
    rows = db.execute("SELECT text_sha256, name, sha256 FROM images WHERE text_sha256 IN (SELECT sha256 FROM texts)")
    return [(home / f"images/{text[:2]}/{text}/{name}", sha) for text, name, sha in rows]


def _holds(path: Path, sha: str = "") -> bool:
    return path.exists() and sha256(path.read_bytes()) == (sha or path.stem)


def objects(home: Path) -> set[str]:
    """Return the hashes of all objects on disk."""
    return {
        path.stem for folder in ("files", "texts", "refused") for path in (home / folder).rglob("*") if path.is_file()
    }


def named(home: Path) -> set[str]:
    """Return the hashes of all objects in the index."""
    db = sqlite3.connect(home / "papers.sqlite")
    try:
        files = db.execute("SELECT sha256 FROM files WHERE lost_at IS NULL").fetchall()
        others = db.execute("SELECT sha256 FROM texts UNION SELECT sha256 FROM refusals").fetchall()
        return {sha for (sha,) in files + others}
    finally:
        db.close()
