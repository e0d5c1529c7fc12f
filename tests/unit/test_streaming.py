"""The specification of `core.streaming`: its queue. Lanes, workers, tasks, cancellation and threads follow in
`test_streaming_*.py`.

Each test says which seed document's pattern it carries (000 to 004) and which flaw of the sketches (f01 to f19) it
rules out. Time is virtual: `now()` is exact, and a deadlock raises instead of hanging.
"""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from core import streaming
from core.errors import QueueClosed, QueueFull
from core.streaming import Lane, WorkerResult, WorkQueue, together, work
from tests.unit.virtual import Gate, collect, fill, nap, now, refused, rest

pytestmark = pytest.mark.virtual_clock


# a bounded queue that bounds


async def test_items_in_existence_never_exceed_the_queue_and_its_workers() -> None:
    """Seeds 000 and 001, f01: workers take a slot by being free, then an item; the sketch held 303 of 400."""
    queue: WorkQueue[int] = WorkQueue(8)
    gate, made = Gate(), Counter[str]()

    async def produce() -> None:
        with queue.producer():
            for item in range(400):
                made["all"] += 1
                await queue.put(item)

    async with asyncio.TaskGroup() as group:
        group.create_task(together(produce(), work(queue, gate, workers=4, on_task_complete=lambda result: None)))
        await rest()

        assert gate.started == [0, 1, 2, 3]
        assert (queue.stats.depth, queue.stats.in_progress, queue.stats.waiting_producers) == (8, 4, 1)
        assert made["all"] == 8 + 4 + 1
        gate.open.set()

    assert (queue.stats.done, queue.stats.high_water) == (400, 8)


async def test_what_is_not_told_yet_takes_room_from_what_waits_when_the_unfinished_are_bounded() -> None:
    """Seed 000, f01: workers go on while a text is stored, and yet no more papers exist than were promised."""
    queue: WorkQueue[float] = WorkQueue(8, unfinished=8 + 2)
    told = asyncio.Event()

    async def tell(result: WorkerResult[float, float]) -> None:
        await told.wait()

    async with asyncio.TaskGroup() as group:
        group.create_task(together(fill(queue, [1.0] * 40), work(queue, nap, workers=2, on_task_complete=tell)))
        await rest()
        assert (queue.stats.depth, queue.stats.in_progress) == (8, 2)
        await asyncio.sleep(3)
        assert (queue.stats.depth, queue.stats.in_progress, queue.stats.waiting_producers) == (2, 8, 1)
        await asyncio.sleep(30)
        assert (queue.stats.depth, queue.stats.in_progress, queue.stats.waiting_producers) == (0, 10, 1)
        told.set()

    assert (queue.stats.put, queue.stats.done) == (40, 40)


async def test_a_full_queue_makes_its_producer_wait() -> None:
    """Seeds 000, 002 and 003: backpressure "block"."""
    queue: WorkQueue[int] = WorkQueue(1)
    await queue.put(1)

    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(queue.put(2))
        await rest()
        assert not waiting.done()

        assert await queue.get() == 1
        await rest()
        assert waiting.result() is True

    assert await queue.get() == 2


async def test_taking_an_item_makes_room_before_it_is_done() -> None:
    """Seeds 000 and 002: the bound is for what waits; what is in progress is bounded by the workers."""
    queue: WorkQueue[int] = WorkQueue(1)
    await queue.put(1)

    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(queue.put(2))
        await rest()
        async with queue.take():
            await rest()
            assert waiting.done()


async def test_a_dropping_queue_refuses_and_counts_what_has_no_room() -> None:
    """Seed 003: backpressure "drop"; the sketch only logged it."""
    queue: WorkQueue[int] = WorkQueue(2, full="drop")

    assert [await queue.put(item) for item in range(5)] == [True, True, False, False, False]
    assert (queue.stats.put, queue.stats.dropped, queue.stats.depth) == (2, 3, 2)


