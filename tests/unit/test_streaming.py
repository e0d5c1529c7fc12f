"""The specification of `core.streaming`.

Each test says which seed document's pattern it carries (000 to 004) and which flaw of the sketches (f01 to f19) it
rules out. Time is virtual: `now()` is exact, and a deadlock raises instead of hanging.
"""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import pytest

from core import streaming
from core.errors import FetchError, PaperError, QueueClosed, QueueFull
from core.streaming import Lane, QueueStats, Retry, WorkerResult, WorkQueue, as_generator, together, work

pytestmark = pytest.mark.virtual_clock


def now() -> float:
    return round(asyncio.get_running_loop().time(), 3)


async def rest() -> None:
    """Return when everything else waits for something."""
    await asyncio.sleep(0.001)


async def fill(queue: WorkQueue[Any], items: Any, *, pause_s: float = 0.0) -> None:
    with queue.producer():
        for item in items:
            await asyncio.sleep(pause_s)
            await queue.put(item)


async def collect(queue: WorkQueue[Any]) -> list[Any]:
    return [item async for item in queue]


async def nap(seconds: float) -> float:
    await asyncio.sleep(seconds)
    return seconds


class Gate:
    """A handler that counts who has come in and lets nobody out until it is opened."""

    def __init__(self) -> None:
        self.started: list[Any] = []
        self.open = asyncio.Event()

    async def __call__(self, item: Any) -> Any:
        self.started.append(item)
        await self.open.wait()
        return item


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


async def refused(operation: Any) -> bool:
    with pytest.raises(QueueClosed):
        await operation
    return True


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


# lanes


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
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await queue.get()

    with pytest.raises(TimeoutError):  # a forgotten timer would jump the clock to 1000 s first
        async with asyncio.timeout(1):
            await queue.drain()
    assert now() == 2.0


# workers


async def test_processing_starts_with_the_first_item_not_after_the_last() -> None:
    """Seeds 000 and 001, f02 and f03: the sketch first saw at 4.6 s what was ready at 0.1 s."""
    queue: WorkQueue[float] = WorkQueue(8)
    started = []

    async def acquire(seconds: float) -> None:
        with queue.producer():
            await asyncio.sleep(seconds)
            await queue.put(seconds)

    async def convert(item: float) -> None:
        started.append((item, now()))

    queue.join()
    downloads = together(*(acquire(seconds) for seconds in (8.0, 0.5, 5.0, 1.2)))
    queue_closes = asyncio.get_running_loop().call_at(8.5, queue.leave)
    await together(downloads, work(queue, convert, workers=2))

    assert started == [(0.5, 0.5), (1.2, 1.2), (5.0, 5.0), (8.0, 8.0)]
    queue_closes.cancel()


async def test_every_item_ends_in_exactly_one_result() -> None:
    """Seeds 003 and 004, f09 and f10: errors left 5 of 10 papers in no list."""
    queue: WorkQueue[int] = WorkQueue(2)
    results: list[WorkerResult[int, int]] = []

    async def handler(item: int) -> int:
        await asyncio.sleep(0.5)
        if item % 2:
            raise FetchError("timeout", str(item))
        return item * 10

    await together(fill(queue, range(10)), work(queue, handler, workers=3, on_task_complete=results.append))

    assert sorted(result.item for result in results) == list(range(10))
    assert {result.item: result.value for result in results if result.ok} == {0: 0, 2: 20, 4: 40, 6: 60, 8: 80}
    assert {type(result.error) for result in results if not result.ok} == {FetchError}
    assert {(result.attempts, round(result.duration_ms)) for result in results} == {(1, 500)}


async def test_without_anyone_to_tell_a_failed_item_raises() -> None:
    """Seed 000, f10: no exception is discarded."""
    queue: WorkQueue[int] = WorkQueue()
    await queue.put(1)
    queue.close()

    async def handler(item: int) -> None:
        raise FetchError("timeout")

    with pytest.raises(FetchError):
        await work(queue, handler, workers=2)


