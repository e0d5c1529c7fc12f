"""Files named by the SHA-256 of their content: written aside, made durable, then renamed to their place."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Container, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
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

#: An object that cannot be read for one of these reasons is as good as gone; any other error may pass.
_UNREADABLE = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EIO)

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
        return self.home / f"files/{checked(sha256)[:2]}/{sha256}{SUFFIXES.get(media_type, '.bin')}"

    def text(self, sha256: str) -> Path:
        """Return the place of a text."""
        return self.home / f"texts/{checked(sha256)[:2]}/{sha256}.md"

    def images(self, text_sha256: str) -> Path:
        """Return the folder of a text's images."""
        return self.home / f"images/{checked(text_sha256)[:2]}/{text_sha256}"

    def refused(self, sha256: str) -> Path:
        """Return the place of a refused file; it has no suffix, so that nothing opens it by mistake."""
        return self.home / "refused" / checked(sha256)

    def objects(self) -> Iterator[Path]:
        """Yield every object there is, and nothing that others may have put beside them."""
        for pattern in ("files/??/*", "texts/??/*", "refused/*"):
            yield from (path for path in self.home.glob(pattern) if _SHA256.fullmatch(path.stem))
        yield from (path for path in self.home.glob("images/??/*/*") if _SHA256.fullmatch(path.parent.name))


def checked(sha256: str) -> str:
    """Return `sha256`; raise StoreError when it is not 64 hexadecimal digits, so that no path is made of it."""
    if not _SHA256.fullmatch(sha256):
        raise StoreError(f"{sha256!r} is not a SHA-256 in lower case hexadecimal digits")
    return sha256


def read(path: Path) -> bytes | None:
    """Return the content of an object, None when there is none that can be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        if error.errno in _UNREADABLE:
            return None
        raise


def digest(path: Path) -> str:
    """Return the SHA-256 of an object, empty when there is none that can be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        if error.errno in _UNREADABLE:
            return ""
        raise


def has_size(path: Path, size: int) -> bool:
    """Tell whether there is an object of that size."""
    try:
        return os.stat(path).st_size == size
    except OSError as error:
        if error.errno in _UNREADABLE:
            return False
        raise


@contextmanager
def staged(source: Path, scratch: Path, sha256: str) -> Generator[tuple[Path, int]]:
    """Give a durable file in `scratch` with the content of `source`, which must have the hash `sha256`, and its size.

    A file that already lies in the scratch folder is taken as it is; any other belongs to somebody and is copied.
    """
    if source.resolve().is_relative_to(scratch.resolve()) and not source.is_symlink():
        yield source, _seal(source, sha256)
        return
    with _temporary(scratch) as copy:
        shutil.copyfile(source, copy)
        yield copy, _seal(copy, sha256)


@contextmanager
def written(data: bytes, scratch: Path) -> Generator[Path]:
    """Give a durable file in `scratch` that holds `data`."""
    with _temporary(scratch) as path:
        path.write_bytes(data)
        _seal(path, hashlib.sha256(data).hexdigest())
        yield path


def _seal(path: Path, sha256: str) -> int:
    """Make a file durable after a look at its hash; return its size."""
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != checked(sha256):
            raise StoreError(f"{path} does not have the SHA-256 {sha256}: the file changed or the disk is failing")
        os.fsync(file.fileno())
        return os.fstat(file.fileno()).st_size


@contextmanager
def _temporary(scratch: Path) -> Generator[Path]:
    """Give a new file's path; whatever is still there at the end is deleted."""
    handle, name = tempfile.mkstemp(prefix="new-", dir=scratch)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def settle(staged: Path, place: Path) -> None:
    """Move a staged file to its place, durably. What is there is replaced: it has the same content, or is damaged."""
    settle_all({staged: place}, place.parent)


def settle_all(staged: Mapping[Path, Path], folder: Path) -> None:
    """Do what `settle` does for several files that have their places in one folder."""
    make_folder(folder)
    for source, place in staged.items():
        os.replace(source, place)
    sync_folder(folder)


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
    name = place.name if _SHA256.fullmatch(place.stem) else f"{place.parent.name}-{place.name}"
    try:
        os.replace(place, damaged / name)
    except FileNotFoundError:
        return
    sync_folder(place.parent)


def sweep(places: Places, known: Container[Path]) -> int:
    """Delete the objects that are not `known`, return how many there were."""
    orphans = [path for path in places.objects() if path not in known and path.is_file()]
    for path in orphans:
        path.unlink()
    for folder in {path.parent for path in orphans if _SHA256.fullmatch(path.parent.name)}:
        with suppress(OSError):  # images of a text that are still wanted
            folder.rmdir()
    return len(orphans)


def retire(places: Places) -> None:
    """Move the objects of a lost database to a folder of their own: to a new one they would be orphans."""
    if any(places.objects()):
        folder = Path(tempfile.mkdtemp(prefix="unindexed-", dir=places.home))
        for name in ("files", "texts", "images", "refused"):
            if (places.home / name).exists():
                os.rename(places.home / name, folder / name)
