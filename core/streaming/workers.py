"""`work`: a fixed number of workers over a queue; every item ends in one `WorkerResult`."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import random
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from core.streaming.lanes import Entry
from core.streaming.queue import QueueStats, WorkQueue
from core.streaming.tasks import together

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class WorkerResult(Generic[T, R]):
    """How one item ended: with a value, or with the error of its last attempt."""

    item: T
    value: R | None
    error: Exception | None
    attempts: int
    duration_ms: float

    @property
    def ok(self) -> bool:
        """Tell whether the item has a value."""
        return self.error is None


def _full_jitter(top_s: float) -> float:
    return random.uniform(0, top_s)


@dataclass(frozen=True)
class Retry:
    """Try again after the errors named in `on`: exponential backoff with full jitter, `attempts` tries in all."""

    on: tuple[type[Exception], ...]
    attempts: int = 3
    base_s: float = 0.1
    cap_s: float = 30.0
    jitter: Callable[[float], float] = _full_jitter

    def pause_s(self, attempt: int) -> float:
        """Return the pause after the given attempt, counted from 1, in seconds."""
        return self.jitter(min(self.cap_s, self.base_s * 2 ** (attempt - 1)))


@dataclass(frozen=True)
class _Job(Generic[T, R]):
    """What is done to each item."""

    handler: Callable[[T], Awaitable[R]]
    timeout_s: float | None
    retry: Retry
    fails: tuple[type[Exception], ...]

    async def run(self, item: T) -> WorkerResult[T, R]:
        clock = asyncio.get_running_loop().time
        started = clock()
        for attempt in itertools.count(1):
            value, error = await self._attempt(item)
            if not isinstance(error, self.retry.on) or attempt >= self.retry.attempts:
                break
            await asyncio.sleep(self.retry.pause_s(attempt))
        return WorkerResult(item, value, error, attempt, (clock() - started) * 1000)

    async def _attempt(self, item: T) -> tuple[R | None, Exception | None]:
        limit, expected = asyncio.timeout(self.timeout_s), self.fails + self.retry.on
        try:
            async with limit:
                return await self.handler(item), None
        except expected as error:
            return None, error
        except TimeoutError as error:
            if limit.expired():
                return None, error
            raise
        except asyncio.CancelledError as error:
            if _being_cancelled():
                raise
            raise RuntimeError(f"the work on {item!r} was cancelled from inside") from error


def _being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class _Pool(Generic[T, R]):
    """The workers of a queue, and the one who tells what became of its items."""

    def __init__(self, queue: WorkQueue[T], job: _Job[T, R], callback: Callable[[WorkerResult[T, R]], Any]) -> None:
        self._queue, self._job, self._callback = queue, job, callback
        self._results: WorkQueue[tuple[Entry[T], WorkerResult[T, R]]] = WorkQueue()
        self._untold: set[Entry[T]] = set()

    async def run(self, workers: int) -> None:
        try:
            await together(self._crew(workers), self._report())
        finally:
            self._queue.abort()  # closed and empty after a normal end; else nobody is left to take what producers put
            for entry in self._untold:
                self._queue.finish(entry)

    async def _crew(self, workers: int) -> None:
        with self._results.producer():
            await together(*(self._work() for _ in range(workers)))

    async def _work(self) -> None:
        while entry := await self._queue.receive():
            self._untold.add(entry)
            result = await self._job.run(entry.item)
            self._queue.vacate(entry)
            self._results.put_nowait((entry, result))

    async def _report(self) -> None:
        async with aclosing(aiter(self._results)) as results:
            async for entry, result in results:
                await _tell(self._callback, result)
                self._untold.remove(entry)
                self._queue.finish(entry)


async def work(
    queue: WorkQueue[T],
    handler: Callable[[T], Awaitable[R]],
    *,
    workers: int,
    timeout_s: float | None = None,
    retry: Retry | None = None,
    fails: tuple[type[Exception], ...] = (Exception,),
    on_task_complete: Callable[[WorkerResult[T, R]], Awaitable[None] | None] | None = None,
    on_job_complete: Callable[[QueueStats], Awaitable[None] | None] | None = None,
) -> QueueStats:
    """Let `workers` workers handle what comes out of `queue` until it closes, and return its counters.

    An error of the types in `fails`, or `TimeoutError` when an attempt takes longer than `timeout_s`, ends its item;
    any other error is a bug, aborts the queue and propagates. Results wait in a queue of their own for
    `on_task_complete`, so a slow callback never holds up a worker or a lane; an item is in progress until it has been
    told. Without a callback there is nobody to tell, and the first failed item raises its error.
    """
    if workers < 1:
        raise ValueError("work needs at least one worker")
    job = _Job(handler, timeout_s, retry or Retry(on=()), fails)
    await _Pool(queue, job, on_task_complete or _raise_error).run(workers)
    if on_job_complete:
        await _tell(on_job_complete, queue.stats)
    return queue.stats


async def _tell(callback: Callable[[T], Awaitable[None] | None], news: T) -> None:
    answer: Any = callback(news)
    if inspect.isawaitable(answer):
        await answer


def _raise_error(result: WorkerResult[Any, Any]) -> None:
    if result.error:
        raise result.error
