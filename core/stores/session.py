"""An open home: its database, its scratch folder, and the one thread in which both are used."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from core.errors import StoreError
from core.stores import damage, images, objects, schema, scratch
from core.stores.database import Database, explained
from core.stores.objects import Places

P = ParamSpec("P")
R = TypeVar("R")


class Session:
    """Runs functions in the store's own thread, each a transaction. `home` is absolute."""

    def __init__(self, home: Path) -> None:
        self.places = Places(home)
        self.database = Database(self.places.database)
        self._scratch = scratch.Scratch(self.places.tmp)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="paper-store")

    @property
    def scratch(self) -> Path:
        """The folder for unfinished files."""
        return self._scratch.folder

    async def open(self) -> None:
        """Make or take over the home, and sweep what dead processes left half done."""
        await self.run(self._open)

    def _open(self) -> None:
        objects.make_folder(self.places.tmp)
        self.database.open(schema.check)
        with self.database.writing() as db:
            if schema.create(db):
                objects.retire(self.places)
            images.forget_unused(db)
            scratch.sweep(self.places.tmp)
            objects.sweep(self.places, {thing.path for thing in damage.known(db, self.places)})
            self._scratch.open()

    async def close(self) -> None:
        """Wait for what runs and let go of everything; cancelling stops the waiting only."""
        closed = asyncio.get_running_loop().run_in_executor(self._thread, self._explained, self._close)
        self._thread.shutdown(wait=False)
        await asyncio.shield(closed)
        await asyncio.to_thread(self._thread.shutdown)

    def _close(self) -> None:
        try:
            self.database.close()
        finally:
            self._scratch.close()

    async def run(self, job: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `job` in the thread. A cancelled caller leaves at once; a job that has begun is finished."""
        call = partial(self._explained, job, *args, **kwargs)
        try:
            result = asyncio.get_running_loop().run_in_executor(self._thread, call)
        except RuntimeError as error:
            raise StoreError(f"the paper store at {self.places.home} is closed") from error
        return await result

    def _explained(self, job: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        with explained(self.places.home):
            return job(*args, **kwargs)

    async def read(self, job: Callable[Concatenate[sqlite3.Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `job` on a consistent view of the database."""

        def transaction() -> R:
            with self.database.reading() as db:
                return job(db, *args, **kwargs)

        return await self.run(transaction)

    async def write(self, job: Callable[Concatenate[sqlite3.Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `job` as the only writer of all processes."""

        def transaction() -> R:
            with self.database.writing() as db:
                return job(db, *args, **kwargs)

        return await self.run(transaction)