async def test_a_strict_queue_raises_when_it_is_full() -> None:
    """Seed 003: backpressure "error"."""
    queue: WorkQueue[int] = WorkQueue(1, full="error")
    await queue.put(1)

    with pytest.raises(QueueFull):
        await queue.put(2)


async def test_put_nowait_never_waits_whatever_the_queue_does_when_full() -> None:
    """Seed 003: `put_nowait`."""
    blocking: WorkQueue[int] = WorkQueue(1)
    dropping: WorkQueue[int] = WorkQueue(1, full="drop")

    assert blocking.put_nowait(1)
    assert dropping.put_nowait(1)
    assert not dropping.put_nowait(2)
    with pytest.raises(QueueFull):
        blocking.put_nowait(2)


async def test_waiting_producers_come_in_by_priority_then_in_order() -> None:
    """Seeds 002 and 003: the order of priorities also holds in front of a full queue."""
    queue: WorkQueue[str] = WorkQueue(1)
    await queue.put("first")

    async with asyncio.TaskGroup() as group:
        for name, priority in [("low", 0.1), ("high", 0.9), ("also low", 0.1)]:
            group.create_task(queue.put(name, priority=priority))
        await rest()
        assert [await asyncio.wait_for(queue.get(), 1) for _ in range(4)] == ["first", "high", "low", "also low"]


async def test_a_late_putter_does_not_take_the_room_given_to_one_that_waited() -> None:
    """Seed 002: room handed over is reserved until its producer wakes up."""
    queue: WorkQueue[str] = WorkQueue(1)
    await queue.put("first")

    async with asyncio.TaskGroup() as group:
        group.create_task(queue.put("patient"))
        await rest()
        await queue.get()

        with pytest.raises(QueueFull):
            queue.put_nowait("pushy")

    assert await queue.get() == "patient"


async def test_waiting_for_room_holds_up_nobody_else() -> None:
    """Seed 001, f15: `put` inside the download semaphore delayed the last fallback submit to 2.2 s."""
    papers: WorkQueue[str] = WorkQueue(1)
    routes: WorkQueue[str] = WorkQueue()
    submitted = []

    async def download(route: str) -> None:
        await asyncio.sleep(0.01)
        if route.startswith("open"):
            await papers.put(route)
        else:
            submitted.append((route, now()))

    async def convert(paper: str) -> None:
        await asyncio.sleep(1)

    async def acquire() -> None:
        with papers.producer():
            await together(
                fill(routes, ["open 1", "open 2", "open 3", "job 1", "job 2"]), work(routes, download, workers=5)
            )

    await together(acquire(), work(papers, convert, workers=1))

    assert sorted(submitted) == [("job 1", 0.01), ("job 2", 0.01)]


# closing itself


async def test_a_queue_closes_when_its_last_producer_leaves_and_every_consumer_ends() -> None:
    """Seed 002 (multiple producers, fan-in, fan-out): no sentinel that can be lost, doubled or counted wrong."""
    queue: WorkQueue[int] = WorkQueue(3)
    producers = [fill(queue, range(n, n + 10), pause_s=0.1 * n) for n in (0, 10, 20)]
    consumers = [collect(queue) for _ in range(7)]

    with queue.producer():
        running = asyncio.ensure_future(together(*consumers))
        await together(*producers)
    items = sorted(item for part in await running for item in part)

    assert items == list(range(30))


async def test_a_queue_stays_open_while_a_registered_producer_has_not_begun() -> None:
    """Seed 002: `num_producers` reached 0 when the first producer ended before the second had begun."""
    queue: WorkQueue[str] = WorkQueue()
    queue.join()

    await fill(queue, ["early"])
    await queue.put("late")
    queue.leave()

    assert await collect(queue) == ["early", "late"]


