"""What a run finds half done it goes on with, under the same limits as everything else."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from core.conversion.converter import Converted
from core.loopback import Internet, Route
from tests.fakes import HeldConverter
from tests.invariants import high_water
from tests.library import many
from tests.watching import Watch
from workflows.research.academic_lit_review.paper_processor import run_paper_pipeline


async def cancelled(net: Internet, home: Path, watch: Watch, acquired: int, **sizes: Any) -> None:
    """Run with a converter that finishes nothing until so many papers are acquired, then cancel."""
    settings = net.settings(home, max_processing=1, host_concurrency=8, **sizes)
    running = run_paper_pipeline(net.papers, settings=settings, converter=HeldConverter(), on_event=watch)
    task = asyncio.create_task(running)
    await watch.seen("acquired", acquired)
    task.cancel()
    await asyncio.wait([task])


class OneByOne(HeldConverter):
    """A converter that finishes one paper whenever it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self._permits = asyncio.Semaphore(0)
        self.open()

    def finish_one(self) -> None:
        """Let one more conversion end."""
        self._permits.release()

    async def convert(self, pdf: Path, *, deadline: float) -> Converted:
        """Return a text when it is this paper's turn."""
        await self._permits.acquire()
        return await super().convert(pdf, deadline=deadline)


async def test_papers_restored_from_the_store_keep_the_bound_together_with_those_that_come(tmp_path: Path) -> None:
    """One that was restored waited for room beside the transfers, each of which had a paper in hand."""
    watch, converter, papers = Watch(), OneByOne(), 24
    sizes = {"queue_size": 2, "max_processing": 1, "max_downloads": 2}
    bound = sum(sizes.values())
    async with Internet(many(papers, Route("oa_url"))) as net:
        await cancelled(net, tmp_path, Watch(), 8, queue_size=8)
        settings = net.settings(tmp_path, host_concurrency=8, **sizes)
        running = run_paper_pipeline(net.papers, settings=settings, converter=converter, on_event=watch)
        task = asyncio.create_task(running)
        for finished in range(papers):
            await watch.seen("acquired", min(papers, bound + finished))
            converter.finish_one()
        assert len((await task).results) == papers
    assert high_water(watch.events) == bound


async def test_what_an_earlier_run_has_stored_is_not_asked_for_again(tmp_path: Path) -> None:
    async with Internet(many(8, Route("oa_url"))) as net:
        await cancelled(net, tmp_path, Watch(), 8, queue_size=8)
        asked = len(net.asked(host="repository"))
        converter = HeldConverter()
        converter.open()
        result = await run_paper_pipeline(net.papers, settings=net.settings(tmp_path), converter=converter)
        assert len(result.results) == 8
        assert len(net.asked(host="repository")) == asked
