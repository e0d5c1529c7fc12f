"""Section 2: how soon the first paper is converted, whether a worker idles, whether the bound and the loop hold."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from core.settings import Settings
from tests.benchmarks.plan import SLOTS, Plan, make
from tests.benchmarks.planned import PlannedConverter
from tests.benchmarks.report import Section, Target
from tests.benchmarks.watch import Watch
from tests.benchmarks.world import process, serving
from workflows.research.academic_lit_review.paper_processor import run_paper_pipeline

TICK_S = 0.005
QUEUE = 8


def measure(*, seconds: float, count: int, seed: int) -> Section:
    """Run a balanced plan, one that fills a small queue, and real PDFs through the real engine."""
    section = Section("latency")
    _starts(section, make(workers=2, rho=1.0, seconds=seconds, count=count, seed=seed))
    _bound(section, make(workers=2, rho=2.0, seconds=seconds / 2, count=count, seed=seed))
    _lag(section)
    return section


def _starts(section: Section, plan: Plan) -> None:
    watch, converter, own = _run(plan)
    first = min(converter.started.values()) - watch.began - min(watch.acquired.values())
    started = {own[sha256]: at - watch.began for sha256, at in converter.started.items()}
    ended = {own[sha256]: started[own[sha256]] + took for sha256, took in converter.took_s.items()}
    idle, longest = idleness(watch.acquired, started, ended, plan.workers)
    share = idle / plan.workers / max(ended.values())
    section.targets += [
        Target("ms from the first paper acquired to the first conversion started", first * 1000, 100, False),
        Target("worker time idle while a paper waits (hand-over)", share, 0.01, False),
        Target("longest such hand-over, ms", longest * 1000, 100, False),
    ]


def idleness(
    acquired: Mapping[str, float], started: Mapping[str, float], ended: Mapping[str, float], workers: int
) -> tuple[float, float]:
    """Return for how many worker seconds a worker was free while a paper waited, and the longest time in one piece."""
    changes = sorted(
        [(at, 1, 0) for at in acquired.values()]
        + [(at, -1, 1) for at in started.values()]
        + [(at, 0, -1) for at in ended.values()]
    )
    waiting = running = 0
    total = piece = longest = 0.0
    for (at, waits, runs), (until, _, _) in zip(changes, [*changes[1:], changes[-1]], strict=True):
        waiting, running = waiting + waits, running + runs
        idle = min(waiting, workers - running)
        piece = piece + until - at if idle > 0 else 0.0
        total, longest = total + max(0, idle) * (until - at), max(longest, piece)
    return total, longest


def _bound(section: Section, plan: Plan) -> None:
    watch, _, _ = _run(plan, queue_size=QUEUE)
    section.targets.append(
        Target("most papers acquired and unfinished", watch.most_unfinished, QUEUE + plan.workers + SLOTS, False)
    )


def _run(plan: Plan, **overrides: int) -> tuple[Watch, PlannedConverter, dict[str, str]]:
    with tempfile.TemporaryDirectory() as name, serving(plan, Path(name) / "world") as world:
        settings = world.settings(Path(name) / "home", max_processing=plan.workers, **overrides)
        converter, watch = PlannedConverter(world.library.convert_s, slots=plan.workers), Watch()
        asyncio.run(_pipeline(world.papers, settings, converter, watch))
        return watch, converter, world.library.ids


async def _pipeline(papers: list, settings: Settings, converter: PlannedConverter, watch: Watch) -> None:  # type: ignore[type-arg]
    await run_paper_pipeline(papers, settings=settings, converter=converter, on_event=watch)


def _lag(section: Section) -> None:
    corpus = os.environ.get("LIT_REVIEW_CORPUS")
    source = ("--corpus", corpus) if corpus else ("--samples",)
    with tempfile.TemporaryDirectory() as name, process("core.loopback", *source) as told:
        settings = Settings(**{"_env_file": None, **told["settings"], "home": Path(name)})
        lags, read = asyncio.run(_ticking(told["papers"], settings))
    p50, p99, most = (1000 * percentile(lags, part) for part in (0.5, 0.99, 1.0))
    section.notes.append(
        f"event loop while {read} {'real' if corpus else 'sample'} PDFs convert: lag p50 {p50:.2f} ms, p99 {p99:.1f} ms,"
        f" most {most:.1f} ms over {len(lags)} ticks"
    )
    section.targets.append(Target("event-loop lag p99, ms", p99, 50, False))


async def _ticking(papers: list, settings: Settings) -> tuple[list[float], int]:  # type: ignore[type-arg]
    """Return how late each tick of a clock was while `papers` were read, and how many of them were."""
    clock, lags = asyncio.get_running_loop().time, []

    async def tick() -> None:
        while True:
            due = clock() + TICK_S
            await asyncio.sleep(TICK_S)
            lags.append(clock() - due)

    async with asyncio.TaskGroup() as group:
        ticker = group.create_task(tick())
        result = await run_paper_pipeline(papers, settings=settings)
        ticker.cancel()
    return lags, len(result.results)


def percentile(values: Sequence[float], part: float) -> float:
    """Return the value below which `part` of the values lie."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]