async def test_a_producer_that_fails_before_its_first_item_still_closes_the_queue() -> None:
    """Seed 000, f17: a failure before the `try` left the consumer waiting for the sentinel for ever."""
    queue: WorkQueue[int] = WorkQueue()

    async def produce() -> None:
        with queue.producer():
            raise OSError("no service")

    async with asyncio.TaskGroup() as group:
        consumer = group.create_task(collect(queue))
        await rest()
        with pytest.raises(OSError, match="no service"):
            await produce()

    assert consumer.result() == []


async def test_a_cancelled_producer_closes_a_full_queue_without_waiting() -> None:
    """Seed 000, f12b: `finally: await put(None)` blocked again after the cancel; leaving never waits."""
    queue: WorkQueue[int] = WorkQueue(1)
    producer = asyncio.ensure_future(fill(queue, range(5)))
    await rest()

    producer.cancel()
    await asyncio.wait([producer])

    assert await collect(queue) == [0]


async def test_a_cancelled_consumer_takes_no_end_signal_with_it() -> None:
    """Seeds 000 and 002: the sentinel belonged to whoever took it."""
    queue: WorkQueue[int] = WorkQueue()
    async with asyncio.TaskGroup() as group:
        consumers = [group.create_task(collect(queue)) for _ in range(3)]
        await rest()
        queue.close()
        consumers[0].cancel()

    assert [task.cancelled() for task in consumers] == [True, False, False]


async def test_closing_lets_out_what_is_inside_and_lets_nothing_more_in() -> None:
    """Seed 002 (`AsyncQueue.close`): its closed queue handed waiting getters null but kept no rule for putters."""
    queue: WorkQueue[int] = WorkQueue(1)
    await queue.put(1)
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(refused(queue.put(2)))
        await rest()
        queue.close()

    assert waiting.result()
    assert await refused(queue.put(3))
    assert await queue.get() == 1
    assert await refused(queue.get())
    with pytest.raises(QueueClosed):
        queue.join()


async def test_leaving_more_often_than_joining_is_a_bug() -> None:
    """Seed 002: `producer_done` could drive the count below zero unseen."""
    queue: WorkQueue[int] = WorkQueue()

    with pytest.raises(RuntimeError, match="more producers left"):
        queue.leave()


async def test_a_consumer_may_put_work_back_under_another_lane_while_it_is_a_producer() -> None:
    """Seed 001: a paper whose host fails goes on to its next host; each paper is a producer until it ends."""
    hosts = {"a": ["x", "y"], "b": ["y", "x", "z"], "c": ["z"]}
    queue: WorkQueue[tuple[str, int]] = WorkQueue(lanes=lambda host: Lane(concurrency=1))
    tried = []

    async def attempt(route: tuple[str, int]) -> None:
        paper, step = route
        tried.append(f"{paper}{hosts[paper][step]}")
        await asyncio.sleep(1)
        if step + 1 < len(hosts[paper]):
            await queue.put((paper, step + 1), lane=hosts[paper][step + 1])
        else:
            queue.leave()

    for paper in hosts:
        queue.join()
        await queue.put((paper, 0), lane=hosts[paper][0])
    await work(queue, attempt, workers=3)

    assert sorted(tried) == ["ax", "ay", "bx", "by", "bz", "cz"]
    assert now() == 3.0


# draining and aborting


async def test_draining_waits_for_what_waits_and_for_what_is_in_progress() -> None:
    """Seed 003: `drain`."""
    queue: WorkQueue[float] = WorkQueue(1)
    async with asyncio.TaskGroup() as group:
        group.create_task(fill(queue, [1.0, 2.0, 3.0]))
        group.create_task(work(queue, nap, workers=2))
        await rest()
        await queue.drain()

        assert now() == 4.0
        assert (queue.stats.depth, queue.stats.in_progress) == (0, 0)


