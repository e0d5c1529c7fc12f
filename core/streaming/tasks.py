"""Run coroutines side by side: `together` waits for all of them, `as_generator` streams what one puts out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator
from contextlib import aclosing
from typing import Any, TypeVar

from core.streaming.queue import WorkQueue

T = TypeVar("T")


async def together(*coroutines: Coroutine[Any, Any, T]) -> list[T]:
    """Run coroutines concurrently and return their results in order: all or nothing.

    The first error cancels the others. If it stays the only one it is raised as itself, else as an `ExceptionGroup`.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(coroutine) for coroutine in coroutines]
        return [task.result() for task in tasks]
    except BaseExceptionGroup as errors:
        leaves = list(_leaves(errors))
        if len(leaves) > 1:
            raise
    raise leaves[0]  # outside the handler, so that it keeps its own cause and context


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
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()


async def _produce(run: Callable[[Callable[[T], object]], Awaitable[None]], queue: WorkQueue[T]) -> None:
    with queue.producer():
        await run(queue.put_nowait)
