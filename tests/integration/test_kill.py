"""`kill -9` of real runs, at random and at chosen moments; then the next run does what is left, and only that."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from core.loopback import Internet, Plan, Route, Served
from core.loopback.traffic import Request
from core.stores.papers import PaperStore
from tests.killing import Run, Runner, jobs, runner, texts, workers_of
from tests.leftovers import unfinished
from tests.library import PDFS, unique
from tests.storing import faults, named, objects

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: The same moments every time; with more of them, other ones every time.
KILLS = int(os.environ.get("LIT_REVIEW_KILLS", "20"))
WORKERS = 2
OPTIONS = {"max_processing": WORKERS, "max_downloads": 4, "host_concurrency": 4, "queue_size": 3}

#: The ways of the papers, in turn: every rung, and faults that pass; the last one leads nowhere.
WAYS: tuple[tuple[Route, ...], ...] = (
    (Route("oa_url"),),
    (Route("retrieve", delay_s=0.1),),
    (Route("pmc"),),
    (Route("oa_url", fault="wrong_paper"), Route("retrieve")),
    (Route("arxiv", fault="unavailable", times=1),),
    (Route("landing", style="galley"),),
    (Route("oa_url", fault="truncated", times=1), Route("retrieve", fault="status_503", times=2)),
    (Route("europepmc", fault="http_403"), Route("oa_url", host="rogue")),
    (Route("retrieve", fault="submit_503", times=1, delay_s=0.2),),
    (Route("oa_url", fault="paywall"), Route("retrieve", fault="NOT_FOUND")),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def runs() -> AsyncIterator[Runner]:
    async with runner() as started:
        yield started


def numbered(number: int) -> Served:
    """Return a paper on one of the ways, or as JATS, if it has that."""
    jats = PDFS[number % len(PDFS)].jats
    return unique(number, *((Route("jats"),) if jats else WAYS[number % len(WAYS)]))


def lost(net: Internet) -> set[str]:
    """Return the papers that cannot be had."""
    return {paper.id for paper in net.plan.papers if paper.routes[-1].fault == "NOT_FOUND"}


class Audit:
    """Follows runs over one home, and sees that none repeats what an earlier one has finished."""

    def __init__(self, net: Internet, home: Path) -> None:
        self.net, self.home = net, home
        self.started: Counter[str] = Counter()
        self._read: set[str] = set()
        self._jobs: set[str] = set()
        self._submits: Counter[str] = Counter()

    def check(self, run: Run) -> None:
        """Check what a run has done, whether it was killed or not."""
        assert set(run.papers("converting")) & self._read == set()
        assert {name for name in self._jobs if self.net.submits[name] > self._submits[name]} == set()
        assert faults(self.home) == []
        self.started.update(run.papers("converting"))
        self._read |= texts(self.home) | set(run.papers("converted"))
        assert self._read <= texts(self.home)
        self._jobs, self._submits = jobs(self.home), Counter(self.net.submits)

    async def finish(self, run: Run) -> None:
        """Let a run come to its end, and check that everything is there and nothing else."""
        await run.finish()
        self.check(run)
        assert run.events[-1]["done"] == len(self.net.papers)
        assert set(run.papers("failed")) == lost(self.net)
        assert self._read == {paper.id for paper in self.net.plan.papers} - lost(self.net)
        assert len(self.net.jobs.by_id) == len(self.net.submits)
        assert unfinished(self.home) == []
        assert objects(self.home) == named(self.home)
        async with PaperStore.open(self.home) as store:
            assert (await store.verify()).damaged == ()


def at_random(rng: random.Random, net: Internet, run: Run) -> Awaitable[None]:
    """Return a moment: after some more events, or after some more requests have begun or have been answered."""

    def answered() -> int:
        return sum(request.seconds is not None for request in net.requests)

    count, begun, done = rng.randrange(12), len(net.requests), answered()
    moments: tuple[Callable[[], Awaitable[None]], ...] = (
        lambda: run.until(lambda: len(run.events) >= count),
        lambda: net.until(lambda: len(net.requests) >= begun + count),
        lambda: net.until(lambda: answered() >= done + count),
    )
    return rng.choice(moments)()


@pytest.mark.timeout(300)
async def test_after_kill_9_at_random_nothing_is_lost_and_nothing_is_done_twice(runs: Runner, tmp_path: Path) -> None:
    rng, kills = random.Random(11 if KILLS == 20 else None), 0
    async with Internet(Plan(tuple(numbered(number) for number in range(3 * KILLS)))) as net:
        audit = Audit(net, tmp_path)
        while kills < KILLS:
            run = await runs.start(net, tmp_path, **OPTIONS)
            kills += await run.kill(at_random(rng, net, run))
            audit.check(run)
        await audit.finish(await runs.start(net, tmp_path, **OPTIONS))
    assert audit.started.total() <= len(net.papers) + kills * WORKERS


FILES = ("/file", "/paper.pdf")


def under_way(request: Request) -> bool:
    """Tell whether a paper's file is being sent."""
    return request.path.endswith(FILES) and request.status == 200 and request.seconds is None


