"""Every flaw of the seeds' sketch (f01 to f19) in a planned world: the sketch shows it, the real pipeline does not.

A scenario is run twice, with `tests/sketch.py` and with the paper processor, and returns what it measured. What is
asserted of the sketch shows that the check can fail.
"""

from __future__ import annotations

import asyncio
import math
import re
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Protocol, TypeVar

import pytest

from core.errors import ConversionError, FetchError
from tests import sketch
from tests.clockwork import LONG_S, Clock, Ended, Ours, Shape, Sketched, World, paper

T = TypeVar("T")

FLAW = re.compile(r"\bf\d\db?\b")
FLAWS = {f"f{number:02}" for number in range(1, 20)} | {"f12b"}


class Both(Protocol):
    def __call__(self, scenario: Callable[[Shape], Awaitable[T]], *, bounded: bool = False) -> tuple[T, T]: ...


@pytest.fixture
def both(tmp_path: Path) -> Both:
    """Run a scenario with the sketch, then with the real pipeline, which must leave no task behind."""

    def run(scenario: Callable[[Shape], Awaitable[T]], *, bounded: bool = False) -> tuple[T, T]:
        homes = [tmp_path / name / "deep" / "home" for name in ("sketch", "ours")]
        measured, _ = on_clock(scenario, Sketched(homes[0], bounded))
        here, left = on_clock(scenario, Ours(homes[1]))
        assert left == 0
        return measured, here

    return run


def on_clock(scenario: Callable[[Shape], Awaitable[T]], shape: Shape) -> tuple[T, int]:
    """Return what a scenario measured on a clock of its own, and how many tasks it left behind."""

    async def main() -> tuple[T, int]:
        measured, left = await scenario(shape), others()
        while others():
            await cancelled(others())
        return measured, len(left)

    with asyncio.Runner(loop_factory=Clock) as runner:
        return runner.run(main())


