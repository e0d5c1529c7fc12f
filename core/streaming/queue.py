"""`WorkQueue`: bounded, prioritised, closing itself when its last producer leaves.

    async def produce(queue):                       async def consume(queue):
        with queue.producer():                          async for item in queue:
            await queue.put(item, priority=0.7)             ...

Each change of state ends in `_turn`, which hands items to waiting consumers and room to waiting producers. What was
handed over but not yet received still belongs to the queue, so that a cancelled receiver can return it.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from core.errors import QueueClosed, QueueFull
from core.streaming.lanes import Entry, Lane, Lanes
from core.streaming.threads import run_on

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class QueueStats:
    """What a queue holds and what it has seen; `idle_s` adds up the seconds consumers waited."""

    depth: int
    high_water: int
    in_progress: int
    waiting_producers: int
    waiting_consumers: int
    idle_s: float
    put: int
    taken: int
    done: int
    dropped: int


class WorkQueue(Generic[T]):
    """A queue for any number of producers and consumers of one event loop (make it inside that loop).

    Several producers register before the first of them begins, or one registration is held around them all.
    `maxsize` bounds what waits, `unfinished` what waits and what is in progress together; 0 is unbounded. A full queue
    makes producers wait ("block"), refuses the item and counts it ("drop") or raises `QueueFull` ("error"). With
    `lanes`, an item comes out when its lane admits it; a consumer takes the item of highest priority in any lane that
    does. Whoever puts while holding an item needs an unbounded queue.
    """

    def __init__(
        self,
        maxsize: int = 0,
        *,
        unfinished: int = 0,
        full: Literal["block", "drop", "error"] = "block",
        lanes: Callable[[str], Lane] | None = None,
    ) -> None:
        self._loop, self._thread = asyncio.get_running_loop(), threading.get_ident()
        self._maxsize, self._unfinished, self._full = maxsize, unfinished, full
        self._lanes: Lanes[T] = Lanes(lanes)
        self._granted: set[Entry[T]] = set()  # handed to consumers that have not woken up yet
        self._occupying: set[Entry[T]] = set()  # received, and the place in their lane not yet given back
        self._admitted: set[asyncio.Future[None]] = set()  # producers with room that have not woken up yet
        self._putters: dict[asyncio.Future[None], Entry[T]] = {}
        self._getters: dict[asyncio.Future[Entry[T] | None], float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._quiet = asyncio.Event()
        self._numbers = itertools.count()
        self._producers, self._closed = 0, False
        self._depth = self._high_water = self._in_progress = 0
        self._put = self._taken = self._done = self._dropped = 0
        self._idle_s = 0.0
        self._quiet.set()

    @contextmanager
    def producer(self) -> Iterator[None]:
        """Register a producer for the length of a block; the queue closes when the last one leaves."""
        self.join()
        try:
            yield
        finally:
            self.leave()

    def join(self) -> None:
        """Register a producer; `QueueClosed` when it comes too late."""
        self._check_open()
        self._producers += 1

    def leave(self) -> None:
        """Take a producer off the register; the queue closes when it was the last."""
        if not self._producers:
            raise RuntimeError("more producers left than had joined")
        self._producers -= 1
        if not self._producers:
            self.close()

    async def put(self, item: T, *, priority: float = 0.0, lane: str = "") -> bool:
        """Put an item in, higher priorities first, and tell whether it was taken in (False: dropped)."""
        self._check_open()
        if self._full != "block" or self._room():
            return self.put_nowait(item, priority=priority, lane=lane)
        await self._wait_for_room(Entry(item, priority, next(self._numbers), lane))
        return True

    def put_nowait(self, item: T, *, priority: float = 0.0, lane: str = "") -> bool:
        """Put like `put` without ever waiting: a full queue that would block raises `QueueFull`."""
        self._check_open()
        if self._room():
            self._add(Entry(item, priority, next(self._numbers), lane))
            return True
        if self._full != "drop":
            raise QueueFull(f"{self._depth} items wait already")
        self._dropped += 1
        return False

    def put_from_thread(self, item: T, *, priority: float = 0.0, lane: str = "", timeout: float | None = None) -> bool:
        """Put from another thread, which waits in place of the loop; `TimeoutError` after `timeout` seconds."""
        if threading.get_ident() == self._thread:
            raise RuntimeError("put_from_thread would wait for the event loop it blocks: use put")

        async def put() -> bool:
            async with asyncio.timeout(timeout):
                return await self.put(item, priority=priority, lane=lane)

        return run_on(self._loop, put())

    async def get(self) -> T:
        """Take an item and be done with it at once; `QueueClosed` when nothing more will come."""
        async with self.take() as item:
            return item

    @asynccontextmanager
    async def take(self) -> AsyncIterator[T]:
        """Take an item that is in progress, and occupies its lane, until the block is left."""
        entry = await self.receive()
        if entry is None:
            raise QueueClosed("nothing more comes out of this queue")
        try:
            yield entry.item
        finally:
            self.finish(entry)

    async def __aiter__(self) -> AsyncGenerator[T, None]:
        """Iterate until the queue is closed and empty; an item is done when the next is asked for or the loop ends."""
        while entry := await self.receive():
            try:
                yield entry.item
            finally:
                self.finish(entry)

    async def receive(self) -> Entry[T] | None:
        """Take what `take` takes, for those whose work has no block; None when nothing more will come."""
        entry = await self._wait_for_entry()
        if entry not in self._granted:
            return None
        self._granted.remove(entry)
        self._occupying.add(entry)
        self._depth -= 1
        self._in_progress += 1
        self._taken += 1
        self._turn()
        return entry

    def vacate(self, entry: Entry[T]) -> None:
        """Let the next item of its lane come out, although this one is still in progress."""
        if entry in self._occupying:
            self._occupying.remove(entry)
            self._lanes.leave(entry)
            self._turn()

    def finish(self, entry: Entry[T]) -> None:
        """Be done with a received entry."""
        self.vacate(entry)
        self._in_progress -= 1
        self._done += 1
        self._turn()

    def close(self) -> None:
        """Let nothing more in; what is inside still comes out."""
        self._closed = True
        for waiter in self._putters:
            if not waiter.done():
                waiter.set_result(None)
        self._turn()

    def abort(self) -> list[T]:
        """Close, and return what nobody received; every waiter wakes with `QueueClosed`."""
        left = sorted([*self._granted, *self._lanes])
        self._granted.clear()
        self._lanes.clear()
        self._depth = 0
        self.close()
        return [entry.item for entry in left]

    async def drain(self) -> None:
        """Wait until the queue is empty and nothing taken from it is in progress."""
        await self._quiet.wait()

    @property
    def stats(self) -> QueueStats:
        """The counters as they are now."""
        now = self._loop.time()
        return QueueStats(
            depth=self._depth,
            high_water=self._high_water,
            in_progress=self._in_progress,
            waiting_producers=len(self._putters),
            waiting_consumers=len(self._getters),
            idle_s=self._idle_s + sum(now - since for since in self._getters.values()),
            put=self._put,
            taken=self._taken,
            done=self._done,
            dropped=self._dropped,
        )

    def _check_open(self) -> None:
        if self._closed:
            raise QueueClosed("this queue is closed")

    def _room(self) -> bool:
        waiting = self._depth + len(self._admitted)
        return (not self._maxsize or waiting < self._maxsize) and (
            not self._unfinished or waiting + self._in_progress < self._unfinished
        )

    def _add(self, entry: Entry[T]) -> None:
        self._lanes.add(entry)
        self._put += 1
        self._depth += 1
        self._high_water = max(self._high_water, self._depth)
        self._turn()

    async def _wait_for_room(self, entry: Entry[T]) -> None:
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._putters[waiter] = entry
        try:
            await waiter
            self._check_open()
            self._add(entry)
        finally:
            del self._putters[waiter]
            self._admitted.discard(waiter)
            self._turn()

    async def _wait_for_entry(self) -> Entry[T] | None:
        waiter: asyncio.Future[Entry[T] | None] = self._loop.create_future()
        self._getters[waiter] = self._loop.time()
        self._turn()
        try:
            return await waiter
        except asyncio.CancelledError:
            self._give_back(waiter)
            raise
        finally:
            self._idle_s += self._loop.time() - self._getters.pop(waiter)

    def _give_back(self, waiter: asyncio.Future[Entry[T] | None]) -> None:
        entry = None if waiter.cancelled() else waiter.result()
        if entry in self._granted:
            self._granted.remove(entry)
            self._lanes.leave(entry)
            self._lanes.add(entry)
        self._turn()

    def _turn(self) -> None:
        self._hand_out()
        self._let_in()
        if self._closed and not self._depth:
            for waiter in _pending(self._getters):
                waiter.set_result(None)
        if self._depth or self._in_progress or (self._putters and not self._closed):
            self._quiet.clear()
        else:
            self._quiet.set()

    def _hand_out(self) -> None:
        if self._timer:
            self._timer.cancel()
        now = self._loop.time()
        for waiter in _pending(self._getters):
            entry = self._lanes.pop(now)
            if entry is None:
                when = self._lanes.ready_at()
                self._timer = None if when is None else self._loop.call_at(when, self._turn)
                return
            self._granted.add(entry)
            waiter.set_result(entry)

    def _let_in(self) -> None:
        while self._room() and (waiters := _pending(self._putters)):
            waiter = min(waiters, key=self._putters.__getitem__)
            self._admitted.add(waiter)
            waiter.set_result(None)


def _pending(waiters: Iterable[asyncio.Future[R]]) -> list[asyncio.Future[R]]:
    return [waiter for waiter in waiters if not waiter.done()]
