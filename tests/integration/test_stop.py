"""Stopping is clean: whatever ends a run, it ends within seconds, leaves nothing behind and keeps what is finished."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.conversion.converter import Converted
from core.conversion.workers import MIB, Memory, Workers
from core.errors import FetchError, StoreError
from core.http import Download, HttpClient
from core.loopback import Internet, Plan, Route
from core.progress import ProgressEvent
from core.stores.papers import PaperStore
from tests.engine import Engine
from tests.fakes import HeldConverter
from tests.killing import runner, texts
from tests.leftovers import ENDING_S, children, left, no_handles_left
from tests.library import content, many, unique
from tests.stepping import Turns
from tests.stepping import run as stepped
from tests.storing import faults
from tests.watching import Watch
from workflows.research.academic_lit_review.paper_processor import run_paper_pipeline
from workflows.research.academic_lit_review.paper_processor.state import PipelineResult

SMALL = {"queue_size": 2, "max_processing": 1, "max_downloads": 3, "host_concurrency": 4}
BOUND = 2 + 1 + 3
#: Files that have come, or are coming, and are not in the store yet: one for each slot, and one between two stages.
IN_FLIGHT = 3 + 1


async def run(net: Internet, home: Path, **options: Any) -> PipelineResult:
    return await run_paper_pipeline(net.papers, settings=net.settings(home, **SMALL), **options)


def opened() -> HeldConverter:
    converter = HeldConverter()
    converter.open()
    return converter


async def cancelled(running: Awaitable[PipelineResult], moment: Awaitable[object], home: Path) -> None:
    """Cancel a run at the moment, once, and see that it ends at once and leaves nothing behind."""
    task = asyncio.ensure_future(running)
    await moment
    task.cancel()
    async with asyncio.timeout(ENDING_S):
        await asyncio.wait([task])
    assert task.cancelled()
    assert await left(home) == {}


# a crash


class BrokenHttp(HttpClient):
    """A client that has a bug: it shows in one of its downloads, counted from 1."""

    broken_at = 4

    async def download(self, url: str, folder: Path, **how: Any) -> Download:
        self.broken_at -= 1
        if not self.broken_at:
            raise RuntimeError("a bug in the producer")
        return await super().download(url, folder, **how)


async def test_a_bug_in_the_producer_is_raised_and_what_was_read_stays_read(tmp_path: Path) -> None:
    """f17: the consumer waited for the sentinel of a producer that was gone."""
    watch = Watch()
    async with Internet(many(9, Route("oa_url"))) as net:
        async with BrokenHttp(net.settings(tmp_path)) as http:
            with pytest.raises(RuntimeError, match="a bug in the producer"):
                async with asyncio.timeout(ENDING_S):
                    await run(net, tmp_path, http=http, converter=opened(), on_event=watch)
        assert await left(tmp_path) == {}
        result = await run(net, tmp_path, converter=opened())
    assert len(result.results) == 9
    assert {paper for paper in watch.papers("converted") if result.results[paper]["status"] != "cached"} == set()


class NoScratch:
    """A paper store with a bug that shows where the producer sets itself up."""

    def __init__(self, store: PaperStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @property
    def scratch(self) -> Path:
        """Fail."""
        raise RuntimeError("a bug before the first step")


async def test_a_producer_that_fails_before_its_first_step_ends_the_run(tmp_path: Path) -> None:
    """f17: the failure came before the `try` that would have sent the sentinel."""
    async with Internet(many(3, Route("oa_url"))) as net:
        async with PaperStore.open(tmp_path) as store:
            with pytest.raises(RuntimeError, match="a bug before the first step"):
                async with asyncio.timeout(ENDING_S):
                    await run(net, tmp_path, store=NoScratch(store), converter=opened())
        assert await left(tmp_path) == {}


async def test_a_bug_in_the_converter_is_raised_although_the_queue_is_full(tmp_path: Path) -> None:
    """f11: the producer waited for room in the queue for ever."""
    watch, converter = Watch(), HeldConverter(bug=RuntimeError("a bug in the consumer"))
    async with Internet(many(12, Route("oa_url"))) as net:
        task = asyncio.create_task(run(net, tmp_path, converter=converter, on_event=watch))
        await watch.seen("acquired", BOUND)
        converter.open()
        async with asyncio.timeout(ENDING_S):
            await asyncio.wait([task])
        with pytest.raises(RuntimeError, match="a bug in the consumer"):
            await task
        assert await left(tmp_path) == {}
        assert len((await run(net, tmp_path, converter=opened())).results) == 12
        assert len(net.asked(host="repository")) <= 12 + IN_FLIGHT


async def test_an_observer_that_fails_disturbs_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def observe(event: ProgressEvent) -> None:
        raise RuntimeError("a bug in the observer")

    async with Internet(many(3, Route("oa_url"))) as net:
        with caplog.at_level(logging.CRITICAL):
            result = await run(net, tmp_path, converter=opened(), on_event=observe)
    assert len(result.results) == 3


@pytest.mark.parametrize("turn", range(1, 8))
def test_a_client_cancelled_while_it_closes_closes_every_connection(tmp_path: Path, turn: int) -> None:
    """httpcore's shield does not hold off `Task.cancel`: the connections it had not come to stayed open."""

    async def main(turns: Turns) -> None:
        plan = many(1, Route("oa_url"), Route("oa_url", host="rogue"))
        async with Internet(plan) as net, HttpClient(net.settings(tmp_path)) as http:
            for url in (*net.papers[0]["oa_urls"], net.url("arxiv"), net.url("doi")):
                with suppress(FetchError):
                    await http.fetch(url)
            closing = asyncio.create_task(http.aclose())
            turns.at(turn, closing.cancel)
            await asyncio.wait([closing])

    with no_handles_left():
        stepped(main)