def others() -> set[asyncio.Task[object]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


async def cancelled(tasks: set[asyncio.Task[object]]) -> int:
    """Cancel `tasks` once and return how many of them live on."""
    for task in tasks:
        task.cancel()
    _, living = await asyncio.wait(tasks, timeout=LONG_S) if tasks else (None, [])
    return len(living)


async def ended(run: Awaitable[Ended]) -> Ended | Exception | None:
    """Return how a run ended: with its lists, with an error, cancelled or not at all (both None)."""
    task = asyncio.ensure_future(run)
    await asyncio.wait([task], timeout=LONG_S)
    if not task.done() or task.cancelled():
        return None
    error = task.exception()
    return error if isinstance(error, Exception) else task.result()


async def unaccounted(shape: Shape, world: World) -> int:
    """Return how many papers of a run that went through are in no list."""
    result = await shape.run(world)
    return len(world.papers) - len(result.read) - len(result.failed)


def only(chosen: int, seconds: float) -> Callable[[int], float]:
    return lambda number: seconds if number == chosen else 0.0


def half(what: str, error: Exception) -> Callable[[str, int], Exception | None]:
    return lambda step, number: error if step == what and number % 2 else None


def test_no_more_papers_are_acquired_and_unfinished_than_queue_workers_and_transfers_hold(both: Both) -> None:
    """f01, seed 000: the bounded queue bounds nothing, for its consumer empties it into tasks."""

    async def most_unfinished(shape: Shape) -> int:
        papers = [paper(number, openly=True) for number in range(30)]
        world = World(papers, {"convert": lambda number: 10.0}, queue=3, workers=2, transfers=2)
        await shape.run(world)
        return max(accumulate({"acquired": 1, "read": -1}.get(step.what, 0) for step in world.log))

    in_sketch, here = both(most_unfinished)
    assert in_sketch == 30
    assert here <= 3 + 2 + 2


def test_a_slow_submit_delays_no_other_paper(both: Both) -> None:
    """f02, seed 000: all submits are gathered before the first poll."""

    async def first_text(shape: Shape) -> float:
        world = World([paper(number) for number in range(4)], {"submit": only(0, 3.0)})
        await shape.run(world)
        return world.times("read")[0]

    assert both(first_text) == (3.0, 0.0)


def test_a_job_is_polled_while_an_open_access_attempt_still_runs(both: Both) -> None:
    """f03, seed 001: retrieval jobs are not polled until the slowest open access attempt ends."""

    async def first_text(shape: Shape) -> float:
        papers = [paper(0, openly=True), paper(1)]
        world = World(papers, {"open": lambda number: 4.5, "job": lambda number: 0.1})
        await shape.run(world)
        return world.times("read")[0]

    assert both(first_text) == (4.5, 0.1)


def test_forty_jobs_ready_at_once_are_all_seen_within_a_moment(both: Both) -> None:
    """f04, seed 000: jobs are polled one after another."""

    async def last_text(shape: Shape) -> float:
        takes = {"status": lambda number: 0.1, "job": lambda number: 1.0}
        world = World([paper(number) for number in range(40)], takes)
        await shape.run(world)
        return world.times("read")[-1]

    in_sketch, here = both(last_text)
    assert in_sketch >= 5.0
    assert here <= 1.5


def test_a_hung_status_call_stalls_only_its_own_job(both: Both) -> None:
    """f05, seed 000: one hung status call stalls every job, and its own timeout is never checked."""

    async def texts_and_end(shape: Shape) -> tuple[list[float], bool]:
        world = World([paper(number) for number in range(5)], {"status": only(0, math.inf)})
        result = await ended(shape.run(world))
        return world.times("read"), result is not None

    assert both(texts_and_end) == (([], False), ([0.0] * 4, True))


def test_files_are_downloaded_side_by_side(both: Both) -> None:
    """f06, seed 000: the file is downloaded inside the polling generator."""

    async def texts(shape: Shape) -> list[float]:
        world = World([paper(number) for number in range(5)], {"file": lambda number: 1.0})
        await shape.run(world)
        return world.times("read")

    assert both(texts) == ([1.0, 2.0, 3.0, 4.0, 5.0], [1.0] * 5)


def test_backpressure_makes_no_finished_job_late(both: Both) -> None:
    """f07, seed 000: backpressure inside the generator eats the jobs' time, and elapsed is tested before status.

    The sketch shows it as soon as its queue bounds anything.
    """

    async def failed(shape: Shape) -> int:
        takes = {"job": lambda number: 0.0 if number >= 7 else 1.0, "convert": lambda number: 400.0}
        world = World([paper(number) for number in range(10)], takes, queue=1, workers=1, timeout_s=300.0)
        return len((await shape.run(world)).failed)

    assert both(failed, bounded=True) == (7, 0)


def test_one_failed_status_call_costs_no_paper(both: Both) -> None:
    """f08, seed 000: an exception from one status call ends everything."""

    async def read(shape: Shape) -> int:
        errors = [FetchError("http_503", status=503)]
        world = World(
            [paper(number) for number in range(10)],
            fails=lambda what, number: errors.pop() if (what, number) == ("status", 2) and errors else None,
        )
        result = await ended(shape.run(world))
        return len(result.read) if isinstance(result, Ended) else 0

    assert both(read) == (0, 10)


def test_a_paper_that_cannot_be_submitted_is_in_the_list_of_failures(both: Both) -> None:
    """f09, seed 000: failed submits are filtered out."""

    async def forgotten(shape: Shape) -> int:
        refusal = FetchError("http_422", status=422)
        return await unaccounted(shape, World([paper(number) for number in range(10)], fails=half("submit", refusal)))

    assert both(forgotten) == (5, 0)


def test_a_paper_that_cannot_be_converted_is_in_the_list_of_failures(both: Both) -> None:
    """f10, seed 000: an exception in the processing task is discarded."""

    async def forgotten(shape: Shape) -> int:
        error = ConversionError("conversion_failed", "as planned")
        return await unaccounted(shape, World([paper(number) for number in range(10)], fails=half("convert", error)))

    assert both(forgotten) == (5, 0)


def test_a_bug_in_the_conversion_is_raised(both: Both) -> None:
    """f10, seed 000: an exception in the processing task is discarded; the run looks like any other."""

    async def raised(shape: Shape) -> bool:
        world = World([paper(number) for number in range(10)], fails=half("convert", LookupError("a bug")))
        return isinstance(await ended(shape.run(world)), LookupError)

    assert both(raised) == (False, True)


def test_a_producer_does_not_outlive_its_consumer(both: Both) -> None:
    """f11 and f12b, seed 000: it waits in `put` for ever; one cancel is not enough, for `finally` puts once more."""

    async def raised_left_and_living(shape: Shape) -> tuple[bool, int, int]:
        takes = {"job": lambda number: float(number), "convert": lambda number: 5.0}
        run = asyncio.ensure_future(shape.run(World([paper(number) for number in range(20)], takes, queue=2)))
        await asyncio.sleep(2.5)
        [consumer] = [task for task in others() if getattr(task.get_coro(), "__name__", "") == "processing_consumer"]
        consumer.cancel()
        raised = isinstance(await ended(run), Exception)
        await asyncio.sleep(LONG_S)
        left = others()
        return raised, len(left), await cancelled(left)

    assert both(raised_left_and_living) == ((False, 1, 1), (True, 0, 0))


def test_no_conversion_starts_after_a_cancel(both: Both) -> None:
    """f12, seed 000: cancelled while it waits in `get`, the consumer leaves its tasks to themselves."""

    async def left_and_started(shape: Shape) -> tuple[int, int]:
        papers = [paper(number, openly=True) for number in range(16)]
        world = World(papers, {"open": only(15, 100.0), "convert": lambda number: 1.0}, queue=99)
        run = asyncio.ensure_future(shape.run(world))
        await asyncio.sleep(0.5)
        before = len(world.times("convert"))
        run.cancel()
        await asyncio.wait([run])
        left = len(others())
        await asyncio.sleep(LONG_S)
        return left, len(world.times("convert")) - before

    assert both(left_and_started) == ((15, 11), (0, 0))


def test_papers_without_a_doi_stay_apart(both: Both) -> None:
    """f13, seed 000: `doi=None` as a key; five papers become one, and each is taken for the last."""

    async def read(shape: Shape) -> tuple[int, set[int]]:
        world = World([paper(number, doi=None) for number in range(5)])
        result = await shape.run(world)
        return len(result.read), {step.number for step in world.log if step.what == "read"}

    assert both(read) == ((1, {4}), (5, {0, 1, 2, 3, 4}))


def test_a_doi_in_another_case_is_the_same_paper(both: Both) -> None:
    """f13, seed 000: DOIs are compared as they are spelled."""

    async def read(shape: Shape) -> int:
        return len((await shape.run(World([paper(0, doi="10.5555/abc"), paper(0, doi="10.5555/ABC")]))).read)

    assert both(read) == (2, 1)


def test_a_job_submitted_before_a_crash_is_not_submitted_again(both: Both) -> None:
    """f14, seed 000: job ids are nowhere but in memory."""

    async def submits(shape: Shape) -> int:
        world = World([paper(number) for number in range(5)], {"job": lambda number: 50.0})
        run = asyncio.ensure_future(shape.run(world))
        await asyncio.sleep(10)
        after = left_by_a_crash(shape)
        await cancelled({run})
        result = await after.run(world)
        assert len(result.read) == 5
        return len(world.times("submit"))

    assert both(submits) == (10, 5)


def left_by_a_crash(shape: Shape) -> Shape:
    """Return the pipeline as it would find its folder if its process died now: no `finally` has run."""
    home = shape.home.with_name("after the crash")
    if shape.home.exists():
        shutil.copytree(shape.home, home)
    return replace(shape, home=home)


def test_a_full_queue_holds_up_no_submit(both: Both) -> None:
    """f15, seed 001: `put` inside the download semaphore; the sketch shows it as soon as its queue bounds anything."""

    async def last_submit(shape: Shape) -> float:
        papers = [paper(number, openly=number < 10) for number in range(14)]
        world = World(papers, {"convert": lambda number: 1.0}, queue=2, workers=1, transfers=2)
        await shape.run(world)
        return world.times("submit")[-1]

    in_sketch, here = both(last_submit, bounded=True)
    assert in_sketch >= 6.0
    assert here == 0.0


def test_requests_to_one_host_keep_their_distance(both: Both) -> None:
    """f16, seed 000: a sleep inside a semaphore is no rate limit."""

    async def smallest_gap(shape: Shape) -> float:
        papers = [paper(number, openly=True) for number in range(8)]
        world = World(papers, {"open": lambda number: 0.5}, transfers=4, pace_s=2.0)
        await shape.run(world)
        return min(later - earlier for earlier, later in pairwise(world.times("open")))

    assert both(smallest_gap) == (0.0, 2.0)


def test_a_producer_that_fails_at_once_ends_the_run(both: Both) -> None:
    """f17, seed 000: a failure before the `try`; the consumer waits for the sentinel for ever."""

    async def raised_and_left(shape: Shape) -> tuple[bool, int]:
        world = World([paper(0)], transfers=-1)
        result = await ended(shape.run(world))
        await asyncio.sleep(LONG_S)
        return isinstance(result, Exception), len(others())

    assert both(raised_and_left) == ((True, 1), (True, 0))


@pytest.mark.parametrize("doi", ["10.5555/../../../evil", "{}/cron.d/x", "10.5555/a\x00b", "10.5555/" + "x" * 300])
def test_no_doi_leads_out_of_the_folder_or_stops_the_run(both: Both, tmp_path: Path, doi: str) -> None:
    """f18, seed 000: a file name from a DOI."""

    async def well(shape: Shape) -> bool:
        before = set(tmp_path.rglob("*"))
        result = await ended(shape.run(World([paper(0, doi=doi.format(shape.home.parent)), paper(1)])))
        outside = {path for path in tmp_path.rglob("*") if path.is_file() and not path.is_relative_to(shape.home)}
        return isinstance(result, Ended) and len(result.read) == 2 and not outside - before

    assert both(well) == (False, True)


def test_a_work_given_three_times_is_submitted_and_converted_once(both: Both) -> None:
    """f19, seed 000: what comes twice is done twice."""

    async def done(shape: Shape) -> tuple[int, int]:
        world = World([paper(0)] * 3)
        await shape.run(world)
        return len(world.times("submit")), len(world.times("convert"))

    assert both(done) == ((3, 3), (1, 1))


def test_every_flaw_has_a_scenario_here_and_a_mark_in_the_sketch() -> None:
    tests = [test for name, test in globals().items() if name.startswith("test_")]
    shown = [flaw for test in tests if "seed 00" in (test.__doc__ or "") for flaw in FLAW.findall(test.__doc__)]
    program = Path(sketch.__file__).read_text().partition("\nimport ")[2]

    assert set(shown) == FLAWS
    assert set(FLAW.findall(program)) == FLAWS
