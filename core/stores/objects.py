"""Files named by the SHA-256 of their content: written aside, made durable, then renamed to their place."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import StoreError

#: What a file is called by its kind. The name is for people; the kind of record is in the database.
SUFFIXES = {
    "application/pdf": ".pdf",
    "application/xhtml+xml": ".html",
    "application/xml": ".xml",
    "text/html": ".html",
    "text/markdown": ".md",
    "text/plain": ".txt",
    "text/xml": ".xml",
}

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Places:
    """Where things lie under `home`."""

    home: Path

    @property
    def database(self) -> Path:
        """The index."""
        return self.home / "papers.sqlite"

    @property
    def tmp(self) -> Path:
        """The scratch folders."""
        return self.home / "tmp"

    @property
    def damaged(self) -> Path:
        """Objects that did not hold what their name says."""
        return self.home / "damaged"

    def file(self, sha256: str, media_type: str) -> Path:
        """Return the place of an accepted file."""
        return self.home / "files" / checked(sha256)[:2] / (sha256 + SUFFIXES.get(media_type, ".bin"))

    def text(self, sha256: str) -> Path:
        """Return the place of a text."""
        return self.home / "texts" / checked(sha256)[:2] / f"{sha256}.md"

    def refused(self, sha256: str) -> Path:
        """Return the place of a refused file; it has no suffix, so that nothing opens it by mistake."""
        return self.home / "refused" / checked(sha256)

    def objects(self) -> Iterator[Path]:
        """Yield every object there is."""
        for pattern in ("files/*/*", "texts/*/*", "refused/*"):
            yield from self.home.glob(pattern)


def checked(sha256: str) -> str:
    """Return `sha256`; raise StoreError when it is not 64 hexadecimal digits, so that no path is made of it."""
    if not _SHA256.fullmatch(sha256):
        raise StoreError(f"{sha256!r} is not a SHA-256 in lower case hexadecimal digits")
    return sha256


def digest(path: Path) -> str:
    """Return the SHA-256 of a file; empty when there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""


def has_size(path: Path, size: int) -> bool:
    """Tell whether there is a file of that size."""
    try:
        return os.stat(path).st_size == size
    except FileNotFoundError:
        return False


def stage(source: Path, scratch: Path, sha256: str) -> tuple[Path, int]:
    """Return a durable file in `scratch` with the content of `source`, which must have the hash `sha256`, and its size.

    A file that already lies in the scratch folder is taken as it is; any other belongs to somebody and is copied.
    """
    ours = source.is_relative_to(scratch) and not source.is_symlink()
    staged = source if ours else _copy(source, scratch)
    with staged.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != checked(sha256):
            raise StoreError(f"{source} does not have the SHA-256 {sha256}: the file changed or the disk is failing")
        os.fsync(file.fileno())
        return staged, os.fstat(file.fileno()).st_size


def _copy(source: Path, scratch: Path) -> Path:
    target = _fresh(scratch)
    shutil.copyfile(source, target)
    return target


def write(data: bytes, scratch: Path) -> Path:
    """Return a durable file in `scratch` that holds `data`."""
    path = _fresh(scratch)
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return path


def _fresh(scratch: Path) -> Path:
    handle, name = tempfile.mkstemp(prefix="new-", dir=scratch)
    os.close(handle)
    return Path(name)


def settle(staged: Path, place: Path) -> None:
    """Move a staged file to its place, durably. What is there is replaced: it has the same content, or is damaged."""
    make_folder(place.parent)
    os.replace(staged, place)
    sync_folder(place.parent)


def make_folder(folder: Path) -> None:
    """Make a folder, durably, with its parents."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def set_aside(place: Path, damaged: Path) -> None:
    """Move a damaged object out of the way, for whoever wants to look at it."""
    make_folder(damaged)
    try:
        os.replace(place, damaged / place.name)
    except FileNotFoundError:
        return
    sync_folder(place.parent)


def sweep(places: Places, known: Container[Path]) -> int:
    """Delete the objects that are not `known`, return how many there were."""
    orphans = [path for path in places.objects() if path not in known]
    for path in orphans:
        path.unlink()
    return len(orphans)