#: What is known to have happened -> the paper's way, the moment, and how often it is then asked for, submitted and
#: converted altogether.
OPEN, JOB = Route("oa_url"), Route("retrieve")
CUT, CUT_JOB = Route("oa_url", fault="stalled", times=1), Route("retrieve", fault="stalled", times=1)
Moment = Callable[[Internet, Run], Awaitable[None]]
POINTS: dict[str, tuple[Route, Moment, int, int, int]] = {
    "nothing": (OPEN, lambda net, run: run.until(lambda: True), 1, 0, 1),
    "the_store_is_open": (OPEN, lambda net, run: run.until(lambda: run.count("started") == 1), 1, 0, 1),
    "a_file_is_on_its_way": (CUT, lambda net, run: net.until(lambda: any(map(under_way, net.requests))), 2, 0, 1),
    "the_job_is_submitted": (JOB, lambda net, run: net.until(lambda: net.submits.total() == 1), 1, 2, 1),
    "the_job_is_asked_about": (JOB, lambda net, run: net.until(lambda: asked(net, "/jobs/job-1") > 0), 1, 1, 1),
    "the_jobs_file_is_on_its_way": (CUT_JOB, lambda net, run: net.until(lambda: any(map(under_way, net.requests))), 2, 1, 1),
    "the_file_is_in_the_store": (OPEN, lambda net, run: run.until(lambda: run.count("acquired") == 1), 1, 0, 2),
    "the_conversion_has_begun": (OPEN, lambda net, run: run.until(lambda: run.count("converting") == 1), 1, 0, 2),
    "the_text_is_in_the_store": (OPEN, lambda net, run: run.until(lambda: run.count("converted") == 1), 1, 0, 1),
}  # fmt: skip


#: What the service does only after the kill, so that the run gets no further than the moment.
HELD = {"the_job_is_submitted": "submitted", "the_job_is_asked_about": "job"}


def asked(net: Internet, path: str) -> int:
    return sum(request.path == path for request in net.requests)


def transfers(net: Internet) -> int:
    """Return how often the paper's file was asked for."""
    return sum(request.path.endswith(FILES) for request in net.requests)


async def test_the_worker_processes_that_must_not_survive_are_seen_while_they_live(
    runs: Runner, tmp_path: Path
) -> None:
    """The tests here would not fail if they looked for the wrong processes."""
    async with Internet(Plan((unique(1, OPEN), unique(2, Route("oa_url", host="rogue"))))) as net:
        gate = net.hold("rogue")
        run = await runs.start(net, tmp_path, **OPTIONS)
        await run.until(lambda: run.count("converted") == 1)
        assert len(workers_of(run.pid)) >= 2
        gate.release()
        await run.finish()


@pytest.mark.parametrize("point", POINTS)
async def test_killed_when(runs: Runner, tmp_path: Path, point: str) -> None:
    way, moment, requests, submits, conversions = POINTS[point]
    async with Internet(Plan((unique(1, way),))) as net:
        audit = Audit(net, tmp_path)
        gate = net.hold(f"{HELD.get(point, 'nothing')}:{net.plan.papers[0].id}")
        run = await runs.start(net, tmp_path, **OPTIONS)
        assert await run.kill(moment(net, run))
        audit.check(run)
        gate.release()
        await audit.finish(await runs.start(net, tmp_path, **OPTIONS))
        assert (transfers(net), net.submits.total()) == (requests, submits)
        assert audit.started.total() <= conversions
