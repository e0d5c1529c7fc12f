"""Cancel anything at any await: no item lost or doubled, the bound kept, nothing left running.

Flaws f11, f12 and f12b of seed 000, and the lost updates a hand-over between two tasks invites.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Coroutine
from contextlib import suppress
from itertools import pairwise
from typing import Any

import async_solipsism  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import QueueClosed
from core.streaming import Lane, WorkQueue, together, work

pytestmark = pytest.mark.filterwarnings("ignore::async_solipsism.ResolutionWarning")

PACE_S = {"a": 0.0, "b": 0.7, "c": 0.0}
CONCURRENCY = {"a": None, "b": None, "c": 1}

STEP = st.one_of(
    st.tuples(st.just("put"), st.integers(0, 3), st.sampled_from("abc")),
    st.tuples(st.just("take"), st.sampled_from([0.0, 0.5, 2.0])),
    st.tuples(st.just("cancel"), st.integers(0, 50)),
    st.tuples(st.just("turn"), st.integers(0, 2)),
    st.tuples(st.just("sleep"), st.sampled_from([0.3, 1.0])),
)


def run_virtual(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=async_solipsism.EventLoop) as runner:
        runner.run(main)


class Play:
    """One queue under a schedule of puts, takes and cancellations, and what it should have kept to."""

    def __init__(self, maxsize: int, unfinished: int) -> None:
        self.maxsize, self.unfinished = maxsize, unfinished
        self.queue: WorkQueue[int] = WorkQueue(
            maxsize, unfinished=unfinished, lanes=lambda name: Lane(PACE_S[name], CONCURRENCY[name])
        )
        self.lane_of: dict[int, str] = {}
        self.entered: list[int] = []
        self.received: list[int] = []
        self.times: defaultdict[str, list[float]] = defaultdict(list)
        self.running: defaultdict[str, int] = defaultdict(int)
        self.puts: list[asyncio.Task[None]] = []
        self.takes: list[asyncio.Task[None]] = []

    async def put(self, item: int, priority: int, lane: str) -> None:
        self.lane_of[item] = lane
        await self.queue.put(item, priority=priority, lane=lane)
        self.entered.append(item)

    async def take(self, seconds: float) -> None:
        async with self.queue.take() as item:
            lane = self.lane_of[item]
            self.received.append(item)
            self.times[lane].append(asyncio.get_running_loop().time())
            self.running[lane] += 1
            try:
                self.check()
                await asyncio.sleep(seconds)
            finally:
                self.running[lane] -= 1

    async def step(self, number: int, step: tuple[Any, ...]) -> None:
        match step:
            case ("put", priority, lane):
                self.puts.append(asyncio.ensure_future(self.put(number, priority, lane)))
            case ("take", seconds):
                self.takes.append(asyncio.ensure_future(self.take(seconds)))
            case ("cancel", index) if tasks := self.puts + self.takes:
                tasks[index % len(tasks)].cancel()
            case ("turn", times):
                for _ in range(times):
                    await asyncio.sleep(0)
            case ("sleep", seconds):
                await asyncio.sleep(seconds)

    def check(self) -> None:
        stats = self.queue.stats
        assert stats.depth <= self.maxsize or not self.maxsize
        assert stats.depth + stats.in_progress <= self.unfinished or not self.unfinished
        assert all(self.running[lane] <= (CONCURRENCY[lane] or 99) for lane in self.running)

    async def finish(self) -> None:
        """Let consumers run until every put has ended, then close."""
        self.takes += [asyncio.ensure_future(self.consume()) for _ in range(2)]
        await ended(self.puts)
        self.queue.close()
        await ended(self.takes)

    async def consume(self) -> None:
        while True:
            await self.take(0.1)


async def ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        with suppress(asyncio.CancelledError, QueueClosed):
            await task


@settings(max_examples=300, deadline=None)
@given(maxsize=st.integers(0, 3), unfinished=st.integers(0, 4), steps=st.lists(STEP, max_size=40))
def test_no_schedule_of_puts_takes_and_cancels_loses_or_doubles_an_item(
    maxsize: int, unfinished: int, steps: list[Any]
) -> None:
    async def main() -> None:
        play = Play(maxsize, unfinished)
        for number, step in enumerate(steps):
            await play.step(number, step)
            play.check()
        await play.finish()

        assert sorted(play.received) == sorted(play.entered)
        for lane, times in play.times.items():
            assert all(later - earlier > PACE_S[lane] - 1e-3 for earlier, later in pairwise(times))
        stats = play.queue.stats
        assert (stats.depth, stats.in_progress, stats.waiting_producers, stats.waiting_consumers) == (0, 0, 0, 0)
        assert stats.put == stats.taken == stats.done == len(play.entered)
        await play.queue.drain()
        assert len(asyncio.all_tasks()) == 1

    run_virtual(main())


@pytest.mark.parametrize("maxsize", [0, 1, 2])
def test_a_pool_can_be_cancelled_at_every_turn_of_the_loop(maxsize: int) -> None:
    """Seed 000, f12: every turn of the loop until the run is over is tried once."""
    turns = 1
    while cancelled_after(turns, maxsize):
        turns += 1

    assert turns > 20


def cancelled_after(turns: int, maxsize: int) -> bool:
    """Cancel a run after so many turns of the loop, check that it left nothing, and tell whether it still ran."""
    cut = False

    async def main() -> None:
        nonlocal cut
        queue: WorkQueue[int] = WorkQueue(maxsize)
        started, finished = [], []

        async def handler(item: int) -> None:
            started.append(item)
            for _ in range(3):
                await asyncio.sleep(0)

        async def produce() -> None:
            with queue.producer():
                await together(*(put(range(start, start + 5)) for start in (0, 5)))

        async def put(items: range) -> None:
            for item in items:
                await queue.put(item)

        async def told(result: Any) -> None:
            await asyncio.sleep(0)
            finished.append(result.item)

        run = asyncio.ensure_future(together(produce(), work(queue, handler, workers=2, on_task_complete=told)))
        for _ in range(turns):
            await asyncio.sleep(0)
        cut = run.cancel()
        await asyncio.wait([run])
        before = len(started)
        await asyncio.sleep(1)

        assert run.cancelled() == cut
        assert len(asyncio.all_tasks()) == 1
        assert len(started) == before
        assert cut or sorted(finished) == list(range(10))
        stats = queue.stats
        assert (stats.depth, stats.in_progress, stats.waiting_producers, stats.waiting_consumers) == (0, 0, 0, 0)

    run_virtual(main())
    return cut


def test_a_put_cancelled_after_it_got_room_gives_the_room_to_the_next() -> None:
    """Seed 002: a cancelled put did not put."""

    async def main() -> None:
        queue: WorkQueue[str] = WorkQueue(1)
        await queue.put("first")
        leaving, staying = (asyncio.ensure_future(queue.put(name)) for name in ("leaving", "staying"))
        await asyncio.sleep(0)

        await queue.get()  # gives the room to `leaving`, which has not run again yet
        leaving.cancel()

        assert await staying
        assert await queue.get() == "staying"
        assert leaving.cancelled()

    run_virtual(main())


def test_a_get_cancelled_after_it_got_an_item_hands_it_to_the_next() -> None:
    """Seed 002: a cancelled get loses no item."""

    async def main() -> None:
        queue: WorkQueue[str] = WorkQueue(lanes=lambda name: Lane(concurrency=1))
        leaving, staying = asyncio.ensure_future(queue.get()), asyncio.ensure_future(queue.get())
        await asyncio.sleep(0)

        await queue.put("item")
        leaving.cancel()

        assert await staying == "item"
        assert leaving.cancelled()

    run_virtual(main())


def test_a_get_cancelled_after_it_got_an_item_puts_it_back_in_its_place() -> None:
    """Seed 002: its place is by priority and age, not at the end."""

    async def main() -> None:
        queue: WorkQueue[str] = WorkQueue(3)
        leaving = asyncio.ensure_future(queue.get())
        await asyncio.sleep(0)
        for name, priority in [("first", 1), ("second", 1), ("high", 2)]:
            await queue.put(name, priority=priority)
        leaving.cancel()
        await asyncio.wait([leaving])
        queue.close()

        assert queue.stats.depth == 3
        assert [item async for item in queue] == ["high", "first", "second"]

    run_virtual(main())


def test_waiting_with_a_time_limit_loses_nothing() -> None:
    """Seed 002: its consumers polled with `wait_for(get, 0.1)`."""

    async def main() -> None:
        queue: WorkQueue[int] = WorkQueue(1)
        received = []

        async def consume() -> None:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.1):
                        received.append(await queue.get())

        async def produce() -> None:
            for item in range(50):
                await asyncio.sleep(0.1)
                await queue.put(item)

        consumer = asyncio.ensure_future(consume())
        await produce()
        await queue.drain()
        consumer.cancel()

        assert received == list(range(50))

    run_virtual(main())
