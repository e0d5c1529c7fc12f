"""What it costs to convert on a Ray cluster instead of in worker processes here: both on this machine, in one run."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from statistics import median

from core.conversion.pool import Pool, open_pool
from core.conversion.workers import Memory
from core.settings import Settings
from core.streaming import together
from tests.benchmarks.report import Section, Target, ratio
from tests.benchmarks.scores import SAMPLE
from tests.raycluster import cluster

SLOTS = 2
ROUNDS = 2  # of each, taking turns
SMALL = 24  # calls one after the other, of the smallest paper
SPEED = 0.9
ADDED_MS = 25.0


def section() -> Section:
    """Convert the same papers by both pools, in as many slots, and compare the time it takes."""
    found = Section("Ray against the local pool", ("papers", "slots", "local, s", "Ray, s", "speed"))
    if find_spec("ray") is None:
        found.notes.append("not measured: the extra [ray] is not installed")
        return found
    papers = _papers()
    with cluster() as nodes:
        local, far, added_ms = asyncio.run(_compared(papers, nodes.address))
    found.rows.append((str(len(papers)), str(SLOTS), f"{local:.1f}", f"{far:.1f}", ratio(local / far)))
    found.notes.append(f"a call that goes over Ray takes {added_ms:.1f} ms longer (median)")
    if _corpus():  # the sample papers take hardly longer than the way to them
        found.targets.append(Target("speed of Ray on this machine, local pool = 1", local / far, SPEED))
    found.targets.append(Target("milliseconds that Ray adds to a call", added_ms, ADDED_MS, at_least=False))
    return found


def _corpus() -> str:
    return os.environ.get("LIT_REVIEW_CORPUS", "")


def _papers() -> list[Path]:
    return sorted(Path(_corpus(), "pdfs").glob("*.pdf") if _corpus() else SAMPLE.parent.glob("*.pdf"))


async def _compared(papers: Sequence[Path], address: str) -> tuple[float, float, float]:
    """Return the seconds for all papers here and over Ray, and the milliseconds that one small call takes longer."""
    async with _pool("") as here, _pool(address) as there:
        seconds: dict[Pool, list[float]] = {here: [], there: []}
        small: dict[Pool, list[float]] = {here: [], there: []}
        smallest = min(papers, key=lambda paper: paper.stat().st_size)
        for pool in (here, there) * ROUNDS:
            await pool.warm()
            seconds[pool].append(await _all(pool, papers))
            small[pool] += await _each(pool, [smallest] * SMALL)
    added = median(small[there]) - median(small[here])
    return sum(seconds[here]), sum(seconds[there]), 1000 * added


def _pool(address: str) -> Pool:
    settings = Settings(ray_address=address, ray_slots=SLOTS)
    memory = Memory(settings.worker_memory_bytes)
    return open_pool(settings, "core.conversion.layout:extract", slots=SLOTS, memory=memory, recycle_after=10**6)


async def _all(pool: Pool, papers: Sequence[Path]) -> float:
    started = time.perf_counter()
    await together(*(pool.run(paper, deadline=600) for paper in papers))
    return time.perf_counter() - started


async def _each(pool: Pool, papers: Sequence[Path]) -> list[float]:
    times = [time.perf_counter()]
    for paper in papers:
        await pool.run(paper, deadline=600)
        times.append(time.perf_counter())
    return [end - start for start, end in pairwise(times)]
