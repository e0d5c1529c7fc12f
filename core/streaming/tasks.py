"""Run coroutines side by side: `together` waits for all of them, `as_generator` streams what one puts out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator
from contextlib import aclosing
from typing import Any, TypeVar

from core.errors import LitReviewError, QueueClosed
from core.streaming.queue import WorkQueue

T = TypeVar("T")


async def together(*coroutines: Coroutine[Any, Any, T]) -> list[T]:
    """Run coroutines concurrently and return their results in order: all or nothing.

    The first error cancels the others. If it stays the only one it is raised as itself, else as an `ExceptionGroup`;
    a `QueueClosed` beside other errors does not count, for it only tells that the other end of a queue is gone. Errors
    of ours of one and the same type are one error, the others its notes: a full disk is full for every task.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(coroutine) for coroutine in coroutines]
        return [task.result() for task in tasks]
    except BaseExceptionGroup as errors:
        causes = [leaf for leaf in _leaves(errors) if not isinstance(leaf, QueueClosed)] or list(_leaves(errors))
        if not _alike(causes):
            raise
    for other in causes[1:]:
        causes[0].add_note(f"also: {other}")
    raise causes[0]  # outside the handler, so that it keeps its own cause and context


def _alike(errors: list[BaseException]) -> bool:
    first = errors[0]
    return len(errors) == 1 or (
        isinstance(first, LitReviewError) and all(type(error) is type(first) for error in errors)
    )


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


async def as_generator(run: Callable[[Callable[[T], object]], Awaitable[None]]) -> AsyncGenerator[T, None]:
    """Yield what `run(put)` puts, while it runs in a task of its own; its error comes after what it had put.

    No task group is held open across a yield (PEP 789). Closing or cancelling the generator cancels the task and waits
    for its end.
    """
    queue: WorkQueue[T] = WorkQueue()
    task = asyncio.create_task(_produce(run, queue))
    try:
        async with aclosing(aiter(queue)) as items:
            async for item in items:
                yield item
        await task
    finally:
        await _stop(task)


async def _produce(run: Callable[[Callable[[T], object]], Awaitable[None]], queue: WorkQueue[T]) -> None:
    with queue.producer():
        await run(queue.put_nowait)


async def _stop(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for its end, also while we are cancelled again; raise its error."""
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        task.cancel()
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if not task.cancelled():
        task.result()
    if cancelled:
        raise cancelled
