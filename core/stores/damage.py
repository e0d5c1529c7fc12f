"""Objects that no longer hold what they should: found, moved aside and forgotten, so that no cache serves them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.stores import images, objects
from core.stores.objects import Places

Kind = Literal["file", "text", "image", "refused"]


@dataclass(frozen=True)
class Object:
    """An object the database names."""

    kind: Kind
    sha256: str
    path: Path
    size: int

    def intact(self) -> bool:
        """Tell whether it holds what its name says."""
        return objects.digest(self.path) == self.sha256


def known(db: sqlite3.Connection, places: Places) -> list[Object]:
    """Return every object that should be there."""
    found = [
        Object("file", sha256, places.file(sha256, media_type), size)
        for sha256, media_type, size in db.execute(
            "SELECT sha256, media_type, size FROM files WHERE lost_at IS NULL ORDER BY sha256"
        )
    ]
    for sha256, size in db.execute("SELECT DISTINCT sha256, size FROM texts ORDER BY sha256"):
        found.append(Object("text", sha256, places.text(sha256), size))
    found += [Object("image", image.sha256, image.path, image.size) for image in images.known(db, places)]
    for sha256, size in db.execute("SELECT DISTINCT sha256, size FROM refusals ORDER BY sha256"):
        found.append(Object("refused", sha256, places.refused(sha256), size))
    return found


def select(db: sqlite3.Connection, places: Places, *, texts: Iterable[str], files: Iterable[str]) -> list[Object]:
    """Return the known texts and files with these hashes."""
    wanted = {"text": set(texts), "file": set(files)}
    return [thing for thing in known(db, places) if thing.sha256 in wanted.get(thing.kind, ())]


def discard(db: sqlite3.Connection, places: Places, suspects: Iterable[Object], now: float) -> list[Path]:
    """Move those suspects aside that are damaged, forget them, return their places.

    It is checked again here, under the write lock: another process may have put a good copy in place meanwhile. A lost
    file keeps its record, because its texts are good; a lost text has to be made again; a lost image is missing.
    """
    damaged = [thing for thing in suspects if not thing.intact()]
    for thing in damaged:
        objects.set_aside(thing.path, places.damaged)
        if thing.kind == "file":
            db.execute("UPDATE files SET lost_at = ? WHERE sha256 = ?", (now, thing.sha256))
        elif thing.kind == "image":
            images.forget(db, thing.path)
        else:
            table = "texts" if thing.kind == "text" else "refusals"
            db.execute(f"DELETE FROM {table} WHERE sha256 = ?", (thing.sha256,))
    return [thing.path for thing in damaged]