async def test_an_error_nobody_expects_stops_everything_and_comes_out_as_itself() -> None:
    """Seed 000, f10 and f11: a bug neither vanishes nor leaves a producer in `put` for ever."""
    queue: WorkQueue[int] = WorkQueue(1)
    ended = []

    async def produce() -> None:
        try:
            await fill(queue, range(100))
        finally:
            ended.append("producer")

    async def handler(item: int) -> None:
        try:
            await asyncio.sleep(1)
            if item == 3:
                raise KeyError(item)
            raise FetchError("timeout")
        finally:
            ended.append(str(item))

    pool = work(queue, handler, workers=2, fails=(PaperError,), on_task_complete=lambda result: None)
    with pytest.raises(KeyError):
        await together(produce(), pool)

    assert "producer" in ended
    assert len(asyncio.all_tasks()) == 1
    assert queue.stats.in_progress == 0


async def test_when_the_workers_die_a_producer_elsewhere_learns_it() -> None:
    """Seed 000, f11: the producer waited in `put` for ever because its consumer was gone."""
    queue: WorkQueue[int] = WorkQueue(1)

    async def handler(item: int) -> None:
        raise KeyError(item)

    producer = asyncio.ensure_future(refused(fill(queue, range(100))))
    with pytest.raises(KeyError):
        await work(queue, handler, workers=1, fails=())

    assert await producer


async def test_cancelling_stops_the_workers_and_starts_nothing_more() -> None:
    """Seed 000, f12: 35 orphan tasks, and 24 conversions that started after the cancel."""
    queue: WorkQueue[int] = WorkQueue(8)
    gate = Gate()
    run = asyncio.ensure_future(together(fill(queue, range(100)), work(queue, gate, workers=4)))
    await rest()

    run.cancel()
    await asyncio.wait([run])
    gate.open.set()
    await rest()

    assert run.cancelled()
    assert gate.started == [0, 1, 2, 3]
    assert len(asyncio.all_tasks()) == 1
    assert (queue.stats.depth, queue.stats.in_progress, queue.stats.waiting_consumers) == (0, 0, 0)


async def test_a_handler_cancelled_from_inside_is_a_bug_and_loses_no_item_in_silence() -> None:
    """Seed 000, f10: a task group ignores a child that ends cancelled, so its item would be in no list."""
    queue: WorkQueue[int] = WorkQueue()

    async def handler(item: int) -> None:
        other = asyncio.ensure_future(asyncio.sleep(1))
        other.cancel()
        await other

    with pytest.raises(RuntimeError, match="cancelled from inside"):
        await together(fill(queue, range(3)), work(queue, handler, workers=1, on_task_complete=lambda result: None))


async def test_a_worker_ends_only_when_its_own_queue_does() -> None:
    """Seed 002: a handler that meets another closed queue fails; it does not end its worker unseen."""
    other: WorkQueue[int] = WorkQueue()
    other.close()
    queue: WorkQueue[int] = WorkQueue()

    with pytest.raises(QueueClosed):
        await together(fill(queue, range(3)), work(queue, other.put, workers=1, fails=()))


async def test_an_attempt_that_takes_too_long_fails_its_item_only() -> None:
    """Seeds 002 and 003: a limit per item, none per pool."""
    queue: WorkQueue[float] = WorkQueue()
    results: list[WorkerResult[float, float]] = []

    pool = work(queue, nap, workers=2, timeout_s=1.0, fails=(PaperError,), on_task_complete=results.append)
    await together(fill(queue, [0.5, 60.0, 0.6]), pool)

    assert [(result.item, result.ok) for result in results] == [(0.5, True), (60.0, False), (0.6, True)]
    assert isinstance(results[1].error, TimeoutError)
    assert now() == 1.1


async def test_a_timeout_of_the_handlers_own_is_no_expected_failure() -> None:
    """Seed 003: it caught every exception alike."""

    async def handler(item: str) -> None:
        raise TimeoutError("a bug in the handler")

    with pytest.raises(TimeoutError, match="a bug"):
        await once(handler, timeout_s=5, fails=(PaperError,))


