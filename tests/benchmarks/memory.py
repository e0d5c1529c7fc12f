"""Sections 3 and 4: memory stays flat over many papers, nothing is left over, and what is cached costs next to nothing."""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import psutil

from core.progress import ProgressEvent
from tests.benchmarks.plan import Plan, make
from tests.benchmarks.planned import PlannedConverter
from tests.benchmarks.report import Section, Target
from tests.benchmarks.world import World, serving
from workflows.research.academic_lit_review.paper_processor import run_paper_pipeline
from workflows.research.academic_lit_review.paper_processor.state import PipelineResult

MIB = 1024 * 1024
SMALL_PDF = 20_000


def measure(*, count: int, seed: int) -> Section:
    """Read `count` papers that take no time and compare the memory after a quarter of them with that at the end."""
    section, rss = Section("memory"), dict[int, int]()
    me, early = psutil.Process(), count // 4

    def watch(event: ProgressEvent) -> None:
        if event["done"] in (early, count):
            rss.setdefault(event["done"], me.memory_info().rss)

    with tempfile.TemporaryDirectory() as name:
        home = Path(name) / "home"
        with serving(instant(count, seed), Path(name) / "world", pdf_bytes=SMALL_PDF) as world:
            result = asyncio.run(_read(world, home, watch))
        assert len(result.results) == count, result.acquisition_failed
        left = [path for path in (home / "tmp").rglob("*") if path.is_file()]
    kib = (rss[count] - rss[early]) / (count - early) / 1024
    section.notes.append(
        f"RSS after {early} papers {rss[early] / MIB:.0f} MB, after {count} {rss[count] / MIB:.0f} MB: {kib:.1f} kB a paper"
    )
    section.targets = [
        Target(f"RSS after {count} papers / after {early}", rss[count] / rss[early], 1.15, False),
        Target("temporary files left", len(left), 0, False),
    ]
    return section


def rerun(*, count: int, seed: int) -> Section:
    """Read `count` papers twice; the second time everything is there."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name) / "home"
        with serving(instant(count, seed), Path(name) / "world", pdf_bytes=SMALL_PDF) as world:
            first, second = (_timed(world, home) for _ in range(2))
    section = Section("rerun", notes=[f"{count} papers: first run {first[0]:.1f} s, warm rerun {second[0]:.2f} s"])
    section.targets = [
        Target(f"seconds for a warm rerun of {count} papers", second[0], 3.0, False),
        Target("papers converted again", second[1], 0, False),
    ]
    return section


def instant(count: int, seed: int) -> Plan:
    """Return a plan in which everything is there at once."""
    plan = make(workers=2, rho=1.0, seconds=1.0, count=count, seed=seed)
    papers = tuple(replace(paper, download_s=0.0, job_s=0.0, convert_s=0.0) for paper in plan.papers)
    return replace(plan, papers=papers)


def _timed(world: World, home: Path) -> tuple[float, int]:
    started = time.monotonic()
    result = asyncio.run(_read(world, home))
    converted = [outcome for outcome in result.results.values() if outcome["status"] == "converted"]
    return time.monotonic() - started, len(converted)


async def _read(world: World, home: Path, watch: object = None) -> PipelineResult:
    converter = PlannedConverter(world.library.convert_s, slots=2)
    return await run_paper_pipeline(
        world.papers,
        settings=world.settings(home, max_processing=2),
        converter=converter,
        on_event=watch,  # type: ignore[arg-type]
    )
