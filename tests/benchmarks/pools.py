"""What the pool of worker processes costs: is a converter idle while papers wait, and what does each call add?"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median
from types import TracebackType
from typing import Self

from core.conversion.converter import Converted, Converter
from core.conversion.engines import choose
from core.conversion.layout import extract
from core.conversion.workers import MIB, Memory, Workers
from core.settings import Settings
from tests.benchmarks.latency import idleness
from tests.benchmarks.report import Section, Target, ratio
from tests.benchmarks.scores import SAMPLE
from tests.benchmarks.watch import Watch
from workflows.research.academic_lit_review.paper_processor import run_paper_pipeline

SAMPLES = sorted(SAMPLE.parent.glob("*.pdf"))
ROUNDS = 6
BUSY = 0.98


class Timed:
    """An engine that notes when each conversion began and ended."""

    def __init__(self, engine: Converter) -> None:
        self.engine = engine
        self.name, self.rank, self.slots, self.reads_scans = engine.name, engine.rank, engine.slots, engine.reads_scans
        self.started: dict[str, float] = {}
        self.ended: dict[str, float] = {}

    @property
    def fingerprint(self) -> str:
        """Return the engine's."""
        return self.engine.fingerprint

    async def __aenter__(self) -> Self:
        await self.engine.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.engine.__aexit__(kind, error, trace)

    def deadline(self, pages: int) -> float:
        """Return the engine's."""
        return self.engine.deadline(pages)

    async def convert(self, pdf: Path, *, deadline: float) -> Converted:
        """Convert, and note when."""
        self.started[pdf.stem] = time.monotonic()
        try:
            return await self.engine.convert(pdf, deadline=deadline)
        finally:
            self.ended[pdf.stem] = time.monotonic()


def utilisation(engines: Sequence[str]) -> Section:
    """Read papers that are all there already, and tell for which share of the time a slot stood empty beside them."""
    found = Section("utilisation while papers wait", ("engine", "slots", "papers", "busy"))
    folder = os.environ.get("LIT_REVIEW_CORPUS")
    pdfs = sorted(Path(folder, "pdfs").glob("*.pdf")) if folder else SAMPLES
    for engine in engines:
        share, slots = asyncio.run(_busy(engine, pdfs))
        found.rows.append((engine, str(slots), str(len(pdfs)), ratio(share)))
        found.targets.append(Target(f"{engine}: share of the slots that work while a paper waits", share, BUSY))
    return found


async def _busy(engine: str, pdfs: Sequence[Path]) -> tuple[float, int]:
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), converter=engine, retrieve_academic_url="")
        records = [{"title": pdf.stem, "pdf_path": str(pdf)} for pdf in pdfs]
        watch = Watch()
        async with Timed(choose(settings).converter) as timed:
            await run_paper_pipeline(records, settings=settings, converter=timed, on_event=watch)  # type: ignore[arg-type]
    started = {name: at - watch.began for name, at in timed.started.items()}
    ended = {name: at - watch.began for name, at in timed.ended.items()}
    idle, _ = idleness(watch.acquired, started, ended, timed.slots)
    return 1 - idle / (timed.slots * (max(started.values()) - min(watch.acquired.values()))), timed.slots


def overhead() -> Section:
    """Convert the sample papers over and over in one process, by a bare loop and by one call of the pool for each."""
    bare, pooled = asyncio.run(_compared([str(pdf) for pdf in SAMPLES]))
    added = [a - b for a, b in zip(pooled, bare, strict=True)]
    found = Section("overhead of the pool", ("papers", "bare loop, ms a paper", "pool, ms a paper", "ratio"))
    found.rows.append((str(len(bare)), *(f"{1000 * mean(times):.1f}" for times in (bare, pooled)), _over(pooled, bare)))
    found.notes.append(f"median of what a call of the pool adds: {1000 * median(added):.2f} ms")
    return found


def _over(pooled: Sequence[float], bare: Sequence[float]) -> str:
    return f"{sum(pooled) / sum(bare):.3f}"


async def _compared(paths: Sequence[str]) -> tuple[list[float], list[float]]:
    """Return the seconds of each conversion, the two ways taking turns."""
    bare: list[float] = []
    pooled: list[float] = []
    memory = Memory(2048 * MIB)
    async with (
        Workers("tests.benchmarks.pools:loop", slots=1, memory=memory) as looping,
        Workers("core.conversion.layout:extract", slots=1, memory=memory) as workers,
    ):
        for _ in range(ROUNDS):
            bare += await looping.run(paths, deadline=600)
            for path in paths:
                started = time.perf_counter()
                await workers.run(path, deadline=600)
                pooled.append(time.perf_counter() - started)
    first = len(paths)  # the first round pays for starting
    return bare[first:], pooled[first:]


def loop(paths: list[str]) -> list[float]:
    """Return how long each conversion takes without a pool; run in a worker process."""
    seconds = []
    for path in paths:
        started = time.perf_counter()
        extract(path)
        seconds.append(time.perf_counter() - started)
    return seconds