async def test_a_pool_without_workers_is_refused() -> None:
    """Seed 003: `workers=0` would throw its queue away."""
    with pytest.raises(ValueError, match="at least one worker"):
        await work(WorkQueue[float](), nap, workers=0)


# retries


def failing(times: int, error: Exception) -> Callable[[str], Any]:
    """A handler that raises `error` the first `times` times and then returns the number of calls."""
    calls = Counter[str]()

    async def handler(item: str) -> int:
        calls[item] += 1
        if calls[item] <= times:
            raise error
        return calls[item]

    return handler


async def once(handler: Callable[[str], Any], **options: Any) -> WorkerResult[str, Any]:
    queue: WorkQueue[str] = WorkQueue()
    results: list[WorkerResult[str, Any]] = []
    await together(fill(queue, ["item"]), work(queue, handler, workers=1, on_task_complete=results.append, **options))
    (result,) = results
    return result


async def test_an_error_named_retryable_is_tried_again_with_growing_pauses() -> None:
    """Seed 003: exponential backoff, 0.1 s doubling."""
    retry = Retry(on=(FetchError,), attempts=5, jitter=lambda top: top)

    result = await once(failing(3, FetchError("connect")), retry=retry)

    assert (result.value, result.attempts, result.ok) == (4, 4, True)
    assert result.duration_ms == pytest.approx((0.1 + 0.2 + 0.4) * 1000)


async def test_an_item_that_never_succeeds_ends_with_its_last_error_and_all_attempts() -> None:
    """Seed 003: `attempts` counts every try."""
    error = FetchError("connect")

    result = await once(failing(99, error), retry=Retry(on=(FetchError,), attempts=3))

    assert (result.error, result.attempts, result.value) == (error, 3, None)


async def test_an_error_not_named_is_tried_once() -> None:
    """Seed 003: it retried everything, also what can never succeed."""
    result = await once(failing(1, FetchError("paywall")), retry=Retry(on=(ConnectionError,)))

    assert (result.attempts, result.ok) == (1, False)


async def test_a_timeout_is_retried_when_it_is_named() -> None:
    """Seed 003: the time limit counts for each attempt."""
    pauses = iter([60.0, 0.5])

    async def handler(item: str) -> float:
        return await nap(next(pauses))

    result = await once(handler, timeout_s=1.0, retry=Retry(on=(TimeoutError,), jitter=lambda top: 0.0))

    assert (result.value, result.attempts, round(result.duration_ms)) == (0.5, 2, 1500)


def test_pauses_are_capped_and_fully_jittered() -> None:
    """Seed 003: its pauses grew without bound and in step."""
    steady = Retry(on=(), base_s=1.0, cap_s=5.0, jitter=lambda top: top)
    random = Retry(on=(), base_s=1.0, cap_s=5.0)

    assert [steady.pause_s(attempt) for attempt in (1, 2, 3, 4, 50)] == [1.0, 2.0, 4.0, 5.0, 5.0]
    assert all(0 <= random.pause_s(3) <= 4.0 for _ in range(100))


async def test_cancelling_during_a_pause_ends_the_worker() -> None:
    """Seed 003: nothing is tried again after a stop."""
    run = asyncio.ensure_future(once(failing(9, FetchError("connect")), retry=Retry(on=(FetchError,), base_s=1e6)))
    await rest()

    run.cancel()
    await asyncio.wait([run])

    assert run.cancelled()
    assert len(asyncio.all_tasks()) == 1


# results and callbacks


async def test_a_slow_callback_never_blocks_a_worker() -> None:
    """Seed 004: workers push results to a queue of their own; one result handler calls `on_task_complete`."""
    queue: WorkQueue[float] = WorkQueue()
    ended, told = [], []

    async def handler(item: float) -> None:
        await asyncio.sleep(1)
        ended.append(now())

    async def slow(result: WorkerResult[float, None]) -> None:
        await asyncio.sleep(100)
        told.append(now())

    await together(fill(queue, range(4)), work(queue, handler, workers=2, on_task_complete=slow))

    assert ended == [1.0, 1.0, 2.0, 2.0]
    assert told == [101.0, 201.0, 301.0, 401.0]


