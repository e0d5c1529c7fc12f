"""Lanes: pace and concurrency for each host, and no idle consumer while any lane admits something."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from core.streaming import Lane, WorkQueue, together, work
from tests.unit.virtual import Gate, collect, fill, now, rest

pytestmark = pytest.mark.virtual_clock


async def test_a_lane_spaces_its_items_however_many_consumers_wait() -> None:
    """Seed 000, f16: a sleep inside a semaphore let four requests out at once."""
    queue: WorkQueue[int] = WorkQueue(lanes=lambda host: Lane(pace_s=2.0))
    times = []

    async def request(item: int) -> None:
        times.append((item, now()))

    await together(fill(queue, range(4)), work(queue, request, workers=4))

    assert times == [(0, 0.0), (1, 2.0), (2, 4.0), (3, 6.0)]


async def test_the_pace_counts_from_taking_to_taking_not_from_the_end() -> None:
    """Seed 000, f16: the pause belongs to the host, not to the worker."""
    queue: WorkQueue[int] = WorkQueue(lanes=lambda host: Lane(pace_s=2.0))
    times = []

    async def request(item: int) -> None:
        times.append(now())
        await asyncio.sleep(1.5)

    await together(fill(queue, range(3)), work(queue, request, workers=1))

    assert times == [0.0, 2.0, 4.0]


async def test_a_lane_admits_no_more_than_its_concurrency() -> None:
    """Seed 001: the limit of a host is no limit of the others."""
    queue: WorkQueue[str] = WorkQueue(lanes=lambda host: Lane(concurrency=2 if host == "slow" else None))
    gate = Gate()
    async with asyncio.TaskGroup() as group:
        for number in range(4):
            await queue.put(f"slow {number}", lane="slow", priority=1)
            await queue.put(f"fast {number}", lane="fast")
        queue.close()
        group.create_task(work(queue, gate, workers=8))
        await rest()

        assert sorted(gate.started) == ["fast 0", "fast 1", "fast 2", "fast 3", "slow 0", "slow 1"]
        gate.open.set()


async def test_no_consumer_idles_while_any_lane_has_something_it_admits() -> None:
    """Seed 002 (work stealing): its stealers took locks in turn and gave up when all deques looked empty."""
    queue: WorkQueue[str] = WorkQueue(lanes=lambda host: Lane(concurrency=1))
    for host, items in {"a": 6, "b": 1, "c": 1}.items():
        for _ in range(items):
            await queue.put(host, lane=host)
    queue.close()
    order = []

    async def request(host: str) -> None:
        order.append((now(), host))
        await asyncio.sleep(1)

    await work(queue, request, workers=2)

    assert order == [(0, "a"), (0, "b"), (1, "a"), (1, "c"), (2, "a"), (3, "a"), (4, "a"), (5, "a")]


async def test_the_most_important_item_of_all_open_lanes_is_taken_first() -> None:
    """Seeds 002 and 003: priorities reach across lanes."""
    queue: WorkQueue[str] = WorkQueue(lanes=lambda host: Lane(concurrency=1))
    for name, priority in [("a1", 0.1), ("b9", 0.9), ("a8", 0.8), ("b7", 0.7)]:
        await queue.put(name, priority=priority, lane=name[0])
    queue.close()

    assert await collect(queue) == ["b9", "a8", "b7", "a1"]


@pytest.mark.parametrize(("lane", "waited_s"), [(Lane(concurrency=1), 1.0), (Lane(pace_s=2.0), 2.0)])
async def test_an_item_passed_over_and_then_overtaken_waits_for_its_lane(lane: Lane, waited_s: float) -> None:
    """Seed 002: what could have been taken a moment ago may not be taken now."""
    queue: WorkQueue[str] = WorkQueue(lanes=lambda host: lane)
    seen = []

    async def hold() -> None:
        async with queue.take() as item:
            seen.append((now(), item))
            await asyncio.sleep(1)

    await queue.put("passed over", lane="a", priority=1)
    await queue.put("taken", lane="b", priority=2)
    async with asyncio.TaskGroup() as group:
        group.create_task(hold())
        await asyncio.sleep(0)
        await queue.put("overtakes", lane="a", priority=3)
        group.create_task(hold())
        group.create_task(hold())

    assert seen == [(0, "taken"), (0, "overtakes"), (waited_s, "passed over")]


async def test_a_consumer_waiting_for_pace_alone_wakes_by_itself_and_takes_better_work_meanwhile() -> None:
    """Seed 002: no polling with timeouts."""
    queue: WorkQueue[str] = WorkQueue(lanes=lambda host: Lane(pace_s=10.0 if host == "slow" else 0.0))
    await queue.put("slow 1", lane="slow")
    await queue.put("slow 2", lane="slow")
    seen = []

    async def request(item: str) -> None:
        seen.append((now(), item))

    async def late() -> None:
        with queue.producer():
            await asyncio.sleep(3)
            await queue.put("fast", lane="fast")

    await together(late(), work(queue, request, workers=1))

    assert seen == [(0, "slow 1"), (3, "fast"), (10, "slow 2")]


async def test_a_lane_is_free_again_when_its_item_fails() -> None:
    """Seed 000, f10: an error must not take a slot with it."""
    queue: WorkQueue[int] = WorkQueue(lanes=lambda host: Lane(concurrency=1))

    for number in range(2):
        await queue.put(number)
        with pytest.raises(ValueError, match="bad"):
            async with queue.take():
                raise ValueError("bad")

    assert (queue.stats.done, queue.stats.in_progress) == (2, 0)


async def test_no_timer_is_left_when_nobody_waits_any_more() -> None:
    """Seed 000, f12: nothing runs on after a stop."""
    queue: WorkQueue[int] = WorkQueue(lanes=lambda host: Lane(pace_s=1000.0))
    await queue.put(1)
    await queue.put(2)
    await queue.get()
    waiting = asyncio.ensure_future(queue.get())
    await rest()
    waiting.cancel()
    await asyncio.wait([waiting])

    gone = weakref.ref(queue)  # a timer would hold it
    del queue, waiting
    gc.collect()
    assert gone() is None
