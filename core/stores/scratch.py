"""Folders for unfinished files. A lock that dies with its process holds each, so what is left can be swept."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
from pathlib import Path

_NAME = re.compile(r"run-[0-9a-f]{16}")


class Scratch:
    """A private folder under `tmp`, held until `close`.

    `open` and `sweep` must not run at once in two processes: do both under the database's write lock.
    """

    def __init__(self, tmp: Path) -> None:
        name = f"run-{secrets.token_hex(8)}"
        self.folder = tmp / name
        self._lock = tmp / f"{name}.lock"
        self._handle: int | None = None

    def open(self) -> None:
        """Make the folder and take its lock."""
        self._handle = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.folder.mkdir()

    def close(self) -> None:
        """Delete the folder and let go of the lock; a second time does nothing."""
        if self._handle is None:
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.unlink(missing_ok=True)
        fcntl.flock(self._handle, fcntl.LOCK_UN)  # explicitly: a forked child may still hold a copy of the handle
        os.close(self._handle)
        self._handle = None


def sweep(tmp: Path) -> int:
    """Delete the folders whose process is gone, return how many there were. Nothing else in `tmp` is touched."""
    names = {path.stem for path in tmp.iterdir() if _NAME.fullmatch(path.stem)}
    dead = [name for name in names if not _held(tmp / f"{name}.lock")]
    for name in dead:
        shutil.rmtree(tmp / name, ignore_errors=True)
        (tmp / f"{name}.lock").unlink(missing_ok=True)
    return len(dead)


def _held(lock: Path) -> bool:
    """Tell whether a living process has the lock; flock is per open file, so this sees our own process too."""
    try:
        handle = os.open(lock, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