# the store


class FullStore:
    """A paper store whose disk is full as soon as `method` is called for the second time."""

    def __init__(self, store: PaperStore, method: str) -> None:
        self._store, self._method, self._calls = store, method, 0

    def __getattr__(self, name: str) -> Any:
        return self._fail if name == self._method and self._counted() else getattr(self._store, name)

    def _counted(self) -> bool:
        self._calls += 1
        return self._calls > 1

    async def _fail(self, *given: object, **how: object) -> None:
        raise StoreError("the disk is full")


#: Two papers for each thing that a run writes down.
WRITING = (
    *[(Route("oa_url"),)] * 2,
    *[(Route("oa_url", fault="wrong_paper"),)] * 2,
    *[(Route("retrieve"),)] * 2,
    *[(Route("retrieve", fault="NOT_FOUND"),)] * 2,
)
METHODS = (
    "add_attempt", "add_failure", "add_file", "add_text", "close_job", "job_submitted", "open_job", "refuse_file",
)  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
async def test_a_full_disk_stops_the_run_with_a_clear_error_and_the_next_run_completes_it(
    tmp_path: Path, method: str
) -> None:
    papers = Plan(tuple(unique(number + 1, *ways) for number, ways in enumerate(WRITING)))
    async with Internet(papers) as net:
        async with PaperStore.open(tmp_path) as store:
            with pytest.raises(StoreError, match="the disk is full"):
                async with asyncio.timeout(ENDING_S):
                    await run(net, tmp_path, store=FullStore(store, method), converter=opened())
            await store.stats()  # what the store had begun is finished
            assert [path for path in store.scratch.rglob("*") if path.is_file()] == []
        assert await left(tmp_path) == {}
        result = await run(net, tmp_path, converter=opened())
        assert (len(result.results), len(result.acquisition_failed)) == (4, 4)
        assert len(net.jobs.by_id) == 6


@pytest.mark.parametrize(("limit", "where"), [(40, "papers.sqlite"), (400, "larger than this process may write")])
async def test_a_disk_that_takes_no_more_stops_a_real_run_and_nothing_is_torn(
    tmp_path: Path, limit: int, where: str
) -> None:
    """No file may grow beyond `limit` kB: first the database meets that, then a download."""
    papers = [unique(number, Route("oa_url")) for number in range(6)]
    huge = replace(papers[5], pdf=content(papers[5]) + b"\n%" + bytes(MIB))
    async with Internet(Plan((*papers[:5], huge))) as net, runner() as runs:
        stopped = await runs.start(net, tmp_path, limit=limit * 1024)
        await stopped.until(lambda: False)
        assert stopped.error.startswith("StoreError: the paper store at ")
        assert where in stopped.error
        assert faults(tmp_path) == []
        assert set(stopped.papers("converted")) <= texts(tmp_path)
        await (await runs.start(net, tmp_path)).finish()
    assert len(texts(tmp_path)) == 6
    assert await left(tmp_path) == {}


