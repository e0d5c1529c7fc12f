"""The paper store: content-addressed files and a SQLite index; the cache, the ledger and the table of jobs.

    async with PaperStore.open(settings.home) as store:
        holdings = await store.lookup(ids, rank=10, fingerprint=converter.fingerprint)

Every method is one transaction: when it returns, what it did survives a power cut; when it is cancelled, it happened
as a whole or not at all. Several stores, in one process or many, may use the same home at once. A store that cannot be
used raises `StoreError`.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
import zlib
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from core.conversion.converter import Converted
from core.errors import StoreError
from core.metadata import PaperMetadata
from core.stores import answers, catalogue, damage, files, images, jobs, ledger, lookup, objects, summary, texts
from core.stores.records import (
    Attempt,
    ClosedJobState,
    Holding,
    Refusal,
    Stats,
    StoredFailure,
    StoredFile,
    StoredJob,
    StoredText,
    Verification,
    check_reason,
)
from core.stores.session import Session


class PaperStore:
    """An open paper store; get one from `PaperStore.open`. `clock` gives Unix seconds."""

    def __init__(self, home: Path, clock: Callable[[], float]) -> None:
        self.home = home
        self._clock = clock
        self._session = Session(home)
        self._database = self._session.database
        self._places = self._session.places

    @classmethod
    @asynccontextmanager
    async def open(cls, home: Path, *, clock: Callable[[], float] = time.time) -> AsyncGenerator[PaperStore]:
        """Open the store under `home`, made if it is not there; what dead processes left half done is swept.

        Raises StoreError, or StoreVersionError when a newer version of this program wrote it.
        """
        store = cls(await asyncio.to_thread(home.absolute), clock)
        try:
            await store._session.open()
            yield store
        finally:
            await store._session.close()

    @property
    def scratch(self) -> Path:
        """This store's folder for unfinished files, deleted when it closes."""
        return self._session.scratch

    # papers

    async def put_papers(self, papers: Mapping[str, PaperMetadata]) -> None:
        """Add records by `paper_id`, or enrich known ones: a new value wins, an empty one erases nothing."""
        await self._session.write(catalogue.put, dict(papers), self._clock())

    async def papers(self, ids: Iterable[str]) -> dict[str, PaperMetadata]:
        """Return the records of those `ids` that are known."""
        return await self._session.read(catalogue.get, list(ids))

    async def paper(self, paper_id: str) -> PaperMetadata | None:
        """Return the record of a paper, None when it is not known."""
        return (await self.papers([paper_id])).get(paper_id)

    async def lookup(self, ids: Iterable[str], *, rank: int, fingerprint: str) -> dict[str, Holding]:
        """Return what the store has of each of `ids`, which may be many thousands.

        `text` is the best one of rank `rank` or better, `file` the one it was made of or else the newest, `failure`
        unexpired and, if of a conversion, by this very `fingerprint`. An object that is gone or not of its recorded
        size counts as not there and is forgotten.
        """
        return await self._session.run(self._lookup, list(ids), rank, fingerprint, self._clock())

    def _lookup(self, ids: list[str], rank: int, fingerprint: str, now: float) -> dict[str, Holding]:
        with self._database.reading() as db:
            found = lookup.find(db, self._places, ids, rank=rank, fingerprint=fingerprint, now=now)
        if found.bad_texts or found.bad_files:
            with self._database.writing() as db:
                bad = damage.select(db, self._places, texts=found.bad_texts, files=found.bad_files)
                damage.discard(db, self._places, bad, now)
        return found.holdings

    # files and texts

    async def add_file(
        self,
        paper_id: str,
        path: Path,
        *,
        sha256: str,
        media_type: str,
        source: str,
        url: str,
        license: str = "",  # noqa: A002 - it is called that in every catalogue
        license_evidence: str = "",
        version: str = "",
    ) -> StoredFile:
        """Accept a file as the full text of a paper. From `scratch` it is moved, from anywhere else copied.

        Raises StoreError when the file does not have the hash `sha256`.
        """
        file = StoredFile(sha256, path, 0, media_type, source, url, license, license_evidence, version)
        return await self._session.run(self._accept, paper_id, path, file, self._clock())

    def _accept(self, paper_id: str, path: Path, file: StoredFile, now: float) -> StoredFile:
        with objects.staged(path, self.scratch, file.sha256) as (staged, size), self._database.writing() as db:
            return files.accept(db, self._places, paper_id, staged, replace(file, size=size), now)

    async def refuse_file(
        self, paper_id: str, path: Path, *, sha256: str, source: str, url: str, reason: str, detail: str = ""
    ) -> None:
        """Keep a file aside that is not the full text of this paper; accepted before or not, it is no hit any more."""
        check_reason(reason)
        refusal = Refusal(sha256, path, source, url, reason, detail, self._clock())
        await self._session.run(self._refuse, paper_id, path, refusal)

    def _refuse(self, paper_id: str, path: Path, refusal: Refusal) -> None:
        with objects.staged(path, self.scratch, refusal.sha256) as (staged, size), self._database.writing() as db:
            files.refuse(db, self._places, paper_id, staged, size, refusal)

    async def refusals(self, paper_id: str) -> list[Refusal]:
        """Return what was refused for a paper, oldest first."""
        return await self._session.read(files.refusals, self._places, paper_id)

    async def add_text(
        self,
        paper_id: str,
        file_sha256: str,
        converted: Converted,
        *,
        seconds: float,
    ) -> StoredText:
        """Store the text of an accepted file with its images; the paper's failures are forgotten with it.

        If this converter already made a text of this file, that one stays and is returned. Images whose names are no
        safe file names are left out. Raises StoreError when the file is not an accepted one of the paper.
        """
        new = texts.NewText(file_sha256, converted, seconds)
        return await self._session.run(self._add_text, paper_id, new, self._clock())

    def _add_text(self, paper_id: str, new: texts.NewText, now: float) -> StoredText:
        data, scratch = texts.encode(new.converted.markdown), self.scratch
        with objects.written(data, scratch) as path, images.written(new.converted.images, scratch) as pictures:
            staged = texts.Staged(path, hashlib.sha256(data).hexdigest(), pictures)
            with self._database.writing() as db:
                return texts.add(db, self._places, paper_id, staged, new, now)

    async def texts_of(self, paper_id: str) -> list[StoredText]:
        """Return every text of the paper's accepted files, the best first."""
        return await self._session.read(texts.of_paper, self._places, paper_id)

    async def read_text(self, sha256: str) -> str:
        """Return a text; raise StoreError when it is not there, or is damaged: then it is moved aside and forgotten."""
        return await self._session.run(self._read_text, sha256, self._clock())

    def _read_text(self, sha256: str, now: float) -> str:
        data = objects.read(self._places.text(sha256))
        if data is not None and hashlib.sha256(data).hexdigest() == sha256:
            return texts.decode(data)
        with self._database.writing() as db:
            bad = damage.select(db, self._places, texts=[sha256], files=[])
            damage.discard(db, self._places, bad, now)
        raise StoreError(f"the text {sha256} is {'not there' if data is None else 'damaged'}: convert its file again")

    # what was tried

    async def add_attempt(self, paper_id: str, *attempts: Attempt) -> None:
        """Append attempts at a paper to the ledger."""
        await self._session.write(ledger.add, paper_id, attempts, self._clock())

    async def attempts(self, paper_id: str) -> list[Attempt]:
        """Return the attempts at a paper in the order they were recorded."""
        return await self._session.read(ledger.attempts, paper_id)

    async def add_failure(self, paper_id: str, failure: StoredFailure, *, ttl_s: float) -> None:
        """Believe for `ttl_s` seconds that a paper cannot be had or read; 0 remembers nothing."""
        await self._session.write(ledger.fail, paper_id, failure, ttl_s=ttl_s, now=self._clock())

    async def forget_failures(self, ids: Iterable[str]) -> None:
        """Forget what is known not to work for these papers."""
        await self._session.write(ledger.forgive, list(ids))

    # retrieval jobs

    async def open_job(self, paper_id: str, *, service: str, idempotency_key: str) -> StoredJob:
        """Note, before submitting it, that a job is wanted; return the open one if there is one already."""
        return await self._session.write(jobs.intend, paper_id, service, idempotency_key, self._clock())

    async def job_submitted(self, paper_id: str, service: str, job_id: str, at: float | None = None) -> None:
        """Note the id the service gave the open job, and when (now, if not told)."""
        await self._session.write(jobs.submitted, paper_id, service, job_id, self._clock() if at is None else at)

    async def close_job(self, paper_id: str, service: str, state: ClosedJobState, detail: str = "") -> None:
        """End the open job of a paper, if there is one."""
        await self._session.write(jobs.close, paper_id, service, state, detail, self._clock())

    # answers of catalogues

    async def put_answer(self, key: str, body: bytes) -> None:
        """Keep an answer under `key`, dated now."""
        deflated = await asyncio.to_thread(zlib.compress, body)
        await self._session.write(answers.put, key, deflated, self._clock())

    async def answer(self, key: str, max_age_s: float) -> bytes | None:
        """Return the answer that was put under `key` in the last `max_age_s` seconds."""
        now = self._clock()
        return await self._session.read(answers.get, key, now - max_age_s, now)

    # the whole

    async def stats(self) -> Stats:
        """Return how much the store holds."""
        return await self._session.read(summary.stats, self._clock())

    async def forget(self, paper_id: str) -> None:
        """Forget everything about a paper; the disk space is free after the next opening."""
        await self._session.write(summary.forget, paper_id)

    async def verify(self) -> Verification:
        """Check the hash of every object, one at a time so that others get their turn; damaged ones are moved aside."""
        things = await self._session.read(damage.known, self._places)
        damaged = [path for thing in things for path in await self._session.run(self._check, thing)]
        return Verification(len(things), sum(thing.size for thing in things), tuple(damaged))

    def _check(self, thing: damage.Object) -> list[Path]:
        if thing.intact():
            return []
        with self._database.writing() as db:
            return damage.discard(db, self._places, [thing], self._clock())
