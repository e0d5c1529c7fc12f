"""Put from another thread (seed 002, thread-safe queue): the thread waits, the loop does not."""

from __future__ import annotations

import asyncio
import threading

import pytest

from core.errors import QueueClosed, QueueFull
from core.streaming import WorkQueue, together


async def waiting(queue: WorkQueue[str]) -> None:
    """Return when a producer waits for room."""
    while not queue.stats.waiting_producers:  # noqa: ASYNC110 - a thread cannot set an event of this loop
        await asyncio.sleep(0)


async def test_a_thread_fills_a_bounded_queue_while_the_loop_consumes() -> None:
    """Seed 002; the loop registers the thread as a producer, so the queue closes by itself."""
    queue: WorkQueue[int] = WorkQueue(2)

    def fill() -> list[bool]:
        return [queue.put_from_thread(item, priority=1.0, lane="thread") for item in range(100)]

    async def produce() -> list[int | bool]:
        with queue.producer():
            return list(await asyncio.to_thread(fill))

    async def consume() -> list[int | bool]:
        return [item async for item in queue]

    put, received = await together(produce(), consume())

    assert all(put)
    assert received == list(range(100))
    assert queue.stats.high_water <= 2


async def test_a_thread_waits_for_room_and_the_loop_runs_on() -> None:
    """Seed 002: backpressure reaches the thread."""
    queue: WorkQueue[str] = WorkQueue(1)
    await queue.put("first")
    done = threading.Event()

    def put() -> None:
        queue.put_from_thread("second")
        done.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(asyncio.to_thread(put))
        await waiting(queue)

        assert not done.is_set()
        assert await queue.get() == "first"
        assert await queue.get() == "second"


async def test_a_thread_that_waits_too_long_has_not_put() -> None:
    """Seed 002: the time limit is kept on the loop, so its answer is exact."""
    queue: WorkQueue[str] = WorkQueue(1)
    await queue.put("first")

    with pytest.raises(TimeoutError):
        await asyncio.to_thread(queue.put_from_thread, "second", timeout=0.0)

    assert queue.abort() == ["first"]
    assert queue.stats.waiting_producers == 0


async def test_a_thread_learns_that_the_queue_was_closed_or_is_full() -> None:
    """Seeds 002 and 003."""
    closed: WorkQueue[str] = WorkQueue()
    closed.close()
    full: WorkQueue[str] = WorkQueue(1, full="error")
    await full.put("first")
    dropping: WorkQueue[str] = WorkQueue(1, full="drop")
    await dropping.put("first")

    with pytest.raises(QueueClosed):
        await asyncio.to_thread(closed.put_from_thread, "item")
    with pytest.raises(QueueFull):
        await asyncio.to_thread(full.put_from_thread, "item")
    assert await asyncio.to_thread(dropping.put_from_thread, "item") is False


async def test_putting_from_the_loops_own_thread_is_refused_instead_of_hanging() -> None:
    """Seed 002: a blocking put on the loop would wait for itself."""
    queue: WorkQueue[str] = WorkQueue()

    with pytest.raises(RuntimeError, match="use put"):
        queue.put_from_thread("item")


def test_a_thread_that_waits_is_released_when_the_loop_ends() -> None:
    """Seed 000, f11: nobody waits for ever."""
    queues: list[WorkQueue[str]] = []
    errors: list[Exception] = []

    def put() -> None:
        for _ in range(2):
            try:
                queues[0].put_from_thread("second")
            except QueueClosed as error:
                errors.append(error)

    async def main(thread: threading.Thread) -> None:
        queue: WorkQueue[str] = WorkQueue(1)
        await queue.put("first")
        queues.append(queue)
        thread.start()
        await waiting(queue)

    thread = threading.Thread(target=put)
    asyncio.run(main(thread))
    thread.join(timeout=30)

    assert not thread.is_alive()
    assert len(errors) == 2


def test_a_thread_is_released_when_the_loop_ends_before_it_looked() -> None:
    """Seed 000, f11: a loop that was closed with the put still unseen tells nobody."""

    async def make() -> WorkQueue[str]:
        return WorkQueue()

    loop = asyncio.new_event_loop()
    queue = loop.run_until_complete(make())
    started = threading.Event()
    errors: list[QueueClosed] = []

    def put() -> None:
        started.set()
        with pytest.raises(QueueClosed) as caught:
            queue.put_from_thread("never seen")
        errors.append(caught.value)

    thread = threading.Thread(target=put)
    thread.start()
    started.wait()
    loop.close()
    thread.join(timeout=30)

    assert len(errors) == 1