async def test_the_job_is_complete_once_and_after_every_result_was_told() -> None:
    """Seed 004: `on_job_complete`."""
    queue: WorkQueue[float] = WorkQueue()
    told: list[Any] = []

    async def job_complete(stats: QueueStats) -> None:
        told.append(stats.done)

    pool = work(queue, nap, workers=3, on_task_complete=lambda r: told.append("task"), on_job_complete=job_complete)
    await together(fill(queue, [1.0, 1.0, 1.0]), pool)

    assert told == ["task", "task", "task", 3]


async def test_a_job_without_items_is_complete_too() -> None:
    """Seed 004: no input, still one completion."""
    queue: WorkQueue[float] = WorkQueue()
    queue.close()
    told: list[QueueStats] = []

    stats = await work(queue, nap, workers=3, on_job_complete=told.append)

    assert told == [stats]
    assert stats.done == 0


async def test_a_failing_callback_stops_the_job() -> None:
    """Seed 004, f10: a bug in a callback is no silent end of reporting."""
    queue: WorkQueue[float] = WorkQueue(1)

    def callback(result: WorkerResult[float, float]) -> None:
        raise LookupError("callback")

    with pytest.raises(LookupError):
        await together(fill(queue, [1.0] * 50), work(queue, nap, workers=2, on_task_complete=callback))

    assert len(asyncio.all_tasks()) == 1


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


# together


async def test_together_returns_results_in_order() -> None:
    """Seed 001: all or nothing, side by side."""
    assert await together(nap(2.0), nap(1.0)) == [2.0, 1.0]
    assert now() == 2.0


async def test_together_raises_a_single_error_as_itself_with_its_cause() -> None:
    """Seed 001: `gather(return_exceptions=True)` hid it, a bare task group would wrap it."""
    cause = OSError("cause")

    async def fail() -> float:
        raise FetchError("connect") from cause

    with pytest.raises(FetchError) as caught:
        await together(nap(10), together(nap(10), fail()))

    assert caught.value.__cause__ is cause
    assert now() == 0.0


async def test_together_keeps_several_errors_in_a_group() -> None:
    """Seed 001: none is lost."""

    async def stubborn() -> None:
        try:
            await asyncio.sleep(10)
        finally:
            raise ValueError("cleanup")

    async def fail() -> None:
        await asyncio.sleep(1)
        raise KeyError("first")

    with pytest.raises(ExceptionGroup) as caught:
        await together(stubborn(), fail())

    assert {type(error) for error in caught.value.exceptions} == {KeyError, ValueError}


async def test_together_names_the_error_not_its_echo_at_the_other_end_of_a_queue() -> None:
    """Seed 000, f11: whoever is woken because a consumer died says so with QueueClosed, which is no second error."""
    queue: WorkQueue[int] = WorkQueue(1)

    async def die() -> None:
        await asyncio.sleep(1)
        queue.abort()
        raise KeyError("cause")

    with pytest.raises(KeyError):
        await together(fill(queue, range(5)), die())


async def test_cancelling_together_cancels_all_and_stays_a_cancellation() -> None:
    """Seed 000, f12."""
    run = asyncio.ensure_future(together(nap(10), nap(20)))
    await rest()
    run.cancel()
    await asyncio.wait([run])

    assert run.cancelled()
    assert len(asyncio.all_tasks()) == 1


# as_generator


async def test_a_generator_yields_while_its_runner_runs() -> None:
    """Seed 000 (the polling async generator)."""

    async def run(put: Callable[[int], object]) -> None:
        async def slowly(item: int) -> None:
            await asyncio.sleep(item)
            put(item)

        await together(slowly(3), slowly(1), slowly(2))

    assert [(item, now()) async for item in as_generator(run)] == [(1, 1.0), (2, 2.0), (3, 3.0)]


