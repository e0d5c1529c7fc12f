"""Section 1: how near the pipeline comes to the least time a plan takes, beside the phased and the sketched variants."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from tests.benchmarks import ideal, others
from tests.benchmarks.figures import Figures, Run, figures
from tests.benchmarks.plan import Plan, make
from tests.benchmarks.planned import PlannedConverter, PlannedProcesses
from tests.benchmarks.report import Section, Target, ratio
from tests.benchmarks.watch import Watch
from tests.benchmarks.world import World, running, serving, write
from workflows.research.academic_lit_review.paper_processor import run_paper_pipeline

LOADS = {0.5: "downloads", 1.0: "balanced", 2.0: "conversion"}
WORKERS = (1, 2, 4)


@dataclass(frozen=True)
class Row:
    """The figures of one plan: of the pipeline, of an overhead-free one with the same times, and of the others."""

    load: str
    workers: int
    ours: Figures
    ideal: Figures
    phased: Figures | None = None
    sketch: Figures | None = None


def measure(*, seconds: float, count: int, seed: int, quick: bool = False) -> Section:
    """Run every setting; `seconds` is the work for each slot of the longer stage."""
    section = Section("efficiency (lower bound / makespan)", _HEADER)
    settings = [(1.0, 2)] if quick else list(itertools.product(LOADS, WORKERS))
    rows = [compare(make(workers=k, rho=rho, seconds=seconds, count=count, seed=seed)) for rho, k in settings]
    section.rows = [_cells(row) for row in rows]
    section.targets = (
        [Target("least eff_conv", min(row.ours.eff_conv for row in rows), 0.9)] if quick else _targets(rows)
    )
    if not quick:
        section.notes = _beside(seconds, count, seed)
    return section


def _targets(rows: list[Row]) -> list[Target]:
    return [
        Target("least eff_conv", min(row.ours.eff_conv for row in rows), 0.97),
        Target("least eff_e2e", min(row.ours.eff_e2e for row in rows), 0.95),
        Target("least eff_e2e / what the plan allows", min(row.ours.eff_e2e / row.ideal.eff_e2e for row in rows), 0.97),
        Target("part of the run after which the top fifth is read", max(r.ours.top_read for r in rows), 0.25, False),
    ]


def compare(plan: Plan) -> Row:
    """Return the figures of one plan, run by the pipeline and then by the two others side by side."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library = write(plan, folder / "world")
        with running(library, folder / "world") as world:
            ours = asyncio.run(pipeline(plan, world, folder / "home"))
        with running(library, folder / "world") as one, running(library, folder / "world") as two:
            phased, sketch = asyncio.run(_others(plan, one, two, folder))
    ours, phased, sketch = _logged(ours, world), _logged(phased, one), _logged(sketch, two)
    measured = plan.measured(ours.download_s, ours.convert_s)
    allowed = figures(ideal.run(measured), measured)
    return Row(
        LOADS[plan.rho], plan.workers, figures(ours, plan), allowed, figures(phased, plan), figures(sketch, plan)
    )


async def pipeline(plan: Plan, world: World, home: Path, converter: PlannedConverter | None = None) -> Run:
    """Return how the real pipeline runs a plan: real store, queue, acquisition and HTTP."""
    engine = converter or PlannedConverter(world.library.convert_s, slots=plan.workers)
    settings, watch = world.settings(home, max_processing=plan.workers), Watch()
    await run_paper_pipeline(world.papers, settings=settings, converter=engine, on_event=watch)
    return watch.run(world.library.by_paper(engine.took_s))


async def _others(plan: Plan, one: World, two: World, folder: Path) -> tuple[Run, Run]:
    phased = others.run(others.phased, plan, one, folder / "phased")
    sketch = others.run(others.sketch, plan, two, folder / "sketch")
    first, second = await asyncio.gather(phased, sketch)
    return first, second


def _logged(run: Run, world: World) -> Run:
    """Return a run with what its hosts say they took, known once their world has ended."""
    return replace(run, download_s=world.download_s)


def _beside(seconds: float, count: int, seed: int) -> list[str]:
    """Return two lines for the balanced plan with two workers: real child processes, and open access only."""
    plan = make(workers=2, rho=1.0, seconds=seconds, count=count, seed=seed)
    with tempfile.TemporaryDirectory() as name, serving(plan, Path(name) / "world") as world:
        run = asyncio.run(_in_processes(plan, world, Path(name) / "home"))
    processes = figures(_logged(run, world), plan)
    free = compare(make(workers=2, rho=1.0, seconds=seconds, count=count, seed=seed, jobs=0.0))
    assert free.sketch is not None
    assert free.phased is not None
    return [
        f"k=2 balanced, sleeping in the real worker processes: eff_conv {ratio(processes.eff_conv)},"
        f" eff_e2e {ratio(processes.eff_e2e)}",
        f"k=2 balanced, open access only: eff_e2e {ratio(free.ours.eff_e2e)} (allowed {ratio(free.ideal.eff_e2e)}),"
        f" phased {ratio(free.phased.eff_e2e)}, sketch {ratio(free.sketch.eff_e2e)}",
    ]


async def _in_processes(plan: Plan, world: World, home: Path) -> Run:
    async with PlannedProcesses(world.library.convert_s, slots=plan.workers) as engine:
        return await pipeline(plan, world, home, engine)


_HEADER = (
    *("load", "k", "eff_conv", "eff_e2e", "allowed", "busy", "top fifth", "its mean"),
    *("phased e2e", "top", "sketch e2e", "top"),
)


def _cells(row: Row) -> list[str]:
    ours, allowed = row.ours, row.ideal.eff_e2e
    cells = [ours.eff_conv, ours.eff_e2e, allowed, ours.utilisation, ours.top_read, ours.top_mean]
    for other in (row.phased, row.sketch):
        assert other is not None
        cells += [other.eff_e2e, other.top_read]
    return [row.load, str(row.workers), *map(ratio, cells)]
