"""`work`: a fixed number of workers, one result for each item, retries, and callbacks that hold up nobody."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from core.errors import FetchError, PaperError, QueueClosed
from core.streaming import Lane, QueueStats, Retry, WorkerResult, WorkQueue, together, work
from tests.unit.virtual import Gate, fill, nap, now, refused, rest

pytestmark = pytest.mark.virtual_clock


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


async def test_a_slow_callback_holds_up_no_lane_and_its_item_is_in_progress_until_told() -> None:
    """Seed 004: what is stored is not drained, and its host may be asked again."""
    queue: WorkQueue[float] = WorkQueue(lanes=lambda host: Lane(concurrency=1))
    ended = []

    async def handler(item: float) -> None:
        await asyncio.sleep(1)
        ended.append((now(), queue.stats.in_progress))

    async def slow(result: WorkerResult[float, None]) -> None:
        await asyncio.sleep(100)

    async with asyncio.TaskGroup() as group:
        group.create_task(together(fill(queue, range(3)), work(queue, handler, workers=2, on_task_complete=slow)))
        await rest()
        await queue.drain()

    assert ended == [(1.0, 1), (2.0, 2), (3.0, 3)]
    assert now() == 301.0


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
