"""What the pipeline is measured against, on the same plan with the same slots, workers and HTTP client.

`phased` acquires everything, then converts. `sketch` has the shape of seed documents 000 and 001: open access results
are queued as they come, retrieval jobs are polled in turn once every open access attempt has ended, the consumer makes
a task of each item. Neither checks what it downloads nor stores a text, which is in their favour.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from core.http import HttpClient
from core.metadata import PaperMetadata
from core.settings import Settings
from tests.benchmarks.figures import Run
from tests.benchmarks.plan import SLOTS, Plan
from tests.benchmarks.planned import PlannedConverter
from tests.benchmarks.watch import Watch
from tests.benchmarks.world import World

#: The queue of the seed documents.
SKETCH_QUEUE = 8

Variant = Callable[["Bench"], Awaitable[None]]


@dataclass(frozen=True)
class Bench:
    """What a variant works with."""

    papers: list[PaperMetadata]
    http: HttpClient
    service: HttpClient
    settings: Settings
    folder: Path
    converter: PlannedConverter
    watch: Watch

    async def download(self, paper: PaperMetadata) -> Path:
        """Fetch an open copy."""
        return (await self.http.download(paper["oa_urls"][0], self.folder)).path

    async def submit(self, paper: PaperMetadata) -> str:
        """Hand a paper to the retrieval service; return where its job is."""
        url = self.settings.retrieve_academic_url
        page = await self.service.fetch(f"{url}/retrieve", method="POST", json={"doi": paper["doi"]}, retry=False)
        return f"{url}/jobs/{page.json()['job_id']}"

    async def completed(self, job: str) -> bool:
        """Tell whether a job is done."""
        return bool((await self.service.fetch(job)).json()["status"] == "completed")

    async def collect(self, job: str) -> Path:
        """Fetch the file of a job."""
        return (await self.service.download(f"{job}/file", self.folder)).path

    async def convert(self, paper: PaperMetadata, path: Path) -> None:
        """Convert one paper."""
        await self.converter.convert(path, deadline=60)
        self.watch.note("converted", paper["doi"])


async def run(variant: Variant, plan: Plan, world: World, folder: Path) -> Run:
    """Return how a variant runs a plan."""
    folder.mkdir()
    settings = world.settings(folder)
    converter, watch = PlannedConverter(world.library.convert_s, slots=plan.workers), Watch()
    async with HttpClient(settings) as http:
        service = http.service(settings.retrieve_academic_url)
        await variant(Bench(world.papers, http, service, settings, folder, converter, watch))
    return watch.run(world.library.by_paper(converter.took_s))


async def phased(bench: Bench) -> None:
    """Acquire all papers, jobs beside downloads, then convert them, the most relevant first."""
    slots, paths = asyncio.Semaphore(SLOTS), {}

    async def acquire(paper: PaperMetadata) -> None:
        if paper["oa_urls"]:
            async with slots:
                paths[paper["doi"]] = await bench.download(paper)
        else:
            job = await bench.submit(paper)
            while not await bench.completed(job):  # noqa: ASYNC110 - polling is what it does
                await asyncio.sleep(bench.settings.poll_interval_s)
            async with slots:
                paths[paper["doi"]] = await bench.collect(job)
        bench.watch.note("acquired", paper["doi"])

    papers = _by_relevance(bench)
    async with asyncio.TaskGroup() as acquiring:
        for paper in papers:
            acquiring.create_task(acquire(paper))
    workers = asyncio.Semaphore(bench.converter.slots)

    async def convert(paper: PaperMetadata) -> None:
        async with workers:
            await bench.convert(paper, paths[paper["doi"]])

    async with asyncio.TaskGroup() as converting:
        for paper in papers:
            converting.create_task(convert(paper))


async def sketch(bench: Bench) -> None:
    """Stream as the seed documents do."""
    queue: asyncio.Queue[tuple[PaperMetadata, Path] | None] = asyncio.Queue(SKETCH_QUEUE)
    async with asyncio.TaskGroup() as group:
        group.create_task(_sketch_producer(bench, queue))
        group.create_task(_sketch_consumer(bench, queue))


async def _sketch_producer(bench: Bench, queue: asyncio.Queue[tuple[PaperMetadata, Path] | None]) -> None:
    slots = asyncio.Semaphore(SLOTS)

    async def acquire(paper: PaperMetadata) -> tuple[PaperMetadata, str] | None:
        async with slots:
            if not paper["oa_urls"]:
                return paper, await bench.submit(paper)
            path = await bench.download(paper)
            bench.watch.note("acquired", paper["doi"])
            await queue.put((paper, path))
            return None

    submitted = await asyncio.gather(*(acquire(paper) for paper in _by_relevance(bench)))
    pending = {job: paper for paper, job in filter(None, submitted)}
    while pending:
        for job in list(pending):
            if await bench.completed(job):
                paper, path = pending.pop(job), await bench.collect(job)
                bench.watch.note("acquired", paper["doi"])
                await queue.put((paper, path))
        if pending:
            await asyncio.sleep(bench.settings.poll_interval_s)
    await queue.put(None)


async def _sketch_consumer(bench: Bench, queue: asyncio.Queue[tuple[PaperMetadata, Path] | None]) -> None:
    workers = asyncio.Semaphore(bench.converter.slots)

    async def process(paper: PaperMetadata, path: Path) -> None:
        async with workers:
            await bench.convert(paper, path)

    async with asyncio.TaskGroup() as active:
        while (item := await queue.get()) is not None:
            active.create_task(process(*item))


def _by_relevance(bench: Bench) -> list[PaperMetadata]:
    return sorted(bench.papers, key=lambda paper: -paper["relevance_score"])
