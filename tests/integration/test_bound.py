"""No more papers are acquired and unfinished than the queue, the workers and the transfers can hold.

Whatever is the narrow place is let go on one paper at a time, and only when everything before it is full.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from core.conversion.converter import Converted
from core.errors import ConversionError
from core.loopback import Internet, Route
from core.stores.papers import PaperStore
from tests.fakes import HeldConverter
from tests.invariants import high_water
from tests.library import many
from tests.watching import Watch
from workflows.research.academic_lit_review.paper_processor import run_paper_pipeline
from workflows.research.academic_lit_review.paper_processor.state import PipelineResult

PAPERS = 24
SIZES = {"queue_size": 2, "max_processing": 1, "max_downloads": 2}
BOUND = sum(SIZES.values())


class Turnstile:
    """Lets one more through whenever it is told to."""

    def __init__(self) -> None:
        self._permits = asyncio.Semaphore(0)

    def release(self) -> None:
        self._permits.release()

    async def pass_through(self) -> None:
        await self._permits.acquire()


class SlowConverter(HeldConverter):
    """A converter before which papers wait for their turn; with `fails` none of them can be converted."""

    def __init__(self, turn: Turnstile | None = None, *, fails: bool = False) -> None:
        super().__init__()
        self._turn, self._fails = turn, fails
        self.open()

    async def convert(self, pdf: Path, *, deadline: float) -> Converted:
        """Return a text when it is this paper's turn."""
        if self._turn:
            await self._turn.pass_through()
        if self._fails:
            raise ConversionError("conversion_failed", "as planned")
        return await super().convert(pdf, deadline=deadline)


class SlowStore:
    """A paper store in which what ends a paper is written when it is its turn."""

    def __init__(self, store: PaperStore, turn: Turnstile) -> None:
        self._store, self._turn = store, turn

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        return self._slowly(method) if name in ("add_text", "add_failure") else method

    def _slowly(self, method: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
        async def wait(*given: object, **how: object) -> object:
            await self._turn.pass_through()
            return await method(*given, **how)

        return wait


async def filled(net: Internet, home: Path, turn: Turnstile, **how: Any) -> Watch:
    """Run; let a paper through the turnstile when as many as possible are acquired; return what happened."""
    watch = Watch()
    settings = net.settings(home, host_concurrency=8, **SIZES)
    task: asyncio.Task[PipelineResult] = asyncio.create_task(
        run_paper_pipeline(net.papers, settings=settings, on_event=watch, **how)
    )
    for passed in range(PAPERS):
        await watch.seen("acquired", min(PAPERS, BOUND + passed))
        turn.release()
    assert len((await task).outcomes) == PAPERS
    return watch


async def test_a_slow_converter_stops_the_transfers(tmp_path: Path) -> None:
    """f01, W11: the queue bounded nothing."""
    turn = Turnstile()
    async with Internet(many(PAPERS, Route("oa_url"))) as net:
        watch = await filled(net, tmp_path, turn, converter=SlowConverter(turn))
    assert high_water(watch.events) == BOUND


@pytest.mark.parametrize("fails", [False, True])
async def test_a_slow_store_stops_a_fast_converter(tmp_path: Path, fails: bool) -> None:
    """What is converted or has failed, and is not on disk yet, is unfinished."""
    turn = Turnstile()
    async with Internet(many(PAPERS, Route("oa_url"))) as net, PaperStore.open(tmp_path) as store:
        slow: Any = SlowStore(store, turn)
        watch = await filled(net, tmp_path, turn, store=slow, converter=SlowConverter(fails=fails))
    assert high_water(watch.events) == BOUND


async def test_papers_restored_from_the_store_count_like_those_that_come(tmp_path: Path) -> None:
    """One that was restored waited for room beside the transfers, each of which had a paper in hand."""
    turn, before = Turnstile(), Watch()
    async with Internet(many(PAPERS, Route("oa_url"))) as net:
        settings = net.settings(tmp_path, max_processing=1, host_concurrency=8, queue_size=8)
        task = asyncio.create_task(
            run_paper_pipeline(net.papers, settings=settings, converter=HeldConverter(), on_event=before)
        )
        await before.seen("acquired", 8)
        task.cancel()
        await asyncio.wait([task])
        watch = await filled(net, tmp_path, turn, converter=SlowConverter(turn))
    assert high_water(watch.events) == BOUND