# cancelling


async def test_one_cancel_is_enough_while_the_queue_is_full(tmp_path: Path) -> None:
    """f12b: the producer's `finally` waited for room again."""
    watch = Watch()
    async with Internet(many(12, Route("oa_url"))) as net:
        running = run(net, tmp_path, converter=HeldConverter(), on_event=watch)
        await cancelled(running, watch.seen("acquired", BOUND), tmp_path)
        await run(net, tmp_path, converter=opened())
        assert len(net.asked(host="repository")) <= 12 + IN_FLIGHT


async def test_no_conversion_starts_after_a_cancel(tmp_path: Path) -> None:
    """f12: cancelled while the consumer waited for a paper, two dozen conversions started afterwards."""
    watch, converter = Watch(), HeldConverter()
    async with Internet(many(6, Route("oa_url"))) as net:
        gate = net.hold("repository")
        await cancelled(run(net, tmp_path, converter=converter, on_event=watch), gate.reached(3), tmp_path)
        gate.release()
    assert (converter.order, watch.papers("acquired")) == ([], [])


class StuckConverter(Engine):
    """A converter whose child process never answers."""

    name, slots = "stuck", 1

    def __init__(self) -> None:
        self.workers = Workers("tests.workerfns:hang", slots=1, memory=Memory(512 * MIB))

    async def __aexit__(self, *raised: object) -> None:
        await self.workers.__aexit__(None, None, None)

    async def convert(self, pdf: Path, *, deadline: float) -> Converted:
        """Wait for a process that does not care."""
        text = await self.workers.run(deadline=deadline)
        return self.converted(text)


@asynccontextmanager
async def stuck() -> AsyncIterator[StuckConverter]:
    converter = StuckConverter()
    await converter.workers.warm()
    async with converter:
        yield converter


async def test_cancelling_kills_a_worker_that_is_stuck_in_its_process(tmp_path: Path) -> None:
    watch = Watch()
    async with Internet(many(3, Route("oa_url"))) as net, stuck() as converter:
        await cancelled(run(net, tmp_path, converter=converter, on_event=watch), watch.seen("converting"), tmp_path)
        assert converter.workers.pids == frozenset()
        assert children() == []


Wait = Callable[[Internet], Awaitable[None]]
WAITING: dict[str, tuple[Route, Wait]] = {
    "a_submission": (Route("retrieve", fault="hung_submit"), lambda net: net.until(lambda: "/retrieve" in paths(net))),
    "a_job": (Route("retrieve", fault="never"), lambda net: net.until(lambda: paths(net).count("/jobs/job-3") > 1)),
    "a_status": (Route("retrieve", fault="hung_status"), lambda net: net.until(lambda: "/jobs/job-3" in paths(net))),
    "a_file": (Route("retrieve", fault="stalled"), lambda net: net.until(lambda: "/jobs/job-3/file" in paths(net))),
    "a_host": (Route("oa_url", fault="hung"), lambda net: net.until(lambda: net.traffic.in_flight["repository"] > 2)),
    "an_answer": (Route("oa_url", fault="drip"), lambda net: net.until(lambda: answering(net) > 2)),
}


def paths(net: Internet) -> list[str]:
    return [request.path for request in net.requests]


def answering(net: Internet) -> int:
    return sum(request.status == 200 and request.seconds is None for request in net.requests)


@pytest.mark.parametrize("what", WAITING)
async def test_cancelling_while_everything_waits_for(tmp_path: Path, what: str) -> None:
    way, moment = WAITING[what]
    async with Internet(many(3, way)) as net:
        await cancelled(run(net, tmp_path, converter=opened()), moment(net), tmp_path)
        assert net.submits.total() in (0, 3)


async def test_cancelling_while_the_service_is_down_and_everything_is_parked(tmp_path: Path) -> None:
    async with Internet(Plan((unique(1, Route("oa_url")), unique(2, Route("retrieve"))))) as net:
        net.jobs.down = True
        net.hold("repository")
        asked = net.until(lambda: paths(net).count("/health") > 1)
        await cancelled(run(net, tmp_path, converter=opened()), asked, tmp_path)
