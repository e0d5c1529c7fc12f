"""A file on its way to disk: hashed as it grows, then kept under its hash or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

HEAD_BYTES = 4096


class Part:
    """A file being received; every method blocks and is called in a thread.

    The lock is there because cancelling a download does not stop the thread it has started: `drop` waits until that
    thread has finished its step, and after it no step does anything.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: BinaryIO | None = None
        self._path: Path | None = None
        self._hash = hashlib.sha256()
        self._lock = threading.Lock()
        self._dropped = False
        self.head = b""
        self.size = 0

    def begin(self) -> None:
        """Start with an empty file; what an earlier try wrote is removed."""
        with self._lock:
            self._remove()
            if self._dropped:
                return
            handle, name = tempfile.mkstemp(prefix=".part-", dir=self._folder)
            self._file, self._path = os.fdopen(handle, "wb"), Path(name)
            self._hash, self.head, self.size = hashlib.sha256(), b"", 0

    def write(self, data: bytes) -> None:
        """Append `data`."""
        with self._lock:
            if self._file is None:
                return
            self._file.write(data)
            self._hash.update(data)
            self.head += data[: HEAD_BYTES - len(self.head)]
            self.size += len(data)

    def keep(self) -> tuple[Path, str]:
        """Make the file durable under its sha256 and return both; if that name is taken, a suffix sets it apart."""
        sha256 = self._hash.hexdigest()
        with self._lock:
            if self._file is None or self._path is None:
                return self._folder, sha256
            self._file.flush()
            os.fsync(self._file.fileno())
            target = _reserve(self._folder, sha256)
            os.replace(self._path, target)
            self._path = target
            self._file.close()
            _sync_folder(self._folder)
            return target, sha256

    def drop(self) -> None:
        """Remove the file, kept or not."""
        with self._lock:
            self._dropped = True
            self._remove()

    def _remove(self) -> None:
        if self._file is not None:
            self._file.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
        self._file = self._path = None


@asynccontextmanager
async def receiving(folder: Path) -> AsyncGenerator[Part]:
    """Give out a `Part` that is removed unless the block ends well; nothing is awaited after a good end."""
    part = Part(folder)
    well = False
    try:
        yield part
        well = True
    finally:
        if not well:
            await asyncio.to_thread(part.drop)


def _reserve(folder: Path, sha256: str) -> Path:
    """Take a free name: two papers may be given the same bytes, and each owner moves or removes its own file."""
    number = 0
    while True:
        target = folder / (f"{sha256}.{number}" if number else sha256)
        try:
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            number += 1
        else:
            return target


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
