"""The shape that must never come back: the pipeline of the seed documents, rebuilt from what they describe.

Seed 000 has the producer, the queue with its sentinel, the consumer and the poller; seed 001 adds open access attempts
that put into the queue themselves. Each flaw is marked where it sits (f01 to f19). The program uses nothing of this:
`tests/unit/test_flaws.py` shows that every flaw is in here and that none is in the real pipeline.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from core.metadata import PaperMetadata

Key = str | None
Job = tuple[Key, str, Path]
Ended = tuple[Key, Path, Exception | None]


class Edges(Protocol):
    """What the sketch waits for: open copies, the retrieval service, the converter."""

    async def try_oa_download(self, paper: PaperMetadata) -> str | None: ...

    async def retrieve(self, paper: PaperMetadata) -> str: ...

    async def get_job_status(self, job_id: str) -> str: ...

    async def download_result(self, job_id: str, path: Path) -> None: ...

    async def process_single_document(self, source: str, paper: PaperMetadata) -> bool: ...


@dataclass
class Sketch:
    """One run. `bounded` mends f01: while nothing is bounded nobody waits for room, and f07 and f15 do not show."""

    edges: Edges
    folder: Path
    queue_size: int = 8
    workers: int = 4
    max_concurrent: int = 4
    delay_s: float = 2.0
    poll_interval_s: float = 2.0
    timeout_s: float = 300.0
    bounded: bool = False
    results: dict[Key, str] = field(default_factory=dict)
    acquisition_failed: list[Key] = field(default_factory=list)
    processing_failed: list[Key] = field(default_factory=list)

    async def run_paper_pipeline(self, papers: list[PaperMetadata]) -> None:
        """Run producer and consumer side by side; the cache phase is left out, for it knows of no job either (f14)."""
        # f13: one key for all papers that have no DOI, two for one spelled twice
        self.papers = {paper.get("doi"): paper for paper in papers}
        self.queue: asyncio.Queue[tuple[Key, str] | None] = asyncio.Queue(self.queue_size)
        # f11: when one of them fails, the other goes on without it; f19: what comes twice is done twice
        await asyncio.gather(self.acquisition_producer(papers), self.processing_consumer())

    async def acquisition_producer(self, papers: list[PaperMetadata]) -> None:
        """Submit everything, then poll, and tell by a sentinel that this was all."""
        slots = asyncio.Semaphore(self.max_concurrent)  # f17: whoever fails here, before the `try`, tells nobody

        async def acquire(paper: PaperMetadata, index: int) -> Job | None:
            async with slots:
                if index > 0:
                    await asyncio.sleep(self.delay_s)  # f16: they all sleep at once, and then they all ask at once
                doi = paper.get("doi")
                source = await self.edges.try_oa_download(paper)
                if source:
                    await self.queue.put((doi, source))  # f15 (seed 001): waits for room and keeps the slot
                    return None
                return doi, await self.edges.retrieve(paper), self.folder / f"{doi}.pdf"  # f18: a path made of a DOI

        try:
            acquiring = [acquire(paper, index) for index, paper in enumerate(papers)]
            ended = await asyncio.gather(*acquiring, return_exceptions=True)  # f02, f03: the slowest one first
            jobs = [job for job in ended if isinstance(job, tuple)]  # f09: whoever failed is forgotten
            async for doi, path, error in self.poll_jobs_until_complete(jobs):
                if error:
                    self.acquisition_failed.append(doi)
                else:
                    await self.queue.put((doi, str(path)))  # f07: the poller stands still meanwhile, its clock does not
        finally:
            await self.queue.put(None)  # f12b: waits for room, also when cancelled

    async def poll_jobs_until_complete(self, jobs: list[Job]) -> AsyncIterator[Ended]:
        """Yield each job with its error or None as it ends."""
        pending = {job_id: (doi, path) for doi, job_id, path in jobs}
        clock = asyncio.get_running_loop().time
        started = clock()
        while pending:
            if clock() - started > self.timeout_s:  # f07: looked at before the status, once for all jobs
                for job_id, (doi, path) in pending.items():
                    yield doi, path, TimeoutError(job_id)
                return
            for job_id in list(pending):  # f04: one after another
                state = await self.edges.get_job_status(job_id)  # f05: hangs for all; f08: fails for all
                if state == "completed":
                    doi, path = pending.pop(job_id)
                    await self.edges.download_result(job_id, path)  # f06: in the middle of the round
                    yield doi, path, None
                elif state == "failed":
                    yield *pending.pop(job_id), RuntimeError(job_id)
            if pending:
                await asyncio.sleep(self.poll_interval_s)

    async def processing_consumer(self) -> None:
        """Start a task for whatever comes out of the queue, until the sentinel does."""
        slots = asyncio.Semaphore(self.workers)
        tasks: set[asyncio.Task[None]] = set()

        async def process(doi: Key, source: str) -> None:
            async with slots:  # f01: the limit is in the task, behind the queue
                if await self.edges.process_single_document(source, self.papers[doi]):
                    self.results[doi] = source
                else:
                    self.processing_failed.append(doi)

        while item := await self.queue.get():
            task = asyncio.create_task(process(*item))  # f12: belongs to nobody when the consumer is cancelled
            tasks.add(task)
            task.add_done_callback(tasks.discard)  # f10: and its exception with it
            while self.bounded and len(tasks) >= self.workers:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.gather(*tasks, return_exceptions=True)  # f10
