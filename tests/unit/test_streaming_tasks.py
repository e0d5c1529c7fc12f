"""`together` and `as_generator`: coroutines side by side, and a stream out of one."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import pytest

from core.errors import FetchError, StoreError
from core.streaming import WorkQueue, as_generator, together
from tests.unit.virtual import fill, nap, now, rest

pytestmark = pytest.mark.virtual_clock


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


async def test_together_tells_once_what_is_broken_for_every_task() -> None:
    """A full disk met two tasks at a time: the user saw a group of groups instead of the sentence."""

    async def fail(what: str) -> None:
        raise StoreError(f"the disk is full: {what}")

    with pytest.raises(StoreError, match="the disk is full: a") as caught:
        await together(fail("a"), together(fail("b"), fail("c")))

    assert caught.value.__notes__ == ["also: the disk is full: b"]
    assert caught.value.__context__ is None


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


async def test_a_cancellation_while_the_runner_cleans_up_is_not_swallowed() -> None:
    """Seed 000, f12b."""
    runner = Runner()
    items = as_generator(runner)
    await anext(items)

    async def close() -> None:
        await items.aclose()

    closer = asyncio.ensure_future(close())
    await rest()
    closer.cancel()
    await asyncio.wait([closer])

    assert closer.cancelled()
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