async def test_a_slow_reader_does_not_slow_the_runner() -> None:
    """Seed 000, f07: backpressure inside the generator ate the jobs' time."""
    put_at = []

    async def run(put: Callable[[int], object]) -> None:
        for item in range(3):
            await asyncio.sleep(1)
            put(item)
            put_at.append(now())

    async for _ in as_generator(run):
        await asyncio.sleep(10)

    assert put_at == [1.0, 2.0, 3.0]


async def test_an_error_of_the_runner_comes_after_what_it_had_put() -> None:
    """Seed 000, f08: one error ended everything and what was ready was lost."""

    async def run(put: Callable[[str], object]) -> None:
        put("a")
        put("b")
        raise FetchError("connect")

    items = as_generator(run)
    assert [await anext(items), await anext(items)] == ["a", "b"]
    with pytest.raises(FetchError):
        await anext(items)


class Runner:
    """Puts one item, then waits; remembers that it was cancelled and had time to clean up."""

    def __init__(self) -> None:
        self.events: list[str] = []

    async def __call__(self, put: Callable[[str], object]) -> None:
        put("item")
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            await asyncio.sleep(1)
            self.events.append("cleaned")
            raise


async def test_closing_a_generator_cancels_its_runner_and_waits_for_it() -> None:
    """Seed 000, f12, and PEP 789."""
    runner = Runner()
    async with aclosing(as_generator(runner)) as items:
        assert await anext(items) == "item"

    assert runner.events == ["cleaned"]
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize("times", [1, 2, 5])
async def test_cancelling_the_reader_cancels_the_runner_and_waits_however_often_it_is_repeated(times: int) -> None:
    """Seed 000, f12b: one cancel is enough, more do no harm."""
    runner = Runner()

    async def read() -> None:
        async with aclosing(as_generator(runner)) as items:
            async for _ in items:
                pass

    reader = asyncio.ensure_future(read())
    await rest()
    for _ in range(times):
        reader.cancel()
        await rest()
    await asyncio.wait([reader])

    assert reader.cancelled()
    assert len(asyncio.all_tasks()) == 1


async def test_a_generator_that_is_dropped_leaves_nothing_running() -> None:
    """Seed 000, f12: `break` out of the loop, nobody closes."""
    runner = Runner()
    async for _ in as_generator(runner):
        break
    gc.collect()
    await asyncio.sleep(2)

    assert runner.events == ["cleaned"]
    assert len(asyncio.all_tasks()) == 1


async def test_a_generator_never_begun_starts_nothing() -> None:
    """Seed 000."""
    runner = Runner()
    items = as_generator(runner)
    await items.aclose()

    assert runner.events == []
    assert len(asyncio.all_tasks()) == 1


async def test_a_runner_cancelled_from_inside_is_no_normal_end() -> None:
    """Seed 000, f10: a stream cut short must not look complete."""

    async def run(put: Callable[[int], object]) -> None:
        put(1)
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        async for _ in as_generator(run):
            pass


async def test_an_error_in_the_runners_cleanup_is_not_lost() -> None:
    """Seed 000, f10."""

    async def run(put: Callable[[int], object]) -> None:
        put(1)
        try:
            await asyncio.sleep(1000)
        finally:
            raise ValueError("cleanup")

    items = as_generator(run)
    await anext(items)
    with pytest.raises(ValueError, match="cleanup"):
        await items.aclose()


async def test_fan_in_is_a_generator_over_several_producers() -> None:
    """Seed 002: `fan_in`; a source that failed left its consumer waiting for ever."""

    async def source(*items: float) -> AsyncIterator[float]:
        for item in items:
            yield await nap(item)

    async def pour(items: AsyncIterator[float], put: Callable[[float], object]) -> None:
        async for item in items:
            put(item)

    async def run(put: Callable[[float], object]) -> None:
        await together(pour(source(1, 3), put), pour(source(2, 0.5), put))

    assert [item async for item in as_generator(run)] == [1, 2, 0.5, 3]


# the package


def test_the_package_lists_what_it_offers() -> None:
    """DESIGN section 8: `__init__` is a table of contents."""
    assert streaming.__all__ == sorted(streaming.__all__)
    assert all(hasattr(streaming, name) for name in streaming.__all__)
