"""One SQLite connection, used by one thread; errors of the disk leave as `StoreError` with the path and what to do."""

from __future__ import annotations

import errno
import re
import sqlite3
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from core.errors import StoreError

T = TypeVar("T")

_SURROGATE = re.compile("[\ud800-\udfff]")

BUSY_TIMEOUT_S = 30.0

_FULL = "the disk is full: free some space and run again, nothing finished is lost"
_DENIED = "it cannot be written: check its owner and permissions, or choose another home"
_DAMAGED = "it is damaged: move it away (the files beside it are kept), or restore a copy"
_NO_LOCKS = "its file system cannot lock files: choose a home on a local disk"
_BUSY = f"another process has kept it locked for {BUSY_TIMEOUT_S:.0f} seconds: end that process and run again"

#: What to tell the user for a primary result code of SQLite (sqlite.org/rescode.html). Any other one is a bug of ours.
_ADVICE = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_PERM: _DENIED,
    sqlite3.SQLITE_READONLY: _DENIED,
    sqlite3.SQLITE_CANTOPEN: _DENIED,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: "the disk reports an error: check it (and its quota), then run again",
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: "it is not a paper store: move it away or choose another home",
    sqlite3.SQLITE_PROTOCOL: _NO_LOCKS,
}
_ERRNO_ADVICE = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: "the disk quota is used up: free some space and run again, nothing finished is lost",
    errno.EFBIG: "the file is larger than this process may write: raise the limit (ulimit -f)",
    errno.EACCES: _DENIED,
    errno.EPERM: _DENIED,
    errno.EROFS: _DENIED,
    errno.ENOTDIR: "it is not a folder: choose another home",
    errno.EEXIST: "it is not a folder: choose another home",
    errno.ENOLCK: _NO_LOCKS,
    errno.EOPNOTSUPP: _NO_LOCKS,
}


@contextmanager
def explained(path: Path) -> Generator[None]:
    """Turn an error of the disk or the database at `path` into a StoreError that says what to do."""
    try:
        yield
    except StoreError as error:
        raise type(error)(f"the paper store at {path}: {error}") from error
    except sqlite3.DatabaseError as error:
        advice = _ADVICE.get(code(error))
        if advice is None:
            raise
        raise StoreError(f"the paper store at {path}: papers.sqlite: {advice} ({error})") from error
    except OSError as error:
        advice = _ERRNO_ADVICE.get(error.errno or 0, "check that it can be read and written")
        raise StoreError(f"the paper store at {path}: {error.filename or path}: {advice} ({error.strerror})") from error


def code(error: sqlite3.Error) -> int:
    """Return the primary result code of `error`, 0 when it did not come from SQLite."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


class _Connection(sqlite3.Connection):
    """A connection that takes any text: half of a surrogate pair, which SQLite refuses, becomes U+FFFD."""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        return super().execute(sql, _encodable(parameters))

    def executemany(self, sql: str, parameters: Any, /) -> sqlite3.Cursor:
        return super().executemany(sql, [_encodable(row) for row in parameters])


def _encodable(parameters: Any) -> Any:
    if isinstance(parameters, dict):
        return {name: encodable(value) for name, value in parameters.items()}
    return [encodable(value) for value in parameters]


def encodable(value: T) -> T | str:
    """Return `value`; a text with half of a surrogate pair, which has no bytes, with U+FFFD in its place."""
    return _SURROGATE.sub("\ufffd", value) if isinstance(value, str) else value


class Database:
    """A connection to the database at `path`. Open, use and close it in one and the same thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None

    def open(self, check: Callable[[sqlite3.Connection], None]) -> None:
        """Connect; nothing is changed before `check` has passed. Several processes may do so at once."""
        db = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None, factory=_Connection)
        self._connection = db
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA foreign_keys = ON")
        with self.reading():
            check(db)
        patient(lambda: db.execute("PRAGMA journal_mode = WAL").fetchone())
        db.execute("PRAGMA synchronous = FULL")

    def close(self) -> None:
        """Disconnect; a second time does nothing."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """Give a consistent view of everything committed by now."""
        with self._transaction("BEGIN", "SELECT count(*) FROM sqlite_master") as db:
            yield db

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection]:
        """Give the only right to write among all processes; commit at the end, roll back on an error."""
        with self._transaction("BEGIN IMMEDIATE") as db:
            yield db

    @contextmanager
    def _transaction(self, *begin: str) -> Generator[sqlite3.Connection]:
        db = self._connection
        if db is None:
            raise StoreError("it is closed")
        try:
            patient(lambda: self._begin(db, begin))
            yield db
            db.execute("COMMIT")
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")

    @staticmethod
    def _begin(db: sqlite3.Connection, statements: tuple[str, ...]) -> None:
        if db.in_transaction:
            db.execute("ROLLBACK")
        for statement in statements:
            db.execute(statement).fetchall()


def patient(step: Callable[[], T], *, timeout_s: float = BUSY_TIMEOUT_S) -> T:
    """Do a harmless first `step`, again while the database is busy.

    SQLite's own `busy_timeout` is not asked in some corners: switching to WAL, recovery, the last close of another
    process (sqlite.org/wal.html section 9).
    """
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            return step()
        except sqlite3.OperationalError as error:
            if code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