async def test_draining_waits_for_producers_that_wait_for_room() -> None:
    """Seed 003: between two items a queue of one is empty for a moment, but not drained."""
    queue: WorkQueue[int] = WorkQueue(1)
    async with asyncio.TaskGroup() as group:
        group.create_task(fill(queue, [1, 2]))
        await rest()
        drained = group.create_task(queue.drain())
        await rest()

        await queue.get()
        await rest()
        assert not drained.done()
        await queue.get()


async def test_draining_an_unused_queue_returns_at_once() -> None:
    """Seed 003: `drain` of nothing."""
    await WorkQueue[int]().drain()


async def test_aborting_returns_what_nobody_received_and_wakes_every_waiter() -> None:
    """Seed 000, f11: whoever waits learns that it is over."""
    full: WorkQueue[str] = WorkQueue(2)
    await full.put("b")
    await full.put("a", priority=1)
    empty: WorkQueue[str] = WorkQueue()
    async with asyncio.TaskGroup() as group:
        waiters = [group.create_task(refused(full.put("c"))), group.create_task(refused(empty.get()))]
        await rest()

        assert full.abort() == ["a", "b"]
        assert empty.abort() == []

    assert all(task.result() for task in waiters)
    assert full.stats.depth == 0
    await full.drain()


async def test_an_item_handed_over_but_not_yet_received_is_aborted_too() -> None:
    """Seed 000, f12: 24 conversions started after the stop."""
    queue: WorkQueue[str] = WorkQueue(lanes=lambda name: Lane(concurrency=1))
    async with asyncio.TaskGroup() as group:
        consumer = group.create_task(refused(queue.get()))
        await rest()
        await queue.put("paper")

        assert queue.abort() == ["paper"]

    assert consumer.result()
    assert queue.stats.taken == 0


# priorities


async def test_higher_priorities_come_out_first_and_equal_ones_in_order() -> None:
    """Seeds 002 and 003."""
    queue: WorkQueue[str] = WorkQueue()
    for name, priority in [("low", 0.1), ("first", 0.5), ("second", 0.5), ("high", 0.9), ("third", 0.5)]:
        await queue.put(name, priority=priority)
    queue.close()

    assert await collect(queue) == ["high", "first", "second", "third", "low"]


async def test_items_of_equal_priority_are_never_compared() -> None:
    """Seed 003: its `(-priority, task)` raised TypeError on the first tie."""
    queue: WorkQueue[object] = WorkQueue()
    items = [object(), {"a": 1}, None]
    for item in items:
        await queue.put(item)
    queue.close()

    assert await collect(queue) == items


# counters


async def test_the_counters_tell_who_waited_for_whom_and_how_long() -> None:
    """Seeds 000 and 001: utilisation is measured, not claimed."""
    queue: WorkQueue[float] = WorkQueue()

    pool = work(queue, nap, workers=2)
    stats = (await together(fill(queue, [4.0, 4.0], pause_s=3.0), pool))[1]

    # worker 1 waits 0-3 and 7-10, worker 2 waits 0-6; the queue closes at 6
    assert stats is not None
    assert (stats.put, stats.taken, stats.done, stats.high_water) == (2, 2, 2, 1)
    assert (stats.depth, stats.in_progress, stats.waiting_producers, stats.waiting_consumers) == (0, 0, 0, 0)
    assert round(stats.idle_s, 3) == 9.0


async def test_a_consumer_that_still_waits_is_counted() -> None:
    """Seed 000: the converter's idle time is known while it is idle."""
    queue: WorkQueue[float] = WorkQueue()
    async with asyncio.TaskGroup() as group:
        group.create_task(collect(queue))
        await asyncio.sleep(5)

        assert (queue.stats.waiting_consumers, round(queue.stats.idle_s, 3)) == (1, 5.0)
        queue.close()


# the package


def test_the_package_lists_what_it_offers() -> None:
    """DESIGN section 8: `__init__` is a table of contents."""
    assert streaming.__all__ == sorted(streaming.__all__)
    assert all(hasattr(streaming, name) for name in streaming.__all__)
