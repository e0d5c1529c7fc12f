"""The images of texts: in a folder of the text's hash, under the names by which its Markdown refers to them."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.stores import objects
from core.stores.objects import Places

#: What is safe as a file name everywhere, and cannot lead out of its folder.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,149}")


@dataclass(frozen=True)
class Image:
    """An image at `path`, in the scratch folder or in its place."""

    name: str
    path: Path
    sha256: str
    size: int


@contextmanager
def written(images: Mapping[str, bytes], scratch: Path) -> Generator[list[Image]]:
    """Give durable files in `scratch` with the contents of `images`; names that are no safe file names are left out."""
    usable = {name: data for name, data in images.items() if _NAME.fullmatch(name)}
    with ExitStack() as stack:
        paths = {name: stack.enter_context(objects.written(data, scratch)) for name, data in usable.items()}
        yield [Image(name, paths[name], hashlib.sha256(data).hexdigest(), len(data)) for name, data in usable.items()]


def add(db: sqlite3.Connection, places: Places, text_sha256: str, images: Sequence[Image]) -> None:
    """Move staged images to the folder of their text; whatever is there under one of the names is replaced."""
    folder = places.images(text_sha256)
    rows = [(text_sha256, image.name, image.sha256, image.size) for image in images]
    if rows:
        objects.settle_all({image.path: folder / image.name for image in images}, folder)
        db.executemany("INSERT OR REPLACE INTO images (text_sha256, name, sha256, size) VALUES (?, ?, ?, ?)", rows)


def known(db: sqlite3.Connection, places: Places) -> list[Image]:
    """Return every image of a text that is there."""
    rows = db.execute("SELECT * FROM images WHERE text_sha256 IN (SELECT sha256 FROM texts) ORDER BY text_sha256, name")
    return [
        Image(row["name"], places.images(row["text_sha256"]) / row["name"], row["sha256"], row["size"]) for row in rows
    ]


def forget(db: sqlite3.Connection, place: Path) -> None:
    """Forget the image at `place`."""
    db.execute("DELETE FROM images WHERE text_sha256 = ? AND name = ?", (place.parent.name, place.name))


def forget_unused(db: sqlite3.Connection) -> None:
    """Forget the images of texts that are no more; their files go with the next sweep."""
    db.execute("DELETE FROM images WHERE text_sha256 NOT IN (SELECT sha256 FROM texts)")
